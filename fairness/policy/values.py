"""Metrics that have a value and no test, for the groups of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable
from fairness.findings.comparison import ALL, NONE, REST, Comparison, compare_groups
from fairness.findings.readings import Evidence
from fairness.metrics import METRICS, rate_counts
from fairness.metrics.measures import compare_rates, ratio
from fairness.policy.bounds import breaks, exact_value, outside

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Limits = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The value of a metric for each group, and whether it breaks its bound.

    Parameters
    ----------
    value : float array
        NaN where undefined.
    broken : bool array
    """

    value: FloatArray
    broken: BoolArray


def values_of(
    name: str, limits: Limits, comparison: Comparison, evidence: Evidence
) -> Values:
    """Return a metric that cannot be tested, for each group of a comparison.

    Parameters
    ----------
    name : str
        Of a metric that is not of an attribute as a whole.
    limits : pair of Decimal or None
    comparison : Comparison
        Of the rate that the metric is made of.
    evidence : Evidence

    Returns
    -------
    Values
        Undefined for the reference itself, but for what compares with nobody.

    Examples
    --------
    >>> from fairness.findings import Sharing
    >>> from fairness.findings.readings import weigh
    >>> cells = np.zeros((2, 2, 3), np.int64)
    >>> cells[:, 0, 2], cells[:, 1, 2] = [4300, 4000], [700, 1000]
    >>> table = CountTable(("gender",), (("f",), ("m",)), cells)
    >>> made = compare_groups(METRICS["adverse_impact_ratio"], [table])
    >>> weighed = weigh(made, Sharing(1, 0), alpha=0.05, min_expected=20)
    >>> found = values_of("shortfall", (None, Decimal(100)), made, weighed)
    >>> found.value, found.broken
    (array([ 150., -150.]), array([ True, False]))
    """
    if name == "flip_one_ratio":
        return _flipped(limits, comparison)
    exact: Callable[[int], Fraction | None] | None = None
    if name == "shortfall":
        value = evidence.shortfall

        def exact(place: int) -> Fraction | None:
            return _exact_shortfall(comparison, place)

    elif name == "selection_rate":
        value = ratio(comparison.hits, comparison.trials)

        def exact(place: int) -> Fraction | None:
            hits, trials = comparison.hits[place], comparison.trials[place]
            return exact_value("ratio", float(hits), float(trials), 1.0, 1.0)

    elif name == "detectable_ratio":
        value = evidence.detectable
    elif name == "standard_deviations":
        value = _standard_deviations(comparison)
    elif name == "equalized_odds_difference":
        value, exact = _worse_odds(comparison)
    else:
        value = comparison.estimate
    return Values(value, outside(value, *limits, exact))


def attribute_value(name: str, table: CountTable, limits: Limits) -> tuple[float, bool]:
    """Return a metric of an attribute as a whole, and whether it breaks its bound.

    Parameters
    ----------
    name : {"disparate_impact_ratio", "max_min_gap"}
    table : CountTable
    limits : pair of Decimal or None

    Examples
    --------
    >>> cells = np.zeros((2, 2, 3), np.int64)
    >>> cells[:, 0, 2], cells[:, 1, 2] = [96, 95], [4, 5]
    >>> table = CountTable(("gender",), (("f",), ("m",)), cells)
    >>> attribute_value("disparate_impact_ratio", table, (Decimal("0.8"), None))[1]
    False
    >>> attribute_value("max_min_gap", table, (None, Decimal("0.01")))[1]
    False
    """
    hits, trials = rate_counts("selection_rate", table.weighted_cells)
    hits, trials = hits[trials > 0], trials[trials > 0]
    if not len(trials):
        return float("nan"), False
    rates = hits / trials
    low, high = int(np.argmin(rates)), int(np.argmax(rates))
    form, first, second = (
        ("ratio", low, high)
        if name == "disparate_impact_ratio"
        else ("difference", high, low)
    )
    counts = hits[first], trials[first], hits[second], trials[second]

    def exact(_: int) -> Fraction | None:
        return exact_value(form, *(float(count) for count in counts))

    value = np.atleast_1d(compare_rates(form, *counts))
    return float(value[0]), bool(outside(value, *limits, exact)[0])


def _others(comparison: Comparison) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Return which groups have a reference, and its counts: never the group's own."""
    every = np.arange(len(comparison.groups))
    reference = comparison.reference
    held = (reference != NONE) & (reference != every)
    hits, trials = comparison.reference_counts(
        every, np.where(reference == ALL, REST, reference)
    )
    return held, hits, trials


def _standard_deviations(comparison: Comparison) -> FloatArray:
    held, hits, trials = _others(comparison)
    pooled = ratio(comparison.hits + hits, comparison.trials + trials)
    gap = compare_rates("difference", comparison.hits, comparison.trials, hits, trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(pooled * (1 - pooled) * (1 / comparison.trials + 1 / trials))
        return np.where(held & (error > 0), gap / error, np.nan)


def _flipped(limits: Limits, comparison: Comparison) -> Values:
    """Return the ratio with one selection moved towards, or over, the bound."""
    low, high = limits
    every = np.arange(len(comparison.groups))
    reference = comparison.reference
    held = (reference != NONE) & (reference != every)
    hits, trials = comparison.reference_counts(every, reference)

    def broken(
        moved: FloatArray, at_least: Decimal | None, at_most: Decimal | None
    ) -> BoolArray:
        return breaks(
            "ratio",
            moved,
            comparison.trials,
            hits,
            trials,
            at_least=at_least,
            at_most=at_most,
        )

    own = comparison.hits
    one_more = np.minimum(own + 1, comparison.trials)
    one_fewer = np.maximum(own - 1, 0)
    now = broken(own, low, high)
    # Back inside where the bound is broken, else out over the nearer bound.
    up = broken(own, low, None)
    if low is None:
        up |= ~now
    elif high is not None:
        up |= ~now & broken(one_more, None, high)
    moved = np.where(up, one_more, one_fewer)
    then = broken(moved, low, high)
    value = compare_rates("ratio", moved, comparison.trials, hits, trials)
    value = np.where(held, value, np.nan)
    return Values(value, (then != now) & held & ~np.isnan(value))


def _worse_odds(
    comparison: Comparison,
) -> tuple[FloatArray, Callable[[int], Fraction | None]]:
    """Return the larger gap of the two rates, against the first one's reference."""
    other = compare_groups(
        METRICS["false_positive_rate_difference"],
        comparison.tables,
        side=comparison.side,
        confidence=comparison.confidence,
    )
    every = np.arange(len(comparison.groups))
    reference = comparison.reference
    counts = [
        (one.hits, one.trials, *one.reference_counts(every, reference))
        for one in (comparison, other)
    ]
    gaps = [compare_rates("difference", *four) for four in counts]
    larger = np.maximum(np.abs(gaps[0]), np.abs(gaps[1]))

    def exact(place: int) -> Fraction | None:
        found = [
            exact_value("difference", *(float(count[place]) for count in four))
            for four in counts
        ]
        known = [abs(gap) for gap in found if gap is not None]
        return max(known) if len(known) == len(found) else None

    held = (reference != NONE) & (reference != every)
    return np.where(held, larger, np.nan), exact


def _exact_shortfall(comparison: Comparison, place: int) -> Fraction | None:
    whole = (
        comparison.all_hits[place],
        comparison.all_trials[place],
        comparison.trials[place],
        comparison.hits[place],
    )
    if not all(float(count).is_integer() for count in whole) or not whole[1]:
        return None
    everybody, customers, n, selected = (Fraction(float(count)) for count in whole)
    return n * everybody / customers - selected
