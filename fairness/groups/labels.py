"""Labels of groups: text as written, one spelling for one value on every engine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from fairness.frames.texts import is_missing

MISSING = "(missing)"
"""The group of those whose value is not known; never a reference."""

_WHOLE = re.compile(r"([+-]?[0-9]+)\.0+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?")
_BAND = re.compile(r"[(\[](-inf|[-+.e0-9]+),(inf|[-+.e0-9]+)\)")


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
    if is_missing(value):
        return MISSING
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() else repr(value)
    elif isinstance(value, datetime):
        text = value.isoformat().removesuffix("T00:00:00")
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, bytes):
        text = value.decode("utf-8", "backslashreplace").strip()
    else:
        text = str(value).strip()
    if not text or text in missing:
        return MISSING
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Return labels in the order in which tables show them.

    Numbers by size, then bands by their edges, then texts by code point, and
    `MISSING` last.

    Examples
    --------
    >>> sort_labels(["b", "10", "9", "(missing)", "a"])
    ['9', '10', 'a', 'b', '(missing)']
    >>> sort_labels(["[18,30)", "[5,18)", "(-inf,5)"])
    ['(-inf,5)', '[5,18)', '[18,30)']
    """
    return sorted(labels, key=_order)


def sort_parts(labels: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the labels of intersections, sorted part by part.

    Examples
    --------
    >>> sort_parts([("m", "9"), ("f", "10"), ("f", "9")])
    [('f', '9'), ('f', '10'), ('m', '9')]
    """
    return sorted(labels, key=lambda parts: [_order(part) for part in parts])


def _order(label: str) -> tuple[int, float, str]:
    if label == MISSING:
        return 3, 0.0, label
    if _NUMBER.fullmatch(label):
        return 0, float(label), label
    band = _BAND.fullmatch(label)
    if band:
        try:
            return 1, float(band[1]), label
        except ValueError:
            pass
    return 2, math.inf, label


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
