"""One rule over all its groups: pass, fail, inconclusive, or why it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fairness.counts import CountTable
from fairness.findings.comparison import (
    ALL,
    GROUP_EXPECTED,
    NONE,
    Comparison,
    Reference,
    compare_groups,
    split_reference,
)
from fairness.findings.model import Finding, Reading, Verdict
from fairness.findings.readings import (
    Evidence,
    Sharing,
    finding_of,
    number_or_none,
    weigh,
)
from fairness.metrics import METRICS, Metric
from fairness.metrics.measures import compare_rates
from fairness.policy.bounds import breaks, selections_needed
from fairness.policy.model import Policy, Rule
from fairness.policy.sentences import Outcome, attribute_told, told
from fairness.policy.values import attribute_value, values_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Side = Literal["lower", "upper"]

_MOVED_BY_SELECTION = frozenset(
    {"selection_rate", "true_positive_rate", "false_positive_rate"}
)
_COMPARED = frozenset({"ratio", "difference", "odds", "smd"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rule is judged under, apart from the counts.

    Parameters
    ----------
    policy : Policy
    sharing : Sharing
    reference : Reference or None
        The user's; a rule's own goes before it.
    confidence : float
    offer : {"beneficial", "burdensome", "neutral"}
    """

    policy: Policy
    sharing: Sharing
    reference: Reference | None
    confidence: float
    offer: Literal["beneficial", "burdensome", "neutral"] = "beneficial"


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
    if metric is not base or metric.form == "smd":
        marks = _valued(rule, comparison, evidence)
    else:
        marks = _tested(rule, comparison, evidence, setting)
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


def side_of(rule: Rule) -> Side:
    """Return the direction in which a rule sees harm; within starts below."""
    return "lower" if rule.limits[0] is not None else "upper"


def reference_of(
    rule: Rule, setting: Setting, attributes: Sequence[str] = ()
) -> Reference:
    """Return whom a rule compares with: its own wish, the user's, or the habit.

    Parameters
    ----------
    rule : Rule
    setting : Setting
    attributes : sequence of str
        Names of the attributes and intersections that the rule looks at.
    """
    burden = rule.metric == "burden_ratio"
    upper = side_of(rule) == "upper"
    over = setting.offer == "burdensome" or (setting.offer == "neutral" and upper)
    habit: Literal["highest", "rest"] = "rest" if burden or over else "highest"
    if rule.reference is None:
        if setting.reference is None or burden:
            return Reference(habit)
        return setting.reference
    if rule.reference in {"highest", "rest", "overall"}:
        return Reference(rule.reference)  # type: ignore[arg-type]
    named = split_reference(rule.reference, attributes)
    return Reference(habit, {} if named is None else {named[0]: named[1]})


@dataclass(slots=True)
class _Marks:
    """What the bound says of each group, before sizes and waivers.

    ``shown`` is where the reference that is shown breaks the bound, ``decided`` the
    reference that the p-value is of.
    """

    value: FloatArray
    broken: BoolArray
    shown: BoolArray
    p: FloatArray
    p_adjusted: FloatArray
    decided: IntArray
    failed: BoolArray
    inconclusive: BoolArray


def _tested(
    rule: Rule, comparison: Comparison, evidence: Evidence, setting: Setting
) -> _Marks:
    size = len(comparison.groups)
    low, high = rule.limits
    twice = 2.0 if low is not None and high is not None else 1.0
    marks = _Marks(
        comparison.estimate,
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=bool),
        evidence.p.copy(),
        np.minimum(1.0, evidence.p_adjusted * twice),
        comparison.reference.copy(),
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=bool),
    )
    if rule.evidence == "significant":
        sides: tuple[tuple[Decimal | None, Side], ...]
        sides = ((low, "lower"), (high, "upper"))
        for bound, side in sides:
            if bound is not None:
                _significant(comparison, setting, marks, bound, side, twice)
        return marks
    every = np.flatnonzero(
        (comparison.reference != NONE) & (comparison.reference != np.arange(size))
    )
    hits, trials = comparison.reference_counts(every, comparison.reference[every])
    marks.broken[every] = marks.shown[every] = breaks(
        comparison.metric.form,
        comparison.hits[every],
        comparison.trials[every],
        hits,
        trials,
        at_least=low,
        at_most=high,
    )
    if rule.evidence == "point":
        marks.failed = marks.broken & ~np.isnan(comparison.estimate)
        return marks
    _proven(rule, comparison, setting, marks)
    return marks


