"""A campaign of which nothing is missing, and what surrounds it."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from fairness.evidence import (
    Ledger,
    add_person,
    load_key,
    load_public,
    load_trust,
    new_key,
)
from fairness.evidence.secure_record import record_secure_check
from pipelines.campaign.conduct import Surroundings
from tests.conduct_file.files import SIZE, judged, tables
from tests.conduct_people.people import ON, consents

RECORD = {
    "controller": "Nordia",
    "contact": "privacy@nordia.example",
    "recipients": "none",
    "transfers": "none",
    "retention": "2 years",
    "security": "sealed to four people",
    "human_review": "ann",
    "contest": "write to us",
    "information": "in the letter",
    "representations": "write to us",
    "dpia": "DP-1",
    "dpia_date": date(2026, 5, 1),
    "main_parameters": "orders of a year",
    "high_risk_file": "HR-1",
    "bias_data_necessity": "nothing else tells a gap",
    "bias_data_deletion": date(2027, 1, 1),
    "legitimate_aim": "to sell",
    "proportionality": "nothing milder would",
    "notice_purposes": "marketing",
    "notice_date": date(2026, 1, 1),
    "auditor": "Audit Ltd",
    "developer": "Tools Inc",
    "audit_date": date(2026, 5, 1),
    "distribution_date": date(2026, 6, 1),
    "data_source": "applications of a year",
    "candidate_notice_date": date(2026, 10, 1),
    "exclusion_reason": "twenty people",
}
CREATIVE = {
    "copy": "A card without a yearly fee. Take your time.",
    "signup_steps": 2,
    "cancel_steps": 2,
}


def around(folder, *, days=30, sealed=True):
    """A ledger, a key and an audit that are so many days old."""
    day = ON - timedelta(days=days)
    ledger = Ledger(folder / "ledger.jsonl")
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    record_secure_check(ledger, {"counts": {"block": 0}}, at=at)
    new_key("ann", folder)
    add_person(folder / "trust.toml", load_public(folder / "ann.pub"), added=day)
    trust = load_trust(folder / "trust.toml")
    return Surroundings(ledger.path, load_key(folder / "ann.key"), trust, sealed=sealed)


def complete(folder, packs, *, of=None, by=("group",), reads=None, **changes):
    """Run a campaign with all that packs ask for, but for what is changed.

    `of` are its tables, `by` its attributes, `reads` its clause, as (name, column).
    """
    data = of or tables(vulnerable=np.where(np.arange(SIZE) % 20 == 0, "yes", "no"))
    names = ("bereaved", "self_excluded", "minor", "deceased", "breathing_space")
    size = data["customers"].num_rows
    for name in (*names, "debt_plan", "arrears", "vulnerable"):
        if name not in data["customers"].column_names:
            data["customers"] = data["customers"].append_column(name, [["no"] * size])
    ids = data["customers"]["customer_id"].to_pylist()
    data["consents"] = consents(ids, source="web form", captured_at=date(2026, 3, 1))
    clause, column = reads or ("picked", "pick")
    made = {
        "protected_by": {"by": list(by)},
        "funnel": {
            "consent": {"channel": "email", "evidence": ["captured_at", "source"]},
            "clauses": {clause: f"{column} = 1"},
        },
        "data": {
            "need": {column: "who bought lately may buy again"},
            "purposes": {column: ["marketing"]},
            "retention_days": 730,
        },
        "vulnerability": {"flags": {"vulnerable": ["yes"]}},
        "creative": CREATIVE,
        "record": RECORD,
        "offer": {"sector": "retail"},
    }
    return judged(data, packs, around=around(folder), **(made | changes))
