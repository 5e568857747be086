"""Count the joint cells of coded columns: one chunked bincount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

DENSE_CELLS = 4_000_000
"""Beyond this many cells the table is kept sparse, by packed keys."""

_CHUNK = 65_536
_CELLS_A_ROW = 8
_PACKED_CHUNK = 1_000_000
_LARGEST_KEY = 2**62
_SHORT_CELLS = 65_536

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Codes(Protocol):
    """An integer array, or anything that makes one for a range of rows."""

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Return the codes of some rows."""


@dataclass(frozen=True, slots=True)
class Column:
    """A coded column: row i has level ``codes[i] - offset``, one of ``size``.

    Parameters
    ----------
    codes : integer array or Codes
    offset : int
    size : int
    """

    codes: Codes
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells that hold somebody.

    Parameters
    ----------
    levels : int64 array, cells x columns
    n : int64 array
    sums : dict of float64 arrays
    """

    levels: Int64Array
    n: Int64Array
    sums: dict[str, FloatArray]


def joint_cells(
    columns: Sequence[Column], rows: int, sums: Mapping[str, FloatArray] | None = None
) -> Cells:
    """Count the rows of each combination of levels.

    Parameters
    ----------
    columns : sequence of Column
        All of length `rows`.
    rows : int
    sums : mapping of name to float64 array, optional
        What to add up in each cell; no NaN.

    Returns
    -------
    Cells
        In the order of their levels.

    Examples
    --------
    >>> codes = np.array([0, 1, 1], dtype=np.int8)
    >>> cells = joint_cells([Column(codes, 0, 2)], 3, {"w": np.array([1.0, 2, 3])})
    >>> cells.n.tolist(), cells.sums["w"].tolist()
    ([1, 2], [1.0, 5.0])
    """
    sums = sums or {}
    size = 1
    for column in columns:
        size *= column.size
    # A table much larger than the data costs more to clear than the rows to sort.
    if size <= min(DENSE_CELLS, max(_CHUNK, _CELLS_A_ROW * rows)):
        return _dense(columns, rows, sums, size)
    return _packed(columns, rows, sums)


def _dense(
    columns: Sequence[Column], rows: int, sums: Mapping[str, FloatArray], size: int
) -> Cells:
    # uint16 indices and a table that fits the L2 cache make a row cost one add.
    chunk = max(_CHUNK, size)
    index = np.empty(min(chunk, max(rows, 1)), _key_type(size))
    step = np.empty_like(index)
    n = np.zeros(size, np.int64)
    totals = {name: np.zeros(size) for name in sums}
    for begin in range(0, rows, chunk):
        end = min(begin + chunk, rows)
        idx = index[: end - begin]
        _fill(idx, step[: end - begin], columns, begin)
        n += np.bincount(idx, minlength=size)
        for name, values in sums.items():
            totals[name] += np.bincount(idx, weights=values[begin:end], minlength=size)
    live = np.flatnonzero(n)
    levels = np.empty((len(live), len(columns)), np.int64)
    rest = live
    for position in range(len(columns) - 1, -1, -1):
        rest, levels[:, position] = np.divmod(rest, columns[position].size)
    return Cells(levels, n[live], {name: t[live] for name, t in totals.items()})


def joint_keys(columns: Sequence[Column], rows: int) -> tuple[NDArray[Any], int]:
    """Return the joint level of each row, and how many joint levels there are.

    Examples
    --------
    >>> a, b = Column(np.array([0, 1]), 0, 2), Column(np.array([5, 7]), 5, 3)
    >>> keys, size = joint_keys([a, b], 2)
    >>> keys.tolist(), size
    ([0, 5], 6)
    """
    size = 1
    for column in columns:
        size *= column.size
    keys = np.empty(rows, _key_type(size))
    step = np.empty(min(_CHUNK, max(rows, 1)), keys.dtype)
    for begin in range(0, rows, _CHUNK):
        idx = keys[begin : begin + _CHUNK]
        _fill(idx, step[: len(idx)], columns, begin)
    return keys, size


def crossed(keys: NDArray[Any], size: int, bins: Column) -> Int64Array:
    """Count the rows of each joint level and bin, joint levels x bins.

    Examples
    --------
    >>> bins = Column(np.array([0, 1, 1]), 0, 2)
    >>> crossed(np.array([0, 0, 2], np.uint16), 3, bins).tolist()
    [[1, 1], [0, 0], [0, 1]]
    """
    cells = size * bins.size
    chunk = max(_CHUNK, cells)
    total = np.zeros(cells, np.int64)
    # The width that bincount wants: any other would be copied to it.
    index = np.empty(min(chunk, max(len(keys), 1)), np.intp)
    for begin in range(0, len(keys), chunk):
        part = keys[begin : begin + chunk]
        idx = index[: len(part)]
        np.multiply(part, bins.size, out=idx, dtype=np.intp)
        idx += bins.codes[begin : begin + chunk]
        if bins.offset:
            idx -= bins.offset
        total += np.bincount(idx, minlength=cells)
    return total.reshape(size, bins.size)


def _key_type(size: int) -> np.dtype[Any]:
    return np.dtype(np.uint16 if size <= _SHORT_CELLS else np.uint32)


def _fill(
    idx: NDArray[Any], buffer: NDArray[Any], columns: Sequence[Column], begin: int
) -> None:
    """Write the joint levels of some rows, in unsigned arithmetic that wraps."""
    strides = _strides(columns)
    # Offsets are settled once, at the start.
    start = -sum(c.offset * s for c, s in zip(columns, strides, strict=True))
    idx[:] = np.array(start % 2 ** (8 * idx.dtype.itemsize), idx.dtype)
    end = begin + len(idx)
    for column, stride in zip(columns, strides, strict=True):
        # Cast, then multiply in place: a multiplication that casts is far slower.
        np.copyto(buffer, column.codes[begin:end], casting="unsafe")
        if stride > 1:
            np.multiply(buffer, idx.dtype.type(stride), out=buffer)
        np.add(idx, buffer, out=idx)


def _packed(
    columns: Sequence[Column], rows: int, sums: Mapping[str, FloatArray]
) -> Cells:
    levels = np.empty((0, len(columns)), np.int64)
    n = np.empty(0, np.int64)
    totals = {name: np.empty(0) for name in sums}
    for begin in range(0, rows, _PACKED_CHUNK):
        end = min(begin + _PACKED_CHUNK, rows)
        part = np.stack([_levels(c, begin, end) for c in columns], axis=1)
        levels, n, totals = combine_cells(
            np.concatenate([levels, part]),
            np.concatenate([n, np.ones(end - begin, np.int64)]),
            {
                name: np.concatenate([totals[name], values[begin:end]])
                for name, values in sums.items()
            },
        )
    return Cells(levels, n, totals)


def _levels(column: Column, begin: int, end: int) -> Int64Array:
    codes = column.codes[begin:end]
    if codes.dtype.kind != "u":
        return np.asarray(codes.astype(np.int64) - column.offset, np.int64)
    # Wrapping subtraction: neither a uint64 code nor its offset need fit int64.
    offset = np.array(column.offset % 2**64, np.uint64)
    return np.asarray(np.subtract(codes, offset, dtype=np.uint64)).view(np.int64)


def combine_cells(
    levels: Int64Array, n: Int64Array, sums: Mapping[str, FloatArray]
) -> tuple[Int64Array, Int64Array, dict[str, FloatArray]]:
    """Add up cells with equal levels; the result is in the order of the levels.

    Examples
    --------
    >>> levels, n, _ = combine_cells(np.array([[1], [0], [1]]), np.array([2, 3, 4]), {})
    >>> levels.ravel().tolist(), n.tolist()
    ([0, 1], [3, 6])
    """
    if not len(n):
        return levels, n, dict(sums)
    sizes = levels.max(axis=0) + 1
    key = np.zeros(len(n), np.int64)
    span = 1
    for position, size in enumerate(sizes.tolist()):
        if span * size > _LARGEST_KEY:
            distinct, key = np.unique(key, return_inverse=True)
            span = len(distinct)
        key = key * size + levels[:, position]
        span *= size
    if (key[1:] > key[:-1]).all():
        return levels, n, dict(sums)
    if (key[1:] >= key[:-1]).all():
        # Cells of a dense table come sorted: neighbours are added without a sort.
        starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        return (
            levels[starts],
            np.add.reduceat(n, starts),
            {name: np.add.reduceat(values, starts) for name, values in sums.items()},
        )
    distinct, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(distinct) == len(n):
        return levels[first], n[first], {k: v[first] for k, v in sums.items()}
    added = np.zeros(len(distinct), np.int64)
    np.add.at(added, place, n)
    totals = {
        name: np.bincount(place, values, len(distinct)).astype(np.float64, copy=False)
        for name, values in sums.items()
    }
    return levels[first], added, totals


def _strides(columns: Sequence[Column]) -> list[int]:
    strides = [1]
    for column in reversed(columns[1:]):
        strides.insert(0, strides[0] * column.size)
    return strides if columns else []
