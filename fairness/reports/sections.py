"""What every report shows, picked from the payload: rows, culprits, what is unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairness.findings.messages import label, number
from fairness.metrics import METRICS

Row = Mapping[str, Any]

MARKS: Mapping[str | None, str] = {
    "pass": "●",
    "fail": "■",
    "inconclusive": "○",
    "waived": "◆",
    "not_measurable": "·",
    "not_applicable": "·",
    None: " ",
}
VERDICTS: Mapping[str | None, str] = {
    "clear": "CLEAR",
    "review": "REVIEW",
    "block": "BLOCK",
    None: "MEASURED",
}


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one rule, or of one metric where there is no policy.

    Parameters
    ----------
    title : str
    severity : str or None
    metric : str
    single : list of rows
        Of single attributes, in the order of the payload.
    crossed : list of rows
        Of intersections, those that stand out, worst first.
    summary : str
        The intersections in numbers; empty where there are none.
    not_applicable : str
        Why the rule did not apply; empty where it did.
    """

    title: str
    severity: str | None
    metric: str
    single: list[Row] = field(default_factory=list)
    crossed: list[Row] = field(default_factory=list)
    summary: str = ""
    not_applicable: str = ""


def headline(payload: Mapping[str, Any]) -> str:
    """Return the verdict, the subject, the offer and the policy in one line.

    Examples
    --------
    >>> headline({"verdict": "block", "offer": "beneficial", "subject": "picked",
    ...           "policy": [{"name": "us-four-fifths", "version": "1"}],
    ...           "offer_assumed": False})
    'BLOCK · picked · beneficial offer · us-four-fifths 1'
    """
    offer = f"{payload['offer']} offer"
    if payload.get("offer_assumed"):
        offer += " (assumed)"
    policies = ", ".join(
        f"{label(p['name'])} {label(p['version'])}" for p in payload["policy"]
    )
    parts = [
        VERDICTS[payload["verdict"]],
        label(str(payload.get("subject", ""))),
        offer,
    ]
    return " · ".join(
        part for part in [*parts, policies or "no policy applied"] if part
    )


def size_line(payload: Mapping[str, Any]) -> str:
    """Return how many customers there are and how many are selected.

    Examples
    --------
    >>> size_line({"data": {"rows": 12000, "selected": 1235}, "confidence": 0.95})
    '12,000 customers, 1,235 selected (10.3 %) · intervals 95 %'
    """
    rows, selected = payload["data"]["rows"], payload["data"]["selected"]
    share = f" ({selected / rows:.1%})".replace("%", " %") if rows else ""
    level = f"{payload.get('confidence', 0.95) * 100:g} %"
    return f"{rows:,} customers, {selected:,} selected{share} · intervals {level}"


def sections(payload: Mapping[str, Any]) -> list[Section]:
    """Return the findings by rule (or metric), notes left out.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    list of Section
        In the order of the payload.
    """
    found: dict[str, list[Row]] = {}
    for row in payload["findings"]:
        if (
            row["stratum"] is None
            and row["severity"] != "note"
            and row["metric"] in METRICS
        ):
            found.setdefault(row["rule"] or row["metric"], []).append(row)
    return [_section(key, rows) for key, rows in found.items()]


def notes_of_rules(payload: Mapping[str, Any], most: int = 3) -> list[str]:
    """Return one line for each note rule that has something to say."""
    found: dict[str, list[Row]] = {}
    for row in payload["findings"]:
        if row["severity"] == "note" and row["verdict"] == "fail":
            found.setdefault(row["rule"], []).append(row)
    lines = []
    for rule, rows in found.items():
        groups = [f"{label(r['attribute'], 30)} {label(r['group'], 30)}" for r in rows]
        more = f" and {len(groups) - most} more" if len(groups) > most else ""
        title = METRICS[rows[0]["metric"]].title.lower()
        lines.append(
            f"{rule} ({title} {rows[0]['bound']} not met): {', '.join(groups[:most])}{more}"
        )
    return lines


