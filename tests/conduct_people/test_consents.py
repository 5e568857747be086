"""Objectors, missing consents, opt-ins by product and channel."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from pipelines.campaign.frame import objections
from tests.conduct_people.people import consents, customers, protected, ran, seen

SIZE = 800
IDS = customers(SIZE)["customer_id"].to_pylist()
PICKED = [one for one in IDS if int(one[1:]) // 4 % 2]
EMAIL = {"contact": {"channel": "email"}}


def tables(*records, **more):
    return {
        "customers": customers(SIZE),
        "protected": protected(SIZE),
        "consents": pa.concat_tables([consents(IDS), *records]),
    } | more


def refusal(ids, **columns):
    return consents(ids, captured_at=date(2026, 5, 1), **{"status": "OptOut"} | columns)


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ({"status": "OptOut"}, 10),
        ({"status": "Objected"}, 10),
        ({"status": "Objected", "channel": "sms"}, 10),
        ({"status": "mumble"}, 10),
        ({"status": "OptOut", "channel": "sms"}, 0),
        ({"status": "OptOut", "purpose": "profiling"}, 0),
        ({"status": "NotSeen"}, 0),
        ({"status": "OptIn"}, 0),
    ],
)
def test_who_said_no_is_counted_in_the_audience(tmp_path, record, number):
    (one,) = seen(
        tmp_path, tables(refusal(PICKED[:10], **record)), "objectors", **EMAIL
    )
    assert (one.status, one.value, one.n) == ("measured", number, 400)
    told = "10 customers" if number else "no customers"
    assert one.message.startswith(told)


def test_a_rule_may_count_who_refused_a_further_purpose(tmp_path):
    given = tables(refusal(PICKED[:10], purpose="profiling"))
    rule = {"also": ["profiling"]}
    (one,) = seen(tmp_path, given, "objectors", rule, **EMAIL)
    assert one.value == 10


def test_fewer_than_five_objectors_are_not_told_exactly(tmp_path):
    (one,) = seen(tmp_path, tables(refusal(PICKED[:3])), "objectors", **EMAIL)
    assert one.value > 0
    assert one.selected is None
    assert "fewer than 5" in one.message
    assert "3" not in one.message


def test_who_asked_to_be_forgotten_is_an_objector(tmp_path):
    gone = np.array([one in PICKED[:8] for one in IDS])
    given = tables(customers=customers(SIZE, forgotten=gone))
    (one,) = seen(tmp_path, given, "objectors", **EMAIL)
    assert one.value == 8


@pytest.mark.parametrize("metric", ["objectors", "without_consent"])
def test_neither_records_nor_a_channel_reads_as_fine(tmp_path, metric):
    given = tables()
    without = {name: one for name, one in given.items() if name != "consents"}
    for these, more in ((without, EMAIL), (given, {})):
        (one,) = seen(tmp_path, these, metric, **more)
        assert (one.status, one.value) in (("missing", None), ("measured", 400))
        assert "no " in one.message


ANSWERS = pa.table(
    {
        "customer_id": IDS,
        "campaign": ["winter"] * SIZE,
        "responded": (np.arange(SIZE) % 3 == 0).astype(int),
    }
)
SCORE = {
    "funnel": {
        "score": {"model": "logistic", "columns": ["pick"], "top_share": 0.5},
        "clauses": "pick >= 0",
    }
}


@pytest.mark.parametrize(
    "status", ["OptOut", "Objected", "mumble", "Forgotten", "Contradictory", "NotSeen"]
)
def test_nobody_who_may_have_objected_is_trained_on(tmp_path, status):
    chosen = IDS[:200]
    given = tables(responses=ANSWERS)
    if status == "Forgotten":
        empty = [None if one in chosen else False for one in IDS]
        given["customers"] = customers(SIZE, forgotten=pa.array(empty))
    elif status == "Contradictory":
        same = consents(chosen, status="OptOut")
        given = tables(same, responses=ANSWERS)
    else:
        given = tables(refusal(chosen, status=status), responses=ANSWERS)
    run = ran(tmp_path, given, {"metric": "objectors"}, **SCORE, **EMAIL)
    left = 800 if status == "NotSeen" else 600
    assert run.scorer.trained_on.rows == left
    (found,) = run.conduct.seen.values()
    assert (found[1].value, found[1].n) == (0, left)


def test_an_objector_who_is_trained_on_is_found(tmp_path, monkeypatch):
    given = tables(refusal(IDS[:200]), responses=ANSWERS)
    monkeypatch.setattr("pipelines.campaign.frame.objections", lambda: ("nothing",))
    audience, training = seen(tmp_path, given, "objectors", **SCORE, **EMAIL)
    assert training.value == 200
    assert "200 customers of 800 customers whom the score was" in training.message
    assert audience.value > 0
    assert {"objected", "opted_out", "forgotten"} < {*objections()}


class Handed:
    name = "handed"
    columns = ("pick",)
    trained_on = None

    def score(self, table):
        return np.full(table.num_rows, 0.5)


@pytest.mark.parametrize("kind", ["estimator", "column"])
def test_what_a_score_made_elsewhere_was_trained_on_is_not_known(tmp_path, kind):
    given = tables(responses=ANSWERS)
    if kind == "estimator":
        more = {"estimator": Handed(), **SCORE}
    else:
        more = {"funnel": {"score": {"column": "pick", "at_least": 1}}}
    _, training = seen(tmp_path, given, "objectors", **more, **EMAIL)
    assert training.status == "missing"
    assert "trained on is not known" in training.message
    record = {"score_training": "objectors were left out on 2026-10-01"}
    _, training = seen(tmp_path, given, "objectors", record=record, **more, **EMAIL)
    assert training.status == "not_applicable"
    assert "left out on 2026-10-01" in training.message


@pytest.mark.parametrize(
    ("columns", "params", "number"),
    [
        ({}, {}, 0),
        ({"status": "NotSeen"}, {}, 400),
        ({"effective_to": date(2026, 10, 31)}, {}, 400),
        ({"captured_at": date(2026, 11, 2)}, {}, 400),
        ({}, {"max_age_days": 300}, 0),
        ({}, {"max_age_days": 200}, 400),
        ({}, {"evidence": ["source"]}, 400),
        ({"source": "web"}, {"evidence": ["source"]}, 0),
        ({"source": ""}, {"evidence": ["source"]}, 400),
        ({"source": "web"}, {"evidence": ["source", "wording"]}, 400),
    ],
)
def test_who_has_no_valid_consent_is_counted(tmp_path, columns, params, number):
    given = tables() | {"consents": consents(IDS, **columns)}
    (one,) = seen(tmp_path, given, "without_consent", params, **EMAIL)
    assert (one.status, one.value, one.n) == ("measured", number, 400)


def test_a_rule_may_ask_for_more_than_the_campaign_does(tmp_path):
    stage = {
        "consent": {"channel": "email", "max_age_days": 100},
        "clauses": "pick = 1",
    }
    given = tables() | {
        "consents": consents(IDS, captured_at=date(2026, 9, 1), source="web")
    }
    rules = {"evidence": ["source"], "max_age_days": 400}
    (one,) = seen(tmp_path, given, "without_consent", rules, funnel=stage)
    assert (one.value, one.n) == (0, 400)
    (one,) = seen(
        tmp_path, given, "without_consent", {"max_age_days": 30}, funnel=stage
    )
    assert (one.value, one.n) == (400, 400)


def test_legitimate_interest_is_a_basis_unless_the_rule_wants_consent(tmp_path):
    stage = {
        "consent": {
            "channel": "email",
            "basis": "legitimate_interest",
            "reason": "they are customers of ours",
        }
    }
    given = tables() | {"consents": consents(IDS, status="NotSeen")}
    (one,) = seen(tmp_path, given, "without_consent", funnel=stage)
    assert (one.value, one.n) == (0, 400)
    (one,) = seen(
        tmp_path, given, "without_consent", {"basis": "consent"}, funnel=stage
    )
    assert one.value == 400


BINGO = {"contact": {"channel": "email", "product": "Bingo"}}
PRODUCT = "product_channel_consent"


@pytest.mark.parametrize(
    ("columns", "number"),
    [
        ({"product": "bingo"}, 0),
        ({"product": "casino"}, 400),
        ({"product": "all"}, 400),
        ({"product": ""}, 400),
        ({"product": "bingo", "channel": "sms"}, 400),
        ({"product": "bingo", "status": "NotOptedOut"}, 400),
        ({"purpose": "bingo"}, 0),
        ({"purpose": "marketing"}, 400),
    ],
)
def test_an_opt_in_counts_for_its_product_and_channel_alone(tmp_path, columns, number):
    given = tables() | {"consents": consents(IDS, **columns)}
    (one,) = seen(tmp_path, given, PRODUCT, **BINGO)
    assert (one.status, one.value, one.n) == ("measured", number, 400)


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ({"product": "bingo"}, 10),
        ({"product": "casino"}, 0),
        ({"product": "all"}, 10),
        ({"product": None}, 10),
        ({"product": "casino", "status": "Objected"}, 10),
    ],
)
def test_a_later_no_for_the_product_or_for_all_of_them_counts(tmp_path, record, number):
    given = tables()
    record = {name: pa.array([one] * 10, pa.string()) for name, one in record.items()}
    record.setdefault("status", "OptOut")
    no = consents(PICKED[:10], captured_at=date(2026, 5, 1), **record)
    given["consents"] = pa.concat_tables([consents(IDS, product="bingo"), no])
    (one,) = seen(tmp_path, given, PRODUCT, **BINGO)
    assert one.value == number


def test_without_a_product_nothing_is_known_and_without_records_nobody_agreed(tmp_path):
    (one,) = seen(tmp_path, tables(), PRODUCT, **EMAIL)
    assert one.status == "missing"
    given = tables()
    del given["consents"]
    (one,) = seen(tmp_path, given, PRODUCT, **BINGO)
    assert one.value == 400


def test_legitimate_interest_is_no_opt_in_to_a_product(tmp_path):
    stage = {"channel": "email", "basis": "legitimate_interest", "reason": "customers"}
    given = tables() | {"consents": consents(IDS, status="NotSeen", product="bingo")}
    (one,) = seen(tmp_path, given, PRODUCT, funnel={"consent": stage}, **BINGO)
    assert (one.value, one.n) == (400, 400)
