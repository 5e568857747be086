"""The highest and the lowest rate of an attribute, with intervals that pay for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from fairness.checks.evidence import Evidence
from fairness.checks.lines import Line, finding_of
from fairness.counts import CountTable
from fairness.findings import Finding
from fairness.findings.messages import label
from fairness.findings.readings import too_few
from fairness.inference import Extreme, gap_interval, least_ratio_interval

FloatArray = NDArray[np.float64]


METHODS: Mapping[str, Callable[[FloatArray, FloatArray, float], Extreme]] = {
    "max_min_gap": gap_interval,
    "disparate_impact_ratio": least_ratio_interval,
}


def extremes(measured: Evidence, confidence: float) -> list[Finding]:
    """Return gap and ratio of the highest and lowest rate of every attribute.

    Parameters
    ----------
    measured : Evidence
    confidence : float
        Of the intervals.

    Returns
    -------
    list of Finding
        ``max_min_gap`` and ``disparate_impact_ratio`` of each attribute and
        intersection, of the group ``(all)``.
    """
    found = []
    for table in measured.tables.values():
        hits, trials = _counts(table)
        whole = float(hits.sum())
        expected = min(whole, float(trials.sum()) - whole)
        few = ""
        if expected < measured.min_expected:
            few = too_few(expected, measured.min_expected)
        for metric in METHODS:
            made = extreme_of(metric, table, confidence)
            line = Line(
                table.attribute,
                "(all)",
                n=int(table.n.sum()),
                selected=int(table.selected.sum()),
                rate=whole / float(trials.sum()) if len(trials) else np.nan,
                estimate=made.estimate,
                low=made.low,
                high=made.high,
                p=made.p_value,
                few=few,
                more=f"interval by {made.method}; {_who(table)}",
            )
            found.append(finding_of(metric, line, confidence, 1 - confidence))
    return found


def extreme_of(metric: str, table: CountTable, confidence: float) -> Extreme:
    """Return one of the two measures of a table's highest and lowest rate."""
    return METHODS[metric](*_counts(table), confidence)


def _counts(table: CountTable) -> tuple[FloatArray, FloatArray]:
    """Return effective hits and trials of the groups that have any."""
    effective = table.effective()
    trials, hits = effective.sum(axis=(1, 2)), effective[:, 1].sum(axis=1)
    return hits[trials > 0], trials[trials > 0]


def _who(table: CountTable) -> str:
    hits, trials = _counts(table)
    if not len(trials):
        return ""
    rates = hits / trials
    known = table.effective().sum(axis=(1, 2)) > 0
    names = [g for g, there in zip(table.groups, known, strict=True) if there]
    low, high = int(rates.argmin()), int(rates.argmax())
    return f"{label(names[low])} lowest, {label(names[high])} highest"
