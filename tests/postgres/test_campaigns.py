"""A campaign whose CRM is in a database is the campaign of the files."""

import pytest

from pipelines.campaign import load_campaign, run_campaign
from tests.postgres.loading import SAMPLES, text_tables, typed_tables

CAMPAIGNS = SAMPLES / "campaigns"


@pytest.fixture(scope="module")
def of_files():
    """What a campaign of the sample gives, from its files; made once."""
    made = {}

    def run(name):
        if name not in made:
            made[name] = run_campaign(load_campaign(CAMPAIGNS / f"{name}.toml"), directory=CAMPAIGNS)
        return made[name]

    return run


@pytest.mark.parametrize("read", [text_tables, typed_tables])
@pytest.mark.parametrize("name", ["loyalty-retention", "spring-card"])
def test_verdict_and_audience_are_those_of_the_files(database, of_files, name, read):
    campaign = load_campaign(CAMPAIGNS / f"{name}.toml")
    urls = {
        table: database.load(f"crm {table}", rows)
        for table, rows in read(campaign.tables.named()).items()
    }
    mine, theirs = run_campaign(campaign, tables=urls, directory=CAMPAIGNS), of_files(name)
    print(dir(mine))
    assert mine.decision.to_dict() == theirs.decision.to_dict()
