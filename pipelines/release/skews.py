"""How the composition of a delivered audience differs, attribute by attribute."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.auditing import Audit
from fairness.counts import CountTable
from fairness.findings.messages import label
from fairness.inference import Variation, holm, total_variation
from fairness.inference.variation import REPLICATES, SEED

Int64Array = NDArray[np.int64]
SkewReading = Literal["skewed", "no clear skew", "too few", "undefined"]
BoundReading = Literal["above", "within", "undecided"]

_NO_VARIATION = Variation(math.nan, math.nan, math.nan, math.nan)
_SAID: Mapping[BoundReading | None, str] = {
    "above": "above the bound of",
    "within": "within the bound of",
    "undecided": "which may lie on either side of the bound of",
}


@dataclass(frozen=True, slots=True)
class Skew:
    """How far the composition of those reached is from that of the selected.

    Parameters
    ----------
    attribute : str
    is_intersection : bool
    groups : int
        That were compared; hidden ones, and those of which it is not told how many
        were reached, are taken together.
    distance : float or None
        Total variation: the share of those reached who would have to be others. None,
        like all figures but the reading, where it would tell of fewer than 5 people.
    low, high : float or None
        See `fairness.inference.total_variation`.
    p_value, p_adjusted : float or None
        Of no skew; adjusted over all attributes and intersections (Holm).
    reading : {"skewed", "no clear skew", "too few", "undefined"}
    against : {"above", "within", "undecided"} or None
        Of the bound, where one was given: the whole interval lies above or within it.
    message : str
    """

    attribute: str
    is_intersection: bool
    groups: int
    distance: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    reading: SkewReading
    against: BoundReading | None
    message: str


def skews_of(
    audit: Audit,
    hidden: Mapping[str, Collection[str]],
    few: Mapping[str, Collection[str]],
    *,
    at_most: float | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> tuple[Skew, ...]:
    """Compare those reached with the selected, by every attribute that was counted.

    Parameters
    ----------
    audit : Audit
        Of the selected customers, among whom those reached are its selection.
    hidden : mapping of attribute to groups
        They are taken together: a distance must not tell them apart.
    few : mapping of attribute to groups
        Of which it is not told how many were reached.
    at_most : float, optional
    replicates, seed : int
        See `total_variation`.
    """
    sides = [
        _sides(table, hidden[table.attribute], few[table.attribute])
        for table in audit.tables.values()
    ]
    found = [
        total_variation(
            one.n, one.x, confidence=audit.confidence, replicates=replicates, seed=seed
        )
        if len(one.n) > 1
        else _NO_VARIATION
        for one in sides
    ]
    adjusted = holm([one.p_value for one in found]).tolist()
    return tuple(
        _skew(one, variation, p, audit, at_most)
        for one, variation, p in zip(sides, found, adjusted, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Selected and reached customers of the groups that are compared.

    Parameters
    ----------
    table : CountTable
    n, x : int64 arrays
    is_told : bool
        Whether figures may be shown, or the reading alone.
    """

    table: CountTable
    n: Int64Array
    x: Int64Array
    is_told: bool


def _sides(table: CountTable, hidden: Collection[str], few: Collection[str]) -> _Sides:
    together = _pooled(table, {*hidden, *few})
    if len(together[0]) > 1:
        return _Sides(table, *together, is_told=True)
    # One group is all that could be shown: its own are compared, and not told.
    return _Sides(table, *_pooled(table, hidden), is_told=False)


def _pooled(
    table: CountTable, hidden: Collection[str]
) -> tuple[Int64Array, Int64Array]:
    apart = np.array([group not in hidden for group in table.groups], dtype=bool)
    counts = [table.n, table.selected]
    if not apart.all():
        counts = [np.append(one[apart], one[~apart].sum()) for one in counts]
    return counts[0], counts[1]


def _skew(
    sides: _Sides,
    found: Variation,
    p_adjusted: float,
    audit: Audit,
    at_most: float | None,
) -> Skew:
    table, reached = sides.table, int(sides.x.sum())
    name, crossed = label(table.attribute), len(table.attributes) > 1
    bare = Skew(
        table.attribute, crossed, len(sides.n), None, None, None, None, None,
        "undefined", None, f"{name}: nobody was reached, so there is no composition",
    )  # fmt: skip
    if not reached:
        return bare
    if len(sides.n) == 1:
        message = f"{name}: there are no two groups that may be shown"
        return replace(bare, message=message)
    points = f"{found.distance * 100:.1f} percentage points"
    if reached < audit.min_expected:
        many = (
            f"{reached:,} reached are too few to tell ({audit.min_expected:g} needed)"
        )
        if not sides.is_told:
            return replace(bare, reading="too few", message=f"{name}: {many}")
        return replace(
            bare,
            distance=found.distance,
            reading="too few",
            message=f"{name}: {points} apart, but {many}",
        )
    reading: SkewReading = (
        "skewed" if p_adjusted < 1 - audit.confidence else "no clear skew"
    )
    against = None if at_most is None else _against(found, at_most)
    if not sides.is_told:
        message = f"{name}: how far apart is not told, it would tell of a few people"
        if at_most is not None:
            message += f"; {_SAID[against]} {at_most * 100:g}"
        return replace(bare, reading=reading, against=against, message=message)
    message = (
        f"{name}: {points} apart ({audit.confidence * 100:g} % "
        f"{found.low * 100:.1f} to {found.high * 100:.1f})"
    )
    if at_most is not None:
        message += f", {_SAID[against]} {at_most * 100:g}"
    return replace(
        bare,
        distance=found.distance,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        p_adjusted=p_adjusted,
        reading=reading,
        against=against,
        message=message,
    )


def _against(found: Variation, at_most: float) -> BoundReading:
    if found.low > at_most:
        return "above"
    return "within" if found.high <= at_most else "undecided"
