"""Arguments of the stratified measures, and intervals of weighted sums of rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem
from fairness.inference._arguments import counted
from fairness.inference._types import BoolArray, FloatArray
from fairness.inference.intervals import rate_interval

# A stratum's rate is moved towards all strata's by so many customers before its
# variance is taken: nobody selected of few is not a rate known to be 0.
_ADDED = 1.0

Tables = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Limits = tuple[FloatArray, FloatArray, FloatArray]


def strata(
    hits: ArrayLike, trials: ArrayLike, ref_hits: ArrayLike, ref_trials: ArrayLike
) -> Tables:
    """Return the four counts in one shape (..., S), or raise."""
    x1, n1 = counted(hits, trials, ("hits", "trials"))
    x2, n2 = counted(ref_hits, ref_trials, ("ref_hits", "ref_trials"))
    try:
        first, size, second, size_ref = np.broadcast_arrays(x1, n1, x2, n2)
    except ValueError as error:
        what = f"shape {x2.shape} does not broadcast with {x1.shape} of hits"
        raise InputError(Problem("ref_hits", what)) from error
    if first.ndim == 0:
        what = "is a single number; allowed are arrays with the strata last"
        raise InputError(Problem("hits", what))
    return first, size, second, size_ref


def emptied(wanted: BoolArray, tables: Tables) -> Tables:
    """Return tables with those that are not wanted set to no customers at all."""
    a, b, c, d = (np.where(wanted, count, 0.0) for count in tables)
    return a, b, c, d


def both_sides(tables: Tables) -> BoolArray:
    """Return the strata with customers of the group and of the reference."""
    return np.asarray((tables[1] > 0) & (tables[3] > 0))


def over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator, 0 where the denominator is 0."""
    some = denominator != 0
    return np.asarray(np.where(some, numerator, 0.0) / np.where(some, denominator, 1.0))


def weighted_rate(
    hits: FloatArray, trials: FloatArray, weights: FloatArray, confidence: ArrayLike
) -> Limits:
    """Weighted sum of the strata's rates with its interval.

    The interval of one rate at the number of customers that would give the sum's
    variance, `rate_interval`, so that few or no hits keep a width.
    """
    known = np.asarray(np.isfinite(weights).all(-1))
    shares = np.where(known[..., None], weights, 0.0)
    all_hits, all_trials = (
        np.where(shares > 0, count, 0.0).sum(-1, keepdims=True)
        for count in (hits, trials)
    )
    pooled = (all_hits + 0.5) / (all_trials + 1)
    near = (hits + _ADDED * pooled) / (trials + _ADDED)
    # Without the last factor the variance would be too small: a rate of few customers
    # is, squared, further from 1/2 than the true one.
    short = 1 - trials / (trials + _ADDED) ** 2
    variance = over(shares**2 * near * (1 - near), trials * short).sum(-1)
    total = np.minimum((shares * near).sum(-1), 1.0)
    size = over(total * (1 - total), variance)
    rate = np.clip((shares * over(hits, trials)).sum(-1), 0.0, 1.0)
    low, high = rate_interval(rate * size, size, confidence)
    return np.where(known, rate, np.nan), low, high


def recovered_difference(first: Limits, second: Limits) -> Limits:
    """Difference of two independent rates, its variance from their limits (MOVER)."""
    (rate1, low1, high1), (rate2, low2, high2) = first, second
    difference = np.asarray(rate1 - rate2)
    return (
        difference,
        np.asarray(difference - np.hypot(rate1 - low1, high2 - rate2)),
        np.asarray(difference + np.hypot(high1 - rate1, rate2 - low2)),
    )


def recovered_ratio(first: Limits, second: Limits) -> Limits:
    """Ratio of two independent rates, its variance from their limits (MOVER)."""
    (rate1, low1, high1), (rate2, low2, high2) = first, second
    product = rate1 * rate2
    below = low1 * (2 * rate1 - low1)
    inner = product**2 - below * high2 * (2 * rate2 - high2)
    low = over(below, product + np.sqrt(np.maximum(inner, 0.0)))
    above = low2 * (2 * rate2 - low2)
    inner = product**2 - high1 * (2 * rate1 - high1) * above
    high = over(product + np.sqrt(np.maximum(inner, 0.0)), above)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(rate1 / rate2)
    return ratio, low, np.where(above == 0, np.inf, high)
