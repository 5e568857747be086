"""The example tables of New York City's rule come out of the pack's report."""

import pandas as pd
import pytest

import fairness as fa
from fairness.reports import render
from fairness.reports.ll144 import ll144_lines, ll144_rows, ll144_tables

# The three tables of the first example in 6 RCNY 5-301(b): category, applicants,
# selected, per cent, impact ratio, with the digits as printed. Held against the text of
# the DCWP's Notice of Adoption (April 2023) in a public copy of it: the repository
# DenzilGreenwood/CIAF_Model_Creation, Docs/Regulatory_Bodies/US_State/New_York/
# NYC_Local_Law_144_Final_Rule.md, at 2306714d. The ratios are of unrounded rates: 0.97
# for Hispanic or Latino is 0.5 / 0.5169, where 50 % / 52 % would be 0.96. The third
# table's margins add up to the first one's and, but for Hispanic or Latino (395 there,
# 408 in the second), to the second's.
SEX = [
    ("Male", 1390, 667, "48", "1.00"),
    ("Female", 1181, 555, "47", "0.979"),
]
RACE = [
    ("Hispanic or Latino", 408, 204, "50", "0.97"),
    ("White", 797, 412, "52", "1.00"),
    ("Black or African American", 390, 170, "44", "0.84"),
    ("Native Hawaiian or Pacific Islander", 119, 52, "44", "0.85"),
    ("Asian", 616, 302, "49", "0.95"),
    ("Native American or Alaska Native", 41, 18, "44", "0.85"),
    ("Two or More Races", 213, 96, "45", "0.87"),
]
BOTH = [
    ("Male", "Hispanic or Latino", 205, 90, "43.9", "0.841"),
    ("Female", "Hispanic or Latino", 190, 82, "43.2", "0.827"),
    ("Male", "White", 412, 215, "52.2", "1.000"),
    ("Male", "Black or African American", 226, 95, "42.0", "0.806"),
    ("Male", "Native Hawaiian or Pacific Islander", 87, 37, "42.5", "0.815"),
    ("Male", "Asian", 321, 167, "52.0", "0.997"),
    ("Male", "Native American or Alaska Native", 24, 11, "45.8", "0.878"),
    ("Male", "Two or More Races", 115, 52, "45.2", "0.866"),
    ("Female", "White", 385, 197, "51.2", "0.981"),
    ("Female", "Black or African American", 164, 75, "45.7", "0.876"),
    ("Female", "Native Hawaiian or Pacific Islander", 32, 15, "46.9", "0.898"),
    ("Female", "Asian", 295, 135, "45.8", "0.877"),
    ("Female", "Native American or Alaska Native", 17, 7, "41.2", "0.789"),
    ("Female", "Two or More Races", 98, 44, "44.9", "0.860"),
]


def audited(rows, by, **more):
    """Audit applicants given as (values of `by`, n, selected)."""
    table = pd.DataFrame(
        [
            (*values, int(place < selected))
            for values, n, selected in rows
            for place in range(n)
        ],
        columns=[*by, "picked"],
    )
    audit = fa.audit(table, selected="picked", by=by, offer="beneficial", **more)
    return audit.gate("nyc-ll144").to_dict()


def digits(text):
    return len(text.partition(".")[2])


def assert_printed(category, n, selected, percent, ratio):
    assert (category.n, category.selected) == (n, selected)
    assert f"{category.rate * 100:.{digits(percent)}f}" == percent
    assert f"{category.impact_ratio:.{digits(ratio)}f}" == ratio


@pytest.mark.parametrize(("name", "rows"), [("sex", SEX), ("race", RACE)])
def test_a_table_of_one_attribute(name, rows):
    payload = audited([((group,), n, x) for group, n, x, *_ in rows], [name])
    (table,) = ll144_tables(payload)
    found = {one.name: one for one in table.categories}
    assert set(found) == {row[0] for row in rows}
    for group, *printed in rows:
        assert_printed(found[group], *printed)
    assert table.unknown == 0


