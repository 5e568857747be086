"""Whether a score means the same for every group: observed against expected outcomes.

Bins of the score are on the last axis, from the lowest to the highest; other axes
(groups) broadcast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem
from fairness.inference._arguments import counted, numbers, refuse
from fairness.inference._types import FloatArray
from fairness.inference.intervals import rate_interval, wilson

_FREE = 2
_ROUNDING = 1e-9


class Reliability(NamedTuple):
    """Observed outcomes by bin of the score.

    Parameters
    ----------
    score : ndarray, (..., bins)
        Mean score of the bin's customers, from the middles of the fine bins: exact to
        half the width of one.
    n : ndarray
        Customers whose outcome was observed.
    rate, low, high : ndarray
        Share of them with outcome 1, with Wilson's limits; nan in an empty bin.
    """

    score: FloatArray
    n: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray


class Ratio(NamedTuple):
    """Observed outcomes as a multiple of the expected ones.

    Parameters
    ----------
    estimate, low, high : ndarray
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray


def reliability(
    hits: ArrayLike,
    trials: ArrayLike,
    edges: tuple[float, float],
    bins: int = 10,
    confidence: ArrayLike = 0.95,
) -> Reliability:
    """Outcome rate by mean score, in some bins of equal width.

    Parameters
    ----------
    hits, trials : array_like of float, (..., fine bins)
        Customers with outcome 1, and with an observed outcome, by fine bin.
    edges : (float, float)
        Between which the fine bins lie.
    bins : int, default 10
        Divides the number of fine bins; as many as there are at most.
    confidence : array_like of float, default 0.95

    Returns
    -------
    Reliability

    Raises
    ------
    InputError
        A count is negative, not finite or above its trials, bins that do not divide the
        fine ones; confidence outside (0, 1).

    References
    ----------
    .. [1] Pleiss, G., Raghavan, M., Wu, F., Kleinberg, J. & Weinberger, K. Q. (2017).
       On fairness and calibration. NeurIPS 30.

    Examples
    --------
    >>> found = reliability([1, 2, 6, 9], [10, 10, 10, 10], (0.0, 1.0), bins=2)
    >>> print(found.score, found.rate)
    [0.25 0.75] [0.15 0.75]
    """
    x, n = counted(hits, trials, ("hits", "trials"))
    fine = x.shape[-1] if x.ndim else 0
    wide = min(bins, fine)
    if not fine or wide < 1 or fine % wide:
        what = f"{bins} bins cannot be made of {fine} finer ones of equal width"
        raise InputError(Problem("bins", what, "give a divisor of their number"))
    low, high = edges
    middles = low + (np.arange(fine) + 0.5) / fine * (high - low)

    def together(cells: FloatArray) -> FloatArray:
        shape = (*cells.shape[:-1], wide, fine // wide)
        return np.asarray(cells.reshape(shape).sum(axis=-1))

    hit, trial, score = together(x), together(n), together(n * middles)
    some = np.where(trial > 0, trial, np.nan)
    level = np.asarray(confidence)[..., None] if np.ndim(confidence) else confidence
    return Reliability(score / some, trial, hit / some, *wilson(hit, trial, level))


def observed_to_expected(
    hits: ArrayLike,
    n: ArrayLike,
    expected: ArrayLike,
    expected_sq: ArrayLike,
    expected_hits: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> Ratio:
    """Outcomes of a group as a multiple of those that its scores foretold.

        O / E = sum y / sum s

    Parameters
    ----------
    hits, n : array_like of float
        Customers with outcome 1, and with an observed outcome.
    expected, expected_sq : array_like of float
        Sum of their scores, and of the squares.
    expected_hits : array_like of float
        Sum of the scores of those with outcome 1.
    confidence : array_like of float, default 0.95

    Returns
    -------
    Ratio
        In [0, inf), 1 where the scores foretell as many as there are, above 1 where
        they promise the group too little; nan where n = 0 or all scores are 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above n, a sum is not that of scores in
        [0, 1]; confidence outside (0, 1).

    Notes
    -----
    Scores are taken as they are; outcomes vary. `rate_interval` of O / n, its half
    widths times sqrt(1 - r^2) with r the (adjusted) correlation of outcome and score:
    that share of the outcomes' variance lies between scores and is not chance. Where
    the rate is no line in the score the limits are conservative.

    Examples
    --------
    >>> found = observed_to_expected(30, 200, 40.0, 10.0, 6.75)
    >>> print(*(number.round(3) for number in found))
    0.75 0.536 1.029
    """
    x, size = counted(hits, n, ("hits", "n"))
    first = _scores("expected", expected, size)
    second = _scores("expected_sq", expected_sq, size)
    cross = _scores("expected_hits", expected_hits, x)
    low, high = rate_interval(x, size, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, mean = x / size, first / size
        apart = np.maximum(second / size - mean**2, 0) * rate * (1 - rate)
        square = np.where(apart > 0, (cross / size - rate * mean) ** 2 / apart, 0.0)
        left = (1 - np.minimum(square, 1.0)) * (size - 1) / (size - _FREE)
        narrow = np.sqrt(np.where(size > _FREE, np.minimum(left, 1.0), 1.0))
        mean = np.where(mean > 0, mean, np.nan)
        ratio = rate / mean
        below = (rate - low) * narrow / mean
        above = (high - rate) * narrow / mean
    return Ratio(
        np.asarray(ratio), np.asarray(ratio - below), np.asarray(ratio + above)
    )


def _scores(where: str, total: ArrayLike, n: FloatArray) -> FloatArray:
    """Return sums of scores in [0, 1] of n customers, or raise."""
    sums = np.broadcast_to(numbers(where, total), np.shape(n))
    wrong = ~((sums >= -_ROUNDING) & (sums <= n * (1 + _ROUNDING) + _ROUNDING))
    refuse(where, sums, wrong, "allowed are sums of scores in [0, 1]")
    return np.asarray(sums, dtype=np.float64)
