"""Tests of equivalence: whether two selection rates are surely close enough.

A test of parity that finds nothing has not shown parity. These turn the question
round: the hypothesis is a difference that matters, and a small p speaks against it.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.inference._arguments import (
    inside,
    numbers,
    one_of_sides,
    refuse,
    two_groups,
)
from fairness.inference._score import difference_statistic, ratio_statistic, sound
from fairness.inference._types import FloatArray, Side
from fairness.inference.tails import hypergeometric_tail

Kind = Literal["ratio", "difference"]


def equivalence_p(
    hits: ArrayLike,
    trials: ArrayLike,
    ref_hits: ArrayLike,
    ref_trials: ArrayLike,
    margin: ArrayLike,
    kind: Kind = "ratio",
) -> FloatArray:
    """p-value of the hypothesis that two rates differ by the margin or more (TOST).

        p = max(P(Z >= z(low)), P(Z <= z(high))),
        low, high = margin, 1 / margin  or  -margin, margin

    with z(v) the score statistic of the ratio or difference v.

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float
        Counts of the group and of the reference.
    margin : array_like of float
        In (0, 1): the ratio, such as 0.8, or the difference, such as 0.02, at which
        the rates begin to count as different.
    kind : {"ratio", "difference"}

    Returns
    -------
    p : ndarray
        In [0, 1]; small: the ratio lies inside (margin, 1 / margin), the difference
        inside (-margin, margin). nan where a group is empty; 1 for the ratio where
        nobody is selected in either.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; margin outside (0, 1); kind is
        another word.

    Notes
    -----
    p < alpha exactly where the score interval of `score_ratio` or `score_difference`
    at confidence 1 - 2 alpha lies inside the margins. The variance has the factor
    N / (N - 1) of Miettinen and Nurminen, the rates are at their restricted
    maximum-likelihood estimates.

    References
    ----------
    .. [1] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure
       and the power approach for assessing the equivalence of average
       bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15(6),
       657-680. doi:10.1007/BF01068419
    .. [2] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates.
       Statistics in Medicine 4(2), 213-226. doi:10.1002/sim.4780040211

    Examples
    --------
    >>> equivalence_p([960, 48], [5000, 250], [1000, 50], [5000, 250], 0.8).round(4)
    array([0.    , 0.1572])
    """
    if kind not in get_args(Kind):
        allowed = alternatives(get_args(Kind))
        raise InputError(Problem("kind", f"{shown(kind)} is none of {allowed}"))
    bound = inside("margin", margin, 0, 1)
    x1, n1, x2, n2 = two_groups(hits, trials, ref_hits, ref_trials)
    x1, n1, x2, n2, bound = np.broadcast_arrays(x1, n1, x2, n2, bound)
    known = (n1 > 0) & (n2 > 0)
    table = sound(known, x1, n1, x2, n2)
    if kind == "ratio":
        low = ratio_statistic(np.log(bound), table)
        high = ratio_statistic(-np.log(bound), table)
    else:
        estimate = table[0] / table[1] - table[2] / table[3]
        low = difference_statistic(-bound, estimate, table)
        high = difference_statistic(bound, estimate, table)
    total = table[1] + table[3]
    # At N <= 1 the corrected variance has no bound: nothing speaks against anything.
    shrunk = np.sqrt(np.maximum(1 - 1 / total, 0.0))
    p = np.maximum(ndtr(-low * shrunk), ndtr(high * shrunk))
    none = (table[0] == 0) & (table[2] == 0) & (kind == "ratio")
    return np.where(known, np.where(none, 1.0, p), np.nan)


def smallest_attainable_p(
    trials: ArrayLike,
    ref_trials: ArrayLike,
    hits_total: ArrayLike,
    side: Side = "lower",
) -> FloatArray:
    """Least one-sided exact p that a 2x2 table with these margins can show.

        lower: P(X = least),  upper: P(X = most),
        X ~ hypergeometric(trials + ref_trials customers, hits_total drawn, trials)

    Parameters
    ----------
    trials, ref_trials : array_like of float
        Sizes of the group and of the reference.
    hits_total : array_like of float
        Selected in both together.
    side : {"lower", "upper"}
        Whether the group selected least, or most, is meant.

    Returns
    -------
    p : ndarray
        In [0, 1]; nan where a group is empty. Above the level of a test, no campaign
        with these margins can fail it: the test has nothing to say.

    Raises
    ------
    InputError
        A number is negative or not finite, hits_total above the two sizes together;
        side is another word.

    Notes
    -----
    `hypergeometric_tail` of the extreme table; counts that are not whole are rounded.

    References
    ----------
    .. [1] Tarone, R. E. (1990). A modified Bonferroni method for discrete data.
       Biometrics 46(2), 515-522. doi:10.2307/2531456

    Examples
    --------
    >>> smallest_attainable_p([5, 20], [100, 100], 10).round(4)
    array([0.6   , 0.1491])
    """
    one_of_sides(side)
    first, second, total = np.broadcast_arrays(
        _sizes("trials", trials),
        _sizes("ref_trials", ref_trials),
        _sizes("hits_total", hits_total),
    )
    n1, n2, m = np.rint(first), np.rint(second), np.rint(total)
    refuse("hits_total", m, m > n1 + n2, "allowed is at most trials + ref_trials")
    x1 = np.maximum(m - n2, 0.0) if side == "lower" else np.minimum(m, n1)
    return hypergeometric_tail(x1, n1, m - x1, n2, side=side)


def _sizes(where: str, values: ArrayLike) -> FloatArray:
    size = numbers(where, values)
    wrong = ~((size >= 0) & np.isfinite(size))
    refuse(where, size, wrong, "allowed are finite numbers, 0 or more")
    return size
