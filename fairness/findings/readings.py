"""Readings: what a comparison says before any policy is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fairness.findings.comparison import (
    ALL,
    GROUP_EXPECTED,
    NONE,
    REFERENCE_EXPECTED,
    REST,
    Comparison,
)
from fairness.findings.messages import (
    comparison_sentence,
    label,
    number,
    reference_label,
)
from fairness.findings.model import Finding, Reading
from fairness.inference import (
    benjamini_hochberg,
    detectable_ratio,
    studentized_range_isf,
)
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]

SINGLE_SHARE = 0.8
"""Share of alpha for single attributes where intersections are looked at too."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How alpha is shared: by how much a p-value is multiplied.

    Parameters
    ----------
    attributes : int
        Single attributes looked at.
    intersections : int
        Intersections looked at; 0 leaves all of alpha to single attributes.
    rules, cross_rules : int
        Rules that share the alpha of single attributes, and of intersections.
    directions : int
        2 where an offer is looked at in both directions by rules for one only.
    cross_directions : int, optional
        The same of the rules on intersections; None where it is the same.

    Examples
    --------
    >>> Sharing(5, 10).factor(1), Sharing(5, 10).factor(2), Sharing(5, 0).factor(1)
    (6.25, 50.0, 5.0)
    """

    attributes: int
    intersections: int
    rules: int = 1
    cross_rules: int = 1
    directions: int = 1
    cross_directions: int | None = None

    def factor(self, order: int) -> float:
        """Return what a p-value of an order is multiplied with."""
        if order == 1:
            share = SINGLE_SHARE if self.intersections else 1.0
            return self.attributes * self.rules * self.directions / share
        share = round(1 - SINGLE_SHARE, 10)
        ways = self.cross_directions or self.directions
        return self.intersections * self.cross_rules * ways / share

    def factors(self, orders: NDArray[np.int64]) -> FloatArray:
        """Return the factor of each group's order."""
        return np.array([self.factor(int(order)) for order in orders], dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What all groups of a comparison show, at one alpha.

    Parameters
    ----------
    p, p_adjusted : float arrays
        One-sided, in the direction of harm, against the shown reference.
    detectable : float array
    shortfall : float array
    readings : list of str
    toward : float array
        p as adjusted, in the direction of the estimate.
    """

    p: FloatArray
    p_adjusted: FloatArray
    detectable: FloatArray
    shortfall: FloatArray
    readings: list[Reading]
    toward: FloatArray


def weigh(
    comparison: Comparison, sharing: Sharing, *, alpha: float, min_expected: float
) -> Evidence:
    """Return p-values, detectable ratios, shortfalls and readings of all groups.

    Parameters
    ----------
    comparison : Comparison
    sharing : Sharing
    alpha : float
    min_expected : float
        Groups of fewer expected selections are too few, unless they differ.
    """
    size = len(comparison.groups)
    reference = comparison.reference
    factor = sharing.factors(comparison.order)
    p, p_adjusted, toward = (np.full(size, np.nan) for _ in range(3))
    tested = np.flatnonzero(
        (reference != NONE)
        & (reference != np.arange(size))
        & ~np.isnan(comparison.estimate)
    )
    if len(tested):
        neutral = 0.0 if comparison.metric.form == "difference" else 1.0
        low = comparison.estimate[tested] < neutral
        harm = comparison.side == "lower"
        for side, those in (("lower", tested[low]), ("upper", tested[~low])):
            z = comparison.z(those, reference[those], side)  # type: ignore[arg-type]
            tail = np.minimum(1.0, comparison.tail(z, those) * factor[those])
            toward[those] = tail
            if (side == "lower") == harm:
                p[those], p_adjusted[those] = _one_sided(z), tail
            else:
                other = comparison.z(those, reference[those], comparison.side)
                p[those], p_adjusted[those] = _one_sided(other), 1.0
    return Evidence(
        p,
        p_adjusted,
        _detectable(comparison, factor, alpha),
        _shortfall(comparison),
        [
            _reading(comparison, group, float(toward[group]), alpha, min_expected)
            for group in range(size)
        ],
        toward,
    )


def _one_sided(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr  # noqa: PLC0415  # scipy only where it is needed

    return np.asarray(ndtr(-z), dtype=np.float64)


def _reading(
    comparison: Comparison, group: int, p: float, alpha: float, min_expected: float
) -> Reading:
    if int(comparison.reference[group]) == group:
        return "reference"
    if comparison.reference[group] == NONE:
        return "too few"
    value = float(comparison.estimate[group])
    few = comparison.expected[group] < min_expected
    if np.isnan(value):
        return "too few" if few and comparison.n[group] else "undefined"
    if p < alpha and comparison.expected[group] >= GROUP_EXPECTED:
        neutral = 0.0 if comparison.metric.form == "difference" else 1.0
        return "lower" if value < neutral else "higher"
    return "too few" if few else "no clear difference"


@lru_cache(maxsize=1024)
def _critical_z(level: float, groups: int) -> float:
    return float(studentized_range_isf(level, groups) / np.sqrt(2))


def critical_z(
    comparison: Comparison, factor: FloatArray, alpha: float, known: NDArray[np.bool_]
) -> FloatArray:
    """Return the z beyond which each group's p, adjusted, is below alpha.

    Parameters
    ----------
    comparison : Comparison
    factor : float array
        What each group's p is multiplied with.
    alpha : float
    known : bool array
        Groups that are tested; NaN for the others.
    """
    critical = np.full(len(comparison.groups), np.nan)
    for group in np.flatnonzero(known):
        groups = max(int(comparison.k[group]), 2)
        critical[group] = _critical_z(alpha / float(factor[group]), groups)
    return critical


def _detectable(comparison: Comparison, factor: FloatArray, alpha: float) -> FloatArray:
    form = comparison.metric.form
    if form not in {"ratio", "odds", "difference"}:
        return np.full(len(comparison.groups), np.nan)
    every = np.arange(len(comparison.groups))
    whole = comparison.reference == ALL
    hits, trials = comparison.reference_counts(
        every, np.where(whole, REST, comparison.reference)
    )
    none = (comparison.reference == NONE) | (comparison.reference == every)
    rate = np.where(none, np.nan, ratio(hits, trials))
    trials = np.where(none, 0.0, trials)
    critical = critical_z(comparison, factor, alpha, ~none)
    found = detectable_ratio(
        comparison.trials, trials, rate, critical, side=comparison.side
    )
    own = ratio(comparison.trials, comparison.trials + trials)
    with np.errstate(invalid="ignore"):
        return np.where(whole, found / (own * found + 1 - own), found)


def _shortfall(comparison: Comparison) -> FloatArray:
    # Multiplied first, so that whole people stay whole; n is not trials if weighted.
    lacking = comparison.all_hits * comparison.trials
    lacking = lacking - comparison.hits * comparison.all_trials
    known = (comparison.all_trials > 0) & (comparison.trials > 0)
    found = np.full(len(known), np.nan)
    np.divide(lacking, comparison.all_trials, out=found, where=known)
    return found * ratio(comparison.n, comparison.trials)


def reason_of(comparison: Comparison, group: int, min_expected: float) -> str:
    """Return why a group's number does not exist or cannot be relied on."""
    who = f"{label(comparison.attribute(group))} {label(comparison.groups[group])}"
    expected = float(comparison.expected[group])
    if (
        comparison.reference[group] == NONE
        and comparison.fixed[comparison.table[group]]
    ):
        return f"{who}: the reference is not among the customers here"
    if comparison.reference[group] == NONE:
        return (
            f"{who}: no group is large enough to compare with (expected selections "
            f"and non-selections of at least {REFERENCE_EXPECTED:g}, and 5 % of the "
            "customers for a single attribute)"
        )
    if np.isnan(comparison.estimate[group]):
        if not comparison.n[group]:
            return f"{who}: nobody to count the {words(comparison.rate_name)} of"
        if not comparison.trials[group]:
            return f"{who}: all of its customers have weight 0"
        if comparison.metric.form == "odds" and comparison.reference[group] == ALL:
            return (
                f"{who}: odds are not compared with everybody, the group itself "
                "included; the reference 'rest' leaves it out"
            )
        return (
            f"{who}: the {words(comparison.metric.name)} is undefined: "
            f"{comparison.metric.undefined}"
        )
    return f"{who}: {too_few(expected, min_expected)}"


def too_few(expected: float, min_expected: float) -> str:
    """Return how many would have been enough.

    Examples
    --------
    >>> too_few(4.04, 20)
    'too few to tell (4.0 selections expected, 20 needed)'
    """
    return (
        f"too few to tell ({expected:.1f} selections expected, {min_expected:g} needed)"
    )


def words(name: str) -> str:
    """Return the name of a metric or rate as a sentence has it.

    Examples
    --------
    >>> words("true_positive_rate")
    'true positive rate'
    """
    return name.replace("_", " ")


def sentence_of(comparison: Comparison, group: int) -> str:
    """Return a group's comparison in words."""
    rate = comparison.metric.rate
    reference = reference_said(comparison, int(comparison.reference[group]))
    return comparison_sentence(
        attribute=comparison.attribute(group),
        group=comparison.groups[group],
        reference=reference,
        form=comparison.metric.form,
        rate=rate,
        estimate=float(comparison.estimate[group]),
        low=float(comparison.low[group]),
        high=float(comparison.high[group]),
        confidence=comparison.confidence,
    )


def reference_said(comparison: Comparison, reference: int) -> str | None:
    """Return a reference as `against` takes it: a group named "(rest)" is a group."""
    name = comparison.reference_name(reference)
    return name if name is None or reference < 0 else reference_label(name)


def findings_of(
    comparison: Comparison,
    sharing: Sharing,
    *,
    alpha: float,
    min_expected: float = 20.0,
    stratum: str | None = None,
) -> list[Finding]:
    """Return one finding a group, with its reading and without a verdict.

    Parameters
    ----------
    comparison : Comparison
    sharing : Sharing
    alpha : float
        Level of the readings.
    min_expected : float, default 20
    stratum : str, optional
        What the tables were limited to.

    Returns
    -------
    list of Finding
        In the order of the tables and of their groups.
    """
    evidence = weigh(comparison, sharing, alpha=alpha, min_expected=min_expected)
    return [
        finding_of(
            comparison, evidence, group, min_expected=min_expected, stratum=stratum
        )
        for group in range(len(comparison.groups))
    ]


def findings_in_strata(
    parts: Sequence[tuple[str, Comparison]],
    *,
    alpha: float,
    min_expected: float = 20.0,
    either: bool = False,
) -> list[Finding]:
    """Return the findings of several strata, by the false discovery rate over all.

    Parameters
    ----------
    parts : sequence of (str, Comparison)
        What the tables were limited to, as ``column=label``.
    alpha : float
        Share of the groups read as lower or higher that may be so by chance.
    min_expected : float, default 20
    either : bool, default False
        Whether p is in the direction of the estimate, whichever that is.

    Returns
    -------
    list of Finding
        ``p_adjusted`` is 1 where the gap is not in the direction of harm, unless
        `either`.
    """
    alone = Sharing(attributes=1, intersections=0)
    weighed = [
        weigh(one, alone, alpha=alpha, min_expected=min_expected) for _, one in parts
    ]
    toward = np.concatenate([evidence.toward for evidence in weighed] or [np.zeros(0)])
    false = benjamini_hochberg(toward) if len(toward) else toward
    found, start = [], 0
    for (stratum, comparison), evidence in zip(parts, weighed, strict=True):
        size = len(comparison.groups)
        share = false[start : start + size]
        start += size
        harm = (evidence.p_adjusted == evidence.toward) | either
        shared = replace(
            evidence,
            p_adjusted=np.where(harm, share, evidence.p_adjusted),
            readings=[
                _reading(comparison, group, float(share[group]), alpha, min_expected)
                for group in range(size)
            ],
        )
        found += [
            finding_of(
                comparison, shared, group, min_expected=min_expected, stratum=stratum
            )
            for group in range(size)
        ]
    return found


def finding_of(
    comparison: Comparison,
    evidence: Evidence,
    group: int,
    *,
    min_expected: float,
    stratum: str | None = None,
) -> Finding:
    """Return the finding of one group."""
    n_reference, selected_reference = comparison.shown_counts(group)
    trials = float(comparison.trials[group])
    reading = evidence.readings[group]
    detectable = number_or_none(evidence.detectable[group])
    return Finding(
        code=comparison.metric.code,
        metric=comparison.metric.name,
        attribute=comparison.attribute(group),
        group=comparison.groups[group],
        reference=comparison.reference_name(int(comparison.reference[group])),
        stratum=stratum,
        n=int(comparison.n[group]),
        selected=int(comparison.selected[group]),
        n_reference=n_reference,
        selected_reference=selected_reference,
        rate=float(comparison.hits[group]) / trials if trials else None,
        estimate=number_or_none(comparison.estimate[group]),
        low=number_or_none(comparison.low[group]),
        high=number_or_none(comparison.high[group]),
        confidence=comparison.confidence,
        p_value=number_or_none(evidence.p[group]),
        p_adjusted=number_or_none(evidence.p_adjusted[group]),
        detectable=detectable,
        shortfall=number_or_none(evidence.shortfall[group]),
        reading=reading,
        message=_message(comparison, group, reading, detectable, min_expected),
    )


def _message(
    comparison: Comparison,
    group: int,
    reading: Reading,
    detectable: float | None,
    min_expected: float,
) -> str:
    if reading == "reference":
        who = f"{label(comparison.attribute(group))} {label(comparison.groups[group])}"
        return f"{who} is the reference"
    if reading == "undefined" or comparison.reference[group] == NONE:
        return reason_of(comparison, group, min_expected)
    if np.isnan(comparison.estimate[group]):
        return reason_of(comparison, group, min_expected)
    text = sentence_of(comparison, group)
    if reading not in {"too few", "no clear difference"}:
        return text
    said = "too few to tell" if reading == "too few" else reading
    return f"{text}; {said}" + could_see(detectable, comparison.side)


def could_see(detectable: float | None, side: str) -> str:
    """Return what ratio could have been detected, as the end of a sentence."""
    if detectable is None:
        return " (no ratio could have been detected)"
    word = "below" if side == "lower" else "above"
    return f" (could have detected a ratio {word} {number(detectable)})"


def number_or_none(value: float) -> float | None:
    """Return a float, or None for NaN; infinity stays."""
    found = float(value)
    return None if np.isnan(found) else found
