"""A whole campaign next to the bare pipeline without any fairness step.

``python -m benchmarks.campaigns`` prints the table; ``--write`` stores it in
``benchmarks/campaigns.md``; ``--large`` adds the 10M customers from Parquet (some
minutes, 0.2 GB of disk). All sides read the same Parquet files, apply the same rules,
train the same score on the same answers and take the same number of customers. The bare
pipeline is this project's own without attributes, counting, judging, reports and
release; by hand is DuckDB and the score alone, which trusts its tables unread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 2**20
MODELS = ("logistic", "boosting")
SIDES = ("hand", "bare", "whole")
# Walked once before the clock starts, on every side, so that imports stay apart.
WARM_UP = 20_000
COLUMNS = ("orders", "spend", "tenure", "visits", "baskets", "returns")
DAY = "2026-11-01"
RULE = {"active": "orders >= 2", "solvent": "arrears = 0", "known": "tenure >= 90"}

CAMPAIGN = """schema = "fairreach/campaign/1"
name = "bench"
owner = "bench"
as_of = {day}

[offer]
name = "A voucher"
polarity = "beneficial"

[tables]
customers = "customers.parquet"
protected = "protected.parquet"
responses = "responses.parquet"

[protected]
by = ["gender", "birth_date", "ethnicity"]
bands.birth_date = [18, 30, 45, 60]
intersections = 2

[funnel.clauses]
{rules}

[funnel.score]
model = "{model}"
columns = {columns}
top_share = 0.1
"""


def write_crm(folder: Path, customers: int, *, seed: int = 5) -> Path:
    """Write customers, protected attributes and answers as Parquet, in chunks."""
    rng = np.random.default_rng(seed)
    writers: dict[str, pq.ParquetWriter] = {}
    for start in range(0, customers, CHUNK):
        for name, table in _chunk(rng, start, min(CHUNK, customers - start)).items():
            if name not in writers:
                writers[name] = pq.ParquetWriter(
                    folder / f"{name}.parquet", table.schema, compression="zstd"
                )
            writers[name].write_table(table)
    for writer in writers.values():
        writer.close()
    rules = "\n".join(f"{name} = {json.dumps(rule)}" for name, rule in RULE.items())
    for model in MODELS:
        text = CAMPAIGN.format(
            day=DAY, rules=rules, model=model, columns=json.dumps(list(COLUMNS))
        )
        (folder / f"{model}.toml").write_text(text)
    return folder


def _chunk(rng: np.random.Generator, start: int, rows: int) -> dict[str, pa.Table]:
    ids = pa.array([f"C{start + place:09d}" for place in range(rows)])
    values = {
        "orders": rng.poisson(3, rows).astype(np.int32),
        "spend": rng.gamma(2, 60, rows).round(2),
        "tenure": rng.integers(0, 4_000, rows).astype(np.int32),
        "visits": rng.poisson(6, rows).astype(np.int32),
        "baskets": rng.gamma(2, 20, rows).round(2),
        "returns": rng.poisson(0.4, rows).astype(np.int32),
        "arrears": (rng.random(rows) < 0.1).astype(np.int8),
    }
    days = rng.integers(-14_000, 7_000, rows).astype("timedelta64[D]")
    protected = {
        "gender": rng.choice(["f", "m", "x"], rows, p=[0.5, 0.49, 0.01]),
        "birth_date": np.datetime64("1990-01-01") + days,
        "ethnicity": rng.choice(["a", "b", "c", "d"], rows, p=[0.6, 0.2, 0.15, 0.05]),
    }
    asked = np.flatnonzero(rng.random(rows) < 0.05)
    likely = 1 / (1 + np.exp(2.5 - 0.2 * values["orders"][asked]))
    return {
        "customers": pa.table({"customer_id": ids, **values}),
        "protected": pa.table({"customer_id": ids, **protected}),
        "responses": pa.table(
            {
                "customer_id": ids.take(pa.array(asked)),
                "campaign": np.full(len(asked), "spring"),
                "responded": (rng.random(len(asked)) < likely).astype(np.int8),
            }
        ),
    }


def by_hand(folder: Path, model: str, out: Path) -> int:
    """Do it with DuckDB and the score alone, without looking at the tables first."""
    import duckdb

    from pipelines import targeting

    connection = duckdb.connect()
    customers, responses = (
        f"read_parquet('{folder / name}.parquet') AS {name}"
        for name in ("customers", "responses")
    )
    columns = ", ".join(COLUMNS)
    rule = " AND ".join(RULE.values())
    training = connection.sql(
        f"SELECT {columns}, responded FROM {customers} JOIN {responses} "
        "USING (customer_id) ORDER BY customer_id"
    ).to_arrow_table()
    scorer = targeting.fit_propensity(
        training, columns=list(COLUMNS), outcome="responded", model=model
    )
    rows = connection.sql(
        f"SELECT customer_id, {columns} FROM {customers} WHERE {rule}"
    ).to_arrow_table()
    scores = scorer.score(rows)
    number = len(scores) // 10
    best = np.argpartition(scores, len(scores) - number)[-number:]
    ids = rows["customer_id"].take(pa.array(best)).to_pylist()
    out.write_text("customer_id\n" + "\n".join(sorted(ids)) + "\n")
    return len(ids)


def bare(folder: Path, model: str, out: Path) -> int:
    """Do it with this project's own tables, rules and cut, without a fairness step."""
    from pipelines import targeting
    from pipelines.campaign import load_campaign, make_plan
    from pipelines.crm import Crm
    from pipelines.funnel import walk

    plan = make_plan(load_campaign(folder / f"{model}.toml"))
    tables = {n: folder / f"{n}.parquet" for n in ("customers", "responses")}
    with Crm.open(tables) as crm:
        assert not crm.violations
        training = crm.responses.join(crm.customers, on="customer_id", how="inner")
        ordered = training.sort("customer_id").select(*COLUMNS, "responded")
        answers = ordered.collect("pyarrow").to_native()
        walked = walk(
            crm.customers,
            id="customer_id",
            conditions=plan.conditions(),
            cuts=lambda: plan.cuts(
                targeting.fit_propensity(
                    answers, columns=list(COLUMNS), outcome="responded", model=model
                )
            ),
            reads=COLUMNS,
            draw="bench",
        )
    ids = walked.table["customer_id"].filter(pa.array(walked.selected)).to_pylist()
    out.write_text("customer_id\n" + "\n".join(sorted(ids)) + "\n")
    return len(ids)


