"""Who is left out in silence, who is contacted how often, and how old events are."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import hypergeom

from fairness.errors import InputError
from pipelines.campaign.conduct.compared import Groups, beside_highest, beside_rest
from tests.conduct_people.people import ON, consents, customers, protected, seen

SIZE = 2_000
IDS = customers(SIZE)["customer_id"].to_pylist()
GROUP = protected(SIZE)["group"].to_numpy(zero_copy_only=False)
STAGE = {"funnel": {"consent": {"channel": "email"}, "clauses": "pick = 1"}}


def tables(**more):
    return {"customers": customers(SIZE), "protected": protected(SIZE)} | more


def by_group(found):
    return {(one.attribute, one.group): one for one in found}


def some_of(group, number):
    """The first customers of a group."""
    found = np.zeros(SIZE, dtype=bool)
    found[np.flatnonzero(group == GROUP)[:number]] = True
    return found


def test_the_share_that_passes_the_consent_stage_is_that_of_the_counts(tmp_path):
    refuse = some_of("b", 200) | some_of("a", 150)
    given = tables(consents=consents(IDS, status=np.where(refuse, "OptOut", "OptIn")))
    found = by_group(seen(tmp_path, given, "consent_parity", **STAGE))
    one = found["group", "b"]
    assert one.value == pytest.approx((300 / 500) / (1_350 / 1_500))
    assert (one.n, one.selected, one.reference) == (500, 300, "a")
    assert one.low < one.value < one.high
    # Of all 500 of b and 1,500 of a, 1,650 agree: the exact lower tail, the one pair.
    assert one.p_value == pytest.approx(hypergeom.cdf(300, 2_000, 1_650, 500), rel=0.7)


def test_without_a_stage_there_is_nothing_to_compare(tmp_path):
    given = tables(consents=consents(IDS))
    (one,) = seen(tmp_path, given, "consent_parity")
    assert one.status == "not_applicable"
    (one,) = seen(tmp_path, given, "suppression_parity")
    assert one.status == "not_applicable"


def test_the_share_that_is_suppressed_is_beside_everybody_else(tmp_path):
    fraud = (some_of("b", 45) | some_of("a", 45)).astype(int)
    given = tables(customers=customers(SIZE, fraud=fraud))
    rule = {"funnel": {"suppression": "fraud = 1", "clauses": "pick = 1"}}
    found = by_group(seen(tmp_path, given, "suppression_parity", **rule))
    one = found["group", "b"]
    assert one.value == pytest.approx(3)
    assert (one.n, one.selected, one.reference) == (500, 45, "(rest)")
    assert one.p_value < 1e-5
    assert found["group", "a"].p_value > 0.9


def test_missing_contact_data_is_counted_by_group_and_spaces_are_none(tmp_path):
    missing = some_of("b", 170) | some_of("a", 90)
    cells = [("  " if i % 2 else None) if x else "p@x" for i, x in enumerate(missing)]
    given = tables(customers=customers(SIZE, email=pa.array(cells)))
    named = {"contact": {"address": "email"}}
    found = by_group(seen(tmp_path, given, "missing_contact_parity", **named))
    one = found["group", "b"]
    assert one.value == pytest.approx((170 / 500) / (90 / 1_500))
    assert one.p_value < 1e-9
    full = tables(customers=customers(SIZE, email=["p@x"] * SIZE))
    (one,) = seen(tmp_path, full, "missing_contact_parity", **named)
    assert one.status == "not_applicable"
    (one,) = seen(tmp_path, full, "missing_contact_parity")
    assert one.status == "missing"
    with pytest.raises(InputError, match=r"contact\.address"):
        seen(tmp_path, tables(), "missing_contact_parity", **named)


def groups(n, having):
    names = tuple("abcdefgh"[: len(n)])
    return Groups("g", names, np.array(n, float), np.array(having, float))


def test_small_groups_and_what_would_give_them_away_are_not_told():
    found = by_group(beside_rest([groups([400, 300, 60], [120, 90, 3])], "have it"))
    few = found["g", "c"]
    assert (few.n, few.selected, few.low, few.high) == (None, None, None, None)
    assert few.value is not None
    assert "too small to be told" in few.message
    # The smallest of the others follows from the total and the one before.
    assert found["g", "b"].n is None
    assert found["g", "a"].n == 400


def test_groups_of_whom_few_are_expected_are_not_compared():
    found = by_group(beside_rest([groups([400, 300, 10], [120, 90, 0])], "have it"))
    assert {group for _, group in found} == {"a", "b"}
    (one,) = beside_rest([groups([10, 10], [1, 0])], "have it")
    assert one.status == "not_applicable"


def test_where_nobody_else_has_it_the_lower_limit_is_the_value():
    found = by_group(beside_rest([groups([400, 600], [40, 0])], "have it"))
    one = found["g", "a"]
    assert 1 < one.value == one.low
    assert one.high is None
    assert one.p_value < 1e-9


def test_holm_goes_over_all_groups_of_all_attributes():
    single = beside_rest([groups([500, 1_500], [60, 120])], "have it")
    twice = beside_rest([groups([500, 1_500], [60, 120])] * 2, "have it")
    one, same = single[0].p_value, twice[0].p_value
    assert same == pytest.approx(min(1.0, one * 2))


def test_parity_without_a_gap_seldom_fails():
    rng = np.random.default_rng(8)
    sizes = np.array([900, 700, 500, 250, 120, 60])
    lowest = []
    for _ in range(600):
        having = rng.binomial(sizes, 0.4)
        found = beside_highest([groups(sizes, having)], "have it")
        lowest.append(min(one.p_value for one in found if one.p_value is not None))
    failed = np.mean(np.array(lowest) < 0.05)
    assert failed < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def contacts(times, day=ON):
    """So many contacts of each customer, one a day before a day."""
    ids = [one for one, n in zip(IDS, times, strict=True) for _ in range(n)]
    days = [day - timedelta(days=i) for n in times for i in range(n)]
    return pa.table({"customer_id": ids, "date": pa.array(days, pa.date32())})


CAP = {"pressure": {"cap": 8, "days": 30}}


@pytest.mark.parametrize(
    ("times", "day", "number"),
    [
        (7, ON, 0),
        (8, ON, 20),
        (8, ON - timedelta(days=22), 20),
        (8, ON - timedelta(days=23), 0),
        (8, ON + timedelta(days=1), 0),
    ],
)
def test_this_campaign_counts_within_the_window(tmp_path, times, day, number):
    picked = np.isin(np.arange(SIZE), np.flatnonzero(np.arange(SIZE) // 4 % 2)[:20])
    given = tables(contacts=contacts(np.where(picked, times, 0), day))
    more = {"contact": {"send_on": ON}, **CAP}
    (one,) = seen(tmp_path, given, "over_cap", **more)
    assert (one.status, one.value, one.n) == ("measured", number, 1_000)


def test_the_caps_of_the_rule_and_of_the_campaign_are_both_looked_at(tmp_path):
    given = tables(contacts=contacts(np.full(SIZE, 5)))
    strict, own = seen(tmp_path, given, "over_cap", {"cap": 5, "days": 30}, **CAP)
    assert (strict.value, own.value) == (1_000, 0)
    (one,) = seen(tmp_path, given, "over_cap", {"cap": 8}, **CAP)
    assert one.value == 0


def test_without_a_cap_or_contacts_pressure_is_not_known(tmp_path):
    for metric in ("over_cap", "pressure_ratio"):
        (one,) = seen(tmp_path, tables(), metric, **CAP)
        assert (one.status, "contacts" in one.message) == ("missing", True)
        (one,) = seen(tmp_path, tables(contacts=contacts(np.zeros(SIZE, int))), metric)
        assert (one.status, "cap" in one.message) == ("missing", True)


def test_pressure_is_compared_by_group_and_by_vulnerability(tmp_path):
    often = some_of("b", 200) | some_of("a", 150)
    given = tables(
        customers=customers(SIZE, frail=(np.arange(SIZE) % 8 < 4) * 0 + often),
        contacts=contacts(np.where(often, 9, 1)),
    )
    named = {"vulnerability": {"flags": {"frail": []}}}
    found = by_group(seen(tmp_path, given, "pressure_ratio", **CAP, **named))
    one = found["group", "b"]
    picked = np.arange(SIZE) // 4 % 2 == 1
    shares = [
        (often & picked & (g == GROUP)).sum() / (picked & (g == GROUP)).sum()
        for g in "ba"
    ]
    assert one.value == pytest.approx(shares[0] / shares[1])
    assert one.p_value < 1e-6
    vulnerable = found["(vulnerable)", ""]
    assert vulnerable.value > 5
    assert vulnerable.p_value < 1e-9


def test_nobody_beyond_the_cap_leaves_nothing_to_compare(tmp_path):
    given = tables(contacts=contacts(np.ones(SIZE, int)))
    (one,) = seen(tmp_path, given, "pressure_ratio", **CAP)
    assert one.status == "not_applicable"


def purchases(*days):
    return pa.table(
        {
            "customer_id": IDS[: len(days)],
            "date": pa.array(days, pa.date32()),
            "amount": [1.0] * len(days),
        }
    )


def test_events_older_than_may_be_kept_are_counted_on_the_day(tmp_path):
    edge = ON - timedelta(days=365)
    old = [edge - timedelta(days=1)] * 6
    given = tables(transactions=purchases(*old, edge, ON))
    own = {"data": {"retention_days": 365}}
    (one,) = seen(tmp_path, given, "events_over_retention", **own)
    assert (one.value, one.n) == (6, 8)
    (one,) = seen(tmp_path, given, "events_over_retention", {"days": 30}, **own)
    assert one.value == 7
    (one,) = seen(tmp_path, given, "events_over_retention", {"days": 999}, **own)
    assert one.value == 6
    (one,) = seen(tmp_path, given, "events_over_retention")
    assert one.status == "missing"
    (one,) = seen(tmp_path, tables(), "events_over_retention", **own)
    assert one.status == "not_applicable"


def test_answers_without_a_day_are_as_old_as_the_record_says(tmp_path):
    answers = pa.table(
        {
            "customer_id": IDS,
            "campaign": ["winter"] * SIZE,
            "responded": (np.arange(SIZE) % 3 == 0).astype(int),
        }
    )
    score = {"model": "logistic", "columns": ["pick"], "top_share": 0.5}
    more = {"funnel": {"score": score}, "data": {"retention_days": 365}}
    given = tables(responses=answers)
    (one,) = seen(tmp_path, given, "events_over_retention", **more)
    assert one.status == "missing"
    for day, value in ((date(2026, 1, 1), 0), (date(2025, 1, 1), 1)):
        record = {"record": {"responses_from": day}}
        (one,) = seen(tmp_path, given, "events_over_retention", **record, **more)
        assert one.value == value
