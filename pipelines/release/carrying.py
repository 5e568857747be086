"""Run a campaign from its file to its release, and keep what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fairness.errors import FairreachError, InputError, Problem, RefusedError
from fairness.evidence import (
    Ledger,
    Person,
    SignedWaiver,
    Signer,
    Trust,
    write_document,
)
from fairness.reports import write_report
from fairness.reports.funnel import gap_lines
from fairness.writing import write_whole
from pipelines.campaign.conduct import Surroundings
from pipelines.campaign.frame import SharedTables
from pipelines.campaign.load import load_campaign
from pipelines.campaign.result import CampaignRun
from pipelines.campaign.run import Watch, policies_of, run_campaign
from pipelines.release.audience import Released, audience_bytes, release
from pipelines.release.leave import Leave, leave_of, signed_waivers
from pipelines.release.place import Place
from pipelines.release.rechecking import Again, refusals_of
from pipelines.release.vaulted import told_without, vault_of, with_vault

RESULT_SCHEMA = "fairreach/result/1"


@dataclass(frozen=True, slots=True)
class Authority:
    """Who releases, and whose signatures count.

    Parameters
    ----------
    signer : Signer or None
        The key that signs certificates; without one nothing is released.
    trust : Trust or None
        Whose approvals, waivers and certificates are believed.
    recipients : tuple of Person
        To whom the audience is encrypted; in the clear where empty.
    """

    signer: Signer | None = None
    trust: Trust | None = None
    recipients: tuple[Person, ...] = ()

    def missing(self, at: datetime) -> list[Problem]:
        """Return what keeps anything from being released at a time."""
        found = []
        if self.signer is None:
            hint = "make one: fairreach keys new NAME; name it: --key FILE"
            found.append(Problem("key", "is missing: a certificate is signed", hint))
        if self.trust is None:
            hint = "name the file of the people whose keys count: --trust FILE"
            found.append(Problem("trust", "is missing: nobody could verify it", hint))
        if self.signer is not None and self.trust is not None:
            reason = self.trust.refusal(self.signer.key_id, at)
            found += [] if reason is None else [reason]
        return found


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a campaign ended.

    Parameters
    ----------
    run : CampaignRun
    place : Place
    released : Released or None
    reasons : tuple of Problem
        Why nothing was released; empty where it was.
    notes : tuple of str
    refused : bool
        Whether the file to be written held somebody who may not be contacted.
    """

    run: CampaignRun
    place: Place
    released: Released | None = None
    reasons: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())
    refused: bool = False

    @property
    def verdict(self) -> Literal["clear", "review", "block"]:
        """That of the run; clear where it was released, whatever leave that took."""
        if self.refused:
            return "block"
        return "clear" if self.released is not None else self.run.decision.verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the result in plain values."""
        released = self.released
        # As the report says it: with small groups hidden.
        payload = self.run.payload()
        return {
            "schema": RESULT_SCHEMA,
            "campaign": self.run.campaign.name,
            "verdict": self.run.decision.verdict,
            "customers": self.run.audit.counts.rows,
            "selected": self.run.audit.counts.selected,
            "reasons": payload["reasons"],
            "culprits": gap_lines(payload),
            "run": self.run.digest,
            "released": None
            if released is None
            else {"file": released.path.name, "rows": released.rows},
            "held_back": [str(one) for one in self.reasons],
            "report": self.place.page.name,
        }


def carry_out(
    file: str | Path,
    out: str | Path,
    *,
    authority: Authority | None = None,
    tables: Mapping[str, Any] | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
    watch: Watch | None = None,
    shared: SharedTables | None = None,
) -> Outcome:
    """Run a campaign file; write its reports, and its audience if it may go out.

    Parameters
    ----------
    file : path
        A campaign file.
    out : path
        Everything goes to the directory of the campaign's name below it.
    authority : Authority, optional
    tables : mapping of name to table or path, optional
        In place of the campaign's own.
    ledger : path, optional
        ``ledger.jsonl`` below `out` by default.
    now : datetime, optional
    watch : Watch, optional
    shared : SharedTables, optional
        Opens tables once for many campaigns.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        With every problem of the file or of its tables. Where the file could be read,
        an audience that was released before is withdrawn, and the refusal is a line of
        the ledger; nothing else is written but the quarantine.
    """
    at = now or datetime.now(tz=UTC)
    given = authority or Authority()
    campaign = load_campaign(file)
    place = Place(Path(out), campaign.name, campaign.output.audience)
    with place.held():
        book = Ledger(ledger or place.ledger)
        vault = vault_of(campaign, Path(file).parent, tables)
        try:
            found = signed_waivers(
                place.statements("waiver"),
                given.trust,
                campaign,
                policies_of(campaign, Path(file).parent),
                at,
            )
            if vault is not None:
                tables = with_vault(
                    vault,
                    campaign,
                    tables,
                    signer=given.signer,
                    trust=given.trust,
                    ledger=book.path,
                    now=now,
                )
            run = run_campaign(
                campaign,
                directory=Path(file).parent,
                tables=tables,
                around=Surroundings(
                    Path(ledger or place.ledger),
                    given.signer,
                    given.trust,
                    sealed=vault is not None,
                ),
                waivers=[one.waiver for one in found[0]],
                on=at.date(),
                watch=watch,
                shared=shared,
                # Rows of a vault are not written down, and these would be.
                quarantine=place.quarantine if vault is None else None,
            )
            content = audience_bytes(run.roles.id, run.audience)
        except FairreachError as error:
            # What was released before is not to be sent while nobody knows.
            place.withdraw()
            body = {"campaign": campaign.name, "problems": len(_problems(error))}
            book.append("refusal", body, at=at)
            if vault is not None and isinstance(error, InputError):
                raise told_without(error, tables) from None
            raise
        again = partial(
            refusals_of,
            run,
            directory=Path(file).parent,
            tables=tables or {},
            shared=shared,
        )
        return _kept(run, content, place, given, found, book, at, again)


def _problems(error: FairreachError) -> Sequence[Problem]:
    return error.problems if isinstance(error, InputError) else [Problem("", "")]


def _kept(
    run: CampaignRun,
    content: bytes,
    place: Place,
    authority: Authority,
    found: tuple[list[SignedWaiver], list[str]],
    book: Ledger,
    at: datetime,
    again: Again,
) -> Outcome:
    """Write down what a run found, and release its audience if it may go out."""
    waivers, notes = found
    book.append("check", run.facts() | {"run": run.digest}, at=at)
    _write_reports(run, place)
    leave, reasons = _leave(run, place, authority, waivers, at)
    released, refused = None, False
    if leave is not None and authority.signer is not None:
        try:
            released = release(
                run,
                leave,
                place,
                content,
                signer=authority.signer,
                ledger=book,
                now=at,
                recipients=authority.recipients,
                again=again,
            )
        except RefusedError as error:
            reasons, refused = list(error.reasons), True
    if released is None:
        place.withdraw()
        body = {
            "campaign": run.campaign.name,
            "run": run.digest,
            "verdict": run.verdict,
        }
        book.append("refusal", body, at=at)
    outcome = Outcome(run, place, released, tuple(reasons), tuple(notes), refused)
    write_whole(place.result, json.dumps(outcome.to_dict(), indent=1) + "\n")
    return outcome


def _leave(
    run: CampaignRun,
    place: Place,
    authority: Authority,
    waivers: Sequence[SignedWaiver],
    at: datetime,
) -> tuple[Leave | None, list[Problem]]:
    verdict = run.verdict
    if waivers:
        verdict = run.verdict_unwaived(at.date())
    trust = authority.trust or Trust(people=())
    try:
        leave = leave_of(
            run,
            verdict=verdict,  # type: ignore[arg-type]
            approvals=place.statements("approval"),
            waivers=waivers,
            trust=trust,
            releaser="" if authority.signer is None else authority.signer.name,
            at=at,
        )
    except RefusedError as error:
        return None, list(error.reasons)
    missing = authority.missing(at)
    return (None, missing) if missing else (leave, [])


def _write_reports(run: CampaignRun, place: Place) -> None:
    payload = run.payload()
    write_report(payload, place.payload)
    write_report(payload, place.page)
    write_document(place.facts, run.facts())
