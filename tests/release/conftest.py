"""People with keys, and a CRM with campaigns."""

from datetime import UTC, datetime

import pytest

from fairness.evidence import add_person, load_key, load_public, load_trust, new_key
from pipelines.release import Authority
from tests.campaigns.crm import write_crm

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """Ann releases, Bob approves, Olga owns; a trust file with the three."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ann", "bob", "olga"):
        new_key(name, folder)
        add_person(
            folder / "trust.toml", load_public(folder / f"{name}.pub"), added=NOW.date()
        )
    return folder


@pytest.fixture
def key(people):
    return lambda name: load_key(people / f"{name}.key")


@pytest.fixture
def trust(people):
    return load_trust(people / "trust.toml")


@pytest.fixture
def authority(key, trust):
    return Authority(key("ann"), trust)


@pytest.fixture
def crm(tmp_path):
    return write_crm(tmp_path / "crm")
