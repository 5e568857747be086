"""Statistics on counts: intervals, tests, multiplicity, power, bootstrap.

Pure functions of numpy arrays, vectorised by broadcasting. Counts may be floats:
effective sample sizes of weighted data. What is undefined is nan.
"""

from __future__ import annotations

from fairness.inference.bootstrap import bootstrap_cells, percentile_interval
from fairness.inference.comparisons import (
    newcombe,
    score_difference,
    score_odds_ratio,
    score_ratio,
)
from fairness.inference.intervals import exact, normal_quantile, rate_interval, wilson
from fairness.inference.means import standardized_mean_difference
from fairness.inference.multiplicity import benjamini_hochberg, holm
from fairness.inference.power import customers_needed, detectable_ratio
from fairness.inference.studentized import (
    adjusted_tail,
    studentized_range_isf,
    studentized_range_sf,
)
from fairness.inference.tails import (
    deviance_z,
    hypergeometric_tail,
    pair_tail,
    pair_z,
    two_sided,
)
from fairness.inference.widened import (
    difference_interval,
    odds_ratio_interval,
    ratio_interval,
)

__all__ = [
    "adjusted_tail",
    "benjamini_hochberg",
    "bootstrap_cells",
    "customers_needed",
    "detectable_ratio",
    "deviance_z",
    "difference_interval",
    "exact",
    "holm",
    "hypergeometric_tail",
    "newcombe",
    "normal_quantile",
    "odds_ratio_interval",
    "pair_tail",
    "pair_z",
    "percentile_interval",
    "rate_interval",
    "ratio_interval",
    "score_difference",
    "score_odds_ratio",
    "score_ratio",
    "standardized_mean_difference",
    "studentized_range_isf",
    "studentized_range_sf",
    "two_sided",
    "wilson",
]
