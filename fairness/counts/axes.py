"""From the values of a column to the levels of an axis."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

import numpy as np

from fairness.counts.kernel import Cells, Int64Array, combine_cells
from fairness.counts.table import Axis, GroupCounts, Role
from fairness.errors import InputError, Problem, shown
from fairness.frames import Encoded
from fairness.groups import MISSING, Bands, Flag, flag_codes, label_of, sort_labels
from fairness.groups.bands import kind_of
from fairness.groups.flags import UNOBSERVED

# Beyond this share of customers with a value of their own, a column is an id.
_OWN_VALUE_SHARE = 0.5
_FEW_VALUES = 20

PICKED = Axis("selected", "selected", ("0", "1"))
OBSERVED = Axis("outcome", "outcome", ("0", "1", "unobserved"))


def axis_of(
    name: str,
    role: Role,
    encoded: Encoded,
    *,
    bands: Bands | None,
    as_of: date | None,
    missing: Sequence[str],
    banded: bool = False,
) -> tuple[Axis, Int64Array]:
    """Return the axis of a column and the level of each of its values.

    Parameters
    ----------
    name, role
        Of the axis.
    encoded : Encoded
    bands : Bands or None
    as_of : date or None
    missing : sequence of str
    banded : bool
        Whether the values are numbers of bands already.

    Returns
    -------
    axis : Axis
        With every band, or every label of `encoded.values`.
    levels : int64 array
        One entry a value, and a last one for null.

    Raises
    ------
    InputError
        A value that cannot be banded.
    """
    if bands is None:
        labels = [label_of(value, missing) for value in encoded.values]
        ordered = sort_labels({*labels, MISSING})
        places = {label: place for place, label in enumerate(ordered)}
        levels = np.array([places[label] for label in [*labels, MISSING]], np.int64)
        return Axis(name, role, tuple(ordered)), levels
    if banded:
        found = np.array(
            [-1 if value is None else value for value in encoded.values], np.int64
        )
    else:
        kind = kind_of(encoded.values, missing)
        found = bands.codes(encoded.values, kind=kind, as_of=as_of, missing=missing)
    names = (*bands.labels, MISSING)
    last = len(names) - 1
    levels = np.append(np.where(found < 0, last, found), last)
    return Axis(name, role, names, ordered=True), levels


def flag_axis(
    flag: Flag,
    role: Literal["selected", "outcome"],
    encoded: Encoded,
    used: Collection[int],
    missing: Sequence[str],
) -> tuple[Axis, Int64Array]:
    """Return the axis of a yes/no column and the level of each of its values.

    Parameters
    ----------
    flag : Flag
    role : {"selected", "outcome"}
    encoded : Encoded
    used : collection of int
        Positions of the values that occur; negative for null.
    missing : sequence of str

    Raises
    ------
    InputError
        See `fairness.groups.flag_codes`.
    """
    real = sorted(place for place in used if place >= 0)
    values = [encoded.values[place] for place in real]
    if any(place < 0 for place in used):
        values.append(None)
    codes = flag_codes(
        flag, values, role=role, missing=missing, unobserved=role == "outcome"
    )
    levels = np.zeros(len(encoded.values) + 1, np.int64)
    levels[real] = codes[: len(real)]
    levels[-1] = UNOBSERVED
    return PICKED if role == "selected" else OBSERVED, levels


def finish(
    axes: Sequence[Axis],
    level_of: Sequence[Int64Array],
    cells: Cells,
    many: Collection[str] = (),
) -> GroupCounts:
    """Turn raw levels into those of the axes and drop labels that nobody has.

    Parameters
    ----------
    axes, level_of : sequences of the same length
    cells : Cells
    many : collection of str
        Axes that may have a value of its own for every customer.

    Raises
    ------
    InputError
        Another attribute or stratum with a value of its own for most customers.
    """
    levels = np.empty_like(cells.levels)
    trimmed = []
    for place, (axis, mapping) in enumerate(zip(axes, level_of, strict=True)):
        column = mapping[cells.levels[:, place]]
        if axis.role in ("selected", "outcome"):
            trimmed.append(axis)
        else:
            axis, column = _trimmed(axis, column)  # noqa: PLW2901
            trimmed.append(axis)
        levels[:, place] = column
    levels, n, sums = combine_cells(levels, cells.n, cells.sums)
    counts = GroupCounts(tuple(trimmed), levels, n, sums)
    problems = [
        problem
        for axis in trimmed
        if axis.name not in many
        for problem in _own_values(axis, counts.rows)
    ]
    if problems:
        raise InputError(problems)
    return counts


def _trimmed(axis: Axis, levels: Int64Array) -> tuple[Axis, Int64Array]:
    used = np.zeros(len(axis.labels), bool)
    used[levels] = True
    # Of bands all are kept, so that two parts of the data have the same ones.
    keep = [
        level
        for level, label in enumerate(axis.labels)
        if used[level] or (axis.ordered and label != MISSING)
    ]
    new = np.full(len(axis.labels), -1, np.int64)
    new[keep] = np.arange(len(keep))
    labels = tuple(axis.labels[level] for level in keep)
    return Axis(axis.name, axis.role, labels, axis.ordered), new[levels]


def _own_values(axis: Axis, rows: int) -> list[Problem]:
    used = len(axis.labels)
    if (
        axis.role not in ("attribute", "stratum")
        or used <= _FEW_VALUES
        or used <= rows * _OWN_VALUE_SHARE
    ):
        return []
    return [
        Problem(
            "by" if axis.role == "attribute" else "strata",
            f"{shown(axis.name)} has {used:,} values for {rows:,} customers: "
            "almost one value per customer makes no groups",
            f"band it, for example --bands {axis.name}=18,30,45,60, or name another "
            "column",
        )
    ]
