"""Rules on the conduct of a campaign: what was observed, against a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from fairness.findings import Finding, Verdict
from fairness.findings.messages import number
from fairness.findings.observed import Observed
from fairness.metrics import METRICS
from fairness.policy.bare import not_applicable
from fairness.policy.bounds import outside
from fairness.policy.judge import cited
from fairness.policy.model import Policy, Rule


class Conduct(Protocol):
    """What the gate asks of a campaign."""

    @property
    def sector(self) -> str | None:
        """The sector of the offer; None where the campaign names none."""

    def observe(self, metric: str, params: Mapping[str, Any]) -> Sequence[Observed]:
        """Return what is observed of a metric of conduct."""


def is_conduct(rule: Rule) -> bool:
    """Return whether a rule is on the conduct of a campaign."""
    return METRICS[rule.metric].form == "conduct"


def why_idle(rule: Rule, conduct: Conduct | None) -> str:
    """Return why a rule of conduct does not apply here; empty where it does."""
    if conduct is None:
        return "it needs a campaign (fairreach run)"
    if rule.sectors is not None and conduct.sector not in rule.sectors:
        listed = ", ".join(rule.sectors)
        return f"it is for the sectors {listed}; this offer is of {_sector(conduct)}"
    return ""


def judge_conduct(rule: Rule, policy: Policy, conduct: Conduct) -> list[Finding]:
    """Return the findings of a rule on the conduct of a campaign.

    A rule fails where the number breaks its bound and, where it asks for significance,
    the p-value is below alpha; from there to `alpha_review` it is inconclusive. What
    could not be observed is what the rule's `on_missing` says: a failure, inconclusive,
    or not measurable.

    Parameters
    ----------
    rule : Rule
        On a metric of the form "conduct".
    policy : Policy
    conduct : Conduct
    """
    seen = conduct.observe(rule.metric, rule.params or {})
    if rule.attributes is not None:
        wanted = set(rule.attributes)
        seen = [one for one in seen if set(one.attribute.split("&")) <= wanted]
    if not seen:
        return [not_applicable(rule, "there was nothing to observe")]
    return [_judged(rule, one, policy) for one in seen]


def _judged(rule: Rule, seen: Observed, policy: Policy) -> Finding:
    metric = METRICS[rule.metric]
    verdict = _verdict(rule, seen, policy)
    message = seen.message
    # Of a few people the number itself is not told, only what it comes to; a ratio, or
    # its p-value, would give them away as well.
    is_few = metric.kind == "count" and seen.n is not None and seen.selected is None
    is_few |= metric.kind == "ratio" and seen.n is None
    if verdict == "inconclusive" and seen.status == "measured":
        message += (
            "; outside the bound, but chance is not ruled out (adjusted p "
            f"{number(seen.p_value, 3)})"
        )
    return Finding(
        code=metric.code,
        metric=metric.name,
        attribute=seen.attribute,
        group=seen.group,
        reference=seen.reference,
        n=seen.n,
        selected=seen.selected,
        n_reference=None,
        selected_reference=None,
        rate=None,
        estimate=None if is_few else seen.value,
        low=None if is_few else seen.low,
        high=None if is_few else seen.high,
        confidence=None,
        p_value=None if is_few else seen.p_value,
        p_adjusted=None if is_few else seen.p_value,
        detectable=None,
        shortfall=None,
        reading="undefined",
        message=message,
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=cited(rule),
        evidence=rule.evidence,
        column=seen.column,
    )


def _verdict(rule: Rule, seen: Observed, policy: Policy) -> Verdict:
    if seen.status == "not_applicable":
        return "not_applicable"
    if seen.status == "missing" or seen.value is None:
        usual = "note" if rule.severity == "note" else "review"
        kinds: dict[str, Verdict] = {
            "block": "fail",
            "review": "inconclusive",
            "note": "not_measurable",
        }
        return kinds[rule.on_missing or usual]
    if not bool(outside(np.array([seen.value]), *rule.limits)[0]):
        return "pass"
    if rule.evidence == "point":
        return "fail"
    if seen.p_value is None:
        return "not_measurable"
    if seen.p_value < float(policy.alpha):
        return "fail"
    return "inconclusive" if seen.p_value < float(policy.alpha_review) else "pass"


def _sector(conduct: Conduct) -> str:
    return "none" if conduct.sector is None else conduct.sector
