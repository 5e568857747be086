"""No customer without a valid consent is ever in a released file.

Random histories of many customers go through whole campaigns, from files to a released
audience; each id in it is asked of a model of consent written in plain Python.
"""

import csv
import json
from datetime import date

import numpy as np
import pytest

from pipelines.release import carry_out
from tests.conduct_people.conftest import NOW
from tests.conduct_people.people import write_policy
from tests.consent.oracle import may_contact
from tests.consent.test_oracle import CELLS

HISTORIES = 100_000
ON, LATER = date(2026, 11, 1), date(2026, 12, 5)
FAIR = {"metric": "adverse_impact_ratio", "at_least": 0.05}
INTEREST = {"basis": "legitimate_interest", "reason": "customers of ours"}

# What a campaign asks for, and when it goes out.
ASKS = [
    {"purpose": "marketing", "channel": "email", "brand": "Nordia", "on": ON},
    {"purpose": "marketing", "channel": "email", "brand": None, "on": LATER},
    {"purpose": "Marketing", "channel": "sms", "brand": "Nordia", "on": ON},
    {"purpose": "profiling", "channel": "email", "brand": "Nordia", "on": ON},
    {
        "purpose": "marketing",
        "channel": "email",
        "brand": "Nordia",
        "on": LATER,
        "max_age_days": 300,
    },
    {
        "purpose": "marketing",
        "channel": "email",
        "brand": "Nordia",
        "on": ON,
        "evidence": ["double_opt_in_at"],
    },
    {"purpose": "marketing", "channel": "email", "brand": None, "on": ON, **INTEREST},
    {"purpose": "marketing", "channel": "e-mail", "brand": "Nordia", "on": ON},
]

# Purposes and channels beside the one that most records are about.
MORE = {
    "purpose": [*CELLS["purpose"], "profiling", "profiling"],
    "channel": [*CELLS["channel"], "sms", "sms"],
}
FLAGS = ["false"] * 20 + ["true", "", "no", "YES"]


def histories(size, seed):
    """Draw the records of each customer, and what their own flag says."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(size), rng.integers(0, 5, size))
    columns = {}
    for name, cells in (CELLS | MORE).items():
        drawn = rng.integers(0, len(cells), len(owners))
        # Half of the cells are as they should be, else hardly anybody would agree.
        drawn[rng.random(len(owners)) < 0.5] = 0
        columns[name] = [cells[place] for place in drawn]
    order = rng.permutation(len(owners))
    return owners, columns, order, rng.choice(FLAGS, size)


def write_tables(folder, size, owners, columns, order, flags):
    with (folder / "consents.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", *columns])
        cells = list(columns.values())
        writer.writerows(
            [
                f" C{owners[row]:06d}" if row % 50 == 0 else f"C{owners[row]:06d}",
                *(one[row] for one in cells),
            ]
            for row in order.tolist()
        )
    lines = [f"C{i:06d},{i % 3},{flag}" for i, flag in enumerate(flags)]
    text = "\n".join(["customer_id,orders,forgotten", *lines]) + "\n"
    (folder / "customers.csv").write_text(text)
    lines = [f"C{i:06d},{'ab'[i % 2]}" for i in range(size)]
    (folder / "protected.csv").write_text("\n".join(["customer_id,group", *lines]))


def write_campaign(folder, asked, place):
    stage = {
        k: v for k, v in asked.items() if v is not None and k not in ("on", "purpose")
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in stage.items()]
    path = folder / f"ours-{place}.toml"
    path.write_text(
        f"""schema = "fairreach/campaign/1"
name = "ours-{place}"
owner = "olga"
purpose = "{asked["purpose"]}"
as_of = 2026-11-01

[offer]
name = "A voucher"
polarity = "beneficial"

[tables]
customers = "customers.csv"
protected = "protected.csv"
consents = "consents.csv"

[contact]
send_on = {asked["on"]}

[protected]
by = ["group"]

[funnel]
clauses = "orders >= 0"

[funnel.consent]
{chr(10).join(lines)}

[policy]
use = ["ours.toml"]
"""
    )
    return path


def released(folder, asked, place, authority):
    """Run a campaign, release it, and return the ids in the file."""
    out = folder / "out"
    found = carry_out(
        write_campaign(folder, asked, place), out, authority=authority, now=NOW
    )
    assert found.released is not None, found.reasons
    with found.released.path.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["customer_id"]
    return [one for (one,) in rows]


def check(folder, authority, size, asked, place):
    owners, columns, order, flags = histories(size, seed=(place, size))
    write_tables(folder, size, owners, columns, order, flags)
    write_policy(folder, FAIR)
    ids = released(folder, asked, place, authority)
    assert len(ids) == len(set(ids))
    chosen = {int(one[1:]) for one in ids}
    records = {i: [] for i in range(size)}
    for row in order.tolist():
        one = {name: cells[row] for name, cells in columns.items()}
        records[int(owners[row])].append(one)
    oracle = {"brand": None} | asked
    agreed = {i for i in chosen if may_contact(records[i], oracle)}
    kept = {i for i in chosen if flags[i] in ("false", "no")}
    assert chosen == agreed & kept
    # Not by releasing nobody: most who agree are in, but for those a record of whom
    # cannot be read, which counts as a no.
    sample = range(0, size, 20)
    may = {
        i
        for i in sample
        if flags[i] in ("false", "no") and may_contact(records[i], oracle)
    }
    assert len(may & chosen) >= 0.3 * len(may) > 0
    return len(ids)


@pytest.mark.parametrize("place", range(len(ASKS)))
def test_nobody_without_a_valid_consent_is_in_a_released_file(
    tmp_path, authority, place
):
    size = HISTORIES // len(ASKS)
    assert check(tmp_path, authority, size, ASKS[place], place) > 100
