"""Summaries as fragments for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairness.findings.messages import label
from fairness.reports.cells import COLUMNS, Row, cells_of, head_of
from fairness.reports.page.engine import asset, template, texts
from fairness.reports.page.report import head
from fairness.reports.page.tables import KINDS
from fairness.reports.sections import MARKS, by_attribute
from fairness.reports.segments import segment_cells, segment_lines, segments_title
from fairness.reports.text import first_rows, next_calls

_LEFT = frozenset({"group", "reading"})


def notebook(payload: Mapping[str, Any], most: int = 12) -> str:
    """Return the summary as a fragment, for ``_repr_html_``.

    Parameters
    ----------
    payload : dict
    most : int, default 12
        Rows of the table.

    Returns
    -------
    str
        No page: a block whose style touches nothing outside it.
    """
    reasons = texts(payload["reasons"])
    rows, left = first_rows(payload, most)
    more = len(reasons) - 1
    told = f"and {more:,} more reason{'s' if more > 1 else ''}" if more > 0 else ""
    return template("notebook.html.j2").render(
        **head(payload),
        style=asset("notebook.css"),
        reason=reasons[0] if reasons else "",
        more_reasons=told,
        table=_table(rows),
        left=left,
        next=next_calls(payload),
    )


def segments(section: Mapping[str, Any], most: int = 12) -> str:
    """Return the segments as a fragment, for ``_repr_html_``.

    Parameters
    ----------
    section : dict
        The section ``segments`` of a payload.
    most : int, default 12
        Segments that are shown, the most telling first.

    Returns
    -------
    str
    """
    payload = {"segments": section}
    rows = [texts(row) for row in segment_cells(payload, most)]
    return template("segments.html.j2").render(
        style=asset("notebook.css"),
        title=segments_title(payload),
        head=rows[0],
        rows=rows[1:],
        lines=segment_lines(payload, most),
    )


def _table(rows: Sequence[Row]) -> dict[str, Any] | None:
    if not rows:
        return None
    heads = head_of(rows[0])
    return {
        "columns": [{"head": heads[name], "left": name in _LEFT} for name in COLUMNS],
        "blocks": [
            {"attribute": label(attribute), "rows": [_row(row) for row in block]}
            for attribute, block in by_attribute(rows)
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    cells = cells_of(row)
    return {
        "name": cells["group"],
        "mark": MARKS[row["verdict"]].strip(),
        "kind": KINDS[row["verdict"]],
        "meaning": str(row["verdict"] or "").replace("_", " "),
        "cells": [
            {"text": cells[name], "left": name in _LEFT}
            for name in COLUMNS
            if name != "group"
        ],
    }
