"""Only the recipients read a sealed file, and only as it was sealed."""

import json
import stat
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    open_sealed,
    open_sealed_file,
    seal_file,
    unwrap_key,
    wrap_key,
)
from fairness.evidence.sealing import CHUNK
from fairness.evidence.trust import Person, person_of
from fairness.evidence.wrapping import WrappedKey, new_data_key, wrapped_keys

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


@pytest.fixture(scope="session")
def both(people):
    return people.trust.recipients(["ann", "bob"], NOW)


def content(size):
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_every_recipient_reads_what_was_sealed(tmp_path, people, both, size):
    whole = content(size)
    source = tmp_path / "plain"
    source.write_bytes(whole)
    for name, given_source in (
        ("bytes", whole),
        ("file", source),
        ("text", str(source)),
    ):
        path = seal_file(given_source, both, tmp_path / name)
        assert open_sealed(path, people.ann) == whole
        assert (
            open_sealed_file(path, people.bob, tmp_path / "opened").read_bytes()
            == whole
        )


def test_sealed_and_opened_files_are_private(tmp_path, people, both):
    path = seal_file(b"C0001", both, tmp_path / "sealed")
    opened = open_sealed_file(path, people.ann, tmp_path / "opened")
    for file in (path, opened):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nobody_else_reads_it(tmp_path, people, both):
    path = seal_file(b"C0001", both, tmp_path / "sealed")
    with pytest.raises(RefusedError, match="not sealed to the key of eve"):
        open_sealed(path, people.eve)
    path = seal_file(b"C0001", both[:1], tmp_path / "sealed")
    with pytest.raises(RefusedError, match="not sealed to the key of bob"):
        open_sealed(path, people.bob)


def test_the_content_is_nowhere_in_the_file_and_no_two_are_alike(tmp_path, both):
    whole = b"C0001,an address that nobody should read\n" * 20
    one = seal_file(whole, both, tmp_path / "one").read_bytes()
    other = seal_file(whole, both, tmp_path / "other").read_bytes()
    assert b"address" not in one
    assert one.split(b"\n", 2)[2][:16] != other.split(b"\n", 2)[2][:16]


def test_the_format_is_as_documented(tmp_path, people, both):
    """Opened with cryptography alone."""
    whole = content(CHUNK + 5)
    raw = seal_file(whole, both, tmp_path / "sealed").read_bytes()
    magic, header, body = raw.split(b"\n", 2)
    assert magic == b"fairreach/sealed/1"
    table = json.loads(header)
    (data_key,) = [
        key
        for one in table["recipients"]
        if (key := _unwrapped(bytes.fromhex(one["wrapped"]), people.ann))
    ]
    salt = bytes.fromhex(table["salt"])
    key = HKDF(hashes.SHA256(), 32, salt, magic + b"\n" + header).derive(data_key)
    first, last = body[: CHUNK + 16], body[CHUNK + 16 :]
    found = AESGCM(key).decrypt(bytes(12), first, None)
    found += AESGCM(key).decrypt((1).to_bytes(11, "big") + b"\x01", last, None)
    assert found == whole


def _unwrapped(wrapped, signer):
    from cryptography.exceptions import InvalidTag

    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    try:
        return suite.decrypt(
            wrapped, signer.seal_key, info=b"fairreach data key\nsealed file"
        )
    except InvalidTag:
        return None


def refused(path, raw, signer):
    path.write_bytes(raw)
    with pytest.raises((RefusedError, InputError)) as caught:
        open_sealed(path, signer)
    return caught.value


def test_every_byte_counts(tmp_path, people, both):
    path = seal_file(b"C0001\nC0002\n", both, tmp_path / "sealed")
    whole = path.read_bytes()
    for place, byte in enumerate(whole):
        refused(
            path,
            whole[:place] + bytes([byte ^ 1 << place % 8]) + whole[place + 1 :],
            people.ann,
        )
        refused(path, whole[:place], people.ann)
    refused(path, whole + b"\x00", people.ann)
    path.write_bytes(whole)
    assert open_sealed(path, people.ann)


@pytest.fixture(scope="module")
def long(tmp_path_factory, both):
    folder = tmp_path_factory.mktemp("sealed")
    raw = seal_file(content(3 * CHUNK + 7), both, folder / "sealed").read_bytes()
    start = raw.index(b"\n", raw.index(b"\n") + 1) + 1
    step = CHUNK + 16
    chunks = [raw[at : at + step] for at in range(start, len(raw), step)]
    assert len(chunks) == 4
    return folder / "changed", raw[:start], chunks


CUTS = {
    "last_cut": [0, 1, 2],
    "first_cut": [1, 2, 3],
    "middle_cut": [0, 2, 3],
    "all_cut": [],
    "only_last": [3],
    "doubled": [0, 0, 1, 2, 3],
    "last_doubled": [0, 1, 2, 3, 3],
    "turned": [1, 0, 2, 3],
    "last_first": [3, 0, 1, 2],
}


