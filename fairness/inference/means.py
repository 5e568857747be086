"""Comparison of means of scores, discounts, prices or frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._arguments import numbers, refuse
from fairness.inference._types import BoolArray, FloatArray
from fairness.inference.intervals import normal_quantile

_LEAST = 2
# Sums of squares carry about 13 digits: a spread below that share of them is rounding.
_ROUNDING = 1e-12


def standardized_mean_difference(
    n: ArrayLike,
    total: ArrayLike,
    total_sq: ArrayLike,
    n_ref: ArrayLike,
    total_ref: ArrayLike,
    total_sq_ref: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Difference of two means, group minus reference, in pooled standard deviations.

        d = (mean - mean_ref) / s,
        s^2 = ((n - 1) var + (n_ref - 1) var_ref) / (n + n_ref - 2)
        d -+ z sqrt((n + n_ref) / (n n_ref) + d^2 / (2 (n + n_ref)))

    Parameters
    ----------
    n, total, total_sq : array_like of float
        Number, sum and sum of squares of the group's values.
    n_ref, total_ref, total_sq_ref : array_like of float
        The same of the reference.
    confidence : array_like of float, default 0.95

    Returns
    -------
    smd, low, high : ndarray
        In (-inf, inf), 0 for equal means; negative: the group's mean is lower. nan
        where a group has fewer than 2 values or the pooled deviation is 0.

    Raises
    ------
    InputError
        A number or a sum of squares is negative; confidence outside (0, 1).

    Notes
    -----
    Large-sample interval: close to nominal from about 20 values a group, for values
    without long tails. Take the sums of values minus a common constant where the
    means are large against the deviation: a deviation below a millionth of the root
    mean square counts as 0.

    References
    ----------
    .. [1] Hedges, L. V. & Olkin, I. (1985). Statistical Methods for Meta-Analysis,
       ch. 5. Academic Press.

    Examples
    --------
    >>> smd, low, high = standardized_mean_difference(
    ...     3000, 3000 * 10.5, 3000 * (10.5**2 + 25), 3000, 36000, 3000 * (144 + 25))
    >>> print(smd.round(3), low.round(3), high.round(3))
    -0.3 -0.351 -0.249
    """
    z = normal_quantile(confidence)
    first = _moments(("n", "total", "total_sq"), n, total, total_sq)
    names = ("n_ref", "total_ref", "total_sq_ref")
    second = _moments(names, n_ref, total_ref, total_sq_ref)
    (n1, mean1, square1, raw1), (n2, mean2, square2, raw2) = first, second
    within = square1 + square2
    spread = within > _ROUNDING * (raw1 + raw2)
    known: BoolArray = (n1 >= _LEAST) & (n2 >= _LEAST) & spread
    n1, n2, within = (np.where(known, part, 4.0) for part in (n1, n2, within))
    deviation = np.sqrt(within / (n1 + n2 - 2))
    smd = np.where(known, (mean1 - mean2) / deviation, np.nan)
    error = np.sqrt((n1 + n2) / (n1 * n2) + smd**2 / (2 * (n1 + n2)))
    return smd, np.asarray(smd - z * error), np.asarray(smd + z * error)


def _moments(
    names: tuple[str, str, str], n: ArrayLike, total: ArrayLike, total_sq: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return number, mean, sum of squares about the mean and about 0."""
    size, first, second = (
        numbers(name, part)
        for name, part in zip(names, (n, total, total_sq), strict=True)
    )
    allowed = "allowed are numbers, 0 or more"
    refuse(names[0], size, ~(size >= 0), allowed)
    refuse(names[2], second, second < 0, allowed)
    mean = first / np.where(size > 0, size, np.nan)
    return size, mean, np.maximum(second - first * mean, 0.0), second
