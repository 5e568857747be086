"""The comparisons of selection that artefacts tell: tables of rates, tests, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fairness.findings.messages import against, label
from fairness.reports.artefacts.blocks import Markdown, grid
from fairness.reports.cells import (
    Row,
    interval_of,
    is_hidden,
    reading_of,
    shown_number,
)
from fairness.reports.sections import MARKS, is_crossed

SELECTION = {
    "adverse_impact_ratio": "ratio to the reference, below 1: selected less often",
    "burden_ratio": "burden ratio to everybody else, above 1: picked more often",
}
"""Metrics of selection, and how to read them."""

_BESIDE = {
    "standard_deviations": "standard deviations",
    "flip_one_ratio": "one more or fewer",
}
_RANK = {"block": 0, "review": 1, "note": 2, None: 3}
_STANDING = frozenset({"fail", "inconclusive", "waived"})
_LONGEST = 40
_SMALLEST_P = 0.001

Key = tuple[str, str, str]


class Comparisons:
    """The comparisons of groups with their references, one of each.

    Where several rules look at one metric, the numbers are those of the weightiest.

    Parameters
    ----------
    payload : dict
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = payload
        rows: dict[Key, Row] = {}
        self._beside: dict[Key, Row] = {}
        for row in payload["findings"]:
            if row["stratum"] is not None or row["column"] is not None:
                continue
            key = _key(row["metric"], row)
            if row["metric"] not in SELECTION or row["verdict"] == "not_applicable":
                self._beside.setdefault(key, row)
            elif key not in rows or _rank(row) < _rank(rows[key]):
                rows[key] = row
        self._rows = tuple(rows.values())

    def metrics(self) -> list[str]:
        """Return the metrics that were compared, in the order of the payload."""
        return list(dict.fromkeys(row["metric"] for row in self._rows))

    def single(self, metric: str, attribute: str) -> list[Row]:
        """Return the groups of a single attribute."""
        return [
            row
            for row in self._rows
            if row["metric"] == metric and row["attribute"] == attribute
        ]

    def crossed(self, metric: str) -> list[Row]:
        """Return the groups of intersections."""
        singles = self._payload["attributes"]
        return [
            row
            for row in self._rows
            if row["metric"] == metric and is_crossed(row, singles)
        ]

    def standing(self, metric: str) -> list[Row]:
        """Return the groups of intersections that stand out, the surest first."""
        found = [row for row in self.crossed(metric) if stands_out(row)]
        return sorted(
            found, key=lambda row: (row["p_adjusted"] is None, row["p_adjusted"] or 0.0)
        )

    def rates(self, rows: Sequence[Row], *, crossed: bool = False) -> list[str]:
        """Return the table of numbers, rates and ratios."""
        if not rows:
            return []
        level = f"{(rows[0]['confidence'] or self._payload['confidence']) * 100:g} %"
        head = ["", *(["attribute"] if crossed else []), "group", "n", "selected"]
        head += ["rate", "ratio", f"{level} interval", "against", "its n", "result"]
        words = ["", "attribute", "group", "against", "result"]
        return grid(
            head,
            (
                [
                    Markdown(MARKS[row["verdict"]].strip()),
                    *([label(row["attribute"], _LONGEST)] if crossed else []),
                    label(row["group"], _LONGEST),
                    whole(row["n"]),
                    whole(row["selected"]),
                    shown_number(row["rate"]),
                    shown_number(row["estimate"]),
                    interval_of(row) or "–",
                    _reference(row),
                    whole(row["n_reference"]),
                    result(row),
                ]
                for row in rows
            ),
            words,
        )

    def tests(self, rows: Sequence[Row], *, crossed: bool = False) -> list[str]:
        """Return the table of tests, and of people."""
        compared = [row for row in rows if row["reading"] != "reference"]
        beside = {
            name: told
            for name, told in _BESIDE.items()
            if any(self._beside.get(_key(name, row)) for row in compared)
        }
        head = [*(["attribute"] if crossed else []), "group", "tested against", "p"]
        head += ["p adjusted", *beside.values(), "shortfall", "needed"]
        return grid(
            [*head, "would have seen"],
            (
                [
                    *([label(row["attribute"], _LONGEST)] if crossed else []),
                    label(row["group"], _LONGEST),
                    _tested(row),
                    p_text(row["p_value"]),
                    p_text(row["p_adjusted"]),
                    *(shown_number(self._other(row, name)) for name in beside),
                    people(row["shortfall"]),
                    whole(row["needed"]),
                    shown_number(row["detectable"]),
                ]
                for row in compared
            ),
            ["attribute", "group", "tested against"],
        )

    def has(self, metric: str) -> bool:
        """Return whether a rule, or the audit, measured a metric of groups."""
        return any(
            key[0] == metric and row["verdict"] != "not_applicable"
            for key, row in self._beside.items()
        )

    def _other(self, row: Row, metric: str) -> float | None:
        found = self._beside.get(_key(metric, row))
        return None if found is None else found["estimate"]


