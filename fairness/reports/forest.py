"""The drawing of groups as dots with intervals beside a line for the reference."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from fairness.metrics import Metric
from fairness.reports.glyphs import families_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIDDEN = "hidden"

_INK, _SOFT = "#1b1f24", "#6b7280"
_HARM, _OTHER = "#c2410c", "#0b6fb8"
_ROW_INCHES, _FRAME_INCHES = 0.30, 1.9
# Inches of the part with the dots, and of one character of a label and of the title.
_PLOT_INCHES, _LABEL_CHARACTER, _TITLE_CHARACTER = 5.4, 0.087, 0.098

# How far beyond the estimates the axis follows an interval: what is longer is cut.
_REACH = 3.0
_NARROWEST = (0.5, 2.0)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100)
_CROWDED = (0.8, 1.25)
_LONG_AXIS = 20

_LEGEND: Mapping[str, str] = MappingProxyType(
    {
        "lower": "clearly lower",
        "higher": "clearly higher",
        "no clear difference": "no clear difference",
        "too few": "too few to tell",
        "reference": "reference",
    }
)


@dataclass(frozen=True, slots=True)
class Point:
    """One group as it is drawn.

    Parameters
    ----------
    name : str
    estimate, low, high : float or None
        A point without estimate is named and not drawn.
    reading : str
        As in a finding, or `HIDDEN`.
    is_harm : bool
        Whether it differs clearly, and in the direction of harm.
    """

    name: str
    estimate: float | None
    low: float | None
    high: float | None
    reading: str
    is_harm: bool

    @property
    def drawn(self) -> bool:
        """Whether there is a dot for it."""
        return self.estimate is not None and self.reading != HIDDEN


def new_axes(points: Sequence[Point]) -> Axes:
    """Return the axes of a new figure, as large as the points and their names need."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  # heavy, and only for pictures

    height = _FRAME_INCHES + _ROW_INCHES * max(len(points), 2)
    longest = max((cell_len(point.name) for point in points), default=0)
    width = _PLOT_INCHES + _LABEL_CHARACTER * longest
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def draw_points(ax: Axes, points: Sequence[Point], metric: Metric) -> None:
    """Draw the dots, their intervals and the line of the reference, from the top."""
    is_log = metric.form in {"ratio", "odds"}
    window = _window(points, is_log=is_log, neutral=metric.ideal)
    if is_log:
        ax.set_xscale("log")
        _plain_ticks(ax, *window)
    ax.set_xlim(*window)
    ax.set_ylim(max(len(points), 1) - 0.4, -0.6)
    ax.axvline(metric.ideal, color=_INK, linewidth=1, zorder=1)
    for place, point in enumerate(points):
        if point.drawn:
            _dot(ax, place, point, window)
        else:
            _beside(ax, _why_not(point), (metric.ideal, place), va="center")
    _legend(ax, points)


def label_axes(
    ax: Axes, points: Sequence[Point], *, below: str, mark: str, at: float
) -> None:
    """Write the names of the points, what the axis shows, and what its line means."""
    names = [point.name for point in points]
    # Labels are drawn as they are: a dollar sign starts no formula.
    ax.set_yticks(
        range(len(points)),
        names,
        parse_math=False,
        fontfamily=families_for("".join(names)),
    )
    ax.tick_params(axis="y", length=0, pad=8)
    for tick, point in zip(ax.get_yticklabels(), points, strict=True):
        if not point.drawn:
            tick.set_color(_SOFT)
        if point.reading == "reference":
            tick.set_fontweight("bold")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="x", color=_SOFT, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(
        below,
        parse_math=False,
        fontfamily=families_for(below),
        color=_SOFT,
        fontsize="small",
    )
    _beside(
        ax,
        mark,
        (at, 1),
        va="bottom",
        xytext=(4, 2),
        xycoords=("data", "axes fraction"),
    )


def write_title(ax: Axes, sentence: str) -> None:
    """Write a sentence above the axes, in lines no longer than they are wide."""
    figure = ax.figure.get_figure(root=True)
    is_ours = figure is not None and figure.get_layout_engine() is not None
    inches = _PLOT_INCHES - 0.3
    if figure is not None and not is_ours:
        inches = ax.get_window_extent().width / figure.dpi
    # Wide characters count twice, so a line of them is broken at half the length.
    wide = cell_len(sentence) / max(len(sentence), 1)
    most = max(int(inches / _TITLE_CHARACTER / max(wide, 1.0)), 20)
    # The title in the middle is the one that `ax.get_title()` returns.
    ax.set_title(
        "\n".join(textwrap.wrap(sentence, most, break_on_hyphens=False)),
        loc="center",
        x=0,
        horizontalalignment="left",
        pad=16,
        fontsize="large",
        color=_INK,
        parse_math=False,
        fontfamily=families_for(sentence),
    )


