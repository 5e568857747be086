"""What an allowed stratum does to a failure: a block becomes a review, no clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.checks.conditional import Within, within
from fairness.checks.evidence import Evidence
from fairness.findings import Comparison, Finding
from fairness.findings.comparison import ALL, REST
from fairness.findings.messages import label, number
from fairness.metrics import METRICS
from fairness.policy.bounds import outside
from fairness.policy.model import Policy, Rule

OVERLAP = 0.9
"""Share of a group's customers that strata with both sides have to hold."""


def within_allowed(
    finding: Finding, rule: Rule, policy: Policy, measured: Evidence
) -> Finding:
    """Return a failure as a review where an allowed column of strata explains it.

    The rule's bound has to be met within the strata, by the Mantel-Haenszel measure of
    the same kind, against the reference that is shown and the one that decided, and
    nine tenths of the group have to be in strata that hold both sides. The figure of
    all customers together stays in the finding.

    Parameters
    ----------
    finding : Finding
        With the rule's verdict.
    rule : Rule
    policy : Policy
        Its ``allowed_strata`` give the columns, each with its reason.
    measured : Evidence

    Returns
    -------
    Finding
    """
    metric = METRICS[rule.metric]
    blocks = finding.verdict == "fail" and finding.severity == "block"
    if not blocks or metric.rate != "selection_rate":
        return finding
    if metric.form not in {"ratio", "difference", "odds"}:
        return finding
    columns = [c for c in measured.counts.strata if c in policy.allowed_strata]
    if not columns:
        return finding
    name = "burden_ratio" if rule.metric == "burden_ratio" else "adverse_impact_ratio"
    comparison = measured.comparison(name)
    group = _place(comparison, finding.attribute, finding.group)
    references = _references(comparison, finding)
    for column in columns:
        found = [
            within(measured, comparison, group, reference, column)
            for reference in references
        ]
        if found and all(_explained(rule, metric.form, one) for one in found):
            value = number(_value(metric.form, found[0]))
            why = label(policy.allowed_strata[column], 200)
            told = (
                f"{finding.message}; within {label(column)} it is {value}, and the "
                f"policy allows that comparison ({why}): a review, not a block"
            )
            return replace(finding, severity="review", message=told)
    return finding


def _explained(rule: Rule, form: str, found: Within) -> bool:
    value = _value(form, found)
    if np.isnan(value) or found.share < OVERLAP:
        return False
    return not outside(np.array([value]), *rule.limits).any()


def _value(form: str, found: Within) -> float:
    return {"ratio": found.ratio, "odds": found.odds}.get(form, found.difference)


def _place(comparison: Comparison, attribute: str, group: str) -> int:
    names = [table.attribute for table in comparison.tables]
    inside = np.flatnonzero(comparison.table == names.index(attribute))
    return int(next(i for i in inside if comparison.groups[i] == group))


def _references(comparison: Comparison, finding: Finding) -> Sequence[int]:
    wanted = [finding.reference, finding.decided_by]
    found = []
    for name in wanted:
        if name is None:
            continue
        if name in {"(rest)", "(all)"}:
            found.append(REST if name == "(rest)" else ALL)
        else:
            found.append(_place(comparison, finding.attribute, name))
    return found