def no_numbers(rows: Iterable[Row]) -> list[str]:
    """Return why a ratio does not exist, for each row without one."""
    return list(
        dict.fromkeys(
            str(row["message"])
            for row in rows
            if row["estimate"] is None and row["reading"] != "reference"
        )
    )


def stands_out(row: Row) -> bool:
    """Return whether a row fails or may, or without a policy differs."""
    if row["verdict"] is not None:
        return row["verdict"] in _STANDING
    return row["reading"] in {"lower", "higher"}


def result(row: Row) -> str:
    """Return the verdict and the reading of a row."""
    told = reading_of(row)
    verdict = row["verdict"]
    if is_hidden(row) or verdict in {None, "inconclusive", "waived", "not_applicable"}:
        return told
    return told if told == "reference" else f"{verdict.replace('_', ' ')}: {told}"


def whole(number: int | None) -> str:
    """Return a count; a dash where there is none.

    Examples
    --------
    >>> whole(12000), whole(None)
    ('12,000', '–')
    """
    return "–" if number is None else f"{number:,}"


def people(number: float | None) -> str:
    """Return a shortfall in whole people.

    Examples
    --------
    >>> people(181.24), people(-0.2), people(None)
    ('181', '0', '–')
    """
    return "–" if number is None else f"{round(number):,}"


def p_text(value: float | None) -> str:
    """Return a p-value.

    Examples
    --------
    >>> p_text(0.0317), p_text(2e-37), p_text(None)
    ('0.032', '<0.001', '–')
    """
    if value is None:
        return "–"
    return "<0.001" if value < _SMALLEST_P else f"{value:.3f}"


def highest_note(payload: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Return which groups have a higher rate than the reference, if any has."""
    shown = next((row for row in rows if row["reading"] == "reference"), None)
    if shown is None or shown["rate"] is None:
        return []
    above = [
        f"{label(one['group'], _LONGEST)} ({shown_number(one['rate'])}, n "
        f"{whole(one['n'])})"
        for one in payload["groups"]
        if one["attribute"] == shown["attribute"]
        and one["rate"] is not None
        and one["rate"] > shown["rate"]
    ]
    if not above:
        return []
    told = (
        f"A higher rate than the reference's {shown_number(shown['rate'])}: "
        f"{', '.join(above)}. Too few, of too small a share, or of unknown value to "
        "be a reference: a ratio to them would rest on chance."
    )
    return [told]


def _key(metric: str, row: Row) -> Key:
    return metric, row["attribute"], row["group"]


def _rank(row: Row) -> int:
    return _RANK[row["severity"]]


def _reference(row: Row) -> str:
    if row["reading"] == "reference":
        return "itself"
    return "–" if row["reference"] is None else against(row["reference"])


def _tested(row: Row) -> str:
    beside = row["decided_by"] or row["reference"]
    return "–" if beside is None or row["p_value"] is None else against(beside)
