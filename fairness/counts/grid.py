"""Cut a column of numbers into bins, on a fine grid that all engines share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]

GRID = 65_535
"""Steps of the grid: with a place for the missing, positions fit 16 bits."""

MOST_BINS = 20

_CHUNK = 65_536
# Outliers are no reason for wide steps: a grid of which 99.8 % of the values use a
# small part only is laid again over that part, where values outside join the ends.
_TAIL = 0.001
_SMALL_PART = 8
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal steps between two ends; numbers outside belong to the end steps.

    Parameters
    ----------
    low, high : float

    Examples
    --------
    >>> Grid(0.0, 65_535.0).positions(np.array([0.0, 7.9, np.nan, 65_535.0])).tolist()
    [0, 7, 65535, 65534]
    """

    low: float
    high: float

    @classmethod
    def over(cls, low: float, high: float) -> Grid:
        """Return the grid between two ends that may be the same."""
        low, high = float(low), float(high)
        if not np.isfinite(GRID / (high - low) if high > low else np.inf):
            return cls(low, low + max(1.0, abs(low)))
        return cls(low, high)

    def positions(self, numbers: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the step of each number, `GRID` where it is NaN."""
        found = np.empty(len(numbers), np.uint16)
        scale = GRID / (self.high - self.low)
        for begin in range(0, len(numbers), _CHUNK):
            part = numbers[begin : begin + _CHUNK]
            # In double precision and in this order, as the engines of tables do.
            places = np.subtract(part, self.low, dtype=np.float64)
            places *= scale
            missing = np.isnan(places)
            np.clip(places, 0, GRID - 1, out=places)
            if missing.any():
                places[missing] = GRID
            np.copyto(found[begin : begin + _CHUNK], places, casting="unsafe")
        return found

    def start(self, position: int) -> float:
        """Return the number at which a step begins."""
        return self.low + position / GRID * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Bins of a grid's steps.

    Parameters
    ----------
    grid : Grid
    starts : tuple of int
        Step at which each bin but the first begins.
    labels : tuple of str
        One a bin: a number where it holds only one, else a band whose edges are
        rounded to what the grid can tell apart.
    edges : tuple of float
    """

    grid: Grid
    starts: tuple[int, ...]
    labels: tuple[str, ...]
    edges: tuple[float, ...]

    def lookup(self) -> NDArray[np.uint8]:
        """Return the bin of each step, and one bin more for the missing."""
        steps = np.searchsorted(self.starts, np.arange(GRID), side="right")
        return np.append(steps, len(self.labels)).astype(np.uint8)


def cut(low: float, high: float, histogram: Callable[[Grid], Int64Array]) -> Cuts:
    """Return bins of about equal numbers of customers.

    Up to 20 distinct steps are bins of their own. A step that holds more than two
    bins' share is one.

    Parameters
    ----------
    low, high : float
        The least and the greatest number.
    histogram : callable
        Customers by step of a grid, a last entry for the missing left out.

    Examples
    --------
    >>> numbers = np.array([1.0, 1.0, 2.0, 7.0])
    >>> def histogram(grid):
    ...     return np.bincount(grid.positions(numbers), minlength=GRID)
    >>> cut(1.0, 7.0, histogram).labels
    ('1', '2', '7')
    """
    grid = whole = Grid.over(low, high)
    counts = histogram(grid)
    for _ in range(_ROUNDS):
        inner = _inner(grid, counts)
        if inner is None:
            break
        grid = inner
        counts = histogram(grid)
    used = np.flatnonzero(counts)
    starts = used[1:] if len(used) <= MOST_BINS else _quantiles(counts, used)
    edges = [_short(grid, int(step)) for step in starts]
    bounds = [0, *starts.tolist(), GRID]
    # The end steps of a narrowed grid hold what lies beyond them as well.
    alone = used if grid == whole else used[(used > 0) & (used < GRID - 1)]
    names = []
    for place, (a, b) in enumerate(pairwise(bounds)):
        inside = used[(used >= a) & (used < b)]
        if len(inside) == 1 and inside[0] in alone:
            names.append(_short(grid, int(inside[0])))
        else:
            names.append(_band(place, edges))
    return Cuts(grid, tuple(starts.tolist()), tuple(names), tuple(map(float, edges)))


def _inner(grid: Grid, counts: Int64Array) -> Grid | None:
    """Return the grid of the part that nearly all values lie in, if it is small."""
    running = np.cumsum(counts)
    ends = np.array([_TAIL, 1 - _TAIL]) * running[-1]
    first, last = np.searchsorted(running, ends, side="left").tolist()
    if (last + 1 - first) * _SMALL_PART >= GRID or np.count_nonzero(counts) == 1:
        return None
    low, high = grid.start(first), grid.start(last + 1)
    inner = Grid.over(low, high)
    return inner if inner.high < grid.high or inner.low > grid.low else None


def _quantiles(counts: Int64Array, used: Int64Array) -> Int64Array:
    running = np.cumsum(counts)
    share = running[-1] / MOST_BINS
    targets = np.arange(1, MOST_BINS) * share
    starts = np.searchsorted(running, targets, side="right")
    heavy = starts[counts[starts] >= 2 * share]
    after = np.searchsorted(used, heavy, side="right")
    starts = np.concatenate([starts, used[after[after < len(used)]]])
    return np.unique(starts[starts > used[0]])


def _short(grid: Grid, step: int) -> str:
    """Return the number of fewest digits in a step."""
    low, high = grid.start(step), grid.start(step + 1)
    # A number on the edge of a step may be a rounding away from it.
    slack = (high - low) * 1e-6
    size = math.floor(math.log10(high - low)) + 1
    for digits in (-size, 1 - size, 2 - size):
        unit = Decimal(1).scaleb(-digits)
        number = math.ceil(Decimal(low - slack) / unit) * unit
        if number < Decimal(high) or (step == GRID - 1 and number <= high + slack):
            return f"{float(number):.15g}"
    return f"{low:.15g}"


def _band(place: int, edges: list[str]) -> str:
    low = edges[place - 1] if place else "-inf"
    high = edges[place] if place < len(edges) else "inf"
    return f"{'[' if place else '('}{low},{high})"
