"""Whatever is done to a vault by who may not is refused, and stands in the ledger."""

import json
import random
from datetime import timedelta

import pytest

from fairness.errors import RefusedError
from fairness.evidence import new_key, sign_document
from fairness.evidence.documents import canonical, digest_of
from fairness.evidence.keys import Signer
from fairness.evidence.vault_charter import member_of
from fairness.evidence.vault_file import made_vault, read_vault

LATER = timedelta(days=1)


def refused(vault, match=".", who="ann", times=1):
    """Say that opening is refused, and that the ledger has a line more about it."""
    before = len(vault.refusals)
    with pytest.raises(RefusedError, match=match):
        vault.open(who)
    lines = vault.refusals[before:]
    assert len(lines) == times
    assert lines[-1]["action"] == "open"
    assert lines[-1]["reasons"]
    assert vault.lines("vault-access") == []


def places(raw, count, seed):
    """Places all over a vault: its first line, its header, its content, its ends."""
    draw = random.Random(seed)
    first = raw.index(b"\n")
    header = raw.index(b"\n", first + 1)
    return [
        *(0, first, first + 1, header, header + 1, len(raw) - 1),
        *(draw.randrange(first, header) for _ in range(count)),
        *(draw.randrange(header, len(raw)) for _ in range(count // 4)),
    ]


def test_a_changed_byte_anywhere_is_refused(vault):
    raw = vault.path.read_bytes()
    draw = random.Random(5)
    for place in places(raw, 60, seed=4):
        changed = bytearray(raw)
        changed[place] ^= draw.randrange(1, 256)
        vault.path.write_bytes(changed)
        refused(vault)
    vault.path.write_bytes(raw)
    assert vault.open("ann").equals(vault.table)


@pytest.mark.slow
def test_a_changed_byte_at_every_place_of_the_header_is_refused(vault):
    raw = vault.path.read_bytes()
    end = raw.index(b"\n", raw.index(b"\n") + 1)
    for place in range(0, end, 3):
        changed = bytearray(raw)
        changed[place] ^= 1 << (place % 8)
        vault.path.write_bytes(changed)
        with pytest.raises(RefusedError):
            vault.open("ann")
    assert len(vault.refusals) == len(range(0, end, 3))


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[: raw.index(b"\n") + 1],
        lambda raw: b"",
        lambda raw: b"customer_id,gender\nC1,f\n",
        lambda raw: raw + raw,
    ],
    ids=["cut", "added", "half", "no header", "empty", "a csv", "twice"],
)
def test_what_is_cut_added_or_put_instead_is_refused(vault, edit):
    vault.path.write_bytes(edit(vault.path.read_bytes()))
    refused(vault)


@pytest.mark.parametrize("who", ["eve", "mallory"])
def test_a_key_that_is_no_members_is_refused(vault, who):
    refused(vault, f"key of {who}", who)


def test_another_key_under_a_members_name_is_refused(vault, tmp_path):
    refused(vault, "not in the trust file", new_key("ann", tmp_path / "false"))


def test_a_members_signature_with_another_seal_key_is_refused(vault, keys):
    mixed = Signer("ann", keys.ann.sign_key, keys.eve.seal_key)
    refused(vault, "not sealed to the key of ann", mixed)


def test_an_older_file_put_back_is_refused(vault):
    first = vault.path.read_bytes()
    vault.grant("bob", "analyst")
    second = vault.path.read_bytes()
    vault.revoke("bob")
    for old, version in ((first, 1), (second, 2)):
        vault.path.write_bytes(old)
        refused(vault, f"is version {version}, put back: the ledger knows version 3")
    refused(vault, "put back", "bob")


def test_a_custodian_does_not_go_on_from_an_older_file(vault):
    old = vault.path.read_bytes()
    vault.revoke("ann")
    vault.path.write_bytes(old)
    with pytest.raises(RefusedError, match="put back"):
        vault.rotate("dave")
    assert vault.path.read_bytes() == old


def test_a_lost_ledger_opens_nothing(vault):
    for name in ("ledger.jsonl", "ledger.jsonl.head"):
        (vault.path.parent / name).unlink()
    with pytest.raises(RefusedError, match="the ledger does not know this vault"):
        vault.open("ann")
    (line,) = vault.ledger.entries()
    assert line.kind == "vault-refusal"


