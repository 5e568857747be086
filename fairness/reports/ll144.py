"""The summary of a bias audit in the layout of New York City's Local Law 144.

Made of the payload alone, where the pack ``nyc-ll144`` is among the policies: for each
attribute and each intersection a table of categories with their number, the number
selected, the selection rate and the impact ratio, its rate over the highest one. Those
whose category is unknown are counted and are in no ratio. Of a tool that scores, select
who scores above the median of all: then the rate is the scoring rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairness.findings.messages import label
from fairness.groups import MISSING

PACK = "nyc-ll144"
SMALL_SHARE = 0.02
"""Categories of a smaller share of the data are marked; they are shown all the same."""

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
    """

    name: str
    n: int | None
    selected: int | None
    rate: float | None
    impact_ratio: float | None
    is_small: bool


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
    rows = payload["data"]["rows"]
    return tuple(_table(name, groups, rows) for name, groups in found.items())


def ll144_rows(table: Table) -> list[list[str]]:
    """Return a table as texts, its head first."""
    return [list(HEAD), *(_cells(one) for one in table.categories)]


def ll144_lines(payload: Mapping[str, Any]) -> list[str]:
    """Return what has to be told beside the tables."""
    tables = ll144_tables(payload)
    if not tables:
        return []
    lines = [
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


def _table(name: str, groups: list[Mapping[str, Any]], rows: int) -> Table:
    known = [row for row in groups if not _is_unknown(row["group"])]
    rates = [row["rate"] for row in known if row["rate"] is not None]
    highest = max(rates, default=0.0)
    counted = sum(row["n"] or 0 for row in known)
    hidden = any(row["n"] is None for row in groups)
    unknown = sum(row["n"] or 0 for row in groups if _is_unknown(row["group"]))
    return Table(
        name,
        tuple(
            Category(
                row["group"],
                row["n"],
                row["selected"],
                row["rate"],
                row["rate"] / highest if row["rate"] is not None and highest else None,
                row["n"] is None or row["n"] < SMALL_SHARE * rows,
            )
            for row in known
        ),
        # What is hidden is of some category, known or not.
        unknown if hidden else rows - counted,
    )


def _is_unknown(group: str) -> bool:
    return MISSING in group.replace("&&", "").split("&")


def _cells(one: Category) -> list[str]:
    def told(value: object, form: str) -> str:
        return "–" if value is None else format(value, form)

    rate = None if one.rate is None else one.rate * 100
    return [
        f"{label(one.name)}{' *' if one.is_small else ''}",
        told(one.n, ","),
        told(one.selected, ","),
        f"{told(rate, '.1f')} %" if rate is not None else "–",
        told(one.impact_ratio, ".3f"),
    ]
