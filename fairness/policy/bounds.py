"""Compare counts with a bound exactly: 4/100 against 5/100 is not below 0.8."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairness.metrics.measures import compare_rates

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Nearer to the bound than this, floats are not trusted and fractions decide.
_NEAR = 1e-9


def outside(
    value: FloatArray,
    at_least: Decimal | None,
    at_most: Decimal | None,
    exact: Callable[[int], Fraction | None] | None = None,
) -> BoolArray:
    """Return whether each value lies outside its bound, compared exactly.

    Parameters
    ----------
    value : float array
    at_least, at_most : Decimal or None
    exact : callable, optional
        From a place in `value` to the fraction that the float stands for, or None
        where there is none. Where it is not known exactly, a value within a
        rounding of the bound meets it.

    Returns
    -------
    bool array
        False where the value is undefined.

    Examples
    --------
    >>> outside(np.array([0.04 / 0.05, 0.79, np.nan]), Decimal("0.8"), None)
    array([False,  True, False])
    """
    found = np.zeros(value.shape, dtype=bool)
    for bound, below in ((at_least, True), (at_most, False)):
        if bound is None:
            continue
        limit = float(bound)
        with np.errstate(invalid="ignore"):
            beyond = value < limit if below else value > limit
            near = np.abs(value - limit) <= _NEAR * max(1.0, abs(limit))
        for place in np.flatnonzero(near):
            known = exact(int(place)) if exact is not None else None
            mark = Fraction(bound)
            beyond[place] = known is not None and (
                known < mark if below else known > mark
            )
        found |= beyond
    return found


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
        Counts. Effective counts are no whole numbers: they carry roundings, and
        within a rounding of the bound they meet it.
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

    def exact(place: int) -> Fraction | None:
        return exact_value(
            form, *(float(x[place]) for x in (hits, trials, hits_ref, trials_ref))
        )

    value = compare_rates(form, hits, trials, hits_ref, trials_ref)
    return outside(value, at_least, at_most, exact)


def exact_value(
    form: str, hits: float, trials: float, hits_ref: float, trials_ref: float
) -> Fraction | None:
    """Return a ratio, difference or odds ratio of whole counts as a fraction.

    None where a count is not whole, or the value does not exist.

    Examples
    --------
    >>> exact_value("ratio", 4, 100, 5, 100)
    Fraction(4, 5)
    """
    given = (hits, trials, hits_ref, trials_ref)
    if not all(float(count).is_integer() for count in given):
        return None
    a, n, b, m = (Fraction(count) for count in given)
    top, bottom = {
        "ratio": (a * m, n * b),
        "difference": (a * m - b * n, n * m),
        "odds": (a * (m - b), (n - a) * b),
    }[form]
    return top / bottom if bottom else None


def selections_needed(
    form: str,
    hits: float,
    trials: float,
    hits_ref: float,
    trials_ref: float,
    *,
    at_least: Decimal | None,
    at_most: Decimal | None,
    contained: bool = False,
) -> int | None:
    """Return how many selections to add (or take away) until the bound is met.

    The reference's own selections stay as they are. With `within` bounds the number
    is for the bound that is broken.

    Parameters
    ----------
    form : {"ratio", "difference", "odds"}
    hits, trials, hits_ref, trials_ref : float
    at_least, at_most : Decimal or None
    contained : bool, default False
        Whether the reference contains the group, and moves with it.

    Returns
    -------
    int or None
        None for odds, where the reference has no rate, and where no number of
        selections does it.

    Examples
    --------
    >>> selections_needed("ratio", 700, 5000, 1000, 5000,
    ...                   at_least=Decimal("0.8"), at_most=None)
    100
    >>> selections_needed("ratio", 1300, 5000, 1000, 5000,
    ...                   at_least=None, at_most=Decimal("1.25"))
    50
    """
    if form == "odds" or not trials_ref or not trials:
        return None
    a, n, b, m = (Fraction(x) for x in (hits, trials, hits_ref, trials_ref))
    for bound, way in ((at_least, 1), (at_most, -1)):
        if bound is None:
            continue
        goal = Fraction(bound)
        lacking = goal * b / m - a / n if form == "ratio" else goal + b / m - a / n
        if lacking * way <= 0:
            continue
        # One selection moves the group's rate by 1 / n, and with it a whole of m.
        step = 1 / n
        if contained:
            step -= goal / m if form == "ratio" else 1 / m
        if step <= 0:
            return None
        number = math.ceil(lacking * way / step)
        room = n - a if way > 0 else a
        return number if number <= math.ceil(room) else None
    return 0
