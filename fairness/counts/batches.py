"""Tables of bins by group: which attributes are counted together, and their split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.counts.column_counts import OTHER, sort_bins
from fairness.counts.kernel import Int64Array
from fairness.counts.table import Axis
from fairness.groups import MISSING, label_of

MOST_LABELS = 1000
"""A column of more labels keeps the most frequent; the others share one bin."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bins of a column of labels.

    Parameters
    ----------
    labels : tuple of str
    levels : int64 array
        Bin of each raw value, and a last entry for null.
    """

    labels: tuple[str, ...]
    levels: Int64Array


def keep_labels(
    values: Sequence[object], n: Int64Array, missing: Sequence[str]
) -> Kept:
    """Return the bins of a column from its values and how often each occurs.

    Parameters
    ----------
    values : sequence
    n : int64 array
        One entry a value and a last one for null.
    missing : sequence of str

    Examples
    --------
    >>> kept = keep_labels(["b", "a", "unused"], np.array([2, 1, 0, 3]), ())
    >>> kept.labels, kept.levels.tolist()
    (('a', 'b', '(missing)'), [1, 0, -1, 2])
    """
    used = np.flatnonzero(n)
    names = [
        label_of(values[place], missing) if place < len(values) else MISSING
        for place in used.tolist()
    ]
    held: dict[str, int] = {}
    for name, number in zip(names, n[used].tolist(), strict=True):
        held[name] = held.get(name, 0) + number
    labels = {*held}
    if len(labels - {MISSING}) > MOST_LABELS:
        order = sorted(labels - {MISSING, OTHER}, key=lambda name: (-held[name], name))
        labels = {*order[: MOST_LABELS - 1], OTHER, *({MISSING} & labels)}
    bins = sort_bins(labels)
    place = {name: row for row, name in enumerate(bins)}
    levels = np.full(len(values) + 1, -1, np.int64)
    levels[used] = [place.get(name, place.get(OTHER, -1)) for name in names]
    return Kept(bins, levels)


def batches(sizes: Mapping[str, int], bins: int, most: int) -> Iterator[list[str]]:
    """Yield attributes to be counted together, so that no table has too many cells.

    Examples
    --------
    >>> list(batches({"a": 10, "b": 10, "c": 10}, 20, 5000))
    [['a', 'b'], ['c']]
    """
    batch: list[str] = []
    cells = bins
    for name, size in sizes.items():
        if batch and cells * size > most:
            yield batch
            batch, cells = [], bins
        batch.append(name)
        cells *= size
    if batch:
        yield batch


def regrouped(
    cells: Int64Array, levels: Sequence[Int64Array], shape: Sequence[int]
) -> Int64Array:
    """Add up a table of raw levels by the levels of its axes, without negative ones.

    Examples
    --------
    >>> cells = np.array([[1, 2], [3, 4], [5, 6]])
    >>> regrouped(cells, [np.array([0, 0, 1]), np.array([0, -1])], (2, 1)).tolist()
    [[4], [5]]
    """
    keep = [np.flatnonzero(level >= 0) for level in levels]
    total = np.zeros(shape, np.int64)
    places = [level[where] for level, where in zip(levels, keep, strict=True)]
    np.add.at(total, np.ix_(*places), cells[np.ix_(*keep)])
    return total


def live_labels(axis: Axis, n: Int64Array) -> tuple[tuple[str, ...], Int64Array]:
    """Return the labels of an axis that somebody has, and their places.

    Examples
    --------
    >>> live_labels(Axis("g", "attribute", ("a", "b")), np.array([0, 3]))
    (('b',), array([1]))
    """
    live = np.flatnonzero(n)
    return tuple(axis.labels[i] for i in live), live
