"""Findings: one group against its reference, with an interval and a reading."""

from fairness.findings.comparison import Comparison, Reference, compare_groups
from fairness.findings.model import Finding, Reading, Verdict
from fairness.findings.readings import Sharing, findings_in_strata, findings_of
from fairness.findings.selection import compares_selection, is_over

__all__ = [
    "Comparison",
    "Finding",
    "Reading",
    "Reference",
    "Sharing",
    "Verdict",
    "compare_groups",
    "compares_selection",
    "findings_in_strata",
    "findings_of",
    "is_over",
]
