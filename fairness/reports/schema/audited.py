"""The policies, the findings and the groups of a payload."""

from __future__ import annotations

from typing import Literal

from fairness.findings.model import Reading as FindingReading
from fairness.findings.model import Verdict as FindingVerdict
from fairness.policy.model import Severity, Status
from fairness.reports.schema.parts import (
    Count,
    Day,
    Digest,
    Level,
    Number,
    Part,
    Share,
    optional,
)


class PolicyRule(Part):
    """A rule of a policy, as the policy states it."""

    id: str
    """Name of the rule; `rule` of the findings that it made."""
    title: str
    """The rule in a line."""
    metric: str
    """Name of the metric that it bounds; see `fairreach explain`."""
    bound: str
    """Its bound in words, such as "at least 0.80"."""
    severity: Severity
    """What a failure comes to."""
    status: Status
    """Whether the source is law in force, withdrawn, proposed, or practice."""
    confirmed: bool
    """Whether what the rule says of its source was checked against the source."""
    source: str
    """Where the rule comes from."""
    locator: str
    """Where in the source; empty where the whole of it is meant."""
    looked_up: Day
    """The day on which the source was looked up."""
    why: str
    """Why the rule is there."""


class PolicyUsed(Part):
    """A policy that the audience was judged by."""

    name: str
    """Name of the policy."""
    version: str
    """Version of the policy."""
    digest: Digest
    """Hash of the policy: another rule or bound gives another one."""
    title: str = optional()
    """The policy in a line."""
    as_of: Day = optional()
    """The day as of which the policy was written."""
    disclaimer: str = optional()
    """What the policy is not."""
    rules: list[PolicyRule] = optional()
    """All its rules, also those that did not apply."""


class CountedData(Part):
    """The customers that were counted."""

    ordered = (("selected", "rows"),)

    rows: Count
    """Customers."""
    selected: Count
    """Those of them who are selected."""
    fingerprint: Digest
    """Hash of the schema and the counts, whatever the order of the rows."""


class Finding(Part):
    """One measured comparison; with a policy, one rule's verdict on it.

    Where a number is null, `message` says why: it does not exist, or it is hidden since
    it would tell of fewer than five customers.
    """

    ordered = (
        ("low", "high"),
        ("selected", "n"),
        ("selected_reference", "n_reference"),
    )

    code: str
    """Stable code of the metric, such as FA101; see `fairreach explain`."""
    rule: str | None
    """The policy's rule; null where it is a reading without one."""
    metric: str
    """Name of the metric."""
    attribute: str
    """Protected attribute; intersections are joined by &, doubled where in a name."""
    group: str
    """Group of the attribute; parts are joined as in `attribute`."""
    reference: str | None
    """The group that is shown beside it; (rest) or (all) for everybody."""
    stratum: str | None
    """column=label of the stratum within which it was measured, or a column."""
    n: Count | None
    """Customers of the group that the rate is made of."""
    selected: Count | None
    """Those of them who are selected."""
    n_reference: Count | None
    """Customers of the reference."""
    selected_reference: Count | None
    """Those of them who are selected."""
    rate: Number | None
    """The group's rate; its mean where the metric is of scores or values."""
    estimate: Number | None
    """The metric."""
    low: Number | None
    """Lower end of the interval of the metric; null where it has none on this side."""
    high: Number | None
    """Upper end of the interval of the metric; null where it has none on this side."""
    confidence: Level | None
    """Level of the interval."""
    p_value: Share | None
    """One-sided p-value in the direction of harm."""
    p_adjusted: Share | None
    """The same, adjusted for the choice of group and reference and for many rules."""
    bound: str | None
    """The rule's bound in words."""
    detectable: Number | None
    """Ratio that would have been found with 80 % power."""
    shortfall: Number | None
    """People fewer (negative: more) than the overall rate would have selected."""
    reading: FindingReading
    """What the numbers say, whatever a policy makes of it."""
    verdict: FindingVerdict | None
    """What the rule makes of it; null without a policy."""
    severity: Severity | None
    """What a failure of the rule comes to; null without a policy."""
    message: str
    """The finding in a sentence, and why a number does not exist."""
    citation: str | None
    """The rule's source; it ends in (not confirmed) where nobody checked that."""
    needed: Count | None
    """Selections to add (or take away) until the shown comparison meets the bound."""
    decided_by: str | None
    """The reference that the verdict rests on, where it is not the one shown."""
    evidence: Literal["significant", "point", "proven"] | None
    """The kind of evidence that the rule asks for."""
    column: str | None
    """The column that the check of a proxy is about."""
    policy: str | None
    """Name of the policy that the rule is of; two may have rules of one name."""


class EthicsFinding(Finding):
    """What a rule on conduct found; a finding, with what is to be done."""

    remedy: str | None
    """What the policy says is to be done."""


class Group(Part):
    """A group with its rate; every number is null where the group is hidden."""

    ordered = (("selected", "n"), ("rate_low", "rate_high"))

    attribute: str
    """Protected attribute or intersection."""
    group: str
    """Group of it."""
    n: Count | None
    """Customers."""
    selected: Count | None
    """Those of them who are selected."""
    rate: Share | None
    """Selection rate; of weighted data the weighted one."""
    rate_low: Share | None
    """Lower end of its interval."""
    rate_high: Share | None
    """Upper end of its interval."""
