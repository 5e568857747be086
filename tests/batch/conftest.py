"""A folder of campaigns, and what a batch leaves behind."""

import json

import pytest

from fairness.evidence import add_person, load_public, load_trust, new_key
from pipelines.release import Authority
from tests.campaigns.crm import write_campaign, write_crm
from tests.release.conftest import NOW

BROKEN = 'schema = "fairreach/campaign/1"\nname = "broken\n'


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """Ann releases and Bob approves."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("ann", "bob", "olga"):
        new_key(name, folder)
        public = load_public(folder / f"{name}.pub")
        add_person(folder / "trust.toml", public, added=NOW.date())
    return folder


@pytest.fixture
def trust(people):
    return load_trust(people / "trust.toml")


@pytest.fixture
def key(people):
    from fairness.evidence import load_key

    return lambda name: load_key(people / f"{name}.key")


@pytest.fixture
def authority(key, trust):
    return Authority(key("ann"), trust)


@pytest.fixture
def crm(tmp_path):
    return write_crm(tmp_path / "crm")


@pytest.fixture
def mixed(crm):
    """One that is clear, one blocked, one to review, one refused, one broken."""
    (crm / "broken.toml").write_text(BROKEN)
    return [
        write_campaign(crm, "clear"),
        crm / "broken.toml",
        write_campaign(crm, "block"),
        unknown_column(crm, "stranger"),
        write_campaign(crm, "review"),
    ]


def unknown_column(folder, name):
    """Write a campaign whose rule names a column that is nowhere."""
    path = write_campaign(folder, "clear", name=name)
    path.write_text(path.read_text().replace("orders >= 4", "ordres >= 4"))
    return path


def state_of(out):
    return json.loads((out / "batch.json").read_text())
