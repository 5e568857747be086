"""``fairreach recheck``."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fairness.errors import InputError, Problem, shown
from pipelines.cli import exits
from pipelines.cli.campaigns import LedgerFile, Out
from pipelines.cli.delivered import DeliveredFormat
from pipelines.cli.output import tell


def recheck(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")
    ],
    *,
    out: Out = Path("fairreach-out"),
    audience: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The audience, where it is not in the clear in DIR.",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day of sending; today if not given."),
    ] = None,
    ledger: LedgerFile = None,
    format_: Annotated[
        DeliveredFormat,
        typer.Option("--format", metavar="FORMAT", help="text or json."),
    ] = DeliveredFormat.text,
) -> int:
    """Check on the day of sending whether a released audience may still be contacted.

    Consents, objections and flags are read from the tables as they are now; only
    counts are told. Ends with exit code 3 where somebody may not be contacted any
    more: run the campaign again.

    [bold]Examples[/bold]

      fairreach recheck spring.toml --out out

      fairreach recheck spring.toml --out out --on 2026-12-01 --audience spring.csv
    """
    from pipelines.release.rechecking import recheck as again  # noqa: PLC0415  # engine

    found = again(campaign, out, audience=audience, on=_day(on), ledger=ledger)
    if format_ is DeliveredFormat.json:
        tell(json.dumps(found.to_dict(), indent=1) + "\n")
    else:
        tell(found.text() + "\n")
    return exits.CLEAR if found.holds else exits.BLOCK


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        what = f"{shown(text)} is not a date"
        raise InputError(Problem("--on", what, "write a day as 2026-11-23")) from None