@pytest.fixture(scope="module")
def crossed():
    rows = [((sex, race), n, x) for sex, race, n, x, *_ in BOTH]
    return audited(rows, ["sex", "race"], intersections=2)


def test_the_table_of_the_intersection(crossed):
    tables = {table.attribute: table for table in ll144_tables(crossed)}
    found = {one.name: one for one in tables["sex&race"].categories}
    assert len(found) == 14
    for sex, race, *printed in BOTH:
        assert_printed(found[f"{sex}&{race}"], *printed)


def test_the_intersection_adds_up_to_the_table_of_sex(crossed):
    (table,) = [t for t in ll144_tables(crossed) if t.attribute == "sex"]
    found = {one.name: one for one in table.categories}
    for group, *printed in SEX:
        assert_printed(found[group], *printed)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_reports_hold_the_printed_digits(crossed, form):
    told = render(crossed, form)
    for text in ("43.9 %", "52.2 %", "0.979", "0.789", "Local Law 144"):
        assert text.replace(".", "&#46;") in told or text in told


# The tables of the second example, in 5-301(c), of a tool that scores: category,
# applicants, per cent above the median, impact ratio. Of the same copy. The counts above
# the median are the only whole ones that give the rates; 18 of 28 is printed as 64.2 %,
# cut off where all others are rounded.
SCORED = {
    "sex": [("Male", 92, 50, "54.3", "1.00"), ("Female", 76, 34, "44.7", "0.82")],
    "race": [
        ("Hispanic or Latino", 28, 18, "64.3", "1.00"),
        ("White", 40, 15, "37.5", "0.58"),
        ("Black or African American", 32, 16, "50.0", "0.78"),
        ("Native Hawaiian or Pacific Islander", 8, 5, "62.5", "0.97"),
        ("Asian", 24, 10, "41.7", "0.65"),
        ("Native American or Alaska Native", 16, 10, "62.5", "0.97"),
        ("Two or More Races", 20, 10, "50.0", "0.78"),
    ],
}
SCORED_BOTH = [
    ("Male", "Hispanic or Latino", 16, 12, "75", "1.00"),
    ("Female", "Hispanic or Latino", 12, 6, "50", "0.67"),
    ("Male", "White", 20, 7, "35", "0.47"),
    ("Male", "Black or African American", 20, 10, "50", "0.67"),
    ("Male", "Native Hawaiian or Pacific Islander", 4, 3, "75", "1.00"),
    ("Male", "Asian", 12, 7, "58.3", "0.78"),
    ("Male", "Native American or Alaska Native", 8, 5, "62.5", "0.83"),
    ("Male", "Two or More Races", 12, 6, "50", "0.67"),
    ("Female", "White", 20, 8, "40", "0.53"),
    ("Female", "Black or African American", 12, 6, "50", "0.67"),
    ("Female", "Native Hawaiian or Pacific Islander", 4, 2, "50", "0.67"),
    ("Female", "Asian", 12, 3, "25", "0.33"),
    ("Female", "Native American or Alaska Native", 8, 5, "62.5", "0.83"),
    ("Female", "Two or More Races", 8, 4, "50", "0.67"),
]


def assert_told(category, n, selected, percent, ratio):
    """As `assert_printed`, but for the few of a category, and who would give them away."""
    if category.n is None:
        assert n < 10
        return
    assert_printed(category, n, selected, percent, ratio)


def test_the_tables_of_the_example_of_scores():
    rows = [((sex, race), n, x) for sex, race, n, x, *_ in SCORED_BOTH]
    payload = audited(rows, ["sex", "race"], intersections=2)
    tables = {table.attribute: table for table in ll144_tables(payload)}
    assert sum(n for _, n, _ in rows) == 2 * sum(x for *_, x in rows)
    for name, printed in SCORED.items():
        found = {one.name: one for one in tables[name].categories}
        for group, *figures in printed:
            assert_printed(found[group], *figures)
    found = {one.name: one for one in tables["sex&race"].categories}
    shown = [one for one in found.values() if one.n is not None]
    assert len(shown) >= 10
    for sex, race, *figures in SCORED_BOTH:
        assert_told(found[f"{sex}&{race}"], *figures)


