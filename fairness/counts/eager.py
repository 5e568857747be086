"""Count tables in memory: codes, then one bincount over the joint cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.bins import ScoreBins
from fairness.counts.kernel import (
    DENSE_CELLS,
    Cells,
    Column,
    FloatArray,
    Int64Array,
    combine_cells,
    joint_cells,
)
from fairness.counts.membership import Joined
from fairness.counts.roles import OUTCOME_LABELS, Roles, axis_of, check_attribute
from fairness.counts.table import Axis, GroupCounts
from fairness.errors import InputError, Problem, shown
from fairness.frames import EagerTable, Encoded
from fairness.groups import MISSING, Flag, flag_codes

# A column of more raw values than this is mapped to its labels before counting.
_MOST_RAW_LEVELS = 256


def count_eager(
    joined: Joined, roles: Roles
) -> tuple[GroupCounts, ScoreBins | None, tuple[str, ...]]:
    """Count a table whose columns are in memory.

    Raises
    ------
    InputError
        With every problem found in the columns.
    """
    table = joined.table
    if not isinstance(table, EagerTable):
        raise TypeError("count_eager takes a table in memory")
    if not table.rows:
        raise InputError(Problem("data", "has no rows"))
    problems: list[Problem] = []
    axes, columns, level_of = [], [], []
    for axis, column, levels in _grouped(joined, table, roles, problems):
        axes.append(axis)
        columns.append(column)
        level_of.append(levels)
    for axis, column, levels in _flags(joined, table, roles, problems):
        axes.append(axis)
        columns.append(column)
        level_of.append(levels)
    sums = _sums(table, roles, problems)
    scores = _scores(table, roles, problems)
    if problems:
        raise InputError(problems)
    cells, bins = _count(columns, table.rows, sums, scores, roles, axes, level_of)
    counts = finish(axes, level_of, cells)
    for axis in counts.axes:
        check_attribute(axis, len(axis.labels), counts.rows)
    return counts, bins, ()


def finish(axes: list[Axis], level_of: list[Int64Array], cells: Cells) -> GroupCounts:
    """Turn raw levels into those of the axes and drop labels that nobody has."""
    levels = np.empty_like(cells.levels)
    for place, mapping in enumerate(level_of):
        levels[:, place] = mapping[cells.levels[:, place]]
    trimmed = []
    for place, axis in enumerate(axes):
        used = np.unique(levels[:, place])
        if axis.role in ("selected", "outcome"):
            trimmed.append(axis)
            continue
        keep = [
            level
            for level, label in enumerate(axis.labels)
            if level in used or (axis.ordered and label != MISSING)
        ]
        new = np.full(len(axis.labels), -1, np.int64)
        new[keep] = np.arange(len(keep))
        levels[:, place] = new[levels[:, place]]
        labels = tuple(axis.labels[level] for level in keep)
        trimmed.append(Axis(axis.name, axis.role, labels, axis.ordered))
    levels, n, sums = combine_cells(levels, cells.n, cells.sums)
    return GroupCounts(tuple(trimmed), levels, n, sums)


def _grouped(
    joined: Joined, table: EagerTable, roles: Roles, problems: list[Problem]
) -> list[tuple[Axis, Column, Int64Array]]:
    found = []
    for name, role in roles.grouped:
        home = table
        if joined.protected is not None and name not in table.columns:
            home = joined.protected
        bands = roles.bands.get(name)
        try:
            encoded = home.encode(name)
            axis, levels = axis_of(
                name,
                role,
                encoded,
                bands=bands,
                as_of=roles.as_of,
                missing=home.missing,
            )
            if bands is not None:
                bands.check_spread(np.unique(levels[:-1]).tolist(), encoded.values)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if home is not table:
            encoded = _at_place(encoded, joined.place)
        found.append((axis, *_column(encoded, levels)))
    return found


def _at_place(encoded: Encoded, place: NDArray[Any] | None) -> Encoded:
    """Return the codes of joined rows; a customer without a row is null."""
    if place is None:
        return encoded
    codes = encoded.positions()
    if codes.dtype.kind == "u":
        codes = codes.astype(np.int64)
    # Position -1 picks the null that is put last.
    return Encoded(np.append(codes, codes.dtype.type(-1))[place], encoded.values)


def _column(encoded: Encoded, levels: Int64Array) -> tuple[Column, Int64Array]:
    """Return a countable column and the level of each of its raw levels."""
    codes, offset = encoded.codes, encoded.offset
    size = len(encoded.values)
    has_null = (
        bool(len(codes)) and codes.dtype.kind != "u" and int(codes.min()) < offset
    )
    if size > _MOST_RAW_LEVELS and len(levels) > 2 * len(np.unique(levels)):
        kind = np.uint8 if levels.max() < _MOST_RAW_LEVELS else np.uint32
        mapped = levels.astype(kind)[encoded.positions()]
        top = int(levels.max()) + 1
        return Column(mapped, 0, top), np.arange(top)
    if not has_null:
        return Column(codes, offset, size), levels[:-1]
    # Raw level 0 is null, so that code -1 needs no branch.
    return Column(codes, offset - 1, size + 1), np.append(levels[-1], levels[:-1])


def _flags(
    joined: Joined, table: EagerTable, roles: Roles, problems: list[Problem]
) -> list[tuple[Axis, Column, Int64Array]]:
    found = []
    picked = Axis("selected", "selected", ("0", "1"))
    if joined.member is not None:
        found.append((picked, Column(joined.member, 0, 2), np.arange(2)))
    elif roles.selected is not None:
        made = _flag(table, roles.selected, "selected", problems)
        if made is not None:
            found.append((picked, *made))
    if roles.outcome is not None:
        made = _flag(table, roles.outcome, "outcome", problems)
        if made is not None:
            found.append((Axis("outcome", "outcome", OUTCOME_LABELS), *made))
    return found


def _flag(
    table: EagerTable, flag: Flag, role: str, problems: list[Problem]
) -> tuple[Column, Int64Array] | None:
    try:
        encoded = table.encode(flag.column)
        used = _used_values(encoded)
        codes = flag_codes(
            flag,
            [encoded.values[i] for i in used if i >= 0]
            + ([None] if -1 in used else []),
            role=role,
            missing=table.missing,
            unobserved=role == "outcome",
        )
    except InputError as error:
        problems.extend(error.problems)
        return None
    levels = np.zeros(len(encoded.values) + 1, np.int64)
    real = [i for i in used if i >= 0]
    levels[real] = codes[: len(real)]
    levels[-1] = 2
    return _column(encoded, levels)


def _used_values(encoded: Encoded) -> list[int]:
    """Return the positions that occur, ascending; -1 for null."""
    size = len(encoded.values)
    column, _ = _column(encoded, np.arange(size + 1))
    cells = joint_cells([column], len(encoded.codes))
    raw = cells.levels[:, 0]
    if column.size == size + 1 and column.offset == encoded.offset - 1:
        raw = raw - 1
    return sorted(np.where(raw >= size, -1, raw).tolist())


def _sums(
    table: EagerTable, roles: Roles, problems: list[Problem]
) -> dict[str, FloatArray]:
    sums: dict[str, FloatArray] = {}
    if roles.weight is not None:
        try:
            weights = table.numbers(roles.weight)
        except InputError as error:
            problems.extend(error.problems)
        else:
            problems += weight_problems(
                roles.weight,
                missing=int(np.isnan(weights).sum()),
                low=float(np.nanmin(weights, initial=np.inf)),
                high=float(np.nanmax(weights, initial=-np.inf)),
            )
            sums["weight"], sums["weight_sq"] = weights, weights * weights
    for name, (column, power) in roles.moments().items():
        try:
            numbers = table.numbers(column)
        except InputError as error:
            problems += [p for p in error.problems if p not in problems]
            continue
        there = ~np.isnan(numbers)
        sums[name] = np.where(there, numbers**power, 0.0)
    return sums


def weight_problems(
    column: str, *, missing: int, low: float, high: float
) -> list[Problem]:
    """Return what is wrong with a column of weights."""
    where = f"weight column {shown(column)}"
    problems = []
    if missing:
        problems.append(
            Problem(
                where, f"has {missing:,} missing values", "a weight of 0 leaves out"
            )
        )
    if low < 0:
        problems.append(Problem(where, f"has negative values, down to {low:g}"))
    if not missing and (high <= 0 or high == np.inf):
        what = "adds up to nothing" if high <= 0 else "has infinite values"
        problems.append(Problem(where, what))
    return problems


def _scores(
    table: EagerTable, roles: Roles, problems: list[Problem]
) -> tuple[FloatArray, float, float] | None:
    if roles.score is None:
        return None
    try:
        scores = table.numbers(roles.score)
    except InputError:
        return None  # reported with the moments
    low, high = score_range(
        roles,
        float(np.nanmin(scores, initial=np.inf)),
        float(np.nanmax(scores, initial=-np.inf)),
        problems,
    )
    return scores, low, high


def score_range(
    roles: Roles, low: float, high: float, problems: list[Problem]
) -> tuple[float, float]:
    """Return the range of the score bins, given the least and greatest score."""
    if not low <= high or np.isinf([low, high]).any():
        problems.append(
            Problem(f"score column {shown(roles.score)}", "holds no finite number")
        )
        return 0.0, 1.0
    if roles.score_range is not None:
        wanted = roles.score_range
        if low < wanted[0] or high > wanted[1]:
            problems.append(
                Problem(
                    "score_range",
                    f"{wanted} does not hold the scores, which go from {low:g} to {high:g}",
                )
            )
        return wanted
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def bin_codes(scores: FloatArray, low: float, high: float, bins: int) -> NDArray[Any]:
    """Return the bin of each score, `bins` where there is none."""
    codes = (scores - low) * (bins / (high - low))
    np.minimum(codes, bins - 1, out=codes, where=scores <= high)
    codes[np.isnan(codes)] = bins
    return codes.astype(np.uint16 if bins < np.iinfo(np.uint16).max else np.uint32)


def _count(
    columns: list[Column],
    rows: int,
    sums: Mapping[str, FloatArray],
    scores: tuple[FloatArray, float, float] | None,
    roles: Roles,
    axes: list[Axis],
    level_of: list[Int64Array],
) -> tuple[Cells, ScoreBins | None]:
    if scores is None:
        return joint_cells(columns, rows, sums), None
    values, low, high = scores
    size = roles.score_bins + 1
    binned = Column(bin_codes(values, low, high, roles.score_bins), 0, size)
    tables: dict[str, Cells] = {}
    whole = int(np.prod([c.size for c in columns], dtype=float))
    cells = None
    outcome = [i for i, axis in enumerate(axes) if axis.role == "outcome"]
    if whole * size <= DENSE_CELLS and rows >= whole * size:
        # One histogram over everything gives the joint cells and every bin table.
        cells = joint_cells([*columns, binned], rows, sums)
        for place, axis in enumerate(axes):
            if axis.role == "attribute":
                keep = [place, *outcome, len(columns)]
                levels, n, _ = combine_cells(cells.levels[:, keep], cells.n, {})
                tables[axis.name] = Cells(levels, n, {})
        merged = combine_cells(cells.levels[:, :-1], cells.n, cells.sums)
        cells = Cells(*merged)
    else:
        cells = joint_cells(columns, rows, sums)
        for place, axis in enumerate(axes):
            if axis.role == "attribute":
                keep = [place, *outcome]
                tables[axis.name] = joint_cells(
                    [*(columns[i] for i in keep), binned], rows
                )
    maps = {axis.name: level_of[place] for place, axis in enumerate(axes)}
    observed = level_of[outcome[0]] if outcome else None
    made = {
        axis.name: bin_table(axis, tables[axis.name], maps[axis.name], observed, roles)
        for axis in axes
        if axis.role == "attribute"
    }
    return cells, score_bins_of(made, low, high)


def bin_table(
    axis: Axis,
    cells: Cells,
    levels: Int64Array,
    observed: Int64Array | None,
    roles: Roles,
) -> tuple[tuple[str, ...], Int64Array]:
    """Return the labels and the groups x bins x 3 table of one attribute."""
    table = np.zeros((len(axis.labels), roles.score_bins + 1, 3), np.int64)
    outcome = (
        np.full(len(cells.n), 2) if observed is None else observed[cells.levels[:, 1]]
    )
    np.add.at(
        table, (levels[cells.levels[:, 0]], cells.levels[:, -1], outcome), cells.n
    )
    live = np.flatnonzero(table.sum(axis=(1, 2)))
    return tuple(axis.labels[i] for i in live), table[live, :-1]


def score_bins_of(
    made: Mapping[str, tuple[tuple[str, ...], Int64Array]], low: float, high: float
) -> ScoreBins:
    """Return the bins of all attributes."""
    return ScoreBins(
        low,
        high,
        {name: labels for name, (labels, _) in made.items()},
        {name: table for name, (_, table) in made.items()},
    )
