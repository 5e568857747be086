"""Metrics of small groups and of slices: FA5xx."""

from __future__ import annotations

from fairness.metrics.metric import Metric

_INF = float("inf")

SMALL = (
    Metric(
        code="FA501",
        name="shrunken_ratio",
        title="Shrunken ratio to the overall rate",
        formula="posterior mean of the group's rate / rate of all, beta-binomial prior "
        "fitted to the groups of the attribute",
        kind="ratio",
        form="check",
        rate="selection_rate",
        range=(0.0, _INF),
        ideal=1.0,
        needs="selection",
        testable=False,
        undefined="fewer than three groups, or nobody is selected",
        misleads="It pulls a group towards the others: one that is truly apart looks "
        "less so. An estimate for groups too small alone, not a test.",
        source="Morris (1983), JASA 78:47; Kass & Steffey (1989), JASA 84:717",
        family="small",
        interval=True,
    ),
    Metric(
        code="FA502",
        name="slice_ratio",
        title="Ratio of a slice that fares worst",
        formula="rate of the customers of a slice / rate of all others; p of the "
        "largest of all slices' deviations under permutation",
        kind="ratio",
        form="check",
        rate="selection_rate",
        range=(0.0, _INF),
        ideal=1.0,
        needs="selection",
        testable=True,
        undefined="none of the others is selected",
        misleads="The ratio of a slice picked as the worst is too extreme; p has paid "
        "for the choice, the ratio has not.",
        source="Westfall & Young (1993), Resampling-Based Multiple Testing",
        family="slices",
    ),
)
