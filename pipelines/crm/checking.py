"""A table beside its contract: what is repaired, what is set aside, what is clean.

Everything is an expression that the engine works out; no row is looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals as nw

from fairness.frames.kinds import (
    Frame,
    Kind,
    distinct,
    with_parsed,
    written_kinds,
)
from fairness.frames.texts import SPACES
from fairness.frames.typed import FILE, ROW
from pipelines.crm.contracts import Column, Contract

REPAIRED = ("padded", "spelling")
"""Codes of what is put right; every other code sets the row aside."""

WHAT: Mapping[str, str] = {
    "missing": "is empty",
    "wrong_type": "does not read as {kind}",
    "not_allowed": "is not one of {values}",
    "out_of_range": "is outside {range}",
    "in_future": "is after the day of the tables",
    "duplicate": "stands in more than one row",
    "stranger": "is the id of no customer in the clean table",
    "padded": "has spaces at its ends, which were taken off",
    "spelling": "is spelled otherwise, and was written as the contract has it",
}

_OF_TABLES = ("stranger", "duplicate")
"""Codes of what a row is wrong in beside other rows."""

_PARSED = "fairreach_value_"
_WRITTEN = "fairreach_text_"
_FLAG = "fairreach_flag_"
_KNOWN = "fairreach_known"
_ASIDE = "fairreach_aside"


_Found = tuple[str, str, nw.Expr]
"""Column, code, and where it is so."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can be wrong with one column.

    Parameters
    ----------
    column : str
    code : str
        A key of `WHAT`.
    flag : str
        Column of the checked table that says where it is.
    """

    column: str
    code: str
    flag: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A table with what is wrong with its rows; nothing is computed before it is read.

    Parameters
    ----------
    contract : Contract
    frame : LazyFrame
        Cells as written, values, and a column of 0 or 1 for each of `tests`.
    alone : LazyFrame
        The same for the tests of a cell by itself, which need no other row.
    parsed : LazyFrame
        Cells as written and values, before anything else was looked at.
    unread : LazyFrame
        The values of the rows that cannot be read, whosever they are.
    tests : tuple of Fault
    written : tuple of str
        Columns as they came.
    kinds : mapping of column to Kind
        The types of the clean table's columns, where they are not those that came.
    """

    contract: Contract
    frame: Frame
    alone: Frame
    parsed: Frame
    unread: Frame
    tests: tuple[Fault, ...]
    written: tuple[str, ...]
    kinds: Mapping[str, Kind]

    @property
    def clean(self) -> Frame:
        """Rows that hold what the contract asks, columns in the order they came."""
        return self.frame.filter(nw.col(_ASIDE) == 0).select(*self._values())

    @property
    def sound(self) -> Frame:
        """All rows, as `clean` gives them: for a table in which nothing is wrong."""
        return self.parsed.select(*self._values())

    def _values(self) -> list[nw.Expr]:
        return [
            nw.col(_value(c) if c in self.kinds else c).alias(c) for c in self.written
        ]

    @property
    def aside(self) -> Frame:
        """Rows that do not, as written, with the columns of `tests`."""
        return self.frame.filter(nw.col(_ASIDE) == 1)

    def read_with(self, beside: Callable[[Frame], Frame]) -> Checked:
        """Return the same for another thread: see `Session.beside`."""
        return replace(
            self,
            frame=beside(self.frame),
            alone=beside(self.alone),
            parsed=beside(self.parsed),
        )

    def values_unread(self, columns: Sequence[str]) -> Frame:
        """Return what can be read of some columns of the rows that cannot be."""
        return self.unread.select(*(nw.col(_value(c)).alias(c) for c in columns))


