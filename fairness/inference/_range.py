"""Distribution of the range of independent rates, on their own scale or as logarithms.

Arrays have the shape (replicates, groups); the functions answer for each replicate.
The distribution of one rate is that of its signed root deviance with the first term
of its skewness taken off, a continuous stand-in for the binomial one (mid-p).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, xlogy

from fairness.inference._types import BoolArray, FloatArray

# Beyond 5 standard deviations of a rate nothing is left to integrate.
_FAR = 5.0
_CELLS = 40
_TAIL_CELLS = 512
_TINY = 1e-12


def spread_of(rates: FloatArray, *, ratio: bool) -> FloatArray:
    """Return max - min of rates, or log(max / min): inf where only the least is 0."""
    low, high = rates.min(axis=-1), rates.max(axis=-1)
    if not ratio:
        return np.asarray(high - low)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(high) - np.log(low))


def range_at_most(
    rates: FloatArray, trials: FloatArray, spread: FloatArray, *, ratio: bool
) -> FloatArray:
    """Return P(range of the observed rates <= spread), shape (replicates,).

        P = sum over cells (x, x'] of P(min in the cell, max <= its upper end)

    The upper end of a window that starts at x is x + spread, or x exp(spread). In a
    cell the probability lies between that of the window which starts at its left
    and at its right edge; half of both is taken.
    """
    p = np.clip(rates, _TINY, 1 - _TINY)
    deviation = np.sqrt(p * (1 - p) / trials)
    low = np.maximum(p - _FAR * deviation, 0.0)
    high = np.minimum(p + _FAR * deviation, 1.0)
    first, last = low.min(axis=1), high.min(axis=1)
    least, most = (_back(end.max(axis=1), spread, ratio=ratio) for end in (low, high))
    first = np.maximum(first, least)
    last = np.maximum(first, np.minimum(last, most))
    share = np.linspace(0, 1, _CELLS + 1)
    node = first[:, None] + (last - first)[:, None] * share
    at_node = _below(node, p, trials)
    at_end = _below(_ahead(node, spread[:, None], ratio=ratio), p, trials)
    fine, coarse = (_mass(at_node, at_end, every) for every in (1, 2))
    # The error of a sum is quadratic in the width of its cells.
    return np.asarray(np.clip((4 * fine - coarse) / 3, 0.0, 1.0))


def _mass(at_node: FloatArray, at_end: FloatArray, every: int) -> FloatArray:
    """Return the sum over cells between every so manieth node."""
    start, end = at_node[:, :, ::every], at_end[:, :, ::every]
    whole = np.multiply.reduce(np.maximum(end - start, 0.0), axis=1)
    inner = np.maximum(end[:, :, :-1] - start[:, :, 1:], 0.0)
    least = whole[:, :-1] - np.multiply.reduce(inner, axis=1)
    outer = end[:, :, 1:] - start[:, :, :-1]
    most = np.multiply.reduce(outer, axis=1) - whole[:, 1:]
    # Past the last node either no rate is the least one or none is above the window.
    return np.asarray((least + most).sum(axis=1) / 2 + whole[:, -1])


def equal_range_tail(
    rate: float, trials: FloatArray, spread: float, *, ratio: bool
) -> float:
    """Return P(range of the observed rates > spread) where all have one rate.

    Sums positive terms only, P(group i is least, in the cell, and another is above
    the window), so that the tail keeps its digits at any depth.
    """
    p = np.full((1, trials.size), np.clip(rate, _TINY, 1 - _TINY))
    n = trials[None, :]
    deviation = float(np.sqrt(p[0, 0] * (1 - p[0, 0]) / trials.min()))
    gap = np.array([spread])
    start = np.array([max(rate - _FAR * deviation, 0.0)])
    first = max(float(_back(start, gap, ratio=ratio)[0]), 0.0)
    last = min(rate + _FAR * deviation, 1.0)
    edge = np.linspace(first, last, _TAIL_CELLS + 1)[None, :]
    middle = (edge[:, 1:] + edge[:, :-1]) / 2
    mass = np.diff(_below(edge, p, n)[0], axis=1)
    above = 1 - _below(middle, p, n)[0]
    beyond = _above(_ahead(middle, gap[:, None], ratio=ratio), p, n)[0]
    above = np.maximum(above, np.maximum(beyond, np.finfo(float).tiny))
    inside = np.log1p(-np.minimum(beyond / above, 1 - _TINY))
    others = np.minimum(inside.sum(axis=0) - inside, 0.0)
    larger = np.log(above)
    chance = np.exp(larger.sum(axis=0) - larger) * -np.expm1(others)
    return float(np.clip((mass * chance).sum(), 0.0, 1.0))


def _ahead(x: FloatArray, spread: FloatArray, *, ratio: bool) -> FloatArray:
    """Return the upper end of the window that starts at x."""
    return np.asarray(x * np.exp(spread) if ratio else x + spread)


def _back(x: FloatArray, spread: FloatArray, *, ratio: bool) -> FloatArray:
    """Return the start of the window that ends at x."""
    return np.asarray(x * np.exp(-spread) if ratio else x - spread)


def _below(x: FloatArray, p: FloatArray, n: FloatArray) -> FloatArray:
    """Return P(observed rate <= x) of each group, shape (replicates, groups, x)."""
    z, full = _standard(x, p, n)
    return np.where(full, 1.0, ndtr(z))


def _above(x: FloatArray, p: FloatArray, n: FloatArray) -> FloatArray:
    """Return P(observed rate > x) of each group, shape (replicates, groups, x)."""
    z, full = _standard(x, p, n)
    return np.where(full, 0.0, ndtr(-z))


def _standard(
    x: FloatArray, p: FloatArray, n: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return the corrected signed root deviance of x, and where x is 1 or more."""
    inner = np.clip(x, _TINY, 1 - _TINY)[:, None, :]
    rate, size = p[:, :, None], n[:, :, None]
    # The deviance is linear in the logarithms: none is taken of a pair (group, x).
    entropy = xlogy(inner, inner) + xlogy(1 - inner, 1 - inner)
    deviance = entropy - inner * np.log(rate) - (1 - inner) * np.log1p(-rate)
    z = np.sqrt(np.maximum(2 * size * deviance, 0.0))
    z = np.copysign(z, inner - rate)
    z += (1 - 2 * rate) / (6 * np.sqrt(size * rate * (1 - rate)))
    return z, (x >= 1)[:, None, :]
