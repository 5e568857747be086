"""What each kind of record says, case by case."""

import datetime as dt

import pyarrow as pa
import pytest

from fairness.errors import InputError
from pipelines.consent import REASONS, consent_summary, contactable
from tests.consent.conftest import ASKED, arrow, record

CASES = {
    "a yes": ([record()], "consent"),
    "a yes in other words": ([record(" opt-in ", channel="E-Mail ")], "consent"),
    "a subscription": ([record("SUBSCRIBED")], "consent"),
    "a ticked box": ([record("true")], "consent"),
    "a no": ([record("OptOut")], "opted_out"),
    "an unticked box": ([record("False")], "opted_out"),
    "a later no": ([record(), record("OptOut", "2026-03-02")], "opted_out"),
    "a later yes": ([record("OptOut"), record(day="2026-03-02")], "consent"),
    "both on a day": ([record(), record("UNSUBSCRIBED")], "contradictory"),
    "a yes and a look on a day": ([record(), record("Seen")], "contradictory"),
    "a later look": ([record(), record("NotSeen", "2026-03-02")], "not_consent"),
    "a yes after a look": ([record("Seen"), record(day="2026-03-02")], "consent"),
    "only a look": ([record("NOT_SPECIFIED")], "not_consent"),
    "no status": ([record(), record(None, "2020-01-01")], "unknown_status"),
    "a status nobody knows": ([record(), record("maybe")], "unknown_status"),
    "an undated yes": ([record(day=None)], "undated"),
    "a yes of no day": ([record(day="2026-02-30")], "undated"),
    "a yes of a day in words": ([record(day="last May")], "undated"),
    "an undated no": ([record(), record("OptOut", None)], "opted_out"),
    "a no of the future": ([record(), record("OptOut", "2027-01-01")], "opted_out"),
    "a yes of the future": ([record(day="2026-11-02")], "not_yet"),
    "a yes of the day": ([record(day="2026-11-01")], "consent"),
    "a yes in force later": ([record(effective_from="2026-12-01")], "not_yet"),
    "a yes in force by then": ([record(effective_from="2026-11-01")], "consent"),
    "a yes from no day": ([record(effective_from="soon")], "not_yet"),
    "a yes past its end": ([record(effective_to="2026-10-31")], "expired"),
    "a yes on its last day": ([record(effective_to="2026-11-01")], "consent"),
    "a yes to no day": ([record(effective_to="ever")], "expired"),
    "another brand": ([record(brand="Calla")], "wrong_brand"),
    "no brand": ([record(brand=None)], "no_record"),
    "another channel": ([record(channel="post")], "no_record"),
    "another purpose": ([record(purpose="profiling")], "no_record"),
    "a no by another channel": ([record(), record("OptOut", channel="sms")], "consent"),
    "a no to another brand": ([record(), record("OptOut", brand="Calla")], "consent"),
    "a yes to every channel": ([record(channel="all")], "no_record"),
    "a yes to any purpose": ([record(purpose="")], "no_record"),
    "a no to every channel": (
        [record("OptOut", "2020-01-01", channel="all"), record()],
        "opted_out",
    ),
    "a no to everything, lifted": (
        [
            record("OptOut", "2020-01-01", channel="all", brand="all"),
            record("OptIn", "2021-01-01", channel="any", brand="*"),
            record(),
        ],
        "consent",
    ),
    "a no that does not say to what": (
        [record("OptOut", "2020-01-01", channel=None), record()],
        "unclear_scope",
    ),
    "such a no is not lifted": (
        [
            record("OptOut", "2020-01-01", channel=None),
            record("OptIn", "2021-01-01", channel=None),
            record(),
        ],
        "unclear_scope",
    ),
    "an objection": (
        [record("Objected", "2020-01-01", channel="sms", brand="Calla"), record()],
        "objected",
    ),
    "an objection to something else": (
        [record("Objected", purpose="profiling"), record()],
        "consent",
    ),
    "another basis": ([record(basis="legitimate interest")], "no_basis"),
    "no basis": ([record(basis=None)], "no_basis"),
    "consent as the basis": ([record(basis="Consent")], "consent"),
}


@pytest.mark.parametrize(("rows", "why"), CASES.values(), ids=CASES)
def test_what_the_records_say(rows, why, ask):
    names = dict.fromkeys(name for row in rows for name in row)
    rows = [{name: row.get(name) for name in names} for row in rows]
    assert ask(rows)["c"] == why


def test_who_has_no_record_is_not_contacted(ask):
    assert ask([record()], ["c", "d", None]) == {
        "c": "consent",
        "d": "no_record",
        None: "no_record",
    }


