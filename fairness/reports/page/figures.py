"""The pictures of a page, each with its numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.reports.answers import in_words
from fairness.reports.cells import shown_number
from fairness.reports.harm import is_of_selection, worst_of
from fairness.reports.page.tables import exact
from fairness.reports.sections import culprits, is_crossed, stands_out

if TYPE_CHECKING:
    from markupsafe import Markup

    from fairness.reports.displays import Display

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "ratios": "groups",
        "intersections": "groups",
        "funnel": "made",
        "proxies": "proxies",
        "thresholds": "scores",
        "scores": "scores",
        "calibration": "scores",
        "segments": "segments",
    }
)
# The findings beside it are its table.
_HAS_TABLE = frozenset({"ratios", "intersections"})
# Of these one attribute is drawn: what makes the gap is a question of the gap.
_OF_THE_WORST = frozenset({"funnel", "thresholds", "scores", "calibration", "proxies"})
_MOST_MAPS = 2
_MOST_ROWS = 200


def figures_of(payload: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the pictures by the part of the page that they stand in.

    Every attribute has its ratios. Funnel, scores and columns are drawn for the
    attribute that comes off worst, and maps where an intersection stands out.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    dict of str to list of dict
    """
    from fairness.reports.displays import displays_of  # noqa: PLC0415  # draws

    made: dict[str, list[dict[str, Any]]] = {part: [] for part in _PARTS.values()}
    singles = payload.get("attributes", ())
    worst = _by_evidence(payload)
    crosses = [name for name in worst if is_crossed({"attribute": name}, singles)]
    first = next((name for name in worst if name not in crosses), None)
    standing = {row["attribute"] for row in payload["findings"] if stands_out(row)}
    maps = [name for name in crosses if name in standing]
    for display in displays_of(payload):
        kind, name = display.kind, display.attribute
        crossed = is_crossed({"attribute": name}, singles)
        if (
            kind not in _PARTS
            or (kind == "ratios" and crossed)
            or (kind == "intersections" and name not in maps[:_MOST_MAPS])
            or (kind in _OF_THE_WORST and name not in {first, ""})
        ):
            continue
        made[_PARTS[kind]].append(_figure(display, crossed=crossed))
    return made


def _by_evidence(payload: Mapping[str, Any]) -> list[str]:
    """Return attributes and intersections: the answers' own, then by evidence."""
    clearest = {row["attribute"]: 1.0 for row in payload["groups"]}
    for row in payload["findings"]:
        name, known = row["attribute"], row["p_adjusted"]
        if known is not None and name in clearest and is_of_selection(row):
            clearest[name] = min(clearest[name], known)
    rows = (worst_of(payload), *culprits(payload))
    names = (row["attribute"] for row in rows if row is not None)
    told = next((name for name in names if name in clearest), None)
    return sorted(clearest, key=lambda name: (name != told, clearest[name]))


def picture_style() -> Markup:
    """Return the rules that give the pictures the colours of the page."""
    from markupsafe import Markup  # noqa: PLC0415  # loaded with the engine

    from fairness.reports.displays import theme_css  # noqa: PLC0415  # as above

    return Markup(theme_css())  # noqa: S704  # of the package alone


def _figure(display: Display, *, crossed: bool) -> dict[str, Any]:
    from markupsafe import Markup  # noqa: PLC0415  # loaded with the engine

    from fairness.reports.displays import svg  # noqa: PLC0415  # draws

    rows = () if display.kind in _HAS_TABLE else display.rows
    left = len(rows) - _MOST_ROWS
    return {
        "title": ascii_controls(in_words(display.title)),
        "label": ascii_controls(
            f"{display.kind} {label(display.attribute)}"
            if display.attribute
            else display.kind
        ),
        "attribute": "" if crossed else label(display.attribute),
        "crossed": crossed,
        # Built as a tree, so every text in it is escaped already.
        "svg": Markup(svg(display)),  # noqa: S704
        "head": [
            {"text": name.replace("_", " "), "left": _is_text(rows, name)}
            for name in display.columns
        ],
        "rows": [
            [_cell(row[name], is_text=_is_text(rows, name)) for name in display.columns]
            for row in rows[:_MOST_ROWS]
        ],
        "more": f"… and {left:,} more, in the report for machines." if left > 0 else "",
    }


def _is_text(rows: tuple[Mapping[str, Any], ...], name: str) -> bool:
    return any(isinstance(row[name], str | bool) for row in rows)


def _cell(value: Any, *, is_text: bool) -> dict[str, Any]:
    if is_text or value is None:
        told = "–" if value is None else label(str(value))
        return {"text": told, "exact": "", "left": is_text}
    shown = f"{value:,}" if isinstance(value, int) else shown_number(value)
    return {"text": shown, "exact": exact([value]), "left": False}
