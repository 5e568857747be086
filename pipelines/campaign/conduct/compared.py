"""Groups beside each other: ratios with their intervals, and p-values that have paid.

The p-values are one-sided, exact where counts are small, and adjusted by Holm over
all groups that a metric looks at. Groups in which fewer than 5 are expected on either
side are not compared. Counts of fewer than 5 people are not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairness.counts import count
from fairness.counts.suppress import SMALLEST
from fairness.findings.messages import number
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from fairness.inference import holm, pair_tail, ratio_interval, two_sided
from pipelines.campaign.conduct.scene import Scene

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Side = Literal["lower", "upper", "both"]

REST = "(rest)"
VULNERABLE = "(vulnerable)"
"""In place of an attribute: those with any flag, beside the others."""

_FLAG = "(flag)"
_FEWEST_EXPECTED = 5.0
_REFERENCE_EXPECTED = 30.0
_REFERENCE_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Groups:
    """How many of each group of one attribute have something.

    Parameters
    ----------
    attribute : str
    names : tuple of str
    n, having : float arrays
        Customers of each group, and those of them who have it.
    """

    attribute: str
    names: tuple[str, ...]
    n: Floats
    having: Floats

    @property
    def expected(self) -> Floats:
        """What is expected of each group on the rarer side, were all alike."""
        rate = self.having.sum() / max(float(self.n.sum()), 1.0)
        return np.asarray(self.n * min(rate, 1 - rate))

    @cached_property
    def untold(self) -> Bools:
        """Of which groups no numbers are told: few, or what gives those few away."""
        cells = np.stack([self.having, self.n - self.having])
        hidden = ((cells > 0) & (cells < SMALLEST)).any(axis=0)
        hidden |= self.expected < _FEWEST_EXPECTED
        for g in np.argsort(self.n, kind="stable").tolist():
            # All of them together follow from the total and what is told.
            left = cells[:, hidden].sum(axis=1)
            if not ((left > 0) & (left < SMALLEST)).any():
                break
            hidden[g] = True
        return np.asarray(hidden, dtype=bool)


def groups_with(scene: Scene, flag: Bools, within: Bools) -> list[Groups]:
    """Count who has a flag, by the groups of each protected attribute.

    Parameters
    ----------
    scene : Scene
    flag, within : bool arrays
        By customer of the walk; only those `within` are counted, at least one.
    """
    import pyarrow as pa  # noqa: PLC0415

    roles = scene.roles
    table = scene.walked.table.select(list(roles.by)).filter(pa.array(within))
    column = pa.array(flag[within].view(np.uint8))
    counts = count(
        table.append_column(_FLAG, column),
        by=roles.by,
        selected=_FLAG,
        bands=roles.bands,
        as_of=roles.as_of,
        many=roles.by,
    ).counts
    found = [counts.table((name,)) for name in counts.attributes]
    return [
        Groups(
            one.attribute,
            tuple(one.groups),
            one.n.astype(np.float64),
            one.selected.astype(np.float64),
        )
        for one in found
    ]


def beside_rest(
    all_groups: Sequence[Groups], what: str, *, side: Side = "upper"
) -> list[Observed]:
    """Compare each group with everybody else.

        ratio_g = (having_g / n_g) / (having_rest / n_rest)

    Where nobody else has it, the value is the lower limit of the ratio.

    Parameters
    ----------
    all_groups : sequence of Groups
    what : str
        What those who have it do: "are kept out by the suppression".
    side : {"upper", "lower", "both"}
        Which deviation the p-value is of.

    Returns
    -------
    list of Observed
        One a group that is large enough; of an attribute with none, one that says so.
    """
    rows, idle = [], []
    for one in all_groups:
        large = np.flatnonzero(one.expected >= _FEWEST_EXPECTED)
        if not len(large):
            idle.append(_too_few(one, what))
        n, having = float(one.n.sum()), float(one.having.sum())
        rows += [
            _Row(
                one.attribute,
                one.names[g],
                REST,
                (one.having[g], one.n[g], having - one.having[g], n - one.n[g]),
                is_told=not one.untold[g],
            )
            for g in large.tolist()
            if n > one.n[g]
        ]
    return [*_observed(rows, what, side), *idle]


def beside_highest(all_groups: Sequence[Groups], what: str) -> list[Observed]:
    """Compare each group with the highest rate of a sizeable one.

        ratio_g = (having_g / n_g) / max_r (having_r / n_r)

    over groups r of 5 % of the customers or more, in which 30 are expected. The choice
    of the reference is paid for: Holm goes over all pairs of a group and a reference.
    """
    rows: list[_Row] = []
    idle, shown = [], []
    for one in all_groups:
        large = one.expected >= _FEWEST_EXPECTED
        rate = one.having / np.maximum(one.n, 1.0)
        able = (one.expected >= _REFERENCE_EXPECTED) & (
            one.n >= _REFERENCE_SHARE * one.n.sum()
        )
        able &= np.array([name != MISSING for name in one.names], dtype=bool)
        if not able.any() or large.sum() == 1:
            idle.append(_too_few(one, what))
            continue
        references = np.flatnonzero(able).tolist()
        highest = references[int(np.argmax(rate[references]))]
        for g in np.flatnonzero(large).tolist():
            for r in references:
                if r == g:
                    continue
                counts = (one.having[g], one.n[g], one.having[r], one.n[r])
                names = one.attribute, one.names[g], one.names[r]
                if r == highest:
                    shown.append(len(rows))
                is_told = not (one.untold[g] or one.untold[r])
                rows.append(_Row(*names, counts, is_told=is_told))
    found = _observed(rows, what, "lower")
    return [*(found[place] for place in shown), *idle]


def beside_others(
    having: float, n: float, having_rest: float, n_rest: float, **words: Any
) -> Observed:
    """Compare one set of customers with all others.

    Parameters
    ----------
    having, n, having_rest, n_rest : float
    **words
        ``attribute``, ``group``, ``what`` and ``side``.
    """
    counts = (having, n, having_rest, n_rest)
    cells = (having, n - having, having_rest, n_rest - having_rest)
    is_told = not any(0 < cell < SMALLEST for cell in cells)
    row = _Row(words["attribute"], words["group"], REST, counts, is_told=is_told)
    return _observed([row], words["what"], words.get("side", "upper"))[0]


@dataclass(frozen=True, slots=True)
class _Row:
    attribute: str
    group: str
    reference: str
    counts: tuple[float, float, float, float]
    is_told: bool


def _observed(rows: Sequence[_Row], what: str, side: Side) -> list[Observed]:
    if not rows:
        return []
    x, n, x_ref, n_ref = np.array([row.counts for row in rows]).T
    p = holm(_tails(x, n, x_ref, n_ref, side))
    low, high = ratio_interval(x, n, x_ref, n_ref)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(x_ref > 0, (x / n) / (x_ref / n_ref), low)
    return [
        _told(row, what, *map(float, numbers))
        for row, *numbers in zip(rows, ratio, low, high, p, strict=True)
    ]


def _tails(x: Floats, n: Floats, x_ref: Floats, n_ref: Floats, side: Side) -> Floats:
    if side != "both":
        return pair_tail(x, n, x_ref, n_ref, side=side)
    ends = (pair_tail(x, n, x_ref, n_ref, side=end) for end in ("lower", "upper"))
    return two_sided(*ends)


def _told(
    row: _Row, what: str, ratio: float, low: float, high: float, p: float
) -> Observed:
    x, n, x_ref, n_ref = row.counts
    beside = "everybody else" if row.reference == REST else f"group {row.reference}"
    who = f"{row.attribute} {row.group}" if row.group else row.attribute
    names: dict[str, Any] = {
        "value": ratio,
        "attribute": row.attribute,
        "group": row.group,
        "reference": row.reference,
        "low": low,
        "high": high if np.isfinite(high) else None,
        "p_value": p,
    }
    if not row.is_told:
        # With the shares beside the sizes the few could be worked out.
        message = (
            f"{who}: {what}, or do not, in numbers too small to be told; beside "
            f"{beside} {chance(p)}"
        )
        return Observed(message, **(names | {"low": None, "high": None}))
    above = number(high, 3) if np.isfinite(high) else "no limit"
    told = f"ratio {number(ratio, 3)}" if x_ref > 0 else f"at least {number(low, 3)}"
    message = (
        f"{who}: {x / n:.1%} of {int(n):,} {what}, of {beside} {x_ref / n_ref:.1%}: "
        f"{told} ({number(low, 3)} to {above}), {chance(p)}"
    )
    return Observed(message, n=int(n), selected=int(x), **names)


def chance(p: float) -> str:
    """Return a p-value for a sentence.

    Examples
    --------
    >>> chance(0.0412), chance(1e-9)
    ('p = 0.041', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {number(p, 3)}"  # noqa: PLR2004


def _too_few(one: Groups, what: str) -> Observed:
    return Observed(
        f"{one.attribute}: too few to compare who {what}",
        status="not_applicable",
        attribute=one.attribute,
    )
