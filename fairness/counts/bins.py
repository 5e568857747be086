"""The score-bin table: what thresholds, AUC and KS are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem
from fairness.groups import sort_labels

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBins:
    """Customers of each group by equal-width bin of their score.

    Parameters
    ----------
    low, high : float
        The range of the bins; the last one includes `high`.
    labels : dict of attribute to tuple of str
    cells : dict of attribute to int64 array, groups x bins x 3
        Customers by bin and outcome (0, 1, unobserved). Customers without a
        score are in no bin.

    Examples
    --------
    >>> cells = np.zeros((2, 4, 3), np.int64)
    >>> cells[0, :, 2], cells[1, :, 2] = [1, 1, 1, 1], [2, 2, 0, 0]
    >>> bins = ScoreBins(0.0, 1.0, {"g": ("a", "b")}, {"g": cells})
    >>> bins.above("g").tolist()
    [[4, 3, 2, 1], [4, 2, 0, 0]]
    """

    low: float
    high: float
    labels: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Int64Array]

    @property
    def bins(self) -> int:
        """Number of bins."""
        return int(next(iter(self.cells.values())).shape[1])

    @property
    def thresholds(self) -> FloatArray:
        """Lower edge of each bin: selecting at a threshold takes scores from it up."""
        return np.linspace(self.low, self.high, self.bins + 1)[:-1]

    def above(self, attribute: str) -> Int64Array:
        """Return the customers of each group at or above each threshold.

        Exact for thresholds at bin edges; between two edges the answer lies
        between the two.
        """
        n = self.cells[attribute].sum(axis=2)
        return np.asarray(n[:, ::-1].cumsum(axis=1)[:, ::-1], dtype=np.int64)

    def rates(self, attribute: str) -> FloatArray:
        """Return the selection rate of each group at each threshold.

        NaN for a group in which nobody has a score.
        """
        above = self.above(attribute)
        n = above[:, :1].astype(np.float64)
        rates = np.full(above.shape, np.nan)
        np.divide(above, n, out=rates, where=n > 0)
        return rates

    def __add__(self, other: object) -> ScoreBins:
        """Return the bins of both parts."""
        if not isinstance(other, ScoreBins):
            return NotImplemented
        if (self.low, self.high, self.bins) != (other.low, other.high, other.bins):
            raise InputError(
                Problem(
                    "score",
                    "bins of different ranges cannot be added",
                    "give both parts the same score_range",
                )
            )
        labels, cells = {}, {}
        for name, mine in self.labels.items():
            union = tuple(sort_labels({*mine, *other.labels[name]}))
            place = {label: row for row, label in enumerate(union)}
            total = np.zeros((len(union), self.bins, 3), np.int64)
            for part in (self, other):
                rows = [place[label] for label in part.labels[name]]
                total[rows] += part.cells[name]
            labels[name], cells[name] = union, total
        return ScoreBins(self.low, self.high, labels, cells)