@pytest.mark.parametrize("order", CUTS.values(), ids=CUTS)
def test_chunks_cut_doubled_or_reordered_are_found(long, people, order):
    path, head, chunks = long
    error = refused(path, head + b"".join(chunks[i] for i in order), people.ann)
    assert "was changed or cut off" in str(error)


@settings(max_examples=30)
@given(data=st.data())
def test_a_byte_anywhere_in_a_long_file_counts(long, people, data):
    path, head, chunks = long
    raw = bytearray(head + b"".join(chunks))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    refused(path, bytes(raw), people.ann)


def test_chunks_of_another_file_are_found(tmp_path, people, both):
    one, other = (
        seal_file(bytes(10), both, tmp_path / name).read_bytes() for name in "ab"
    )
    mixed = b"\n".join([*one.split(b"\n", 2)[:2], other.split(b"\n", 2)[2]])
    assert "was changed" in str(refused(tmp_path / "c", mixed, people.ann))


def test_a_recipient_taken_out_of_the_header_is_found(tmp_path, people, both):
    raw = seal_file(bytes(10), both, tmp_path / "a").read_bytes()
    magic, header, body = raw.split(b"\n", 2)
    table = json.loads(header)
    for one in table["recipients"]:
        short = json.dumps(
            table | {"recipients": [one]}, sort_keys=True, separators=(",", ":")
        )
        signer = (
            people.ann
            if _unwrapped(bytes.fromhex(one["wrapped"]), people.ann)
            else people.bob
        )
        error = refused(
            tmp_path / "b", b"\n".join([magic, short.encode(), body]), signer
        )
        assert "was changed or cut off" in str(error)


def test_what_does_not_open_is_not_written(tmp_path, people, both):
    path = seal_file(content(2 * CHUNK + 1), both, tmp_path / "sealed")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RefusedError):
        open_sealed_file(path, people.ann, tmp_path / "opened")
    assert [file.name for file in tmp_path.iterdir()] == ["sealed"]


def test_what_cannot_be_sealed_is_told(tmp_path, people, both):
    with pytest.raises(InputError, match="no such file"):
        seal_file(tmp_path / "none", both, tmp_path / "sealed")
    with pytest.raises(InputError, match="recipients: are none"):
        seal_file(b"x", [], tmp_path / "sealed")
    with pytest.raises(InputError, match="is not a sealed file"):
        open_sealed(_file(tmp_path, b"customer_id\n"), people.ann)
    with pytest.raises(InputError, match="no such file"):
        open_sealed(tmp_path / "none", people.ann)
    with pytest.raises(RefusedError, match="is cut off"):
        open_sealed(_file(tmp_path, b"fairreach/sealed/1\n{}"), people.ann)


def _file(folder, raw):
    (folder / "file").write_bytes(raw)
    return folder / "file"


def test_a_weak_seal_key_is_told(tmp_path, people):
    weak = Person(
        name="w",
        sign=people.eve.public.sign,
        seal="x25519:" + "00" * 32,
        added=NOW.date(),
    )
    with pytest.raises(InputError, match="the seal key of w is a weak key"):
        seal_file(b"x", [weak], tmp_path / "sealed")


def test_a_data_key_is_wrapped_for_one_use(people, both):
    key = new_data_key()
    wrapped = wrap_key(key, [*both, both[0]], b"vault")
    assert len(wrapped) == 2
    for signer in (people.ann, people.bob):
        assert unwrap_key(wrapped, signer, b"vault") == key
        with pytest.raises(RefusedError, match="was changed"):
            unwrap_key(wrapped, signer, b"sealed file")
    with pytest.raises(RefusedError, match="it is sealed to 2 other keys"):
        unwrap_key(wrapped, people.eve, b"vault")
    with pytest.raises(InputError, match="has 16 bytes"):
        wrap_key(bytes(16), both, b"vault")


def test_wrapped_keys_are_read_back_as_they_were_listed(both):
    wrapped = wrap_key(new_data_key(), both, b"vault")
    listed = [one.to_dict() for one in wrapped]
    assert wrapped_keys(listed, "x") == wrapped
    short = WrappedKey(wrapped[0].to, wrapped[0].wrapped[:-2]).to_dict()
    for bad in (
        None,
        [],
        {},
        [1],
        [short],
        [listed[0] | {"x": 1}],
        [{"to": 1, "wrapped": ""}],
        listed * 501,
    ):
        with pytest.raises(RefusedError, match="not the keys of recipients"):
            wrapped_keys(bad, "x")


def test_a_person_who_was_never_in_a_trust_file_can_be_sealed_to(tmp_path, people):
    path = seal_file(b"x", [person_of(people.eve.public, NOW.date())], tmp_path / "s")
    assert open_sealed(path, people.eve) == b"x"