def test_who_is_unknown_by_one_attribute_is_in_no_table():
    # The example's 250 of unknown sex or race, whose other category may be known.
    rows = [((sex, race), n, x) for sex, race, n, x, *_ in BOTH]
    unknown = [
        ((None, "White"), 100, 90),
        (("Male", None), 120, 5),
        ((None, None), 30, 9),
    ]
    payload = audited([*rows, *unknown], ["sex", "race"], intersections=2)
    tables = {table.attribute: table for table in ll144_tables(payload)}
    for table in tables.values():
        assert table.unknown == 250
    found = {one.name: one for one in tables["sex"].categories}
    for group, *printed in SEX:
        assert_printed(found[group], *printed)
    found = {one.name: one for one in tables["race"].categories}
    for group, *printed in RACE[1:]:
        assert_printed(found[group], *printed)


def of_record(rows, **record):
    payload = audited(rows, ["g"])
    return payload | {"campaign": {"record": record}}


def test_a_small_category_that_the_record_leaves_out_has_no_ratio():
    rows = [(("a",), 900, 300), (("b",), 900, 450), (("c",), 15, 14)]
    excluded = {"excluded_categories": "C", "exclusion_reason": "fifteen people"}
    (whole,) = ll144_tables(of_record(rows))
    (table,) = ll144_tables(of_record(rows, **excluded))
    ratios = [
        {one.name: one.impact_ratio for one in t.categories} for t in (whole, table)
    ]
    assert ratios[0]["c"] == 1
    assert ratios[1] == {"a": pytest.approx(2 / 3), "b": 1, "c": None}
    (left,) = [one for one in table.categories if one.is_excluded]
    assert (left.n, left.selected) == (15, 14)
    assert "why categories are left out of the ratios: fifteen people" in ll144_lines(
        of_record(rows, **excluded)
    )


def test_a_large_category_is_not_left_out_whatever_the_record_says():
    rows = [(("a",), 900, 300), (("b",), 900, 450)]
    (table,) = ll144_tables(of_record(rows, excluded_categories="a"))
    assert not any(one.is_excluded for one in table.categories)


def test_labels_that_the_record_calls_unknown_are_in_no_ratio():
    rows = [(("a",), 900, 300), (("Not stated",), 60, 60)]
    (table,) = ll144_tables(of_record(rows, unknown_categories="not stated"))
    assert [one.name for one in table.categories] == ["a"]
    assert table.unknown == 60


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_reports_tell_the_days_and_the_data_of_the_audit(form):
    rows = [(("a",), 900, 300), (("b",), 900, 450)]
    told = render(
        of_record(
            rows,
            audit_date="2026-05-01",
            distribution_date="2026-06-01",
            data_source="<b>applications</b> of a year",
        ),
        form,
    )
    for words in ("date of the bias audit", "in use since", "2026"):
        assert words in told
    assert form == "text" or "<b>applications" not in told


def test_small_and_unknown_categories_are_shown_and_counted():
    rows = [(("a",), 900, 300), (("b",), 15, 3), ((None,), 60, 20)]
    (table,) = ll144_tables(audited(rows, ["g"]))
    found = {one.name: one for one in table.categories}
    assert set(found) == {"a", "b"}
    assert table.unknown == 60
    assert found["b"].is_small
    assert (found["b"].n, found["b"].selected) == (15, 3)
    assert ll144_rows(table)[2][0] == "b *"


def test_without_the_pack_there_are_no_tables():
    table = pd.DataFrame({"g": ["a", "b"] * 50, "picked": [0, 1, 1, 0] * 25})
    audit = fa.audit(table, selected="picked", by="g")
    assert ll144_tables(audit.gate("us-four-fifths").to_dict()) == ()
