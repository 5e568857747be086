"""Statistics on counts: intervals, tests, multiplicity, power, bootstrap.

Pure functions of numpy arrays, vectorised by broadcasting. Counts may be floats:
effective sample sizes of weighted data. What is undefined is nan.
"""

from __future__ import annotations

from fairness.inference.additive import Gap, adjusted_gap, moved_gap, raw_gap
from fairness.inference.association import (
    Association,
    Separation,
    association,
    separation,
)
from fairness.inference.bootstrap import bootstrap_cells, percentile_interval
from fairness.inference.calibrated import (
    Reliability,
    observed_to_expected,
    reliability,
)
from fairness.inference.comparisons import (
    newcombe,
    score_difference,
    score_odds_ratio,
    score_ratio,
)
from fairness.inference.equivalence import equivalence_p, smallest_attainable_p
from fairness.inference.extremes import (
    Extreme,
    gap_interval,
    least_ratio_interval,
    simultaneous_rates,
)
from fairness.inference.intervals import exact, normal_quantile, rate_interval, wilson
from fairness.inference.means import standardized_mean_difference
from fairness.inference.multiplicity import benjamini_hochberg, holm
from fairness.inference.power import customers_needed, detectable_ratio
from fairness.inference.quantiles import quantile, quantile_gap, share_above
from fairness.inference.ranking import (
    Area,
    area_difference,
    area_under_curve,
    kolmogorov_smirnov,
    wasserstein,
)
from fairness.inference.scan import Slice, SliceScan, distinct_slices, scan_slices
from fairness.inference.shrinkage import shrunken_rates, shrunken_ratios
from fairness.inference.standardized import (
    clarify_demographic_disparity,
    conditional_demographic_disparity,
    group_averaged_demographic_disparity,
    standardized_difference,
    standardized_rates,
    standardized_ratio,
)
from fairness.inference.stratified import (
    breslow_day,
    cmh_test,
    cmh_z,
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
)
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
from fairness.inference.variation import Variation, total_variation
from fairness.inference.widened import (
    difference_interval,
    odds_ratio_interval,
    ratio_interval,
)

__all__ = [
    "Area",
    "Association",
    "Extreme",
    "Gap",
    "Reliability",
    "Separation",
    "Slice",
    "SliceScan",
    "Variation",
    "adjusted_gap",
    "adjusted_tail",
    "area_difference",
    "area_under_curve",
    "association",
    "benjamini_hochberg",
    "bootstrap_cells",
    "breslow_day",
    "clarify_demographic_disparity",
    "cmh_test",
    "cmh_z",
    "conditional_demographic_disparity",
    "customers_needed",
    "detectable_ratio",
    "deviance_z",
    "difference_interval",
    "distinct_slices",
    "equivalence_p",
    "exact",
    "gap_interval",
    "group_averaged_demographic_disparity",
    "holm",
    "hypergeometric_tail",
    "kolmogorov_smirnov",
    "least_ratio_interval",
    "mantel_haenszel_difference",
    "mantel_haenszel_odds_ratio",
    "mantel_haenszel_risk_ratio",
    "moved_gap",
    "newcombe",
    "normal_quantile",
    "observed_to_expected",
    "odds_ratio_interval",
    "pair_tail",
    "pair_z",
    "percentile_interval",
    "quantile",
    "quantile_gap",
    "rate_interval",
    "ratio_interval",
    "raw_gap",
    "reliability",
    "scan_slices",
    "score_difference",
    "score_odds_ratio",
    "score_ratio",
    "separation",
    "share_above",
    "shrunken_rates",
    "shrunken_ratios",
    "simultaneous_rates",
    "smallest_attainable_p",
    "standardized_difference",
    "standardized_mean_difference",
    "standardized_rates",
    "standardized_ratio",
    "studentized_range_isf",
    "studentized_range_sf",
    "total_variation",
    "two_sided",
    "wasserstein",
    "wilson",
]