def header_of(raw):
    _, header, body = raw.split(b"\n", 2)
    return json.loads(header), body


def with_header(header, body):
    return b"fairreach/vault/1\n" + canonical(header) + b"\n" + body


def test_a_role_cannot_be_written_in(vault):
    header, body = header_of(vault.path.read_bytes())
    for member in header["charters"][-1]["members"]:
        member["role"] = "custodian"
    vault.path.write_bytes(with_header(header, body))
    refused(vault, "was changed after cora signed it")


def test_a_role_cannot_be_signed_by_who_is_no_custodian(vault, keys):
    """Ann is trusted, and an analyst: she makes herself custodian and signs it all."""
    header, body = header_of(vault.path.read_bytes())
    charter = header["charters"][-1]
    for member in charter["members"]:
        member["role"] = "custodian" if member["name"] == "ann" else "analyst"
    del charter["signatures"]
    signed = sign_document(charter, keys.ann)
    header["charters"] = [signed]
    for one in (header["vault"], digest_of(canonical(signed))[7:39]):
        del header["signatures"]
        header["vault"] = one
        header = sign_document(header, keys.ann)
        vault.path.write_bytes(with_header(header, body))
        refused(vault)


def forged(vault, signer, before, name="ann"):
    """The next version as somebody makes it who does not ask whether they may."""
    file = read_vault(before, vault.trust, vault.at + LATER, "v")
    person = vault.trust.person(name)
    members = [one for one in file.charter.members if one.name != name]
    members.append(member_of(person, "custodian"))
    return made_vault(b"another table", members, vault.trust, signer, vault.at, file)


def announced(vault, raw, signer):
    """Write lines into the ledger as if the version had been put in place."""
    header, _ = header_of(raw)
    charter = header["charters"][-1]
    members = {one["key"]: one["role"] for one in charter["members"]}
    for step in ("begin", "done"):
        vault.ledger.append(
            "vault",
            {
                "step": step, "action": "grant", "about": "", "vault": header["vault"],
                "version": charter["version"], "digest": digest_of(raw),
                "charter": digest_of(canonical(charter)), "members": members,
                "by": signer.name, "key": signer.key_id, "file": vault.path.name,
            },
        )  # fmt: skip


@pytest.mark.parametrize("with_lines", [False, True])
def test_a_next_version_by_an_analyst_is_refused(vault, keys, with_lines):
    raw = forged(vault, keys.ann, vault.path.read_bytes())
    if with_lines:
        announced(vault, raw, keys.ann)
    vault.path.write_bytes(raw)
    refused(vault, "charter 2 is signed by ann, who was no custodian")


@pytest.mark.parametrize("with_lines", [False, True])
def test_a_custodian_who_was_revoked_cannot_go_on_from_before(vault, keys, with_lines):
    old = vault.path.read_bytes()
    vault.revoke("dave")
    raw = forged(vault, keys.dave, old)
    third = forged(vault, keys.dave, raw)
    for one in (raw, third):
        if with_lines:
            announced(vault, one, keys.dave)
        vault.path.write_bytes(one)
        refused(vault, "charter 2 is not the one that the ledger knows")


def test_a_version_that_no_line_announces_is_refused(vault, keys):
    """Made by a custodian, but past the ledger."""
    vault.path.write_bytes(forged(vault, keys.dave, vault.path.read_bytes()))
    refused(vault, "is not version 2 as the ledger knows it")


def test_a_vault_of_a_custodian_whom_nobody_trusts_is_refused(vault, keys):
    from fairness.evidence import Trust
    from fairness.evidence.trust import person_of

    known = vault.trust
    stranger = person_of(keys.mallory.public, known.people[0].added)
    wider = Trust(people=(*known.people, stranger))
    members = [
        member_of(stranger, "custodian"),
        member_of(known.person("ann"), "analyst"),
    ]
    raw = made_vault(b"x", members, wider, keys.mallory, vault.at)
    announced(vault, raw, keys.mallory)
    vault.path.write_bytes(raw)
    refused(vault, "which the trust file lacks")


