"""Confidence intervals that compare a group's selection rate with the reference's.

The score intervals invert the score test: a limit is the value at which the
observed counts lie one critical value away from it, with the rates at their
restricted maximum-likelihood estimates under that value. They exist for every table,
zero cells included, with no constant added to any cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._arguments import two_groups
from fairness.inference._roots import bracket, decreasing_root
from fairness.inference._score import (
    critical,
    difference_statistic,
    odds_guess,
    odds_statistic,
    ratio_guess,
    ratio_limits,
    ratio_statistic,
    sound,
)
from fairness.inference._types import FloatArray
from fairness.inference.intervals import wilson


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
    Closed form. Covers 93.5-95.8 % at a nominal 95 % where all expected counts are at
    least 10 (enumerated over sizes from 25 to 400), down to 89.7 % elsewhere.

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
    Covers 93.9-95.9 % at a nominal 95 % where all expected counts are at least 10
    (enumerated over sizes from 25 to 400), down to 92.9 % elsewhere:
    `difference_interval` is widened there.

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
        x1, n1, x2, n2, critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = sound(known, x1, n1, x2, n2)
    estimate = x1 / n1 - x2 / n2

    def statistic(value: FloatArray) -> FloatArray:
        return difference_statistic(value, estimate, (x1, n1, x2, n2))

    one = np.ones_like(estimate)
    near_low, near_high = newcombe(x1, n1, x2, n2, confidence)
    limits = []
    for sign, near in ((1.0, near_low), (-1.0, near_high)):
        target = sign * np.where(z == np.inf, 1.0, z)

        def excess(value: FloatArray, target: FloatArray = target) -> FloatArray:
            return statistic(np.clip(value, -one, one)) - target

        below, above = bracket(excess, near, np.abs(estimate - near) / 8)
        root = decreasing_root(excess, np.maximum(below, -one), np.minimum(above, one))
        limits.append(np.where((z == np.inf) | (estimate == -sign), -sign, root))
    low, high = limits
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


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
    Covers 94.2-96.2 % at a nominal 95 % where all expected counts are at least 10
    (enumerated over sizes from 25 to 400), down to 85.2 % elsewhere:
    `ratio_interval` is widened there.

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
        x1, n1, x2, n2, critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = sound(known, x1, n1, x2, n2)
    low, high = ratio_limits(
        ratio_statistic, ratio_guess, (x1, n1, x2, n2), z, (x1 == 0, x2 == 0)
    )
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


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
    Covers 94.3-96.0 % at a nominal 95 % where all expected counts are at least 10
    (enumerated over sizes from 25 to 400), down to 87.3 % elsewhere:
    `odds_ratio_interval` is widened there.

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
        x1, n1, x2, n2, critical(n1 + n2, confidence, correction=correction)
    )
    known = (n1 > 0) & (n2 > 0)
    x1, n1, x2, n2 = sound(known, x1, n1, x2, n2)
    plain = (x1 + x2 > 0) & (x1 + x2 < n1 + n2)
    low_end = ~plain | (x1 == 0) | (x2 == n2)
    high_end = ~plain | (x1 == n1) | (x2 == 0)
    x1, n1, x2, n2 = sound(plain, x1, n1, x2, n2)
    low, high = ratio_limits(
        odds_statistic, odds_guess, (x1, n1, x2, n2), z, (low_end, high_end)
    )
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _rate(x: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray(x / np.where(n > 0, n, np.nan))
