"""Keys, statements and ledgers that have run out or do not hold."""

import json
from datetime import date, timedelta

import pytest

from fairness.evidence import Ledger, new_key, sign_document, trust_entry
from fairness.evidence.documents import canonical
from tests.security.conftest import NOW

DAY = NOW.date()


@pytest.fixture(scope="session")
def ann(tmp_path_factory):
    return new_key("ann", tmp_path_factory.mktemp("ann"), "a passphrase of ann's")


@pytest.mark.parametrize(
    ("age", "more", "found"),
    [
        (366, {}, [("warn", "stale-key", "trust.toml")]),
        (365, {}, []),
        (900, {"expires": DAY - timedelta(days=1)}, []),
        (900, {"expires": DAY}, [("warn", "stale-key", "trust.toml")]),
    ],
)
def test_a_key_of_more_than_a_year_is_stale_while_it_counts(
    folder, ann, age, more, found
):
    entry = trust_entry(ann, added=DAY - timedelta(days=age), **more)
    folder.write("trust.toml", entry)
    assert folder.found() == found


def test_a_public_key_of_more_than_a_year_is_stale(folder):
    for name, days in (("old", 400), ("new", 3)):
        issued = NOW - timedelta(days=days)
        new_key(name, folder.path / "keys", "a passphrase", issued=issued)
    assert folder.found() == [("warn", "stale-key", "keys/old.pub")]


def statement(kind, ann, *, issued, expires):
    return canonical(
        sign_document(
            {
                "schema": f"fairreach/{kind}/1",
                "issued": f"{issued}T08:00:00Z",
                "expires": f"{expires}T23:59:59Z",
            },
            ann,
        )
    )


@pytest.mark.parametrize("kind", ["approval", "waiver", "certificate"])
def test_statements_that_have_expired_are_found(folder, ann, kind):
    raw = statement(kind, ann, issued="2026-10-01", expires="2026-11-23")
    folder.write(f"spring/1.{kind}.json", raw)
    raw = statement(kind, ann, issued="2026-10-01", expires="2026-11-24")
    folder.write(f"summer/1.{kind}.json", raw)
    assert folder.found() == [("warn", f"expired-{kind}", f"spring/1.{kind}.json")]


def test_an_audience_beside_an_expired_certificate_blocks(folder, ann):
    raw = statement("certificate", ann, issued="2026-10-01", expires="2026-11-23")
    folder.write("spring/audience.csv.certificate.json", raw)
    folder.write("spring/audience.csv", "customer_id\nC1\n")
    assert folder.found() == [
        ("block", "expired-certificate", "spring/audience.csv.certificate.json")
    ]


def test_a_key_that_had_ended_when_it_signed_is_found(folder, ann):
    ended = date(2026, 9, 30)
    folder.write("trust.toml", trust_entry(ann, added=date(2026, 1, 1), expires=ended))
    for name, issued in (("before", "2026-09-30"), ("after", "2026-10-01")):
        raw = statement("approval", ann, issued=issued, expires="2027-01-01")
        folder.write(f"{name}.approval.json", raw)
    assert folder.found() == [("block", "ended-key-used", "after.approval.json")]


@pytest.fixture
def book(folder):
    made = Ledger(folder.path / "ledger.jsonl")
    for i in range(5):
        made.append("check", {"campaign": f"c{i}"}, at=NOW)
    return made


def test_a_ledger_that_holds_is_not_found_and_gets_a_line(folder, book):
    assert folder.found() == []
    last = list(book.entries())[-1]
    assert last.kind == "secure-check"
    assert last.body["counts"] == {"block": 0, "warn": 0, "note": 0}


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes().replace(b"c1", b"c9")),
        lambda path: path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:3])),
        lambda path: path.with_name("ledger.jsonl.head").unlink(),
        lambda path: path.with_name("ledger.jsonl.head").write_bytes(b"{}"),
        lambda path: path.write_bytes(b""),
    ],
    ids=["altered", "cut off", "no head", "head changed", "emptied"],
)
def test_a_ledger_that_does_not_hold_blocks(folder, book, harm):
    harm(book.path)
    raw = book.path.read_bytes()
    found = folder.found()
    assert found
    assert {one[:3] for one in found} == {("block", "broken-ledger", "ledger.jsonl")}
    assert book.path.read_bytes().startswith(raw)


def test_a_ledger_of_another_name_is_known_by_its_lines(folder, book):
    other = Ledger(folder.path / "sub" / "mine.jsonl")
    other.path.parent.mkdir()
    other.append("check", {"campaign": "c"}, at=NOW)
    assert folder.found() == []
    (folder.path / "sub" / "mine.jsonl.head").unlink()
    assert folder.found() == [("block", "broken-ledger", "sub/mine.jsonl")]


def test_other_json_lines_are_none(folder):
    folder.write("events.jsonl", json.dumps({"seq": 1}) + "\n")
    folder.write("trust.toml", "[[people]]\nname = 'half'\n")
    folder.write("a.json", "[" * 10_000)
    folder.write("b.json", '"fairreach/')
    folder.write("c.json", '{"schema":"fairreach/approval/1","expires":7,"issued":[]}')
    assert folder.found() == []


def test_a_vault_and_what_is_sealed_are_not_found(folder, ann):
    from fairness.evidence import Trust, seal_file, seal_vault
    from fairness.evidence.trust import person_of

    person = person_of(ann.public, DAY)
    trust = Trust(people=(person,))
    table = folder.write("../outside.csv", "customer_id,gender\nC1,f\n")
    seal_vault(table, folder.path / "p.vault", signer=ann, trust=trust, now=NOW)
    seal_file(b"customer_id\nC1\n", [person], folder.path / "a.csv.sealed")
    assert folder.found() == []
    # A year and a day later, with a key that has ended.
    later = NOW + timedelta(days=366)
    entry = trust_entry(ann, added=DAY, expires=DAY + timedelta(days=300))
    folder.write("trust.toml", entry)
    assert folder.found(now=later) == [
        ("warn", "ended-member", "p.vault"),
        ("warn", "stale-key", "p.vault"),
    ]


@pytest.mark.parametrize(
    "raw", [b"", b"customer_id,gender\n", b"fairreach/vault/1\n{}\n", b"\xff" * 99]
)
def test_what_is_called_a_vault_and_is_none_is_found(folder, raw):
    folder.write("p.vault", raw)
    assert folder.found() == [("warn", "broken-vault", "p.vault")]
