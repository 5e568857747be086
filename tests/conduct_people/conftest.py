"""People with keys who may release."""

from datetime import UTC, datetime

import pytest

from fairness.evidence import add_person, load_key, load_public, load_trust, new_key
from pipelines.release import Authority

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Ann, who releases, and a trust file that names her."""
    folder = tmp_path_factory.mktemp("keys")
    new_key("ann", folder)
    public = load_public(folder / "ann.pub")
    add_person(folder / "trust.toml", public, added=NOW.date())
    return Authority(load_key(folder / "ann.key"), load_trust(folder / "trust.toml"))
