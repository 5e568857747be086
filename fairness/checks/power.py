"""What the data could have shown: equivalence, attainable p, customers needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fairness.checks.evidence import Evidence, headline_of
from fairness.checks.lines import finding_of, line_of
from fairness.findings import Finding
from fairness.findings.comparison import ALL, NONE, REST
from fairness.findings.readings import critical_z
from fairness.inference import (
    customers_needed,
    ratio_interval,
    smallest_attainable_p,
)
from fairness.metrics.measures import ratio


def power(measured: Evidence, confidence: float) -> list[Finding]:
    """Return what each group's numbers could show against its reference.

    Parameters
    ----------
    measured : Evidence
    confidence : float
        1 - alpha of the tests.

    Returns
    -------
    list of Finding
        ``equivalence_ratio``, ``smallest_attainable_p``, ``customers_needed``.
    """
    comparison = measured.comparison(headline_of(measured))
    every = np.arange(len(comparison.groups))
    reference = comparison.reference
    none = (reference == NONE) | (reference == every)
    hits, trials = comparison.reference_counts(
        every, np.where(reference == ALL, REST, reference)
    )
    own_hits, own = comparison.hits, comparison.trials
    known = ~none & (own > 0) & (trials > 0)
    h, t = np.where(known, own_hits, 0.0), np.where(known, own, 1.0)
    hr, tr = np.where(known, hits, 0.0), np.where(known, trials, 1.0)
    alpha = 1 - confidence
    low, high = ratio_interval(h, t, hr, tr, 1 - 2 * alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(known, np.clip(np.fmin(low, 1 / high), 0, 1), np.nan)
    attainable = np.where(
        known,
        smallest_attainable_p(t, tr, h + hr, side=comparison.side),
        np.nan,
    )
    factor = measured.sharing.factors(comparison.order)
    critical = critical_z(comparison, factor, alpha, ~none)
    found = ratio(ratio(h, t), ratio(hr, tr))
    harmful = (
        known
        & np.isfinite(found)
        & ((found < 1) == (comparison.side == "lower"))
        & (found != 1)
    )
    needed = np.full(len(every), np.nan)
    needed[harmful] = customers_needed(
        found[harmful],
        ratio(hr, tr)[harmful],
        critical[harmful],
        share=(t / (t + tr))[harmful],
    )
    made: list[Finding] = []
    for metric, values in (
        ("equivalence_ratio", within),
        ("smallest_attainable_p", attainable),
        ("customers_needed", needed),
    ):
        for group in range(len(every)):
            line = line_of(comparison, group, measured.min_expected)
            line = replace(line, estimate=float(values[group]))
            made.append(finding_of(metric, line, confidence, alpha))
    return made
