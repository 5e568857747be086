"""Every group of every table against its reference, in one set of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable
from fairness.errors import InputError, unknown_name
from fairness.inference import (
    adjusted_tail,
    difference_interval,
    odds_ratio_interval,
    pair_z,
    ratio_interval,
    standardized_mean_difference,
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
    confidence: float
    fixed: bool

    @property
    def rate_name(self) -> str:
        """The rate that sizes and expected counts are those of."""
        return rate_of(self.metric)

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
        rest_hits, rest_trials = self._others(groups)
        named = np.maximum(reference, 0)
        hits = np.where(reference >= 0, self.hits[named], rest_hits)
        trials = np.where(reference >= 0, self.trials[named], rest_trials)
        return hits, trials

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
            if self.fixed or (self.reference[inside] < 0).all():
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

    def _others(self, groups: IntArray) -> tuple[FloatArray, FloatArray]:
        rests = [rest_of(table, self.rate_name) for table in self.tables]
        hits = np.concatenate([hits for hits, _ in rests])
        trials = np.concatenate([trials for _, trials in rests])
        return hits[groups], trials[groups]


def rate_of(metric: Metric) -> str:
    """Return the rate behind a metric; moments are sized by the selection rate."""
    return "selection_rate" if metric.form == "smd" else metric.rate


def rest_of(table: CountTable, rate: str) -> tuple[FloatArray, FloatArray]:
    """Return effective hits and trials of everybody outside each group."""
    hits, trials = rate_counts(rate, table.weighted_cells)
    rest_hits, rest_trials = hits.sum() - hits, trials.sum() - trials
    if table.weights_sq is None:
        return rest_hits, rest_trials
    _, squares = rate_counts(rate, table.weights_sq)
    rest_squares = squares.sum() - squares
    return _effective(rest_hits, rest_trials, rest_squares)


def effective_counts(table: CountTable, rate: str) -> tuple[FloatArray, FloatArray]:
    """Return hits and trials of a rate, as effective counts where weighted."""
    hits, trials = rate_counts(rate, table.weighted_cells)
    if table.weights_sq is None:
        return hits, trials
    _, squares = rate_counts(rate, table.weights_sq)
    return _effective(hits, trials, squares)


def _effective(
    hits: FloatArray, trials: FloatArray, squares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Scale sums of weights to Kish's effective number, (sum w)^2 / sum w^2."""
    scale = np.divide(trials, squares, out=np.zeros_like(trials), where=squares > 0)
    return hits * scale, trials * scale


def compare_groups(
    metric: Metric,
    tables: Sequence[CountTable],
    *,
    side: Side = "lower",
    reference: Reference | None = None,
    confidence: float = 0.95,
    min_share: float = 0.0,
) -> Comparison:
    """Compare every group of every table with its reference.

    Parameters
    ----------
    metric : Metric
        Of form ratio, difference, odds or smd; others have no groups to compare.
    tables : sequence of CountTable
    side : {"lower", "upper"}
    reference : Reference, optional
    confidence : float, default 0.95
    min_share : float, default 0
        Smaller groups are no reference.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        A named reference that is no group of its attribute.
    """
    reference = reference or Reference()
    rate = rate_of(metric)
    parts = [_Part.of(table, rate, min_share) for table in tables]
    sizes = [len(part.groups) for part in parts]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    shown = [part.shown(reference, tables[i]) for i, part in enumerate(parts)]
    references = np.concatenate(
        [
            np.where(found >= 0, found + starts[i], found)
            for i, found in enumerate(shown)
        ]
        or [np.zeros(0, np.int64)]
    )

    fixed = bool(reference.named) and all(
        table.attribute in reference.named for table in tables
    )
    size = sum(sizes)
    comparison = Comparison(
        metric=metric,
        side=side,
        tables=tuple(tables),
        table=np.repeat(np.arange(len(tables)), sizes),
        groups=[group for part in parts for group in part.groups],
        n=np.concatenate([part.n for part in parts]),
        selected=np.concatenate([part.selected for part in parts]),
        trials=np.concatenate([part.trials for part in parts]),
        hits=np.concatenate([part.hits for part in parts]),
        expected=np.concatenate([part.expected for part in parts]),
        share=np.concatenate([part.share for part in parts]),
        missing=np.concatenate([part.missing for part in parts]),
        eligible=np.concatenate([part.eligible for part in parts]),
        k=np.repeat([part.k for part in parts], sizes).astype(np.int64),
        reference=references,
        estimate=np.full(size, np.nan),
        low=np.full(size, np.nan),
        high=np.full(size, np.nan),
        confidence=confidence,
        fixed=fixed,
    )
    estimated = _smd(comparison) if metric.form == "smd" else _estimated(comparison)
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
    trials: FloatArray
    hits: FloatArray
    expected: FloatArray
    share: FloatArray
    missing: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    k: int

    @classmethod
    def of(cls, table: CountTable, rate: str, min_share: float) -> _Part:
        hits, trials = effective_counts(table, rate)
        selected, n = rate_counts(rate, table.cells)
        weighted_hits, weighted = rate_counts(rate, table.weighted_cells)
        overall = float(ratio(weighted_hits.sum(), weighted.sum()))
        spread = 0.0 if np.isnan(overall) else min(overall, 1 - overall)
        expected = trials * spread
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
            trials,
            hits,
            expected,
            share,
            table.is_missing,
            eligible,
            int((expected >= GROUP_EXPECTED).sum()),
        )

    def shown(self, reference: Reference, table: CountTable) -> IntArray:
        name = reference.named.get(table.attribute)
        if name is not None:
            if name not in self.groups:
                raise InputError(
                    unknown_name(
                        "reference", name, self.groups, f"group of {table.attribute}"
                    )
                )
            return np.full(len(self.groups), self.groups.index(name), np.int64)
        if reference.kind != "highest":
            code = REST if reference.kind == "rest" else ALL
            return np.full(len(self.groups), code, np.int64)
        able = np.flatnonzero(self.eligible)
        if not len(able):
            return np.full(len(self.groups), NONE, np.int64)
        rates = ratio(self.hits, self.trials)[able]
        return np.full(len(self.groups), able[np.argmax(rates)], np.int64)


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


def _smd(comparison: Comparison) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the standardized mean difference of the moments in the tables."""
    role = comparison.metric.rate
    n, total, square = (
        np.concatenate([table.moments[name] for table in comparison.tables])
        for name in (f"{role}_n", role, f"{role}_sq")
    )
    every = np.arange(len(n))
    reference = comparison.reference
    named = np.maximum(reference, 0)
    sums = [
        np.bincount(comparison.table, values, len(comparison.tables))[comparison.table]
        - values
        for values in (n, total, square)
    ]
    others = [
        np.where(reference >= 0, values[named], rest)
        for values, rest in zip((n, total, square), sums, strict=True)
    ]
    value, low, high = standardized_mean_difference(
        n, total, square, others[0], others[1], others[2], comparison.confidence
    )
    none = (reference == NONE) | (reference == every)
    return tuple(np.where(none, np.nan, x) for x in (value, low, high))  # type: ignore[return-value]
