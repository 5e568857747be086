"""The funnel: what is left of each group after each stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.inference import rate_interval
from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    SMALL,
    Layout,
    drawable,
    layout_of,
    percent,
    percent_ticks,
    plain_axes,
    shorten,
    ticks,
    width_of,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.lines import (
    NOBODY,
    Line,
    Standing,
    draw_lines,
    end_labels,
    height_for,
    room_for,
    short_label,
    standing_of,
)
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_START = "all"
_STAGE_INCHES, _NARROWEST = 1.3, 3.2
_MOST_LABELS = 14
_LONGEST_STAGE, _LONGEST_TITLE = 18, 240


@dataclass(frozen=True, repr=False)
class Funnel(Display):
    """What is left of each group of an attribute after each stage of the funnel.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a group and stage, in their order; numbers that are hidden have no row.
    stages : tuple of str
        Names, from the start on.
    standing : Standing
        Which groups stand out.
    gap : dict or None
        The gap of the group most harmed, as the payload has it.
    hidden : tuple of str
        Groups of which nothing is drawn.
    """

    kind: ClassVar[str] = "funnel"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "stage",
        "place",
        "left",
        "n",
        "share",
        "low",
        "high",
        "confidence",
    )

    stages: tuple[str, ...] = ()
    standing: Standing = NOBODY
    gap: Mapping[str, Any] | None = None
    hidden: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Which stage makes the gap of the group most harmed."""
        if self.gap is not None and self.gap["culprit"] is not None:
            told = label(self.gap["message"], _LONGEST_TITLE)
            return told.removeprefix(f"{label(self.attribute)} ")
        name = shorten(self.attribute)
        ends = sorted(self._solid_ends().items(), key=lambda pair: pair[1])
        if not ends:
            return f"What is left of groups of {name} is hidden: they are small"
        if len(ends) == 1:
            ((group, share),) = ends
            return f"{percent(share)} of {shorten(group)} are left at the end"
        (low, least), (high, most) = ends[0], ends[-1]
        return (
            f"Of {name}, {percent(least)} of {shorten(low)} and {percent(most)} of "
            f"{shorten(high)} are left at the end"
        )

    @property
    def told(self) -> tuple[str, ...]:
        """What is left of a group after a stage."""
        return tuple(
            f"{label(row['group'])}: {row['left']:,} of "
            f"{row['n']:,} are left after {label(row['stage'])}, "
            f"{percent(row['share'])} ({row['confidence'] * 100:g} % "
            f"{percent(row['low'])} to {percent(row['high'])})"
            for row in self.rows
        )

    def _ends(self) -> dict[str, float]:
        last = len(self.stages) - 1
        return {r["group"]: r["share"] for r in self.rows if r["place"] == last}

    def _solid_ends(self) -> dict[str, float]:
        ends = self._ends()
        rows = self.standing.solid([{"group": group} for group in ends])
        return {row["group"]: ends[row["group"]] for row in rows}

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        by_group: dict[str, list[tuple[float, float, int]]] = {}
        for place, row in enumerate(self.rows):
            point = float(row["place"]), row["share"], place
            # All start with everybody, which no mark has to say.
            by_group.setdefault(row["group"], [(0.0, 1.0, -1)]).append(point)
        looks, ends = self.standing.looks(list(by_group)), self._ends()
        return tuple(
            Line(
                short_label(group, percent(ends.get(group))), looks[group], tuple(all_)
            )
            for group, all_ in by_group.items()
        )

    def _labelled(self) -> list[Line]:
        """Return the lines with a label: those that stand out, and the outermost."""
        if len(self._lines) <= _MOST_LABELS:
            return list(self._lines)
        ranked = sorted(self._lines, key=lambda one: one.points[-1][1])
        found = [line for line in ranked if line.look.stands_out]
        half = (_MOST_LABELS - len(found)) // 2
        for line in (*ranked[:half], *ranked[-half:]):
            if line not in found:
                found.append(line)
        return found

    def _note(self) -> str:
        parts = []
        more = len(self._lines) - len(self._labelled())
        if more:
            parts.append(f"{more} groups between have no label")
        if self.hidden:
            names = ", ".join(drawable(group, 16) for group in self.hidden[:3])
            others = len(self.hidden) - 3
            more_hidden = f" and {others} more" if others > 0 else ""
            parts.append(f"hidden, small: {names}{more_hidden}")
        return "; ".join(parts)

    def _culprit(self) -> tuple[int, str] | None:
        gap = self.gap
        if gap is None or gap["culprit"] is None:
            return None
        culprit = gap["culprit"]
        if culprit["stage"] not in self.stages:
            return None
        place = self.stages.index(culprit["stage"])
        share = culprit["share"]
        told = "" if share is None else f"{share * 100:.0f} % of the gap"
        return place, told

    def _below(self) -> str:
        return f"left of each group of {shorten(self.attribute)} after each stage"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: as wide as the stages, as high as the labels need."""
        labelled = self._labelled()
        return layout_of(
            height=height_for(len(labelled)),
            width=max(_NARROWEST, _STAGE_INCHES * (len(self.stages) - 1)),
            names=0.42,
            right=room_for([line.label for line in labelled]),
            title=self.title,
            rows_above=1,
            words=[readable(self._below()), self._note()],
            below=0.62 + (0.18 if self._note() else 0),
            heading=heading,
        )

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the lines, and the stage that makes the gap in a band."""
        last = len(self.stages) - 1
        top = 1.0
        plain_axes(
            ax,
            below=self._below(),
            grid="y",
        )
        ax.set_xlim(0, last or 1)
        ax.set_ylim(0, top * 1.02)
        percent_ticks(ax, "y", 0, top)
        names = [_START, *self.stages[1:]]
        texts = [drawable(name, _LONGEST_STAGE) for name in names]
        labels = ticks(ax, "x", range(len(names)), texts, fontsize=SMALL)
        # The outer ones stay within the axes, beside which other labels stand.
        if layout is not None and width_of(texts[-1], SMALL) > _STAGE_INCHES / 2:
            labels[-1].set_horizontalalignment("right")
        culprit = self._culprit()
        if culprit is not None:
            place, told = culprit
            ax.axvspan(place - 1, place, color=light("band"), linewidth=0, zorder=0)
            write(
                ax,
                told,
                (place - 0.5, 1),
                offset=(0, 4),
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="bottom",
                color=light("harm"),
                fontweight="bold",
            )
        draw_lines(ax, self._lines)
        end_labels(ax, self._labelled())
        if self._note():
            write(ax, self._note(), (0, 0), offset=(0, -40), transform=ax.transAxes)
        if heading:
            write_title(ax, self.title, layout, 1)


