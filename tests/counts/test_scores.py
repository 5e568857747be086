"""Scores counted before any cut is chosen."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fairness as fa
from fairness.errors import InputError


@pytest.fixture
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", None], 3000),
            "score": rng.random(3000).astype("float32"),
            "seen": rng.integers(0, 2, 3000),
        }
    )
    frame.loc[:9, "score"] = np.nan
    return frame


@pytest.mark.parametrize(
    "route", [lambda f: f, pl.from_pandas, lambda f: pl.from_pandas(f).lazy()]
)
def test_customers_above_a_threshold_are_those_counted_by_hand(customers, route):
    bins = fa.count_scores(route(customers), by="g", score="score", bins=20)
    above = dict(zip(bins.labels["g"], bins.above("g").T[10], strict=True))
    by_hand = (
        (customers["score"] >= 0.5).groupby(customers["g"].fillna("(missing)")).sum()
    )
    assert above == by_hand.to_dict()


def test_an_outcome_splits_the_bins(customers):
    bins = fa.count_scores(customers, by="g", score="score", outcome="seen", bins=4)
    scored = customers.dropna(subset="score")
    by_hand = [(scored["seen"] == seen).sum() for seen in (0, 1)]
    assert bins.cells["g"].sum(axis=(0, 1)).tolist() == [*by_hand, 0]


def test_no_selection_is_asked_for_and_everything_else_is_checked(customers):
    with pytest.raises(InputError) as error:
        fa.count_scores(customers, by="h", score="scor", bins=0)
    told = str(error.value)
    assert "'h'" in told
    assert "did you mean 'score'" in told
    assert "score_bins" in told
    assert "selected" not in told


def test_bins_of_two_parts_add_up_to_those_of_the_whole(customers):
    def counted(part):
        return fa.count_scores(part, by="g", score="score", bins=10, score_range=(0, 1))

    whole = counted(customers)
    both = counted(customers.head(1000)) + counted(customers.tail(2000))
    for group, cells in zip(whole.labels["g"], whole.cells["g"], strict=True):
        place = both.labels["g"].index(group)
        np.testing.assert_array_equal(both.cells["g"][place], cells)
