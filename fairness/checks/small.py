"""Groups too small alone: each drawn towards the others by how little it says."""

from __future__ import annotations

import numpy as np

from fairness.checks.evidence import Evidence
from fairness.checks.lines import Against, Line, finding_of
from fairness.counts import CountTable
from fairness.findings import Finding
from fairness.findings.readings import too_few
from fairness.inference import shrunken_ratios
from fairness.metrics.measures import ratio

_FEWEST = 3


def small(measured: Evidence, confidence: float) -> list[Finding]:
    """Return every group's shrunken ratio to the rate of all.

    Parameters
    ----------
    measured : Evidence
    confidence : float

    Returns
    -------
    list of Finding
        ``shrunken_ratio``; undefined for attributes of fewer than three groups, which
        tell nothing of how groups differ.
    """
    made = []
    for table in measured.tables.values():
        made += _of(table, measured, confidence)
    return made


def _of(table: CountTable, measured: Evidence, confidence: float) -> list[Finding]:
    effective = table.effective()
    trials, hits = effective.sum(axis=(1, 2)), effective[:, 1].sum(axis=1)
    whole = float(hits.sum()), float(trials.sum())
    overall = float(ratio(*whole))
    enough = int((trials > 0).sum()) >= _FEWEST and whole[0] > 0
    none = np.full(len(trials), np.nan)
    found = shrunken_ratios(hits, trials, confidence) if enough else (none,) * 3
    n, selected = int(table.n.sum()), int(table.selected.sum())
    made = []
    for group, name in enumerate(table.groups):
        expected = float(trials[group]) * min(overall, 1 - overall)
        alone = expected < measured.min_expected
        line = Line(
            table.attribute,
            name,
            n=int(table.n[group]),
            selected=int(table.selected[group]),
            rate=float(ratio(hits[group], trials[group])),
            estimate=float(found[0][group]),
            low=float(found[1][group]),
            high=float(found[2][group]),
            versus=Against("(all)", n, selected),
            more=f"alone {too_few(expected, measured.min_expected)}" if alone else "",
        )
        made.append(finding_of("shrunken_ratio", line, confidence, 1 - confidence))
    return made
