"""What pictures of a score share: the section ``curves``, and a line a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    Layout,
    layout_of,
    percent_ticks,
    plain_axes,
    round_places,
    ticks,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.lines import (
    NOBODY,
    Line,
    Standing,
    height_for,
    room_for,
    short_label,
    standing_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 1.06
_WIDTH = 4.0
_ALL = 0.98


@dataclass(frozen=True, repr=False)
class OfScore(Display):
    """A picture of a score, with a line for each group."""

    standing: Standing = NOBODY
    left_out: int = 0
    all_scored: bool = True

    rows_above: ClassVar[int] = 1
    x: ClassVar[str] = "threshold"

    def above(self) -> str:
        """Return what is written above the marks: what the heights are."""
        return ""

    def below(self) -> str:
        """Return what is written below the marks: what the widths are."""
        return ""

    def grouped(self) -> dict[str, list[tuple[int, Row]]]:
        """Return the rows of each group, with their places."""
        found: dict[str, list[tuple[int, Row]]] = {}
        for place, row in enumerate(self.rows):
            found.setdefault(row["group"], []).append((place, row))
        return found

    def _note(self) -> str:
        parts = []
        if not self.all_scored:
            parts.append("who has no score counts as not selected by any cut")
        if self.left_out:
            groups = "groups are" if self.left_out > 1 else "group is"
            parts.append(f"{self.left_out} other {groups} not drawn")
        return "; ".join(parts)

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        """One a group: its rates over `x`."""
        groups = self.grouped()
        looks = self.standing.looks(list(groups))
        return tuple(
            Line(
                short_label(group),
                looks[group],
                tuple((row[self.x], row["rate"], place) for place, row in rows),
            )
            for group, rows in groups.items()
        )

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: room for the labels on the right."""
        labels = [line.label for line in self._lines]
        return layout_of(
            height=height_for(len(labels), 2.6),
            width=_WIDTH,
            names=0.42,
            right=room_for(labels),
            title=self.title,
            rows_above=self.rows_above,
            words=[readable(self.above()), readable(self.below()), self._note()],
            below=0.5 + (0.18 if self._note() else 0),
            heading=heading,
        )

    def share_axes(self, ax: Axes, top: float, pad: float) -> tuple[float, float]:
        """Set axes for shares over `x`, with a part of its range left at both ends.

        Returns
        -------
        tuple of float
            The ends of the axis below.
        """
        found = [row[self.x] for row in self.rows]
        left, right = min(found), max(found)
        room = (right - left) * pad or 0.5
        plain_axes(ax, below=self.below(), grid="y")
        ax.set_xlim(left - room, right + room)
        ax.set_ylim(0, top * MARGIN)
        percent_ticks(ax, "y", 0, top)
        places = round_places(left, right)
        ticks(ax, "x", places, [f"{place:g}" for place in places])
        return left - room, right + room

    def write_above(self, ax: Axes, up: float = 5) -> None:
        """Write what the heights are, some points above the marks."""
        at, offset = ax.transAxes, (-30, up)
        write(ax, self.above(), (0, 1), offset=offset, transform=at, va="bottom")

    def finish(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Write what is left out, and the title."""
        if self._note():
            write(ax, self._note(), (0, 0), offset=(0, -37), transform=ax.transAxes)
        if heading:
            write_title(ax, self.title, layout, self.rows_above)


def are_all_scored(payload: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Return whether the lowest cut selects as many as it would if all had a score.

    Cuts are at about nine tenths and below: where the lowest is at the lower end of
    the scores, those that it does not select have none.
    """
    cuts = one["thresholds"]
    return not cuts or cuts[0] > payload["curves"]["low"] or one["shares"][0] > _ALL


def first_of(
    groups: Sequence[Mapping[str, Any]], standing: Standing
) -> tuple[list[Mapping[str, Any]], int]:
    """Return the groups for which there is a colour, and how many others there are."""
    sizes = {
        group["group"]: group["n"] if isinstance(group["n"], int) else sum(group["n"])
        for group in groups
    }
    drawn = standing.first(sizes)
    return [g for g in groups if g["group"] in drawn], len(groups) - len(drawn)


@dataclass(frozen=True, slots=True)
class OfCuts:
    """What pictures of cuts take from the curves of an attribute."""

    section: Mapping[str, Any]
    standing: Standing
    groups: list[Mapping[str, Any]]
    left_out: int
    all_scored: bool

    def told(self, key: str) -> Iterator[tuple[Mapping[str, Any], int]]:
        """Yield groups with the places of cuts at which a number is told."""
        for group in self.groups:
            for place in reversed(range(len(self.section["thresholds"]))):
                if group[key][place] is not None:
                    yield group, place


def cuts_of(payload: Mapping[str, Any], attribute: str) -> OfCuts | None:
    """Return what cuts of the score do to an attribute; None without a score."""
    one = section_of(payload, attribute)
    if one is None:
        return None
    standing = standing_of(payload, attribute)
    groups, more = first_of(one["groups"], standing)
    left_out = more + one["groups_left_out"]
    return OfCuts(one, standing, groups, left_out, are_all_scored(payload, one))


def section_of(payload: Mapping[str, Any], attribute: str) -> Mapping[str, Any] | None:
    """Return the curves of an attribute; None where there are none."""
    found: Sequence[Mapping[str, Any]] = payload.get("curves", {}).get("attributes", [])
    return next((one for one in found if one["attribute"] == attribute), None)
