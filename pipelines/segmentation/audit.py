"""Which groups a segment holds too many or too few of, and what the segments tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from fairness.counts import CountTable, GroupCounts, count, suppress
from fairness.errors import InputError, Problem, alternatives, shown
from fairness.groups import intersection_name
from fairness.groups.labels import label_of
from fairness.inference import (
    association,
    benjamini_hochberg,
    hypergeometric_tail,
    separation,
    two_sided,
)
from fairness.inference.widened import ratio_interval
from pipelines.segmentation.reading import FloatArray, Int64Array, coded
from pipelines.segmentation.results import GivenAway, Lift, SegmentAudit, SegmentRank
from pipelines.segmentation.segments import SEGMENT, Segmentation

_SELECTED = "(selected)"


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
    audience: Iterable[Any] | None = None,
    hidden: Mapping[str, Collection[str]] | None = None,
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
    audience : iterable of ids, optional
        Who was selected, for the rate of each segment.
    hidden : mapping of attribute to groups, optional
        Groups that are hidden beside this, in the same report: hidden here too.

    Returns
    -------
    SegmentAudit
        Groups of fewer than five customers in a segment are hidden, and others where
        they could be worked out from the totals.

    Raises
    ------
    InputError
        With every problem, as `fairness.counts.count` finds them; ids of an audience
        that are not among the customers.

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
        _with_selection(segmentation, audience),
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
    away = _hidden(counted.counts, names)
    for name in names:
        away[name] |= set((hidden or {}).get(name, ()))
    segments = counted.counts.table([SEGMENT])
    sizes = dict(zip(segments.groups, segments.n.tolist(), strict=True))
    picked = dict(zip(segments.groups, segments.selected.tolist(), strict=True))
    return SegmentAudit(
        segmentation.name,
        segmentation.made,
        segmentation.columns,
        sizes,
        tuple(_shown(one, away) for one in lifts),
        tuple(_ranked(tables, sizes)),
        tuple(_given_away(one, away[name]) for name, one in tables.items()),
        confidence,
        alpha,
        counted.notes,
        None if audience is None else picked,
    )


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Customers by segment and group of one attribute."""

    attribute: str
    segments: list[str]
    groups: list[str]
    n: Int64Array


def _with_selection(segmentation: Segmentation, audience: Iterable[Any] | None) -> Any:
    """Say of each customer whether they are of the audience; of nobody without one."""
    import pyarrow as pa  # noqa: PLC0415

    table = segmentation.table
    flags = np.zeros(table.num_rows, np.uint8)
    if audience is not None:
        places, values = coded(table[segmentation.id])
        texts = [label_of(value) for value in values]
        wanted = {label_of(one) for one in audience}
        strange = sorted(wanted.difference(texts))
        if strange:
            what = f"names nobody of the segmentation: {alternatives(strange)}"
            hint = "give ids of customers who are in a segment"
            raise InputError(Problem("audience", what, hint))
        flags = np.array([text in wanted for text in texts], np.uint8)[places]
    return table.append_column(_SELECTED, pa.array(flags))


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
        hypergeometric_tail(n, size, rest_inside, rest, side="lower"),
        hypergeometric_tail(n, size, rest_inside, rest, side="upper"),
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
    return "too few" if (one.expected or 0) < least else "no clear difference"


def _hidden(counts: GroupCounts, names: Sequence[str]) -> dict[str, set[str]]:
    tables: list[CountTable] = [counts.table([SEGMENT])]
    for name in names:
        tables += [counts.table([name]), counts.table([name, SEGMENT])]
    # The sizes of segments are shown as they are.
    segments = [(SEGMENT, one) for one in tables[0].groups]
    return suppress(tables, keep=segments)


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
    whole = one.group in hidden[one.attribute]
    return replace(
        one,
        n=None,
        expected=None if whole else one.expected,
        share=None,
        base=None if whole else one.base,
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


def _given_away(table: _Crossed, hidden: Collection[str]) -> GivenAway:
    found = association(table.n)
    ranked = separation(table.n, ordered=False)
    entropy = float(entr(table.n.sum(axis=0) / table.n.sum()).sum())
    chance = found.information_floor / entropy if entropy > 0 else np.nan
    areas = {
        group: (_known(ranked.estimate[at]), _known(ranked.floor[at]))
        if group not in hidden
        else (None, None)
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
