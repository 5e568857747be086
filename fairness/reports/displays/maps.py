"""Maps: cells of two crossings, in steps of colour on a log scale and as numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairness.reports.displays.canvas import (
    SMALL,
    Layout,
    drawable,
    layout_of,
    legend,
    legend_rows,
    mark,
    plain_axes,
    ticks,
    widest,
    width_of,
    write,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = (0.5, 0.8, 0.9, 1 / 0.9, 1 / 0.8, 1 / 0.5)
_COLOURS = ("least", "less", "fewer", "same", "slightly", "more", "most")
_SAID = (
    "below 0.5",
    "0.5 to 0.8",
    "0.8 to 0.9",
    "0.9 to 1.11",
    "1.11 to 1.25",
    "1.25 to 2",
    "2 or more",
)
_CELL_HEIGHT, _CELL_WIDTH = 0.3, 0.78
_NARROWEST = 4.4
_HATCHES = 4
_SHORT_HEAD = 16
_NUMBER = 9.5
HATCHED = "hatched: too few, or hidden"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a map.

    Parameters
    ----------
    row, column : int
    place : int
        The mark.
    value : float or None
        A ratio; None is hatched.
    is_marked : bool
        Whether it stands out: its number is bold, in a frame.
    """

    row: int
    column: int
    place: int
    value: float | None
    is_marked: bool = False


def step_of(value: float) -> int:
    """Return the step of a ratio on the scale, 0 for the lowest.

    Examples
    --------
    >>> [step_of(x) for x in (0.0, 0.85, 1.0, 1.2, 9.0)]
    [0, 2, 3, 4, 6]
    """
    return sum(value >= step for step in _STEPS)


def map_layout(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Cell],
    *,
    title: str,
    heading: bool,
    below: str,
    note: str,
    reverse: bool,
) -> Layout:
    """Return the measures of a map."""
    turned = _turned([drawable(name, _SHORT_HEAD) for name in columns])
    measures: dict[str, Any] = {
        "height": _CELL_HEIGHT * max(len(rows), 1),
        "width": _CELL_WIDTH * max(len(columns), 1),
        "names": widest([drawable(name) for name in rows]),
        "title": title,
        "rows_above": heads_above(columns),
        "heading": heading,
        "right": 0.75 if turned else 0.3,
        "words": [readable(below), note],
    }
    least = _NARROWEST - measures["names"] - measures["width"]
    measures["right"] = max(measures["right"], least)
    words = [words for words, _ in _entries(cells, reverse=reverse)]
    lines = legend_rows(words, layout_of(**measures))
    return layout_of(**measures, below=0.42 + 0.19 * lines + (0.18 if note else 0))


def heads_above(columns: Sequence[str]) -> int:
    """Return how many rows of small text the heads of the columns take."""
    heads = [drawable(name, _SHORT_HEAD) for name in columns]
    if not _turned(heads):
        return 1
    room = widest(heads, SMALL) * math.sin(math.radians(40))
    return 1 + math.ceil(room * 72 / (SMALL * 1.35))


