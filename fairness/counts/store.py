"""Save tables of groups, suppressed, and load them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fairness.counts.suppress import SMALLEST, suppress
from fairness.counts.table import CountTable, GroupCounts
from fairness.errors import InputError, Problem, shown
from fairness.groups import intersection_name, sort_parts
from fairness.writing import write_whole

_SCHEMA = "fairreach/counts/1"


@dataclass(frozen=True, slots=True, eq=False)
class SavedCounts:
    """Tables of groups as they were saved: no joint counts, no small groups.

    Parameters
    ----------
    tables : dict of attribute name to CountTable
        Without the groups that were hidden.
    hidden : dict of attribute name to tuple of str
        Names of the groups that were hidden.
    rows, selected : int
    fingerprint : str
        Of the joint counts that they were made from.
    """

    tables: Mapping[str, CountTable]
    hidden: Mapping[str, tuple[str, ...]]
    rows: int
    selected: int
    fingerprint: str

    def table(self, attributes: Sequence[str]) -> CountTable:
        """Return the table of an attribute or intersection.

        Raises
        ------
        InputError
            A table that was not saved.
        """
        for table in self.tables.values():
            if table.attributes == tuple(attributes):
                return table
        raise InputError(
            Problem(
                "counts",
                f"hold no table of {shown(list(attributes))}",
                "save it: save_counts(counts, path, intersections=2)",
            )
        )

    def __add__(self, other: object) -> SavedCounts:
        """Return the tables of both; what either hides stays hidden."""
        if not isinstance(other, SavedCounts):
            return NotImplemented
        if set(self.tables) != set(other.tables):
            raise InputError(
                Problem("counts", "hold different tables and cannot be added")
            )
        tables, hidden = {}, {}
        for name, mine in self.tables.items():
            hidden[name] = tuple(sorted({*self.hidden[name], *other.hidden[name]}))
            tables[name] = _added(mine, other.tables[name], set(hidden[name]))
        return SavedCounts(
            tables,
            hidden,
            self.rows + other.rows,
            self.selected + other.selected,
            f"{self.fingerprint}+{other.fingerprint}",
        )


def save_counts(
    counts: GroupCounts, path: str | Path, *, intersections: int = 1, k: int = SMALLEST
) -> Path:
    """Write the tables of single attributes and intersections, suppressed.

    Parameters
    ----------
    counts : GroupCounts
    path : str or Path
    intersections : int, default 1
        Highest order of intersections to save.
    k : int, default 5
        Smaller groups are hidden, and others with them (`suppress`).
    """
    tables = [counts.table(names) for names in counts.groupings(intersections)]
    hidden = suppress(tables, k)
    payload = {
        "schema": _SCHEMA,
        "rows": counts.rows,
        "selected": counts.selected,
        "fingerprint": counts.fingerprint,
        "smallest": k,
        "tables": [_packed(table, hidden[table.attribute]) for table in tables],
    }
    return write_whole(path, json.dumps(payload, indent=1, ensure_ascii=True) + "\n")


def load_counts(path: str | Path) -> SavedCounts:
    """Read tables written by `save_counts`.

    Raises
    ------
    InputError
        A file that is no such table.
    """
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8"))
        known = payload["schema"] == _SCHEMA
        saved = _unsaved(payload) if known else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"is not a table of counts ({type(error).__name__})"
        raise InputError(_not_counts(path, what)) from None
    if saved is None:
        what = f"has the schema {shown(payload['schema'])}"
        raise InputError(_not_counts(path, what))
    return saved


def _not_counts(path: str | Path, what: str) -> Problem:
    hint = f"counts are written by save_counts, schema {_SCHEMA}"
    return Problem(shown(str(path)), what, hint)


def _unsaved(payload: Mapping[str, Any]) -> SavedCounts:
    tables, hidden = {}, {}
    for packed in payload["tables"]:
        table = _unpacked(packed)
        tables[table.attribute] = table
        hidden[table.attribute] = tuple(packed["hidden"])
    return SavedCounts(
        tables, hidden, payload["rows"], payload["selected"], payload["fingerprint"]
    )


def _packed(table: CountTable, hidden: set[str]) -> dict[str, Any]:
    keep = [i for i, group in enumerate(table.groups) if group not in hidden]
    packed: dict[str, Any] = {
        "attributes": list(table.attributes),
        "labels": [list(table.labels[i]) for i in keep],
        "cells": table.cells[keep].tolist(),
        "hidden": sorted(hidden),
        "moments": {name: v[keep].tolist() for name, v in table.moments.items()},
    }
    if table.weights is not None and table.weights_sq is not None:
        packed["weights"] = table.weights[keep].tolist()
        packed["weights_sq"] = table.weights_sq[keep].tolist()
    return packed


def _unpacked(packed: Mapping[str, Any]) -> CountTable:
    shape = (len(packed["labels"]), 2, 3)

    def array(name: str, dtype: Any) -> Any:
        return np.array(packed[name], dtype).reshape(shape) if name in packed else None

    return CountTable(
        tuple(packed["attributes"]),
        tuple(tuple(parts) for parts in packed["labels"]),
        array("cells", np.int64),
        array("weights", np.float64),
        array("weights_sq", np.float64),
        {name: np.array(v, np.float64) for name, v in packed["moments"].items()},
    )


def _added(mine: CountTable, theirs: CountTable, hidden: set[str]) -> CountTable:
    shown_parts = {
        parts
        for parts in (*mine.labels, *theirs.labels)
        if intersection_name(parts) not in hidden
    }
    places = {parts: place for place, parts in enumerate(sort_parts(shown_parts))}

    def total(name: str) -> Any:
        if getattr(mine, name) is None:
            return None
        out = np.zeros((len(places), 2, 3), getattr(mine, name).dtype)
        for table in (mine, theirs):
            for row, parts in enumerate(table.labels):
                if parts in places:
                    out[places[parts]] += getattr(table, name)[row]
        return out

    moments = {name: np.zeros(len(places)) for name in mine.moments}
    for table in (mine, theirs):
        for row, parts in enumerate(table.labels):
            if parts in places:
                for name, values in moments.items():
                    values[places[parts]] += table.moments[name][row]
    return CountTable(
        mine.attributes,
        tuple(places),
        total("cells"),
        total("weights"),
        total("weights_sq"),
        moments,
    )
