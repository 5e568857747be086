"""What only looks as if it were on record, and rules that ask for nothing."""

import pytest

from tests.conduct_file.files import SIZE, status, tables, value

HELD = {
    "creative": {"countdown": True},
    "data": {"retention_days": 30},
    "record": {"dpia": "DP-17"},
    "offer": {"sector": "retail"},
}
FIELDS = [
    ("creative.copy", 1),
    ("data.need", 1),
    ("offer.model_dump", 1),
    ("offer.sector.upper", 1),
    ("record.keys", 1),
    ("export.platform", 1),
    ("record.dpia", 0),
    ("data.retention_days", 0),
    ("offer.sector", 0),
    ("owner", 1),
    ("funnel.clauses", 0),
]


@pytest.mark.parametrize(("field", "number"), FIELDS)
def test_only_a_key_that_holds_something_is_on_record(tmp_path, field, number):
    asked = {"fields": [field]}
    assert value(tmp_path, "missing_records", asked, **HELD)[0] == number


def test_the_copy_of_a_creative_is_asked_for_by_its_name(tmp_path):
    asked, said = {"fields": ["creative.copy"]}, {"creative": {"copy": "A card"}}
    assert value(tmp_path, "missing_records", asked, **said)[0] == 0


@pytest.mark.parametrize("metric", ["missing_records", "overdue_records"])
def test_a_rule_that_asks_for_nothing_is_not_met(tmp_path, metric):
    assert status(tmp_path, metric)[0] == "missing"


@pytest.mark.parametrize(
    "auditor", ["-", "none", "N/A", "tbd", "unknown", "OLGA", "Lee, Olga", "in-house"]
)
def test_nobody_and_the_owner_audit_nothing(tmp_path, auditor):
    owner = {"owner": "Olga Lee"} if "," in auditor else {}
    record = {"record": {"auditor": auditor}}
    name = "auditor_not_independent"
    assert value(tmp_path, name, **record, **owner)[0] == 1


def test_a_reason_that_is_misspelt_gets_a_hint(tmp_path):
    group = ["c"] * 20 + ["a", "b"] * ((SIZE - 20) // 2)
    data = tables(attributes={"group": group})
    record = {"excluded_categories": ["c"], "exclusion_reasons": "twenty people"}
    name = "unjustified_exclusions"
    number, message = value(tmp_path, name, of=data, record=record)
    assert number == 1
    assert "did you mean exclusion_reason?" in message


@pytest.mark.parametrize("geography", [None, "city", "region", "radius"])
@pytest.mark.parametrize(("miles", "number"), [(3, 1), (15, 0)])
def test_a_radius_counts_whatever_the_geography_is_called(
    tmp_path, geography, miles, number
):
    export = {"platform": "meta", "radius_miles": miles}
    export |= {"geography": geography} if geography else {}
    assert value(tmp_path, "fine_geography", export=export)[0] == number


@pytest.mark.parametrize(("miles", "number"), [(20, 1), (25, 0)])
def test_a_rule_may_ask_for_a_wider_radius(tmp_path, miles, number):
    export = {"platform": "meta", "geography": "radius", "radius_miles": miles}
    least = {"min_radius_miles": 25}
    assert value(tmp_path, "fine_geography", least, export=export)[0] == number


def test_a_rule_may_allow_no_city(tmp_path):
    export = {"platform": "meta", "geography": "city"}
    allowed = {"allowed": ["country", "region"]}
    assert value(tmp_path, "fine_geography", allowed, export=export)[0] == 1
