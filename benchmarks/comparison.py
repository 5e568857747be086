"""Coverage of a gap of nothing, and time, next to fairlearn's MetricFrame.

Run ``python -m benchmarks.comparison`` (``--write`` stores the tables in
``benchmarks/comparison.md`` and in ``docs/comparison.md``). What other tools gave is
cited there, as it was measured elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, count, selection_rate

import fairness as fa

SEED = 20_261_127
DRAWS = 100
LEVELS = (0.025, 0.975)
TABLES = 60
# Groups, customers of each, rate.
DESIGNS = ((3, 100, 0.5), (3, 1000, 0.1), (8, 300, 0.2))
SIZES = (10_000, 100_000)
ROUNDS = 3
PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
MARKS = ("<!-- figures -->", "<!-- /figures -->")


def customers(
    rng: np.random.Generator, groups: int, each: int, rate: float
) -> pd.DataFrame:
    """Draw customers of groups that are all selected at one rate."""
    return pd.DataFrame(
        {
            "group": np.repeat([f"g{place}" for place in range(groups)], each),
            "picked": (rng.random(groups * each) < rate).astype(int),
        }
    )


def by_fairlearn(frame: pd.DataFrame, seed: int) -> tuple[float, float]:
    """Return fairlearn's interval of the largest difference of selection rates."""
    made = MetricFrame(
        metrics=selection_rate,
        y_true=frame["picked"],
        y_pred=frame["picked"],
        sensitive_features=frame["group"],
        n_boot=DRAWS,
        ci_quantiles=list(LEVELS),
        random_state=seed,
    )
    low, high = made.difference_ci()
    return float(low), float(high)


def by_fairreach(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of the same difference, `max_min_gap`."""
    found = fa.audit(frame, selected="picked", by="group", offer="neutral")
    one = found.checks("max_min_gap").iloc[0]
    return float(one["low"]), float(one["high"])


def coverage(tables: int) -> Iterator[tuple[str, bool]]:
    """Yield lines on how often an interval holds the true gap, which is 0."""
    yield "| groups x customers, rate | tool | holds 0 | share | mean width |", True
    yield "| --- | --- | ---: | ---: | ---: |", True
    for place, (groups, each, rate) in enumerate(DESIGNS):
        made: dict[str, list[tuple[float, float]]] = {"fairlearn": [], "fairreach": []}
        for table in range(tables):
            rng = np.random.default_rng([SEED, place, table])
            frame = customers(rng, groups, each, rate)
            made["fairlearn"].append(by_fairlearn(frame, table))
            made["fairreach"].append(by_fairreach(frame))
        for tool, intervals in made.items():
            held = sum(low <= 0 <= high for low, high in intervals)
            width = float(np.mean([high - low for low, high in intervals]))
            # 95 % less three standard errors of this many tables.
            least = 0.95 - 3 * (0.95 * 0.05 / tables) ** 0.5
            line = (
                f"| {groups} x {each:,}, {rate:g} | {tool} | {held} of {tables} | "
                f"{held / tables:.0%} | {width:.3f} |"
            )
            yield line, tool != "fairreach" or held / tables >= least


def timed(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def speeds() -> Iterator[str]:
    """Yield lines on time, as multiples of one pandas group-by in the same round."""
    yield "| customers | what is computed | times one pandas group-by |"
    yield "| ---: | --- | ---: |"
    for size in SIZES:
        frame = customers(np.random.default_rng([SEED, size]), 5, size // 5, 0.1)
        columns = {"y_true": frame["picked"], "y_pred": frame["picked"]}
        by = {"sensitive_features": frame["group"]}

        def bare(frame: pd.DataFrame = frame) -> object:
            return frame.groupby("group")["picked"].agg(["sum", "count"])

        def peer(columns=columns, by=by) -> object:
            metrics = {"rate": selection_rate, "n": count}
            return MetricFrame(metrics=metrics, **columns, **by)

        def ours(frame: pd.DataFrame = frame) -> object:
            audit = fa.audit(frame, selected="picked", by="group", offer="beneficial")
            return audit.gate("us-four-fifths")

        jobs = {
            "fairlearn MetricFrame: rate and count of each group": peer,
            "fairreach: the same, intervals, tests, gaps, power and a verdict": ours,
        }
        ratios: dict[str, list[float]] = {job: [] for job in jobs}
        for call in (bare, *jobs.values()):
            call()
        for _ in range(ROUNDS):
            unit = timed(bare)
            for job, call in jobs.items():
                ratios[job].append(timed(call) / unit)
        for job, found in ratios.items():
            yield f"| {size:,} | {job} | {median(found):,.0f} |"


def figures(tables: int) -> tuple[list[str], bool]:
    """Return the lines of both tables, and whether ours kept its promise."""
    lines, fine = (
        ["**Does an interval hold the true gap, where all groups are equal?**", ""],
        True,
    )
    for line, ok in coverage(tables):
        print(line, flush=True)
        lines.append(line)
        fine &= ok
    lines += ["", "**Time**", ""]
    for line in speeds():
        print(line, flush=True)
        lines.append(line)
    return lines, fine


def store(lines: list[str]) -> None:
    """Write the tables beside this file, and between the marks of the page."""
    text = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(
        "# Next to fairlearn\n\n"
        "Made by `python -m benchmarks.comparison --write`; seeded, times apart. "
        f"Intervals of 95 %; fairlearn's by {DRAWS} bootstrap draws. Times are the "
        f"median of {ROUNDS} rounds, each next to a group-by of its own round.\n\n"
        f"{text}\n",
        encoding="utf-8",
    )
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(MARKS[0])[0], page.split(MARKS[1])[1]
    page = f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}"
    PAGE.write_text(page, encoding="utf-8")


def main() -> int:
    """Print the tables; with ``--write`` store them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines, fine = figures(options.tables)
    if options.write:
        store(lines)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
