"""Studentized range with known variance: the price of choosing the pair.

Of k groups with equal rates, the z of the most different pair, times sqrt(2), is
distributed as the range of k standard normal values.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from fairness.errors import InputError
from fairness.inference._arguments import numbers, problem_of
from fairness.inference._roots import decreasing_root
from fairness.inference._types import FloatArray
from fairness.inference.tails import probabilities

_ROOT_TWO = math.sqrt(2)
_PAIR = 2
_FARTHEST = 80.0  # the tail is below 1e-690 there, and 0 as a float
_CHUNK = 4096
_FEW = 16  # values worth keeping: more are found faster in one go
# The integrand falls below 1e-17 of the tail outside [q/2 - 6.75, max(q/2 + 7, 9.5)].
_BELOW, _ABOVE, _AT_LEAST = 6.75, 7.0, 9.5
# Steps that give 13 digits up to each k; the greatest k narrows the integrand.
_STEPS = ((5, 0.35), (12, 0.25), (20, 0.22), (100, 0.16), (1000, 0.1), (math.inf, 0.05))


def studentized_range_sf(q: ArrayLike, k: ArrayLike) -> FloatArray:
    """Upper tail of the range of k standard normal values (infinite df).

        sf(q) = k int phi(z) { Phi(z)^(k-1) - [Phi(z) - Phi(z - q)]^(k-1) } dz

    Parameters
    ----------
    q : array_like of float
    k : array_like of int
        Number of groups; up to 1000 is tested.

    Returns
    -------
    p : ndarray
        In [0, 1]; 1 where q <= 0 or k <= 1 (nothing to compare); nan where q is nan.

    Raises
    ------
    InputError
        k is negative, not finite or not a whole number.

    Notes
    -----
    The integrand is positive, so the tail keeps its digits down to 1e-300. It is an
    entire function that falls like exp(-z^2) on both sides, for which the trapezoidal
    rule converges faster than any power of its step: the relative error measured
    is below 5e-14 for k up to 3000 and q up to 51. For k = 2 the tail is
    2 (1 - Phi(q / sqrt(2))).

    References
    ----------
    .. [1] Tukey, J. W. (1953). The problem of multiple comparisons. Princeton.
    .. [2] Kramer, C. Y. (1956). Extension of multiple range tests to group means with
       unequal numbers of replications. Biometrics 12(3), 307-310. doi:10.2307/3001469
    .. [3] Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent
       trapezoidal rule. SIAM Review 56(3), 385-458. doi:10.1137/130932132

    Examples
    --------
    >>> studentized_range_sf([3.314493, 3.857656, 20.0], [3, 5, 5]).round(6)
    array([0.05, 0.05, 0.  ])
    """
    value, groups = np.broadcast_arrays(numbers("q", q), _group_numbers(k))
    result = np.where(np.isnan(value), np.nan, 1.0)
    asked = (value > 0) & (groups >= _PAIR)
    tails, sizes = value[asked], groups[asked]
    answer = np.empty_like(tails)
    for size in np.unique(sizes):
        here = np.flatnonzero(sizes == size)
        for part in np.split(here, range(_CHUNK, here.size, _CHUNK)):
            answer[part] = _tail(tails[part], float(size))
    result[asked] = answer
    return result


def _tail(q: FloatArray, k: float) -> FloatArray:
    """Return the tail for positive q and one k >= 2."""
    if k == _PAIR:
        return np.asarray(2 * ndtr(-q / _ROOT_TWO))
    step = next(step for most, step in _STEPS if k <= most)
    q = np.minimum(q, _FARTHEST)
    # All q share one lattice of nodes; each has a window of it.
    first = np.floor((q / 2 - _BELOW) / step).astype(np.int64)
    last = np.ceil(np.maximum(q / 2 + _ABOVE, _AT_LEAST) / step).astype(np.int64)
    index = first[:, None] + np.arange(int((last - first).max()) + 1)
    lattice = np.arange(index.min(), index.max() + 1) * step
    at_node = ndtr(lattice)
    weight = k * step / math.sqrt(2 * math.pi) * np.exp(-(lattice**2) / 2)
    weight *= at_node ** (k - 1)
    index -= index.min()
    node = lattice[index]
    node -= q[:, None]
    share = ndtr(node, out=node)
    share /= at_node[index]
    with np.errstate(divide="ignore"):
        np.log1p(-share, out=share)
    share *= k - 1
    np.expm1(share, out=share)
    tail = -np.einsum("ij,ij->i", weight[index], share)
    return np.asarray(np.minimum(tail, 1.0))


def studentized_range_isf(p: ArrayLike, k: ArrayLike) -> FloatArray:
    """Critical value of the range of k standard normal values: inverse of the tail.

    Parameters
    ----------
    p : array_like of float
        Upper tail probability, in [0, 1].
    k : array_like of int

    Returns
    -------
    q : ndarray
        In [0, inf]: inf at p = 0, 0 at p = 1 and where k <= 1; nan where p is nan.

    Raises
    ------
    InputError
        p is outside [0, 1]; k is negative, not finite or not a whole number.

    Notes
    -----
    Root of the logarithm of `studentized_range_sf`, to a few roundings of q.

    References
    ----------
    .. [1] Tukey, J. W. (1953). The problem of multiple comparisons. Princeton.

    Examples
    --------
    >>> studentized_range_isf(0.05, [2, 3, 10]).round(4)
    array([2.7718, 3.3145, 4.4741])
    """
    tail, groups = np.broadcast_arrays(probabilities("p", p), _group_numbers(k))
    result = np.where(tail == 0, np.inf, 0.0)
    result = np.where(groups < _PAIR, 0.0, result)
    result = np.where(np.isnan(tail), np.nan, result)
    asked = (tail > 0) & (tail < 1) & (groups >= _PAIR)
    if asked.any():
        pairs = np.stack([tail[asked], groups[asked]])
        (wanted, sizes), inverse = np.unique(pairs, axis=1, return_inverse=True)
        if len(wanted) <= _FEW:
            found = np.array(
                [_known_value(*pair) for pair in zip(wanted, sizes, strict=True)]
            )
        else:
            found = _critical_value(wanted, sizes)
        result[asked] = found[np.ravel(inverse)]
    return result


@lru_cache(maxsize=4096)
def _known_value(p: float, k: float) -> float:
    """Return one critical value: the same few are asked for again and again."""
    return float(_critical_value(np.array([p]), np.array([k]))[0])


def _critical_value(p: FloatArray, k: FloatArray) -> FloatArray:
    """Return the root, searched between the bounds of one pair and of all pairs."""
    pairs = k * (k - 1) / 2
    # One pair's tail is a lower bound, and Bonferroni over the pairs an upper one.
    low = -_ROOT_TWO * ndtri(np.maximum(p / 2, 5e-324))
    high = -_ROOT_TWO * ndtri(np.maximum(p / (2 * pairs), 5e-324))

    def excess(q: FloatArray) -> FloatArray:
        tail = studentized_range_sf(q, k)
        return np.log(np.maximum(tail, 5e-324)) - np.log(p)

    return decreasing_root(excess, low * (1 - 1e-12), high * (1 + 1e-12) + 1e-12)


def adjusted_tail(z: ArrayLike, k: ArrayLike) -> FloatArray:
    """p-value of one pair's z that pays for the choice of the pair among k groups.

        sf(sqrt(2) z; k) for z > 0, else 1

    Parameters
    ----------
    z : array_like of float
        From `pair_z`: larger means more evidence.
    k : array_like of int
        Number of groups that could have been the group or the reference.

    Returns
    -------
    p : ndarray
        In [0, 1]; for k = 2 twice the one-sided p; nan where z is nan.

    Raises
    ------
    InputError
        k is negative, not finite or not a whole number.

    Notes
    -----
    The worst pair of k equal groups gets p < alpha in alpha of all cases, where the
    groups are of one size and their rates about normal; with unequal sizes in fewer
    (Hayter 1984).

    References
    ----------
    .. [1] Hayter, A. J. (1984). A proof of the conjecture that the Tukey-Kramer
       multiple comparisons procedure is conservative. Annals of Statistics 12(1),
       61-75. doi:10.1214/aos/1176346392

    Examples
    --------
    >>> adjusted_tail([2.0, -1.0, 3.0], [2, 5, 5]).round(4)
    array([0.0455, 1.    , 0.0227])
    """
    return studentized_range_sf(_ROOT_TWO * numbers("z", z), k)


def _group_numbers(k: ArrayLike) -> FloatArray:
    groups = numbers("k", k)
    wrong = ~((groups >= 0) & np.isfinite(groups) & (groups == np.floor(groups)))
    found = problem_of("k", groups, wrong, "allowed are whole numbers, 0 or more")
    if found:
        raise InputError(found)
    return groups
