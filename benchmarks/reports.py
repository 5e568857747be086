"""How long a report takes, and how large it is.

``python -m benchmarks.reports`` prints the table; ``--write`` stores it in
``benchmarks/reports.md``. Each row is the median of runs in processes of their own: the
first report of a process, imports and fonts included, and one more of the same payload.
Beside it, in the same process, matplotlib's own dots with error bars, written as SVG: the
least that a page with one picture costs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

ROWS = 40_000
# Attributes of these sizes and all pairs of them have 351 groups.
SIZES = (3, 4, 6, 6, 10)
CASES = ("351 groups, fair", "351 groups, a gap in one", "16 groups, fair")


def payload_of(case: str) -> dict[str, Any]:
    """Return a judged payload of random groups, one of which is picked less often."""
    import fairness as fa

    rng = np.random.default_rng(5)
    sizes = SIZES if case.startswith("351") else (4, 5, 7)
    names = [f"attribute {place}" for place in range(len(sizes))]
    table = pd.DataFrame(
        {
            name: rng.integers(0, size, ROWS)
            for name, size in zip(names, sizes, strict=True)
        }
    )
    rate = np.full(ROWS, 0.1)
    if "gap" in case:
        rate[table[names[-1]] == 0] = 0.05
    table = table.astype(str).assign(s=(rng.random(ROWS) < rate).astype(int))
    audit = fa.audit(
        table,
        selected="s",
        by=names,
        intersections=2 if len(sizes) == len(SIZES) else 1,
        offer="beneficial",
    )
    return audit.gate("us-four-fifths").to_dict()


def one(case: str) -> dict[str, float]:
    """Time the first report of this process, a second one, and a plain picture."""
    from fairness.reports import render

    payload = payload_of(case)
    begin = perf_counter()
    page = render(payload, "html")
    first = perf_counter() - begin
    begin = perf_counter()
    render(payload, "html")
    again = perf_counter() - begin
    return {
        "groups": len(payload["groups"]),
        "first": first,
        "again": again,
        "plain": _plain(),
        "kilobytes": len(page.encode()) / 1000,
        "pictures": page.count("<svg"),
    }


def _plain() -> float:
    import io

    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    times = []
    for _ in range(5):
        begin = perf_counter()
        figure = Figure(figsize=(6, 3))
        ax = figure.subplots()
        ax.errorbar(np.ones(7), np.arange(7), xerr=np.full(7, 0.2), fmt="o")
        ax.set_yticks(range(7), [f"group {place}" for place in range(7)])
        FigureCanvasSVG(figure).print_svg(io.StringIO())
        times.append(perf_counter() - begin)
    return float(np.median(times))


def table(runs: int) -> str:
    """Return the table as Markdown."""
    lines = [
        "| report | groups | pictures | kB | first, s | again, s | plain picture, s | again to plain pictures |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in CASES:
        found = [_in_a_process(case) for _ in range(runs)]
        mid = {
            name: float(np.median([each[name] for each in found])) for name in found[0]
        }
        ratio = mid["again"] / (mid["plain"] * mid["pictures"])
        lines.append(
            f"| {case} | {mid['groups']:.0f} | {mid['pictures']:.0f} | {mid['kilobytes']:.0f} "
            f"| {mid['first']:.2f} | {mid['again']:.2f} | {mid['plain']:.3f} | {ratio:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _in_a_process(case: str) -> dict[str, float]:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.reports", "--one", case],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return json.loads(told.splitlines()[-1])


def main() -> None:
    """Print the table, or time one report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", metavar="CASE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one)))
        return
    made = table(given.runs)
    print(made)
    if given.write:
        path = Path(__file__).with_suffix(".md")
        path.write_text(
            f"# Reports\n\n{made}\nPromise: 351 groups in under 1 s, under 500 kB.\n"
        )


if __name__ == "__main__":
    main()
