"""Point probabilities and tails of the hypergeometric distribution, as logarithms.

A 2x2 table of whole counts a, b (group: selected, not) and c, d (reference) has,
given its margins, the probability

    log P = g(n) + g(n_ref) + g(m) + g(N - m) - g(N) - sum_cells g(cell) - D

with g(k) = log k! - k log k + k and D = sum_cells cell log(cell / expected). Every
term is small and computed without cancellation, so that log P keeps its digits at
any N where `lgamma` differences would lose them.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from fairness.inference._types import FloatArray

_SPLIT = 134217729.0  # 2^27 + 1 cuts a double into two halves of 26 bits
_SERIES_FROM = 16
_NEAR = 0.1
_BLOCK = 64
_NEGLIGIBLE = 1e-17
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_TABLE = np.array(
    [0.0] + [float(gammaln(k + 1.0) - xlogy(k, k) + k) for k in range(1, _SERIES_FROM)]
)


def stirling_rest(k: FloatArray) -> FloatArray:
    """Return log k! - k log k + k of whole numbers, 0 at 0.

    Examples
    --------
    >>> import numpy as np
    >>> stirling_rest(np.array([0.0, 1.0, 1e9])).round(6)
    array([ 0.      ,  1.      , 11.280571])
    """
    large = np.maximum(k, _SERIES_FROM)
    series = np.zeros_like(large)
    for coefficient in reversed(_STIRLING):
        series = coefficient + series / (large * large)
    far = 0.5 * np.log(2 * np.pi * large) + series / large
    near = _TABLE[np.minimum(k, _SERIES_FROM - 1).astype(np.int64)]
    return np.where(k < _SERIES_FROM, near, far)


def cross_difference(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> FloatArray:
    """Return a d - b c, right to the last digits where the products are near equal."""
    first, first_rest = _product(a, d)
    second, second_rest = _product(b, c)
    return (first - second) + (first_rest - second_rest)


def _product(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a product and what its rounding left out (Dekker)."""
    product = x * y
    x_high = _SPLIT * x - (_SPLIT * x - x)
    y_high = _SPLIT * y - (_SPLIT * y - y)
    x_low, y_low = x - x_high, y - y_high
    rest = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + (
        x_low * y_low
    )
    return product, rest


def half_deviance(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return sum of cell log(cell / expected) of tables, and a minus its expectation.

    Each cell's share is written as expected phi(t), t = cell / expected - 1 and
    phi(t) = (1 + t) log(1 + t) - t >= 0, by a series where t is small. Margins must
    not be 0.
    """
    n, n_ref, m = a + b, c + d, a + c
    total = n + n_ref
    gap = cross_difference(a, b, c, d) / total
    rate, rest = m / total, (b + d) / total
    deviance = np.zeros_like(gap)
    for cell, expected, sign in (
        (a, n * rate, 1.0),
        (b, n * rest, -1.0),
        (c, n_ref * rate, -1.0),
        (d, n_ref * rest, 1.0),
    ):
        deviance = deviance + _cell_deviance(cell, expected, sign * gap)
    return deviance, gap


def _cell_deviance(
    cell: FloatArray, expected: FloatArray, gap: FloatArray
) -> FloatArray:
    t = gap / expected
    close = np.abs(t) < _NEAR
    # (1 + t) log(1 + t) - t = t v + 2 (1 + t) v^3 (1/3 + v^2/5 + ...), v = t / (2 + t)
    v = np.where(close, t, 0.0) / (2 + np.where(close, t, 0.0))
    series = np.zeros_like(v)
    for power in (17, 15, 13, 11, 9, 7, 5, 3):
        series = 1 / power + v * v * series
    small = expected * (t * v + 2 * (1 + t) * v * v * v * series)
    large = xlogy(cell, np.where(close, 1.0, cell / expected)) - gap
    return np.asarray(np.where(close, small, np.maximum(large, 0.0)))


def log_point(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Return the log probability of tables of whole counts, given their margins."""
    n, n_ref, m, rest = a + b, c + d, a + c, b + d
    certain = (n == 0) | (n_ref == 0) | (m == 0) | (rest == 0)
    one = [np.where(certain, 1.0, cell) for cell in (a, b, c, d)]
    deviance, _ = half_deviance(*one)
    value = -stirling_rest(n + n_ref) - deviance
    for margin in (n, n_ref, m, rest):
        value = value + stirling_rest(margin)
    for cell in (a, b, c, d):
        value = value - stirling_rest(cell)
    return np.where(certain, 0.0, np.minimum(value, 0.0))


def log_lower_sum(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> FloatArray:
    """Return log of P(X <= a) / P(X = a), for tables with a at most its expectation.

    The ratio of neighbouring terms, (a - j)(d - j) / ((b + 1 + j)(c + 1 + j)), falls
    with j and reaches 0 at the end of the support. Terms are multiplied up in blocks
    until what is left is negligible in every table.
    """
    total, last = np.ones_like(a), np.ones_like(a)
    start = 0.0
    open_ = np.flatnonzero(np.minimum(a, d) > 0)
    while open_.size:
        j = start + np.arange(_BLOCK)
        w, x, y, z = (cell[open_, None] for cell in (a, b, c, d))
        ratios = np.maximum(w - j, 0.0) * np.maximum(z - j, 0.0)
        ratios /= (x + 1 + j) * (y + 1 + j)
        terms = last[open_, None] * np.cumprod(ratios, axis=1)
        total[open_] += terms.sum(axis=1)
        last[open_] = terms[:, -1]
        # Ratios only fall, so the rest is below a geometric series of the last one.
        ratio = np.minimum(ratios[:, -1], 1.0)
        more = terms[:, -1] * ratio > _NEGLIGIBLE * (1 - ratio) * total[open_]
        open_ = open_[more]
        start += _BLOCK
    return np.log(total)
