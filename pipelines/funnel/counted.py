"""A funnel in counts: how many of each group get how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.counts import GroupCounts
from fairness.errors import InputError, Problem, shown
from fairness.groups import intersection_name
from pipelines.funnel.paths import Paths

Int64Array = NDArray[np.int64]

PATH = "(path)"
"""Name of the column of paths; brackets keep it apart from a user's columns."""


@dataclass(frozen=True, eq=False)
class WaysTable:
    """Customers of each group by the number that a column holds.

    Parameters
    ----------
    attributes : tuple of str
    groups : tuple of str
        Names as in the payload.
    ways : int64 array, (groups, numbers)
    """

    attributes: tuple[str, ...]
    groups: tuple[str, ...]
    ways: Int64Array

    @property
    def attribute(self) -> str:
        """Name as in the payload."""
        return intersection_name(self.attributes)

    def of(self, group: str) -> Int64Array:
        """Return one group's customers by number; ``"(all)"`` for everybody's.

        Raises
        ------
        InputError
            No group of that name.
        """
        if group in self.groups:
            return np.asarray(self.ways[self.groups.index(group)], dtype=np.int64)
        if group != "(all)":
            raise InputError(
                Problem(self.attribute, f"has no group {shown(group)} in this funnel")
            )
        return np.asarray(self.ways.sum(axis=0), dtype=np.int64)

    def beside(self, group: str, reference: str) -> Int64Array:
        """Return the customers by number of what a group is compared with.

        Parameters
        ----------
        group, reference : str
            A group's name, ``"(rest)"``: everybody but the group, or ``"(all)"``.
        """
        if reference == "(rest)" and reference not in self.groups:
            return self.of("(all)") - self.of(group)
        return self.of(reference)


def ways_of(
    counts: GroupCounts, attributes: Sequence[str], stratum: str, size: int
) -> WaysTable:
    """Return the counts of an attribute's groups by a stratum of whole numbers.

    Parameters
    ----------
    counts : GroupCounts
    attributes : sequence of str
    stratum : str
        Its labels are numbers from 0.
    size : int
        Above the largest of them.
    """
    grouped = ("attribute", "stratum")
    places = {a.name: i for i, a in enumerate(counts.axes) if a.role in grouped}
    numbers = np.array([int(x) for x in counts.stratum_labels(stratum)], np.int64)
    way = numbers[counts.levels[:, places[stratum]]]
    axes = [counts.axes[places[name]] for name in attributes]
    sizes = [len(axis.labels) for axis in axes]
    key = np.zeros(len(way), np.int64)
    for axis in axes:
        key = key * len(axis.labels) + counts.levels[:, places[axis.name]]
    live, row = np.unique(key, return_inverse=True)
    ways = np.zeros((len(live), size), np.int64)
    np.add.at(ways, (row, way), counts.n)
    levels = np.array(np.unravel_index(live, sizes)).T.tolist()
    groups = tuple(
        intersection_name(
            [axis.labels[level] for axis, level in zip(axes, cell, strict=True)]
        )
        for cell in levels
    )
    return WaysTable(tuple(attributes), groups, ways)


@dataclass(frozen=True, eq=False)
class FunnelTable(WaysTable):
    """How far the groups of one attribute, or of an intersection, get.

    Parameters
    ----------
    attributes : tuple of str
    groups : tuple of str
    ways : int64 array, (groups, paths)
        Customers by path.
    paths : Paths
    """

    paths: Paths

    @property
    def reached(self) -> Int64Array:
        """Customers who got as far as each stage, of shape (groups, stages + 1).

        Column k holds those who came to stage k, the last one those who passed all.
        """
        return reached(self.ways, self.paths)


def reached(ways: Int64Array, paths: Paths) -> Int64Array:
    """Return who came to each stage, and who passed all, from customers by path.

    Parameters
    ----------
    ways : int64 array, (..., paths)
    paths : Paths

    Returns
    -------
    int64 array, (..., stages + 1)
    """
    ends = np.zeros((*ways.shape[:-1], len(paths.stages) + 1), np.int64)
    for way, end in enumerate(paths.ends.tolist()):
        ends[..., end] += ways[..., way]
    return np.asarray(ends[..., ::-1].cumsum(axis=-1)[..., ::-1], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class FunnelCounts:
    """Counts of customers by protected attributes and path.

    Parameters
    ----------
    paths : Paths
    counts : GroupCounts
        With the stratum ``PATH``, whose labels are the paths.
    base : int, default 0
        The stage from which the audience is judged.
    """

    paths: Paths
    counts: GroupCounts
    base: int = 0

    @property
    def totals(self) -> Int64Array:
        """Customers who got as far as each stage, of shape (stages + 1,)."""
        first = self.table(self.counts.attributes[:1])
        return np.asarray(first.reached.sum(axis=0), dtype=np.int64)

    def table(self, attributes: Sequence[str]) -> FunnelTable:
        """Return how far the groups of an attribute or intersection get."""
        found = ways_of(self.counts, attributes, PATH, self.paths.size)
        return FunnelTable(found.attributes, found.groups, found.ways, self.paths)
