"""A signature is of one key, one document and one kind of document."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import InputError, RefusedError
from fairness.evidence import add_person, check_document, load_trust, sign_document
from fairness.evidence.trust_file import revoke_person

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NOTE = {
    "schema": "fairreach/note/1",
    "issued": "2026-11-24T09:30:00Z",
    "expires": "2026-11-30T00:00:00Z",
    "text": "yes",
}
KIND = NOTE["schema"]


def refusal(document, trust, at=NOW, schema=KIND):
    with pytest.raises(RefusedError) as caught:
        check_document(document, trust, schema, at)
    return str(caught.value)


def test_a_signed_document_names_who_signed(people):
    signed = sign_document(NOTE, people.ann, people.bob)
    found = check_document(signed, people.trust, KIND, NOW)
    assert {one.name for one in found} == {"ann", "bob"}
    assert {one.key_id for one in found} == {people.ann.key_id, people.bob.key_id}


def test_the_signature_is_plain_ed25519_over_the_bytes_that_are_documented(people):
    """Checked without any code of ours."""
    (made,) = sign_document(NOTE, people.ann)["signatures"]
    message = (
        b"fairreach signature\nfairreach/note/1\n"
        b'{"expires":"2026-11-30T00:00:00Z","issued":"2026-11-24T09:30:00Z",'
        b'"schema":"fairreach/note/1","text":"yes"}'
    )
    public = bytes.fromhex(people.ann.public.sign.partition(":")[2])
    Ed25519PublicKey.from_public_bytes(public).verify(
        bytes.fromhex(made["signature"]), message
    )


def test_signatures_may_be_added_one_after_the_other(people):
    first = sign_document(NOTE, people.ann)
    assert sign_document(first, people.bob) == sign_document(
        NOTE, people.bob, people.ann
    )
    with pytest.raises(InputError, match="has signed already"):
        sign_document(first, people.ann)


def test_another_schema_is_refused_even_with_a_signature_that_holds(people):
    signed = sign_document(NOTE, people.ann)
    assert "not 'fairreach/approval/1'" in refusal(
        signed, people.trust, schema="fairreach/approval/1"
    )
    moved = signed | {"schema": "fairreach/approval/1"}
    assert "was changed" in refusal(moved, people.trust, schema="fairreach/approval/1")


@pytest.mark.parametrize("key", ["text", "issued", "expires"])
def test_a_value_changed_added_or_removed_is_refused(people, key):
    signed = sign_document(NOTE, people.ann)
    other = "2026-11-24T09:29:59Z"
    changed = "was changed after ann signed it"
    assert changed in refusal(
        signed | {key: other},
        people.trust,
        datetime(2026, 11, 24, 9, 29, 59, tzinfo=UTC),
    )
    assert changed in refusal(signed | {"more": None}, people.trust)
    without = {name: signed[name] for name in signed if name != key}
    assert refusal(without, people.trust)


def test_an_unknown_key_is_named(people):
    told = refusal(sign_document(NOTE, people.eve), people.trust)
    assert people.eve.key_id in told
    assert "fairreach keys trust" in told


def test_one_signature_that_does_not_hold_spoils_the_others(people):
    both = sign_document(NOTE, people.ann, people.eve)
    assert people.eve.key_id in refusal(both, people.trust)


def test_a_key_signs_what_was_issued_before_it_was_revoked_and_no_more(
    trust_file, people
):
    revoke_person(trust_file, "ann", on=NOW.date() - timedelta(days=1))
    trust = load_trust(trust_file)
    assert "was revoked on 2026-11-23" in refusal(
        sign_document(NOTE, people.ann), trust
    )
    before = NOTE | {"issued": "2026-11-23T23:59:59Z"}
    assert check_document(sign_document(before, people.ann), trust, KIND, NOW)


def test_an_expired_key_is_told_apart(tmp_path, people):
    path = tmp_path / "trust.toml"
    day = NOW.date() - timedelta(days=2)
    add_person(path, people.ann, added=day, expires=day)
    told = refusal(sign_document(NOTE, people.ann), load_trust(path))
    assert "the key of ann expired on 2026-11-22" in told


def test_a_document_is_in_force_from_its_first_second_to_its_last(people):
    signed = sign_document(NOTE, people.ann)
    last = datetime(2026, 11, 30, tzinfo=UTC)
    for at in (NOW, last):
        assert check_document(signed, people.trust, KIND, at)
    second = timedelta(seconds=1)
    assert "not in force before 2026-11-24T09:30:00Z" in refusal(
        signed, people.trust, NOW - second
    )
    assert "expired at 2026-11-30T00:00:00Z" in refusal(
        signed, people.trust, last + second
    )
    with pytest.raises(InputError, match="no time zone"):
        check_document(signed, people.trust, KIND, datetime(2026, 11, 24))  # noqa: DTZ001 - what is refused


def test_all_reasons_are_told_at_once(people):
    signed = sign_document(NOTE, people.ann, people.eve) | {"text": "no"}
    with pytest.raises(RefusedError) as caught:
        check_document(signed, people.trust, KIND, datetime(2027, 1, 1, tzinfo=UTC))
    assert len(caught.value.reasons) == 3


MANGLED = {
    "none": None,
    "empty": [],
    "text": "ann",
    "no_dict": [1],
    "extra_key": lambda one: [one | {"x": 1}],
    "no_text": lambda one: [one | {"key": 1}],
    "twice": lambda one: [one, one],
    "short": lambda one: [one | {"signature": one["signature"][:-2]}],
    "capitals": lambda one: [one | {"signature": one["signature"].upper()}],
    "too_many": lambda one: [one | {"key": f"{i:032x}"} for i in range(17)],
}


@pytest.mark.parametrize("how", MANGLED)
def test_signatures_that_are_not_well_formed_are_none(people, how):
    signed = sign_document(NOTE, people.ann)
    mangle = MANGLED[how]
    signed["signatures"] = (
        mangle(signed["signatures"][0]) if callable(mangle) else mangle
    )
    assert "is not signed" in refusal(signed, people.trust)


@given(st.integers(0, 511))
def test_no_bit_of_a_signature_can_change(people, bit):
    signed = sign_document(NOTE, people.ann)
    raw = bytearray.fromhex(signed["signatures"][0]["signature"])
    raw[bit // 8] ^= 1 << bit % 8
    signed["signatures"][0]["signature"] = raw.hex()
    assert "was changed" in refusal(signed, people.trust)


def test_a_second_spelling_of_a_signature_is_refused(people):
    """S + L is the same scalar; RFC 8032 refuses it."""
    signed = sign_document(NOTE, people.ann)
    raw = bytes.fromhex(signed["signatures"][0]["signature"])
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(raw[32:], "little") + order
    signed["signatures"][0]["signature"] = (
        raw[:32] + scalar.to_bytes(32, "little")
    ).hex()
    assert "was changed" in refusal(signed, people.trust)


@pytest.mark.parametrize("key", ["schema", "issued", "expires"])
def test_what_cannot_be_signed_is_bad_input(people, key):
    with pytest.raises(InputError, match=key):
        sign_document(NOTE | {key: "soon"}, people.ann)


def test_what_has_no_time_is_refused(people):
    signed = sign_document(NOTE, people.ann)
    for more in ({"issued": None}, {"issued": 7}, {"expires": "never"}):
        assert "does not say when" in refusal(signed | more, people.trust)
