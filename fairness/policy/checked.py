"""Rules on what a check measured: pass, fail, inconclusive, or not to be told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from fairness.findings import Finding, Sharing, Verdict
from fairness.findings.messages import number
from fairness.metrics import METRICS
from fairness.policy.bounds import outside
from fairness.policy.judge import cited
from fairness.policy.model import Policy, Rule

Checks = Callable[[str, float | None], Sequence[Finding]]


def is_checked(rule: Rule) -> bool:
    """Return whether a rule is judged on what a check measured, not on two rates."""
    form = METRICS[rule.metric].form
    return form == "check" or (form == "attribute" and rule.evidence != "point")


def judge_checked(
    rule: Rule,
    attributes: Collection[str],
    policy: Policy,
    sharing: Sharing,
    checks: Checks,
    looks: int = 1,
) -> list[Finding]:
    """Return the findings of a check with the rule's verdict on each.

    Parameters
    ----------
    rule : Rule
        On a metric that a family of checks makes.
    attributes : collection of str
        Names of the attributes and intersections that the rule looks at.
    policy : Policy
    sharing : Sharing
        How alpha is shared with the other rules.
    checks : callable
        From a family and a level of confidence (None: the audit's own) to findings.
    looks : int, default 1
        Comparisons of one attribute among which an interval shares its level.

    Returns
    -------
    list of Finding
    """
    metric = METRICS[rule.metric]
    families: list[str] = [metric.family]
    if metric.family == "extremes" and rule.order != (1,):
        families.append("crossed_extremes")
    level = None
    if rule.evidence == "proven":
        factor = max(sharing.factor(order) for order in rule.order)
        level = 1 - 2 * float(policy.alpha) / (factor * looks)
    return [
        _judged(rule, finding, policy, sharing)
        for family in families
        for finding in checks(family, level)
        if finding.metric == rule.metric
        # A slice may name any columns: it is of no attribute that was counted alone.
        and (finding.attribute in attributes or family == "slices")
    ]


def _judged(rule: Rule, finding: Finding, policy: Policy, sharing: Sharing) -> Finding:
    p = finding.p_adjusted
    if p is not None:
        crossed = "&" in finding.attribute.replace("&&", "")
        rules = sharing.cross_rules if crossed else sharing.rules
        p = min(1.0, p * max(rules, 1))
    verdict = _verdict(rule, finding, policy, p)
    message = finding.message
    if verdict == "inconclusive" and rule.evidence == "significant":
        message += "; outside the bound, but chance is not ruled out "
        message += f"(adjusted p {number(p, 3)})"
    elif verdict == "inconclusive":
        message += f"; the interval does not prove it {rule.bound}"
    return replace(
        finding,
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=cited(rule),
        evidence=rule.evidence,
        p_adjusted=p,
        message=message,
    )


def _verdict(rule: Rule, finding: Finding, policy: Policy, p: float | None) -> Verdict:
    if finding.reading == "reference":
        return "pass"
    if finding.estimate is None:
        return "not_measurable"
    low, high = rule.limits
    broken = bool(outside(np.array([finding.estimate]), low, high)[0])
    few: Verdict = "not_measurable" if finding.reading == "too few" else "pass"
    if rule.evidence == "point":
        return "fail" if broken else few
    if rule.evidence == "proven":
        return few if few != "pass" else _proven(rule, finding)
    if not broken or p is None:
        return few
    if p < float(policy.alpha):
        return "fail"
    if few == "pass" and p < float(policy.alpha_review):
        return "inconclusive"
    return few


def _proven(rule: Rule, finding: Finding) -> Verdict:
    if finding.low is None or finding.high is None:
        return "not_measurable"
    low, high = rule.limits
    ends = np.array([finding.low, finding.high])
    if not outside(ends, low, high).any():
        return "pass"
    beyond = (low is not None and finding.high < float(low)) or (
        high is not None and finding.low > float(high)
    )
    return "fail" if beyond else "inconclusive"
