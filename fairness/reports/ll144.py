"""The summary of a bias audit in the layout of New York City's Local Law 144.

Made of the payload alone, where the pack ``nyc-ll144`` is among the policies: for each
attribute and each intersection a table of categories with their number, the number
selected, the selection rate and the impact ratio, its rate over the highest one. Those
whose category is unknown are counted and are in no ratio: neither by sex nor by race
where one of the two is unknown and both are crossed. Of a tool that scores, select who
scores above the median of all: then the rate is the scoring rate. Ratios are of the
rates before they are rounded, as in the rule's examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairness.findings.messages import label
from fairness.groups import MISSING

PACK = "nyc-ll144"
SMALL_SHARE = 0.02
"""Categories of a smaller share of the data are marked; they are shown all the same."""

FACTS = (
    ("audit_date", "date of the bias audit"),
    ("distribution_date", "in use since"),
    ("data_source", "data"),
    ("auditor", "auditor"),
    ("exclusion_reason", "why categories are left out of the ratios"),
)
"""Fields of a campaign's record that the summary tells, and how."""

RECORD = (*(name for name, _ in FACTS), "excluded_categories", "unknown_categories")
"""Fields of a campaign's record that the summary rests on."""

_SEX = re.compile(r"(?<![a-z])(sex|gender)(?![a-z])", re.IGNORECASE)
_RACE = re.compile(r"(?<![a-z])(race|ethnic\w*)(?![a-z])", re.IGNORECASE)

HEAD = ("category", "n", "selected", "rate", "impact ratio")


@dataclass(frozen=True, slots=True)
class Category:
    """One category of a table.

    Parameters
    ----------
    name : str
    n, selected : int or None
        None where the report hides a few people.
    rate, impact_ratio : float or None
        None where hidden, or undefined: nobody is selected anywhere.
    is_small : bool
        Below 2 % of the data.
    is_excluded : bool
        Left out of the ratios, as the campaign's record says.
    """

    name: str
    n: int | None
    selected: int | None
    rate: float | None
    impact_ratio: float | None
    is_small: bool
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The categories of one attribute or intersection.

    Parameters
    ----------
    attribute : str
    categories : tuple of Category
    unknown : int
        Customers of no known category.
    """

    attribute: str
    categories: tuple[Category, ...]
    unknown: int


def ll144_tables(payload: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the tables; none where the pack is not among the policies.

    Parameters
    ----------
    payload : dict
        Schema ``fairreach/audit/1``.

    References
    ----------
    .. [1] 6 RCNY 5-301(b), (d).

    Examples
    --------
    >>> group = {"attribute": "sex", "rate_low": None, "rate_high": None}
    >>> male = group | {"group": "m", "n": 1390, "selected": 667, "rate": 667 / 1390}
    >>> female = group | {"group": "f", "n": 1181, "selected": 555, "rate": 555 / 1181}
    >>> payload = {"policy": [{"name": "nyc-ll144"}], "groups": [male, female],
    ...            "data": {"rows": 2571}}
    >>> round(ll144_tables(payload)[0].categories[1].impact_ratio, 3)
    0.979
    """
    if all(policy["name"] != PACK for policy in payload["policy"]):
        return ()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in payload["groups"]:
        found.setdefault(row["attribute"], []).append(row)
    rows, said = payload["data"]["rows"], _said(payload)
    unknown, excluded = (
        frozenset(map(str.casefold, _items(said.get(name))))
        for name in ("unknown_categories", "excluded_categories")
    )
    found |= _of_the_crossed(found, payload, unknown)
    return tuple(
        _table(name, groups, rows, unknown, excluded) for name, groups in found.items()
    )


def ll144_rows(table: Table) -> list[list[str]]:
    """Return a table as texts, its head first."""
    return [list(HEAD), *(_cells(one) for one in table.categories)]


def ll144_lines(payload: Mapping[str, Any]) -> list[str]:
    """Return what has to be told beside the tables."""
    tables = ll144_tables(payload)
    if not tables:
        return []
    said = _said(payload)
    lines = [
        f"{told}: {label(str(said[name]), 200)}" for name, told in FACTS if name in said
    ]
    lines += [
        f"{label(table.attribute)}: {table.unknown:,} of no known category, in no ratio"
        for table in tables
    ]
    if any(one.is_small for table in tables for one in table.categories):
        lines.append("* below 2 % of the data; it may be left out only with a reason")
    lines.append(
        "impact ratio: rate / highest rate; the rule sets no pass mark (6 RCNY 5-301)"
    )
    return lines


