"""``fairreach delivered``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import exits
from pipelines.cli.campaigns import LedgerFile, Out
from pipelines.cli.output import tell
from pipelines.cli.vault import VaultKey, VaultTrust, needed_signer, needed_trust


class DeliveredFormat(StrEnum):
    """What the command prints."""

    text = "text"
    json = "json"


def delivered(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")
    ],
    sent: Annotated[
        str,
        typer.Argument(
            metavar="SENT", help="CSV or Parquet: the ids that were reached."
        ),
    ],
    *,
    out: Out = Path("fairreach-out"),
    id_: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="COL",
            help="The id in SENT, if not named as in the campaign.",
        ),
    ] = None,
    at_most: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Bound of the distance, as a fraction: 0.10 for ten points.",
        ),
    ] = None,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: LedgerFile = None,
    format_: Annotated[
        DeliveredFormat,
        typer.Option("--format", metavar="FORMAT", help="text or json."),
    ] = DeliveredFormat.text,
) -> int:
    """Check who was really reached against who was selected, by group.

    The campaign is run again for its counts; nothing is released. Ends with exit code
    4 where ids were reached that were not selected, or a distance was shown to be
    above the bound; with 3 where the run is not that of the released audience.

    [bold]Examples[/bold]

      fairreach delivered spring.toml sent.csv --out out

      fairreach delivered spring.toml sent.csv --out out --at-most 0.10
    """
    from pipelines.release.following import follow_up  # noqa: PLC0415  # the engine

    found = follow_up(
        campaign,
        sent,
        out,
        id=id_,
        at_most=at_most,
        # A key is asked for only where there is a vault to open.
        signer=None if key is None else needed_signer(key),
        trust=None if key is None else needed_trust(trust),
        ledger=ledger,
    )
    if format_ is DeliveredFormat.json:
        tell(json.dumps(found.to_dict(), indent=1) + "\n")
    else:
        tell(found.text())
    return exits.REVIEW if found.strangers or found.is_above else exits.CLEAR
