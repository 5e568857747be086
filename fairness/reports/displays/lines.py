"""Lines of groups: which stand out, how they are drawn, labels at their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fairness.metrics import METRICS
from fairness.reports.displays.canvas import (
    SMALL,
    drawable,
    mark,
    moved,
    width_of,
    write,
)
from fairness.reports.displays.marks import harm_of
from fairness.reports.displays.ratios import ratios_of
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COLOURED = 6
_FEW = frozenset({"too few", "undefined"})
_MOST_HARMED = 3
_POINTS = 72.0
_LABEL_POINTS = SMALL * 1.25
_GAP = 14.0
"""Points from the end of the lines to the labels: room for what leads to them."""

_HARMED = (("harm", "s"), ("fourth", "P"), ("unsure", "X"))
_OTHERS = (("other", "^"), ("third", "v"), ("fourth", "P"), ("unsure", "X"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a group is drawn.

    Parameters
    ----------
    colour : str
        Name in the theme.
    marker : str
    width : float
        Of the line.
    size : float
        Of the marker.
    """

    colour: str = "soft"
    marker: str = "o"
    width: float = 0.9
    size: float = 3.0

    @property
    def stands_out(self) -> bool:
        """Whether it has a colour of its own."""
        return self.colour != "soft"


@dataclass(frozen=True, slots=True)
class Line:
    """One group's line.

    Parameters
    ----------
    label : str
    look : Look
    points : tuple of (x, y, row)
        In the order of x; `row` is that of the frame, below 0 where no mark is.
    band : tuple of (x, low, high)
        Its interval; empty for none.
    beyond : frozenset of int
        Rows that lie below the axis and are drawn at its edge.
    """

    label: str
    look: Look
    points: tuple[tuple[float, float, int], ...]
    band: tuple[tuple[float, float, float], ...] = field(default=())
    beyond: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """Which groups of an attribute stand out, as the findings have it.

    Parameters
    ----------
    harmed : tuple of str
        Clearly different in the direction of harm, the most first.
    reference : str or None
    harm : {"lower", "higher"}
    few : tuple of str
        Too few to be compared: no title is about them, where others can be.
    """

    harmed: tuple[str, ...]
    reference: str | None
    harm: str
    few: tuple[str, ...] = ()

    def solid(
        self, rows: Sequence[Mapping[str, Any]], least: int = 2
    ) -> list[Mapping[str, Any]]:
        """Return the rows of groups that are not too few; all where none are left."""
        found = [row for row in rows if row["group"] not in self.few]
        return found if len({row["group"] for row in found}) >= least else list(rows)

    def looks(self, groups: Sequence[str]) -> Mapping[str, Look]:
        """Return how each of some groups is drawn."""
        few = len(groups) <= MOST_COLOURED
        colours = iter(_HARMED)
        found: dict[str, Look] = {}
        for group in [g for g in self.harmed if g in groups][:_MOST_HARMED]:
            found[group] = Look(*next(colours), 2.0, 5.0)
        if self.reference in groups:
            found[str(self.reference)] = Look("ink", "D", 1.8, 4.2)
        used = {look.colour for look in found.values()}
        spare = iter([pair for pair in _OTHERS if pair[0] not in used])
        for group in groups:
            if group not in found:
                pair = next(spare, None) if few else None
                found[group] = Look(*pair, 1.4, 4.2) if pair else Look()
        return MappingProxyType(found)

    def first(self, sizes: Mapping[str, int], most: int = MOST_COLOURED) -> list[str]:
        """Return some groups: those that stand out, then the largest, as ordered."""
        told = [*self.harmed[:_MOST_HARMED], self.reference or ""]
        ranked = [group for group in dict.fromkeys(told) if group in sizes]
        ranked += sorted(
            (group for group in sizes if group not in ranked),
            key=lambda group: -sizes[group],
        )
        return [group for group in sizes if group in ranked[:most]]


NOBODY = Standing((), None, "lower")


def standing_of(payload: Mapping[str, Any], attribute: str) -> Standing:
    """Return which groups of an attribute stand out."""
    compared = ratios_of(payload["findings"], attribute)
    if not compared:
        return NOBODY
    harm = harm_of(METRICS[compared[0].metric])
    rows = compared[0].rows
    references = [row["group"] for row in rows if row["reading"] == "reference"]
    return Standing(
        tuple(row["group"] for row in rows if row["reading"] == harm),
        references[0] if references else None,
        harm,
        tuple(row["group"] for row in rows if row["reading"] in _FEW),
    )


