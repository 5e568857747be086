"""The one theme of the pictures: named colours for light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour by what it says.

    Parameters
    ----------
    light, dark : str
        As ``#rrggbb``, on a white and on a dark page.
    is_text : bool
        Whether words are written in it.
    is_mark : bool
        Whether what is drawn in it has to be seen to understand the picture.
    """

    light: str
    dark: str
    is_text: bool = False
    is_mark: bool = False


PAGES = ("#ffffff", "#14181d")
"""Backgrounds of the light and of the dark page."""

COLOURS: Mapping[str, Colour] = MappingProxyType(
    {
        "page": Colour(*PAGES),
        "ink": Colour("#1b1f24", "#e8ebee", is_text=True, is_mark=True),
        "soft": Colour("#57606a", "#a9b2bb", is_text=True, is_mark=True),
        "line": Colour("#d0d7de", "#3a424b"),
        "band": Colour("#edf0f3", "#222a32"),
        "harm": Colour("#a33b00", "#ff9d6e", is_text=True, is_mark=True),
        "other": Colour("#005a94", "#7fc4ff", is_text=True, is_mark=True),
        "unsure": Colour("#6d4c00", "#f0c24b", is_text=True, is_mark=True),
        "waived": Colour("#6a3d9a", "#cda8f5", is_text=True, is_mark=True),
        "third": Colour("#00705a", "#52d0b0", is_text=True, is_mark=True),
        "fourth": Colour("#96367a", "#f09ad2", is_text=True, is_mark=True),
        # Steps of the maps; the number in a cell is written in ink.
        "least": Colour("#f3a873", "#8c3c0c"),
        "less": Colour("#fad0b1", "#64310f"),
        "fewer": Colour("#fdebdf", "#3d261a"),
        "same": Colour("#f4f5f6", "#242a31"),
        "slightly": Colour("#e0eef9", "#18303f"),
        "more": Colour("#b5d8f2", "#124768"),
        "most": Colour("#7dbbe6", "#0b5c92"),
    }
)


def light(name: str) -> str:
    """Return a colour by its name, as drawn.

    Examples
    --------
    >>> light("ink")
    '#1b1f24'
    """
    return COLOURS[name].light


def theme_css() -> str:
    """Return the rules that give pictures in a page its light, dark or printed colours.

    Pictures are drawn in the light colours, as presentation attributes, which any
    rule overrides: so a picture without this sheet is legible as well.

    Returns
    -------
    str
        Rules for ``svg.picture`` alone; the colours are its custom properties
        ``--picture-ink`` and so on.

    Examples
    --------
    >>> "--picture-ink: #1b1f24" in theme_css()
    True
    """
    day, night = (
        "; ".join(f"--picture-{name}: {value}" for name, value in values)
        for values in (
            [(name, colour.light) for name, colour in COLOURS.items()],
            [(name, colour.dark) for name, colour in COLOURS.items()],
        )
    )
    rules = [
        f"svg.picture {{ {day}; max-width: 100%; height: auto; font-family: inherit }}",
        f"@media (prefers-color-scheme: dark) {{ svg.picture {{ {night} }} }}",
        f"@media print {{ svg.picture {{ {day} }} }}",
    ]
    rules += [
        f'svg.picture [{part}="{colour.light}"] {{ {part}: var(--picture-{name}) }}'
        for name, colour in COLOURS.items()
        for part in ("fill", "stroke")
    ]
    return "\n".join(rules) + "\n"
