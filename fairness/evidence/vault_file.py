"""The bytes of a vault: a signed header, and a table that only members can open.

``fairreach/vault/1``, a line of canonical JSON (the header), and the table as Parquet
in encrypted chunks. The header holds the charters, the data key wrapped for each member
and the digest of the chunks; a custodian signs all of it. The key of the chunks is
bound to the last charter: content and roles cannot be taken apart.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fairness.errors import InputError, Problem, RefusedError
from fairness.evidence.chunks import CHUNK, cipher_of, cut, opened_chunks, sealed_chunks
from fairness.evidence.documents import (
    canonical,
    digest_of,
    moment_of,
    moment_text,
    parse_canonical,
)
from fairness.evidence.keys import Signer
from fairness.evidence.signing import check_document, sign_document
from fairness.evidence.vault_charter import (
    Charter,
    Member,
    new_charter,
    read_charters,
    vault_id,
)
from fairness.evidence.wrapping import (
    WrappedKey,
    new_data_key,
    unwrap_key,
    wrap_key,
    wrapped_keys,
)

if TYPE_CHECKING:
    from fairness.evidence.trust import Trust

SCHEMA = "fairreach/vault/1"
_MAGIC = f"{SCHEMA}\n".encode()
# A charter of ten people has two kilobytes: that is 4,000 of them.
LARGEST_HEADER = 1 << 23
_SALT = re.compile(r"[0-9a-f]{64}")
_KEYS = {
    *("schema", "issued", "vault", "chunk", "salt", "body"),
    *("keys", "charters", "signatures"),
}


@dataclass(frozen=True, slots=True)
class VaultFile:
    """A vault that was read: its signatures and its chain of charters hold.

    Parameters
    ----------
    vault : str
        Its id.
    charters : tuple of Charter
        One for each version, the last one in force.
    tables : list of dict
        The charters as they are written.
    keys : tuple of WrappedKey
    salt : str
    body : bytes
        The chunks.
    digest : str
        Of the whole file.
    """

    vault: str
    charters: tuple[Charter, ...]
    tables: Sequence[Mapping[str, Any]]
    keys: tuple[WrappedKey, ...]
    salt: str
    body: bytes
    digest: str

    @property
    def charter(self) -> Charter:
        """The one in force."""
        return self.charters[-1]

    def content(self, signer: Signer, where: str) -> bytes:
        """Return what is in it.

        Raises
        ------
        RefusedError
            It is not sealed to this key, or was changed.
        """
        bound = self.charter.digest.encode()
        try:
            data_key = unwrap_key(self.keys, signer, _MAGIC + bound)
        except RefusedError as error:
            told = (Problem(where, one.what, one.hint) for one in error.reasons)
            raise RefusedError(told) from None
        cipher = cipher_of(data_key, self.salt, _MAGIC + bound)
        return b"".join(opened_chunks(io.BytesIO(self.body), cipher, where))


def made_vault(
    content: bytes,
    members: Sequence[Member],
    trust: Trust,
    signer: Signer,
    at: datetime,
    before: VaultFile | None = None,
) -> bytes:
    """Return the bytes of a vault, or of its next version under a new data key.

    Parameters
    ----------
    content : bytes
    members : sequence of Member
        Whose keys are in the trust file.
    trust : Trust
    signer : Signer
        A custodian, of the version before where there is one.
    at : datetime
    before : VaultFile, optional

    Raises
    ------
    InputError
        A seal key cannot be one, or the vault has had too many versions.
    """
    table = new_charter(members, signer, at, before.charter if before else None)
    tables = [*(before.tables if before else ()), table]
    charter = digest_of(canonical(table))
    data_key, salt = new_data_key(), os.urandom(32).hex()
    bound = _MAGIC + charter.encode()
    people = [one for member in members if (one := trust.by_key(member.key))]
    body = b"".join(sealed_chunks(cipher_of(data_key, salt, bound), cut(content)))
    header = {
        "schema": SCHEMA,
        "issued": moment_text(at),
        "vault": before.vault if before else charter.removeprefix("sha256:")[:32],
        "chunk": CHUNK,
        "salt": salt,
        "body": digest_of(body),
        "keys": [one.to_dict() for one in wrap_key(data_key, people, bound)],
        "charters": tables,
    }
    raw = canonical(sign_document(header, signer))
    if len(raw) >= LARGEST_HEADER:
        what = f"has had {len(tables):,} versions, which is all that fit"
        raise InputError(Problem("vault", what, "seal a new one"))
    return _MAGIC + raw + b"\n" + body


def read_vault(raw: bytes, trust: Trust, at: datetime, where: str) -> VaultFile:
    """Return the vault that bytes are; opens nothing.

    Raises
    ------
    RefusedError
        They are no vault, were changed, or are signed by nobody who might have.
    """
    magic, header, body = raw[: len(_MAGIC)], *_split(raw[len(_MAGIC) :])
    if magic != _MAGIC:
        hint = "a vault is a file that fairreach vault seal made"
        raise RefusedError(Problem(where, "is not a vault, or was changed", hint))
    document = parse_canonical(header, where)
    if not _is_header(document):
        raise RefusedError(Problem(where, "its header was changed"))
    signatures = check_document(document, trust, SCHEMA, at, where=where)
    charters = read_charters(document["charters"], trust, at, where)
    keys = wrapped_keys(document["keys"], where)
    sealed_to = {one.seal for one in charters[-1].members}
    if (
        [one.key_id for one in signatures] != [charters[-1].by]
        or document["vault"] != vault_id(charters[0])
        or {one.to for one in keys} != sealed_to
    ):
        raise RefusedError(Problem(where, "its header is not that of its charters"))
    if digest_of(body) != document["body"]:
        raise RefusedError(Problem(where, "was changed or cut off"))
    return VaultFile(
        document["vault"],
        charters,
        document["charters"],
        keys,
        document["salt"],
        body,
        digest_of(raw),
    )


def claimed_id(raw: bytes) -> str | None:
    """Return the id that bytes say they have, for the record of a refusal."""
    try:
        found = parse_canonical(_split(raw[len(_MAGIC) :])[0], "").get("vault")
    except RefusedError:
        return None
    is_id = isinstance(found, str) and re.fullmatch(r"[0-9a-f]{32}", found)
    return str(found) if is_id else None


def vault_summary(raw: bytes) -> tuple[datetime | None, tuple[str, ...]]:
    """Return what a vault says of itself, unverified: its moment, its members' keys.

    Parameters
    ----------
    raw : bytes
        Its beginning, `LARGEST_HEADER` bytes at most.

    Returns
    -------
    tuple of (datetime or None, tuple of key ids)
        None where it is no vault.
    """
    if not raw.startswith(_MAGIC):
        return None, ()
    try:
        header = parse_canonical(_split(raw[len(_MAGIC) :])[0], "")
        members = header["charters"][-1]["members"]
        return moment_of(header["issued"]), tuple(str(one["key"]) for one in members)
    except (RefusedError, KeyError, IndexError, TypeError):
        return None, ()


def _split(raw: bytes) -> tuple[bytes, bytes]:
    header, _, body = raw.partition(b"\n")
    return header, body


def _is_header(document: Mapping[str, Any]) -> bool:
    salt = document.get("salt")
    return (
        document.keys() == _KEYS
        and document["chunk"] == CHUNK
        and isinstance(salt, str)
        and bool(_SALT.fullmatch(salt))
    )
