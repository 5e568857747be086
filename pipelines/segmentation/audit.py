"""Which groups a segment holds too many or too few of, and what the segments tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fairness.counts import CountTable, GroupCounts, count, suppress
from fairness.errors import InputError, Problem, shown
from fairness.findings.messages import number
from fairness.groups import intersection_name
from fairness.inference import (
    association,
    benjamini_hochberg,
    pair_tail,
    separation,
    two_sided,
)
from fairness.inference.widened import ratio_interval
from pipelines.segmentation.reading import FloatArray, Int64Array
from pipelines.segmentation.segments import SEGMENT, Segmentation

_SELECTED = "(selected)"
_TWO = 2


@dataclass(frozen=True, slots=True)
class Lift:
    """A group in a segment, against its share of all customers.

    Parameters
    ----------
    segment, attribute, group : str
    n : int or None
        Customers of the group in the segment; None where it is hidden, and all that
        follows from it with it.
    expected : float
        What it would be if the segment had nothing to do with the group.
    share : float or None
        Of the segment, in [0, 1].
    base : float
        The group's share of all customers.
    lift, low, high : float or None
        share / base, and its interval; 1 is no difference. None where everybody is of
        the group.
    p_value, p_adjusted : float or None
        Exact, two-sided; adjusted for all lifts (false discovery rate).
    reading : {"over-represented", "under-represented", "no clear difference", \
"too few", "undefined", "hidden"}
    """

    segment: str
    attribute: str
    group: str
    n: int | None
    expected: float
    share: float | None
    base: float
    lift: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    reading: str


@dataclass(frozen=True, slots=True)
class SegmentRank:
    """A segment, in the order of how much it discriminates.

    Parameters
    ----------
    segment : str
    n : int
    attribute : str
        That with which being in the segment goes most.
    cramers_v : float or None
        Of being in it with the groups of the attribute, corrected for bias, in [0, 1].
    p_adjusted : float or None
        Of independence; for all segments and attributes (false discovery rate).
    """

    segment: str
    n: int
    attribute: str
    cramers_v: float | None
    p_adjusted: float | None


@dataclass(frozen=True, slots=True)
class GivenAway:
    """How much of an attribute the segments tell.

    Parameters
    ----------
    attribute : str
    cramers_v : float or None
        Corrected for bias, in [0, 1].
    explained : float or None
        Mutual information as a share of the entropy of the groups, in [0, 1].
    chance : float or None
        What that is expected to be where there is nothing to find.
    p_value : float or None
    areas : dict of group to (area under the curve, by chance)
        How well the segments rank members of the group before the rest.
    """

    attribute: str
    cramers_v: float | None
    explained: float | None
    chance: float | None
    p_value: float | None
    areas: Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, eq=False)
class SegmentAudit:
    """What a segmentation does to protected groups, from counts.

    Parameters
    ----------
    name, made : str
        Of the segmentation.
    columns : tuple of str
    sizes : dict of segment to customers
    lifts : tuple of Lift
        By attribute, group and segment.
    ranking : tuple of SegmentRank
        The most discriminating first.
    given_away : tuple of GivenAway
    confidence, alpha : float
    notes : tuple of str
    """

    name: str
    made: str
    columns: tuple[str, ...]
    sizes: Mapping[str, int]
    lifts: tuple[Lift, ...] = field(repr=False)
    ranking: tuple[SegmentRank, ...]
    given_away: tuple[GivenAway, ...] = field(repr=False)
    confidence: float
    alpha: float
    notes: tuple[str, ...] = ()

    def found(self) -> list[Lift]:
        """Return what is over- or under-represented, the furthest from 1 first."""
        told = [one for one in self.lifts if one.reading.endswith("represented")]
        return sorted(told, key=_distance, reverse=True)

    def frame(self) -> Any:
        """Return the lifts as a pandas frame, one row each."""
        import pyarrow as pa  # noqa: PLC0415

        names = list(Lift.__dataclass_fields__)
        rows = [{name: getattr(one, name) for name in names} for one in self.lifts]
        return pa.Table.from_pylist(rows).to_pandas()

    def section(self) -> dict[str, Any]:
        """Return the section ``segments`` of a payload: plain values, null for none."""
        most: dict[str, Lift] = {}
        for one in self.found():
            most.setdefault(one.segment, one)
        return {
            "name": self.name,
            "made": self.made,
            "columns": list(self.columns),
            "confidence": self.confidence,
            "alpha": self.alpha,
            "segments": [
                {
                    "segment": one.segment,
                    "n": one.n,
                    "attribute": one.attribute,
                    "cramers_v": one.cramers_v,
                    "p_adjusted": one.p_adjusted,
                    "message": _message(one, most.get(one.segment)),
                }
                for one in self.ranking
            ],
            "lifts": [
                {name: getattr(one, name) for name in Lift.__dataclass_fields__}
                for one in self.lifts
            ],
            "attributes": [
                {
                    "attribute": one.attribute,
                    "cramers_v": one.cramers_v,
                    "explained": one.explained,
                    "explained_by_chance": one.chance,
                    "p_value": one.p_value,
                    "groups": [
                        {"group": group, "auc": area, "auc_by_chance": floor}
                        for group, (area, floor) in one.areas.items()
                    ],
                }
                for one in self.given_away
            ],
            "notes": list(self.notes),
        }


def segment_audit(
    segmentation: Segmentation,
    *,
    by: str | Sequence[str],
    protected: Any,
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    confidence: float = 0.95,
    alpha: float = 0.05,
    min_expected: float = 20,
) -> SegmentAudit:
    """Compare each segment's groups with those of all customers.

        lift = (n_sg / n_s) / (n_g / N)

    Parameters
    ----------
    segmentation : Segmentation
    by : str or sequence of str
        Protected attributes.
    protected : table
        The attributes by the id of the segmentation; only counts are made of it.
    bands : mapping of column to edges, optional
    as_of : date, optional
        On which dates of birth become ages.
    confidence : float, default 0.95
        Of the intervals.
    alpha : float, default 0.05
        False discovery rate over all lifts, and over all segments and attributes.
    min_expected : float, default 20
        Expected customers below which a lift that is not found is "too few".

    Returns
    -------
    SegmentAudit
        Groups of fewer than five customers in a segment are hidden, and others where
        they could be worked out from the totals.

    Raises
    ------
    InputError
        With every problem, as `fairness.counts.count` finds them.

    Notes
    -----
    p is exact (hypergeometric, both margins as they are), twice the smaller tail; the
    interval is that of the ratio r of the two rates at which the group and the rest
    are put in the segment, as ``r / (q r + 1 - q)`` with q the group's share of all.
    Benjamini-Hochberg holds the expected share of wrong findings at alpha. A group that
    a segment has more of another has less of: the tests depend on each other, and the
    procedure holds its level under the dependence of such tables in simulation.

    References
    ----------
    .. [1] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate.
       Journal of the Royal Statistical Society B 57(1), 289-300.
       doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> import pyarrow as pa
    >>> from pipelines.segmentation.segments import own_segments
    >>> ids = [str(i) for i in range(400)]
    >>> gold = own_segments({i: "gold" if int(i) < 100 else "tin" for i in ids})
    >>> people = pa.table({
    ...     "customer_id": ids, "gender": ["f"] * 10 + ["m"] * 90 + ["f", "m"] * 150
    ... })
    >>> audit = segment_audit(gold, by="gender", protected=people)
    >>> [(one.segment, one.group, round(one.lift, 2)) for one in audit.found()][0]
    ('gold', 'f', 0.25)
    """
    names = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    clash = [name for name in names if name in {SEGMENT, _SELECTED, segmentation.id}]
    if clash:
        what = f"{shown(clash[0])} is the name of another column here"
        raise InputError(Problem("by", what, "rename the attribute"))
    counted = count(
        _with_selection(segmentation.table),
        by=[*names, SEGMENT],
        id=segmentation.id,
        protected=protected,
        selected=_SELECTED,
        bands=bands,
        as_of=as_of,
    )
    tables = {name: _crossed(counted.counts, name) for name in names}
    lifts = [one for table in tables.values() for one in _lifts(table, confidence)]
    lifts = _read(lifts, alpha, min_expected)
    hidden = _hidden(counted.counts, names)
    segments = counted.counts.table([SEGMENT])
    sizes = dict(zip(segments.groups, segments.n.tolist(), strict=True))
    return SegmentAudit(
        segmentation.name,
        segmentation.made,
        segmentation.columns,
        sizes,
        tuple(_shown(one, hidden) for one in lifts),
        tuple(_ranked(tables, sizes)),
        tuple(_given_away(table) for table in tables.values()),
        confidence,
        alpha,
        counted.notes,
    )


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Customers by segment and group of one attribute."""

    attribute: str
    segments: list[str]
    groups: list[str]
    n: Int64Array