def ll144_title(table: Table) -> str:
    """Return the title of a table."""
    return f"Impact ratios by {label(table.attribute)} (Local Law 144)"


def _table(
    name: str,
    groups: Sequence[Mapping[str, Any]],
    rows: int,
    unknown: frozenset[str],
    excluded: frozenset[str],
) -> Table:
    known = [row for row in groups if not _is_unknown(row["group"], unknown)]
    small = {
        row["group"]
        for row in known
        if row["n"] is None or row["n"] < SMALL_SHARE * rows
    }
    # Only a small category may be left out, whatever the record says.
    out = {name for name in small if _is_named(name, excluded)}
    rates = [
        row["rate"]
        for row in known
        if row["rate"] is not None and row["group"] not in out
    ]
    highest = max(rates, default=0.0)
    counted = sum(row["n"] or 0 for row in known)
    hidden = any(row["n"] is None for row in groups)
    strangers = [row for row in groups if _is_unknown(row["group"], unknown)]
    return Table(
        name,
        tuple(
            Category(
                row["group"],
                row["n"],
                row["selected"],
                row["rate"],
                row["rate"] / highest
                if row["rate"] is not None and highest and row["group"] not in out
                else None,
                row["group"] in small,
                row["group"] in out,
            )
            for row in known
        ),
        # What is hidden is of some category, known or not.
        sum(row["n"] or 0 for row in strangers) if hidden else rows - counted,
    )


def _of_the_crossed(
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    payload: Mapping[str, Any],
    unknown: frozenset[str],
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the tables of sex and race without those of whom one is unknown.

    As they are counted by their intersection; nothing where that was not counted, or
    hides somebody.
    """
    names = [str(name) for name in payload.get("attributes", ())]
    sexes, races = (
        [name for name in names if kind.search(name.replace("_", " "))]
        for kind in (_SEX, _RACE)
    )
    if len(sexes) != 1 or len(races) != 1:
        return {}
    pair = [name for name in names if name in {sexes[0], races[0]}]
    crossed = found.get("&".join(name.replace("&", "&&") for name in pair), ())
    if not crossed or any(row["n"] is None for row in crossed):
        return {}
    made: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in pair}
    for row in crossed:
        if _is_unknown(row["group"], unknown):
            continue
        for name, part in zip(pair, _parts(row["group"]), strict=True):
            total = made[name].setdefault(
                part, {"attribute": name, "group": part, "n": 0, "selected": 0}
            )
            total["n"] += row["n"]
            total["selected"] += row["selected"]
    return {
        name: [
            total | {"rate": total["selected"] / total["n"] if total["n"] else None}
            for total in groups.values()
        ]
        for name, groups in made.items()
    }


def _parts(group: str) -> list[str]:
    parts = group.replace("&&", "\0").split("&")
    return [part.replace("\0", "&") for part in parts]


def _is_unknown(group: str, unknown: frozenset[str]) -> bool:
    parts = {group, *_parts(group)}
    return MISSING in parts or any(part.casefold() in unknown for part in parts)


def _is_named(group: str, names: frozenset[str]) -> bool:
    return group.casefold() in names


def _said(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    record: Mapping[str, Any] = payload.get("campaign", {}).get("record", {})
    return record


def _items(value: object) -> list[str]:
    return [one.strip() for one in str(value or "").split(",") if one.strip()]


def _cells(one: Category) -> list[str]:
    def told(value: object, form: str) -> str:
        return "–" if value is None else format(value, form)

    rate = None if one.rate is None else one.rate * 100
    marks = f"{' *' if one.is_small else ''}{' (left out)' if one.is_excluded else ''}"
    return [
        f"{label(one.name)}{marks}",
        told(one.n, ","),
        told(one.selected, ","),
        f"{told(rate, '.1f')} %" if rate is not None else "–",
        told(one.impact_ratio, ".3f"),
    ]
