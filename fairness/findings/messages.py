"""Findings in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from fairness.errors import ascii_controls

_REFERENCES: Mapping[str, str] = {
    "(rest)": "everybody else",
    "(all)": "customers overall",
}
_LONGEST_LABEL = 60
_VERBS: Mapping[str, str] = {
    "selection_rate": "selected",
    "true_positive_rate": "selected among those with the outcome",
    "false_positive_rate": "selected among those without the outcome",
    "precision": "right to select",
    "accuracy": "treated as the outcome says",
    "base_rate": "seen with the outcome",
}


@lru_cache(maxsize=4096)
def label(text: str, most: int = _LONGEST_LABEL) -> str:
    r"""Return a label as a sentence may show it: one line, no control characters.

    Examples
    --------
    >>> label("a\nb")
    'a\\nb'
    """
    safe = ascii_controls(text)
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a sentence; a dash where there is none.

    Examples
    --------
    >>> number(0.61234), number(None), number(float("inf"))
    ('0.61', '–', '∞')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{digits}f}"


def against(reference: str | None) -> str:
    """Return how a sentence names a reference.

    Examples
    --------
    >>> against("(rest)"), against("m")
    ('everybody else', 'm')
    """
    if reference is None:
        return "no reference"
    return _REFERENCES.get(reference) or label(reference)


def reference_label(name: str) -> str:
    """Return the name of a reference group, told apart from everybody.

    Examples
    --------
    >>> reference_label("m"), reference_label("(rest)")
    ('m', "group '(rest)'")
    """
    return f"group '{name}'" if name in _REFERENCES else name


def share_of_gap(share: float, whose: str = "") -> str:
    """Return in words how much of a gap a step makes.

    Examples
    --------
    >>> share_of_gap(0.94)
    '94 % of the gap'
    >>> share_of_gap(1.09, "60 and over")
    '109 % of the gap of 60 and over, which other steps narrow'
    """
    told = f"{share * 100:.0f} % of the gap"
    told += f" of {whose}" if whose else ""
    return told if round(share, 2) <= 1 else f"{told}, which other steps narrow"


def comparison_sentence(
    *,
    attribute: str,
    group: str,
    reference: str | None,
    form: str,
    rate: str,
    estimate: float,
    low: float,
    high: float,
    confidence: float,
) -> str:
    """Return a comparison in words, with its interval.

    Examples
    --------
    >>> comparison_sentence(attribute="gender", group="f", reference="m",
    ...     form="ratio", rate="selection_rate", estimate=0.7, low=0.641, high=0.765,
    ...     confidence=0.95)
    'gender f is selected 0.70 times as often as m (95 % 0.64 to 0.77)'
    """
    who = f"{label(attribute)} {label(group)}"
    level = f"{confidence * 100:g} %"
    interval = f"({level} {number(low)} to {number(high)})"
    if form == "difference":
        points = f"{abs(estimate) * 100:.1f} percentage points"
        more = "less" if estimate < 0 else "more"
        span = f"({level} {low * 100:.1f} to {high * 100:.1f})"
        return (
            f"{who} is {_VERBS[rate]} {points} {more} than {against(reference)} {span}"
        )
    if math.isinf(estimate) and form == "odds":
        return (
            f"{who} has infinitely higher odds than {against(reference)}: everybody "
            "of it is selected, or nobody there"
        )
    if math.isinf(estimate):
        # No number says it: the reference's rate is 0.
        nobody = (
            "nobody else"
            if reference == "(rest)"
            else f"nobody of {against(reference)}"
        )
        return f"{who} is {_VERBS[rate]}, {nobody} is"
    if form == "odds":
        return (
            f"{who} has {number(estimate)} times the odds of {against(reference)} "
            f"{interval}"
        )
    return (
        f"{who} is {_VERBS[rate]} {number(estimate)} times as often as "
        f"{against(reference)} {interval}"
    )
