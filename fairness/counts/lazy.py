"""Count tables that stay where they are: one GROUP BY, labels made afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.counts.bins import ScoreBins
from fairness.counts.eager import (
    bin_table,
    finish,
    score_bins_of,
    score_range,
    weight_problems,
)
from fairness.counts.kernel import Cells, Int64Array, combine_cells
from fairness.counts.roles import OUTCOME_LABELS, Roles, axis_of, check_attribute
from fairness.counts.table import Axis, GroupCounts
from fairness.errors import InputError, Problem
from fairness.frames import Encoded, Key, LazyTable, Tally
from fairness.frames.eager import not_numbers
from fairness.frames.files import FileTable
from fairness.groups import Bands, flag_codes
from fairness.groups.bands import kind_of

_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class _Plan:
    key: Key
    banded: bool


def count_lazy(
    table: LazyTable, roles: Roles
) -> tuple[GroupCounts, ScoreBins | None, tuple[str, ...]]:
    """Count a table through its own engine.

    Raises
    ------
    InputError
        With every problem found in the columns.
    """
    problems: list[Problem] = []
    kinds = {name: _kind(table, name) for name in roles.bands}
    raw = table
    if isinstance(table, FileTable):
        numbers = [n for n, kind in kinds.items() if kind == "number"]
        numbers += [c for c in (roles.score, roles.value, roles.weight) if c]
        dates = [n for n, kind in kinds.items() if kind == "date"]
        table = table.typed(numbers, dates)
    low, high = _extremes(raw, table, roles, problems)
    if problems:
        raise InputError(problems)
    plans = [_plan(table, name, roles, kinds.get(name)) for name, _ in roles.grouped]
    flags = [flag for flag in (roles.selected, roles.outcome) if flag]
    keys = [plan.key for plan in plans] + [Key(flag.column) for flag in flags]
    sums = roles.moments()
    if roles.weight is not None:
        sums |= {
            "weight": (roles.weight, 1),
            "weight_sq": (roles.weight, 2),
            "weight_n": (roles.weight, 0),
        }
    tally = table.tally(keys, sums)
    if not len(tally.n):
        raise InputError(Problem("data", "has no rows"))
    axes, level_of = _axes(raw, table, roles, plans, tally, problems)
    weight_n = tally.sums.pop("weight_n", None)
    if weight_n is not None and roles.weight is not None:
        least, most = table.extremes(roles.weight)
        problems += weight_problems(
            roles.weight,
            missing=int(tally.n.sum() - weight_n.sum()),
            low=least,
            high=most,
        )
    if problems:
        raise InputError(problems)
    counts = finish(axes, level_of, _cells(tally))
    for axis in counts.axes:
        check_attribute(axis, len(axis.labels), counts.rows)
    bins = None
    if roles.score is not None:
        bins = _bins(table, roles, plans, axes, low, high)
    return counts, bins, ()


def _kind(table: LazyTable, name: str) -> str:
    if table.is_date(name):
        return "date"
    if not table.is_text(name):
        return "number"
    return kind_of(table.distinct(name, _SAMPLE), table.missing)


def _plan(table: LazyTable, name: str, roles: Roles, kind: str | None) -> _Plan:
    bands = roles.bands.get(name)
    if bands is None or table.is_text(name):
        # Text that an engine cannot parse for us is grouped as it is and banded after.
        return _Plan(Key(name), banded=False)
    if kind != "date":
        return _Plan(Key(name, bands.edges), banded=True)
    if roles.as_of is None:
        raise InputError(bands.without_date())
    return _Plan(Key(name, bands.edges, roles.as_of), banded=True)


def _extremes(
    raw: LazyTable, table: LazyTable, roles: Roles, problems: list[Problem]
) -> tuple[float, float]:
    if isinstance(raw, FileTable):
        for column in (roles.score, roles.value, roles.weight):
            if column is None or not raw.is_text(column):
                continue
            bad = raw.unparsed(column, "number")
            if bad:
                problems.append(not_numbers(table.name, column, bad))
    if roles.score is None or problems:
        return 0.0, 1.0
    low, high = table.extremes(roles.score)
    return score_range(roles, low, high, problems)


def _axes(
    raw: LazyTable,
    table: LazyTable,
    roles: Roles,
    plans: list[_Plan],
    tally: Tally,
    problems: list[Problem],
) -> tuple[list[Axis], list[Int64Array]]:
    axes, level_of = [], []
    for (name, role), plan, encoded in zip(
        roles.grouped, plans, tally.keys, strict=False
    ):
        bands = roles.bands.get(name)
        try:
            axis, levels = axis_of(
                name,
                role,
                encoded,
                bands=bands,
                as_of=roles.as_of,
                missing=table.missing,
                banded=plan.banded,
            )
            if bands is not None:
                _check_bands(raw, table, bands, levels, encoded, plan, roles)
        except InputError as error:
            problems.extend(error.problems)
            continue
        axes.append(axis)
        level_of.append(levels)
    flags = (("selected", roles.selected), ("outcome", roles.outcome))
    named = [(role, flag) for role, flag in flags if flag is not None]
    for (role, flag), encoded in zip(named, tally.keys[len(plans) :], strict=True):
        used = _positions(encoded)
        values = [*encoded.values, None] if (used < 0).any() else encoded.values
        try:
            levels = flag_codes(
                flag,
                values,
                role=role,
                missing=table.missing,
                unobserved=role == "outcome",
            )
        except InputError as error:
            problems.extend(error.problems)
            continue
        labels = ("0", "1") if role == "selected" else OUTCOME_LABELS
        axes.append(Axis(role, role, labels))  # type: ignore[arg-type]
        if len(values) == len(encoded.values):
            levels = np.append(levels, 0)
        level_of.append(levels)
    return axes, level_of


def _check_bands(
    raw: LazyTable,
    table: LazyTable,
    bands: Bands,
    levels: Int64Array,
    encoded: Encoded,
    plan: _Plan,
    roles: Roles,
) -> None:
    if isinstance(raw, FileTable) and raw.is_text(bands.column):
        kind = "date" if plan.key.as_of is not None else "number"
        bad = raw.unparsed(bands.column, kind)
        if bad:
            raise InputError(bands.unparsed(bad, kind))  # type: ignore[arg-type]
    if plan.banded and plan.key.as_of is None:
        used = np.unique(levels[:-1]).tolist()
        if used and min(used) >= len(bands.edges):
            ends = [x for x in table.extremes(bands.column) if x == x]  # noqa: PLR0124  # not NaN
            bands.check_spread([len(bands.edges)], ends)
    elif not plan.banded:
        bands.check_spread(np.unique(levels[:-1]).tolist(), encoded.values)
    if plan.banded and plan.key.as_of is not None and roles.as_of is not None:
        latest = table.latest(bands.column)
        if latest is not None and latest > roles.as_of:
            raise InputError(bands.after(roles.as_of))


def _positions(encoded: Encoded) -> Int64Array:
    return encoded.positions().astype(np.int64)


def _cells(tally: Tally) -> Cells:
    # Null is position -1: it picks the last entry of each mapping of levels.
    columns = []
    for encoded in tally.keys:
        position = _positions(encoded)
        columns.append(np.where(position < 0, len(encoded.values), position))
    return Cells(np.stack(columns, axis=1), tally.n, tally.sums)


def _bins(
    table: LazyTable,
    roles: Roles,
    plans: list[_Plan],
    axes: list[Axis],
    low: float,
    high: float,
) -> ScoreBins:
    made = {}
    score = Key(str(roles.score), bins=(low, high, roles.score_bins))
    for plan, axis in zip(plans, axes, strict=False):
        if axis.role != "attribute":
            continue
        extra = [] if roles.outcome is None else [Key(roles.outcome.column)]
        tally = table.tally([plan.key, *extra, score])
        _, levels = axis_of(
            axis.name,
            axis.role,
            tally.keys[0],
            bands=roles.bands.get(axis.name),
            as_of=roles.as_of,
            missing=table.missing,
            banded=plan.banded,
        )
        if roles.bands.get(axis.name) is None:
            own = axis_of(
                axis.name,
                axis.role,
                tally.keys[0],
                bands=None,
                as_of=None,
                missing=table.missing,
            )[0]
            levels = np.array([axis.labels.index(own.labels[i]) for i in levels])
        cells = _cells(tally)
        scored = cells.levels.copy()
        bins = tally.keys[-1]
        values = np.array([*bins.values, roles.score_bins], np.int64)
        scored[:, -1] = values[cells.levels[:, -1]]
        observed = None
        if roles.outcome is not None:
            middle = tally.keys[1]
            observed = np.append(
                flag_codes(
                    roles.outcome,
                    middle.values,
                    role="outcome",
                    missing=table.missing,
                    unobserved=True,
                ),
                2,
            )
        merged = combine_cells(scored, cells.n, {})
        made[axis.name] = bin_table(axis, Cells(*merged), levels, observed, roles)
    return score_bins_of(made, low, high)
