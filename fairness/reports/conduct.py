"""What reports show of a campaign's conduct: the section ``ethics`` of the payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.cells import Row
from fairness.reports.sections import MARKS

_UNMET = ("fail", "inconclusive", "waived", "not_measurable")


def conduct_lines(payload: Mapping[str, Any]) -> list[str]:
    """Return a line for each rule on conduct that applied, what failed first.

    What holds is told in one line together.

    Examples
    --------
    >>> row = {"rule": "gd-object", "metric": "objectors", "verdict": "fail",
    ...        "severity": "block", "message": "12 customers objected",
    ...        "citation": "GDPR, Art 21"}
    >>> conduct_lines({"ethics": [row]})
    ['■ gd-object (block): 12 customers objected [GDPR, Art 21]']
    """
    told = [_line(row) for row in conduct_unmet(payload)]
    held = conduct_held(payload)
    if held:
        told.append(f"{MARKS['pass']} hold: {', '.join(held)}")
    return told


def conduct_unmet(payload: Mapping[str, Any]) -> list[Row]:
    """Return the rows of the rules on conduct that do not simply hold, failed first."""
    return [
        row
        for verdict in _UNMET
        for row in payload.get("ethics") or ()
        if row["verdict"] == verdict
    ]


def conduct_held(payload: Mapping[str, Any]) -> list[str]:
    """Return the rules on conduct that hold altogether."""
    unmet = {row["rule"] for row in conduct_unmet(payload)}
    held = dict.fromkeys(
        str(row["rule"])
        for row in payload.get("ethics") or ()
        if row["verdict"] == "pass" and row["rule"] not in unmet
    )
    return [label(rule) for rule in held]


def conduct_idle(payload: Mapping[str, Any]) -> list[str]:
    """Return the rules on conduct that did not apply, and why, a line each."""
    return list(
        dict.fromkeys(
            ascii_controls(_told(row))
            for row in payload["findings"]
            if row["verdict"] == "not_applicable"
            and row["metric"] in METRICS
            and METRICS[row["metric"]].form == "conduct"
        )
    )


def _told(row: Row) -> str:
    message = str(row["message"])
    rule = str(row["rule"])
    return message if message.startswith(f"{rule}: ") else f"{rule}: {message}"


def _line(row: Row) -> str:
    source = f" [{ascii_controls(str(row['citation']))}]" if row["citation"] else ""
    remedy = row.get("remedy")
    todo = f" To do: {ascii_controls(str(remedy))}" if remedy else ""
    return (
        f"{MARKS[row['verdict']]} {label(row['rule'])} ({row['severity']}): "
        f"{ascii_controls(str(row['message']))}{source}{todo}"
    )
