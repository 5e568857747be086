"""Tests of a group's selection rate against the reference's: tails and their z.

All p-values are one-sided. `side="lower"` asks whether the group is selected less
than the reference, `side="upper"` whether it is selected more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri_exp

from fairness.inference._arguments import inside, numbers, one_of_sides, two_groups
from fairness.inference._hypergeometric import (
    cross_difference,
    half_deviance,
    log_lower_sum,
    log_point,
)
from fairness.inference._types import FloatArray, Side

Table = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def hypergeometric_tail(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    *,
    side: Side = "lower",
    mid_p: bool = False,
) -> FloatArray:
    """One-sided exact tail of a 2x2 table with both margins fixed (Fisher).

        lower: P(X <= selected),  upper: P(X >= selected),
        X ~ hypergeometric(n + n_ref customers, selected + selected_ref drawn, n)

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts; those that are not whole are rounded, n first, to the nearest.
    side : {"lower", "upper"}
    mid_p : bool, default False
        Tail minus half the probability of the observed table.

    Returns
    -------
    p : ndarray
        In [0, 1]; 1 (mid-p: 0.5) where nobody or everybody is selected; nan where
        n = 0 or n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; side is another word.

    Notes
    -----
    Exact where both margins are fixed, as a top-N audience fixes them; conservative
    where they are not. The probability of the observed table is computed in the
    saddle-point form, the others by recursion: about 12 digits up to N = 1e9, at any
    depth of the tail (below 1e-308 the result is 0; `pair_z` goes further). Time
    grows with the standard deviation of X.

    References
    ----------
    .. [1] Fisher, R. A. (1935). The logic of inductive inference. Journal of the
       Royal Statistical Society 98(1), 39-82. doi:10.2307/2342435
    .. [2] Loader, C. (2000). Fast and accurate computation of binomial
       probabilities. Bell Laboratories.

    Examples
    --------
    >>> hypergeometric_tail([1, 2], 4, [3, 30], [4, 100]).round(6)
    array([0.242857, 0.914513])
    >>> hypergeometric_tail([1, 2], 4, [3, 30], [4, 100], mid_p=True).round(6)
    array([0.128571, 0.776655])
    """
    one_of_sides(side)
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    log_tail, log_other, log_here = _log_tails(_whole(x1, n1, x2, n2), side)
    tail = np.where(log_tail < log_other, np.exp(log_tail), -np.expm1(log_other))
    if mid_p:
        tail = tail - 0.5 * np.exp(log_here)
    return np.where((n1 > 0) & (n2 > 0), np.clip(tail, 0.0, 1.0), np.nan)


def two_sided(p_lower: ArrayLike, p_upper: ArrayLike) -> FloatArray:
    """Two-sided p-value: twice the smaller tail, at most 1.

    Parameters
    ----------
    p_lower, p_upper : array_like of float
        The two one-sided p-values (exact or mid-p).

    Returns
    -------
    p : ndarray
        In [0, 1]; nan where either is nan.

    Raises
    ------
    InputError
        A p-value lies outside [0, 1].

    Notes
    -----
    The convention of this library. With mid-p tails it is the two-sided mid-p of
    central intervals, and closer to nominal than Fisher's sum of unlikely tables.

    References
    ----------
    .. [1] Hirji, K. F., Tan, S.-J. & Elashoff, R. M. (1991). A quasi-exact test for
       comparing two binomial proportions. Statistics in Medicine 10(7), 1137-1153.
       doi:10.1002/sim.4780100713

    Examples
    --------
    >>> two_sided([0.01, 0.6], [0.995, 0.6])
    array([0.02, 1.  ])
    """
    lower, upper = probabilities("p_lower", p_lower), probabilities("p_upper", p_upper)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(lower, upper)))


def deviance_z(
    selected: ArrayLike, n: ArrayLike, selected_ref: ArrayLike, n_ref: ArrayLike
) -> FloatArray:
    """Signed root of the likelihood-ratio statistic of two rates.

        sign(rate - rate_ref) sqrt(2 sum_cells cell log(cell / expected)),  0 log 0 = 0

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts of the group and of the reference; effective counts as they are.

    Returns
    -------
    z : ndarray
        About standard normal where the rates are equal; negative: the group is
        selected less; 0 where nobody or everybody is selected; nan where n = 0 or
        n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n.

    Notes
    -----
    Its normal tail follows the exact one's order of magnitude far out, where that of
    the difference divided by its standard error does not. Misleads where expected
    counts are small: use `hypergeometric_tail`.

    References
    ----------
    .. [1] Wilks, S. S. (1938). The large-sample distribution of the likelihood ratio
       for testing composite hypotheses. Annals of Mathematical Statistics 9(1),
       60-62. doi:10.1214/aoms/1177732360

    Examples
    --------
    >>> deviance_z([700, 0, 0], [5000, 50, 50], [1000, 20, 0], 5000).round(4)
    array([-8.0041, -0.6315,  0.    ])
    """
    x1, n1, x2, n2 = two_groups(selected, n, selected_ref, n_ref)
    return _deviance_root(x1, n1, x2, n2)


def pair_tail(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    *,
    side: Side = "lower",
    exact_below: float = 40.0,
) -> FloatArray:
    """One-sided p-value of a group against a reference, exact where counts are small.

    The exact hypergeometric tail where any of the table's four expected counts lies
    below `exact_below`, else the normal tail of the signed root deviance.

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts. For the exact tail those that are not whole (effective counts of
        weighted data) are rounded, n first, to the nearest.
    side : {"lower", "upper"}
    exact_below : float, default 40

    Returns
    -------
    p : ndarray
        In [0, 1]; 1 where nobody or everybody is selected; nan where n = 0 or
        n_ref = 0.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; side is another word;
        exact_below is not above 0.

    Notes
    -----
    Where the two meet, the exact tail is the larger one: z is 0.11-0.15 lower, about
    half the probability of the observed table. Given both margins, with 40 expected,
    the deviance rejects at 0.7-1.6 times the nominal alpha (0.05 to 0.0001, enumerated
    over six tables; the spread is the lattice of counts), the exact tail never above 1.

    References
    ----------
    .. [1] Loader, C. (2000). Fast and accurate computation of binomial
       probabilities. Bell Laboratories.

    Examples
    --------
    >>> pair_tail([2, 700], [12, 5000], [30, 1000], [100, 5000])
    array([2.74443866e-01, 6.01852930e-16])
    """
    table = two_groups(selected, n, selected_ref, n_ref)
    z, log_p = _pair(table, side, exact_below)
    return np.where(np.isnan(log_p), ndtr(-z), np.exp(np.minimum(log_p, 0.0)))


def pair_z(
    selected: ArrayLike,
    n: ArrayLike,
    selected_ref: ArrayLike,
    n_ref: ArrayLike,
    *,
    side: Side = "lower",
    exact_below: float = 40.0,
) -> FloatArray:
    """Return z of a group against a reference: larger is more evidence for `side`.

        z = -Phi^-1(p),  p from `pair_tail`

    Parameters
    ----------
    selected, n, selected_ref, n_ref : array_like of float
        Counts, as in `pair_tail`.
    side : {"lower", "upper"}
    exact_below : float, default 40

    Returns
    -------
    z : ndarray
        Finite for every table, also where p is too small to be a float; nan where
        n = 0 or n_ref = 0. Where p = 1 because no table is further from `side`, the
        signed root deviance, at most 0: 0 where nobody or everybody is selected.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; side is another word;
        exact_below is not above 0.

    Notes
    -----
    Made from the logarithm of the tail, or of its complement where that is smaller.

    References
    ----------
    .. [1] Loader, C. (2000). Fast and accurate computation of binomial
       probabilities. Bell Laboratories.

    Examples
    --------
    >>> pair_z([2, 700, 0], [12, 5000, 9000], [30, 999, 9000], [99, 5000, 9000])
    array([  0.62036021,   7.9791635 , 157.96613086])
    """
    table = two_groups(selected, n, selected_ref, n_ref)
    return _pair(table, side, exact_below)[0]


def probabilities(where: str, values: ArrayLike) -> FloatArray:
    """Return values in [0, 1] or nan as an array, or raise.

    Examples
    --------
    >>> probabilities("p", [0.5, 1])
    array([0.5, 1. ])
    """
    array = numbers(where, values)
    wrong = (array < 0) | (array > 1)
    if np.any(wrong):
        inside(where, array[wrong], -0.0, 1.0)
    return array


def _pair(
    table: Table, side: Side, exact_below: float
) -> tuple[FloatArray, FloatArray]:
    """Return z of each pair, and the log of the exact tail where that was used."""
    one_of_sides(side)
    inside("exact_below", exact_below, 0, np.inf)
    x1, n1, x2, n2 = table
    sign = -1.0 if side == "lower" else 1.0
    root = np.array(sign * _deviance_root(x1, n1, x2, n2), ndmin=1)
    log_p = np.full(root.shape, np.nan)
    smallest = np.minimum(n1, n2) * np.minimum(x1 + x2, n1 - x1 + n2 - x2)
    few = np.atleast_1d((smallest < exact_below * (n1 + n2)) & (n1 > 0) & (n2 > 0))
    if few.any():
        cells = [np.atleast_1d(count)[few] for count in (x1, n1, x2, n2)]
        log_tail, log_other, _ = _log_tails(_whole(*cells), side)
        log_p[few] = log_tail
        root[few] = _signed_quantile(log_tail, log_other, np.minimum(root[few], 0.0))
    return root.reshape(x1.shape), log_p.reshape(x1.shape)


def _signed_quantile(
    log_tail: FloatArray, log_other: FloatArray, at_one: FloatArray
) -> FloatArray:
    """Return -Phi^-1 of a tail, from the smaller of it and its complement."""
    z = np.where(
        log_tail <= log_other,
        -ndtri_exp(np.minimum(log_tail, -0.5)),
        ndtri_exp(np.minimum(log_other, -0.5)),
    )
    return np.where(log_other == -np.inf, at_one, z)


def _deviance_root(
    x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray
) -> FloatArray:
    m = x1 + x2
    plain = (n1 > 0) & (n2 > 0) & (m > 0) & (m < n1 + n2)
    a, b, c, d = (np.where(plain, cell, 1.0) for cell in (x1, n1 - x1, x2, n2 - x2))
    deviance, gap = half_deviance(a, b, c, d)
    z = np.where(plain, np.sign(gap) * np.sqrt(2 * deviance), 0.0)
    return np.where((n1 > 0) & (n2 > 0), z, np.nan)


def _whole(x1: FloatArray, n1: FloatArray, x2: FloatArray, n2: FloatArray) -> Table:
    """Return the cells of tables rounded to whole counts."""
    n, n_ref = np.rint(n1), np.rint(n2)
    a, c = np.minimum(np.rint(x1), n), np.minimum(np.rint(x2), n_ref)
    return a, n - a, c, n_ref - c


def _log_tails(table: Table, side: Side) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the logs of a tail, of its complement and of the observed table.

    Of the two only the one on the observed table's side of the expectation is summed;
    the other is its complement.
    """
    a, b, c, d = (np.atleast_1d(cell).ravel() for cell in table)
    if side == "upper":
        a, b, c, d = c, d, a, b
    here = log_point(a, b, c, d)
    log_tail, log_other = np.zeros_like(here), np.full_like(here, -np.inf)
    less = cross_difference(a, b, c, d) <= 0
    log_tail[less] = here[less] + log_lower_sum(a[less], b[less], c[less], d[less])
    log_tail = np.minimum(log_tail, 0.0)
    log_other[less] = _log_complement(log_tail[less])
    beyond = ~less & (b > 0) & (c > 0)
    # One more selected in the group, one less in the reference: P(X > a) from there.
    w, x, y, z = c[beyond] - 1, d[beyond] + 1, a[beyond] + 1, b[beyond] - 1
    log_other[beyond] = log_point(w, x, y, z) + log_lower_sum(w, x, y, z)
    log_tail[beyond] = _log_complement(log_other[beyond])
    shape = table[0].shape
    return log_tail.reshape(shape), log_other.reshape(shape), here.reshape(shape)


def _log_complement(log_p: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.expm1(np.minimum(log_p, 0.0))))