def _significant(
    comparison: Comparison,
    setting: Setting,
    marks: _Marks,
    bound: Decimal,
    side: Side,
    twice: float,
) -> None:
    """Fail where the ratio breaks the bound and differs, against some reference."""
    groups, references = comparison.pairs()
    hits, trials = comparison.reference_counts(groups, references)
    broken = breaks(
        comparison.metric.form,
        comparison.hits[groups],
        comparison.trials[groups],
        hits,
        trials,
        at_least=bound if side == "lower" else None,
        at_most=bound if side == "upper" else None,
    )
    broken &= ~((comparison.metric.form == "odds") & (references == ALL))
    groups, references = groups[broken], references[broken]
    if not len(groups):
        return
    before = marks.broken.copy()
    marks.broken[groups] = True
    marks.shown[groups[references == comparison.reference[groups]]] = True
    z = comparison.z(groups, references, side)
    best = np.full(len(comparison.groups), -np.inf)
    np.maximum.at(best, groups, z)
    at = np.flatnonzero(z == best[groups])
    here = np.unique(groups)
    factor = setting.sharing.factors(comparison.order[here]) * twice
    adjusted = np.minimum(1.0, comparison.tail(best[here], here) * factor)
    # What breaks the bound decides, whatever other comparisons have shown.
    better = ~before[here] | (adjusted < marks.p_adjusted[here])
    chosen = here[better]
    marks.p_adjusted[chosen] = adjusted[better]
    marks.p[chosen] = ndtr(-best[chosen])
    decided = np.full(len(comparison.groups), NONE)
    # Several references may give the same evidence: the first is named.
    decided[groups[at][::-1]] = references[at][::-1]
    shown = comparison.reference
    same = np.zeros(len(comparison.groups), dtype=bool)
    same[groups[at][references[at] == shown[groups[at]]]] = True
    marks.decided[chosen] = np.where(same[chosen], shown[chosen], decided[chosen])
    alpha, review = float(setting.policy.alpha), float(setting.policy.alpha_review)
    failed = (adjusted < alpha) & (comparison.expected[here] >= GROUP_EXPECTED)
    marks.failed[here] |= failed
    marks.inconclusive[here] |= (adjusted < review) & ~failed


def _proven(
    rule: Rule, comparison: Comparison, setting: Setting, marks: _Marks
) -> None:
    """Fail where the interval lies outside the bound, pass where inside."""
    low, high = (None if x is None else float(x) for x in rule.limits)
    for order in np.unique(comparison.order):
        those = comparison.order == order
        most = max(int((comparison.table == t).sum()) for t in comparison.table[those])
        level = float(setting.policy.alpha) / setting.sharing.factor(int(order))
        names = [table.attribute for table in comparison.tables]
        wide = compare_groups(
            comparison.metric,
            comparison.tables,
            side=comparison.side,
            reference=reference_of(rule, setting, names),
            confidence=1 - 2 * level / max(most - 1, 1),
            min_share=float(rule.min_share),
        )
        outside = np.zeros(len(comparison.groups), dtype=bool)
        inside = np.ones(len(comparison.groups), dtype=bool)
        with np.errstate(invalid="ignore"):
            if low is not None:
                outside |= wide.high < low
                inside &= wide.low >= low
            if high is not None:
                outside |= wide.low > high
                inside &= wide.high <= high
        own = comparison.reference == np.arange(len(comparison.groups))
        marks.failed |= those & outside
        marks.inconclusive |= those & ~outside & ~inside & ~own


def _valued(rule: Rule, comparison: Comparison, evidence: Evidence) -> _Marks:
    """Judge a metric that has a value and no test."""
    size = len(comparison.groups)
    found = values_of(rule.metric, rule.limits, comparison, evidence)
    return _Marks(
        found.value,
        found.broken,
        found.broken,
        np.full(size, np.nan),
        np.full(size, np.nan),
        comparison.reference.copy(),
        found.broken.copy(),
        np.zeros(size, dtype=bool),
    )


def _whole(rule: Rule, table: CountTable, setting: Setting) -> Finding:
    """Return the finding of a metric of an attribute as a whole."""
    metric = METRICS[rule.metric]
    value, broken = attribute_value(table, rule.limits)
    n, selected = int(table.n.sum()), int(table.selected.sum())
    effective = table.effective()
    hits, trials = float(effective[:, 1].sum()), float(effective.sum())
    expected, least = min(hits, trials - hits), setting.policy.min_expected
    verdict: Verdict = "fail" if broken else "pass"
    if np.isnan(value) or (expected < least and not broken):
        verdict = "not_measurable"
    reading: Reading = "lower" if broken else "no clear difference"
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
        low=None,
        high=None,
        confidence=None,
        p_value=None,
        p_adjusted=None,
        detectable=None,
        shortfall=None,
        reading=reading,
        message=attribute_told(metric, table.attribute, value, expected, least),
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=_cited(rule),
        evidence=rule.evidence,
    )


def _finding(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    marks: _Marks,
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
        citation=_cited(rule),
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
    marks: _Marks,
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
    marks: _Marks,
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


def _cited(rule: Rule) -> str:
    text = f"{rule.citation.source}"
    if rule.citation.locator:
        text += f", {rule.citation.locator}"
    return text if rule.confirmed else f"{text} (not confirmed)"
