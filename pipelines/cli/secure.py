"""``fairreach secure-check``: what would let personal data out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import exits
from pipelines.cli.output import tell


class SecureFormat(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"


def secure_check(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The directory to audit.")
    ],
    *,
    ledger: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a line with the counts; into DIR/ledger.jsonl, if it is there, "
            "where not given.",
        ),
    ] = None,
    format_: Annotated[
        SecureFormat,
        typer.Option("--format", metavar="FORMAT", help="text or json."),
    ] = SecureFormat.text,
) -> int:
    """Audit a directory: personal data and secrets in the open, what has run out.

    Looks for tables that others can read, protected attributes outside of a
    vault, private keys without passphrase, passwords and tokens, old keys,
    consents, waivers, approvals and certificates that have ended, and a ledger
    that does not hold. Links are not followed; no secret and no value of
    anybody is printed.

    [bold]Examples[/bold]

      fairreach secure-check crm

      fairreach secure-check . --ledger out/ledger.jsonl --format json

    [bold]Exit codes[/bold]

      0 nothing blocks · 3 something does · 2 usage or file error
    """
    from pipelines.security import secure_check as checked  # noqa: PLC0415

    with _counting() as watch:
        report = checked(directory, ledger=ledger, watch=watch)
    if format_ is SecureFormat.json:
        tell(json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        tell(report.text())
    return exits.CLEAR if report.ok else exits.BLOCK


@contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """Show how many files were looked at, where somebody is watching."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  # only for a terminal

    with Console(stderr=True).status("looking") as status:
        yield lambda count: status.update(f"{count:,} files looked at")
