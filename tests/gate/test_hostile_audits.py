"""Audits that try to break the verdict: nothing crashes, nothing is cleared unseen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairness as fa
from fairness.metrics import METRICS
from fairness.policy import load_policy

ON = date(2026, 11, 23)
PACK = load_policy("us-four-fifths")
OFFERS = ("beneficial", "burdensome", "neutral")


def customers(groups, attribute="g"):
    rows = []
    for group, (selected, n) in groups.items():
        rows += [(group, 1)] * selected + [(group, 0)] * (n - selected)
    return pd.DataFrame(rows, columns=[attribute, "picked"])


def policy(**changes):
    air = PACK.rule("ff-air").model_copy(update={"offers": None} | changes)
    return PACK.model_copy(update={"rules": (air,)})


UNSEEN = {
    "nobody at all": {"f": (0, 500), "m": (0, 500)},
    "everybody": {"f": (500, 500), "m": (500, 500)},
    "all missing": {None: (100, 1000)},
    "two people": {"f": (1, 1), "m": (0, 1)},
}
SEEN = {
    "nobody of one": {"f": (0, 500), "m": (250, 500)},
    "everybody of one": {"f": (500, 500), "m": (250, 500)},
    "one group": {"f": (100, 1000)},
    "200 groups": {f"g{i}": (10, 100) for i in range(200)},
    "reserved labels": {"(rest)": (100, 1000), "(all)": (200, 1000), "a&b=c": (9, 90)},
    "the label of the missing": {"(missing)": (100, 1000), "m": (200, 1000)},
}


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("name", [*UNSEEN, *SEEN])
def test_hostile_counts_give_a_verdict_and_a_report(name, offer):
    frame = customers((UNSEEN | SEEN)[name])
    decision = fa.audit(frame, selected="picked", by="g", offer=offer).gate(on=ON)
    assert repr(decision)
    assert decision.to_dict()["findings"]
    if name in UNSEEN:
        assert decision.verdict == "review"


def test_a_group_that_is_called_rest_is_named_as_a_group():
    frame = customers({"(rest)": (1000, 2000), "m": (200, 2000)})
    decision = fa.audit(frame, selected="picked", by="g").gate(policy(), on=ON)
    assert "as group '(rest)'" in decision.reasons[0]


def test_equals_and_ampersand_in_names_and_labels():
    frame = customers({"x=1": (700, 5000), "R&D": (1000, 5000)}, "a=b")
    audit = fa.audit(frame, selected="picked", by="a=b", reference="a=b=R&D")
    found = audit.gate(policy(), on=ON).findings
    assert {f.reference for f in found} == {"R&D"}
    by_rule = audit.gate(policy(reference="a=b=x=1"), on=ON).findings
    assert {f.reference for f in by_rule} == {"x=1"}


def test_a_group_of_weight_zero_is_undefined_with_its_reason():
    frame = customers({"f": (700, 5000), "m": (1000, 5000), "z": (50, 500)})
    frame["w"] = np.where(frame["g"] == "z", 0.0, 1.0)
    audit = fa.audit(frame, selected="picked", by="g", weight="w")
    found = next(f for f in audit.findings if f.group == "z")
    assert (found.estimate, found.low, found.p_adjusted) == (None, None, None)
    assert "weight 0" in found.message
    frame["w"] = 0.0
    with pytest.raises(fa.InputError, match="0 for every customer"):
        fa.audit(frame, selected="picked", by="g", weight="w")


def test_triples_are_counted_and_change_no_verdict_of_singles_and_pairs():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({name: rng.integers(0, 3, 6000) for name in "abc"})
    frame["picked"] = (rng.random(6000) < 0.2) * 1
    options = {"selected": "picked", "by": list("abc"), "offer": "beneficial"}
    two = fa.audit(frame, intersections=2, **options).gate(on=ON)
    three = fa.audit(frame, intersections=3, **options).gate(on=ON)
    assert two.findings == three.findings


RULES = [
    (name, evidence)
    for name, metric in METRICS.items()
    for evidence in ("significant", "point", "proven")
    if evidence in metric.evidence and metric.form != "conduct"
]


@pytest.mark.parametrize("offer", ["beneficial", "burdensome"])
@pytest.mark.parametrize(("name", "evidence"), RULES)
def test_every_metric_can_be_a_rule(name, evidence, offer):
    metric = METRICS[name]
    rng = np.random.default_rng(7)
    n = 4000
    frame = pd.DataFrame({"g": rng.choice(["a", "b", None], n, p=[0.5, 0.4, 0.1])})
    frame["seen"] = rng.choice([0.0, 1.0, np.nan], n)
    frame["picked"] = (rng.random(n) < np.where(frame["g"] == "a", 0.1, 0.4)) * 1
    frame["s"] = rng.normal(0, 1, n)
    frame["v"] = 3.0
    frame["tier"] = rng.choice(["x", "y", "z"], n, p=[0.6, 0.39, 0.01])
    frame["code"] = rng.choice(list("pqrs"), n)
    frame = pd.concat([frame, pd.DataFrame({"g": ["tiny"] * 3, "picked": 0})])
    audit = fa.audit(
        frame, selected="picked", by="g", outcome="seen", score="s", value="v",
        strata="tier", uses="code", value_cap=2, offer=offer,
        joint=name == "joint_proxy_auc", reference="g=b" if name == "accuracy_difference" else None,
    )  # fmt: skip
    ideal = 0.0 if np.isnan(metric.ideal) else metric.ideal
    low = max(ideal - 0.2, metric.range[0])
    for limits in (
        {"at_least": Decimal(str(round(low, 3))), "at_most": None},
        {"at_least": None, "at_most": Decimal(str(ideal))},
    ):
        judged = audit.gate(policy(metric=name, evidence=evidence, **limits), on=ON)
        for f in judged.findings:
            if f.verdict == "not_applicable":
                # Scores beyond [0, 1] expect no outcomes.
                assert name == "observed_expected_ratio"
                assert "nothing to measure" in f.message
                continue
            assert f.metric == name
            assert f.code == metric.code
            assert f.message
            if f.estimate is None:
                assert f.verdict in {"not_measurable", "pass", "fail"}
                assert any(
                    w in f.message
                    for w in (
                        "undefined",
                        "is the reference",
                        "nobody",
                        "infinitely",
                        "no group",
                    )
                ), f.message
            if f.verdict == "not_measurable":
                assert any(
                    w in f.message
                    for w in ("too few", "undefined", "no group", "nobody", "too small")
                ), f.message
            assert "nan" not in f.message


GROUPS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.tuples(st.integers(0, 60), st.integers(0, 400)),
    min_size=2,
)


def counted(groups):
    return customers({g: (s, s + rest) for g, (s, rest) in groups.items() if s + rest})


@settings(max_examples=40)
@given(GROUPS, st.sampled_from(OFFERS), st.randoms())
def test_names_of_groups_and_order_of_rows_mean_nothing(groups, offer, shuffler):
    frame = counted(groups)
    if frame.empty:
        return
    names = dict(zip("abcd", "wxyz", strict=True))
    renamed = frame.assign(g=frame["g"].map(names))
    places = list(range(len(frame)))
    shuffler.shuffle(places)
    one, two, three = (
        fa.audit(x, selected="picked", by="g", offer=offer).gate(on=ON)
        for x in (frame, renamed, frame.iloc[places])
    )
    assert one.findings == three.findings
    assert one.verdict == two.verdict
    for f, g in zip(one.findings, two.findings, strict=True):
        assert names.get(f.group, f.group) == g.group
        assert (f.verdict, f.estimate, f.p_adjusted) == (
            g.verdict, g.estimate, g.p_adjusted,
        )  # fmt: skip


@settings(max_examples=40)
@given(GROUPS)
def test_twice_the_same_customers_never_turn_a_fail_into_a_pass(groups):
    frame = counted(groups)
    if frame.empty:
        return
    once, twice = (
        fa.audit(x, selected="picked", by="g", offer="beneficial").gate(policy(), on=ON)
        for x in (frame, pd.concat([frame, frame]))
    )
    later = {f.group: f.verdict for f in twice.findings}
    for f in once.findings:
        if f.verdict == "fail":
            assert later[f.group] == "fail"


@settings(max_examples=40)
@given(st.integers(0, 150), st.integers(1, 300))
def test_one_more_selected_never_lowers_the_estimate(selected, rest):
    def estimate(more):
        groups = {"f": (selected + more, selected + rest), "m": (400, 2000)}
        audit = fa.audit(customers(groups), selected="picked", by="g", reference="g=m")
        return next(f.estimate for f in audit.findings if f.group == "f")

    assert estimate(1) > estimate(0)


@settings(max_examples=30)
@given(GROUPS)
def test_a_second_policy_without_tests_never_improves_the_verdict(groups):
    frame = counted(groups)
    if frame.empty:
        return
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    point = policy(evidence="point", id="point").model_copy(update={"name": "point"})
    rank = ("clear", "review", "block")
    alone = [rank.index(audit.gate(p, on=ON).verdict) for p in (policy(), point)]
    both = rank.index(audit.gate([policy(), point], on=ON).verdict)
    assert both == max(alone)


def test_counts_may_be_judged_after_they_were_merged():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    merged = replace(audit, counts=audit.counts + audit.counts)
    assert merged.gate(on=ON).verdict == "block"
