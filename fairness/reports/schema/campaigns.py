"""The campaign of a payload, its funnel, and the file that was released."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from fairness.reports.schema.parts import (
    Count,
    Day,
    Digest,
    Number,
    Part,
    Share,
    optional,
    wrong,
)


class OfferTold(Part):
    """What the campaign offers."""

    name: str
    """Name of the offer."""
    sector: str | None
    """Sector of the offer, such as credit or employment."""


class Campaign(Part):
    """The campaign that the audience is for."""

    name: str
    """Name of the campaign."""
    title: str | None
    """The campaign in a line."""
    owner: str
    """Who answers for it."""
    purpose: str
    """The purpose for which customers are contacted."""
    offer: OfferTold
    """What it offers."""
    as_of: Day
    """The day at which ages, features and consent were looked at."""
    digest: Digest
    """Hash of the campaign file."""
    record: dict[str, str] = optional()
    """What the campaign's record says, as far as a policy's layout tells it."""


class Clause(Part):
    """A clause of a stage."""

    name: str
    """Name of the clause."""
    text: str
    """What it asks."""


class Stage(Part):
    """A stage of the funnel, from all customers to the audience."""

    ordered = (("passed", "came"),)

    name: str
    """Name of the stage."""
    kind: str
    """What it does, such as suppression, consent, clauses, score, cap."""
    clauses: list[Clause]
    """What it asks."""
    came: Count
    """Customers who came to it."""
    passed: Count
    """Customers who passed it."""
    judged: bool
    """Whether it is part of what is judged; else it makes the base."""


class Reached(Part):
    """How far a group came in the funnel."""

    attribute: str
    """Protected attribute."""
    group: str
    """Group of it."""
    reached: list[Count | None]
    """Customers at the start and after each stage; null where it tells of a few."""
    share: list[Share | None] = optional()
    """What share of those at the start is left; null where a count is."""
    low: list[Share | None] = optional()
    """Lower ends of the intervals of the shares."""
    high: list[Share | None] = optional()
    """Upper ends of the intervals of the shares."""

    ordered = ()


class ClauseOfGap(Part):
    """What a clause adds to a gap."""

    clause: str
    """Name of the clause."""
    log_ratio: Number | None
    """Log points that it adds; negative keeps the group out."""
    method: Literal["shapley", "leave-one-out"]
    """Whether the shares add up (shapley) or each is by itself."""


class StageOfGap(Part):
    """What a stage does to a group beside its reference."""

    stage: str
    """Name of the stage."""
    rate: Share | None
    """Share of the group that passes, of those who came."""
    rate_reference: Share | None
    """The same of the reference."""
    ratio: Number | None
    """rate / rate_reference."""
    low: Number | None
    """Lower end of its interval."""
    high: Number | None
    """Upper end of its interval."""
    log_ratio: Number | None
    """Log of the ratio: the sum over the stages is that of the whole gap."""
    share: Number | None
    """Of the whole gap; may be negative or above 1."""
    closed: bool
    """Whether nobody of the group passes."""
    clauses: list[ClauseOfGap]
    """What its clauses add."""

    @model_validator(mode="after")
    def _has_ratio(self) -> Self:
        if self.ratio is None and self.low is not None:
            raise wrong("has an interval and no ratio")
        return self


class ColumnOfGap(Part):
    """What a column of the score adds to a gap."""

    column: str
    """Name of the column."""
    log_ratio: Number | None
    """Log points that it adds."""


class Culprit(Part):
    """What makes a gap, by name."""

    stage: str
    """The stage."""
    clause: str | None
    """The clause of that stage; null where it has one only, or none stands out."""
    column: str | None
    """The column of the score, where the stage is a score."""
    share: Number | None
    """Of the stage in the whole gap; null where the stage empties the group."""


class Gap(Part):
    """A gap between a group and its reference, stage by stage."""

    attribute: str
    """Protected attribute or intersection."""
    group: str
    """Group of it."""
    reference: str
    """Beside whom."""
    log_ratio: Number | None
    """Log of the ratio over the whole funnel."""
    direction: Literal["under", "over"]
    """Whether being left out is the harm (under), or being picked (over)."""
    stages: list[StageOfGap]
    """The stages, in the order of the funnel."""
    columns: list[ColumnOfGap]
    """Columns of the score; empty where no score makes the gap."""
    culprit: Culprit | None
    """What makes the gap; null where no stage moves it in the direction of harm."""
    message: str
    """The gap in a sentence."""


class Funnel(Part):
    """The stages from all customers to the audience, and which of them make gaps."""

    stages: list[Stage]
    """The stages in their order."""
    groups: list[Reached]
    """How far each group came."""
    gaps: list[Gap]
    """The gaps behind the findings."""

    @model_validator(mode="after")
    def _of_all_stages(self) -> Self:
        if any(len(one.reached) != len(self.stages) + 1 for one in self.groups):
            raise wrong("has groups whose `reached` is not of all stages")
        return self


class Release(Part):
    """The audience file that was handed out."""

    file: str
    """Its name."""
    rows: Count
    """Customers in it."""
