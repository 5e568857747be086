"""Calibration: whether the score means the same outcome for each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.reports.displays.canvas import (
    Layout,
    mark,
    percent,
    shorten,
    whom,
)
from fairness.reports.displays.curves import MARGIN, OfScore, first_of, section_of
from fairness.reports.displays.lines import (
    draw_lines,
    end_labels,
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

    x: ClassVar[str] = "score"

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

    def above(self) -> str:
        """Return what the heights and the dashed line are."""
        told = "observed share with the outcome, with interval"
        return f"{told}; dashed: as the score says" if self.is_probability else told

    def below(self) -> str:
        """Return what the tenths are told by."""
        return "mean score"

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw observed rates with intervals, and the line where scores keep word."""
        top = max(row["high"] for row in self.rows)
        left, right = self.share_axes(ax, top, 0.03)
        if self.is_probability:
            ends = max(left, 0.0), min(right, top * MARGIN)
            ax.plot(
                ends, ends, color=light("ink"), linewidth=1, linestyle=(0, (4, 2)),
                clip_on=False, zorder=1,
            )  # fmt: skip
        self.write_above(ax)
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
