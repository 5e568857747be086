"""Count tables in memory: codes, then one bincount over the joint cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairness.counts.axes import PICKED, axis_of, finish, flag_axis
from fairness.counts.bins import ScoreBins
from fairness.counts.column_counts import ColumnCounts
from fairness.counts.kernel import (
    DENSE_CELLS,
    Cells,
    Column,
    FloatArray,
    Int64Array,
    combine_cells,
    joint_cells,
)
from fairness.counts.measures import (
    BinCodes,
    bin_table,
    extent,
    score_bins_of,
    score_range,
    value_problems,
    weight_problems,
)
from fairness.counts.membership import Joined
from fairness.counts.roles import Roles
from fairness.counts.table import Axis, GroupCounts, Role
from fairness.counts.tables_eager import Made, columns_eager, values_eager
from fairness.counts.value_bins import ValueBins
from fairness.errors import InputError, Problem
from fairness.frames import EagerTable, Encoded
from fairness.groups import Bands, Flag

# A column of more raw values than this is mapped to its labels before counting.
_MOST_RAW_LEVELS = 256


def count_eager(
    joined: Joined, table: EagerTable, roles: Roles
) -> tuple[GroupCounts, ScoreBins | None, ValueBins | None, ColumnCounts | None]:
    """Count a table whose columns are in memory.

    Raises
    ------
    InputError
        With every problem found in the columns.
    """
    if not table.rows:
        raise InputError(Problem(table.name, "has no rows"))
    problems: list[Problem] = []
    made = [
        *grouped_columns(joined, table, roles, problems),
        *_flags(joined, table, roles, problems),
    ]
    sums, scores, offered = _measured(table, roles, problems)
    used = columns_eager(made, table, roles, problems) if roles.uses else None
    if problems:
        raise InputError(problems)
    values = None if offered is None else values_eager(made, offered, roles)
    axes, columns, level_of = zip(*made, strict=True)
    if scores is None:
        cells, bins = joint_cells(columns, table.rows, sums), None
    else:
        cells, bins = _with_bins(made, table.rows, sums, scores)
    return finish(axes, level_of, cells, roles.many), bins, values, used


def bins_eager(joined: Joined, table: EagerTable, roles: Roles) -> ScoreBins:
    """Count the score bins of a table in memory, and nothing else.

    Raises
    ------
    InputError
        With every problem found in the columns.
    """
    if not table.rows:
        raise InputError(Problem(table.name, "has no rows"))
    problems: list[Problem] = []
    made = [
        *grouped_columns(joined, table, roles, problems),
        *_flags(joined, table, roles, problems),
    ]
    scores = None
    try:
        numbers = table.numbers(str(roles.score), short=True)
        missing, least, greatest = extent(numbers)
        span = score_range(roles, least, greatest, problems)
        scores = BinCodes(numbers, *span, roles.score_bins, missing, least, greatest)
    except InputError as error:
        problems.extend(error.problems)
    if problems or scores is None:
        raise InputError(problems)
    _, tables = _binned(made, table.rows, {}, scores)
    return _bins_of(made, tables, scores)


def grouped_columns(
    joined: Joined, table: EagerTable, roles: Roles, problems: list[Problem]
) -> list[Made]:
    """Return attributes and strata as columns, with the axis of each.

    What is wrong with a column is added to the problems, and the column left out.
    """
    found = []
    for name, role in roles.grouped:
        home = table
        if joined.protected is not None and name not in table.columns:
            home = joined.protected
        try:
            axis, encoded, levels = _axis(home, name, role, roles)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if home is not table:
            encoded = _at_place(encoded, joined.place)
        found.append((axis, *_column(encoded, levels)))
    return found


def _axis(
    home: EagerTable, name: str, role: Role, roles: Roles
) -> tuple[Axis, Encoded, Int64Array]:
    bands = roles.bands.get(name)
    if bands is None:
        encoded, banded = home.encode(name), False
    elif home.has_zone(name):
        raise InputError(bands.with_zone())
    elif home.is_number(name):
        encoded, banded = _banded(home, name, bands), True
    else:
        encoded, banded = _only_used(home.encode(name)), False
    axis, levels = axis_of(
        name,
        role,
        encoded,
        bands=bands,
        as_of=roles.as_of,
        missing=home.missing,
        banded=banded,
    )
    if bands is not None and not banded:
        bands.check_spread(levels[:-1].tolist(), encoded.values, home.missing)
    return axis, encoded, levels


def _banded(home: EagerTable, name: str, bands: Bands) -> Encoded:
    numbers = home.numbers(name)
    codes = bands.number_codes(numbers)
    ends = [np.nanmin(numbers, initial=np.inf), np.nanmax(numbers, initial=-np.inf)]
    used = np.flatnonzero(np.bincount(codes + 1)) - 1
    bands.check_spread(used.tolist(), ends)
    return Encoded(codes.astype(np.int16), list(range(len(bands.edges) + 1)))


def _only_used(encoded: Encoded) -> Encoded:
    """Return a column in which a category that nobody has cannot do harm."""
    used = set(_used_values(encoded))
    values = [v if place in used else None for place, v in enumerate(encoded.values)]
    return Encoded(encoded.codes, values, encoded.offset)


def _at_place(encoded: Encoded, place: NDArray[Any] | None) -> Encoded:
    """Return the codes of joined rows; a customer without a row is null."""
    if place is None:
        return encoded
    codes = encoded.positions()
    if codes.dtype.kind == "u":
        codes = codes.astype(np.int64)
    # Position -1 picks the null that is put last.
    return Encoded(np.append(codes, codes.dtype.type(-1))[place], encoded.values)


def _has_null(encoded: Encoded) -> bool:
    codes, offset = encoded.codes, encoded.offset
    return bool(len(codes)) and codes.dtype.kind != "u" and int(codes.min()) < offset


def _column(encoded: Encoded, levels: Int64Array) -> tuple[Column, Int64Array]:
    """Return a countable column and the level of each of its raw levels."""
    codes, offset = encoded.codes, encoded.offset
    size = len(encoded.values)
    has_null = _has_null(encoded)
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
) -> list[Made]:
    found: list[Made] = []
    if joined.member is not None:
        found.append((PICKED, Column(joined.member, 0, 2), np.arange(2)))
    flags: tuple[tuple[Literal["selected", "outcome"], Flag | None], ...] = (
        ("selected", roles.selected),
        ("outcome", roles.outcome),
    )
    for role, flag in flags:
        if flag is None:
            continue
        try:
            encoded = table.encode(flag.column)
            axis, levels = _flag_axis(flag, role, encoded, table.missing)
        except InputError as error:
            problems.extend(error.problems)
            continue
        found.append((axis, *_column(encoded, levels)))
    return found


def _flag_axis(
    flag: Flag,
    role: Literal["selected", "outcome"],
    encoded: Encoded,
    missing: Sequence[str],
) -> tuple[Axis, Int64Array]:
    if flag.value is None:
        every = [*range(len(encoded.values)), *([-1] if _has_null(encoded) else [])]
        # Mostly all values are fine, and which of them occur need not be counted.
        with suppress(InputError):
            return flag_axis(flag, role, encoded, every, missing)
    return flag_axis(flag, role, encoded, _used_values(encoded), missing)


def _used_values(encoded: Encoded) -> list[int]:
    """Return the positions that occur; -1 for null."""
    size = len(encoded.values)
    # Each value is its own level here, and null the last.
    column, level_of = _column(encoded, np.append(np.arange(size), -1))
    cells = joint_cells([column], len(encoded.codes))
    return [int(place) for place in level_of[cells.levels[:, 0]]]


def _measured(
    table: EagerTable, roles: Roles, problems: list[Problem]
) -> tuple[dict[str, FloatArray], BinCodes | None, FloatArray | None]:
    wanted = dict(roles.measured)
    if roles.weight is not None:
        wanted["weight"] = roles.weight
    found: dict[str, FloatArray] = {}
    for role, column in wanted.items():
        try:
            found[role] = table.numbers(column)
        except InputError as error:
            problems.extend(error.problems)
    sums: dict[str, FloatArray] = {}
    scores = None
    for role, numbers in found.items():
        missing, low, high = extent(numbers)
        if role == "weight":
            problems += weight_problems(
                wanted[role], missing=missing, low=low, high=high
            )
            sums["weight"], sums["weight_sq"] = numbers, numbers * numbers
            continue
        if role == "score":
            span = score_range(roles, low, high, problems)
            scores = BinCodes(numbers, *span, roles.score_bins, missing, low, high)
        elif missing < len(numbers):
            wrong = value_problems(wanted[role], low, high)
            if wrong:
                problems += wrong
                continue
        there = ~np.isnan(numbers)
        filled = numbers if not missing else np.where(there, numbers, 0.0)
        sums[f"{role}_n"] = there.astype(np.float64)
        sums[role], sums[f"{role}_sq"] = filled, filled * filled
    return sums, scores, found.get("value")


def _with_bins(
    made: list[Made],
    rows: int,
    sums: Mapping[str, FloatArray],
    scores: BinCodes,
) -> tuple[Cells, ScoreBins]:
    joint, tables = _binned(made, rows, sums, scores)
    if joint is None:
        cells = joint_cells([column for _, column, _ in made], rows, sums)
    else:
        cells = Cells(*combine_cells(joint.levels[:, :-1], joint.n, joint.sums))
    return cells, _bins_of(made, tables, scores)


def _binned(
    made: list[Made],
    rows: int,
    sums: Mapping[str, FloatArray],
    scores: BinCodes,
) -> tuple[Cells | None, dict[int, Cells]]:
    """Return the cells with bins of all columns, if few, and of each attribute."""
    axes, columns, _ = zip(*made, strict=True)
    binned = Column(scores, 0, scores.bins + 1)
    attributes = [i for i, axis in enumerate(axes) if axis.role == "attribute"]
    outcome = [i for i, axis in enumerate(axes) if axis.role == "outcome"]
    whole = scores.bins + 1
    for column in columns:
        whole *= column.size
    if whole <= min(DENSE_CELLS, rows):
        # One histogram over everything gives the joint cells and every bin table.
        joint = joint_cells([*columns, binned], rows, sums)
        return joint, {
            place: Cells(joint.levels[:, [place, *outcome, len(columns)]], joint.n, {})
            for place in attributes
        }
    # Looked at once for each attribute: made once.
    binned = Column(scores.all(rows), 0, scores.bins + 1)
    return None, {
        place: joint_cells([columns[i] for i in (place, *outcome)] + [binned], rows)
        for place in attributes
    }


def _bins_of(
    made: list[Made],
    tables: Mapping[int, Cells],
    scores: BinCodes,
) -> ScoreBins:
    observed = next(
        (levels for axis, _, levels in made if axis.role == "outcome"), None
    )
    found = {
        made[place][0].name: bin_table(
            made[place][0], cells, made[place][2], observed, scores.bins
        )
        for place, cells in tables.items()
    }
    return score_bins_of(found, scores.low, scores.high)
