"""Segments in plain words: what sets their customers apart from everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError
from pipelines.segmentation.protected import refuse_protected
from pipelines.segmentation.reading import (
    FloatArray,
    Int64Array,
    kind_of,
    learn_coding,
    numbers_of,
    places_of,
    read_columns,
)
from pipelines.segmentation.segments import Segmentation

WORDS: Mapping[str, tuple[str, str]] = {
    "recency_days": ("bought lately", "have not bought for long"),
    "frequency": ("buy seldom", "buy often"),
    "monetary": ("spend little", "spend much"),
    "tenure_days": ("are new", "are customers of long standing"),
}
"""What little and much of a column is called; others are "low" and "high"."""

# Cohen's marks for a difference of small, medium and large size.
_SMALL, _MEDIUM, _LARGE = 0.2, 0.5, 0.8
_MOST_TRAITS = 3
_WHOLE_FROM = 100


@dataclass(frozen=True, slots=True)
class Trait:
    """A column in which a segment differs from all customers.

    Parameters
    ----------
    column : str
    label : str or None
        Of a column of text: the label that is more or less frequent.
    inside, overall : float
        Mean, or share of the label, in the segment and of all customers.
    difference : float
        Standardized: (inside - overall) / standard deviation of all customers.
    """

    column: str
    label: str | None
    inside: float
    overall: float
    difference: float


@dataclass(frozen=True, slots=True)
class Description:
    """A segment in plain words.

    Parameters
    ----------
    segment : str
    n : int
    share : float
        Of all customers.
    traits : tuple of Trait
        Those that differ by 0.2 standard deviations or more, the largest first.
    text : str
    """

    segment: str
    n: int
    share: float
    traits: tuple[Trait, ...]
    text: str


def describe(
    segmentation: Segmentation,
    table: Any,
    columns: Sequence[str] = (),
    *,
    protected: Iterable[str] = (),
    words: Mapping[str, tuple[str, str]] | None = None,
) -> list[Description]:
    """Say of each segment what sets its customers apart.

    Parameters
    ----------
    segmentation : Segmentation
    table : table
        The same customers in any order, with the columns.
    columns : sequence of str, optional
        Numbers and text; by default those that the segments were made of.
    protected : iterable of str
        Attributes that must not be among them.
    words : mapping of column to (little, much), optional
        What customers with low and with high values do; `WORDS` has some.

    Returns
    -------
    list of Description
        In the order of the segments. Of one of fewer than five customers nothing is
        said.

    Raises
    ------
    InputError
        With every problem: protected attributes, columns that are not there or cannot
        be averaged, other customers.

    Notes
    -----
    Missing values are left out of a mean and of a share. A difference of 0.2 is small,
    of 0.5 clear, of 0.8 large (Cohen); it says nothing of chance, and in a segment of
    few customers a small one may be nothing else.

    References
    ----------
    .. [1] Cohen, J. (1988). Statistical Power Analysis for the Behavioral Sciences,
       2nd ed., 25-27. Routledge.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from pipelines.segmentation.segments import own_segments
    >>> ids = list(range(20))
    >>> made = own_segments({i: "top" if i < 10 else "rest" for i in ids})
    >>> table = pa.table({
    ...     "customer_id": ids, "monetary": [90 + i % 2 for i in range(10)] + [10] * 10
    ... })
    >>> print(describe(made, table, ["monetary"])[1].text)
    top: 10 customers (50 %) who spend much (monetary 90.5 on average, all 50.2).
    """
    names = list(dict.fromkeys(columns or segmentation.columns))
    problems = refuse_protected(names, protected)
    if problems:
        raise InputError(problems)
    whole = read_columns(table, [segmentation.id, *names])
    whole = segmentation.aligned(whole)
    learn_coding(whole, names)
    places, labels = segmentation.places()
    traits: dict[str, list[Trait]] = {label: [] for label in labels}
    for name in names:
        for place, trait in _traits(name, whole[name], places, len(labels)):
            traits[labels[place]].append(trait)
    said = {**WORDS, **(words or {})}
    return [
        _described(label, size, len(places), traits[label], said)
        for label, size in segmentation.sizes.items()
    ]


def _traits(
    name: str, column: Any, places: Int64Array, size: int
) -> list[tuple[int, Trait]]:
    if kind_of(column.type) == "number":
        return _differences(name, None, numbers_of(column), places, size)
    codes, texts = places_of(column)
    known = np.array([text is not None for text in [*texts, None]])[codes]
    found = []
    for code in np.unique(codes[known]).tolist():
        values = np.where(known, codes == code, np.nan)
        found += _differences(name, texts[code], values, places, size)
    return found


def _differences(
    name: str,
    label: str | None,
    values: FloatArray,
    places: Int64Array,
    size: int,
) -> list[tuple[int, Trait]]:
    known = ~np.isnan(values)
    overall, spread = float(values[known].mean()), float(values[known].std())
    if not spread > 0:
        return []
    n = np.bincount(places[known], minlength=size)
    sums = np.bincount(places[known], values[known], size)
    inside = sums[n > 0] / n[n > 0]
    return [
        (place, Trait(name, label, mean, overall, (mean - overall) / spread))
        for place, mean in zip(np.flatnonzero(n).tolist(), inside.tolist(), strict=True)
        if abs(mean - overall) >= _SMALL * spread
    ]


def _described(
    segment: str,
    n: int,
    total: int,
    traits: Sequence[Trait],
    words: Mapping[str, tuple[str, str]],
) -> Description:
    share = n / total
    if n < SMALLEST:
        text = f"{segment}: fewer than {SMALLEST} customers, not described."
        return Description(segment, n, share, (), text)
    ordered = tuple(sorted(traits, key=lambda one: -abs(one.difference)))
    start = f"{segment}: {n:,} customers ({share:.0%})".replace("%)", " %)")
    if not ordered:
        return Description(segment, n, share, (), f"{start}, much like everybody.")
    said = [_said(trait, words) for trait in ordered[:_MOST_TRAITS]]
    text = f"{start} who {_joined(said)}."
    return Description(segment, n, share, ordered, text)


def _said(trait: Trait, words: Mapping[str, tuple[str, str]]) -> str:
    size = abs(trait.difference)
    if trait.label is not None:
        often = "often" if trait.difference > 0 else "seldom"
        return (
            f"{often} have {trait.column} {trait.label} "
            f"({trait.inside:.0%}, all {trait.overall:.0%})"
        ).replace("%", " %")
    figures = (
        f"({trait.column} {_figure(trait.inside)} on average, "
        f"all {_figure(trait.overall)})"
    )
    if trait.column in words:
        plain = words[trait.column][trait.difference > 0]
        return f"{plain}{' somewhat' if size < _MEDIUM else ''} {figures}"
    strength = "very " if size >= _LARGE else "rather " if size < _MEDIUM else ""
    side = "high" if trait.difference > 0 else "low"
    return f"have {strength}{side} {trait.column} {figures}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if parts[1:] else "") + parts[-1]
