"""Where a check could mislead a verdict, or give a person away."""

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.policy import load_policy

PACK = load_policy("us-four-fifths")


def policy(*changes, allowed=(), **about):
    air = PACK.rule("ff-air")
    rules = tuple(
        air.model_copy(update={"id": f"r{i}"} | change)
        for i, change in enumerate(changes or ({},))
    )
    strata = dict.fromkeys(allowed, "a reason")
    return PACK.model_copy(update={"rules": rules, "allowed_strata": strata} | about)


def customers(counts, names=("g", "t")):
    rows = []
    for key, (selected, n) in counts.items():
        rows += [(*key, 1)] * selected + [(*key, 0)] * (n - selected)
    return pd.DataFrame(rows, columns=[*names, "picked"])


def audited(frame, **options):
    usual = {"selected": "picked", "by": "g", "offer": "beneficial"}
    return fa.audit(frame, **{**usual, **options})


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "conditional_ratio"},
        {"metric": "stratum_ratio"},
        {"metric": "disparate_impact_ratio", "evidence": "proven"},
    ],
)
def test_a_block_rule_on_a_check_that_measured_nothing_is_a_review(change):
    counts = {(g, t): (2, 10) for g in ("f", "m") for t in ("a", "b")}
    decision = audited(customers(counts), strata="t").gate(policy(change))
    assert decision.verdict == "review"
    assert decision.reasons


def test_unknown_groups_are_a_review_where_only_checks_look():
    counts = {(g, t): (400, 2000) for g in ("f", "m", None) for t in ("a", "b")}
    decision = audited(customers(counts), strata="t").gate(
        policy({"metric": "conditional_ratio"})
    )
    assert decision.verdict == "review"
    assert "unknown for 33.3 %" in " ".join(decision.reasons)


def test_a_price_without_any_spread_is_seen():
    frame = pd.DataFrame({"g": ["f"] * 500 + ["m"] * 500, "picked": [0, 1] * 500})
    frame["v"] = np.where(frame["g"] == "f", 10.0, 20.0)
    audit = audited(frame, value="v")
    found = next(
        f for f in audit.check("values") if f.metric == "value_smd" and f.group == "f"
    )
    assert found.estimate == -np.inf
    assert found.to_dict()["estimate"] is None
    assert "-∞" in found.message
    assert audit.gate("us-four-fifths").verdict == "review"


def test_a_handful_of_numbers_neither_fails_nor_is_shown():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": ["a"] * 3000 + ["b"] * 2000 + ["c"] * 20})
    frame["picked"] = (rng.random(len(frame)) < 0.3) * 1
    frame["v"] = rng.normal(10, 1, len(frame))
    frame.loc[frame.index[-18:], "v"] = np.nan
    frame.loc[frame.index[-20:-18], "v"] = [12345.67, 12345.68]
    frame["score"] = frame["v"] / 20000
    audit = audited(frame, value="v", value_cap=100, score="score")
    decision = audit.gate("us-four-fifths")
    failed = [f for f in decision.findings if f.group == "c" and f.verdict == "fail"]
    assert {f.severity for f in failed} <= {"note"}
    shown = json.dumps(decision.to_dict())
    assert "12345" not in shown
    for row in decision.to_dict()["checks"]:
        if row["group"] == "c" and row["metric"].startswith("value"):
            assert row["estimate"] is None
            assert row["rate"] is None


def test_a_group_that_is_called_rest_softens_nothing_by_its_name():
    counts = {
        ("(rest)", "a"): (100, 500), ("(rest)", "b"): (450, 4500),
        ("k", "a"): (20, 500), ("k", "b"): (80, 4500),
        ("z", "a"): (20, 2000), ("z", "b"): (10, 1000),
    }  # fmt: skip
    renamed = {("A" if g == "(rest)" else g, t): c for (g, t), c in counts.items()}
    verdicts = [
        audited(customers(one), strata="t").gate(policy(allowed=["t"])).verdict
        for one in (counts, renamed)
    ]
    assert verdicts[0] == verdicts[1]