def check_table(
    raw: Frame,
    contract: Contract,
    *,
    untyped: bool,
    customers: Frame | None = None,
    as_of: date | None = None,
) -> Checked:
    """Return a table with what is wrong with it.

    Parameters
    ----------
    raw : LazyFrame
        Of a session, with `ROW` and `FILE`.
    contract : Contract
    untyped : bool
        Whether its columns are text as written.
    customers : LazyFrame, optional
        One column, the ids there are; None refers to nobody.
    as_of : date, optional
        The day after which nothing has happened yet.
    """
    schema = raw.collect_schema()
    names = [n for n in schema.names() if n not in (ROW, FILE)]
    columns = [column for column in contract.columns if column.name in names]
    kinds: dict[str, Kind] = {column.name: column.kind for column in columns}
    if untyped and not contract.as_written:
        further = written_kinds(raw, [name for name in names if name not in kinds])
        kinds |= {name: kind for name, kind in further.items() if kind != "text"}
    frame = with_parsed(raw, kinds, names={name: _value(name) for name in kinds})
    texts = [column.name for column in columns if column.kind == "text"]
    frame = frame.with_columns(*(nw.col(_value(n)).alias(_text(n)) for n in texts))
    if spelled := list(_spelled(columns)):
        frame = frame.with_columns(*spelled)
    parsed = frame
    of_rows = [
        test
        for column in columns
        for test in _value_tests(column, as_of)
        # Only text can have spaces at its ends.
        if test[1] != "padded" or schema[column.name] == nw.String
    ]
    unread = frame.filter(_any_aside(of_rows))
    faults, alone = _flagged(frame, of_rows, 0)
    frame = alone
    refers = customers is not None and contract.refers
    if customers is not None and refers:
        frame = _with_known(frame, contract.id, customers)
    of_tables = list(_table_tests(contract, names, refers=refers))
    more, frame = _flagged(frame, of_tables, len(faults))
    tests = (*faults, *more)
    bad = reduce(or_, (nw.col(one.flag) == 1 for one in tests if _sets_aside(one.code)))
    frame = frame.with_columns(
        nw.when(bad).then(nw.lit(1)).otherwise(nw.lit(0)).alias(_ASIDE)
    )
    return Checked(contract, frame, alone, parsed, unread, tests, tuple(names), kinds)


def _flagged(
    frame: Frame, tests: Sequence[_Found], start: int
) -> tuple[tuple[Fault, ...], Frame]:
    """Return the faults, and the table with a column of 0 or 1 for each."""
    faults = tuple(
        Fault(column, code, f"{_FLAG}{place}")
        for place, (column, code, _) in enumerate(tests, start)
    )
    flags = [
        nw.when(found).then(nw.lit(1)).otherwise(nw.lit(0)).alias(fault.flag)
        for fault, (_, _, found) in zip(faults, tests, strict=True)
    ]
    return faults, frame.with_columns(*flags) if flags else frame


def _sets_aside(code: str) -> bool:
    return code not in REPAIRED


def _any_aside(tests: Sequence[_Found]) -> nw.Expr:
    """Return whether a test is true whose rows are set aside."""
    bad = (found for _, code, found in tests if _sets_aside(code))
    return reduce(or_, (one.fill_null(value=False) for one in bad))


def counted(checked: Checked) -> dict[Fault, int]:
    """Return how many rows each test is true of, in one pass; those of none are out."""
    tests = [test for test in checked.tests if not _surely_none(checked, test)]
    if not tests:
        return {}
    sums = [nw.col(test.flag).sum().alias(test.flag) for test in tests]
    # A look at the other rows costs more than all the rest.
    is_alone = not any(test.code in _OF_TABLES for test in tests)
    frame = checked.alone if is_alone else checked.frame
    found = frame.select(*sums).collect("pyarrow").to_dict(as_series=False)
    counts = {test: found[test.flag][0] or 0 for test in tests}
    return {test: int(n) for test, n in counts.items() if n}


def _surely_none(checked: Checked, test: Fault) -> bool:
    """Whether a number of different ids tells, at little cost, that none is double."""
    keys = [name for name in checked.contract.unique if name in checked.written]
    if test.code != "duplicate" or keys != [checked.contract.id]:
        return False
    filled, different = distinct(checked.parsed, _value(checked.contract.id))
    return filled == different


