"""Which column plays which part in the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fairness.counts.table import Role
from fairness.groups import Bands, Flag


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
    uses : tuple of str
        Columns that the profile uses.
    value_cap : float or None
    many : frozenset of str
        Attributes and strata that may have a value of its own for every customer.
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
    uses: tuple[str, ...] = ()
    value_cap: float | None = None
    many: frozenset[str] = frozenset()

    @property
    def grouped(self) -> tuple[tuple[str, Role], ...]:
        """Attributes and strata with their role on an axis."""
        attributes: list[tuple[str, Role]] = [(n, "attribute") for n in self.by]
        return (*attributes, *((name, "stratum") for name in self.strata))

    @property
    def measured(self) -> tuple[tuple[str, str], ...]:
        """The numbers of which moments are taken: role and column."""
        pairs = (("score", self.score), ("value", self.value))
        return tuple((role, column) for role, column in pairs if column is not None)

    @property
    def moments(self) -> dict[str, tuple[str, int]]:
        """The sums of powers to add up: name to (column, power)."""
        sums = {}
        for role, column in self.measured:
            sums[f"{role}_n"] = (column, 0)
            sums[role] = (column, 1)
            sums[f"{role}_sq"] = (column, 2)
        return sums
