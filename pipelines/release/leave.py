"""On what a run may be released: its verdict, an approval, waivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence import (
    Approval,
    SignedWaiver,
    Trust,
    check_approval,
    check_waiver,
    read_document,
)
from fairness.evidence.trust import folded
from fairness.policy import Policy
from pipelines.campaign.model import Campaign
from pipelines.campaign.result import CampaignRun

Basis = Literal["clear", "approved", "waived"]


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to release an audience.

    Parameters
    ----------
    basis : {"clear", "approved", "waived"}
    verdict : {"clear", "review", "block"}
        As judged before anybody's leave.
    approvals : tuple of Approval
    waivers : tuple of SignedWaiver
    """

    basis: Basis
    verdict: Literal["clear", "review", "block"]
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[SignedWaiver, ...] = ()

    def until(self, now: datetime, valid_days: int) -> datetime:
        """Return when a certificate on this leave ends."""
        ends = [one.expires for one in (*self.approvals, *self.waivers)]
        return min([now + timedelta(days=valid_days), *ends])


def signed_waivers(
    paths: Sequence[Path],
    trust: Trust | None,
    campaign: Campaign,
    policies: Sequence[Policy],
    at: datetime,
) -> tuple[list[SignedWaiver], list[str]]:
    """Return the waivers that hold for a campaign, and why the others do not.

    Parameters
    ----------
    paths : sequence of Path
    trust : Trust or None
        Without one no signature can be checked, and no waiver holds.
    campaign : Campaign
    policies : sequence of Policy
    at : datetime
    """
    held, notes = [], []
    for path in paths:
        reasons = ["no trust file was given to check its signatures"]
        if trust is not None:
            try:
                held.append(_waiver(path, trust, campaign, policies, at))
            except (RefusedError, InputError) as error:
                reasons = [str(error)]
            else:
                continue
        notes += [f"waiver {path.name} does not hold: {reason}" for reason in reasons]
    return held, notes


def _waiver(
    path: Path,
    trust: Trust,
    campaign: Campaign,
    policies: Sequence[Policy],
    at: datetime,
) -> SignedWaiver:
    document = read_document(path)
    wanted = document.get("policy")
    policy = next((one for one in policies if one.digest == wanted), policies[0])
    return check_waiver(document, trust, campaign=campaign.digest, policy=policy, at=at)


def leave_of(
    run: CampaignRun,
    *,
    verdict: Literal["clear", "review", "block"],
    approvals: Sequence[Path],
    waivers: Sequence[SignedWaiver],
    trust: Trust,
    releaser: str,
    at: datetime,
) -> Leave:
    """Return the leave that a run has.

    Parameters
    ----------
    run : CampaignRun
        Judged with the waivers.
    verdict : {"clear", "review", "block"}
        Of the same audit, judged without them.
    approvals : sequence of Path
        Signed approvals; one that holds is enough.
    waivers : sequence of SignedWaiver
        Those that the run was judged with.
    trust : Trust
    releaser : str
        Who is going to sign the certificate.
    at : datetime

    Raises
    ------
    RefusedError
        It has none, with every reason.
    """
    if verdict == "clear":
        return Leave("clear", "clear")
    used = _used(run, waivers, at)
    if run.verdict == "clear":
        return Leave("waived", verdict, (), used)
    if run.verdict == "block":
        number = len(run.decision.reasons)
        what = f"is block, for {number} reason{'' if number == 1 else 's'}"
        hint = "change the profile; see the report for the step that makes the gap"
        raise RefusedError(Problem("verdict", what, hint))
    reasons: list[Problem] = []
    owner = run.campaign.owner
    if not any(folded(person.name) == folded(owner) for person in trust.people):
        what = f"{shown(owner)} is nobody in the trust file"
        hint = "an approval is by somebody else than the owner: name the owner's key"
        raise RefusedError(Problem("owner", what, hint))
    for path in approvals:
        try:
            approval = check_approval(
                read_document(path),
                trust,
                run=run.digest,
                author=owner,
                at=at,
            )
        except RefusedError as error:
            reasons += [
                Problem(f"{path.name}, {one.where}", one.what, one.hint)
                for one in error.reasons
            ]
        else:
            if trust.same_person(approval.approver, releaser):
                what = f"{shown(releaser)} both approves and releases"
                reasons.append(Problem(path.name, what, "a second person releases"))
                continue
            return Leave("waived" if used else "approved", verdict, (approval,), used)
    hint = "a second person reads the report: fairreach approve"
    reasons.append(Problem("verdict", "is review, and no approval of it holds", hint))
    raise RefusedError(reasons)


def _used(
    run: CampaignRun, waivers: Sequence[SignedWaiver], at: datetime
) -> tuple[SignedWaiver, ...]:
    """Return the waivers by which a finding of the run is waived."""
    waived = [f for f in run.decision.findings if f.verdict == "waived"]
    return tuple(
        one
        for one in waivers
        if any(
            one.waiver.covers(str(f.rule), f.attribute, f.group, at.date())
            for f in waived
        )
    )
