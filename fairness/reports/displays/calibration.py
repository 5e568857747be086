"""Calibration: whether the score means the same outcome for each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.reports.displays.canvas import (
    Layout,
    mark,
    percent,
    percent_ticks,
    plain_axes,
    round_places,
    shorten,
    ticks,
    whom,
    write,
)
from fairness.reports.displays.curves import MARGIN, OfScore, first_of, section_of
from fairness.reports.displays.lines import (
    Line,
    draw_lines,
    end_labels,
    short_label,
    standing_of,
)
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Calibration(OfScore):
    """Observed outcomes of each group by its mean score, in tenths.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a group and tenth.
    standing : Standing
    left_out : int
    is_probability : bool
        Whether scores lie between 0 and 1: they then promise a rate.
    finding : dict or None
        The clearest difference of outcomes at equal scores.
    """

    kind: ClassVar[str] = "calibration"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "score",
        "rate",
        "low",
        "high",
        "confidence",
        "n",
    )

    is_probability: bool = True
    finding: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """Whose outcomes differ most at equal scores."""
        name, found = shorten(self.attribute), self.finding
        if found is None:
            return (
                f"At equal scores, outcomes of groups of {name} do not differ clearly"
            )
        points = abs(found["estimate"]) * 100
        more = "less" if found["estimate"] < 0 else "more"
        return (
            f"At equal scores, {shorten(found['group'])} has the outcome {points:.1f} "
            f"percentage points {more} often than {whom(found['reference'])}"
        )

    @property
    def told(self) -> tuple[str, ...]:
        """The observed rate at a score, with its interval."""
        return tuple(
            f"{label(row['group'])}: of {row['n']:,} with a "
            f"mean score of {row['score']:.3g}, {percent(row['rate'])} had the outcome "
            f"({row['confidence'] * 100:g} % {percent(row['low'])} to "
            f"{percent(row['high'])})"
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
                tuple((r["score"], r["rate"], i) for i, r in rows),
            )
            for group, rows in groups.items()
        )

    def above(self) -> str:
        """Return what the heights and the dashed line are."""
        told = "observed share with the outcome, with interval"
        return f"{told}; dashed: as the score says" if self.is_probability else told

    def below(self) -> str:
        """Return what the tenths are told by."""
        return "mean score"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: room for the labels on the right."""
        return self.measures([line.label for line in self._lines], heading=heading)

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw observed rates with intervals, and the line where scores keep word."""
        scores = [row["score"] for row in self.rows]
        left, right = min(scores), max(scores)
        pad = (right - left) * 0.03 or 0.5
        top = max(row["high"] for row in self.rows)
        plain_axes(ax, below=self.below(), grid="y")
        ax.set_xlim(left - pad, right + pad)
        ax.set_ylim(0, top * MARGIN)
        percent_ticks(ax, "y", 0, top)
        places = round_places(left, right)
        ticks(ax, "x", places, [f"{place:g}" for place in places])
        if self.is_probability:
            ends = max(left - pad, 0.0), min(right + pad, top * MARGIN)
            ax.plot(
                ends, ends, color=light("ink"), linewidth=1, linestyle=(0, (4, 2)),
                clip_on=False, zorder=1,
            )  # fmt: skip
        write(
            ax,
            self.above(),
            (0, 1),
            offset=(-30, 5),
            transform=ax.transAxes,
            va="bottom",
        )
        for line in self._lines:
            for x, _, place in line.points:
                row = self.rows[place]
                ax.plot(
                    [x, x],
                    [row["low"], row["high"]],
                    color=light(line.look.colour),
                    linewidth=0.9,
                    alpha=0.7,
                    clip_on=False,
                    zorder=1.5,
                    gid=mark(place),
                )
        draw_lines(ax, self._lines)
        end_labels(ax, self._lines)
        self.finish(ax, layout, heading=heading)


def calibration_of(payload: Mapping[str, Any], attribute: str) -> list[Calibration]:
    """Return the display of outcomes by score; none without an outcome."""
    one = section_of(payload, attribute)
    if one is None or not one.get("calibration"):
        return []
    standing = standing_of(payload, attribute)
    groups, _ = first_of(one["calibration"], standing)
    rows = [
        {
            "attribute": attribute,
            "group": group["group"],
            "score": group["score"][place],
            "rate": rate,
            "low": group["low"][place],
            "high": group["high"][place],
            "confidence": payload["curves"]["confidence"],
            "n": group["n"][place],
        }
        for group in groups
        for place, rate in enumerate(group["rate"])
        if rate is not None
    ]
    if not rows:
        return []
    clear = [
        row
        for row in payload["checks"]
        if row["metric"] == "calibration_difference"
        and row["attribute"] == attribute
        and row["reading"] in {"lower", "higher"}
        and row["estimate"] is not None
    ]
    worst = max(clear, key=lambda row: abs(row["estimate"]), default=None)
    left_out = len(one["groups"]) + one["groups_left_out"] - len(groups)
    section = payload["curves"]
    return [
        Calibration(
            attribute,
            tuple(rows),
            standing,
            left_out,
            is_probability=section["low"] >= 0 and section["high"] <= 1,
            finding=worst,
        )
    ]
