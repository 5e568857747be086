"""What a rule found, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.findings.comparison import GROUP_EXPECTED, NONE, Comparison
from fairness.findings.messages import against, label, number
from fairness.findings.model import Finding, Verdict
from fairness.findings.readings import (
    reason_of,
    reference_said,
    sentence_of,
    too_few,
    words,
)
from fairness.metrics import METRICS, Metric
from fairness.policy.model import Rule

_PEOPLE = frozenset({"shortfall"})


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What there is to tell of one group under one rule.

    Parameters
    ----------
    rule : Rule
    comparison : Comparison
    group : int
        Its place in the comparison.
    finding : Finding
        Of the comparison, without the rule.
    value, p_adjusted : float
    verdict : str
    why : str
        Of a verdict that needs a reason; may be empty.
    needed : int or None
    other : int
        The reference that decided, where it is not the one shown.
    min_expected : int
    """

    rule: Rule
    comparison: Comparison
    group: int
    finding: Finding
    value: float
    p_adjusted: float
    verdict: Verdict
    why: str
    needed: int | None
    other: int
    min_expected: int


def told(outcome: Outcome) -> str:
    """Return a group's finding under a rule in words."""
    comparison, group = outcome.comparison, outcome.group
    metric = METRICS[outcome.rule.metric]
    who = f"{label(comparison.attribute(group))} {label(comparison.groups[group])}"
    if outcome.verdict == "not_applicable":
        return f"{who}: {outcome.why}"
    if metric is not comparison.metric:
        return _told_value(outcome, metric, who)
    if outcome.verdict != "not_measurable":
        return _told_comparison(outcome)
    if outcome.why:
        return f"{sentence_of(comparison, group)}; {outcome.why}"
    if outcome.finding.reading in {"too few", "undefined"}:
        return outcome.finding.message
    return f"{outcome.finding.message}; {_few(outcome)}"


def _few(outcome: Outcome) -> str:
    expected = outcome.comparison.expected[outcome.group]
    return too_few(float(expected), outcome.min_expected)


def _told_comparison(outcome: Outcome) -> str:
    comparison, group = outcome.comparison, outcome.group
    decided = outcome.verdict in {"fail", "inconclusive"}
    text = sentence_of(comparison, group) if decided else outcome.finding.message
    if outcome.needed:
        text += f"; {_changes(outcome)}"
    if outcome.other != NONE and decided:
        name = against(reference_said(comparison, outcome.other))
        text += f" (the evidence is clearest against {name})"
    if outcome.verdict == "inconclusive" and outcome.rule.evidence == "proven":
        text += f"; the interval does not prove it {outcome.rule.bound}"
    elif outcome.verdict == "inconclusive" and (
        comparison.expected[group] < GROUP_EXPECTED
    ):
        text += "; outside the bound, but the group is too small to fail"
    elif outcome.verdict == "inconclusive":
        text += (
            "; outside the bound, but chance is not ruled out (adjusted p "
            f"{number(outcome.p_adjusted, 3)})"
        )
    return f"{text} ({outcome.why})" if outcome.why else text


def _changes(outcome: Outcome) -> str:
    low, high = outcome.rule.limits
    fewer = low is None or (high is not None and outcome.value > float(high))
    return f"{outcome.needed:,} {'fewer' if fewer else 'more'} would have to be"


def _told_value(outcome: Outcome, metric: Metric, who: str) -> str:
    comparison, group = outcome.comparison, outcome.group
    if np.isnan(outcome.value):
        if int(comparison.reference[group]) == group:
            return f"{who} is the reference: it is not compared with itself"
        none = comparison.reference[group] == NONE
        if none or np.isnan(comparison.estimate[group]):
            return reason_of(comparison, group, 0)
        return f"{who}: the {words(metric.name)} is undefined: {metric.undefined}"
    value = number(outcome.value, 1 if metric.name in _PEOPLE else 2)
    text = f"{who}: {metric.title.lower()} {value}"
    if outcome.verdict == "not_measurable":
        return f"{text}; {_few(outcome)}"
    return f"{text} ({outcome.why})" if outcome.why else text


def attribute_told(
    metric: Metric, attribute: str, value: float, expected: float, least: int
) -> str:
    """Return a metric of an attribute as a whole in words.

    Examples
    --------
    >>> attribute_told(METRICS["disparate_impact_ratio"], "gender", 0.7, 500.0, 20)
    'gender: disparate impact ratio of an attribute 0.70'
    """
    who = label(attribute)
    if np.isnan(value):
        return f"{who}: the {words(metric.name)} is undefined: {metric.undefined}"
    text = f"{who}: {metric.title.lower()} {number(value)}"
    return f"{text}; {too_few(expected, least)}" if expected < least else text
