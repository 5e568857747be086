"""Small campaigns whose file, columns and words are what a test says."""

import numpy as np
import pyarrow as pa

from pipelines.campaign.model import Campaign
from pipelines.campaign.run import run_campaign
from tests.conduct_people.people import ON, customers, protected, seen

SIZE = 2_000


def tables(size=SIZE, *, attributes=None, **columns):
    """Customers with even columns, and their attributes."""
    place = np.arange(size)
    even = {"orders": place % 7, "area": np.where(place % 3 == 0, "x", "y")}
    return {
        "customers": customers(size, **(even | columns)),
        "protected": protected(size, **(attributes or {})),
    }


def value(folder, metric, params=None, *, of=None, **changes):
    """Return the one number that a metric gives, and its message."""
    (one,) = seen(folder, of or tables(), metric, params, **changes)
    return one.value, one.message


def status(folder, metric, params=None, *, of=None, **changes):
    """Return whether a metric is measured, missing or does not apply, and its message."""
    (one,) = seen(folder, of or tables(), metric, params, **changes)
    return one.status, one.message


def judged(data, packs, /, *, on=ON, around=None, **changes):
    """Run a campaign that one or more packs judge."""
    offer = {"name": "An offer", "polarity": "beneficial"}
    made = {
        "name": "ours",
        "owner": "olga",
        "as_of": ON,
        "offer": offer | changes.pop("offer", {}),
        "tables": {name: f"{name}.parquet" for name in data},
        "protected": {"by": ["group"]} | changes.pop("protected_by", {}),
        "funnel": {"clauses": "pick = 1"} | changes.pop("funnel", {}),
        "policy": {"use": [packs] if isinstance(packs, str) else packs},
    }
    return run_campaign(Campaign(**(made | changes)), tables=data, on=on, around=around)


def told_by(run, rule):
    """Return the verdicts of one rule."""
    return {f.verdict for f in run.decision.findings if f.rule == rule}


def yes_no(mask):
    return pa.array(np.where(mask, 1, 0))


def responses(answers):
    """What came of an earlier campaign that everybody got."""
    size = len(answers)
    return pa.table(
        {
            "customer_id": [f"C{place:06d}" for place in range(size)],
            "campaign": ["earlier"] * size,
            "contacted": [True] * size,
            "responded": pa.array(np.asarray(answers, dtype=bool)),
        }
    )