def _with_selection(table: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    # Counting asks who was selected; here nobody is, and it is not looked at.
    nobody = pa.array(np.zeros(table.num_rows, np.uint8))
    return table.append_column(_SELECTED, nobody)


def _crossed(counts: GroupCounts, attribute: str) -> _Crossed:
    groups = [parts[0] for parts in counts.table([attribute]).labels]
    segments = [parts[0] for parts in counts.table([SEGMENT]).labels]
    table = counts.table([attribute, SEGMENT])
    n = np.zeros((len(segments), len(groups)), np.int64)
    for (group, segment), size in zip(table.labels, table.n.tolist(), strict=True):
        n[segments.index(segment), groups.index(group)] = size
    return _Crossed(attribute, segments, groups, n)


def _lifts(table: _Crossed, confidence: float) -> Iterator[Lift]:
    n = table.n
    inside, size = n.sum(axis=1)[:, None], n.sum(axis=0)
    total = int(n.sum())
    rest, rest_inside = total - size, inside - n
    base = np.broadcast_to(size / total, n.shape)
    limits = ratio_interval(n, size, rest_inside, rest, confidence)
    low, high = (_against_all(limit, base) for limit in limits)
    p = two_sided(
        pair_tail(n, size, rest_inside, rest, side="lower"),
        pair_tail(n, size, rest_inside, rest, side="upper"),
    )
    share = n / inside
    whole = np.broadcast_to(rest == 0, n.shape)
    lift = np.where(whole, np.nan, share / base)
    for place, name in enumerate(table.segments):
        for at, group in enumerate(table.groups):
            cell = place, at
            yield Lift(
                segment=name,
                attribute=table.attribute,
                group=group,
                n=int(n[cell]),
                expected=float(inside[place, 0] * size[at] / total),
                share=float(share[cell]),
                base=float(base[cell]),
                lift=_known(lift[cell]),
                low=_known(low[cell]),
                high=_known(high[cell]),
                p_value=_known(p[cell]),
                p_adjusted=None,
                reading="",
            )


def _against_all(ratio: FloatArray, base: FloatArray) -> FloatArray:
    """Return a ratio to the rest as one to everybody."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = ratio / (base * ratio + 1 - base)
    return np.where(np.isinf(ratio), 1 / base, found)


def _read(lifts: Sequence[Lift], alpha: float, least: float) -> list[Lift]:
    p = [np.nan if one.p_value is None else one.p_value for one in lifts]
    adjusted = benjamini_hochberg(p)
    return [
        replace(
            one, p_adjusted=_known(q), reading=_reading(one, float(q), alpha, least)
        )
        for one, q in zip(lifts, adjusted, strict=True)
    ]


def _reading(one: Lift, adjusted: float, alpha: float, least: float) -> str:
    if one.lift is None:
        return "undefined"
    if adjusted < alpha:
        return "over-represented" if one.lift > 1 else "under-represented"
    return "too few" if one.expected < least else "no clear difference"


def _hidden(counts: GroupCounts, names: Sequence[str]) -> dict[str, set[str]]:
    tables: list[CountTable] = [counts.table([SEGMENT])]
    for name in names:
        tables += [counts.table([name]), counts.table([name, SEGMENT])]
    return suppress(tables)


def _shown(one: Lift, hidden: Mapping[str, set[str]]) -> Lift:
    crossed = intersection_name([one.attribute, SEGMENT])
    cell = intersection_name([one.group, one.segment])
    away = (
        cell in hidden[crossed]
        or one.group in hidden[one.attribute]
        or one.segment in hidden[SEGMENT]
    )
    if not away:
        return one
    return replace(
        one,
        n=None,
        share=None,
        lift=None,
        low=None,
        high=None,
        p_value=None,
        p_adjusted=None,
        reading="hidden",
    )


def _ranked(
    tables: Mapping[str, _Crossed], sizes: Mapping[str, int]
) -> list[SegmentRank]:
    told: list[tuple[str, str, float, float]] = []
    for table in tables.values():
        for place, name in enumerate(table.segments):
            inside = table.n[place]
            found = association(np.stack([inside, table.n.sum(axis=0) - inside]))
            told.append((name, table.attribute, found.cramers_v, found.p_value))
    adjusted = benjamini_hochberg([p for *_, p in told])
    best: dict[str, SegmentRank] = {}
    for (name, attribute, v, _), p in zip(told, adjusted, strict=True):
        one = SegmentRank(name, sizes[name], attribute, _known(v), _known(p))
        if name not in best or _strength(one) > _strength(best[name]):
            best[name] = one
    return sorted(best.values(), key=_strength, reverse=True)


def _strength(one: SegmentRank) -> tuple[float, float]:
    p = 1.0 if one.p_adjusted is None else one.p_adjusted
    return (-1.0 if one.cramers_v is None else one.cramers_v, -p)


def _given_away(table: _Crossed) -> GivenAway:
    found = association(table.n)
    ranked = separation(table.n, ordered=False)
    told = found.explained * found.information_floor
    chance = told / found.information if found.information > 0 else np.nan
    areas = {
        group: (_known(ranked.estimate[at]), _known(ranked.floor[at]))
        for at, group in enumerate(table.groups)
    }
    return GivenAway(
        table.attribute,
        _known(found.cramers_v),
        _known(found.explained),
        _known(chance),
        _known(found.p_value),
        areas,
    )


def _known(value: ArrayLike) -> float | None:
    found = float(np.asarray(value))
    return found if np.isfinite(found) else None


def _distance(one: Lift) -> float:
    if not one.lift:
        return float("inf")
    return abs(float(np.log(one.lift)))


def _message(one: SegmentRank, lift: Lift | None) -> str:
    if one.cramers_v is None:
        return f"{one.segment}: everybody is in it, or of one group"
    if lift is None:
        return f"{one.segment}: no group stands out"
    more = "more" if (lift.lift or 0) > 1 else "less"
    return (
        f"{one.segment}: {lift.attribute} {lift.group} is {number(lift.share or 0, 3)} "
        f"of it and {number(lift.base, 3)} of all customers, "
        f"{number(lift.lift or 0, 3)} times its share, {more} than by chance"
    )
