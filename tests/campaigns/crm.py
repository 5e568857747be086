"""A small CRM with campaigns whose verdicts are known, written where a test says."""

import json
from pathlib import Path

import numpy as np

CUSTOMERS = 4_000
DAY = "2026-11-01"


def write_crm(folder: Path, *, customers=CUSTOMERS, seed=0):
    """Write customers and protected attributes as CSV."""
    rng = np.random.default_rng(seed)
    group = np.where(np.arange(customers) % 10 < 3, "b", "a")
    orders = np.arange(customers) % 8
    area = np.where(
        group == "b", rng.integers(0, 6, customers), rng.integers(4, 12, customers)
    )
    lines = ["customer_id,orders,area,value"]
    lines += [
        f"C{place:05d},{orders[place]},A{area[place]:02d},{orders[place] * 10}"
        for place in range(customers)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "customers.csv").write_text("\n".join(lines) + "\n")
    lines = ["customer_id,group"]
    lines += [f"C{place:05d},{group[place]}" for place in range(customers)]
    (folder / "protected.csv").write_text("\n".join(lines) + "\n")
    return folder


CLAUSES = {
    "clear": {"orders": "orders >= 4"},
    "block": {"orders": "orders >= 4", "area": "area >= 'A05'"},
    # 20 of 4,000 are too few to tell.
    "review": {"few": "customer_id < 'C00020'"},
}


def write_campaign(folder: Path, kind: str, *, name=None, owner="olga", extra=""):
    """Write a campaign file and return its path."""
    name = name or kind
    clauses = "\n".join(f"{k} = {json.dumps(v)}" for k, v in CLAUSES[kind].items())
    path = folder / f"{name}.toml"
    path.write_text(
        f"""schema = "fairreach/campaign/1"
name = "{name}"
owner = "{owner}"
as_of = {DAY}
{extra}
[offer]
name = "A voucher"
polarity = "beneficial"

[tables]
customers = "customers.csv"
protected = "protected.csv"

[protected]
by = ["group"]

[funnel.clauses]
{clauses}
"""
    )
    return path
