"""A table in a database is audited where it is: the answer is that of the file."""

import json

import pytest

import fairness as fa
from tests.postgres.loading import ASKED, MEASURED, SAMPLES


def payload(data, **asked):
    decision = fa.audit(data, **asked).gate(["us-four-fifths"])
    return json.loads(json.dumps(decision.to_dict(), allow_nan=False))


def differences(mine, theirs, where=""):
    """Where two payloads differ, sums of floats in another order aside."""
    if isinstance(mine, dict) and isinstance(theirs, dict) and list(mine) == list(theirs):
        for key, value in mine.items():
            yield from differences(value, theirs[key], f"{where}.{key}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for place, (one, two) in enumerate(zip(mine, theirs, strict=True)):
            yield from differences(one, two, f"{where}[{place}]")
    elif isinstance(mine, float) and isinstance(theirs, float):
        if mine != pytest.approx(theirs, rel=1e-9, abs=1e-12):
            yield where, mine, theirs
    elif mine != theirs:
        yield where, mine, theirs


def test_a_table_of_a_database_gives_the_payload_of_the_file(sample, sample_file):
    assert payload(sample.url("audience"), **ASKED) == payload(sample_file, **ASKED)


def test_so_do_scores_values_strata_and_columns_used(sample, sample_file):
    mine = payload(sample.url("audience"), **MEASURED)
    theirs = payload(sample_file, **MEASURED)
    assert not list(differences(mine, theirs))
