"""What a finding says."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

Reading = Literal[
    "reference", "lower", "higher", "no clear difference", "too few", "undefined"
]
Verdict = Literal[
    "pass", "fail", "inconclusive", "not_measurable", "not_applicable", "waived"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured comparison; with a policy, one rule's verdict on it.

    Parameters
    ----------
    code : str
        Of the metric; see ``fairreach explain``.
    metric, attribute, group : str
    reference : str or None
        The group shown beside it; ``(rest)`` or ``(all)`` for everybody.
    stratum : str or None
        ``column=label`` where only that stratum was looked at.
    n, selected, n_reference, selected_reference : int or None
        Counts that the metric's rate is made of.
    rate, estimate, low, high, confidence : float or None
        The group's rate, the metric, its interval and the level of that. An infinite
        number is null in the payload, and the message says why.
    p_value, p_adjusted : float or None
        One-sided, in the direction of harm; adjusted for the choice of group and
        reference, for the number of attributes, and for sharing alpha.
    detectable : float or None
        Ratio of the group's rate to the reference's that would have been found with
        80 % power at the adjusted alpha, also where the metric is a difference or an
        odds ratio. None for the reference itself, for means, and where no ratio, not
        even 0, would have been found.
    shortfall : float or None
        n times the rate of everybody together, less the group's own selections: the
        people that it falls short; negative: above. Of weighted data, the weighted
        rates times n.
    needed : int or None
        Selections to add to the group (below a lower bound) or to take away (above an
        upper one) until the shown comparison meets the bound, the reference's staying
        as they are; 0 where it is met already. Set where a rule on a rate of selection
        failed or is inconclusive; None for odds and where no number does it.
    decided_by : str or None
        The reference that the verdict rests on, where it is not the one shown.
    reading : str
    policy, rule, bound, verdict, severity, citation, evidence : str or None
        Set by a policy, whose name comes first: two may have rules of one id.
    column : str or None
        The column that a proxy check is about.
    message : str
        The finding in a sentence, and why a number does not exist.
    """

    code: str
    metric: str
    attribute: str
    group: str
    reference: str | None
    n: int | None
    selected: int | None
    n_reference: int | None
    selected_reference: int | None
    rate: float | None
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float | None
    p_value: float | None
    p_adjusted: float | None
    detectable: float | None
    shortfall: float | None
    reading: Reading
    message: str
    stratum: str | None = None
    needed: int | None = None
    decided_by: str | None = None
    rule: str | None = None
    bound: str | None = None
    verdict: Verdict | None = None
    severity: str | None = None
    citation: str | None = None
    evidence: str | None = None
    column: str | None = None
    policy: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as the payload shows it; what is not finite is None."""
        return {name: _plain(getattr(self, name)) for name in PAYLOAD_ORDER}


PAYLOAD_ORDER = (
    "code",
    "rule",
    "metric",
    "attribute",
    "group",
    "reference",
    "stratum",
    "n",
    "selected",
    "n_reference",
    "selected_reference",
    "rate",
    "estimate",
    "low",
    "high",
    "confidence",
    "p_value",
    "p_adjusted",
    "bound",
    "detectable",
    "shortfall",
    "reading",
    "verdict",
    "severity",
    "message",
    "citation",
    "needed",
    "decided_by",
    "evidence",
    "column",
    "policy",
)
"""The keys of a finding in the payload; a later version adds its own at the end."""

if set(PAYLOAD_ORDER) != {field.name for field in fields(Finding)}:
    raise RuntimeError("the payload order must name every field of a finding")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
