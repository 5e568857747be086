"""Roots of many decreasing functions at once, inside brackets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fairness.inference._types import FloatArray

Function = Callable[[FloatArray], FloatArray]

_EPSILON = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
_STEPS = 200
_DOUBLINGS = 60
_HUGE = 1e15


def bracket(
    function: Function, guess: FloatArray, width: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return limits around the roots of decreasing functions on the whole line.

    The interval ``guess -+ width`` is widened, each side by doubling, until the
    function is positive at its lower and negative at its upper limit.
    """
    low, high, step = guess - width, guess + width, width
    for _ in range(_DOUBLINGS):
        above, below = function(low) < 0, function(high) > 0
        if not (above.any() or below.any()):
            break
        low = np.where(above, low - step, low)
        high = np.where(below, high + step, high)
        step = 2 * step
    return low, high


def decreasing_root(
    function: Function, low: FloatArray, high: FloatArray, *, absolute: float = 0.0
) -> FloatArray:
    """Return the roots of decreasing functions between two limits.

    Chandrupatla's method: inverse quadratic interpolation where it is safe, else
    bisection; every element keeps its own bracket, which shrinks to four roundings
    of the root or to `absolute`. Elements whose limits have the
    same sign end at the limit with the smaller absolute value.

    References
    ----------
    .. [1] Chandrupatla, T. R. (1997). A new hybrid quadratic/bisection algorithm for
       finding the zero of a nonlinear function without using derivatives. Advances
       in Engineering Software 28(3), 145-149. doi:10.1016/S0965-9978(96)00051-8

    Examples
    --------
    >>> import numpy as np
    >>> decreasing_root(lambda x: np.array([2.0, 9.0]) - x * x, np.zeros(2),
    ...                 np.full(2, 9.0)).round(6)
    array([1.414214, 3.      ])
    """
    a, b = high.astype(np.float64), low.astype(np.float64)
    fa, fb = _finite(function(a)), _finite(function(b))
    share = np.full(a.shape, 0.5)
    bracketed = fa * fb <= 0
    best, f_best = np.where(np.abs(fa) < np.abs(fb), (a, fa), (b, fb))
    for _ in range(_STEPS):
        x = a + share * (b - a)
        fx = _finite(function(x))
        same = (fx > 0) == (fa > 0)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        nearer = bracketed & (np.abs(fx) < np.abs(f_best))
        best, f_best = np.where(nearer, x, best), np.where(nearer, fx, f_best)
        length = np.abs(b - a)
        tolerance = 2 * _EPSILON * np.abs(best) + max(absolute, _TINY)
        if np.all((length <= 2 * tolerance) | (f_best == 0) | ~bracketed):
            break
        share = _next_share((a, fa), (b, fb), (c, fc))
        floor = np.minimum(tolerance / np.maximum(length, tolerance), 0.5)
        share = np.clip(share, floor, 1 - floor)
    return np.asarray(best, dtype=np.float64)


def _next_share(
    newest: tuple[FloatArray, FloatArray],
    opposite: tuple[FloatArray, FloatArray],
    older: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return where to look next, as a share of the way from newest to opposite."""
    (a, fa), (b, fb), (c, fc) = newest, opposite, older
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        interpolated = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (
            fc - fa
        ) * fb / (fc - fb)
    return np.where(safe & np.isfinite(interpolated), interpolated, 0.5)


def _finite(values: FloatArray) -> FloatArray:
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=_HUGE), -_HUGE, _HUGE)
