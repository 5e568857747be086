"""What is observed of a campaign's conduct, before any rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CAMPAIGN = "(campaign)"
EVERYBODY = "(all)"


@dataclass(frozen=True, slots=True)
class Observed:
    """One number of a metric of conduct, or why there is none.

    Parameters
    ----------
    message : str
        In a sentence; counts of fewer than 5 people are not told.
    value : float or None
        None where there is nothing to measure.
    status : {"measured", "missing", "not_applicable"}
        "missing": the rule needs what the campaign did not give. "not_applicable": the
        question does not arise.
    attribute, group : str
        Of a comparison of groups; else the campaign and all.
    reference : str or None
    n, selected : int or None
        Customers looked at, and those who count; None where it would tell of a few.
    low, high, p_value : float or None
        Of a comparison; the p-value has paid for the comparisons beside it.
    column : str or None
        The column that it is about.

    Examples
    --------
    >>> Observed("12 customers objected", value=12.0).status
    'measured'
    >>> Observed.missing("no consent records were given").value is None
    True
    """

    message: str
    value: float | None = None
    status: Literal["measured", "missing", "not_applicable"] = "measured"
    attribute: str = CAMPAIGN
    group: str = EVERYBODY
    reference: str | None = None
    n: int | None = None
    selected: int | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    column: str | None = None

    @classmethod
    def missing(cls, message: str) -> Observed:
        """Return that the campaign did not give what is needed."""
        return cls(message, status="missing")

    @classmethod
    def idle(cls, message: str) -> Observed:
        """Return that the question does not arise."""
        return cls(message, status="not_applicable")
