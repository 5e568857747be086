"""A small CRM, and campaigns over it."""

import pytest

from tests.campaigns.crm import write_crm


@pytest.fixture
def crm(tmp_path):
    return write_crm(tmp_path / "crm", customers=200)
