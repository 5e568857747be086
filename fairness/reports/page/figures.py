"""The pictures of a page, each with its numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARTS: Mapping[str, str] = {
    "ratios": "groups",
    "intersections": "groups",
    "funnel": "made",
    "proxies": "proxies",
    "thresholds": "scores",
    "scores": "scores",
    "calibration": "scores",
    "segments": "segments",
}


def figures_of(payload: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the pictures by the part of the page that they stand in."""
    return {part: [] for part in PARTS.values()}


def picture_style() -> str:
    """Return the rules that give the pictures the colours of the page."""
    return ""
