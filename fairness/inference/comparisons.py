"""Confidence intervals that compare a group's selection rate with the reference's.

The score intervals invert the score test: a limit is the value at which the
observed counts lie one critical value away from it, with the rates at their
restricted maximum-likelihood estimates under that value. They exist for every table,
zero cells included, with no constant added to any cell.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._arguments import two_groups
from fairness.inference._roots import bracket, decreasing_root
from fairness.inference._types import BoolArray, FloatArray
from fairness.inference.intervals import normal_quantile, wilson

# Logarithms of ratios end within a few roundings of 1.
_LOG_TOLERANCE = 4e-16

Table = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Statistic = Callable[[FloatArray, Table], FloatArray]


def newcombe(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Hybrid-score interval of the difference of two rates, group minus reference.

        low = d - sqrt((p - l)^2 + (u_ref - p_ref)^2),
        high = d + sqrt((u - p)^2 + (p_ref - l_ref)^2)

    with (l, u) the Wilson limits of each rate.

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [-1, 1]; nan where n = 0 or n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Closed form, and close to nominal on average; a little short of it where one
    group is very small. `score_difference` is the first choice.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between
       independent proportions: comparison of eleven methods. Statistics in Medicine
       17(8), 873-890.
       doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    >>> low, high = newcombe(56, 70, 48, 80)
    >>> print(low.round(4), high.round(4))
    0.0524 0.3339
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    low1, high1 = wilson(x1, n1, confidence)
    low2, high2 = wilson(x2, n2, confidence)
    rate1, rate2 = _rate(x1, n1), _rate(x2, n2)
    difference = rate1 - rate2
    return (
        np.asarray(difference - np.hypot(rate1 - low1, high2 - rate2)),
        np.asarray(difference + np.hypot(high1 - rate1, rate2 - low2)),
    )


def score_difference(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
    *,
    correction: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Score interval of the difference of two rates, group minus reference.

    The limits solve, with p, p_ref restricted to p - p_ref = d,

        (rate - rate_ref - d)^2 = z^2 c (p (1 - p) / n + p_ref (1 - p_ref) / n_ref)

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95
    correction : bool, default True
        c = N / (N - 1), N = n + n_ref (Miettinen-Nurminen); False: c = 1 (Mee).

    Returns
    -------
    low, high : ndarray
        In [-1, 1]; nan where n = 0 or n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Close to the nominal level on average over rates at every size of both groups,
    with dips of one or two points where expected counts are below about 10.

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> low, high = score_difference(56, 70, 48, 80)
    >>> print(low.round(4), high.round(4))
    0.0528 0.3382
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    x1, n1, x2, n2, z = np.broadcast_arrays(
        x1, n1, x2, n2, _critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = _sound(known, x1, n1, x2, n2)
    estimate = x1 / n1 - x2 / n2

    def statistic(value: FloatArray) -> FloatArray:
        return _difference_statistic(value, estimate, (x1, n1, x2, n2))

    one = np.ones_like(estimate)
    near_low, near_high = newcombe(x1, n1, x2, n2, confidence)
    limits = []
    for sign, near in ((1.0, near_low), (-1.0, near_high)):

        def excess(value: FloatArray, target: FloatArray = sign * z) -> FloatArray:
            return statistic(np.clip(value, -one, one)) - target

        below, above = bracket(excess, near, np.abs(estimate - near) / 8)
        root = decreasing_root(excess, np.maximum(below, -one), np.minimum(above, one))
        limits.append(np.where((z == np.inf) | (estimate == -sign), -sign, root))
    low, high = limits
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _difference_statistic(
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


def score_ratio(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
    *,
    correction: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Score interval of the ratio of two rates, group to reference.

    The limits solve, with p, p_ref restricted to p = r p_ref,

        (rate - r rate_ref)^2 = z^2 c (p (1 - p) / n + r^2 p_ref (1 - p_ref) / n_ref)

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95
    correction : bool, default True
        c = N / (N - 1), N = n + n_ref (Miettinen-Nurminen); False: c = 1 (Koopman).

    Returns
    -------
    low, high : ndarray
        In [0, inf]: low is 0 where selected = 0, high is inf where selected_ref = 0;
        nan where n = 0 or n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Close to the nominal level on average over rates at every size of both groups,
    with dips of one or two points where expected counts are below about 10.

    References
    ----------
    .. [1] Koopman, P. A. R. (1984). Confidence intervals for the ratio of two
       binomial proportions. Biometrics 40(2), 513-517. doi:10.2307/2531405
    .. [2] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> low, high = score_ratio([700, 0, 3], [5000, 9, 9], [1000, 5, 0], [5000, 9, 9])
    >>> print(low.round(4), high.round(4))
    [0.6408 0.     0.893 ] [0.7645 0.6266    inf]
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    x1, n1, x2, n2, z = np.broadcast_arrays(
        x1, n1, x2, n2, _critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = _sound(known, x1, n1, x2, n2)
    low, high = _limits(
        _ratio_statistic, _ratio_guess, (x1, n1, x2, n2), z, (x1 == 0, x2 == 0)
    )
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _ratio_statistic(logarithm: FloatArray, table: Table) -> FloatArray:
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


def _ratio_guess(table: Table) -> tuple[FloatArray, FloatArray]:
    """Return about where the logarithm of a ratio is, and its standard error."""
    added = zip(table, (0.5, 1.0, 0.5, 1.0), strict=True)
    x1, n1, x2, n2 = (count + more for count, more in added)
    error = np.sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)
    return np.log(x1 / n1 / (x2 / n2)), error


def score_odds_ratio(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
    *,
    correction: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Score interval of the odds ratio, group to reference.

    The limits solve, with p, p_ref restricted to odds(p) = o odds(p_ref),

        (x - n p)^2 (1 / (n p (1 - p)) + 1 / (n_ref p_ref (1 - p_ref))) = z^2 c

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95
    correction : bool, default True
        c = N / (N - 1), N = n + n_ref (Miettinen-Nurminen); False: c = 1.

    Returns
    -------
    low, high : ndarray
        In [0, inf]: low is 0 where nobody of the group or everybody of the reference
        is selected, high is inf in the opposite cases; nan where n = 0 or n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Close to the nominal level on average over rates at every size of both groups,
    with dips of one or two points where expected counts are below about 10.

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> low, high = score_odds_ratio(56, 70, 48, 80)
    >>> print(low.round(4), high.round(4))
    1.2816 5.5402
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    x1, n1, x2, n2, z = np.broadcast_arrays(
        x1, n1, x2, n2, _critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = _sound(known, x1, n1, x2, n2)
    plain = (x1 + x2 > 0) & (x1 + x2 < n1 + n2)
    low_end = ~plain | (x1 == 0) | (x2 == n2)
    high_end = ~plain | (x1 == n1) | (x2 == 0)
    x1, n1, x2, n2 = _sound(plain, x1, n1, x2, n2)
    # Where most are selected: the not-selected of the reference against those of the
    # group have the same odds ratio, and rates away from 1.
    most = 2 * (x1 + x2) > n1 + n2
    x1, n1, x2, n2 = np.where(most, (n2 - x2, n2, n1 - x1, n1), (x1, n1, x2, n2))
    low, high = _limits(
        _odds_statistic, _odds_guess, (x1, n1, x2, n2), z, (low_end, high_end)
    )
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _odds_statistic(logarithm: FloatArray, table: Table) -> FloatArray:
    """Return the score statistic of the logarithm of an odds ratio."""
    x1, n1, x2, n2 = table
    m = x1 + x2
    # The group with the smaller odds comes first: the odds ratio is then at most 1,
    # where the quadratic has no cancellation. Swapping turns the sign.
    swap = logarithm > 0
    first_x, first_n = np.where(swap, x2, x1), np.where(swap, n2, n1)
    second_n = np.where(swap, n1, n2)
    odds = np.exp(-np.abs(logarithm))
    part = first_n * odds
    rest = -np.expm1(-np.abs(logarithm)) * m
    root = np.sqrt((part + second_n - rest) ** 2 + 4 * rest * part)
    second = np.minimum(2 * m / (part + second_n + rest + root), 1.0)
    scale = 1 - second + odds * second
    first = odds * second / scale
    inner = first_n * first * ((1 - second) / scale)
    outer = second_n * second * (1 - second)
    variance = inner * outer / (inner + outer)
    z = _standardised(first_x - first_n * first, variance)
    return np.where(swap, -z, z)


def _odds_guess(table: Table) -> tuple[FloatArray, FloatArray]:
    """Return about where the logarithm of an odds ratio is, and its standard error."""
    x1, n1, x2, n2 = table
    a, b, c, d = (cell + 0.5 for cell in (x1, n1 - x1, x2, n2 - x2))
    return np.log(a / b / (c / d)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def _limits(
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
        counts = _sound(~end, *table)
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
        found.append(np.where(end, 0.0 if sign > 0 else np.inf, np.exp(root)))
    return found[0], found[1]


def _critical(
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


def _sound(known: BoolArray, *counts: FloatArray) -> Table:
    """Return counts with a harmless table where the given one has no answer."""
    x1, n1, x2, n2 = counts
    one, two = np.ones_like(x1), np.full_like(x1, 2.0)
    pairs = ((x1, one), (n1, two), (x2, one), (n2, two))
    a, b, c, d = (np.where(known, count, other) for count, other in pairs)
    return a, b, c, d


def _rate(x: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray(x / np.where(n > 0, n, np.nan))


def _standardised(distance: FloatArray, variance: FloatArray) -> FloatArray:
    """Return distance / sqrt(variance), 0 where the distance is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(distance == 0, 0.0, distance / np.sqrt(variance))