def draw_map(
    ax: Axes,
    layout: Layout | None,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Cell],
    below: str,
    note: str,
    reverse: bool = False,
) -> None:
    """Draw the cells, their heads, and what the colours mean.

    Parameters
    ----------
    ax : Axes
    layout : Layout or None
    rows, columns : sequence of str
        Labels.
    cells : sequence of Cell
    below : str
        What the numbers are.
    note : str
        What is left out; empty for nothing.
    reverse : bool, default False
        Whether high ratios are the harm, and have its colour.
    """
    plain_axes(ax, below="", grid="")
    ax.set_xlim(0, max(len(columns), 1))
    ax.set_ylim(max(len(rows), 1), 0)
    for cell in cells:
        _cell(ax, cell, reverse=reverse)
    ticks(
        ax,
        "y",
        [row + 0.5 for row in range(len(rows))],
        [drawable(name) for name in rows],
        fontsize=10,
        color=light("ink"),
    )
    ticks(ax, "x", [], [])
    heads = [drawable(name, _SHORT_HEAD) for name in columns]
    for place, head in enumerate(heads):
        turned = _turned(heads)
        write(
            ax,
            head,
            (place + (0.35 if turned else 0.5), 0),
            offset=(0, 4),
            ha="left" if turned else "center",
            va="bottom",
            rotation=40 if turned else 0,
            rotation_mode="anchor",
            color=light("ink"),
        )
    write(ax, below, (0, 0), offset=(0, -10), transform=ax.transAxes)
    entries = _entries(cells, reverse=reverse)
    legend(ax, entries, layout, down=0.36)
    if note:
        lines = 1 if layout is None else legend_rows([w for w, _ in entries], layout)
        down = (0.36 + 0.19 * lines) * 72
        left = 0.0 if layout is None else (0.12 - layout.left) * 72
        write(ax, note, (0, 0), offset=(left, -down), transform=ax.transAxes)


def _turned(heads: Sequence[str]) -> bool:
    return any(width_of(head, SMALL) > _CELL_WIDTH - 0.06 for head in heads)


def _colour(value: float, *, reverse: bool) -> str:
    step = step_of(value)
    return _COLOURS[len(_STEPS) - step if reverse else step]


def _cell(ax: Axes, cell: Cell, *, reverse: bool) -> None:
    from matplotlib.patches import PathPatch, Rectangle  # noqa: PLC0415  # heavy
    from matplotlib.path import Path  # noqa: PLC0415  # heavy

    name = mark(cell.place)
    x, y = cell.column + 0.03, cell.row + 0.05
    wide, high = 0.94, 0.9
    known = cell.value is not None
    ax.add_patch(
        Rectangle(
            (x, y),
            wide,
            high,
            facecolor=light(_colour(cell.value or 0.0, reverse=reverse))
            if known
            else "none",
            edgecolor=light("ink" if cell.is_marked else "line"),
            linewidth=1.4 if cell.is_marked else 0.0 if known else 0.7,
            clip_on=False,
            gid=name,
        )
    )
    if cell.value is None:
        points, codes = [], []
        for stripe in range(1, _HATCHES + 1):
            start = wide * (stripe - 0.7) / _HATCHES
            points += [
                (x + start, y + high * 0.9),
                (x + start + wide * 0.4 / _HATCHES, y + high * 0.1),
            ]
            codes += [Path.MOVETO, Path.LINETO]
        ax.add_patch(
            PathPatch(
                Path(points, codes),
                facecolor="none",
                edgecolor=light("soft"),
                linewidth=0.7,
                clip_on=False,
                gid=name,
            )
        )
        return
    weight = "bold" if cell.is_marked else "normal"
    write(
        ax,
        _shown(cell.value),
        (cell.column + 0.5, cell.row + 0.5),
        ha="center",
        va="center_baseline",
        color=light("ink"),
        fontsize=_NUMBER,
        fontweight=weight,
        gid=name,
    )


def _shown(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"  # noqa: PLR2004


def _entries(
    cells: Sequence[Cell], *, reverse: bool
) -> list[tuple[str, dict[str, Any]]]:
    steps = sorted({step_of(cell.value) for cell in cells if cell.value is not None})
    square: dict[str, Any] = {"marker": "s", "markersize": 8, "markeredgewidth": 0.5}
    found = [
        (
            _SAID[step],
            square
            | {
                "color": light("line"),
                "markerfacecolor": light(
                    _COLOURS[len(_STEPS) - step if reverse else step]
                ),
            },
        )
        for step in steps
    ]
    if any(cell.is_marked for cell in cells):
        look = {"color": light("ink"), "markerfacecolor": light("page")}
        found.append(("framed: stands out", square | look | {"markeredgewidth": 1.3}))
    if any(cell.value is None for cell in cells):
        found.append(
            (HATCHED, {"marker": "$//$", "markersize": 8, "color": light("soft")})
        )
    return found