def draw_lines(ax: Axes, lines: Sequence[Line]) -> None:
    """Draw lines with a dot for each mark, those that stand out on top."""
    for line in sorted(lines, key=lambda one: one.look.stands_out):
        look, colour = line.look, light(line.look.colour)
        top = 3 if look.stands_out else 2
        if line.band:
            across = [x for x, _, _ in line.band]
            ax.fill(
                [*across, *reversed(across)],
                [
                    *(y for _, y, _ in line.band),
                    *(y for _, _, y in reversed(line.band)),
                ],
                facecolor=colour,
                alpha=0.14,
                linewidth=0,
                zorder=1,
                clip_on=False,
            )
        ax.plot(
            [x for x, _, _ in line.points],
            [y for _, y, _ in line.points],
            color=colour,
            linewidth=look.width,
            zorder=top,
            clip_on=False,
        )
        for x, y, row in line.points:
            if row < 0:
                continue
            ax.plot(
                [x],
                [y],
                linestyle="none",
                marker="v" if row in line.beyond else look.marker,
                markersize=look.size + (2 if row in line.beyond else 0),
                markerfacecolor=colour,
                markeredgewidth=0,
                color=colour,
                zorder=top + 0.5,
                clip_on=False,
                gid=mark(row),
            )


def end_labels(ax: Axes, lines: Sequence[Line], *, at: float | None = None) -> None:
    """Write each line's label at its right end, none over another.

    Parameters
    ----------
    ax : Axes
        With its limits set.
    lines : sequence of Line
    at : float, optional
        Where on the x axis the labels stand; the right end by default.
    """
    figure: Any = ax.figure
    to_pixels: Any = ax.transData.transform
    right = ax.get_xlim()[1] if at is None else at
    known = [line for line in lines if line.points]

    def height(y: float) -> float:
        return float(to_pixels((right, y))[1] / figure.dpi * _POINTS)

    wanted = [height(line.points[-1][1]) for line in known]
    box = ax.get_window_extent()
    low, high = (edge / figure.dpi * _POINTS for edge in (box.y0, box.y1))
    placed = spread(wanted, _LABEL_POINTS, low, high)
    for line, want, place in zip(known, wanted, placed, strict=True):
        x, y, _ = line.points[-1]
        colour = light(line.look.colour)
        ends = moved(ax, ax.transData, (_GAP - 2, place - want))
        to_x, to_y = ends.transform((right, y))
        from_x, from_y = to_pixels((x, y))
        inverse = ax.transData.inverted()
        start = inverse.transform((from_x + 4 * figure.dpi / _POINTS, from_y))
        is_far = (to_pixels((right, y))[0] - from_x) / figure.dpi * _POINTS > _GAP
        if is_far or abs(place - want) > 1:
            ax.plot(
                [start[0], inverse.transform((to_x, to_y))[0]],
                [start[1], inverse.transform((to_x, to_y))[1]],
                color=colour,
                linewidth=0.6,
                zorder=1,
                clip_on=False,
            )
        write(
            ax,
            line.label,
            (right, y),
            offset=(_GAP, place - want),
            color=colour,
            fontweight="bold" if line.look.width > 1.5 else "normal",  # noqa: PLR2004
            va="center_baseline",
        )


def room_for(labels: Sequence[str]) -> float:
    """Return how many inches the labels at the right end need."""
    widest = max((width_of(label, SMALL, bold=True) for label in labels), default=0.0)
    return widest * 1.12 + _GAP / _POINTS + 0.12


def height_for(lines: int, least: float = 2.4) -> float:
    """Return how many inches high a picture is in which every line has a label."""
    return max(least, lines * _LABEL_POINTS / _POINTS * 1.1)


def spread(
    wanted: Sequence[float], apart: float, low: float, high: float
) -> list[float]:
    """Return places as near to the wanted ones as they fit, some distance apart.

    Examples
    --------
    >>> spread([10, 10, 40], 4, 0, 50)
    [8.0, 12.0, 40.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    # Clusters of neighbours that touch, each around the mean of what they want.
    clusters: list[list[int]] = []

    def centre(cluster: Sequence[int]) -> float:
        middle = sum(wanted[i] for i in cluster) / len(cluster)
        half = (len(cluster) - 1) * apart / 2
        return min(max(middle, low + half), max(high - half, low + half))

    for i in order:
        clusters.append([i])
        while len(clusters) > 1:
            first, second = clusters[-2], clusters[-1]
            reach = (len(first) + len(second)) * apart / 2
            if centre(second) - centre(first) >= reach - 1e-9:
                break
            clusters[-2:] = [first + second]
    placed = [0.0] * len(wanted)
    for cluster in clusters:
        start = centre(cluster) - (len(cluster) - 1) * apart / 2
        for place, i in enumerate(cluster):
            placed[i] = start + place * apart
    return placed


def short_label(group: str, told: str = "") -> str:
    """Return a group's label for the end of its line, behind a number.

    Behind a name that is written to the left, a number would change places with it.
    """
    name = drawable(group, 24)
    return f"{told} {name}" if told else name
