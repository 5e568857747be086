"""Campaigns made of tables in memory, and what is observed of their conduct."""

import json
from datetime import date

import numpy as np
import pyarrow as pa

from fairness.metrics import METRICS
from pipelines.campaign.model import Campaign
from pipelines.campaign.run import run_campaign

ON = date(2026, 11, 1)
RATIOS = ("ratio", "number")


def customers(size=2_000, **columns):
    """Customers in two groups, every second four of whom are selected."""
    ids = [f"C{place:06d}" for place in range(size)]
    return pa.table({"customer_id": ids, "pick": (np.arange(size) // 4) % 2, **columns})


def protected(size=2_000, **columns):
    ids = [f"C{place:06d}" for place in range(size)]
    group = columns.pop("group", np.where(np.arange(size) % 4 == 0, "b", "a"))
    return pa.table({"customer_id": ids, "group": group, **columns})


def consents(ids, **columns):
    """A consent to marketing by e-mail of each, but for what is changed."""
    usual = {
        "purpose": "marketing",
        "channel": "email",
        "status": "OptIn",
        "captured_at": date(2026, 3, 1),
    } | columns
    filled = {
        name: pa.array(
            one if isinstance(one, list | np.ndarray | pa.Array) else [one] * len(ids)
        )
        for name, one in usual.items()
    }
    return pa.table({"customer_id": list(ids), **filled})


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value) if isinstance(value, str) else str(value)


def write_policy(folder, *rules, name="ours"):
    """Write a policy of rules, each a mapping with its metric, and return its file."""
    lines = [
        'schema = "fairreach/policy/1"',
        f'name = "{name}"',
        'version = "1"',
        'title = "Ours"',
        'jurisdiction = "none"',
        "as_of = 2026-11-01",
        'disclaimer = "Ours."',
        "required = []",
    ]
    for place, rule in enumerate(rules):
        metric = METRICS[rule["metric"]]
        usual = {
            "id": f"rule-{place}",
            "title": "One",
            "severity": "block",
            "evidence": "significant" if metric.testable else "point",
            "status": "voluntary",
            "why": "Ours.",
        }
        if not {"at_most", "at_least", "within"} & rule.keys():
            usual["at_most"] = 1.25 if metric.kind == "ratio" else 0
        lines += ["", "[[rules]]"]
        lines += [f"{key} = {toml(one)}" for key, one in (usual | rule).items()]
        lines += ['citation = { source = "practice", as_of = 2026-11-01 }']
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def campaign(tables, policy, **changes):
    """A campaign over tables in memory."""
    offer = {"name": "A voucher", "polarity": "beneficial"}
    funnel = {"clauses": "pick = 1"}
    made = {
        "name": "ours",
        "owner": "olga",
        "as_of": ON,
        "offer": offer | changes.pop("offer", {}),
        "tables": {name: f"{name}.parquet" for name in tables},
        "protected": {"by": ["group"]} | changes.pop("protected_by", {}),
        "funnel": funnel | changes.pop("funnel", {}),
        "policy": {"use": [policy.name]},
    }
    return Campaign(**(made | changes))


def ran(folder, tables, *rules, estimator=None, **changes):
    """Run a campaign judged by some rules alone."""
    policy = write_policy(folder, *rules)
    return run_campaign(
        campaign(tables, policy, **changes),
        directory=folder,
        tables=tables,
        estimator=estimator,
        on=ON,
    )


def seen(folder, tables, metric, params=None, **changes):
    """Return what is observed of one metric."""
    rule = {"metric": metric} | ({"params": params} if params else {})
    run = ran(folder, tables, rule, **changes)
    (found,) = run.conduct.seen.values()
    return list(found)


def verdicts(run):
    """Return the verdict of each finding of conduct, by metric."""
    found = {}
    for one in run.decision.findings:
        if METRICS[one.metric].form == "conduct":
            found.setdefault(one.metric, set()).add(one.verdict)
    return found
