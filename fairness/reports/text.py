"""The report for a terminal: at most 100 columns, no colour, no control characters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from unicodedata import combining, east_asian_width

from rich.cells import cell_len

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
    Section,
    assumed_line,
    by_attribute,
    culprits,
    headline,
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

WIDTH = 100
SUMMARY_WIDTH = 88
_MOST_CROSSED = 6
_MOST_REASONS = 5
_MOST_STRATA = 6
_MOST_CHECKS = 10
_MOST_SEGMENTS = 10
_LEFT = frozenset({"group", "interval", "reading"})
_RANK: Mapping[str, int] = MappingProxyType(
    {"fail": 0, "lower": 0, "higher": 0, "inconclusive": 1, "waived": 1}
)
_REFERENCE, _UNREMARKABLE = 2, 3
# Where numbers are so long that not even this is left, the first of these go.
_LEAST_GROUP = 12
# Place of the last cell of a stage, which takes what is left of the line.
_ASKED = 4
# Of the cells of a segment: its name gives way first, the group that it holds second.
_SEGMENT_LEFT = frozenset({0, 3, 4, 8})
_LONGEST_SEGMENT, _WHO = 26, 4
_DISPENSABLE = ("sees", "people", "interval")


def text(payload: Mapping[str, Any]) -> str:
    """Return the whole report as text.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
        Lines of at most 100 columns.
    """
    found = sections(payload)
    lines = [*_wrapped(headline(payload)), size_line(payload)]
    lines += _wrapped(assumed_line(payload))
    lines += _reasons(payload)
    lines += _listed("Where the gap is made", gap_lines(payload))
    lines += _funnel(payload)
    for section in found:
        if not section.not_applicable:
            lines += ["", *_section(section)]
    lines += _listed("How the campaign treats people", conduct_lines(payload))
    lines += _segments(payload)
    lines += _ll144(payload)
    lines += _listed(
        "Within strata (context, clears nothing)", of_strata(payload, _MOST_STRATA)
    )
    lines += _listed("What else was measured", of_checks(payload, _MOST_CHECKS))
    lines += _listed("What could not be seen", unseen(payload))
    lines += _listed("Rules that did not apply", [*idle(found), *conduct_idle(payload)])
    lines += _listed("Notes", [*notes_of_rules(payload), *plain_notes(payload)])
    legend = [LEGEND_MARKS] if payload["verdict"] else []
    lines += _listed("How", [*legend, LEGEND_COLUMNS, *payload.get("method", [])])
    lines += ["", *_wrapped(_next(payload, found))]
    return _joined(lines)


def summary(payload: Mapping[str, Any], most: int = 12) -> str:
    """Return the short form that an interpreter prints, ending with the next call.

    Parameters
    ----------
    payload : dict
    most : int, default 12
        Rows of the table.

    Returns
    -------
    str
        Lines of at most 88 columns.
    """
    lines = [
        *_wrapped(headline(payload), SUMMARY_WIDTH),
        *_wrapped(size_line(payload), SUMMARY_WIDTH),
    ]
    if payload["reasons"]:
        lines += _wrapped(str(payload["reasons"][0]), SUMMARY_WIDTH)
        more = len(payload["reasons"]) - 1
        if more > 0:
            lines.append(f"and {more} more reason{'s' if more > 1 else ''}")
    rows, left = first_rows(payload, most)
    lines += _table(rows, width=SUMMARY_WIDTH)
    if left:
        lines.append(left)
    return _joined([*lines, *next_calls(payload)])


def segments_text(section: Mapping[str, Any]) -> str:
    """Return the segments alone.

    Parameters
    ----------
    section : dict
        The section ``segments`` of a payload.

    Returns
    -------
    str
        Lines of at most 100 columns.
    """
    return _joined(_segments({"segments": section})[1:])


def columns(content: str) -> int:
    r"""Return the most columns that a terminal takes for a line.

    Terminals differ over emoji that join: whichever count is larger holds.

    Examples
    --------
    >>> columns("abc"), columns("\u7ef4"), columns("e\u0301")
    (3, 2, 1)
    """
    apart = sum(
        2 if east_asian_width(char) in "WF" else not combining(char) for char in content
    )
    return max(cell_len(content), apart)


def first_rows(payload: Mapping[str, Any], most: int) -> tuple[list[Row], str]:
    """Return the rows of the short table, what stands out first, and what is left."""
    applied = [one for one in sections(payload) if not one.not_applicable]
    blocks = by_attribute(applied[0].single if applied else [])
    # Stable: attributes with something that stands out first, else as they came.
    blocks.sort(key=lambda block: min(map(_rank, block[1])) > _RANK["waived"])
    rows = [row for _, block in blocks for row in block]
    standing = {
        name for name, block in blocks if min(map(_rank, block)) < _UNREMARKABLE
    }
    ranks = [_rank(row, row["attribute"] in standing) for row in rows]
    kept = set(sorted(range(len(rows)), key=lambda i: (ranks[i], i))[:most])
    left = [ranks[i] for i in range(len(rows)) if i not in kept]
    told = f"… and {len(left):,} more group{'s' if len(left) > 1 else ''}"
    if left and min(left) > _RANK["waived"]:
        told += ", none of which stands out"
    return [rows[i] for i in sorted(kept)], told if left else ""


def next_calls(payload: Mapping[str, Any]) -> list[str]:
    """Return what to call next on what the summary is of."""
    if payload["verdict"] is None:
        return [
            "No policy applied: readings, not verdicts.",
            "Next: .frame() · .gate('us-four-fifths') · .plot.ratios('…')",
        ]
    return ["Next: print(….text()) · .frame() · .report('report.md')"]


def _rank(row: Row, among_standing: bool = False) -> int:
    if row["reading"] == "reference" and among_standing:
        return _REFERENCE
    return _RANK.get(row["verdict"] or row["reading"], _UNREMARKABLE)


def _reasons(payload: Mapping[str, Any]) -> list[str]:
    reasons = payload.get("reasons", [])
    if not reasons:
        return []
    mark = "■" if payload["verdict"] == "block" else "○"
    lines = ["", "Why"]
    for reason in reasons[:_MOST_REASONS]:
        lines += _wrapped(reason, first=f"  {mark} ", later="    ")
    more = len(reasons) - _MOST_REASONS
    return [*lines, f"    and {more} more, in the tables below"] if more > 0 else lines


def _funnel(payload: Mapping[str, Any]) -> list[str]:
    cells = stage_cells(payload)
    if not cells:
        return []
    sizes = [max(columns(row[place]) for row in cells) for place in range(_ASKED)]
    room = WIDTH - 2 - sum(size + 2 for size in sizes)
    lines = ["", "Funnel"]
    for row in cells:
        parts = [
            _fitted(cell, size, right=place > 0)
            for place, (cell, size) in enumerate(zip(row, sizes, strict=False))
        ]
        asked = row[_ASKED]
        parts.append(asked if columns(asked) <= room else f"{_head(asked, room - 1)}…")
        lines.append("  " + "  ".join(parts))
    return lines


def _segments(payload: Mapping[str, Any]) -> list[str]:
    title = segments_title(payload)
    if not title:
        return []
    cells = segment_cells(payload, _MOST_SEGMENTS)
    lines = ["", *_wrapped(title), *_grid(cells, _SEGMENT_LEFT)]
    for line in segment_lines(payload, _MOST_SEGMENTS):
        lines += _wrapped(line, first="  - ", later="    ")
    lines += _listed("Who is in the segments", profile_lines(payload))
    return lines + _listed("What the segments give away", given_away_lines(payload))


def _ll144(payload: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for table in ll144_tables(payload):
        lines += ["", *_wrapped(ll144_title(table)), *_grid(ll144_rows(table), {0})]
    for line in ll144_lines(payload):
        lines += _wrapped(line, first="  - ", later="    ")
    return lines


def _grid(cells: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    """Return a table whose first and fifth columns give way to fit."""
    kept = [place for place in range(len(cells[0])) if any(r[place] for r in cells[1:])]
    sizes = {place: max(columns(row[place]) for row in cells) for place in kept}
    sizes[0] = min(sizes[0], _LONGEST_SEGMENT)
    room = WIDTH - 2 - sum(size + 2 for place, size in sizes.items() if place != _WHO)
    sizes[_WHO] = min(sizes[_WHO], max(room, _LEAST_GROUP))
    return [
        "  "
        + "  ".join(
            _fitted(row[place], size, right=place not in left)
            for place, size in sizes.items()
        )
        for row in cells
    ]


def _section(section: Section) -> list[str]:
    severity = f" ({section.severity})" if section.severity else ""
    lines = _wrapped(f"{section.title}{severity}")
    lines += _table(section.single)
    if section.summary:
        lines += _wrapped(section.summary)
        lines += _table(section.crossed[:_MOST_CROSSED])
        more = len(section.crossed) - _MOST_CROSSED
        if more > 0:
            lines.append(f"  … and {more} more that stand out")
    return lines


def _table(rows: Sequence[Row], width: int = WIDTH) -> list[str]:
    """Return rows under the names of their attributes; the group gives way to fit."""
    if not rows:
        return []
    cells = [head_of(rows[0]), *(cells_of(row) for row in rows)]
    sizes = {name: max(columns(row[name]) for row in cells) for name in COLUMNS}
    for name in _DISPENSABLE:
        if _room(sizes, width) >= _LEAST_GROUP:
            break
        del sizes[name]
    sizes["group"] = min(sizes["group"], _room(sizes, width))
    lines = [_line(cells[0], sizes, " ")]
    following = iter(cells[1:])
    for attribute, block in by_attribute(rows):
        lines.append(_fitted(f"  {label(attribute)}", width))
        lines += [
            _line(cell, sizes, MARKS[row["verdict"]])
            for row, cell in zip(block, following, strict=False)
        ]
    return lines


def _room(sizes: Mapping[str, int], width: int) -> int:
    """Return the columns that all but the group leave for it."""
    return width - 4 - sum(size + 2 for name, size in sizes.items() if name != "group")


def _line(cell: Mapping[str, str], sizes: Mapping[str, int], mark: str) -> str:
    parts = [
        _fitted(cell[name], size, right=name not in _LEFT)
        for name, size in sizes.items()
    ]
    return f"  {mark} " + "  ".join(parts)


def _next(payload: Mapping[str, Any], found: Sequence[Section]) -> str:
    if payload["verdict"] is None:
        return "Next: judge it with a policy, for example --policy us-four-fifths"
    rows = [*culprits(payload), *(row for section in found for row in section.single)]
    code = rows[0]["code"] if rows else "FA101"
    return f"Next: fairreach explain {code} · --report report.md · --format json"


def _listed(title: str, items: Iterable[str]) -> list[str]:
    lines = []
    for item in items:
        lines += _wrapped(item, first="  - ", later="    ")
    return ["", title, *lines] if lines else []


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrapped(
    content: str, width: int = WIDTH, *, first: str = "", later: str = ""
) -> list[str]:
    """Wrap at spaces by terminal cells, of which wide characters take two."""
    lines: list[str] = []
    line, empty = first, True
    for word in ascii_controls(content).split():
        rest = word
        joined = f"{line}{rest}" if empty else f"{line} {rest}"
        if columns(joined) > width and not empty:
            lines.append(line)
            line, joined = later, f"{later}{rest}"
        while columns(joined) > width:
            head = _head(joined, width)
            lines.append(head)
            joined = later + joined[len(head) :]
        line, empty = joined, False
    return lines if empty else [*lines, line]


def _head(content: str, width: int) -> str:
    """Return as much of a text as fits, never splitting a wide character."""
    size = min(len(content), width)
    while size > 1 and columns(content[:size]) > width:
        size -= 1
    return content[:size]


def _fitted(content: str, size: int, *, right: bool = False) -> str:
    if columns(content) > size:
        content = _head(content, size - 1) + "…"
    pad = " " * (size - columns(content))
    return pad + content if right else content + pad
