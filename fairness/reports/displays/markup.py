"""Pictures as SVG to stand inside a page under a strict content security policy."""

from __future__ import annotations

import io
import math
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fairness.reports.displays.canvas import MARK, new_axes, settings
from fairness.reports.displays.glyphs import as_text

if TYPE_CHECKING:
    from fairness.reports.displays.base import Display

_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
_SPACE = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
# Points to the pixels of a page, in which text of ten points is as large as its own.
_PIXELS = 4 / 3
_LEFT_OUT = frozenset({"font-family", "stroke-linejoin"})
_DIGITS = 2
_POINTS_OF: Mapping[str, int] = {"M": 1, "L": 1, "Q": 2, "C": 3}
_DEFAULTS: Mapping[str, str] = {
    "text-anchor": "start",
    "font-weight": "normal",
    "stroke": "none",
    "stroke-width": "1",
    "stroke-linecap": "butt",
    "stroke-dashoffset": "0",
}


def svg(display: Display, *, heading: bool = False) -> str:
    """Return a display as one ``<svg>`` element for an HTML page.

    Parameters
    ----------
    display : Display
    heading : bool, default False
        Whether the title is drawn; a page has it as the caption, where it can be
        read, copied and searched.

    Returns
    -------
    str
        Without style, script, id or reference: any number of pictures stand in one
        page. Text is text. The mark of row i of ``display.frame()`` is a group of
        class ``mark`` with ``data-mark="i"`` and ``display.told[i]`` as its title.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415

    buffer = io.StringIO()
    with settings(), as_text(), warnings.catch_warnings():
        # The page's own fonts draw what those at hand here cannot.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        layout = display.layout(heading=heading)
        ax = new_axes(layout, pyplot=False)
        display.draw(ax, layout, heading=heading)
        canvas: Any = FigureCanvasSVG(ax.get_figure(root=True))
        canvas.print_svg(buffer, metadata={"Date": None})
    # What is parsed was written by matplotlib a line above.
    root = ET.fromstring(buffer.getvalue())  # noqa: S314
    _, _, width, height = (float(x) for x in root.attrib["viewBox"].split())
    picture = ET.Element(
        "svg",
        {
            "xmlns": _SPACE[1:-1],
            "class": "picture",
            "role": "img",
            "aria-label": display.title,
            "viewBox": f"0 0 {_short(width)} {_short(height)}",
            "width": f"{width * _PIXELS:.0f}",
            "height": f"{height * _PIXELS:.0f}",
            "font-family": "sans-serif",
            "stroke-linejoin": "round",
        },
    )
    _Cleaner(root, picture, display.told).fill()
    return ET.tostring(picture, encoding="unicode")


class _Cleaner:
    """Turns the tree that matplotlib wrote into a small one without style and ids."""

    def __init__(
        self, root: ET.Element, picture: ET.Element, told: tuple[str, ...]
    ) -> None:
        self._root, self._picture, self._told = root, picture, told
        self._shapes = {
            path.attrib["id"]: path
            for defs in root.iter(f"{_SPACE}defs")
            for path in defs.iter(f"{_SPACE}path")
        }
        self._marks: dict[int, ET.Element] = {}

    def fill(self) -> None:
        """Put what draws something into the picture, in its order."""
        for mark, element in self._walk(self._root, None):
            if mark is None:
                self._picture.append(element)
                continue
            group = self._marks.get(mark)
            if group is None:
                group = ET.Element("g", {"class": "mark", "data-mark": str(mark)})
                ET.SubElement(group, "title").text = self._told[mark]
                self._marks[mark] = group
            else:
                # All of a mark stands where its last part is drawn: on top.
                self._picture.remove(group)
            group.append(element)
            self._picture.append(group)

    def _walk(
        self, parent: ET.Element, mark: int | None
    ) -> Iterator[tuple[int | None, ET.Element]]:
        for child in parent:
            kind = child.tag.removeprefix(_SPACE)
            if kind == "g":
                name = child.get("id", "")
                is_mark = name.startswith(MARK)
                inside = int(name.removeprefix(MARK)) if is_mark else mark
                yield from self._walk(child, inside)
                continue
            made = None
            if kind == "path":
                made = _path(child.attrib["d"], _style(child), (0.0, 0.0))
            elif kind == "use":
                shape = self._shapes[child.attrib[_HREF].removeprefix("#")]
                at = float(child.attrib["x"]), float(child.attrib["y"])
                look = _style(shape) | _style(child)
                made = _path(shape.attrib["d"], look, at)
            elif kind == "text":
                made = _text(child)
            if made is not None:
                yield mark, made


def _style(element: ET.Element) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in element.get("style", "").split(";") if part)
    return {name.strip(): value.strip() for name, value in pairs}


def _path(d: str, look: dict[str, str], at: tuple[float, float]) -> ET.Element | None:
    is_line = look.get("stroke", "none") != "none"
    if not is_line:
        look = {k: v for k, v in look.items() if not k.startswith("stroke")}
    if not any(command in d for command in "LCQ") or (
        not is_line and look.get("fill") == "none"
    ):
        return None
    attributes = _attributes(look)
    radius = _radius(d)
    if radius is not None:
        x, y = at
        place = {"cx": _short(x), "cy": _short(y), "r": _short(radius)}
        return ET.Element("circle", place | attributes)
    return ET.Element("path", {"d": _moved(d, at)} | attributes)


def _radius(d: str) -> float | None:
    """Return the radius of a circle around the origin, None for another path."""
    if d.count("C") != 8 or "L" in d:  # noqa: PLR2004  # matplotlib's circle
        return None
    numbers = [float(x) for x in _NUMBER.findall(d)]
    # Points on the path: the first, then every third of the curves'.
    ends = [numbers[:2], *(numbers[i : i + 2] for i in range(6, len(numbers), 6))]
    radius = math.hypot(*ends[0])
    same = all(math.isclose(math.hypot(*end), radius, rel_tol=1e-3) for end in ends)
    return radius if same else None


def _moved(d: str, at: tuple[float, float]) -> str:
    """Return a path moved and rounded, its straight lines relative: that is shorter."""
    tokens = iter(d.split())
    told, here = [], (0.0, 0.0)
    for command in tokens:
        if command == "z":
            told.append("z")
            continue
        points = [
            (
                round(float(next(tokens)) + at[0], _DIGITS),
                round(float(next(tokens)) + at[1], _DIGITS),
            )
            for _ in range(_POINTS_OF[command])
        ]
        if command == "L":
            told.append(_straight(points[0][0] - here[0], points[0][1] - here[1]))
        else:
            told.append(
                command + " ".join(f"{_short(x)} {_short(y)}" for x, y in points)
            )
        here = points[-1]
    return "".join(told)


def _straight(right: float, down: float) -> str:
    x, y = _short(right), _short(down)
    if y == "0":
        return f"h{x}"
    return f"v{y}" if x == "0" else f"l{x} {y}"


def _text(element: ET.Element) -> ET.Element | None:
    if not (element.text or "").strip():
        return None
    look = _style(element)
    look.setdefault("fill", "#000000")
    turned = element.get("transform", "")
    numbers = [float(x) for x in _NUMBER.findall(turned)]
    place: dict[str, str] = {}
    if turned.startswith("translate") and numbers[2:] in ([], [0.0]):
        place = {"x": _short(numbers[0]), "y": _short(numbers[1])}
    elif turned.startswith("translate"):
        x, y, angle = numbers
        place = {
            "transform": f"translate({_short(x)} {_short(y)}) rotate({_short(angle)})"
        }
    else:
        place = {name: _short(float(element.attrib[name])) for name in ("x", "y")}
        if numbers and numbers[0]:
            place["transform"] = (
                f"rotate({_short(numbers[0])} {place['x']} {place['y']})"
            )
    made = ET.Element("text", place | _attributes(look))
    made.text = element.text
    return made


def _attributes(look: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in look.items():
        if name in _LEFT_OUT or _DEFAULTS.get(name) == value:
            continue
        if name == "opacity" and float(value) == 1:
            continue
        found[name] = value.removesuffix("px").replace(", ", ",")
        if _NUMBER.fullmatch(found[name]):
            found[name] = _short(float(found[name]))
    return found


def _short(number: float) -> str:
    text = f"{number:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