def test_content_cannot_be_exchanged_under_a_header(vault, keys):
    """A member holds the data key, and still cannot put another table under it."""
    from fairness.evidence.chunks import cipher_of, sealed_chunks
    from fairness.evidence.wrapping import unwrap_key

    raw = vault.path.read_bytes()
    file = read_vault(raw, vault.trust, vault.at + LATER, "v")
    bound = b"fairreach/vault/1\n" + file.charter.digest.encode()
    data_key = unwrap_key(file.keys, keys.ann, bound)
    body = b"".join(sealed_chunks(cipher_of(data_key, file.salt, bound), iter([b"x"])))
    header, _ = header_of(raw)
    vault.path.write_bytes(with_header(header, body))
    refused(vault, "was changed or cut off")
    header["body"] = digest_of(body)
    vault.path.write_bytes(with_header(header, body))
    refused(vault, "was changed after cora signed it")


def test_headers_of_two_vaults_cannot_be_mixed(vault, unsealed):
    first = header_of(vault.path.read_bytes())
    vault.path.unlink()
    vault.seal()
    second = header_of(vault.path.read_bytes())
    vault.path.write_bytes(with_header(second[0], first[1]))
    refused(vault, "was changed or cut off")
    mixed = second[0] | {"charters": first[0]["charters"], "keys": first[0]["keys"]}
    vault.path.write_bytes(with_header(mixed, second[1]))
    refused(vault)


def test_a_line_that_goes_back_in_versions_counts_for_nothing(vault, keys):
    old = vault.path.read_bytes()
    vault.revoke("ann")
    announced(vault, old, keys.ann)
    vault.path.write_bytes(old)
    refused(vault, "put back")


def wrong_charters(charters, signer):
    """Charters as a custodian might sign them who means harm."""
    first = {key: charters[0][key] for key in charters[0] if key != "signatures"}
    members = first["members"]

    def signed(**changes):
        return [sign_document(first | changes, signer)]

    yield "no list", {}
    yield "none", []
    yield "no table", [7]
    yield "another key", [charters[0] | {"more": 1}]
    yield "doubled", [charters[0], charters[0]]
    yield "version 2 first", signed(version=2)
    yield "version of text", signed(version="1")
    yield "version true", signed(version=True)
    yield "nobody", signed(members=[])
    yield "member of text", signed(members=["cora"])
    yield "twice", signed(members=[*members, members[0]])
    yield "another role", signed(members=[members[0] | {"role": "owner"}, *members[1:]])
    yield "another order", signed(members=members[::-1])
    yield "a key of text", signed(members=[members[0] | {"key": "x"}, *members[1:]])
    yield (
        "one seal key",
        signed(members=[members[0] | {"seal": members[1]["seal"]}, *members[1:]]),
    )
    yield "no digest before", signed(previous=None)
    yield "not in force", signed(issued="2099-01-01T00:00:00Z")


def test_charters_that_are_none_are_refused_whoever_signed_them(vault, keys):
    header, body = header_of(vault.path.read_bytes())
    tried = 0
    for name, charters in wrong_charters(header["charters"], keys.cora):
        changed = {key: header[key] for key in header if key != "signatures"}
        changed["charters"] = charters
        signed = sign_document(changed, keys.cora)
        vault.path.write_bytes(with_header(signed, body))
        refused(vault)
        tried += 1
        assert name
    assert tried == 17


def test_headers_that_are_none_are_refused_whoever_signed_them(vault, keys):
    header, body = header_of(vault.path.read_bytes())
    del header["signatures"]
    for changes in (
        {"schema": "fairreach/vault/2"},
        {"chunk": 7},
        {"salt": "x"},
        {"salt": 7},
        {"vault": "0" * 32},
        {"keys": []},
        {"keys": header["keys"][1:]},
        {"keys": "x"},
        {"body": None},
        {"more": 1},
        {"issued": "2099-01-01T00:00:00Z"},
    ):
        signed = sign_document(header | changes, keys.cora)
        vault.path.write_bytes(with_header(signed, body))
        refused(vault)
    for signers in ((keys.dave,), (keys.cora, keys.dave)):
        vault.path.write_bytes(with_header(sign_document(header, *signers), body))
        refused(vault)


def test_a_content_that_is_no_table_is_refused(vault, keys):
    file = read_vault(vault.path.read_bytes(), vault.trust, vault.at + LATER, "v")
    members = list(file.charter.members)
    raw = made_vault(b"no table", members, vault.trust, keys.cora, vault.at, file)
    announced(vault, raw, keys.cora)
    vault.path.write_bytes(raw)
    refused(vault, "does not hold a table")
