"""Gap and least ratio of the rates of K groups: the worst pair, with its choice paid.

The largest observed difference of many groups overstates the true one, and an
interval of the pair that happens to show it does not know that it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem
from fairness.inference._arguments import counted, inside
from fairness.inference._nuisance import placed_rates, windowed_rates
from fairness.inference._range import equal_range_tail, range_at_most, spread_of
from fairness.inference._roots import decreasing_root
from fairness.inference._simultaneous import (
    Limits,
    joint_gap,
    joint_ratio,
    surely_apart,
)
from fairness.inference._types import BoolArray, FloatArray
from fairness.inference.intervals import exact
from fairness.inference.studentized import adjusted_tail, studentized_range_isf
from fairness.inference.tails import pair_z
from fairness.inference.widened import difference_interval, ratio_interval

Method = Literal["test inversion", "simultaneous"]

_PAIR = 2
# The normal-like distribution of a rate holds from here on.
_EXPECTED = 10.0
_SEEN = 5.0
# The chance of missing from below goes up where the other groups' rates are hard to
# tell from noise, that from above hardly ever: the level is split unevenly, and both
# low limits together stay near it. Found by simulation (benchmarks/calibration.md).
_LOW_SHARE, _PAIRS_SHARE, _HIGH_SHARE = 0.25, 0.7, 0.7
_CLOSE = 1e-4
_BARELY, _ALL_BUT_SURE = 0.25, 0.999
_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class Extreme:
    """The worst comparison among the groups of one attribute.

    Parameters
    ----------
    estimate : float
        The observed gap or ratio.
    low, high : float
        Limits of the true one.
    p_value : float
        Of the hypothesis that all groups have one rate.
    method : {"test inversion", "simultaneous"}
        How the limits were found; simultaneous ones are conservative.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    method: Method


