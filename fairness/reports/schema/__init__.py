"""The schema of the payload, published; and payloads that were stored, read again."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.reports.schema.document import schema_document, schema_text
    from fairness.reports.schema.reading import payload_problems, read_payload

_HOME = {
    "payload_problems": "fairness.reports.schema.reading",
    "read_payload": "fairness.reports.schema.reading",
    "schema_document": "fairness.reports.schema.document",
    "schema_text": "fairness.reports.schema.document",
}

__all__ = ["payload_problems", "read_payload", "schema_document", "schema_text"]


def __getattr__(name: str) -> Any:
    # pydantic is loaded only where a payload is read or its schema is asked for.
    if name not in _HOME:
        raise AttributeError(
            f"module 'fairness.reports.schema' has no attribute {name!r}"
        )
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
