"""Signatures over documents, by the keys of a trust file.

What is signed is a word of ours, the document's schema, and its canonical bytes
without the signatures: a signature under an approval is none under a certificate.
The signatures stand in the document, sorted by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence.documents import (
    canonical,
    moment_at,
    moment_of,
    moment_text,
)

if TYPE_CHECKING:
    from fairness.evidence.trust import Trust

_SCHEMA = re.compile(r"fairreach/[a-z-]+/[0-9]+")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_DOMAIN = b"fairreach signature"
_MOST_SIGNATURES = 16


class Signs(Protocol):
    """What can sign: a `Signer`, or a device that holds such a key."""

    @property
    def key_id(self) -> str:
        """Id of the key."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds.

    Parameters
    ----------
    name : str
        Of the person in the trust file.
    key_id : str
    """

    name: str
    key_id: str


def sign_document(document: Mapping[str, Any], *signers: Signs) -> dict[str, Any]:
    """Return a document with the signatures of more people.

    Parameters
    ----------
    document : mapping
        With `schema`, `issued` (UTC, to the second) and perhaps `expires`; signatures
        that it has already stay.
    *signers : Signer

    Returns
    -------
    dict

    Raises
    ------
    InputError
        It has no schema or moment, holds what JSON cannot, or somebody signs twice.

    Examples
    --------
    >>> sign_document({"schema": "fairreach/note/1"})
    Traceback (most recent call last):
    fairness.errors.InputError: issued: is missing; it must be like 2026-11-24T09:30:00Z
    """
    content = {key: document[key] for key in document if key != "signatures"}
    _check_signable(content)
    message = signed_bytes(content)
    signatures = {one["key"]: one for one in document.get("signatures", ())}
    for signer in signers:
        if signer.key_id in signatures:
            what = f"{signer.key_id} has signed already"
            raise InputError(Problem("signatures", what, "a second person has to sign"))
        made = {"key": signer.key_id, "signature": signer.sign(message).hex()}
        signatures[signer.key_id] = made
    return content | {"signatures": [signatures[key] for key in sorted(signatures)]}


def _check_signable(content: Mapping[str, Any]) -> None:
    problems = []
    schema = content.get("schema")
    if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema):
        problems.append(Problem("schema", f"{shown(schema)} is not fairreach/KIND/N"))
    for key in ("issued", "expires"):
        value = content.get(key)
        if value is None and key == "issued":
            what = "is missing; it must be like 2026-11-24T09:30:00Z"
            problems.append(Problem(key, what))
        elif value is not None and moment_of(value) is None:
            what = f"{shown(value)} is not like 2026-11-24T09:30:00Z"
            problems.append(Problem(key, what))
    if problems:
        raise InputError(problems)


def signed_bytes(content: Mapping[str, Any]) -> bytes:
    """Return what is signed under a document without its signatures."""
    return b"\n".join([_DOMAIN, str(content["schema"]).encode(), canonical(content)])


def check_document(
    document: Mapping[str, Any],
    trust: Trust,
    schema: str,
    at: datetime | None = None,
    *,
    where: str = "document",
) -> tuple[Signature, ...]:
    """Return the signatures of a document, all of which hold.

    Parameters
    ----------
    document : mapping
        As `read_document` returns it.
    trust : Trust
        Whose keys count. A key counts for what was issued while it was held.
    schema : str
        What kind of document it has to be.
    at : datetime, optional
        The moment at which it has to be in force; now where None.
    where : str
        How messages name the document.

    Returns
    -------
    tuple of Signature
        At least one. That the right people signed is for the caller to see.

    Raises
    ------
    RefusedError
        With every reason: another schema, no signature, an unknown, revoked or
        expired key, an altered document, not yet or no longer in force.

    Notes
    -----
    `issued` is what the signer says it is: a stolen key can sign for days before it
    was revoked. The ledger's order is what shows that.
    """
    if document.get("schema") != schema:
        what = f"is {shown(document.get('schema'))}, not {shown(schema)}"
        raise RefusedError(Problem(where, what))
    issued, expires = moment_of(document.get("issued")), document.get("expires")
    if issued is None or (expires is not None and moment_of(expires) is None):
        raise RefusedError(Problem(where, "does not say when it was issued"))
    reasons = [*_out_of_time(issued, moment_of(expires), moment_at(at), where)]
    content = {key: document[key] for key in document if key != "signatures"}
    message = signed_bytes(content)
    listed = _listed(document.get("signatures"))
    if not listed:
        reasons.append(Problem(where, "is not signed"))
    found = []
    for key, signature in listed:
        reason = _why_not(key, signature, message, trust, issued)
        if reason is None:
            found.append(Signature(trust.by_key(key).name, key))  # type: ignore[union-attr]
        else:
            reasons.append(Problem(where, reason.what, reason.hint))
    if reasons:
        raise RefusedError(reasons)
    return tuple(found)


def _listed(signatures: object) -> list[tuple[str, bytes]]:
    """Return keys and signatures, nothing at all where one is not well formed."""
    if not isinstance(signatures, list) or len(signatures) > _MOST_SIGNATURES:
        return []
    listed: list[tuple[str, bytes]] = []
    for one in signatures:
        if not isinstance(one, dict) or one.keys() != {"key", "signature"}:
            return []
        key, signature = one["key"], one["signature"]
        if not isinstance(key, str) or not isinstance(signature, str):
            return []
        if not _SIGNATURE.fullmatch(signature):
            return []
        listed.append((key, bytes.fromhex(signature)))
    keys = [key for key, _ in listed]
    return listed if keys == sorted(set(keys)) else []


def _why_not(
    key: str, signature: bytes, message: bytes, trust: Trust, issued: datetime
) -> Problem | None:
    reason = trust.refusal(key, issued)
    person = trust.by_key(key)
    if reason is not None or person is None:
        return reason
    if not is_signed(person.sign_bytes, signature, message):
        return Problem("", f"was changed after {person.name} signed it")
    return None


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature is that of a key over a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _out_of_time(
    issued: datetime, expires: datetime | None, at: datetime, where: str
) -> Iterator[Problem]:
    if at < issued:
        what = f"is not in force before {moment_text(issued)}"
        yield Problem(where, what, f"it was looked at for {moment_text(at)}")
    if expires is not None and at > expires:
        yield Problem(where, f"expired at {moment_text(expires)}")
