"""Every group of every table against its reference, in one set of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable
from fairness.errors import InputError, Problem, unknown_name
from fairness.inference import (
    adjusted_tail,
    difference_interval,
    odds_ratio_interval,
    pair_z,
    ratio_interval,
)
from fairness.metrics import Metric, rate_counts
from fairness.metrics.measures import compare_rates, ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Side = Literal["lower", "upper"]

# How the method of the verdict is set up; bounds on fairness are in policies.
REFERENCE_EXPECTED = 30.0
REFERENCE_SHARE = 0.05
GROUP_EXPECTED = 5.0

REST, ALL, NONE = -1, -2, -3
_INTERVAL = {
    "ratio": ratio_interval,
    "difference": difference_interval,
    "odds": odds_ratio_interval,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Whom groups are compared with.

    Parameters
    ----------
    kind : {"highest", "rest", "overall"}
        For attributes without a named group.
    named : dict of attribute to group
    """

    kind: Literal["highest", "rest", "overall"] = "highest"
    named: Mapping[str, str] = field(default_factory=dict)


def split_reference(text: str, attributes: Sequence[str]) -> tuple[str, str] | None:
    """Return attribute and group of ``COL=GROUP``, or None where COL is no attribute.

    Either may hold an equals sign: the longest attribute that fits is meant.

    Examples
    --------
    >>> split_reference("a=b=c", ["a", "a=b"])
    ('a=b', 'c')
    """
    fits = [name for name in attributes if text.startswith(f"{name}=")]
    if not fits:
        return None
    name = max(fits, key=len)
    return name, text[len(name) + 1 :]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Groups of several tables, flat: entry i is one group of one table.

    Parameters
    ----------
    metric : Metric
    side : {"lower", "upper"}
        Which direction is harm.
    tables : tuple of CountTable
    table : int array
        The table of each group.
    groups : list of str
    n, selected : int arrays
        Trials and hits of the metric's rate, in customers.
    trials, hits : float arrays
        The same as effective counts.
    expected : float array
        e = n min(p, 1 - p), p the rate of the whole table.
    share : float array
        Of the table's customers.
    missing : bool array
    eligible : bool array
        Whether the group can be a reference.
    k : int array
        Groups of its table with e of at least 5.
    reference : int array
        The group shown as reference; REST, ALL or NONE.
    estimate, low, high : float arrays
        Against the shown reference.
    others_hits, others_trials : float arrays
        Effective counts of everybody outside each group.
    all_hits, all_trials : float arrays
        Effective counts of each group's whole table.
    confidence : float
    fixed : bool array
        Whether the reference of each table is a group that was named.
    """

    metric: Metric
    side: Side
    tables: tuple[CountTable, ...]
    table: IntArray
    groups: list[str]
    n: IntArray
    selected: IntArray
    trials: FloatArray
    hits: FloatArray
    expected: FloatArray
    share: FloatArray
    missing: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    k: IntArray
    reference: IntArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    others_hits: FloatArray
    others_trials: FloatArray
    all_hits: FloatArray
    all_trials: FloatArray
    confidence: float
    fixed: NDArray[np.bool_]

    @property
    def rate_name(self) -> str:
        """The rate that sizes and expected counts are those of."""
        return self.metric.rate

    @property
    def order(self) -> IntArray:
        """Number of attributes that make up each group."""
        sizes = np.array([len(t.attributes) for t in self.tables], np.int64)
        return sizes[self.table]

    def attribute(self, group: int) -> str:
        """Name of the attribute or intersection of a group."""
        return self.tables[int(self.table[group])].attribute

    def reference_counts(
        self, groups: IntArray, reference: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return effective hits and trials of a reference for each group."""
        named = np.maximum(reference, 0)
        whole, one = reference == ALL, reference >= 0
        hits = np.where(whole, self.all_hits[groups], self.others_hits[groups])
        trials = np.where(whole, self.all_trials[groups], self.others_trials[groups])
        return (
            np.where(one, self.hits[named], hits),
            np.where(one, self.trials[named], trials),
        )

    def shown_counts(self, group: int) -> tuple[int | None, int | None]:
        """Return n and selected, in customers, of the reference that is shown."""
        reference = int(self.reference[group])
        if reference == NONE:
            return None, None
        if reference >= 0:
            return int(self.n[reference]), int(self.selected[reference])
        same = self.table == self.table[group]
        n, selected = int(self.n[same].sum()), int(self.selected[same].sum())
        if reference == REST:
            return n - int(self.n[group]), selected - int(self.selected[group])
        return n, selected

    def reference_name(self, reference: int) -> str | None:
        """Return the name of a reference as findings show it."""
        if reference >= 0:
            return self.groups[reference]
        return {REST: "(rest)", ALL: "(all)", NONE: None}[reference]

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return every group with every reference that it may be held against.

        With the highest group as reference these are all eligible groups, since
        the highest of them is picked by looking.
        """
        groups, references = [], []
        for place in range(len(self.tables)):
            inside = np.flatnonzero(self.table == place)
            if self.fixed[place] or (self.reference[inside] < 0).all():
                keep = inside[
                    (self.reference[inside] != NONE)
                    & (self.reference[inside] != inside)
                ]
                groups.append(keep)
                references.append(self.reference[keep])
                continue
            able = inside[self.eligible[inside]]
            left, right = np.repeat(inside, len(able)), np.tile(able, len(inside))
            apart = left != right
            groups.append(left[apart])
            references.append(right[apart])
        return np.concatenate(groups), np.concatenate(references)

    def z(self, groups: IntArray, references: IntArray, side: Side) -> FloatArray:
        """Return the evidence of each pair for a side: larger is more."""
        if not len(groups):
            return np.zeros(0)
        # Everybody contains the group itself: the test is against the rest.
        hits, trials = self.reference_counts(
            groups, np.where(references == ALL, REST, references)
        )
        return pair_z(self.hits[groups], self.trials[groups], hits, trials, side=side)

    def tail(self, z: FloatArray, groups: IntArray) -> FloatArray:
        """Return p that pays for the choice of group and reference in its table."""
        return adjusted_tail(z, np.maximum(self.k[groups], 2))

    def held_against(self, reference: IntArray) -> Comparison:
        """Return the comparison of the same groups with other references shown."""
        blank = [np.full(len(self.groups), np.nan) for _ in range(3)]
        moved = replace(
            self, reference=reference, estimate=blank[0], low=blank[1], high=blank[2]
        )
        return _filled(moved)


@dataclass(frozen=True, slots=True, eq=False)
class _Effective:
    """Effective hits and trials of each group, of everybody else, and of all."""

    hits: FloatArray
    trials: FloatArray
    others_hits: FloatArray
    others_trials: FloatArray
    all_hits: FloatArray
    all_trials: FloatArray

    @classmethod
    def of(cls, table: CountTable, rate: str) -> _Effective:
        hits, trials = rate_counts(rate, table.weighted_cells)
        all_hits = np.full_like(hits, hits.sum())
        all_trials = np.full_like(trials, trials.sum())
        pairs = [
            (hits, trials),
            (all_hits - hits, all_trials - trials),
            (all_hits, all_trials),
        ]
        if table.weights_sq is not None:
            _, squares = rate_counts(rate, table.weights_sq)
            whole = np.full_like(squares, squares.sum())
            sizes = (squares, whole - squares, whole)
            pairs = [
                _scaled(*pair, size) for pair, size in zip(pairs, sizes, strict=True)
            ]
        return cls(*(counts for pair in pairs for counts in pair))


def _scaled(
    hits: FloatArray, trials: FloatArray, squares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Scale sums of weights to Kish's effective number, (sum w)^2 / sum w^2."""
    known = (squares > 0) & (trials > 0)
    scale = np.divide(trials, squares, out=np.zeros_like(trials), where=known)
    # What is left of a difference of sums may lie a rounding outside [0, trials].
    return np.clip(hits, 0.0, np.maximum(trials, 0.0)) * scale, trials * scale


