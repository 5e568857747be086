"""Offered values by group: gaps of means and quantiles, shares above a cap, money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairness.checks.evidence import Evidence
from fairness.checks.lines import Line, finding_of
from fairness.checks.moments import Means, cells_by, means_of, paid
from fairness.counts.suppress import SMALLEST
from fairness.findings import Finding
from fairness.findings.comparison import NONE, REST
from fairness.inference import (
    adjusted_gap,
    pair_z,
    quantile,
    quantile_gap,
    ratio_interval,
    raw_gap,
    standardized_mean_difference,
)
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
Limits = tuple[FloatArray, FloatArray, FloatArray]

_QUANTILES = {"value_median_gap": 0.5, "value_upper_gap": 0.9}
_ENOUGH = 30
_SURE = 40.0


def values(measured: Evidence, confidence: float) -> list[Finding]:
    """Return the gaps of the offered value between groups.

    Parameters
    ----------
    measured : Evidence
    confidence : float

    Returns
    -------
    list of Finding
        In the unit of the value, of customers that have one; quantiles and caps of
        single attributes only. Empty without values.
    """
    if "value" not in measured.counts.sums or measured.counts.has_weights:
        return []
    made: list[Finding] = []
    for table in measured.tables.values():
        means = means_of(measured, table, "value")
        made += _gaps(measured, means, confidence)
        if measured.counts.strata:
            made += _adjusted(measured, means, confidence)
        if len(table.attributes) == 1 and measured.values is not None:
            made += _shapes(measured, means, confidence)
    return made


def lines_of(
    measured: Evidence,
    metric: str,
    means: Means,
    limits: Limits,
    z: FloatArray,
    confidence: float,
    more: list[str] | None = None,
) -> list[Finding]:
    """Return a metric of a column's means as findings, one a group."""
    groups = int((means.n >= _ENOUGH).sum())
    least = np.minimum(means.n, means.others_n())
    z = np.where(least >= _ENOUGH, z, np.nan)
    p, p_adjusted = paid(measured, means.table, z, groups)
    made = []
    for group, name in enumerate(means.names):
        few = ""
        if least[group] < _ENOUGH:
            few = f"too few to tell ({least[group]:.0f} numbers, {_ENOUGH} needed)"
        if least[group] < SMALLEST and means.reference[group] != group:
            made.append(_hidden(measured, metric, means, group, confidence))
            continue
        none = means.reference[group] == NONE
        line = Line(
            means.table.attribute,
            name,
            n=int(means.table.n[group]),
            selected=int(means.table.selected[group]),
            rate=float(means.means[group]),
            estimate=float(limits[0][group]),
            low=float(limits[1][group]),
            high=float(limits[2][group]),
            p=float(p[group]),
            p_adjusted=float(p_adjusted[group]),
            versus=means.against(group),
            few=few,
            why="no group has enough values to compare with" if none else "",
            more="" if more is None else more[group],
        )
        made.append(finding_of(metric, line, confidence, 1 - measured.confidence))
    return made


def _hidden(
    measured: Evidence, metric: str, means: Means, group: int, confidence: float
) -> Finding:
    """Return a line without numbers: they would be those of a handful of people."""
    line = Line(
        means.table.attribute,
        means.names[group],
        n=int(means.table.n[group]),
        selected=int(means.table.selected[group]),
        few="too few numbers to show",
    )
    return finding_of(metric, line, confidence, 1 - measured.confidence)


def mean_gap(means: Means, confidence: float) -> tuple[Limits, FloatArray]:
    """Return each group's gap to its reference with Welch's interval, and its z."""
    own, other = (means.n, means.total, means.square), means.others()
    n, total, square = (
        np.stack([a, b], axis=-1) for a, b in zip(own, other, strict=True)
    )
    gap = raw_gap(n, total, square, reference=1, confidence=confidence)
    estimate, low, high, error = (
        part[:, 0] for part in (gap.estimate, gap.low, gap.high, gap.error)
    )
    return (estimate, low, high), z_of(estimate, error)


