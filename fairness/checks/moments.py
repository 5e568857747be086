"""Means of a column by group, and whom each group's mean is held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fairness.checks.evidence import Evidence
from fairness.checks.lines import Against
from fairness.counts import CountTable
from fairness.findings.comparison import (
    NONE,
    REFERENCE_EXPECTED,
    REFERENCE_SHARE,
    REST,
)
from fairness.inference import adjusted_tail
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """A column's moments in every group of a table, and the references.

    Parameters
    ----------
    table : CountTable
    names : list of str
        Of the groups.
    n, total, square : float arrays
        Customers with a number, their sum and sum of squares, both about `centre`.
    centre : float
        The mean of everybody, taken off so that squares keep their digits.
    reference : int array
        Place of each group's reference; REST or NONE.
    """

    table: CountTable
    names: list[str]
    n: FloatArray
    total: FloatArray
    square: FloatArray
    centre: float
    reference: IntArray

    @property
    def means(self) -> FloatArray:
        """Mean of each group."""
        return np.asarray(ratio(self.total, self.n) + self.centre)

    def others(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return n, sum and squares of each group's reference; 0 without one."""
        found = []
        named = np.maximum(self.reference, 0)
        for values in (self.n, self.total, self.square):
            rest = values.sum() - values
            held = np.where(self.reference >= 0, values[named], rest)
            none = (self.reference == NONE) | (self.reference == np.arange(len(values)))
            found.append(np.where(none, 0.0, held))
        return found[0], np.asarray(found[1]), np.maximum(found[2], 0.0)

    def others_n(self) -> FloatArray:
        """Return how many numbers each group's reference has; inf without one."""
        held = (self.reference != NONE) & (self.reference != np.arange(len(self.n)))
        return np.where(held, self.others()[0], np.inf)

    def against(self, group: int) -> Against:
        """Return whom a group is held against, for its line."""
        reference = int(self.reference[group])
        if reference == NONE:
            return Against()
        if reference == REST:
            rest = float(self.n.sum() - self.n[group])
            return Against("(rest)", round(rest))
        name = self.names[reference]
        return Against(name, round(float(self.n[reference])), None, reference == group)


def means_of(measured: Evidence, table: CountTable, role: str) -> Means:
    """Return the moments of a role's column in a table.

    The reference is the one that was named, everybody else for a burdensome offer, else
    the highest mean of the groups with 30 numbers (and, for a single attribute, 5 % of
    the customers).

    Parameters
    ----------
    measured : Evidence
    table : CountTable
    role : {"score", "value"}
    """
    n, total, square = (
        table.moments[name] for name in (f"{role}_n", role, f"{role}_sq")
    )
    centre = float(np.nan_to_num(ratio(total.sum(), n.sum())))
    moved = total - n * centre
    with np.errstate(over="ignore", invalid="ignore"):
        about = square - 2 * centre * total + n * np.float64(centre) ** 2
    about = np.maximum(np.nan_to_num(about, posinf=np.inf), 0.0)
    reference = _references(measured, table, n, ratio(moved, n))
    return Means(table, table.groups, n, moved, about, centre, reference)


def _references(
    measured: Evidence, table: CountTable, n: FloatArray, means: FloatArray
) -> IntArray:
    asked = measured.reference
    named = asked.named.get(table.attribute) if asked else None
    if named is not None:
        return np.full(len(n), table.groups.index(named), np.int64)
    if (asked and asked.kind != "highest") or measured.offer == "burdensome":
        return np.full(len(n), REST, np.int64)
    able = (n >= REFERENCE_EXPECTED) & ~table.is_missing
    if len(table.attributes) == 1:
        able &= ratio(table.n, table.n.sum()) >= REFERENCE_SHARE
    places = np.flatnonzero(able)
    if not len(places):
        return np.full(len(n), NONE, np.int64)
    return np.full(len(n), places[np.argmax(means[places])], np.int64)


def paid(
    measured: Evidence, table: CountTable, z: FloatArray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """Return p in the direction of the estimate, plain and paid for.

    Parameters
    ----------
    measured : Evidence
    table : CountTable
        Whose order says how alpha is shared.
    z : float array
        NaN where there is no test.
    groups : int
        How many groups could have been picked.
    """
    factor = measured.sharing.factor(len(table.attributes))
    known = ~np.isnan(z)
    tail = np.full(len(z), np.nan)
    tail[known] = adjusted_tail(np.abs(z[known]), np.full(known.sum(), max(groups, 2)))
    return np.asarray(ndtr(-np.abs(z))), np.minimum(1.0, tail * factor)


def cells_by(
    measured: Evidence, table: CountTable, columns: tuple[str, ...], role: str
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return the cells of a table's groups by further columns, with a role's moments.

    Returns
    -------
    levels : int array, cells x (1 + columns)
        The group's place in the table, then the level of each column.
    n, total, square : float arrays, cells
    """
    counts = measured.counts
    names = [axis.name for axis in counts.axes]
    own = counts.levels[:, [names.index(name) for name in table.attributes]]
    labels = [counts.axes[names.index(name)].labels for name in table.attributes]
    rows = np.full([len(part) for part in labels], -1, np.int64)
    for row, parts in enumerate(table.labels):
        place = (part.index(text) for part, text in zip(labels, parts, strict=True))
        rows[tuple(place)] = row
    axes = [names.index(name) for name in columns]
    shape = [len(table.labels), *(len(counts.axes[axis].labels) for axis in axes)]
    further = [counts.levels[:, axis] for axis in axes]
    key = np.ravel_multi_index([rows[tuple(own.T)], *further], shape)
    size = int(np.prod(shape))

    def summed(name: str) -> FloatArray:
        return np.asarray(np.bincount(key, counts.sums[name], size), dtype=np.float64)

    n, total, square = summed(f"{role}_n"), summed(role), summed(f"{role}_sq")
    live = np.flatnonzero(n)
    cells = np.column_stack(np.unravel_index(live, shape))
    return np.asarray(cells, dtype=np.int64), n[live], total[live], square[live]
