"""Rates of a group: how many of whom, read off its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
_Pair = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

# cells[..., selected, outcome] with outcome 0, 1, unobserved


def _selection(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    return cells[:, 1].sum(axis=1), cells.sum(axis=(1, 2))


def _given_outcome(outcome: int, selected: int) -> _Pair:
    def pair(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        return cells[:, selected, outcome], cells[:, :, outcome].sum(axis=1)

    return pair


def _precision(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    return cells[:, 1, 1], cells[:, 1, :2].sum(axis=1)


def _accuracy(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    return cells[:, 1, 1] + cells[:, 0, 0], cells[:, :, :2].sum(axis=(1, 2))


def _base(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    return cells[:, :, 1].sum(axis=1), cells[:, :, :2].sum(axis=(1, 2))


RATES: Mapping[str, _Pair] = {
    "selection_rate": _selection,
    "true_positive_rate": _given_outcome(1, 1),
    "false_positive_rate": _given_outcome(0, 1),
    "true_negative_rate": _given_outcome(0, 0),
    "false_negative_rate": _given_outcome(1, 0),
    "precision": _precision,
    "accuracy": _accuracy,
    "base_rate": _base,
}
"""Rate by name: a function from cells to (hits, trials) of each group."""


def rate_counts(rate: str, cells: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return hits and trials of a rate for each group.

        selection_rate       selected / customers
        true_positive_rate   selected with outcome 1 / outcome 1
        false_positive_rate  selected with outcome 0 / outcome 0
        true_negative_rate   not selected with outcome 0 / outcome 0
        false_negative_rate  not selected with outcome 1 / outcome 1
        precision            selected with outcome 1 / selected with an outcome
        accuracy             selected as the outcome says / with an outcome
        base_rate            outcome 1 / with an outcome

    Parameters
    ----------
    rate : str
        A key of `RATES`.
    cells : array_like, groups x 2 x 3
        Counts by selected (0, 1) and outcome (0, 1, unobserved).

    Returns
    -------
    hits, trials : float arrays, one entry a group
        The rate is undefined where trials is 0.

    Examples
    --------
    >>> cells = [[[30, 10, 0], [5, 15, 0]]]
    >>> rate_counts("true_positive_rate", cells)
    (array([15.]), array([25.]))
    """
    return RATES[rate](np.asarray(cells, dtype=np.float64))
