"""How often the scan of slices finds a planted one, and errs, and how long it takes.

Run ``python -m benchmarks.scan`` (``--write`` stores the tables in
``benchmarks/scan.md``; ``--tenth`` draws a tenth). Where aif360 is installed its
multi-dimensional subset scan (MDSS) gets the same customers; where it is not, its
columns say so.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from fairness.inference.scan import SliceScan, distinct_slices, scan_slices

IntArray = NDArray[np.int64]
Levels = tuple[tuple[int, int], ...]

SEED = 20_261_123
SIZES = (6, 3, 6, 5, 4)
PLANTED: Levels = ((0, 2), (3, 1))
RATE = 0.1
ALPHA = 0.05
MOST_CELLS = 10_000
NULL_TABLES = 1000
TABLES = 200
MDSS_TABLES = 10
# MDSS reads rows: beyond that it would take hours.
MDSS_CUSTOMERS = 20_000
MDSS_PENALTY = 1.0


@dataclass(frozen=True)
class Table:
    """Cells with their customers, and those selected."""

    cells: IntArray
    n: IntArray
    selected: IntArray
    sizes: tuple[int, ...]

    def scan(self, seed: int, replicates: int = 199) -> SliceScan:
        return scan_slices(
            self.cells,
            self.n,
            self.selected,
            self.sizes,
            replicates=replicates,
            seed=seed,
        )

    def distinct(self, found: SliceScan) -> list[Levels]:
        kept = distinct_slices(found, self.cells, self.n, self.selected, alpha=ALPHA)
        return [one.levels for one in kept]


def drawn(
    rng: np.random.Generator,
    customers: int,
    ratio: float = 1.0,
    sizes: tuple[int, ...] = SIZES,
    rate: float = RATE,
) -> Table:
    """Draw customers over the cells, and select them at a rate, less in the slice."""
    cells = np.array(np.unravel_index(np.arange(np.prod(sizes)), sizes)).T
    shares = np.ones(len(cells))
    for column, size in enumerate(sizes):
        shares *= rng.dirichlet(np.full(size, 8.0))[cells[:, column]]
    if len(cells) > MOST_CELLS:
        live = rng.choice(len(cells), MOST_CELLS, replace=False)
        cells, shares = cells[live], shares[live]
    n = rng.multinomial(customers, shares / shares.sum())
    rates = np.full(len(cells), rate)
    if ratio != 1:
        rates[inside(cells, PLANTED)] *= ratio
    return Table(cells, n, rng.binomial(n, rates), sizes)


def inside(cells: IntArray, levels: Levels) -> NDArray[np.bool_]:
    """Return the cells that belong to a slice."""
    found = np.ones(len(cells), dtype=np.bool_)
    for column, level in levels:
        found &= cells[:, column] == level
    return found


def errors(share: float) -> Iterator[str]:
    """Yield how often fair tables have a slice with an adjusted p of 5 % or less."""
    yield "| fair tables | customers | rate | tables | wrong, % | holds |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for sizes in ((3, 2, 4), SIZES):
        for customers, rate in ((2_000, 0.1), (2_000, 0.5), (20_000, 0.02)):
            tables, wrong = max(int(NULL_TABLES * share), 20), 0
            for seed in range(tables):
                rng = np.random.default_rng([SEED, customers, len(sizes), seed])
                table = drawn(rng, customers, sizes=sizes, rate=rate)
                slices = table.scan(seed, 99).slices
                wrong += bool(slices) and slices[0].p_adjusted <= ALPHA
            spread = np.sqrt(ALPHA * (1 - ALPHA) / tables)
            held = "yes" if wrong / tables <= ALPHA + 3 * spread else "NO"
            name = " x ".join(map(str, sizes))
            yield (
                f"| {name} | {customers:,} | {rate:g} | {tables:,} | "
                f"{wrong / tables:.1%} ± {spread:.1%} | {held} |"
            )


def overlap(table: Table, found: dict[int, list[int]]) -> float:
    """Return customers in both slices over customers in either (Jaccard)."""
    planted = inside(table.cells, PLANTED)
    mask = np.ones(len(table.cells), dtype=np.bool_)
    for column, levels in found.items():
        mask &= np.isin(table.cells[:, column], levels)
    return float(table.n[planted & mask].sum() / table.n[planted | mask].sum())


def mdss(table: Table, seed: int) -> dict[int, list[int]]:
    """Return the levels, by column, of the subset that AIF360's MDSS finds."""
    import pandas as pd
    from aif360.detectors.mdss_detector import (  # type: ignore[import-not-found]
        bias_scan,
    )

    np.random.seed(seed)  # noqa: NPY002, the restarts of MDSS draw from it
    codes = np.repeat(np.arange(len(table.n)), table.n)
    first = np.cumsum(table.n) - table.n
    chosen = np.arange(len(codes)) - first[codes] < table.selected[codes]
    data = pd.DataFrame(table.cells[codes]).astype("category")
    data.columns = [f"c{column}" for column in range(table.cells.shape[1])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        subset, _ = bias_scan(
            data=data,
            observations=pd.Series(chosen.astype(int)),
            favorable_value=1,
            overpredicted=True,
            penalty=MDSS_PENALTY,
            num_iters=10,
        )
    return {int(name[1:]): [int(v) for v in levels] for name, levels in subset.items()}


def planted(share: float) -> Iterator[str]:
    """Yield how often the planted slice comes first, and is all that is reported."""
    has_mdss = importlib.util.find_spec("aif360") is not None
    yield (
        "| customers | ratio | planted is first | and significant | and alone distinct "
        "| ms | MDSS: a subset | it is the planted | overlap | s |"
    )
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for customers in (5_000, 20_000, 100_000, 1_000_000):
        for ratio in (1.0, 0.8, 0.6, 0.4):
            first = sure = alone = 0
            spent = 0.0
            tables = max(int(TABLES * share), 10)
            asked = has_mdss and customers <= MDSS_CUSTOMERS
            others: list[tuple[bool, bool, float, float]] = []
            for seed in range(tables):
                rng = np.random.default_rng([SEED, customers, int(100 * ratio), seed])
                table = drawn(rng, customers, ratio)
                start = perf_counter()
                found = table.scan(seed)
                kept = table.distinct(found)
                spent += perf_counter() - start
                leader = found.slices[0]
                first += leader.levels == PLANTED
                sure += leader.levels == PLANTED and leader.p_adjusted <= ALPHA
                alone += kept == [PLANTED]
                if asked and seed < max(int(MDSS_TABLES * share), 3):
                    start = perf_counter()
                    subset = mdss(table, seed)
                    taken = perf_counter() - start
                    exactly = subset == {c: [level] for c, level in PLANTED}
                    row = (bool(subset), exactly, overlap(table, subset), taken)
                    others.append(row)
            told = ["not run" if has_mdss else "not installed"] + [""] * 3
            if others:
                some, hits, near, took = np.mean(np.array(others, dtype=float), axis=0)
                told = [f"{some:.0%} of {len(others)}", f"{hits:.0%}"]
                told += [f"{near:.2f}", f"{took:.1f}"]
            yield (
                f"| {customers:,} | {ratio} | {first / tables:.0%} | "
                f"{sure / tables:.0%} | {alone / tables:.0%} | {1000 * spent / tables:.0f} | "
                f"{' | '.join(told)} |"
            )


def times(share: float) -> Iterator[str]:
    """Yield the time of one scan with 999 replicates at depth 3."""
    yield "| customers | columns | live cells | slices | s |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    wide = (*SIZES, 3, 4, 5)
    for customers, sizes in (
        (100_000, SIZES),
        (10_000_000, SIZES),
        (100_000, wide),
        (10_000_000, wide),
    ):
        rng = np.random.default_rng([SEED, customers, len(sizes)])
        table = drawn(rng, customers, 0.9, sizes)
        start = perf_counter()
        found = table.scan(1, 999 if share == 1 else 99)
        yield (
            f"| {customers:,} | {len(sizes)} | {np.count_nonzero(table.n):,} | "
            f"{len(found.slices):,} | {perf_counter() - start:.1f} |"
        )


TITLES = {
    "Fair selections": errors,
    f"One slice of two columns planted among 5 (rate {RATE:g})": planted,
    "Time of one scan": times,
}
NOTE = (
    "Made by `python -m benchmarks.scan --write`; seeded, times apart. Depth 3, slices "
    "with 5 expected or more. Ratio 1: nothing is planted. Significant: an adjusted p of "
    "5 % or less. MDSS: AIF360's `bias_scan`, Bernoulli, 10 restarts, "
    f"penalty {MDSS_PENALTY:g}, on rows of at most {MDSS_CUSTOMERS:,} customers. It "
    "gives no p-value. The overlap is of customers: in both over in either."
)


def main() -> int:
    """Print the tables; with ``--write`` store them beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenth", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = ["# Scan of slices", "", NOTE]
    for title, part in TITLES.items():
        lines += ["", f"## {title}", ""]
        for line in part(0.1 if options.tenth else 1.0):
            print(line, flush=True)
            lines.append(line)
    text = "\n".join(lines) + "\n"
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    return 1 if "| NO |" in text else 0


if __name__ == "__main__":
    sys.exit(main())
