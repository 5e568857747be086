"""Rates of the groups under a hypothesis about their range.

The range of the observed rates depends on all the true ones, not on their range
alone. The others are estimated from the data: a distribution of rates is fitted, each
group is placed in it, and the placed rates are moved into the best-fitting window of
the width that the hypothesis names. Arrays have the shape (replicates, groups).
"""

from __future__ import annotations

import numpy as np

from fairness.inference._types import FloatArray, IntArray

_GRID = 50
_STEPS = 60
_BLOCK = 20_000
# Rates of 0 and 1 have no logarithm or no variance: a quarter of a customer is kept.
_QUARTER = 0.25


def placed_rates(hits: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the groups' rates, drawn towards those of the groups like them.

    The distribution of the rates is estimated without a form (nonparametric maximum
    likelihood by the EM algorithm, on the arcsine scale): outliers and clusters stay
    what they are. A group gets half its posterior mean, which makes groups too alike,
    and half the quantile of its rank in the fitted distribution, which does not.

    References
    ----------
    .. [1] Laird, N. (1978). Nonparametric maximum likelihood estimation of a mixing
       distribution. JASA 73(364), 805-811. doi:10.1080/01621459.1978.10480103
    .. [2] Shen, W. & Louis, T. A. (1998). Triple-goal estimates in two-stage
       hierarchical models. JRSS B 60(2), 455-471. doi:10.1111/1467-9868.00135
    """
    angle = 2 * np.arcsin(np.sqrt((hits + 0.375) / (trials + 0.75)))
    rows = max(1, _BLOCK // (hits.shape[1] * _GRID))
    parts = [
        _placed(angle[i : i + rows], trials[i : i + rows])
        for i in range(0, len(hits), rows)
    ]
    return np.asarray(np.sin(np.concatenate(parts) / 2) ** 2)


def _placed(angle: FloatArray, trials: FloatArray) -> FloatArray:
    low, high = angle.min(axis=1, keepdims=True), angle.max(axis=1, keepdims=True)
    grid = low + (high - low) * np.linspace(0, 1, _GRID)
    distance = angle[:, :, None] - grid[:, None, :]
    likelihood = np.exp(-trials[:, :, None] / 2 * distance**2) + 1e-300
    turned = np.ascontiguousarray(likelihood.transpose(0, 2, 1))
    groups = angle.shape[1]
    weight = np.full((len(angle), _GRID, 1), 1 / _GRID)
    for _ in range(_STEPS):
        weight = weight * (turned @ (1 / (likelihood @ weight))) / groups
    density = (likelihood @ weight)[:, :, 0]
    mean = (likelihood @ (weight * grid[:, :, None]))[:, :, 0] / density
    # Quantiles (rank - 1/2) / groups of the fitted distribution.
    share = np.cumsum(weight[:, :, 0], axis=1)
    middle = (np.arange(groups) + 0.5) / groups
    place = np.minimum((share[:, :, None] < middle).sum(axis=1), _GRID - 1)
    quantile = np.take_along_axis(grid, place, axis=1)
    rank = np.argsort(np.argsort(mean, axis=1, kind="stable"), axis=1)
    return np.asarray((mean + np.take_along_axis(quantile, rank, axis=1)) / 2)


def windowed_rates(
    placed: FloatArray,
    hits: FloatArray,
    trials: FloatArray,
    spread: FloatArray,
    *,
    ratio: bool,
) -> FloatArray:
    """Return rates whose range is exactly `spread`, a difference or a log ratio.

    Where the placed rates range further, they are clipped into the window that moves
    them least (weighted squares). Where they range less, one group is put at each end:
    the pair whose observed rates come closest to the spread, in standard errors.
    """
    least = _QUARTER / trials
    inner = np.clip(placed, least, 1 - least)
    unit = np.log(inner) if ratio else inner
    weight = trials * inner / (1 - inner) if ratio else trials / (inner * (1 - inner))
    width = spread[:, None]
    start = _allowed(_best_start(unit, weight, width), width, ratio=ratio)
    moved = np.clip(unit, start, start + width)
    wide = spread >= np.ptp(unit, axis=1)
    if wide.any():
        seen = np.clip(hits[wide] / trials[wide], least[wide], 1 - least[wide])
        seen = np.log(seen) if ratio else seen
        moved[wide] = _stretched(
            unit[wide], seen, weight[wide], width[wide], ratio=ratio
        )
    return np.asarray(np.exp(moved) if ratio else moved)


def _allowed(start: FloatArray, width: FloatArray, *, ratio: bool) -> FloatArray:
    """Return the start of a window moved to where its rates are from 0 to 1."""
    if ratio:
        return np.minimum(start, -width)
    return np.clip(start, 0.0, np.maximum(1 - width, 0.0))


def _best_start(unit: FloatArray, weight: FloatArray, width: FloatArray) -> FloatArray:
    """Return a minimising sum of weight (unit - clip(unit, a, a + width))^2.

    Half the derivative, the weighted excess below a minus that above a + width, is
    piecewise linear with its corners at the units and at the units minus width.
    """
    groups = unit.shape[1]
    corner = np.concatenate([unit, unit - width], axis=1)
    order = np.argsort(corner, axis=1)
    corner = np.take_along_axis(corner, order, axis=1)
    mass = np.take_along_axis(np.concatenate([weight, weight], axis=1), order, axis=1)
    below = np.where(order < groups, mass, 0.0)
    above = mass - below
    low = np.cumsum(below, axis=1) * corner - np.cumsum(below * corner, axis=1)
    moment = np.cumsum(above * corner, axis=1)
    rest = above.sum(axis=1, keepdims=True) - np.cumsum(above, axis=1)
    slope = low - (moment[:, -1:] - moment - rest * corner)
    after = np.argmax(slope >= 0, axis=1)[:, None]
    before = np.maximum(after - 1, 0)
    right, left = _at(slope, after), _at(slope, before)
    rise = np.where(right > left, right - left, 1.0)
    part = np.where(right > left, -left / rise, 1.0)
    start = _at(corner, before)
    return np.asarray(start + part * (_at(corner, after) - start))


def _stretched(
    unit: FloatArray,
    seen: FloatArray,
    weight: FloatArray,
    width: FloatArray,
    *,
    ratio: bool,
) -> FloatArray:
    """Return rates with the most fitting pair at the ends of a window."""
    groups = unit.shape[1]
    variance = 1 / weight
    short = width[:, :, None] - (seen[:, None, :] - seen[:, :, None])
    short = short / np.sqrt(variance[:, :, None] + variance[:, None, :])
    short[:, np.arange(groups), np.arange(groups)] = np.inf
    pair = short.reshape(len(unit), -1).argmin(axis=1)
    low, high = (pair // groups)[:, None], (pair % groups)[:, None]
    first, second = _at(weight, low), _at(weight, high)
    start = first * _at(seen, low) + second * (_at(seen, high) - width)
    start = start / (first + second)
    highest, lowest = unit.max(axis=1, keepdims=True), unit.min(axis=1, keepdims=True)
    start = _allowed(np.clip(start, highest - width, lowest), width, ratio=ratio)
    moved = np.clip(unit, start, start + width)
    np.put_along_axis(moved, low, start, axis=1)
    np.put_along_axis(moved, high, start + width, axis=1)
    return np.asarray(moved)


def _at(values: FloatArray, place: IntArray) -> FloatArray:
    return np.asarray(np.take_along_axis(values, place, axis=1))
