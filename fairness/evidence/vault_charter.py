"""The charters of a vault: who is what in each of its versions, signed one by one.

A charter names the members and their roles. That of the first version is signed by a
custodian whom it names; every other by a custodian of the version before. The vault's
id is made of its first charter, so that nobody else can begin the line anew under the
same id, and nobody can write a role into it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from fairness.errors import Problem, RefusedError, shown
from fairness.evidence.documents import canonical, digest_of, moment_text
from fairness.evidence.keys import NAME, Signer, key_id_of
from fairness.evidence.signing import check_document, sign_document

if TYPE_CHECKING:
    from fairness.evidence.trust import Person, Trust

Role = Literal["analyst", "auditor", "custodian"]
ROLES: tuple[Role, ...] = get_args(Role)
CHARTER_SCHEMA = "fairreach/vault-charter/1"

_ID = re.compile(r"[0-9a-f]{32}")
_KEYS = {"schema", "issued", "version", "seed", "members", "previous", "signatures"}
_MOST_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a vault.

    Parameters
    ----------
    name : str
    role : {"analyst", "auditor", "custodian"}
        Analysts count through the engine; auditors read the log as well; custodians
        may take rows out, grant, revoke and rotate.
    key, seal : str
        Ids of the keys that sign and that are sealed to.
    """

    name: str
    role: Role
    key: str
    seal: str

    def to_dict(self) -> dict[str, str]:
        """Return the member as a charter holds it."""
        return {
            "name": self.name,
            "role": self.role,
            "key": self.key,
            "seal": self.seal,
        }


@dataclass(frozen=True, slots=True)
class Charter:
    """Who is what in a version of a vault; its signature holds.

    Parameters
    ----------
    version : int
        1, 2, 3, …
    issued : str
        UTC, to the second.
    members : tuple of Member
        Sorted by name.
    previous : str
        Digest of the charter before; empty for the first.
    by : str
        Id of the key that signed.
    digest : str
    """

    version: int
    issued: str
    members: tuple[Member, ...]
    previous: str
    by: str
    digest: str

    def member(self, key_id: str) -> Member | None:
        """Return the member with a key, None where there is none."""
        return next((one for one in self.members if one.key == key_id), None)

    def is_custodian(self, key_id: str) -> bool:
        """Say whether a key is that of a custodian."""
        found = self.member(key_id)
        return found is not None and found.role == "custodian"


def member_of(person: Person, role: Role) -> Member:
    """Return a person of the trust file as a member of a vault."""
    return Member(person.name, role, person.key_id, key_id_of(person.seal_bytes))


def new_charter(
    members: Iterable[Member], signer: Signer, at: datetime, before: Charter | None
) -> dict[str, Any]:
    """Return the signed charter of a vault's next version."""
    ordered = sorted(members, key=lambda one: one.name)
    content = {
        "schema": CHARTER_SCHEMA,
        "issued": moment_text(at),
        "version": 1 if before is None else before.version + 1,
        # Two vaults begun by one person in one second are two vaults.
        "seed": os.urandom(16).hex(),
        "members": [one.to_dict() for one in ordered],
        "previous": "" if before is None else before.digest,
    }
    return sign_document(content, signer)


def vault_id(first: Charter) -> str:
    """Return the id of a vault: half of the digest of its first charter."""
    return first.digest.removeprefix("sha256:")[:32]


def read_charters(
    listed: object, trust: Trust, at: datetime, where: str
) -> tuple[Charter, ...]:
    """Return the charters of a vault, each signed by who might.

    Parameters
    ----------
    listed : object
        What JSON held.
    trust : Trust
        Whose signatures count.
    at : datetime
        Charters of a later moment are refused.
    where : str
        How messages name the vault.

    Raises
    ------
    RefusedError
        One was changed, is missing, or is signed by nobody who might have.
    """
    if not isinstance(listed, list) or not listed:
        raise RefusedError(Problem(where, "its charters were changed"))
    found: list[Charter] = []
    for table in listed:
        charter = _read(table, trust, at, where)
        before = found[-1] if found else None
        due = len(found) + 1
        previous = "" if before is None else before.digest
        if charter.version != due or charter.previous != previous:
            what = f"charter {due} does not follow the one before it"
            raise RefusedError(Problem(where, what))
        # The first one names who may begin.
        if not (before or charter).is_custodian(charter.by):
            who = trust.by_key(charter.by)
            name = shown(charter.by) if who is None else who.name
            what = f"charter {due} is signed by {name}, who was no custodian"
            raise RefusedError(Problem(where, what))
        found.append(charter)
    return tuple(found)


def _read(table: object, trust: Trust, at: datetime, where: str) -> Charter:
    changed = RefusedError(Problem(where, "its charters were changed"))
    if not isinstance(table, dict) or table.keys() != _KEYS:
        raise changed
    signatures = check_document(table, trust, CHARTER_SCHEMA, at, where=where)
    members = _members(table["members"])
    fits = (
        members is not None
        and len(signatures) == 1
        and type(table["version"]) is int
        and isinstance(table["previous"], str)
    )
    if not fits or members is None:
        raise changed
    return Charter(
        table["version"],
        table["issued"],
        members,
        table["previous"],
        signatures[0].key_id,
        digest_of(canonical(table)),
    )


def _members(listed: object) -> tuple[Member, ...] | None:
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_MEMBERS:
        return None
    if not all(isinstance(one, dict) and _is_member(one) for one in listed):
        return None
    members = tuple(Member(**one) for one in listed)
    return members if _are_distinct(members) else None


def _are_distinct(members: Sequence[Member]) -> bool:
    names = [one.name for one in members]
    return (
        names == sorted(set(names))
        and len({one.key for one in members}) == len(members)
        and len({one.seal for one in members}) == len(members)
    )


def _is_member(one: Mapping[str, Any]) -> bool:
    return (
        one.keys() == {"name", "role", "key", "seal"}
        and all(isinstance(value, str) for value in one.values())
        and bool(NAME.fullmatch(one["name"]))
        and one["role"] in ROLES
        and bool(_ID.fullmatch(one["key"]))
        and bool(_ID.fullmatch(one["seal"]))
    )
