"""Thresholds: what each cut of the score does to groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import against, label, number
from fairness.reports.displays.base import Row
from fairness.reports.displays.canvas import (
    Layout,
    lines_with_labels,
    percent,
    plain_axes,
    shorten,
    ticks,
    whom,
)
from fairness.reports.displays.curves import (
    MARGIN,
    OfScore,
    cuts_of,
)
from fairness.reports.displays.lines import (
    Line,
    draw_lines,
    end_labels,
    short_label,
)
from fairness.reports.displays.ratios import ratio_ticks
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOWEST = 0.05
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)


@dataclass(frozen=True, repr=False)
class Thresholds(OfScore):
    """Ratio of each group to the reference at each cut of the score.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a group and cut, from the strictest cut on.
    standing : Standing
    left_out : int
        Groups that are not drawn.
    all_scored : bool
        Whether nearly all customers have a score.
    selected_share : float
        Share of all customers that is selected.
    """

    kind: ClassVar[str] = "thresholds"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "threshold",
        "share",
        "ratio",
        "low",
        "high",
        "confidence",
        "rate",
        "n",
        "reference",
        "n_reference",
    )

    rows_above: ClassVar[int] = 2

    selected_share: float = 0.0

    @property
    def title(self) -> str:
        """What the cut in use does to the group most harmed, and another cut."""
        here = self.standing.solid(self._nearest(), least=1)
        if not here:
            return f"No cut of the score can be compared for {shorten(self.attribute)}"
        at = percent(here[0]["share"])
        harmed = next(iter(self.standing.harmed), None)
        mine = next((row for row in here if row["group"] == harmed), None)
        if mine is None:
            low = min(here, key=lambda row: row["ratio"])
            high = max(here, key=lambda row: row["ratio"])
            if low is high:
                return (
                    f"A cut that selects {at} of all gives {shorten(low['group'])} a "
                    f"ratio of {number(low['ratio'])} to {whom(low['reference'])}"
                )
            return (
                f"A cut that selects {at} of all gives ratios from "
                f"{number(low['ratio'])} ({shorten(low['group'])}) to "
                f"{number(high['ratio'])} ({shorten(high['group'])})"
            )
        other = max(
            (row for row in self.rows if row["group"] == harmed),
            key=lambda row: abs(row["share"] - mine["share"]),
        )
        return (
            f"With {at} of all selected, the score picks {shorten(mine['group'])} "
            f"{number(mine['ratio'])} times as often as {whom(mine['reference'])}; "
            f"with {percent(other['share'])}, {number(other['ratio'])} times"
        )

    def _nearest(self) -> list[Row]:
        """Return the rows of the cut that selects as many as are selected."""
        others = [row for row in self.rows if row["group"] != row["reference"]]
        if not others:
            return []
        best = min(others, key=lambda row: abs(row["share"] - self.selected_share))
        return [row for row in others if row["share"] == best["share"]]

    @property
    def told(self) -> tuple[str, ...]:
        """The ratio of a group at a cut, with its interval and rate."""
        return tuple(_told_ratio(row) for row in self.rows)

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        groups, (low, high) = self.grouped(), self._window()
        looks = self.standing.looks(list(groups))
        return tuple(
            Line(
                short_label(group),
                looks[group],
                tuple((r["share"], max(r["ratio"], low), i) for i, r in rows),
                tuple(
                    (r["share"], *(min(max(r[x], low), high) for x in ("low", "high")))
                    for _, r in rows
                    if r["low"] is not None and r["high"] is not None
                )
                if looks[group].stands_out
                else (),
                frozenset(i for i, r in rows if r["ratio"] < low),
            )
            for group, rows in groups.items()
        )

    def _window(self) -> tuple[float, float]:
        values = [row["ratio"] for row in self.rows if row["ratio"] > 0]
        low = max(min([*values, 0.8]), _LOWEST)
        return low / 1.15, max([*values, 1.25]) * 1.1

    def above(self) -> str:
        """Return whom the ratios are to."""
        return f"ratio to {whom(self.rows[0]['reference'])}, with interval"

    def below(self) -> str:
        """Return what a cut is told by."""
        return "share of all customers that the cut selects (log axis)"

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the ratios at all cuts, and the cut that selects as many as now."""
        shares = [row["share"] for row in self.rows]
        left, right = min(shares) / MARGIN, min(max(shares) * MARGIN, 1.0)
        plain_axes(
            ax,
            below=self.below(),
            grid="y",
        )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlim(left, right)
        ax.set_ylim(*self._window())
        ratio_ticks(ax, "y", *self._window())
        places = [share for share in _SHARES if left <= share <= right]
        ticks(ax, "x", places, [f"{share * 100:g} %" for share in places])
        ax.plot([left, right], [1, 1], color=light("ink"), linewidth=1, clip_on=False)
        if left <= self.selected_share <= right:
            in_middle = self.selected_share < (left * right) ** 0.5
            words = f"selected now: {percent(self.selected_share)}"
            side = "right" if in_middle else "left"
            dashes = (0, (4, 2))
            lines_with_labels(ax, [(self.selected_share, words, side, dashes)], rows=1)
        self.write_above(ax, 16)
        draw_lines(ax, self._lines)
        end_labels(ax, self._lines)
        self.finish(ax, layout, heading=heading)


def thresholds_of(payload: Mapping[str, Any], attribute: str) -> list[Thresholds]:
    """Return the display of what each cut does; none without a score."""
    found = cuts_of(payload, attribute)
    if found is None:
        return []
    one = found.section
    rows = [
        {
            "attribute": attribute,
            "group": group["group"],
            "threshold": one["thresholds"][place],
            "share": one["shares"][place],
            "ratio": group["ratio"][place],
            "low": group["ratio_low"][place],
            "high": group["ratio_high"][place],
            "confidence": payload["curves"]["confidence"],
            "rate": group["rate"][place],
            "n": group["n"],
            "reference": one["reference"],
            "n_reference": one["n_reference"],
        }
        for group, place in found.told("ratio")
    ]
    if not rows:
        return []
    return [
        Thresholds(
            attribute,
            tuple(rows),
            found.standing,
            found.left_out,
            found.all_scored,
            one["selected_share"],
        )
    ]


def _told_ratio(row: Row) -> str:
    who = label(row["group"])
    cut = f"cut at {row['threshold']:.3g}, {percent(row['share'])} of all"
    if row["low"] is None and row["group"] == row["reference"]:
        rate = percent(row["rate"])
        return f"{who}, {cut}: the reference, {rate} selected; n = {row['n']:,}"
    told = (
        f"{who}, {cut}: {percent(row['rate'])} selected, {number(row['ratio'])} times "
        f"as often as {against(row['reference'])}"
    )
    if row["low"] is not None:
        level = f"{row['confidence'] * 100:g} % "
        told += f" ({level}{number(row['low'])} to {number(row['high'])})"
    return f"{told}; n = {row['n']:,}"
