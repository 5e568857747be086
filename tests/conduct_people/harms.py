"""Campaigns in which a harm to people appears, and in which it is gone.

Each harm is planted alone, at the effect of the catalogue; everything else is fair.
Without a random generator the counts are the catalogue's own.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from tests.conduct_people.people import ON

AUDIENCE = 6_000
RULES = [
    {"metric": "without_consent"},
    {"metric": "objectors"},
    {"metric": "over_cap", "params": {"cap": 8, "days": 30}},
    {"metric": "pressure_ratio", "params": {"cap": 8, "days": 30}},
    {
        "metric": "zero_tolerance",
        "params": {"flags": ["bereaved", "self_excluded", "arrears"]},
    },
    {"metric": "vulnerable_share_ratio", "at_most": 1.1},
    {"metric": "creative_association", "at_most": 0.3},
    {"metric": "missing_contact_parity"},
    {"metric": "suppression_parity"},
    {"metric": "consent_parity", "at_least": 0.8},
]
CHANGES = {
    "offer": {"name": "A loan", "polarity": "burdensome"},
    "protected_by": {"by": ["gender", "age"]},
    "funnel": {"suppression": "fraud = 1", "clauses": "pick = 1"},
    "contact": {"channel": "email", "brand": "Nordia", "address": "email"},
    "creative": {"column": "ad"},
    "vulnerability": {"flags": {"arrears": ["1"]}},
}


@dataclass
class People:
    """Customers of whom two thirds are picked, and what is planted about them."""

    scale: float = 1.0
    rng: np.random.Generator | None = None
    changes: dict = field(default_factory=lambda: dict(CHANGES))

    def __post_init__(self):
        self.size = 2 * round(AUDIENCE * self.scale * 3 / 4)
        place = np.arange(self.size)
        self.pick = place % 3 != 2
        self.gender = np.where(place // 3 % 2 == 0, "f", "m")
        self.old = place // 6 % 5 == 0
        self.columns = {
            "fraud": self.evenly({"": 0.03}, salt=1).astype(int),
            "email": np.where(self.evenly({"": 0.06}, salt=2), "", "p@x"),
            "ad": np.where(self.evenly({"": 0.5}, salt=3), "home", "invest"),
            "arrears": np.zeros(self.size, int),
        }
        self.status = np.full(self.size, "OptIn", object)
        self.captured = np.full(self.size, date(2026, 3, 1), object)
        self.brand = np.full(self.size, "Nordia", object)
        self.withdrawn = np.zeros(self.size, dtype=bool)
        self.often = np.zeros(self.size, dtype=bool)
        self.flagged = {}

    def evenly(self, shares, *, salt, of=None):
        """Choose a share of each group, exactly or at random.

        `of` are labels by customer; the empty label stands for everybody.
        """
        labels = np.full(self.size, "") if of is None else of
        found = np.zeros(self.size, dtype=bool)
        cells = self.pick + 2 * (self.gender == "f") + 4 * self.old
        for label, share in shares.items():
            for cell in range(8):
                (rows,) = np.nonzero((labels == label) & (cells == cell))
                if self.rng is not None:
                    found[rows] = self.rng.random(len(rows)) < share
                    continue
                order = np.random.default_rng(salt).permutation(len(rows))
                found[rows[order[: round(len(rows) * share)]]] = True
        return found

    def tables(self):
        ids = np.array([f"C{i:06d}" for i in range(self.size)], object)
        again = self.withdrawn
        consents = {
            "customer_id": [*ids, *ids[again]],
            "status": [*self.status, *["OptOut"] * int(again.sum())],
            "captured_at": [*self.captured, *[date(2026, 10, 30)] * int(again.sum())],
            "brand": [*self.brand, *self.brand[again]],
        }
        rows = len(consents["status"])
        consents |= {"purpose": ["marketing"] * rows, "channel": ["email"] * rows}
        times = np.where(self.often, 8, 2)
        days = [ON - timedelta(days=2 + i) for i in range(8)]
        contacts = {
            "customer_id": np.repeat(ids, times),
            "date": pa.array([day for n in times for day in days[:n]], pa.date32()),
        }
        flags = [
            (one, flag) for flag, mask in self.flagged.items() for one in ids[mask]
        ]
        return {
            "customers": pa.table(
                {"customer_id": ids, "pick": self.pick.astype(int), **self.columns}
            ),
            "protected": pa.table(
                {
                    "customer_id": ids,
                    "gender": self.gender,
                    "age": np.where(self.old, "70+", "18-69"),
                }
            ),
            "consents": pa.table(consents),
            "contacts": pa.table(contacts),
            "vulnerability": pa.table(
                {
                    "customer_id": pa.array([one for one, _ in flags], pa.string()),
                    "flag": pa.array([flag for _, flag in flags], pa.string()),
                }
            ),
        }


def d4(people, *, gone):
    """Pressure: 28 % of women and 10 % of men are beyond the cap; the cap is kept."""
    if not gone:
        shares = {"f": 0.28, "m": 0.10}
        people.often = people.evenly(shares, salt=4, of=people.gender)


def d5(people, *, gone):
    """Vulnerability: 300 of 12,000 in the audience are flagged; all are suppressed."""
    flagged = people.evenly({"": 0.025}, salt=5) & people.pick
    kind = np.arange(people.size) % 9 // 3
    people.columns["arrears"] = (flagged & (kind == 2)).astype(int)
    names = ("self_excluded", "bereaved")
    people.flagged = {n: flagged & (kind == i) for i, n in enumerate(names)}
    if gone:
        people.pick &= ~flagged


def d13(people, *, gone):
    """Consent: 5 % shown and not answered, 1 % withdrawn, 0.5 % of another brand."""
    if gone:
        return
    people.status[people.evenly({"": 0.05}, salt=6)] = "NotSeen"
    people.withdrawn = people.evenly({"": 0.01}, salt=7)
    people.brand[people.evenly({"": 0.005}, salt=8)] = "Calla"


def d14(people, *, gone):
    """Stereotype: 85 % of women get "home", 80 % of men "invest"; drawn by lot."""
    shares = {"f": 0.5, "m": 0.5} if gone else {"f": 0.85, "m": 0.20}
    home = people.evenly(shares, salt=9, of=people.gender)
    people.columns["ad"] = np.where(home, "home", "invest")


def d16(people, *, gone):
    """Missing data: 34 % of those of 70 and over have no e-mail, else 6 %; by post too."""
    old = np.where(people.old, "70+", "18-69")
    missing = people.evenly({"70+": 0.34, "18-69": 0.06}, salt=10, of=old)
    people.columns["email"] = np.where(missing, "", "p@x")
    if gone:
        reached = people.evenly({"": 0.98}, salt=11)
        people.columns["address"] = np.where(reached, "1 Lane", "")
        people.changes["contact"] = CHANGES["contact"] | {"address": "address"}


def d17(people, *, gone):
    """Suppression: 9 % of women have a fraud flag, 3 % of men; the rule is reviewed."""
    shares = {"f": 0.03 if gone else 0.09, "m": 0.03}
    people.columns["fraud"] = people.evenly(shares, salt=12, of=people.gender).astype(
        int
    )


HARMS = {
    d4: {"over_cap", "pressure_ratio"},
    d5: {"zero_tolerance", "vulnerable_share_ratio"},
    d13: {"without_consent", "objectors"},
    d14: {"creative_association"},
    d16: {"missing_contact_parity"},
    d17: {"suppression_parity"},
}
