"""The schema of the payload as JSON Schema, made of its models."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fairness.reports.schema.models import Payload

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without what a reader has no use for: titles that repeat names, defaults."""

    schema_dialect = SCHEMA_ID

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schema_document() -> dict[str, Any]:
    """Return the schema ``fairreach/audit/1`` as a JSON Schema of 2020-12.

    Examples
    --------
    >>> schema_document()["properties"]["schema"]["const"]
    'fairreach/audit/1'
    """
    made = Payload.model_json_schema(by_alias=True, schema_generator=_Plain)
    head = {"$schema": SCHEMA_ID, "title": "fairreach/audit/1"}
    return head | {name: part for name, part in made.items() if name != "title"}


def schema_text() -> str:
    """Return the schema as it is published: ``fairreach schema`` prints it."""
    return json.dumps(schema_document(), indent=2) + "\n"
