"""Rates: what share of each group is selected, as dots with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    ROW,
    Layout,
    drawable,
    layout_of,
    legend,
    legend_rows,
    lines_with_labels,
    mark,
    percent,
    percent_ticks,
    plain_axes,
    shorten,
    ticks,
    widest,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.marks import draw_dot, entries_of, harm_of, style_of
from fairness.reports.displays.ratios import ratios_of
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEWEST_ROWS = 2
_FEW = frozenset({"too few", "undefined"})


@dataclass(frozen=True, repr=False)
class Rates(Display):
    """What share of each group of an attribute is selected.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a group, the one of the most harm first.
    harm : {"lower", "higher"}
        The direction of harm.
    """

    kind: ClassVar[str] = "rates"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "n",
        "selected",
        "rate",
        "rate_low",
        "rate_high",
        "confidence",
        "overall",
        "reading",
        "verdict",
    )

    harm: str = "lower"

    @property
    def title(self) -> str:
        """The lowest and the highest rate, and that of everybody."""
        known = [row for row in self.rows if row["rate"] is not None]
        name = shorten(self.attribute)
        if not known:
            return f"No rate of {name} is shown: the groups are small"
        solid = [row for row in known if row["reading"] not in _FEW]
        known = solid if len(solid) > 1 else known
        low = min(known, key=lambda row: row["rate"])
        high = max(known, key=lambda row: row["rate"])
        overall = f"of all customers, {percent(self.rows[0]['overall'])}"
        if low["rate"] == high["rate"]:
            return f"{percent(low['rate'])} of each group of {name} are selected"
        return (
            f"{percent(low['rate'])} of {shorten(low['group'])} and "
            f"{percent(high['rate'])} of {shorten(high['group'])} are selected; "
            f"{overall}"
        )

    @property
    def told(self) -> tuple[str, ...]:
        """The rate of each group with its counts and interval."""
        return tuple(_told(row) for row in self.rows)

    def _names(self) -> list[str]:
        return [
            drawable(row["group"])
            + ("" if row["n"] is None else f" (n = {row['n']:,})")
            for row in self.rows
        ]

    def _entries(self) -> list[tuple[str, dict[str, Any]]]:
        drawn = [row for row in self.rows if row["rate"] is not None]
        return entries_of(drawn, self.harm, judged=self.is_judged)

    def _below(self) -> str:
        level = f"{self.rows[0]['confidence'] * 100:g} % intervals"
        return f"Selection rate by {shorten(self.attribute)} ({level})"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: a row a group."""
        measures: dict[str, Any] = {
            "height": ROW * max(len(self.rows), _FEWEST_ROWS),
            "names": widest(self._names(), bold=True),
            "title": self.title,
            "rows_above": 1,
            "words": [readable(self._below())],
            "heading": heading,
        }
        words = [text for text, _ in self._entries()]
        rows = legend_rows(words, layout_of(**measures))
        return layout_of(**measures, below=0.5 + 0.19 * rows)

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the dots, their intervals, and the rate of everybody as a line."""
        known = [row for row in self.rows if row["rate"] is not None]
        ends = [row["rate_high"] or row["rate"] for row in known]
        overall = self.rows[0]["overall"]
        right = min(max([*ends, overall or 0.0], default=1.0) * 1.06 or 1.0, 1.0)
        plain_axes(
            ax,
            below=self._below(),
        )
        ax.set_xlim(0, right)
        ax.set_ylim(max(len(self.rows), 1) - 0.5, -0.5)
        percent_ticks(ax, "x", 0, right)
        for place, row in enumerate(self.rows):
            if row["rate"] is None:
                why = "hidden: small group" if row["n"] is None else "nobody in it"
                write(ax, why, (0, place), offset=(6, 0), gid=mark(place))
                continue
            look = style_of(row, self.harm, judged=self.is_judged)
            numbers = row["rate"], row["rate_low"], row["rate_high"]
            draw_dot(ax, place, numbers, (0, right), look)
        labels = ticks(ax, "y", range(len(self.rows)), self._names(), fontsize=10)
        ax.tick_params(axis="y", length=0, pad=6)
        for tick, row in zip(labels, self.rows, strict=True):
            tick.set_color(light("ink" if row["rate"] is not None else "soft"))
            if row["reading"] == "reference":
                tick.set_fontweight("bold")
        if overall is not None:
            side = "right" if overall < right / 2 else "left"
            words = f"all customers: {percent(overall)}"
            lines_with_labels(ax, [(overall, words, side, "solid")], rows=1)
        legend(ax, self._entries(), layout)
        if heading:
            write_title(ax, self.title, layout, 1)


def rates_of(payload: Mapping[str, Any], attribute: str) -> list[Rates]:
    """Return the display of an attribute's rates; none where it was not counted."""
    groups = [row for row in payload["groups"] if row["attribute"] == attribute]
    if not groups:
        return []
    compared = ratios_of(payload["findings"], attribute)
    seen: dict[str, Row] = {}
    harm, order = "lower", list[str]()
    if compared:
        harm = harm_of(METRICS[compared[0].metric])
        seen = {row["group"]: row for row in compared[0].rows}
        order = list(seen)
    overall = _overall(payload)
    rows = [
        {
            **row,
            "confidence": payload.get("confidence", 0.95),
            "overall": overall,
            "reading": seen.get(row["group"], {}).get("reading"),
            "verdict": seen.get(row["group"], {}).get("verdict"),
        }
        for row in groups
    ]

    def place(row: Row) -> tuple[bool, int | float]:
        known = row["rate"] is not None
        if row["group"] in order:
            return not known, order.index(row["group"])
        return not known, row["rate"] or 0.0

    return [Rates(attribute, tuple(sorted(rows, key=place)), harm)]


def _overall(payload: Mapping[str, Any]) -> float | None:
    """Return the rate of everybody, weighted where the others are."""
    for row in payload["checks"]:
        if row["metric"] == "max_min_gap" and row["rate"] is not None:
            return float(row["rate"])
    rows = payload["data"]["rows"]
    return payload["data"]["selected"] / rows if rows else None


def _told(row: Row) -> str:
    who = f"{label(row['attribute'])} {label(row['group'])}"
    if row["n"] is None:
        return f"{who}: hidden, the group is small (or would give a small one away)"
    if row["rate"] is None:
        return f"{who}: nobody in it"
    return (
        f"{who}: {row['selected']:,} of {row['n']:,} are selected, "
        f"{percent(row['rate'])} ({row['confidence'] * 100:g} % "
        f"{percent(row['rate_low'])} to {percent(row['rate_high'])}); of all "
        f"customers {percent(row['overall'])}"
    )