def test_every_reference_that_breaks_the_bound_has_to_be_explained():
    counts = {
        ("x", "lo"): (450, 9000), ("x", "hi"): (150, 1000),
        ("A", "lo"): (50, 1000), ("A", "hi"): (1350, 9000),
        ("C", "lo"): (1140, 9500), ("C", "hi"): (100, 500),
    }  # fmt: skip
    decision = audited(customers(counts), strata="t").gate(policy(allowed=["t"]))
    assert decision.verdict == "block"


def test_strata_that_disagree_explain_nothing():
    counts = {
        ("x", "lo"): (160, 8000), ("x", "hi"): (300, 2000),
        ("m", "lo"): (100, 2000), ("m", "hi"): (800, 8000),
    }  # fmt: skip
    assert audited(customers(counts), strata="t").gate(policy()).verdict == "block"
    decision = audited(customers(counts), strata="t").gate(policy(allowed=["t"]))
    assert decision.verdict == "block"


def test_a_stratum_that_is_the_selection_explains_nothing():
    frame = customers({("f", "x"): (300, 3000), ("m", "x"): (600, 3000)})
    frame["t"] = np.where(frame["picked"] == 1, "yes", "no")
    decision = audited(frame, strata="t").gate(policy(allowed=["t"]))
    assert decision.verdict == "block"


REVERSED = {
    ("f", "new"): (100, 2000), ("m", "new"): (50, 1000),
    ("f", "old"): (200, 1000), ("m", "old"): (400, 2000),
}  # fmt: skip


@pytest.mark.parametrize(
    ("unwaivable", "verdict"), [(False, "review"), (True, "block")]
)
def test_what_nobody_may_waive_is_not_softened(unwaivable, verdict):
    made = policy({"unwaivable": unwaivable}, allowed=["t"])
    assert audited(customers(REVERSED), strata="t").gate(made).verdict == verdict


def test_rules_on_pairs_share_alpha_among_themselves():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({n: rng.choice(["a", "b"], 8000) for n in ("g", "h", "t")})
    harmed = (frame["g"] == "a") & (frame["h"] == "a")
    frame["picked"] = (rng.random(8000) < np.where(harmed, 0.22, 0.3)) * 1
    audit = audited(frame, by=["g", "h"], strata="t", intersections=2)
    pair = {"metric": "conditional_ratio", "order": (2,)}

    def p(*changes):
        found = audit.gate(policy(*changes)).findings
        return min(f.p_adjusted for f in found if f.rule == "r0" and f.p_adjusted)

    alone = p(pair)
    assert p(pair, pair, pair) == pytest.approx(3 * alone)
    assert p(pair, {"metric": "conditional_ratio"}) == pytest.approx(alone)


def test_a_bound_above_is_judged_by_the_p_of_its_own_side():
    counts = {
        (g, t): (600 if g == "f" else 200, 2000) for g in ("f", "m") for t in ("a", "b")
    }
    audit = audited(customers(counts), strata="t", reference="rest")
    above = {"at_least": None, "at_most": 1.25, "metric": "stratum_ratio"}
    assert audit.gate(policy(above)).verdict == "block"


def test_weights_leave_scores_values_and_columns_unmeasured():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"g": rng.choice(["f", "m"], 4000), "w": rng.random(4000)})
    frame["picked"] = (rng.random(4000) < 0.3) * 1
    frame["v"] = rng.normal(10, 2, 4000) - 3 * (frame["g"] == "f")
    frame["c"] = rng.choice(["x", "y"], 4000)
    audit = audited(frame, weight="w", value="v", uses="c")
    assert not audit.check("values")
    assert not audit.check("proxies")
    decision = audit.gate("us-four-fifths")
    told = {
        f.rule: f.message for f in decision.findings if f.verdict == "not_applicable"
    }
    assert "not measured with weights" in told["ff-smd"]
    assert "not measured with weights" in told["ff-proxy"]
    alone = audit.gate(policy({"metric": "value_smd", "at_least": Decimal("-0.2")}))
    assert alone.verdict == "review"
    assert "nothing to be measured on" in " ".join(alone.reasons)


