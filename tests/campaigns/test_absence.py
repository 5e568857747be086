"""What is missing never makes a customer contactable."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.campaign import Campaign, run_campaign

CUSTOMERS = 200
IDS = [f"C{place:03d}" for place in range(CUSTOMERS)]
CUSTOMER = {
    "customer_id": IDS,
    "orders": [place % 5 for place in range(CUSTOMERS)],
}
PROTECTED = {
    "customer_id": IDS,
    "group": ["ab"[place % 3 == 0] for place in range(CUSTOMERS)],
}


def consent(place, status, day):
    return {
        "customer_id": IDS[place],
        "purpose": "marketing",
        "channel": "email",
        "status": status,
        "captured_at": day,
    }


def consents():
    """Opt-ins, opt-outs, both in either order, stale ones, and none."""
    rows = []
    for place in range(CUSTOMERS):
        kind = place % 7
        if kind in (0, 1, 2, 6):
            rows.append(consent(place, "opt_in", "2026-06-01"))
        if kind in (1, 5):
            rows.append(consent(place, "opt_out", "2026-07-01"))
        if kind == 2:
            rows.append(consent(place, "opt_out", "2026-05-01"))
        if kind == 3:
            rows.append(consent(place, "opt_in", "2019-05-01"))
    return rows


CONSENTS = consents()
LISTED = [
    {"customer_id": one, "suppressed": int(place % 9 == 0)}
    for place, one in enumerate(IDS)
]
CAMPAIGN = Campaign(
    name="spring",
    owner="olga",
    as_of=date(2026, 11, 1),
    offer={"name": "A voucher"},
    tables={"customers": "-", "consents": "-", "protected": "-", "suppression": "-"},
    protected={"by": ["group"]},
    funnel={
        "consent": {"channel": "email", "max_age_days": 730},
        "clauses": "orders >= 1",
    },
)


def table(rows, columns=None):
    names = columns or list(rows[0])
    return pa.table(
        {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
    )


def texts(columns):
    return pa.table({n: pa.array(map(str, v), pa.string()) for n, v in columns.items()})


def audience(consents=CONSENTS, listed=LISTED, protected=None):
    listed = [
        row | {"suppressed": None if (x := row["suppressed"]) is None else str(x)}
        for row in listed
    ]
    found = run_campaign(
        CAMPAIGN,
        tables={
            "customers": pa.table(CUSTOMER),
            "consents": table(consents, list(CONSENTS[0])),
            "suppression": table(listed, list(LISTED[0])),
            "protected": texts(PROTECTED) if protected is None else protected,
        },
    )
    return set(found.audience)


@pytest.fixture(scope="module")
def before():
    found = audience()
    assert len(found) > 30
    return found


SOME = settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PLACES = st.sets(st.integers(0, CUSTOMERS - 1), max_size=60)
CELLS = st.sampled_from(["customer_id", "purpose", "channel", "status", "captured_at"])


def owners(rows):
    return {row["customer_id"] for row in rows}


@SOME
@given(PLACES)
def test_customers_without_any_record_of_consent_join_no_audience(before, places):
    gone = {IDS[place] for place in places}
    after = audience(consents=[r for r in CONSENTS if r["customer_id"] not in gone])
    assert after == before - gone


@SOME
@given(st.sets(st.integers(0, len(CONSENTS) - 1), min_size=1, max_size=60), CELLS)
def test_a_blank_cell_of_a_consent_adds_nobody(before, places, cell):
    blanked = [
        row | {cell: None} if place in places else row
        for place, row in enumerate(CONSENTS)
    ]
    after = audience(consents=blanked)
    touched = owners(CONSENTS[place] for place in places)
    # Whose record it was cannot be seen of a record without id: an opt-out that is
    # nobody's is lost, and only that can add its own customer.
    lost = {
        CONSENTS[place]["customer_id"]
        for place in places
        if cell == "customer_id" and CONSENTS[place]["status"] == "opt_out"
    }
    assert after - before <= lost
    assert before - after <= touched


@SOME
@given(st.sets(st.integers(0, len(CONSENTS) - 1), min_size=1, max_size=60))
def test_an_opt_in_that_is_gone_adds_nobody(before, places):
    kept = [
        row
        for place, row in enumerate(CONSENTS)
        if place not in places or row["status"] != "opt_in"
    ]
    assert audience(consents=kept) <= before


@SOME
@given(st.sets(st.integers(0, len(CONSENTS) - 1), min_size=1, max_size=60))
def test_a_status_that_nobody_knows_adds_nobody(before, places):
    strange = [
        row | {"status": "perhaps"} if place in places else row
        for place, row in enumerate(CONSENTS)
    ]
    assert audience(consents=strange) <= before


@SOME
@given(PLACES)
def test_a_customer_who_is_not_on_the_list_of_all_is_suppressed(before, places):
    gone = {IDS[place] for place in places}
    after = audience(listed=[r for r in LISTED if r["customer_id"] not in gone])
    assert after == before - gone


@SOME
@given(PLACES)
def test_a_blank_flag_suppresses(before, places):
    gone = {IDS[place] for place in places}
    blanked = [
        row | {"suppressed": None} if row["customer_id"] in gone else row
        for row in LISTED
    ]
    assert audience(listed=blanked) == before - gone


@SOME
@given(PLACES, st.booleans())
def test_who_has_no_protected_row_is_neither_added_nor_left_out(before, places, blank):
    gone = {IDS[place] for place in places}
    groups = [
        None if one in gone else group
        for one, group in zip(IDS, PROTECTED["group"], strict=True)
    ]
    protected = pa.table({"customer_id": IDS, "group": pa.array(groups, pa.string())})
    if not blank:
        protected = protected.filter(pa.array([g is not None for g in groups]))
    assert audience(protected=protected) == before


@SOME
@given(PLACES, st.booleans())
def test_who_has_no_group_is_not_picked_by_one(places, blank):
    gone = {IDS[place] for place in places}
    groups = [
        None if one in gone else group
        for one, group in zip(IDS, PROTECTED["group"], strict=True)
    ]
    protected = pa.table({"customer_id": IDS, "group": pa.array(groups, pa.string())})
    if not blank:
        protected = protected.filter(pa.array([g is not None for g in groups]))
    for rule in ("\"group\" = 'a'", "NOT \"group\" = 'b'", "\"group\" <> 'b'"):
        campaign = Campaign(
            name="spring",
            owner="olga",
            as_of=date(2026, 11, 1),
            offer={"name": "A health check"},
            tables={"customers": "-", "protected": "-"},
            protected={"by": ["group"], "use": {"group": "A matter of this group."}},
            funnel={"clauses": rule},
        )
        found = run_campaign(
            campaign,
            tables={"customers": pa.table(CUSTOMER), "protected": protected},
        )
        picked = {one for one, group in zip(IDS, groups, strict=True) if group == "a"}
        assert set(found.audience) == picked
