"""Security: audits in the ledger, keys in the trust file, tables in a vault."""

from datetime import UTC, date, datetime

import pytest

from fairness.evidence import (
    Ledger,
    add_person,
    load_key,
    load_public,
    load_trust,
    new_key,
)
from fairness.evidence.secure_record import record_secure_check
from pipelines.campaign.conduct import Surroundings
from tests.conduct_file.files import judged, tables, told_by
from tests.conduct_people.people import ON

PACK = "eu-gdpr-marketing"


def audited(folder, *found):
    """A ledger with an audit for each (day, number that blocks)."""
    ledger = Ledger(folder / "ledger.jsonl")
    for day, number in found:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        record_secure_check(ledger, {"counts": {"block": number, "review": 1}}, at=at)
    return Surroundings(ledger=ledger.path)


CHECKS = [
    ((), {"inconclusive"}),
    (((date(2026, 6, 1), 0),), {"pass"}),
    (((date(2025, 11, 1), 0),), {"pass"}),
    (((date(2025, 10, 31), 0),), {"fail"}),
    (((date(2026, 6, 1), 3),), {"inconclusive"}),
    (((date(2026, 6, 1), 0), (date(2026, 7, 1), 1)), {"inconclusive"}),
    (((date(2026, 6, 1), 1), (date(2026, 7, 1), 0)), {"pass"}),
]


@pytest.mark.parametrize(("found", "verdicts"), CHECKS)
def test_the_last_security_audit_counts(tmp_path, found, verdicts):
    run = judged(tables(), PACK, around=audited(tmp_path, *found))
    assert told_by(run, "gd-sec-audit") == verdicts


def test_without_a_ledger_somebody_has_to_look():
    run = judged(tables(), PACK)
    assert told_by(run, "gd-sec-audit") == {"inconclusive"}
    assert told_by(run, "gd-sec-key") == {"not_measurable"}


@pytest.mark.parametrize(
    ("added", "verdict"),
    [(date(2025, 11, 1), "pass"), (date(2025, 10, 31), "fail"), (ON, "pass")],
)
def test_a_key_is_as_old_as_its_line_in_the_trust_file(tmp_path, added, verdict):
    new_key("ann", tmp_path)
    public = load_public(tmp_path / "ann.pub")
    add_person(tmp_path / "trust.toml", public, added=added)
    signer, trust = load_key(tmp_path / "ann.key"), load_trust(tmp_path / "trust.toml")
    run = judged(tables(), PACK, around=Surroundings(signer=signer, trust=trust))
    assert told_by(run, "gd-sec-key") == {verdict}


def test_a_key_that_is_not_in_the_trust_file_has_no_age(tmp_path):
    for name in ("ann", "eve"):
        new_key(name, tmp_path)
    add_person(tmp_path / "trust.toml", load_public(tmp_path / "ann.pub"), added=ON)
    signer, trust = load_key(tmp_path / "eve.key"), load_trust(tmp_path / "trust.toml")
    run = judged(tables(), PACK, around=Surroundings(signer=signer, trust=trust))
    assert told_by(run, "gd-sec-key") == {"not_measurable"}


def test_protected_tables_lie_in_a_vault_or_are_counted():
    assert told_by(judged(tables(), PACK), "gd-sec") == {"fail"}
    sealed = judged(tables(), PACK, around=Surroundings(sealed=True))
    assert told_by(sealed, "gd-sec") == {"pass"}


def test_attributes_among_the_customers_own_columns_lie_open():
    data = tables(gender=["f", "m"] * 1_000)
    del data["protected"]
    run = judged(data, PACK, protected_by={"by": ["gender"]})
    assert told_by(run, "gd-sec") == {"fail"}