def funnel_of(payload: Mapping[str, Any], attribute: str) -> list[Funnel]:
    """Return the display of an attribute's funnel; none without a funnel."""
    section = payload.get("funnel")
    if not section:
        return []
    groups = [one for one in section["groups"] if one["attribute"] == attribute]
    if not groups:
        return []
    level = payload.get("confidence", 0.95)
    names = (_START, *(stage["name"] for stage in section["stages"]))
    rows: list[Row] = []
    hidden = []
    for one in groups:
        n = one["reached"][0]
        if not n:
            hidden.append(one["group"])
            continue
        for place, left in enumerate(one["reached"]):
            if left is None or not place:
                continue
            share, low, high = _left(one, place, level)
            rows.append(
                {
                    "attribute": attribute,
                    "group": one["group"],
                    "stage": names[place],
                    "place": place,
                    "left": left,
                    "n": n,
                    "share": share,
                    "low": low,
                    "high": high,
                    "confidence": level,
                }
            )
    standing = standing_of(payload, attribute)
    gaps = [
        gap
        for gap in section["gaps"]
        if gap["attribute"] == attribute
        and gap["group"] == next(iter(standing.harmed), None)
    ]
    if gaps and gaps[0]["reference"] in {one["group"] for one in groups}:
        standing = replace(standing, reference=gaps[0]["reference"])
    return [
        Funnel(
            attribute,
            tuple(rows),
            names,
            standing,
            gaps[0] if gaps else None,
            tuple(hidden),
        )
    ]


def _left(
    one: Mapping[str, Any], place: int, level: float
) -> tuple[float, float, float]:
    """Return what share is left after a stage, with its interval."""
    if "share" in one:
        return one["share"][place], one["low"][place], one["high"][place]
    # Payloads of before hold the numbers alone.
    n, left = one["reached"][0], one["reached"][place]
    low, high = rate_interval(left, n, level)
    return left / n, float(low), float(high)
