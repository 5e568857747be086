"""Counts: the only thing that the rest of the library ever looks at."""

from fairness.counts.bins import ScoreBins
from fairness.counts.build import Counted, count, count_scores
from fairness.counts.column_counts import OTHER, ColumnBins, ColumnCounts
from fairness.counts.store import load_counts, save_counts
from fairness.counts.suppress import suppress
from fairness.counts.table import Axis, CountTable, GroupCounts
from fairness.counts.value_bins import ValueBins, ValueGrid

__all__ = [
    "OTHER",
    "Axis",
    "ColumnBins",
    "ColumnCounts",
    "CountTable",
    "Counted",
    "GroupCounts",
    "ScoreBins",
    "ValueBins",
    "ValueGrid",
    "count",
    "count_scores",
    "load_counts",
    "save_counts",
    "suppress",
]
