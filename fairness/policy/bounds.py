"""Compare counts with a bound exactly: 4/100 against 5/100 is not below 0.8."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairness.metrics.measures import compare_rates

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Nearer to the bound than this, floats are not trusted and fractions decide.
_NEAR = 1e-9


def breaks(
    form: str,
    hits: FloatArray,
    trials: FloatArray,
    hits_ref: FloatArray,
    trials_ref: FloatArray,
    *,
    at_least: Decimal | None,
    at_most: Decimal | None,
) -> BoolArray:
    """Return whether each comparison lies outside its bound, compared exactly.

    Parameters
    ----------
    form : {"ratio", "difference", "odds"}
    hits, trials, hits_ref, trials_ref : float arrays
        Counts; effective counts are taken as the fractions that the floats are.
    at_least, at_most : Decimal or None

    Returns
    -------
    bool array
        False where the comparison is undefined.

    Examples
    --------
    >>> four, five, n = np.array([4.0]), np.array([5.0]), np.array([100.0])
    >>> breaks("ratio", four, n, five, n, at_least=Decimal("0.8"), at_most=None)
    array([False])
    >>> breaks("ratio", four, n, five, n, at_least=Decimal("0.81"), at_most=None)
    array([ True])
    """
    value = compare_rates(form, hits, trials, hits_ref, trials_ref)
    outside = np.zeros(value.shape, dtype=bool)
    for bound, below in ((at_least, True), (at_most, False)):
        if bound is None:
            continue
        limit = float(bound)
        with np.errstate(invalid="ignore"):
            outside |= value < limit if below else value > limit
            near = np.abs(value - limit) <= _NEAR * max(1.0, abs(limit))
        for place in np.flatnonzero(near):
            exact = _exact(
                form,
                float(hits[place]),
                float(trials[place]),
                float(hits_ref[place]),
                float(trials_ref[place]),
            )
            mark = Fraction(bound)
            outside[place] = exact < mark if below else exact > mark
    return outside


def selections_needed(
    form: str,
    hits: float,
    trials: float,
    hits_ref: float,
    trials_ref: float,
    *,
    at_least: Decimal | None,
    at_most: Decimal | None,
) -> int | None:
    """Return how many selections to add (or take away) until the bound is met.

    None for odds, and where the reference has no rate.

    Examples
    --------
    >>> selections_needed("ratio", 700, 5000, 1000, 5000,
    ...                   at_least=Decimal("0.8"), at_most=None)
    100
    """
    if form == "odds" or not trials_ref:
        return None
    rate_ref = Fraction(hits_ref) / Fraction(trials_ref)
    bound = at_least if at_least is not None else at_most
    if bound is None:
        return None
    goal = Fraction(bound) * rate_ref if form == "ratio" else Fraction(bound) + rate_ref
    wanted = goal * Fraction(trials)
    if at_least is not None:
        return max(0, math.ceil(wanted - Fraction(hits)))
    return max(0, math.ceil(Fraction(hits) - wanted))


def _exact(form: str, h: float, t: float, hr: float, tr: float) -> Fraction:
    a, n, b, m = (Fraction(x) for x in (h, t, hr, tr))
    if form == "ratio":
        return (a * m) / (n * b)
    if form == "difference":
        return a / n - b / m
    return (a * (m - b)) / ((n - a) * b)
