"""Findings of checks: arrays of numbers into one finding a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.findings import Comparison, Finding, Reading
from fairness.findings.messages import against, label, number
from fairness.findings.readings import number_or_none, too_few
from fairness.metrics import METRICS, Metric
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Below this the sign of a number that is shown with three digits means nothing.
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Against:
    """Whom one group is held against.

    Parameters
    ----------
    name : str or None
        As findings show it; None where a check compares with nobody.
    n, selected : int or None
    is_self : bool
        Whether the group is the reference itself.
    """

    name: str | None = None
    n: int | None = None
    selected: int | None = None
    is_self: bool = False


NOBODY = Against()


@dataclass(frozen=True, slots=True)
class Line:
    """One group's numbers, on their way to a finding.

    Parameters
    ----------
    attribute, group : str
    n, selected : int or None
    rate : float
        NaN where there is none, like all numbers here.
    estimate, low, high, p, p_adjusted : float
    versus : Against
    stratum, column : str or None
    few : str
        Why there are too few to tell; empty where there are enough.
    why : str
        Why the number does not exist; the registry's reason where it is empty.
    more : str
        What the sentence ends with.
    """

    attribute: str
    group: str
    n: int | None = None
    selected: int | None = None
    rate: float = np.nan
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    p_adjusted: float = np.nan
    versus: Against = NOBODY
    stratum: str | None = None
    column: str | None = None
    few: str = ""
    why: str = ""
    more: str = ""


def line_of(comparison: Comparison, group: int, least: float) -> Line:
    """Return a group of a comparison as a line that has no estimate yet.

    Parameters
    ----------
    comparison : Comparison
    group : int
        Its place.
    least : float
        Fewer expected selections are too few.
    """
    n, selected = comparison.shown_counts(group)
    reference = int(comparison.reference[group])
    name = comparison.reference_name(reference)
    expected = float(comparison.expected[group])
    return Line(
        comparison.attribute(group),
        comparison.groups[group],
        n=int(comparison.n[group]),
        selected=int(comparison.selected[group]),
        rate=float(ratio(comparison.hits[group], comparison.trials[group])),
        versus=Against(name, n, selected, reference == group),
        few=too_few(expected, least) if expected < least else "",
    )


def finding_of(metric: str, line: Line, confidence: float, alpha: float) -> Finding:
    """Return a line as a finding, with a reading and without a verdict.

    Parameters
    ----------
    metric : str
    line : Line
    confidence : float
        Of the interval.
    alpha : float
        Level of the reading.

    Examples
    --------
    >>> line = Line("sex", "f", estimate=0.7, low=0.64, high=0.77, p_adjusted=1e-9,
    ...             versus=Against("m"))
    >>> finding_of("shrunken_ratio", line, 0.95, 0.05).message
    'sex f: shrunken ratio to the overall rate 0.700 (95 % 0.640 to 0.770) against m'
    """
    row = METRICS[metric]
    reading = _reading(row, line, alpha)
    has_interval = not np.isnan(line.low) or not np.isnan(line.high)
    return Finding(
        code=row.code,
        metric=row.name,
        attribute=line.attribute,
        group=line.group,
        reference=line.versus.name,
        n=line.n,
        selected=line.selected,
        n_reference=line.versus.n,
        selected_reference=line.versus.selected,
        rate=number_or_none(line.rate),
        estimate=number_or_none(line.estimate),
        low=number_or_none(line.low),
        high=number_or_none(line.high),
        confidence=confidence if has_interval else None,
        p_value=number_or_none(line.p),
        p_adjusted=number_or_none(line.p_adjusted),
        detectable=None,
        shortfall=None,
        reading=reading,
        message=_message(row, line, reading, confidence),
        stratum=line.stratum,
        column=line.column,
    )


def _reading(row: Metric, line: Line, alpha: float) -> Reading:
    if line.versus.is_self:
        return "reference"
    if np.isnan(line.estimate):
        return "too few" if line.few else "undefined"
    ideal = row.ideal
    tested = not np.isnan(line.p_adjusted)
    if line.few and not tested:
        return "too few"
    bounded = not (np.isnan(line.low) or np.isnan(line.high))
    away = line.p_adjusted < alpha if tested else False
    if not tested and bounded:
        away = line.low > ideal or line.high < ideal
    if away:
        return "lower" if line.estimate < ideal else "higher"
    return "too few" if line.few else "no clear difference"


def _message(row: Metric, line: Line, reading: Reading, confidence: float) -> str:
    who = label(line.attribute)
    if line.group != "(all)":
        who += f" {label(line.group)}"
    within = f", within {label(line.stratum)}" if line.stratum else ""
    about = f", by {label(line.column)}" if line.column else ""
    if reading == "reference":
        return f"{who} is the reference{within}"
    if np.isnan(line.estimate):
        why = line.few or line.why or row.undefined
        return f"{who}: the {row.title[0].lower()}{row.title[1:]} is undefined: {why}"
    text = f"{who}: {row.title[0].lower()}{row.title[1:]} {_said(line.estimate)}"
    if not np.isnan(line.low) and not np.isnan(line.high):
        level = f"{confidence * 100:g} %"
        text += f" ({level} {_said(line.low)} to {_said(line.high)})"
    if line.versus.name is not None:
        text += f" against {against(line.versus.name)}"
    text += within + about
    if line.few and reading == "too few":
        text += f"; {line.few}"
    return f"{text}; {line.more}" if line.more else text


def _said(value: float) -> str:
    return number(value, _DIGITS if abs(value) < 10 else 1)  # noqa: PLR2004
