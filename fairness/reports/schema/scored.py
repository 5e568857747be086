"""The curves of the score of a payload."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from fairness.reports.schema.parts import (
    Count,
    Level,
    Number,
    Part,
    Share,
    optional,
    wrong,
)


class GroupCurve(Part):
    """What each cut of the score does to a group; lists are as long as the cuts."""

    group: str
    """Group of the attribute."""
    n: Count
    """Customers of the group."""
    rate: list[Share | None]
    """Share of the group at or above each cut; null where it would tell of a few."""
    low: list[Share | None]
    """Lower ends of the intervals of the rates."""
    high: list[Share | None]
    """Upper ends of the intervals of the rates."""
    ratio: list[Number | None]
    """Rates over those of the reference."""
    ratio_low: list[Number | None]
    """Lower ends of the intervals of the ratios; null for the reference itself."""
    ratio_high: list[Number | None]
    """Upper ends of the intervals of the ratios; null for the reference itself."""

    ordered = ()


class GroupCalibration(Part):
    """Whether the score keeps its word for a group, by tenths of the score."""

    group: str
    """Group of the attribute."""
    n: list[Count]
    """Customers of the group in each tenth whose outcome was observed."""
    score: list[Number | None]
    """Mean score in each tenth."""
    rate: list[Share | None]
    """Share of them with the outcome; null where it would tell of a few."""
    low: list[Share | None]
    """Lower ends of the intervals of the rates."""
    high: list[Share | None]
    """Upper ends of the intervals of the rates."""

    ordered = ()


class AttributeCurves(Part):
    """What each cut of the score does to the groups of an attribute."""

    attribute: str
    """Protected attribute."""
    reference: str | None
    """Beside whom; (rest) or (all) for everybody, null where there is no one."""
    n_reference: Count | None
    """Customers of the reference, where it is a group."""
    thresholds: list[Number | None]
    """The cuts of the score, the most lenient first."""
    selected_share: Share
    """Share of all customers who are selected."""
    shares: list[Share | None]
    """Share of all customers at or above each cut."""
    groups: list[GroupCurve]
    """The largest groups that are shown."""
    groups_left_out: Count
    """Groups that are hidden, or beyond the largest."""
    calibration: list[GroupCalibration] = optional()
    """Observed outcomes by tenths of the score; absent without an outcome."""

    @model_validator(mode="after")
    def _as_long_as_the_cuts(self) -> Self:
        lines: list[list[Any]] = [list(self.shares)]
        for group in self.groups:
            lines += [group.rate, group.low, group.high]
            lines += [group.ratio, group.ratio_low, group.ratio_high]
        if any(len(line) != len(self.thresholds) for line in lines):
            raise wrong("has lists that are not as long as `thresholds`")
        return self


class Curves(Part):
    """What a score does to groups at each cut, and whether it keeps its word."""

    low: Number
    """Lowest score that was counted."""
    high: Number
    """Highest score that was counted."""
    confidence: Level
    """Level of the intervals."""
    attributes: list[AttributeCurves]
    """The single attributes."""
