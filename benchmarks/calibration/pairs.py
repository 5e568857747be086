"""Intervals of single rates, of two groups, of means, and the percentile bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

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
from fairness.inference import (
    bootstrap_cells,
    difference_interval,
    exact,
    newcombe,
    odds_ratio_interval,
    percentile_interval,
    rate_interval,
    ratio_interval,
    score_difference,
    score_odds_ratio,
    score_ratio,
    standardized_mean_difference,
    wilson,
)

Limits = tuple[FloatArray, FloatArray]
Single = Callable[[FloatArray, FloatArray], Limits]
Pair = Callable[[FloatArray, float, FloatArray, float], Limits]

EXPECTED = 10.0
DRAWS = 200
SIZES = (30, 300, 3000, 10_000)
RATES = (0.005, 0.05, 0.2, 0.5)
PAIRS = ((40, 400), (500, 500), (300, 10_000))
LEAST = (1.0, 0.8, 0.3)


def single_rates(replicates: int, seed: int) -> Iterator[Row]:
    """Yield Wilson, exact and mixed intervals of one rate."""
    methods: dict[str, Single] = {
        "wilson": wilson,
        "exact": exact,
        "rate_interval": rate_interval,
    }
    for n in SIZES:
        for rate in RATES:
            setting = f"n = {n:,}, rate {rate:g}"
            drawn = generator(seed, "rate", setting)
            hits = drawn.binomial(n, rate, replicates).astype(float)
            enough = n * rate >= EXPECTED
            for name, method in methods.items():
                low, high = method(hits, np.array(float(n)))
                band = {
                    "wilson": NARROW if enough else None,
                    "exact": WIDENED,
                    "rate_interval": NARROW if enough else WIDENED,
                }[name]
                held, width = holding(low, high, rate), mean_width(low, high)
                yield row_of(name, setting, held, width, band=band)


def two_rates(replicates: int, seed: int) -> Iterator[Row]:
    """Yield intervals of the difference, ratio and odds ratio of two rates."""
    plain: dict[str, Pair] = {
        "newcombe": newcombe,
        "score_difference": score_difference,
        "score_ratio": score_ratio,
        "score_odds_ratio": score_odds_ratio,
    }
    widened: dict[str, Pair] = {
        "difference_interval": difference_interval,
        "ratio_interval": ratio_interval,
        "odds_ratio_interval": odds_ratio_interval,
    }
    for n, n_ref in PAIRS:
        for rate in RATES:
            for least in LEAST:
                setting = f"n = {n:,} and {n_ref:,}, rates {least * rate:g}, {rate:g}"
                drawn = generator(seed, "pair", setting)
                hits = drawn.binomial(n, least * rate, replicates).astype(float)
                ref = drawn.binomial(n_ref, rate, replicates).astype(float)
                enough = min(n * least, n_ref) * rate >= EXPECTED
                for name, method in (plain | widened).items():
                    low, high = method(hits, n, ref, n_ref)
                    held = holding(low, high, true_value(name, least * rate, rate))
                    band = NARROW if enough else None
                    band = WIDENED if name in widened else band
                    width = mean_width(low, high)
                    yield row_of(name, setting, held, width, band=band)


def true_value(name: str, rate: float, ref: float) -> float:
    """Return what an interval of two rates is meant to hold."""
    if "odds" in name:
        return rate / (1 - rate) / (ref / (1 - ref))
    return rate / ref if "ratio" in name else rate - ref


def mean_differences(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the interval of the standardized mean difference of normal values."""
    for n, n_ref in ((20, 20), (50, 500), (2000, 2000)):
        for truth in (0.0, 0.3, 1.0):
            setting = f"n = {n:,} and {n_ref:,}, normal, {truth:g}"
            drawn = generator(seed, "smd", setting)
            moments: list[FloatArray] = []
            for size, mean in ((n, truth), (n_ref, 0.0)):
                # Mean and sum of squares of normal values are independent.
                centre = mean + drawn.standard_normal(replicates) / math.sqrt(size)
                within = drawn.chisquare(size - 1, replicates)
                total_sq = within + size * centre**2
                moments += [np.array(float(size)), size * centre, total_sq]
            _, low, high = standardized_mean_difference(*moments)
            held, width = holding(low, high, truth), mean_width(low, high)
            name = "standardized_mean_difference"
            yield row_of(name, setting, held, width, band=NARROW)


def bootstrapped(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the percentile bootstrap of one rate, from resampled cells."""
    few = max(replicates // 4, 10)
    for n, rate in ((300, 0.05), (300, 0.5), (3000, 0.05), (3000, 0.5)):
        setting = f"n = {n:,}, rate {rate:g}, {DRAWS} draws"
        drawn = generator(seed, "bootstrap", setting)
        limits = []
        for hits in drawn.binomial(n, rate, few):
            cells = bootstrap_cells(
                [n - hits, hits], DRAWS, seed=int(drawn.integers(2**31))
            )
            limits.append(percentile_interval(cells[:, 1] / n))
        low, high = np.array(limits).T
        held, width = holding(low, high, rate), mean_width(low, high)
        yield row_of("percentile bootstrap of a rate", setting, held, width)


def rows(replicates: int, seed: int) -> Iterable[Row]:
    """Yield all rows of this file."""
    yield from single_rates(replicates, seed)
    yield from two_rates(replicates, seed)
    yield from mean_differences(replicates, seed)
    yield from bootstrapped(replicates, seed)