def _dot(ax: Axes, place: int, point: Point, window: tuple[float, float]) -> None:
    left, right = window
    style = _style(point)
    _interval(ax, place, point, window, style["color"])
    estimate = 0.0 if point.estimate is None else point.estimate
    at = min(max(estimate, left), right)
    if at != estimate:
        style["marker"] = "<" if at == left else ">"
    ax.plot([at], [place], linestyle="none", clip_on=False, zorder=3, **style)


def _style(point: Point) -> dict[str, Any]:
    style: dict[str, Any] = {
        "marker": "o",
        "color": _INK,
        "markersize": 6.5,
        "markeredgewidth": 1.3,
    }
    if point.reading == "reference":
        style.update(marker="D")
    elif point.reading in {"lower", "higher"}:
        shape, color = ("s", _HARM) if point.is_harm else ("^", _OTHER)
        style.update(marker=shape, color=color)
    elif point.reading in {"too few", "undefined"}:
        style.update(color=_SOFT, markerfacecolor="white")
    return style


def _interval(
    ax: Axes, place: int, point: Point, window: tuple[float, float], color: str
) -> None:
    """Draw an interval; an end beyond the axis becomes an arrow at its edge."""
    if point.low is None and point.high is None:
        return
    left, right = window
    low = -math.inf if point.low is None else point.low
    high = math.inf if point.high is None else point.high
    start, end = (min(max(x, left), right) for x in (low, high))
    ax.plot([start, end], [place, place], color=color, linewidth=1.6, zorder=2)
    for cut, at, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if cut:
            ax.plot(
                [at],
                [place],
                marker=marker,
                color=color,
                markersize=5,
                clip_on=False,
                linestyle="none",
                zorder=2,
            )


def _window(
    points: Sequence[Point], *, is_log: bool, neutral: float
) -> tuple[float, float]:
    """Return the ends of the axis: all estimates, intervals as far as is sensible."""
    estimates = _finite(point.estimate for point in points)
    limits = _finite(x for point in points for x in (point.low, point.high))
    if not is_log:
        most = max((abs(x - neutral) for x in [*estimates, *limits]), default=0.0)
        most = most * 1.08 or 1.0
        return neutral - most, neutral + most
    estimates = [*(x for x in estimates if x > 0), *_NARROWEST]
    least, most = min(estimates), max(estimates)
    within = [x for x in limits if least / _REACH <= x <= most * _REACH]
    return min([least, *within]) / 1.12, max([most, *within]) * 1.12


def _finite(values: Iterable[float | None]) -> list[float]:
    return [float(x) for x in values if x is not None and math.isfinite(x)]


def _plain_ticks(ax: Axes, left: float, right: float) -> None:
    from matplotlib.ticker import (  # noqa: PLC0415  # heavy, and only for pictures
        FixedFormatter,
        FixedLocator,
        NullLocator,
    )

    inside = [tick for tick in _TICKS if left <= tick <= right]
    if right / left > _LONG_AXIS:
        inside = [tick for tick in inside if tick not in _CROWDED]
    ax.xaxis.set_major_locator(FixedLocator(inside))
    ax.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in inside]))
    ax.xaxis.set_minor_locator(NullLocator())


def _legend(ax: Axes, points: Sequence[Point]) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415  # heavy, and only for pictures

    samples = {point.reading: point for point in points if point.drawn}
    handles = [
        Line2D([], [], linestyle="none", label=text, **_style(samples[reading]))
        for reading, text in _LEGEND.items()
        if reading in samples
    ]
    if handles:
        ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, 0),
            # In font sizes: the distance is the same for two groups and for sixty.
            borderaxespad=4.2,
            ncols=len(handles),
            frameon=False,
            fontsize="small",
            handletextpad=0.2,
            columnspacing=1.2,
            borderpad=0,
        )


def _why_not(point: Point) -> str:
    if point.reading == HIDDEN:
        return "hidden: small group"
    return "too few to compare" if point.reading == "too few" else point.reading


def _beside(ax: Axes, words: str, at: tuple[float, float], **options: Any) -> None:
    options = {"xytext": (6, 0), **options}
    ax.annotate(
        words, at, textcoords="offset points", color=_SOFT, fontsize="small", **options
    )