def gap_interval(
    hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> Extreme:
    """Largest difference of the selection rates of K groups, with its interval.

        gap = max_g p_g - min_g p_g

    Parameters
    ----------
    hits, trials : array_like of float, shape (K,)
        Selected and all customers of each group; effective counts as they are.
    confidence : float, default 0.95

    Returns
    -------
    extreme : Extreme
        Estimate and limits in [0, 1], ideal 0. Groups of nobody are left out; all is
        nan where fewer than two are left.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; the arguments are not lists of
        one length; confidence outside (0, 1).

    Notes
    -----
    Two groups: `difference_interval`, without its sign. More, where each group has at
    least 10 expected (at the overall rate) and 5 observed of both selected and not
    ("test inversion"): the gaps d at which neither P(T >= t) nor P(T <= t) is small,
    T the gap of new observed rates, with the rates other than the two extremes at
    estimates drawn together and moved into a window of width d. P(T <= t) is measured
    in parts of its value at d = 0, so that no data are so equal that every d is
    excluded. With groups of very different sizes the pairs say more than the raw
    range: the low limit is raised to the largest one of all pairs at the critical
    value of the studentized range where that is higher. Elsewhere ("simultaneous")
    that low limit, and the largest plain high limit of a pair, which needs no
    adjustment.

    The estimate itself is biased upwards: of 100 equal groups of 1,000 at rate 0.1 it
    is about 0.05. The interval is not, and need not hold the estimate in its middle.

    References
    ----------
    .. [1] Tukey, J. W. (1953). The problem of multiple comparisons. Princeton.
    .. [2] Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about
       effect measures: a general approach. Statistics in Medicine 27(10), 1693-1702.
       doi:10.1002/sim.3095
    .. [3] Read, A. L. (2002). Presentation of search results: the CLs technique.
       Journal of Physics G 28(10), 2693-2704. doi:10.1088/0954-3899/28/10/313

    Examples
    --------
    >>> found = gap_interval([700, 1000, 960], [5000, 5000, 5000])
    >>> print(f"{found.estimate:.3f} {found.low:.3f} {found.high:.3f}", found.method)
    0.060 0.041 0.073 test inversion
    """
    return _extreme(hits, trials, confidence, ratio=False)


def least_ratio_interval(
    hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> Extreme:
    """Least ratio of the selection rates of K groups, with its interval.

        least ratio = min_g p_g / max_g p_g

    Parameters
    ----------
    hits, trials : array_like of float, shape (K,)
        Selected and all customers of each group; effective counts as they are.
    confidence : float, default 0.95

    Returns
    -------
    extreme : Extreme
        Estimate and limits in [0, 1], ideal 1: the disparate impact ratio. Groups of
        nobody are left out; all is nan where fewer than two are left; estimate and
        limits are nan where nobody at all is selected.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; the arguments are not lists of
        one length; confidence outside (0, 1).

    Notes
    -----
    As `gap_interval`, for the range of the logarithms of the rates; two groups:
    `ratio_interval`, with ratios above 1 turned over.

    References
    ----------
    .. [1] Donner, A. & Zou, G. Y. (2012). Closed-form confidence intervals for
       functions of the normal mean and standard deviation. Statistical Methods in
       Medical Research 21(4), 347-359. doi:10.1177/0962280210383082

    Examples
    --------
    >>> found = least_ratio_interval([700, 1000, 960], [5000, 5000, 5000])
    >>> print(f"{found.estimate:.3f} {found.low:.3f} {found.high:.3f}", found.method)
    0.700 0.648 0.782 test inversion
    """
    return _extreme(hits, trials, confidence, ratio=True)


def simultaneous_rates(
    hits: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Intervals that hold for the rates of all K groups at once.

    Clopper-Pearson at the level confidence^(1/K) (Sidak; groups are independent).

    Parameters
    ----------
    hits, trials : array_like of float, shape (K,)
        Selected and all customers of each group.
    confidence : float, default 0.95

    Returns
    -------
    low, high : ndarray, shape (K,)
        In [0, 1]; nan for a group of nobody, which does not count in K.

    Raises
    ------
    InputError
        A count is negative, not finite or above its n; the arguments are not lists of
        one length; confidence outside (0, 1).

    Notes
    -----
    Hold together in at least the nominal share of cases. Wilson's limits would not:
    far out their tails are not the binomial's, and 100 of them at a nominal 95 %
    hold together in 91.7 % at a rate of 0.015 and 2,000 customers each.

    References
    ----------
    .. [1] Sidak, Z. (1967). Rectangular confidence regions for the means of
       multivariate normal distributions. JASA 62(318), 626-633.
       doi:10.1080/01621459.1967.10482935

    Examples
    --------
    >>> low, high = simultaneous_rates([30, 200], [100, 400])
    >>> print(low.round(3), high.round(3))
    [0.202 0.443] [0.414 0.557]
    """
    x, n = _one_attribute(hits, trials)
    level = float(inside("confidence", confidence, 0, 1))
    level = level ** (1 / max(int(np.sum(n > 0)), 1))
    return exact(x, n, level)


def holds_extreme(
    hits: FloatArray,
    trials: FloatArray,
    truth: FloatArray,
    confidence: float = 0.95,
    *,
    ratio: bool,
) -> BoolArray:
    """Return whether the inverted test accepts a true gap or ratio, per replicate.

    The interval of a replicate holds the truth where this does: two probabilities in
    place of a search, for simulations of coverage. Counts have the shape
    (replicates, K).
    """
    spread = -np.log(truth) if ratio else truth
    low_level, high_level = _levels(confidence)
    placed, seen = placed_rates(hits, trials), _seen(hits, trials, ratio=ratio)

    def at_most(value: FloatArray) -> FloatArray:
        rates = windowed_rates(placed, hits, trials, value, ratio=ratio)
        return range_at_most(rates, trials, seen, ratio=ratio)

    chance, reference = at_most(spread), at_most(np.zeros_like(spread))
    held = (1 - chance > low_level) & (chance > high_level * reference)
    apart = surely_apart(hits, trials, _pairs_confidence(confidence), ratio=ratio)
    return np.asarray(held & ((truth <= apart) if ratio else (truth >= apart)))


def invertible(hits: FloatArray, trials: FloatArray) -> BoolArray:
    """Return whether the counts suffice for test inversion, over the last axis."""
    rate = hits.sum(axis=-1, keepdims=True) / trials.sum(axis=-1, keepdims=True)
    expected = (trials * np.minimum(rate, 1 - rate)).min(axis=-1)
    seen = np.minimum(hits, trials - hits).min(axis=-1)
    return np.asarray((expected >= _EXPECTED) & (seen >= _SEEN))


def _one_attribute(hits: ArrayLike, trials: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, n = counted(hits, trials, ("hits", "trials"))
    if x.ndim != 1:
        what = f"has {x.ndim} dimensions; allowed is one number a group"
        raise InputError(Problem("hits", what))
    return x, n


def _levels(confidence: float) -> tuple[float, float]:
    alpha = 1 - confidence
    return _LOW_SHARE * alpha, _HIGH_SHARE * alpha


def _pairs_confidence(confidence: float) -> float:
    return 1 - _PAIRS_SHARE * (1 - confidence)


def _extreme(
    hits: ArrayLike, trials: ArrayLike, confidence: float, *, ratio: bool
) -> Extreme:
    x, n = _one_attribute(hits, trials)
    level = float(inside("confidence", confidence, 0, 1))
    x, n = x[n > 0], n[n > 0]
    if x.size < _PAIR:
        return Extreme(np.nan, np.nan, np.nan, np.nan, "simultaneous")
    if ratio and not x.any():
        return Extreme(np.nan, np.nan, np.nan, 1.0, "simultaneous")
    rates = x / n
    estimate = rates.min() / rates.max() if ratio else np.ptp(rates)
    enough = bool(invertible(x, n))
    method: Method = "test inversion" if enough else "simultaneous"
    if x.size == _PAIR:
        low, high = folded_interval(x, n, level, ratio=ratio)
    elif enough:
        low, high = _inverted(x, n, level, ratio=ratio)
    else:
        low, high = (joint_ratio if ratio else joint_gap)(x, n, level)
    if x.size > _PAIR and enough:
        seen = float(spread_of(rates, ratio=ratio))
        p_value = equal_range_tail(x.sum() / n.sum(), n, seen, ratio=ratio)
    else:
        p_value = _pairs_p(x, n)
    return Extreme(float(estimate), float(low), float(high), p_value, method)


def _errors(hits: FloatArray, trials: FloatArray, *, ratio: bool) -> FloatArray:
    """Return the standard errors of the rates, or of their logarithms."""
    rest = 1 - hits / trials
    return np.asarray(np.sqrt(rest / hits if ratio else hits * rest / trials**2))


def _seen(hits: FloatArray, trials: FloatArray, *, ratio: bool) -> FloatArray:
    """Return the observed range, or a least one where the rates are all but equal.

    Rates more equal than chance makes them have a range whose probability vanishes
    under every hypothesis; such a table is judged as the most equal that still occurs.
    """
    error = _errors(hits, trials, ratio=ratio)
    occurs = studentized_range_isf(_ALL_BUT_SURE, hits.shape[-1])
    least = np.maximum(_BARELY * error.max(axis=-1), occurs * error.min(axis=-1))
    return np.asarray(np.maximum(spread_of(hits / trials, ratio=ratio), least))


def _pairs_p(x: FloatArray, n: FloatArray) -> float:
    """Return the p-value of the most different pair, its choice paid for."""
    order = np.argsort(x / n, kind="stable")
    i, k = np.triu_indices(x.size, 1)
    i, k = order[i], order[k]
    z = pair_z(x[i], n[i], x[k], n[k]).max()
    return float(adjusted_tail(z, x.size))


def folded_interval(
    hits: FloatArray, trials: FloatArray, confidence: float, *, ratio: bool
) -> tuple[FloatArray, FloatArray]:
    """Return limits of two groups' comparison without its direction.

    Counts have the shape (..., 2).
    """
    interval = ratio_interval if ratio else difference_interval
    counts = (hits[..., 0], trials[..., 0], hits[..., 1], trials[..., 1])
    low, high = interval(*counts, confidence)
    if ratio:
        with np.errstate(divide="ignore"):
            first, second = np.minimum(low, 1 / low), np.minimum(high, 1 / high)
        equal = (low <= 1) & (high >= 1)
        most = np.where(equal, 1.0, np.maximum(first, second))
        return np.minimum(first, second), most
    first, second = np.abs(low), np.abs(high)
    equal = (low <= 0) & (high >= 0)
    least = np.where(equal, 0.0, np.minimum(first, second))
    return least, np.maximum(first, second)


def _inverted(
    x: FloatArray, n: FloatArray, confidence: float, *, ratio: bool
) -> Limits:
    """Return the limits at which the test of the gap or ratio begins to reject."""
    hits, trials = np.stack([x, x]), np.stack([n, n])
    placed = placed_rates(hits[:1], trials[:1])[[0, 0]]
    seen = _seen(hits, trials, ratio=ratio)
    low_level, high_level = _levels(confidence)

    def at_most(value: FloatArray) -> FloatArray:
        rates = windowed_rates(placed, hits, trials, value, ratio=ratio)
        return range_at_most(rates, trials, seen, ratio=ratio)

    reference = at_most(np.zeros(2))[1]
    target = np.array([1 - low_level, high_level * reference])

    def excess(value: FloatArray) -> FloatArray:
        return np.asarray(at_most(value) - target)

    error = _errors(hits, trials, ratio=ratio).max(axis=1)
    far = seen + error
    for _ in range(_DOUBLINGS):
        if excess(far)[1] <= 0 or (not ratio and far[1] >= 1):
            break
        far = far + (far - seen)
    far[0] = seen[0]
    far = far if ratio else np.minimum(far, 1.0)
    near = np.array([0.0, 0.0])
    low, high = decreasing_root(excess, near, far, absolute=_CLOSE * error[0])
    low = np.where(excess(near)[0] <= 0, 0.0, low)
    apart = surely_apart(x, n, _pairs_confidence(confidence), ratio=ratio)
    if ratio:
        return np.exp(-high), np.minimum(np.exp(-low), apart)
    return np.maximum(low, apart), high
