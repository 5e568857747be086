"""Confidence intervals of one selection rate.

All functions are vectorised: arguments broadcast, counts may be floats (effective
sample sizes of weighted data), and the results are arrays of the broadcast shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv, ndtri

from fairness.inference._arguments import counted, inside, numbers
from fairness.inference._types import FloatArray

# `rate_interval` moves Wilson's limits towards the exact ones by
# (C / m - C / M) / (1 - 1 / M), m the smaller of selected and not selected. Both were
# found by enumeration: the smallest C whose coverage stays above 93 % at every size
# for the M from which on Wilson's limits are left as they are.
_TOWARDS_EXACT = 3.2
_WILSON_FROM = 20.0


def normal_quantile(confidence: ArrayLike) -> FloatArray:
    """Return the two-sided standard normal critical value of a confidence level.

    Examples
    --------
    >>> float(normal_quantile(0.95).round(6))
    1.959964
    """
    level = inside("confidence", confidence, 0, 1)
    return np.asarray(-ndtri((1 - level) / 2), dtype=np.float64)


def wilson(
    selected: ArrayLike, n: ArrayLike, confidence: ArrayLike = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Score interval of a rate.

        (x + z^2/2) / (n + z^2)  -+  z / (n + z^2) * sqrt(x (n - x) / n + z^2/4)

    Parameters
    ----------
    selected, n : array_like of float
        Counts, 0 <= selected <= n.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [0, 1]; 0 is the low limit where nobody, 1 the high limit where everybody
        is selected; nan where n = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or selected > n; confidence outside (0, 1).

    Notes
    -----
    Covers 92.2-97.1 % at a nominal 95 % where both expected counts are at least 10
    (any n), and falls to 79 % where one expected count is below 1.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and
       statistical inference. JASA 22(158), 209-212.
       doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> low, high = wilson(30, 100)
    >>> print(low.round(4), high.round(4))
    0.2189 0.3958
    """
    x, size = counted(selected, n)
    z = normal_quantile(confidence)
    x, size, z = np.broadcast_arrays(x, size, z)
    safe = np.where(size > 0, size, np.nan)
    centre = (x + z * z / 2) / (safe + z * z)
    half = z / (safe + z * z) * np.sqrt(x * (safe - x) / safe + z * z / 4)
    # The low limit of few selected is a difference of near equals: x^2 / (n ...) / high
    # is the same number without the cancellation, and likewise on the other side.
    high = np.where(x == size, safe / safe, centre + half)
    low = np.where(x == size, safe / (safe + z * z), centre - half)
    product = x * x / (safe * (safe + z * z))
    low = np.where((x > 0) & (x < size), product / (centre + half), low)
    return np.where((x == 0) & (size > 0), 0.0, low), high


def exact(
    selected: ArrayLike, n: ArrayLike, confidence: ArrayLike = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Clopper-Pearson interval of a rate: both binomial tails at least alpha/2.

        low = B(alpha/2; x, n - x + 1),  high = B(1 - alpha/2; x + 1, n - x)

    with B the quantile of the beta distribution.

    Parameters
    ----------
    selected, n : array_like of float
        Counts, 0 <= selected <= n.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [0, 1]; 0 is the low limit where nobody, 1 the high limit where everybody
        is selected; nan where n = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or selected > n; confidence outside (0, 1).

    Notes
    -----
    Covers at least the nominal level at every n and rate, and too much at small n:
    never below 95 %, often above 98 % where an expected count is below 10.

    References
    ----------
    .. [1] Clopper, C. J. & Pearson, E. S. (1934). The use of confidence or fiducial
       limits illustrated in the case of the binomial. Biometrika 26(4), 404-413.
       doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> low, high = exact([0, 3], 10)
    >>> print(low.round(4), high.round(4))
    [0.     0.0667] [0.3085 0.6525]
    """
    x, size = counted(selected, n)
    level = inside("confidence", confidence, 0, 1)
    x, size, level = np.broadcast_arrays(x, size, level)
    tail = (1 - level) / 2
    x = np.where(size > 0, x, np.nan)
    none, all_ = x == 0, x == size
    low = betaincinv(np.where(none, 1.0, x), size - x + 1, tail)
    high = betainccinv(x + 1, np.where(all_, 1.0, size - x), tail)
    return np.where(none, 0.0, low), np.where(all_, 1.0, high)


def rate_interval(
    selected: ArrayLike, n: ArrayLike, confidence: ArrayLike = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson interval, moved to the exact one where Wilson's would under-cover.

        limit = Wilson + w (exact - Wilson),  w = 3.2 (20 - m) / (19 m) within [0, 1]

    with m the smaller of selected and n - selected: Wilson where m >= 20, exact where
    m <= 2.8, and no jump between them.

    Parameters
    ----------
    selected, n : array_like of float
        Counts, 0 <= selected <= n.
    confidence : array_like of float, default 0.95

    Returns
    -------
    low, high : ndarray
        In [0, 1]; 0 is the low limit where nobody, 1 the high limit where everybody
        is selected; nan where n = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or selected > n; confidence outside (0, 1).

    Notes
    -----
    At a nominal 95 %, enumerated at every n up to 200 and at seven sizes up to 100,000,
    on both sides of every limit: 93.1-97.4 % where both expected counts are at least
    10, 93.2-97.0 % of these from n = 42 on, and never below 93.0 % elsewhere (least:
    93.03 % at n = 88, 5.4 expected). Above 97 % are only rates near 1/2 at n = 21 to
    41: of 21 customers at rate 1/2 every symmetric interval covers 92.2 or 97.3 %.
    At a nominal 90 % the least is 86.6 %, at 99 % it is 98.1 %.

    References
    ----------
    .. [1] Brown, L. D., Cai, T. T. & DasGupta, A. (2001). Interval estimation for a
       binomial proportion. Statistical Science 16(2), 101-133.
       doi:10.1214/ss/1009213286

    Examples
    --------
    >>> low, high = rate_interval([0, 10, 30], [10, 100, 100])
    >>> print(low.round(4), high.round(4))
    [0.     0.0542 0.2189] [0.3085 0.1747 0.3958]
    """
    x, size = counted(selected, n)
    x, size, level = np.broadcast_arrays(x, size, numbers("confidence", confidence))
    low, high = wilson(x, size, level)
    smaller = np.minimum(x, size - x)
    few = (smaller < _WILSON_FROM) & (size > 0)
    if few.any():
        exact_low, exact_high = exact(x[few], size[few], level[few])
        part = 1 / np.maximum(smaller[few], 1.0) - 1 / _WILSON_FROM
        weight = np.clip(_TOWARDS_EXACT * part / (1 - 1 / _WILSON_FROM), 0, 1)
        low[few] += weight * (exact_low - low[few])
        high[few] += weight * (exact_high - high[few])
    return low, high
