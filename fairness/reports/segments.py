"""What reports show of segments: the section ``segments`` of the payload.

Each segment with its size and rate of selection, the groups that it surely holds most
too many and most too few of, and how much of each attribute the segments give away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.reports.cells import interval_of, shown_number
from fairness.reports.sections import first_of

Cells = list[list[str]]

_MOST_PROFILES = 20
_LONGEST = 40
# Cohen's marks for a small and a medium association.
_SOME, _MUCH = 0.1, 0.3


def segments_title(payload: Mapping[str, Any]) -> str:
    """Return the title of the section; empty without any.

    Examples
    --------
    >>> segments_title({"segments": {"name": "RFM grid"}}), segments_title({})
    ('Segments: RFM grid', '')
    """
    section = payload.get("segments")
    return f"Segments: {label(str(section['name']))}" if section else ""


def segment_cells(payload: Mapping[str, Any], most: int) -> Cells:
    """Return the segments as a table of texts with its head first; empty without any.

    Parameters
    ----------
    payload : dict
    most : int
        Segments that are shown, the most telling first.

    Returns
    -------
    list of list of str
        segment, n, rate, more or fewer of, group, share, of all, lift, interval. A
        segment has one row, or two where groups stand out on both sides; the first
        three cells of the second are empty.
    """
    section = payload.get("segments")
    if not section:
        return []
    level = f"{section['confidence'] * 100:g} % interval"
    head = ["segment", "n", "rate", "holds", "group", "share", "of all", "lift", level]
    return [
        head,
        *(
            row
            for one in section["segments"][:most]
            for row in _rows(one, section["lifts"])
        ),
    ]


def segment_lines(payload: Mapping[str, Any], most: int) -> list[str]:
    """Return what the table leaves out, and how many pairs stand out, a line each."""
    section = payload.get("segments")
    if not section:
        return []
    lifts = section["lifts"]
    out = sum(_stands(one) for one in lifts)
    hidden = sum(one["reading"] == "hidden" for one in lifts)
    verb = "stands" if out == 1 else "stand"
    told = (
        f"{out:,} of {len(lifts):,} pairs of segment and group {verb} out (false "
        f"discovery rate {section['alpha']:g})"
    )
    lines = [f"{told}; {hidden:,} are hidden: small groups" if hidden else told]
    more = len(section["segments"]) - most
    if more > 0:
        plural = "s" if more > 1 else ""
        lines.append(f"… and {more:,} more segment{plural} that tell less")
    said = payload.get("notes", ())
    notes = [str(note) for note in section["notes"] if note not in said]
    return [ascii_controls(one) for one in (str(section["made"]), *lines, *notes)]


def given_away_lines(payload: Mapping[str, Any]) -> list[str]:
    """Return for each attribute how much of it the segments tell, the most first.

    Examples
    --------
    >>> one = {"attribute": "gender", "cramers_v": 0.21, "explained": 0.041,
    ...        "explained_by_chance": 0.002, "p_value": 0.0,
    ...        "groups": [{"group": "f", "auc": 0.61, "auc_by_chance": 0.51}]}
    >>> given_away_lines({"segments": {"attributes": [one]}})[0]
    "gender: the segments tell some of it (Cramér's V 0.21), 4.1 % of what there is to \
know (0.2 % by chance); f is told best, AUC 0.61 (0.51 by chance)"
    """
    section = payload.get("segments") or {"attributes": []}
    found = sorted(section["attributes"], key=lambda one: -(one["cramers_v"] or 0.0))
    return [_given_away(one) for one in found]


def profile_lines(payload: Mapping[str, Any]) -> list[str]:
    """Return the segments in plain words, in the order of the table."""
    section = payload.get("segments") or {"segments": []}
    told = [one.get("profile") for one in section["segments"]]
    texts = [ascii_controls(str(one)) for one in told if one]
    return first_of(texts, _MOST_PROFILES)


def _rows(one: Mapping[str, Any], lifts: Sequence[Mapping[str, Any]]) -> Cells:
    own = [label(str(one["segment"]), _LONGEST), f"{one['n']:,}", _rate(one)]
    inside = [row for row in lifts if row["segment"] == one["segment"]]
    found = [
        max(side, key=_distance)
        for side in (
            [row for row in inside if row["reading"] == "over-represented"],
            [row for row in inside if row["reading"] == "under-represented"],
        )
        if side
    ]
    if not found:
        return [[*own, "", "no group stands out", "", "", "", ""]]
    found.sort(key=_distance, reverse=True)
    return [
        [*(own if place == 0 else ["", "", ""]), *_lift(row)]
        for place, row in enumerate(found)
    ]


def _rate(one: Mapping[str, Any]) -> str:
    rate = one.get("rate")
    return "" if rate is None else shown_number(rate)


def _lift(row: Mapping[str, Any]) -> list[str]:
    return [
        "more of" if row["lift"] > 1 else "fewer of",
        f"{label(row['attribute'], _LONGEST)} {label(row['group'], _LONGEST)}",
        shown_number(row["share"]),
        shown_number(row["base"]),
        shown_number(row["lift"], 2),
        interval_of(row),
    ]


def _stands(row: Mapping[str, Any]) -> bool:
    return str(row["reading"]).endswith("represented")


def _distance(row: Mapping[str, Any]) -> float:
    """Return how far from 1 a lift surely is, in logs."""
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return 0.0
    near = low if row["lift"] > 1 else 1 / high if high else math.inf
    return math.log(max(near, 1.0))


def _given_away(one: Mapping[str, Any]) -> str:
    name, strength = label(one["attribute"]), one["cramers_v"]
    if strength is None:
        return f"{name}: everybody is in one segment, or of one group"
    how = "much" if strength >= _MUCH else "some" if strength >= _SOME else "little"
    told = f"the segments tell {how} of it (Cramér's V {strength:.2f})"
    if one["explained"] is not None:
        told += f", {_percent(one['explained'])} of what there is to know"
        if one["explained_by_chance"] is not None:
            told += f" ({_percent(one['explained_by_chance'])} by chance)"
    known = [group for group in one["groups"] if group["auc"] is not None]
    if known:
        best = max(known, key=_beyond_chance)
        told += f"; {label(best['group'])} is told best, AUC {best['auc']:.2f}"
        if best["auc_by_chance"] is not None:
            told += f" ({best['auc_by_chance']:.2f} by chance)"
    return f"{name}: {told}"


def _beyond_chance(group: Mapping[str, Any]) -> float:
    return float(group["auc"]) - float(group["auc_by_chance"] or 0.5)


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
