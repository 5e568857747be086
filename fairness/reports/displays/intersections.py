"""Intersections: a map of two crossed attributes, ratios as colours and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.metrics import METRICS
from fairness.reports.cells import is_hidden
from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import Layout, write_title
from fairness.reports.displays.maps import Cell, draw_map, heads_above, map_layout
from fairness.reports.displays.marks import harm_of
from fairness.reports.displays.ratios import (
    Ratios,
    beside,
    estimate_of,
    ratios_of,
    sentence,
    told_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS, _MOST_COLUMNS = 24, 10
_STANDS = frozenset({"fail", "inconclusive", "waived"})


@dataclass(frozen=True, repr=False)
class Intersections(Display):
    """How each intersection of two attributes compares with the reference.

    Parameters
    ----------
    attribute : str
        Both, as the findings name them: ``"gender&ethnicity"``.
    rows : tuple of dict
        Findings with ``down`` and ``across``, the two groups.
    metric : str
    down, across : tuple of str
        The groups of the two attributes, in order.
    left_out : int
        Findings for which there is no room.
    """

    kind: ClassVar[str] = "intersections"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "down",
        "across",
        "metric",
        "estimate",
        "low",
        "high",
        "confidence",
        "n",
        "selected",
        "rate",
        "reference",
        "n_reference",
        "selected_reference",
        "detectable",
        "bound",
        "reading",
        "rule",
        "verdict",
    )

    metric: str = ""
    down: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def title(self) -> str:
        """Which intersection differs most, in the direction of harm first."""
        told = [row for row in self.rows if not is_hidden(row)]
        return sentence(self.attribute, told, METRICS[self.metric])

    @property
    def told(self) -> tuple[str, ...]:
        """The finding of each intersection, with its size."""
        return tuple(told_of(row) for row in self.rows)

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        rows = {name: place for place, name in enumerate(self.down)}
        columns = {name: place for place, name in enumerate(self.across)}
        return tuple(
            Cell(
                rows[row["down"]],
                columns[row["across"]],
                place,
                None if _is_few(row) else estimate_of(row),
                is_marked=_stands_out(row),
            )
            for place, row in enumerate(self.rows)
        )

    def _note(self) -> str:
        more = self.left_out
        return f"{more} intersections of smaller groups are not drawn" if more else ""

    def _below(self) -> str:
        metric = METRICS[self.metric]
        return f"{metric.title}; 1 is the same as {beside(self.rows)}"

    @property
    def _reverse(self) -> bool:
        return harm_of(METRICS[self.metric]) == "higher"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: a cell an intersection."""
        return map_layout(
            self.down,
            self.across,
            self._cells,
            title=self.title,
            heading=heading,
            below=self._below(),
            note=self._note(),
            reverse=self._reverse,
        )

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the map."""
        draw_map(
            ax,
            layout,
            rows=self.down,
            columns=self.across,
            cells=self._cells,
            below=self._below(),
            note=self._note(),
            reverse=self._reverse,
        )
        if heading:
            write_title(ax, self.title, layout, heads_above(self.across))


def intersections_of(
    payload: Mapping[str, Any], attribute: str | None = None
) -> list[Intersections]:
    """Return the maps of the pairs of attributes; of one where it is named."""
    singles = payload["attributes"]
    names = dict.fromkeys(row["attribute"] for row in payload["findings"])
    made = []
    for name in names:
        parts = _parts(name)
        is_pair = len(parts) == 2 and name not in singles  # noqa: PLR2004
        if not is_pair or attribute not in {None, name}:
            continue
        made += [
            _map(payload, name, found) for found in ratios_of(payload["findings"], name)
        ]
    return made


def _map(payload: Mapping[str, Any], attribute: str, found: Ratios) -> Intersections:
    first, second = (
        [row["group"] for row in payload["groups"] if row["attribute"] == name]
        for name in _parts(attribute)
    )
    crossed = [
        dict(row) | dict(zip(("down", "across"), _parts(row["group"]), strict=True))
        for row in found.rows
    ]
    turned = len(second) > len(first)
    if turned:
        first, second = second, first
        for row in crossed:
            row["down"], row["across"] = row["across"], row["down"]
    down = _first(first, crossed, "down", _MOST_ROWS)
    across = _first(second, crossed, "across", _MOST_COLUMNS)
    shown = [row for row in crossed if row["down"] in down and row["across"] in across]
    shown.sort(key=lambda row: (down.index(row["down"]), across.index(row["across"])))
    return Intersections(
        attribute,
        tuple(shown),
        found.metric,
        tuple(down),
        tuple(across),
        len(crossed) - len(shown),
    )


def _first(
    groups: Sequence[str], rows: Sequence[Row], side: str, most: int
) -> list[str]:
    """Return some groups in their order: in what stands out, then the largest."""
    weight = {
        group: (
            sum(_stands_out(row) for row in rows if row[side] == group),
            sum(row["n"] or 0 for row in rows if row[side] == group),
        )
        for group in groups
    }
    chosen = sorted(groups, key=lambda group: weight[group], reverse=True)[:most]
    return [group for group in groups if group in chosen]


def _stands_out(row: Row) -> bool:
    if row["verdict"]:
        return row["verdict"] in _STANDS
    return bool(row["reading"] == harm_of(METRICS[row["metric"]]))


def _parts(name: str) -> list[str]:
    """Return the parts of an intersection's name; `&` in a label is doubled.

    Examples
    --------
    >>> _parts("a&&b&c")
    ['a&b', 'c']
    """
    return [part.replace("\0", "&") for part in name.replace("&&", "\0").split("&")]


def _is_few(row: Row) -> bool:
    return is_hidden(row) or row["reading"] in {"too few", "undefined"}