def unseen(payload: Mapping[str, Any]) -> list[str]:
    """Return what could not be measured, by attribute, with the smallest detectable gap."""
    lines = []
    for section in sections(payload):
        few: dict[str, list[Row]] = {}
        for row in section.single:
            if row["reading"] == "too few" or row["verdict"] == "not_measurable":
                few.setdefault(row["attribute"], []).append(row)
        for attribute, rows in few.items():
            names = ", ".join(label(r["group"], 30) for r in rows[:4])
            more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""  # noqa: PLR2004
            lines.append(
                f"{label(attribute, 30)}: too few to tell for {names}{more} ({section.title})"
            )
        passed = [
            row["detectable"]
            for row in section.single
            if row["reading"] == "no clear difference" and row["detectable"] is not None
        ]
        if passed:
            upper = METRICS[section.metric].name == "burden_ratio"
            weakest = max(passed) if upper else min(passed)
            word = "above" if upper else "below"
            lines.append(
                f"{section.title}: of the groups without a clear difference, the least "
                f"certain one could have hidden any ratio not {word} {number(weakest)}"
            )
    return lines


def stratum_rows(payload: Mapping[str, Any]) -> list[Row]:
    """Return the findings within strata that stand out."""
    return [
        row
        for row in payload["findings"]
        if row["stratum"] is not None and row["reading"] in {"lower", "higher"}
    ]


def short_of(row: Row) -> str:
    """Return the people a group is short of the overall rate; above it with a plus.

    Examples
    --------
    >>> short_of({"shortfall": 79.5}), short_of({"shortfall": -3.2})
    ('80', '+3')
    """
    value = row["shortfall"]
    if value is None:
        return "–"
    whole = round(value)
    return f"{whole:,}" if whole >= 0 else f"+{-whole:,}"


def interval_of(row: Row, digits: int = 3) -> str:
    """Return the interval of a finding, empty where there is none."""
    if row["low"] is None and row["high"] is None:
        return ""
    return f"{number(row['low'], digits)} – {number(row['high'], digits)}"


def reading_of(row: Row) -> str:
    """Return the last column of a table: the reading, and what became of it."""
    if row["n"] is None and row["verdict"] != "not_applicable":
        return "hidden: small group"
    text = str(row["reading"])
    if row["verdict"] == "waived":
        text += ", waived"
    if row["verdict"] == "inconclusive":
        text = "inconclusive"
    return text


def _section(key: str, rows: Sequence[Row]) -> Section:
    first = rows[0]
    metric = METRICS[first["metric"]]
    title = metric.title
    if first["rule"]:
        title = f"{label(key)}: {metric.title.lower()} {first['bound']}"
    idle = [row for row in rows if row["verdict"] == "not_applicable"]
    if len(idle) == len(rows):
        return Section(
            title, first["severity"], metric.name, not_applicable=first["message"]
        )
    single = [row for row in rows if not is_crossed(row)]
    crossed = [row for row in rows if is_crossed(row)]
    standing = [row for row in crossed if _stands_out(row)]
    standing.sort(key=lambda row: (row["p_adjusted"] is None, row["p_adjusted"] or 0.0))
    few = sum(row["reading"] == "too few" or row["n"] is None for row in crossed)
    summary = ""
    if crossed:
        pairs = len({row["attribute"] for row in crossed})
        summary = (
            f"{len(crossed):,} groups of {pairs} intersections: {len(standing)} stand out, "
            f"{few} too few to tell"
        )
    return Section(title, first["severity"], metric.name, single, standing, summary)


def is_crossed(row: Row) -> bool:
    """Return whether a row is of an intersection: a doubled ampersand is a label's."""
    return "&" in row["attribute"].replace("&&", "")


def _stands_out(row: Row) -> bool:
    if row["verdict"] is not None:
        return row["verdict"] in {"fail", "inconclusive", "waived"}
    return row["reading"] in {"lower", "higher"}
