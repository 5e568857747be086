"""Speed of the checks: on counts, over slices, and of the columns that a profile uses.

Part of the table of ``python -m benchmarks.speed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

import fairness as fa
from benchmarks.speed_table import BY, CHUNK, Result, best, frame
from fairness.checks import FAMILIES
from fairness.counts import count

COLUMNS = 10
BINS = 20
STEPS = 4096
SAMPLE = 1_000_000

Table = pd.DataFrame


def on_counts(rows: int = 10_000_000) -> Iterator[Result]:
    """Every check on the counts of 5 attributes, 10 intersections and a stratum."""
    table = with_numbers(frame(rows))
    options: dict[str, Any] = {
        "selected": "selected",
        "outcome": "responded",
        "by": list(BY),
        "strata": "tier",
        "score": "score",
        "value": "value",
        "value_cap": 30,
    }
    counted = count(table, **options)

    def audit() -> fa.Audit:
        made = fa.Audit.of_counts(
            counted.counts,
            bins=counted.bins,
            values=counted.values,
            value_cap=30,
            intersections=2,
            offer="beneficial",
        )
        _ = made.tables
        return made

    def run(names: list[str]) -> Callable[[], None]:
        def step() -> None:
            made = audit()
            start = perf_counter()
            for name in names:
                made.check(name)
            taken.append(perf_counter() - start)

        return step

    taken: list[float] = []
    every = [name for name in FAMILIES if name not in {"slices", "proxies"}]
    step = run(every)
    for _ in range(4):
        step()
    ours = float(np.median(taken[1:]))
    yield Result(
        f"all checks on the counts of {rows / 1e6:.0f}M rows",
        ours,
        "",
        0,
        "< 1 s",
        ours < 1,
    )
    taken.clear()
    run(["slices"])()
    yield Result(
        f"worst slices, {rows / 1e6:.0f}M rows, {len(counted.counts.n):,} cells",
        taken[0],
        "",
        0,
        "< 10 s",
        taken[0] < 10,
    )


def with_numbers(table: Table) -> Table:
    """Return the benchmark's customers with a stratum and an offered value."""
    rng = np.random.default_rng(3)
    tiers = rng.integers(0, 4, len(table)).astype(np.int8)
    table["tier"] = pd.Categorical.from_codes(tiers, list("abcd"))
    table["value"] = rng.gamma(3.0, 5.0, len(table)).astype(np.float32)
    return table


def of_proxies(rows: int = 10_000_000) -> Iterator[Result]:
    """Scan ten columns, next to a look-up table and one bincount a column."""
    table = frame(rows)[[*BY, "selected"]]
    rng = np.random.default_rng(5)
    names = [f"x{i}" for i in range(COLUMNS)]
    for name in names:
        table[name] = rng.normal(size=rows).astype(np.float32)
    probe = best(lambda: probe_lookup(table, names), 3)

    def ours() -> None:
        made = fa.audit(
            table, selected="selected", by=list(BY), uses=names, offer="beneficial"
        )
        made.check("proxies")

    def without() -> None:
        fa.audit(table, selected="selected", by=list(BY), offer="beneficial")

    seconds = best(ours, 3) - best(without, 3)
    yield Result(
        f"proxies: {COLUMNS} columns x {len(BY)} attributes, {rows / 1e6:.0f}M rows",
        seconds,
        "look-up table and joint bincount",
        probe,
        "≤ 2x",
        seconds <= 2 * probe,
    )


def probe_lookup(table: Table, names: list[str]) -> list[float]:
    """Bin each column through a table of steps, and count it by the joint cell."""
    codes = [table[name].cat.codes.to_numpy() for name in BY]
    sizes = [table[name].cat.categories.size for name in BY]
    joint = np.zeros(len(table), np.uint16)
    for code, size in zip(codes, sizes, strict=True):
        joint *= np.uint16(size)
        joint += code.astype(np.uint16)
    cells = int(np.prod(sizes))
    found = []
    for name in names:
        values = table[name].to_numpy()
        low, high = float(values.min()), float(values.max())
        part = values[:: max(len(values) // SAMPLE, 1)]
        edges = np.quantile(part, np.arange(1, BINS) / BINS)
        steps = low + (np.arange(STEPS) + 0.5) * (high - low) / STEPS
        lookup = np.searchsorted(edges, steps).astype(np.uint32)
        scale = np.float32(STEPS / (high - low) * (1 - 1e-6))
        total = np.zeros(cells * BINS, np.int64)
        for start in range(0, len(values), CHUNK * 4):
            rows = slice(start, start + CHUNK * 4)
            place = ((values[rows] - np.float32(low)) * scale).astype(np.uint16)
            key = joint[rows].astype(np.uint32) * np.uint32(BINS) + lookup[place]
            total += np.bincount(key, minlength=cells * BINS)
        shares = total.reshape(*sizes, BINS) / len(values)
        for axis in range(len(sizes)):
            away = tuple(i for i in range(len(sizes)) if i != axis)
            found.append(_information(shares.sum(axis=away)))
    return found


def _information(shares: np.ndarray) -> float:
    """Return the mutual information of a table of shares."""
    apart = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    there = shares > 0
    return float((shares[there] * np.log(shares[there] / apart[there])).sum())
