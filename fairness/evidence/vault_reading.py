"""What was done with vaults, for those whose role lets them know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fairness.errors import (
    FairreachError,
    InputError,
    Problem,
    RefusedError,
    ascii_controls,
)
from fairness.evidence.chain import Entry
from fairness.evidence.documents import unread
from fairness.evidence.keys import Signer
from fairness.evidence.ledger import Ledger
from fairness.evidence.vault_access import Access, access
from fairness.evidence.vault_file import claimed_id
from fairness.evidence.vault_ledger import ACCESS, histories_of, lines_of

if TYPE_CHECKING:
    from fairness.evidence.trust import Trust

_READERS = ("auditor", "custodian")


def knows_vault(ledger: str | Path, path: str | Path) -> bool:
    """Say whether a ledger has lines about the vault in a file.

    Nothing is opened and nothing is written down. A ledger that cannot be read or does
    not hold counts as one that knows it: whoever opens the vault is told why not.

    Parameters
    ----------
    ledger : str or Path
    path : str or Path
        Of the vault.

    Raises
    ------
    InputError
        There is no such vault.
    """
    where = ascii_controls(str(path))
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(unread(where, error)) from None
    try:
        return claimed_id(raw) in histories_of(Ledger(ledger))
    except FairreachError:
        return True


def vault_log(
    ledger: Ledger | str | Path,
    *,
    signer: Signer,
    trust: Trust,
    path: str | Path | None = None,
    now: datetime | None = None,
) -> list[Entry]:
    """Return the lines of the ledger about vaults; that they were read is one of them.

    Parameters
    ----------
    ledger : Ledger or path
    signer : Signer
        Of an auditor or custodian: of the vault, or of those whose lines are shown.
    trust : Trust
    path : str or Path, optional
        A vault; every one where the signer is auditor or custodian by default.
    now : datetime, optional

    Returns
    -------
    list of Entry
        Oldest first; refusals of files that were changed beyond recognition too.

    Raises
    ------
    InputError
        There is no such ledger.
    RefusedError
        The role does not allow it, or the ledger does not hold.
    """
    book = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
    asked = access(path or book.path, signer, trust, book, now, "log", "log")
    if path is not None:
        opened = asked.opened(_READERS)
        asked.tell_access(opened)
        return lines_of(book, [opened.file.vault], asked.path.name)
    # Of a ledger that is absent there is nobody to refuse.
    next(book.entries(), None)
    with asked.refusing():
        vaults = _readable(asked)
    lines = lines_of(book, vaults)
    for one in vaults:
        body = {"action": "log", "by": signer.name, "key": signer.key_id, "vault": one}
        book.append(ACCESS, body, at=asked.at)
    return lines


def _readable(asked: Access) -> list[str]:
    """Return the vaults whose log somebody may read, as the ledger knows the roles."""
    reason = asked.trust.refusal(asked.signer.key_id, asked.at)
    if reason is not None:
        raise RefusedError(Problem(asked.where, reason.what, reason.hint))
    found = [
        one
        for one, history in histories_of(asked.ledger).items()
        if history.done is not None
        and history.done.members.get(asked.signer.key_id) in _READERS
    ]
    if not found:
        what = f"{asked.signer.name} is auditor or custodian of no vault in it"
        raise RefusedError(Problem(asked.where, what, "ask a custodian for the role"))
    return found
