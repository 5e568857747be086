"""Kinds of values that a campaign file holds, each with its check."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr

from fairness.errors import shown, unknown_name
from fairness.policy.fields import Part, all_wrong, told, wrong
from pipelines.funnel.paths import StageKind

STAGES: tuple[StageKind, ...] = get_args(StageKind)

_MOST_CLAUSES = 500
_OUTPUT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.csv")


def _rules(value: object) -> dict[str, str]:
    """Return the clauses of a stage by name: a single text is one without a name."""
    if isinstance(value, str):
        value = {"": value}
    if not isinstance(value, Mapping):
        raise wrong(
            f"{told(value)} is not a rule",
            'write "orders_12m >= 2", or a table of names and rules',
        )
    parts: list[Part] = [
        ((str(name),), f"{told(rule)} is not a rule", 'write "orders_12m >= 2"')
        for name, rule in value.items()
        if not isinstance(rule, str) or not rule.strip()
    ]
    if not value:
        raise wrong("names no rule", "leave the key out")
    if len(value) > _MOST_CLAUSES:
        raise wrong(f"has {len(value)} clauses; at most {_MOST_CLAUSES} are allowed")
    if parts:
        raise all_wrong(parts)
    return dict(value)


def _edges(value: object) -> dict[str, tuple[float | str, ...]]:
    if not isinstance(value, Mapping):
        raise wrong(
            f"{told(value)} is not a table of columns and edges",
            "write age = [18, 30, 45, 60]",
        )
    parts: list[Part] = []
    found: dict[str, tuple[float | str, ...]] = {}
    for name, edges in value.items():
        numbers = isinstance(edges, list | tuple) and all(
            isinstance(edge, int | Decimal | float) and not isinstance(edge, bool)
            for edge in edges
        )
        if not numbers or not edges or not all(map(_is_finite, edges)):
            what = f"{told(edges)} is not a list of numbers"
            parts.append(((str(name),), what, "write [18, 30, 45, 60]"))
            continue
        found[str(name)] = tuple(float(edge) for edge in edges)
        if list(found[str(name)]) != sorted(set(found[str(name)])):
            what = f"{told(edges)} does not rise from edge to edge"
            parts.append(((str(name),), what, "write [18, 30, 45, 60]"))
    if parts:
        raise all_wrong(parts)
    return found


def _lists(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise wrong(
            f"{told(value)} is not a table of lists", 'write orders = ["marketing"]'
        )
    parts: list[Part] = []
    found: dict[str, tuple[str, ...]] = {}
    for name, listed in value.items():
        words = [listed] if isinstance(listed, str) else listed
        if not isinstance(words, list | tuple) or not all(
            isinstance(word, str) and word.strip() for word in words
        ):
            what = f"{told(listed)} is not a list of texts"
            parts.append(((str(name),), what, 'write ["marketing"]'))
            continue
        found[str(name)] = tuple(words)
    if parts:
        raise all_wrong(parts)
    return found


def _record(value: object) -> dict[str, str | date]:
    if not isinstance(value, Mapping):
        raise wrong(f"{told(value)} is not a table", 'write dpia = "DP-17"')
    parts: list[Part] = []
    found: dict[str, str | date] = {}
    for name, one in value.items():
        if isinstance(one, str) and one.strip():
            found[str(name)] = " ".join(one.split())
        elif isinstance(one, date) and not isinstance(one, datetime):
            found[str(name)] = one
        elif isinstance(one, list | tuple) and all(isinstance(x, str) for x in one):
            found[str(name)] = ", ".join(one)
        else:
            what = f"{told(one)} is neither text nor a day"
            parts.append(((str(name),), what, 'write "…", or a day as 2026-11-23'))
    if parts:
        raise all_wrong(parts)
    return found


def _is_finite(edge: float | Decimal) -> bool:
    try:
        return math.isfinite(float(edge))
    except OverflowError:
        return False


def _file_name(value: str) -> str:
    if not _OUTPUT.fullmatch(value):
        raise wrong(
            f"{shown(value)} is not a plain file name that ends in .csv",
            'write "audience.csv": the directory is given by --out',
        )
    return value


def _stage(value: str) -> str:
    if value not in STAGES:
        problem = unknown_name("", value, STAGES, "stage")
        raise wrong(problem.what, problem.hint)
    return value


Rules = Annotated[dict[str, str], BeforeValidator(_rules), Field(description="a rule")]
Edges = Annotated[dict[str, tuple[float | str, ...]], BeforeValidator(_edges)]
Lists = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_lists)]
Record = Annotated[dict[str, str | date], BeforeValidator(_record)]
FileName = Annotated[StrictStr, AfterValidator(_file_name)]
StageName = Annotated[StrictStr, AfterValidator(_stage)]
Count = Annotated[StrictInt, Field(ge=1)]

NUMBER = "a whole number of customers, 1 or more"
FRACTION = "a fraction between 0 and 1"
DAYS = "a whole number of days, 1 or more"
STEPS = "a whole number of steps, 1 or more"