def compare_groups(
    metric: Metric,
    tables: Sequence[CountTable],
    *,
    side: Side = "lower",
    reference: Reference | None = None,
    confidence: float = 0.95,
    min_share: float = 0.0,
    partial: bool = False,
) -> Comparison:
    """Compare every group of every table with its reference.

    Parameters
    ----------
    metric : Metric
        Of form ratio, difference or odds; others have no groups to compare.
    tables : sequence of CountTable
    side : {"lower", "upper"}
    reference : Reference, optional
    confidence : float, default 0.95
    min_share : float, default 0
        Smaller groups are no reference.
    partial : bool, default False
        The tables are of one stratum: a named reference may be absent there.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        A named reference that is no group of its attribute, or is ``(missing)``.

    Examples
    --------
    >>> from fairness.counts import CountTable
    >>> from fairness.metrics import METRICS
    >>> cells = np.zeros((2, 2, 3), np.int64)
    >>> cells[:, 0, 2], cells[:, 1, 2] = [4300, 4000], [700, 1000]
    >>> table = CountTable(("gender",), (("f",), ("m",)), cells)
    >>> compare_groups(METRICS["adverse_impact_ratio"], [table]).estimate.round(2)
    array([0.7, 1. ])
    """
    reference = reference or Reference()
    rate = metric.rate
    parts = [_Part.of(table, rate, min_share) for table in tables]
    sizes = [len(part.groups) for part in parts]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    shown = [
        part.shown(reference, table, partial=partial)
        for part, table in zip(parts, tables, strict=True)
    ]
    references = np.concatenate(
        [
            np.where(found >= 0, found + starts[i], found)
            for i, found in enumerate(shown)
        ]
        or [np.zeros(0, np.int64)]
    )

    size = sum(sizes)

    def flat(name: str) -> FloatArray:
        return np.concatenate([getattr(part.counts, name) for part in parts])

    comparison = Comparison(
        metric=metric,
        side=side,
        tables=tuple(tables),
        table=np.repeat(np.arange(len(tables)), sizes),
        groups=[group for part in parts for group in part.groups],
        n=np.concatenate([part.n for part in parts]),
        selected=np.concatenate([part.selected for part in parts]),
        trials=flat("trials"),
        hits=flat("hits"),
        expected=np.concatenate([part.expected for part in parts]),
        share=np.concatenate([part.share for part in parts]),
        missing=np.concatenate([part.missing for part in parts]),
        eligible=np.concatenate([part.eligible for part in parts]),
        k=np.repeat([part.k for part in parts], sizes).astype(np.int64),
        reference=references,
        estimate=np.full(size, np.nan),
        low=np.full(size, np.nan),
        high=np.full(size, np.nan),
        others_hits=flat("others_hits"),
        others_trials=flat("others_trials"),
        all_hits=flat("all_hits"),
        all_trials=flat("all_trials"),
        confidence=confidence,
        fixed=np.array([table.attribute in reference.named for table in tables]),
    )
    return _filled(comparison)


