"""Scan of all slices of several columns for the ones selected least, or most.

A slice is a conjunction of levels, one a column: sex F and age 60 or over. Thousands
are looked at, so each one's p-value is that of the most extreme of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.errors import InputError, Problem, shown
from fairness.inference._arguments import (
    counted,
    inside,
    numbers,
    one_of_sides,
    problem_of,
)
from fairness.inference._types import BoolArray, FloatArray, IntArray, Side

_MOST_CUSTOMERS = 1_000_000_000  # numpy's hypergeometric generators go no further
_BLOCK = 2_000_000  # drawn counts held at once
_MARGINALS_FROM = 50  # customers a cell, from which drawing cell by cell is faster
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Slice:
    """A conjunction of levels, compared with all other customers.

    Parameters
    ----------
    levels : tuple of (int, int)
        Column and level of each condition, columns ascending.
    n, selected : int
    expected : float
        Selected if the slice were selected at the rate of all customers.
    z : float
        Selected minus expected over its standard deviation, both margins fixed;
        negative: selected less than the rest.
    p_adjusted : float
        Chance that the most extreme slice of all is at least as extreme, where
        selection depends on no column.
    """

    levels: tuple[tuple[int, int], ...]
    n: int
    selected: int
    expected: float
    z: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class SliceScan:
    """Slices looked at by a scan, the most extreme first.

    Parameters
    ----------
    slices : tuple of Slice
    side : {"lower", "upper"}
    least : float
        Expected selected and not selected of the smallest slice looked at.
    extremes : tuple of float
        z of the most extreme slice in each permuted selection, ascending; positive on
        the side looked at.
    """

    slices: tuple[Slice, ...]
    side: Side
    least: float
    extremes: tuple[float, ...] = field(repr=False)

    def adjusted(self, z: FloatArray) -> FloatArray:
        """Return the adjusted p-values of z, negative: selected less."""
        outward = -z if self.side == "lower" else z
        below = np.searchsorted(self.extremes, outward - _ROUNDING, side="left")
        replicates = len(self.extremes)
        return np.asarray((1 + replicates - below) / (1 + replicates))


@dataclass(frozen=True)
class _Combination:
    """The slices of one set of columns: cells in order, and where each slice starts."""

    columns: tuple[int, ...]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    levels: IntArray  # slices x columns
    wanted: BoolArray  # of the slices

    def sums(self, counts: NDArray[np.signedinteger]) -> IntArray:
        """Return counts summed over the cells of each wanted slice."""
        found = np.add.reduceat(counts[self.order], self.starts, axis=0)
        return np.asarray(found[self.wanted])


def scan_slices(
    levels: ArrayLike,
    n: ArrayLike,
    selected: ArrayLike,
    sizes: ArrayLike,
    *,
    depth: int = 3,
    side: Side = "lower",
    least: float = 5.0,
    replicates: int = 999,
    seed: int,
) -> SliceScan:
    """Find the slices that are selected least (most) against all other customers.

        z = (x - E) / sqrt(E (1 - K / N) (N - n) / (N - 1)),  E = n K / N,

    N customers, K selected; p_adjusted = (1 + #{max z* >= z}) / (1 + replicates), z*
    over all slices, with the K selected drawn anew among the N customers.

    Parameters
    ----------
    levels : array_like of int, cells x columns
        Level of each column in each cell, from 0.
    n, selected : array_like of int, one a cell
    sizes : array_like of int, one a column
        Number of levels.
    depth : int, default 3
        The most columns in a slice.
    side : {"lower", "upper"}
        Look for slices selected less or more than the rest.
    least : float, default 5
        Slices are looked at whose selected and not selected are both expected to be
        at least so many, and those of the rest as well.
    replicates : int, default 999
    seed : int
        Equal seeds give equal p-values.

    Returns
    -------
    SliceScan
        Without slices where none is large enough. Slices of the same customers appear
        once, with the fewest columns.

    Raises
    ------
    InputError
        A count is negative, not whole or above its n; a level outside its column's;
        shapes that differ; depth or replicates below 1; least not above 0; a billion
        customers or more.

    Notes
    -----
    Where selection depends on no column, the chance of any p_adjusted <= alpha is at
    most alpha, at any number of slices and any overlap (Westfall & Young, single
    step). Rows do not matter for the time, only cells x combinations of columns x
    replicates. Small slices have skewed z: with `least` below 5 the most extreme of
    the upper side is mostly one of these, and large slices lose power.

    References
    ----------
    .. [1] Westfall, P. H. & Young, S. S. (1993). Resampling-Based Multiple Testing.
       Wiley.

    Examples
    --------
    >>> cells = [[sex, age] for sex in (0, 1) for age in (0, 1, 2)]
    >>> found = scan_slices(
    ...     cells, [500] * 6, [100, 100, 100, 100, 100, 40], sizes=[2, 3], seed=1)
    >>> worst = found.slices[0]
    >>> worst.levels, worst.selected, worst.expected, worst.p_adjusted
    (((0, 1), (1, 2)), 40, 90.0, 0.001)
    """
    one_of_sides(side)
    _whole(("depth", depth, 1), ("replicates", replicates, 1), ("seed", seed, 0))
    inside("least", least, 0, np.inf)
    codes, size, chosen, counts = _cells(levels, n, selected, sizes)
    live = size > 0
    codes, size, chosen = codes[live], size[live], chosen[live]
    groups = list(_combinations(codes, size, chosen, counts, (depth, least, seed)))
    if not groups:
        return SliceScan((), side, float(least), ())
    slice_n = np.concatenate([group.sums(size) for group in groups]).astype(np.float64)
    hits = np.concatenate([group.sums(chosen) for group in groups]).astype(np.float64)
    total, drawn = int(size.sum()), int(chosen.sum())
    expected = slice_n * (drawn / total)
    spread = np.sqrt(expected * (1 - drawn / total) * (total - slice_n) / (total - 1))
    sign = -1.0 if side == "lower" else 1.0
    z = (hits - expected) / spread
    blocks = [
        _most_extreme(groups, block, expected, spread, sign)
        for block in _draws(size, drawn, replicates, seed)
    ]
    extremes = tuple(np.sort(np.concatenate(blocks)).tolist())
    found = SliceScan((), side, float(least), extremes)
    names = [
        tuple(zip(group.columns, row, strict=True))
        for group in groups
        for row in group.levels[group.wanted].tolist()
    ]
    order = np.lexsort((np.arange(len(names)), -sign * z))
    columns = (slice_n.astype(int), hits.astype(int), expected, z, found.adjusted(z))
    rows = list(zip(names, *(column.tolist() for column in columns), strict=True))
    return replace(found, slices=tuple(Slice(*rows[i]) for i in order))


def distinct_slices(
    found: SliceScan,
    levels: ArrayLike,
    n: ArrayLike,
    selected: ArrayLike,
    *,
    alpha: float = 0.05,
) -> tuple[Slice, ...]:
    """Return the significant slices that say something the ones before them do not.

    Slices with p_adjusted <= alpha are taken from the most extreme on. One is kept
    where its customers outside the slices kept so far (those that contain it apart)
    are selected less (more) than the rest: the rest of each kept slice that contains
    it, or of all customers if none does, outside the kept slices too. Less means that
    the z of these against those is as extreme as a slice's must be to be significant,
    and that as many are expected as the scan asks of a slice.

    Parameters
    ----------
    found : SliceScan
    levels, n, selected : array_like
        The cells that were scanned.
    alpha : float, default 0.05

    Returns
    -------
    tuple of Slice
        In the order of the scan.

    Raises
    ------
    InputError
        A count is negative or above its n; alpha outside (0, 1).

    Notes
    -----
    A slice within a kept one is dropped unless it fares worse than the remainder of
    that; one around a kept slice, unless its remainder too fares worse than others.

    Examples
    --------
    >>> cells = [[sex, age] for sex in (0, 1) for age in (0, 1, 2)]
    >>> n, selected = [500] * 6, [100, 100, 100, 100, 100, 40]
    >>> found = scan_slices(cells, n, selected, sizes=[2, 3], seed=1)
    >>> [s.levels for s in found.slices if s.p_adjusted <= 0.05]
    [((0, 1), (1, 2)), ((1, 2),), ((0, 1),)]
    >>> [s.levels for s in distinct_slices(found, cells, n, selected)]
    [((0, 1), (1, 2))]
    """
    inside("alpha", alpha, 0, 1)
    codes = np.asarray(levels)
    hits, size = counted(selected, n)
    significant = [one for one in found.slices if one.p_adjusted <= alpha]
    kept: list[tuple[Slice, BoolArray]] = []
    everybody = np.ones(len(codes), dtype=np.bool_)
    for candidate in significant:
        mask = _mask(candidate, codes)
        conditions = set(candidate.levels)
        around = [m for one, m in kept if conditions >= set(one.levels)] or [everybody]
        others = [m for one, m in kept if not conditions >= set(one.levels)]
        free = ~np.any(others, axis=0) if others else everybody
        ours = mask & free
        rests = [region & free & ~mask for region in around]
        pairs = [(hits[ours], size[ours], hits[rest], size[rest]) for rest in rests]
        if all(
            _differs(found, alpha, [float(part.sum()) for part in pair])
            for pair in pairs
        ):
            kept.append((candidate, mask))
    return tuple(one for one, _ in kept)


def _differs(found: SliceScan, alpha: float, table: list[float]) -> bool:
    """Whether a part of a slice is as far from a rest as a significant slice is."""
    x, n, x_rest, n_rest = table
    m, total = x + x_rest, n + n_rest
    rarer = min(m, total - m) / max(total, 1.0)
    if min(n, n_rest) * rarer < found.least:
        return False
    spread = np.sqrt(n * n_rest * m * (total - m) / (total - 1)) / total
    z = np.array((x - n * m / total) / spread)
    return bool(found.adjusted(z) <= alpha)


def _mask(one: Slice, codes: NDArray[np.generic]) -> BoolArray:
    """Return the cells that belong to a slice."""
    columns = [column for column, _ in one.levels]
    wanted = [level for _, level in one.levels]
    return np.asarray((codes[:, columns] == wanted).all(axis=1))


def _whole(*arguments: tuple[str, int, int]) -> None:
    """Raise unless each value is a whole number of at least so much."""
    problems = [
        Problem(where, f"{shown(value)} is not a whole number of {least} or more")
        for where, value, least in arguments
        if not isinstance(value, (int, np.integer)) or value < least
    ]
    if problems:
        raise InputError(problems)


def _cells(
    levels: ArrayLike, n: ArrayLike, selected: ArrayLike, sizes: ArrayLike
) -> tuple[IntArray, IntArray, IntArray, tuple[int, ...]]:
    """Return levels, counts and numbers of levels as checked arrays of integers."""
    codes, counts = numbers("levels", levels), numbers("sizes", sizes)
    hits, size = counted(selected, n)
    shapes = (size.shape, (*size.shape, *counts.shape))
    if size.ndim != 1 or counts.ndim != 1 or codes.shape != shapes[1]:
        what = f"has shape {codes.shape}; allowed is cells x columns: {shapes[1]}"
        raise InputError(Problem("levels", what))
    rule = "allowed are whole numbers"
    problems = problem_of("n", size, size != np.floor(size), rule)
    problems += problem_of("selected", hits, hits != np.floor(hits), rule)
    rule = "allowed are whole numbers from 0, below the column's size"
    wrong = ~((codes >= 0) & (codes < counts) & (codes == np.floor(codes)))
    problems += problem_of("levels", codes, wrong, rule)
    if size.sum() >= _MOST_CUSTOMERS:
        what = f"holds {size.sum():.0f} customers; allowed are fewer than 1e9"
        problems.append(Problem("n", what))
    if problems:
        raise InputError(problems)
    whole = (part.astype(np.int64) for part in (codes, size, hits))
    first, second, third = whole
    return first, second, third, tuple(int(count) for count in counts)


def _combinations(
    codes: IntArray,
    n: IntArray,
    selected: IntArray,
    sizes: tuple[int, ...],
    limits: tuple[int, float, int],
) -> Iterator[_Combination]:
    """Yield the slices of every set of columns that has some large enough and new."""
    depth, least, seed = limits
    if not n.size:
        return
    total, drawn = int(n.sum()), int(selected.sum())
    rarer = min(drawn, total - drawn) / total
    marks = np.random.default_rng(seed).integers(0, 2**63, len(n), dtype=np.uint64)
    known = np.zeros(0, dtype=np.uint64)
    for length in range(1, min(depth, len(sizes)) + 1):
        for columns in combinations(range(len(sizes)), length):
            chosen = codes[:, columns]
            shape = tuple(sizes[column] for column in columns)
            if prod(shape) >= 2**62:
                raise InputError(Problem("sizes", f"{shape} are too many to combine"))
            key = np.ravel_multi_index(tuple(chosen.T), shape)
            order = np.argsort(key, kind="stable")
            ranked = key[order]
            starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
            size = np.add.reduceat(n[order], starts)
            # The same customers under another name have the same sum of marks.
            mark = np.add.reduceat(marks[order], starts)
            wanted = np.minimum(size, total - size) * rarer >= least
            wanted &= ~np.isin(mark, known)
            if wanted.any():
                known = np.concatenate([known, mark[wanted]])
                names = chosen[order[starts]]
                yield _Combination(columns, order, starts, names, wanted)


def _draws(
    n: IntArray, selected: int, replicates: int, seed: int
) -> Iterator[NDArray[np.int32]]:
    """Yield blocks of permuted selections, cells x replicates."""
    generator = np.random.default_rng(seed)
    cell_by_cell = n.sum() >= _MARGINALS_FROM * n.size
    left, block = replicates, max(1, _BLOCK // n.size)
    while left:
        drawn = generator.multivariate_hypergeometric(
            n, selected, min(left, block),
            method="marginals" if cell_by_cell else "count",
        )  # fmt: skip
        left -= len(drawn)
        yield np.ascontiguousarray(drawn.T, dtype=np.int32)


def _most_extreme(
    groups: list[_Combination],
    drawn: NDArray[np.int32],
    expected: FloatArray,
    spread: FloatArray,
    sign: float,
) -> FloatArray:
    """Return the largest z over all slices for each replicate."""
    most = np.full(drawn.shape[1], -np.inf)
    first = 0
    for group in groups:
        sums = group.sums(drawn)
        part = slice(first, first + len(sums))
        first += len(sums)
        z = (sums - expected[part, None]) * (sign / spread[part, None])
        np.maximum(most, z.max(axis=0), out=most)
    return most
