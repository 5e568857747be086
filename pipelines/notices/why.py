"""Why customers were chosen in a run on record: the campaign is walked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.errors import FairreachError
from fairness.evidence import read_document
from pipelines.campaign import load_campaign, run_campaign
from pipelines.campaign.explaining import Explanation, explain_customers
from pipelines.campaign.model import Campaign
from pipelines.campaign.result import CampaignRun
from pipelines.release.place import Place
from pipelines.release.vaulted import vault_of, with_vault

if TYPE_CHECKING:
    from fairness.evidence import Signer, Trust


@dataclass(frozen=True, slots=True)
class Why:
    """Explanations, and whether they are of the run on record.

    Parameters
    ----------
    campaign : Campaign
    explanations : tuple of Explanation
    on_record : bool or None
        Whether the walk is that of the run in the output directory; None where there
        is no run on record.
    """

    campaign: Campaign
    explanations: tuple[Explanation, ...]
    on_record: bool | None


def why(
    file: str | Path,
    customers: Sequence[str],
    out: str | Path,
    *,
    tables: Mapping[str, Any] | None = None,
    signer: Signer | None = None,
    trust: Trust | None = None,
    ledger: str | Path | None = None,
) -> Why:
    """Walk a campaign again and tell why customers were chosen, or were not.

    Parameters
    ----------
    file : path
        The campaign file.
    customers : sequence of str
    out : path
        As it was given to the run.
    tables : mapping of name to table or path, optional
    signer, trust, ledger : optional
        For a vault, as `pipelines.release.carry_out`.

    Raises
    ------
    InputError
        With every problem of the campaign file, its tables or the ids.
    """
    campaign = load_campaign(file)
    place = Place(Path(out), campaign.name, campaign.output.audience)
    facts = _facts(place)
    if facts is not None and campaign.as_of is None:
        # Without a day of its own it is walked as of the day on record.
        day = date.fromisoformat(str(facts["as_of"]))
        campaign = campaign.model_copy(update={"as_of": day})
    directory = Path(file).parent
    vault = vault_of(campaign, directory, tables)
    if vault is not None:
        tables = with_vault(
            vault,
            campaign,
            tables,
            signer=signer,
            trust=trust,
            ledger=Path(ledger or place.ledger),
        )
    run = run_campaign(campaign, directory=directory, tables=tables)
    found = explain_customers(run, customers, directory=directory, tables=tables)
    return Why(campaign, found, None if facts is None else _is_of(facts, run))


def _facts(place: Place) -> Mapping[str, Any] | None:
    if not place.facts.is_file():
        return None
    try:
        return read_document(place.facts)
    except FairreachError:
        return None


def _is_of(facts: Mapping[str, Any], run: CampaignRun) -> bool:
    own = run.facts()
    return bool(
        facts.get("funnel") == own["funnel"]
        and facts.get("audience") == own["audience"]
    )
