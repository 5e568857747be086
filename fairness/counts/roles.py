"""Which column plays which part in the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from fairness.counts.table import Axis
from fairness.counts.table import Role as AxisRole
from fairness.errors import InputError, Problem, shown
from fairness.frames import Encoded
from fairness.groups import MISSING, Bands, Flag, label_of, sort_labels

# Beyond this share of customers with a value of their own, a column is an id.
_OWN_VALUE_SHARE = 0.5
_FEW_VALUES = 20

OUTCOME_LABELS = ("0", "1", "unobserved")


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns by role, checked against the table.

    Parameters
    ----------
    by, strata : tuple of str
    selected : Flag or None
        None where an audience says who was selected.
    outcome : Flag or None
    score, value, weight, id : str or None
    bands : dict of column to Bands
    as_of : date or None
    score_bins : int
    score_range : (float, float) or None
    """

    by: tuple[str, ...]
    strata: tuple[str, ...]
    selected: Flag | None
    outcome: Flag | None
    score: str | None
    value: str | None
    weight: str | None
    id: str | None
    bands: Mapping[str, Bands]
    as_of: date | None
    score_bins: int
    score_range: tuple[float, float] | None

    @property
    def grouped(self) -> tuple[tuple[str, AxisRole], ...]:
        """Attributes and strata with their role on an axis."""
        attributes: list[tuple[str, AxisRole]] = [(n, "attribute") for n in self.by]
        return (*attributes, *((name, "stratum") for name in self.strata))

    def moments(self) -> dict[str, tuple[str, int]]:
        """Return the sums of powers to add up: name to (column, power)."""
        sums = {}
        for role, column in (("score", self.score), ("value", self.value)):
            if column is not None:
                sums[f"{role}_n"] = (column, 0)
                sums[role] = (column, 1)
                sums[f"{role}_sq"] = (column, 2)
        return sums


def axis_of(
    name: str,
    role: AxisRole,
    encoded: Encoded,
    *,
    bands: Bands | None,
    as_of: date | None,
    missing: Sequence[str],
    banded: bool = False,
) -> tuple[Axis, NDArray[np.int64]]:
    """Return the axis of a column and the level of each of its values.

    Parameters
    ----------
    name, role
        Of the axis.
    encoded : Encoded
    bands : Bands or None
    as_of : date or None
    missing : sequence of str
    banded : bool
        Whether the values are numbers of bands already.

    Returns
    -------
    axis : Axis
        With every band, or every label of `encoded.values`.
    levels : int64 array
        One entry a value, and a last one for null.
    """
    if bands is None:
        labels = [label_of(value, missing) for value in encoded.values]
        ordered = sort_labels({*labels, MISSING})
        places = {label: place for place, label in enumerate(ordered)}
        levels = np.array([places[label] for label in [*labels, MISSING]], np.int64)
        return Axis(name, role, tuple(ordered)), levels
    if banded:
        found = np.array(
            [-1 if value is None else int(value) for value in encoded.values],  # type: ignore[call-overload]
            np.int64,
        )
    else:
        kind = kind_of_column(encoded, missing)
        found = bands.codes(encoded.values, kind=kind, as_of=as_of, missing=missing)
    names = (*bands.labels, MISSING)
    last = len(names) - 1
    found = np.where(found < 0, last, found)
    return Axis(name, role, names, ordered=True), np.append(found, last)


def kind_of_column(encoded: Encoded, missing: Sequence[str]) -> str:
    """Return whether a column's values are numbers or dates."""
    from fairness.groups.bands import kind_of  # noqa: PLC0415

    return kind_of(encoded.values, missing)


def check_attribute(axis: Axis, used: int, rows: int) -> None:
    """Refuse an attribute that has a value of its own for most customers.

    Raises
    ------
    InputError
    """
    if (
        axis.role != "attribute"
        or used <= _FEW_VALUES
        or used <= rows * _OWN_VALUE_SHARE
    ):
        return
    raise InputError(
        Problem(
            "by",
            f"{shown(axis.name)} has {used:,} values for {rows:,} customers: "
            "almost one value per customer makes no groups",
            f"band it, for example --bands {axis.name}=18,30,45,60, or name another "
            "column",
        )
    )
