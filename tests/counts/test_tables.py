"""Tables of groups and bins of scores, as the rest of the library reads them."""

import numpy as np
import pandas as pd
import pytest

from fairness.counts import CountTable, ScoreBins, count
from fairness.counts.table import Axis, GroupCounts
from fairness.errors import InputError

ROWS = 5_000


@pytest.fixture(scope="module")
def frame():
    draw = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "g": pd.Categorical(draw.choice(["f", "m", None], ROWS, p=[0.5, 0.4, 0.1])),
            "h": draw.choice(["R&D", "shop"], ROWS),
            "sel": draw.integers(0, 2, ROWS),
            "out": draw.choice(["yes", "no", None], ROWS),
            "tier": draw.choice(["gold", "tin"], ROWS),
            "w": draw.integers(1, 5, ROWS).astype(float),
            "score": np.where(draw.random(ROWS) < 0.1, np.nan, draw.random(ROWS)),
        }
    )


@pytest.fixture(scope="module")
def counts(frame):
    return count(
        frame, by=["g", "h"], selected="sel", outcome="out", strata="tier", weight="w"
    ).counts


def test_tables_equal_a_crosstab(frame, counts):
    want = pd.crosstab([frame["g"], frame["h"]], frame["sel"])
    table = counts.table(["g", "h"])
    for parts, n, selected in zip(table.labels, table.n, table.selected, strict=True):
        if "(missing)" not in parts:
            assert (n - selected, selected) == tuple(want.loc[parts])
    assert counts.rows == ROWS
    assert counts.selected == frame["sel"].sum()
    assert table.is_missing.tolist() == ["(missing)" in p for p in table.labels]


def test_intersections_are_named_in_the_order_asked_for(counts):
    table = counts.table(["g", "h"])
    assert table.attribute == "g&h"
    assert table.groups[:2] == ["f&R&&D", "f&shop"]
    assert counts.groupings(5) == [("g",), ("h",), ("g", "h")]


def test_strata_split_a_table_into_parts_that_add_up(frame, counts):
    assert counts.strata == ("tier",)
    assert counts.stratum_labels("tier") == ("gold", "tin")
    parts = [counts.table(["g"], {"tier": tier}) for tier in ("gold", "tin")]
    np.testing.assert_array_equal(
        sum(p.cells for p in parts), counts.table(["g"]).cells
    )
    want = (frame["tier"] == "gold").sum()
    assert parts[0].n.sum() == want


def test_effective_counts_have_the_effective_size_of_kish(frame, counts):
    table = counts.table(["h"])
    for group, cells in zip(table.groups, table.effective(), strict=True):
        label = group.replace("&&", "&") if len(table.attributes) > 1 else group
        w = frame.loc[frame["h"] == label, "w"]
        assert cells.sum() == pytest.approx(w.sum() ** 2 / (w**2).sum())
    plain = CountTable(table.attributes, table.labels, table.cells)
    np.testing.assert_array_equal(plain.effective(), table.cells)
    np.testing.assert_array_equal(plain.weighted_cells, table.cells)


def test_unknown_attribute_is_named(counts):
    with pytest.raises(InputError, match="'gg' is not a protected attribute here"):
        counts.table(["gg"])
    assert repr(counts).startswith("<GroupCounts: 5,000 customers, ")
    assert counts.has_outcome
    assert counts.has_weights
    assert counts.__add__(1) is NotImplemented


def test_levels_have_to_fit_their_axes():
    with pytest.raises(ValueError, match="one row a cell"):
        GroupCounts(
            (Axis("g", "attribute", ("a",)),),
            np.zeros((2, 2), int),
            np.ones(2, int),
            {},
        )


@pytest.mark.parametrize("bins", [3, 100])
def test_bins_from_one_histogram_equal_bins_from_one_each(frame, monkeypatch, bins):
    asked = {
        "by": ["g", "h"],
        "selected": "sel",
        "outcome": "out",
        "score": "score",
        "score_bins": bins,
    }
    whole = count(frame, **asked)
    monkeypatch.setattr("fairness.counts.eager.DENSE_CELLS", 0)
    apart = count(frame, **asked)
    assert whole.counts.fingerprint == apart.counts.fingerprint
    for name, cells in whole.bins.cells.items():
        np.testing.assert_array_equal(cells, apart.bins.cells[name])
    scored = frame.dropna(subset=["score"])
    for place, label in enumerate(whole.bins.labels["h"]):
        scores = scored.loc[scored["h"] == label, "score"]
        want, _ = np.histogram(scores, bins=bins, range=(0, 1))
        np.testing.assert_array_equal(whole.bins.cells["h"][place].sum(axis=1), want)


def test_rates_above_a_threshold_are_those_of_the_rows(frame):
    bins = count(frame, by="h", selected="sel", score="score", score_bins=20).bins
    scores = frame.loc[frame["h"] == "shop", "score"].dropna()
    row = bins.labels["h"].index("shop")
    want = [(scores >= edge).mean() for edge in bins.thresholds]
    np.testing.assert_allclose(bins.rates("h")[row], want)


def test_rate_of_a_group_without_scores_is_nan_not_zero():
    bins = ScoreBins(0.0, 1.0, {"g": ("a",)}, {"g": np.zeros((1, 4, 3), np.int64)})
    assert np.isnan(bins.rates("g")).all()
    assert bins.__add__(1) is NotImplemented


def test_fingerprint_changes_with_one_customer(frame, counts):
    other = frame.copy()
    other.loc[0, "sel"] = 1 - other.loc[0, "sel"]
    asked = {"by": ["g", "h"], "outcome": "out", "strata": "tier", "weight": "w"}
    same = count(frame, selected="sel", **{**asked, "by": ["h", "g"]}).counts
    assert same.fingerprint == counts.fingerprint
    assert (
        count(other, selected="sel", **asked).counts.fingerprint != counts.fingerprint
    )


def test_one_attribute_beside_the_data_is_joined_by_id(frame):
    data = frame.assign(id=range(ROWS))
    beside = data[["id", "g"]].sample(frac=0.8, random_state=1)
    counted = count(
        data.drop(columns="g"), by=["g", "h"], selected="sel", id="id", protected=beside
    )
    merged = data.drop(columns="g").merge(beside, on="id", how="left")
    assert (
        counted.counts.fingerprint
        == count(merged, by=["g", "h"], selected="sel").counts.fingerprint
    )
    bands = {"age": [30]}
    ages = beside.assign(age=np.arange(len(beside), dtype=np.uint8))[["id", "age"]]
    joined = count(data, by="age", bands=bands, selected="sel", id="id", protected=ages)
    merged = data.merge(ages, on="id", how="left")
    assert (
        joined.counts.fingerprint
        == count(merged, by="age", bands=bands, selected="sel").counts.fingerprint
    )
