"""One rule over all its groups: pass, fail, inconclusive, or why it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.checks.extremes import extreme_of
from fairness.counts import CountTable
from fairness.findings.comparison import (
    ALL,
    NONE,
    Comparison,
    compare_groups,
)
from fairness.findings.model import Finding, Reading, Verdict
from fairness.findings.readings import (
    Evidence,
    finding_of,
    number_or_none,
    weigh,
)
from fairness.metrics import METRICS, Metric
from fairness.metrics.measures import compare_rates
from fairness.policy.bounds import breaks, selections_needed
from fairness.policy.marks import (
    Marks,
    Setting,
    reference_of,
    side_of,
    tested,
    valued,
)
from fairness.policy.model import Rule
from fairness.policy.sentences import Outcome, attribute_told, told
from fairness.policy.values import attribute_value

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Side = Literal["lower", "upper"]

_MOVED_BY_SELECTION = frozenset(
    {"selection_rate", "true_positive_rate", "false_positive_rate"}
)
_COMPARED = frozenset({"ratio", "difference", "odds"})


Memo = dict[tuple[object, ...], tuple[Comparison, Evidence, list[Finding]]]
"""Comparisons already made: several rules look at the same ratio."""


def judge_rule(
    rule: Rule, tables: Sequence[CountTable], setting: Setting, memo: Memo
) -> list[Finding]:
    """Return one finding a group, with the rule's verdict on it.

    Parameters
    ----------
    rule : Rule
    tables : sequence of CountTable
        Those that the rule looks at.
    setting : Setting
    memo : dict
        Of one set of tables; filled here.

    Returns
    -------
    list of Finding
        In the order of the tables and of their groups; of a metric of an attribute
        as a whole, one a table, with the group ``(all)``.

    Raises
    ------
    InputError
        The rule's reference is no group of its attribute, or is ``(missing)``.
    """
    metric = METRICS[rule.metric]
    if metric.form == "attribute":
        return [_whole(rule, table, setting) for table in tables]
    base = metric
    if metric.form not in _COMPARED:
        name = "equal_opportunity_difference"
        base = METRICS[name if metric.form == "compound" else "adverse_impact_ratio"]
    comparison, evidence, findings = _compared(rule, base, tables, setting, memo)
    if metric is not base:
        marks = valued(rule, comparison, evidence)
    else:
        marks = tested(rule, comparison, evidence, setting)
        hidden = (marks.failed | marks.inconclusive) & ~marks.shown
        if rule.evidence == "significant" and hidden.any():
            # A sentence has to show a comparison that does break the bound.
            chosen = np.where(hidden, marks.decided, comparison.reference)
            comparison = comparison.held_against(chosen)
            evidence = _weighed(comparison, setting)
            findings = _plain(comparison, evidence, setting)
            marks.value = comparison.estimate
    return [
        _finding(rule, comparison, evidence, marks, group, setting, findings[group])
        for group in range(len(comparison.groups))
    ]


def _compared(
    rule: Rule,
    base: Metric,
    tables: Sequence[CountTable],
    setting: Setting,
    memo: Memo,
) -> tuple[Comparison, Evidence, list[Finding]]:
    policy = setting.policy
    reference = reference_of(rule, setting, [table.attribute for table in tables])
    key = (
        base.name,
        side_of(rule),
        reference.kind,
        tuple(sorted(reference.named.items())),
        rule.min_share,
        setting.sharing,
        policy.alpha,
        policy.min_expected,
        tuple(table.attributes for table in tables),
    )
    if key not in memo:
        comparison = compare_groups(
            base,
            tables,
            side=side_of(rule),
            reference=reference,
            confidence=setting.confidence,
            min_share=float(rule.min_share),
        )
        evidence = _weighed(comparison, setting)
        memo[key] = comparison, evidence, _plain(comparison, evidence, setting)
    return memo[key]


def _weighed(comparison: Comparison, setting: Setting) -> Evidence:
    policy = setting.policy
    return weigh(
        comparison,
        setting.sharing,
        alpha=float(policy.alpha),
        min_expected=policy.min_expected,
    )


def _plain(
    comparison: Comparison, evidence: Evidence, setting: Setting
) -> list[Finding]:
    least = setting.policy.min_expected
    return [
        finding_of(comparison, evidence, group, min_expected=least)
        for group in range(len(comparison.groups))
    ]


def _whole(rule: Rule, table: CountTable, setting: Setting) -> Finding:
    """Return the finding of a metric of an attribute as a whole."""
    metric = METRICS[rule.metric]
    value, broken = attribute_value(metric.name, table, rule.limits)
    n, selected = int(table.n.sum()), int(table.selected.sum())
    effective = table.effective()
    hits, trials = float(effective[:, 1].sum()), float(effective.sum())
    expected, least = min(hits, trials - hits), setting.policy.min_expected
    made = extreme_of(metric.name, table, setting.confidence)
    verdict: Verdict = "fail" if broken else "pass"
    if np.isnan(value) or (expected < least and not broken):
        verdict = "not_measurable"
    toward: Reading = "lower" if metric.kind == "ratio" else "higher"
    reading: Reading = toward if broken else "no clear difference"
    if verdict == "not_measurable":
        reading = "undefined" if np.isnan(value) else "too few"
    return Finding(
        code=metric.code,
        metric=metric.name,
        attribute=table.attribute,
        group="(all)",
        reference=None,
        n=n,
        selected=selected,
        n_reference=None,
        selected_reference=None,
        rate=hits / trials if trials else None,
        estimate=number_or_none(value),
        low=number_or_none(made.low),
        high=number_or_none(made.high),
        confidence=setting.confidence,
        p_value=number_or_none(made.p_value),
        p_adjusted=None,
        detectable=None,
        shortfall=None,
        reading=reading,
        message=attribute_told(metric, table.attribute, value, expected, least),
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=cited(rule),
        evidence=rule.evidence,
    )


def _finding(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    marks: Marks,
    group: int,
    setting: Setting,
    finding: Finding,
) -> Finding:
    verdict, why = _verdict(rule, comparison, evidence, marks, group, setting)
    metric = METRICS[rule.metric]
    needed = None
    if verdict in {"fail", "inconclusive"} and metric.form in {"ratio", "difference"}:
        needed = _needed(rule, comparison, group)
    decided = int(marks.decided[group])
    other = decided if decided != int(comparison.reference[group]) else NONE
    derived = metric is not comparison.metric
    reading = _reading(rule, finding, comparison, marks, group, verdict, why)
    outcome = Outcome(
        rule=rule,
        comparison=comparison,
        group=group,
        finding=finding,
        value=float(marks.value[group]),
        p_adjusted=float(marks.p_adjusted[group]),
        verdict=verdict,
        why=why,
        needed=needed,
        other=other,
        min_expected=setting.policy.min_expected,
    )
    return replace(
        finding,
        code=metric.code,
        metric=metric.name,
        estimate=number_or_none(marks.value[group]),
        low=None if derived else finding.low,
        high=None if derived else finding.high,
        p_value=number_or_none(marks.p[group]),
        p_adjusted=number_or_none(marks.p_adjusted[group]),
        reading=reading,
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=cited(rule),
        evidence=rule.evidence,
        needed=needed,
        decided_by=comparison.reference_name(other) if other != NONE else None,
        message=told(outcome),
    )


def _needed(rule: Rule, comparison: Comparison, group: int) -> int | None:
    # Selecting more does not change who has an outcome, nor simply who is right.
    if comparison.rate_name not in _MOVED_BY_SELECTION:
        return None
    place = np.array([group])
    reference = comparison.reference[place]
    hits, trials = comparison.reference_counts(place, reference)
    low, high = rule.limits
    own = float(comparison.trials[group])
    # Effective numbers become customers: the rates are what counts.
    scale = float(comparison.n[group]) / own if own else 0.0
    if scale == 1.0:
        scaled = (float(comparison.hits[group]), own, float(hits[0]), float(trials[0]))
    else:
        rates = (comparison.hits[place] / own, hits / trials)
        n = float(comparison.n[group])
        scaled = (float(rates[0][0]) * n, n, float(rates[1][0]) * n, n)
    return selections_needed(
        comparison.metric.form,
        *scaled,
        at_least=low,
        at_most=high,
        contained=int(reference[0]) == ALL and scale == 1.0,
    )


def _reading(
    rule: Rule,
    finding: Finding,
    comparison: Comparison,
    marks: Marks,
    group: int,
    verdict: Verdict,
    why: str,
) -> Reading:
    if verdict == "not_measurable" and why:
        return "too few"
    significant = rule.evidence == "significant" and verdict == "fail"
    if not significant or not np.isfinite(marks.p_adjusted[group]):
        return finding.reading
    decided = marks.decided[[group]]
    hits, trials = comparison.reference_counts(np.array([group]), decided)
    gap = compare_rates(
        "difference",
        comparison.hits[[group]],
        comparison.trials[[group]],
        hits,
        trials,
    )
    return "lower" if float(gap[0]) < 0 else "higher"


def _verdict(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    marks: Marks,
    group: int,
    setting: Setting,
) -> tuple[Verdict, str]:
    least = setting.policy.min_expected
    value = marks.value[group]
    few = comparison.expected[group] < least
    reference = int(comparison.reference[group])
    if comparison.share[group] < float(rule.min_share):
        return "not_applicable", f"below the rule's min_share of {rule.min_share}"
    if reference == NONE and np.isnan(value):
        return "not_measurable", ""
    if marks.failed[group]:
        spared = _spared(rule, comparison, evidence, group)
        return ("pass", spared) if spared else ("fail", "")
    if reference == group:
        return ("not_measurable", "") if few else ("pass", "")
    if few or np.isnan(value):
        return "not_measurable", ""
    small = (
        rule.evidence == "significant"
        and reference >= 0
        and comparison.fixed[comparison.table[group]]
        and comparison.expected[reference] < least
    )
    if small:
        # Nothing is ever significant beside a handful of people.
        return "not_measurable", "the reference itself is too small to compare with"
    if marks.inconclusive[group]:
        spared = _spared(rule, comparison, evidence, group)
        return ("pass", spared) if spared else ("inconclusive", "")
    return "pass", ""


def _spared(rule: Rule, comparison: Comparison, evidence: Evidence, group: int) -> str:
    """Return why a broken bound is let pass by the rule's own practical conditions."""
    short = float(np.nan_to_num(evidence.shortfall[group]))
    low, high = rule.limits
    if low is not None and high is not None:
        short = abs(short)
    elif low is None:
        short = -short
    over = "short" if low is not None else "too many"
    if rule.shortfall_at_least and short < rule.shortfall_at_least:
        return f"fewer than {rule.shortfall_at_least} people {over}"
    share = float(rule.shortfall_share_at_least)
    if share and short < share * float(comparison.n[group]):
        return f"less than {rule.shortfall_share_at_least} of the group {over}"
    if rule.ratio_below is not None:
        hits, trials = comparison.reference_counts(
            np.array([group]), comparison.reference[[group]]
        )
        found = breaks(
            "ratio",
            comparison.hits[[group]],
            comparison.trials[[group]],
            hits,
            trials,
            at_least=rule.ratio_below,
            at_most=None,
        )
        if not found[0]:
            return f"its ratio is not below {rule.ratio_below}"
    return ""


def cited(rule: Rule) -> str:
    """Return a rule's source, and whether what it says of it was confirmed."""
    text = f"{rule.citation.source}"
    if rule.citation.locator:
        text += f", {rule.citation.locator}"
    return text if rule.confirmed else f"{text} (not confirmed)"
