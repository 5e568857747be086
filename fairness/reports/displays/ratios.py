"""Ratios: how each group compares with the reference, as dots with intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.findings.messages import against, comparison_sentence, label
from fairness.metrics import METRICS, Metric
from fairness.reports.cells import is_hidden
from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import (
    ROW,
    Layout,
    drawable,
    layout_of,
    legend,
    legend_rows,
    lines_with_labels,
    mark,
    plain_axes,
    shorten,
    ticks,
    whom,
    widest,
    write,
    write_title,
)
from fairness.reports.displays.glyphs import readable
from fairness.reports.displays.marks import (
    draw_dot,
    entries_of,
    harm_of,
    style_of,
)
from fairness.reports.displays.theme import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIDDEN = "hidden"

# How far beyond the estimates the axis follows an interval: what is longer is cut.
_REACH = 3.0
_NARROWEST = (0.5, 2.0)
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100)
_CROWDED = (0.8, 1.25)
_LONG_AXIS = 20
_FEWEST_ROWS = 2
_COMPARED = ("adverse_impact_ratio", "burden_ratio", "true_positive_rate_ratio")
_WORST = ("fail", "inconclusive", "waived", "not_measurable", "pass")
_BOUND = re.compile(r"(?:at least|at most|between) (\S+)(?: and (\S+))?")


@dataclass(frozen=True, repr=False)
class Ratios(Display):
    """How each group of an attribute compares with the reference.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        Findings of one metric, those of the most harm first.
    metric : str
    bounds : tuple of str
        What policies ask: "at least 0.80".
    """

    kind: ClassVar[str] = "ratios"
    columns: ClassVar[tuple[str, ...]] = (
        "attribute",
        "group",
        "metric",
        "estimate",
        "low",
        "high",
        "confidence",
        "n",
        "selected",
        "rate",
        "reference",
        "n_reference",
        "selected_reference",
        "detectable",
        "bound",
        "reading",
        "rule",
        "verdict",
    )

    metric: str
    bounds: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Who differs most, in the direction of harm first."""
        told = [row for row in self.rows if not is_hidden(row)]
        return sentence(self.attribute, told, METRICS[self.metric])

    @property
    def told(self) -> tuple[str, ...]:
        """The finding of each group, with its size and its reference's."""
        return tuple(told_of(row) for row in self.rows)

    def _limits(self) -> list[tuple[float, str]]:
        return [limit for text in self.bounds for limit in _limits(text)]

    def _names(self) -> list[str]:
        return [_name(row) for row in self.rows]

    def _entries(self) -> list[tuple[str, dict[str, Any]]]:
        drawn = [row for row in self.rows if _drawn(row)]
        harm = harm_of(METRICS[self.metric])
        return entries_of(drawn, harm, judged=self.is_judged)

    def _below(self) -> str:
        metric = METRICS[self.metric]
        axis = "log axis" if metric.form in {"ratio", "odds"} else "linear axis"
        levels = {row["confidence"] for row in self.rows} - {None}
        level = f"{max(levels) * 100:g} % intervals, " if levels else ""
        return f"{metric.title} by {shorten(self.attribute)} ({level}{axis})"

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: a row a group."""
        made = layout_of(
            height=ROW * max(len(self.rows), _FEWEST_ROWS),
            names=widest(self._names(), bold=True),
            title=self.title,
            rows_above=1 + len(self._limits()),
            words=[readable(self._below())],
            heading=heading,
        )
        rows = legend_rows([words for words, _ in self._entries()], made)
        return layout_of(
            height=made.height,
            names=widest(self._names(), bold=True),
            title=self.title,
            rows_above=1 + len(self._limits()),
            below=0.5 + 0.19 * rows,
            words=[readable(self._below())],
            heading=heading,
        )

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the dots, their intervals, the line of the reference and the bounds."""
        metric = METRICS[self.metric]
        is_log = metric.form in {"ratio", "odds"}
        limits = self._limits()
        ends = [at for at, _ in limits]
        window = _window(self.rows, ends, is_log=is_log, neutral=metric.ideal)
        plain_axes(ax, below=self._below())
        if is_log:
            ax.set_xscale("log")
            ratio_ticks(ax, "x", *window)
        ax.set_xlim(*window)
        ax.set_ylim(max(len(self.rows), 1) - 0.5, -0.5)
        harm = harm_of(metric)
        for place, row in enumerate(self.rows):
            value = estimate_of(row)
            if _drawn(row) and value is not None:
                look = style_of(row, harm, judged=self.is_judged)
                draw_dot(ax, place, (value, row["low"], row["high"]), window, look)
            else:
                write(
                    ax, _why_not(row), (metric.ideal, place), offset=(6, 0),
                    gid=mark(place),
                )  # fmt: skip
        labels = ticks(ax, "y", range(len(self.rows)), self._names(), fontsize=10)
        ax.tick_params(axis="y", length=0, pad=6)
        for tick, row in zip(labels, self.rows, strict=True):
            tick.set_color(light("ink" if _drawn(row) else "soft"))
            if row["reading"] == "reference":
                tick.set_fontweight("bold")
        above = bool(ends) and ends[0] > metric.ideal
        lines: list[tuple[float, str, str, Any]] = [
            (
                metric.ideal,
                f"{metric.ideal:g}: same as {beside(self.rows)}",
                "left" if above else "right",
                "solid",
            )
        ]
        lines += [
            (at, text, "right" if at > metric.ideal else "left", (0, (4, 2)))
            for at, text in limits
        ]
        lines_with_labels(ax, lines, rows=1 + len(limits))
        legend(ax, self._entries(), layout)
        if heading:
            write_title(ax, self.title, layout, 1 + len(limits))


