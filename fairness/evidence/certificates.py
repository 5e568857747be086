"""The certificate of an audience: what was released, why it could be, and by whom.

It stands beside the audience as ``AUDIENCE.certificate.json``, is signed by the one who
releases, and names a line of the ledger by its hash: whoever rewrites the ledger has to
take back every certificate too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StrictInt, model_validator

from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.evidence.chain import Entry
from fairness.evidence.documents import (
    file_digest,
    moment_at,
    moment_text,
    read_document,
)
from fairness.evidence.keys import Signer
from fairness.evidence.signing import Signature, check_document, sign_document
from fairness.evidence.statements import (
    Approval,
    Digest,
    SignedWaiver,
    Statement,
    read_table,
)
from fairness.evidence.trust import Trust, folded
from fairness.evidence.verifying import verify_ledger
from fairness.policy.fields import Names, Part, Table, Words, all_wrong
from fairness.policy.model import Policy

SCHEMA: Final = "fairreach/certificate/1"
ENDING = ".certificate.json"

Verdict = Literal["clear", "review", "block"]
Basis = Literal["clear", "approved", "waived"]

# What each verdict can be released on, and what that has to name.
_ALLOWED: dict[tuple[str, str], str] = {
    ("clear", "clear"): "",
    ("review", "approved"): "approvals",
    ("block", "waived"): "waivers",
    # Two people sign a waiver, one an approval.
    ("review", "waived"): "waivers",
}

_Count = Annotated[StrictInt, Field(ge=0, description="a whole number from 0")]


class JudgedBy(Table):
    """A policy of the verdict.

    Parameters
    ----------
    name : str
    digest : str
    """

    kind: ClassVar[str] = "policy"

    name: Words
    digest: Digest


class LedgerLine(Table):
    """The line of the ledger that records the release.

    Parameters
    ----------
    seq : int
    hash : str
    """

    kind: ClassVar[str] = "ledger line"

    seq: Annotated[StrictInt, Field(ge=1, description="a whole number from 1")]
    hash: Digest


class Certificate(Statement):
    """What goes with a released audience.

    Parameters
    ----------
    audience : str
        Digest of the audience file as it is read.
    sealed : str or None
        Digest of the file that it is encrypted in, where it is.
    rows : int
        Customers in it.
    counts : str
        The audit's fingerprint: an order-free hash of schema and counts.
    policies : tuple of JudgedBy
    campaign : str
        Digest of the campaign file.
    verdict : {"clear", "review", "block"}
        As judged before anybody's leave.
    basis : {"clear", "approved", "waived"}
        What it was released on: a clear verdict, a review that was approved, a block
        or review whose findings are waived (and approved as well, where a review is
        left of it).
    approvals, waivers : tuple of str
        Digests of the signed statements.
    version : str
        Of the tool.
    releaser : str
        Who signs.
    recipients : tuple of str
        Names of those to whom the file is encrypted; empty where it is not.
    ledger : LedgerLine
    issued, expires : datetime
        UTC, to the second.
    """

    kind: ClassVar[str] = "certificate"
    inner: ClassVar[Mapping[str, type[Table]]] = {
        "policies": JudgedBy,
        "ledger": LedgerLine,
    }

    schema_id: Literal["fairreach/certificate/1"] = Field(
        default=SCHEMA, alias="schema"
    )
    audience: Digest
    sealed: Digest | None = None
    rows: _Count
    counts: Digest
    policies: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    campaign: Digest
    verdict: Verdict
    basis: Basis
    approvals: tuple[Digest, ...] = ()
    waivers: tuple[Digest, ...] = ()
    version: Words
    releaser: Words
    recipients: Names = ()
    ledger: LedgerLine

    @model_validator(mode="after")
    def _may_be_released(self) -> Certificate:
        parts: list[Part] = []
        needed = _ALLOWED.get((self.verdict, self.basis))
        if needed is None:
            what = f"{self.basis} does not release what is {self.verdict}"
            parts.append((("basis",), what, ""))
        elif needed and not getattr(self, needed):
            parts.append(((needed,), f"are none, and the basis is {self.basis}", ""))
        if self.basis == "clear" and (self.approvals or self.waivers):
            parts.append((("basis",), "clear needs no approvals and no waivers", ""))
        if (self.sealed is None) != (not self.recipients):
            what = "are those to whom a sealed file is encrypted, and only those"
            parts.append((("recipients",), what, ""))
        if parts:
            raise all_wrong(parts)
        return self

    def __repr__(self) -> str:
        why = f"{self.verdict}, {self.basis}, by {self.releaser}"
        until = moment_text(self.expires)
        return f"<Certificate of {self.rows:,} rows: {why}, until {until}>"


def certificate_path(audience: str | Path) -> Path:
    """Return where the certificate of an audience is.

    Examples
    --------
    >>> certificate_path("out/spring.csv").name
    'spring.csv.certificate.json'
    """
    path = Path(audience)
    return path.with_name(path.name + ENDING)


def issue_certificate(
    releaser: Signer,
    *,
    audience: str,
    rows: int,
    counts: str,
    policies: Sequence[Policy],
    campaign: str,
    verdict: Verdict,
    basis: Basis,
    entry: Entry,
    version: str,
    expires: datetime,
    approvals: Sequence[Approval] = (),
    waivers: Sequence[SignedWaiver] = (),
    sealed: str | None = None,
    recipients: Sequence[str] = (),
    issued: datetime | None = None,
) -> dict[str, Any]:
    """Return the signed certificate of an audience.

    `write_document` writes it to `certificate_path`. Where it is written before the
    audience is, no audience ever stands there without.

    Parameters
    ----------
    releaser : Signer
    audience : str
        Digest of the audience file: `file_digest`, or `digest_of` its bytes.
    rows : int
    counts : str
        The audit's fingerprint.
    policies : sequence of Policy
        At least one.
    campaign : str
        Digest of the campaign file.
    verdict : {"clear", "review", "block"}
        As judged before anybody's leave.
    basis : {"clear", "approved", "waived"}
    entry : Entry
        The ledger's line of the release: its kind is ``release`` and its body holds
        the digest of the audience as `audience`.
    version : str
    expires : datetime
        No later than the approvals and waivers.
    approvals, waivers : sequence
        As `check_approval` and `check_waiver` returned them.
    sealed : str, optional
        Digest of the file that the audience is encrypted in.
    recipients : sequence of str
        To whom.
    issued : datetime, optional
        Now where None.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        With every problem: the basis does not release the verdict, the line is of
        something else, an approval ends before the certificate.
    """
    begins, ends = moment_at(issued, "issued"), moment_at(expires, "expires")
    problems = [*_line_problems(entry, audience), *_late(ends, approvals, waivers)]
    try:
        certificate = Certificate(
            audience=audience,
            sealed=sealed,
            rows=rows,
            counts=counts,
            policies=tuple(JudgedBy(name=p.name, digest=p.digest) for p in policies),
            campaign=campaign,
            verdict=verdict,
            basis=basis,
            approvals=tuple(one.digest for one in approvals),
            waivers=tuple(one.digest for one in waivers),
            version=version,
            releaser=releaser.name,
            recipients=tuple(recipients),
            ledger=LedgerLine(seq=entry.seq, hash=entry.hash),
            issued=begins,
            expires=ends,
        )
    except InputError as error:
        raise InputError([*error.problems, *problems]) from None
    if problems:
        raise InputError(problems)
    return sign_document(certificate.content(), releaser)


def _line_problems(entry: Entry, audience: str) -> Iterator[Problem]:
    if entry.kind != "release":
        yield Problem("entry", f"is of kind {shown(entry.kind)}, not 'release'")
    elif entry.body.get("audience") != audience:
        what = "does not hold the digest of the audience"
        yield Problem("entry", what, 'write {"audience": digest, …} to the ledger')


def _late(
    ends: datetime, approvals: Sequence[Approval], waivers: Sequence[SignedWaiver]
) -> Iterator[Problem]:
    for one in (*approvals, *waivers):
        if one.expires < ends:
            what = f"{moment_text(ends)} is after the {one.kind}'s end"
            yield Problem("expires", what, f"at most {moment_text(one.expires)}")


def verify_audience(
    audience: str | Path,
    trust: Trust,
    *,
    certificate: str | Path | None = None,
    at: datetime | None = None,
    ledger: str | Path | None = None,
) -> Certificate:
    """Return the certificate of an audience that may be used.

    Parameters
    ----------
    audience : str or Path
        The file as it was released, sealed or not.
    trust : Trust
        Who may release.
    certificate : str or Path, optional
        `certificate_path` where None.
    at : datetime, optional
        Now where None.
    ledger : str or Path, optional
        Where given, all of it has to hold, with the line that the certificate names.

    Returns
    -------
    Certificate

    Raises
    ------
    InputError
        There is no such audience or ledger.
    RefusedError
        With every reason: no certificate, audience or certificate was changed, not yet
        or no longer in force, an unknown, revoked or expired key, a verdict that does
        not release, a line that the ledger lacks.
    """
    found = file_digest(audience)
    path = certificate_path(audience) if certificate is None else Path(certificate)
    where = ascii_controls(str(path))
    if not path.is_file():
        hint = "only a release writes one; without it the audience may not be used"
        raise RefusedError(
            Problem(ascii_controls(str(audience)), "has no certificate", hint)
        )
    document = _unchanged(path, where)
    reasons: list[Problem] = []
    table = None
    try:
        table = read_table(Certificate, _content(document), where)
    except RefusedError as error:
        reasons += error.reasons
    try:
        signatures = check_document(document, trust, SCHEMA, at, where=where)
        if table is not None and not _is_signed_by(table, signatures):
            what = f"is not signed by {table.releaser} alone, who released it"
            reasons.append(Problem(where, what))
    except RefusedError as error:
        reasons += error.reasons
    if table is not None and found not in (table.audience, table.sealed):
        what = "was changed after it was released, or is another file"
        reasons.append(Problem(ascii_controls(str(audience)), what, "release it again"))
    if table is not None and ledger is not None:
        reasons += _ledger_reasons(table, ledger)
    if reasons or table is None:
        raise RefusedError(reasons)
    return table


def _unchanged(path: Path, where: str) -> dict[str, Any]:
    try:
        return read_document(path)
    except InputError as error:
        told = (Problem(where, one.what, one.hint) for one in error.problems)
        raise RefusedError(told) from None


def _content(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in document if key != "signatures"}


def _is_signed_by(table: Certificate, signatures: Sequence[Signature]) -> bool:
    return [folded(one.name) for one in signatures] == [folded(table.releaser)]


def _ledger_reasons(table: Certificate, ledger: str | Path) -> Iterator[Problem]:
    line = table.ledger
    report = verify_ledger(ledger, anchor=f"{line.seq}:{line.hash}")
    yield from report.problems
    if report.anchored is not None:
        where = f"{ascii_controls(str(ledger))}, seq {line.seq}"
        for problem in _line_problems(report.anchored, table.audience):
            yield Problem(where, problem.what)
