"""A sample of rows: fair, and the same from every route and in every order."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from fairness.counts.sample import sample_rows
from fairness.errors import InputError, Problem
from fairness.frames import scan

ASKED = {
    "by": ["gender", "born"],
    "bands": {"born": [18, 30, 45, 60]},
    "as_of": "2026-11-01",
    "uses": ["kids", "code", "age", "region", "tier", "app", "score", "value"],
}


@pytest.fixture(scope="module")
def expected(typed_table):
    return {
        rows: sample_rows(typed_table.arrow(), **ASKED, rows=rows) for rows in (90, 999)
    }


def same(mine, theirs):
    assert dict(mine.labels) == dict(theirs.labels)
    assert (mine.total, mine.rows) == (theirs.total, theirs.rows)
    for name, groups in theirs.groups.items():
        np.testing.assert_array_equal(mine.groups[name], groups)
    for one, two in zip(mine.features, theirs.features, strict=True):
        assert (one.name, one.labels, one.is_own) == (two.name, two.labels, two.is_own)
        np.testing.assert_array_equal(one.values, two.values)


@pytest.mark.parametrize("rows", [90, 999])
def test_every_route_draws_the_same(rows, by_route, typed_table, expected):
    same(sample_rows(by_route(typed_table), **ASKED, rows=rows), expected[rows])


@pytest.mark.spark
def test_spark_draws_the_same(by_spark, typed_table, expected):
    same(sample_rows(by_spark(typed_table), **ASKED, rows=90), expected[90])


def test_joined_tables_draw_what_one_table_draws(by_route, typed_table, expected):
    columns = dict(typed_table.columns)
    guarded = {n: columns.pop(n) for n in ("gender", "born")}
    make = type(typed_table)
    found = sample_rows(
        by_route(make(columns)),
        id="customer id",
        protected=by_route(
            make({"customer id": columns["customer id"], **guarded}), "protected"
        ),
        rows=90,
        **ASKED,
    )
    same(found, expected[90])


def test_rows_in_another_order_and_columns_in_another_are_drawn_alike(typed_table):
    frame = typed_table.arrow().to_pandas()
    mine = sample_rows(frame, **ASKED, rows=90)
    turned = sample_rows(frame[::-1], **ASKED, rows=90)
    same(turned, mine)
    uses = ASKED["uses"][::-1]
    other = sample_rows(frame, **{**ASKED, "uses": uses}, rows=90)
    np.testing.assert_array_equal(other.features[-1].values, mine.features[0].values)


def test_a_row_of_the_sample_is_a_row_of_the_table(typed_table, expected):
    columns = typed_table.columns

    def plain(value):
        return None if pd.isna(value) else value

    wanted = set(
        zip(
            (value or "(missing)" for value in columns["gender"]),
            (plain(value) for value in columns["age"]),
            columns["tier"],
            (str(value) for value in columns["app"]),
            strict=True,
        )
    )
    found = expected[90]
    used = {feature.name: feature for feature in found.features}
    for row in range(90):
        tier, app = (
            None if np.isnan(place) else feature.labels[int(place)]
            for feature in (used["tier"], used["app"])
            for place in [feature.values[row]]
        )
        gender = found.labels["gender"][found.groups["gender"][row]]
        assert (gender, plain(float(used["age"].values[row])), tier, app) in wanted


def test_each_customer_is_as_likely_to_be_drawn():
    frame = pd.DataFrame({"g": ["a", "b"] * 500, "x": range(1000)})
    drawn = np.zeros(1000)
    for seed in range(400):
        found = sample_rows(frame, by="g", uses="x", rows=100, seed=seed)
        drawn[found.features[0].values.astype(int)] += 1
    # 40 each, standard deviation 6.
    assert drawn.sum() == 40_000
    assert drawn.var() == pytest.approx(36, rel=0.2)
    assert drawn.min() > 10


def test_rows_that_are_alike_are_drawn_one_by_one():
    frame = pd.DataFrame({"g": ["a"] * 700 + ["b"] * 300, "x": [1] * 1000})
    shares = [
        np.mean(sample_rows(frame, by="g", uses="x", rows=100, seed=seed).groups["g"])
        for seed in range(200)
    ]
    # A draw without replacement: sqrt(0.21 / 100 * 900 / 999).
    assert np.mean(shares) == pytest.approx(0.3, abs=0.012)
    assert np.std(shares) == pytest.approx(0.0435, rel=0.2)


def test_days_are_numbers_however_they_are_written():
    days = [dt.date(2020, 1, 1), None, dt.date(2021, 2, 3), dt.date(2020, 1, 2)]
    frame = pd.DataFrame({"g": list("abab"), "x": pd.to_datetime(pd.Series(days))})
    text = frame.assign(x=[None if d is None else d.isoformat() for d in days])
    (typed,) = sample_rows(frame, by="g", uses="x").features
    (written,) = sample_rows(text, by="g", uses="x").features
    assert typed.labels is None
    np.testing.assert_array_equal(typed.values, written.values)
    assert sorted(typed.values[~np.isnan(typed.values)]) == [737425, 737426, 737824]


def test_zero_has_one_sign_and_missing_one_form(tmp_path):
    frame = pd.DataFrame({"g": list("aabb") * 5, "x": [0.0, -1.0, np.nan, 2.0] * 5})
    signed = frame.assign(x=frame["x"].replace(0.0, -0.0))
    same(
        sample_rows(signed, by="g", uses="x", rows=7),
        sample_rows(frame, by="g", uses="x", rows=7),
    )
    frame.to_parquet(tmp_path / "x.parquet")
    told = scan(tmp_path / "x.parquet", missing=["-1"])
    (feature,) = sample_rows(told, by="g", uses="x").features
    assert np.isnan(feature.values).sum() == 10


def test_a_group_that_nobody_of_the_sample_has_is_still_a_group():
    frame = pd.DataFrame({"g": ["a"] * 999 + ["b"], "x": range(1000)})
    found = sample_rows(frame, by="g", uses="x", rows=5)
    assert found.labels["g"] == ("a", "b")
    assert found.groups["g"].tolist() == [0] * 5


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_without_rows_is_refused(rows):
    frame = pd.DataFrame({"g": ["a"], "x": [1]})[:rows]
    if rows:
        assert sample_rows(frame, by="g", uses="x").rows == 1
        return
    with pytest.raises(InputError, match="has no rows"):
        sample_rows(frame, by="g", uses="x")


def test_what_is_wrong_with_columns_is_told_at_once():
    frame = pd.DataFrame(
        {"g": ["a", "b"] * 20, "x": [np.inf, 1.0] * 20, "y": [[1], [2]] * 20}
    )
    with pytest.raises(InputError) as caught:
        sample_rows(frame, by="g", uses=["x", "y"])
    assert len(caught.value.problems) == 2
    ids = frame.assign(g=[f"c{i}" for i in range(40)])
    with pytest.raises(InputError, match="almost one value per customer"):
        sample_rows(ids.assign(z=1), by="g", uses="z")


@pytest.mark.parametrize("uses", [None, [], ""])
def test_columns_have_to_be_named(uses):
    frame = pd.DataFrame({"g": ["a", "b"], "x": [1, 2]})
    with pytest.raises(InputError) as caught:
        sample_rows(frame, by="h", uses=uses, known=[Problem("k", "known")])
    assert [problem.where for problem in caught.value.problems] == ["k", "uses", "by"]
