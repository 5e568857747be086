"""Bad input: what is wrong, where, what is allowed, and all of it at once."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fairness.counts import count
from fairness.errors import InputError


@pytest.fixture(params=["pandas", "polars lazy", "csv", "csv on disk"])
def given(request, tmp_path, monkeypatch):
    """Hand a pandas frame over by four routes."""
    if request.param == "csv on disk":
        monkeypatch.setattr("fairness.frames.files.IN_MEMORY_BYTES", 0)

    def give(columns, name="data"):
        frame = pd.DataFrame(columns)
        if request.param == "pandas":
            return frame
        if request.param == "polars lazy":
            return pl.from_pandas(frame).lazy()
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return tmp_path / f"{name}.csv"

    return give


@pytest.fixture
def people():
    return {
        "id": [f"{i:03d}" for i in range(40)],
        "gender": ["f", "m"] * 20,
        "age": list(range(20, 60)),
        "sel": [0, 1, 1, 0] * 10,
    }


def problems(*args, **kwargs):
    with pytest.raises(InputError) as caught:
        count(*args, **kwargs)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_of_the_arguments_come_at_once(given, people):
    found = problems(
        given(people),
        by=["gnder", "age", "age"],
        strata=["age", "tier"],
        score="scor",
        weight="w",
        outcome="out=1",
        selected="sell",
        id="ids",
        bands={"age": [30, 20], "height": [1]},
        as_of="01/11/2026",
        score_bins=0,
        score_range=(1, 0),
    )
    text = "\n".join(found)
    for said in (
        (
            "by: 'gnder' is not a column. Available: 'id', 'gender', 'age', 'sel'\n"
            "  Hint: did you mean 'gender'?"
        ),
        "by: names 'age' more than once",
        "strata: 'tier' is not a column",
        "strata: 'age' is in `by` as well",
        "score: 'scor' is not a column",
        "weight: 'w' is not a column",
        "outcome: 'out' is not a column",
        (
            "selected: 'sell' is not a column. Available: 'id', 'gender', 'age', 'sel'\n"
            "  Hint: did you mean 'sel'?"
        ),
        "id: 'ids' is not a column",
        "bands of 'age': edges [30, 20] do not rise",
        "bands: names 'height', which is neither in `by` nor in `strata`",
        "as_of: '01/11/2026' is not a date\n  Hint: write YYYY-MM-DD",
        "score_bins: 0 is not a number above 0",
        "score_range: (1, 0) is not a lower and a higher number",
    ):
        assert said in text


def test_one_of_selected_and_audience_has_to_be_given(given, people):
    data = given(people)
    (neither,) = problems(data, by="gender")
    assert neither.startswith(
        "selected, audience: neither given: exactly one says who was picked"
    )
    (both,) = problems(data, by="gender", selected="sel", audience=["001"], id="id")
    assert "both given" in both
    (no_id,) = problems(data, by="gender", audience=["001"])
    assert no_id.startswith("id: is needed to join")
    assert problems(data, by=[], selected="sel")[0].startswith(
        "by: names no protected attribute"
    )


def test_one_column_plays_one_part(given, people):
    found = "\n".join(
        problems(
            given(people), by=["sel", "id"], selected="sel", outcome="sel", id="id"
        )
    )
    assert "selected: 'sel' is in `by` as well" in found
    assert "id: 'id' is in `by` as well" in found
    assert "outcome: 'sel' says who was selected as well" in found


@pytest.mark.parametrize(
    "argument", ["by", "strata", "selected", "outcome", "score", "weight", "id"]
)
def test_what_is_no_name_of_a_column_is_refused(given, people, argument):
    asked = {"by": "gender", "selected": "sel", argument: 3}
    assert any(
        "is not a column name" in text for text in problems(given(people), **asked)
    )


def test_selected_has_to_be_an_accepted_pair(given, people):
    data = given({**people, "sel": ["oui", "non"] * 20})
    assert problems(data, by="gender", selected="sel") == [
        (
            "selected column 'sel': holds 'non', 'oui', which is not one of the pairs 0/1, "
            "true/false, yes/no, y/n, t/f\n"
            "  Hint: name the value that means yes: sel=VALUE"
        )
    ]
    assert problems(data, by="gender", selected="sel=ja") == [
        "selected column 'sel': never holds 'ja'. It holds: 'non', 'oui'"
    ]
    assert count(data, by="gender", selected="sel=oui").counts.selected == 20


@pytest.mark.parametrize(
    "pair", [("No", "YES"), ("false", "TRUE"), ("n", "Y"), ("F", "t"), (0, 1)]
)
def test_accepted_pairs_are_read_in_any_case(given, people, pair):
    data = given({**people, "sel": list(pair) * 20})
    assert count(data, by="gender", selected="sel").counts.selected == 20


def test_weights_have_to_be_numbers_from_zero_up(given, people):
    for values, said in (
        ([-1.0, 2.0], "weight column 'w': has negative values, down to -1"),
        ([np.nan, 2.0], "weight column 'w': has 20 missing values"),
        ([0.0, 0.0], "weight column 'w': is 0 for every customer"),
    ):
        found = problems(
            given({**people, "w": values * 20}), by="gender", selected="sel", weight="w"
        )
        assert found[0].startswith(said)
        assert len(found) == 1
    found = problems(
        given({**people, "w": [np.inf, 1.0] * 20}),
        by="gender",
        selected="sel",
        weight="w",
    )
    assert "infinite" in found[0] or "not numbers: 'inf'" in found[0]


def test_score_and_value_have_to_hold_finite_numbers(given, people):
    for role in ("score", "value"):
        data = given({**people, "x": [np.inf, 1.0] * 20})
        (found,) = problems(data, by="gender", selected="sel", **{role: "x"})
        assert "infinite" in found or "not numbers: 'inf'" in found
        data = given({**people, "x": ["high", "low"] * 20})
        (found,) = problems(data, by="gender", selected="sel", **{role: "x"})
        assert "number" in found
        assert "'x'" in found
    data = given({**people, "x": [np.nan, np.nan] * 20})
    (found,) = problems(data, by="gender", selected="sel", score="x")
    assert found == "score column 'x': holds no number"
    (found,) = problems(
        given(people), by="gender", selected="sel", score="age", score_range=(0, 30)
    )
    assert found.startswith(
        "score_range: (0, 30) does not hold the scores, which go from 20 to 59"
    )


def test_attribute_with_one_value_per_customer_is_refused(given, people):
    found = problems(given(people), by=["id", "gender"], strata="age", selected="sel")
    assert found[0].startswith(
        "by: 'id' has 40 values for 40 customers: almost one value per customer"
    )
    assert "--bands id=" in found[0]
    assert found[1].startswith("strata: 'age' has 40 values")


def test_bands_say_what_they_cannot_read(given, people):
    asked = {"by": "x", "selected": "sel"}
    data = given({**people, "x": ["20", "30", "old", "?"] * 10})
    (found,) = problems(data, **asked, bands={"x": [18]})
    assert found.startswith(
        "bands of 'x': the column has values that are not numbers: "
    )
    assert "'old'" in found
    assert "'?'" in found
    assert "--missing" in found
    born = [dt.date(1990, 1, 1), dt.date(2030, 5, 1)] * 20
    data = given({**people, "x": born})
    (found,) = problems(data, **asked, bands={"x": [18]})
    assert found == (
        "bands of 'x': a date is banded by age, which needs a day to be counted at\n"
        "  Hint: give --as-of YYYY-MM-DD (as_of= in Python)"
    )
    (found,) = problems(data, **asked, bands={"x": [18]}, as_of="2026-11-01")
    assert found.startswith("bands of 'x': the column has dates after 2026-11-01")


def test_ages_as_edges_of_birth_years_are_refused_with_years_to_use(given, people):
    data = given({**people, "x": [1950, 1999] * 20})
    (found,) = problems(data, by="x", selected="sel", bands={"x": [18, 30]})
    assert found == (
        "bands of 'x': the column holds years (1950 to 1999), and the edges look like ages\n"
        "  Hint: give years of birth as edges, for example x=1970,1982"
    )
    assert count(data, by="x", selected="sel", bands={"x": [1970]}).counts.rows == 40


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([], "at least one finite edge"),
        ([float("inf")], "finite"),
        (["a"], "not all numbers"),
        ([1, 1], "do not rise"),
        (None, "not all numbers"),
        ([float("nan")], "finite"),
        ("18", "not all numbers"),
    ],
)
def test_edges_have_to_be_rising_numbers(given, people, edges, said):
    (found,) = problems(given(people), by="age", selected="sel", bands={"age": edges})
    assert found.startswith("bands of 'age':")
    assert said in found


def test_ids_have_to_be_there_once(given, people):
    data = given(
        {**people, "id": ["001", "001", "002", "002", None, *people["id"][5:]]}
    )
    found = "\n".join(
        problems(data, by="gender", audience=["007", "007", "009"], id="id")
    )
    assert "data: 1 rows have no id" in found
    assert "data: 2 ids occur more than once: '001', '002'" in found
    assert "audience: 1 ids occur more than once: '007'" in found
    alone = "\n".join(problems(data, by="gender", selected="sel", id="id"))
    assert "no" in alone
    assert "id" in alone


def test_strangers_in_the_audience_are_listed(given, people):
    data = given(people)
    (found,) = problems(
        data, by="gender", audience=given({"id": ["001", "zz9", "zz8"]}, "a"), id="id"
    )
    assert found.startswith("audience: 2 ids are not in the data: 'zz8', 'zz9'")
    (found,) = problems(
        data, by="gender", audience=given({"key": ["001"]}, "b"), id="id"
    )
    assert found.startswith("audience: 'id' is not a column. Available: 'key'")
    for nothing in (3, b"001", {"001": 1}):
        (found,) = problems(data, by="gender", audience=nothing, id="id")
        assert found.startswith("audience: is a")


def test_protected_attributes_live_in_one_table(given, people):
    data = given(people)
    beside = {
        "id": people["id"],
        "gender": people["gender"],
        "ethnicity": ["x", "y"] * 20,
    }
    found = problems(
        data,
        by=["gender", "ethnic"],
        selected="sel",
        id="id",
        protected=given(beside, "p"),
    )
    assert found[0].startswith("by: 'ethnic' is not a column")
    assert "did you mean 'ethnicity'?" in found[0]
    assert found[1].startswith("by: 'gender' is in the data and in the protected table")
    (found,) = problems(
        data,
        by="ethnicity",
        selected="sel",
        id="id",
        protected=given({"key": people["id"], "ethnicity": ["x", "y"] * 20}, "q"),
    )
    assert found.startswith("protected: 'id' is not a column")
    (found,) = problems(
        data,
        by="ethnicity",
        selected="sel",
        id="id",
        protected=given({"id": ["001", "001"], "ethnicity": ["x", "y"]}, "r"),
    )
    assert found.startswith("protected: 1 ids occur more than once: '001'")


def test_customers_without_a_protected_row_are_missing_and_it_is_said(given, people):
    beside = given({"id": ["001", "002", "elsewhere"], "g": ["a", "b", "c"]}, "p")
    counted = count(given(people), by="g", selected="sel", id="id", protected=beside)
    assert counted.counts.table(["g"]).n.tolist() == [1, 1, 38]
    assert counted.notes == (
        (
            "38 customers have no row in the protected table: they are in the group (missing) "
            "of each attribute in it"
        ),
    )


@pytest.mark.parametrize(
    ("ids", "audience", "picked"),
    [
        ([1, 2, 3], ["1", "3"], 2),
        (["1", "2", "3"], [1, 3], 2),
        ([1.0, 2.0, 3.0], [3], 1),
        ([" a", "b ", "c"], ["a", " b"], 2),
        (["01", "1", "2"], ["1"], 1),
        (["01", "1", "2"], ["01", "1"], 2),
        (["1.0", "2.0", "7"], [1, 7.0], 2),
        ([10**18 + 1, 10**18 + 2, 5], [10**18 + 2], 1),
    ],
)
def test_ids_are_matched_as_text(ids, audience, picked, tmp_path):
    columns = {"id": ids, "g": ["a", "b", "a"]}
    listed = tmp_path / "a.csv"
    listed.write_text("id\n" + "".join(f"{x}\n" for x in audience))
    for data in (pd.DataFrame(columns), pl.DataFrame(columns), pl.LazyFrame(columns)):
        for given_ids in (
            audience,
            set(audience),
            pd.Series(audience),
            pd.DataFrame({"id": audience}),
            listed,
        ):
            counts = count(data, audience=given_ids, id="id", by="g").counts
            assert (counts.rows, counts.selected) == (3, picked)


def test_audience_of_nobody_selects_nobody(people):
    assert (
        count(pd.DataFrame(people), audience=[], id="id", by="gender").counts.selected
        == 0
    )


def test_column_with_an_equals_sign_and_a_value_is_read():
    frame = pd.DataFrame({"g": ["a", "b"], "a=b": ["x", "y"]})
    assert count(frame, by="g", selected="a=b=x").counts.selected == 1


def test_bands_have_to_name_their_columns():
    frame = pd.DataFrame({"g": ["a", "b"], "sel": [1, 0]})
    (found,) = problems(frame, by="g", selected="sel", bands=[18, 30])
    assert found.startswith("bands: [18, 30] does not say which column has which edges")
