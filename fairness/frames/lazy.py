"""Tables that stay where they are: one GROUP BY, pushed down through narwhals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown
from fairness.frames.eager import EagerTable, has_zone
from fairness.frames.encoding import Encoded, arrow_numbers, encode_arrow
from fairness.frames.failures import reading
from fairness.frames.texts import parse_number


@dataclass(frozen=True, slots=True)
class Key:
    """What a group is made of.

    Parameters
    ----------
    column : str
    edges : tuple of float
        Where given, the key is the number of edges at or below the value, so
        0 is the band below the first edge; null and NaN stay null.
    as_of : date or None
        Where given, the column is a date and the value is the age at that day.
    bins : tuple of (float, float, int) or None
        Where given, the key is the equal-width bin of the value: lowest,
        highest, number of bins.
    starts : tuple of int
        Where given, the key is the number of these bins at or below that bin.
    above : float or None
        Where given, values above it are one bin further.
    """

    column: str
    edges: tuple[float, ...] = ()
    as_of: date | None = None
    bins: tuple[float, float, int] | None = None
    starts: tuple[int, ...] = ()
    above: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The answer to one GROUP BY, one entry a group.

    Parameters
    ----------
    keys : list of Encoded
        In the order in which they were asked for.
    n : int64 array
    sums : dict of float64 arrays
    """

    keys: list[Encoded]
    n: NDArray[np.int64]
    sums: dict[str, NDArray[np.float64]] = field(default_factory=dict)