def whole(folder: Path, model: str, out: Path) -> int:
    """Carry the campaign out and release it; return the audience."""
    from fairness.evidence import add_person, load_key, load_trust, new_key
    from pipelines.release import Authority, carry_out

    keys = folder / "keys"
    if not keys.exists():
        add_person(keys / "trust.toml", new_key("bench", keys))
    authority = Authority(load_key(keys / "bench.key"), load_trust(keys / "trust.toml"))
    outcome = carry_out(folder / f"{model}.toml", out, authority=authority)
    return len(outcome.run.audience)


def in_a_process(step: str, folder: Path, model: str) -> dict[str, float]:
    """Run one side in a process of its own: seconds, peak memory, audience."""
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.campaigns",
            "--one",
            step,
            str(folder),
            model,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return json.loads(told.splitlines()[-1])


def carried(step: str, folder: Path, model: str) -> int:
    """Run one side in this process; return the audience."""
    with tempfile.TemporaryDirectory() as target:
        if step == "whole":
            return whole(folder, model, Path(target))
        side = {"hand": by_hand, "bare": bare}[step]
        return side(folder, model, Path(target) / "audience.csv")


def one(step: str, folder: Path, model: str) -> dict[str, Any]:
    """Time one side, and read this process's peak memory."""
    import resource

    with tempfile.TemporaryDirectory() as small:
        carried(step, write_crm(Path(small), WARM_UP), model)
    begin = perf_counter()
    number = carried(step, folder, model)
    seconds = perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": seconds, "peak": peak, "audience": number}


def table(sizes: list[int], runs: int) -> str:
    """Return the table of all sizes and models, as Markdown."""
    lines = [
        (
            "| customers | model | by hand, s | bare, s | campaign, s | to bare "
            "| to by hand | peak, GiB |"
        ),
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            crm = write_crm(Path(folder), size)
            for model in MODELS:
                # In turns, so that all sides meet the same machine.
                rounds = [
                    [in_a_process(side, crm, model) for side in SIDES]
                    for _ in range(runs if size <= 2**20 else 1)
                ]
                assert len({one["audience"] for side in rounds for one in side}) == 1
                seconds = np.array(
                    [[one["seconds"] for one in each] for each in rounds]
                )
                hand, bare_, whole_ = np.median(seconds, axis=0)
                to_bare = np.median(seconds[:, 2] / seconds[:, 1])
                to_hand = np.median(seconds[:, 2] / seconds[:, 0])
                peak = max(each[2]["peak"] for each in rounds)
                lines.append(
                    f"| {size:,} | {model} | {hand:.2f} | {bare_:.2f} | {whole_:.2f} | "
                    f"{to_bare:.2f} | {to_hand:.2f} | {peak:.2f} |"
                )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, or time one side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=3, metavar=("STEP", "FOLDER", "MODEL"))
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.one:
        step, folder, model = given.one
        print(json.dumps(one(step, Path(folder), model)))
        return
    made = table([1_000_000, *([10_000_000] if given.large else [])], given.runs)
    print(made)
    if given.write:
        path = Path(__file__).with_suffix(".md")
        path.write_text(f"# A campaign next to the bare pipeline\n\n{made}")


if __name__ == "__main__":
    main()
