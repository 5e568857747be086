"""A row of the table of speeds, its timing, and the customers that are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from pipelines.crm import bench_chunk

BY = ("sex", "disability", "age_band", "ethnicity", "region")
CHUNK = 65_536


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    job: str
    ours: float
    probe: str
    probe_seconds: float
    target: str
    holds: bool
    note: str = ""

    def line(self) -> str:
        """Return the row in Markdown."""
        cells = (
            self.job,
            _seconds(self.ours),
            self.probe,
            _seconds(self.probe_seconds) if self.probe_seconds else "",
            _times(self.ours, self.probe_seconds),
            self.target,
            "yes" if self.holds else "NO",
        )
        return f"| {' | '.join(cells)} |"


def _seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def _times(ours: float, probe: float) -> str:
    """Return how many times as long it takes, or how many times faster it is."""
    if not probe:
        return ""
    if ours > 0.5 * probe:
        return f"{ours / probe:.2f}x"
    return (
        f"{probe / ours:,.1f}x faster"
        if probe < 100 * ours
        else f"{probe / ours:,.0f}x faster"
    )


def best(step: Callable[[], Any], runs: int = 5) -> float:
    """Return the median of some runs, after one that is not counted."""
    step()
    times = []
    for _ in range(runs):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    return float(np.median(times))


def frame(rows: int, kind: str = "category") -> pd.DataFrame:
    """Return the benchmark's customers as pandas, attributes of a given dtype."""
    chunk = bench_chunk(rows, 7)
    columns: dict[str, Any] = {}
    for name in BY:
        made = pd.Categorical.from_codes(
            chunk["codes"][name], list(chunk["labels"][name])
        )
        columns[name] = made if kind == "category" else pd.Series(made).astype(kind)
    columns["selected"] = chunk["selected"]
    columns["responded"] = chunk["responded"]
    columns["score"] = chunk["score"]
    return pd.DataFrame(columns)
