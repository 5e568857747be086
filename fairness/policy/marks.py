"""What a rule's bound, and its kind of evidence, say of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fairness.findings.comparison import (
    ALL,
    GROUP_EXPECTED,
    NONE,
    Comparison,
    Reference,
    compare_groups,
    split_reference,
)
from fairness.findings.readings import Evidence, Sharing
from fairness.policy.bounds import breaks
from fairness.policy.model import Policy, Rule
from fairness.policy.values import values_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
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
    offer : {"beneficial", "burdensome", "neutral"}
    """

    policy: Policy
    sharing: Sharing
    reference: Reference | None
    confidence: float
    offer: Literal["beneficial", "burdensome", "neutral"] = "beneficial"


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
class Marks:
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


def tested(
    rule: Rule, comparison: Comparison, evidence: Evidence, setting: Setting
) -> Marks:
    """Judge a metric of two rates by the kind of evidence that the rule asks for."""
    size = len(comparison.groups)
    low, high = rule.limits
    twice = 2.0 if low is not None and high is not None else 1.0
    marks = Marks(
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
    marks: Marks,
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


def _proven(rule: Rule, comparison: Comparison, setting: Setting, marks: Marks) -> None:
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


def valued(rule: Rule, comparison: Comparison, evidence: Evidence) -> Marks:
    """Judge a metric that has a value and no test."""
    size = len(comparison.groups)
    found = values_of(rule.metric, rule.limits, comparison, evidence)
    return Marks(
        found.value,
        found.broken,
        found.broken,
        np.full(size, np.nan),
        np.full(size, np.nan),
        comparison.reference.copy(),
        found.broken.copy(),
        np.zeros(size, dtype=bool),
    )
