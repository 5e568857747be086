"""What all pictures share: their measures, their words, their lines and legends."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from fairness.findings.messages import against, label
from fairness.reports.displays.glyphs import families_for, is_left_as_text, readable
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Transform

MARK = "mark-"
TEXT, SMALL, TITLE = 10.0, 8.5, 12.0
ROW = 0.28
"""Inches of a row, with one group in it."""

_EDGE = 0.12
# Small texts are drawn wider where there are few pixels.
_ROOM = 1.15
_LINE = 1.35
_POINTS = 72.0
_LONGEST_LABEL, _LONGEST_TEXT = 32, 200
_LEFT_TO_RIGHT = "\u200e"
_GRID, _AXIS = 0.7, 1.0
_FEWEST_CHARACTERS = 20
# So that a user's settings do not change what a report shows.
_SET = ("font.", "lines.", "axes.", "xtick.", "ytick.", "text.", "patch.", "path.")


@dataclass(frozen=True, slots=True)
class Layout:
    """Inches of a picture: the part with the marks, and what stands around it.

    Parameters
    ----------
    width, height : float
        Of the part with the marks.
    left, right, top, bottom : float
        Of what stands beside it.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole."""
        return (
            self.left + self.width + self.right,
            self.top + self.height + self.bottom,
        )


@contextmanager
def settings() -> Iterator[None]:
    """Draw with matplotlib's own settings, whatever the user's are."""
    import matplotlib as mpl  # noqa: PLC0415  # heavy, and only for pictures

    # Not `rc_context`, which sets back all there is: the first figure of a notebook
    # turns on that figures are shown, and that has to stay.
    ours = _defaults()
    theirs = {name: mpl.rcParams[name] for name in ours}
    mpl.rcParams.update(ours)
    try:
        yield
    finally:
        mpl.rcParams.update(theirs)


@lru_cache(maxsize=1)
def _defaults() -> Any:
    import matplotlib as mpl  # noqa: PLC0415  # heavy, and only for pictures

    found: dict[str, Any] = {
        name: value
        for name, value in mpl.rcParamsDefault.items()
        if name.startswith(_SET)
    }
    return found | {
        "svg.fonttype": "none",
        "svg.hashsalt": "fairreach",
        "lines.solid_capstyle": "butt",
    }


def new_axes(layout: Layout, *, pyplot: bool) -> Axes:
    """Return the axes of a new figure, made by pyplot where a user is to see it."""
    width, height = layout.size
    figure: Any
    if pyplot:
        import matplotlib.pyplot as plt  # noqa: PLC0415  # heavy, only for pictures

        figure = plt.figure(figsize=(width, height))
    else:
        from matplotlib.figure import Figure  # noqa: PLC0415  # as above

        figure = Figure(figsize=(width, height))
        figure.patch.set_visible(False)
    ax: Axes = figure.add_axes(
        (
            layout.left / width,
            layout.bottom / height,
            layout.width / width,
            layout.height / height,
        )
    )
    if not pyplot:
        ax.patch.set_visible(False)
    return ax


def shorten(text: str, most: int = _LONGEST_LABEL) -> str:
    """Return a label on one line that leaves room for the marks.

    Its end stays, which often is what tells labels apart.

    Examples
    --------
    >>> shorten("a label that is far too long for a picture, 17")
    'a label that is fa…a picture, 17'
    """
    return _cut(label(text, _LONGEST_TEXT), most)


def drawable(text: str, most: int = _LONGEST_LABEL) -> str:
    """Return a label that the fonts at hand can draw, as short as `shorten` does."""
    short = _cut(readable(label(text, _LONGEST_TEXT)), most)
    if not is_left_as_text() and any(
        unicodedata.bidirectional(char) in {"R", "AL"} for char in short
    ):
        # So that a number behind it stays there; a page writes to the right anyway.
        return f"{_LEFT_TO_RIGHT}{short}{_LEFT_TO_RIGHT}"
    return short


def whom(reference: str | None) -> str:
    """Return how a sentence names a reference, short."""
    return shorten(against(reference))


def _cut(text: str, most: int) -> str:
    if cell_len(text) <= most:
        return text
    head = (most - 1) * 3 // 5
    tail = text
    while cell_len(tail) > most - 1 - head:
        tail = tail[1:]
    return f"{set_cell_size(text, head).rstrip()}…{tail}"


@lru_cache(maxsize=4096)
def width_of(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Return how many inches wide a text is."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415  # heavy
    from matplotlib.textpath import text_to_path  # noqa: PLC0415  # heavy

    font = FontProperties(
        family=families_for(text), size=size, weight="bold" if bold else "normal"
    )
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / _POINTS


def widest(texts: Iterable[str], size: float = TEXT, *, bold: bool = False) -> float:
    """Return the width of the widest text, in inches; 0 for none."""
    return max((width_of(text, size, bold=bold) for text in texts), default=0.0)


def lines_of(sentence: str, inches: float, size: float = TITLE) -> list[str]:
    """Return a sentence in lines no longer than some inches."""
    sentence = readable(sentence)
    # Of the sentence's own characters: wide ones leave room for fewer.
    one = width_of(sentence, size) / max(len(sentence), 1)
    most = max(int(inches / max(one, 1e-3) * 0.95), _FEWEST_CHARACTERS)
    return textwrap.wrap(sentence, most, break_on_hyphens=False)


def layout_of(
    *,
    height: float,
    names: float,
    title: str,
    rows_above: int = 0,
    below: float = 0.75,
    width: float = 4.6,
    right: float = 0.3,
    words: Sequence[str] = (),
    heading: bool = True,
) -> Layout:
    """Return the measures of a picture.

    Parameters
    ----------
    height, width : float
        Inches of the part with the marks.
    names : float
        Inches that the names on the left need.
    title : str
    rows_above : int
        Lines of small text above the marks.
    below, right : float
        Inches on these sides.
    words : sequence of str
        Small texts that start at the left end of the marks.
    heading : bool, default True
        Whether the title is drawn.
    """
    left = names * _ROOM + 0.2
    right = max(right, widest(words, SMALL) * _ROOM - width + _EDGE)
    top = 0.12 + rows_above * SMALL * _LINE / _POINTS
    if heading:
        wide = left + width + right - 2 * _EDGE
        top += len(lines_of(title, wide)) * TITLE * _LINE / _POINTS + 0.1
    return Layout(width, height, left, right, top, below)


def write_title(
    ax: Axes, sentence: str, layout: Layout | None, rows_above: int = 0
) -> None:
    """Write a sentence above the axes, in lines no longer than there is room for."""
    x = 0.0
    if layout is None:
        figure = ax.figure.get_figure(root=True)
        dpi = 100.0 if figure is None else figure.dpi
        inches = ax.get_window_extent().width / dpi
    else:
        inches = layout.size[0] - 2 * _EDGE
        x = (_EDGE - layout.left) / layout.width
    # The title in the middle is the one that `ax.get_title()` returns.
    ax.set_title(
        "\n".join(lines_of(sentence, inches)),
        loc="center",
        x=x,
        horizontalalignment="left",
        pad=8 + rows_above * SMALL * _LINE,
        fontsize=TITLE,
        color=light("ink"),
        parse_math=False,
        fontfamily=families_for(readable(sentence)),
        linespacing=1.2,
    )


def plain_axes(ax: Axes, *, below: str, grid: str = "x") -> None:
    """Leave only what helps: thin lines across, small numbers, what the axis shows."""
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(
        which="both",
        left=False,
        bottom=False,
        labelsize=SMALL,
        labelcolor=light("soft"),
    )
    if grid:
        ax.grid(axis=grid, color=light("line"), linewidth=_GRID, clip_on=False)  # type: ignore[arg-type]
    ax.set_axisbelow(True)
    words = readable(below)
    ax.set_xlabel(
        words,
        parse_math=False,
        fontfamily=families_for(words),
        color=light("soft"),
        fontsize=SMALL,
        labelpad=3,
        x=0,
        horizontalalignment="left",
    )


def ticks(
    ax: Axes, axis: str, places: Sequence[float], texts: Sequence[str], **look: Any
) -> list[Text]:
    """Set the ticks of an axis, texts as they are: a dollar sign starts no formula."""
    setter = ax.set_xticks if axis == "x" else ax.set_yticks
    setter(
        list(places),
        list(texts),
        parse_math=False,
        fontfamily=families_for("".join(texts)),
        **look,
    )
    which = ax.xaxis if axis == "x" else ax.yaxis
    from matplotlib.ticker import NullLocator  # noqa: PLC0415  # heavy

    which.set_minor_locator(NullLocator())
    return list(ax.get_xticklabels() if axis == "x" else ax.get_yticklabels())


def mark(place: int) -> str:
    """Return the name of all artists that are drawn for a row of the frame."""
    return f"{MARK}{place}"


def write(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    *,
    offset: tuple[float, float] = (0.0, 0.0),
    transform: Transform | None = None,
    **look: Any,
) -> Text:
    """Write a text at a point, moved by some points of a typographer."""
    words = readable(text)
    options: dict[str, Any] = {
        "color": light("soft"),
        "fontsize": SMALL,
        "va": "center",
    } | look
    base = ax.transData if transform is None else transform
    made: Text = ax.text(
        *at,
        words,
        transform=moved(ax, base, offset),
        parse_math=False,
        fontfamily=families_for(words),
        clip_on=False,
        **options,
    )
    return made


def moved(ax: Axes, base: Transform, offset: tuple[float, float]) -> Transform:
    """Return a transform, and some points of a typographer on."""
    from matplotlib.transforms import ScaledTranslation  # noqa: PLC0415  # heavy

    if offset == (0.0, 0.0):
        return base
    figure: Any = ax.figure
    x, y = offset
    return base + ScaledTranslation(x / _POINTS, y / _POINTS, figure.dpi_scale_trans)


def lines_with_labels(
    ax: Axes, lines: Sequence[tuple[float, str, str, Any]], *, rows: int
) -> None:
    """Draw lines from bottom to top, each with its words above, none over another.

    Parameters
    ----------
    ax : Axes
    lines : sequence of (x, words, side, style)
        `side` is where the words stand, where there is room: "left" or "right" of
        the line.
    rows : int
        Rows of text that there is room for.
    """
    figure: Any = ax.figure
    box = ax.get_window_extent()
    edges = box.x0 / figure.dpi - 0.2, box.x1 / figure.dpi + 0.25
    taken: list[list[tuple[float, float]]] = [[] for _ in range(max(rows, 1))]
    for x, words, wanted, style in lines:
        ax.plot(
            [x, x],
            [0, 1],
            transform=ax.get_xaxis_transform(),
            color=light("ink"),
            linewidth=_AXIS,
            linestyle=style,
            clip_on=False,
            zorder=1,
        )
        at = ax.transData.transform((x, 0))[0] / figure.dpi
        wide = width_of(readable(words), SMALL) * _ROOM + 0.08
        side = wanted
        if wanted == "right" and at + wide > edges[1]:
            side = "left"
        elif wanted == "left" and at - wide < edges[0]:
            side = "right"
        span = (at, at + wide) if side == "right" else (at - wide, at)
        free = (
            row
            for row, spans in enumerate(taken)
            if all(span[1] <= low or span[0] >= high for low, high in spans)
        )
        row = next(free, len(taken) - 1)
        taken[row].append(span)
        write(
            ax,
            words,
            (x, 1),
            offset=(3 if side == "right" else -3, 3 + row * SMALL * _LINE),
            transform=ax.get_xaxis_transform(),
            ha="left" if side == "right" else "right",
            va="bottom",
        )


def legend(
    ax: Axes,
    entries: Sequence[tuple[str, dict[str, Any]]],
    layout: Layout | None,
    *,
    down: float = 0.5,
) -> None:
    """Write what marks mean below the axes, in as many rows as are needed.

    Parameters
    ----------
    ax : Axes
    entries : sequence of (words, look of a marker)
    layout : Layout or None
        None where the axes are the user's.
    down : float
        Inches from the axes to the first row.
    """
    start = 0.0 if layout is None else _EDGE - layout.left
    figure: Any = ax.figure
    wide = (
        ax.get_window_extent().width / figure.dpi
        if layout is None
        else layout.width + layout.right - _EDGE
    )
    for (words, look), (x, y) in zip(
        entries, _flow([w for w, _ in entries], start, wide), strict=True
    ):
        offset = (x * _POINTS, -(down + y) * _POINTS)
        ax.plot(
            [0],
            [0],
            transform=moved(ax, ax.transAxes, (offset[0] + 3.6, offset[1])),
            linestyle="none",
            clip_on=False,
            **look,
        )
        write(
            ax,
            words,
            (0, 0),
            offset=(offset[0] + 0.16 * _POINTS, offset[1]),
            transform=ax.transAxes,
            va="center_baseline",
        )


def _flow(words: Sequence[str], start: float, wide: float) -> list[tuple[float, float]]:
    """Return where entries start, in inches from the left end and from the top row."""
    places, x, y = [], start, 0.0
    for text in words:
        needed = 0.16 + width_of(readable(text), SMALL) * _ROOM + 0.18
        if x > start and x + needed - 0.18 > wide:
            x, y = start, y + SMALL * 1.6 / _POINTS
        places.append((x, y))
        x += needed
    return places


def legend_rows(words: Sequence[str], layout: Layout) -> int:
    """Return how many rows a legend takes."""
    places = _flow(words, _EDGE - layout.left, layout.width + layout.right - _EDGE)
    return len({y for _, y in places})


def percent(share: float | None) -> str:
    """Return a share for a sentence; a dash where there is none.

    Examples
    --------
    >>> percent(0.1234), percent(None)
    ('12.3 %', '–')
    """
    return "–" if share is None else f"{share * 100:.1f} %"


def percent_ticks(ax: Axes, axis: str, low: float, high: float) -> None:
    """Set at most seven ticks at round percentages."""
    places = round_places(low, high)
    ticks(ax, axis, places, [f"{place * 100:g} %" for place in places])


def round_places(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers between two ends.

    Examples
    --------
    >>> round_places(0, 0.27)
    [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]
    """
    rough = (high - low) / (most - 1) or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(k * size for k in (1, 2, 2.5, 5, 10) if k * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]