def _filled(comparison: Comparison) -> Comparison:
    """Fill in estimates and intervals against the references that are set."""
    estimated = _estimated(comparison)
    for target, values in zip(
        (comparison.estimate, comparison.low, comparison.high), estimated, strict=True
    ):
        target[:] = values
    return comparison


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    groups: list[str]
    n: IntArray
    selected: IntArray
    counts: _Effective
    expected: FloatArray
    share: FloatArray
    missing: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    k: int

    @classmethod
    def of(cls, table: CountTable, rate: str, min_share: float) -> _Part:
        counts = _Effective.of(table, rate)
        selected, n = rate_counts(rate, table.cells)
        most = counts.all_trials
        # Multiplied first: 30 customers expected are 30, not a rounding less.
        spread = np.minimum(counts.all_hits, most - counts.all_hits)
        expected = np.divide(
            counts.trials * spread, most, out=np.zeros_like(most), where=most > 0
        )
        share = ratio(table.n, table.n.sum())
        eligible = (
            (expected >= REFERENCE_EXPECTED) & ~table.is_missing & (share >= min_share)
        )
        if len(table.attributes) == 1:
            eligible &= share >= REFERENCE_SHARE
        return cls(
            table.groups,
            n.astype(np.int64),
            selected.astype(np.int64),
            counts,
            expected,
            share,
            table.is_missing,
            eligible,
            int((expected >= GROUP_EXPECTED).sum()),
        )

    def shown(
        self, reference: Reference, table: CountTable, *, partial: bool
    ) -> IntArray:
        name = reference.named.get(table.attribute)
        if name is not None:
            if partial and name not in self.groups:
                return np.full(len(self.groups), NONE, np.int64)
            if name not in self.groups:
                raise InputError(
                    unknown_name(
                        "reference", name, self.groups, f"group of {table.attribute}"
                    )
                )
            place = self.groups.index(name)
            if self.missing[place]:
                raise missing_reference(name)
            return np.full(len(self.groups), place, np.int64)
        if reference.kind != "highest":
            code = REST if reference.kind == "rest" else ALL
            return np.full(len(self.groups), code, np.int64)
        able = np.flatnonzero(self.eligible)
        if not len(able):
            return np.full(len(self.groups), NONE, np.int64)
        rates = ratio(self.counts.hits, self.counts.trials)[able]
        return np.full(len(self.groups), able[np.argmax(rates)], np.int64)


def missing_reference(name: str) -> InputError:
    """Return the error of a reference whose members are not known."""
    return InputError(
        Problem(
            "reference",
            f"{name!r} is never a reference: nobody knows who they are",
            "name a group, or 'rest'",
        )
    )


def _estimated(comparison: Comparison) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return estimate and score interval against the shown reference."""
    every = np.arange(len(comparison.groups))
    reference = comparison.reference
    against = np.where(reference == ALL, REST, reference)
    hits, trials = comparison.reference_counts(every, against)
    none = (reference == NONE) | (reference == every)
    trials = np.where(none, np.nan, trials)
    known = (comparison.trials > 0) & (trials > 0)
    h, t = (
        np.where(known, comparison.hits, 0.0),
        np.where(known, comparison.trials, 1.0),
    )
    hr, tr = np.where(known, hits, 0.0), np.where(known, trials, 1.0)
    form = comparison.metric.form
    value = np.where(known, compare_rates(form, h, t, hr, tr), np.nan)
    low, high = _INTERVAL[form](h, t, hr, tr, comparison.confidence)
    low = np.where(known & ~np.isnan(value), low, np.nan)
    high = np.where(known & ~np.isnan(value), high, np.nan)
    own = reference == every
    value = np.where(own, 0.0 if form == "difference" else 1.0, value)
    whole = reference == ALL
    if whole.any():
        own = t / (t + tr)
        value, low, high = (
            np.where(whole, _to_all(form, x, own), x) for x in (value, low, high)
        )
    return value, low, high


def _to_all(form: str, x: FloatArray, own: FloatArray) -> FloatArray:
    """Turn a comparison with the rest into one with everybody; both rise together."""
    if form == "ratio":
        with np.errstate(invalid="ignore"):
            return np.where(np.isinf(x), 1 / own, x / (own * x + 1 - own))
    if form == "difference":
        return np.asarray(x * (1 - own))
    return np.full_like(x, np.nan)
