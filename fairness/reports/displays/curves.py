"""What pictures of a score share: the section ``curves``, and a line a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    Layout,
    layout_of,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.lines import (
    NOBODY,
    Standing,
    height_for,
    room_for,
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

    def measures(self, labels: Sequence[str], *, heading: bool) -> Layout:
        """Return the measures: room for the labels on the right."""
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


def section_of(payload: Mapping[str, Any], attribute: str) -> Mapping[str, Any] | None:
    """Return the curves of an attribute; None where there are none."""
    found: Sequence[Mapping[str, Any]] = payload.get("curves", {}).get("attributes", [])
    return next((one for one in found if one["attribute"] == attribute), None)
