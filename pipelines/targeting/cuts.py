"""Who is taken by a score: the best N or those above a mark, ties by lot.

A lot is a number made of the customer's id and the name of the draw: the same on every
machine and in every run, and nothing else about the customer is in it. Ids given out in
order of joining say how old a customer is; the order of rows often does too.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.counts.sample import mixed
from fairness.errors import InputError, Problem, shown

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
UInt64Array = NDArray[np.uint64]

_WORD = 8
_DIGITS = 12


class Ids(Protocol):
    """Ids by place; a list, or what reads a column only where it is asked to."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, place: int, /) -> object:
        """Return the id at a place."""


def lots(ids: Any, draw: str) -> UInt64Array:
    """Return the lot of each customer in a draw.

    Parameters
    ----------
    ids : sequence or pyarrow array
        As text: 7 and "7" have one lot.
    draw : str
        Another name gives independent lots.

    Returns
    -------
    uint64 array
        The UTF-8 bytes of the id and their number, eight at a time, each mixed into
        the lot by the finalizer of SplitMix64; it starts from BLAKE2b of the draw.

    References
    ----------
    .. [1] Steele, G. L., Lea, D. & Flood, C. H. (2014). Fast splittable pseudorandom
       number generators. OOPSLA, 453-472. doi:10.1145/2660193.2660195

    Examples
    --------
    >>> bool((lots([7, 8], "spring") == lots(["7", "8"], "spring")).all())
    True
    """
    words, length = _words(ids)
    start = blake2b(draw.encode("utf-8", "surrogatepass"), digest_size=_WORD).digest()
    found = length ^ np.uint64(int.from_bytes(start, "little"))
    for word in words.T.astype(np.uint64):
        found = mixed(found ^ word)
    return found


def _words(ids: Any) -> tuple[NDArray[Any], UInt64Array]:
    """Return the bytes of ids as rows of 64-bit words, and how many bytes each has."""
    import pyarrow as pa  # noqa: PLC0415  # loaded with the ids

    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    if not isinstance(ids, pa.Array):
        texts = [str(ids[place]) for place in range(len(ids))]
        raw = [text.encode("utf-8", "surrogatepass") for text in texts]
        ids = pa.array(raw, pa.large_binary())
    ids = ids.cast(pa.large_string()) if not pa.types.is_large_binary(ids.type) else ids
    _, offsets, data = ids.buffers()
    size, skip = len(ids), ids.offset
    ends = np.frombuffer(offsets, np.int64)[skip : skip + size + 1]
    length = np.diff(ends)
    width = -(-int(length.max(initial=1)) // _WORD) * _WORD or _WORD
    padded = np.zeros((size, width), np.uint8)
    # Row by row, the places that are filled follow each other as the bytes do.
    filled = np.arange(width) < length[:, None]
    if data is not None and size:
        padded[filled] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    return padded.view("<u8"), length.astype(np.uint64)


def share_of(share: Decimal | float | str, size: int) -> int:
    """Return the whole number of customers in a share, rounded down.

    Raises
    ------
    InputError
        A share outside [0, 1].

    Examples
    --------
    >>> share_of("0.1", 45_211), share_of(0.29, 100)
    (4521, 29)
    """
    exact = Decimal(str(share))
    if not exact.is_finite() or not 0 <= exact <= 1:
        raise InputError(
            Problem(
                "share",
                f"{shown(str(share))} is not between 0 and 1",
                "for a tenth write 0.1",
            )
        )
    return int(exact * size)


def rounded(scores: FloatArray) -> FloatArray:
    """Return scores with 12 significant digits, as they are compared.

    The last ones of a float depend on how many rows a model is asked about at once.

    Examples
    --------
    >>> rounded(np.array([0.1 + 0.2, 1 / 3])).tolist()
    [0.3, 0.333333333333]
    """
    with np.errstate(all="ignore"):
        power = np.floor(np.log10(np.abs(scores)))
        scale = 10.0 ** (_DIGITS - 1 - np.where(np.isfinite(power), power, 0.0))
        found = np.round(scores * scale) / scale
    # Too small or too large to be scaled: such numbers stay as they are.
    return np.where(np.isfinite(found), found, scores).astype(np.float64)


class ArrowIds:
    """Ids of some rows of an Arrow column, read only where they are asked for.

    Parameters
    ----------
    ids : pyarrow ChunkedArray
    rows : int array
    """

    def __init__(self, ids: Any, rows: NDArray[np.int64]) -> None:
        self._ids = ids
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> Any:
        return self._ids[int(self._rows[place])].as_py()

    def take(self, places: NDArray[np.int64]) -> Any:
        """Return the ids at some places, as an Arrow column."""
        return self._ids.take(self._rows[places])


def select_top(scores: FloatArray, number: int, ids: Ids, draw: str) -> BoolArray:
    """Take the customers with the highest scores; ties at the end by lot.

    Parameters
    ----------
    scores : float array
        NaN is never taken.
    number : int
        All with a score where there are fewer.
    ids : sequence
        Of the customers, in the order of the scores; read only where a lot is drawn.
    draw : str

    Returns
    -------
    bool array

    Examples
    --------
    >>> select_top(np.array([0.2, 0.9, np.nan, 0.5]), 2, "abcd", "spring").tolist()
    [False, True, False, True]
    >>> int(select_top(np.full(10, 0.5), 3, range(10), "spring").sum())
    3
    """
    able = ~np.isnan(scores)
    size = int(able.sum())
    if number >= size:
        return able
    if number <= 0:
        return np.zeros(len(scores), dtype=bool)
    ordered = np.partition(scores[able], size - number)
    mark = ordered[size - number]
    taken = np.asarray(scores > mark, dtype=bool)
    tied = np.flatnonzero(scores == mark)
    places = number - int(taken.sum())
    taken[_drawn(tied, places, ids, draw)] = True
    return taken


def select_above(scores: FloatArray, mark: float) -> BoolArray:
    """Take the customers whose score is at least a mark; NaN is never taken.

    Examples
    --------
    >>> select_above(np.array([0.2, 0.9, np.nan]), 0.9).tolist()
    [False, True, False]
    """
    return np.asarray(scores >= mark, dtype=bool)


def select_by_lot(size: int, number: int, ids: Ids, draw: str) -> BoolArray:
    """Take a number of customers by lot alone; all where there are fewer.

    Examples
    --------
    >>> int(select_by_lot(5, 2, "abcde", "spring").sum())
    2
    """
    taken = np.zeros(size, dtype=bool)
    taken[_drawn(np.arange(size), number, ids, draw)] = True
    return taken


def _drawn(
    places: NDArray[np.int64], number: int, ids: Ids, draw: str
) -> NDArray[np.int64]:
    if number >= len(places):
        return places
    if isinstance(ids, ArrowIds):
        drawn: Any = ids.take(places)
    else:
        drawn = [str(ids[place]) for place in places.tolist()]
    keys = lots(drawn, draw)
    order = np.argsort(keys, kind="stable")
    if (np.diff(keys[order]) == 0).any():
        # Equal lots are as good as impossible; the id settles even those.
        order = np.lexsort((np.array([str(one) for one in drawn]), keys))
    return places[order[: max(number, 0)]]
