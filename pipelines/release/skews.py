"""How the composition of a delivered audience differs, attribute by attribute."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.auditing import Audit
from fairness.counts import CountTable
from fairness.findings.messages import label
from fairness.inference import holm
from pipelines.release.variation import (
    REPLICATES,
    SEED,
    Variation,
    total_variation,
)

Int64Array = NDArray[np.int64]
SkewReading = Literal["skewed", "no clear skew", "too few", "undefined"]
BoundReading = Literal["above", "within", "undecided"]

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
        That were compared; hidden ones are taken together.
    distance : float or None
        Total variation: the share of those reached who would have to be others.
    low, high : float or None
        See `pipelines.release.variation.total_variation`.
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
    at_most : float, optional
    replicates, seed : int
        See `total_variation`.
    """
    tables = list(audit.tables.values())
    pairs = [_pooled(table, hidden[table.attribute]) for table in tables]
    found = [
        total_variation(
            n, x, confidence=audit.confidence, replicates=replicates, seed=seed
        )
        for n, x in pairs
    ]
    adjusted = holm([one.p_value for one in found]).tolist()
    return tuple(
        _skew(table, len(n), int(x.sum()), one, p, audit, at_most)
        for table, (n, x), one, p in zip(tables, pairs, found, adjusted, strict=True)
    )


def _pooled(
    table: CountTable, hidden: Collection[str]
) -> tuple[Int64Array, Int64Array]:
    apart = np.array([group not in hidden for group in table.groups], dtype=bool)
    counts = [table.n, table.selected]
    if not apart.all():
        counts = [np.append(one[apart], one[~apart].sum()) for one in counts]
    return counts[0], counts[1]


def _skew(
    table: CountTable,
    groups: int,
    reached: int,
    found: Variation,
    p_adjusted: float,
    audit: Audit,
    at_most: float | None,
) -> Skew:
    name, crossed = label(table.attribute), len(table.attributes) > 1
    bare = Skew(
        table.attribute, crossed, groups, None, None, None, None, None,
        "undefined", None, f"{name}: nobody was reached, so there is no composition",
    )  # fmt: skip
    if not reached:
        return bare
    points = f"{found.distance * 100:.1f} percentage points"
    if reached < audit.min_expected:
        message = (
            f"{name}: {points} apart, but {reached:,} reached are too few to tell "
            f"({audit.min_expected:g} needed)"
        )
        return replace(
            bare, distance=found.distance, reading="too few", message=message
        )
    message = (
        f"{name}: {points} apart ({audit.confidence * 100:g} % "
        f"{found.low * 100:.1f} to {found.high * 100:.1f})"
    )
    against = None if at_most is None else _against(found, at_most)
    if at_most is not None:
        message += f", {_SAID[against]} {at_most * 100:g}"
    return replace(
        bare,
        distance=found.distance,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        p_adjusted=p_adjusted,
        reading="skewed" if p_adjusted < 1 - audit.confidence else "no clear skew",
        against=against,
        message=message,
    )


def _against(found: Variation, at_most: float) -> BoundReading:
    if found.low > at_most:
        return "above"
    return "within" if found.high <= at_most else "undecided"
