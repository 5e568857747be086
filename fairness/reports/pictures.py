"""Pictures of what was measured: dots with intervals, drawn from an audit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from fairness.counts import suppress
from fairness.errors import InputError, unknown_name
from fairness.findings import Finding, Sharing, findings_of
from fairness.findings.messages import against, comparison_sentence, label
from fairness.metrics import METRICS, Metric
from fairness.reports.glyphs import families_for, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fairness.auditing import Audit

_INK, _SOFT = "#1b1f24", "#6b7280"
_HARM, _OTHER = "#c2410c", "#0b6fb8"
_LONGEST_LABEL = 32
_ROW_INCHES, _FRAME_INCHES = 0.30, 1.9
# Inches of the part with the dots, and of one character of a label and of the title.
_PLOT_INCHES, _LABEL_CHARACTER, _TITLE_CHARACTER = 5.4, 0.087, 0.098

# How far beyond the estimates the axis follows an interval: what is longer is cut.
_REACH = 3.0
_NARROWEST = (0.5, 2.0)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100)

_HIDDEN = "hidden"
_LEGEND: Mapping[str, str] = MappingProxyType(
    {
        "lower": "clearly lower",
        "higher": "clearly higher",
        "no clear difference": "no clear difference",
        "too few": "too few to tell",
        "reference": "reference",
    }
)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of an audit.

    Parameters
    ----------
    audit : Audit
    """

    audit: Audit

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
        an estimate of zero, that goes on beyond the axis. Groups of fewer than
        five customers are named and not drawn.
        """
        row = METRICS[self.audit.headline[0]] if metric is None else _metric(metric)
        findings = self._findings(attribute, row)
        points = _points(findings, row, self._hidden().get(attribute, ()))
        if ax is None:
            ax = _new_axes(points)
        _draw(ax, points, row)
        _label(ax, points, row, attribute, self.audit.confidence, _beside(findings))
        title = _wrapped(readable(_sentence(attribute, findings, points, row)), ax)
        # The title in the middle is the one that `ax.get_title()` returns.
        ax.set_title(
            title,
            loc="center",
            x=0,
            horizontalalignment="left",
            pad=16,
            fontsize="large",
            color=_INK,
            parse_math=False,
            fontfamily=families_for(title),
        )
        return ax

    def _findings(self, attribute: str, metric: Metric) -> list[Finding]:
        tables = {table.attribute: table for table in self.audit.tables.values()}
        if attribute not in tables:
            raise InputError(
                unknown_name(
                    "ratios",
                    attribute,
                    list(tables),
                    "audited attribute or intersection",
                )
            )
        if metric.name in self.audit.headline:
            return [
                finding
                for finding in self.audit.findings
                if finding.attribute == attribute
                and finding.metric == metric.name
                and finding.stratum is None
            ]
        counts = self.audit.counts
        sharing = Sharing(
            attributes=len(counts.attributes),
            intersections=sum(len(names) > 1 for names in self.audit.tables),
            directions=2 if self.audit.offer == "neutral" else 1,
        )
        made = findings_of(
            self.audit.comparison(metric.name),
            sharing,
            alpha=1 - self.audit.confidence,
            min_expected=self.audit.min_expected,
        )
        return [finding for finding in made if finding.attribute == attribute]

    def _hidden(self) -> dict[str, set[str]]:
        return suppress(
            list(self.audit.tables.values()),
            keep={
                (finding.attribute, finding.group)
                for finding in self.audit.findings
                if finding.reading in {"reference", "lower", "higher"}
            },
        )


@dataclass(frozen=True, slots=True)
class _Point:
    """One group: where it is drawn, and how."""

    name: str
    estimate: float | None
    low: float | None
    high: float | None
    reading: str
    is_harm: bool

    @property
    def drawn(self) -> bool:
        return self.estimate is not None and self.reading != _HIDDEN


def _metric(name: str) -> Metric:
    if name not in METRICS:
        raise InputError(unknown_name("metric", name, list(METRICS), "metric"))
    return METRICS[name]


def _points(
    findings: Sequence[Finding], metric: Metric, hidden: Sequence[str] | set[str]
) -> list[_Point]:
    """Return the groups from top to bottom: most harm first, what is not drawn last."""
    harm = "higher" if metric.name == "burden_ratio" else "lower"
    points = []
    for finding in findings:
        dark = finding.group in hidden
        name = _short(finding.group)
        points.append(
            _Point(
                name if dark else f"{name} (n = {finding.n:,})",
                None if dark else finding.estimate,
                None if dark else finding.low,
                None if dark else finding.high,
                _HIDDEN if dark else finding.reading,
                finding.reading == harm,
            )
        )
    sign = -1 if harm == "higher" else 1
    return sorted(
        points,
        key=lambda point: (
            not point.drawn,
            sign * point.estimate if point.estimate is not None else 0.0,
            point.reading != "reference",
        ),
    )


def _new_axes(points: Sequence[_Point]) -> Axes:
    import matplotlib.pyplot as plt  # noqa: PLC0415  # heavy, and only for pictures

    height = _FRAME_INCHES + _ROW_INCHES * max(len(points), 2)
    longest = max((cell_len(point.name) for point in points), default=0)
    width = _PLOT_INCHES + _LABEL_CHARACTER * longest
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def _draw(ax: Axes, points: Sequence[_Point], metric: Metric) -> None:
    neutral = metric.ideal
    is_log = metric.form in {"ratio", "odds"}
    left, right = _window(points, is_log=is_log, neutral=neutral)
    if is_log:
        ax.set_xscale("log")
        _plain_ticks(ax, left, right)
    ax.set_xlim(left, right)
    ax.set_ylim(max(len(points), 1) - 0.4, -0.6)
    ax.axvline(neutral, color=_INK, linewidth=1, zorder=1)
    seen = {}
    for place, point in enumerate(points):
        if not point.drawn:
            is_few = point.reading == "too few"
            note = "hidden: small group" if point.reading == _HIDDEN else point.reading
            note = "too few to compare" if is_few else note
            ax.annotate(
                note,
                (neutral, place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=_SOFT,
                fontsize="small",
            )
            continue
        style = _style(point)
        _interval(ax, place, point, (left, right), style["color"])
        at = min(max(float(point.estimate or 0.0), left), right)
        if at != point.estimate:
            style["marker"] = "<" if at == left else ">"
        (seen[point.reading],) = ax.plot(
            [at], [place], linestyle="none", clip_on=False, zorder=3, **style
        )
    _legend(ax, points)


def _style(point: _Point) -> dict[str, Any]:
    color = _INK
    if point.reading in {"lower", "higher"}:
        color = _HARM if point.is_harm else _OTHER
    style = {
        "marker": {"reference": "D", "lower": "s", "higher": "s"}.get(
            point.reading, "o"
        ),
        "color": color,
        "markersize": 6.5,
        "markeredgewidth": 1.3,
    }
    if point.reading in {"too few", "undefined"}:
        style.update(color=_SOFT, markerfacecolor="white")
    if point.reading in {"lower", "higher"} and not point.is_harm:
        style["marker"] = "^"
    return style


def _interval(
    ax: Axes, place: int, point: _Point, window: tuple[float, float], color: str
) -> None:
    """Draw an interval; an end beyond the axis becomes an arrow at its edge."""
    if point.low is None and point.high is None:
        return
    left, right = window
    low = -math.inf if point.low is None else point.low
    high = math.inf if point.high is None else point.high
    start, end = min(max(low, left), right), max(min(high, right), left)
    ax.plot([start, end], [place, place], color=color, linewidth=1.6, zorder=2)
    for cut, at, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if cut:
            ax.plot(
                [at],
                [place],
                marker=marker,
                color=color,
                markersize=5,
                clip_on=False,
                linestyle="none",
                zorder=2,
            )


def _window(
    points: Sequence[_Point], *, is_log: bool, neutral: float
) -> tuple[float, float]:
    """Return the ends of the axis: all estimates, intervals as far as is sensible."""
    estimates = _finite(point.estimate for point in points)
    limits = _finite(x for point in points for x in (point.low, point.high))
    if not is_log:
        most = max((abs(x - neutral) for x in [*estimates, *limits]), default=0.0)
        most = most * 1.08 or 1.0
        return neutral - most, neutral + most
    estimates = [*(x for x in estimates if x > 0), *_NARROWEST]
    least, most = min(estimates), max(estimates)
    within = [x for x in limits if least / _REACH <= x <= most * _REACH]
    left, right = min([least, *within]), max([most, *within])
    # A limit further out than that is cut where the others end, with an arrow.
    return left / 1.12, right * 1.12


def _finite(values: Any) -> list[float]:
    return [float(x) for x in values if x is not None and math.isfinite(x)]


def _plain_ticks(ax: Axes, left: float, right: float) -> None:
    from matplotlib.ticker import (  # noqa: PLC0415  # heavy, and only for pictures
        FixedFormatter,
        FixedLocator,
        NullLocator,
    )

    inside = [tick for tick in _TICKS if left <= tick <= right]
    if right / left > 20:  # noqa: PLR2004  # beside 1 there is no room on a long axis
        inside = [tick for tick in inside if tick not in {0.8, 1.25}]
    ax.xaxis.set_major_locator(FixedLocator(inside))
    ax.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in inside]))
    ax.xaxis.set_minor_locator(NullLocator())


def _legend(ax: Axes, points: Sequence[_Point]) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415  # heavy, and only for pictures

    readings = [
        name for name in _LEGEND if any(p.reading == name for p in points if p.drawn)
    ]
    if not readings:
        return
    handles = []
    for name in readings:
        sample = next(p for p in points if p.reading == name and p.drawn)
        handles.append(
            Line2D([], [], linestyle="none", label=_LEGEND[name], **_style(sample))
        )
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        borderaxespad=4.2,
        ncols=len(handles),
        frameon=False,
        fontsize="small",
        handletextpad=0.2,
        columnspacing=1.2,
        borderpad=0,
    )


def _label(
    ax: Axes,
    points: Sequence[_Point],
    metric: Metric,
    attribute: str,
    level: float,
    beside: str,
) -> None:
    names = [point.name for point in points]
    ax.set_yticks(
        range(len(points)),
        names,
        parse_math=False,
        fontfamily=families_for("".join(names)),
    )
    ax.tick_params(axis="y", length=0, pad=8)
    for tick, point in zip(ax.get_yticklabels(), points, strict=True):
        if not point.drawn:
            tick.set_color(_SOFT)
        if point.reading == "reference":
            tick.set_fontweight("bold")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="x", color=_SOFT, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    axis = "log axis" if metric.form in {"ratio", "odds"} else "linear axis"
    what = f"{metric.title} by {_short(attribute)}"
    ax.set_xlabel(
        f"{what} ({level * 100:g} % intervals, {axis})",
        parse_math=False,
        fontfamily=families_for(what),
        color=_SOFT,
        fontsize="small",
    )
    ax.annotate(
        f"{metric.ideal:g}: same as {beside}",
        (metric.ideal, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, 2),
        textcoords="offset points",
        va="bottom",
        color=_SOFT,
        fontsize="small",
    )


def _short(text: str) -> str:
    """Return a label that fonts at hand can draw, and that leaves room for the dots."""
    safe = readable(label(text))
    if cell_len(safe) <= _LONGEST_LABEL:
        return safe
    return f"{set_cell_size(safe, _LONGEST_LABEL - 1).rstrip()}…"


def _beside(findings: Sequence[Finding]) -> str:
    """Return whom the groups are compared with, where it is no group of theirs."""
    references = {f.reference for f in findings if f.reference is not None}
    if len(references) == 1:
        (only,) = references
        if only in {"(rest)", "(all)"}:
            return against(only)
    return "the reference"


def _wrapped(sentence: str, ax: Axes) -> str:
    """Return a title in lines no longer than the axes are wide."""
    import textwrap  # noqa: PLC0415  # only for pictures

    figure = ax.figure.get_figure(root=True)
    is_ours = figure.get_layout_engine() is not None
    inches = (
        _PLOT_INCHES - 0.3 if is_ours else ax.get_window_extent().width / figure.dpi
    )
    # Wide characters count twice, so a line of them is broken at half the length.
    wide = cell_len(sentence) / max(len(sentence), 1)
    most = max(int(inches / _TITLE_CHARACTER / wide), 20)
    return "\n".join(textwrap.wrap(sentence, most, break_on_hyphens=False))


def _sentence(
    attribute: str,
    findings: Sequence[Finding],
    points: Sequence[_Point],
    metric: Metric,
) -> str:
    harm = "higher" if metric.name == "burden_ratio" else "lower"
    name = _short(attribute)
    for reading in (harm, "lower" if harm == "higher" else "higher"):
        found = [
            finding
            for finding in findings
            if finding.reading == reading and finding.estimate is not None
        ]
        if found:
            pick = min if reading == "lower" else max
            worst = pick(found, key=lambda finding: finding.estimate or 0.0)
            others = len(found) - 1
            more = (
                f"; {others} more of {name} {'is' if others == 1 else 'are'} {reading}"
            )
            return f"{_told(worst, metric)}{more if others else ''}"
    if not any(point.drawn for point in points):
        return f"No group of {name} can be compared: too few"
    if any(point.reading == "no clear difference" for point in points):
        references = {f.reference for f in findings if f.reference is not None}
        beside = against(references.pop()) if len(references) == 1 else "the reference"
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
        estimate=finding.estimate or 0.0,
        low=math.nan if finding.low is None else finding.low,
        high=math.nan if finding.high is None else finding.high,
        confidence=finding.confidence or 0.95,
    )
    return said.removeprefix(f"{label(finding.attribute)} ").rpartition(" (")[0]