def examples(checked: Checked, test: Fault, most: int) -> list[tuple[Any, ...]]:
    """Return file, row, id and value of the first rows that a test is true of."""
    found = checked.frame.filter(nw.col(test.flag) == 1).select(
        nw.col(FILE).alias("file"),
        nw.col(ROW).alias("row"),
        nw.col(checked.contract.id).alias("id"),
        nw.col(test.column).alias("value"),
    )
    first = found.sort("file", "row", nulls_last=True).head(most)
    table = first.collect("pyarrow").to_dict(as_series=False)
    return list(zip(*table.values(), strict=True))


def _value(column: str) -> str:
    return f"{_PARSED}{column}"


def _text(column: str) -> str:
    """Return the column with the text of a cell, before its spelling is looked at."""
    return f"{_WRITTEN}{column}"


def _with_known(frame: Frame, id_: str, customers: Frame) -> Frame:
    (key,) = customers.collect_schema().names()
    known = customers.select(nw.col(key), nw.lit(1).alias(_KNOWN))
    return frame.join(known, left_on=_value(id_), right_on=key, how="left")


def _spelled(columns: Iterable[Column]) -> Iterable[nw.Expr]:
    """Yield, for columns of known values, the contract's own spelling of a cell.

    What is none of them stays as written where others are allowed, else it is null.
    """
    for column in columns:
        if column.values:
            text = nw.col(_text(column.name))
            word = _folded(text)
            spelled = text if column.others else nw.lit(None, nw.String)
            for folded, value in column.spellings.items():
                spelled = nw.when(word == folded).then(nw.lit(value)).otherwise(spelled)
            # Most cells are as they should be, and need no more than a look.
            is_right = text.is_in(list(column.values))
            found = nw.when(is_right).then(text).otherwise(spelled)
            yield found.alias(_value(column.name))


def _folded(text: nw.Expr) -> nw.Expr:
    return text.str.replace_all(f"[{SPACES}_-]+", "").str.to_lowercase()


def _table_tests(
    contract: Contract, names: Sequence[str], *, refers: bool
) -> Iterable[_Found]:
    """Yield what a row can be wrong in beside the other rows and tables."""
    if refers:
        unknown = nw.col(_KNOWN).is_null() & ~nw.col(_value(contract.id)).is_null()
        yield contract.id, "stranger", unknown
    if contract.unique and not contract.fatal:
        keys = [_value(name) for name in contract.unique if name in names]
        filled = reduce(and_, (~nw.col(key).is_null() for key in keys))
        yield contract.id, "duplicate", filled & (nw.len().over(*keys) > 1)


def _value_tests(column: Column, as_of: date | None) -> Iterable[_Found]:
    """Yield what a cell can be wrong in by itself."""
    written, value = nw.col(column.name), nw.col(_value(column.name))
    # Only where there is no value does it take a look at the text to tell why.
    is_blank = written.is_null() | (
        written.cast(nw.String).str.replace_all(f"[{SPACES}]+", "") == ""
    )
    is_lost = nw.when(value.is_null()).then(~is_blank).otherwise(nw.lit(value=False))
    is_empty = nw.when(value.is_null()).then(is_blank).otherwise(nw.lit(value=False))
    if column.filled:
        yield column.name, "missing", is_empty
    if column.kind == "text":
        text = nw.col(_text(column.name))
        yield column.name, "padded", written.cast(nw.String) != text
        if column.values:
            if not column.others:
                yield column.name, "not_allowed", is_lost
            yield column.name, "spelling", value != text
    else:
        yield column.name, "wrong_type", is_lost
    if column.low is not None:
        yield column.name, "out_of_range", value < column.low
    if column.high is not None:
        yield column.name, "out_of_range", value > column.high
    if column.past and as_of is not None:
        yield column.name, "in_future", value > as_of