def ratios_of(
    rows: Iterable[Row], attribute: str, metric: str | None = None
) -> list[Ratios]:
    """Return the displays of an attribute's comparisons.

    Parameters
    ----------
    rows : iterable of dict
        Findings, as the payload has them.
    attribute : str
    metric : str, optional
        By default all on selection.

    Returns
    -------
    list of Ratios
        One a metric; more where rules of one metric compare with other references.
    """
    found: dict[str, dict[tuple[str | None, str | None], list[Row]]] = {}
    for row in rows:
        if (
            row["attribute"] == attribute
            and row["stratum"] is None
            and row.get("column") is None
            and row["metric"] in ((metric,) if metric else _COMPARED)
            and row["verdict"] != "not_applicable"
        ):
            rule = row["policy"], row["rule"]
            found.setdefault(row["metric"], {}).setdefault(rule, []).append(row)
    made = []
    for name, by_rule in found.items():
        firm = {r: part for r, part in by_rule.items() if part[0]["severity"] != "note"}
        for together in _alike(list((firm or by_rule).values())):
            merged = [_merged(parts) for parts in zip(*together, strict=True)]
            bounds = [part[0]["bound"] for part in together]
            made.append(
                Ratios(
                    attribute,
                    tuple(sorted(merged, key=_order(METRICS[name]))),
                    name,
                    tuple(dict.fromkeys(b for b in bounds if b and _limits(b))),
                )
            )
    return made


def _alike(parts: Sequence[list[Row]]) -> list[list[list[Row]]]:
    """Return the rules that measure the same together."""
    found: dict[tuple[Any, ...], list[list[Row]]] = {}
    for part in parts:
        rows = sorted(part, key=lambda row: str(row["group"]))
        key = tuple((row["group"], row["reference"], row["estimate"]) for row in rows)
        found.setdefault(key, []).append(rows)
    return list(found.values())


def _merged(rows: Sequence[Row]) -> Row:
    """Return the row of the strictest verdict."""

    def rank(row: Row) -> int:
        verdict = row["verdict"]
        return _WORST.index(verdict) if verdict in _WORST else len(_WORST)

    return min(rows, key=rank)


def _order(metric: Metric) -> Any:
    sign = -1 if harm_of(metric) == "higher" else 1

    def height(row: Row) -> tuple[bool, float, bool, str]:
        value = estimate_of(row)
        place = 0.0 if value is None else sign * value
        return not _drawn(row), place, row["reading"] != "reference", str(row["group"])

    return height


def estimate_of(row: Row) -> float | None:
    """Return the estimate; an infinite one, which the payload has as null, as such."""
    estimate: float | None = row["estimate"]
    if estimate is None and row["selected"] and row["selected_reference"] == 0:
        return math.inf
    return estimate


def _drawn(row: Row) -> bool:
    return not is_hidden(row) and estimate_of(row) is not None


def _limits(bound: str) -> list[tuple[float, str]]:
    """Return the ends of a bound in numbers and in words; none of another text.

    Examples
    --------
    >>> _limits("at least 0.80"), _limits("parity")
    ([(0.8, 'at least 0.80')], [])
    >>> _limits("between 0.80 and 1.25")
    [(0.8, 'at least 0.80'), (1.25, 'at most 1.25')]
    """
    found = _BOUND.fullmatch(bound)
    if found is None:
        return []
    low, high = found.groups()
    if high is None:
        return [(float(low), bound)]
    return [(float(low), f"at least {low}"), (float(high), f"at most {high}")]


