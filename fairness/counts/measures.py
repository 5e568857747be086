"""Columns of numbers: weights, scores and values, and the bins of scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.bins import ScoreBins
from fairness.counts.kernel import Cells, FloatArray, Int64Array
from fairness.counts.roles import Roles
from fairness.counts.table import Axis
from fairness.errors import Problem, shown
from fairness.groups.flags import UNOBSERVED

_SHORT = 65_536

_LARGEST = 1e150

BinTable = tuple[tuple[str, ...], Int64Array]


def weight_problems(
    column: str, *, missing: int, low: float, high: float
) -> list[Problem]:
    """Return what is wrong with a column of weights."""
    where = f"weight column {shown(column)}"
    problems = []
    if missing:
        problems.append(
            Problem(
                where,
                f"has {missing:,} missing values",
                "fill them; a weight of 0 leaves a customer out",
            )
        )
    if low < 0:
        problems.append(
            Problem(where, f"has negative values, down to {low:g}", "a weight is >= 0")
        )
    if high == np.inf:
        problems.append(Problem(where, "has infinite values", "a weight is finite"))
    elif not missing and low >= 0 and high <= 0:
        problems.append(Problem(where, "is 0 for every customer"))
    return problems


def value_problems(column: str, low: float, high: float) -> list[Problem]:
    """Return what is wrong with a column of values."""
    where = f"value column {shown(column)}"
    if np.isinf([low, high]).any():
        return [Problem(where, "has infinite values")]
    if max(-low, high) > _LARGEST:
        what = f"goes up to {max(-low, high):g}: its squares have no number"
        return [Problem(where, what, f"divide it; up to {_LARGEST:g} can be taken")]
    return []


def used_problems(column: str, low: float, high: float) -> list[Problem]:
    """Return what is wrong with a column of numbers that the profile uses."""
    if low <= high and np.isinf([low, high, high - low]).any():
        return [Problem(f"column {shown(column)}", "has infinite values")]
    return []


def score_range(
    roles: Roles, low: float, high: float, problems: list[Problem]
) -> tuple[float, float]:
    """Return the range of the score bins, given the least and greatest score."""
    where = f"score column {shown(roles.score)}"
    if not low <= high:
        problems.append(Problem(where, "holds no number"))
        return 0.0, 1.0
    if np.isinf([low, high]).any():
        problems.append(Problem(where, "has infinite values"))
        return 0.0, 1.0
    if roles.score_range is not None:
        wanted = roles.score_range
        if low < wanted[0] or high > wanted[1]:
            problems.append(
                Problem(
                    "score_range",
                    f"{wanted} does not hold the scores, which go from {low:g} to "
                    f"{high:g}",
                )
            )
        return wanted
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def extent(numbers: FloatArray) -> tuple[int, float, float]:
    """Return how many numbers are missing, the least and the greatest of the others.

    Examples
    --------
    >>> extent(np.array([0.5, np.nan, 2.0]))
    (1, 0.5, 2.0)
    """
    low, high = float(numbers.min()), float(numbers.max())
    if not np.isnan(low):
        return 0, low, high
    # One NaN makes both ends NaN: only then are the numbers looked at again.
    there = numbers[~np.isnan(numbers)]
    missing = len(numbers) - len(there)
    if not len(there):
        return missing, np.inf, -np.inf
    return missing, float(there.min()), float(there.max())


@dataclass(frozen=True, slots=True)
class BinCodes:
    """Bins of scores, made for the rows that are asked for.

    Counting takes rows in chunks, so no array of all bins is ever in memory.

    Parameters
    ----------
    scores : float array
        NaN where there is none.
    low, high : float
        The range of the bins.
    bins : int
    missing : int
        How many scores are NaN.
    least, greatest : float
        Of the scores that are there.

    Examples
    --------
    >>> scores = np.array([0.0, 0.5, 1.0, np.nan])
    >>> BinCodes(scores, 0.0, 1.0, 10, *extent(scores))[0:4].tolist()
    [0, 5, 9, 10]
    """

    scores: FloatArray
    low: float
    high: float
    bins: int
    missing: int
    least: float
    greatest: float

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """Return the bin of each score, `bins` where there is none."""
        # In double precision, so that every engine puts a score into the same bin;
        # what no score needs is left out, for each step is a pass over the rows.
        scale = self.bins / (self.high - self.low)
        if self.low:
            codes = np.subtract(self.scores[rows], self.low, dtype=np.float64)
            codes *= scale
        else:
            codes = np.multiply(self.scores[rows], scale, dtype=np.float64)
        if (self.greatest - self.low) * scale >= self.bins:
            # The highest score belongs to the last bin, not to one beyond it.
            np.minimum(codes, self.bins - 1, out=codes)
        if self.missing:
            codes[np.isnan(codes)] = self.bins
        return codes.astype(np.uint32)

    def all(self, rows: int) -> NDArray[Any]:
        """Return the bins of all rows, in as few bits as they need."""
        found = np.empty(rows, np.uint16 if self.bins < _SHORT else np.uint32)
        for begin in range(0, rows, _SHORT):
            part = slice(begin, begin + _SHORT)
            np.copyto(found[part], self[part], casting="unsafe")
        return found


def bin_table(
    axis: Axis,
    cells: Cells,
    levels: Int64Array,
    observed: Int64Array | None,
    bins: int,
) -> BinTable:
    """Return the labels and the groups x bins x 3 table of one attribute.

    Parameters
    ----------
    axis : Axis
    cells : Cells
        Of the attribute, the outcome if there is one, and the bin.
    levels : int64 array
        Level of the axis for each raw level of the attribute.
    observed : int64 array or None
        Outcome (0, 1, unobserved) for each raw level of the outcome.
    bins : int
    """
    shape = (len(axis.labels), bins + 1, 3)
    outcome = (
        np.full(len(cells.n), UNOBSERVED)
        if observed is None
        else observed[cells.levels[:, 1]]
    )
    place = (
        levels[cells.levels[:, 0]] * (bins + 1) + cells.levels[:, -1]
    ) * 3 + outcome
    # Weights are floats, exact for counts below 2**53; np.add.at is far slower.
    counted = np.bincount(place, weights=cells.n, minlength=math.prod(shape))
    table = counted.astype(np.int64).reshape(shape)
    live = np.flatnonzero(table.sum(axis=(1, 2)))
    return tuple(axis.labels[i] for i in live), table[live, :-1]


def score_bins_of(made: Mapping[str, BinTable], low: float, high: float) -> ScoreBins:
    """Return the bins of all attributes."""
    return ScoreBins(
        low,
        high,
        {name: labels for name, (labels, _) in made.items()},
        {name: table for name, (_, table) in made.items()},
    )
