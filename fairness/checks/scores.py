"""Scores by group: how they are spread, how they rank, and whether they keep word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fairness.checks.evidence import Evidence
from fairness.checks.moments import Means, means_of
from fairness.checks.values import held_against, lines_of, mean_gap, smd_of
from fairness.counts import ScoreBins
from fairness.findings import Finding
from fairness.findings.comparison import NONE, REST
from fairness.inference import (
    Area,
    area_difference,
    area_under_curve,
    cmh_z,
    kolmogorov_smirnov,
    mantel_haenszel_difference,
    normal_quantile,
    observed_to_expected,
    wasserstein,
)
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
Limits = tuple[FloatArray, FloatArray, FloatArray]

_STRATA = 50
_LEAST_P = 1e-300


def scores(measured: Evidence, confidence: float) -> list[Finding]:
    """Return what the score behind a selection does to groups.

    Parameters
    ----------
    measured : Evidence
    confidence : float

    Returns
    -------
    list of Finding
        Means of all attributes and intersections; distributions, ranking and
        calibration of single attributes. Empty without a score.
    """
    bins = measured.bins
    counted = bins is not None and "score" in measured.counts.sums
    if bins is None or not counted or measured.counts.has_weights:
        return []
    made: list[Finding] = []
    for table in measured.tables.values():
        means = means_of(measured, table, "score")
        _, z = mean_gap(means, confidence)
        made += lines_of(
            measured, "score_smd", means, smd_of(means, confidence), z, confidence
        )
        if len(table.attributes) == 1:
            cells = _aligned(bins, means)
            made += _spread(measured, bins, means, cells, confidence)
            if measured.counts.has_outcome:
                made += _ranking(measured, means, cells, confidence)
                made += _calibration(measured, bins, means, cells, confidence)
    return made


def _aligned(bins: ScoreBins, means: Means) -> FloatArray:
    """Return bins of a table's groups in its order, groups x bins x 3."""
    attribute = means.table.attribute
    held = bins.cells[attribute]
    cells = np.zeros((len(means.names), *held.shape[1:]))
    place = {label: row for row, label in enumerate(means.names)}
    for row, label in enumerate(bins.labels[attribute]):
        cells[place[label]] = held[row]
    return cells


def _held(means: Means, reference: int) -> Means:
    """Return the same means held against everybody else, or against nobody."""
    return replace(means, reference=np.full(len(means.n), reference, np.int64))


def _spread(
    measured: Evidence,
    bins: ScoreBins,
    means: Means,
    cells: FloatArray,
    confidence: float,
) -> list[Finding]:
    """Return the distances of each group's scores from everybody else's."""
    rest, n = _held(means, REST), cells.sum(axis=2)
    others = n.sum(axis=0) - n
    width = (bins.high - bins.low) / bins.bins
    none = np.full(len(n), np.nan)
    distance = kolmogorov_smirnov(n, others)
    # One p for both directions: as a z it goes through the same choice of groups.
    z = -ndtri(np.maximum(distance.p_value / 2, _LEAST_P))
    moved = wasserstein(n, others, width)
    told = [f"bins add at most {error:.2g}" for error in np.asarray(distance.bin_error)]
    about = [f"bins move it by at most {error:.2g}" for error in moved.bin_error]
    return [
        *lines_of(
            measured,
            "score_ks",
            rest,
            (np.asarray(distance.estimate), none, none),
            z,
            confidence,
            told,
        ),
        *lines_of(
            measured,
            "score_wasserstein",
            rest,
            (np.asarray(moved.estimate), none, none),
            none,
            confidence,
            about,
        ),
        *_thresholds(measured, means, n, confidence),
    ]


