"""The table of offered values: what quantiles, gaps and caps are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem
from fairness.groups import sort_labels

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

BINS = 1000
"""Bins of values that are not whole numbers, and the widest span of those that are."""


@dataclass(frozen=True, slots=True)
class ValueGrid:
    """How values are cut: by whole number, or into bins of equal width.

    Parameters
    ----------
    low, high : float
        The least and the greatest value.
    is_whole : bool
        Whether each whole number from `low` to `high` has a bin of its own.
    cap : float or None
        Splits the bin that it lies in, so that the share above it is exact.

    Examples
    --------
    >>> ValueGrid(3.0, 5.0, is_whole=True).limits()[0].tolist()
    [3.0, 4.0, 5.0]
    """

    low: float
    high: float
    is_whole: bool
    cap: float | None = None

    @classmethod
    def of(
        cls, low: float, high: float, *, whole: bool, cap: float | None
    ) -> ValueGrid:
        """Return the grid of values between two ends."""
        if whole and high - low <= BINS:
            return cls(low, high, is_whole=True)
        if not low < high:
            high = low + 1
        inside = cap is not None and low <= cap < high
        return cls(low, high, is_whole=False, cap=cap if inside else None)

    @property
    def span(self) -> tuple[float, float, int]:
        """Range and number of bins before the cap splits one of them."""
        if self.is_whole:
            return self.low, self.high + 1, int(self.high - self.low) + 1
        return self.low, self.high, BINS

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.span[2] + (self.cap is not None)

    def codes(self, values: FloatArray) -> NDArray[np.uint16]:
        """Return the bin of each value, `bins` where it is NaN."""
        low, high, number = self.span
        places = np.floor((values - low) * (number / (high - low)))
        np.clip(places, 0, number - 1, out=places)
        if self.cap is not None:
            places += values > self.cap
        return np.where(np.isnan(places), self.bins, places).astype(np.uint16)

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Return the least and the greatest value that each bin may hold."""
        low, high, number = self.span
        if self.is_whole:
            numbers = low + np.arange(number, dtype=np.float64)
            return numbers, numbers
        edges = np.linspace(low, high, number + 1)
        if self.cap is not None:
            at = int(self.codes(np.array([self.cap]))[0])
            edges = np.insert(edges, at + 1, self.cap)
        return edges[:-1], edges[1:]


@dataclass(frozen=True, slots=True, eq=False)
class ValueBins:
    """Customers of each group by bin of their value; those without one are in none.

    Parameters
    ----------
    grid : ValueGrid
    labels : dict of attribute to tuple of str
        Groups in which somebody has a value.
    cells : dict of attribute to int64 array, groups x bins
    strata : dict of stratum to tuple of str
    by_stratum : dict of (attribute, stratum) to int64 array, groups x strata x bins

    Examples
    --------
    >>> grid = ValueGrid(1.0, 3.0, is_whole=True)
    >>> cells = {"g": np.array([[5, 3, 2], [1, 0, 0]])}
    >>> values = ValueBins(grid, {"g": ("a", "b")}, cells, {}, {})
    >>> values.above("g", 1).tolist()
    [[5, 5], [0, 0]]
    >>> (values + values).cells["g"].tolist()
    [[10, 6, 4], [2, 0, 0]]
    """

    grid: ValueGrid
    labels: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Int64Array]
    strata: Mapping[str, tuple[str, ...]]
    by_stratum: Mapping[tuple[str, str], Int64Array]

    @property
    def lower(self) -> FloatArray:
        """Least value of each bin."""
        return self.grid.limits()[0]

    @property
    def upper(self) -> FloatArray:
        """Greatest value of each bin; the least as well, where it holds one number."""
        return self.grid.limits()[1]

    def above(self, attribute: str, cap: float) -> Int64Array:
        """Return the fewest and the most customers above a cap, groups x 2.

        The two are one number at the cap that was named (`value_cap`) and at every
        cap of values that are whole numbers.
        """
        lower, upper = self.grid.limits()
        surely = lower > cap
        if self.grid.cap == cap:
            # The bin of the cap itself is split: what is beyond it, is above.
            surely = np.arange(self.grid.bins) > self.grid.codes(np.array([cap]))[0]
        cells = self.cells[attribute]
        sure, most = cells[:, surely].sum(axis=1), cells[:, upper > cap].sum(axis=1)
        return np.stack([sure, most], axis=1)

    def __add__(self, other: object) -> ValueBins:
        """Return the bins of both parts."""
        if not isinstance(other, ValueBins):
            return NotImplemented
        grid = _common(self.grid, other.grid)
        labels = _unions(self.labels, other.labels)
        strata = _unions(self.strata, other.strata)
        parts = (self, other)
        cells = {
            name: _added(
                [(p.cells[name], p.grid, (p.labels[name],)) for p in parts],
                grid,
                (labels[name],),
            )
            for name in labels
        }
        by_stratum = {
            key: _added(
                [
                    (p.by_stratum[key], p.grid, (p.labels[key[0]], p.strata[key[1]]))
                    for p in parts
                ],
                grid,
                (labels[key[0]], strata[key[1]]),
            )
            for key in self.by_stratum
        }
        return ValueBins(grid, labels, cells, strata, by_stratum)


def _common(mine: ValueGrid, theirs: ValueGrid) -> ValueGrid:
    if mine == theirs:
        return mine
    low, high = min(mine.low, theirs.low), max(mine.high, theirs.high)
    if mine.is_whole and theirs.is_whole and high - low <= BINS:
        return ValueGrid(low, high, is_whole=True)
    raise InputError(
        Problem(
            "value",
            "bins of different ranges cannot be added",
            "count both parts in one go",
        )
    )


def _unions(
    mine: Mapping[str, tuple[str, ...]], theirs: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sort_labels({*labels, *theirs[name]}))
        for name, labels in mine.items()
    }


def _added(
    parts: list[tuple[Int64Array, ValueGrid, tuple[tuple[str, ...], ...]]],
    grid: ValueGrid,
    labels: tuple[tuple[str, ...], ...],
) -> Int64Array:
    total = np.zeros((*map(len, labels), grid.bins), np.int64)
    for cells, own, names in parts:
        places = [
            np.array([union.index(label) for label in part], np.int64)
            for union, part in zip(labels, names, strict=True)
        ]
        start = int(own.low - grid.low) if grid.is_whole else 0
        bins = np.arange(start, start + own.bins, dtype=np.int64)
        total[np.ix_(*places, bins)] += cells
    return total
