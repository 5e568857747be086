"""The worst-treated slices: conjunctions over attributes and columns of strata."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairness.checks.evidence import Evidence, headline_of
from fairness.checks.lines import Against, Line, finding_of
from fairness.counts import Axis
from fairness.findings import Finding
from fairness.groups import intersection_name
from fairness.inference import Slice, distinct_slices, scan_slices
from fairness.metrics.measures import ratio

DEPTH = 3
SEED = 20261123


def slices(measured: Evidence, confidence: float) -> list[Finding]:
    """Return the slices that are selected least (of a burdensome offer: most).

    Slices are conjunctions of up to three levels of attributes and of columns of
    strata, at least one of an attribute. One that says nothing beyond a larger one is
    left out. p is of the most extreme of all slices under permutation.

    Parameters
    ----------
    measured : Evidence
    confidence : float
        1 - alpha of the slices that are kept.

    Returns
    -------
    list of Finding
        ``slice_ratio``, worst first; the attribute names the columns of the slice.
    """
    counts = measured.counts
    places = [
        place
        for place, axis in enumerate(counts.axes)
        if axis.role in {"attribute", "stratum"}
    ]
    axes = [counts.axes[place] for place in places]
    chosen = counts.levels[
        :, next(i for i, axis in enumerate(counts.axes) if axis.role == "selected")
    ]
    cells, where = np.unique(counts.levels[:, places], axis=0, return_inverse=True)
    where = where.ravel()
    n = np.bincount(where, counts.n, len(cells)).astype(np.int64)
    picked = np.bincount(where, counts.n * (chosen == 1), len(cells)).astype(np.int64)
    side = measured.comparison(headline_of(measured)).side
    found = scan_slices(
        cells,
        n,
        picked,
        [len(axis.labels) for axis in axes],
        depth=min(DEPTH, len(axes)),
        side=side,
        least=measured.min_expected,
        seed=SEED,
    )
    alpha = 1 - confidence
    total = int(n.sum()), int(picked.sum())
    kept = [
        one
        for one in distinct_slices(found, cells, n, picked, alpha=alpha)
        if _is_protected(one, axes)
    ]
    if not kept:
        # The worst of all is told as well where it does not stand out.
        kept = [one for one in found.slices if _is_protected(one, axes)][:1]
    return [
        finding_of("slice_ratio", _line(one, axes, total), confidence, alpha)
        for one in kept
    ]


def _is_protected(one: Slice, axes: Sequence[Axis]) -> bool:
    return any(axes[column].role == "attribute" for column, _ in one.levels)


def _line(one: Slice, axes: Sequence[Axis], total: tuple[int, int]) -> Line:
    rest, rest_selected = total[0] - one.n, total[1] - one.selected
    rate = ratio(one.selected, one.n)
    return Line(
        intersection_name([axes[column].name for column, _ in one.levels]),
        intersection_name([axes[column].labels[level] for column, level in one.levels]),
        n=one.n,
        selected=one.selected,
        rate=float(rate),
        estimate=float(ratio(rate, ratio(rest_selected, rest))),
        p_adjusted=one.p_adjusted,
        versus=Against("(rest)", rest, rest_selected),
    )
