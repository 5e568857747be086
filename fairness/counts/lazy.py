"""Count tables that stay where they are: one GROUP BY, labels made afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from fairness.counts.axes import axis_of, finish, flag_axis
from fairness.counts.bins import ScoreBins
from fairness.counts.column_counts import ColumnCounts
from fairness.counts.kernel import Cells, Int64Array, combine_cells
from fairness.counts.measures import (
    bin_table,
    score_bins_of,
    score_range,
    value_problems,
    weight_problems,
)
from fairness.counts.roles import Roles
from fairness.counts.table import Axis, GroupCounts, Role
from fairness.counts.tables_lazy import (
    Side,
    columns_lazy,
    used_columns,
    values_lazy,
)
from fairness.counts.value_bins import ValueBins
from fairness.errors import InputError, Problem
from fairness.frames import Encoded, FileTable, Key, LazyTable, Tally
from fairness.frames.eager import not_numbers
from fairness.groups import Bands, Flag
from fairness.groups.bands import Kind, kind_of

# So many distinct texts tell whether a column holds numbers or dates.
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class _Plan:
    """One axis: what is asked for, and what was written before it was parsed."""

    name: str
    role: Role
    key: Key
    bands: Bands | None = None
    kind: Kind = "number"
    banded: bool = False


def count_lazy(
    table: LazyTable, roles: Roles
) -> tuple[GroupCounts, ScoreBins | None, ValueBins | None, ColumnCounts | None]:
    """Count a table through its own engine.

    Raises
    ------
    InputError
        With every problem found in the columns.
    """
    problems: list[Problem] = []
    plans = [_plan(table, name, role, roles, problems) for name, role in roles.grouped]
    if problems:
        raise InputError(problems)
    typed = table
    if isinstance(table, FileTable):
        typed = _typed(table, roles, plans, problems)
    flags = [flag for flag in (roles.selected, roles.outcome) if flag]
    keys = [plan.key for plan in plans] + [Key(flag.column) for flag in flags]
    sums = roles.moments
    if roles.weight is not None:
        sums |= {
            "weight": (roles.weight, 1),
            "weight_sq": (roles.weight, 2),
            "weight_n": (roles.weight, 0),
        }
    tally = typed.tally(keys, sums)
    if not len(tally.n):
        raise InputError(Problem(table.name, "has no rows"))
    span = (0.0, 1.0)
    if not problems:
        span = _check_measures(typed, roles, tally, problems)
    axes, level_of = _axes(typed, roles, plans, tally, problems)
    used = used_columns(typed, roles, problems)
    if problems:
        raise InputError(problems)
    counts = finish(axes, level_of, _cells(tally), roles.many)
    bins = None if roles.score is None else _bins(typed, roles, plans, axes, span)
    if roles.value is None and not used:
        return counts, bins, None, None
    sides = [
        Side(axis, plan.key, partial(_levels_on, typed, roles, plan, axis))
        for plan, axis in zip(plans, axes, strict=False)
    ]
    values = None
    if roles.value is not None:
        ends = typed.extremes([roles.value])[roles.value]
        values = values_lazy(typed, sides, roles, *ends)
    columns = columns_lazy(used, sides, typed, roles) if used else None
    return counts, bins, values, columns


def _levels_on(
    table: LazyTable, roles: Roles, plan: _Plan, axis: Axis, encoded: Encoded
) -> Int64Array:
    """Return the level of an axis for each value of another answer, null last."""
    own, levels = _axis(table, roles, plan, encoded)
    at = {label: level for level, label in enumerate(axis.labels)}
    return np.array([at.get(label, -1) for label in own.labels], np.int64)[levels]


def _plan(
    table: LazyTable, name: str, role: Role, roles: Roles, problems: list[Problem]
) -> _Plan:
    bands = roles.bands.get(name)
    if bands is None:
        return _Plan(name, role, Key(name))
    kind: Kind = "date" if table.is_date(name) else "number"
    if table.is_text(name):
        kind = kind_of(table.sample(name, _SAMPLE), table.missing)
        if not isinstance(table, FileTable):
            # Text that the engine cannot parse for us is banded after it is grouped.
            return _Plan(name, role, Key(name), bands, kind)
    if table.has_zone(name):
        problems.append(bands.with_zone())
    elif kind == "date" and roles.as_of is None:
        problems.append(bands.without_date())
    as_of = roles.as_of if kind == "date" else None
    return _Plan(name, role, Key(name, bands.edges, as_of), bands, kind, banded=True)


def _typed(
    table: FileTable, roles: Roles, plans: list[_Plan], problems: list[Problem]
) -> FileTable:
    measured = dict(roles.measured)
    if roles.weight is not None:
        measured["weight"] = roles.weight
    kinds = {c: "number" for c in measured.values() if table.is_text(c)}
    bands = {p.name: p for p in plans if p.bands is not None and table.is_text(p.name)}
    bad = table.unparsed(kinds | {name: plan.kind for name, plan in bands.items()})
    for column, values in bad.items():
        plan = bands.get(column)
        if plan is None or plan.bands is None:
            problems.append(not_numbers(table.name, column, values))
        else:
            problems.append(plan.bands.unparsed(values, plan.kind))
    numbers = [*kinds, *(name for name, plan in bands.items() if plan.kind == "number")]
    return table.typed(numbers, [n for n, plan in bands.items() if plan.kind == "date"])


def _check_measures(
    table: LazyTable, roles: Roles, tally: Tally, problems: list[Problem]
) -> tuple[float, float]:
    weighed = tally.sums.pop("weight_n", None)
    columns = (roles.weight, roles.value, roles.score)
    ends = table.extremes([column for column in columns if column is not None])
    if weighed is not None and roles.weight is not None:
        low, high = ends[roles.weight]
        problems += weight_problems(
            roles.weight,
            missing=int(tally.n.sum() - weighed.sum()),
            low=low,
            high=high,
        )
    if roles.value is not None:
        problems += value_problems(roles.value, *ends[roles.value])
    if roles.score is None:
        return 0.0, 1.0
    return score_range(roles, *ends[roles.score], problems)


def _axes(
    table: LazyTable,
    roles: Roles,
    plans: list[_Plan],
    tally: Tally,
    problems: list[Problem],
) -> tuple[list[Axis], list[Int64Array]]:
    axes, level_of = [], []
    for plan, encoded in zip(plans, tally.keys, strict=False):
        try:
            axis, levels = _axis(table, roles, plan, encoded)
            _check_bands(table, roles, plan, encoded, levels)
        except InputError as error:
            problems.extend(error.problems)
            continue
        axes.append(axis)
        level_of.append(levels)
    flags: tuple[tuple[Literal["selected", "outcome"], Flag | None], ...] = (
        ("selected", roles.selected),
        ("outcome", roles.outcome),
    )
    rest = iter(tally.keys[len(plans) :])
    for role, flag in flags:
        if flag is None:
            continue
        encoded = next(rest)
        used = np.unique(encoded.positions()).tolist()
        try:
            axis, levels = flag_axis(flag, role, encoded, used, table.missing)
        except InputError as error:
            problems.extend(error.problems)
            continue
        axes.append(axis)
        level_of.append(levels)
    return axes, level_of


def _axis(
    table: LazyTable, roles: Roles, plan: _Plan, encoded: Encoded
) -> tuple[Axis, Int64Array]:
    return axis_of(
        plan.name,
        plan.role,
        encoded,
        bands=plan.bands,
        as_of=roles.as_of,
        missing=table.missing,
        banded=plan.banded,
    )


def _check_bands(
    table: LazyTable,
    roles: Roles,
    plan: _Plan,
    encoded: Encoded,
    levels: Int64Array,
) -> None:
    bands = plan.bands
    if bands is None:
        return
    used = set(levels[:-1].tolist())
    if not plan.banded:
        bands.check_spread(used, encoded.values, table.missing)
    elif plan.kind == "number":
        if used and min(used) >= len(bands.edges):
            ends = table.extremes([bands.column])[bands.column]
            bands.check_spread([len(bands.edges)], ends)
    elif roles.as_of is not None:
        latest = table.latest(bands.column)
        if latest is not None and latest > roles.as_of:
            raise InputError(bands.after(roles.as_of))


def _cells(tally: Tally) -> Cells:
    # Null is a negative position: it picks the last entry of each mapping of levels.
    columns = []
    for encoded in tally.keys:
        position = encoded.positions().astype(np.int64)
        columns.append(np.where(position < 0, len(encoded.values), position))
    return Cells(np.stack(columns, axis=1), tally.n, tally.sums)


def _bins(
    table: LazyTable,
    roles: Roles,
    plans: list[_Plan],
    axes: list[Axis],
    span: tuple[float, float],
) -> ScoreBins:
    score = Key(str(roles.score), bins=(*span, roles.score_bins))
    extra = [] if roles.outcome is None else [Key(roles.outcome.column)]
    made = {}
    for plan, axis in zip(plans, axes, strict=False):
        if axis.role != "attribute":
            continue
        tally = table.tally([plan.key, *extra, score])
        levels = _levels_on(table, roles, plan, axis, tally.keys[0])
        observed = None
        if roles.outcome is not None:
            middle = tally.keys[1]
            used = np.unique(middle.positions()).tolist()
            _, observed = flag_axis(
                roles.outcome, "outcome", middle, used, table.missing
            )
        cells = _cells(tally)
        number = np.array([*tally.keys[-1].values, roles.score_bins], np.int64)
        binned = cells.levels.copy()
        binned[:, -1] = number[cells.levels[:, -1]]
        merged = Cells(*combine_cells(binned, cells.n, {}))
        made[axis.name] = bin_table(axis, merged, levels, observed, roles.score_bins)
    return score_bins_of(made, *span)
