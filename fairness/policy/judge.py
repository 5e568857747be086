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
    GROUP_EXPECTED,
    NONE,
    Comparison,
    Reference,
    compare_groups,
)
from fairness.findings.messages import against, label, number
from fairness.findings.model import Finding, Verdict
from fairness.findings.readings import (
    Evidence,
    Sharing,
    finding_of,
    number_or_none,
    reason_of,
    sentence_of,
    weigh,
)
from fairness.metrics import METRICS, Metric
from fairness.metrics.measures import compare_rates, disparate_impact_ratio, ratio
from fairness.policy.bounds import breaks, selections_needed
from fairness.policy.model import Policy, Rule

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Side = Literal["lower", "upper"]


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
    """

    policy: Policy
    sharing: Sharing
    reference: Reference | None
    confidence: float


Memo = dict[tuple[object, ...], tuple[Comparison, Evidence]]
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
    """
    metric = METRICS[rule.metric]
    base = metric if metric.form in {"ratio", "difference", "odds", "smd"} else None
    if base is None:
        name = "equal_opportunity_difference"
        base = METRICS[name if metric.form == "compound" else "adverse_impact_ratio"]
    comparison, evidence = _compared(rule, base, tables, setting, memo)
    if metric is base and metric.form != "smd":
        marks = _tested(rule, comparison, evidence, setting)
    else:
        marks = _valued(rule, comparison, evidence, tables)
    return [
        _finding(rule, comparison, evidence, marks, group, setting)
        for group in range(len(comparison.groups))
    ]


def _compared(
    rule: Rule,
    base: Metric,
    tables: Sequence[CountTable],
    setting: Setting,
    memo: Memo,
) -> tuple[Comparison, Evidence]:
    policy = setting.policy
    reference = reference_of(rule, setting)
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
        evidence = weigh(
            comparison,
            setting.sharing,
            alpha=float(policy.alpha),
            min_expected=policy.min_expected,
        )
        memo[key] = comparison, evidence
    return memo[key]


def side_of(rule: Rule) -> Side:
    """Return the direction in which a rule sees harm; within starts below."""
    return "lower" if rule.limits[0] is not None else "upper"


def reference_of(rule: Rule, setting: Setting) -> Reference:
    """Return whom a rule compares with: its own wish, the user's, or the habit."""
    habit = "rest" if rule.metric == "burden_ratio" else "highest"
    if rule.reference is None:
        if setting.reference is None or rule.metric == "burden_ratio":
            return Reference(habit)  # type: ignore[arg-type]
        return setting.reference
    if rule.reference in {"highest", "rest", "overall"}:
        return Reference(rule.reference)  # type: ignore[arg-type]
    attribute, _, group = rule.reference.partition("=")
    return Reference(habit, {attribute: group})  # type: ignore[arg-type]


@dataclass(slots=True)
class _Marks:
    """What the bound says of each group, before sizes and waivers."""

    value: FloatArray
    broken: NDArray[np.bool_]
    p: FloatArray
    p_adjusted: FloatArray
    decided: IntArray
    failed: NDArray[np.bool_]
    inconclusive: NDArray[np.bool_]


def _tested(
    rule: Rule, comparison: Comparison, evidence: Evidence, setting: Setting
) -> _Marks:
    size = len(comparison.groups)
    low, high = rule.limits
    marks = _Marks(
        comparison.estimate,
        np.zeros(size, dtype=bool),
        evidence.p.copy(),
        evidence.p_adjusted.copy(),
        comparison.reference.copy(),
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=bool),
    )
    twice = 2.0 if low is not None and high is not None else 1.0
    if rule.evidence == "significant":
        for bound, side in ((low, "lower"), (high, "upper")):
            if bound is not None:
                _significant(comparison, setting, marks, bound, side, twice)  # type: ignore[arg-type]
        return marks
    every = np.flatnonzero(
        (comparison.reference != NONE) & (comparison.reference != np.arange(size))
    )
    hits, trials = comparison.reference_counts(every, comparison.reference[every])
    marks.broken[every] = breaks(
        comparison.metric.form,
        comparison.hits[every],
        comparison.trials[every],
        hits,
        trials,
        at_least=low,
        at_most=high,
    )
    if rule.evidence == "point":
        marks.failed = marks.broken.copy()
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
    groups, references = groups[broken], references[broken]
    marks.broken[groups] = True
    if not len(groups):
        return
    z = comparison.z(groups, references, side)
    best = np.full(len(comparison.groups), -np.inf)
    np.maximum.at(best, groups, z)
    at = np.flatnonzero(z == best[groups])
    here = np.unique(groups)
    factor = setting.sharing.factors(comparison.order[here]) * twice
    adjusted = np.minimum(1.0, comparison.tail(best[here], here) * factor)
    better = ~(marks.p_adjusted[here] < adjusted) | np.isnan(marks.p_adjusted[here])
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
    enough = comparison.expected[here] >= GROUP_EXPECTED
    marks.failed[here] |= (adjusted < alpha) & enough
    marks.inconclusive[here] |= (adjusted >= alpha) & (adjusted < review)


