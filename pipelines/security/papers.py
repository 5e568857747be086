"""Papers of ours that have run out or do not hold: keys, statements, ledgers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fairness.errors import FairreachError, PolicyError, ascii_controls
from fairness.evidence.chain import head_path
from fairness.evidence.documents import LARGEST, moment_of
from fairness.evidence.trust import Trust, parse_trust
from fairness.evidence.vault_file import LARGEST_HEADER, vault_summary
from fairness.evidence.vault_place import is_vault
from fairness.evidence.verifying import verify_ledger
from pipelines.security.found import Finding

if TYPE_CHECKING:
    from pipelines.security.walking import File

OLDEST_KEY = 365
"""Days after which a key is stale."""

_STATEMENTS = {
    "fairreach/approval/1": "approval",
    "fairreach/waiver/1": "waiver",
    "fairreach/certificate/1": "certificate",
}
_ENDING = ".certificate.json"
_PUBLIC = "fairreach/public-key/1"
_MOST_TOLD = 3


def look_at_ledger(file: File) -> Iterator[Finding]:
    """Yield what is wrong with a ledger; nothing where the file is none."""
    if file.suffix != ".jsonl" or not _is_ledger(file):
        return
    try:
        report = verify_ledger(file.path)
    except FairreachError as error:
        yield _broken(file, str(error).splitlines()[0])
        return
    where = ascii_controls(str(file.path))
    for one in report.problems[:_MOST_TOLD]:
        place = one.where.removeprefix(where).removeprefix(", ")
        yield _broken(file, f"{place}: {one.what}" if place else one.what)
    if len(report.problems) > _MOST_TOLD:
        yield _broken(file, f"has {len(report.problems) - _MOST_TOLD} more problems")
    for note in report.notes:
        yield Finding("note", "broken-ledger", file.name, note)


def _is_ledger(file: File) -> bool:
    if head_path(file.path).exists() or file.path.name == "ledger.jsonl":
        return True
    line = file.start(LARGEST).partition(b"\n")[0]
    return b'"previous":"sha256:' in line and b'"seq":' in line


def _broken(file: File, what: str) -> Finding:
    hint = "see what happened: fairreach ledger verify"
    return Finding("block", "broken-ledger", file.name, what, hint)


def trust_in(file: File) -> Trust | None:
    """Return the people of a trust file, None where the file is none.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if file.suffix != ".toml" or file.size > LARGEST:
        return None
    raw = file.start(LARGEST)
    if b"[[people]]" not in raw.replace(b" ", b""):
        return None
    try:
        return parse_trust(raw, file.name)
    except PolicyError:
        return None


def look_at_trust(file: File, trust: Trust, on: date) -> Iterator[Finding]:
    """Yield the keys of a trust file that are old."""
    for person in trust.people:
        at = datetime(on.year, on.month, on.day, tzinfo=UTC)
        age = (on - person.added).days
        if not person.ended(at) and age > OLDEST_KEY:
            yield _stale(file, f"the key of {person.name}", age)


def look_at_document(
    file: File, trusts: Sequence[Trust], at: datetime, names: frozenset[str]
) -> Iterator[Finding]:
    """Yield what has run out of a signed document.

    Parameters
    ----------
    file : File
    trusts : sequence of Trust
        Those that were found.
    at : datetime
    names : frozenset of str
        Of all files, to see what lies beside it.

    Raises
    ------
    OSError
        It cannot be read.
    """
    document = _document(file)
    if document is None:
        return
    issued = moment_of(document.get("issued"))
    if document.get("schema") == _PUBLIC and issued is not None:
        age = (at - issued).days
        if age > OLDEST_KEY:
            yield _stale(file, "a public key", age)
        return
    kind = _STATEMENTS.get(str(document.get("schema")))
    if kind is None:
        return
    expires = moment_of(document.get("expires"))
    if expires is not None and expires < at:
        yield _run_out(file, kind, expires, names)
    if issued is not None:
        yield from _ended_keys(file, document, trusts, issued)


def look_at_vault(
    file: File, trusts: Sequence[Trust], at: datetime
) -> Iterator[Finding]:
    """Yield what has run out of a vault: its data key, and those of its members.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if not is_vault(file.name):
        return
    issued, members = vault_summary(file.start(LARGEST_HEADER))
    if issued is None:
        what = "is not a vault as fairreach writes it"
        yield Finding("warn", "broken-vault", file.name, what, "see: fairreach vault")
        return
    age = (at - issued).days
    if age > OLDEST_KEY:
        what = f"its data key is {age:,} days old"
        hint = "make a new one: fairreach vault rotate"
        yield Finding("warn", "stale-key", file.name, what, hint)
    for trust in trusts:
        for key in members:
            person = trust.by_key(key)
            ended = person.ended(at) if person else ""
            if ended:
                what = f"is still sealed to somebody: {ended}"
                hint = "take them out: fairreach vault rotate"
                yield Finding("warn", "ended-member", file.name, what, hint)


def _document(file: File) -> Mapping[str, Any] | None:
    is_one = file.suffix == ".json" or file.name.endswith(".pub")
    if not is_one or file.size > LARGEST:
        return None
    raw = file.start(LARGEST)
    if b'"fairreach/' not in raw:
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _run_out(
    file: File, kind: str, expires: datetime, names: frozenset[str]
) -> Finding:
    audience = file.name.removesuffix(_ENDING)
    if kind == "certificate" and audience in names:
        what = f"expired on {expires.date()}, and its audience still lies beside it"
        hint = "do not send it: run the campaign again, or remove the audience"
        return Finding("block", "expired-certificate", file.name, what, hint)
    what = f"{kind} expired on {expires.date()}"
    hint = "remove it, or have it signed again"
    return Finding("warn", f"expired-{kind}", file.name, what, hint)


def _ended_keys(
    file: File, document: Mapping[str, Any], trusts: Sequence[Trust], issued: datetime
) -> Iterator[Finding]:
    signatures = document.get("signatures")
    for one in signatures if isinstance(signatures, list) else []:
        key = one.get("key") if isinstance(one, dict) else None
        for trust in trusts:
            person = trust.by_key(key) if isinstance(key, str) else None
            ended = person.ended(issued) if person else ""
            if ended:
                what = f"is signed on {issued.date()}, though {ended}"
                hint = "have it signed by a key that holds"
                yield Finding("block", "ended-key-used", file.name, what, hint)


def _stale(file: File, whose: str, age: int) -> Finding:
    what = f"{whose} is {age:,} days old"
    hint = "make a new one: fairreach keys new, keys trust; revoke the old one"
    return Finding("warn", "stale-key", file.name, what, hint)
