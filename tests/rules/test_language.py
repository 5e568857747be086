"""What a rule may say, what it is called, and what its text becomes."""

import datetime as dt
import pickle

import pytest

from fairness.errors import InputError
from pipelines.crm.audiences import PLANTED
from pipelines.rules import Clause, Rule, parse_rule
from pipelines.rules.nodes import Comparison, Day, Number, text_of

KINDS = {
    "age": "number",
    "city": "text",
    "app": "boolean",
    "born": "date",
    "seen": "datetime",
    "raw": "other",
}


def test_the_parts_that_and_joins_at_the_top_are_the_clauses():
    rule = parse_rule(
        "((a = 1 AND (b = 2 AND (c = 3 OR d = 4))) AND NOT (e = 5 AND f = 6))"
    )
    assert [clause.text for clause in rule.clauses] == [
        "a = 1",
        "b = 2",
        "c = 3 OR d = 4",
        "NOT (e = 5 AND f = 6)",
    ]
    assert rule.columns == ("a", "b", "c", "d", "e", "f")
    assert [clause.columns for clause in rule.clauses][2] == ("c", "d")


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_rules_of_the_sample_are_in_the_language(planted):
    assert parse_rule(planted.rule).clauses


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a!=1", "a <> 1"),
        ("not a in (1)", "a NOT IN (1)"),
        ("a Is nOt NuLl", "a IS NOT NULL"),
        ("a = +1", "a = 1"),
        ("a = 1.50", "a = 1.5"),
        ("a = 2.0", "a = 2"),
        ("a = 1e3", "a = 1000"),
        ("a = -.5", "a = -0.5"),
        ("a > 2 * 3 + 1", "a > 7"),
        ("a > 0.1 + 0.2", "a > 0.3"),
        ("(a + b) * 2 > a + (b * 2)", "(a + b) * 2 > a + b * 2"),
        ("a - (b - 1) > (a - b) - 1", "a - (b - 1) > a - b - 1"),
        ("- - a > 1", "-(-a) > 1"),
        ('"order" = 1 AND "Two ""words""" = 2', 'order = 1 AND "Two ""words""" = 2'),
        ("date >= date '2026-01-31'", "\"date\" >= DATE '2026-01-31'"),
        ('"CASE" = 1 and "and" = 2', '"CASE" = 1 AND "and" = 2'),
        ("straße = 'é'", "\"straße\" = 'é'"),
        ("NOT NOT app", "NOT NOT app"),
        ("(a = 1 or b = 2) is not true", "(a = 1 OR b = 2) IS NOT TRUE"),
        ("a like 'x!%' escape '!'", "a LIKE 'x!%' ESCAPE '!'"),
        ("city = 'it''s -- /* ; \"x'", "city = 'it''s -- /* ; \"x'"),
        ("a = 1\n  AND\tb = 2", "a = 1 AND b = 2"),
    ],
)
def test_a_text_has_one_canonical_form_that_parses_to_itself(text, canonical):
    rule = parse_rule(text)
    assert text_of(rule.tree) == canonical
    again = parse_rule(canonical)
    assert again.tree == rule.tree
    assert text_of(again.tree) == canonical


def test_literals_have_values_of_their_own_type():
    (clause,) = parse_rule("born = DATE '2026-02-28'").clauses
    assert clause.tree.right == Day(dt.date(2026, 2, 28))
    (clause,) = parse_rule("age = 2.0").clauses
    assert clause.tree == Comparison("=", clause.tree.left, Number(2))
    assert isinstance(clause.tree.right.value, int)


def test_names_are_made_of_the_text_and_unique():
    long = "city IN (" + ", ".join(f"'{place:05d}'" for place in range(99)) + ")"
    rule = parse_rule(f"a = 1 AND {long} AND NOT (b = 1 OR c = 2) AND a = 1 AND {long}")
    names = [clause.name for clause in rule.clauses]
    assert names[0] == "a = 1"
    assert names[3] == "a = 1 (2)"
    assert len(names[1]) == 60
    assert names[4] == f"{names[1]} (2)"


def test_clauses_take_the_names_of_a_list_or_of_a_mapping_by_their_text():
    listed = parse_rule("a = 1 AND b = 2", names=["one", "two"])
    assert [clause.name for clause in listed.clauses] == ["one", "two"]
    mapped = parse_rule("a = 1 AND b = 2", names={"b=2": "two"})
    assert [clause.name for clause in mapped.clauses] == ["a = 1", "two"]


def test_named_clauses_are_joined_and_each_stays_one():
    rule = parse_rule(
        [("grown", "age >= 18 AND age < 99"), ("near", "city = 'A' OR app")]
    )
    assert [(clause.name, clause.text) for clause in rule.clauses] == [
        ("grown", "age >= 18 AND age < 99"),
        ("near", "city = 'A' OR app"),
    ]
    assert text_of(rule.tree) == "(age >= 18 AND age < 99) AND (city = 'A' OR app)"
    assert parse_rule(rule.text).columns == rule.columns


