"""Values and used columns of a table in memory, by group."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.batches import batches, keep_labels, live_labels, regrouped
from fairness.counts.column_counts import ColumnBins, ColumnCounts
from fairness.counts.grid import GRID, Grid, cut
from fairness.counts.kernel import Column, Int64Array, crossed, joint_keys
from fairness.counts.measures import extent, used_problems
from fairness.counts.roles import Roles
from fairness.counts.table import Axis
from fairness.counts.value_bins import ValueBins, ValueGrid
from fairness.errors import InputError, Problem
from fairness.frames import EagerTable
from fairness.frames.texts import are_numbers
from fairness.groups import MISSING

Made = tuple[Axis, Column, Int64Array]

_MOST_CELLS = 2**20
_FEW_CELLS, _CELLS_A_ROW = 65_536, 8
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class _Mapped:
    """Codes looked up in a table, for the rows that are asked for."""

    codes: NDArray[Any]
    table: NDArray[Any]

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        found: NDArray[Any] = self.table[self.codes[rows]]
        return found


def columns_eager(
    made: Sequence[Made], table: EagerTable, roles: Roles, problems: list[Problem]
) -> ColumnCounts | None:
    """Count the columns that the profile uses, one after the other.

    Problems are added to those that there are; with any, nothing is counted.
    """
    crosses = None if problems else _Crosses(made, table.rows)
    bins, cells = {}, {}
    for name, cut_into in _ahead(lambda name: _column(table, name), roles.uses):
        try:
            column, labels = cut_into()
        except InputError as error:
            problems.extend(error.problems)
            continue
        if crosses is not None and not problems:
            bins[name], cells[name] = crosses.of(column, labels)
    if problems or crosses is None:
        return None
    return ColumnCounts(bins, crosses.labels, cells)


def _ahead(
    work: Callable[[str], tuple[Column, ColumnBins]], names: Sequence[str]
) -> Iterator[tuple[str, Callable[[], tuple[Column, ColumnBins]]]]:
    """Yield each name and what waits for its work; the next one's is under way."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(work, name) for name in names[:1])
        for place, name in enumerate(names):
            waiting.extend(
                pool.submit(work, one) for one in names[place + 1 : place + 2]
            )
            yield name, waiting.popleft().result


def values_eager(made: Sequence[Made], values: NDArray[Any], roles: Roles) -> ValueBins:
    """Count the values of each group, and of each group within each stratum."""
    _, low, high = extent(values)
    grid = _grid(values, low, high, roles.value_cap)
    column = Column(_codes(grid, values), 0, grid.bins + 1)
    attributes = [part for part in made if part[0].role == "attribute"]
    strata = [part for part in made if part[0].role == "stratum"]
    labels, cells, layers, by_stratum = {}, {}, {}, {}
    for attribute in attributes:
        table = _table([attribute], column, len(values))
        labels[attribute[0].name], live = live_labels(attribute[0], table.sum(axis=1))
        cells[attribute[0].name] = table[live]
        for stratum in strata:
            both = _table([attribute, stratum], column, len(values))
            names, rows = live_labels(stratum[0], both.sum(axis=(0, 2)))
            layers[stratum[0].name] = names
            key = attribute[0].name, stratum[0].name
            by_stratum[key] = both[np.ix_(live, rows)]
    return ValueBins(grid, labels, cells, layers, by_stratum)


def _grid(
    values: NDArray[Any], low: float, high: float, cap: float | None
) -> ValueGrid:
    if not low <= high:
        return ValueGrid(0.0, 0.0, is_whole=True)
    # The first values tell mostly; all are looked at only where those are whole.
    whole = high - low <= GRID and all(
        bool((np.isnan(part) | (np.floor(part) == part)).all())
        for part in (values[:1000], values)
    )
    return ValueGrid.of(low, high, whole=whole, cap=cap)


def _codes(grid: ValueGrid, values: NDArray[Any]) -> NDArray[np.uint16]:
    found = np.empty(len(values), np.uint16)
    for begin in range(0, len(values), _FEW_CELLS):
        rows = slice(begin, begin + _FEW_CELLS)
        found[rows] = grid.codes(values[rows])
    return found


