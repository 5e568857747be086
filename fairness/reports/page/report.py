"""The report as one HTML page, from the payload alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.answers import answers, in_words
from fairness.reports.cells import Row
from fairness.reports.conduct import conduct_held, conduct_idle, conduct_unmet
from fairness.reports.funnel import gap_lines, stage_cells, told_gaps
from fairness.reports.ll144 import ll144_lines, ll144_rows, ll144_tables, ll144_title
from fairness.reports.page.engine import asset, flat, hash_of, template, texts
from fairness.reports.page.figures import figures_of, picture_style
from fairness.reports.page.tables import KINDS, Places, exact, table_of
from fairness.reports.rules import digests_of, outcome_of, source_of, status_of
from fairness.reports.sections import (
    LEGEND_COLUMNS,
    LEGEND_MARKS,
    LIMITS,
    MARKS,
    MEANINGS,
    VERDICT_MARKS,
    VERDICTS,
    Section,
    assumed_line,
    circumstances,
    first_of,
    idle,
    notes_of_rules,
    of_checks,
    plain_notes,
    sections,
    size_line,
    strata_rows,
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
_MOST_OTHERS = 400
_MOST_STRATA = 100
_MOST_CHECKS = 40
_MOST_SEGMENTS = 50
_MOST_GAPS = 3
_PARTS = {
    "conditional": "strata",
    "proxies": "proxies",
    "scores": "scores",
    "values": "scores",
}
_TITLES = {
    "now": "What to do",
    "why": "Why",
    "made": "Where the gap is made",
    "groups": "Groups",
    "strata": "Within strata",
    "proxies": "What the columns tell",
    "scores": "Scores and offered values",
    "segments": "Segments",
    "conduct": "How the campaign treats people",
    "ll144": "Impact ratios of Local Law 144",
    "policy": "Policy",
    "unseen": "What could not be seen",
    "limits": "What the verdict does not tell",
    "method": "Method",
    "evidence": "Evidence",
}


def html(payload: Mapping[str, Any]) -> str:
    """Return the report as a page of its own.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
        Works offline and without scripts, in light, dark and print. With them, tables
        sort, attributes filter, and each mark tells its numbers.
    """
    place = Places(payload)
    style = asset("report.css") + picture_style()
    script = asset("report.js")
    told = answers(payload)
    found = sections(payload)
    figures = figures_of(payload)
    parts = _by_part(found, place)
    reasons = list(dict.fromkeys(payload["reasons"]))
    within, left = strata_rows(payload, _MOST_STRATA)
    context = {
        "answers": told,
        "now": list(told.now),
        "reasons": texts([in_words(one) for one in first_of(reasons, _MOST_REASONS)]),
        "made": texts([in_words(line) for line in gap_lines(payload)]),
        "stages": [texts(row) for row in stage_cells(payload)],
        "gaps": [_gap(one, at) for at, one in told_gaps(payload)[:_MOST_GAPS]],
        "figures": figures,
        "parts": parts,
        "within": table_of(within, place),
        "within_left": _left(left),
        "measured": texts(of_checks(payload, _MOST_CHECKS)),
        "unmet": [_conduct(row) for row in conduct_unmet(payload)],
        "held": texts(conduct_held(payload)),
        "segments": _segments(payload),
        "ll144": [
            {"title": ll144_title(table), "rows": ll144_rows(table)}
            for table in ll144_tables(payload)
        ],
        "ll144_lines": texts(ll144_lines(payload)),
        "policies": [_policy(one, payload["findings"]) for one in payload["policy"]],
        "unseen": texts(unseen(payload)),
        "idle": texts([*idle(found), *conduct_idle(payload)]),
        "notes": texts([*notes_of_rules(payload), *plain_notes(payload)]),
        "limits": LIMITS,
        "method": texts(
            [
                *([LEGEND_MARKS] if payload["verdict"] else []),
                LEGEND_COLUMNS.replace("sees:", "could see:"),
                *payload.get("method", []),
            ]
        ),
        "evidence": digests_of(payload),
    }
    shown = [name for name in _TITLES if _is_shown(name, context)]
    return template("report.html.j2").render(
        **head(payload),
        **context,
        style=style,
        style_hash=hash_of(style),
        script=script,
        script_hash=hash_of(script),
        meaning=MEANINGS[payload["verdict"]],
        assumed=assumed_line(payload),
        titles=_TITLES if context["made"] else {**_TITLES, "made": "Funnel"},
        shown=shown,
        version=payload["version"],
        schema=payload["schema"],
    )


def head(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands at the head of a page and of a fragment."""
    verdict = payload["verdict"]
    campaign = payload.get("campaign", {})
    return {
        "verdict": verdict or "measured",
        "mark": VERDICT_MARKS[verdict],
        "word": VERDICTS[verdict],
        "subject": label(str(payload.get("subject", "the audience"))),
        "about": label(str(campaign.get("title") or ""), 120),
        "circumstances": circumstances(payload),
        "size": size_line(payload),
    }


def _is_shown(name: str, context: Mapping[str, Any]) -> bool:
    """Return whether a part of the page has something to show."""
    figures, parts = context["figures"], context["parts"]
    has = {
        "why": context["reasons"],
        "made": context["stages"],
        "groups": parts["groups"],
        "strata": parts["strata"] or context["within"],
        "proxies": parts["proxies"] or figures["proxies"],
        "scores": parts["scores"] or figures["scores"],
        "segments": context["segments"]["rows"],
        "conduct": context["unmet"] or context["held"],
        "ll144": context["ll144"],
        "policy": context["policies"],
        "unseen": context["unseen"] or context["idle"] or context["notes"],
    }
    return bool(has.get(name, True))


