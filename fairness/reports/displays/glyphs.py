"""Fonts for labels of any script: what no font can draw is shown as its escape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

# Asked for in this order, where the ones that matplotlib is set to lack a character.
_CANDIDATES = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Hiragino Sans",
    "Yu Gothic",
    "Malgun Gothic",
    "WenQuanYi Micro Hei",
    "SimHei",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Nirmala UI",
    "Segoe UI",
    "Segoe UI Symbol",
    "Arial Unicode MS",
    "Noto Sans Symbols2",
)

_LEFT_AS_TEXT: ContextVar[bool] = ContextVar("left_as_text", default=False)


@contextmanager
def as_text() -> Iterator[None]:
    """Within this, nothing is escaped: what is drawn is text, in the reader's fonts."""
    token = _LEFT_AS_TEXT.set(True)
    try:
        yield
    finally:
        _LEFT_AS_TEXT.reset(token)


def is_left_as_text() -> bool:
    """Return whether what is drawn is text, in the reader's fonts."""
    return _LEFT_AS_TEXT.get()


def families_for(text: str) -> list[str]:
    """Return the font families that together can draw a text.

    Parameters
    ----------
    text : str
        As `readable` returns it.

    Returns
    -------
    list of str
        Those that matplotlib is set to first, then as few others as are needed.
    """
    families = _default()
    if _LEFT_AS_TEXT.get():
        return families
    lacking = {ord(char) for char in text} - _covered(tuple(families)) - {10}
    for family in _CANDIDATES:
        if lacking & _characters(family):
            families.append(family)
            lacking -= _characters(family)
    return families


def readable(text: str) -> str:
    r"""Return a text with what no font at hand can draw as its escape.

    Two labels stay apart where boxes in place of characters would make them one.

    Examples
    --------
    >>> readable("plain")
    'plain'
    >>> readable("\ue000")
    '\\ue000'
    """
    if _LEFT_AS_TEXT.get():
        return text
    known = _covered((*_default(), *_CANDIDATES)) | {10}
    return "".join(char if ord(char) in known else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode()


def _default() -> list[str]:
    import matplotlib as mpl  # noqa: PLC0415  # heavy, and only for pictures

    settings: Mapping[str, list[str]] = dict(mpl.rcParams)  # type: ignore[arg-type]
    families: list[str] = []
    for name in settings["font.family"]:
        families += settings.get(f"font.{name}", [name])
    first = [family for family in families if _characters(family)]
    # Only the first is asked for everything: more would change how plain text looks.
    return first[:1] or ["DejaVu Sans"]


@cache
def _covered(families: tuple[str, ...]) -> frozenset[int]:
    return frozenset().union(*(_characters(family) for family in families))


@cache
def _characters(family: str) -> frozenset[int]:
    """Return the code points of a family; none where it is not installed."""
    from matplotlib import font_manager  # noqa: PLC0415  # heavy, and only for pictures

    if family not in font_manager.fontManager.get_font_names():
        return frozenset()
    path = font_manager.findfont(family, fallback_to_default=False)
    return frozenset(font_manager.get_font(path).get_charmap())