def _table(parts: Sequence[Made], column: Column, rows: int) -> Int64Array:
    keys, size = joint_keys([part[1] for part in parts], rows)
    raw = crossed(keys, size, column).reshape(
        *(part[1].size for part in parts), column.size
    )
    # The last bin is of those without a value.
    bins = np.append(np.arange(column.size - 1), -1)
    shape = [*(len(part[0].labels) for part in parts), column.size - 1]
    return regrouped(raw, [*(part[2] for part in parts), bins], shape)


def _column(table: EagerTable, name: str) -> tuple[Column, ColumnBins]:
    if table.is_number(name):
        return _numbers(table, name)
    encoded = table.encode(name)
    if table.untyped and are_numbers(encoded.values, table.missing):
        return _numbers(table, name)
    positions = encoded.positions()
    size = len(encoded.values)
    n = np.zeros(size + 1, np.int64)
    for begin in range(0, len(positions), _CHUNK):
        part = positions[begin : begin + _CHUNK].astype(np.int64)
        n += np.bincount(np.where(part < 0, size, part), minlength=size + 1)
    kept = keep_labels(encoded.values, n, table.missing)
    # Code -1, which is null, picks the last entry; a value that nobody has none.
    levels = np.maximum(kept.levels, 0).astype(np.uint16)
    column = Column(_Mapped(positions, levels), 0, len(kept.labels))
    return column, ColumnBins(kept.labels, ordered=False)


def _numbers(table: EagerTable, name: str) -> tuple[Column, ColumnBins]:
    numbers = table.numbers(name, short=True)
    missing, low, high = extent(numbers)
    problems = used_problems(name, low, high)
    if problems:
        raise InputError(problems)
    if missing == len(numbers):
        column = Column(np.zeros(len(numbers), np.uint8), 0, 1)
        return column, ColumnBins((MISSING,), ordered=True)
    last: dict[Grid, NDArray[np.uint16]] = {}

    def histogram(grid: Grid) -> Int64Array:
        last.clear()
        last[grid] = positions = grid.positions(numbers)
        total = np.zeros(GRID + 1, np.int64)
        for begin in range(0, len(positions), _CHUNK):
            part = positions[begin : begin + _CHUNK]
            total += np.bincount(part, minlength=GRID + 1)
        return total[:-1]

    cuts = cut(low, high, histogram)
    labels = (*cuts.labels, *([MISSING] if missing else []))
    column = Column(_Mapped(last[cuts.grid], cuts.lookup()), 0, len(labels))
    return column, ColumnBins(labels, ordered=True, edges=cuts.edges)


class _Crosses:
    """Attributes and selection of every row, for one column after the other."""

    def __init__(self, made: Sequence[Made], rows: int) -> None:
        self._made = {
            part[0].name: part for part in made if part[0].role == "attribute"
        }
        self._picked = next(part for part in made if part[0].role == "selected")
        self._rows = rows
        self._keys: dict[tuple[str, ...], tuple[NDArray[Any], int]] = {}
        self.labels: dict[str, tuple[str, ...]] = {}

    def of(
        self, column: Column, bins: ColumnBins
    ) -> tuple[ColumnBins, dict[str, Int64Array]]:
        """Return bins x groups x 2 of each attribute."""
        picked = self._picked[1].size
        most = min(_MOST_CELLS, max(_FEW_CELLS, _CELLS_A_ROW * self._rows))
        sizes = {name: part[1].size for name, part in self._made.items()}
        found = {}
        for batch in batches(sizes, picked * column.size, most):
            raw = self._count(batch, column)
            for place, name in enumerate(batch):
                others = tuple(i for i in range(len(batch)) if i != place)
                found[name] = self._split(name, raw.sum(axis=others))
        return bins, found

    def _count(self, batch: Sequence[str], column: Column) -> Int64Array:
        parts = [*(self._made[name] for name in batch), self._picked]
        key = tuple(batch)
        if key not in self._keys:
            self._keys[key] = joint_keys([part[1] for part in parts], self._rows)
        raw = crossed(*self._keys[key], column)
        return raw.reshape(*(part[1].size for part in parts), column.size)

    def _split(self, name: str, raw: Int64Array) -> Int64Array:
        axis, _, levels = self._made[name]
        bins = raw.shape[-1]
        shape = (len(axis.labels), 2, bins)
        by_group = regrouped(raw, [levels, self._picked[2], np.arange(bins)], shape)
        self.labels[name], live = live_labels(axis, by_group.sum(axis=(1, 2)))
        return by_group[live].transpose(2, 0, 1)
