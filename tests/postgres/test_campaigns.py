"""A campaign whose CRM is in a database is the campaign of the files."""

import json
from urllib.parse import quote

import pytest

from pipelines.campaign import load_campaign, run_campaign
from tests.postgres.comparing import differences
from tests.postgres.loading import SAMPLES, crm_tables
from tests.postgres.server import PASSWORD

CAMPAIGNS = SAMPLES / "campaigns"
SECRET = quote(PASSWORD, safe="")


@pytest.fixture(scope="module")
def of_files():
    """What a campaign of the sample gives, from its files; made once."""
    made = {}

    def run(name):
        if name not in made:
            campaign = load_campaign(CAMPAIGNS / f"{name}.toml")
            made[name] = run_campaign(campaign, directory=CAMPAIGNS)
        return made[name]

    return run


def loaded(database, names):
    return {
        name: database.load(f"crm {name}", rows)
        for name, rows in crm_tables(names).items()
    }


@pytest.mark.parametrize("name", ["loyalty-retention", "app-cashback"])
def test_verdict_and_audience_are_those_of_the_files(database, of_files, name):
    campaign = load_campaign(CAMPAIGNS / f"{name}.toml")
    mine = run_campaign(campaign, tables=loaded(database, campaign.tables.named()))
    theirs = of_files(name)
    assert not list(differences(mine.payload(), theirs.payload()))
    assert mine.audience == theirs.audience
    assert len(mine.audience) > 1_000
    assert mine.audit.counts.fingerprint == theirs.audit.counts.fingerprint
    assert mine.facts() == theirs.facts()


def test_a_campaign_file_may_name_tables_of_a_database(
    database, of_files, tmp_path, monkeypatch
):
    text = (CAMPAIGNS / "loyalty-retention.toml").read_text()
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    for name, url in loaded(database, ["customers", "protected", "consents"]).items():
        # As it is written in the URL, the password is in neither file nor report.
        hidden = json.dumps(url.replace(SECRET, "${CRM_PASSWORD}"))
        text = text.replace(f'"../{name}.csv"', hidden)
    path = tmp_path / "retention.toml"
    path.write_text(text)
    assert "../" not in text
    made = run_campaign(load_campaign(path), directory=tmp_path)
    assert made.audience == of_files("loyalty-retention").audience
    assert "s3c" not in text + repr(made) + json.dumps(made.decision.to_dict())
