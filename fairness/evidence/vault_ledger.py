"""What the ledger knows of a vault: its versions, who opened it, who was refused.

Three kinds of lines. ``vault`` is written twice for a version: before the file is
replaced (step ``begin``) and after (step ``done``), with the digest of the new file
both times. ``vault-access`` and ``vault-refusal`` say who wanted what, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from fairness.errors import Problem, RefusedError
from fairness.evidence.chain import Entry
from fairness.evidence.documents import DIGEST
from fairness.evidence.ledger import Ledger
from fairness.evidence.vault_file import VaultFile

STATE = "vault"
ACCESS = "vault-access"
REFUSAL = "vault-refusal"
KINDS = (STATE, ACCESS, REFUSAL)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a vault as the ledger knows it.

    Parameters
    ----------
    number : int
    digest : str
        Of the file.
    charter : str
        Digest of its charter.
    action : str
        seal, grant, revoke or rotate.
    about : str
        Who was granted or revoked what; empty where nobody was.
    members : mapping of key id to role
    """

    number: int
    digest: str
    charter: str
    action: str
    about: str
    members: Mapping[str, str]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self | None:
        """Return the version of a line, None where the line holds none."""
        number, digest, charter = (
            body.get(key) for key in ("version", "digest", "charter")
        )
        digests = (digest, charter)
        members = body.get("members")
        if type(number) is not int or not isinstance(members, dict):
            return None
        if not all(isinstance(one, str) and DIGEST.fullmatch(one) for one in digests):
            return None
        return cls(
            number,
            str(digest),
            str(charter),
            str(body.get("action", "")),
            str(body.get("about", "")),
            {key: str(role) for key, role in members.items()},
        )


@dataclass(slots=True)
class History:
    """The versions of a vault, as far as the ledger has been read.

    Parameters
    ----------
    done : Version or None
        The last one whose file was put in place.
    pending : Version or None
        One after it that was begun: its file may be in place or not.
    charters : dict of version to digest
    """

    done: Version | None = None
    pending: Version | None = None
    charters: dict[int, str] = field(default_factory=dict)

    def add(self, body: Mapping[str, Any]) -> None:
        """Take a line of kind ``vault`` into account."""
        version = Version.of(body)
        last = self.done.number if self.done else 0
        # A line that goes back is none of ours: versions only rise.
        if version is None or version.number <= last:
            return
        if body.get("step") == "done":
            self.done, self.pending = version, None
            self.charters[version.number] = version.charter
        elif body.get("step") == "begin":
            self.pending = version

    def accept(self, file: VaultFile, where: str) -> bool:
        """Say whether a file is a version that was begun and not yet told done.

        Raises
        ------
        RefusedError
            The ledger does not know it, or knows a later one.
        """
        for number, digest in self.charters.items():
            if (
                number <= len(file.charters)
                and file.charters[number - 1].digest != digest
            ):
                what = f"its charter {number} is not the one that the ledger knows"
                raise RefusedError(Problem(where, what))
        if self.done is not None and file.digest == self.done.digest:
            return False
        if self.pending is not None and file.digest == self.pending.digest:
            return True
        raise RefusedError(self._unknown(file.charter.version, where))

    def _unknown(self, number: int, where: str) -> Problem:
        if self.done is None and self.pending is None:
            hint = "name the ledger that it was sealed under: --ledger FILE"
            return Problem(where, "the ledger does not know this vault", hint)
        last = self.done.number if self.done else 0
        if number < last:
            what = f"is version {number}, put back: the ledger knows version {last}"
            return Problem(where, what, "get the present file from a custodian")
        what = f"is not version {number or last} as the ledger knows it"
        return Problem(where, what, "get the present file from a custodian")


def histories_of(ledger: Ledger) -> dict[str, History]:
    """Return what the ledger knows of every vault; nothing where there is no ledger.

    Raises
    ------
    InputError, RefusedError
        The ledger cannot be read, or does not hold.
    """
    found: dict[str, History] = {}
    if not ledger.path.exists() and not ledger.head().seq:
        return found
    for entry in ledger.entries():
        if entry.kind == STATE:
            one = str(entry.body.get("vault", ""))
            found.setdefault(one, History()).add(entry.body)
    return found


def lines_of(ledger: Ledger, vaults: Iterable[str], file: str = "") -> list[Entry]:
    """Return the lines about some vaults, oldest first.

    Parameters
    ----------
    ledger : Ledger
    vaults : iterable of str
        Their ids.
    file : str, optional
        Refusals of files that name no vault, because they were changed, are among the
        lines where they had this name; whatever name they had where it is empty.

    Raises
    ------
    InputError, RefusedError
        The ledger cannot be read, or does not hold.
    """
    wanted = set(vaults)

    def is_one(entry: Entry) -> bool:
        if entry.kind == REFUSAL and entry.body.get("vault") is None:
            return file in ("", entry.body.get("file"))
        return entry.kind in KINDS and entry.body.get("vault") in wanted

    return [entry for entry in ledger.entries() if is_one(entry)]
