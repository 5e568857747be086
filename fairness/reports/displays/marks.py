"""Dots with intervals: by shape and colour what they mean, and their legend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fairness.metrics import Metric
from fairness.reports.displays.base import Row
from fairness.reports.displays.canvas import mark
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_READINGS: Mapping[str, str] = MappingProxyType(
    {
        "lower": "clearly lower",
        "higher": "clearly higher",
        "no clear difference": "no clear difference",
        "too few": "too few to tell",
        "undefined": "not compared",
        "reference": "reference",
    }
)
_VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "fail": "fail",
        "inconclusive": "inconclusive",
        "waived": "waived",
        "pass": "pass",
        "not_measurable": "not measured",
        "reference": "reference",
    }
)


def harm_of(metric: Metric) -> str:
    """Return the reading that is harm: "lower", or "higher" of a burden."""
    return "higher" if metric.name == "burden_ratio" else "lower"


def kind_of(row: Row, *, judged: bool) -> str:
    """Return what a mark shows: the verdict once there is one, else the reading."""
    if row["reading"] == "reference":
        return "reference"
    return str(row["verdict"] if judged else row["reading"])


def style_of(row: Row, harm: str, *, judged: bool) -> dict[str, Any]:
    """Return the shape and colour of a mark."""
    kind = kind_of(row, judged=judged)
    shape, colour, filled = "o", "ink", True
    if kind == "reference":
        # A full diamond is a waiver's, once there are verdicts.
        shape, filled = "D", not judged
    elif judged:
        shape, colour, filled = {
            "fail": ("s", "harm", True),
            "inconclusive": ("o", "unsure", False),
            "waived": ("D", "waived", True),
            "not_measurable": ("x", "soft", True),
        }.get(kind, ("o", "other", True))
    elif kind in {"lower", "higher"}:
        shape, colour = ("s", "harm") if kind == harm else ("^", "other")
    elif kind in {"too few", "undefined"}:
        colour, filled = "soft", False
    return {
        "marker": shape,
        "color": light(colour),
        "markerfacecolor": light(colour if filled else "page"),
        "markersize": 6.5,
        "markeredgewidth": 1.3,
    }


def entries_of(
    rows: Sequence[Row], harm: str, *, judged: bool
) -> list[tuple[str, dict[str, Any]]]:
    """Return the legend of the marks that are drawn."""
    kinds = {kind_of(row, judged=judged): row for row in rows}
    return [
        (text, style_of(kinds[kind], harm, judged=judged))
        for kind, text in (_VERDICTS if judged else _READINGS).items()
        if kind in kinds
    ]


def draw_dot(
    ax: Axes,
    place: int,
    numbers: tuple[float, float | None, float | None],
    window: tuple[float, float],
    look: dict[str, Any],
) -> None:
    """Draw an estimate with its interval in a row; arrows where it goes on beyond.

    Parameters
    ----------
    ax : Axes
    place : int
        The row, and the mark.
    numbers : (estimate, low, high)
        An end that is None goes on for ever; where both are, there is no interval.
    window : (float, float)
        The ends of the axis.
    look : dict
        See `style_of`.
    """
    estimate, low, high = numbers
    left, right = window
    if low is not None or high is not None:
        _interval(ax, place, (low, high), window, look["color"])
    at = min(max(estimate, left), right)
    if at != estimate:
        look = look | {"marker": "<" if at == left else ">"}
    ax.plot(
        [at],
        [place],
        linestyle="none",
        clip_on=False,
        zorder=3,
        gid=mark(place),
        **look,
    )


def _interval(
    ax: Axes,
    place: int,
    ends: tuple[float | None, float | None],
    window: tuple[float, float],
    colour: str,
) -> None:
    left, right = window
    low = -math.inf if ends[0] is None else ends[0]
    high = math.inf if ends[1] is None else ends[1]
    start, end = (min(max(x, left), right) for x in (low, high))
    ax.plot(
        [start, end],
        [place, place],
        color=colour,
        linewidth=1.6,
        zorder=2,
        solid_capstyle="butt",
        clip_on=False,
        gid=mark(place),
    )
    for cut, at, shape in ((low < left, left, "<"), (high > right, right, ">")):
        if cut:
            ax.plot(
                [at],
                [place],
                marker=shape,
                color=colour,
                markersize=5,
                clip_on=False,
                linestyle="none",
                zorder=2,
                gid=mark(place),
            )
