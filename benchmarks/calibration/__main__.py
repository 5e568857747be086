"""Simulate the coverage and the mean width of every interval of the library.

``python -m benchmarks.calibration --write`` stores the whole table in
``benchmarks/calibration.md``; ``--tenth`` draws a tenth of the replicates and stores
nothing. Exit code 1: a row lies outside its band by more than 3 standard errors.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.calibration import conditional, extremes, pairs, scores_values
from benchmarks.calibration.rows import HEADER, Row

PARTS: tuple[ModuleType, ...] = (pairs, extremes, conditional, scores_values)
REPLICATES = 4000
SEED = 20_261_123
TABLE = Path(__file__).parent.with_suffix(".md")
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed} rows, last: {task.fields[last]}"),
    TimeElapsedColumn(),
)


def name_of(part: ModuleType) -> str:
    """Return the name that ``--only`` knows a part by."""
    return part.__name__.rpartition(".")[2]


def simulated(names: list[str], replicates: int, seed: int) -> dict[str, list[Row]]:
    """Return the rows of each part, with a progress bar on the error stream."""
    found: dict[str, list[Row]] = {}
    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        for part in PARTS:
            name = name_of(part)
            if name not in names:
                continue
            task = progress.add_task(name, total=None, last="")
            found[name] = []
            for row in part.rows(replicates, seed):
                found[name].append(row)
                last = f"{row.interval}, {row.setting}"
                progress.update(task, advance=1, last=last)
            progress.update(task, total=len(found[name]))
    return found


def document(found: dict[str, list[Row]], replicates: int, seed: int) -> str:
    """Return the whole text of the stored table."""
    how = (
        "Made by `python -m benchmarks.calibration --write`; "
        f"{replicates:,} replicates a row (a quarter for the bootstrap, a hundredth for "
        f"fairlearn), seed {seed}. Nominal 95 %. Coverage with its standard error; a "
        "row holds within 3 of them. Mean width of the finite intervals; `of closed "
        "form` is its ratio to that of the simultaneous interval on the same draws. A "
        "row without a band promises nothing."
    )
    lines = ["# Coverage and width of the intervals", "", how]
    for name, rows in found.items():
        cells = [f"| {' | '.join(row.cells())} |" for row in rows]
        lines += ["", f"## {name.replace('_', ' ')}", "", HEADER, *cells]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the parts asked for and say which rows leave their band."""
    names = [name_of(part) for part in PARTS]
    parser = argparse.ArgumentParser(prog="calibration", description=__doc__)
    parser.add_argument("--tenth", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=names, action="append")
    options = parser.parse_args()
    if options.write and (options.tenth or options.only):
        parser.error("--write stores the whole table: not with --tenth or --only")
    replicates = REPLICATES // 10 if options.tenth else REPLICATES
    found = simulated(options.only or names, replicates, options.seed)
    if options.write:
        text = document(found, replicates, options.seed)
        TABLE.write_text(text, encoding="utf-8")
    rows = [row for part in found.values() for row in part]
    outside = [row for row in rows if not row.holds]
    for row in outside:
        print(" | ".join(row.cells()))
    print(f"{len(rows)} rows, {len(outside)} outside their band")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