def _window(
    rows: Sequence[Row], bounds: Sequence[float], *, is_log: bool, neutral: float
) -> tuple[float, float]:
    """Return the ends of the axis: all estimates, intervals as far as is sensible."""
    drawn = [row for row in rows if _drawn(row)]
    estimates = _finite(map(estimate_of, drawn))
    limits = _finite(x for row in drawn for x in (row["low"], row["high"]))
    if not is_log:
        told = (abs(x - neutral) for x in [*estimates, *limits, *bounds])
        most = max(told, default=0.0) * 1.08 or 1.0
        return neutral - most, neutral + most
    estimates = [*(x for x in [*estimates, *bounds] if x > 0), *_NARROWEST]
    least, most = min(estimates), max(estimates)
    within = [x for x in limits if least / _REACH <= x <= most * _REACH]
    return min([least, *within]) / 1.12, max([most, *within]) * 1.12


def _finite(values: Iterable[float | None]) -> list[float]:
    return [float(x) for x in values if x is not None and math.isfinite(x)]


def ratio_ticks(ax: Axes, axis: str, low: float, high: float) -> None:
    """Set ticks at plain ratios between the ends of a log axis."""
    inside = [tick for tick in _TICKS if low <= tick <= high]
    if high / low > _LONG_AXIS:
        inside = [tick for tick in inside if tick not in _CROWDED]
    ticks(ax, axis, inside, [f"{tick:g}" for tick in inside])


def _name(row: Row) -> str:
    name = drawable(row["group"])
    return name if is_hidden(row) else f"{name} (n = {row['n']:,})"


def _why_not(row: Row) -> str:
    if is_hidden(row):
        return "hidden: small group"
    few = row["reading"] == "too few"
    return "too few to compare" if few else str(row["reading"])


def told_of(row: Row) -> str:
    """Return a finding in plain words, with the sizes."""
    if is_hidden(row):
        return str(row["message"])
    told = f"{row['message']}; n = {row['n']:,}"
    if row["n_reference"] is not None and row["reading"] != "reference":
        told += f" against {row['n_reference']:,}"
    return f"{told}; {row['verdict'].replace('_', ' ')}" if row["verdict"] else told


def beside(rows: Sequence[Row]) -> str:
    """Return whom the groups are compared with, where it is no group of theirs."""
    references = {row["reference"] for row in rows} - {None}
    named = references & {"(rest)", "(all)"}
    return (
        against(named.pop()) if len(references) == len(named) == 1 else "the reference"
    )


def sentence(attribute: str, rows: Sequence[Row], metric: Metric) -> str:
    """Return what the picture shows, the direction of harm first."""
    name, harm = shorten(attribute), harm_of(metric)
    for reading in (harm, "lower" if harm == "higher" else "higher"):
        found = [row for row in rows if row["reading"] == reading and _drawn(row)]
        if not found:
            continue
        pick = min if reading == "lower" else max
        worst = pick(found, key=lambda row: estimate_of(row) or 0.0)
        others = len(found) - 1
        verb = "is" if others == 1 else "are"
        more = f"; {others} more of {name} {verb} {reading}" if others else ""
        return f"{_compared(worst, metric)}{more}"
    if not any(_drawn(row) for row in rows):
        return f"No group of {name} can be compared: too few"
    if any(row["reading"] == "no clear difference" for row in rows):
        references = {row["reference"] for row in rows} - {None}
        known = len(references) == 1
        beside_whom = whom(references.pop()) if known else "the reference"
        return f"No group of {name} differs clearly from {beside_whom}"
    return f"Too few to tell whether groups of {name} differ"


def _compared(row: Row, metric: Metric) -> str:
    """Return a finding's sentence without the attribute and the interval."""
    estimate = estimate_of(row)
    said = comparison_sentence(
        attribute=row["attribute"],
        group=shorten(row["group"]),
        reference=row["reference"] and shorten(row["reference"]),
        form=metric.form,
        rate=metric.rate,
        estimate=math.nan if estimate is None else estimate,
        low=math.nan if row["low"] is None else row["low"],
        high=math.nan if row["high"] is None else row["high"],
        confidence=row["confidence"] or 0.0,
    )
    return said.removeprefix(f"{label(row['attribute'])} ").rpartition(" (")[0] or said
