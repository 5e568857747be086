"""Records: what is there, in date, and named as it should be."""

from datetime import date

import numpy as np
import pytest

from tests.conduct_file.files import SIZE, judged, status, tables, value

DPIA = {"fields": ["dpia", "dpia_date"]}


def test_fields_that_are_not_on_record_are_counted(tmp_path):
    name = "missing_records"
    assert value(tmp_path, name, DPIA)[0] == 2
    half = {"record": {"dpia": "DP-17"}}
    number, message = value(tmp_path, name, DPIA, **half)
    assert number == 1
    assert message == "1 of 2 fields are not on record: dpia_date (when it was made)"
    full = {"record": {"dpia": "DP-17", "dpia_date": date(2026, 5, 1)}}
    assert value(tmp_path, name, DPIA, **full)[0] == 0


def test_a_field_that_is_misspelt_gets_a_hint(tmp_path):
    record = {"record": {"dpia_dat": date(2026, 5, 1), "dpia": "DP-17"}}
    _, message = value(tmp_path, "missing_records", DPIA, **record)
    assert "'dpia_dat' is on record: did you mean dpia_date?" in message


def test_a_field_of_another_table_may_be_asked_for(tmp_path):
    asked = {"fields": ["offer.sector"]}
    assert value(tmp_path, "missing_records", asked)[0] == 1
    offer = {"offer": {"sector": "credit"}}
    assert value(tmp_path, "missing_records", asked, **offer)[0] == 0
    assert value(tmp_path, "missing_records", {"fields": ["no.such.key"]})[0] == 1


# The day of the campaign is 1 November 2026, a Sunday.
DAYS = [
    ({"max_days": 365}, "2025-11-01", 0),
    ({"max_days": 365}, "2025-10-31", 1),
    ({"max_days": 365}, "2026-11-02", 1),
    ({"max_months": 12}, "2025-11-01", 0),
    ({"max_months": 12}, "2025-10-31", 1),
    ({"max_months": 1}, "2026-09-30", 1),
    ({"min_business_days_before": 10}, "2026-10-19", 0),
    ({"min_business_days_before": 10}, "2026-10-20", 1),
    ({"min_business_days_before": 10, "holidays": ["2026-10-21"]}, "2026-10-19", 1),
    ({"not_passed": True}, "2026-11-01", 0),
    ({"not_passed": True}, "2027-05-01", 0),
    ({"not_passed": True}, "2026-10-31", 1),
]


@pytest.mark.parametrize(("window", "day", "number"), DAYS)
@pytest.mark.parametrize("kind", [str, date.fromisoformat])
def test_days_on_record_lie_in_their_window(tmp_path, window, day, number, kind):
    asked = {"field": "audit_date"} | window
    record = {"record": {"audit_date": kind(day)}}
    found, message = value(tmp_path, "overdue_records", asked, **record)
    assert found == number, message


@pytest.mark.parametrize("record", [{}, {"audit_date": "soon"}, {"audit_dates": "x"}])
def test_a_day_that_is_not_there_is_overdue(tmp_path, record):
    asked = {"field": "audit_date", "max_days": 365}
    changes = {"record": record} if record else {}
    assert value(tmp_path, "overdue_records", asked, **changes)[0] == 1


NOTICES = [
    ({"notice_purposes": ["marketing"], "notice_date": date(2026, 1, 1)}, 0),
    ({"notice_purposes": "service, Marketing", "notice_date": "2026-11-01"}, 0),
    ({"notice_purposes": ["service"], "notice_date": date(2026, 1, 1)}, 1),
    ({"notice_purposes": ["marketing"], "notice_date": date(2026, 11, 2)}, 1),
    ({"notice_purposes": ["marketing"]}, 1),
    ({"notice_date": date(2026, 1, 1)}, 1),
]


@pytest.mark.parametrize(("record", "number"), NOTICES)
def test_the_notice_names_the_purpose_before_the_campaign(tmp_path, record, number):
    assert value(tmp_path, "notice_gaps", record=record)[0] == number


def test_no_notice_on_record_is_missing(tmp_path):
    assert status(tmp_path, "notice_gaps")[0] == "missing"
    assert status(tmp_path, "notice_gaps", record={"dpia": "x"})[0] == "missing"


def few_of_c():
    """Groups a and b, and c with 1 % of the customers."""
    place = np.arange(SIZE)
    group = np.where(place < 20, "c", np.where(place % 2, "a", "b"))
    return tables(attributes={"group": group})


EXCLUDED = [
    ({}, 0),
    ({"excluded_categories": ["c"]}, 1),
    ({"excluded_categories": ["c"], "exclusion_reason": "twenty people"}, 0),
    ({"excluded_categories": ["a"], "exclusion_reason": "we would rather not"}, 1),
    ({"excluded_categories": ["c", "z"], "exclusion_reason": "twenty people"}, 1),
]


@pytest.mark.parametrize(("record", "number"), EXCLUDED)
def test_only_small_categories_are_left_out_and_with_a_reason(tmp_path, record, number):
    changes = {"record": record} if record else {}
    found = value(tmp_path, "unjustified_exclusions", of=few_of_c(), **changes)
    assert found[0] == number


def test_a_label_for_the_unknown_is_no_category(tmp_path):
    place = np.arange(SIZE)
    data = tables(attributes={"group": np.where(place % 5, "a", "Prefer not to say")})
    name = "unknown_not_counted"
    assert value(tmp_path, name, of=data)[0] == 1
    named = {"record": {"unknown_categories": ["prefer not to say"]}}
    assert value(tmp_path, name, of=data, **named)[0] == 0


def test_empty_cells_are_counted(tmp_path):
    place = np.arange(SIZE)
    data = tables(attributes={"group": np.where(place % 5, "a", "")})
    number, message = value(tmp_path, "unknown_not_counted", of=data)
    assert number == 0
    assert "there are some by group" in message


def test_a_rule_that_keeps_the_unknown_out_leaves_nobody_to_count(tmp_path):
    data = tables(income_band=np.where(np.arange(SIZE) % 5, "low", "high"))
    changes = {
        "protected_by": {"by": ["income_band"], "use": {"income_band": "a test"}},
        "funnel": {"eligibility": "income_band IS NOT NULL", "clauses": "pick = 1"},
    }
    assert value(tmp_path, "unknown_not_counted", of=data, **changes)[0] == 1


AUDITORS = [
    ({}, 1),
    ({"auditor": "Olga"}, 1),
    ({"auditor": "Tools Inc", "developer": "tools inc."}, 1),
    ({"auditor": "Nordia plc", "controller": "Nordia PLC"}, 1),
    ({"auditor": "Audit & Sons", "developer": "Tools Inc"}, 0),
]


@pytest.mark.parametrize(("record", "number"), AUDITORS)
def test_the_auditor_is_somebody_else(tmp_path, record, number):
    changes = {"record": record} if record else {}
    assert value(tmp_path, "auditor_not_independent", **changes)[0] == number


def test_the_layout_of_local_law_144_tells_what_is_on_record():
    record = {"audit_date": date(2026, 5, 1), "dpia": "DP-1"}
    told = judged(tables(), "nyc-ll144", record=record).payload()["campaign"]
    assert told["record"] == {"audit_date": "2026-05-01"}
    assert "record" not in judged(tables(), "us-four-fifths").payload()["campaign"]
