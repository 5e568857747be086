"""Scores: how those of each group are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.reports.displays.base import Row
from fairness.reports.displays.canvas import (
    Layout,
    moved,
    percent,
    shorten,
    write,
)
from fairness.reports.displays.curves import (
    OfScore,
    cuts_of,
)
from fairness.reports.displays.lines import (
    Line,
    draw_lines,
    short_label,
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

    def above(self) -> str:
        """Return what the shares are."""
        return "share of the group that scores as much or more"

    def below(self) -> str:
        """Return what is cut."""
        return "score"

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw how the share falls as the cut rises."""
        self.share_axes(ax, max(row["rate"] for row in self.rows), 0.02)
        self.write_above(ax)
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
    found = cuts_of(payload, attribute)
    if found is None:
        return []
    one = found.section
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
        for group, place in found.told("rate")
    ]
    rows.sort(key=lambda row: row["threshold"])
    if not rows:
        return []
    return [
        Scores(attribute, tuple(rows), found.standing, found.left_out, found.all_scored)
    ]
