"""Speed next to the bare probes and to fairlearn, as ratios within one run.

``python -m benchmarks.speed`` prints the table of the jobs below; ``--write`` stores it
in ``benchmarks/speed.md``. ``--large`` adds the 100M rows from Parquet (about 0.6 GB of
disk for some minutes) and ``--spark`` the Spark job. Absolute times depend on the
machine and on what else it does: read the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

import fairness as fa
from benchmarks.speed_checks import of_proxies, on_counts
from benchmarks.speed_table import BY, CHUNK, Result, best, frame
from fairness.counts import GroupCounts, count, count_scores
from fairness.inference import bootstrap_cells
from pipelines.crm import generate_parquet

FAIRLEARN_ROWS = 20_000
THRESHOLDS = 100


def probe_bincount(table: pd.DataFrame) -> np.ndarray:
    """Chunked bincount over the joint cell, from category codes: the limit."""
    codes = [table[name].cat.codes.to_numpy() for name in BY]
    codes += [table["selected"].to_numpy(), table["responded"].to_numpy()]
    sizes = [table[name].cat.categories.size for name in BY] + [2, 2]
    cells = int(np.prod(sizes))
    total = np.zeros(cells, np.int64)
    for start in range(0, len(table), CHUNK):
        end = start + CHUNK
        index = codes[0][start:end].astype(np.uint16)
        for code, size in zip(codes[1:], sizes[1:], strict=True):
            index *= np.uint16(size)
            index += code[start:end].astype(np.uint16)
        total += np.bincount(index, minlength=cells)
    return total


def probe_histogram(table: pd.DataFrame) -> np.ndarray:
    """Joint histogram of the cell and the score bin: the limit for thresholds."""
    codes = [table[name].cat.codes.to_numpy() for name in BY]
    sizes = [table[name].cat.categories.size for name in BY]
    score = table["score"].to_numpy()
    cells = int(np.prod(sizes)) * THRESHOLDS
    total = np.zeros(cells, np.int64)
    step = max(CHUNK, cells)
    for start in range(0, len(table), step):
        end = start + step
        index = codes[0][start:end].astype(np.uint32)
        for code, size in zip(codes[1:], sizes[1:], strict=True):
            index *= np.uint32(size)
            index += code[start:end].astype(np.uint32)
        index *= np.uint32(THRESHOLDS)
        index += np.minimum(score[start:end] * THRESHOLDS, THRESHOLDS - 1).astype(
            np.uint32
        )
        total += np.bincount(index, minlength=cells)
    return total


def probe_groupbys(table: pd.DataFrame) -> None:
    """One pandas group-by a grouping, as it is usually written."""
    for names in [*combinations(BY, 1), *combinations(BY, 2)]:
        table.groupby(list(names), observed=True)["selected"].agg(["size", "sum"])


def probe_polars(table: Any) -> None:
    """One polars group-by a grouping."""
    for names in [*combinations(BY, 1), *combinations(BY, 2)]:
        table.group_by(list(names)).agg(pl.len(), pl.col("selected").sum())


def fairlearn_seconds(table: pd.DataFrame) -> float:
    """Return the time of fairlearn's MetricFrame over the 15 groupings, a row."""
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from fairlearn.metrics import (
        count as size,
    )
    from sklearn.metrics import accuracy_score, precision_score

    metrics = {
        "count": size,
        "selection_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "accuracy": accuracy_score,
        "precision": lambda y, p: precision_score(y, p, zero_division=0),
    }
    part = table.head(FAIRLEARN_ROWS)
    start = perf_counter()
    for names in [*combinations(BY, 1), *combinations(BY, 2)]:
        MetricFrame(
            metrics=metrics,
            y_true=part["responded"],
            y_pred=part["selected"],
            sensitive_features=part[list(names)].astype(str),
        ).by_group  # computed on access
    return (perf_counter() - start) / FAIRLEARN_ROWS


