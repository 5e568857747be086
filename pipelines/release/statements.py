"""Approvals and waivers of a campaign, signed and laid beside its run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.evidence import (
    Ledger,
    Signer,
    Trust,
    approve_run,
    check_approval,
    check_waiver,
    digest_of,
    read_document,
    sign_document,
    waive_rule,
    write_document,
)
from fairness.evidence.documents import canonical
from fairness.policy import Policy, Waiver
from pipelines.campaign.load import load_campaign
from pipelines.campaign.result import RUN_SCHEMA
from pipelines.campaign.run import policies_of
from pipelines.release.place import Place


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement that was signed.

    Parameters
    ----------
    path : Path
    is_whole : bool
        Whether it holds now; else a second person has to sign.
    """

    path: Path
    is_whole: bool


def approve_place(
    directory: str | Path,
    signer: Signer,
    trust: Trust,
    *,
    reason: str,
    until: datetime,
    ledger: str | Path | None = None,
    now: datetime | None = None,
) -> Path:
    """Approve the run that lies in a campaign's directory.

    Parameters
    ----------
    directory : path
        Of the campaign, with the ``run.json`` that the run wrote.
    signer : Signer
        Of somebody else than the campaign's owner.
    trust : Trust
    reason : str
    until : datetime
    ledger : path, optional
        ``ledger.jsonl`` beside the directory by default.
    now : datetime, optional

    Returns
    -------
    Path
        The approval; the next run of the same data releases the audience.

    Raises
    ------
    InputError
        No run lies there, or its verdict is not a review.
    RefusedError
        The signer is the owner, or not trusted.
    """
    folder = Path(directory)
    facts = _facts(folder)
    if facts["verdict"] != "review":
        what = f"is {facts['verdict']}: only a review is approved"
        hints = {
            "block": "a failure is waived: fairreach waive",
            "clear": "it needs no approval",
        }
        raise InputError(Problem("verdict", what, hints[facts["verdict"]]))
    at = now or datetime.now(tz=UTC)
    run, owner = digest_of(canonical(facts)), facts["campaign"]["owner"]
    document = approve_run(
        run, signer, author=owner, approver=signer.name, reason=reason,
        expires=until, issued=at,
    )  # fmt: skip
    approval = check_approval(document, trust, run=run, author=owner, at=at)
    path = write_document(folder / f"{signer.name}.approval.json", document)
    book = Ledger(ledger or folder.parent / "ledger.jsonl")
    body = {
        "campaign": facts["campaign"]["name"],
        "run": run,
        "digest": approval.digest,
    }
    book.append("approval", body | {"approver": signer.name, "reason": reason}, at=at)
    return path


def sign_waiver(
    campaign_file: str | Path,
    out: str | Path,
    rule: str,
    signer: Signer,
    trust: Trust,
    *,
    approver: str | None = None,
    reason: str | None = None,
    days: int = 30,
    attribute: str | None = None,
    group: str | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
) -> Signed:
    """Sign a waiver of a rule's failure, as its owner or as its approver.

    Who says a reason and an approver is the owner, and the waiver waits for the
    approver, who signs with a key of their own and says neither.

    Parameters
    ----------
    campaign_file, out : path
        As they were given to the run.
    rule : str
        Id of the rule that failed.
    signer : Signer
    trust : Trust
    approver : str, optional
        Name of the one who signs second.
    reason : str, optional
    days : int, default 30
        How long it holds, at most 90.
    attribute, group : str, optional
        What of the rule is waived; all of it by default.
    ledger : path, optional
    now : datetime, optional

    Returns
    -------
    Signed

    Raises
    ------
    InputError
        No policy of the campaign has the rule; it cannot be waived; nothing waits to
        be signed.
    RefusedError
        The approver is the owner, or not trusted.
    """
    campaign = load_campaign(campaign_file)
    place = Place(Path(out), campaign.name)
    policy = _policy_with(rule, policies_of(campaign, Path(campaign_file).parent))
    at = now or datetime.now(tz=UTC)
    scope = re.sub(
        r"[^A-Za-z0-9]+", "-", "-".join(x for x in (rule, attribute, group) if x)
    )
    waiting = place.directory / f"{scope}.waiver.waiting.json"
    whole = place.directory / f"{scope}.waiver.json"
    if reason is None and approver is None:
        return _approved(
            waiting, whole, campaign, policy, signer, trust, place, ledger, at
        )
    if reason is None or approver is None:
        missing = "reason" if reason is None else "approver"
        hint = "the owner says both; the approver says neither"
        raise InputError(Problem(f"--{missing}", "is missing", hint))
    trust.person(approver)
    document = waive_rule(
        Waiver(
            rule=rule, attribute=attribute, group=group, reason=reason,
            owner=signer.name, approver=approver, issued=at.date(),
            expires=at.date() + timedelta(days=days),
        ),
        [signer], campaign=campaign.digest, policy=policy, issued=at,
    )  # fmt: skip
    place.make()
    return Signed(write_document(waiting, document), is_whole=False)


def _approved(
    waiting: Path,
    whole: Path,
    campaign: Any,
    policy: Policy,
    signer: Signer,
    trust: Trust,
    place: Place,
    ledger: str | Path | None,
    at: datetime,
) -> Signed:
    if not waiting.is_file():
        hint = "the owner signs first, with --reason and --approver"
        raise InputError(Problem(shown(waiting.name), "waits for no signature", hint))
    document = sign_document(read_document(waiting), signer)
    waiver = check_waiver(
        document, trust, campaign=campaign.digest, policy=policy, at=at
    )
    write_document(whole, document)
    waiting.unlink()
    book = Ledger(ledger or place.ledger)
    body = {
        "campaign": campaign.name,
        "digest": waiver.digest,
        "rule": waiver.waiver.rule,
    }
    people = {"owner": waiver.waiver.owner, "approver": waiver.waiver.approver}
    book.append("waiver", body | people | {"reason": waiver.waiver.reason}, at=at)
    return Signed(whole, is_whole=True)


def _policy_with(rule: str, policies: tuple[Policy, ...]) -> Policy:
    for policy in policies:
        if any(one.id == rule for one in policy.rules):
            return policy
    known = [one.id for policy in policies for one in policy.rules]
    what = f"{shown(rule)} is not a rule of it. Available: {alternatives(known)}"
    raise InputError(Problem("the campaign's policies", what))


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        hint = "name the directory that fairreach run wrote: DIR/CAMPAIGN"
        raise InputError(Problem(shown(str(folder)), "holds no run", hint))
    facts = read_document(path)
    if facts.get("schema") != RUN_SCHEMA:
        raise InputError(Problem(shown(str(path)), "is not a run of fairreach"))
    return dict(facts)
