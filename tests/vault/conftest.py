"""People with roles in a vault of a small table, and a fixed moment."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from fairness.evidence import (
    Ledger,
    Person,
    Trust,
    grant,
    load_trust,
    new_key,
    open_vault,
    revoke,
    rotate,
    seal_vault,
    trust_entry,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 24)
NAMES = ("ann", "bob", "cora", "dave", "olga", "eve", "mallory")
PEOPLE = {"ann": "analyst", "dave": "custodian", "olga": "auditor"}
PLANTED = "Zyzzogetonish"


def small_table(rows=200):
    return pa.table(
        {
            "customer_id": [f"C{i:04d}" for i in range(rows)],
            "gender": ["f" if i % 2 else "m" for i in range(rows)],
            "ethnicity": [f"{PLANTED}-{i % 3}" for i in range(rows)],
        }
    )


@dataclass
class Keys:
    """Everybody's keys; all are trusted but mallory's."""

    folder: Path
    signers: dict
    trust: Trust

    def __getattr__(self, name):
        if name not in NAMES:
            raise AttributeError(name)
        return self.signers[name]

    def file(self, name):
        return self.folder / "keys" / f"{name}.key"

    @property
    def trust_file(self):
        return self.folder / "trust.toml"


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    signers = {name: new_key(name, folder / "keys", issued=NOW) for name in NAMES}
    entries = [trust_entry(signers[n], added=DAY) for n in NAMES if n != "mallory"]
    (folder / "trust.toml").write_text("\n".join(entries))
    return Keys(folder, signers, load_trust(folder / "trust.toml"))


@dataclass
class Vault:
    """A vault that cora sealed for ann, dave and olga, and what to do with it."""

    path: Path
    keys: Keys
    trust: Trust
    table: pa.Table
    state: object = None
    at: datetime = NOW
    ledger: Ledger = field(init=False)

    def __post_init__(self):
        self.ledger = Ledger(self.path.parent / "ledger.jsonl")

    def _with(self, who):
        # A second later each time, as in life.
        self.at += timedelta(seconds=1)
        signer = self.keys.signers[who] if isinstance(who, str) else who
        return {"signer": signer, "trust": self.trust, "now": self.at}

    def seal(self, people=None, who="cora", table=None):
        given = self.table if table is None else table
        self.state = seal_vault(
            given, self.path, people=PEOPLE if people is None else people,
            **self._with(who),
        )  # fmt: skip
        return self.state

    def open(self, who="ann", purpose="a check", how=open_vault):
        with_ = self._with(who)
        return how(self.path, with_.pop("signer"), purpose=purpose, **with_)

    def grant(self, name, role, who="cora"):
        return grant(self.path, name, role, **self._with(who))

    def revoke(self, name, who="cora"):
        return revoke(self.path, name, **self._with(who))

    def rotate(self, who="cora"):
        return rotate(self.path, **self._with(who))

    def lines(self, kind):
        return [one.body for one in self.ledger.entries() if one.kind == kind]

    @property
    def refusals(self):
        return self.lines("vault-refusal")

    def ended(self, name, day=DAY):
        """Trust no key of a person after a day."""
        people = [
            Person(**one.model_dump() | {"revoked": day}) if one.name == name else one
            for one in self.trust.people
        ]
        self.trust = Trust(people=tuple(people))


@pytest.fixture
def unsealed(tmp_path, keys):
    return Vault(tmp_path / "protected.vault", keys, keys.trust, small_table())


@pytest.fixture
def vault(unsealed):
    unsealed.seal()
    return unsealed


@pytest.fixture
def now_sealed(tmp_path, keys):
    """Sealed by the clock, which is what commands go by."""
    made = Vault(tmp_path / "protected.vault", keys, keys.trust, small_table())
    made.at = datetime.now(tz=UTC) - timedelta(minutes=1)
    made.seal()
    return made
