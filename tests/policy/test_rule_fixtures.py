"""Every rule of every pack fails where it should, and passes where it should."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.findings.observed import Observed
from fairness.metrics import METRICS
from fairness.policy import list_packs, load_pack

ON = date(2026, 11, 27)
RULES = [(pack, rule.id) for pack in list_packs() for rule in load_pack(pack).rules]


@dataclass
class Seen:
    """A campaign of which everything shows the same."""

    value: float
    p: float | None
    sector: str | None

    def observe(self, metric, params):
        return [Observed(f"{self.value:g} seen", value=self.value, p_value=self.p)]


def day_of(rule):
    """A day on which the rule is in force."""
    first = rule.effective_from
    return max(ON, first) if first else min(ON, rule.effective_to or ON)


def customers(gap, *, high):
    """Eight thousand customers; with a gap, b (and b&x most) fares worse.

    `high` turns the harm round: b is reached, or pays, more.
    """
    n = 8000
    place = np.arange(n)
    frame = pd.DataFrame(
        {
            "g": np.where(place % 2, "a", "b"),
            "h": np.where(place // 2 % 2, "x", "y"),
            "tier": np.where(place // 4 % 2, "t1", "t2"),
        }
    )
    worse = (frame["g"] == "b").to_numpy()
    # Along i // 8 everything else is even.
    turn = place // 8 % 100
    rate = np.where(worse & gap, 45 if high else 12, 25)
    frame["picked"] = (turn < rate).astype(int)
    frame["seen"] = (turn % 5 < 4).astype(int)
    step = place // 8 % 10
    frame["value"] = 10.0 + step + np.where(worse & gap, 4 if high else -4, 0)
    # Nearly the group itself where there is a gap.
    same = turn < 98
    frame["code"] = np.where(same, frame["g"], "z") if gap else "z"
    return frame


def judged(pack, rule, *, gap):
    low, _ = rule.limits
    high = low is None
    offer = rule.offers[0] if rule.offers else "beneficial"
    if METRICS[rule.metric].name in ("flip_one_ratio", "detectable_ratio"):
        return few(pack, rule, gap=gap)
    audit = fa.audit(
        customers(gap, high=high), selected="picked", by=["g", "h"], intersections=2,
        offer=offer, outcome="seen", value="value", value_cap=16, strata="tier",
        uses=["code"],
    )  # fmt: skip
    sector = rule.sectors[0] if rule.sectors else None
    return audit.gate(pack, on=day_of(rule), conduct=Seen(0.0, 1.0, sector))


def few(pack, rule, *, gap):
    # With few, one selection carries b across four fifths, and little could be seen.
    small = 100 if rule.metric == "detectable_ratio" else 80
    bad = {"a": (100, 1000), "b": (small, 1000)}
    sizes = bad if gap else {"a": (3000, 9000), "b": (3000, 9000)}
    rows = [
        (group, int(i < picked))
        for group, (picked, n) in sizes.items()
        for i in range(n)
    ]
    table = pd.DataFrame(rows, columns=["g", "picked"])
    audit = fa.audit(table, selected="picked", by="g", offer="beneficial")
    return audit.gate(pack, on=day_of(rule))


def observed(pack, rule, *, fails):
    """Judge a rule of conduct on a number on either side of its bound."""
    low, high = rule.limits
    inside = float(high if high is not None else low)
    beyond = inside + 1 if high is not None else inside - 0.3
    beyond = min(beyond, METRICS[rule.metric].range[1])
    sector = rule.sectors[0] if rule.sectors else "retail"
    p = None if rule.evidence == "point" else 0.001
    rows = pd.DataFrame({"g": list("ab") * 2000, "picked": ([0] * 8 + [1] * 2) * 400})
    offer = rule.offers[0] if rule.offers else "beneficial"
    audit = fa.audit(rows, selected="picked", by="g", offer=offer)
    conduct = Seen(beyond if fails else inside, p, sector)
    return audit.gate(pack, on=day_of(rule), conduct=conduct)


@pytest.mark.parametrize(("pack", "rule_id"), RULES)
def test_a_rule_fails_and_passes(pack, rule_id):
    policy = load_pack(pack)
    rule = policy.rule(rule_id)
    is_conduct = METRICS[rule.metric].form == "conduct"
    verdicts = []
    for bad in (True, False):
        made = (
            observed(policy, rule, fails=bad)
            if is_conduct
            else judged(policy, rule, gap=bad)
        )
        own = {f.verdict for f in made.findings if f.rule == rule_id}
        verdicts.append(own)
        if bad and rule.severity == "block":
            assert made.verdict == "block"
    assert "fail" in verdicts[0], verdicts[0]
    assert "fail" not in verdicts[1], verdicts[1]
    assert "pass" in verdicts[1], verdicts[1]


@pytest.mark.parametrize(("pack", "rule_id"), RULES)
def test_a_rule_out_of_force_does_not_block(pack, rule_id):
    policy = load_pack(pack)
    rule = policy.rule(rule_id)
    outside = []
    if rule.effective_from:
        outside.append(rule.effective_from - timedelta(days=1))
    if rule.effective_to:
        outside.append(rule.effective_to + timedelta(days=1))
    for day in outside:
        assert not rule.in_force(day)[0]
    if METRICS[rule.metric].form == "conduct":
        rows = pd.DataFrame({"g": list("ab") * 50, "picked": [0, 1, 1, 0] * 25})
        audit = fa.audit(rows, selected="picked", by="g", offer="burdensome")
        for day in outside:
            made = audit.gate(policy, on=day, conduct=Seen(1e9, 0.0, "credit"))
            own = [f for f in made.findings if f.rule == rule_id]
            assert [f.verdict for f in own] == ["not_applicable"]


DATED = {
    ("eu-dsa-ads", "ds-highrisk"): (None, date(2027, 12, 1)),
    ("eu-dsa-ads", "ds-highrisk-file"): (date(2027, 12, 2), None),
    ("eu-dsa-ads", "ds-vuln"): (date(2025, 2, 2), None),
    ("us-special-ad-category", "sac-effects"): (None, date(2026, 7, 20)),
    ("uk-consumer-duty", "uk-adm"): (date(2026, 2, 5), None),
    ("uk-consumer-duty", "uk-gamble"): (date(2025, 5, 1), None),
}


@pytest.mark.parametrize(("pack", "rule_id"), RULES)
def test_dates_are_those_of_the_law(pack, rule_id):
    rule = load_pack(pack).rule(rule_id)
    wanted = DATED.get((pack, rule_id), (None, None))
    assert (rule.effective_from, rule.effective_to) == wanted


UNWAIVABLE = {
    "gd-object", "ds-special", "ds-minor", "ds-vuln", "uk-gamble", "uk-excluded",
    "ex-zero", "ex-minor",
}  # fmt: skip


def test_what_no_waiver_covers():
    found = {
        rule.id
        for pack in list_packs()
        for rule in load_pack(pack).rules
        if rule.unwaivable
    }
    assert found == UNWAIVABLE


def test_ids_are_unique_over_all_packs():
    ids = [rule_id for _, rule_id in RULES]
    assert len(ids) == len(set(ids))


def test_packs_are_composed():
    rows = pd.DataFrame({"g": list("ab") * 2000, "picked": ([0] * 8 + [1] * 2) * 400})
    audit = fa.audit(rows, selected="picked", by="g", offer="beneficial")
    packs = ["us-four-fifths", "eu-gdpr-marketing"]
    fine = audit.gate(packs, on=ON, conduct=Seen(0.0, 1.0, None))
    assert fine.verdict == "clear"
    bad = audit.gate(packs, on=ON, conduct=Seen(9.0, 0.0, None))
    assert bad.verdict == "block"
    assert all(f.verdict != "fail" for f in bad.findings if f.rule.startswith("ff-"))
