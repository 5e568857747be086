"""Flags that forbid, shares of the vulnerable, age, signals and creatives."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from fairness.errors import InputError
from tests.conduct_people.people import consents, customers, protected, seen

SIZE = 800
IDS = customers(SIZE)["customer_id"].to_pylist()
PICKED = [one for one in IDS if int(one[1:]) // 4 % 2]
CHOSEN = np.array([one in {*PICKED[:20]} for one in IDS])
ZERO = {"flags": ["bereaved", "self_excluded", "minor"]}


def tables(**more):
    return {"customers": customers(SIZE), "protected": protected(SIZE)} | more


def flags(ids, flag="bereaved", **columns):
    usual = {"flag": flag, "driver": "life_event", "evidence": "declared"} | columns
    filled = {name: pa.array([one] * len(ids)) for name, one in usual.items()}
    return pa.table({"customer_id": list(ids), **filled})


NONE = flags([])


@pytest.mark.parametrize(
    ("columns", "number"),
    [
        ({}, 20),
        ({"flag": "Self-Exclusion"}, 20),
        ({"flag": "something else"}, 0),
        ({"since": date(2026, 11, 1)}, 20),
        ({"since": date(2026, 11, 2)}, 0),
        ({"expires": date(2026, 11, 1)}, 20),
        ({"expires": date(2026, 10, 31)}, 0),
        ({"expires": "no day"}, 20),
        ({"flag": "", "since": "2026-01-01"}, 20),
        ({"allowed_use": "suppress, support"}, 20),
        ({"allowed_use": "target"}, 0),
    ],
)
def test_a_flag_of_the_table_counts_while_it_is_in_force(tmp_path, columns, number):
    table = flags(PICKED[:20], **columns)
    (one,) = seen(tmp_path, tables(vulnerability=table), "zero_tolerance", ZERO)
    assert (one.status, one.value, one.n) == ("measured", number, 400)


def test_flags_that_the_rule_does_not_name_are_told(tmp_path):
    table = flags(PICKED[:20], "Loss of a spouse")
    (one,) = seen(tmp_path, tables(vulnerability=table), "zero_tolerance", ZERO)
    assert one.value == 0
    assert "not asked about: 'lossofaspouse'" in one.message


def test_no_flag_may_be_used_to_target_with_a_burden(tmp_path):
    table = flags(PICKED[:20], allowed_use="target")
    burden = {"offer": {"polarity": "burdensome"}}
    (one,) = seen(
        tmp_path, tables(vulnerability=table), "zero_tolerance", ZERO, **burden
    )
    assert one.value == 20


def test_a_customer_with_several_flags_counts_once(tmp_path):
    table = pa.concat_tables(
        [flags(PICKED[:20]), flags(PICKED[:20]), flags(PICKED[10:30], "minor")]
    )
    (one,) = seen(tmp_path, tables(vulnerability=table), "zero_tolerance", ZERO)
    assert one.value == 30
    assert "(bereaved 20, minor 20)" in one.message


@pytest.mark.parametrize(
    ("since", "days", "number"),
    [
        (date(2026, 5, 5), 180, 20),
        (date(2026, 5, 4), 180, 0),
        (date(2020, 1, 1), None, 20),
        (None, 180, 20),
    ],
)
def test_a_bereavement_forbids_for_so_many_days(tmp_path, since, days, number):
    days_of = pa.array([since] * 20, pa.date32())
    table = flags(PICKED[:20]).append_column("since", days_of)
    params = ZERO | ({"within_days": days} if days else {})
    (one,) = seen(tmp_path, tables(vulnerability=table), "zero_tolerance", params)
    assert one.value == number
    # Of other flags it says nothing.
    table = flags(PICKED[:20], "minor").append_column("since", days_of)
    (one,) = seen(tmp_path, tables(vulnerability=table), "zero_tolerance", params)
    assert one.value == 20


@pytest.mark.parametrize(
    ("cells", "listed", "number"),
    [
        (np.where(CHOSEN, 1, 0), None, 20),
        (np.where(CHOSEN, "yes", "no"), None, 20),
        (CHOSEN, None, 20),
        (np.where(CHOSEN, 3.0, 0.0), ["3"], 20),
        (np.where(CHOSEN, "In Debt", "fine"), ["in_debt"], 20),
        (np.where(CHOSEN, "fine", "In Debt"), ["in_debt"], 380),
        (pa.array([date(2026, 1, 1) if x else None for x in CHOSEN]), None, 20),
        (pa.array([date(2027, 1, 1) if x else None for x in CHOSEN]), None, 0),
    ],
)
def test_a_column_flags_by_its_values_or_a_yes(tmp_path, cells, listed, number):
    given = tables(customers=customers(SIZE, arrears=cells))
    more = {} if listed is None else {"vulnerability": {"flags": {"arrears": listed}}}
    (one,) = seen(tmp_path, given, "zero_tolerance", {"flags": ["arrears"]}, **more)
    assert (one.status, one.value) == ("measured", number)


def test_an_empty_cell_is_told_and_not_fine(tmp_path):
    cells = [None if x else "no" for x in CHOSEN]
    given = tables(customers=customers(SIZE, arrears=pa.array(cells)))
    (one,) = seen(tmp_path, given, "zero_tolerance", {"flags": ["arrears"]})
    assert one.value == 0
    assert "of 20 customers in the audience it is not known" in one.message
    empty = tables(customers=customers(SIZE, arrears=pa.nulls(SIZE, pa.string())))
    named = {"vulnerability": {"flags": {"arrears": []}}}
    for metric in ("vulnerable_share_ratio", "vulnerable_outcome_ratio"):
        (one,) = seen(tmp_path, empty, metric, **named)
        assert one.status == "missing"


def test_flags_that_nothing_tells_of_are_missing(tmp_path):
    (one,) = seen(tmp_path, tables(), "zero_tolerance", ZERO)
    assert one.status == "missing"
    for metric in ("vulnerable_share_ratio", "vulnerable_outcome_ratio"):
        (one,) = seen(tmp_path, tables(), metric)
        assert one.status == "missing"
    given = tables(customers=customers(SIZE, minor=CHOSEN))
    counted, missing = seen(tmp_path, given, "zero_tolerance", ZERO)
    assert counted.value == 20
    assert missing.status == "missing"
    assert missing.message.endswith("bereaved, self_excluded")
    # In a table of flags any of them could stand: it tells of all.
    (one,) = seen(tmp_path, tables(vulnerability=NONE), "zero_tolerance", ZERO)
    assert (one.status, one.value) == ("measured", 0)


def test_a_column_of_flags_that_is_not_there_is_an_error(tmp_path):
    named = {"vulnerability": {"flags": {"arears": ["1"]}}}
    given = tables(customers=customers(SIZE, arrears=CHOSEN))
    with pytest.raises(InputError, match="did you mean 'arrears'"):
        seen(tmp_path, given, "vulnerable_share_ratio", **named)


@pytest.mark.parametrize(
    ("number", "share", "rate"), [(100, 2.0, None), (50, 1.0, 1.0)]
)
def test_shares_and_rates_of_the_vulnerable_are_exact(tmp_path, number, share, rate):
    others = [one for one in IDS if one not in {*PICKED}][: 100 - number]
    table = flags([*PICKED[:number], *others])
    given = tables(vulnerability=table)
    (one,) = seen(tmp_path, given, "vulnerable_share_ratio")
    assert one.value == pytest.approx(share)
    assert one.low <= share <= one.high + 1e-9
    assert (one.p_value < 1e-9) == (share > 1)
    (one,) = seen(tmp_path, given, "vulnerable_outcome_ratio")
    assert one.value == pytest.approx(rate or 1 / (300 / 700))


BORN = {"protected_by": {"by": ["group", "birth_date"], "bands": {"birth_date": [30]}}}


@pytest.mark.parametrize(
    ("birth", "params", "number"),
    [
        ("2008-11-01", {}, 0),
        ("2008-11-02", {}, 20),
        ("2012-01-01", {"age": 13}, 0),
        ("2013-11-02", {"age": 13}, 20),
        (None, {}, 20),
        (None, {"unknown": "ignore"}, 0),
    ],
)
def test_who_is_too_young_on_the_day_is_counted(tmp_path, birth, params, number):
    days = [birth if x else "1980-05-05" for x in CHOSEN]
    given = tables(protected=protected(SIZE, birth_date=pa.array(days)))
    (one,) = seen(tmp_path, given, "under_age", params, **BORN)
    assert (one.status, one.value, one.n) == ("measured", number, 400)


def test_without_a_birth_date_nobody_is_known_to_be_of_age(tmp_path):
    (one,) = seen(tmp_path, tables(), "under_age")
    assert one.status == "missing"


GOOGLE = {"export": {"platform": "google"}}


def test_signals_are_looked_for_where_the_audience_goes_to_a_platform(tmp_path):
    given = tables(customers=customers(SIZE, gpc=CHOSEN))
    named = {"contact": {"signal": "gpc"}}
    (one,) = seen(tmp_path, given, "privacy_signals", **named)
    assert one.status == "not_applicable"
    (one,) = seen(tmp_path, given, "privacy_signals", **GOOGLE)
    assert one.status == "missing"
    (one,) = seen(tmp_path, given, "privacy_signals", **named, **GOOGLE)
    assert (one.value, one.n) == (20, 400)
    assert "by signal 20" in one.message


@pytest.mark.parametrize(
    ("records", "number"),
    [
        ([{"purpose": "sale", "status": "OptOut"}], 20),
        ([{"purpose": "Sharing", "status": "Objected", "channel": "web"}], 20),
        ([{"purpose": "all", "status": "OptOut"}], 20),
        ([{"purpose": "", "status": "OptOut"}], 20),
        ([{"purpose": "marketing", "status": "OptOut"}], 0),
        ([{"purpose": "sale", "status": "OptIn"}], 0),
        ([{"purpose": "sale", "status": "mumble"}], 20),
        ([{"purpose": "sale", "status": ""}], 20),
        (
            [
                {"purpose": "sale", "status": "OptOut"},
                {"purpose": "sale", "captured_at": date(2026, 4, 1)},
            ],
            0,
        ),
        (
            [
                {"purpose": "sale", "status": "OptOut"},
                {"purpose": "sharing", "captured_at": date(2026, 4, 1)},
            ],
            20,
        ),
        (
            [
                {"purpose": "sale", "status": "OptOut"},
                {"purpose": "sale", "captured_at": date(2026, 3, 1)},
            ],
            20,
        ),
    ],
)
def test_the_last_word_on_sharing_counts(tmp_path, records, number):
    made = pa.concat_tables([consents(PICKED[:20], **one) for one in records])
    (one,) = seen(tmp_path, tables(consents=made), "privacy_signals", **GOOGLE)
    assert (one.status, one.value) == ("measured", number)


AD = {"creative": {"column": "ad"}}


def test_a_creative_that_follows_a_group_is_measured(tmp_path):
    group = protected(SIZE)["group"].to_numpy(zero_copy_only=False)
    given = tables(customers=customers(SIZE, ad=np.where(group == "b", "home", "work")))
    (one,) = seen(tmp_path, given, "creative_association", **AD)
    assert one.value > 0.95
    assert one.p_value < 1e-9
    assert (one.attribute, one.n) == ("group", 400)


def test_one_creative_or_none_is_no_question_and_many_are_not_compared(tmp_path):
    (one,) = seen(tmp_path, tables(), "creative_association")
    assert one.status == "not_applicable"
    given = tables(customers=customers(SIZE, ad=["home"] * SIZE))
    (one,) = seen(tmp_path, given, "creative_association", **AD)
    assert one.status == "not_applicable"
    given = tables(customers=customers(SIZE, ad=np.arange(SIZE)))
    (one,) = seen(tmp_path, given, "creative_association", **AD)
    assert one.status == "missing"
    with pytest.raises(InputError, match=r"creative\.column"):
        seen(tmp_path, tables(), "creative_association", **AD)