def _proven(
    rule: Rule, comparison: Comparison, setting: Setting, marks: _Marks
) -> None:
    """Fail where the interval lies outside the bound, pass where inside."""
    low, high = (None if x is None else float(x) for x in rule.limits)
    for order in np.unique(comparison.order):
        those = comparison.order == order
        most = max(int((comparison.table == t).sum()) for t in comparison.table[those])
        level = float(setting.policy.alpha) / setting.sharing.factor(int(order))
        wide = compare_groups(
            comparison.metric,
            comparison.tables,
            side=comparison.side,
            reference=reference_of(rule, setting),
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


def _valued(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    tables: Sequence[CountTable],
) -> _Marks:
    """Judge a metric that has a value and no test."""
    size = len(comparison.groups)
    value = _values(rule, comparison, evidence, tables)
    low, high = rule.limits
    with np.errstate(invalid="ignore"):
        broken = np.zeros(size, dtype=bool)
        if low is not None:
            broken |= value < float(low)
        if high is not None:
            broken |= value > float(high)
    if rule.metric == "flip_one_ratio" and low is not None:
        with np.errstate(invalid="ignore"):
            broken = (value < float(low)) != (comparison.estimate < float(low))
        broken &= ~np.isnan(value)
    own = comparison.reference == np.arange(size)
    if rule.metric not in {"shortfall", "selection_rate"}:
        broken &= ~own
    return _Marks(
        value,
        broken,
        np.full(size, np.nan),
        np.full(size, np.nan),
        comparison.reference.copy(),
        broken.copy(),
        np.zeros(size, dtype=bool),
    )


def _values(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    tables: Sequence[CountTable],
) -> FloatArray:
    every = np.arange(len(comparison.groups))
    hits, trials = comparison.reference_counts(every, comparison.reference)
    none = comparison.reference == NONE
    name = rule.metric
    if name == "shortfall":
        return evidence.shortfall
    if name == "detectable_ratio":
        # Nothing could have been detected: worse than any bound.
        found = evidence.detectable
        return np.where(
            np.isnan(found) & ~none & (comparison.reference != every), 0, found
        )
    if name == "selection_rate":
        return ratio(comparison.hits, comparison.trials)
    if name == "standard_deviations":
        pooled = ratio(comparison.hits + hits, comparison.trials + trials)
        gap = compare_rates(
            "difference", comparison.hits, comparison.trials, hits, trials
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(
                pooled * (1 - pooled) * (1 / comparison.trials + 1 / trials)
            )
            return np.where(none, np.nan, gap / error)
    if name == "flip_one_ratio":
        low = float(rule.limits[0] or 0)
        with np.errstate(invalid="ignore"):
            step = np.where(comparison.estimate < low, 1.0, -1.0)
        moved = np.clip(comparison.hits + step, 0, comparison.trials)
        return np.where(
            none, np.nan, compare_rates("ratio", moved, comparison.trials, hits, trials)
        )
    if name == "disparate_impact_ratio":
        lowest = [disparate_impact_ratio(table.weighted_cells) for table in tables]
        return np.array(lowest)[comparison.table]
    if name == "equalized_odds_difference":
        other = compare_groups(
            METRICS["false_positive_rate_difference"],
            tables,
            side=comparison.side,
            confidence=comparison.confidence,
        )
        return _worse_odds(comparison, other)
    return comparison.estimate


def _worse_odds(comparison: Comparison, other: Comparison) -> FloatArray:
    """Return the larger gap of the two rates, against the first one's reference."""
    every = np.arange(len(comparison.groups))
    hits, trials = other.reference_counts(every, comparison.reference)
    gap = compare_rates("difference", other.hits, other.trials, hits, trials)
    gap = np.where(comparison.reference == NONE, np.nan, gap)
    return np.maximum(np.abs(comparison.estimate), np.abs(gap))


def _finding(
    rule: Rule,
    comparison: Comparison,
    evidence: Evidence,
    marks: _Marks,
    group: int,
    setting: Setting,
) -> Finding:
    least = setting.policy.min_expected
    finding = finding_of(comparison, evidence, group, min_expected=least)
    verdict, why = _verdict(rule, comparison, evidence, marks, group, least)
    metric = METRICS[rule.metric]
    low, high = rule.limits
    needed = None
    decided = int(marks.decided[group])
    if verdict in {"fail", "inconclusive"} and metric.form in {"ratio", "difference"}:
        place = np.array([group])
        hits, trials = comparison.reference_counts(place, comparison.reference[place])
        needed = selections_needed(
            metric.form,
            float(comparison.hits[group]),
            float(comparison.trials[group]),
            float(hits[0]),
            float(trials[0]),
            at_least=low,
            at_most=high,
        )
    other = decided if decided != int(comparison.reference[group]) else NONE
    derived = metric is not comparison.metric
    return replace(
        finding,
        code=metric.code,
        metric=metric.name,
        estimate=number_or_none(marks.value[group]),
        low=None if derived else finding.low,
        high=None if derived else finding.high,
        p_value=number_or_none(marks.p[group]),
        p_adjusted=number_or_none(marks.p_adjusted[group]),
        reading=_reading(finding, comparison, marks, group, verdict),
        rule=rule.id,
        bound=rule.bound,
        verdict=verdict,
        severity=rule.severity,
        citation=_cited(rule),
        evidence=rule.evidence,
        needed=needed,
        decided_by=comparison.reference_name(other) if other != NONE else None,
        message=_told(
            rule, comparison, marks, group, verdict, why, finding, needed, other
        ),
    )


def _reading(
    finding: Finding,
    comparison: Comparison,
    marks: _Marks,
    group: int,
    verdict: Verdict,
) -> Literal[
    "reference", "lower", "higher", "no clear difference", "too few", "undefined"
]:
    if verdict != "fail" or METRICS[finding.metric].form == "smd":
        return finding.reading
    if not np.isfinite(marks.p_adjusted[group]):
        return finding.reading
    decided = int(marks.decided[group])
    hits, trials = comparison.reference_counts(np.array([group]), np.array([decided]))
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
    least: int,
) -> tuple[Verdict, str]:
    value = marks.value[group]
    few = comparison.expected[group] < least
    if comparison.share[group] < float(rule.min_share):
        return "not_applicable", f"below the rule's min_share of {rule.min_share}"
    if comparison.reference[group] == NONE and np.isnan(value):
        return "not_measurable", ""
    if marks.failed[group]:
        spared = _spared(rule, comparison, evidence, group)
        return ("pass", spared) if spared else ("fail", "")
    own = comparison.reference[group] == group
    if own:
        return ("not_measurable", "") if few else ("pass", "")
    if few or np.isnan(value):
        return "not_measurable", ""
    if marks.inconclusive[group]:
        spared = _spared(rule, comparison, evidence, group)
        return ("pass", spared) if spared else ("inconclusive", "")
    return "pass", ""


def _spared(rule: Rule, comparison: Comparison, evidence: Evidence, group: int) -> str:
    """Return why a broken bound is let pass by the rule's own practical conditions."""
    short = abs(float(np.nan_to_num(evidence.shortfall[group])))
    if short < rule.shortfall_at_least:
        return f"fewer than {rule.shortfall_at_least} people short"
    if short < float(rule.shortfall_share_at_least) * float(comparison.n[group]):
        return f"less than {rule.shortfall_share_at_least} of the group short"
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


def _told(
    rule: Rule,
    comparison: Comparison,
    marks: _Marks,
    group: int,
    verdict: Verdict,
    why: str,
    finding: Finding,
    needed: int | None,
    other: int,
) -> str:
    metric = METRICS[rule.metric]
    who = f"{label(comparison.attribute(group))} {label(comparison.groups[group])}"
    if verdict == "not_applicable":
        return f"{who}: {why}"
    if metric is not comparison.metric:
        if np.isnan(marks.value[group]):
            return reason_of(comparison, group, 0)
        text = f"{who}: {metric.title.lower()} {number(float(marks.value[group]))}"
        return f"{text} ({why})" if why else text
    if verdict == "not_measurable" and finding.reading != "reference":
        return finding.message
    decided = verdict in {"fail", "inconclusive"}
    text = sentence_of(comparison, group) if decided else finding.message
    if needed:
        more = "more" if rule.limits[0] is not None else "fewer"
        text += f"; {needed:,} {more} would have to be"
    if other != NONE:
        name = against(comparison.reference_name(other))
        text += f" (the evidence is clearest against {name})"
    if verdict == "inconclusive":
        text += (
            f"; outside the bound, but chance is not ruled out (adjusted p "
            f"{number(float(marks.p_adjusted[group]), 3)})"
        )
    return f"{text} ({why})" if why else text