def test_a_consent_grows_stale(ask):
    rows = [record(day="2026-10-02")]
    assert ask(rows, max_age_days=30)["c"] == "consent"
    assert ask(rows, max_age_days=29)["c"] == "stale"


def test_what_the_policy_asks_as_proof_has_to_be_there(ask):
    rows = [
        record(customer_id="done", double_opt_in_at="2026-03-02"),
        record(customer_id="open", double_opt_in_at=None),
        record(customer_id="late", double_opt_in_at="2026-12-02"),
    ]
    assert ask(rows, evidence=["double_opt_in_at"]) == {
        "done": "consent",
        "open": "unproven",
        "late": "unproven",
    }
    assert set(ask(rows).values()) == {"consent"}


def test_without_a_brand_every_brand_has_its_say(ask):
    rows = [
        record(customer_id="one", brand="Calla"),
        record(customer_id="two"),
        record("OptOut", "2020-01-01", customer_id="two", brand="Calla"),
        record("OptOut", "2020-01-01", customer_id="three", brand="Calla"),
        record(customer_id="three", brand="Calla"),
        record(customer_id="four"),
        record("OptOut", "2020-01-01", customer_id="four", brand=None),
        record(customer_id="five", brand=None),
        record(customer_id="six", brand=None),
        record("NotSeen", "2026-04-01", customer_id="six"),
    ]
    assert ask(rows, brand=None) == {
        "one": "consent",
        "two": "opted_out",
        "three": "consent",
        "four": "unclear_scope",
        "five": "consent",
        "six": "not_consent",
    }


def test_records_without_brands_are_of_the_one_there_is(ask):
    rows = [{k: v for k, v in record().items() if k != "brand"}]
    assert ask(rows, brand=None)["c"] == "consent"
    with pytest.raises(InputError, match="brand: is asked for"):
        ask(rows)


def test_legitimate_interest_needs_a_reason_and_something_that_is_known(ask):
    rows = [
        record("NotSeen", customer_id="asked"),
        record("NotOptedOut", None, customer_id="box", purpose="all", brand="all"),
        record("OptOut", customer_id="no"),
        record("NotSeen", "2026-04-01", customer_id="no"),
        record("Objected", customer_id="objected"),
        record(None, customer_id="blank"),
        record("NotSeen", None, customer_id="undated"),
    ]
    asked = {"basis": "legitimate_interest", "reason": "existing customers"}
    assert ask(rows, [*{row["customer_id"] for row in rows}, "nobody"], **asked) == {
        "asked": "legitimate_interest",
        "box": "legitimate_interest",
        "no": "opted_out",
        "objected": "objected",
        "blank": "unknown_status",
        "undated": "no_record",
        "nobody": "no_record",
    }
    with pytest.raises(InputError, match="needs a reason"):
        ask(rows, basis="legitimate_interest", reason=" ")


def test_a_flag_has_to_say_yes(ask, engine):
    ids = ["yes", "no", "blank", "odd"]
    flags = pa.table({"customer_id": ids, "email_ok": ["Yes", "0", None, "perhaps"]})
    rows = [record(customer_id=name) for name in ids]
    assert ask(rows, flags, engine, allowed=["email_ok"]) == {
        "yes": "consent",
        "no": "not_allowed",
        "blank": "flag_missing",
        "odd": "flag_missing",
    }


def test_a_flag_may_be_a_boolean(ask, engine):
    ids = ["yes", "no", "blank"]
    flags = pa.table({"customer_id": ids, "email_ok": [True, False, None]})
    rows = [record(customer_id=name) for name in ids]
    found = ask(rows, flags, engine, allowed=["email_ok"])
    assert found == {"yes": "consent", "no": "not_allowed", "blank": "flag_missing"}


def test_who_is_forgotten_is_not_contacted(ask):
    flags = pa.table({"customer_id": ["a", "b", "c"], "forgotten": [True, False, None]})
    rows = [record(customer_id=name) for name in "abc"]
    found = ask(rows, flags)
    assert found == {"a": "forgotten", "b": "consent", "c": "flag_missing"}


def test_a_suppression_list_names_who_is_not_contacted(ask, engine):
    rows = [record(customer_id=name) for name in "abc"]
    listed = pa.table({"customer_id": ["b ", None, "b", "z"]})
    found = ask(rows, make=engine, suppression=listed)
    assert found == {"a": "consent", "b": "suppressed", "c": "consent"}


def test_a_suppression_table_has_to_clear_everybody(ask, engine):
    rows = [record(customer_id=name) for name in "abcde"]
    table = pa.table(
        {
            "customer_id": ["a", "b", "c", "d", "d"],
            "suppressed": ["false", "true", None, "false", "true"],
        }
    )
    assert ask(rows, make=engine, suppression=table) == {
        "a": "consent",
        "b": "suppressed",
        "c": "flag_missing",
        "d": "suppressed",
        "e": "flag_missing",
    }


