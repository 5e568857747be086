"""Checks of the arguments that callers pass to the functions of this package."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.inference._types import BoolArray, FloatArray, Side

# Effective counts come out of divisions: a group selected as a whole may end a few
# roundings above its own size.
_ROUNDING = 1e-9


def numbers(where: str, values: ArrayLike) -> FloatArray:
    """Return values as an array of floats, or raise an error that names them."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        problem = Problem(where, f"{shown(values)} is not a number or array of numbers")
        raise InputError(problem) from error


def refuse(where: str, values: FloatArray, wrong: BoolArray, allowed: str) -> None:
    """Raise an error that lists the wrong values, if there are any."""
    found = problem_of(where, values, wrong, allowed)
    if found:
        raise InputError(found)


def problem_of(
    where: str, values: FloatArray, wrong: BoolArray, allowed: str
) -> list[Problem]:
    """Return the problem of the wrong values, or nothing."""
    if not np.any(wrong):
        return []
    listed = alternatives(np.broadcast_to(values, np.shape(wrong))[wrong].tolist())
    return [Problem(where, f"holds {listed}; {allowed}")]


def counted(
    selected: ArrayLike, n: ArrayLike, names: tuple[str, str] = ("selected", "n")
) -> tuple[FloatArray, FloatArray]:
    """Return two arrays of one shape with 0 <= selected <= n, or raise."""
    x, size = np.broadcast_arrays(numbers(names[0], selected), numbers(names[1], n))
    rule = "allowed are finite numbers, 0 or more"
    problems = problem_of(names[0], x, ~((x >= 0) & np.isfinite(x)), rule)
    problems += problem_of(names[1], size, ~((size >= 0) & np.isfinite(size)), rule)
    if not problems:
        wrong = x > size * (1 + _ROUNDING)
        problems = problem_of(names[0], x, wrong, f"allowed is at most {names[1]}")
    if problems:
        raise InputError(problems)
    return np.minimum(x, size), size


def two_groups(
    selected: ArrayLike, n: ArrayLike, selected_ref: ArrayLike, n_ref: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the four counts of a group and its reference in one shape, or raise."""
    x1, n1 = counted(selected, n)
    x2, n2 = counted(selected_ref, n_ref, ("selected_ref", "n_ref"))
    first, size, second, size_ref = np.broadcast_arrays(x1, n1, x2, n2)
    return first, size, second, size_ref


def inside(where: str, values: ArrayLike, low: float, high: float) -> FloatArray:
    """Return values strictly between two limits, or raise."""
    array = numbers(where, values)
    refuse(
        where,
        array,
        ~((array > low) & (array < high)),
        f"allowed are numbers above {low:g} and below {high:g}",
    )
    return array


def one_of_sides(side: str) -> None:
    """Raise unless side is one of the two words."""
    if side not in get_args(Side):
        allowed = alternatives(get_args(Side))
        raise InputError(Problem("side", f"{shown(side)} is none of {allowed}"))
