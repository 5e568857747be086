"""Audit a directory for what would let personal data out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from fairness.errors import InputError, Problem, RefusedError, ascii_controls
from fairness.evidence.documents import moment_at
from fairness.evidence.ledger import Ledger
from fairness.evidence.secure_record import record_secure_check
from fairness.evidence.trust import Trust
from pipelines.security.exposed import is_text, look_for_secrets
from pipelines.security.found import Finding, SecureReport, ordered
from pipelines.security.papers import (
    look_at_document,
    look_at_ledger,
    look_at_trust,
    look_at_vault,
    trust_in,
)
from pipelines.security.tables import is_table, look_at_table
from pipelines.security.walking import File, Walk, unread

LEDGER_NAME = "ledger.jsonl"
_LEFTOVER = ".fairreach-"


def _silent(_: int) -> None:
    pass


def secure_check(
    directory: str | Path,
    *,
    ledger: str | Path | None = None,
    now: datetime | None = None,
    watch: Callable[[int], None] = _silent,
) -> SecureReport:
    r"""Audit a directory: what lies about, is too open, has run out, or does not hold.

    Nothing is changed, links are not followed, and of large files only a part is read.

    Parameters
    ----------
    directory : str or Path
    ledger : str or Path, optional
        Gets a line with the counts. ``ledger.jsonl`` in the directory where None, if it
        is there.
    now : datetime, optional
    watch : callable, optional
        Told the number of files looked at, again and again.

    Returns
    -------
    SecureReport

    Raises
    ------
    InputError
        There is no such directory, or the ledger cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = (Path(name) / "people.csv").write_text("customer_id,gender\n1,f\n")
    ...     found = secure_check(name)
    >>> [(one.severity, one.kind, one.file) for one in found.findings]
    [('block', 'unsealed-protected', 'people.csv')]
    """
    at = moment_at(now, "now")
    root = Path(directory)
    try:
        is_there = root.is_dir()
    except ValueError:
        is_there = False
    if not is_there:
        where = ascii_controls(str(directory))
        raise InputError(Problem(where, "there is no such directory"))
    walk = Walk(root.resolve())
    files = list(walk.files())
    findings = [*walk.findings, *walk.notes()]
    trusts: list[Trust] = []
    for file in files:
        try:
            trust = trust_in(file)
        except OSError as error:
            findings.append(unread(file.name, error))
            continue
        if trust is not None:
            trusts.append(trust)
            findings += look_at_trust(file, trust, at.date())
    names = frozenset(file.name for file in files)
    for count, file in enumerate(files, 1):
        findings += _of_one(file, trusts, at, names)
        watch(count)
    report = SecureReport(walk.root.name, str(at.date()), len(files), ordered(findings))
    book = Path(ledger) if ledger is not None else walk.root / LEDGER_NAME
    if ledger is None and not book.is_file():
        return report
    try:
        record_secure_check(Ledger(book), report.facts(), at=at)
    except RefusedError as error:
        told = [_not_recorded(book, one.what) for one in error.reasons]
        return replace(report, findings=ordered([*findings, *told]))
    return report


def _not_recorded(ledger: Path, why: str) -> Finding:
    hint = "see what happened: fairreach ledger verify"
    return Finding("block", "broken-ledger", ledger.name, why, hint)


def _of_one(
    file: File, trusts: Sequence[Trust], at: datetime, names: frozenset[str]
) -> list[Finding]:
    try:
        return list(_looked_at(file, trusts, at, names))
    except OSError as error:
        return [unread(file.name, error)]


def _looked_at(
    file: File, trusts: Sequence[Trust], at: datetime, names: frozenset[str]
) -> Iterator[Finding]:
    if file.path.name.startswith(_LEFTOVER):
        what = "was left by a process that was stopped; it may hold an audience"
        yield Finding("warn", "leftover", file.name, what, "remove it")
    if is_table(file):
        yield from look_at_table(file, at.date())
    if is_text(file):
        yield from look_for_secrets(file)
    yield from look_at_document(file, trusts, at, names)
    yield from look_at_vault(file, trusts, at)
    yield from look_at_ledger(file)
