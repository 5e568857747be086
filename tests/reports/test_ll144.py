"""The example tables of New York City's rule come out of the pack's report."""

import pandas as pd
import pytest

import fairness as fa
from fairness.reports import render
from fairness.reports.ll144 import ll144_rows, ll144_tables

# The three tables of the example in 6 RCNY 5-301: category, applicants, selected,
# per cent, impact ratio, with the digits as printed. Recalled, not copied from the
# text; the third table's margins add up to the first one's, which two tests below use.
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
