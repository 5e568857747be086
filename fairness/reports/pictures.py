"""Pictures of what was measured: dots with intervals, drawn from an audit."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.cells import cell_len, set_cell_size

from fairness.errors import InputError, unknown_name
from fairness.findings import Comparison, Finding, Sharing, findings_of
from fairness.findings.messages import against, comparison_sentence, label
from fairness.metrics import METRICS, Metric
from fairness.reports.forest import (
    HIDDEN,
    Point,
    draw_points,
    label_axes,
    new_axes,
    write_title,
)
from fairness.reports.glyphs import readable
from fairness.reports.payload import Audited, hidden_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_LABEL = 32


class Drawn(Audited, Protocol):
    """What a picture needs of an audit."""

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics that the findings are about."""

    @property
    def min_expected(self) -> float:
        """Groups that expect fewer are too few."""

    def comparison(self, metric: str) -> Comparison:
        """Return a metric of all groups against their references."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of an audit.

    Parameters
    ----------
    audit : Audit
    """

    audit: Drawn

    def ratios(
        self, attribute: str, *, ax: Axes | None = None, metric: str | None = None
    ) -> Axes:
        """Draw how each group compares with the reference, with its interval.

        Parameters
        ----------
        attribute : str
            A single attribute, or an intersection as the findings name it:
            ``"gender&ethnicity"``.
        ax : Axes, optional
            Where to draw; a new figure by default.
        metric : str, optional
            A comparison; by default the one that the findings are about.

        Returns
        -------
        Axes

        Raises
        ------
        InputError
            An attribute that was not counted, a metric that cannot be drawn.

        Notes
        -----
        The numbers are those of ``audit.frame()``. An arrow marks an interval, or
        an estimate of zero, that goes on beyond the axis. Groups that reports hide
        because they are small are named and not drawn.

        Examples
        --------
        >>> import pandas as pd
        >>> import fairness as fa
        >>> table = pd.DataFrame({
        ...     "g": ["f"] * 5000 + ["m"] * 5000,
        ...     "offered": [1] * 700 + [0] * 4300 + [1] * 1000 + [0] * 4000})
        >>> audit = fa.audit(table, selected="offered", by="g")
        >>> audit.plot.ratios("g").get_title()
        'f is selected 0.70 times as often as m'
        """
        row = self._metric(metric)
        findings = self._findings(attribute, row)
        hidden = hidden_groups(self.audit, self.audit.findings)[attribute]
        points = _points(findings, row, hidden)
        if ax is None:
            ax = new_axes(points)
        draw_points(ax, points, row)
        axis = "log axis" if row.form in {"ratio", "odds"} else "linear axis"
        level = f"{self.audit.confidence * 100:g} % intervals"
        label_axes(
            ax,
            points,
            below=f"{row.title} by {_short(attribute)} ({level}, {axis})",
            mark=f"{row.ideal:g}: same as {_beside(findings)}",
            at=row.ideal,
        )
        told = [finding for finding in findings if finding.group not in hidden]
        write_title(ax, readable(_sentence(attribute, told, row)))
        return ax

    def _metric(self, name: str | None) -> Metric:
        if name is None:
            return METRICS[self.audit.headline[0]]
        if name not in METRICS:
            raise InputError(unknown_name("metric", name, list(METRICS), "metric"))
        return METRICS[name]

    def _findings(self, attribute: str, metric: Metric) -> list[Finding]:
        known = [table.attribute for table in self.audit.tables.values()]
        if attribute not in known:
            kind = "audited attribute or intersection"
            raise InputError(unknown_name("ratios", attribute, known, kind))
        made: Sequence[Finding] = self.audit.findings
        if metric.name not in self.audit.headline:
            sharing = Sharing(
                attributes=len(self.audit.counts.attributes),
                intersections=sum(len(names) > 1 for names in self.audit.tables),
                directions=2 if self.audit.offer == "neutral" else 1,
            )
            made = findings_of(
                self.audit.comparison(metric.name),
                sharing,
                alpha=1 - self.audit.confidence,
                min_expected=self.audit.min_expected,
            )
        return [
            finding
            for finding in made
            if finding.attribute == attribute
            and finding.metric == metric.name
            and finding.stratum is None
        ]


def _points(
    findings: Sequence[Finding], metric: Metric, hidden: Collection[str]
) -> list[Point]:
    """Return the groups from top to bottom: most harm first, what is not drawn last."""
    harm = _harm(metric)
    points = []
    for finding in findings:
        name = _short(finding.group)
        if finding.group in hidden:
            points.append(Point(name, None, None, None, HIDDEN, is_harm=False))
            continue
        points.append(
            Point(
                f"{name} (n = {finding.n:,})",
                finding.estimate,
                finding.low,
                finding.high,
                finding.reading,
                is_harm=finding.reading == harm,
            )
        )
    sign = -1 if harm == "higher" else 1

    def height(point: Point) -> tuple[bool, float, bool]:
        value = 0.0 if point.estimate is None else sign * point.estimate
        return not point.drawn, value, point.reading != "reference"

    return sorted(points, key=height)


def _harm(metric: Metric) -> str:
    return "higher" if metric.name == "burden_ratio" else "lower"


def _short(text: str) -> str:
    """Return a label that fonts at hand can draw, and that leaves room for the dots."""
    safe = readable(label(text))
    if cell_len(safe) <= _LONGEST_LABEL:
        return safe
    return f"{set_cell_size(safe, _LONGEST_LABEL - 1).rstrip()}…"


def _beside(findings: Sequence[Finding]) -> str:
    """Return whom the groups are compared with, where it is no group of theirs."""
    references = {f.reference for f in findings if f.reference is not None}
    named = references & {"(rest)", "(all)"}
    return (
        against(named.pop()) if len(references) == len(named) == 1 else "the reference"
    )


def _sentence(attribute: str, findings: Sequence[Finding], metric: Metric) -> str:
    """Return what the picture shows, the direction of harm first."""
    name, harm = _short(attribute), _harm(metric)
    for reading in (harm, "lower" if harm == "higher" else "higher"):
        found = [
            finding
            for finding in findings
            if finding.reading == reading and finding.estimate is not None
        ]
        if not found:
            continue
        pick = min if reading == "lower" else max
        worst = pick(found, key=lambda finding: finding.estimate or 0.0)
        others = len(found) - 1
        verb = "is" if others == 1 else "are"
        more = f"; {others} more of {name} {verb} {reading}" if others else ""
        return f"{_told(worst, metric)}{more}"
    if all(finding.estimate is None for finding in findings):
        return f"No group of {name} can be compared: too few"
    if any(finding.reading == "no clear difference" for finding in findings):
        references = {f.reference for f in findings if f.reference is not None}
        known = len(references) == 1
        beside = against(references.pop()) if known else "the reference"
        return f"No group of {name} differs clearly from {beside}"
    return f"Too few to tell whether groups of {name} differ"


def _told(finding: Finding, metric: Metric) -> str:
    """Return a finding's sentence without the attribute and the interval."""
    said = comparison_sentence(
        attribute=finding.attribute,
        group=finding.group,
        reference=finding.reference,
        form=metric.form,
        rate=metric.rate,
        estimate=math.nan if finding.estimate is None else finding.estimate,
        low=math.nan if finding.low is None else finding.low,
        high=math.nan if finding.high is None else finding.high,
        confidence=finding.confidence or 0.0,
    )
    return said.removeprefix(f"{label(finding.attribute)} ").rpartition(" (")[0]
