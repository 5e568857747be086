"""Findings as tables of a page: what is read, and the exact numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.cells import Row, cells_of, head_of, shown_number
from fairness.reports.page.engine import flat
from fairness.reports.sections import MARKS, by_attribute

KINDS: Mapping[str | None, str] = MappingProxyType(
    {
        "pass": "pass",
        "fail": "fail",
        "inconclusive": "inconclusive",
        "waived": "waived",
        "not_measurable": "unmeasured",
        "not_applicable": "unmeasured",
        None: "",
    }
)

_COLUMNS = (
    "group",
    "n",
    "selected",
    "rate",
    "ratio",
    "interval",
    "p",
    "people",
    "sees",
    "reading",
)
_LEFT = frozenset({"group", "reading"})
_HEADS: Mapping[str, str] = MappingProxyType(
    {"n": "customers", "p": "adjusted p", "sees": "could see"}
)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "n": "customers of the group",
        "selected": "of them in the audience",
        "p": "one-sided, paid for the choice of group and reference",
        "people": "selected above (+) or below (-) what the overall rate would give",
        "sees": "the ratio that would have been found with 80 % power",
    }
)
# What is counted, where the rate is not that of selection: its head and its hint.
_COUNTED: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "true_positive_rate": {
            "n": ("with the outcome", "customers of the group with the outcome")
        },
        "false_positive_rate": {
            "n": ("without the outcome", "customers of the group without the outcome")
        },
        "precision": {
            "n": ("selected", "customers of the group in the audience"),
            "selected": ("with the outcome", "of them with the outcome"),
        },
        "accuracy": {"selected": ("right", "of them treated as the outcome says")},
        "base_rate": {"selected": ("with the outcome", "of them with the outcome")},
    }
)
# The numbers that a cell shortens, for sorting and for the last digit.
_EXACT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rate": ("rate",),
        "ratio": ("estimate",),
        "interval": ("low", "high"),
        "p": ("p_adjusted",),
        "people": ("shortfall",),
        "sees": ("detectable",),
    }
)
_SURE = 0.001


class Places:
    """Where in the payload a row stands, as ``findings.12``.

    Parameters
    ----------
    payload : dict
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._found = {
            id(row): f"{part}.{number}"
            for part in ("findings", "checks")
            for number, row in enumerate(payload.get(part, ()))
        }

    def __call__(self, row: Row) -> str:
        """Return the place of a row."""
        return self._found[id(row)]


def table_of(rows: Sequence[Row], place: Callable[[Row], str]) -> dict[str, Any] | None:
    """Return findings of one metric as a table, in blocks of one attribute each.

    Parameters
    ----------
    rows : sequence of rows
    place : callable
        Where in the payload a row stands.

    Returns
    -------
    dict or None
        None where there are none.
    """
    if not rows:
        return None
    heads = {**head_of(rows[0]), "selected": "selected", **_HEADS}
    counted = _COUNTED.get(METRICS[rows[0]["metric"]].rate, {})
    told = {
        name: counted.get(name, (heads[name], _HINTS.get(name, "")))
        for name in _COLUMNS
    }
    return {
        "columns": [
            {
                "head": told[name][0],
                "hint": told[name][1],
                "left": name in _LEFT,
            }
            for name in _COLUMNS
        ],
        "blocks": [
            {"attribute": label(attribute), "rows": [_row(row, place) for row in block]}
            for attribute, block in by_attribute(rows)
        ],
    }


def p_shown(value: float | None) -> str:
    """Return a p-value as a table shows it.

    Examples
    --------
    >>> p_shown(0.0004), p_shown(0.04321), p_shown(1.0), p_shown(None)
    ('<0.001', '0.043', '1.000', '–')
    """
    if value is not None and value < _SURE:
        return f"<{_SURE:g}"
    return shown_number(value)


def _row(row: Row, place: Callable[[Row], str]) -> dict[str, Any]:
    cells: dict[str, str] = cells_of(row)
    cells["p"] = p_shown(row["p_adjusted"])
    cells["selected"] = "–" if row["selected"] is None else f"{row['selected']:,}"
    return {
        "name": cells["group"],
        "place": place(row),
        "mark": MARKS[row["verdict"]].strip(),
        "kind": KINDS[row["verdict"]],
        "meaning": str(row["verdict"] or "").replace("_", " "),
        "stands": row["verdict"] in {"fail", "inconclusive"},
        "said": flat(row["message"]) if _says_more(row) else "",
        "cells": [
            {
                "text": cells[name],
                "exact": exact([row[key] for key in _EXACT.get(name, ())]),
                "left": name in _LEFT,
            }
            for name in _COLUMNS
            if name != "group"
        ],
    }


def _says_more(row: Row) -> bool:
    return row["verdict"] in {"fail", "inconclusive", "waived", "not_measurable"}


def exact(values: Iterable[float | None]) -> str:
    """Return numbers to their last digit; nothing where there is none to tell.

    Examples
    --------
    >>> exact([0.1]), exact([0.25, None]), exact([None])
    ('0.1', '0.25 –', '')
    """
    known = [None if x is None or not math.isfinite(x) else x for x in values]
    if all(value is None for value in known):
        return ""
    return " ".join("–" if value is None else repr(value) for value in known)
