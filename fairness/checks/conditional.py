"""Groups against their references within strata, and what the mix of strata does."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fairness.checks.evidence import Evidence, headline_of
from fairness.checks.layers import Layers, layers_of, without_moments
from fairness.checks.lines import Against, finding_of, line_of
from fairness.checks.simpson import kind_of, mix_of, told
from fairness.findings import Finding, findings_in_strata
from fairness.findings.comparison import GROUP_EXPECTED, NONE, REST, Comparison
from fairness.findings.messages import label
from fairness.inference import (
    breslow_day,
    clarify_demographic_disparity,
    cmh_z,
    conditional_demographic_disparity,
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
    standardized_difference,
    standardized_ratio,
)
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Limits = tuple[FloatArray, FloatArray, FloatArray]
_Four = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

_TESTED = ("conditional_ratio", "mantel_haenszel_odds_ratio", "conditional_difference")


class Within(NamedTuple):
    """One group against one reference within the strata of a column.

    ``share`` is that of the group's customers in strata that hold both sides, some
    selected and some not; ``agree`` the p of the strata having one odds ratio.
    """

    ratio: float
    odds: float
    difference: float
    share: float
    agree: float


def conditional(measured: Evidence, confidence: float) -> list[Finding]:
    """Return every measure within strata, for every group and column of strata.

    Parameters
    ----------
    measured : Evidence
    confidence : float

    Returns
    -------
    list of Finding
        ``stratum`` is the column; with ``column=label`` for single strata. p-values
        are in the direction of the estimate and pay for group, reference, attributes
        and columns of strata; those of single strata are false discovery rates.
    """
    columns = measured.counts.strata
    if not columns:
        return []
    comparison = measured.comparison(headline_of(measured))
    found: list[Finding] = []
    for column in columns:
        layers = layers_of(measured, column, comparison)
        found += _column(measured, layers, confidence)
    found += [
        replace(
            finding,
            code="FA409",
            metric="stratum_ratio",
            message=f"{finding.message}, within {label(str(finding.stratum))}",
        )
        for finding in stratum_findings(measured, either=True)
    ]
    return found


def stratum_findings(measured: Evidence, *, either: bool = False) -> list[Finding]:
    """Return the single attributes' ratios in each stratum, by false discovery rate.

    Parameters
    ----------
    measured : Evidence
    either : bool, default False
        Whether p is in the direction of the estimate, not only in that of harm.
    """
    name = headline_of(measured)
    counts = without_moments(measured.counts)
    parts = []
    for column in counts.strata:
        for text in counts.stratum_labels(column):
            tables = [counts.table([one], {column: text}) for one in counts.attributes]
            made = measured.comparison(name, tables, partial=True)
            parts.append((f"{column}={text}", made))
    return findings_in_strata(
        parts,
        alpha=1 - measured.confidence,
        min_expected=measured.min_expected,
        either=either,
    )


def within(
    measured: Evidence, comparison: Comparison, group: int, reference: int, column: str
) -> Within:
    """Return one group's comparison with one reference within a column of strata.

    Parameters
    ----------
    measured : Evidence
    comparison : Comparison
    group, reference : int
        Places in the comparison; a reference may be REST or ALL.
    column : str
    """
    table = comparison.tables[int(comparison.table[group])]
    alone = measured.comparison(headline_of(measured), [table])
    start = int(np.flatnonzero(comparison.table == comparison.table[group])[0])
    layers = layers_of(measured, column, alone)
    wanted = np.full(len(alone.groups), NONE, np.int64)
    place = group - start
    wanted[place] = reference - start if reference >= 0 else REST
    four = _four(layers, wanted, np.array([place]))
    picked, everybody = four[0] + four[2], four[1] + four[3]
    both = (four[1] > 0) & (four[3] > 0) & (picked > 0) & (picked < everybody)
    share = ratio(np.where(both, four[1], 0.0).sum(), four[1].sum())
    return Within(
        float(mantel_haenszel_risk_ratio(*four)[0][0]),
        float(mantel_haenszel_odds_ratio(*four)[0][0]),
        float(mantel_haenszel_difference(*four)[0][0]),
        float(share),
        float(breslow_day(*four)[2][0]),
    )


def _four(layers: Layers, reference: IntArray, rows: IntArray) -> _Four:
    hits, trials = layers.of(reference)
    return layers.hits[rows], layers.trials[rows], hits[rows], trials[rows]


def _column(measured: Evidence, layers: Layers, confidence: float) -> list[Finding]:
    comparison = layers.comparison
    reference = layers.references()
    every = np.arange(len(comparison.groups))
    rows = np.flatnonzero((reference != NONE) & (reference != every))
    four = _four(layers, reference, rows)
    weights = np.broadcast_to(layers.shares, four[0].shape)
    others_hits, others = layers.others()
    measures: dict[str, Limits] = {
        "conditional_ratio": mantel_haenszel_risk_ratio(*four, confidence),
        "mantel_haenszel_odds_ratio": mantel_haenszel_odds_ratio(*four, confidence),
        "conditional_difference": mantel_haenszel_difference(*four, confidence),
        "standardized_ratio": standardized_ratio(
            *four, confidence, weights=weights, empty="drop"
        ),
        "standardized_difference": standardized_difference(
            *four, confidence, weights=weights, empty="drop"
        ),
    }
    against_all = (layers.hits, layers.trials, others_hits, others)
    z = cmh_z(*four)
    p = _Paid(measured, comparison)
    z = np.where(comparison.expected[rows] >= GROUP_EXPECTED, z, np.nan)
    p_within = _spread(p.adjusted(z, rows), rows, len(every))
    made: list[Finding] = []
    sheet = _Sheet(measured, layers, reference, confidence)
    for metric, values in measures.items():
        full = [_spread(part, rows, len(every)) for part in values]
        tested = metric in _TESTED
        made += sheet.lines(
            metric,
            full,
            _spread(p.plain(z), rows, len(every)) if tested else None,
            p_within if tested else None,
        )
    none = np.full(len(every), np.nan)
    agree = _spread(breslow_day(*four)[2], rows, len(every))
    made += sheet.lines("strata_agreement_p", [agree, none, none])
    cdd = conditional_demographic_disparity(*against_all, confidence)
    made += sheet.lines("conditional_demographic_disparity", list(cdd), alone=True)
    clarify = clarify_demographic_disparity(*against_all)
    made += sheet.lines(
        "conditional_demographic_disparity_clarify", [clarify, none, none], alone=True
    )
    return [*made, *_guard(measured, layers, reference, confidence)]


def _guard(
    measured: Evidence, layers: Layers, reference: IntArray, confidence: float
) -> list[Finding]:
    """Return what the mix of strata does to the gap that all together show.

    The group that leads in total is held against the one that leads within strata.
    """
    comparison = layers.comparison
    every = np.arange(len(comparison.groups))
    leads = comparison.reference == every
    seen = np.where(leads, reference, comparison.reference)
    rows = np.flatnonzero((seen != NONE) & (seen != every))
    mix = mix_of(layers, seen, confidence)
    p = _Paid(measured, comparison)
    p_mix = _spread(p.adjusted(mix.z[rows], rows), rows, len(every))
    z = cmh_z(*_four(layers, seen, rows))
    p_within = _spread(p.adjusted(z, rows), rows, len(every))
    alpha = 1 - measured.confidence
    more = [
        told(
            kind_of(mix, group, comparison.side, float(p_within[group]), alpha),
            layers,
            mix,
            group,
        )
        if p_mix[group] < alpha
        else ""
        for group in range(len(every))
    ]
    return _Sheet(measured, layers, seen, confidence).lines(
        "composition_ratio",
        [mix.estimate, mix.low, mix.high],
        _spread(p.plain(mix.z[rows]), rows, len(every)),
        p_mix,
        more=more,
    )


def _spread(values: FloatArray, rows: IntArray, size: int) -> FloatArray:
    found = np.full(size, np.nan)
    found[rows] = values
    return found


class _Paid:
    """p-values in the direction of the estimate, plain and paid for."""

    def __init__(self, measured: Evidence, comparison: Comparison) -> None:
        self._comparison = comparison
        factor = measured.sharing.factors(comparison.order)
        self._factor = factor * len(measured.counts.strata)

    def plain(self, z: FloatArray) -> FloatArray:
        return np.asarray(ndtr(-np.abs(z)), dtype=np.float64)

    def adjusted(self, z: FloatArray, rows: IntArray) -> FloatArray:
        known = ~np.isnan(z)
        found = np.full(len(z), np.nan)
        tail = self._comparison.tail(np.abs(z[known]), rows[known])
        found[known] = np.minimum(1.0, tail * self._factor[rows[known]])
        return found


class _Sheet:
    """Lines of all groups of a comparison within one column of strata."""

    def __init__(
        self,
        measured: Evidence,
        layers: Layers,
        reference: IntArray,
        confidence: float,
    ) -> None:
        self._layers = layers
        self._reference = reference
        self._confidence = confidence
        self._alpha = 1 - measured.confidence
        self._least = measured.min_expected

    def lines(
        self,
        metric: str,
        limits: list[FloatArray],
        p: FloatArray | None = None,
        p_adjusted: FloatArray | None = None,
        *,
        alone: bool = False,
        more: list[str] | None = None,
    ) -> list[Finding]:
        comparison = self._layers.comparison
        made = []
        for group in range(len(comparison.groups)):
            line = replace(
                line_of(comparison, group, self._least),
                estimate=float(limits[0][group]),
                low=float(limits[1][group]),
                high=float(limits[2][group]),
                p=np.nan if p is None else float(p[group]),
                p_adjusted=np.nan if p_adjusted is None else float(p_adjusted[group]),
                versus=Against() if alone else self._against(group),
                stratum=self._layers.column,
                more="" if more is None else more[group],
            )
            made.append(finding_of(metric, line, self._confidence, self._alpha))
        return made

    def _against(self, group: int) -> Against:
        comparison, reference = self._layers.comparison, int(self._reference[group])
        if reference < 0:
            n, selected = comparison.shown_counts(group)
            return Against(comparison.reference_name(reference), n, selected)
        return Against(
            comparison.groups[reference],
            int(comparison.n[reference]),
            int(comparison.selected[reference]),
            reference == group,
        )
