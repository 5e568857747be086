"""What counts as missing, as a number and as a day, the same in every engine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np

NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""A number as text, for Python's and for DuckDB's regular expressions."""

CODE = r"^[+-]?0[0-9]"
"""The start of a text of digits that is no number: a post code, an account."""

DAY = r"([0-9]{4})([-/])([0-9]{1,2})[-/]([0-9]{1,2})([T ][0-9]{1,2}:[0-9]{2}.*)?"
"""A day as text, perhaps with a time of day, which is not looked at."""

SPACES = "".join(chr(i) for i in range(0x3001) if chr(i).isspace())
"""What is taken off both ends of a text."""

_NUMBER = re.compile(NUMBER)
_CODE = re.compile(CODE)
_DAY = re.compile(DAY)


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), "", 0)]
    [True, True, False, False]
    """
    if value is None or type(value).__name__ == "NAType":
        return True
    # Only NaN and NaT differ from themselves; arrays in cells have no truth value.
    return isinstance(value, float | Decimal | date | np.generic) and bool(
        value != value  # noqa: PLR0124
    )


def parse_number(value: object, missing: Sequence[str] = ()) -> float | None:
    """Return a number, NaN where the value is missing, None where it is none.

    Examples
    --------
    >>> [parse_number(value) for value in (" 7.5", "1e3", True, "1_000", "inf", "")]
    [7.5, 1000.0, 1.0, None, None, nan]
    """
    if is_missing(value):
        return math.nan
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, date):
        return None
    text = str(value).strip()
    if not text or text in missing:
        return math.nan
    if isinstance(value, int | float | Decimal):
        return float(value)
    return float(text) if _NUMBER.fullmatch(text) else None


def are_numbers(values: Iterable[object], missing: Sequence[str] = ()) -> bool:
    """Whether texts as written are those of a column of numbers.

    Examples
    --------
    >>> are_numbers(["7", " 1.5", ""]), are_numbers(["01234", "7"]), are_numbers([""])
    (True, False, False)
    """
    some = False
    for value in values:
        number = parse_number(value, missing)
        if number is None or _CODE.match(str(value).strip()):
            return False
        some = some or not math.isnan(number)
    return some


def parse_day(value: object) -> date | None:
    """Return a date, or None where the value is none.

    Examples
    --------
    >>> parse_day("2026-11-01"), parse_day("2026/1/31 08:30"), parse_day("01/11/2026")
    (datetime.date(2026, 11, 1), datetime.date(2026, 1, 31), None)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DAY.fullmatch(str(value).strip())
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None
