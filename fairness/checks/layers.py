"""Counts of every group by stratum, flat as a comparison has its groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairness.checks.evidence import Evidence
from fairness.counts import GroupCounts
from fairness.findings import Comparison
from fairness.findings.comparison import NONE
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Selections of all groups within the strata of one column.

    Parameters
    ----------
    column : str
    labels : tuple of str
        Of the strata.
    comparison : Comparison
        Of all customers together; its groups are the rows here.
    hits, trials : float arrays, groups x strata
        Effective counts.
    n, selected : int arrays, groups x strata
        Customers.
    shares : float array, strata
        Of the customers.
    """

    column: str
    labels: tuple[str, ...]
    comparison: Comparison
    hits: FloatArray
    trials: FloatArray
    n: IntArray
    selected: IntArray
    shares: FloatArray

    def others(self) -> tuple[FloatArray, FloatArray]:
        """Return hits and trials of everybody outside each group, by stratum."""
        table = self.comparison.table
        made = []
        for counts in (self.hits, self.trials):
            whole = np.zeros((len(self.comparison.tables), counts.shape[1]))
            np.add.at(whole, table, counts)
            made.append(np.maximum(whole[table] - counts, 0.0))
        return made[0], made[1]

    def of(self, reference: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return hits and trials of each group's reference, by stratum.

        Everybody contains the group itself: the rest stands for it.
        """
        hits, trials = self.others()
        one = (reference >= 0)[:, None]
        named = np.maximum(reference, 0)
        none = (reference == NONE)[:, None]
        return (
            np.where(none, 0.0, np.where(one, self.hits[named], hits)),
            np.where(none, 0.0, np.where(one, self.trials[named], trials)),
        )

    def references(self) -> IntArray:
        """Return whom each group is held against: the highest standardised rate.

        A named reference, the rest and everybody stay what they are for all customers
        together.
        """
        comparison = self.comparison
        found = comparison.reference.copy()
        known = self.trials > 0
        weights = np.where(known, self.shares, 0.0)
        rates = ratio(
            (weights * np.where(known, ratio(self.hits, self.trials), 0.0)).sum(axis=1),
            weights.sum(axis=1),
        )
        for place in range(len(comparison.tables)):
            inside = np.flatnonzero(comparison.table == place)
            if comparison.fixed[place] or (comparison.reference[inside] < 0).all():
                continue
            able = inside[comparison.eligible[inside]]
            found[inside] = able[np.argmax(rates[able])]
        return found


def without_moments(counts: GroupCounts) -> GroupCounts:
    """Return the counts without scores and values, which cost every table time."""
    kept = {name: sums for name, sums in counts.sums.items() if "weight" in name}
    return replace(counts, sums=kept)


def layers_of(measured: Evidence, column: str, comparison: Comparison) -> Layers:
    """Return the counts of a comparison's groups within the strata of a column."""
    counts = without_moments(measured.counts)
    labels = counts.stratum_labels(column)
    size = (len(comparison.groups), len(labels))
    hits, trials = np.zeros(size), np.zeros(size)
    n, selected = np.zeros(size, np.int64), np.zeros(size, np.int64)
    start = 0
    for table in comparison.tables:
        place = {parts: start + row for row, parts in enumerate(table.labels)}
        for layer, text in enumerate(labels):
            part = counts.table(table.attributes, {column: text})
            rows = np.array([place[parts] for parts in part.labels], np.int64)
            effective = part.effective()
            hits[rows, layer] = effective[:, 1].sum(axis=1)
            trials[rows, layer] = effective.sum(axis=(1, 2))
            n[rows, layer], selected[rows, layer] = part.n, part.selected
        start += len(table.labels)
    first = comparison.table == 0
    shares = ratio(n[first].sum(axis=0), n[first].sum())
    return Layers(column, labels, comparison, hits, trials, n, selected, shares)
