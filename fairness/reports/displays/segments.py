"""Segments: which groups each of them holds too many or too few of, as a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fairness.findings.messages import label, number
from fairness.reports.displays.base import Row
from fairness.reports.displays.canvas import percent, shorten
from fairness.reports.displays.crossed import Crossed

_MOST_ROWS, _MOST_COLUMNS = 24, 10


@dataclass(frozen=True, repr=False)
class Segments(Crossed):
    """Share of each group in each segment, as a ratio to its share of all customers.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        Lifts, as the payload has them.
    down, across : tuple of str
        Segments, the most telling first, and groups.
    left_out : int
        Pairs for which there is no room.
    name : str
        Of the segmentation.
    """

    kind: ClassVar[str] = "segments"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "segment",
        "group",
        "n",
        "share",
        "base",
        "lift",
        "low",
        "high",
        "p_adjusted",
        "reading",
    )

    name: str = ""

    @property
    def title(self) -> str:
        """The segment and group that stand out most."""
        found = [row for row in self.rows if _stands(row) and row["lift"] is not None]
        name = shorten(self.attribute)
        if not found:
            return f"No segment of {shorten(self.name)} stands out in {name}"
        worst = max(found, key=_distance)
        others = len(found) - 1
        verb = "stands" if others == 1 else "stand"
        more = f"; {others} more {verb} out" if others else ""
        return (
            f"Segment {shorten(worst['segment'])} holds {number(worst['lift'])} times "
            f"as many of {shorten(worst['group'])} as all customers do{more}"
        )

    @property
    def told(self) -> tuple[str, ...]:
        """The shares of a group in a segment and overall."""
        return tuple(_told(row) for row in self.rows)

    def sides(self, row: Row) -> tuple[str, str]:
        """Return the segment and the group."""
        return row["segment"], row["group"]

    def value(self, row: Row) -> float | None:
        """Return the lift; None where it is hidden."""
        return None if row["reading"] == "hidden" else row["lift"]

    def is_marked(self, row: Row) -> bool:
        """Return whether the lift is beyond chance."""
        return _stands(row)

    def below(self) -> str:
        """Return what the numbers are."""
        return "share in the segment as a multiple of the share of all customers"

    def note(self) -> str:
        """Return how many are not drawn."""
        more = self.left_out
        return f"{more:,} pairs that tell less are not drawn" if more else ""


def segments_of(
    payload: Mapping[str, Any], attribute: str | None = None
) -> list[Segments]:
    """Return the map of each attribute; none without segments."""
    section = payload.get("segments")
    if not section:
        return []
    made = []
    for name in dict.fromkeys(row["attribute"] for row in section["lifts"]):
        if attribute not in {None, name}:
            continue
        lifts = [row for row in section["lifts"] if row["attribute"] == name]
        groups = list(dict.fromkeys(row["group"] for row in lifts))
        base = {row["group"]: row["base"] or 0.0 for row in lifts}
        largest = sorted(groups, key=lambda group: -base[group])[:_MOST_COLUMNS]
        across = [group for group in groups if group in largest]
        known = {row["segment"] for row in lifts}
        order = [one["segment"] for one in section["segments"]]
        down = [segment for segment in order if segment in known][:_MOST_ROWS]
        rows = [r for r in lifts if r["segment"] in down and r["group"] in across]
        rows.sort(key=lambda r: (down.index(r["segment"]), across.index(r["group"])))
        made.append(
            Segments(
                name,
                tuple(rows),
                tuple(down),
                tuple(across),
                len(lifts) - len(rows),
                section["name"],
            )
        )
    return made


def _stands(row: Row) -> bool:
    return str(row["reading"]).endswith("represented")


def _distance(row: Row) -> float:
    """Return how far from 1 a lift surely is, as a factor."""
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return 1.0
    near = low if row["lift"] > 1 else 1 / high if high else float("inf")
    return float(max(near, 1.0))


def _told(row: Row) -> str:
    who = (
        f"segment {label(str(row['segment']))}, {label(row['attribute'])} "
        f"{label(row['group'])}"
    )
    if row["lift"] is None:
        is_hidden = row["reading"] == "hidden"
        return f"{who}: {'hidden, the group is small' if is_hidden else row['reading']}"
    return (
        f"{who}: {_count(row)}{percent(row['share'])} here, {percent(row['base'])} of "
        "all, "
        f"{number(row['lift'])} times ({number(row['low'])} to {number(row['high'])}); "
        f"{row['reading']}"
    )


def _count(row: Row) -> str:
    return "" if row["n"] is None else f"n = {row['n']:,}, "
