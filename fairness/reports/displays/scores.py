"""Scores: how those of each group are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.reports.displays.base import Row
from fairness.reports.displays.canvas import (
    Layout,
    moved,
    percent,
    percent_ticks,
    plain_axes,
    round_places,
    shorten,
    ticks,
    write,
)
from fairness.reports.displays.curves import (
    MARGIN,
    OfScore,
    are_all_scored,
    first_of,
    section_of,
)
from fairness.reports.displays.lines import (
    Line,
    draw_lines,
    short_label,
    standing_of,
)
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MIDDLE = 0.5


@dataclass(frozen=True, repr=False)
class Scores(OfScore):
    """Share of each group that scores at or above each cut.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a group and cut, from the lowest cut on.
    standing : Standing
    left_out : int
    all_scored : bool
        Whether nearly all customers have a score.
    """

    kind: ClassVar[str] = "scores"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "threshold",
        "rate",
        "low",
        "high",
        "confidence",
        "share",
        "n",
    )

    @property
    def title(self) -> str:
        """The two groups that lie furthest apart at the middle of the scores."""
        rows = self.standing.solid(self._middle())
        name = shorten(self.attribute)
        if not rows:
            return f"How groups of {name} score is hidden: they are small"
        low = min(rows, key=lambda row: row["rate"])
        high = max(rows, key=lambda row: row["rate"])
        return (
            f"{percent(low['rate'])} of {shorten(low['group'])} and "
            f"{percent(high['rate'])} of {shorten(high['group'])} score "
            f"{low['threshold']:.3g} or more; of all customers, "
            f"{percent(low['share'])}"
        )

    def _middle(self) -> list[Row]:
        if not self.rows:
            return []
        best = min(self.rows, key=lambda row: abs(row["share"] - _MIDDLE))
        return [row for row in self.rows if row["threshold"] == best["threshold"]]

    @property
    def told(self) -> tuple[str, ...]:
        """The share of a group above a cut, with its interval."""
        return tuple(
            f"{label(row['group'])}: {percent(row['rate'])} "
            f"of {row['n']:,} score {row['threshold']:.3g} or more "
            f"({row['confidence'] * 100:g} % {percent(row['low'])} to "
            f"{percent(row['high'])}); of all customers {percent(row['share'])}"
            for row in self.rows
        )

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        groups = self.grouped()
        looks = self.standing.looks(list(groups))
        return tuple(
            Line(
                short_label(group),
                looks[group],
                tuple((r["threshold"], r["rate"], i) for i, r in rows),
            )
            for group, rows in groups.items()
        )

    def above(self) -> str:
        """Return what the shares are."""
        return "share of the group that scores as much or more"

    def below(self) -> str:
        """Return what is cut."""
        return "score"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: room for the labels on the right."""
        return self.measures([line.label for line in self._lines], heading=heading)

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw how the share falls as the cut rises."""
        cuts = [row["threshold"] for row in self.rows]
        left, right = min(cuts), max(cuts)
        pad = (right - left) * 0.02 or 0.5
        top = max(row["rate"] for row in self.rows)
        plain_axes(ax, below=self.below(), grid="y")
        ax.set_xlim(left - pad, right + pad)
        ax.set_ylim(0, top * MARGIN)
        percent_ticks(ax, "y", 0, top)
        places = round_places(left, right)
        ticks(ax, "x", places, [f"{place:g}" for place in places])
        write(
            ax,
            self.above(),
            (0, 1),
            offset=(-30, 5),
            transform=ax.transAxes,
            va="bottom",
        )
        draw_lines(ax, self._lines)
        _key(ax, self._lines, self._middle())
        self.finish(ax, layout, heading=heading)


def _key(ax: Axes, lines: Sequence[Line], order: Sequence[Row]) -> None:
    """Write what the colours are beside the axes, in the order of some rows."""
    heights = {short_label(row["group"]): row["rate"] for row in order}
    ranked = sorted(lines, key=lambda line: -heights.get(line.label, 0.0))
    for place, line in enumerate(ranked):
        down = -6 - place * 10.6
        colour = light(line.look.colour)
        ax.plot(
            [1],
            [1],
            transform=moved(ax, ax.transAxes, (6, down)),
            linestyle="none",
            marker=line.look.marker,
            markersize=max(line.look.size, 3.5),
            markerfacecolor=colour,
            markeredgewidth=0,
            color=colour,
            clip_on=False,
        )
        write(
            ax,
            line.label,
            (1, 1),
            offset=(14, down),
            transform=ax.transAxes,
            color=colour,
            va="center_baseline",
            fontweight="bold" if line.look.width > 1.5 else "normal",  # noqa: PLR2004
        )


def scores_of(payload: Mapping[str, Any], attribute: str) -> list[Scores]:
    """Return the display of how scores are spread; none without a score."""
    one = section_of(payload, attribute)
    if one is None:
        return []
    standing = standing_of(payload, attribute)
    groups, more = first_of(one["groups"], standing)
    rows = [
        {
            "attribute": attribute,
            "group": group["group"],
            "threshold": one["thresholds"][place],
            "rate": group["rate"][place],
            "low": group["low"][place],
            "high": group["high"][place],
            "confidence": payload["curves"]["confidence"],
            "share": one["shares"][place],
            "n": group["n"],
        }
        for group in groups
        for place in reversed(range(len(one["thresholds"])))
        if group["rate"][place] is not None
    ]
    rows.sort(key=lambda row: row["threshold"])
    if not rows:
        return []
    left_out = more + one["groups_left_out"]
    scored = are_all_scored(payload, one)
    return [Scores(attribute, tuple(rows), standing, left_out, scored)]
