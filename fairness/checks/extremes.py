"""The highest and the lowest rate of an attribute, with intervals that pay for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairness.checks.evidence import Evidence
from fairness.checks.lines import Line, finding_of
from fairness.counts import CountTable
from fairness.findings import Finding
from fairness.findings.comparison import GROUP_EXPECTED
from fairness.findings.messages import label
from fairness.findings.readings import too_few
from fairness.inference import Extreme, gap_interval, least_ratio_interval
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
_PAIR = 2
_METHODS = {
    "test inversion": "interval by test inversion",
    "simultaneous": "interval of the closed form, conservative",
}


METHODS: Mapping[str, Callable[[FloatArray, FloatArray, float], Extreme]] = {
    "max_min_gap": gap_interval,
    "disparate_impact_ratio": least_ratio_interval,
}


def extremes(measured: Evidence, confidence: float) -> list[Finding]:
    """Return gap and ratio of the highest and lowest rate of single attributes.

    Parameters
    ----------
    measured : Evidence
    confidence : float
        Of the intervals.

    Returns
    -------
    list of Finding
        ``max_min_gap`` and ``disparate_impact_ratio`` of each attribute, of the group
        ``(all)``, over the groups that expect five selected and five not.
    """
    singles = [t for t in measured.tables.values() if len(t.attributes) == 1]
    return _extremes(measured, singles, confidence)


def crossed_extremes(measured: Evidence, confidence: float) -> list[Finding]:
    """Return the same of intersections: of many small groups, so they take longer."""
    crossed = [t for t in measured.tables.values() if len(t.attributes) > 1]
    return _extremes(measured, crossed, confidence)


def _extremes(
    measured: Evidence, tables: Sequence[CountTable], confidence: float
) -> list[Finding]:
    found = []
    for table in tables:
        kept = _Kept.of(table, GROUP_EXPECTED)
        whole, customers = float(kept.hits.sum()), float(kept.trials.sum())
        expected = min(whole, customers - whole)
        few = ""
        if expected < measured.min_expected:
            few = too_few(expected, measured.min_expected)
        for metric, method in METHODS.items():
            made = method(kept.hits, kept.trials, confidence)
            line = Line(
                table.attribute,
                "(all)",
                n=int(table.n.sum()),
                selected=int(table.selected.sum()),
                rate=float(ratio(whole, customers)),
                estimate=made.estimate,
                low=made.low,
                high=made.high,
                p=made.p_value,
                few=few,
                more=f"{kept.told}; {_METHODS[made.method]}",
            )
            found.append(finding_of(metric, line, confidence, 1 - confidence))
    return found


def extreme_of(metric: str, table: CountTable, confidence: float) -> Extreme:
    """Return one of the two measures over all groups of a table that hold anybody."""
    kept = _Kept.of(table, 0.0)
    return METHODS[metric](kept.hits, kept.trials, confidence)


class _Kept(NamedTuple):
    """Effective counts of the groups that are looked at."""

    hits: FloatArray
    trials: FloatArray
    names: list[str]
    left: int

    @classmethod
    def of(cls, table: CountTable, least: float) -> _Kept:
        effective = table.effective()
        trials, hits = effective.sum(axis=(1, 2)), effective[:, 1].sum(axis=1)
        rate = ratio(hits.sum(), trials.sum())
        with np.errstate(invalid="ignore"):
            keep = (trials > 0) & (trials * np.minimum(rate, 1 - rate) >= least)
        if keep.sum() < _PAIR and least:
            # One group has nothing to be compared with, and small ones stay unseen.
            keep = np.zeros(len(trials), dtype=bool)
        names = [name for name, there in zip(table.groups, keep, strict=True) if there]
        return cls(hits[keep], trials[keep], names, int((~keep & (trials > 0)).sum()))

    @property
    def told(self) -> str:
        """Who is lowest and highest, and how many are left out."""
        if not self.names:
            return "no two groups are large enough to compare"
        rates = self.hits / self.trials
        low, high = int(rates.argmin()), int(rates.argmax())
        text = f"{label(self.names[low])} lowest, {label(self.names[high])} highest"
        return f"{text}, {self.left} tiny left out" if self.left else text