def test_a_record_that_could_not_be_read_counts_as_a_refusal(ask, engine):
    rows = [record(customer_id=name) for name in "abcd"]
    unread = pa.table(
        {
            "customer_id": ["a", "b", "c", None],
            "purpose": [None, "marketing", "profiling", None],
        }
    )
    assert ask(rows, make=engine, refused=unread) == {
        "a": "quarantined",
        "b": "quarantined",
        "c": "consent",
        "d": "consent",
    }
    ids = unread.select(["customer_id"])
    assert ask(rows, make=engine, refused=ids)["c"] == "quarantined"


def test_ids_are_compared_as_text():
    people = pa.table({"customer_id": [1, 2, 3]})
    records = arrow([record(customer_id=name) for name in ("1", " 2 ", "3")])
    unread = pa.table({"customer_id": [3.0, None]})
    found = contactable(people, records, refused=unread, **ASKED)
    table = found.collect("pyarrow").to_dict(as_series=False)
    assert dict(zip(table["customer_id"], table["why"], strict=True)) == {
        1: "consent",
        2: "consent",
        3: "quarantined",
    }


def test_days_may_be_dates_or_times(ask):
    day = dt.date(2026, 3, 1)
    rows = arrow([record(), record("OptOut", customer_id="d")])
    place = rows.column_names.index("captured_at")
    people = pa.table({"customer_id": ["c", "d"]})
    for values in (
        pa.array([day, None], pa.date32()),
        pa.array(
            [dt.datetime.fromisoformat("2026-03-01T23:59"), None], pa.timestamp("us")
        ),
        pa.array([day, dt.date(9999, 12, 31)], pa.date32()),
    ):
        typed = rows.set_column(place, "captured_at", values)
        found = contactable(people, typed, **ASKED).collect("pyarrow")
        assert sorted(found["why"].to_list()) == ["consent", "opted_out"]


def test_the_summary_counts_the_reasons():
    people = pa.table({"customer_id": ["c", "d", "e"]})
    found = contactable(people, arrow([record()]), **ASKED)
    summary = consent_summary(found)
    assert summary.to_dict() == {
        "customers": 3,
        "contactable": 1,
        "by_why": {"consent": 1, "no_record": 2},
    }
    assert list(summary.by_why) == ["consent", "no_record"]
    assert repr(summary).startswith("1 of 3 customers may be contacted")


def test_every_reason_is_explained():
    from pipelines.consent.records import ANSWERS

    assert set(ANSWERS) < set(REASONS)


WRONG = [
    ({"purpose": " "}, "purpose: ' ' names nothing"),
    ({"channel": "all"}, "channel: 'all' stands for every channel"),
    ({"brand": "*"}, "brand: '\\*' stands for every brand"),
    ({"on": "2026-11-01"}, "on: '2026-11-01' is not a date"),
    ({"max_age_days": -1}, "max_age_days: -1 is not a number of days"),
    ({"max_age_days": True}, "max_age_days: True is not"),
    ({"basis": "consnt"}, "did you mean 'consent'"),
    ({"evidence": "source"}, "evidence: 'source' is not a list"),
    ({"evidence": ["sauce"]}, "consents: 'sauce' is not a column"),
    ({"allowed": "email_ok"}, "allowed: 'email_ok' is not a list"),
    ({"allowed": ["email_ok"]}, "customers: 'email_ok' is not a column"),
    ({"id": "account"}, "customers: 'account' is not a column"),
    ({"refused": 7}, "refused: is a int, not a table"),
]


@pytest.mark.parametrize(("changed", "message"), WRONG)
def test_what_makes_no_sense_is_told(changed, message, ask):
    with pytest.raises(InputError, match=message):
        ask([record()], **changed)


def test_frames_of_several_engines_are_told(ask):
    from tests.consent.conftest import as_duckdb

    people = pa.table({"customer_id": ["c"]})
    with pytest.raises(InputError, match="several engines: duckdb, pyarrow"):
        contactable(people, as_duckdb(arrow([record()])), **ASKED)


def test_days_with_a_zone_are_told():
    rows = arrow([record()])
    zoned = pa.array(
        [dt.datetime.fromisoformat("2026-03-01")], pa.timestamp("us", tz="UTC")
    )
    place = rows.column_names.index("captured_at")
    people = pa.table({"customer_id": ["c"]})
    with pytest.raises(InputError, match="points in time with a zone"):
        contactable(people, rows.set_column(place, "captured_at", zoned), **ASKED)
