"""The findings as JUnit XML: a suite for each rule, a case for each group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.cells import Row, is_hidden
from fairness.reports.sections import VERDICTS

_LONGEST = 2000
_GATE = "verdict"
_COVERAGE = "coverage"
_KINDS = ("tests", "failures", "skipped")


def junit(payload: Mapping[str, Any]) -> str:
    """Return the findings that can change the verdict as JUnit XML.

    A failed or inconclusive finding is a failure; what could not be measured, did
    not apply or was waived is skipped. The suite ``verdict`` has one case for the
    whole audience: it fails unless the audience is clear, so that a review for want
    of data is not green. Without a policy nothing fails.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
    """
    root = ET.Element("testsuites", name="fairreach")
    suites: dict[tuple[str, str | None], ET.Element] = {}
    _gate(root, payload)
    for row in payload["findings"]:
        if row["stratum"] is not None or row["severity"] == "note":
            continue
        name = row["rule"] or (row["metric"] if row["metric"] in METRICS else _COVERAGE)
        key = name, row["policy"]
        if key not in suites:
            suites[key] = _suite(root, label(name), payload)
        _case(suites[key], row)
    for suite in root:
        _count(suite, list(suite.iter("testcase")))
    _count(root, list(root.iter("testcase")))
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _gate(root: ET.Element, payload: Mapping[str, Any]) -> None:
    verdict = payload["verdict"]
    suite = _suite(root, _GATE, payload)
    subject = label(str(payload.get("subject", "the audience")))
    case = ET.SubElement(suite, "testcase", classname=_GATE, name=subject, time="0")
    if verdict is None:
        ET.SubElement(case, "skipped", message="no policy applied")
    elif verdict != "clear":
        reasons = [_text(reason) for reason in payload["reasons"]]
        first = reasons[0] if reasons else "see the findings"
        failure = ET.SubElement(
            case,
            "failure",
            type=verdict,
            message=f"{VERDICTS[verdict]}: {first}",
        )
        failure.text = "\n".join(reasons)


def _suite(root: ET.Element, name: str, payload: Mapping[str, Any]) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=name, time="0")
    properties = ET.SubElement(suite, "properties")
    told = {
        "verdict": payload["verdict"] or "none",
        "offer": payload["offer"],
        "fingerprint": payload["data"]["fingerprint"],
        "version": payload["version"],
    }
    for policy in payload["policy"]:
        key = f"policy.{label(policy['name'])}"
        told[key] = f"{policy['version']} {policy['digest']}"
    for key, value in told.items():
        ET.SubElement(properties, "property", name=key, value=_text(value))
    return suite


def _case(suite: ET.Element, row: Row) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=suite.get("name", ""),
        name=f"{label(row['attribute'])}.{label(row['group'])}",
        time="0",
    )
    verdict, message = row["verdict"], _text(row["message"])
    if verdict in {"fail", "inconclusive"}:
        kind = str(row["severity"]) if verdict == "fail" else "inconclusive"
        failure = ET.SubElement(case, "failure", type=kind, message=message)
        failure.text = _details(row)
    elif verdict in {"not_measurable", "not_applicable", "waived"}:
        told = f"waived: {message}" if verdict == "waived" else message
        ET.SubElement(case, "skipped", message=told)
    elif verdict is None and row["reading"] in {"too few", "undefined"}:
        ET.SubElement(case, "skipped", message=message)


def _details(row: Row) -> str:
    lines = [_text(row["message"])]
    if row["bound"]:
        lines.append(f"bound: {_text(row['bound'])}")
    if not is_hidden(row) and row["p_adjusted"] is not None:
        lines.append(f"adjusted p: {row['p_adjusted']:.3g}")
    if row["citation"]:
        lines.append(f"source: {_text(row['citation'])}")
    return "\n".join(lines)


def _count(element: ET.Element, cases: list[ET.Element]) -> None:
    failed = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    for name, number in zip(_KINDS, (len(cases), failed, skipped), strict=True):
        element.set(name, str(number))
    element.set("errors", "0")


def _text(value: object) -> str:
    """Return text that XML 1.0 can hold: what it forbids is shown escaped."""
    safe = ascii_controls(str(value))
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"
