"""Point values of every metric, for the groups of a table against one reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.metrics.rates import RATES, rate_counts

FloatArray = NDArray[np.float64]


def ratio(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return a / b; inf where only b is 0, nan where both are.

    Examples
    --------
    >>> ratio([1.0, 1.0, 0.0], [2.0, 0.0, 0.0])
    array([0.5, inf, nan])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(a, b), dtype=np.float64)


def compare_rates(
    form: str,
    hits: ArrayLike,
    trials: ArrayLike,
    hits_ref: ArrayLike,
    trials_ref: ArrayLike,
) -> FloatArray:
    """Return the ratio, difference or odds ratio of two rates.

    Parameters
    ----------
    form : {"ratio", "difference", "odds"}
    hits, trials, hits_ref, trials_ref : array_like

    Returns
    -------
    array of float
        nan where undefined, inf where only the reference's rate (odds) is 0.

    Examples
    --------
    >>> compare_rates("ratio", 4, 100, 5, 100)
    array(0.8)
    >>> compare_rates("odds", 10, 40, 10, 20)
    array(0.33333333)
    """
    rate, rate_ref = ratio(hits, trials), ratio(hits_ref, trials_ref)
    if form == "ratio":
        return ratio(rate, rate_ref)
    if form == "difference":
        return np.asarray(rate - rate_ref)
    a, b = np.asarray(hits, float), np.asarray(hits_ref, float)
    misses, misses_ref = np.asarray(trials, float) - a, np.asarray(trials_ref) - b
    return ratio(a * misses_ref, misses * b)


def measure_groups(
    cells: ArrayLike, reference: int, *, outcome: bool = True
) -> dict[str, FloatArray]:
    """Return every rate and comparison of the groups of one table.

    Parameters
    ----------
    cells : array_like, groups x 2 x 3
        Counts (or weights) by selected and outcome.
    reference : int
        Position of the reference group.
    outcome : bool, default True
        Whether to include the measures that need an outcome.

    Returns
    -------
    dict of metric name to float array, one entry a group
        nan where a metric is undefined.

    Examples
    --------
    >>> cells = np.zeros((2, 2, 3))
    >>> cells[:, 0, 2], cells[:, 1, 2] = [60, 90], [40, 10]
    >>> found = measure_groups(cells, 0, outcome=False)
    >>> found["adverse_impact_ratio"].round(2), found["shortfall"]
    (array([1.  , 0.25]), array([-15.,  15.]))
    """
    cells = np.asarray(cells, dtype=np.float64)
    counts = {name: rate_counts(name, cells) for name in RATES}
    rates = {name: ratio(*pair) for name, pair in counts.items()}
    wanted = list(RATES) if outcome else ["selection_rate"]
    found = {name: rates[name] for name in wanted}

    def against(form: str, name: str) -> FloatArray:
        hits, trials = counts[name]
        return compare_rates(form, hits, trials, hits[reference], trials[reference])

    hits, trials = counts["selection_rate"]
    rest, rest_trials = hits.sum() - hits, trials.sum() - trials
    found["adverse_impact_ratio"] = against("ratio", "selection_rate")
    found["statistical_parity_difference"] = against("difference", "selection_rate")
    found["selection_odds_ratio"] = against("odds", "selection_rate")
    found["burden_ratio"] = compare_rates("ratio", hits, trials, rest, rest_trials)
    found["shortfall"] = trials * ratio(hits.sum(), trials.sum()) - hits
    if outcome:
        found["true_positive_rate_ratio"] = against("ratio", "true_positive_rate")
        found["equal_opportunity_difference"] = against(
            "difference", "true_positive_rate"
        )
        found["false_positive_rate_difference"] = against(
            "difference", "false_positive_rate"
        )
        found["equalized_odds_difference"] = np.maximum(
            np.abs(found["equal_opportunity_difference"]),
            np.abs(found["false_positive_rate_difference"]),
        )
        found["predictive_parity_difference"] = against("difference", "precision")
        found["accuracy_difference"] = against("difference", "accuracy")
        found["base_rate_difference"] = against("difference", "base_rate")
    return found
