"""What reports show of a campaign's conduct: the section ``ethics`` of the payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.cells import Row
from fairness.reports.sections import MARKS

_RANK = ("fail", "inconclusive", "waived", "not_measurable", "pass")
_UNMET = frozenset({"fail", "inconclusive", "waived", "not_measurable"})


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
    rows = payload.get("ethics") or []
    told = [
        _line(row)
        for verdict in _RANK
        for row in rows
        if row["verdict"] == verdict and verdict in _UNMET
    ]
    unmet = {row["rule"] for row in rows if row["verdict"] in _UNMET}
    held = dict.fromkeys(
        str(row["rule"])
        for row in rows
        if row["verdict"] == "pass" and row["rule"] not in unmet
    )
    if held:
        told.append(f"{MARKS['pass']} hold: {', '.join(map(label, held))}")
    return told


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
