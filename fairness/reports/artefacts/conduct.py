"""How a campaign treats people, as artefacts tell it: rules on conduct by family."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.artefacts.blocks import Markdown, cited, grid
from fairness.reports.cells import Row
from fairness.reports.sections import MARKS

UNMET = ("fail", "inconclusive", "waived", "not_measurable")
"""Verdicts of a rule that does not hold, or about which nothing is known."""

_ORDER = (*UNMET, "pass")


def conduct_rows(
    payload: Mapping[str, Any], families: Collection[str] | None = None
) -> list[Row]:
    """Return what the rules on conduct found, what fails first; one row a message.

    Parameters
    ----------
    payload : dict
    families : collection of str, optional
        Families of the metrics; None for all.
    """
    rows = [
        row
        for row in payload.get("ethics", ())
        if row["verdict"] in _ORDER and (families is None or _family(row) in families)
    ]
    rows.sort(key=lambda row: _ORDER.index(row["verdict"]))
    once = {(row["rule"], row["verdict"], row["message"]): row for row in rows}
    return list(once.values())


def conduct_table(rows: Collection[Row]) -> list[str]:
    """Return the rules on conduct as a table: what was found, and its source.

    What holds of many groups is told in one line.
    """
    head = ["", "rule", "what was found", "severity", "source", "status"]
    told: list[list[str]] = []
    held: set[str] = set()
    for row in rows:
        passed = row["verdict"] == "pass"
        if passed and row["rule"] in held:
            continue
        many = sum(
            one["rule"] == row["rule"] and one["verdict"] == "pass" for one in rows
        )
        found = str(row["message"])
        if passed and many > 1:
            found = "holds for each group that was compared"
        if passed:
            held.add(row["rule"])
        source, status = cited(row["citation"])
        told.append(
            [
                Markdown(MARKS[row["verdict"]].strip()),
                label(str(row["rule"])),
                ascii_controls(found),
                str(row["severity"]),
                source,
                status,
            ]
        )
    return grid(head, told, head)


def remedies(rows: Collection[Row]) -> list[str]:
    """Return what the policy says is to be done where a rule does not hold."""
    return list(
        dict.fromkeys(
            f"{label(str(row['rule']))}: {ascii_controls(str(row['remedy']))}"
            for row in rows
            if row["verdict"] in UNMET and row.get("remedy")
        )
    )


def _family(row: Row) -> str:
    metric = METRICS.get(row["metric"])
    return metric.family if metric else "records"
