"""The report as one HTML page, and the summary as a fragment for a notebook.

The page loads nothing, runs nothing and says so in its content security policy: its
one style is allowed by hash. Every text is escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.reports.cells import COLUMNS, Row, cells_of, head_of
from fairness.reports.conduct import conduct_idle, conduct_lines
from fairness.reports.funnel import gap_lines, stage_cells
from fairness.reports.ll144 import ll144_lines, ll144_rows, ll144_tables, ll144_title
from fairness.reports.sections import (
    LEGEND_COLUMNS,
    LEGEND_MARKS,
    MARKS,
    MEANINGS,
    VERDICT_MARKS,
    VERDICTS,
    Section,
    assumed_line,
    by_attribute,
    circumstances,
    first_of,
    idle,
    notes_of_rules,
    of_checks,
    of_strata,
    plain_notes,
    sections,
    size_line,
    unseen,
)
from fairness.reports.segments import (
    given_away_lines,
    profile_lines,
    segment_cells,
    segment_lines,
    segments_title,
)
from fairness.reports.text import first_rows, next_calls

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_REASONS = 10
_MOST_CROSSED = 100
_MOST_STRATA = 50
_MOST_CHECKS = 40
_MOST_SEGMENTS = 50
_LEFT = frozenset({"group", "reading"})
_KINDS: Mapping[str | None, str] = MappingProxyType(
    {
        "pass": "pass",
        "fail": "fail",
        "inconclusive": "inconclusive",
        "waived": "waived",
        "not_measurable": "unmeasured",
        "not_applicable": "unmeasured",
        None: "",
    }
)


def html(payload: Mapping[str, Any]) -> str:
    """Return the report as a page of its own.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
        Works offline and without scripts, in light, dark and print.
    """
    style = _style("report.css")
    found = sections(payload)
    legend = [LEGEND_MARKS] if payload["verdict"] else []
    template = _environment().get_template("report.html.j2")
    return template.render(
        **_head(payload),
        style=style,
        style_hash=_hash(style),
        meaning=MEANINGS[payload["verdict"]],
        assumed=assumed_line(payload),
        reasons=_texts(first_of(payload["reasons"], _MOST_REASONS)),
        made=_texts(gap_lines(payload)),
        funnel=[_texts(row) for row in stage_cells(payload)],
        sections=[
            _section(one, number)
            for number, one in enumerate(found)
            if not one.not_applicable
        ],
        conduct=_texts(conduct_lines(payload)),
        segments=_segments(payload),
        ll144=[
            {"title": ll144_title(table), "rows": ll144_rows(table)}
            for table in ll144_tables(payload)
        ],
        ll144_lines=_texts(ll144_lines(payload)),
        strata=_texts(of_strata(payload, _MOST_STRATA)),
        measured=_texts(of_checks(payload, _MOST_CHECKS)),
        unseen=_texts(unseen(payload)),
        idle=_texts([*idle(found), *conduct_idle(payload)]),
        notes=_texts([*notes_of_rules(payload), *plain_notes(payload)]),
        how=_texts([*legend, LEGEND_COLUMNS, *payload.get("method", [])]),
        policies=[
            {name: label(str(one[name]), 80) for name in ("name", "version", "digest")}
            for one in payload["policy"]
        ],
        fingerprint=label(str(payload["data"]["fingerprint"]), 80),
        version=payload["version"],
        schema=payload["schema"],
    )


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
    reasons = _texts(payload["reasons"])
    rows, left = first_rows(payload, most)
    more = len(reasons) - 1
    told = f"and {more:,} more reason{'s' if more > 1 else ''}" if more > 0 else ""
    template = _environment().get_template("notebook.html.j2")
    return template.render(
        **_head(payload),
        style=_style("notebook.css"),
        reason=reasons[0] if reasons else "",
        more_reasons=told,
        table=_table(rows),
        left=left,
        next=next_calls(payload),
    )


def _head(payload: Mapping[str, Any]) -> dict[str, Any]:
    verdict = payload["verdict"]
    return {
        "verdict": verdict or "measured",
        "mark": VERDICT_MARKS[verdict],
        "word": VERDICTS[verdict],
        "subject": label(str(payload.get("subject", "the audience"))),
        "circumstances": circumstances(payload),
        "size": size_line(payload),
    }


def _section(section: Section, number: int) -> dict[str, Any]:
    severity = f" ({section.severity})" if section.severity else ""
    more = len(section.crossed) - _MOST_CROSSED
    return {
        "id": f"section-{number}",
        "title": f"{section.title}{severity}",
        "single": _table(section.single),
        "crossed": _table(section.crossed[:_MOST_CROSSED]),
        "summary": section.summary,
        "more": f"… and {more:,} more that stand out." if more > 0 else "",
    }


def _segments(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": segments_title(payload),
        "rows": [_texts(row) for row in segment_cells(payload, _MOST_SEGMENTS)],
        "lines": segment_lines(payload, _MOST_SEGMENTS),
        "profiles": profile_lines(payload),
        "given_away": given_away_lines(payload),
    }


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
        "kind": _KINDS[row["verdict"]],
        "meaning": str(row["verdict"] or "").replace("_", " "),
        "stands": row["verdict"] in {"fail", "inconclusive"},
        "cells": [
            {"text": cells[name], "left": name in _LEFT}
            for name in COLUMNS
            if name != "group"
        ],
    }


def _texts(items: Sequence[str]) -> list[str]:
    return [ascii_controls(str(item)) for item in items]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=PackageLoader("fairness.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _style(name: str) -> Any:
    """Return a style of the package as it is: no text of a payload gets into it."""
    from markupsafe import Markup  # noqa: PLC0415

    path = files("fairness.reports") / "templates" / name
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704


def _hash(style: str) -> str:
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
