"""The vault: protected attributes at rest, encrypted, and who may do what with them.

=================  ===========================================================
``seal_vault``     make a vault of a table; who seals it is its custodian
``open_vault``     the table, in memory, for the engine
``export_vault``   the table, for a custodian who takes rows out
``grant``          give a person a role; a custodian does
``revoke``         take it away: the new file has another data key
``rotate``         the same people, another data key
=================  ===========================================================

Everything that is done or refused is a line of the ledger, which also knows the present
version of each vault: an older file put back opens no more. A new version is announced
in the ledger, put in place, and told done, in this order: stopped anywhere, the file is
the old or the new one, both of which the ledger knows, and whoever comes next writes
the missing line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.errors import InputError, Problem, RefusedError, alternatives, shown
from fairness.evidence.documents import digest_of
from fairness.evidence.keys import Signer
from fairness.evidence.ledger import Ledger
from fairness.evidence.locks import locked
from fairness.evidence.trust import folded
from fairness.evidence.vault_access import Access, Opened, access
from fairness.evidence.vault_charter import ROLES, Member, Role, member_of
from fairness.evidence.vault_file import VaultFile, made_vault, read_vault
from fairness.evidence.vault_ledger import Version
from fairness.evidence.vault_place import put_in_place
from fairness.evidence.vault_table import table_bytes, table_of

if TYPE_CHECKING:
    from fairness.evidence.trust import Trust

_ALL: tuple[str, ...] = ROLES
_KEEPERS = ("custodian",)
_HOW = "write NAME=analyst, NAME=auditor or NAME=custodian"


@dataclass(frozen=True, slots=True)
class VaultState:
    """A vault as it is now.

    Parameters
    ----------
    path : Path
    vault : str
        Its id.
    version : int
    created, rotated : str
        When the first version was sealed, and this one; UTC.
    people : dict of name to role
    digest : str
        Of the file.
    left_out : tuple of str
        Who was in the version before and has no key any more that counts.
    """

    path: Path
    vault: str
    version: int
    created: str
    rotated: str
    people: Mapping[str, str]
    digest: str
    left_out: tuple[str, ...] = field(default=())


def seal_vault(
    table: Any,
    path: str | Path,
    *,
    signer: Signer,
    trust: Trust,
    people: Mapping[str, str] | None = None,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> VaultState:
    """Make a vault of a table.

    Parameters
    ----------
    table : table or path
        A pyarrow, pandas or polars table, or a CSV or Parquet file.
    path : str or Path
        No file is ever overwritten; mode 0600.
    signer : Signer
        Who becomes a custodian.
    trust : Trust
    people : mapping of name to {"analyst", "auditor", "custodian"}, optional
        Of the trust file.
    ledger : Ledger or path, optional
        ``ledger.jsonl`` beside the vault by default.
    now : datetime, optional

    Returns
    -------
    VaultState

    Raises
    ------
    InputError
        It is no table, there is such a file already, or a name or role is not known.
    RefusedError
        A key has ended, or that of the signer is not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from fairness.evidence import add_person, load_trust, new_key, open_vault
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     ann, cora = (new_key(who, folder / "keys") for who in ("ann", "cora"))
    ...     for one in (ann, cora):
    ...         _ = add_person(folder / "trust.toml", one)
    ...     trust = load_trust(folder / "trust.toml")
    ...     sealed = seal_vault(
    ...         "data/samples/protected.csv", folder / "protected.vault",
    ...         signer=cora, trust=trust, people={"ann": "analyst"},
    ...     )
    ...     table = open_vault(
    ...         sealed.path, ann, purpose="check of spring", trust=trust
    ...     )
    >>> sealed.people
    {'ann': 'analyst', 'cora': 'custodian'}
    >>> table.column_names[:2]
    ['customer_id', 'birth_date']
    """
    asked = access(path, signer, trust, ledger, now, "seal", "seal")
    members = _first_members(people or {}, asked)
    content = table_bytes(table)
    with locked(_lock_of(asked.path), asked.path):
        if asked.path.exists():
            return _sealed_before(asked, content)
        raw = made_vault(content, members, trust, signer, asked.at)
        return _put(asked, raw, None, "")


def open_vault(
    path: str | Path,
    signer: Signer,
    *,
    purpose: str,
    trust: Trust,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> Any:
    """Return the table of a vault, in memory, for the engine to count.

    Parameters
    ----------
    path : str or Path
    signer : Signer
        Of a member, whatever the role.
    purpose : str
        What for; it stands in the ledger.
    trust : Trust
    ledger : Ledger or path, optional
        ``ledger.jsonl`` beside the vault by default.
    now : datetime, optional

    Returns
    -------
    pyarrow.Table
        For ``fa.audit(…, protected=…)``. What comes out of an audit has no rows, and
        in what is saved no cell of fewer than five.

    Raises
    ------
    InputError
        There is no such file, no purpose, or the ledger cannot be written.
    RefusedError
        The file was changed or is an older one put back, the key is no member's or
        has ended; the refusal is a line of the ledger.
    """
    asked = access(path, signer, trust, ledger, now, "open", purpose)
    return _table(asked, asked.opened(_ALL))


def export_vault(
    path: str | Path,
    signer: Signer,
    *,
    purpose: str,
    trust: Trust,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> Any:
    """Return the table of a vault to a custodian who takes rows out of it.

    As `open_vault`, for custodians alone, and told apart in the ledger.
    """
    asked = access(path, signer, trust, ledger, now, "export", purpose)
    return _table(asked, asked.opened(_KEEPERS))


def grant(
    path: str | Path,
    name: str,
    role: str,
    *,
    signer: Signer,
    trust: Trust,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> VaultState:
    """Give a person a role in a vault, or another one than they had.

    Parameters
    ----------
    path : str or Path
    name : str
        Of the trust file.
    role : {"analyst", "auditor", "custodian"}
    signer : Signer
        Of a custodian.
    trust : Trust
    ledger : Ledger or path, optional
        ``ledger.jsonl`` beside the vault by default.
    now : datetime, optional

    Returns
    -------
    VaultState
        A new version, or the present one where the person has the role already.

    Raises
    ------
    InputError
        No such person or role, or a file cannot be written.
    RefusedError
        As `open_vault`; who asks is no custodian; none would be left.
    """
    asked = access(path, signer, trust, ledger, now, "grant", "grant")
    new = _members({name: role}, asked)[0]

    def change(members: Sequence[Member]) -> list[Member]:
        others = [one for one in members if folded(one.name) != folded(new.name)]
        return [*others, new]

    return _renewed(asked, change, f"{new.name}={new.role}")


def revoke(
    path: str | Path,
    name: str,
    *,
    signer: Signer,
    trust: Trust,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> VaultState:
    """Take a person out of a vault: the new file has a data key they never had.

    What they could open before, they may have kept.

    Parameters
    ----------
    path : str or Path
    name : str
    signer : Signer
        Of a custodian.
    trust : Trust
    ledger : Ledger or path, optional
        ``ledger.jsonl`` beside the vault by default.
    now : datetime, optional

    Returns
    -------
    VaultState

    Raises
    ------
    InputError
        The person has no role in it.
    RefusedError
        As `open_vault`; who asks is no custodian; none would be left.
    """
    asked = access(path, signer, trust, ledger, now, "revoke", "revoke")

    def change(members: Sequence[Member]) -> list[Member]:
        kept = [one for one in members if folded(one.name) != folded(name)]
        if len(kept) == len(members):
            known = alternatives(one.name for one in members)
            what = f"{shown(name)} has no role in this vault; there are {known}"
            raise InputError(Problem("name", what))
        return kept

    return _renewed(asked, change, name)


def rotate(
    path: str | Path,
    *,
    signer: Signer,
    trust: Trust,
    ledger: Ledger | str | Path | None = None,
    now: datetime | None = None,
) -> VaultState:
    """Give a vault a new data key; whose key has ended is left out.

    Parameters
    ----------
    path : str or Path
    signer : Signer
        Of a custodian.
    trust : Trust
    ledger : Ledger or path, optional
        ``ledger.jsonl`` beside the vault by default.
    now : datetime, optional

    Returns
    -------
    VaultState

    Raises
    ------
    RefusedError
        As `open_vault`; who asks is no custodian; none would be left.
    """
    asked = access(path, signer, trust, ledger, now, "rotate", "rotate")
    return _renewed(asked, list, "")


def _table(asked: Access, opened: Opened) -> Any:
    content = asked.content(opened)
    with asked.refusing(file=opened.file):
        table = table_of(content, asked.where)
    # Nothing is handed out that is not written down.
    asked.tell_access(opened)
    return table


def _first_members(people: Mapping[str, str], asked: Access) -> list[Member]:
    signer = asked.signer
    reason = asked.trust.refusal(signer.key_id, asked.at)
    if reason is not None:
        error = RefusedError(Problem(asked.where, reason.what, reason.hint))
        asked.tell_refusal(error)
        raise error
    own = asked.trust.by_key(signer.key_id)
    name = signer.name if own is None else own.name
    roles = {who: role for who, role in people.items() if folded(who) != folded(name)}
    given = [role for who, role in people.items() if who not in roles]
    if any(role != "custodian" for role in given):
        what = f"{name} seals it, and is therefore custodian"
        raise InputError(Problem("people", what))
    return _members({**roles, name: "custodian"}, asked)


def _members(people: Mapping[str, str], asked: Access) -> list[Member]:
    """Return people of the trust file as members.

    Raises
    ------
    InputError, RefusedError
        With every name and role that is none, and every key that has ended.
    """
    problems = []
    for name, role in people.items():
        if role not in ROLES:
            what = f"{shown(role)} is no role, for {shown(name)}"
            problems.append(Problem("role", what, _HOW))
        try:
            asked.trust.person(name)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    with asked.refusing():
        asked.trust.recipients(people, asked.at)
    return [member_of(asked.trust.person(n), _role(r)) for n, r in people.items()]


def _role(text: str) -> Role:
    return next(role for role in ROLES if role == text)


def _renewed(
    asked: Access, change: Callable[[Sequence[Member]], list[Member]], about: str
) -> VaultState:
    with locked(_lock_of(asked.path), asked.path):
        opened = asked.opened(_KEEPERS)
        before = opened.file
        if _is_done(asked, opened, about):
            return _state(asked.path, before)
        wanted = change(before.charter.members)
        kept, gone = _with_keys(wanted, asked)
        same = sorted(kept, key=lambda one: one.name) == [*before.charter.members]
        if same and asked.action != "rotate":
            return _state(asked.path, before)
        with asked.refusing(file=before):
            _check_custodian(kept, asked)
        content = asked.content(opened)
        raw = made_vault(content, kept, asked.trust, asked.signer, asked.at, before)
        return _put(asked, raw, before, about, gone)


def _is_done(asked: Access, opened: Opened, about: str) -> bool:
    """Say whether this was asked for before, by who was stopped when it was done."""
    last = opened.settled or opened.history.done
    if last is None or last.action != asked.action:
        return False
    # To revoke somebody once more is nothing new, whoever wrote the missing line.
    again = opened.settled is not None or asked.action == "revoke"
    return again and folded(last.about) == folded(about)


def _with_keys(
    members: Sequence[Member], asked: Access
) -> tuple[list[Member], list[str]]:
    """Return the members whose key counts, and the names of the others.

    A role is a key's: whoever has a new key is granted it anew.
    """
    kept = [one for one in members if asked.trust.holds(one.key, asked.at)]
    return kept, [one.name for one in members if one not in kept]


def _check_custodian(members: Sequence[Member], asked: Access) -> None:
    if not any(one.role == "custodian" for one in members):
        hint = "grant it to another person first: fairreach vault grant"
        raise RefusedError(
            Problem(asked.where, "would be left without custodian", hint)
        )


def _put(
    asked: Access,
    raw: bytes,
    before: VaultFile | None,
    about: str,
    left_out: Sequence[str] = (),
) -> VaultState:
    """Announce a version, put it in place, and tell it done."""
    file = read_vault(raw, asked.trust, asked.at, asked.where)
    charter = file.charter
    version = Version(
        charter.version,
        file.digest,
        charter.digest,
        asked.action,
        about,
        {one.key: one.role for one in charter.members},
    )
    asked.tell_state("begin", file.vault, version)
    put_in_place(asked.path, raw, fresh=before is None)
    asked.tell_state("done", file.vault, version)
    return _state(asked.path, file, left_out)


def _sealed_before(asked: Access, content: bytes) -> VaultState:
    """Return the vault that is there, if it is this one, sealed by a stopped process.

    Raises
    ------
    InputError
        It is another one.
    """
    with suppress(RefusedError):
        opened = asked.opened(_KEEPERS)
        settled = opened.settled
        if settled is not None and settled.action == "seal":
            there = opened.file.content(asked.signer, asked.where)
            if digest_of(there) == digest_of(content):
                return _state(asked.path, opened.file)
    hint = "take another name: no vault is ever overwritten"
    raise InputError(Problem(asked.where, "is there already", hint))


def _state(path: Path, file: VaultFile, left_out: Sequence[str] = ()) -> VaultState:
    return VaultState(
        path,
        file.vault,
        file.charter.version,
        file.charters[0].issued,
        file.charter.issued,
        {one.name: one.role for one in file.charter.members},
        file.digest,
        tuple(left_out),
    )


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")
