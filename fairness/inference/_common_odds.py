"""Strata under a common odds ratio: expected hits, and a limit of the score test."""

from __future__ import annotations

import numpy as np

from fairness.inference._roots import bracket, decreasing_root
from fairness.inference._strata import Tables, over
from fairness.inference._types import BoolArray, FloatArray

_FAR = 600.0  # in the logarithm of an odds ratio


def expected_hits(tables: Tables, odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the group's expected hits at an odds ratio and their variance."""
    x1, n1, x2, n2 = tables
    m = x1 + x2
    # Odds of 1e300 have no square: both coefficients are scaled to at most 1.
    scale = np.maximum(odds, 1.0)
    first, other = odds / scale, 1 / scale
    linear, square = first * (n1 + m) + other * (n2 - m), other - first
    product = first * n1 * m
    root = np.sqrt(np.maximum(linear**2 + 4 * square * product, 0.0))
    # Two forms of one root: each subtracts nothing where it is used.
    expected = np.where(
        linear >= 0,
        over(2 * product, linear + root),
        over(root - linear, 2 * square),
    )
    expected = np.clip(expected, np.maximum(0.0, m - n2), np.minimum(n1, m))
    cells = (expected, n1 - expected, m - expected, n2 - m + expected)
    positive = np.all([cell > 0 for cell in cells], axis=0)
    inverse = sum(1 / np.where(positive, cell, 1.0) for cell in cells)
    return expected, np.where(positive, 1 / inverse, 0.0)


def score_limit(tables: Tables, wanted: BoolArray, z: FloatArray) -> FloatArray:
    """Return the odds ratio above which the hits are too few, at a critical value."""
    kept = [count[wanted] for count in tables]
    chosen = (kept[0], kept[1], kept[2], kept[3])
    critical = np.broadcast_to(z, wanted.shape)[wanted]
    total = chosen[1] + chosen[3]
    corrected = over(total, np.maximum(total - 1, 0.0))

    def excess(logarithm: FloatArray) -> FloatArray:
        odds = np.exp(np.clip(logarithm, -_FAR, _FAR))
        expected, variance = expected_hits(chosen, odds[..., None])
        gap = (chosen[0] - expected).sum(-1)
        return np.asarray(over(gap, np.sqrt((variance * corrected).sum(-1))) + critical)

    zero = np.zeros(critical.shape)
    low, high = bracket(excess, zero, np.ones(critical.shape))
    root = decreasing_root(excess, low, high, absolute=1e-12)
    # Fractions of a customer exclude no odds ratio at all.
    inside = root < _FAR
    return np.where(inside, np.exp(np.where(inside, root, 0.0)), np.inf)