def test_extremes_and_slices_do_not_tell_of_hidden_groups():
    frame = customers({("a", "x"): (100, 1000), ("b", "x"): (1, 3)})
    payload = audited(frame).to_dict()
    told = json.dumps(payload)
    assert "0.3333" not in told
    assert "0.2333" not in told
    frame = customers(
        {("a", "t1"): (220, 2450), ("a", "t2"): (500, 2500), ("b", "t1"): (400, 2550),
         ("b", "t2"): (1, 2)}
    )  # fmt: skip
    payload = audited(frame, strata="t", slices=True).to_dict()
    slices = [row for row in payload["checks"] if row["metric"] == "slice_ratio"]
    assert slices
    assert all(row["n"] is None for row in slices)


def test_the_fingerprint_does_not_follow_the_order_of_rows():
    rng = np.random.default_rng(9)
    frame = pd.DataFrame({"g": rng.choice(["f", "m"], 3000)})
    frame["picked"] = (rng.random(3000) < 0.3) * 1
    frame["v"], frame["s"] = rng.lognormal(3, 2, 3000), rng.random(3000)
    prints = {
        audited(
            frame.sample(frac=1, random_state=i), value="v", score="s"
        ).counts.fingerprint
        for i in range(6)
    }
    assert len(prints) == 1


def test_numbers_without_squares_are_refused():
    frame = pd.DataFrame({"g": ["f", "m"] * 300, "picked": [0, 1, 1] * 200})
    frame["v"] = np.linspace(1e200, 2e200, 600)
    with pytest.raises(fa.InputError, match="up to 2e\\+200"):
        audited(frame, value="v")


def test_groups_of_a_few_numbers_raise_no_alarm():
    rng = np.random.default_rng(12)
    reviews = 0
    for _ in range(30):
        frame = pd.DataFrame({"g": rng.choice(["a", "b"], 4000)})
        for place, name in enumerate("cdefgh"):
            frame.loc[6 * place : 6 * place + 5, "g"] = name
        frame["picked"] = (rng.random(4000) < 0.3) * 1
        frame["v"] = rng.normal(10, 2, 4000)
        found = audited(frame, value="v").gate(
            policy({"metric": "value_smd", "at_least": Decimal("-0.05")})
        )
        reviews += any(f.verdict in {"fail", "inconclusive"} for f in found.findings)
    # At 5 % of 30, 6 or more have a chance below 1 in 200.
    assert reviews < 6


@pytest.mark.parametrize(
    ("metric", "one", "two"),
    [
        ("conditional_ratio", {"strata": ["t"]}, {"strata": ["t", "u"]}),
        ("proxy_ratio", {"uses": ["t"]}, {"uses": ["t", "u"]}),
    ],
)
def test_a_p_pays_for_every_column_that_was_looked_at(metric, one, two):
    rng = np.random.default_rng(14)
    frame = pd.DataFrame(
        {"g": rng.choice(["f", "m"], 6000), "u": rng.choice(["x", "y"], 6000)}
    )
    frame["t"] = np.where(
        rng.random(6000) < np.where(frame["g"] == "f", 0.55, 0.45), "a", "b"
    )
    rate = 0.3 - 0.06 * (frame["t"] == "a") - 0.02 * (frame["g"] == "f")
    frame["picked"] = (rng.random(6000) < rate) * 1

    def p(options):
        found = audited(frame, **options, reference="g=m").checks(metric)
        column = found["stratum"].fillna(found["column"])
        return found[(column == "t") & (found["group"] == "f")].iloc[0].p_adjusted

    assert 0 < p(one) < 0.5
    assert p(two) == pytest.approx(2 * p(one))
