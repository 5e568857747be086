"""Cells as plain texts, the same on every engine, so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import narwhals as nw
from narwhals.exceptions import DuplicateError

from fairness.errors import InputError, Problem
from fairness.frames.failures import reading
from fairness.frames.texts import SPACES

Frame = nw.LazyFrame[Any]

NEVER = "0000-00-00"
"""Before every day."""

ALWAYS = "9999-99-99"
"""After every day."""

EVERY = ("all", "any", "every", "*")
"""Words, beside the empty cell, for every purpose, channel or brand."""

TRUE = ("true", "t", "yes", "y", "1", "1.0")
FALSE = ("false", "f", "no", "n", "0", "0.0")

_FIRST = date(1000, 1, 1)
_LAST = date(9999, 12, 31)
_ENDS = f"^[{SPACES}]+|[{SPACES}]+$"
_JOINTS = f"[{SPACES}_-]+"
_MONTHS = (
    "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-9])"
)
_DAY = f"^[0-9]{{4}}-({_MONTHS})([T ].*)?$"


def lazy_frame(frame: Any, name: str) -> Frame:
    """Return a frame of any library as a lazy one; what is in memory goes to Arrow.

    Raises
    ------
    InputError
        Something that is no table.
    """
    try:
        with reading(name):
            found: Any = nw.from_native(frame)
            if isinstance(found, nw.DataFrame):
                found = nw.from_native(found.to_arrow()).lazy()
            lazy: Frame = found
    except (TypeError, DuplicateError) as error:
        what = f"is a {type(frame).__name__}, not a table with names of its own"
        hint = "pass a frame of pandas, polars, pyarrow, DuckDB, Ibis or Spark"
        raise InputError(Problem(name, what, hint)) from error
    return lazy


def key_of(column: str, kind: nw.dtypes.DType) -> nw.Expr:
    """Return an id as text without spaces at its ends; null where there is none.

    A whole number that pandas made a fraction, because ids are missing, is that
    whole number.
    """
    found = nw.col(column)
    if kind.is_float():
        found = found.cast(nw.Int64)
    text = text_of(found, kind).str.replace_all(_ENDS, "")
    return nw.when(text != "").then(text).otherwise(nw.lit(None, nw.String))


def text_of(found: nw.Expr, kind: nw.dtypes.DType) -> nw.Expr:
    """Return values as text, missing ones as null."""
    return found if kind == nw.String else found.cast(nw.String)


def word_of(
    column: str, kind: nw.dtypes.DType, *, likely: Sequence[str] = ()
) -> nw.Expr:
    """Return a label in lower case, without spaces, hyphens and underscores.

    A missing one is the empty text. `likely` are words that need no more than lower
    case, which is all that most cells cost.
    """
    text = text_of(nw.col(column), kind).fill_null("").str.to_lowercase()
    word = text.str.replace_all(_JOINTS, "")
    if not likely:
        return word
    return nw.when(text.is_in(list(likely))).then(text).otherwise(word)


def day_of(column: str, kind: nw.dtypes.DType, *, missing: str, wrong: str) -> nw.Expr:
    """Return a day as ISO text.

    Parameters
    ----------
    column : str
    kind : DType
        Date, datetime without zone, or text.
    missing, wrong : str
        What stands for an empty cell, and for a text that is no day.
    """
    found = nw.col(column)
    if kind == nw.String:
        text = found.fill_null("").str.replace_all(_ENDS, "")
        is_day, is_empty = text.str.contains(_DAY), text == ""
    else:
        text, is_empty = found.cast(nw.String), found.is_null()
        # A day of another millennium is written otherwise, and cannot be compared.
        dated = found if kind == nw.Date else found.dt.date()
        is_day = (dated >= _FIRST) & (dated <= _LAST)
    day = nw.when(is_day).then(text.str.slice(0, 10))
    return (
        nw.when(is_empty).then(nw.lit(missing)).otherwise(day.otherwise(nw.lit(wrong)))
    )


def day_problems(schema: nw.Schema, columns: Sequence[str], name: str) -> list[Problem]:
    """Return the problems of date columns that are neither days nor text."""
    found = []
    for column in columns:
        kind = schema.get(column)
        if kind is None or kind in (nw.Date, nw.String, nw.Unknown, nw.Object):
            continue
        if isinstance(kind, nw.Datetime) and kind.time_zone is None:
            continue
        zone = "points in time with a zone" if isinstance(kind, nw.Datetime) else kind
        hint = "make it days: 2026-11-01 as text or a date column"
        found.append(Problem(f"{name}, column {column!r}", f"holds {zone}", hint))
    return found


def flag(condition: nw.Expr) -> nw.Expr:
    """Return a condition as 0 or 1; what is not known is 0."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def iso(day: date) -> str:
    """Return a day as the text that days are compared as."""
    return day.isoformat()[:10]