@pytest.mark.parametrize(
    ("text", "names", "fault"),
    [
        ("a = 1 AND b = 2", ["one"], "names 1 clauses; the rule has 2"),
        ("a = 1 AND b = 2", "ab", "names 2 clauses"),
        ("a = 1 AND b = 2", ["one", "one"], "'one' names two clauses"),
        ("a = 1 AND b = 2", ["one", " "], "' ' is no name"),
        ("a = 1 AND b = 2", {"c = 3": "three"}, "'c = 3' is not a clause"),
        ("a = 1", {"a =": "one"}, "cannot be read"),
        ([("one", "a = 1"), ("one", "b = 2")], None, "'one' names two clauses"),
        ([("one", "a = 1"), ("", "b = 2")], None, "'' is no name"),
        ([("one", "a ="), ("two", "f(b)")], None, "rule, two: 'f('"),
        ([("one", "TRUE")], None, "'TRUE' reads no column"),
        ([("one", "a = 1")], ["one"], "names clauses that have names already"),
        ([], None, "has no clauses"),
        ([(f"c{place}", "a = 1") for place in range(501)], None, "has 501 clauses"),
        (None, None, "is a NoneType, not the text of a rule"),
        ([("one", None)], None, "is a NoneType"),
    ],
)
def test_names_that_fit_no_clause_are_refused(text, names, fault):
    with pytest.raises(InputError) as caught:
        parse_rule(text, names=names)
    assert fault in str(caught.value)


def test_rules_are_equal_by_text_and_survive_pickling():
    rule = parse_rule("age >= 18 AND city LIKE 'N%'", where="eligibility")
    copy = pickle.loads(pickle.dumps(rule))
    assert copy == rule
    assert hash(copy) == hash(rule)
    assert copy.tree == rule.tree
    assert copy.where == "eligibility"
    assert rule != parse_rule("age >= 19")
    assert rule != parse_rule(rule.text, names=["grown", "north"])
    assert isinstance(rule, Rule)
    assert isinstance(rule.clauses[0], Clause)
    with pytest.raises(AttributeError):
        rule.text = "x"


@pytest.mark.parametrize(
    ("text", "fault", "hint"),
    [
        ("agee > 1", "'agee' is not a column", "did you mean 'age'?"),
        ("Age > 1", "'Age' is not a column", "did you mean 'age'?"),
        ("age > '1'", "'age' is a number, compared with text", "without quotes"),
        ("city > 1", "'city' is text, compared with a number", "in quotes"),
        ("age IN (1, 'x')", "'age' is a number, compared with text", "without quotes"),
        ("age BETWEEN 1 AND 'x'", "'age' is a number, compared with text", ""),
        ("age LIKE '1%'", "'age' is a number, not text", "LIKE compares text"),
        ("born LIKE '2026%'", "'born' is a date, not text", "LIKE compares text"),
        ("app = 1", "'app' is true or false, compared with a number", "TRUE or FALSE"),
        ("app > FALSE", "put in an order", "= TRUE"),
        ("app + 1 > 1", "'app' is true or false, calculated with", ""),
        ("city + 1 > 1", "'city' is text, calculated with", ""),
        ("-born > 1", "'born' is a date, calculated with", ""),
        ("age", "'age' is a number, used as true or false", "age > 0"),
        ("NOT city", "'city' is text, used as true or false", ""),
        ("city IS TRUE", "'city' is text, used as true or false", ""),
        (
            "born > '1.2.2026'",
            "is a date, compared with \"'1.2.2026'\", which is none",
            "DATE",
        ),
        ("born IN ('2026-02-30')", "which is none", "DATE"),
        ("born > 2026", "'born' is a date, compared with a number", "DATE"),
        ("seen > '2026-01-01'", "a date with a time, compared with text", "DATE"),
        ("seen > born", "a date with a time, compared with a date", "make both dates"),
        (
            "city > DATE '2026-01-01'",
            "'city' is text, compared with a date",
            "without DATE",
        ),
        ("age = city", "'age' is a number, compared with text", ""),
        ("COALESCE(age, 'x') = 1", "'age' is a number, compared with text", ""),
        (
            "COALESCE(age, 0) = 'x'",
            "'COALESCE(age, 0)' is a number, compared with text",
            "",
        ),
        ("5 BETWEEN age AND city", "'city' is text, compared with a number", ""),
        ("raw = 1", "'raw' holds nothing that a rule can compare", ""),
        ("raw", "'raw' holds nothing that a rule can compare", ""),
        ("raw IS NULL", "'raw' holds nothing that a rule can compare", ""),
    ],
)
def test_a_rule_that_does_not_fit_the_columns_is_told(text, fault, hint):
    (problem,) = parse_rule(text, where="step").check(KINDS)
    assert fault in problem.what
    assert hint in problem.hint
    assert problem.where == "step"


@pytest.mark.parametrize(
    "text",
    [
        "age > 1 AND city = '1' AND app AND born > '2026-01-01' AND seen > DATE '2026-01-01'",
        "app = TRUE AND NOT app AND app IS NULL AND app IN (TRUE, NULL)",
        "born = DATE '2026-01-01' AND COALESCE(born, '2026-01-01') > '2026-01-01'",
        "age = NULL AND city IN (NULL) AND born BETWEEN NULL AND '2026-01-01'",
        "(age > 1) IS NULL AND age * 2 - 1 > 0 AND COALESCE(city, '') LIKE '%x'",
    ],
)
def test_a_rule_that_fits_has_no_problems(text):
    assert parse_rule(text).check(KINDS) == []


def test_all_misfits_are_told_at_once_each_once():
    rule = parse_rule(
        "age > '1' AND agee = 1 AND age > '1' AND citi = 'x' AND NOT city"
    )
    told = [problem.what.split(" is ")[0] for problem in rule.check(KINDS)]
    assert told == ["'agee'", "'citi'", "'age'", "'city'"]