def _by_part(found: Sequence[Section], place: Places) -> dict[str, list[Any]]:
    """Return the sections of the findings by the part of the page that shows them."""
    made: dict[str, list[Any]] = {part: [] for part in ("groups", *_PARTS.values())}
    for number, one in enumerate(found):
        if not one.not_applicable:
            part = _PARTS.get(METRICS[one.metric].family, "groups")
            made[part].append(_section(one, number, place))
    return made


def _section(section: Section, number: int, place: Places) -> dict[str, Any]:
    others = section.others[:_MOST_OTHERS]
    left = len(section.others) - len(others)
    return {
        "id": f"section-{number}",
        "title": section.title,
        "severity": section.severity or "",
        "single": table_of(section.single, place),
        "crossed": table_of(section.crossed, place),
        "others": table_of(others, place),
        "others_size": len(others),
        "left": _left(left),
        "summary": section.summary,
    }


def _left(number: int) -> str:
    return f"… and {number:,} more, in the report for machines." if number else ""


def _gap(gap: Mapping[str, Any], at: int) -> dict[str, Any]:
    """Return a gap as a table: its stages, and under each its clauses or columns."""
    culprit = gap["culprit"] or {"stage": None, "clause": None, "column": None}
    rows = []
    for number, one in enumerate(gap["stages"]):
        is_culprit = one["stage"] == culprit["stage"]
        here = f"funnel.gaps.{at}.stages.{number}"
        rows.append(
            {
                "name": label(one["stage"]),
                "place": here,
                "inner": False,
                "stands": is_culprit,
                "cells": [
                    _number(one["rate"]),
                    _number(one["rate_reference"]),
                    _number(one["ratio"], 2),
                    _interval(one["low"], one["high"]),
                    _number(one["log_ratio"], 2),
                    _share(one["share"]),
                ],
            }
        )
        inner = [(c["clause"], c["log_ratio"]) for c in one["clauses"]]
        if is_culprit and gap["columns"]:
            inner = [(c["column"], c["log_ratio"]) for c in gap["columns"]]
        if len(inner) > 1:
            rows += [
                {
                    "name": label(name),
                    "place": here,
                    "inner": True,
                    "stands": is_culprit
                    and name in {culprit["clause"], culprit["column"]},
                    "cells": [*([_blank()] * 4), _number(value, 2), _blank()],
                }
                for name, value in inner
            ]
    return {"said": in_words(str(gap["message"])), "rows": rows}


def _number(value: float | None, digits: int = 3) -> dict[str, str]:
    shown = "–" if value is None else f"{value:.{digits}f}"
    return {"text": shown, "exact": exact([value])}


def _interval(low: float | None, high: float | None) -> dict[str, str]:
    if low is None and high is None:
        return _blank()
    ends = ("–" if x is None else f"{x:.2f}" for x in (low, high))
    return {"text": " – ".join(ends), "exact": exact([low, high])}


def _share(value: float | None) -> dict[str, str]:
    shown = "–" if value is None else f"{value * 100:.0f} %"
    return {"text": shown, "exact": exact([value])}


def _blank() -> dict[str, str]:
    return {"text": "", "exact": ""}


def _conduct(row: Row) -> dict[str, str]:
    return {
        "mark": MARKS[row["verdict"]],
        "kind": KINDS[row["verdict"]],
        "meaning": str(row["verdict"]).replace("_", " "),
        "rule": label(str(row["rule"])),
        "severity": str(row["severity"]),
        "message": flat(row["message"]),
        "source": flat(row["citation"]),
        "remedy": flat(row.get("remedy")),
    }


def _policy(policy: Mapping[str, Any], findings: Sequence[Row]) -> dict[str, Any]:
    """Return a policy with what became of each of its rules."""
    came: dict[str, list[str]] = {}
    for row in findings:
        if row["policy"] == policy["name"]:
            came.setdefault(str(row["rule"]), []).append(row["verdict"])
    return {
        "name": label(str(policy["name"]), 80),
        "version": label(str(policy["version"]), 80),
        "title": flat(policy.get("title")),
        "disclaimer": flat(policy.get("disclaimer")),
        "as_of": str(policy.get("as_of", "")),
        "rules": [
            _rule(rule, came.get(rule["id"], [])) for rule in policy.get("rules", ())
        ],
    }


def _rule(rule: Mapping[str, Any], came: Sequence[str]) -> dict[str, Any]:
    verdict, told = outcome_of(came)
    return {
        "id": rule["id"],
        "title": flat(rule["title"]),
        "why": flat(rule["why"]),
        "bound": rule["bound"],
        "severity": rule["severity"],
        "mark": MARKS[verdict].strip(),
        "kind": KINDS[verdict],
        "came": told,
        "source": source_of(rule),
        "status": status_of(rule),
        "looked_up": rule["looked_up"],
    }


def _segments(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": segments_title(payload),
        "rows": [texts(row) for row in segment_cells(payload, _MOST_SEGMENTS)],
        "lines": segment_lines(payload, _MOST_SEGMENTS),
        "profiles": profile_lines(payload),
        "given_away": given_away_lines(payload),
    }
