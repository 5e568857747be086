"""A sample of rows, for models that counts cannot be made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.axes import finish
from fairness.counts.batches import live_labels
from fairness.counts.eager import grouped_columns
from fairness.counts.kernel import FloatArray, Int64Array, joint_cells, joint_keys
from fairness.counts.measures import extent, used_problems
from fairness.counts.membership import Joined, join_tables
from fairness.counts.resolve import Asked, resolve
from fairness.counts.roles import Roles
from fairness.errors import InputError, Problem, shown
from fairness.frames import EagerTable, Encoded, LazyTable, open_table, read_eager
from fairness.frames.texts import are_numbers, parse_day, parse_number
from fairness.groups import MISSING, label_of, sort_labels

UInt64Array = NDArray[np.uint64]

# Beyond this share of customers with a label of their own, a column is an id.
_OWN_LABEL_SHARE = 0.5
_FEW_LABELS = 20

# The constants of the 64-bit mixer splitmix64 (Steele, Lea & Flood 2014).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT = np.uint64(31)


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A column that the profile uses, for the customers of a sample.

    Parameters
    ----------
    name : str
    values : float64 array
        Numbers, days since 0001-01-01, or places in `labels`; NaN where missing.
    labels : tuple of str or None
        None of numbers and days.
    is_own : bool
        Whether most customers of the whole table have a label of their own.
    """

    name: str
    values: FloatArray
    labels: tuple[str, ...] | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RowSample:
    """Some customers, without their ids; held in memory and never saved.

    Parameters
    ----------
    labels : dict of attribute to tuple of str
        Groups of the whole table; one may have nobody in the sample.
    groups : dict of attribute to int64 array
        Group of each customer of the sample.
    features : tuple of Feature
    total : int
        Customers of the whole table.
    notes : tuple of str
    """

    labels: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Int64Array]
    features: tuple[Feature, ...]
    total: int
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Customers of the sample."""
        return len(next(iter(self.groups.values())))


def sample_rows(
    data: Any,
    *,
    by: str | Sequence[str],
    uses: str | Sequence[str],
    id: str | None = None,  # noqa: A002  # the contract's name
    protected: Any = None,
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    rows: int = 50_000,
    seed: int = 0,
    known: Sequence[Problem] = (),
) -> RowSample:
    """Return groups and columns used of customers drawn at random.

    Parameters are those of `fairness.audit`; `rows` is the most customers to draw,
    each with the same probability; all where there are no more. `known` are problems
    found before, to be raised with those found here.

    Returns
    -------
    RowSample
        What is a number is decided as for the counts: by the type, and in CSV by all
        cells of the column. A column of days is one of numbers.

    Raises
    ------
    InputError
        With every problem of the arguments, or else of the columns.

    Notes
    -----
    The draw hashes what a customer's row holds in these columns, as labels and
    numbers, and which of the like rows it is. So the same customers give the same
    sample in the same order, whatever engine holds them and in whatever order it
    hands them over. A lazy table is brought into memory once, these columns only.

    References
    ----------
    .. [1] Steele, G. L., Lea, D. & Flood, C. H. (2014). Fast splittable pseudorandom
       number generators. OOPSLA, 453-472. doi:10.1145/2660193.2660195

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"g": ["a", "a", "b"], "city": ["x", "y", None]})
    >>> drawn = sample_rows(frame, by="g", uses="city")
    >>> drawn.labels["g"], drawn.features[0].labels, drawn.rows
    (('a', 'b'), ('x', 'y'), 3)
    """
    problems = [*known]
    for where, number, least in (("rows", rows, 1), ("seed", seed, 0)):
        problems += whole_number(where, number, least)
    try:
        joined, roles = _joined(data, problems, (by, uses, id, protected, bands, as_of))
    except InputError as error:
        raise InputError([*problems, *error.problems]) from None
    table = joined.table
    assert isinstance(table, EagerTable)  # read above
    if not table.rows:
        raise InputError(Problem(table.name, "has no rows"))
    made = grouped_columns(joined, table, roles, problems)
    columns = [_column(table, name, problems) for name in roles.uses]
    if not problems:
        for axis, column, levels in made:
            # It refuses an attribute of one value per customer.
            finish([axis], [levels], joint_cells([column], table.rows))
    if problems:
        raise InputError(problems)
    groups, labels = {}, {}
    key = np.zeros(table.rows, np.uint64)
    for axis, column, levels in made:
        keys, _ = joint_keys([column], table.rows)
        level = levels[keys]
        labels[axis.name], live = live_labels(axis, np.bincount(level))
        place = np.zeros(len(axis.labels), np.int64)
        place[live] = np.arange(len(live))
        groups[axis.name] = place[level]
        hashes = np.array([_hash(label) for label in labels[axis.name]], np.uint64)
        key += mixed(hashes ^ _hash(f"by {axis.name}"))[groups[axis.name]]
    for read in columns:
        assert read is not None  # else there was a problem
        key += read.key()
    drawn = _draw(key, int(rows), int(seed))
    return RowSample(
        labels,
        {name: codes[drawn] for name, codes in groups.items()},
        tuple(read.feature(drawn) for read in columns if read is not None),
        table.rows,
        joined.notes,
    )


def whole_number(where: str, value: Any, least: int) -> list[Problem]:
    """Return the problem of a value that is no whole number from `least` up.

    Examples
    --------
    >>> print(whole_number("folds", 1.5, 2)[0])
    folds: 1.5 is not a whole number from 2 up
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and value >= least:
        return []
    return [Problem(where, f"{shown(value)} is not a whole number from {least} up")]


