"""An audience is used with its certificate or not at all."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    Ledger,
    add_person,
    certificate_path,
    digest_of,
    file_digest,
    issue_certificate,
    load_trust,
    open_sealed_file,
    read_document,
    revoke_person,
    seal_file,
    sign_document,
    verify_audience,
    write_document,
)
from fairness.policy import load_pack

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
END = NOW + timedelta(days=30)
ROWS = b"customer_id\nC0001\nC0002\n"
COUNTS, CAMPAIGN = digest_of(b"counts"), digest_of(b"campaign")
LEAVE = SimpleNamespace(digest=digest_of(b"leave"), expires=END, kind="approval")


def words(audience, entry, /, **more):
    given = {
        "audience": audience,
        "rows": 2,
        "counts": COUNTS,
        "policies": [load_pack("us-four-fifths")],
        "campaign": CAMPAIGN,
        "verdict": "clear",
        "basis": "clear",
        "entry": entry,
        "version": "0.1.0",
        "issued": NOW,
        "expires": END,
    }
    return given | more


@dataclass
class Released:
    """An audience with certificate and ledger."""

    audience: Path
    ledger: Ledger
    trust: object

    @property
    def certificate(self):
        return certificate_path(self.audience)

    def verify(self, **more):
        return verify_audience(self.audience, **{"trust": self.trust, "at": NOW} | more)

    def refusal(self, **more):
        with pytest.raises(RefusedError) as caught:
            self.verify(**more)
        return str(caught.value)


def release(folder, people, signer=None, **more):
    audience = folder / "spring.csv"
    audience.write_bytes(ROWS)
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("check", {"campaign": "spring"}, at=NOW)
    digest = file_digest(audience)
    entry = ledger.append("release", {"audience": digest}, at=NOW)
    made = issue_certificate(signer or people.ann, **words(digest, entry, **more))
    write_document(certificate_path(audience), made)
    return Released(audience, ledger, people.trust)


@pytest.fixture
def released(tmp_path, people):
    return release(tmp_path, people)


@pytest.fixture(scope="module")
def standing(tmp_path_factory, people):
    return release(tmp_path_factory.mktemp("released"), people)


def test_a_released_audience_is_accepted_with_what_it_was_released_on(released):
    found = released.verify(ledger=released.ledger.path)
    assert (found.rows, found.verdict, found.basis, found.releaser) == (
        2,
        "clear",
        "clear",
        "ann",
    )
    assert found.audience == file_digest(released.audience)
    assert [policy.name for policy in found.policies] == ["us-four-fifths"]
    assert found.ledger.seq == 2
    told = "<Certificate of 2 rows: clear, clear, by ann, until 2026-12-24T09:30:00Z>"
    assert repr(found) == told
    assert repr(released.trust) == "<Trust in ann, bob>"


@given(st.data())
@settings(max_examples=300)
def test_no_byte_of_the_audience_can_change(standing, tmp_path_factory, data):
    place = data.draw(st.integers(0, len(ROWS) - 1))
    other = data.draw(st.integers(1, 255))
    raw = bytearray(ROWS)
    raw[place] ^= other
    changed = tmp_path_factory.mktemp("changed") / "spring.csv"
    changed.write_bytes(raw)
    with pytest.raises(RefusedError, match="was changed after it was released"):
        verify_audience(
            changed, standing.trust, certificate=standing.certificate, at=NOW
        )


def test_every_byte_of_the_audience_counts(released):
    for place in range(len(ROWS)):
        raw = bytearray(ROWS)
        raw[place] ^= 1 << place % 8
        released.audience.write_bytes(raw)
        assert "was changed after it was released" in released.refusal()
        released.audience.write_bytes(ROWS[:place])
        assert "was changed after it was released" in released.refusal()
    released.audience.write_bytes(ROWS + b"\n")
    assert "was changed after it was released" in released.refusal()


def test_every_byte_of_the_certificate_counts(released):
    """Each byte flipped in a random bit, in its case, and put to space; cut; doubled."""
    draw = random.Random(11)
    whole = released.certificate.read_bytes()
    assert len(whole) < 2000
    for place, byte in enumerate(whole):
        for other in {byte ^ 1 << draw.randrange(8), byte ^ 0x20, 0x20} - {byte}:
            released.certificate.write_bytes(
                whole[:place] + bytes([other]) + whole[place + 1 :]
            )
            released.refusal()
        for text in (
            whole[:place],
            whole[:place] + whole[place + 1 :],
            whole[:place] + b" " + whole[place:],
        ):
            released.certificate.write_bytes(text)
            released.refusal()
    released.certificate.write_bytes(whole)
    assert released.verify()


CHANGES = {
    "audience": digest_of(b"x"),
    "rows": 3,
    "counts": digest_of(b"x"),
    "campaign": digest_of(b"x"),
    "version": "9",
    "expires": "2030-01-01T00:00:00Z",
    "issued": "2026-11-24T09:29:59Z",
    "ledger": {"seq": 1, "hash": digest_of(b"x")},
    "policies": [{"name": "x", "digest": digest_of(b"x")}],
    "releaser": "bob",
    "sealed": digest_of(b"x"),
    "recipients": ["bob"],
    "verdict": "block",
    "basis": "waived",
    "approvals": [digest_of(b"x")],
    "waivers": [digest_of(b"x")],
}


@pytest.mark.parametrize("key", CHANGES)
def test_no_field_can_change_even_well_formed(released, key):
    document = read_document(released.certificate)
    assert document[key] != CHANGES[key]
    write_document(released.certificate, document | {key: CHANGES[key]})
    assert "was changed after ann signed it" in released.refusal()


def test_all_fields_of_a_certificate_are_tried_above(released):
    document = read_document(released.certificate)
    assert set(CHANGES) == set(document) - {"schema", "signatures"}


def test_an_audience_without_certificate_is_refused(released):
    released.certificate.unlink()
    assert "has no certificate" in released.refusal()


def test_a_certificate_that_is_far_too_large_is_refused(released):
    released.certificate.write_bytes(b" " * 2_000_000)
    assert "is larger than" in released.refusal()


def test_an_audience_that_is_not_there_is_bad_input(released):
    released.audience.unlink()
    with pytest.raises(InputError, match="no such file"):
        released.verify()


def test_a_certificate_of_another_audience_is_refused(released):
    other = released.audience.with_name("other.csv")
    other.write_bytes(b"customer_id\nC0003\n")
    with pytest.raises(RefusedError, match="is another file"):
        verify_audience(other, released.trust, certificate=released.certificate, at=NOW)


def test_a_certificate_begins_and_ends(released):
    second = timedelta(seconds=1)
    assert released.verify(at=END)
    assert "expired at 2026-12-24T09:30:00Z" in released.refusal(at=END + second)
    assert "not in force before" in released.refusal(at=NOW - second)


def test_a_key_that_is_unknown_revoked_or_expired_is_refused(
    tmp_path, people, trust_file
):
    (tmp_path / "eve").mkdir()
    assert (
        "which the trust file lacks"
        in release(tmp_path / "eve", people, people.eve).refusal()
    )
    revoke_person(trust_file, "ann", on=NOW.date() - timedelta(days=1))
    released = release(tmp_path, people)
    assert "was revoked" in released.refusal(trust=load_trust(trust_file))
    ended = tmp_path / "ended.toml"
    day = NOW.date() - timedelta(days=1)
    add_person(ended, people.ann, added=day, expires=day)
    assert "expired on 2026-11-23" in released.refusal(trust=load_trust(ended))


def test_a_certificate_signed_by_another_than_its_releaser_is_refused(released, people):
    document = read_document(released.certificate)
    content = {key: document[key] for key in document if key != "signatures"}
    for signers in ([people.bob], [people.ann, people.bob]):
        write_document(released.certificate, sign_document(content, *signers))
        assert "is not signed by ann alone" in released.refusal()


def test_all_reasons_are_told_at_once(released):
    released.audience.write_bytes(b"")
    document = read_document(released.certificate)
    write_document(released.certificate, document | {"rows": 3})
    with pytest.raises(RefusedError) as caught:
        released.verify(at=END + timedelta(days=1), ledger=released.ledger.path)
    assert len(caught.value.reasons) == 3


@pytest.mark.parametrize(
    ("verdict", "basis", "leave"),
    [
        ("clear", "clear", {}),
        ("review", "approved", {"approvals": [LEAVE]}),
        ("block", "waived", {"waivers": [LEAVE]}),
        ("review", "waived", {"waivers": [LEAVE]}),
        ("block", "waived", {"waivers": [LEAVE], "approvals": [LEAVE]}),
    ],
)
def test_what_may_be_released_is(tmp_path, people, verdict, basis, leave):
    found = release(tmp_path, people, verdict=verdict, basis=basis, **leave).verify()
    assert (found.verdict, found.basis) == (verdict, basis)
    assert len(found.approvals) == len(leave.get("approvals", ()))


@pytest.mark.parametrize(
    ("verdict", "basis", "leave"),
    [
        ("review", "clear", {}),
        ("block", "clear", {}),
        ("block", "approved", {"approvals": [LEAVE]}),
        ("review", "waived", {"approvals": [LEAVE]}),
        ("clear", "waived", {"waivers": [LEAVE]}),
        ("clear", "approved", {"approvals": [LEAVE]}),
        ("review", "approved", {}),
        ("review", "approved", {"waivers": [LEAVE]}),
        ("block", "waived", {"approvals": [LEAVE]}),
        ("clear", "clear", {"waivers": [LEAVE]}),
        ("none", "clear", {}),
    ],
)
def test_what_may_not_be_released_is_neither_certified_nor_accepted(
    released, people, verdict, basis, leave
):
    digest = file_digest(released.audience)
    entry = list(released.ledger.entries())[-1]
    with pytest.raises(InputError):
        issue_certificate(
            people.ann, **words(digest, entry, verdict=verdict, basis=basis, **leave)
        )
    # By a releaser with a tool of their own.
    document = read_document(released.certificate)
    content = {key: document[key] for key in document if key != "signatures"}
    content |= {"verdict": verdict, "basis": basis}
    content |= {
        key: [one.digest for one in leave.get(key, ())]
        for key in ("approvals", "waivers")
    }
    write_document(released.certificate, sign_document(content, people.ann))
    assert released.refusal()


def test_a_certificate_does_not_outlive_the_leave_it_rests_on(tmp_path, people):
    short = SimpleNamespace(
        digest=LEAVE.digest, expires=NOW + timedelta(days=1), kind="approval"
    )
    with pytest.raises(InputError, match="is after the approval's end") as caught:
        release(tmp_path, people, verdict="review", basis="approved", approvals=[short])
    assert caught.value.problems[0].hint == "at most 2026-11-25T09:30:00Z"


def test_the_line_of_a_certificate_is_that_of_its_release(tmp_path, people):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    check = ledger.append("check", {"audience": COUNTS})
    other = ledger.append("release", {"audience": COUNTS})
    with pytest.raises(InputError, match="is of kind 'check'"):
        issue_certificate(people.ann, **words(COUNTS, check))
    with pytest.raises(InputError, match="does not hold the digest"):
        issue_certificate(people.ann, **words(CAMPAIGN, other))


def test_a_ledger_without_the_line_is_refused(released, tmp_path):
    assert released.verify(ledger=released.ledger.path)
    (tmp_path / "other").mkdir()
    other = Ledger(tmp_path / "other" / "ledger.jsonl")
    for _ in range(3):
        other.append("release", {"audience": file_digest(released.audience)}, at=NOW)
    assert "has no line with seq 2" in released.refusal(ledger=other.path)


def test_a_ledger_that_was_rewritten_with_its_head_is_refused(released, tmp_path):
    path = released.ledger.path
    path.unlink()
    path.with_name("ledger.jsonl.head").unlink()
    rewritten = Ledger(path)
    rewritten.append("check", {"campaign": "spring", "verdict": "clear"}, at=NOW)
    rewritten.append("release", {"audience": file_digest(released.audience)}, at=NOW)
    assert "has no line with seq 2 and the hash" in released.refusal(ledger=path)


def test_a_ledger_that_does_not_hold_is_refused(released):
    path = released.ledger.path
    path.write_bytes(path.read_bytes().replace(b"spring", b"summer"))
    assert "line 1: was altered" in released.refusal(ledger=path)


def test_a_line_that_a_signer_names_wrongly_is_refused(released, people):
    first = next(iter(released.ledger.entries()))
    document = read_document(released.certificate)
    content = {key: document[key] for key in document if key != "signatures"}
    content["ledger"] = {"seq": first.seq, "hash": first.hash}
    write_document(released.certificate, sign_document(content, people.ann))
    assert "is of kind 'check'" in released.refusal(ledger=released.ledger.path)


def test_a_sealed_audience_is_verified_before_and_after_it_is_opened(tmp_path, people):
    plain = tmp_path / "plain.csv"
    plain.write_bytes(ROWS)
    sealed = seal_file(
        plain, people.trust.recipients(["bob"], NOW), tmp_path / "spring.sealed"
    )
    ledger = Ledger(tmp_path / "ledger.jsonl")
    entry = ledger.append("release", {"audience": file_digest(plain)})
    more = {"sealed": file_digest(sealed), "recipients": ["bob"]}
    made = issue_certificate(people.ann, **words(file_digest(plain), entry, **more))
    path = write_document(certificate_path(sealed), made)
    found = verify_audience(sealed, people.trust, at=NOW, ledger=ledger.path)
    assert found.recipients == ("bob",)
    opened = open_sealed_file(sealed, people.bob, tmp_path / "opened.csv")
    assert verify_audience(opened, people.trust, certificate=path, at=NOW) == found
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    with pytest.raises(RefusedError, match="was changed"):
        verify_audience(sealed, people.trust, at=NOW)


@pytest.mark.parametrize("more", [{"sealed": COUNTS}, {"recipients": ["bob"]}])
def test_recipients_and_sealing_come_together(tmp_path, people, more):
    with pytest.raises(InputError, match="to whom a sealed file"):
        release(tmp_path, people, **more)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("audience", "x"),
        ("rows", -1),
        ("rows", 2.0),
        ("policies", []),
        ("version", " "),
    ],
)
def test_what_a_certificate_cannot_hold_is_told(released, people, key, value):
    entry = list(released.ledger.entries())[-1]
    with pytest.raises(InputError, match=key):
        issue_certificate(
            people.ann, **words(file_digest(released.audience), entry, **{key: value})
        )
