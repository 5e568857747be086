"""Score statistics of two rates under a given difference, ratio or odds ratio.

Each has the rates at their restricted maximum-likelihood estimates: closed forms,
written so that near-equal terms are not subtracted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._roots import bracket, decreasing_root
from fairness.inference._types import BoolArray, FloatArray
from fairness.inference.intervals import normal_quantile

# Ratios to 14 digits: below that the statistics' own rounding would be searched.
_LOG_TOLERANCE = 1e-14
_TINY = 1e-300

Table = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Statistic = Callable[[FloatArray, Table], FloatArray]


def difference_statistic(
    value: FloatArray,
    estimate: FloatArray,
    table: Table,
) -> FloatArray:
    """Return the score statistic of a difference, 0 at the estimate.

    The restricted rate of the reference is the root in the middle of the cubic that
    the likelihood equation becomes.
    """
    x1, n1, x2, n2 = table
    total, m = n1 + n2, x1 + x2
    b = (n1 + 2 * n2) * value - total - m
    c = (n2 * value - total - 2 * x2) * value + m
    d = x2 * value * (1 - value)
    b, c, d = b / (3 * total), c / (3 * total), d / total
    spread = np.sqrt(np.maximum(b * b - c, 0.0))
    twist = b * (b * b - 1.5 * c) + 0.5 * d
    sign = np.where(twist < 0, -1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(spread > 0, twist / (sign * spread * spread * spread), 0.0)
    angle = (np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3
    second = 2 * sign * spread * np.cos(angle) - b
    second = np.clip(second, np.maximum(0.0, -value), np.minimum(1.0, 1 - value))
    first = np.clip(second + value, 0.0, 1.0)
    variance = first * (1 - first) / n1 + second * (1 - second) / n2
    return _standardised(estimate - value, variance)


def ratio_statistic(logarithm: FloatArray, table: Table) -> FloatArray:
    """Return the score statistic of the logarithm of a ratio."""
    x1, n1, x2, n2 = table
    ratio = np.exp(logarithm)
    u, v = ratio * (n1 + x2), n2 + x1
    # The discriminant without cancellation: it is 0 for two full groups at ratio 1.
    root = np.sqrt((u - v) ** 2 + 4 * ratio * (n1 - x1) * (n2 - x2))
    second = 2 * (x1 + x2) / (u + v + root)
    second = np.minimum(second, 1 / np.maximum(1.0, ratio))
    first = np.minimum(ratio * second, 1.0)
    variance = first * (1 - first) / n1 + ratio**2 * second * (1 - second) / n2
    return _standardised(x1 / n1 - ratio * (x2 / n2), variance)


def ratio_guess(table: Table) -> tuple[FloatArray, FloatArray]:
    """Return about where the logarithm of a ratio is, and its standard error."""
    added = zip(table, (0.5, 1.0, 0.5, 1.0), strict=True)
    x1, n1, x2, n2 = (count + more for count, more in added)
    error = np.sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)
    return np.log(x1 / n1 / (x2 / n2)), error


def odds_statistic(logarithm: FloatArray, table: Table) -> FloatArray:
    """Return the score statistic of the logarithm of an odds ratio."""
    x1, n1, x2, n2 = table
    m, rest = x1 + x2, n1 - x1 + n2 - x2
    # The group with the smaller odds comes first: the odds ratio is then at most 1,
    # where the quadratics have no cancellation. Swapping turns the sign.
    swap = logarithm > 0
    first_x, n, n_ref = np.where(swap, (x2, n2, n1), (x1, n1, n2))
    odds, less = np.exp(-np.abs(logarithm)), -np.expm1(-np.abs(logarithm))
    selected = _larger_rate(m * less, n * odds, n_ref) * m
    unselected = _larger_rate(rest * less, n_ref * odds, n) * rest
    # The other two rates are the small ones: their product is the odds ratio times
    # the large ones, and the margin gives their difference.
    product, gap = odds * selected * unselected, m - n_ref
    root = np.sqrt(gap * gap + 4 * n * n_ref * product) + _TINY
    larger = (np.abs(gap) + root) / 2
    low = np.where(gap > 0, larger / n, product * n_ref / larger)
    low_ref = np.where(gap > 0, product * n / larger, larger / n_ref)
    inner, outer = n * low * unselected, n_ref * selected * low_ref
    both = inner + outer
    variance = inner * outer / np.where(both > 0, both, 1.0)
    z = _standardised(first_x - n * low, variance)
    return np.where(swap, -z, z)


def _larger_rate(margin: FloatArray, part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the restricted rate of the group with the larger odds, per margin."""
    linear = part + whole
    root = np.sqrt((linear - margin) ** 2 + 4 * margin * part)
    return np.asarray(2 / (linear + margin + root))


def odds_guess(table: Table) -> tuple[FloatArray, FloatArray]:
    """Return about where the logarithm of an odds ratio is, and its standard error."""
    x1, n1, x2, n2 = table
    a, b, c, d = (cell + 0.5 for cell in (x1, n1 - x1, x2, n2 - x2))
    return np.log(a / b / (c / d)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def ratio_limits(
    statistic: Statistic,
    guess: Callable[[Table], tuple[FloatArray, FloatArray]],
    table: Table,
    z: FloatArray,
    ends: tuple[BoolArray, BoolArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the ratios at which a statistic of their logarithm is z and -z.

    `ends` says where the low limit is 0 and the high one inf: nothing to solve there.
    """
    found = []
    for sign, end in ((1.0, ends[0] | (z == np.inf)), (-1.0, ends[1] | (z == np.inf))):
        counts = sound(~end, *table)
        target = sign * np.where(end, 1.0, z)

        def excess(
            logarithm: FloatArray,
            counts: Table = counts,
            target: FloatArray = target,
        ) -> FloatArray:
            return statistic(logarithm, counts) - target

        centre, error = guess(counts)
        width = np.abs(target) * error
        low, high = bracket(excess, centre - sign * width, width / 4)
        root = decreasing_root(excess, low, high, absolute=_LOG_TOLERANCE)
        with np.errstate(over="ignore"):
            limit = np.exp(root)
        found.append(np.where(end, 0.0 if sign > 0 else np.inf, limit))
    return found[0], found[1]


def critical(
    total: FloatArray, confidence: ArrayLike, *, correction: bool
) -> FloatArray:
    """Return the critical value, widened by sqrt(N / (N - 1)) where corrected."""
    z = normal_quantile(confidence)
    if not correction:
        return z
    # At N <= 1 the corrected variance has no bound: the interval is everything.
    above = np.maximum(total - 1, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(z * np.sqrt(total / np.where(total > 0, above, 1.0)))


def sound(known: BoolArray, *counts: FloatArray) -> Table:
    """Return counts with a harmless table where the given one has no answer."""
    x1, n1, x2, n2 = counts
    one, two = np.ones_like(x1), np.full_like(x1, 2.0)
    pairs = ((x1, one), (n1, two), (x2, one), (n2, two))
    a, b, c, d = (np.where(known, count, other) for count, other in pairs)
    return a, b, c, d


def _standardised(distance: FloatArray, variance: FloatArray) -> FloatArray:
    """Return distance / sqrt(variance), 0 where the distance is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(distance == 0, 0.0, distance / np.sqrt(variance))
