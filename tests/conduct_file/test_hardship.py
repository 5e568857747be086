"""Hardship: who is picked by it, and who is spared."""

import numpy as np
import pytest

from pipelines.campaign.conduct.sides import sides
from pipelines.rules import parse_rule
from tests.conduct_file.files import SIZE, responses, status, tables, value

NAME = "hardship_columns"
RNG = np.random.default_rng(7)
OFTEN = np.where(np.arange(SIZE) % 4 == 0, "often", "never")
COLUMNS = {
    "arrears": (np.arange(SIZE) % 4 == 0).astype(int),
    "overdraft_days": np.arange(SIZE) % 9,
    "payday": OFTEN,
    "income": 10_000 + np.arange(SIZE) % 50 * 1_000,
    "no_arrears": (np.arange(SIZE) % 4 != 0).astype(int),
    "troubled": (np.arange(SIZE) % 4 == 0).astype(int),
}
PICKS = [
    "arrears = 1", "arrears > 0", "arrears <> 0", "NOT arrears = 0", "arrears IN (1, 2)",
    "overdraft_days > 3", "3 < overdraft_days", "overdraft_days BETWEEN 3 AND 9",
    "overdraft_days IS NOT NULL", "payday IN ('often')", "payday = 'often'",
    "payday <> 'never'", "payday LIKE 'oft%'", "COALESCE(arrears, 0) = 1",
    "income < 20000", "income BETWEEN 0 AND 15000", "no_arrears = 0",
    "arrears = 1 OR pick = 1", "(arrears = 1) IS TRUE",
]  # fmt: skip
SPARES = [
    "arrears = 0", "NOT arrears = 1", "arrears < 1", "arrears <> 1", "arrears IN (0)",
    "overdraft_days <= 3", "3 >= overdraft_days", "payday = 'never'", "payday IN ('never')",
    "overdraft_days IS NULL", "income > 20000", "no_arrears = 1", "arrears >= 0",
    "overdraft_days >= 0 AND pick = 1", "payday IN ('often', 'never')",
    "(arrears = 1) IS FALSE", "COALESCE(arrears, 0) = 0",
]  # fmt: skip


@pytest.mark.parametrize("text", PICKS)
def test_a_clause_that_picks_hardship_counts(tmp_path, text):
    clauses = {"one": text, "picked": "pick = 1"}
    number, message = value(
        tmp_path, NAME, of=tables(**COLUMNS), funnel={"clauses": clauses}
    )
    assert number == 1, message


@pytest.mark.parametrize("text", SPARES)
def test_a_clause_that_spares_hardship_does_not(tmp_path, text):
    clauses = {"one": text, "picked": "pick = 1"}
    found = status(tmp_path, NAME, of=tables(**COLUMNS), funnel={"clauses": clauses})
    assert found[0] == "measured"
    assert (
        value(tmp_path, NAME, of=tables(**COLUMNS), funnel={"clauses": clauses})[0] == 0
    )


@pytest.mark.parametrize(("text", "number"), [("arrears = 1", 0), ("arrears = 0", 1)])
def test_suppression_is_the_other_way_round(tmp_path, text, number):
    funnel = {"suppression": text, "clauses": "pick = 1"}
    assert value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)[0] == number


def test_what_cannot_be_told_is_missing(tmp_path):
    funnel = {"clauses": "overdraft_days * 2 > orders AND pick = 1"}
    kind, message = status(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)
    assert kind == "missing"
    assert "'overdraft_days'" in message


def test_a_column_that_the_campaign_names_counts(tmp_path):
    funnel = {"clauses": "troubled = 1"}
    data = tables(**COLUMNS)
    assert value(tmp_path, NAME, of=data, funnel=funnel)[0] == 0
    named = {"vulnerability": {"hardship": ["troubled"]}}
    assert value(tmp_path, NAME, of=data, funnel=funnel, **named)[0] == 1


@pytest.mark.parametrize(("sign", "number"), [(1, 1), (-1, 0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_trained_score_that_rises_with_hardship_counts(tmp_path, sign, number, seed):
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 30, SIZE)
    likely = 1 / (1 + np.exp(-sign * (days - 15) / 4))
    data = tables(overdraft_days=days)
    data["responses"] = responses(rng.random(SIZE) < likely)
    score = {"model": "logistic", "columns": ["orders", "overdraft_days"], "top": 300}
    found, message = value(tmp_path, NAME, of=data, funnel={"score": score})
    assert found == number, message
    assert ("rises with it" in message) is (sign > 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_trained_score_that_does_not_follow_hardship_does_not(tmp_path, seed):
    rng = np.random.default_rng(seed)
    orders = rng.integers(0, 7, SIZE)
    data = tables(overdraft_days=rng.integers(0, 30, SIZE), orders=orders)
    data["responses"] = responses(rng.random(SIZE) < orders / 8)
    score = {"model": "logistic", "columns": ["orders", "overdraft_days"], "top": 300}
    assert value(tmp_path, NAME, of=data, funnel={"score": score})[0] == 0


@pytest.mark.parametrize(("sign", "number"), [(1, 1), (-1, 0)])
def test_a_ready_made_score_is_held_against_the_named_columns(tmp_path, sign, number):
    troubled = COLUMNS["troubled"]
    data = tables(troubled=troubled, vendor=RNG.random(SIZE) + sign * troubled)
    funnel = {"score": {"column": "vendor", "top": 300}}
    named = {"vulnerability": {"hardship": ["troubled"]}}
    assert value(tmp_path, NAME, of=data, funnel=funnel, **named)[0] == number


def test_a_score_that_is_hardship_itself_counts(tmp_path):
    data = tables(debt_score=RNG.random(SIZE))
    data["customers"] = data["customers"].rename_columns(
        ["payday" if n == "debt_score" else n for n in data["customers"].column_names]
    )
    funnel = {"score": {"column": "payday", "top": 300}}
    assert value(tmp_path, NAME, of=data, funnel=funnel)[0] == 1


def test_no_column_of_hardship_is_told(tmp_path):
    assert value(tmp_path, NAME) == (0, "no column of hardship is used")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a > 1 OR a < 0", ["more", "less"]),
        ("NOT (a > 1 AND b = 1)", ["less"]),
        ("a = b", ["unclear"]),
        ("a + 1 > 2", ["unclear"]),
        ("a IS TRUE", ["more"]),
        ("NOT a", ["less"]),
    ],
)
def test_each_place_of_a_column_has_a_side(text, found):
    assert list(sides(parse_rule(text).tree, "a")) == found
