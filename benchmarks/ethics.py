"""What it costs to look at how a campaign treats people, beside the campaign itself.

``python -m benchmarks.ethics`` prints the tables; ``--write`` stores them in
``benchmarks/ethics.md``. 1M customers and 5M consent records as Parquet, with contacts,
flags, answers and birth dates. Both sides run the same campaign with a trained score
and a consent stage, each in a process of its own, in turns: one is judged by the
four-fifths pack, the other by it and one rule on each metric of conduct about people.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CUSTOMERS = 1_000_000
CONSENTS_EACH = 5
CONTACTS_EACH = 3
ON = date(2026, 11, 1)
WARM_UP = 20_000
SIDES = ("bare", "ethics")

CAMPAIGN = """schema = "fairreach/campaign/1"
name = "bench-{side}"
owner = "bench"
as_of = 2026-11-01

[offer]
name = "A voucher"
polarity = "beneficial"

[tables]
customers = "customers.parquet"
protected = "protected.parquet"
responses = "responses.parquet"
consents = "consents.parquet"
contacts = "contacts.parquet"
vulnerability = "vulnerability.parquet"

[protected]
by = ["gender", "birth_date", "ethnicity"]
bands.birth_date = [18, 30, 45, 60]
intersections = 2

[contact]
brand = "Nordia"
product = "bingo"
address = "email"
signal = "gpc"

[vulnerability]
flags.arrears = []

[creative]
column = "ad"

[export]
platform = "google"

[funnel.consent]
channel = "email"
brand = "Nordia"

[funnel.suppression]
fraud = "fraud = 1"

[funnel.clauses]
active = "orders >= 1"

[funnel.score]
model = "logistic"
columns = ["orders", "spend"]
top_share = 0.5

