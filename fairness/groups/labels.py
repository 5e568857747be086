"""Labels of groups: text as written, one spelling for one value on every engine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

MISSING = "(missing)"
"""The group of those whose value is not known; never a reference."""

_WHOLE = re.compile(r"[+-]?\d+\.0+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def label_of(value: object, missing: Sequence[str] = ()) -> str:
    """Return the label of one value.

    Labels stay as written, without the spaces around them. A whole number is
    written without its point, so that 1.0 and 1 are one label; dates in ISO form.

    Parameters
    ----------
    value : object
        What a column holds.
    missing : sequence of str
        Texts that count as missing beside the empty one.

    Returns
    -------
    str
        `MISSING` for None, NaN, NaT and empty text.

    Examples
    --------
    >>> [label_of(value) for value in (1.0, "1.00", 1, "01", "NA", " f ", None)]
    ['1', '1', '1', '01', 'NA', 'f', '(missing)']
    """
    if value is None or value != value:  # noqa: PLR0124  # NaN and NaT differ from themselves
        return MISSING
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool):
        text = str(value)
    elif isinstance(value, float):
        text = str(int(value)) if value.is_integer() else repr(float(value))
    elif isinstance(value, datetime):
        text = value.isoformat().removesuffix("T00:00:00")
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, bytes):
        text = value.decode("utf-8", "backslashreplace")
    else:
        text = str(value).strip()
    if not text or text in missing or text == "<NA>":
        return MISSING
    return text.split(".")[0] if _WHOLE.fullmatch(text) else text


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Return labels in the order in which tables show them.

    Numbers by size, then texts by code point, `MISSING` last.

    Examples
    --------
    >>> sort_labels(["b", "10", "9", "(missing)", "a"])
    ['9', '10', 'a', 'b', '(missing)']
    """

    def key(label: str) -> tuple[bool, bool, float, str]:
        number = _NUMBER.fullmatch(label)
        value = float(label) if number else math.inf
        return (label == MISSING, not number, value, label)

    return sorted(labels, key=key)


def intersection_name(parts: Sequence[str]) -> str:
    """Join names or labels of an intersection; an ampersand in one is doubled.

    Examples
    --------
    >>> intersection_name(["gender", "ethnicity"])
    'gender&ethnicity'
    >>> intersection_name(["R&D", "f"])
    'R&&D&f'
    """
    if len(parts) == 1:
        return parts[0]
    return "&".join(part.replace("&", "&&") for part in parts)


def split_names(text: str, known: Sequence[str]) -> list[str]:
    """Return the column names of a comma-separated list.

    A text that is itself a known column is that column, commas and all.

    Examples
    --------
    >>> split_names("age,sex", ["age", "sex"])
    ['age', 'sex']
    >>> split_names("age,sex", ["age,sex"])
    ['age,sex']
    """
    if text in known:
        return [text]
    return [part.strip() for part in text.split(",") if part.strip()]
