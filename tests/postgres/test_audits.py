"""A table in a database is audited where it is: the answer is that of the file."""

import json

import pytest

import fairness as fa
from tests.postgres.loading import ASKED, MEASURED, SAMPLES


def payload(data, **asked):
    decision = fa.audit(data, **asked).gate(["us-four-fifths"])
    return json.dumps(decision.to_dict(), allow_nan=False)


@pytest.mark.parametrize("asked", [ASKED, MEASURED], ids=["plain", "measured"])
def test_a_table_of_a_database_gives_the_payload_of_the_file(
    sample, sample_file, asked
):
    assert payload(sample.url("audience"), **asked) == payload(sample_file, **asked)
