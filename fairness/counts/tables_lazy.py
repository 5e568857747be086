"""Values and used columns of a table that stays where it is, by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.counts.axes import flag_axis
from fairness.counts.batches import Kept, batches, keep_labels, live_labels
from fairness.counts.column_counts import ColumnBins, ColumnCounts
from fairness.counts.grid import GRID, Grid, cut
from fairness.counts.kernel import Int64Array
from fairness.counts.measures import used_problems
from fairness.counts.roles import Roles
from fairness.counts.table import Axis
from fairness.counts.value_bins import ValueBins, ValueGrid
from fairness.errors import InputError, Problem
from fairness.frames import Encoded, FileTable, Key, LazyTable, Tally
from fairness.groups import MISSING

# An answer of more groups than this costs more than another look at the table.
_MOST_CELLS = 250_000


@dataclass(frozen=True, slots=True)
class Side:
    """An attribute or a stratum in an engine.

    Parameters
    ----------
    axis : Axis
        As the counts have it.
    key : Key
    levels : callable
        From the answer of the engine to the levels of the axis, -1 last for null
        where nobody has it.
    """

    axis: Axis
    key: Key
    levels: Callable[[Encoded], Int64Array]


@dataclass(frozen=True, slots=True)
class UsedColumn:
    """A column that the profile uses, and where its numbers are.

    Parameters
    ----------
    name : str
    table : LazyTable
        In which the column has its type.
    span : (float, float) or None
        Least and greatest number; None for a column of labels.
    answer : Tally or None
        How often each label occurs.
    """

    name: str
    table: LazyTable
    span: tuple[float, float] | None = None
    answer: Tally | None = None


def used_columns(
    table: LazyTable, roles: Roles, problems: list[Problem]
) -> list[UsedColumn]:
    """Return the columns that the profile uses, after a first look at them."""
    texts = [name for name in roles.uses if table.is_text(name)]
    if isinstance(table, FileTable) and table.untyped:
        table = table.typed(table.written_numbers(texts), ())
    numbers = [name for name in roles.uses if table.is_number(name)]
    ends = table.extremes(numbers)
    found = []
    for name in roles.uses:
        if name in ends:
            problems += used_problems(name, *ends[name])
            found.append(UsedColumn(name, table, ends[name]))
            continue
        try:
            found.append(UsedColumn(name, table, None, table.tally([Key(name)])))
        except InputError as error:
            problems.extend(error.problems)
    return found


def columns_lazy(
    used: Sequence[UsedColumn], sides: Sequence[Side], table: LazyTable, roles: Roles
) -> ColumnCounts:
    """Count the columns that the profile uses."""
    attributes = [side for side in sides if side.axis.role == "attribute"]
    sizes = {side.axis.name: len(side.axis.labels) for side in attributes}
    by_name = {side.axis.name: side for side in attributes}
    bins: dict[str, ColumnBins] = {}
    cells: dict[str, dict[str, Int64Array]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for column in used:
        binned = _binned(column)
        bins[column.name], cells[column.name] = binned.bins, {}
        for batch in batches(sizes, 2 * binned.raw, _MOST_CELLS):
            parts = [by_name[name] for name in batch]
            found = _counted(column.table, parts, binned, roles, table.missing)
            for name, counted in found.items():
                axis = by_name[name].axis
                labels[name], live = live_labels(axis, counted.sum(axis=(0, 2)))
                cells[column.name][name] = counted[:, live]
    return ColumnCounts(bins, labels, cells)


def values_lazy(
    table: LazyTable, sides: Sequence[Side], roles: Roles, low: float, high: float
) -> ValueBins:
    """Count the values of each group, and of each group within each stratum."""
    grid = ValueGrid(0.0, 0.0, is_whole=True)
    if low <= high:
        whole = high - low <= GRID and table.is_whole(str(roles.value))
        grid = ValueGrid.of(low, high, whole=whole, cap=roles.value_cap)
    key = Key(str(roles.value), bins=grid.span, above=grid.cap)
    labels, cells, layers, by_stratum = {}, {}, {}, {}
    strata = [side for side in sides if side.axis.role == "stratum"]
    for side in sides:
        if side.axis.role != "attribute":
            continue
        name = side.axis.name
        counted = _by_bin(table, [side], key, grid.bins)
        labels[name], live = live_labels(side.axis, counted.sum(axis=1))
        cells[name] = counted[live]
        for stratum in strata:
            both = _by_bin(table, [side, stratum], key, grid.bins)
            names, rows = live_labels(stratum.axis, both.sum(axis=(0, 2)))
            layers[stratum.axis.name] = names
            by_stratum[name, stratum.axis.name] = both[np.ix_(live, rows)]
    return ValueBins(grid, labels, cells, layers, by_stratum)


def _by_bin(table: LazyTable, sides: Sequence[Side], key: Key, bins: int) -> Int64Array:
    tally = table.tally([*(side.key for side in sides), key])
    places = [
        side.levels(encoded)[encoded.positions()]
        for side, encoded in zip(sides, tally.keys, strict=False)
    ]
    place = _numbers_of(tally.keys[-1], bins)[tally.keys[-1].positions()]
    return _added([*places, place], tally, [*(len(s.axis.labels) for s in sides), bins])


@dataclass(frozen=True, slots=True)
class _Binned:
    bins: ColumnBins
    key: Key
    raw: int
    levels: Callable[[Encoded], Int64Array]


def _binned(column: UsedColumn) -> _Binned:
    if column.span is None:
        return _of_labels(column)
    low, high = column.span
    if not low <= high:
        bins = ColumnBins((MISSING,), ordered=True)
        key = Key(column.name, bins=(0.0, 1.0, 1))
        return _Binned(
            bins, key, 1, lambda encoded: np.zeros(len(encoded.values) + 1, np.int64)
        )
    missing = 0

    def histogram(grid: Grid) -> Int64Array:
        nonlocal missing
        tally = column.table.tally([Key(column.name, bins=(grid.low, grid.high, GRID))])
        place = _numbers_of(tally.keys[0], GRID)[tally.keys[0].positions()]
        total = np.zeros(GRID + 1, np.int64)
        np.add.at(total, place, tally.n)
        missing = int(total[-1])
        return total[:-1]

    cuts = cut(low, high, histogram)
    labels = (*cuts.labels, *([MISSING] if missing else []))
    span = (cuts.grid.low, cuts.grid.high, GRID)
    return _Binned(
        ColumnBins(labels, ordered=True, edges=cuts.edges),
        Key(column.name, bins=span, starts=cuts.starts or (GRID,)),
        len(labels),
        lambda encoded: _numbers_of(encoded, len(cuts.labels), missing=len(labels) - 1),
    )


def _of_labels(column: UsedColumn) -> _Binned:
    tally = column.answer
    assert tally is not None  # a column of labels was tallied
    kept, places = _kept(tally, column.table.missing)
    at = {value: kept.levels[place] for value, place in places.items()}
    null = int(kept.levels[-1])

    def levels(encoded: Encoded) -> Int64Array:
        return np.array([*(at.get(v, null) for v in encoded.values), null], np.int64)

    bins = ColumnBins(kept.labels, ordered=False)
    return _Binned(bins, Key(column.name), len(tally.n), levels)


def _kept(tally: Tally, missing: Sequence[str]) -> tuple[Kept, dict[object, int]]:
    encoded = tally.keys[0]
    n = np.zeros(len(encoded.values) + 1, np.int64)
    np.add.at(n, encoded.positions(), tally.n)
    kept = keep_labels(encoded.values, n, missing)
    return kept, {value: place for place, value in enumerate(encoded.values)}


def _numbers_of(
    encoded: Encoded, beyond: int, *, missing: int | None = None
) -> Int64Array:
    """Return the number that each value is, a last one for null."""
    last = beyond if missing is None else missing
    return np.array(
        [last if v is None else v for v in (*encoded.values, None)], np.int64
    )


def _counted(
    table: LazyTable,
    sides: Sequence[Side],
    binned: _Binned,
    roles: Roles,
    missing: Sequence[str],
) -> dict[str, Int64Array]:
    flag = roles.selected
    assert flag is not None  # an audience is counted in memory
    tally = table.tally([*(side.key for side in sides), Key(flag.column), binned.key])
    *first, picked, bins = tally.keys
    used = np.unique(picked.positions()).tolist()
    _, chosen = flag_axis(flag, "selected", picked, used, missing)
    selected = chosen[picked.positions()]
    place = binned.levels(bins)[bins.positions()]
    return {
        side.axis.name: _added(
            [place, side.levels(encoded)[encoded.positions()], selected],
            tally,
            [len(binned.bins.labels), len(side.axis.labels), 2],
        )
        for side, encoded in zip(sides, first, strict=True)
    }


def _added(
    places: Sequence[Int64Array], tally: Tally, shape: Sequence[int]
) -> Int64Array:
    total = np.zeros(shape, np.int64)
    inside = np.ones(len(tally.n), bool)
    for place, size in zip(places, shape, strict=True):
        inside &= (place >= 0) & (place < size)
    np.add.at(total, tuple(place[inside] for place in places), tally.n[inside])
    return total
