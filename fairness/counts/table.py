"""Joint counts of customers, and the tables of groups made from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.counts.kernel import combine_cells
from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.groups import MISSING, intersection_name, sort_labels

Role = Literal["attribute", "stratum", "selected", "outcome"]
FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]

_OUTCOMES = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of the joint table.

    Parameters
    ----------
    name : str
        The column.
    role : {"attribute", "stratum", "selected", "outcome"}
    labels : tuple of str
        Its levels; "0", "1" for selected, and "unobserved" third for an outcome.
    ordered : bool
        Whether the labels keep their order (bands) instead of being sorted.
    """

    name: str
    role: Role
    labels: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CountTable:
    """Counts of the groups of one attribute or intersection.

    Parameters
    ----------
    attributes : tuple of str
    labels : tuple of tuple of str
        For each group the label of each attribute.
    cells : int64 array, groups x 2 x 3
        Customers by selected (0, 1) and outcome (0, 1, unobserved).
    weights, weights_sq : float64 arrays of that shape, or None
        Sums of the weights and of their squares.
    moments : dict of float64 arrays, one entry a group
        ``score_n``, ``score``, ``score_sq``, ``value_n``, … over all customers.
    """

    attributes: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    cells: Int64Array
    weights: FloatArray | None = None
    weights_sq: FloatArray | None = None
    moments: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def attribute(self) -> str:
        """Name as in the payload: ``gender&ethnicity`` for an intersection."""
        return intersection_name(self.attributes)

    @property
    def groups(self) -> list[str]:
        """Names of the groups as in the payload."""
        return [intersection_name(parts) for parts in self.labels]

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Whether a part of the group's label is missing."""
        return np.array([MISSING in parts for parts in self.labels], dtype=bool)

    @property
    def n(self) -> Int64Array:
        """Customers of each group."""
        return np.asarray(self.cells.sum(axis=(1, 2)), dtype=np.int64)

    @property
    def selected(self) -> Int64Array:
        """Selected customers of each group."""
        return np.asarray(self.cells[:, 1].sum(axis=1), dtype=np.int64)

    @property
    def weighted_cells(self) -> FloatArray:
        """Sums of weights by cell; the counts themselves without weights."""
        if self.weights is None:
            return self.cells.astype(np.float64)
        return self.weights

    def effective(self) -> FloatArray:
        """Return the cells scaled to each group's effective sample size.

        Kish's n_eff = (sum w)^2 / sum w^2 of the group replaces its number of
        customers; shares within the group stay those of the weights. Without
        weights these are the counts.
        """
        if self.weights is None or self.weights_sq is None:
            return self.cells.astype(np.float64)
        total = self.weights.sum(axis=(1, 2))
        squares = self.weights_sq.sum(axis=(1, 2))
        scale = np.divide(total, squares, out=np.zeros_like(total), where=squares > 0)
        return np.asarray(self.weights * scale[:, None, None], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class GroupCounts:
    """Joint counts: one entry for each combination of levels that occurs.

    Parameters
    ----------
    axes : tuple of Axis
    levels : int64 array, cells x axes
    n : int64 array
        Customers of each cell.
    sums : dict of float64 arrays
        ``weight``, ``weight_sq`` and moments of score and value, by cell.

    Notes
    -----
    A joint table of several attributes is personal data: at 20,000 customers
    many of its cells hold fewer than five people. It stays in memory; what is
    written are tables of the groups asked for, suppressed (`save_counts`).

    Examples
    --------
    >>> axes = (Axis("g", "attribute", ("a", "b")), Axis("s", "selected", ("0", "1")))
    >>> levels = np.array([[0, 0], [0, 1], [1, 0]])
    >>> counts = GroupCounts(axes, levels, np.array([6, 4, 10]), {})
    >>> (counts + counts).table(["g"]).selected.tolist()
    [8, 0]
    """

    axes: tuple[Axis, ...]
    levels: Int64Array
    n: Int64Array
    sums: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        if self.levels.shape != (len(self.n), len(self.axes)):
            raise ValueError("levels must have one row a cell and one column an axis")

    @property
    def rows(self) -> int:
        """Number of customers."""
        return int(self.n.sum())

    @property
    def selected(self) -> int:
        """Number of selected customers."""
        return int(self.n[self.levels[:, self._place("selected")] == 1].sum())

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the protected attributes, in the order they were asked for."""
        return tuple(axis.name for axis in self.axes if axis.role == "attribute")

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the strata."""
        return tuple(axis.name for axis in self.axes if axis.role == "stratum")

    @property
    def has_outcome(self) -> bool:
        """Whether an outcome was counted."""
        return any(axis.role == "outcome" for axis in self.axes)

    @property
    def has_weights(self) -> bool:
        """Whether customers carry weights."""
        return "weight" in self.sums

    @property
    def fingerprint(self) -> str:
        """Hash of schema and counts; the order of rows and columns is not in it.

        Sums of scores and values are not in it: their last digits follow the order.
        """
        order = sorted(range(len(self.axes)), key=lambda i: self.axes[i].name)
        schema = [[self.axes[i].name, self.axes[i].role] for i in order]
        exact = sorted(
            name for name in self.sums if name.endswith("_n") or "weight" in name
        )
        cells = sorted(
            [
                [*(self.axes[i].labels[cell[i]] for i in order), int(n)]
                + [f"{self.sums[name][place]:.6g}" for name in exact]
                for place, (cell, n) in enumerate(
                    zip(self.levels.tolist(), self.n.tolist(), strict=True)
                )
            ]
        )
        text = json.dumps([schema, sorted(self.sums), cells], ensure_ascii=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def groupings(self, intersections: int = 1) -> list[tuple[str, ...]]:
        """Return single attributes and their combinations up to an order."""
        return [
            names
            for order in range(1, min(intersections, len(self.attributes)) + 1)
            for names in combinations(self.attributes, order)
        ]

    def table(
        self, attributes: Sequence[str], stratum: Mapping[str, str] | None = None
    ) -> CountTable:
        """Return the counts of one attribute's groups, or of an intersection's.

        Parameters
        ----------
        attributes : sequence of str
        stratum : mapping of stratum to label, optional
            Count only the customers of that stratum.

        Raises
        ------
        InputError
            No attribute of that name.
        """
        places = [self._attribute(name) for name in attributes]
        keep = np.ones(len(self.n), dtype=bool)
        for name, label in (stratum or {}).items():
            place = next(i for i, axis in enumerate(self.axes) if axis.name == name)
            keep &= self.levels[:, place] == self.axes[place].labels.index(label)
        sizes = [len(self.axes[place].labels) for place in places]
        key = np.zeros(int(keep.sum()), np.int64)
        for place, size in zip(places, sizes, strict=True):
            key = key * size + self.levels[keep, place]
        groups = int(np.prod(sizes)) if sizes else 1
        outcome = (
            self.levels[keep, self._place("outcome")]
            if self.has_outcome
            else np.full(len(key), _OUTCOMES - 1)
        )
        cell = (
            key * 2 + self.levels[keep, self._place("selected")]
        ) * _OUTCOMES + outcome
        shape = (groups, 2, _OUTCOMES)
        cells = np.zeros(groups * 2 * _OUTCOMES, np.int64)
        np.add.at(cells, cell, self.n[keep])
        cells = cells.reshape(shape)
        live = np.flatnonzero(cells.sum(axis=(1, 2)))

        def summed(name: str) -> FloatArray:
            flat = np.bincount(cell, self.sums[name][keep], groups * 2 * _OUTCOMES)
            return np.asarray(flat.reshape(shape)[live], dtype=np.float64)

        return CountTable(
            tuple(attributes),
            tuple(self._labels_at(places, sizes, int(group)) for group in live),
            cells[live],
            summed("weight") if self.has_weights else None,
            summed("weight_sq") if self.has_weights else None,
            {
                name: summed(name).sum(axis=(1, 2))
                for name in self.sums
                if not name.startswith("weight")
            },
        )

    def stratum_labels(self, name: str) -> tuple[str, ...]:
        """Return the labels of a stratum."""
        return next(axis.labels for axis in self.axes if axis.name == name)

    def of_axes(self, names: Sequence[str]) -> GroupCounts:
        """Return the counts by some axes only, added up over the others.

        Parameters
        ----------
        names : sequence of str
            Attributes and strata to keep; selection and outcome stay.

        Examples
        --------
        >>> axes = (Axis("g", "attribute", ("a", "b")),
        ...         Axis("t", "stratum", ("x", "y")), Axis("s", "selected", ("0", "1")))
        >>> levels = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 1]])
        >>> counts = GroupCounts(axes, levels, np.array([6, 4, 10]), {})
        >>> counts.of_axes(["g"]).n.tolist()
        [10, 10]
        """
        kept = [
            place
            for place, axis in enumerate(self.axes)
            if axis.role in {"selected", "outcome"} or axis.name in names
        ]
        levels, n, sums = combine_cells(self.levels[:, kept], self.n, self.sums)
        return GroupCounts(tuple(self.axes[place] for place in kept), levels, n, sums)

    def __add__(self, other: object) -> GroupCounts:
        """Return the counts of both: partitions, days and machines add up."""
        if not isinstance(other, GroupCounts):
            return NotImplemented
        mine = [(axis.name, axis.role, axis.ordered) for axis in self.axes]
        theirs = [(axis.name, axis.role, axis.ordered) for axis in other.axes]
        if mine != theirs or set(self.sums) != set(other.sums):
            raise InputError(
                Problem(
                    "counts",
                    f"cannot be added: {shown(mine)} against {shown(theirs)}",
                    "count both parts with the same roles, bands and weights",
                )
            )
        axes = tuple(_union(a, b) for a, b in zip(self.axes, other.axes, strict=True))
        levels, n, sums = combine_cells(
            np.concatenate([_relevel(self, axes), _relevel(other, axes)]),
            np.concatenate([self.n, other.n]),
            {
                name: np.concatenate([values, other.sums[name]])
                for name, values in self.sums.items()
            },
        )
        return GroupCounts(axes, levels, n, sums)

    def __repr__(self) -> str:
        names = ", ".join(self.attributes)
        return (
            f"<GroupCounts: {self.rows:,} customers, {self.selected:,} selected, "
            f"{len(self.n):,} cells of {names}>"
        )

    def _place(self, role: Role) -> int:
        return next(i for i, axis in enumerate(self.axes) if axis.role == role)

    def _attribute(self, name: str) -> int:
        for place, axis in enumerate(self.axes):
            if axis.name == name and axis.role == "attribute":
                return place
        raise InputError(
            unknown_name("attribute", name, self.attributes, "protected attribute here")
        )

    def _labels_at(
        self, places: Sequence[int], sizes: Sequence[int], group: int
    ) -> tuple[str, ...]:
        labels = []
        for place, size in zip(reversed(places), reversed(sizes), strict=True):
            group, level = divmod(group, size)
            labels.append(self.axes[place].labels[level])
        return tuple(reversed(labels))


def _union(mine: Axis, theirs: Axis) -> Axis:
    if mine.labels == theirs.labels:
        return mine
    if mine.ordered:
        # Bands of one audit are the same list, with or without the missing.
        longer = max(mine.labels, theirs.labels, key=len)
        if not set(mine.labels) | set(theirs.labels) <= set(longer):
            raise InputError(
                Problem(
                    "counts",
                    f"cannot be added: {shown(mine.name)} has different bands",
                    "count both parts with the same bands",
                )
            )
        return Axis(mine.name, mine.role, longer, ordered=True)
    labels = sort_labels({*mine.labels, *theirs.labels})
    return Axis(mine.name, mine.role, tuple(labels))


def _relevel(counts: GroupCounts, axes: Sequence[Axis]) -> Int64Array:
    levels = np.empty_like(counts.levels)
    for place, (old, new) in enumerate(zip(counts.axes, axes, strict=True)):
        at = {label: level for level, label in enumerate(new.labels)}
        where = np.array([at[label] for label in old.labels], np.int64)
        levels[:, place] = where[counts.levels[:, place]]
    return levels
