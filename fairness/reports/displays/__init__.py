"""Displays: each a picture, its numbers, and a sentence that states the finding."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.reports.displays.base import Display
    from fairness.reports.displays.made import displays_of
    from fairness.reports.displays.markup import svg
    from fairness.reports.displays.theme import theme_css

_HOME = {
    "Display": "fairness.reports.displays.base",
    "displays_of": "fairness.reports.displays.made",
    "svg": "fairness.reports.displays.markup",
    "theme_css": "fairness.reports.displays.theme",
}

__all__ = ["Display", "displays_of", "svg", "theme_css"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(
            f"module 'fairness.reports.displays' has no attribute {name!r}"
        )
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
