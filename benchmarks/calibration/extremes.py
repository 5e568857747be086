"""Gap and least ratio of K groups; the bootstrap of fairlearn's MetricFrame beside."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.rows import (
    INVERTED,
    WIDENED,
    FloatArray,
    Row,
    generator,
    holding,
    mean_width,
    row_of,
)
from fairness.inference._simultaneous import joint_gap, joint_ratio
from fairness.inference.extremes import (
    folded_interval,
    gap_interval,
    holds_extreme,
    invertible,
    least_ratio_interval,
)

GROUPS = (2, 5, 20, 100)
RATES = (0.005, 0.05, 0.2, 0.5)
PATTERNS = ("one low", "one high", "two clusters", "evenly spread")
# True least ratios of the four patterns, turned by one from setting to setting.
LEAST = (0.9, 0.75, 0.5, 0.2)
EXPECTED = 10.0
BLOCK = 200
NOMINAL = 0.95


@dataclass(frozen=True)
class Cell:
    """One truth: sizes and rates of the groups."""

    groups: int
    sizes: str
    rate: float
    pattern: str
    least: float

    @property
    def name(self) -> str:
        pattern = "all equal" if self.least == 1 else f"{self.pattern}, {self.least:g}"
        return f"K = {self.groups}, {self.sizes}, highest {self.rate:g}, {pattern}"

    def trials(self) -> FloatArray:
        if self.sizes == "1,000 each":
            return np.full(self.groups, 1000.0)
        least = 30 if self.sizes == "30 – 10,000" else 200
        sizes = np.geomspace(least, 10_000, self.groups).round()
        # An order unrelated to that of the rates, the smallest group first.
        return np.asarray(sizes[np.argsort(np.arange(self.groups) * 0.618 % 1)])

    def rates(self) -> FloatArray:
        low, high, k = self.rate * self.least, self.rate, self.groups
        if self.pattern == "one low":
            return np.append(low, np.full(k - 1, high))
        if self.pattern == "one high":
            return np.append(high, np.full(k - 1, low))
        if self.pattern == "two clusters":
            return np.where(np.arange(k) % 2, high, low)
        return np.linspace(low, high, k)


def cells() -> Iterator[Cell]:
    """Yield the truths: all equal, and each pattern at one of the four ratios."""
    turn = 0
    for groups in GROUPS:
        for sizes in ("1,000 each", "200 – 10,000", "30 – 10,000"):
            for rate in RATES:
                turn += 1
                yield Cell(groups, sizes, rate, "all equal", 1.0)
                for place, pattern in enumerate(PATTERNS):
                    if groups > 2 or place == 0:
                        least = LEAST[(place + turn) % len(LEAST)]
                        yield Cell(groups, sizes, rate, pattern, least)


def holds(
    hits: FloatArray, trials: FloatArray, truth: float, *, ratio: bool
) -> NDArray[np.bool_]:
    """Return whether the interval of each replicate holds the truth."""
    if hits.shape[1] == 2:
        low, high = folded_interval(hits, trials, NOMINAL, ratio=ratio)
        return holding(low, high, truth)
    enough = invertible(hits, trials)
    held = np.zeros(len(hits), dtype=bool)
    if enough.any():
        value = np.full(int(enough.sum()), truth)
        held[enough] = holds_extreme(hits[enough], trials[enough], value, ratio=ratio)
    if not enough.all():
        joint = joint_ratio if ratio else joint_gap
        low, high = joint(hits[~enough], trials[~enough], NOMINAL)
        held[~enough] = holding(low, high, truth)
    return held


def widths(
    hits: FloatArray, trials: FloatArray, *, ratio: bool
) -> tuple[float, float | None]:
    """Return the mean width of the whole interval, and of the closed form if another."""
    function = least_ratio_interval if ratio else gap_interval
    found = [function(x, n) for x, n in zip(hits, trials, strict=True)]
    low = np.array([one.low for one in found])
    high = np.array([one.high for one in found])
    inverted = np.array([one.method == "test inversion" for one in found])
    if hits.shape[1] == 2 or not inverted.all():
        return mean_width(low, high), None
    closed = (joint_ratio if ratio else joint_gap)(hits, trials, NOMINAL)
    return mean_width(low, high), mean_width(*closed)


def of_cell(cell: Cell, replicates: int, seed: int) -> Iterator[Row]:
    """Yield the rows of the gap and of the ratio in one truth."""
    trials, rates = cell.trials(), cell.rates()
    for ratio in (False, True):
        name = "least ratio" if ratio else "gap"
        drawn = generator(seed, "extremes", name, cell.name)
        hits = drawn.binomial(
            trials.astype(np.int64), rates, (replicates, cell.groups)
        ).astype(float)
        # The ratio is undefined where nobody at all is selected.
        hits = hits[hits.any(axis=1)] if ratio else hits
        sizes = np.broadcast_to(trials, hits.shape).copy()
        truth = rates.min() / rates.max() if ratio else np.ptp(rates)
        held = np.concatenate(
            [
                holds(hits[i : i + BLOCK], sizes[i : i + BLOCK], truth, ratio=ratio)
                for i in range(0, len(hits), BLOCK)
            ]
        )
        few = max(replicates // (40 if cell.groups < 100 else 100), 5)
        width, closed = widths(hits[:few], sizes[:few], ratio=ratio)
        method, band = "two groups", WIDENED
        if cell.groups > 2:
            share = invertible(hits, sizes).mean()
            # Near 10 expected the observed counts decide, and the coverage is that of
            # a mixture.
            method = "simultaneous" if share < 0.1 else "either method"
            expected = (trials * np.minimum(rates, 1 - rates)).min()
            if share > 0.9:
                method = "test inversion"
                band = INVERTED if expected >= EXPECTED else WIDENED
        label = f"{name}, {method}"
        yield row_of(label, cell.name, held, width, closed=closed, band=band)


def fairlearn_rows(replicates: int, seed: int) -> Iterator[Row]:
    """Yield rows of the percentile bootstrap of fairlearn's largest difference."""
    from fairlearn.metrics import MetricFrame, selection_rate

    few = max(replicates // 100, 4)
    for least in (1.0, 0.5):
        cell = Cell(5, "200 each", 0.2, "one low", least)
        rates = np.repeat(cell.rates(), 200)
        group = np.repeat(np.arange(5), 200)
        drawn = generator(seed, "fairlearn", cell.name)
        limits = []
        for _ in range(few):
            chosen = (drawn.random(rates.size) < rates).astype(int)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = MetricFrame(
                    metrics=selection_rate, y_true=chosen, y_pred=chosen,
                    sensitive_features=group, n_boot=50, ci_quantiles=[0.025, 0.975],
                    random_state=int(drawn.integers(2**31)),
                )  # fmt: skip
                limits.append(frame.difference_ci())
        low, high = np.array(limits, dtype=float).T
        held = holding(low, high, float(np.ptp(cell.rates())))
        name = "fairlearn MetricFrame.difference_ci, 50 draws"
        yield row_of(name, cell.name, held, mean_width(low, high))


def rows(replicates: int, seed: int) -> Iterable[Row]:
    """Yield all rows of this file."""
    for cell in cells():
        yield from of_cell(cell, replicates, seed)
    yield from fairlearn_rows(replicates, seed)