def _joined(
    data: Any, problems: Sequence[Problem], given: tuple[Any, ...]
) -> tuple[Joined, Roles]:
    by, uses, id_, protected, bands, as_of = given
    table = open_table(data)
    asked = Asked(
        by=by,
        selected=None,
        audience=None,
        id=id_,
        protected=protected,
        bands=bands,
        as_of=as_of,
        outcome=None,
        score=None,
        value=None,
        weight=None,
        strata=None,
        score_bins=1,
        score_range=None,
        selecting=False,
        uses=uses,
    )
    none = [] if uses else [_no_column(table)]
    try:
        roles, beside = resolve(table, asked)
    except InputError as error:
        raise InputError([*none, *error.problems]) from None
    if problems or none:
        raise InputError(none)
    joined = join_tables(table, roles, audience=None, protected=beside)
    if isinstance(joined.table, LazyTable):
        wanted = [*roles.uses, *(n for n in roles.by if n in table.columns)]
        read = read_eager(joined.table, wanted, name=table.name, like=None)
        joined = Joined(read, notes=joined.notes)
    return joined, roles


def _no_column(table: EagerTable | LazyTable) -> Problem:
    hint = f"name what the profile looks at, for example uses={table.columns[-1:]!r}"
    return Problem("uses", "names no column", hint)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    name: str
    numbers: FloatArray

    def key(self) -> UInt64Array:
        # One zero and one NaN: both have several patterns of bits.
        plain = np.asarray(self.numbers, np.float64) + 0.0
        plain[np.isnan(plain)] = np.nan
        return mixed(plain.view(np.uint64) ^ _hash(f"uses {self.name}"))

    def feature(self, drawn: Int64Array) -> Feature:
        return Feature(self.name, np.array(self.numbers[drawn], np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    name: str
    labels: list[str]
    places: Int64Array

    def key(self) -> UInt64Array:
        hashes = np.array([_hash(label) for label in self.labels], np.uint64)
        return mixed(hashes ^ _hash(f"uses {self.name}"))[self.places]

    def feature(self, drawn: Int64Array) -> Feature:
        used, codes = np.unique(self.places[drawn], return_inverse=True)
        names = [self.labels[place] for place in used.tolist()]
        kept = sort_labels(name for name in names if name != MISSING)
        at = {name: float(place) for place, name in enumerate(kept)}
        values = np.array([at.get(name, np.nan) for name in names])[codes]
        return Feature(self.name, values, tuple(kept), self._is_own())

    def _is_own(self) -> bool:
        n = np.bincount(self.places, minlength=len(self.labels))
        filled = n[[label != MISSING for label in self.labels]]
        distinct = np.count_nonzero(filled)
        return bool(
            distinct > _FEW_LABELS and distinct > _OWN_LABEL_SHARE * filled.sum()
        )


def _column(
    table: EagerTable, name: str, problems: list[Problem]
) -> _Numbers | _Labels | None:
    try:
        if table.is_number(name):
            return _numbers(table, name)
        encoded = table.encode(name)
        if table.untyped and are_numbers(encoded.values, table.missing):
            return _numbers(table, name)
    except InputError as error:
        problems.extend(error.problems)
        return None
    return _labels(name, encoded, table.missing)


def _numbers(table: EagerTable, name: str) -> _Numbers:
    numbers = table.numbers(name, short=True)
    tokens = [parse_number(token) for token in table.missing]
    absent = np.isin(numbers, [x for x in tokens if x is not None and not np.isnan(x)])
    if absent.any():
        numbers = np.where(absent, np.nan, numbers)
    problems = used_problems(name, *extent(numbers)[1:])
    if problems:
        raise InputError(problems)
    return _Numbers(name, numbers)


def _labels(name: str, encoded: Encoded, missing: Sequence[str]) -> _Numbers | _Labels:
    size = len(encoded.values)
    positions = encoded.positions().astype(np.int64)
    positions[positions < 0] = size
    names = [*(label_of(value, missing) for value in encoded.values), MISSING]
    days = [None if label == MISSING else parse_day(label) for label in names]
    used = np.bincount(positions, minlength=size + 1) > 0
    told = used & np.array([label != MISSING for label in names])
    if told.any() and all(days[place] is not None for place in np.flatnonzero(told)):
        numbers = [np.nan if day is None else day.toordinal() for day in days]
        return _Numbers(name, np.array(numbers, np.float64)[positions])
    distinct = {label: place for place, label in enumerate(dict.fromkeys(names))}
    places = np.array([distinct[label] for label in names], np.int64)
    return _Labels(name, list(distinct), places[positions])


def _hash(text: str) -> np.uint64:
    raw = text.encode("utf-8", "surrogatepass")
    return np.uint64(int.from_bytes(blake2b(raw, digest_size=8).digest(), "little"))


def mixed(key: UInt64Array) -> UInt64Array:
    """Return 64 bits of which each depends on all of the bits given."""
    found = key + _STEP
    for shift, factor in _MIX:
        found ^= found >> np.uint64(shift)
        found *= np.uint64(factor)
    return np.asarray(found ^ (found >> _LAST_SHIFT), dtype=np.uint64)


def _draw(key: UInt64Array, most: int, seed: int) -> Int64Array:
    """Return the rows that are drawn, in an order that only depends on their keys."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    start = np.append(True, ordered[1:] != ordered[:-1])
    place = np.arange(len(key))
    # Rows that are alike are drawn one by one, not all or none.
    copy = (place - np.maximum.accumulate(np.where(start, place, 0))).astype(np.uint64)
    lot = mixed(mixed(ordered ^ _hash(f"seed {seed}")) + copy * _STEP)
    drawn = order[np.argsort(lot, kind="stable")[:most]]
    return np.asarray(drawn, dtype=np.int64)
