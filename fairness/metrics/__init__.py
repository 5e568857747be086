"""Measures on counts, and the registry that names and explains them."""

from fairness.metrics.measures import measure_groups
from fairness.metrics.metric import Metric
from fairness.metrics.rates import RATES, rate_counts
from fairness.metrics.registry import (
    COVERAGE_CODE,
    METRICS,
    by_code,
    explain,
)

__all__ = [
    "COVERAGE_CODE",
    "METRICS",
    "RATES",
    "Metric",
    "by_code",
    "explain",
    "measure_groups",
    "rate_counts",
]
