"""Follow a released audience up: run its campaign again, and check who was reached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence import (
    Ledger,
    Signer,
    Trust,
    certificate_path,
    digest_of,
    read_document,
)
from fairness.writing import write_whole
from pipelines.campaign.load import load_campaign
from pipelines.campaign.model import Campaign
from pipelines.campaign.result import CampaignRun
from pipelines.campaign.run import Watch, run_campaign
from pipelines.release.audience import audience_bytes
from pipelines.release.delivered import Delivered, check_delivered
from pipelines.release.place import Place
from pipelines.release.vaulted import told_without, vault_of, with_vault


def follow_up(
    file: str | Path,
    sent: Any,
    out: str | Path,
    *,
    id: str | None = None,  # noqa: A002  # the contract's name
    at_most: float | None = None,
    tables: Mapping[str, Any] | None = None,
    signer: Signer | None = None,
    trust: Trust | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
    watch: Watch | None = None,
) -> Delivered:
    """Run a campaign again for its counts, and check who of its audience was reached.

    ``delivered.json`` is written to the campaign's directory, and a line of kind
    ``delivered`` to the ledger. The day is that of the file or of the run that lies
    there. Nothing is released.

    Parameters
    ----------
    file : path
        A campaign file.
    sent : table, path or list of ids
        See `check_delivered`, like `id` and `at_most`.
    out : path
        As it was given to the run.
    id : str, optional
    at_most : float, optional
    tables : mapping of name to table or path, optional
        In place of the campaign's own.
    signer, trust : Signer, Trust, optional
        Who opens the vault that the protected attributes lie in, if they do.
    ledger : path, optional
        ``ledger.jsonl`` below `out` by default.
    now : datetime, optional
    watch : Watch, optional

    Returns
    -------
    Delivered

    Raises
    ------
    InputError
        With every problem of the campaign file, its tables or the ids.
    RefusedError
        No certificate lies there, or it is of another audience.
    """
    at = now or datetime.now(tz=UTC)
    campaign = load_campaign(file)
    place = Place(Path(out), campaign.name, campaign.output.audience)
    vault = vault_of(campaign, Path(file).parent, tables)
    with place.held():
        if vault is not None:
            tables = with_vault(
                vault,
                campaign,
                tables,
                signer=signer,
                trust=trust,
                ledger=Path(ledger or place.ledger),
                now=now,
            )
        try:
            run = run_campaign(
                _of_its_day(campaign, place),
                directory=Path(file).parent,
                tables=tables,
                on=at.date(),
                watch=watch,
            )
        except InputError as error:
            if vault is None:
                raise
            raise told_without(error, tables) from None
        digest = digest_of(audience_bytes(run.roles.id, run.audience))
        _check_released(place, digest, run)
        found = check_delivered(run, sent, id=id, at_most=at_most)
        report = json.dumps(found.to_dict(), indent=1) + "\n"
        body = {
            "campaign": campaign.name,
            "digest": campaign.digest,
            "audience": digest,
            "selected": found.selected,
            "reached": found.reached,
            "strangers": found.unselected,
            "skewed": [s.attribute for s in found.skews if s.reading == "skewed"],
            "report": digest_of(report.encode()),
        }
        Ledger(ledger or place.ledger).append("delivered", body, at=at)
        write_whole(place.directory / "delivered.json", report)
    return found


def _of_its_day(campaign: Campaign, place: Place) -> Campaign:
    """Return a campaign without a day as it was run, on the day of the run."""
    if campaign.as_of is not None or not place.facts.is_file():
        return campaign
    try:
        day = date.fromisoformat(read_document(place.facts)["as_of"])
    except (KeyError, TypeError, ValueError):
        what = "does not say of what day the run is"
        hint = "write as_of = 2026-11-01 in the campaign file"
        raise InputError(Problem(shown(str(place.facts)), what, hint)) from None
    return campaign.model_copy(update={"as_of": day})


def _check_released(place: Place, digest: str, run: CampaignRun) -> None:
    """Refuse a run whose audience was not released, or is not the one that was.

    Raises
    ------
    RefusedError
    """
    paths = [certificate_path(place.audience), certificate_path(place.sealed)]
    there = [path for path in paths if path.is_file()]
    if not there:
        what = "was not released here: there is no certificate"
        hint = (
            "who asks about an audience that nobody may have would learn who is in it"
        )
        raise RefusedError(Problem(run.campaign.name, what, hint))
    for path in there:
        if read_document(path).get("audience") != digest:
            what = (
                f"is of another audience than this run of {shown(run.campaign.name)} "
                f"as of {run.as_of}"
            )
            hint = "run it on the tables and with the file that it was released with"
            raise RefusedError(Problem(path.name, what, hint))