def z_of(estimate: FloatArray, error: FloatArray) -> FloatArray:
    """Return estimate / error; what differs without any spread is beyond doubt."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.clip(estimate / error, -_SURE, _SURE)
    flat = np.where(estimate == 0, np.nan, np.sign(estimate) * _SURE)
    return np.where(error > 0, z, flat)


def smd_of(means: Means, confidence: float) -> Limits:
    """Return each group's standardized mean difference to its reference.

    Infinite where the means differ and neither side has any spread.
    """
    found = standardized_mean_difference(
        means.n, means.total, means.square, *means.others(), confidence
    )
    gap = mean_gap(means, confidence)[0][0]
    return endless(found, gap)


def endless(limits: Limits, gap: FloatArray) -> Limits:
    """Return limits with those of a gap without any spread made infinite."""
    flat = np.isnan(limits[0]) & ~np.isnan(gap) & (gap != 0)
    far = np.where(gap > 0, np.inf, -np.inf)
    low, mid, high = (np.where(flat, far, part) for part in limits)
    return low, mid, high


def _gaps(measured: Evidence, means: Means, confidence: float) -> list[Finding]:
    gap, z = mean_gap(means, confidence)
    # What all have too much or too little is the gap to the rest, by the others' share.
    rest = replace(means, reference=np.full(len(means.n), REST, np.int64))
    to_rest, z_rest = mean_gap(rest, confidence)
    scale = -means.n * (1 - ratio(means.n, means.n.sum()))
    short = scale * to_rest[0], scale * to_rest[2], scale * to_rest[1]
    each = ratio(short[0], means.n)
    more = [f"{amount:.2f} each" for amount in each]
    return [
        *lines_of(
            measured, "value_smd", means, smd_of(means, confidence), z, confidence
        ),
        *lines_of(measured, "value_gap", means, gap, z, confidence),
        *lines_of(measured, "value_shortfall", rest, short, z_rest, confidence, more),
    ]


def _adjusted(measured: Evidence, means: Means, confidence: float) -> list[Finding]:
    """Return the gaps that are left when all strata are held equal."""
    levels, n, total, square = cells_by(
        measured, means.table, measured.counts.strata, "value"
    )
    square = np.maximum(square - 2 * means.centre * total + n * means.centre**2, 0.0)
    total = total - n * means.centre
    size = len(means.n)
    limits = [np.full(size, np.nan) for _ in range(4)]
    references = np.unique(means.reference)
    if len(n) and references[0] == REST:
        for group in range(size):
            alone = levels.copy()
            alone[:, 0] = levels[:, 0] == group
            fit = adjusted_gap(alone, n, total, square, 0, confidence, groups=2)
            for kept, part in zip(
                limits, (fit.estimate, fit.low, fit.high, fit.error), strict=True
            ):
                kept[group] = part[1]
    elif len(n) and references[0] >= 0:
        reference = int(references[0])
        fit = adjusted_gap(levels, n, total, square, reference, confidence, groups=size)
        limits = [
            np.where(np.arange(size) == reference, np.nan, part)
            for part in (fit.estimate, fit.low, fit.high, fit.error)
        ]
    estimate, low, high, error = limits
    z = z_of(estimate, error)
    inside = means.square - ratio(means.total**2, np.where(means.n > 0, means.n, 1.0))
    freedom = means.n.sum() - (means.n > 0).sum()
    spread = np.sqrt(ratio(inside.sum(), freedom)) if freedom > 0 else np.nan
    gap = estimate, low, high
    scaled = [ratio(part, spread if spread > 0 else np.nan) for part in gap]
    scaled = list(endless((scaled[0], scaled[1], scaled[2]), estimate))
    held = [f"all of {', '.join(measured.counts.strata)} equal"] * size
    return [
        *lines_of(measured, "conditional_value_gap", means, gap, z, confidence, held),
        *lines_of(
            measured,
            "conditional_value_smd",
            means,
            (scaled[0], scaled[1], scaled[2]),
            z,
            confidence,
            held,
        ),
    ]


def _shapes(measured: Evidence, means: Means, confidence: float) -> list[Finding]:
    """Return gaps of quantiles, and of the shares above the cap."""
    bins, attribute = measured.values, means.table.attribute
    assert bins is not None  # asked for by the caller
    place = {label: row for row, label in enumerate(bins.labels[attribute])}
    known = [place.get(group, -1) for group in means.names]
    cells = np.zeros((len(known), bins.cells[attribute].shape[1]))
    for group, row in enumerate(known):
        if row >= 0:
            cells[group] = bins.cells[attribute][row]
    others = held_against(cells, means)
    none = np.full(len(known), np.nan)
    made: list[Finding] = []
    for metric, q in _QUANTILES.items():
        pair = [
            quantile(part, bins.lower, bins.upper, q, confidence)
            for part in (cells, others)
        ]
        found = quantile_gap(pair[0], pair[1])
        made += lines_of(
            measured, metric, means, (found[0], found[1], found[2]), none, confidence
        )
    if measured.value_cap is None:
        return made
    above = np.zeros((len(known), 2))
    sure = bins.above(attribute, measured.value_cap)
    for group, row in enumerate(known):
        if row >= 0:
            above[group] = sure[row]
    hits, n = above[:, 0], cells.sum(axis=1)
    ref_hits, ref_n = held_against(hits, means), others.sum(axis=1)
    usable = (n > 0) & (ref_n > 0) & (hits + ref_hits > 0)
    h, t = np.where(usable, hits, 0.0), np.where(usable, n, 1.0)
    hr, tr = np.where(usable, ref_hits, 0.0), np.where(usable, ref_n, 1.0)
    low, high = ratio_interval(h, t, hr, tr, confidence)
    estimate = ratio(ratio(h, t), ratio(hr, tr))
    side = np.where(estimate < 1, "lower", "upper")
    z = np.full(len(n), np.nan)
    for way in ("lower", "upper"):
        those = usable & (side == way)
        z[those] = pair_z(h[those], t[those], hr[those], tr[those], side=way)
    limits = tuple(np.where(usable, part, np.nan) for part in (estimate, low, high))
    return made + lines_of(
        measured,
        "above_cap_ratio",
        means,
        (limits[0], limits[1], limits[2]),
        z,
        confidence,
    )


def held_against(cells: FloatArray, means: Means) -> FloatArray:
    """Return the rows of each group's reference; 0 where there is none.

    Parameters
    ----------
    cells : float array, groups x ...
    means : Means
        Whose references they are.
    """
    shape = (-1,) + (1,) * (cells.ndim - 1)
    rest = cells.sum(axis=0) - cells
    named = np.maximum(means.reference, 0)
    found = np.where((means.reference >= 0).reshape(shape), cells[named], rest)
    none = (means.reference == NONE) | (means.reference == np.arange(len(cells)))
    return np.where(none.reshape(shape), 0.0, found)
