"""What reports show of a funnel: its stages, and which of them make the gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label

_MOST_GAPS = 12
_SHARE_WORTH_A_WORD = 0.005

Cells = list[list[str]]


def stage_cells(payload: Mapping[str, Any]) -> Cells:
    """Return the stages as a table of texts with its head first; empty without any.

    Examples
    --------
    >>> stage = {"name": "consent", "came": 200, "passed": 150, "judged": True,
    ...          "clauses": [{"name": "by", "text": "marketing by email"}]}
    >>> stage_cells({"funnel": {"stages": [stage]}})[1]
    ['consent', '200', '150', '75.0 %', 'by: marketing by email']
    """
    stages = payload.get("funnel", {}).get("stages", [])
    if not stages:
        return []
    return [["stage", "came", "passed", "rate", "what it asks"]] + [
        [
            label(stage["name"]) + ("" if stage["judged"] else " (not judged)"),
            f"{stage['came']:,}",
            f"{stage['passed']:,}",
            f"{stage['passed'] / stage['came']:.1%}".replace("%", " %")
            if stage["came"]
            else "–",
            _asked(stage),
        ]
        for stage in stages
    ]


def gap_lines(payload: Mapping[str, Any], most: int = _MOST_GAPS) -> list[str]:
    """Return a sentence for each gap that keeps the audience back.

    Parameters
    ----------
    payload : dict
    most : int, default 12
        Gaps that are told.
    """
    told = [gap for _, gap in told_gaps(payload)]
    lines = [
        f"{gap['message']}{_parts(gap, ratios=place == 0)}"
        for place, gap in enumerate(told[:most])
    ]
    more = len(told) - most
    return [*lines, f"and {more} more"] if more > 0 else lines


def told_gaps(payload: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the gaps that keep the audience back, each with its place in the payload.

    Of a group the comparison that a verdict rests on comes first, and is the one told.
    """
    gaps = payload.get("funnel", {}).get("gaps", [])
    standing = {
        (f["attribute"], f["group"])
        for f in payload["findings"]
        if f["verdict"] in {"fail", "inconclusive", "waived"}
        and f["severity"] != "note"
    }
    told = []
    for place, gap in enumerate(gaps):
        if (gap["attribute"], gap["group"]) in standing:
            standing.remove((gap["attribute"], gap["group"]))
            told.append((place, gap))
    return told


def _asked(stage: Mapping[str, Any]) -> str:
    texts = [
        one["text"] if one["text"] == one["name"] else f"{one['name']}: {one['text']}"
        for one in stage["clauses"]
    ]
    return "; ".join(ascii_controls(text) for text in texts)


def _parts(gap: Mapping[str, Any], *, ratios: bool) -> str:
    """Return the stages' shares, and within the culprit those of clauses or columns.

    With `ratios` the ratio of each stage and its interval come along.
    """
    shares = [
        f"{label(stage['stage'])} {stage['share'] * 100:.0f} %"
        + (_ratio(stage) if ratios else "")
        for stage in gap["stages"]
        if stage["share"] is not None
        and (ratios or abs(stage["share"]) >= _SHARE_WORTH_A_WORD)
    ]
    told = f" ({', '.join(shares)})" if shares else ""
    columns = [
        f"{label(one['column'])} {one['log_ratio']:+.2f}"
        for one in gap["columns"][:4]
        if one["log_ratio"] is not None
    ]
    if columns:
        told += f"; log points by column of the score: {', '.join(columns)}"
    culprit = gap["culprit"]
    stage = next(
        (s for s in gap["stages"] if culprit and s["stage"] == culprit["stage"]), None
    )
    if stage is not None and len(stage["clauses"]) > 1:
        points = [
            f"{label(one['clause'])} {one['log_ratio']:+.2f}"
            for one in stage["clauses"]
            if one["log_ratio"] is not None
        ]
        if points:
            told += f"; log points by clause: {', '.join(points)}"
    return told


def _ratio(stage: Mapping[str, Any]) -> str:
    if stage["low"] is None or stage["high"] is None:
        return ""
    return f": {stage['ratio']:.2f} [{stage['low']:.2f} to {stage['high']:.2f}]"