def whole_audit(table: pd.DataFrame) -> None:
    """Everything: counts, 15 groupings, measures, intervals, tests, verdict."""
    made = fa.audit(
        table,
        selected="selected",
        outcome="responded",
        by=list(BY),
        intersections=2,
        offer="beneficial",
    )
    made.gate("us-four-fifths").to_dict()


def bootstrap_all(counts: GroupCounts) -> None:
    """1,000 replicates of the 15 groupings."""
    for seed, names in enumerate(counts.groupings(2)):
        bootstrap_cells(counts.table(names).cells.sum(axis=2), 1000, seed=seed)


def whole_audits() -> Iterator[Result]:
    """Whole audits of 1M rows, next to what others need for parts of it."""
    table = frame(1_000_000)
    per_row = fairlearn_seconds(table)
    ours = best(lambda: whole_audit(table))
    theirs = per_row * len(table)
    yield Result(
        "whole audit, 1M rows of categoricals",
        ours,
        f"fairlearn MetricFrame, {FAIRLEARN_ROWS:,} rows measured, scaled",
        theirs,
        "< 0.3 s, ≥ 1,000x fairlearn",
        ours < 0.3 and theirs >= 1000 * ours,
    )
    yield Result(
        "",
        ours,
        "15 pandas group-bys (counts alone)",
        best(lambda: probe_groupbys(table), 3),
        "",
        holds=True,
    )
    other = pl.from_pandas(table)
    seconds = best(lambda: probe_polars(other), 3)
    yield Result(
        "", ours, "15 polars group-bys (counts alone)", seconds, "", holds=True
    )
    strings = frame(1_000_000, "str")
    ours = best(lambda: whole_audit(strings))
    yield Result("whole audit, 1M rows of strings", ours, "", 0, "< 0.5 s", ours < 0.5)
    counts = count(table, by=list(BY), selected="selected").counts
    ours = best(lambda: bootstrap_all(counts))
    yield Result(
        "1,000 bootstrap replicates of 15 groupings", ours, "", 0, "< 0.2 s", ours < 0.2
    )


def ten_million() -> Iterator[Result]:
    """Count 10M rows, and their thresholds, next to the limit."""
    table = frame(10_000_000)
    probe = best(lambda: probe_bincount(table))
    ours = best(
        lambda: count(table, by=list(BY), selected="selected", outcome="responded")
    )
    yield Result(
        "counts of 10M rows, pandas categoricals",
        ours,
        "chunked bincount",
        probe,
        "≤ 1.5x",
        ours <= 1.5 * probe,
    )
    probe = best(lambda: probe_histogram(table), 3)
    ours = best(lambda: thresholds(table), 3)
    yield Result(
        "disparity at 100 thresholds, 10M rows",
        ours,
        "joint histogram",
        probe,
        "≤ 2x",
        ours <= 2 * probe,
    )


def thresholds(table: pd.DataFrame) -> None:
    """Count scores and compute every group's rate at 100 thresholds."""
    bins = count_scores(table, by=list(BY), score="score", bins=THRESHOLDS)
    for name in BY:
        bins.rates(name)


def commands() -> Iterator[Result]:
    """Start-up of the command."""
    root = Path(__file__).parent.parent
    samples = root / "data" / "samples"
    command = [sys.executable, "-m", "pipelines.cli"]
    check = [
        *command, "check", str(samples / "customers.csv"), "--id", "customer_id",
        "--audience", str(samples / "audiences" / "spring_card.csv"),
        "--protected", str(samples / "protected.csv"),
        "--by", "gender,birth_date,ethnicity", "--bands", "birth_date=18,30,45,60",
        "--as-of", "2026-11-01", "--intersections", "2",
    ]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": root}
    ours = best(lambda: subprocess.run([*command, "--help"], check=False, **quiet))
    yield Result("fairreach --help", ours, "", 0, "< 0.3 s", ours < 0.3)
    ours = best(lambda: subprocess.run(check, check=False, **quiet))
    yield Result("fairreach check of the sample", ours, "", 0, "< 1.0 s", ours < 1.0)


