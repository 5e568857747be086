"""A table beside its contract: what is repaired, what is set aside, what is clean.

Everything is an expression that the engine works out; no row is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from fairness.frames.texts import SPACES
from fairness.frames.typed import FILE, ROW, Frame, Kind, with_parsed, written_kinds
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

_PARSED = "fairreach_value_"
_FLAG = "fairreach_flag_"
_KNOWN = "fairreach_known"
_ASIDE = "fairreach_aside"


@dataclass(frozen=True, slots=True)
class Test:
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
    tests : tuple of Test
    written : tuple of str
        Columns as they came.
    kinds : mapping of column to Kind
        The types of the clean table's columns, where they are not those that came.
    """

    contract: Contract
    frame: Frame
    tests: tuple[Test, ...]
    written: tuple[str, ...]
    kinds: Mapping[str, Kind]

    @property
    def clean(self) -> Frame:
        """Rows that hold what the contract asks, columns in the order they came."""
        values = [
            nw.col(_value(c) if c in self.kinds else c).alias(c) for c in self.written
        ]
        return self.frame.filter(nw.col(_ASIDE) == 0).select(*values)

    @property
    def aside(self) -> Frame:
        """Rows that do not, as written, with the columns of `tests`."""
        return self.frame.filter(nw.col(_ASIDE) == 1)

    def values_aside(self, columns: Sequence[str]) -> Frame:
        """Return what can be read of some columns of the rows that are set aside."""
        return self.aside.select(*(nw.col(_value(c)).alias(c) for c in columns))


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
    names = [n for n in raw.collect_schema().names() if n not in (ROW, FILE)]
    columns = [column for column in contract.columns if column.name in names]
    kinds: dict[str, Kind] = {column.name: column.kind for column in columns}
    if untyped and not contract.as_written:
        further = written_kinds(raw, [name for name in names if name not in kinds])
        kinds |= {name: kind for name, kind in further.items() if kind != "text"}
    frame = with_parsed(raw, kinds, names={name: _value(name) for name in kinds})
    if spelled := list(_spelled(columns)):
        frame = frame.with_columns(*spelled)
    if customers is not None and contract.refers:
        frame = _with_known(frame, contract.id, customers)
    tests = list(_tests(columns, contract, as_of, refers=customers is not None))
    listed = tuple(
        Test(column, code, f"{_FLAG}{place}")
        for place, (column, code, _) in enumerate(tests)
    )
    frame = frame.with_columns(
        *(
            nw.when(found).then(nw.lit(1)).otherwise(nw.lit(0)).alias(test.flag)
            for test, (_, _, found) in zip(listed, tests, strict=True)
        )
    )
    bad = [nw.col(test.flag) == 1 for test in listed if test.code not in REPAIRED]
    aside = nw.when(reduce(or_, bad)).then(nw.lit(1)).otherwise(nw.lit(0))
    return Checked(
        contract, frame.with_columns(aside.alias(_ASIDE)), listed, tuple(names), kinds
    )


def counted(checked: Checked) -> dict[Test, int]:
    """Return how many rows each test is true of, in one pass; those of none are out."""
    sums = [nw.col(test.flag).sum().alias(test.flag) for test in checked.tests]
    found = checked.frame.select(*sums).collect("pyarrow").to_dict(as_series=False)
    counts = {test: found[test.flag][0] or 0 for test in checked.tests}
    return {test: int(n) for test, n in counts.items() if n}


def examples(checked: Checked, test: Test, most: int) -> list[tuple[Any, ...]]:
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
            text = nw.col(_value(column.name))
            word = _folded(text)
            spelled = text if column.others else nw.lit(None, nw.String)
            for folded, value in column.spellings.items():
                spelled = nw.when(word == folded).then(nw.lit(value)).otherwise(spelled)
            yield spelled.alias(_value(column.name))


def _folded(text: nw.Expr) -> nw.Expr:
    return text.str.replace_all(f"[{SPACES}_-]+", "").str.to_lowercase()


def _tests(
    columns: Sequence[Column], contract: Contract, as_of: date | None, *, refers: bool
) -> Iterable[tuple[str, str, nw.Expr]]:
    for column in columns:
        written, value = nw.col(column.name), nw.col(_value(column.name))
        text = written.cast(nw.String)
        has_text = text.str.replace_all(f"[{SPACES}]+", "") != ""
        is_empty = ~has_text.fill_null(value=False)
        if column.filled:
            yield column.name, "missing", is_empty
        yield from _value_tests(column, written, value, is_empty, as_of)
    if refers and contract.refers:
        known = nw.col(_KNOWN).is_null() & ~nw.col(_value(contract.id)).is_null()
        yield contract.id, "stranger", known
    if contract.unique and not contract.fatal:
        keys = [_value(name) for name in contract.unique]
        filled = reduce(lambda a, b: a & b, (~nw.col(key).is_null() for key in keys))
        yield contract.id, "duplicate", filled & (nw.len().over(*keys) > 1)


def _value_tests(
    column: Column,
    written: nw.Expr,
    value: nw.Expr,
    is_empty: nw.Expr,
    as_of: date | None,
) -> Iterable[tuple[str, str, nw.Expr]]:
    text = written.cast(nw.String)
    if column.kind != "text":
        yield column.name, "wrong_type", value.is_null() & ~is_empty
    elif column.values and not column.others:
        yield column.name, "not_allowed", value.is_null() & ~is_empty
    if column.kind == "text":
        trimmed = text.str.replace_all(f"^[{SPACES}]+|[{SPACES}]+$", "")
        is_padded = ~is_empty & ~value.is_null() & (text != trimmed)
        yield column.name, "padded", is_padded
        if column.values:
            yield column.name, "spelling", ~value.is_null() & (value != trimmed)
    low, high = column.low, column.high
    if low is not None:
        yield column.name, "out_of_range", value < low
    if high is not None:
        yield column.name, "out_of_range", value > high
    if column.past and as_of is not None:
        yield column.name, "in_future", value > as_of
