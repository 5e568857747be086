"""A finding as the cells of a table: numbers as short as they may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fairness.findings.messages import label
from fairness.metrics import METRICS

Row = Mapping[str, Any]

COLUMNS = ("group", "n", "rate", "ratio", "interval", "people", "sees", "reading")

_SMALL = 10
_LARGE = 1e6


def head_of(row: Row) -> dict[str, str]:
    """Return the heads of the columns of a table that a row is of."""
    metric = METRICS[row["metric"]]
    by_form = {"difference": "gap", "odds": "odds", "rate": "value"}
    by_kind = {"ratio": "ratio", "difference": "gap", "z": "sd"}
    head = {name: name for name in COLUMNS}
    head["ratio"] = by_form.get(metric.form, by_kind.get(metric.kind, "value"))
    if metric.rate in {"score", "value"}:
        head["rate"] = "mean"
    head["interval"] = f"{(row['confidence'] or 0.95) * 100:g} % interval"
    return head


def cells_of(row: Row, longest: int = 40) -> dict[str, str]:
    """Return a row as the cells of a table."""
    count = row["n"]
    is_reference = row["reading"] == "reference"
    sees = "" if is_reference else shown_number(row["detectable"], 2)
    return {
        "group": _who(row, longest),
        "n": "–" if count is None else _whole(count),
        "rate": shown_number(row["rate"]),
        "ratio": shown_number(row["estimate"]),
        "interval": interval_of(row),
        "people": people_of(row),
        "sees": sees,
        "reading": reading_of(row),
    }


def _who(row: Row, longest: int) -> str:
    """Return the group, and the column within or by which it is looked at."""
    name = label(row["group"], longest)
    within, column = row["stratum"], row.get("column")
    if within is not None:
        name += f" within {label(within, longest)}"
    return name if column is None else f"{name} by {label(column, longest)}"


def shown_number(value: float | None, digits: int = 3) -> str:
    """Return a number for a table, short whatever its size; a dash where there is none.

    Examples
    --------
    >>> [shown_number(x) for x in (0.4734, -0.0001, 12.345, 1234.5, 2.5e9, None)]
    ['0.473', '0.000', '12.3', '1,234', '2e+09', '–']
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= _LARGE:
        text = f"{value:.0e}"
    elif abs(value) >= _SMALL:
        text = f"{value:,.{1 if abs(value) < _SMALL**2 else 0}f}"
    else:
        text = f"{value:.{digits}f}"
    bare = text.lstrip("-")
    return text if bare.strip("0.") else bare


def people_of(row: Row) -> str:
    """Return how many more or fewer people are selected than the overall rate gives.

    Examples
    --------
    >>> [people_of({"shortfall": x}) for x in (79.5, -3.2, 0.2, None)]
    ['-80', '+3', '0', '–']
    """
    value = row["shortfall"]
    if value is None or not math.isfinite(value):
        return "–"
    number = -round(value)
    if not number:
        return "0"
    return f"{'+' if number > 0 else '-'}{_whole(abs(number))}"


def interval_of(row: Row) -> str:
    """Return the interval of a finding, empty where there is none."""
    if row["low"] is None and row["high"] is None:
        return ""
    # What is not finite is null in the payload: an interval with no end on one side.
    low = "-∞" if row["low"] is None else shown_number(row["low"])
    high = "∞" if row["high"] is None else shown_number(row["high"])
    return f"{low} – {high}"


def reading_of(row: Row) -> str:
    """Return the last column of a table: the reading, and what became of it."""
    if is_hidden(row):
        return "hidden: small group"
    if row["verdict"] == "not_applicable":
        return "not applicable"
    if row["verdict"] == "waived":
        return f"{row['reading']}, waived"
    return "inconclusive" if row["verdict"] == "inconclusive" else str(row["reading"])


def is_hidden(row: Row) -> bool:
    """Return whether the numbers of a row are kept back."""
    return row["n"] is None and row["verdict"] != "not_applicable"


def _whole(number: int) -> str:
    return f"{number:,}" if number < _LARGE * 1000 else f"{number:.0e}"
