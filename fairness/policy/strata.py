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
from fairness.policy.bounds import breaks, outside
from fairness.policy.model import Policy, Rule

OVERLAP = 0.9
"""Share of a group's customers that strata with both sides have to hold."""


def within_allowed(
    finding: Finding, rule: Rule, policy: Policy, measured: Evidence
) -> Finding:
    """Return a failure as a review where an allowed column of strata explains it.

    The rule's bound has to be met within the strata, by the Mantel-Haenszel measure of
    the same kind, against the reference that is shown, the one that decided and every
    other against which the bound is broken in total; strata must not disagree; and nine
    tenths of the group have to be in strata that hold both sides, some selected and
    some not. The figure of all customers together stays in the finding. A rule that
    nobody may waive is not softened either.

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
    if rule.unwaivable or not blocks or metric.rate != "selection_rate":
        return finding
    if metric.form not in {"ratio", "difference", "odds"}:
        return finding
    columns = [c for c in measured.counts.strata if c in policy.allowed_strata]
    if not columns:
        return finding
    name = "burden_ratio" if rule.metric == "burden_ratio" else "adverse_impact_ratio"
    comparison = measured.comparison(name)
    group = _place(comparison, finding.attribute, finding.group)
    references = _references(rule, comparison, group, finding)
    for column in columns:
        found = [
            within(measured, comparison, group, reference, column)
            for reference in references
        ]
        alpha = float(policy.alpha)
        if found and all(_explained(rule, metric.form, one, alpha) for one in found):
            value = number(_value(metric.form, found[0]))
            why = label(policy.allowed_strata[column], 200)
            told = (
                f"{finding.message}; within {label(column)} it is {value}, and the "
                f"policy allows that comparison ({why}): a review, not a block"
            )
            return replace(finding, severity="review", message=told)
    return finding


def _explained(rule: Rule, form: str, found: Within, alpha: float) -> bool:
    value = _value(form, found)
    # Strata that disagree explain nothing: their average is of no customer.
    if np.isnan(value) or found.share < OVERLAP or found.agree < alpha:
        return False
    return not outside(np.array([value]), *rule.limits).any()


def _value(form: str, found: Within) -> float:
    return {"ratio": found.ratio, "odds": found.odds}.get(form, found.difference)


def _place(comparison: Comparison, attribute: str, group: str) -> int:
    names = [table.attribute for table in comparison.tables]
    inside = np.flatnonzero(comparison.table == names.index(attribute))
    return int(next(i for i in inside if comparison.groups[i] == group))


def _references(
    rule: Rule, comparison: Comparison, group: int, finding: Finding
) -> Sequence[int]:
    names = [table.attribute for table in comparison.tables]
    table = comparison.tables[names.index(finding.attribute)]
    found = []
    for name in (finding.reference, finding.decided_by):
        # A group may be called what everybody else is called.
        if name is not None and name in table.groups:
            found.append(_place(comparison, finding.attribute, name))
        elif name is not None:
            found.append(REST if name == "(rest)" else ALL)
    if rule.reference is None:
        groups, references = comparison.pairs()
        mine = references[groups == group]
        hits, trials = comparison.reference_counts(np.full(len(mine), group), mine)
        own = np.full(len(mine), comparison.hits[group])
        size = np.full(len(mine), comparison.trials[group])
        low, high = rule.limits
        form = METRICS[rule.metric].form
        broken = breaks(form, own, size, hits, trials, at_least=low, at_most=high)
        found += [int(place) for place in mine[broken]]
    return list(dict.fromkeys(found))
