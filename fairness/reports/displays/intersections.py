"""Intersections: a map of two crossed attributes, ratios as colours and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fairness.metrics import METRICS
from fairness.reports.cells import is_hidden
from fairness.reports.displays.base import Row
from fairness.reports.displays.crossed import Crossed
from fairness.reports.displays.marks import harm_of
from fairness.reports.displays.ratios import (
    Ratios,
    beside,
    estimate_of,
    ratios_of,
    sentence,
    told_of,
)

_MOST_ROWS, _MOST_COLUMNS = 24, 10
_STANDS = frozenset({"fail", "inconclusive", "waived"})


@dataclass(frozen=True, repr=False)
class Intersections(Crossed):
    """How each intersection of two attributes compares with the reference.

    Parameters
    ----------
    attribute : str
        Both, as the findings name them: ``"gender&ethnicity"``.
    rows : tuple of dict
        Findings with ``down`` and ``across``, the two groups.
    down, across : tuple of str
        The groups of the two attributes, in order.
    left_out : int
        Findings for which there is no room.
    metric : str
    """

    kind: ClassVar[str] = "intersections"
    columns: ClassVar[tuple[str, ...]] = (
        *("attribute", "group", "down", "across"),
        *(name for name in Ratios.columns if name not in {"attribute", "group"}),
    )

    metric: str = ""

    @property
    def title(self) -> str:
        """Which intersection differs most, in the direction of harm first."""
        told = [row for row in self.rows if not is_hidden(row)]
        return sentence(self.attribute, told, METRICS[self.metric])

    @property
    def told(self) -> tuple[str, ...]:
        """The finding of each intersection, with its size."""
        return tuple(told_of(row) for row in self.rows)

    def sides(self, row: Row) -> tuple[str, str]:
        """Return the two groups."""
        return row["down"], row["across"]

    def value(self, row: Row) -> float | None:
        """Return the estimate; None where there are too few."""
        return None if _is_few(row) else estimate_of(row)

    def is_marked(self, row: Row) -> bool:
        """Return whether the finding stands out."""
        return _stands_out(row)

    def below(self) -> str:
        """Return the metric, and what 1 is."""
        metric = METRICS[self.metric]
        return f"{metric.title}; 1 is the same as {beside(self.rows)}"

    def note(self) -> str:
        """Return how many are not drawn."""
        more = self.left_out
        return f"{more} intersections of smaller groups are not drawn" if more else ""

    def is_reversed(self) -> bool:
        """Return whether being selected more often is the harm."""
        return harm_of(METRICS[self.metric]) == "higher"


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
        tuple(down),
        tuple(across),
        len(crossed) - len(shown),
        found.metric,
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
