"""Intervals of comparisons over strata, and of the shrunken rates of many groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.rows import (
    NARROW,
    WIDENED,
    FloatArray,
    Row,
    generator,
    holding,
    mean_width,
    row_of,
)
from fairness.inference.shrinkage import shrunken_rates, shrunken_ratios
from fairness.inference.standardized import (
    conditional_demographic_disparity,
    standardized_difference,
    standardized_ratio,
)
from fairness.inference.stratified import (
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
)

Drawn = NDArray[np.int64]
Measure = Callable[
    [Drawn, FloatArray, Drawn, FloatArray], tuple[FloatArray, FloatArray, FloatArray]
]
Truth = Callable[["Strata"], float]

STRATA = (2, 5, 20)
SIZES = (50, 200, 2000)
RATES = (0.005, 0.02, 0.1, 0.5)
GAPS = (1.0, 0.6)
SHARE = 0.4
# Hits expected on each side, and selected in each stratum, from which on the narrow
# band is promised.
EXPECTED = 10.0
SELECTED = 5.0

GROUPS = (3, 6, 20)
TRIALS = (300, 3000, 100_000)
GROUP_RATES = (0.005, 0.05, 0.3)
SPREADS = (0.0, 0.1, 0.3, 0.7)
# Variance between groups in parts of a typical group's own, from which on the narrow
# band is promised: where groups differ by less, the intervals of all are too wide.
BETWEEN = 2.0


@dataclass(frozen=True)
class Strata:
    """Sizes and true rates of the strata, for one kind of common gap."""

    number: int
    size: int
    rate: float
    gap: float
    kind: str

    @cached_property
    def shift(self) -> FloatArray:
        return np.exp(np.linspace(-0.5, 0.5, self.number))

    @cached_property
    def n(self) -> FloatArray:
        """Customers of the group: a larger share where the rate is lower."""
        return np.rint(self.size * SHARE / self.shift)

    @property
    def n_ref(self) -> FloatArray:
        return self.size - self.n

    @cached_property
    def rates_ref(self) -> FloatArray:
        return np.minimum(self.rate * self.shift, 0.9)

    @cached_property
    def rates(self) -> FloatArray:
        ref = self.rates_ref
        if self.kind == "odds":
            odds = self.gap * ref / (1 - ref)
            return np.asarray(odds / (1 + odds))
        if self.kind == "difference":
            return np.asarray(ref + self.difference)
        return np.asarray(ref * self.gap)

    @property
    def difference(self) -> float:
        """The common difference: it leaves every stratum a rate above 0."""
        return (self.gap - 1) * self.rate

    @property
    def weights(self) -> FloatArray:
        total = self.n + self.n_ref
        return np.asarray(total / total.sum())

    @property
    def disparity(self) -> float:
        hits, hits_ref = self.n * self.rates, self.n_ref * self.rates_ref
        taken = hits + hits_ref
        left = (self.n - hits) / (self.size - taken)
        return float((self.weights * (left - hits / taken)).sum())

    @property
    def setting(self) -> str:
        gap = "no gap" if self.gap == 1 else f"{self.kind} gap"
        return f"{self.number} strata of {self.size:,}, rate {self.rate:g}, {gap}"

    @property
    def enough(self) -> bool:
        hits, hits_ref = self.n * self.rates, self.n_ref * self.rates_ref
        least = min(hits.sum(), hits_ref.sum())
        return bool(least >= EXPECTED and (hits + hits_ref).min() >= SELECTED)


def _standard_difference(strata: Strata) -> float:
    return float((strata.weights * (strata.rates - strata.rates_ref)).sum())


def _standard_ratio(strata: Strata) -> float:
    first, second = strata.weights * strata.rates, strata.weights * strata.rates_ref
    return float(first.sum() / second.sum())


MEASURES: dict[str, tuple[str, Measure, Truth]] = {
    "Mantel-Haenszel odds ratio": (
        "odds",
        mantel_haenszel_odds_ratio,
        lambda strata: strata.gap,
    ),
    "Mantel-Haenszel risk ratio": (
        "ratio",
        mantel_haenszel_risk_ratio,
        lambda strata: strata.gap,
    ),
    "Mantel-Haenszel difference": (
        "difference",
        mantel_haenszel_difference,
        lambda strata: strata.difference,
    ),
    "standardized difference": ("ratio", standardized_difference, _standard_difference),
    "standardized ratio": ("ratio", standardized_ratio, _standard_ratio),
    "conditional demographic disparity": (
        "ratio",
        conditional_demographic_disparity,
        lambda strata: strata.disparity,
    ),
}


def over_strata(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the comparisons of a group with a reference over strata."""
    for number in STRATA:
        for size in SIZES:
            for rate in RATES:
                for gap in GAPS:
                    for name, (kind, measure, truth) in MEASURES.items():
                        strata = Strata(number, size, rate, gap, kind)
                        drawn = generator(seed, kind, strata.setting)
                        shape = (replicates, number)
                        hits = drawn.binomial(strata.n.astype(int), strata.rates, shape)
                        ref = drawn.binomial(
                            strata.n_ref.astype(int), strata.rates_ref, shape
                        )
                        _, low, high = measure(hits, strata.n, ref, strata.n_ref)
                        # Undefined where nobody is selected anywhere.
                        known = ~np.isnan(low)
                        low, high = low[known], high[known]
                        yield row_of(
                            name,
                            strata.setting,
                            holding(low, high, truth(strata)),
                            mean_width(low, high),
                            band=NARROW if strata.enough else WIDENED,
                        )


def shrunken(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the average coverage of the groups of attributes drawn from a prior."""
    for groups in GROUPS:
        # As many groups at any number of them.
        draws = max(replicates * GROUPS[0] // groups, 40)
        for trials in TRIALS:
            n = np.rint(trials * np.exp(np.linspace(-1.2, 1.2, groups)))
            for rate in GROUP_RATES:
                for spread in SPREADS:
                    if rate * spread**2 * 3 > 1 - rate:
                        continue
                    setting = (
                        f"{groups} groups of about {trials:,}, rate {rate:g}, "
                        f"spread {spread:.0%} of it"
                    )
                    drawn = generator(seed, "shrunken", setting)
                    rates = np.full((draws, groups), rate)
                    if spread:
                        size = (1 - rate) / (rate * spread**2) - 1
                        first, second = rate * size, (1 - rate) * size
                        rates = drawn.beta(first, second, (draws, groups))
                    hits = drawn.binomial(n.astype(int), rates)
                    between = spread**2 * rate / (1 - rate) * trials
                    overall = (n * rates).sum(-1, keepdims=True) / n.sum()
                    for name, function, truth in (
                        ("shrunken rate", shrunken_rates, rates),
                        ("shrunken ratio", shrunken_ratios, rates / overall),
                    ):
                        _, low, high = function(hits, n)
                        held = (low <= truth) & (truth <= high)
                        yield row_of(
                            name,
                            setting,
                            held.mean(axis=-1),
                            mean_width(low, high),
                            band=NARROW if between >= BETWEEN else WIDENED,
                        )


def rows(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the rows of this family."""
    yield from over_strata(replicates, seed)
    yield from shrunken(replicates, seed)
