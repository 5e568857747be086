"""Which findings compare how often groups are selected, and on which side of it."""

from __future__ import annotations

from fairness.metrics import METRICS

_COMPARED = frozenset({"ratio", "difference", "odds"})


def compares_selection(metric: str) -> bool:
    """Return whether a metric compares the selection rates of two groups.

    Examples
    --------
    >>> [compares_selection(m) for m in ("burden_ratio", "true_positive_rate_ratio")]
    [True, False]
    """
    found = METRICS.get(metric)
    return (
        found is not None and found.form in _COMPARED and found.rate == "selection_rate"
    )


def is_over(metric: str, bound: str | None, estimate: float | None) -> bool:
    """Return whether a finding is about a group that is selected too often.

    Parameters
    ----------
    metric : str
    bound : str or None
        In the words of a rule, as in ``"between 0.80 and 1.25"``: of two ends the
        nearer counts. Without a rule the metric says which side is harm.
    estimate : float or None

    Examples
    --------
    >>> is_over("burden_ratio", None, None), is_over("adverse_impact_ratio", None, 1.4)
    (True, False)
    >>> is_over("adverse_impact_ratio", "between 0.80 and 1.25", 1.4)
    True
    """
    if bound is None:
        return metric == "burden_ratio"
    word, _, ends = bound.partition(" ")
    if word != "between":
        return bound.startswith("at most")
    low, high = map(float, ends.split(" and "))
    return estimate is not None and estimate > (low + high) / 2
