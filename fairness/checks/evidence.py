"""What checks need of an audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from fairness.counts import ColumnCounts, CountTable, GroupCounts, ScoreBins, ValueBins
from fairness.findings import Comparison, Finding, Reference, Sharing


class Evidence(Protocol):
    """What checks need of an audit."""

    @property
    def counts(self) -> GroupCounts:
        """The joint counts."""

    @property
    def tables(self) -> Mapping[tuple[str, ...], CountTable]:
        """Tables of the attributes and intersections."""

    @property
    def bins(self) -> ScoreBins | None:
        """Scores by group."""

    @property
    def values(self) -> ValueBins | None:
        """Offered values by group."""

    @property
    def columns(self) -> ColumnCounts | None:
        """Columns that the profile uses, by group and selection."""

    @property
    def offer(self) -> Literal["beneficial", "burdensome", "neutral"]:
        """Which direction is harm."""

    @property
    def reference(self) -> Reference | None:
        """Whom the user wants groups compared with."""

    @property
    def value_cap(self) -> float | None:
        """A value above which an offer is too much."""

    @property
    def joint(self) -> Sequence[Finding]:
        """What all columns used tell of the groups together."""

    @property
    def sharing(self) -> Sharing:
        """How alpha is shared over attributes and intersections."""

    @property
    def confidence(self) -> float:
        """Level of the intervals; readings are made at 1 - confidence."""

    @property
    def min_expected(self) -> float:
        """Groups that expect fewer selections are too few."""

    def comparison(
        self,
        metric: str,
        tables: Sequence[CountTable] | None = None,
        *,
        partial: bool = False,
    ) -> Comparison:
        """Every group against its reference."""

    def check(self, family: str, confidence: float | None = None) -> Sequence[Finding]:
        """Return the findings of a family of checks."""


def headline_of(measured: Evidence) -> str:
    """Return the ratio that an offer is about."""
    return "burden_ratio" if measured.offer == "burdensome" else "adverse_impact_ratio"
