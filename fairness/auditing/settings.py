"""What an audit may be asked for, and the checks of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from fairness.counts import GroupCounts
from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.findings import Reference
from fairness.findings.comparison import missing_reference, split_reference
from fairness.groups import MISSING
from fairness.metrics import METRICS, Metric

Offer = Literal["beneficial", "burdensome", "neutral"]
OFFERS: tuple[Offer, ...] = ("beneficial", "burdensome", "neutral")

ROW_LIMIT = 12
"""Rows of the summary that a terminal or a notebook shows of an audit."""

DEFAULT_POLICIES: Mapping[Offer, tuple[str, ...]] = MappingProxyType(
    {
        "beneficial": ("us-four-fifths",),
        "burdensome": ("exploitative-offers",),
        "neutral": ("us-four-fifths", "exploitative-offers"),
    }
)
"""The packs that a check uses where no policy is named."""


def check_settings(
    intersections: int, offer: str | None, min_expected: float, confidence: float
) -> None:
    """Refuse settings that are out of range.

    Raises
    ------
    InputError
    """
    problems = []
    if offer is not None and offer not in OFFERS:
        problems.append(unknown_name("offer", str(offer), OFFERS, "kind of offer"))
    if not isinstance(intersections, int) or intersections < 1:
        problems.append(
            Problem(
                "intersections",
                f"{shown(intersections)} is not a whole number from 1 up",
                "2 looks at pairs of attributes",
            )
        )
    if not _is_number(confidence) or not 0 < confidence < 1:
        problems.append(
            Problem(
                "confidence",
                f"{shown(confidence)} is not between 0 and 1",
                "write 95 % as 0.95",
            )
        )
    if not _is_number(min_expected) or min_expected < 0:
        problems.append(Problem("min_expected", f"{shown(min_expected)} is below 0"))
    if problems:
        raise InputError(problems)


def parse_reference(text: str | None, counts: GroupCounts) -> Reference | None:
    """Return whom to compare with, from what the user wrote.

    Raises
    ------
    InputError
        Neither a rule nor an audited attribute with a group of it that is known.
    """
    if text is None:
        return None
    text = str(text)
    if text in {"highest", "rest", "overall"}:
        return Reference(text)  # type: ignore[arg-type]
    named = split_reference(text, counts.attributes)
    if named is not None:
        attribute, group = named
        groups = counts.table([attribute]).groups
        if group not in groups:
            raise InputError(
                unknown_name("reference", group, groups, f"group of {attribute}")
            )
        if group == MISSING:
            raise missing_reference(group)
        return Reference("highest", {attribute: group})
    attribute, equals, _ = text.partition("=")
    if not equals:
        raise InputError(
            Problem(
                "reference",
                f"{shown(text)} is neither 'highest', 'rest', 'overall' nor COL=GROUP",
            )
        )
    raise InputError(
        unknown_name("reference", attribute, counts.attributes, "attribute in `by`")
    )


def comparable_metric(name: str) -> Metric:
    """Return a metric that compares groups with a reference.

    Raises
    ------
    InputError
        A metric that is unknown, or compares nothing.
    """
    if name not in METRICS:
        raise InputError(unknown_name("metric", name, list(METRICS), "metric"))
    row = METRICS[name]
    if row.form not in {"ratio", "difference", "odds"}:
        raise InputError(
            Problem("metric", f"{name} is not a comparison of a group with a reference")
        )
    return row


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and not math.isnan(value)
    )


def families_asked(
    names: Sequence[str], families: Collection[str]
) -> list[tuple[str, str | None]]:
    """Return families of checks, each with the metric that is wanted of it, if one.

    Parameters
    ----------
    names : sequence of str
        Families, metrics or codes.
    families : collection of str

    Raises
    ------
    InputError
        A name that is neither, or a metric that no family makes.

    Examples
    --------
    >>> families_asked(["slices", "FA111"], ["extremes", "slices"])
    [('slices', None), ('extremes', 'max_min_gap')]
    """
    codes = {metric.code: metric.name for metric in METRICS.values()}
    made_by = {m.name: m.family for m in METRICS.values() if m.family in families}
    found: list[tuple[str, str | None]] = []
    problems = []
    for given in names:
        name = codes.get(str(given).upper(), str(given))
        if name in families:
            found.append((name, None))
        elif name in made_by:
            found.append((made_by[name], name))
        else:
            known = [*families, *made_by]
            problems.append(
                unknown_name("checks", name, known, "family of checks or metric of one")
            )
    if problems:
        raise InputError(problems)
    return found
