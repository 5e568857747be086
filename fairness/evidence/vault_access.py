"""Who wants what of a vault: everything is checked, and written down either way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.errors import (
    FairreachError,
    InputError,
    Problem,
    RefusedError,
    ascii_controls,
    shown,
)
from fairness.evidence.core_dumps import forbid_core_dumps
from fairness.evidence.documents import digest_of, moment_at, unread
from fairness.evidence.keys import Signer
from fairness.evidence.ledger import Ledger
from fairness.evidence.vault_charter import Charter, Member
from fairness.evidence.vault_file import VaultFile, claimed_id, read_vault
from fairness.evidence.vault_ledger import (
    ACCESS,
    REFUSAL,
    STATE,
    History,
    Version,
    histories_of,
)
from fairness.evidence.vault_place import ledger_beside

if TYPE_CHECKING:
    from fairness.evidence.trust import Trust

_LONGEST_PURPOSE = 500
# A file that changes each time it is looked at is not looked at for ever.
_MOST_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A vault that may be used as it was asked for.

    Parameters
    ----------
    file : VaultFile
    member : Member
        Who asked.
    history : History
    settled : Version or None
        A version that a stopped writer had put in place, and that is told done now.
    """

    file: VaultFile
    member: Member
    history: History
    settled: Version | None


