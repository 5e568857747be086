"""Reports: one payload, rendered as text, Markdown, HTML, JSON, CSV or JUnit."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.reports.formats import ARTEFACTS, FORMATS, render, write_report
    from fairness.reports.payload import SCHEMA, audit_payload

_HOME = {
    "ARTEFACTS": "fairness.reports.formats",
    "FORMATS": "fairness.reports.formats",
    "SCHEMA": "fairness.reports.payload",
    "audit_payload": "fairness.reports.payload",
    "render": "fairness.reports.formats",
    "write_report": "fairness.reports.formats",
}

__all__ = ["ARTEFACTS", "FORMATS", "SCHEMA", "audit_payload", "render", "write_report"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fairness.reports' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
