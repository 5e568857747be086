"""What the columns of a profile give away, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.findings.messages import label
from fairness.reports.artefacts.blocks import grid, said
from fairness.reports.artefacts.comparisons import result
from fairness.reports.cells import Row, interval_of, is_hidden, shown_number

_LONGEST = 40


def column_review(payload: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the table of the columns, and how to read it."""
    table = column_table(payload)
    if not table:
        return [], said("No column of the profile was measured (--uses).")
    return table, said(
        "Association alone is no harm: a column matters where, by itself, it would "
        "make the gap."
    )


def column_table(payload: Mapping[str, Any]) -> list[str]:
    """Return for each attribute and column how far it stands in for it.

    The group that fares worst by the column alone is told; nothing without columns.
    """
    rows = [*payload["findings"], *payload["checks"]]
    association = {
        (row["attribute"], row["column"]): row
        for row in rows
        if row["metric"] == "proxy_association"
    }
    worst: dict[tuple[str, str], Row] = {}
    over = payload["offer"] == "burdensome"
    for row in rows:
        if row["metric"] != "proxy_ratio" or row["estimate"] is None or is_hidden(row):
            continue
        key = (row["attribute"], row["column"])
        if key not in worst or _worse(row, worst[key], over=over):
            worst[key] = row
    keys = list(dict.fromkeys([*association, *worst]))
    head = ["attribute", "column", "association", "group", "n", "ratio by it alone"]
    head += ["interval", "in total", "result"]
    return grid(
        head,
        (_cells(key, association.get(key), worst.get(key), payload) for key in keys),
        ["attribute", "column", "group", "result"],
    )


def _worse(row: Row, other: Row, *, over: bool) -> bool:
    if row["estimate"] == other["estimate"]:
        return False
    return bool((row["estimate"] > other["estimate"]) == over)


def _cells(
    key: tuple[str, str],
    association: Row | None,
    worst: Row | None,
    payload: Mapping[str, Any],
) -> list[str]:
    own = [
        label(key[0], _LONGEST),
        label(str(key[1]), _LONGEST),
        shown_number(None if association is None else association["estimate"]),
    ]
    if worst is None:
        return [*own, "–", "–", "–", "–", "–", "not measured"]
    return [
        *own,
        label(worst["group"], _LONGEST),
        "–" if worst["n"] is None else f"{worst['n']:,}",
        shown_number(worst["estimate"]),
        interval_of(worst) or "–",
        shown_number(_total(payload, worst)),
        result(worst),
    ]


def _total(payload: Mapping[str, Any], worst: Row) -> float | None:
    """Return the group's ratio with all columns together."""
    for row in payload["findings"]:
        if (
            row["metric"] in {"adverse_impact_ratio", "burden_ratio"}
            and row["attribute"] == worst["attribute"]
            and row["group"] == worst["group"]
            and row["stratum"] is None
        ):
            found: float | None = row["estimate"]
            return found
    return None


def columns_used(payload: Mapping[str, Any]) -> list[str]:
    """Return the columns of the profile that were measured, as they come."""
    names = [
        row["column"]
        for row in [*payload["findings"], *payload["checks"]]
        if row["column"] is not None
    ]
    gaps = payload.get("funnel", {}).get("gaps", ())
    names += [one["column"] for gap in gaps for one in gap["columns"]]
    return list(dict.fromkeys(names))
