"""Ways of writing a rule that hide whom it picks, and ways that only look like it."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.campaign.conduct.sides import sides
from pipelines.rules import parse_rule
from tests.conduct_file.files import SIZE, status, tables, value

NAME = "hardship_columns"
PLACE = np.arange(SIZE)
COLUMNS = {
    "arrears": (PLACE % 4 == 0).astype(int),
    "overdraft_days": PLACE % 12,
    "payday": np.where(PLACE % 4 == 0, "often", "never"),
    "arrears_status": np.where(PLACE % 4 == 0, "late", "up to date"),
    "income": 10_000 + PLACE % 50 * 1_000,
    "bankruptcy_date": pa.array(np.where(PLACE % 4 == 0, "2020-05-01", None)).cast(
        pa.date32()
    ),
    "debt_free": (PLACE % 4 != 0).astype(int),
    "interest_free_overdraft": (PLACE % 4 == 0).astype(int),
    "no_of_arrears": PLACE % 4,
}
PICKS = [
    "overdraft_days NOT BETWEEN 3 AND 9", "overdraft_days NOT BETWEEN 0 AND 3",
    "overdraft_days NOT IN (0, 1)", "overdraft_days BETWEEN 2 AND 4",
    "NOT (overdraft_days < 3 OR pick = 0)", "income BETWEEN 1 AND 15000",
    "bankruptcy_date < DATE '2026-01-01'", "bankruptcy_date > DATE '1900-01-01'",
    "bankruptcy_date <> DATE '2026-01-01'", "bankruptcy_date < '2026-01-01'",
    "NOT bankruptcy_date > DATE '2020-01-01'",
    "bankruptcy_date BETWEEN DATE '2020-01-01' AND DATE '2021-01-01'",
    "bankruptcy_date IN (DATE '2020-05-01')", "bankruptcy_date IS NOT NULL",
    "payday NOT LIKE 'never'", "payday LIKE '%often%'", "arrears IN (1, NULL)",
    "arrears_status = 'late'", "arrears_status <> 'up to date'",
    "NOT (arrears = 0 OR arrears IS NULL)", "debt_free = 0",
    "interest_free_overdraft = 1", "no_of_arrears > 0", "(arrears <> 0) IS TRUE",
]  # fmt: skip
SPARES = [
    "arrears IS NOT NULL AND arrears = 0", "NOT (arrears = 1 OR arrears IS NULL)",
    "payday LIKE 'never'", "payday LIKE '%'", "payday NOT LIKE '%often%'",
    "arrears_status = 'up to date'", "overdraft_days BETWEEN 0 AND 3",
    "NOT overdraft_days >= 3", "bankruptcy_date IS NULL", "debt_free = 1",
    "no_of_arrears = 0", "(arrears = 1) IS NOT TRUE",
]  # fmt: skip


@pytest.mark.parametrize("text", PICKS)
def test_a_clause_that_hides_whom_it_picks_counts(tmp_path, text):
    funnel = {"clauses": {"one": text, "picked": "pick = 1"}}
    number, message = value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)
    assert number == 1, message


@pytest.mark.parametrize("text", SPARES)
def test_a_clause_that_only_names_hardship_does_not(tmp_path, text):
    funnel = {"clauses": {"one": text, "picked": "pick = 1"}}
    number, message = value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)
    assert number == 0, message


def test_that_a_value_is_known_says_nothing_beside_a_clause_on_it(tmp_path):
    known = {"known": "arrears IS NOT NULL", "picked": "pick = 1"}
    data = tables(**COLUMNS)
    assert value(tmp_path, NAME, of=data, funnel={"clauses": known})[0] == 1
    for text, number in (("arrears = 0", 0), ("arrears = 1", 1)):
        funnel = {"clauses": known | {"paid": text}}
        assert value(tmp_path, NAME, of=data, funnel=funnel)[0] == number
    funnel = {
        "suppression": {"not known": "arrears IS NULL", "late": "arrears = 1"},
        "clauses": "pick = 1",
    }
    assert value(tmp_path, NAME, of=data, funnel=funnel)[0] == 0


@pytest.mark.parametrize("stage", ["universe", "eligibility", "clauses"])
def test_hardship_counts_in_every_stage_that_keeps(tmp_path, stage):
    funnel = {"clauses": "pick = 1", stage: "arrears = 1 AND pick = 1"}
    assert value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)[0] == 1


def test_a_suppression_by_a_day_keeps_who_has_another(tmp_path):
    funnel = {"suppression": "bankruptcy_date > DATE '2025-01-01'"}
    assert value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)[0] == 1


@pytest.mark.parametrize(
    "text", ["payday LIKE 'n%'", "-arrears < 0", "arrears * 1 = 1"]
)
def test_what_a_few_letters_or_a_sum_do_not_tell_is_missing(tmp_path, text):
    funnel = {"clauses": {"one": text, "picked": "pick = 1"}}
    assert status(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)[0] == "missing"


def test_a_pattern_of_many_places_is_soon_read():
    rule = parse_rule(f"a LIKE '{'%_' * 9}{'_' * 400}n%'")
    assert list(sides(rule.tree, "a")) == ["more"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a >= FALSE", ["either"]),
        ("a <= TRUE", ["either"]),
        ("a < TRUE", ["less"]),
        ("a > FALSE", ["more"]),
        ("a BETWEEN 3 AND 9", ["more", "less"]),
        ("a NOT BETWEEN 3 AND 9", ["less", "more"]),
        ("a BETWEEN b AND 9", ["unclear"]),
        ("(a = 1) IS NULL", ["unclear"]),
        ("a IN (NULL)", ["less"]),
    ],
)
def test_sides_of_rarer_conditions(text, found):
    assert list(sides(parse_rule(text).tree, "a")) == found
