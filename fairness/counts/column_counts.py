"""The table of what a profile uses: how its columns are spread over the groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.groups import MISSING, sort_labels

Int64Array = NDArray[np.int64]

OTHER = "(other)"
"""The bin of the labels that are too rare to have one of their own."""


@dataclass(frozen=True, slots=True)
class ColumnBins:
    """How one column was cut.

    Parameters
    ----------
    labels : tuple of str
        One a bin; `(other)` and `(missing)` come last.
    ordered : bool
        Whether the bins are those of numbers, from low to high.
    edges : tuple of float
        Of numbers: where each bin but the first begins, except `(missing)`.
    """

    labels: tuple[str, ...]
    ordered: bool
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCounts:
    """Customers by bin of each column, group and selection.

    Parameters
    ----------
    columns : dict of column to ColumnBins
    labels : dict of attribute to tuple of str
    cells : dict of column to dict of attribute to int64 array, bins x groups x 2
        Customers not selected and selected.

    Examples
    --------
    >>> bins = {"tier": ColumnBins(("gold", "tin"), ordered=False)}
    >>> cells = np.array([[[1, 2], [0, 3]], [[4, 0], [5, 6]]])
    >>> counts = ColumnCounts(bins, {"g": ("a", "b")}, {"tier": {"g": cells}})
    >>> counts.table("tier", "g").tolist()
    [[3, 3], [4, 11]]
    >>> (counts + counts).table("tier", "g").sum()
    np.int64(42)
    """

    columns: Mapping[str, ColumnBins]
    labels: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Mapping[str, Int64Array]]

    def table(
        self, column: str, attribute: str, *, selected: bool | None = None
    ) -> Int64Array:
        """Return the customers of each bin and group.

        Parameters
        ----------
        column, attribute : str
        selected : bool, optional
            Only the selected, or only the others.

        Raises
        ------
        InputError
            No column or attribute of that name.
        """
        for where, name, known in (
            ("uses", column, self.columns),
            ("by", attribute, self.labels),
        ):
            if name not in known:
                raise InputError(unknown_name(where, name, list(known), "column here"))
        cells = self.cells[column][attribute]
        if selected is None:
            return np.asarray(cells.sum(axis=2), dtype=np.int64)
        return cells[:, :, int(selected)]

    def __add__(self, other: object) -> ColumnCounts:
        """Return the counts of both parts.

        A label that only one part kept is put under `(other)` where the other part
        has such a bin; numbers need the same edges.
        """
        if not isinstance(other, ColumnCounts):
            return NotImplemented
        labels = {
            name: tuple(sort_labels({*mine, *other.labels[name]}))
            for name, mine in self.labels.items()
        }
        columns, cells = {}, {}
        for name, mine in self.columns.items():
            columns[name] = _union(name, mine, other.columns[name])
            cells[name] = {
                attribute: sum(
                    _relevel(part, name, attribute, columns[name], labels[attribute])
                    for part in (self, other)
                )
                for attribute in labels
            }
        return ColumnCounts(columns, labels, cells)  # type: ignore[arg-type]


def _union(name: str, mine: ColumnBins, theirs: ColumnBins) -> ColumnBins:
    if mine.edges != theirs.edges or mine.ordered != theirs.ordered:
        raise InputError(
            Problem(
                f"column {shown(name)}",
                "bins of different edges cannot be added",
                "count both parts in one go",
            )
        )
    if mine.ordered:
        return max(mine, theirs, key=lambda bins: len(bins.labels))
    kept = {*mine.labels, *theirs.labels}
    for one, two in ((mine, theirs), (theirs, mine)):
        if OTHER in one.labels:
            kept -= {*two.labels} - {*one.labels, MISSING}
    return ColumnBins(sort_bins(kept), ordered=False)


def sort_bins(labels: set[str]) -> tuple[str, ...]:
    """Return the labels of a column's bins, `(other)` and `(missing)` last.

    Examples
    --------
    >>> sort_bins({"(missing)", "(other)", "b", "10", "9"})
    ('9', '10', 'b', '(other)', '(missing)')
    """
    last = [label for label in (OTHER, MISSING) if label in labels]
    return (*sort_labels(labels - {OTHER, MISSING}), *last)


def _relevel(
    part: ColumnCounts,
    name: str,
    attribute: str,
    bins: ColumnBins,
    groups: tuple[str, ...],
) -> Int64Array:
    place = {label: row for row, label in enumerate(bins.labels)}
    rest = place.get(OTHER, -1)
    rows = [place.get(label, rest) for label in part.columns[name].labels]
    columns = [groups.index(label) for label in part.labels[attribute]]
    total = np.zeros((len(bins.labels), len(groups), 2), np.int64)
    np.add.at(total, np.ix_(rows, columns), part.cells[name][attribute])
    return total
