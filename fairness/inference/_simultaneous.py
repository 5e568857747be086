"""Closed-form limits of the extreme comparison of K groups, over all their pairs."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from fairness.inference._types import FloatArray
from fairness.inference.intervals import rate_interval
from fairness.inference.studentized import studentized_range_isf

Limits = tuple[FloatArray, FloatArray]


def joint_gap(x: FloatArray, n: FloatArray, confidence: float) -> Limits:
    """Return limits of the largest difference of rates, over the last axis.

        low = max over pairs of d - sqrt((p_i - l_i)^2 + (u_k - p_k)^2), at least 0
        high = max over pairs of d + sqrt((u_i - p_i)^2 + (p_k - l_k)^2)

    The low limit needs all pairs at once: (l, u) at the critical value of the
    studentized range. The high one needs a single pair, the truly extreme one, which
    is among those maximised over: (l, u) at the plain critical value.
    """
    rate = x / n
    low, high = rate_interval(x, n, confidence)
    above = np.hypot((high - rate)[..., :, None], (rate - low)[..., None, :])
    most = _worst(_differences(rate) + above)
    return surely_apart(x, n, confidence, ratio=False), np.minimum(most, 1.0)


def joint_ratio(x: FloatArray, n: FloatArray, confidence: float) -> Limits:
    """Return limits of the least ratio of rates, at least one of them not 0.

    The limits of the ratio of a pair are the roots r at which the MOVER limits of
    p_i - r p_k are 0; low is the least of the plain ones, high of the joint ones.
    """
    low, high = rate_interval(x, n, confidence)
    least = -_worst(-_ratio_root(x / n, low, high, upper=False))
    return np.minimum(least, 1.0), surely_apart(x, n, confidence, ratio=True)


def surely_apart(
    x: FloatArray, n: FloatArray, confidence: float, *, ratio: bool
) -> FloatArray:
    """Return the limit towards equality: of a gap the low, of a ratio the high one."""
    z = float(studentized_range_isf(1 - confidence, x.shape[-1])) / math.sqrt(2)
    rate = x / n
    low, high = rate_interval(x, n, 1 - 2 * float(ndtr(-z)))
    if ratio:
        roots = _ratio_root(rate, low, high, upper=True)
        return np.minimum(-_worst(-roots), 1.0)
    below = np.hypot((rate - low)[..., :, None], (high - rate)[..., None, :])
    return np.maximum(_worst(_differences(rate) - below), 0.0)


def _differences(rate: FloatArray) -> FloatArray:
    return np.asarray(rate[..., :, None] - rate[..., None, :])


def _worst(pairs: FloatArray) -> FloatArray:
    """Return the largest value of two different groups."""
    apart = ~np.eye(pairs.shape[-1], dtype=bool)
    return np.asarray(np.where(apart, pairs, -np.inf).max(axis=(-2, -1)))


def _ratio_root(
    rate: FloatArray, low: FloatArray, high: FloatArray, *, upper: bool
) -> FloatArray:
    """Return one limit of p_i / p_k for all ordered pairs."""
    ours, theirs = (high, low) if upper else (low, high)
    product = rate[..., :, None] * rate[..., None, :]
    first = (ours * (2 * rate - ours))[..., :, None]
    second = (theirs * (2 * rate - theirs))[..., None, :]
    root = np.sqrt(np.maximum(product**2 - first * second, 0.0))
    # The smaller root without cancellation; 0 where nobody of the group is selected.
    top = product + root if upper else np.broadcast_to(first, product.shape)
    bottom = np.broadcast_to(second, product.shape) if upper else product + root
    none = np.inf if upper else 0.0
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), none)
