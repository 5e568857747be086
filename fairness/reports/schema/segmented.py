"""The segments of a payload."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fairness.reports.schema.parts import Count, Level, Number, Part, Share, wrong


class Segment(Part):
    """A segment; those that tell most come first."""

    segment: str
    """Name of the segment."""
    n: Count
    """Customers in it."""
    attribute: str
    """The attribute with which being in it goes most."""
    cramers_v: Number | None
    """How much it does, corrected for bias, from 0 to 1."""
    p_adjusted: Share | None
    """P-value of independence, adjusted for all segments and attributes."""
    message: str
    """The segment in a sentence."""
    selected: Count | None
    """Customers in it who are selected; null without an audience."""
    rate: Share | None
    """Their share."""
    profile: str | None
    """The segment in plain words."""


class Lift(Part):
    """A group in a segment, against its share of all customers."""

    segment: str
    """Name of the segment."""
    attribute: str
    """Protected attribute."""
    group: str
    """Group of it."""
    n: Count | None
    """Customers of the group in the segment; null where hidden."""
    expected: Number | None
    """What it would be if the segment had nothing to do with the group."""
    share: Share | None
    """The group's share of the segment."""
    base: Share | None
    """The group's share of all customers."""
    lift: Number | None
    """share / base; 1 is no difference."""
    low: Number | None
    """Lower end of its interval."""
    high: Number | None
    """Upper end of its interval."""
    p_value: Share | None
    """Exact, two-sided p-value."""
    p_adjusted: Share | None
    """The same, adjusted for all lifts (false discovery rate)."""
    reading: Literal[
        "over-represented",
        "under-represented",
        "no clear difference",
        "too few",
        "undefined",
        "hidden",
    ]
    """What the numbers say."""

    @model_validator(mode="after")
    def _has_lift(self) -> Self:
        if self.reading.endswith("represented") and self.lift is None:
            raise wrong(f"reads {self.reading!r} and has no lift")
        return self


class GroupGivenAway(Part):
    """How well the segments tell a group from the rest."""

    group: str
    """Group of the attribute."""
    auc: Share | None
    """Area under the curve; null where the group is hidden."""
    auc_by_chance: Share | None
    """What that would be where there is nothing to find."""


class AttributeGivenAway(Part):
    """How much of an attribute the segments tell."""

    attribute: str
    """Protected attribute."""
    cramers_v: Number | None
    """Association of the segments with it, corrected for bias."""
    explained: Number | None
    """Share of the attribute's information that the segments hold."""
    explained_by_chance: Number | None
    """What that would be where there is nothing to find."""
    p_value: Share | None
    """P-value of independence."""
    groups: list[GroupGivenAway]
    """The groups of the attribute."""


class Segments(Part):
    """Who is in the segments, and what they give away."""

    name: str
    """Name of the segmentation."""
    made: str
    """How the segments were made."""
    columns: list[str]
    """The columns that they were made of."""
    confidence: Level
    """Level of the intervals."""
    alpha: Level
    """False discovery rate."""
    segments: Annotated[list[Segment], Field(min_length=1)]
    """The segments, the most telling first."""
    lifts: list[Lift]
    """The groups in each segment."""
    attributes: list[AttributeGivenAway]
    """How much of each attribute the segments tell."""
    notes: list[str]
    """What a reader should know."""
