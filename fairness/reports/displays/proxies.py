"""Proxies: what each column tells of an attribute, and the ratio it alone makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import against, label, number
from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    SMALL,
    Layout,
    drawable,
    layout_of,
    legend,
    mark,
    plain_axes,
    round_places,
    shorten,
    ticks,
    whom,
    width_of,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.lines import spread, standing_of
from fairness.reports.displays.marks import entries_of, style_of
from fairness.reports.displays.ratios import ratio_ticks
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT, _WIDTH = 2.7, 4.0
_MOST_LABELS, _FEW = 10, 6
_WIDEST, _NARROW = (0.4, 2.5), (0.8, 1.25)
_LEAST_ASSOCIATION = 0.1
_MARGIN = 1.08
_POINTS = 72.0
_ABOVE = "ratio that the column alone would make, for the group it harms most"
_GAP = 12.0


@dataclass(frozen=True, repr=False)
class Proxies(Display):
    """For each column: its association with an attribute, and what it alone does.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a column, with the group that it harms most.
    harm : {"lower", "higher"}
    """

    kind: ClassVar[str] = "proxies"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "column",
        "association",
        "group",
        "estimate",
        "low",
        "high",
        "confidence",
        "n",
        "reference",
        "n_reference",
        "p_adjusted",
        "reading",
        "verdict",
    )

    harm: str = "lower"

    @property
    def title(self) -> str:
        """Which column does most, alone."""
        name = shorten(self.attribute)
        found = [row for row in self.rows if row["reading"] == self.harm]
        if not found:
            return f"No column alone makes a clear gap between groups of {name}"
        worst = found[0]
        more = len(found) - 1
        also = f"; {more} more {'does' if more == 1 else 'do'} harm" if more else ""
        return (
            f"{shorten(worst['column'])} alone would make {shorten(worst['group'])} "
            f"selected {number(worst['estimate'])} times as often as "
            f"{whom(worst['reference'])}{also}"
        )

    @property
    def told(self) -> tuple[str, ...]:
        """A column's association and the ratio that it alone would make."""
        return tuple(_told(row) for row in self.rows)

    @cached_property
    def _labelled(self) -> tuple[int, ...]:
        """Rows with a label: all of a few, else those that stand out or tell much."""
        if len(self.rows) <= _FEW:
            return tuple(range(len(self.rows)))
        told = [
            place
            for place, row in enumerate(self.rows)
            if row["reading"] in {"lower", "higher"}
            or (row["association"] or 0.0) >= _LEAST_ASSOCIATION
        ]
        return tuple((told or list(range(min(3, len(self.rows)))))[:_MOST_LABELS])

    def _entries(self) -> list[tuple[str, dict[str, Any]]]:
        return entries_of(self.rows, self.harm, judged=self.is_judged)

    def _note(self) -> str:
        rest = len(self.rows) - len(self._labelled)
        if not rest:
            return ""
        return f"{rest} more column{'s' if rest > 1 else ''} without a label"

    def _below(self) -> str:
        return f"association of the column with {shorten(self.attribute)} (Cramér's V)"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: room for the labels on the right."""
        names = [drawable(self.rows[place]["column"], 24) for place in self._labelled]
        widest = max((width_of(name, SMALL, bold=True) for name in names), default=0)
        return layout_of(
            height=_HEIGHT,
            width=_WIDTH,
            names=0.36,
            right=widest + _GAP / _POINTS + 0.15,
            title=self.title,
            rows_above=1,
            words=[readable(self._below()), _ABOVE],
            below=0.72 + (0.18 if self._note() else 0),
            heading=heading,
        )

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw a dot with its interval for each column."""
        low, high = self._window()
        right = max((row["association"] or 0.0 for row in self.rows), default=0.0)
        right = max(right * _MARGIN, _LEAST_ASSOCIATION)
        plain_axes(
            ax,
            below=self._below(),
            grid="y",
        )
        ax.set_yscale("log")
        ax.set_xlim(0, right)
        ax.set_ylim(low, high)
        ratio_ticks(ax, "y", low, high)
        places = round_places(0, right)
        ticks(ax, "x", places, [f"{place:g}" for place in places], fontsize=SMALL)
        ax.plot([0, right], [1, 1], color=light("ink"), linewidth=1, clip_on=False)
        write(
            ax,
            _ABOVE,
            (0, 1),
            offset=(-28, 5),
            transform=ax.transAxes,
            va="bottom",
        )
        for place, row in enumerate(self.rows):
            self._dot(ax, place, row, (low, high))
        self._labels(ax, right, (low, high))
        legend(ax, self._entries(), layout, down=0.5)
        if self._note():
            write(ax, self._note(), (0, 0), offset=(0, -49), transform=ax.transAxes)
        if heading:
            write_title(ax, self.title, layout, 1)

    def _window(self) -> tuple[float, float]:
        values = [row["estimate"] for row in self.rows if row["estimate"]]
        ends = [x for row in self.rows for x in (row["low"], row["high"]) if x]
        low = min([_NARROW[0], *values, *(x for x in ends if x >= _WIDEST[0])])
        high = max([_NARROW[1], *values, *(x for x in ends if x <= _WIDEST[1])])
        return low / _MARGIN, high * _MARGIN

    def _dot(self, ax: Axes, place: int, row: Row, window: tuple[float, float]) -> None:
        low, high = window
        look = style_of(row, self.harm, judged=self.is_judged)
        x = row["association"] or 0.0
        ends = [
            min(max(end, low), high)
            for end in (row["low"], row["high"])
            if end is not None
        ]
        if len(ends) == 2:  # noqa: PLR2004  # an interval has two
            ax.plot(
                [x, x],
                ends,
                color=look["color"],
                linewidth=1.2,
                clip_on=False,
                gid=mark(place),
                zorder=2,
            )
        ax.plot(
            [x],
            [min(max(row["estimate"], low), high)],
            linestyle="none",
            clip_on=False,
            gid=mark(place),
            zorder=3,
            **look | {"markersize": 5.5},
        )

    def _labels(self, ax: Axes, right: float, window: tuple[float, float]) -> None:
        figure: Any = ax.figure
        to_pixels: Any = ax.transData.transform
        rows = [self.rows[place] for place in self._labelled]
        spots = [
            (row["association"] or 0.0, min(max(row["estimate"], window[0]), window[1]))
            for row in rows
        ]
        wanted = [to_pixels(spot)[1] / figure.dpi * _POINTS for spot in spots]
        box = ax.get_window_extent()
        low, high = (edge / figure.dpi * _POINTS for edge in (box.y0, box.y1))
        placed = spread(wanted, SMALL * 1.3, low, high)
        back: Any = ax.transData.inverted().transform
        for row, (x, y), place in zip(rows, spots, placed, strict=True):
            pixel = place / _POINTS * figure.dpi
            edge = to_pixels((right, y))[0]
            from_x, from_y = to_pixels((x, y))
            start = back((from_x + 5 * figure.dpi / _POINTS, from_y))
            end = back((edge + (_GAP - 2) * figure.dpi / _POINTS, pixel))
            colour = style_of(row, self.harm, judged=self.is_judged)["color"]
            ax.plot(
                [start[0], end[0]],
                [start[1], end[1]],
                color=light("line"),
                linewidth=0.8,
                clip_on=False,
                zorder=0.5,
            )
            write(
                ax,
                drawable(row["column"], 24),
                (right, back((edge, pixel))[1]),
                offset=(_GAP, 0),
                color=colour,
                va="center_baseline",
            )


