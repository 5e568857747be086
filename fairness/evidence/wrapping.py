"""A data key wrapped for people: only who holds a seal key gets it back.

HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM), one wrapping for each
person. The context is bound into it: a key wrapped for one use opens no other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence.keys import Signer, key_bytes, key_id_of

if TYPE_CHECKING:
    from fairness.evidence.trust import Person

KEY_BYTES = 32
_DOMAIN = b"fairreach data key\n"
_ID = re.compile(r"[0-9a-f]{32}")
# 32 bytes of the sender's passing key, the data key, 16 of its tag.
_WRAPPED = re.compile(r"[0-9a-f]{160}")
_MOST_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key, wrapped for one person.

    Parameters
    ----------
    to : str
        Id of the person's seal key.
    wrapped : str
        160 hexadecimal digits.
    """

    to: str
    wrapped: str

    def to_dict(self) -> dict[str, str]:
        """Return it as a document holds it."""
        return {"to": self.to, "wrapped": self.wrapped}


def new_data_key() -> bytes:
    """Return 32 bytes that nobody can guess."""
    return os.urandom(KEY_BYTES)


def wrap_key(
    key: bytes, people: Iterable[Person], context: bytes
) -> tuple[WrappedKey, ...]:
    """Wrap a data key for people.

    Parameters
    ----------
    key : bytes
        32 bytes.
    people : iterable of Person
        At least one; see `Trust.recipients`, which refuses keys that have ended.
    context : bytes
        What the key is for. Unwrapping needs the same.

    Returns
    -------
    tuple of WrappedKey
        Sorted by key id, one for each seal key.

    Raises
    ------
    InputError
        The key is not 32 bytes, there is nobody, or a seal key cannot be one.
    """
    chosen = {key_id_of(one.seal_bytes): one for one in people}
    problems = []
    if len(key) != KEY_BYTES:
        problems.append(Problem("key", f"has {len(key)} bytes, not {KEY_BYTES}"))
    if not chosen:
        hint = "name a person of the trust file"
        problems.append(Problem("recipients", "are none", hint))
    wrapped = []
    for to, one in sorted(chosen.items()):
        public = X25519PublicKey.from_public_bytes(key_bytes(one.seal))
        try:
            made = _suite().encrypt(key, public, info=_DOMAIN + context)
        except ValueError:
            what = f"the seal key of {one.name} is a weak key"
            problems.append(Problem("recipients", what))
        else:
            wrapped.append(WrappedKey(to, made.hex()))
    if problems:
        raise InputError(problems)
    return tuple(wrapped)


def unwrap_key(wrapped: Sequence[WrappedKey], key: Signer, context: bytes) -> bytes:
    """Return the data key that was wrapped for a person.

    Raises
    ------
    RefusedError
        It was not wrapped for this key, for another context, or was changed.
    """
    own = key_id_of(key_bytes(key.public.seal))
    for one in wrapped:
        if one.to == own:
            try:
                return _suite().decrypt(
                    bytes.fromhex(one.wrapped), key.seal_key, info=_DOMAIN + context
                )
            except (InvalidTag, ValueError):
                what = f"what was sealed to {key.name} was changed"
                raise RefusedError(Problem("key", what)) from None
    what = f"is not sealed to the key of {key.name}"
    hint = f"it is sealed to {len(wrapped)} other keys" if len(wrapped) > 1 else ""
    raise RefusedError(Problem("key", what, hint))


def wrapped_keys(listed: object, where: str) -> tuple[WrappedKey, ...]:
    """Return the wrapped keys that a document lists.

    Parameters
    ----------
    listed : object
        What JSON held.
    where : str
        How messages name it.

    Raises
    ------
    RefusedError
        They are not what `WrappedKey.to_dict` gives.
    """
    found: list[WrappedKey] = []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, Mapping) or not _is_wrapped(one):
            found = []
            break
        found.append(WrappedKey(one["to"], one["wrapped"]))
    if not found or len(found) > _MOST_PEOPLE:
        what = f"{shown(listed)} are not the keys of recipients"
        raise RefusedError(Problem(where, what))
    return tuple(found)


def _is_wrapped(one: Mapping[str, Any]) -> bool:
    return (
        one.keys() == {"to", "wrapped"}
        and isinstance(one["to"], str)
        and isinstance(one["wrapped"], str)
        and bool(_ID.fullmatch(one["to"]))
        and bool(_WRAPPED.fullmatch(one["wrapped"]))
    )


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
