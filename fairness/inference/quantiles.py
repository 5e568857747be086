"""Quantiles, their gaps and shares above a cap, from binned values.

All functions take customers by bin of the value, from the lowest to the highest, on
the last axis, and the least and the greatest value that each bin may hold: one and the
same where a bin holds one number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem
from fairness.inference._arguments import inside, numbers, refuse
from fairness.inference._types import FloatArray, IntArray
from fairness.inference.intervals import normal_quantile, rate_interval

# Cumulated shares are sums of counts: a share this close below q has reached it.
_ROUNDING = 1e-12


class Quantile(NamedTuple):
    """Quantile of binned values.

    Parameters
    ----------
    estimate : ndarray
        Middle of the bin that holds the quantile.
    low, high : ndarray
        Confidence limits.
    least, greatest : ndarray
        Between which the quantile of the unbinned values lies.
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    least: FloatArray
    greatest: FloatArray


class Share(NamedTuple):
    """Share of values above a cap.

    Parameters
    ----------
    least, greatest : ndarray
        Between which the share lies; equal where the cap is an edge of a bin.
    low, high : ndarray
        Confidence limits, of the least and of the greatest.
    """

    least: FloatArray
    greatest: FloatArray
    low: FloatArray
    high: FloatArray


def quantile(
    counts: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    q: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> Quantile:
    """Least value that a share q of the customers does not exceed.

        Q(q) = min {v : F(v) >= q},  limits Q(q -+ z sqrt(q (1 - q) / n))

    Parameters
    ----------
    counts : array_like of float, (..., bins)
    lower, upper : array_like of float, (bins,)
        Least and greatest value of each bin, rising.
    q : array_like of float
        In (0, 1); broadcasts with the leading axes.
    confidence : array_like of float, default 0.95

    Returns
    -------
    Quantile
        In units of the value; nan where a group is empty. A limit that would lie
        outside the observed values is their least or greatest.

    Raises
    ------
    InputError
        A count is negative or not finite, limits of bins that do not fit them, q or
        confidence outside (0, 1).

    Notes
    -----
    The limits are those values v that the test of F(v) = q does not reject, after
    Woodruff: they need no density. With whole numbers they cover more than nominally:
    a limit is a number that somebody has.

    References
    ----------
    .. [1] Woodruff, R. S. (1952). Confidence intervals for medians and other position
       measures. JASA 47(260), 635-646. doi:10.1080/01621459.1952.10483443

    Examples
    --------
    >>> found = quantile([10, 30, 40, 20], [1, 2, 3, 4], [1, 2, 3, 4], 0.5)
    >>> print(found.estimate, found.low, found.high)
    3.0 3.0 3.0
    """
    cells, least, greatest = _bins(counts, lower, upper)
    z = normal_quantile(confidence)
    share = inside("q", q, 0, 1)
    n = cells.sum(axis=-1)
    n, share, z = np.broadcast_arrays(n, share, z)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = z * np.sqrt(share * (1 - share) / n)
        running = np.cumsum(cells, axis=-1) / n[..., None]
    known = n > 0
    place = _reach(running, share)
    under = _reach(running, np.maximum(share - half, _ROUNDING))
    # The greatest value that is not rejected is the first to exceed the upper share.
    over = _reach(running, (share + half) * (1 + 2 * _ROUNDING), after=True)

    def value(of: FloatArray, at: IntArray) -> FloatArray:
        return np.where(known, of[at], np.nan)

    middle = (least + greatest) / 2
    return Quantile(
        value(middle, place),
        value(least, under),
        value(greatest, over),
        value(least, place),
        value(greatest, place),
    )


def quantile_gap(first: Quantile, second: Quantile) -> tuple[FloatArray, ...]:
    """Difference of two groups' quantiles, first minus second, with its interval.

        d = Q - Q', low = d - sqrt((Q - l)^2 + (u' - Q')^2), high likewise  (MOVER)

    Parameters
    ----------
    first, second : Quantile
        Of one q and level of confidence.

    Returns
    -------
    estimate, low, high : ndarray
        In units of the value, nan where a group is empty.

    References
    ----------
    .. [1] Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about
       effect measures: a general approach. Statistics in Medicine 27(10), 1693-1702.
       doi:10.1002/sim.3095

    Examples
    --------
    >>> bins = np.arange(1, 5)
    >>> one, two = (quantile(x, bins, bins, 0.5) for x in ([9, 9, 0, 0], [0, 0, 9, 9]))
    >>> print(*quantile_gap(one, two))
    -2.0 -3.0 -1.0
    """
    gap = first.estimate - second.estimate
    below = np.hypot(first.estimate - first.low, second.high - second.estimate)
    above = np.hypot(first.high - first.estimate, second.estimate - second.low)
    return gap, np.asarray(gap - below), np.asarray(gap + above)


def share_above(
    least: ArrayLike, greatest: ArrayLike, n: ArrayLike, confidence: ArrayLike = 0.95
) -> Share:
    """Share of values above a cap, from the fewest and the most that may be.

        low = limit(least / n), high = limit(greatest / n)  (`rate_interval`)

    Parameters
    ----------
    least, greatest : array_like of float
        Customers surely and possibly above: `ValueBins.above`.
    n : array_like of float
        Customers with a value.
    confidence : array_like of float, default 0.95

    Returns
    -------
    Share
        In [0, 1]; nan where n = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above n; confidence outside (0, 1).

    Examples
    --------
    >>> share = share_above(12, 12, 100)
    >>> print(share.least, share.low.round(4), share.high.round(4))
    0.12 0.0693 0.1984
    """
    low, _ = rate_interval(least, n, confidence)
    _, high = rate_interval(greatest, n, confidence)
    size = numbers("n", n)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = numbers("least", least) / size
        second = numbers("greatest", greatest) / size
    return Share(np.asarray(first), np.asarray(second), low, high)


def _bins(
    counts: ArrayLike, lower: ArrayLike, upper: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    cells = numbers("counts", counts)
    wrong = ~((cells >= 0) & np.isfinite(cells))
    refuse("counts", cells, wrong, "allowed are finite numbers, 0 or more")
    least, greatest = numbers("lower", lower), numbers("upper", upper)
    shape = cells.shape[-1:]
    fits = least.shape == greatest.shape == shape and cells.ndim
    if not fits or (least > greatest).any() or (np.diff(least) < 0).any():
        raise InputError(
            Problem("lower, upper", "are not one rising pair of limits a bin")
        )
    return cells, least, greatest


def _reach(running: FloatArray, share: FloatArray, *, after: bool = False) -> IntArray:
    """Return the first bin at which a cumulated share is reached, or exceeded.

    Where none exceeds it, that is the last bin that holds somebody.
    """
    wanted = share[..., None]
    if after:
        full = running >= 1 - _ROUNDING
        short = ((running <= wanted) & ~full).sum(axis=-1)
    else:
        short = (running < wanted * (1 - _ROUNDING)).sum(axis=-1)
    return np.asarray(np.minimum(short, running.shape[-1] - 1), dtype=np.int64)
