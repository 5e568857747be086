"""What people sign so that a campaign may go out: approvals and waivers.

An approval lets one run, named by its digest, pass a review: a second person signs it.
A waiver lets one rule's failure pass in one campaign under one policy: its owner and
its approver sign it, each with a key of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictStr,
    model_validator,
)

from fairness.errors import (
    InputError,
    PolicyError,
    Problem,
    RefusedError,
    shown,
)
from fairness.evidence.documents import (
    DIGEST,
    canonical,
    digest_of,
    last_moment,
    moment_at,
    moment_of,
    moment_text,
)
from fairness.evidence.signing import (
    Signature,
    Signs,
    check_document,
    sign_document,
)
from fairness.evidence.trust import Trust, folded
from fairness.policy.fields import (
    Part,
    Prose,
    Table,
    Words,
    all_wrong,
    told,
    wrong,
)
from fairness.policy.model import Policy
from fairness.policy.waivers import Waiver

APPROVAL: Final = "fairreach/approval/1"
WAIVER: Final = "fairreach/waiver/1"

_T = TypeVar("_T", bound=Table)


def _digest(value: str) -> str:
    if not DIGEST.fullmatch(value):
        raise wrong(f"{shown(value)} is not sha256: and 64 hexadecimal digits")
    return value


def _moment(value: object) -> datetime:
    found = moment_of(value)
    if found is not None:
        return found
    if isinstance(value, datetime) and value.tzinfo is not None:
        return moment_at(value)
    raise wrong(f"{told(value)} is not a moment", "write it as 2026-11-24T09:30:00Z")


Digest = Annotated[
    StrictStr,
    AfterValidator(_digest),
    Field(description="text, sha256: and 64 hexadecimal digits"),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(moment_text),
    Field(description="a moment, such as 2026-11-24T09:30:00Z"),
]


class Statement(Table):
    """What signed statements have in common.

    Parameters
    ----------
    issued, expires : datetime
        UTC, to the second; `expires` is later.
    """

    issued: Moment
    expires: Moment

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Statement:
        if self.expires <= self.issued:
            ends, begins = moment_text(self.expires), moment_text(self.issued)
            parts: list[Part] = [
                (("expires",), f"{ends} is not after issued, {begins}", "")
            ]
            raise all_wrong(parts)
        return self

    def content(self) -> dict[str, Any]:
        """Return what is signed."""
        return self.model_dump(mode="json", by_alias=True)


class Approval(Statement):
    """Leave for one run to be released though its verdict is a review.

    Parameters
    ----------
    run : str
        Digest of the run; what it was run on is in the digest.
    author : str
        Who made the campaign.
    approver : str
        A second person, who signs.
    reason : str
    issued, expires : datetime
    digest : str
        Of the signed statement.
    """

    kind: ClassVar[str] = "approval"

    schema_id: Literal["fairreach/approval/1"] = Field(default=APPROVAL, alias="schema")
    run: Digest
    author: Words
    approver: Words
    reason: Prose
    digest: Digest = Field(default="sha256:" + "0" * 64, exclude=True)

    @model_validator(mode="after")
    def _is_another_person(self) -> Approval:
        if folded(self.author) == folded(self.approver):
            what = f"{shown(self.approver)} is also the author"
            parts: list[Part] = [(("approver",), what, "a second person approves")]
            raise all_wrong(parts)
        return self

    def __repr__(self) -> str:
        until = moment_text(self.expires)
        return f"<Approval of {self.run[:19]} by {self.approver} until {until}>"


class SignedWaiver(Statement):
    """A waiver, bound to one campaign and one policy.

    Parameters
    ----------
    campaign : str
        Digest of the campaign file.
    policy : str
        Digest of the policy.
    waiver : Waiver
        What is waived, by whom, and until when: at most 90 days.
    issued, expires : datetime
        When it was signed, and the end of the waiver's last day.
    digest : str
        Of the signed statement.
    """

    kind: ClassVar[str] = "signed waiver"
    inner: ClassVar[Mapping[str, type[Table]]] = {"waiver": Waiver}

    schema_id: Literal["fairreach/waiver/1"] = Field(default=WAIVER, alias="schema")
    campaign: Digest
    policy: Digest
    waiver: Waiver
    digest: Digest = Field(default="sha256:" + "0" * 64, exclude=True)

    @model_validator(mode="after")
    def _is_the_waiver_s(self) -> SignedWaiver:
        parts: list[Part] = []
        if self.expires != last_moment(self.waiver.expires):
            what = "is not the end of the waiver's last day"
            parts.append((("expires",), what, ""))
        if self.waiver.policy_digest != self.policy:
            what = "is not the policy that the statement names"
            parts.append((("waiver", "policy_digest"), what, ""))
        if parts:
            raise all_wrong(parts)
        return self

    def __repr__(self) -> str:
        people = f"{self.waiver.owner} and {self.waiver.approver}"
        until = moment_text(self.expires)
        return f"<SignedWaiver of {self.waiver.rule} by {people} until {until}>"


def approve_run(
    run: str,
    signer: Signs,
    *,
    author: str,
    approver: str,
    reason: str,
    expires: datetime,
    issued: datetime | None = None,
) -> dict[str, Any]:
    """Return a signed approval; `write_document` writes it.

    Parameters
    ----------
    run : str
        Digest of the run.
    signer : Signer
        The key of the approver.
    author, approver : str
        Two people.
    reason : str
    expires : datetime
    issued : datetime, optional
        Now where None.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        With every problem.
    """
    approval = Approval(
        run=run,
        author=author,
        approver=approver,
        reason=reason,
        issued=moment_at(issued, "issued"),
        expires=moment_at(expires, "expires"),
    )
    return sign_document(approval.content(), signer)


def waive_rule(
    waiver: Waiver,
    signers: Sequence[Signs],
    *,
    campaign: str,
    policy: Policy,
    issued: datetime | None = None,
) -> dict[str, Any]:
    """Return a signed waiver; `write_document` writes it.

    Parameters
    ----------
    waiver : Waiver
        Where it names no policy, it gets the digest of `policy`.
    signers : sequence of Signer
        The keys of its owner and its approver; where one is not at hand, that person
        adds a signature with `sign_document`.
    campaign : str
        Digest of the campaign file.
    policy : Policy
    issued : datetime, optional
        Now where None.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        With every problem: the rule cannot be waived, the waiver is of another policy.
    """
    problems = waiver.problems(policy)
    if problems:
        raise InputError(problems)
    bound = waiver.model_copy(update={"policy_digest": policy.digest})
    statement = SignedWaiver(
        campaign=campaign,
        policy=policy.digest,
        waiver=bound,
        issued=moment_at(issued, "issued"),
        expires=last_moment(waiver.expires),
    )
    return sign_document(statement.content(), *signers)


def check_approval(
    document: Mapping[str, Any],
    trust: Trust,
    *,
    run: str,
    author: str,
    at: datetime | None = None,
) -> Approval:
    """Return an approval that holds for a run.

    Parameters
    ----------
    document : mapping
        As `read_document` returns it.
    trust : Trust
    run : str
        Digest of the run that is to be released.
    author : str
        Who made the campaign, as the campaign says.
    at : datetime, optional
        Now where None.

    Raises
    ------
    RefusedError
        With every reason: see `check_document`; it is for another run, not signed by
        its approver alone, or by its author.
    """
    approval, signatures = _checked(document, trust, Approval, APPROVAL, at)
    reasons = _not_signed_by(signatures, [approval.approver])
    if approval.run != run:
        what = f"is for the run {approval.run}, not {run}"
        reasons.append(Problem("approval", what, "have this run approved"))
    for name in dict.fromkeys((author, approval.author)):
        if trust.same_person(name, approval.approver):
            what = f"{shown(approval.approver)} is also the author"
            reasons.append(Problem("approval", what, "a second person approves"))
    if folded(author) != folded(approval.author):
        what = f"names {shown(approval.author)} as author, not {shown(author)}"
        reasons.append(Problem("approval", what))
    if reasons:
        raise RefusedError(reasons)
    return approval


def check_waiver(
    document: Mapping[str, Any],
    trust: Trust,
    *,
    campaign: str,
    policy: Policy,
    at: datetime | None = None,
) -> SignedWaiver:
    """Return a waiver that holds for a campaign under a policy.

    Parameters
    ----------
    document : mapping
        As `read_document` returns it.
    trust : Trust
    campaign : str
        Digest of the campaign file.
    policy : Policy
    at : datetime, optional
        Now where None.

    Returns
    -------
    SignedWaiver
        Its `waiver` is what the gate takes.

    Raises
    ------
    RefusedError
        With every reason: see `check_document`; it is for another campaign or policy,
        for a rule that cannot be waived, or not signed by both owner and approver.
    """
    statement, signatures = _checked(document, trust, SignedWaiver, WAIVER, at)
    waiver = statement.waiver
    reasons = _not_signed_by(signatures, [waiver.owner, waiver.approver])
    if trust.same_person(waiver.owner, waiver.approver):
        what = f"{shown(waiver.approver)} is also the owner"
        reasons.append(Problem("waiver", what, "a second person has to approve"))
    if statement.campaign != campaign:
        what = f"is for the campaign {statement.campaign}, not {campaign}"
        reasons.append(Problem("waiver", what, "have this campaign's waiver signed"))
    if moment_at(at).date() < waiver.issued:
        reasons.append(Problem("waiver", f"is not in force before {waiver.issued}"))
    reasons += (
        Problem(f"waiver, {one.where}", one.what, one.hint)
        for one in waiver.problems(policy)
    )
    if reasons:
        raise RefusedError(reasons)
    return statement


def _checked(
    document: Mapping[str, Any],
    trust: Trust,
    make: Callable[..., _T],
    schema: str,
    at: datetime | None,
) -> tuple[_T, tuple[Signature, ...]]:
    where = schema.split("/")[1]
    signatures = check_document(document, trust, schema, at, where=where)
    content = {key: document[key] for key in document if key != "signatures"}
    content["digest"] = digest_of(canonical(document))
    return read_table(make, content, where), signatures


def read_table(make: Callable[..., _T], content: Mapping[str, Any], where: str) -> _T:
    """Return the table that a signed document holds.

    Raises
    ------
    RefusedError
        With every value that is not allowed.
    """
    try:
        return make(**content)
    except PolicyError as error:
        raise RefusedError(
            Problem(f"{where}, {one.where}", one.what, one.hint)
            for one in error.problems
        ) from None


def _not_signed_by(
    signatures: Sequence[Signature], names: Sequence[str]
) -> list[Problem]:
    """Return who has not signed, and who has and should not."""
    signed = {folded(one.name) for one in signatures}
    due = {folded(name): name for name in names}
    missing = [
        Problem("signatures", f"{shown(name)} has not signed")
        for key, name in due.items()
        if key not in signed
    ]
    strangers = [
        Problem("signatures", f"{shown(one.name)} has signed and is not asked to")
        for one in signatures
        if folded(one.name) not in due
    ]
    return missing + strangers