@dataclass(frozen=True, slots=True)
class Access:
    """One person wanting one thing of one vault.

    Parameters
    ----------
    path : Path
    signer : Signer
    trust : Trust
    ledger : Ledger
    now : datetime or None
        The moment that counts; the clock's where None.
    action : str
    purpose : str
    """

    path: Path
    signer: Signer
    trust: Trust
    ledger: Ledger
    now: datetime | None
    action: str
    purpose: str

    @property
    def at(self) -> datetime:
        """The moment that counts, to the second."""
        # Read anew each time: who waited for the change of another would else stand
        # before it, and be refused.
        return moment_at(self.now, "now")

    @property
    def where(self) -> str:
        """How messages name the vault."""
        return ascii_controls(str(self.path))

    def opened(self, roles: tuple[str, ...]) -> Opened:
        """Return the vault, if all of it holds and the role may do this.

        Parameters
        ----------
        roles : tuple of str
            Those that may.

        Raises
        ------
        InputError
            There is no such file, or the ledger cannot be read or written.
        RefusedError
            With the reason, after it was written into the ledger.
        """
        raw = self._read()
        for _ in range(_MOST_LOOKS):
            with self.refusing(raw):
                file = read_vault(raw, self.trust, self.at, self.where)
            with self.refusing(raw, file):
                history = histories_of(self.ledger).get(file.vault, History())
            try:
                pending = history.accept(file, self.where)
            except RefusedError as error:
                # The ledger is read after the file: where it knows another one, the
                # file may have been replaced meanwhile.
                again = self._read()
                if again == raw:
                    self.tell_refusal(error, raw, file)
                    raise
                raw = again
                continue
            return self._settled(file, history, roles, pending=pending)
        raise RefusedError(Problem(self.where, "changes all the time"))

    def _settled(
        self,
        file: VaultFile,
        history: History,
        roles: tuple[str, ...],
        *,
        pending: bool,
    ) -> Opened:
        with self.refusing(file=file):
            member = self._member(file.charter, roles)
        settled = history.pending if pending else None
        if settled is not None:
            # Who put the file in place was stopped before this line.
            self.tell_state("done", file.vault, settled, settled=True)
        return Opened(file, member, history, settled)

    def content(self, opened: Opened) -> bytes:
        """Return what is in the vault; it is not yet told to the ledger."""
        with self.refusing(file=opened.file):
            return opened.file.content(self.signer, self.where)

    def tell_access(self, opened: Opened, **more: Any) -> None:
        """Write down that somebody looked."""
        file = opened.file
        body = self._who(opened.member.role) | {
            "vault": file.vault,
            "version": file.charter.version,
            "digest": file.digest,
        }
        self.ledger.append(ACCESS, body | more, at=self.at)

    def tell_state(
        self, step: str, vault: str, version: Version, *, settled: bool = False
    ) -> None:
        """Write down that a version is begun, or done."""
        body = {
            "step": step,
            "action": version.action,
            "about": version.about,
            "vault": vault,
            "version": version.number,
            "digest": version.digest,
            "charter": version.charter,
            "members": dict(version.members),
            "by": self.signer.name,
            "key": self.signer.key_id,
            "file": ascii_controls(self.path.name),
        }
        if settled:
            body["settled"] = True
        self.ledger.append(STATE, body, at=self.at)

    @contextmanager
    def refusing(
        self, raw: bytes = b"", file: VaultFile | None = None
    ) -> Iterator[None]:
        """Write every refusal inside into the ledger."""
        try:
            yield
        except RefusedError as error:
            self.tell_refusal(error, raw, file)
            raise

    def tell_refusal(
        self, error: RefusedError, raw: bytes = b"", file: VaultFile | None = None
    ) -> None:
        """Write down that somebody was refused, and why."""
        member = file.charter.member(self.signer.key_id) if file else None
        body = self._who(member.role if member else None) | {
            "vault": file.vault if file else claimed_id(raw),
            "version": file.charter.version if file else None,
            "digest": file.digest if file else digest_of(raw),
            # Reasons name files, people and versions; no path but the last part of it.
            "reasons": [one.what for one in error.reasons],
        }
        try:
            self.ledger.append(REFUSAL, body, at=self.at)
        except FairreachError as failed:
            told = failed.problems if isinstance(failed, InputError) else ()
            told = failed.reasons if isinstance(failed, RefusedError) else told
            raise RefusedError([*error.reasons, *told]) from None

    def _who(self, role: str | None) -> dict[str, Any]:
        return {
            "action": self.action,
            "by": self.signer.name,
            "key": self.signer.key_id,
            "role": role,
            "purpose": self.purpose,
            "file": ascii_controls(self.path.name),
        }

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except (OSError, ValueError) as error:
            raise InputError(unread(self.where, error)) from None

    def _member(self, charter: Charter, roles: tuple[str, ...]) -> Member:
        name, key = self.signer.name, self.signer.key_id
        if self.trust.by_key(key) is None:
            what = f"the key of {name} is not in the trust file"
            hint = "add it: fairreach keys trust NAME.pub"
            raise RefusedError(Problem(self.where, what, hint))
        reason = self.trust.refusal(key, self.at)
        if reason is not None:
            raise RefusedError(Problem(self.where, reason.what, reason.hint))
        member = charter.member(key)
        if member is None:
            what = f"is not sealed to the key of {name}"
            hint = f"a custodian grants it: fairreach vault grant FILE {name}=ROLE"
            raise RefusedError(Problem(self.where, what, hint))
        if member.role not in roles:
            what = f"{name} is {_an(member.role)}, who may not {self.action}"
            hint = f"ask {_an(roles[-1])}"
            raise RefusedError(Problem(self.where, what, hint))
        return member


def access(
    path: str | Path,
    signer: Signer,
    trust: Trust,
    ledger: Ledger | str | Path | None,
    now: datetime | None,
    action: str,
    purpose: str,
) -> Access:
    """Return what somebody wants, once it is said completely.

    Raises
    ------
    InputError
        The purpose is not said, or the moment has no time zone.
    """
    forbid_core_dumps()
    if not isinstance(purpose, str) or not purpose.strip():
        hint = 'say what it is opened for: --purpose "…"'
        raise InputError(Problem("purpose", "is not said", hint))
    if len(purpose) > _LONGEST_PURPOSE:
        what = f"{shown(purpose)} has more than {_LONGEST_PURPOSE} characters"
        raise InputError(Problem("purpose", what))
    moment_at(now, "now")
    book = ledger if ledger is not None else ledger_beside(path)
    return Access(
        Path(path),
        signer,
        trust,
        book if isinstance(book, Ledger) else Ledger(book),
        now,
        action,
        ascii_controls(" ".join(purpose.split())),
    )


def _an(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
