"""The report for a terminal: at most 100 columns, no colour, no control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich.cells import cell_len, set_cell_size

from fairness.findings.messages import label, number
from fairness.metrics import METRICS
from fairness.reports.sections import (
    MARKS,
    Row,
    Section,
    headline,
    interval_of,
    notes_of_rules,
    reading_of,
    sections,
    short_of,
    size_line,
    stratum_rows,
    unseen,
)

WIDTH = 100
_LEGEND = (
    "● pass  ■ fail  ○ inconclusive  ◆ waived  · not measured; short: people below the "
    "overall rate (+ above); sees: the ratio that would have been found with 80 % power",
)
_MOST_CROSSED = 6
_MOST_REASONS = 5
_MOST_STRATA = 6
_COLUMNS = ("group", "n", "rate", "ratio", "interval", "short", "sees", "reading")
_LEFT = frozenset({"group", "interval", "reading"})
_LONGEST_GROUP = 40
_RANK: Mapping[str, int] = MappingProxyType(
    {"fail": 0, "lower": 0, "higher": 0, "inconclusive": 1, "waived": 1}
)


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
    lines = [*_wrapped(headline(payload)), size_line(payload)]
    if payload.get("offer_assumed"):
        lines += _wrapped(
            "Offer: beneficial is assumed (being left out is the harm); say otherwise with "
            "--offer."
        )
    lines += _reasons(payload)
    for section in sections(payload):
        lines += ["", *_section(section)]
    lines += _listed("Within strata (context, clears nothing)", _strata(payload))
    lines += _listed("What could not be seen", unseen(payload))
    lines += _listed("Notes", [*notes_of_rules(payload), *_plain_notes(payload)])
    lines += _listed("How", [*_LEGEND, *payload.get("method", [])])
    lines += ["", *_wrapped(_next(payload))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def summary(payload: Mapping[str, Any], most: int = 12) -> str:
    """Return the short form that an interpreter prints, ending with the next call.

    Parameters
    ----------
    payload : dict
    most : int, default 12
        Rows of the table.
    """
    lines = [*_wrapped(headline(payload), 88), size_line(payload)]
    if payload["reasons"]:
        lines += _wrapped(f"{payload['reasons'][0]}", 88)
        more = len(payload["reasons"]) - 1
        lines += [f"and {more} more"] if more > 0 else []
    rows = [row for section in sections(payload)[:1] for row in section.single]
    if len(rows) > most:
        rows.sort(key=lambda row: _RANK.get(row["verdict"] or row["reading"], 2))
    lines += _table(rows[:most], width=88)
    if len(rows) > most:
        lines.append(f"… and {len(rows) - most} more groups")
    if payload["verdict"] is None:
        lines.append("No policy applied: readings, not verdicts.")
        lines.append("Next: .frame() · .gate('us-four-fifths') · .plot.ratios('…')")
    else:
        lines.append("Next: print(decision.text()) · .frame() · .report('report.md')")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _reasons(payload: Mapping[str, Any]) -> list[str]:
    reasons = payload.get("reasons", [])
    if not reasons:
        return []
    lines = ["", "Why"]
    for reason in reasons[:_MOST_REASONS]:
        lines += _wrapped(reason, first="  ■ ", later="    ")
    more = len(reasons) - _MOST_REASONS
    return [*lines, f"    and {more} more, in the tables below"] if more > 0 else lines


def _section(section: Section) -> list[str]:
    severity = f" ({section.severity})" if section.severity else ""
    lines = _wrapped(f"{section.title}{severity}")
    if section.not_applicable:
        return [*lines, *_wrapped(section.not_applicable, first="  does not apply: ")]
    lines += _table(section.single)
    if section.summary:
        lines += _wrapped(section.summary)
        lines += _table(section.crossed[:_MOST_CROSSED]) if section.crossed else []
        more = len(section.crossed) - _MOST_CROSSED
        if more > 0:
            lines.append(f"  … and {more} more that stand out")
    return lines


def _table(rows: Sequence[Row], width: int = WIDTH) -> list[str]:
    """Return rows under the names of their attributes; the group gives way to fit."""
    if not rows:
        return []
    cells = [_head(rows[0]), *(_cells(row) for row in rows)]
    sizes = {name: max(cell_len(row[name]) for row in cells) for name in _COLUMNS}
    others = sum(sizes[name] + 2 for name in _COLUMNS if name != "group")
    sizes["group"] = min(sizes["group"], width - others - 4)
    lines = [_line(cells[0], sizes, " ")]
    attribute = None
    for row, cell in zip(rows, cells[1:], strict=True):
        if row["attribute"] != attribute:
            attribute = row["attribute"]
            lines.append(_fitted(f"  {label(attribute)}", width).rstrip())
        lines.append(_line(cell, sizes, MARKS[row["verdict"]]))
    return lines


def _line(cell: Mapping[str, str], sizes: Mapping[str, int], mark: str) -> str:
    parts = [
        _fitted(cell[name], sizes[name], right=name not in _LEFT) for name in _COLUMNS
    ]
    return f"  {mark} " + "  ".join(parts)


def _head(row: Row) -> dict[str, str]:
    metric = METRICS[row["metric"]]
    head = {name: name for name in _COLUMNS}
    head["ratio"] = {"difference": "gap", "smd": "smd", "odds": "odds"}.get(
        metric.form, "ratio"
    )
    head["interval"] = f"{(row['confidence'] or 0.95) * 100:g} % interval"
    return head


def _cells(row: Row) -> dict[str, str]:
    count = row["n"]
    return {
        "group": label(row["group"], _LONGEST_GROUP),
        "n": "–" if count is None else f"{count:,}",
        "rate": number(row["rate"], 3),
        "ratio": number(row["estimate"], 3),
        "interval": interval_of(row),
        "short": short_of(row),
        "sees": "" if row["reading"] == "reference" else number(row["detectable"]),
        "reading": reading_of(row),
    }


def _strata(payload: Mapping[str, Any]) -> list[str]:
    rows = stratum_rows(payload)
    lines = [
        f"{label(row['stratum'])}: {row['message']}" for row in rows[:_MOST_STRATA]
    ]
    more = len(rows) - _MOST_STRATA
    return [*lines, f"and {more} more"] if more > 0 else lines


def _plain_notes(payload: Mapping[str, Any]) -> list[str]:
    return [note for note in payload["notes"] if not note.startswith("offer: ")]


def _next(payload: Mapping[str, Any]) -> str:
    if payload["verdict"] is None:
        return "Next: judge it with a policy, for example --policy us-four-fifths"
    codes = sorted(
        {row["code"] for row in payload["findings"] if row["verdict"] == "fail"}
    )
    code = codes[0] if codes else "FA101"
    return f"Next: fairreach explain {code} · --report report.md · --format json"


def _listed(title: str, items: Iterable[str]) -> list[str]:
    lines = []
    for item in items:
        lines += _wrapped(item, first="  - ", later="    ")
    return ["", title, *lines] if lines else []


def _wrapped(
    content: str, width: int = WIDTH, *, first: str = "", later: str = ""
) -> list[str]:
    """Wrap by characters, then by cells: wide characters take two columns."""
    lines = textwrap.wrap(
        content,
        width,
        initial_indent=first,
        subsequent_indent=later or " " * len(first),
        break_on_hyphens=False,
    )
    fitted = []
    for line in lines:
        rest = line
        while cell_len(rest) > width:
            head = set_cell_size(rest, width).rstrip()
            fitted.append(head)
            rest = (later or " " * len(first)) + rest[len(head) :]
        fitted.append(rest)
    return fitted


def _fitted(content: str, size: int, *, right: bool = False) -> str:
    length = cell_len(content)
    if length > size:
        return set_cell_size(content, size - 1) + "…"
    pad = " " * (size - length)
    return pad + content if right else content + pad