_CHILD = """
import sys, time
import duckdb
from fairness.counts import count
start = time.perf_counter()
made = count(sys.argv[1], by={by!r}, selected="selected", outcome="responded")
print(time.perf_counter() - start, made.counts.rows)
# Not ru_maxrss: that remembers the parent's size from before exec.
status = open("/proc/self/status").read()
print(status.split("VmHWM:")[1].split()[0])
"""

_BARE = """
import sys, time
import duckdb
duckdb.sql("SET enable_progress_bar = false")
start = time.perf_counter()
duckdb.sql("SELECT {keys}, selected, responded, count(*) FROM read_parquet('" + sys.argv[1]
    + "') GROUP BY ALL").fetchall()
print(time.perf_counter() - start)
"""


def from_parquet(rows: int) -> Iterator[Result]:
    """Count a table that does not fit in memory, next to DuckDB's bare GROUP BY."""
    with tempfile.TemporaryDirectory() as folder:
        generate_parquet(Path(folder), customers=rows, seed=7, files=4)
        pattern = str(Path(folder) / "*.parquet")
        bare, ours, resident = [], [], 0.0
        for _ in range(3):
            code = _BARE.format(keys=", ".join(BY))
            bare.append(float(_run(code, pattern).split()[0]))
            said = _run(_CHILD.format(by=list(BY)), pattern).split()
            ours.append(float(said[0]))
            resident = max(resident, int(said[2]) / 1024)
        seconds, probe = float(np.median(ours)), float(np.median(bare))
        yield Result(
            f"counts of {rows / 1e6:.0f}M rows from Parquet, {resident:.0f} MB resident",
            seconds,
            "DuckDB bare GROUP BY",
            probe,
            "≤ 1.3x, < 500 MB at 100M",
            rows < 100_000_000 or (seconds <= 1.3 * probe and resident < 500),
        )


def _run(code: str, argument: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, argument],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    return done.stdout


def on_spark(rows: int = 1_000_000) -> Iterator[Result]:
    """Count a Spark frame, next to the bare GROUP BY on the same frame."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    session = SparkSession.builder.master("local[2]").appName("speed").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        generate_parquet(Path(folder), customers=rows, seed=7, files=2)
        table = session.read.parquet(folder).cache()
        table.count()
        bare = best(
            lambda: (
                table.groupBy(*BY, "selected", "responded").agg(f.count("*")).collect()
            ),
            5,
        )
        ours = best(
            lambda: count(table, by=list(BY), selected="selected", outcome="responded"),
            5,
        )
        yield Result(
            f"counts of {rows / 1e6:.0f}M rows on Spark",
            ours,
            "bare GROUP BY on the same frame",
            bare,
            "≤ 1.1x",
            ours <= 1.1 * bare,
        )
    session.stop()


def main() -> int:
    """Print the table; with ``--write`` store it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = [
        "| job | fairreach | next to | its time | ratio | target | holds |",
        "| --- | ---: | --- | ---: | ---: | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    fine = True
    rows = 100_000_000 if options.large else 10_000_000
    jobs = [commands(), whole_audits(), ten_million(), on_counts(), of_proxies()]
    jobs.append(from_parquet(rows))
    jobs += [on_spark()] if options.spark else []
    for job in jobs:
        for result in job:
            lines.append(result.line())
            print(lines[-1], flush=True)
            fine &= result.holds
    if options.write:
        Path(__file__).with_suffix(".md").write_text(
            "# Speed\n\nMade by `python -m benchmarks.speed --write` on a machine of two "
            "cores; medians within one run. 5 attributes, 10 intersections, 351 groups.\n\n"
            + "\n".join(lines)
            + "\n",
            encoding="utf-8",
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