def proxies_of(payload: Mapping[str, Any], attribute: str) -> list[Proxies]:
    """Return the display of the columns used; none where they were not looked at."""
    judged = [
        row
        for row in payload["findings"]
        if row["metric"] == "proxy_ratio" and row["verdict"] != "not_applicable"
    ]
    rows = [
        row
        for row in (judged or payload["checks"])
        if row["metric"] == "proxy_ratio"
        and row["attribute"] == attribute
        and row["estimate"] is not None
    ]
    association = {
        row["column"]: row["estimate"]
        for row in payload["checks"]
        if row["metric"] == "proxy_association" and row["attribute"] == attribute
    }
    harm = standing_of(payload, attribute).harm
    worst = [
        dict(_worst([row for row in rows if row["column"] == column], harm))
        | {"association": association.get(column)}
        for column in dict.fromkeys(row["column"] for row in rows)
    ]
    if not worst:
        return []
    sign = -1 if harm == "higher" else 1
    worst.sort(key=lambda row: (row["reading"] != harm, sign * row["estimate"]))
    return [Proxies(attribute, tuple(worst), harm)]


def _worst(rows: Sequence[Row], harm: str) -> Row:
    """Return the group that a column harms most: surely, where it does any surely."""
    sign = -1 if harm == "higher" else 1
    return min(rows, key=lambda row: (row["reading"] != harm, sign * row["estimate"]))


def _told(row: Row) -> str:
    strength = (
        "not known" if row["association"] is None else f"{row['association']:.3f}"
    )
    told = (
        f"{label(row['column'])}: association with {label(row['attribute'])} "
        f"{strength}; alone it would make {label(row['group'])} selected "
        f"{number(row['estimate'])} times as often as {against(row['reference'])}"
    )
    if row["low"] is not None and row["high"] is not None:
        level = f"{(row['confidence'] or 0.95) * 100:g} % "
        told += f" ({level}{number(row['low'])} to {number(row['high'])})"
    return f"{told}; n = {row['n']:,}; {row['verdict'] or row['reading']}"