class LazyTable:
    """A table that is asked for aggregates only.

    Parameters
    ----------
    frame : narwhals.LazyFrame
    name : str
        What the table is called in messages.
    missing : sequence of str
        Further texts that count as missing, beside the empty cell.
    columns : sequence of str, optional
        Names of the columns by position, where they are not those of `frame`.
    where : str, optional
        What is said to be unreadable where the engine fails; `name` if not given.
    """

    def __init__(
        self,
        frame: nw.LazyFrame[Any],
        *,
        name: str = "data",
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        where: str = "",
    ) -> None:
        self._where = where or name
        self.name = name
        self.missing = tuple(missing)
        self._frame = frame
        with self._reading():
            self._schema = frame.collect_schema()
            self._knows_nan = not _is_sqlite(frame)
        self._keys = list(self._schema.names())
        self.columns = list(self._keys if columns is None else columns)

    @property
    def untyped(self) -> bool:
        """Whether every column is text as it was written, numbers too."""
        return False

    def is_text(self, column: str) -> bool:
        """Whether a column holds text."""
        return isinstance(self._type(column), nw.String | nw.Categorical | nw.Enum)

    def is_number(self, column: str) -> bool:
        """Whether a column holds numbers, not text that may be read as such."""
        return bool(self._type(column).is_numeric())

    def is_date(self, column: str) -> bool:
        """Whether a column holds dates or points in time."""
        return isinstance(self._type(column), nw.Date | nw.Datetime)

    def has_zone(self, column: str) -> bool:
        """Whether a column holds points in time with a time zone."""
        return has_zone(self._type(column))

    def collect(self, columns: Sequence[str]) -> EagerTable:
        """Return some columns in memory, as Arrow."""
        names = list(columns)
        frame = self._frame.select(
            *(self._col(name).alias(f"c{i}") for i, name in enumerate(names))
        )
        return EagerTable(
            self._collect(frame),
            name=self.name,
            missing=self.missing,
            columns=names,
            untyped=self.untyped,
        )

    def sample(self, column: str, most: int) -> list[object]:
        """Return at most `most` distinct values of a column, in no fixed order."""
        frame = self._frame.select(self._col(column).alias("value"))
        # The first rows are nearly free; only a column that starts empty costs more.
        some = self._collect(frame.head(10 * most).unique().head(most))
        values = some["value"].to_list()
        if all(label is None or not str(label).strip() for label in values):
            values = self._collect(frame.unique().head(most))["value"].to_list()
        return values

    def extremes(self, columns: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return the least and the greatest value of columns of numbers, or NaN."""
        names = list(dict.fromkeys(columns))
        if not names:
            return {}
        frame = self._frame.select(
            *(self._number(name).alias(f"v{i}") for i, name in enumerate(names))
        )
        ends = [
            end
            for i in range(len(names))
            for end in (
                nw.col(f"v{i}").min().alias(f"low{i}"),
                nw.col(f"v{i}").max().alias(f"high{i}"),
            )
        ]
        row = self._collect(frame.select(*ends))
        return {
            name: (_or_nan(row[f"low{i}"].item()), _or_nan(row[f"high{i}"].item()))
            for i, name in enumerate(names)
        }

    def is_whole(self, column: str) -> bool:
        """Whether every number of a column is whole."""
        frame = self._frame.select(self._number(column).alias("value"))
        part = (nw.col("value") - nw.col("value").floor()).alias("part")
        row = self._collect(frame.select(part).select(nw.col("part").max()))
        return _or_nan(row["part"].item()) == 0

    def latest(self, column: str) -> date | None:
        """Return the last day of a column of dates."""
        row = self._collect(
            self._frame.select(self._col(column).cast(nw.Date).alias("day")).select(
                nw.col("day").max()
            )
        )
        found = row["day"].item()
        return found if found is None or isinstance(found, date) else found.date()

    def uniqueness(self, column: str) -> tuple[int, int, int]:
        """Return the rows, the distinct values and the nulls of a column."""
        # PostgreSQL refuses the expression that narwhals counts distinct values with.
        values = self._frame.select(self._col(column).alias("value"))
        repeated = values.group_by("value").agg(nw.len().alias("n"))
        row = self._collect(
            repeated.select(
                nw.col("n").sum().alias("rows"),
                nw.len().alias("distinct"),
                nw.when(nw.col("value").is_null()).then("n").sum().alias("missing"),
            )
        )
        rows, missing = (int(row[name].item() or 0) for name in ("rows", "missing"))
        # Null counts as a value of its own.
        return rows, int(row["distinct"].item()) - (missing > 0), missing

    def tally(
        self, keys: Sequence[Key], sums: Mapping[str, tuple[str, int]] | None = None
    ) -> Tally:
        """Count the rows of each combination of keys in one GROUP BY.

        Parameters
        ----------
        keys : sequence of Key
        sums : mapping of name to (column, power), optional
            Sums of powers: power 0 counts the values that are there, 1 adds
            them, 2 adds their squares. The name `column` stands for a number.

        Returns
        -------
        Tally
        """
        sums = sums or {}
        names = [f"k{i}" for i in range(len(keys))]
        # Aggregations take plain columns only: some engines refuse expressions there.
        inputs = [
            self._expression(key).alias(name)
            for key, name in zip(keys, names, strict=True)
        ]
        inputs += [
            _power(self._number(column), power).alias(f"s{i}")
            for i, (column, power) in enumerate(sums.values())
        ]
        inputs.append(nw.lit(1).alias("one"))
        counted = (
            self._frame.select(*inputs)
            .group_by(*names)
            .agg(
                nw.col("one").sum().cast(nw.Int64).alias("n"),
                *(nw.col(f"s{i}").sum().cast(nw.Float64) for i in range(len(sums))),
            )
        )
        frame = self._collect(counted)
        encoded = []
        for key, name in zip(keys, names, strict=True):
            where = f"{self.name} column {shown(key.column)}"
            with reading(where, "has values that make no groups"):
                encoded.append(encode_arrow(frame[name].to_native()))
        return Tally(
            encoded,
            arrow_numbers(frame["n"].to_native()).astype(np.int64),
            {name: _sums(frame[f"s{i}"].to_native()) for i, name in enumerate(sums)},
        )

    def _number(self, column: str) -> nw.Expr:
        kind = self._type(column)
        if isinstance(kind, nw.Boolean):
            return _ones(self._col(column)).cast(nw.Float64)
        if not kind.is_numeric():
            raise InputError(
                Problem(
                    self.name,
                    f"column {shown(column)} holds {_words(kind)} where numbers are "
                    "needed",
                    "cast it to a number before the audit",
                )
            )
        value = self._col(column).cast(nw.Float64)
        numbers = (parse_number(token) for token in self.missing)
        absent = [x for x in numbers if x is not None and not np.isnan(x)]
        if absent:
            value = nw.when(~value.is_in(absent)).then(value)
        # PostgreSQL's NUMERIC has a NaN too.
        if self._knows_nan and (kind.is_float() or kind.is_decimal()):
            return nw.when(~self._col(column).cast(nw.Float64).is_nan()).then(value)
        return value

    def _type(self, column: str) -> Any:
        return self._schema[self._key(column)]

    def _key(self, column: str) -> str:
        places = [i for i, name in enumerate(self.columns) if name == column]
        if len(places) > 1:
            raise InputError(
                Problem(
                    self.name,
                    f"has {len(places)} columns named {shown(column)}",
                    "rename them, so that each role names one column",
                )
            )
        return self._keys[places[0]]

    def _col(self, column: str) -> nw.Expr:
        return nw.col(self._key(column))

    def _reading(self) -> AbstractContextManager[None]:
        return reading(self._where)

    def _collect(self, frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
        with self._reading():
            return frame.collect(backend="pyarrow")

    def _expression(self, key: Key) -> nw.Expr:
        if key.bins is not None:
            low, high, number = key.bins
            value = self._number(key.column)
            position = (value - low) * (number / (high - low))
            # The highest value belongs to the last bin, not to one beyond it.
            place = position.floor().clip(0, number - 1).cast(nw.Int64)
            if key.above is not None:
                place = place + _ones(value > key.above)
            if key.starts:
                ones = (_ones(place >= start) for start in key.starts)
                place = reduce(add, ones)
            return place
        if not key.edges:
            return self._col(key.column)
        if key.as_of is not None:
            value = _day_number(key.as_of) - _day_expression(self._col(key.column))
            limits: list[float] = [edge * 10_000 for edge in key.edges]
        else:
            value = self._number(key.column)
            limits = list(key.edges)
        return reduce(add, (_ones(value >= limit) for limit in limits))


def _is_sqlite(frame: nw.LazyFrame[Any]) -> bool:
    """Whether a table is one of SQLite, which has no NaN and no word for it."""
    if not frame.implementation.is_ibis():
        return False
    return bool(frame.to_native().get_backend().name == "sqlite")


def _ones(truth: nw.Expr) -> nw.Expr:
    # PostgreSQL turns truth into integers of this width only.
    return truth.cast(nw.Int32).cast(nw.Int64)


def _day_number(day: date) -> int:
    # The difference of two such numbers, divided by 10,000, is the age in full years.
    return day.year * 10_000 + day.month * 100 + day.day


def _day_expression(column: nw.Expr) -> nw.Expr:
    part = column.dt
    return (
        part.year().cast(nw.Int64) * 10_000
        + part.month().cast(nw.Int64) * 100
        + part.day().cast(nw.Int64)
    )


def _or_nan(value: Any) -> float:
    return np.nan if value is None else float(value)


def _sums(array: Any) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num(arrow_numbers(array, null=np.nan)), np.float64)


def _power(value: nw.Expr, power: int) -> nw.Expr:
    if power == 0:
        return _ones(~value.is_null())
    return value if power == 1 else value * value


def _words(kind: Any) -> str:
    if isinstance(kind, nw.String | nw.Categorical | nw.Enum):
        return "text"
    return "dates" if isinstance(kind, nw.Date | nw.Datetime) else str(kind)
