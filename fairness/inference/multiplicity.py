"""p-values adjusted for the number of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.inference._types import FloatArray
from fairness.inference.tails import probabilities


def holm(p: ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values (family-wise error).

        adjusted_(i) = max_{j <= i} min(1, (m - j + 1) p_(j)),  p_(1) <= ... <= p_(m)

    Parameters
    ----------
    p : array_like of float
        p-values along the last axis; nan is not counted in m.

    Returns
    -------
    adjusted : ndarray
        In [0, 1], at least p; nan where p is nan.

    Raises
    ------
    InputError
        A p-value lies outside [0, 1].

    Notes
    -----
    The chance of any wrong rejection is at most alpha under any dependence.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure.
       Scandinavian Journal of Statistics 6(2), 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    values = np.atleast_1d(probabilities("p", p))
    order, ranked, count = _ranked(values)
    rank = np.arange(values.shape[-1])
    adjusted = np.maximum.accumulate(ranked * np.maximum(count - rank, 1), axis=-1)
    return _restored(adjusted, order, values).reshape(np.shape(p))


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg step-up adjusted p-values (false discovery rate).

        adjusted_(i) = min_{j >= i} min(1, m p_(j) / j),  p_(1) <= ... <= p_(m)

    Parameters
    ----------
    p : array_like of float
        p-values along the last axis; nan is not counted in m.

    Returns
    -------
    adjusted : ndarray
        In [0, 1], at least p; nan where p is nan.

    Raises
    ------
    InputError
        A p-value lies outside [0, 1].

    Notes
    -----
    The expected share of wrong rejections is at most alpha for independent or
    positively dependent tests.

    References
    ----------
    .. [1] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate.
       Journal of the Royal Statistical Society B 57(1), 289-300.
       doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    values = np.atleast_1d(probabilities("p", p))
    order, ranked, count = _ranked(values)
    scaled = ranked * (count / np.arange(1, values.shape[-1] + 1))
    scaled = np.where(np.isnan(scaled), np.inf, scaled)
    adjusted = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    return _restored(adjusted, order, values).reshape(np.shape(p))


def _ranked(
    values: FloatArray,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], FloatArray, FloatArray]:
    """Return the order of values, nan last, the values in it, and their number."""
    order = np.argsort(values, axis=-1, kind="stable")
    count = np.sum(~np.isnan(values), axis=-1, keepdims=True).astype(np.float64)
    return order, np.take_along_axis(values, order, axis=-1), count


def _restored(
    adjusted: FloatArray,
    order: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    values: FloatArray,
) -> FloatArray:
    result = np.empty_like(values)
    np.put_along_axis(result, order, np.minimum(adjusted, 1.0), axis=-1)
    return np.where(np.isnan(values), np.nan, result)
