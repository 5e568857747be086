"""Random draws that are the same on every machine and in every numpy version.

numpy guarantees the stream of a bit generator, not that of its distributions. All
draws here are therefore integers made from raw bits by integer arithmetic; no
logarithm, no exponential, no float. Each column has a stream of its own, named by
chunk and column, so that adding a column or a chunk changes no other.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Text = NDArray[np.str_]
Uniform = NDArray[np.uint64]
"""Whole numbers in [0, 2**32), each equally likely."""

_BITS = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Draws:
    """The random streams of one chunk of rows.

    Parameters
    ----------
    seed : int
        Not negative; the seed of the whole data set.
    chunk : int
        Number of the chunk, from 0.

    Examples
    --------
    >>> Draws(7, 0).below("dice", 6, 5).tolist()
    [2, 4, 5, 0, 2]
    >>> Draws(7, 1).below("dice", 6, 5).tolist()
    [1, 3, 3, 1, 1]
    """

    seed: int
    chunk: int

    def raw(self, name: str, rows: int) -> Uniform:
        """Return 64 raw bits a row from the stream of this name."""
        key = (self.chunk, zlib.crc32(name.encode()))
        stream = np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        return stream.random_raw(rows)

    def uniform(self, name: str, rows: int) -> Uniform:
        """Return a whole number in [0, 2**32) for each row."""
        return self.raw(name, rows) >> _BITS

    def below(self, name: str, bound: int, rows: int) -> Ints:
        """Return a whole number in [0, bound) for each row."""
        return scaled(self.uniform(name, rows), bound)

    def chance(self, name: str, per_mille: int | Ints, rows: int) -> Bools:
        """Return true for about `per_mille` of a thousand rows.

        Parameters
        ----------
        name : str
        per_mille : int or array of int
            One chance for all rows, or one for each.
        rows : int
        """
        return self.below(name, 1000, rows) < per_mille

    def evenly(self, name: str, order: Sequence[Ints]) -> Uniforms:
        """Return uniforms that are spread evenly over every group of rows.

        Parameters
        ----------
        name : str
            Names the stream of the ties and of the starting points.
        order : sequence of arrays of int
            The keys that make the groups, the most important first.
        """
        rows = len(order[0])
        tie = self.raw(f"{name} ties", rows)
        place = np.empty(rows, dtype=np.uint64)
        place[np.lexsort((tie, *reversed(order)))] = np.arange(rows, dtype=np.uint64)
        return Uniforms(self, name, place)


@dataclass(frozen=True, slots=True)
class Uniforms:
    """Columns of uniforms in which chance makes no gaps between groups.

    Row number k of the sorted rows gets the fraction of ``k * sqrt(prime) + start``, an
    additive recurrence. Any run of rows, hence any group and, approximately, any pair
    of columns, comes out in proportion: a group of 500 has 50 rows in each tenth, give
    or take one or two, where independent draws would give or take seven.

    Parameters
    ----------
    draws : Draws
    name : str
    place : array of int
        The place of each row among the sorted rows.

    Examples
    --------
    >>> group = np.repeat([0, 1], [300, 700])
    >>> even = Draws(7, 0).evenly("cells", [group])
    >>> chosen = scaled(even.column(2), 100) < 10
    >>> np.bincount(group[chosen]).tolist()
    [30, 70]
    """

    draws: Draws
    name: str
    place: Uniform

    def column(self, prime: int) -> Uniform:
        """Return one column; a different prime for each.

        Parameters
        ----------
        prime : int
        """
        step = np.uint64(math.isqrt(prime << 128) % 2**64)
        start = self.draws.raw(f"{self.name} {prime}", 1)
        return (self.place * step + start) >> _BITS


def scaled(uniform: Uniform, bound: int) -> Ints:
    """Return whole numbers in [0, bound), `bound` below 2**31.

    Examples
    --------
    >>> scaled(np.array([0, 2**31, 2**32 - 1], dtype=np.uint64), 10).tolist()
    [0, 5, 9]
    """
    return ((uniform * np.uint64(bound)) >> _BITS).astype(np.int64)


def picked(uniform: Uniform, weights: Sequence[int] | Ints) -> Ints:
    """Return the number of a choice for each row, by whole-number weights.

    Examples
    --------
    >>> picked(np.array([0, 2**31, 2**32 - 1], dtype=np.uint64), [1, 0, 3]).tolist()
    [0, 2, 2]
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(edges, scaled(uniform, int(edges[-1])), side="right").astype(
        np.int64
    )


def picked_by(uniform: Uniform, weights: Sequence[Sequence[int]], row: Ints) -> Ints:
    """Return the number of a choice for each row, the weights looked up by row.

    Parameters
    ----------
    uniform : array of int
    weights : sequence of sequences of int
        One list of weights for each value of `row`.
    row : array of int

    Examples
    --------
    >>> halves = np.array([2**31, 2**31], dtype=np.uint64)
    >>> picked_by(halves, [[1, 9], [9, 1]], np.array([0, 1])).tolist()
    [1, 0]
    """
    choice = np.zeros(len(uniform), dtype=np.int64)
    for number, own in enumerate(weights):
        here = row == number
        choice[here] = picked(uniform[here], own)
    return choice


def along(uniform: Uniform, shares: Sequence[int], values: Sequence[int]) -> Ints:
    """Return values of a distribution given by points of its quantile function.

    Parameters
    ----------
    uniform : array of int
    shares : sequence of int
        Cumulative shares in per mille, from 0 to 1000, rising.
    values : sequence of int
        The value at each share; linear between them, below 10**6.

    Examples
    --------
    >>> quarter = np.array([2**30], dtype=np.uint64)
    >>> along(quarter, [0, 500, 1000], [0, 10, 100]).tolist()
    [5]
    """
    fine = scaled(uniform, 1_000_000)
    edges = np.asarray(shares, dtype=np.int64) * 1000
    points = np.asarray(values, dtype=np.int64)
    left = np.searchsorted(edges, fine, side="right") - 1
    rise = (points[left + 1] - points[left]) * (fine - edges[left])
    drawn: Ints = points[left] + rise // (edges[left + 1] - edges[left])
    return drawn


def labelled(codes: Ints, labels: Sequence[str]) -> Text:
    """Return the label of each code.

    Examples
    --------
    >>> labelled(np.array([1, 0, 1]), ["no", "yes"]).tolist()
    ['yes', 'no', 'yes']
    """
    return np.asarray(labels, dtype=np.str_)[codes]


def digits(values: Ints, width: int) -> Text:
    """Return whole numbers as text with leading zeros.

    Examples
    --------
    >>> digits(np.array([7, 123]), 2).tolist()
    ['07', '123']
    """
    return np.array([f"{value:0{width}d}" for value in values.tolist()], dtype=np.str_)
