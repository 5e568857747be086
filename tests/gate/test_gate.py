"""Verdicts: what blocks, what is reviewed, what clears, and what a policy can say."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.errors import InputError
from fairness.findings.readings import Sharing
from fairness.inference import adjusted_tail, pair_z
from fairness.policy import Policy, Waiver, load_policy

ON = date(2026, 11, 23)


def customers(groups: dict[str | None, tuple[int, int]], attribute: str = "g"):
    rows = []
    for group, (selected, n) in groups.items():
        rows += [(group, 1)] * selected + [(group, 0)] * (n - selected)
    return pd.DataFrame(rows, columns=[attribute, "picked"])


def gate(frame, policy="us-four-fifths", by="g", offer="beneficial", **options):
    audit = fa.audit(frame, selected="picked", by=by, offer=offer, **options)
    return audit.gate(policy, on=ON)


def changed(policy: str = "us-four-fifths", **updates) -> Policy:
    return load_policy(policy).model_copy(update=updates)


def rule_changed(rule: str, **updates) -> Policy:
    policy = load_policy("us-four-fifths")
    rules = tuple(
        r.model_copy(update=updates) if r.id == rule else r for r in policy.rules
    )
    return policy.model_copy(update={"rules": rules})


def finding(decision, group, rule="ff-air"):
    return next(f for f in decision.findings if f.rule == rule and f.group == group)


def test_harm_d1_of_the_domain_blocks_with_its_shortfall():
    decision = gate(customers({"f": (700, 5000), "m": (1000, 5000)}))
    f = finding(decision, "f")
    assert decision.verdict == "block"
    assert (f.verdict, f.reading, f.estimate) == ("fail", "lower", pytest.approx(0.7))
    assert f.shortfall == pytest.approx(150)
    assert f.needed == 100
    assert f.low < 0.7 < f.high


def test_the_gone_variant_is_clear_and_prints_what_it_could_have_seen():
    decision = gate(customers({"f": (960, 5000), "m": (1000, 5000)}))
    f = finding(decision, "f")
    assert decision.verdict == "clear"
    assert (f.verdict, f.reading) == ("pass", "no clear difference")
    assert 0.8 < f.detectable < 1
    assert "could have detected a ratio below" in f.message


def test_adjusted_p_pays_for_groups_attributes_and_intersections():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", "c"], 6000),
            "h": rng.choice(["x", "y"], 6000),
            "k": rng.choice(["u", "v"], 6000),
        }
    )
    frame["picked"] = (rng.random(6000) < np.where(frame["g"] == "a", 0.1, 0.2)) * 1
    decision = gate(frame, by=["g", "h", "k"], intersections=2)
    f = finding(decision, "a")
    counts = frame.groupby("g")["picked"].agg(["sum", "size"])
    reference = f.decided_by or f.reference
    z = pair_z(*counts.loc["a"], *counts.loc[reference], side="lower")
    assert f.p_adjusted == pytest.approx(float(adjusted_tail(z, 3)) * 3 / 0.8, rel=1e-9)
    assert Sharing(3, 3).factor(2) == pytest.approx(3 / 0.2)


def test_without_intersections_single_attributes_have_all_of_alpha():
    two = customers({"f": (120, 1000), "m": (180, 1000)})
    alone = finding(gate(two), "f")
    z = pair_z(120, 1000, 180, 1000, side="lower")
    assert alone.p_adjusted == pytest.approx(float(adjusted_tail(z, 2)), rel=1e-9)


def test_two_block_rules_share_alpha():
    policy = load_policy("us-four-fifths")
    twin = policy.rule("ff-air").model_copy(update={"id": "twin"})
    both = policy.model_copy(update={"rules": (*policy.rules, twin)})
    frame = customers({"f": (120, 1000), "m": (180, 1000)})
    one, two = finding(gate(frame), "f"), finding(gate(frame, both), "f")
    assert two.p_adjusted == pytest.approx(2 * one.p_adjusted)


def test_few_customers_are_a_review_never_a_pass():
    decision = gate(customers({"f": (2, 12), "m": (30, 100)}))
    assert decision.verdict == "review"
    assert finding(decision, "f").verdict == "not_measurable"
    assert finding(decision, "f").reading == "too few"


def test_a_small_group_of_whom_nobody_is_picked_can_fail():
    decision = gate(customers({"x": (0, 25), "f": (1000, 2000), "m": (1000, 2000)}))
    assert decision.verdict == "block"
    assert finding(decision, "x").verdict == "fail"


def test_a_favoured_minority_blocks_for_the_rest():
    decision = gate(customers({"few": (200, 1000), "a": (950, 9500), "b": (950, 9500)}))
    failed = {
        f.group for f in decision.findings if f.rule == "ff-air" and f.verdict == "fail"
    }
    assert decision.verdict == "block"
    assert failed == {"a", "b"}


@pytest.mark.parametrize("size", [1500, 5000])
def test_harm_hidden_in_missing_blocks(size):
    frame = customers({"f": (800, 8000), "m": (800, 8000), None: (size // 25, size)})
    decision = gate(frame)
    assert decision.verdict == "block"
    assert finding(decision, "(missing)").verdict == "fail"


def test_a_verdict_that_hangs_on_the_unknown_is_a_review():
    groups = {"f": (700, 7000), "m": (800, 7000), None: (60, 1800)}
    policy = rule_changed("ff-air", attributes=None)
    decision = gate(customers(groups), policy)
    if decision.verdict != "block":
        assert decision.verdict == "review"


def test_the_unknown_who_change_nothing_are_a_note():
    decision = gate(customers({"f": (800, 8000), "m": (800, 8000), None: (220, 2200)}))
    assert decision.verdict == "clear"
    assert any("the verdict holds" in note for note in decision.notes)


def test_missing_is_never_the_reference():
    decision = gate(customers({"f": (700, 7000), "m": (700, 7000), None: (1400, 7000)}))
    assert finding(decision, "f").reference in {"f", "m"}


def test_a_required_attribute_that_is_absent_is_a_review():
    decision = gate(
        customers({"f": (1000, 5000), "m": (1000, 5000)}),
        changed(required=("g", "disability")),
    )
    assert decision.verdict == "review"
    assert any("disability" in reason for reason in decision.reasons)


def test_a_burdensome_offer_blames_those_who_are_over_targeted():
    frame = customers({"hit": (1200, 4000), "rest": (2880, 16000)})
    decision = gate(frame, "exploitative-offers", offer="burdensome")
    f = finding(decision, "hit", "ex-burden")
    assert decision.verdict == "block"
    assert (f.verdict, f.reference) == ("fail", "(rest)")
    assert f.estimate == pytest.approx(5 / 3)
    even = customers({"hit": (760, 4000), "rest": (2880, 16000)})
    assert gate(even, "exploitative-offers", offer="burdensome").verdict == "clear"


def test_nobody_else_picked_is_an_infinite_burden_and_null_in_json():
    frame = customers({"hit": (100, 1000), "rest": (0, 4000)})
    decision = gate(frame, "exploitative-offers", offer="burdensome")
    row = next(r for r in decision.to_dict()["findings"] if r["group"] == "hit")
    assert decision.verdict == "block"
    assert row["estimate"] is None
    assert "nobody else is" in row["message"]


def test_a_neutral_offer_looks_both_ways_at_half_of_alpha():
    frame = customers({"f": (120, 1000), "m": (180, 1000)})
    both = gate(frame, ["us-four-fifths", "exploitative-offers"], offer="neutral")
    one = gate(frame, "us-four-fifths", offer="neutral")
    usual = finding(gate(frame), "f").p_adjusted
    assert finding(both, "f").p_adjusted == pytest.approx(2 * usual)
    assert finding(one, "f").p_adjusted == pytest.approx(2 * usual)
    assert any(f.rule == "ex-burden" and f.group == "m" for f in both.findings)


def test_a_policy_for_another_offer_does_not_apply_and_nothing_is_cleared():
    frame = customers({"f": (1000, 5000), "m": (1000, 5000)})
    decision = gate(frame, "exploitative-offers")
    assert decision.verdict == "review"
    assert {f.verdict for f in decision.findings} == {"not_applicable"}
    assert "no rule that could block applied" in decision.reasons[-1]


def test_equal_opportunity_needs_an_outcome():
    frame = customers({"f": (1000, 5000), "m": (1000, 5000)})
    assert gate(frame, "equal-opportunity").verdict == "review"
    frame["bought"] = 1
    frame.loc[(frame["g"] == "f") & (frame.index % 2 == 0), "bought"] = 0
    decision = gate(frame, "equal-opportunity", outcome="bought")
    assert decision.verdict == "clear"


def test_equal_opportunity_counts_only_those_with_the_outcome():
    rows = [("f", 1, 1)] * 300 + [("f", 0, 1)] * 700 + [("f", 0, 0)] * 4000
    rows += [("m", 1, 1)] * 600 + [("m", 0, 1)] * 400 + [("m", 0, 0)] * 1000
    frame = pd.DataFrame(rows, columns=["g", "picked", "bought"])
    decision = gate(frame, "equal-opportunity", outcome="bought")
    f = finding(decision, "f", "eo-tpr")
    assert decision.verdict == "block"
    assert (f.n, f.selected, f.estimate) == (1000, 300, pytest.approx(0.5))


def test_notes_never_change_a_verdict():
    frame = customers({"f": (8550, 50000), "m": (10000, 50000)})
    decision = gate(frame)
    noted = {f.rule for f in decision.findings if f.verdict == "fail"}
    assert decision.verdict == "clear"
    assert {"ff-smaller", "ff-sd"} <= noted


def test_flip_one_is_noted_where_one_person_turns_the_ratio():
    decision = gate(customers({"f": (80, 1000), "m": (100, 1000)}))
    assert finding(decision, "f", "ff-flip").verdict == "fail"
    sure = gate(customers({"f": (700, 5000), "m": (1000, 5000)}))
    assert finding(sure, "f", "ff-flip").verdict == "pass"


def test_power_is_noted_where_only_a_large_gap_could_be_seen():
    decision = gate(customers({"f": (100, 1000), "m": (100, 1000)}))
    f = finding(decision, "f", "ff-power")
    reference = finding(decision, "f").reference
    other = "m" if reference == "f" else "f"
    assert finding(decision, other, "ff-power").verdict == "fail"
    assert f.severity == "note"


def test_point_evidence_fails_on_the_estimate_alone():
    frame = customers({"f": (44, 200), "m": (60, 200)})
    policy = rule_changed("ff-air", evidence="point")
    assert gate(frame, policy).verdict == "block"
    assert gate(frame).verdict != "block"


def test_proven_evidence_asks_for_the_limit_inside_the_bound():
    policy = rule_changed("ff-air", evidence="proven")
    surely_fine = gate(customers({"f": (9800, 50000), "m": (10000, 50000)}), policy)
    surely_not = gate(customers({"f": (5000, 50000), "m": (10000, 50000)}), policy)
    unsure = gate(customers({"f": (190, 1000), "m": (220, 1000)}), policy)
    verdicts = [finding(d, "f").verdict for d in (surely_fine, surely_not, unsure)]
    assert verdicts == ["pass", "fail", "inconclusive"]
    assert unsure.verdict == "review"


def test_min_share_hides_from_the_ratio_not_from_the_table():
    policy = rule_changed("ff-air", min_share=Decimal("0.02"))
    frame = customers({"x": (0, 100), "f": (2000, 5000), "m": (2000, 5000)})
    decision = gate(frame, policy)
    assert finding(decision, "x").verdict == "not_applicable"
    assert any(
        g["group"] == "x" and g["n"] == 100 for g in decision.to_dict()["groups"]
    )


def test_a_rule_out_of_force_does_not_block():
    policy = rule_changed("ff-air", effective_from=date(2030, 1, 1))
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    decision = gate(frame, policy)
    assert decision.verdict == "review"
    assert (
        next(f for f in decision.findings if f.rule == "ff-air").verdict
        == "not_applicable"
    )


def _waiver(**updates) -> Waiver:
    made = {
        "rule": "ff-air",
        "reason": "a legal requirement, see file 7",
        "owner": "a@example.org",
        "approver": "b@example.org",
        "issued": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
    }
    return Waiver(**(made | updates))


def test_a_waiver_in_date_waives_and_one_out_of_date_does_not():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    waived = audit.gate("us-four-fifths", waivers=[_waiver()], on=ON)
    late = audit.gate("us-four-fifths", waivers=[_waiver()], on=date(2027, 1, 1))
    assert waived.verdict == "clear"
    assert finding(waived, "f").verdict == "waived"
    assert late.verdict == "block"


@pytest.mark.parametrize(
    "on", ["2026-12-31", date(2026, 12, 31), datetime(2026, 12, 31, 23, tzinfo=UTC)]
)
def test_a_day_may_be_written_as_text_or_with_a_time(on):
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    assert audit.gate("us-four-fifths", waivers=[_waiver()], on=on).verdict == "clear"


@pytest.mark.parametrize("on", ["31.12.2026", "", 20261231, "2026-13-01"])
def test_what_is_no_day_says_so(on):
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    with pytest.raises(InputError, match=r"(?s)on: .* is no day.*2026-11-20"):
        audit.gate(on=on)


def test_an_unwaivable_rule_is_not_waived():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    audit = fa.audit(frame, selected="picked", by="g", offer="beneficial")
    policy = rule_changed("ff-air", unwaivable=True)
    with pytest.raises(InputError, match="cannot be waived"):
        audit.gate(policy, waivers=[_waiver()], on=ON)


def test_within_looks_below_and_above():
    policy = rule_changed(
        "ff-air", at_least=None, within=(Decimal("0.8"), Decimal("1.25"))
    )
    frame = customers({"low": (500, 5000), "mid": (1000, 5000), "high": (2000, 5000)})
    decision = gate(frame, policy, reference="g=mid")
    failed = {
        f.group for f in decision.findings if f.rule == "ff-air" and f.verdict == "fail"
    }
    assert failed == {"low", "high"}


def test_the_reference_of_a_large_choice_is_the_highest_sizeable_group():
    frame = customers({"tiny": (30, 40), "a": (900, 5000), "b": (1000, 5000)})
    assert finding(gate(frame), "a").reference == "b"


def test_overall_and_rest_as_reference():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    overall = finding(gate(frame, reference="overall"), "f")
    rest = finding(gate(frame, reference="rest"), "f")
    assert overall.estimate == pytest.approx(0.14 / 0.17)
    assert overall.low < overall.estimate < overall.high
    assert rest.estimate == pytest.approx(0.7)


def test_raise_for_verdict_raises_or_returns_itself():
    bad = gate(customers({"f": (700, 5000), "m": (1000, 5000)}))
    good = gate(customers({"f": (1000, 5000), "m": (1000, 5000)}))
    with pytest.raises(fa.AudienceBlockedError, match="block: "):
        bad.raise_for_verdict()
    assert good.raise_for_verdict() is good


def test_everybody_selected_is_too_few_not_selected_and_a_review():
    assert gate(customers({"f": (5000, 5000), "m": (5000, 5000)})).verdict == "review"
    assert gate(customers({"f": (0, 5000), "m": (0, 5000)})).verdict == "review"


def test_one_group_alone_cannot_be_compared():
    decision = gate(customers({"f": (700, 5000)}))
    assert decision.verdict in {"clear", "review"}
    assert finding(decision, "f").p_adjusted is None


def test_weighted_rates_use_weights_and_tests_the_effective_number():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    frame["w"] = 2.0
    plain, weighted = gate(frame.drop(columns="w")), gate(frame, weight="w")
    a, b = finding(plain, "f"), finding(weighted, "f")
    assert (a.estimate, a.low, a.p_adjusted) == pytest.approx(
        (b.estimate, b.low, b.p_adjusted)
    )
    frame.loc[frame.index % 2 == 0, "w"] = 8.0
    uneven = finding(gate(frame, weight="w"), "f")
    assert uneven.high - uneven.low > a.high - a.low


def test_every_code_of_a_finding_can_be_explained():
    decision = gate(
        customers({"f": (700, 5000), "m": (1000, 5000)}),
        changed(required=("g", "disability")),
    )
    codes = {f.code for f in decision.findings}
    assert "FA901" in codes
    assert all(decision.audit.explain(code).startswith(code) for code in codes)
