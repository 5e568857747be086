"""What a profile uses, by group: the same from every route, and as counted by hand."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from fairness.counts import OTHER, ColumnCounts, count
from fairness.counts.grid import GRID, Grid, cut
from fairness.errors import InputError

USES = ["kids", "code", "age", "region", "tier", "app", "score", "value"]
ASKED = {
    "by": ["gender", "born"],
    "bands": {"born": [18, 30, 45, 60]},
    "as_of": "2026-11-01",
    "selected": "sel",
}


@pytest.fixture(scope="module")
def expected(typed_table):
    return count(typed_table.arrow(), **ASKED, uses=USES).columns


def same(mine, theirs):
    assert isinstance(mine, ColumnCounts)
    assert dict(mine.columns) == dict(theirs.columns)
    assert dict(mine.labels) == dict(theirs.labels)
    for name, tables in theirs.cells.items():
        for attribute, cells in tables.items():
            np.testing.assert_array_equal(mine.cells[name][attribute], cells)


def test_every_route_counts_the_same(by_route, typed_table, expected):
    same(count(by_route(typed_table), **ASKED, uses=USES).columns, expected)


@pytest.mark.spark
def test_spark_counts_the_same(by_spark, typed_table, expected):
    same(count(by_spark(typed_table), **ASKED, uses=USES).columns, expected)


def test_joined_tables_count_what_one_table_counts(by_route, typed_table, expected):
    columns = dict(typed_table.columns)
    ids, picked = columns["customer id"], columns["sel"]
    guarded = {n: columns.pop(n) for n in ("gender", "born")}
    make = type(typed_table)
    found = count(
        by_route(make(columns)),
        protected=by_route(make({"customer id": ids, **guarded}), "protected"),
        audience=[i for i, s in zip(ids, picked, strict=True) if s],
        id="customer id",
        uses=USES,
        **{name: ASKED[name] for name in ("by", "bands", "as_of")},
    )
    same(found.columns, expected)


def test_cells_are_those_counted_by_hand(typed_table, expected):
    columns = typed_table.columns
    hand = Counter(zip(columns["tier"], columns["gender"], columns["sel"], strict=True))
    cells, bins = expected.cells["tier"]["gender"], expected.columns["tier"].labels
    assert bins == ("gold", "tin", "(missing)")
    for i, tier in enumerate(["gold", "tin", None]):
        for j, label in enumerate(expected.labels["gender"]):
            gender = None if label == "(missing)" else label
            assert cells[i, j].tolist() == [hand[tier, gender, s] for s in (0, 1)]


def test_numbers_fall_between_the_edges_of_their_bin(typed_table, expected):
    for name in ("age", "value", "score"):
        bins = expected.columns[name]
        values = np.array(
            [np.nan if v is None else v for v in typed_table.columns[name]], float
        )
        there = values[~np.isnan(values)]
        step = (there.max() - there.min()) / GRID
        totals = expected.table(name, "gender").sum(axis=1)
        assert totals.sum() == len(values)
        ends = [-np.inf, *bins.edges, np.inf]
        for (low, high), total in zip(pairwise(ends), totals, strict=False):
            surely = ((there >= low + step) & (there < high - step)).sum()
            perhaps = ((there >= low - step) & (there < high + step)).sum()
            assert surely <= total <= perhaps
        if name != "age":
            # Twenty bins of a column of many values hold about a twentieth each.
            assert totals[:20].max() < 0.08 * len(there)


def test_few_whole_numbers_are_bins_of_their_own(expected):
    assert expected.columns["kids"].labels == ("0", "1", "2", "11")
    assert expected.columns["code"].labels == ("-3", "1", "2.5", "(missing)")
    assert expected.columns["app"].labels == ("False", "True")


def test_counts_of_groups_are_the_same_with_and_without_columns(by_route, typed_table):
    table = by_route(typed_table)
    plain, used = count(table, **ASKED), count(table, **ASKED, uses=["score", "tier"])
    assert plain.counts.fingerprint == used.counts.fingerprint
    assert plain.columns is None
    for name in ("score", "tier"):
        for attribute in ("gender", "born"):
            groups = used.counts.table([attribute])
            cells = used.columns.cells[name][attribute]
            assert used.columns.labels[attribute] == tuple(groups.groups)
            np.testing.assert_array_equal(cells.sum(axis=(0, 2)), groups.n)
            np.testing.assert_array_equal(cells[..., 1].sum(axis=0), groups.selected)


def test_rare_labels_share_a_bin(by_route, table_of):
    rng = np.random.default_rng(2)
    # 1,300 post codes: the first 900 three times, the others once.
    codes = [f"P{i:04d}" for i in range(1300)] + 2 * [f"P{i:04d}" for i in range(900)]
    rng.shuffle(codes)
    table = table_of(
        g=[("a", "b")[i % 2] for i in range(len(codes))],
        sel=[int(i % 3 == 0) for i in range(len(codes))],
        code=codes,
    )
    found = count(by_route(table), by="g", selected="sel", uses="code").columns
    labels = found.columns["code"].labels
    assert len(labels) == 1000
    assert labels[:999] == tuple(f"P{i:04d}" for i in range(999))
    assert labels[-1] == OTHER
    assert found.table("code", "g").sum(axis=1).tolist() == [3] * 900 + [1] * 99 + [301]


def test_texts_that_start_with_a_needless_0_are_labels(by_route, table_of):
    table = table_of(
        g=["a", "b"] * 50,
        sel=[0, 1, 1, 0] * 25,
        zip=[f"{i % 30:05d}" for i in range(100)],
    )
    bins = count(by_route(table), by="g", selected="sel", uses="zip").columns.columns
    assert not bins["zip"].ordered
    assert bins["zip"].labels[:2] == ("00000", "00001")


def test_columns_without_a_value_are_one_bin(by_route, table_of):
    table = table_of(
        g=["a", "b"] * 4, sel=[0, 1] * 4, empty=[None] * 7 + [1.5], text=["x", None] * 4
    )
    found = count(by_route(table), by="g", selected="sel", uses=["empty", "text"])
    assert found.columns.columns["empty"].labels == ("1.5", "(missing)")
    assert found.columns.table("empty", "g").tolist() == [[0, 1], [4, 3]]
    assert found.columns.columns["text"].labels == ("x", "(missing)")


def test_an_outlier_does_not_swallow_the_bins():
    rng = np.random.default_rng(3)
    income = rng.lognormal(10, 0.5, 20_000)
    frame = pd.DataFrame({"g": ["a", "b"] * 10_000, "s": [0, 1] * 10_000, "x": income})
    frame.loc[7, "x"] = 1e12
    found = count(frame, by="g", selected="s", uses="x").columns
    totals = found.table("x", "g").sum(axis=1)
    assert len(totals) == 20
    assert totals.max() < 1.1 * totals.min()


def test_a_value_that_many_share_is_a_bin_of_its_own():
    numbers = np.concatenate([np.zeros(600), np.linspace(1, 2, 400)])

    def histogram(grid):
        return np.bincount(grid.positions(numbers), minlength=GRID)

    cuts = cut(0.0, 2.0, histogram)
    assert cuts.labels[0] == "0"
    bins = np.bincount(cuts.lookup()[cuts.grid.positions(numbers)])
    assert bins[0] == 600
    assert bins[1:].max() <= 50
    assert len(bins) <= 20


def test_grids_of_one_number_and_of_huge_ones_hold_them():
    for numbers in ([5.0], [-1e307, 8e307], [0.0, 5e-324], [2.0**60, 2.0**60 + 256]):
        values = np.array(numbers)
        places = Grid.over(values.min(), values.max()).positions(values)
        assert (places < GRID).all()


def test_parts_add_up_to_the_whole_where_bins_are_alike():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", "c"], 4000),
            "s": rng.integers(0, 2, 4000),
            "k": rng.integers(0, 9, 4000),
            "t": rng.choice(["x", "y", "z", None], 4000),
        }
    )

    def counted(part):
        return count(part, by="g", selected="s", uses=["k", "t"]).columns

    same(counted(frame.head(1500)) + counted(frame.tail(2500)), counted(frame))
    with pytest.raises(InputError, match="edges"):
        counted(frame) + counted(frame.assign(k=frame["k"] * 2))


def test_labels_that_only_one_part_kept_are_others_in_the_sum():
    def part(labels, n):
        cells = {"c": {"g": np.full((len(labels), 1, 2), n)}}
        from fairness.counts import ColumnBins

        bins = {"c": ColumnBins(labels, ordered=False)}
        return ColumnCounts(bins, {"g": ("a",)}, cells)

    both = part(("x", "y", OTHER), 1) + part(("x", "z", "(missing)"), 10)
    assert both.columns["c"].labels == ("x", "y", OTHER, "(missing)")
    assert both.table("c", "g").ravel().tolist() == [22, 2, 22, 20]


def test_everything_wrong_with_the_columns_is_said_at_once():
    frame = pd.DataFrame(
        {"id": range(40), "g": ["a", "b"] * 20, "s": [0, 1] * 20, "t": ["x"] * 40}
    )
    protected = frame[["id"]].assign(faith=["u", "v"] * 20)
    with pytest.raises(InputError) as caught:
        count(
            frame, by=["g", "faith"], selected="s", id="id", protected=protected,
            uses=["id", "g", "faith", "s", "tt", 3], value_cap=4,
        )  # fmt: skip
    told = "\n".join(str(problem) for problem in caught.value.problems)
    assert "'id' is the customer id" in told
    assert told.count("is a protected attribute") == 2
    assert "'s' says who was selected" in told
    assert "did you mean 't'" in told
    assert "3 is not a column name" in told
    assert "value_cap: caps nothing without a value" in told


def test_infinite_numbers_are_refused_with_the_other_problems(by_route, table_of):
    if by_route.route.startswith("csv"):
        pytest.skip("a text file's inf is a label")
    table = table_of(
        g=["a", "b"] * 4, sel=[0, 2] * 4, x=[1.0, float("inf")] * 4, y=[2.0] * 8
    )
    with pytest.raises(InputError) as caught:
        count(by_route(table), by="g", selected="sel", uses=["x", "y"])
    told = [str(problem) for problem in caught.value.problems]
    assert any("'x': has infinite values" in each for each in told)
    assert len(told) == 2
