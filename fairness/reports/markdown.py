"""The report as Markdown, for a pull request or a wiki.

What comes from data or from a policy is made inert: it is neither Markdown, nor the
HTML that Markdown lets through, nor a link, a mention or an emoji made of plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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

_MOST_REASONS = 10
_MOST_CROSSED = 20
_MOST_STRATA = 20
_MOST_CHECKS = 40
_MOST_SEGMENTS = 20
_LEFT = frozenset({"group", "reading"})

# Nothing that these characters start survives as a character reference.
_SPECIAL = re.compile(r"[&<>|`*\[\]{}\\#~^$=]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
# Marks of a list, a quotation or a heading, where a line begins with them.
_OPENING = re.compile(r"[-+:]|[0-9]+(?=[.)](?: |$))")
# Links, mentions and emoji are also found in the text after it was decoded, so a
# reference alone is not enough: a space of no width parts them.
_GAP = "&#8203;"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LINKED = re.compile(r"[@#](?=\S)|:(?=\S)|(?<=www)\.", re.IGNORECASE)


def markdown(payload: Mapping[str, Any]) -> str:
    """Return the report as GitHub-flavoured Markdown.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
    """
    verdict = payload["verdict"]
    subject = label(str(payload.get("subject", "the audience")))
    found = sections(payload)
    lines = [
        f"# {VERDICT_MARKS[verdict]} {VERDICTS[verdict]}: {inert(subject)}",
        "",
        f"**{MEANINGS[verdict]}** · {inert(circumstances(payload))}",
        "",
        inert(size_line(payload)),
    ]
    if payload.get("offer_assumed"):
        lines += ["", f"**{inert(assumed_line(payload))}**"]
    lines += listed("Why", first_of(payload["reasons"], _MOST_REASONS))
    lines += listed("Where the gap is made", gap_lines(payload))
    lines += _funnel(payload)
    for section in found:
        if not section.not_applicable:
            lines += ["", *_section(section)]
    if verdict and any(section.single or section.crossed for section in found):
        lines += ["", f"{LEGEND_MARKS}."]
    lines += listed("How the campaign treats people", conduct_lines(payload))
    lines += _segments(payload)
    lines += _ll144(payload)
    lines += listed(
        "Within strata (context, clears nothing)", of_strata(payload, _MOST_STRATA)
    )
    lines += listed("What else was measured", of_checks(payload, _MOST_CHECKS))
    lines += listed("What could not be seen", unseen(payload))
    lines += listed("Rules that did not apply", [*idle(found), *conduct_idle(payload)])
    lines += listed("Notes", [*notes_of_rules(payload), *plain_notes(payload)])
    lines += listed("How", [LEGEND_COLUMNS, *payload.get("method", [])])
    lines += ["", "## What this rests on", "", *_origin(payload)]
    return "\n".join(lines) + "\n"


def inert(text: str) -> str:
    r"""Return text that Markdown, of any dialect, shows as it is.

    Examples
    --------
    >>> inert("a|b <b>*c*</b> birth_date _d_")
    'a&#124;b &#60;b&#62;&#42;c&#42;&#60;/b&#62; birth_date &#95;d&#95;'
    >>> inert("- one"), inert("1. one")
    ('&#45; one', '1&#46; one')
    >>> inert("www.example.org"), inert("@team")
    ('www&#8203;&#46;example.org', '&#64;&#8203;team')
    """
    safe = ascii_controls(text)
    special = {match.start() for match in _SPECIAL.finditer(safe)}
    linked = {match.start() for match in _LINKED.finditer(safe)}
    opening = _OPENING.match(safe)
    if opening:
        # A number opens a list by the point behind it.
        special.add(opening.end() if safe[0].isdigit() else 0)
    return "".join(
        _reference(char, part=place in linked)
        if place in special or place in linked
        else char
        for place, char in enumerate(safe)
    )


def inert_digest(text: str) -> str:
    """Return a digest so that it can be copied; what is none, inert.

    Examples
    --------
    >>> inert_digest("sha256:" + "0" * 64)[:10], inert_digest("<b>")
    ('`sha256:00', '&#60;b&#62;')
    """
    return f"`{text}`" if _DIGEST.fullmatch(text) else inert(label(text, 80))


def table_line(cells: Iterable[str]) -> str:
    """Return a line of a table of cells that are Markdown.

    Examples
    --------
    >>> table_line(["a", "b"])
    '| a | b |'
    """
    return f"| {' | '.join(cells)} |"


def listed(title: str, items: Sequence[str]) -> list[str]:
    """Return a section of items that are plain text; nothing without any.

    Examples
    --------
    >>> listed("Why", ["a < b"])
    ['', '## Why', '', '- a &#60; b']
    """
    if not items:
        return []
    return ["", f"## {title}", "", *(f"- {inert(item)}" for item in items)]


def _reference(char: str, *, part: bool) -> str:
    code = f"&#{ord(char)};"
    if not part:
        return code
    return f"{_GAP}{code}" if char == "." else f"{code}{_GAP}"


def _funnel(payload: Mapping[str, Any]) -> list[str]:
    cells = stage_cells(payload)
    if not cells:
        return []
    head, *rows = ([inert(cell) for cell in row] for row in cells)
    rule = [":--", "--:", "--:", "--:", ":--"]
    return ["", "## Funnel", "", *map(table_line, [head, rule, *rows])]


def _segments(payload: Mapping[str, Any]) -> list[str]:
    title = segments_title(payload)
    if not title:
        return []
    cells = segment_cells(payload, _MOST_SEGMENTS)
    head, *rows = ([inert(cell) for cell in row] for row in cells)
    rule = [":--", "--:", "--:", ":--", ":--", "--:", "--:", "--:", ":--"]
    lines = ["", f"## {inert(title)}", "", *map(table_line, [head, rule, *rows]), ""]
    lines += [f"- {inert(one)}" for one in segment_lines(payload, _MOST_SEGMENTS)]
    lines += listed("Who is in the segments", profile_lines(payload))
    return lines + listed("What the segments give away", given_away_lines(payload))


def _ll144(payload: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for table in ll144_tables(payload):
        head, *rows = ([inert(cell) for cell in row] for row in ll144_rows(table))
        rule = [":--", "--:", "--:", "--:", "--:"]
        title = f"## {inert(ll144_title(table))}"
        lines += ["", title, "", *map(table_line, [head, rule, *rows])]
    told = [f"- {inert(line)}" for line in ll144_lines(payload)]
    return [*lines, "", *told] if told else []


def _section(section: Section) -> list[str]:
    severity = f" ({inert(section.severity)})" if section.severity else ""
    lines = [f"## {inert(section.title)}{severity}", ""]
    if section.single:
        lines += _table(section.single)
    if section.summary:
        if section.single:
            lines.append("")
        lines.append(f"{section.summary}.")
        if section.crossed:
            lines += ["", *_table(section.crossed[:_MOST_CROSSED])]
        more = len(section.crossed) - _MOST_CROSSED
        if more > 0:
            lines += ["", f"… and {more:,} more that stand out."]
    return lines


def _table(rows: Sequence[Row]) -> list[str]:
    """Return a table whose first column carries the mark and the attribute once."""
    head = head_of(rows[0])
    lines = [
        table_line(["", "attribute", *(head[name] for name in COLUMNS)]),
        table_line(
            [":-:", ":--", *(":--" if name in _LEFT else "--:" for name in COLUMNS)]
        ),
    ]
    for attribute, block in by_attribute(rows):
        for place, row in enumerate(block):
            cells = cells_of(row)
            cells["group"] = inert(cells["group"])
            mark = MARKS[row["verdict"]].strip()
            name = inert(label(attribute)) if place == 0 else ""
            lines.append(
                table_line([mark, name, *(cells[column] for column in COLUMNS)])
            )
    return lines


def _origin(payload: Mapping[str, Any]) -> list[str]:
    lines = [
        f"- policy: {inert(label(p['name']))} {inert(label(p['version']))}, digest "
        f"{inert_digest(p['digest'])}"
        for p in payload["policy"]
    ]
    return [
        *(lines or ["- policy: none"]),
        f"- data: {inert_digest(payload['data']['fingerprint'])}",
        f"- made with fairreach {payload['version']}, schema {payload['schema']}",
    ]
