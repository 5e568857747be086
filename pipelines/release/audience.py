"""Hand out an audience: nothing leaves without a certificate and a ledger's line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fairness import __version__
from fairness.errors import InputError, Problem, RefusedError, alternatives
from fairness.evidence import (
    Entry,
    Ledger,
    Person,
    Signer,
    certificate_path,
    digest_of,
    file_digest,
    issue_certificate,
    seal_file,
    write_document,
)
from fairness.writing import write_whole
from pipelines.campaign.result import CampaignRun
from pipelines.release.leave import Leave
from pipelines.release.place import Place
from pipelines.release.rechecking import Again, check_again

# What a spreadsheet takes for a formula; a plain number is none.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9]+\Z)")
_QUOTED = re.compile(r'[",\r\n]')


@dataclass(frozen=True, slots=True)
class Released:
    """An audience that was handed out.

    Parameters
    ----------
    path : Path
        The file, encrypted where there are recipients.
    certificate : Path
    rows : int
    entry : Entry
        The ledger's line.
    """

    path: Path
    certificate: Path
    rows: int
    entry: Entry


def release(
    run: CampaignRun,
    leave: Leave,
    place: Place,
    content: bytes,
    *,
    signer: Signer,
    ledger: Ledger,
    now: datetime,
    recipients: Sequence[Person] = (),
    again: Again | None = None,
) -> Released:
    """Write an audience, its certificate and the ledger's line of its release.

    The line comes first and the audience last: whatever is cut off in between, no
    audience stands there without a certificate, and none that the ledger lacks.

    Parameters
    ----------
    run : CampaignRun
    leave : Leave
        See `leave_of`.
    place : Place
    content : bytes
        The audience as `audience_bytes` gives it.
    signer : Signer
    ledger : Ledger
    now : datetime
    recipients : sequence of Person
        To whom the file is encrypted; in the clear, for the owner alone, where empty.
    again : callable, optional
        Told the bytes before anything is written; returns why they may not be. Needed
        where the campaign asks for consent.

    Returns
    -------
    Released

    Raises
    ------
    InputError
        A place that cannot be written.
    RefusedError
        The leave is not one for this run; or somebody in the bytes may not be
        contacted.
    """
    _check_leave(run, leave, now)
    check_again(run, content, again)
    digest = digest_of(content)
    ends = leave.until(now, run.campaign.output.valid_days)
    policies = run.decision.policies
    place.withdraw()
    entry = ledger.append(
        "release",
        {
            "campaign": run.campaign.name,
            "digest": run.campaign.digest,
            "run": run.digest,
            "audience": digest,
            "rows": len(run.audience),
            "verdict": leave.verdict,
            "basis": leave.basis,
            "approvals": [one.digest for one in leave.approvals],
            "waivers": [one.digest for one in leave.waivers],
            "releaser": signer.name,
        },
        at=now,
    )
    path = place.sealed if recipients else place.audience
    # Under a name that the next run clears away, should this one be cut off.
    veiled = place.directory / ".fairreach-sealed"
    if recipients:
        seal_file(content, recipients, veiled)
    certificate = issue_certificate(
        signer,
        audience=digest,
        rows=len(run.audience),
        counts=run.audit.counts.fingerprint,
        policies=policies,
        campaign=run.campaign.digest,
        verdict=leave.verdict,
        basis=leave.basis,
        entry=entry,
        version=__version__,
        expires=ends,
        approvals=leave.approvals,
        waivers=leave.waivers,
        sealed=file_digest(veiled) if recipients else None,
        recipients=[one.name for one in recipients],
        issued=now,
    )
    beside = certificate_path(path)
    write_document(beside, certificate)
    if recipients:
        veiled.replace(path)
    else:
        write_whole(path, content, private=True)
    return Released(path, beside, len(run.audience), entry)


def _check_leave(run: CampaignRun, leave: Leave, now: datetime) -> None:
    """Refuse a leave that somebody made up, or took from another run.

    Raises
    ------
    RefusedError
    """
    reasons = []
    if leave.verdict != run.verdict_unwaived(now.date()):
        reasons.append(Problem("leave", "is for another verdict than this run's"))
    if run.verdict == "block" or (run.verdict == "review" and not leave.approvals):
        reasons.append(Problem("leave", f"does not release what is {run.verdict}"))
    if any(one.run != run.digest for one in leave.approvals):
        reasons.append(Problem("leave", "holds an approval of another run"))
    if reasons:
        raise RefusedError(reasons)


def audience_bytes(column: str, ids: Sequence[str]) -> bytes:
    r"""Return the audience as CSV: the id alone, one line each.

    Raises
    ------
    InputError
        An id, or the column's name, that a spreadsheet would run as a formula: changed
        it would be nobody's, unchanged it would be run.

    Examples
    --------
    >>> audience_bytes("id", ["a", 'b"c', "-5"])
    b'id\r\na\r\n"b""c"\r\n-5\r\n'
    """
    problems = []
    if _FORMULA.match(column):
        what = f"a spreadsheet would run the key's name as a formula: {column!r}"
        hint = "rename the column to begin with a letter"
        problems.append(Problem("audience", what, hint))
    if bad := [one for one in ids if _FORMULA.match(one)]:
        what = f"{len(bad):,} ids would be run as formulas: {alternatives(bad)}"
        hint = "give these customers ids that begin with a letter or a digit"
        problems.append(Problem("audience", what, hint))
    if problems:
        raise InputError(problems)
    lines = [_cell(one) for one in (column, *ids)]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "surrogatepass")


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
