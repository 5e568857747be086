"""Three people with keys, a trust file of two of them, and a fixed day."""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fairness.evidence import add_person, load_trust, new_key

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 24)


@dataclass(frozen=True)
class People:
    """Ann and bob are trusted; eve has a key and is not."""

    folder: Path
    ann: object
    bob: object
    eve: object
    trust: object


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    keys = {
        name: new_key(name, folder / "keys", issued=NOW)
        for name in ("ann", "bob", "eve")
    }
    for name in ("ann", "bob"):
        add_person(folder / "trust.toml", keys[name], added=DAY)
    return People(folder, **keys, trust=load_trust(folder / "trust.toml"))


@pytest.fixture
def trust_file(people, tmp_path):
    """A trust file of the test's own, with ann and bob."""
    return Path(shutil.copy(people.folder / "trust.toml", tmp_path / "trust.toml"))
