"""A key is private, never overwritten, and says whose it is."""

import json
import stat

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    canonical,
    is_protected,
    load_key,
    load_public,
    new_key,
    read_document,
    sign_document,
    write_document,
)
from fairness.evidence.keys import key_problem


def test_a_key_is_read_back_and_its_file_is_private(tmp_path):
    made = new_key("ann", tmp_path / "keys")
    path = tmp_path / "keys" / "ann.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    read = load_key(path)
    assert (read.name, read.public) == ("ann", made.public)
    assert read.sign(b"x") == made.sign(b"x")
    assert load_public(tmp_path / "keys" / "ann.pub") == made.public
    assert not is_protected(path)


def test_two_keys_are_two(tmp_path):
    one, other = new_key("ann", tmp_path), new_key("bob", tmp_path)
    assert one.key_id != other.key_id
    assert one.public.seal != other.public.seal


def test_a_key_shows_nothing_private(people):
    secret = people.ann.sign_key.private_bytes_raw().hex()
    assert repr(people.ann) == "Signer(name='ann')"
    assert secret not in str(people.ann.public)


def test_a_passphrase_keeps_the_secret_out_of_the_file(tmp_path):
    made = new_key("ann", tmp_path, "a long walk")
    path = tmp_path / "ann.key"
    raw = path.read_bytes()
    for part in (made.sign_key, made.seal_key):
        assert part.private_bytes_raw().hex().encode() not in raw
    assert is_protected(path)
    assert load_key(path, "a long walk").public == made.public
    with pytest.raises(RefusedError, match="passphrase is wrong"):
        load_key(path, "a long wall")
    with pytest.raises(InputError, match="has a passphrase") as caught:
        load_key(path)
    assert "FAIRREACH_PASSPHRASE" in caught.value.problems[0].hint


def test_a_protected_key_cannot_be_given_another_name(tmp_path):
    new_key("ann", tmp_path, "a long walk")
    path = tmp_path / "ann.key"
    path.write_bytes(path.read_bytes().replace(b'"ann"', b'"bob"'))
    with pytest.raises(RefusedError, match="was changed"):
        load_key(path, "a long walk")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_key_that_others_can_reach_is_refused_with_a_hint(tmp_path, mode):
    new_key("ann", tmp_path)
    (tmp_path / "ann.key").chmod(mode)
    with pytest.raises(RefusedError, match=f"mode 0{mode:o}") as caught:
        load_key(tmp_path / "ann.key")
    assert "chmod 600 ann.key" in caught.value.reasons[0].hint


def test_no_key_is_overwritten(tmp_path):
    new_key("ann", tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(InputError, match="ever overwritten") as caught:
        new_key("ann", tmp_path)
    assert len(caught.value.problems) == 2
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../eve", "a/b", "a b", "é", "-a", "a" * 65, "a\n", "a\x00"]
)
def test_a_name_that_could_leave_the_directory_is_no_name(tmp_path, name):
    with pytest.raises(InputError, match="cannot be the name of a key"):
        new_key(name, tmp_path / "keys")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_an_empty_passphrase_is_none_at_all(tmp_path):
    with pytest.raises(InputError, match="passphrase: is empty"):
        new_key("ann", tmp_path, "  ")


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(InputError, match="cannot be made"):
        new_key("ann", tmp_path / "keys")


DAMAGES = {
    "empty": b"",
    "not_json": b"-----BEGIN PRIVATE KEY-----\n",
    "list": b"[]\n",
    "short": b'{"name":"ann","schema":"fairreach/private-key/1","secret":"00"}\n',
    "other": b'{"name":"ann","schema":"fairreach/public-key/1","secret":"%s"}\n'
    % (b"00" * 64),
    "path": b'{"name":"../a","schema":"fairreach/private-key/1","secret":"%s"}\n'
    % (b"00" * 64),
    "weak_kdf": b'{"kdf":{"n":2,"name":"scrypt","p":1,"r":8,"salt":"%s"},"name":"ann",'
    b'"nonce":"%s","schema":"fairreach/private-key/1","sealed":"%s"}\n'
    % (b"00" * 16, b"00" * 12, b"00" * 80),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_private_key_is_told(tmp_path, damage):
    path = tmp_path / "a.key"
    path.touch(mode=0o600)
    path.write_bytes(DAMAGES[damage])
    with pytest.raises(InputError, match="is not a private key"):
        load_key(path, "x")


def test_a_key_that_is_not_there_is_told_how_to_make(tmp_path):
    with pytest.raises(InputError, match="no such file") as caught:
        load_key(tmp_path / "ann.key")
    assert "fairreach keys new" in caught.value.problems[0].hint


def test_a_public_key_with_any_part_changed_is_refused(tmp_path, people):
    card = read_document(people.folder / "keys" / "ann.pub")
    other = people.eve.public
    changes = {
        "name": "eve",
        "seal": other.seal,
        "sign": other.sign,
        "issued": "2026-11-25T00:00:00Z",
        "signatures": [],
    }
    for key, value in changes.items():
        path = write_document(tmp_path / "a.pub", card | {key: value})
        with pytest.raises(RefusedError, match="was changed"):
            load_public(path)


def test_a_key_cannot_be_claimed_by_someone_who_lacks_it(tmp_path, people):
    card = read_document(people.folder / "keys" / "ann.pub")
    del card["signatures"]
    claimed = sign_document(card | {"name": "eve"}, people.eve)
    with pytest.raises(RefusedError, match="was changed"):
        load_public(write_document(tmp_path / "eve.pub", claimed))


def test_what_is_no_public_key_is_told(tmp_path, people):
    path = tmp_path / "a.pub"
    with pytest.raises(InputError, match="is not a public key"):
        load_public(write_document(path, {"schema": "fairreach/public-key/1"}))
    card = read_document(people.folder / "keys" / "ann.pub")
    bad = card | {"name": "a b", "sign": "ed25519:00", "seal": card["sign"]}
    with pytest.raises(InputError) as caught:
        load_public(write_document(path, bad))
    assert len(caught.value.problems) == 3


def test_keys_of_small_order_are_no_keys():
    """Curve25519 has 5 heights of small order; y and y + p are written alike."""
    prime = 2**255 - 19
    for height in (0, 1, prime - 1, prime, prime + 1):
        for sign in (0, 1 << 255):
            raw = (height | sign).to_bytes(32, "little").hex()
            assert "weak" in key_problem(f"ed25519:{raw}", "ed25519")
    known = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ]
    for raw in known:
        assert "weak" in key_problem(f"ed25519:{raw}", "ed25519")


def test_the_private_file_is_canonical_json(tmp_path):
    new_key("ann", tmp_path)
    raw = (tmp_path / "ann.key").read_bytes()
    assert canonical(json.loads(raw)) + b"\n" == raw
