"""Score intervals of two groups, widened where a rate has few selected or few not.

A score interval under-covers where a rate's Wilson interval does: with one customer
selected, its low limit is too high. `rate_interval` mends that for one rate by moving
towards the exact limits; here the same move is made in the limits of the comparison,
outwards only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._arguments import two_groups
from fairness.inference._types import FloatArray
from fairness.inference.comparisons import (
    score_difference,
    score_odds_ratio,
    score_ratio,
)
from fairness.inference.intervals import rate_interval, wilson


def difference_interval(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Interval of the difference of two rates that holds its level at small counts.

        low = score low - (wilson low - rate low) - (rate_ref high - wilson_ref high),

    the brackets at least 0; high likewise.

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [-1, 1]; nan where n = 0 or n_ref = 0. Equal to `score_difference` where
        all four cells are at least 20.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Covers 94.0-96.1 % at a nominal 95 % where all expected counts are at least 10, and
    93.4-100 % elsewhere (enumerated, sizes from 5 to 400).

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> low, high = difference_interval([1, 700], [40, 5000], [50, 1000], [400, 5000])
    >>> print(low.round(3), high.round(3))
    [-0.149 -0.075] [ 0.009 -0.045]
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    low, high = score_difference(x1, n1, x2, n2, confidence)
    below, above = _moves(x1, n1, confidence)
    below_ref, above_ref = _moves(x2, n2, confidence)
    low = np.maximum(low - below - above_ref, -1.0)
    return low, np.minimum(high + above + below_ref, 1.0)


def ratio_interval(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Interval of the ratio of two rates that holds its level at small counts.

        low = score low (rate low / wilson low) (wilson_ref high / rate_ref high),

    the brackets at most 1; high likewise.

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [0, inf]: low is 0 where selected = 0, high is inf where selected_ref = 0;
        nan where n = 0 or n_ref = 0. Equal to `score_ratio` where all four cells are
        at least 20.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Covers 94.3-96.3 % at a nominal 95 % where all expected counts are at least 10, and
    93.4-100 % elsewhere (enumerated, sizes from 5 to 400), where the score interval
    falls to 85 %.

    References
    ----------
    .. [1] Koopman, P. A. R. (1984). Confidence intervals for the ratio of two
       binomial proportions. Biometrics 40(2), 513-517. doi:10.2307/2531405

    Examples
    --------
    >>> low, high = ratio_interval([1, 700], [40, 5000], [50, 1000], [400, 5000])
    >>> print(low.round(3), high.round(3))
    [0.005 0.641] [1.075 0.765]
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    low, high = score_ratio(x1, n1, x2, n2, confidence)
    down, up = _factors(x1, n1, confidence, odds=False)
    down_ref, up_ref = _factors(x2, n2, confidence, odds=False)
    return _scaled(low, high, (down / up_ref, up), down_ref)


def odds_ratio_interval(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Interval of the odds ratio that holds its level at small counts.

    As `ratio_interval`, with the odds of the limits in place of the limits.

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [0, inf]: low is 0 where nobody of the group or everybody of the reference
        is selected, high is inf in the opposite cases; nan where n = 0 or n_ref = 0.
        Equal to `score_odds_ratio` where all four cells are at least 20.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; confidence outside (0, 1).

    Notes
    -----
    Covers 94.3-96.2 % at a nominal 95 % where all expected counts are at least 10, and
    94.8-100 % elsewhere (enumerated, sizes from 5 to 400), where the score interval
    falls to 87 %.

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> low, high = odds_ratio_interval([1, 700], [40, 5000], [50, 1000], [400, 5000])
    >>> print(low.round(3), high.round(3))
    [0.004 0.586] [1.086 0.724]
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    low, high = score_odds_ratio(x1, n1, x2, n2, confidence)
    down, up = _factors(x1, n1, confidence, odds=True)
    down_ref, up_ref = _factors(x2, n2, confidence, odds=True)
    return _scaled(low, high, (down / up_ref, up), down_ref)


def _scaled(
    low: FloatArray,
    high: FloatArray,
    factors: tuple[FloatArray, FloatArray],
    down_ref: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return limits times their factors; where the reference's low limit is 0, inf."""
    none = down_ref == 0
    widened = high * factors[1] / np.where(none, 1.0, down_ref)
    return low * factors[0], np.where(none, np.inf, widened)


def _moves(
    x: FloatArray, n: FloatArray, confidence: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return how far the limits of a rate lie outside Wilson's."""
    (low, high), (score_low, score_high) = (
        rate_interval(x, n, confidence),
        wilson(x, n, confidence),
    )
    return np.maximum(score_low - low, 0.0), np.maximum(high - score_high, 0.0)


def _factors(
    x: FloatArray, n: FloatArray, confidence: ArrayLike, *, odds: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the limits of a rate, or of its odds, in parts of Wilson's.

    1 where Wilson's limit is further out or at the end of the scale.
    """
    limits = rate_interval(x, n, confidence)
    score_limits = wilson(x, n, confidence)
    factors = []
    for limit, score in zip(limits, score_limits, strict=True):
        inner = (score > 0) & (score < 1)
        ours, wilsons = np.where(inner, limit, 0.5), np.where(inner, score, 0.5)
        factor = ours / wilsons
        if odds:
            # Fractions of a customer short of all round to a limit of 1: odds inf.
            with np.errstate(divide="ignore"):
                factor = factor * ((1 - wilsons) / (1 - ours))
        factors.append(factor)
    return np.minimum(factors[0], 1.0), np.maximum(factors[1], 1.0)