def _thresholds(
    measured: Evidence, means: Means, n: FloatArray, confidence: float
) -> list[Finding]:
    """Return each group's lowest ratio to the highest rate, over all cuts.

    Cuts at which the group expects too few are left out.
    """
    above = n[:, ::-1].cumsum(axis=1)[:, ::-1]
    size = n.sum(axis=1, keepdims=True)
    rates = np.where(size > 0, ratio(above, size), np.nan)
    overall = ratio(above.sum(axis=0), size.sum())
    expected = size * np.minimum(overall, 1 - overall)
    able = (expected >= measured.min_expected) & ~means.table.is_missing[:, None]
    highest = np.where(able, rates, -np.inf).max(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(expected >= measured.min_expected, rates / highest, np.nan)
    found = np.where(highest > 0, found, np.nan)
    known = ~np.isnan(found).all(axis=1)
    least = np.full(len(n), np.nan)
    least[known] = np.nanmin(found[known], axis=1)
    at = np.zeros(len(n), np.int64)
    at[known] = np.nanargmin(found[known], axis=1)
    none = np.full(len(n), np.nan)
    told = [
        f"at the cut that selects {overall[place]:.1%} of all".replace("%", " %")
        for place in at
    ]
    return lines_of(
        measured,
        "worst_threshold_ratio",
        _held(means, NONE),
        (least, none, none),
        none,
        confidence,
        told,
    )


def _ranking(
    measured: Evidence, means: Means, cells: FloatArray, confidence: float
) -> list[Finding]:
    """Return how well the score ranks outcomes in each group, and across groups."""
    others = held_against(cells, means)
    own = area_under_curve(cells[..., 1], cells[..., 0], confidence)
    other = area_under_curve(others[..., 1], others[..., 0], confidence)
    low, high = area_difference(own, other)
    gap = own.estimate - other.estimate
    across = area_under_curve(cells[..., 1], others[..., 0], confidence)
    back = area_under_curve(others[..., 1], cells[..., 0], confidence)
    none = np.full(len(cells), np.nan)
    told = [
        f"AUC {own.estimate[g]:.3f} and {other.estimate[g]:.3f}, bins move the "
        f"difference by at most {_error(own, other, g):.2g}"
        for g in range(len(cells))
    ]
    return [
        *lines_of(
            measured,
            "score_auc_difference",
            means,
            (gap, low, high),
            _z_of(gap, low, high, confidence),
            confidence,
            told,
        ),
        *lines_of(
            measured,
            "xauc_difference",
            means,
            (across.estimate - back.estimate, none, none),
            none,
            confidence,
        ),
    ]


def _error(own: Area, other: Area, group: int) -> float:
    return float(own.bin_error[group] + other.bin_error[group])


def _z_of(
    estimate: FloatArray, low: FloatArray, high: FloatArray, confidence: float
) -> FloatArray:
    """Return the z at which an interval would just reach 0, on that side."""
    toward = np.where(estimate > 0, estimate - low, high - estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(estimate / toward * normal_quantile(confidence))


def _calibration(
    measured: Evidence,
    bins: ScoreBins,
    means: Means,
    cells: FloatArray,
    confidence: float,
) -> list[Finding]:
    """Return whether the same score means the same outcome in every group."""
    merged = _merged(cells)
    others = held_against(merged, means)
    four = (
        merged[..., 1],
        merged[..., :2].sum(axis=2),
        others[..., 1],
        others[..., :2].sum(axis=2),
    )
    gap = mantel_haenszel_difference(*four, confidence)
    made = lines_of(
        measured, "calibration_difference", means, gap, cmh_z(*four), confidence
    )
    if bins.low < 0 or bins.high > 1:
        return made
    middle = bins.low + (np.arange(bins.bins) + 0.5) / bins.bins * (
        bins.high - bins.low
    )
    hits, seen = cells[..., 1], cells[..., :2].sum(axis=2)
    found = observed_to_expected(
        hits.sum(axis=1),
        seen.sum(axis=1),
        (seen * middle).sum(axis=1),
        (seen * middle**2).sum(axis=1),
        (hits * middle).sum(axis=1),
        confidence,
    )
    none = np.full(len(cells), np.nan)
    return made + lines_of(
        measured,
        "observed_expected_ratio",
        _held(means, NONE),
        (found.estimate, found.low, found.high),
        none,
        confidence,
    )


def _merged(cells: FloatArray) -> FloatArray:
    """Return cells in about fifty bins that hold equal numbers of outcomes."""
    seen = cells[..., :2].sum(axis=(0, 2))
    total = seen.sum()
    if not total:
        return cells
    place = np.minimum(
        ((seen.cumsum() - seen / 2) / total * _STRATA).astype(np.int64), _STRATA - 1
    )
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    return np.asarray(np.add.reduceat(cells, starts, axis=1))
