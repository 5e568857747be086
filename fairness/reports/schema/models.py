"""Every key of the payload ``fairreach/audit/1``, with a sentence each.

The published schema and the check of a stored payload are both made of these models.
Keys are only ever added: what a later version adds is optional here, and a key that is
not known is let through, but in the project's own tests.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from fairness.policy.fields import Offer
from fairness.reports.schema.audited import (
    CountedData,
    EthicsFinding,
    Finding,
    Group,
    PolicyUsed,
)
from fairness.reports.schema.campaigns import Campaign, Funnel, Release
from fairness.reports.schema.parts import Count, Level, Part, optional
from fairness.reports.schema.scored import Curves
from fairness.reports.schema.segmented import Segments


class Payload(Part):
    """All that a report of fairreach may say of one audience.

    Labels and names are as the data has them: escape them. Small groups are hidden:
    their numbers are null.
    """

    schema_: Annotated[Literal["fairreach/audit/1"], Field(alias="schema")]
    """The schema; keys are only ever added to it."""
    verdict: Literal["clear", "review", "block"] | None
    """The verdict; null where no policy was applied."""
    offer: Offer
    """Whether being left out is the harm (beneficial), being picked, or both."""
    policy: list[PolicyUsed]
    """What it was judged by; empty where no policy was applied."""
    data: CountedData
    """How many customers were counted."""
    findings: list[Finding]
    """What was compared, and what the rules make of it."""
    groups: list[Group]
    """Each group with its rate."""
    notes: list[str]
    """What a reader should know of the data."""
    version: str
    """Version of fairreach that made it."""
    subject: str
    """What was audited: a campaign, a column, a file."""
    offer_assumed: bool
    """Whether nobody said what kind of offer it is."""
    confidence: Level
    """Level of the intervals."""
    attributes: list[str]
    """The protected attributes, in the order in which they were asked for."""
    reasons: list[str]
    """Why it is not clear, a sentence each; empty where it is."""
    method: list[str]
    """How it was measured, a sentence each."""
    checks: list[Finding]
    """What was measured beyond the findings; it has no verdict."""
    ethics: list[EthicsFinding] = optional()
    """How the campaign treats people; absent where no rule on conduct applied."""
    campaign: Campaign = optional()
    """The campaign; absent where an audience was checked without one."""
    funnel: Funnel = optional()
    """The funnel of a campaign."""
    consent: dict[str, Count | None] = optional()
    """Customers by what their consent says; null where it would tell of a few."""
    segments: Segments = optional()
    """Who is in the segments of a campaign."""
    curves: Curves = optional()
    """Thresholds, distributions and calibration of a score, for pictures."""
    proxies: dict[str, Any] = optional()
    """Kept for what columns give away; today that is among the checks."""
    evidence: dict[str, str | None] = optional()
    """Digests of what the run rests on, by name."""
    release: Release | None = optional()
    """The file that was handed out; null where none was."""