[policy]
use = {policies}
"""

RULES: dict[str, dict[str, Any]] = {
    "objectors": {},
    "without_consent": {},
    "product_channel_consent": {},
    "consent_parity": {},
    "suppression_parity": {},
    "missing_contact_parity": {},
    "events_over_retention": {"days": 730},
    "over_cap": {"cap": 8, "days": 30},
    "pressure_ratio": {"cap": 8, "days": 30},
    "zero_tolerance": {"flags": ["bereaved", "self_excluded", "arrears"]},
    "vulnerable_share_ratio": {},
    "vulnerable_outcome_ratio": {},
    "under_age": {"age": 18, "unknown": "ignore"},
    "privacy_signals": {},
    "creative_association": {},
}


def write_crm(folder: Path, customers: int, *, seed: int = 5) -> Path:
    """Write all tables, the campaigns and the policy."""
    rng = np.random.default_rng(seed)
    ids = pa.array([f"C{place:09d}" for place in range(customers)])
    tables = {
        "customers": _customers(rng, ids, customers),
        "protected": {
            "customer_id": ids,
            "gender": rng.choice(["f", "m", "x"], customers, p=[0.5, 0.49, 0.01]),
            "birth_date": _days(rng, customers, 7_000, 29_000),
            "ethnicity": rng.choice(list("abcd"), customers, p=[0.6, 0.2, 0.15, 0.05]),
        },
        "consents": _consents(rng, ids, customers),
        "contacts": _events(rng, ids, customers * CONTACTS_EACH),
        "responses": _responses(rng, ids, customers // 10),
        "vulnerability": _flags(rng, ids, customers // 50),
    }
    for name, columns in tables.items():
        pq.write_table(
            pa.table(columns), folder / f"{name}.parquet", compression="zstd"
        )
    _write_policy(folder / "people.toml")
    for side in SIDES:
        use = ["us-four-fifths", *(["people.toml"] if side == "ethics" else [])]
        text = CAMPAIGN.format(side=side, policies=json.dumps(use))
        (folder / f"{side}.toml").write_text(text)
    return folder


def _customers(rng: np.random.Generator, ids: Any, rows: int) -> dict[str, Any]:
    return {
        "customer_id": ids,
        "orders": rng.poisson(3, rows).astype(np.int32),
        "spend": rng.gamma(2, 60, rows).round(2),
        "email": np.where(rng.random(rows) < 0.06, "", "someone@example.org"),
        "arrears": rng.random(rows) < 0.1,
        "gpc": rng.random(rows) < 0.02,
        "fraud": (rng.random(rows) < 0.03).astype(np.int8),
        "ad": rng.choice(["home", "work", "away"], rows),
    }


def _days(rng: np.random.Generator, rows: int, least: int, most: int) -> Any:
    back = rng.integers(least, most, rows).astype("timedelta64[D]")
    return pa.array(np.datetime64(ON) - back)


def _consents(rng: np.random.Generator, ids: Any, customers: int) -> dict[str, Any]:
    rows = customers * CONSENTS_EACH
    purposes = ["marketing", "profiling", "sharing", "bingo"]
    return {
        "customer_id": ids.take(pa.array(rng.integers(0, customers, rows))),
        "purpose": rng.choice(purposes, rows, p=[0.6, 0.15, 0.05, 0.2]),
        "channel": rng.choice(["email", "sms", "post"], rows, p=[0.6, 0.2, 0.2]),
        "status": rng.choice(
            ["OptIn", "OptOut", "NotSeen", "Objected"],
            rows,
            p=[0.85, 0.1, 0.045, 0.005],
        ),
        "captured_at": _days(rng, rows, 1, 900),
        "source": rng.choice(["web", "store"], rows),
        "brand": rng.choice(["Nordia", "Calla"], rows, p=[0.9, 0.1]),
    }


def _events(rng: np.random.Generator, ids: Any, rows: int) -> dict[str, Any]:
    return {
        "customer_id": ids.take(pa.array(rng.integers(0, len(ids), rows))),
        "date": _days(rng, rows, 1, 60),
        "channel": rng.choice(["email", "sms"], rows),
        "campaign": rng.choice(["autumn", "winter"], rows),
    }


def _responses(rng: np.random.Generator, ids: Any, rows: int) -> dict[str, Any]:
    asked = rng.permutation(len(ids))[:rows]
    return {
        "customer_id": ids.take(pa.array(asked)),
        "campaign": np.full(rows, "spring"),
        "responded": (rng.random(rows) < 0.2).astype(np.int8),
        "date": _days(rng, rows, 100, 400),
    }


def _flags(rng: np.random.Generator, ids: Any, rows: int) -> dict[str, Any]:
    return {
        "customer_id": ids.take(pa.array(rng.integers(0, len(ids), rows))),
        "flag": rng.choice(["bereaved", "self_excluded", "minor"], rows),
        "driver": np.full(rows, "life_event"),
        "evidence": np.full(rows, "declared"),
        "since": _days(rng, rows, 1, 900),
    }


def _write_policy(path: Path) -> None:
    from fairness.metrics import METRICS

    lines = ['schema = "fairreach/policy/1"', 'name = "people"', 'version = "1"']
    lines += ['title = "People"', 'jurisdiction = "none"', "as_of = 2026-11-01"]
    lines += ['disclaimer = "A benchmark."', "required = []"]
    for metric, params in RULES.items():
        testable = METRICS[metric].testable
        told = ", ".join(f"{name} = {json.dumps(one)}" for name, one in params.items())
        lines += [
            "",
            "[[rules]]",
            f'id = "{metric.replace("_", "-")}"',
            'title = "One"',
        ]
        lines += [f'metric = "{metric}"', f"at_most = {1 if testable else 0}"]
        lines += [f'evidence = "{"significant" if testable else "point"}"']
        lines += ['severity = "block"', 'status = "practice"', 'why = "A benchmark."']
        lines += [f"params = {{ {told} }}"] if params else []
        lines += ['citation = { source = "practice", as_of = 2026-11-01 }']
    path.write_text("\n".join(lines) + "\n")


def one(side: str, folder: Path) -> dict[str, Any]:
    """Run one side in this process: seconds, and those of each metric."""
    import resource

    from pipelines.campaign.conduct import Scene
    from pipelines.campaign.load import load_campaign
    from pipelines.campaign.run import run_campaign

    with tempfile.TemporaryDirectory() as small:
        small_folder = write_crm(Path(small), WARM_UP)
        run_campaign(
            load_campaign(small_folder / f"{side}.toml"), directory=small_folder
        )
    seconds: dict[str, float] = {}
    observe = Scene.observe

    def timed(scene: Scene, metric: str, params: Any) -> Any:
        begin = perf_counter()
        found = observe(scene, metric, params)
        seconds[metric] = perf_counter() - begin
        return found

    Scene.observe = timed  # type: ignore[method-assign]
    begin = perf_counter()
    run = run_campaign(load_campaign(folder / f"{side}.toml"), directory=folder)
    whole = perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    audience = int(run.walked.selected.sum())
    return {"whole": whole, "metrics": seconds, "peak": peak, "audience": audience}


def in_a_process(side: str, folder: Path) -> dict[str, Any]:
    """Run one side in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.ethics", "--one", side, str(folder)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(told.splitlines()[-1])


def tables(customers: int, runs: int) -> str:
    """Return both tables as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        crm = write_crm(Path(folder), customers)
        rounds = [
            {side: in_a_process(side, crm) for side in SIDES} for _ in range(runs)
        ]
    bare = np.median([each["bare"]["whole"] for each in rounds])
    ethics = np.median([each["ethics"]["whole"] for each in rounds])
    observed = np.median([sum(each["ethics"]["metrics"].values()) for each in rounds])
    more = np.median([e["ethics"]["whole"] - e["bare"]["whole"] for e in rounds])
    peak = max(each["ethics"]["peak"] for each in rounds)
    head = (
        "| customers | consents | audience | campaign, s | with ethics, s | more, s "
        "| of it observing, s | peak, GiB |"
    )
    row = (
        f"| {customers:,} | {customers * CONSENTS_EACH:,} "
        f"| {rounds[0]['ethics']['audience']:,} | {bare:.2f} | {ethics:.2f} "
        f"| {more:.2f} | {observed:.2f} | {peak:.2f} |"
    )
    lines = [
        head,
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        row,
        "",
        "| metric | s |",
        "| --- | ---: |",
    ]
    for metric in RULES:
        took = np.median([each["ethics"]["metrics"][metric] for each in rounds])
        lines.append(f"| {metric} | {took:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the tables, or time one side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "FOLDER"))
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one[0], Path(given.one[1]))))
        return
    made = tables(given.customers, given.runs)
    print(made)
    if given.write:
        path = Path(__file__).with_suffix(".md")
        path.write_text(f"# What looking at people costs a campaign\n\n{made}")


if __name__ == "__main__":
    main()
