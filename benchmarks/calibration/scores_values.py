"""Coverage and mean width of the intervals of scores, offered values and proxies.

Customers are drawn into bins and cells directly, by their probabilities: what the
functions see of a table of rows, at any number of replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks.calibration.rows import Row
from fairness.inference.additive import Gap, adjusted_gap, moved_gap, raw_gap
from fairness.inference.calibrated import observed_to_expected
from fairness.inference.quantiles import quantile, quantile_gap, share_above
from fairness.inference.ranking import area_difference, area_under_curve

FloatArray = NDArray[np.float64]
Limits = tuple[FloatArray, FloatArray]

BINS = 400
NOMINAL = (0.93, 0.97)
AT_LEAST = (0.93, 1.0)
CONSERVATIVE = (0.93, 0.99)


def rows(replicates: int, seed: int) -> Iterator[Row]:
    """Yield the coverage of every interval of this family in its settings."""
    rng = np.random.default_rng(seed)
    yield from _areas(replicates, rng)
    yield from _expected(replicates, rng)
    yield from _quantiles(replicates, rng)
    yield from _shares(replicates, rng)
    yield from _gaps(replicates, rng)


def _row(
    interval: str,
    setting: str,
    limits: Limits,
    truth: FloatArray | float,
    band: tuple[float, float],
) -> Row:
    low, high = limits
    covered = (low <= truth) & (truth <= high)
    share = float(covered.mean())
    return Row(
        interval=interval,
        setting=setting,
        replicates=len(covered),
        coverage=share,
        se=float(np.sqrt(share * (1 - share) / len(covered))),
        mean_width=float(np.mean(high - low)),
        closed_width=None,
        band=band,
    )


def _normal(mean: float, deviation: float) -> FloatArray:
    """Return the share of each bin over [-6, 8] of a normal score."""
    edges = np.linspace(-6, 8, BINS + 1)
    return np.asarray(np.diff(ndtr((edges - mean) / deviation)))


def _true_area(p: FloatArray, q: FloatArray) -> float:
    p, q = p / p.sum(), q / q.sum()
    return float((p * (np.cumsum(q) - q / 2)).sum())


def _draw(rng: np.random.Generator, n: int, p: FloatArray, size: int) -> FloatArray:
    return rng.multinomial(n, p / p.sum(), size).astype(np.float64)


def _areas(replicates: int, rng: np.random.Generator) -> Iterator[Row]:
    zero = _normal(0, 1)
    settings = (
        (15, 15), (30, 30), (30, 300), (300, 30), (300, 300), (1000, 10_000),
    )  # fmt: skip
    for mean, deviation in ((0.0, 1.0), (0.5, 1.0), (1.2, 1.0), (1.0, 2.0)):
        p = _normal(mean, deviation)
        truth = _true_area(p, zero)
        for m, n in settings:
            found = area_under_curve(
                _draw(rng, m, p, replicates), _draw(rng, n, zero, replicates)
            )
            setting = f"AUC {truth:.2f}, {m} against {n}, spread {deviation:g}"
            # Below 30 a side Student's t pays for variances that are hardly known.
            band = NOMINAL if min(m, n) >= 30 else CONSERVATIVE
            yield _row("AUC", setting, (found.low, found.high), truth, band)
    for m, n in ((30, 300), (300, 1000)):
        # The outcome-1 scores of one group against the outcome-0 scores of another.
        p, q = _normal(0.7, 1), _normal(-0.3, 1.3)
        found = area_under_curve(
            _draw(rng, m, p, replicates), _draw(rng, n, q, replicates)
        )
        setting = f"{m} against {n} of another group"
        limits = found.low, found.high
        yield _row("xAUC", setting, limits, _true_area(p, q), NOMINAL)
    for m, n, m_ref, n_ref in (
        (30, 60, 300, 600), (50, 50, 50, 50), (100, 900, 400, 3600),
    ):  # fmt: skip
        p, p_ref = _normal(0.5, 1), _normal(1.0, 1)
        truth = _true_area(p, zero) - _true_area(p_ref, zero)
        one = area_under_curve(
            _draw(rng, m, p, replicates), _draw(rng, n, zero, replicates)
        )
        other = area_under_curve(
            _draw(rng, m_ref, p_ref, replicates), _draw(rng, n_ref, zero, replicates)
        )
        setting = f"{m}:{n} customers against {m_ref}:{n_ref}"
        limits = area_difference(one, other)
        yield _row("AUC difference", setting, limits, truth, NOMINAL)


def _expected(replicates: int, rng: np.random.Generator) -> Iterator[Row]:
    for n in (30, 100, 300, 1000, 10_000):
        # Outcome rate = slope x score + constant.
        for name, alpha, beta, slope, constant in (
            ("calibrated, mean 0.3", 1.5, 3.5, 1.0, 0.0),
            ("foretells a fifth too few", 1.0, 3.0, 1.25, 0.0),
            ("says nothing", 2.0, 6.0, 0.0, 0.25),
            ("calibrated, mean 0.05", 1.0, 19.0, 1.0, 0.0),
        ):
            # Customers of 200 scores: outcomes are drawn by score.
            score = (np.arange(200) + 0.5) / 200
            share = score ** (alpha - 1) * (1 - score) ** (beta - 1)
            people = _draw(rng, n, share, replicates).astype(np.int64)
            chance = np.minimum(slope * score + constant, 1.0)
            hits = rng.binomial(people, chance)
            expected = (people * score).sum(axis=1)
            found = observed_to_expected(
                hits.sum(axis=1),
                people.sum(axis=1),
                expected,
                (people * score**2).sum(axis=1),
                (hits * score).sum(axis=1),
            )
            truth = (people * chance).sum(axis=1) / expected
            few = n * float((share * chance).sum() / share.sum())
            band = NOMINAL if min(few, n - few) >= 10 else AT_LEAST
            limits = found.low, found.high
            yield _row("observed / expected", f"{n}, {name}", limits, truth, band)


def _quantiles(replicates: int, rng: np.random.Generator) -> Iterator[Row]:
    bins = np.arange(1000, dtype=np.float64)
    for name, q, n, n_ref in (
        ("median", 0.5, 30, 300),
        ("median", 0.5, 100, 100),
        ("median", 0.5, 1000, 10_000),
        ("90th percentile", 0.9, 100, 400),
        ("90th percentile", 0.9, 1000, 10_000),
    ):
        p = np.exp(-((bins - 400) ** 2) / (2 * 120.0**2))
        p_ref = np.exp(-((np.log(bins + 1) - 6.1) ** 2) / (2 * 0.3**2)) / (bins + 1)
        one, other = (
            quantile(_draw(rng, size, share, replicates), bins, bins, q)
            for size, share in ((n, p), (n_ref, p_ref))
        )
        ends = [bins[np.searchsorted(np.cumsum(x / x.sum()), q)] for x in (p, p_ref)]
        _, low, high = quantile_gap(one, other)
        # A limit is a number that somebody has: the gap between two is covered too.
        yield _row(
            "quantile gap",
            f"{name}, {n} against {n_ref}",
            (low, high),
            ends[0] - ends[1],
            CONSERVATIVE,
        )
    few = np.arange(12, dtype=np.float64)
    p = np.exp(-few / 3)
    for n in (100, 1000):
        one, other = (
            quantile(_draw(rng, n, p, replicates), few, few, 0.5) for _ in range(2)
        )
        _, low, high = quantile_gap(one, other)
        setting = f"median of whole numbers 0-11, {n} against {n}"
        yield _row("quantile gap", setting, (low, high), 0.0, AT_LEAST)


def _shares(replicates: int, rng: np.random.Generator) -> Iterator[Row]:
    for n, rate in ((30, 0.1), (100, 0.1), (300, 0.05), (1000, 0.02), (10_000, 0.1)):
        hits = rng.binomial(n, rate, replicates)
        found = share_above(hits, hits, n)
        band = NOMINAL if n * rate >= 10 else AT_LEAST
        limits = found.low, found.high
        yield _row("share above a cap", f"{n} at {rate:g}", limits, rate, band)


def _gaps(replicates: int, rng: np.random.Generator) -> Iterator[Row]:
    # Two groups and a column of four levels, which the groups have unlike shares of.
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    levels = np.array([[g, c] for g in range(2) for c in range(4)])
    kinds = (("0/1", 0.2, 0.1, 0.1), ("number", 5.0, 0.5, 0.1))
    sizes = ((30, 300), (100, 100), (100, 1000), (1000, 10_000))
    settings = [(*size, *kind) for size in sizes for kind in kinds]
    # Few are selected: the adjusted gap then borrows the limits of a score test.
    settings += [(n, 10 * n, "0/1", 0.02, 0.0, 0.004) for n in (50, 200, 500, 1500)]
    for n, n_ref, kind, base, gap, step in settings:
        shift = step * np.arange(4)
        means = base + gap * levels[:, 0] + shift[levels[:, 1]]
        draw = partial(_cells, rng, np.array([n_ref, n]), shares, means, kind)
        moved = float(shift @ (shares[1] - shares[0]))
        truth = {"raw mean gap": gap + moved, "adjusted gap": gap, "moved gap": moved}
        few = float((n * shares[1] * means[4:]).sum())
        enough = kind == "number" or few >= 10
        found = _gap_limits(draw, levels, replicates, binary=kind == "0/1")
        for interval, limits in found.items():
            # Welch's limits are for numbers: a rate has intervals of its own.
            band = NOMINAL if enough else AT_LEAST
            if interval == "raw mean gap" and not enough:
                continue
            setting = f"{kind}, {n} against {n_ref}, base {base:g}"
            yield _row(interval, setting, limits, truth[interval], band)


def _cells(
    rng: np.random.Generator,
    sizes: NDArray[np.int64],
    shares: FloatArray,
    means: FloatArray,
    kind: str,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return n, sum and sum of squares of y by cell."""
    n = np.concatenate(
        [rng.multinomial(size, row) for size, row in zip(sizes, shares, strict=True)]
    )
    if kind == "0/1":
        hits = rng.binomial(n, means).astype(np.float64)
        return n.astype(np.float64), hits, hits
    # Spread grows with the mean: least squares must not count on equal variances.
    deviation = 0.3 * means
    total = rng.normal(n * means, deviation * np.sqrt(n))
    within = rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
    square = total**2 / np.maximum(n, 1) + deviation**2 * within
    return n.astype(np.float64), total, square


def _gap_limits(
    draw: Callable[[], tuple[FloatArray, FloatArray, FloatArray]],
    levels: NDArray[np.int64],
    replicates: int,
    *,
    binary: bool,
) -> dict[str, Limits]:
    found: dict[str, list[Gap]] = {}
    for _ in range(replicates):
        n, total, square = draw()
        groups = [x.reshape(2, 4).sum(axis=1) for x in (n, total, square)]
        found.setdefault("raw mean gap", []).append(raw_gap(*groups))
        cells = levels, n, total, square
        adjusted = adjusted_gap(*cells, binary=binary)
        found.setdefault("adjusted gap", []).append(adjusted)
        found.setdefault("moved gap", []).append(moved_gap(*cells))
    return {
        name: (
            np.array([gap.low[1] for gap in gaps]),
            np.array([gap.high[1] for gap in gaps]),
        )
        for name, gaps in found.items()
    }
