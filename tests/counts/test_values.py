"""Offered values by group and stratum: the same from every route, exact at the cap."""

import numpy as np
import pandas as pd
import pytest

from fairness.counts import ValueBins, ValueGrid, count
from fairness.errors import InputError

ASKED = {
    "by": ["gender", "born"],
    "bands": {"born": [18, 30, 45, 60]},
    "as_of": "2026-11-01",
    "selected": "sel",
    "strata": ["tier", "region"],
}
CAP = 33.25


@pytest.fixture(scope="module")
def expected(typed_table):
    return {
        name: count(typed_table.arrow(), **ASKED, value=name, value_cap=CAP).values
        for name in ("value", "age", "kids")
    }


def same(mine, theirs):
    assert isinstance(mine, ValueBins)
    assert mine.grid == theirs.grid
    assert (mine.labels, mine.strata) == (theirs.labels, theirs.strata)
    for name, cells in theirs.cells.items():
        np.testing.assert_array_equal(mine.cells[name], cells)
    assert set(mine.by_stratum) == set(theirs.by_stratum)
    for key, cells in theirs.by_stratum.items():
        np.testing.assert_array_equal(mine.by_stratum[key], cells)


@pytest.mark.parametrize("name", ["value", "age", "kids"])
def test_every_route_counts_the_same(by_route, typed_table, expected, name):
    found = count(by_route(typed_table), **ASKED, value=name, value_cap=CAP).values
    same(found, expected[name])


@pytest.mark.spark
def test_spark_counts_the_same(by_spark, typed_table, expected):
    found = count(by_spark(typed_table), **ASKED, value="value", value_cap=CAP).values
    same(found, expected["value"])


def test_customers_above_the_cap_are_those_counted_by_hand(typed_table, expected):
    frame = pd.DataFrame(typed_table.columns)
    group = frame["gender"].fillna("(missing)")
    for name in ("value", "age", "kids"):
        found, cap = expected[name], 1 if name == "kids" else CAP
        by_hand = (frame[name] > cap).groupby(group).sum()
        for label, pair in zip(
            found.labels["gender"], found.above("gender", cap).tolist(), strict=True
        ):
            assert pair == [by_hand[label]] * 2


def test_a_cap_that_was_not_named_lies_between_two_counts(typed_table, expected):
    frame = pd.DataFrame(typed_table.columns)
    group = frame["gender"].fillna("(missing)")
    for cap in (-1.0, 0.0, 17.3, 50.0, 99.75, 200.0):
        by_hand = (frame["value"] > cap).groupby(group).sum()
        found = expected["value"].above("gender", cap)
        for label, (least, most) in zip(
            expected["value"].labels["gender"], found.tolist(), strict=True
        ):
            assert least <= by_hand[label] <= most


def test_the_least_value_may_be_the_cap():
    values = [0.5, 0.5, 2.75] * 3
    frame = pd.DataFrame({"g": ["a"] * 9, "s": [0, 1, 0] * 3, "v": values})
    for cap, above in ((0.4, 9), (0.5, 3), (2.7, 3), (2.75, 0), (9, 0)):
        made = count(frame, by="g", selected="s", value="v", value_cap=cap)
        assert made.values.above("g", cap).tolist() == [[above, above]]


def test_values_lie_within_the_limits_of_their_bin(typed_table):
    values = np.array(typed_table.columns["value"])
    for cap in (None, 0.0, CAP, 50.05):
        grid = ValueGrid.of(values.min(), values.max(), whole=False, cap=cap)
        lower, upper = grid.limits()
        assert len(lower) == len(upper) == grid.bins
        places = grid.codes(values)
        slack = 1e-9
        assert (values >= lower[places] - slack).all()
        assert (values <= upper[places] + slack).all()
        if grid.cap is not None:
            at = grid.codes(np.array([cap]))[0]
            np.testing.assert_array_equal(places > at, values > cap)


def test_whole_numbers_have_bins_of_their_own_up_to_a_span_of_1000():
    frame = pd.DataFrame({"g": ["a", "b"] * 50, "s": [0, 1] * 50, "v": range(100)})

    def grid(values):
        made = count(frame.assign(v=values), by="g", selected="s", value="v")
        return made.values.grid

    assert grid(frame["v"]) == ValueGrid(0, 99, is_whole=True)
    assert grid(frame["v"] * 10).is_whole
    assert not grid(frame["v"] * 11).is_whole
    assert not grid(frame["v"] + 0.5).is_whole
    assert grid(frame["v"] * 0 + 7).bins == 1
    assert grid(frame["v"] * 0 + 7.5).bins == 1000


def test_strata_add_up_to_the_group(expected):
    for found in expected.values():
        for (attribute, stratum), cells in found.by_stratum.items():
            assert cells.shape[1] == len(found.strata[stratum])
            np.testing.assert_array_equal(cells.sum(axis=1), found.cells[attribute])


def test_customers_without_a_value_are_in_no_bin(by_route, table_of):
    table = table_of(
        g=["a", "b", "b", "c"] * 3,
        sel=[0, 1, 1, 0] * 3,
        v=[1.0, 3.0, None, None] * 3,
    )
    found = count(by_route(table), by="g", selected="sel", value="v").values
    assert found.labels["g"] == ("a", "b")
    assert found.cells["g"].tolist() == [[3, 0, 0], [0, 0, 3]]
    assert found.lower.tolist() == found.upper.tolist() == [1, 2, 3]


def test_no_values_at_all_make_an_empty_table(by_route, table_of):
    if by_route.route.startswith(("csv", "pandas")):
        pytest.skip("a column without a value has no type there")
    import pyarrow as pa

    table = table_of(g=["a", "b"] * 4, sel=[0, 1] * 4)
    whole = table.arrow().append_column("v", pa.array([None] * 8, pa.float64()))
    table.arrow = lambda: whole
    found = count(by_route(table), by="g", selected="sel", value="v").values
    assert found.labels["g"] == ()
    assert found.cells["g"].shape == (0, 1)


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", "c"], 900),
            "t": rng.choice(["x", "y"], 900),
            "s": rng.integers(0, 2, 900),
            "v": rng.integers(0, 30, 900),
        }
    )
    frame["d"] = frame["v"] / 4

    def counted(part, value="v"):
        return count(part, by="g", selected="s", strata="t", value=value).values

    # The parts see other ranges of whole numbers.
    low, high = frame[frame["v"] < 20], frame[frame["v"] >= 12]
    both = counted(low) + counted(high[high["v"] >= 20])
    same(both, counted(frame))
    with pytest.raises(InputError, match="ranges"):
        counted(low, "d") + counted(high, "d")


def test_a_cap_that_is_no_number_is_refused():
    frame = pd.DataFrame({"g": ["a", "b"] * 5, "s": [0, 1] * 5, "v": range(10)})
    for cap in ("7", float("nan"), float("inf"), True):
        with pytest.raises(InputError, match="value_cap"):
            count(frame, by="g", selected="s", value="v", value_cap=cap)
