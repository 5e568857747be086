"""``fairreach ledger``: what was checked, approved, waived and released."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairness.errors import ascii_controls
from pipelines.cli import exits
from pipelines.cli.output import tell

if TYPE_CHECKING:
    from fairness.evidence import Entry, LedgerReport

LEDGER = Path("ledger.jsonl")

LEDGER_HELP = """The ledger: what was checked, approved, waived, released and refused.

Lines are only ever added, each with the hash of the one before. Where
nothing else is said, the ledger is ./ledger.jsonl.

[bold]Examples[/bold]

  fairreach ledger show --last 20

  fairreach ledger verify ledger.jsonl
"""

_FILE = typer.Argument(metavar="LEDGER", help="The ledger's file.")


def show_ledger(
    ledger: Annotated[Path, _FILE] = LEDGER,
    *,
    last: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Only the last lines."),
    ] = None,
) -> int:
    """Print the ledger: seq, time, kind, and what was recorded.

    Every line is checked against the one before; the first that does not
    hold ends it.

    [bold]Examples[/bold]

      fairreach ledger show

      fairreach ledger show out/ledger.jsonl --last 20
    """
    from fairness.evidence import Ledger  # noqa: PLC0415

    entries: Iterable[Entry] = Ledger(ledger).entries()
    for entry in entries if last is None else deque(entries, maxlen=last):
        tell(_entry_line(entry))
    return exits.CLEAR


def verify_file(
    ledger: Annotated[Path, _FILE] = LEDGER,
    *,
    anchor: Annotated[
        str | None,
        typer.Option(
            metavar="SEQ:HASH",
            help="A line that was noted elsewhere and has to be there.",
        ),
    ] = None,
) -> int:
    """Say whether the ledger holds: no line removed, altered, added or cut off.

    The last line of the answer is an anchor. Kept where nobody can change it,
    it shows later that the ledger was not rewritten as a whole, which nothing
    in the ledger itself can show.

    [bold]Examples[/bold]

      fairreach ledger verify ledger.jsonl

      fairreach ledger verify ledger.jsonl --anchor "$(cat anchor.txt)"

    [bold]Exit codes[/bold]

      0 it holds · 3 it does not · 2 usage or file error
    """
    from fairness.evidence import verify_ledger  # noqa: PLC0415

    report = verify_ledger(ledger, anchor)
    tell(_report_text(report))
    return exits.CLEAR if report.ok else exits.BLOCK


def _entry_line(entry: Entry) -> str:
    body = json.dumps(entry.body, ensure_ascii=False, sort_keys=True)
    return ascii_controls(f"{entry.seq:>6}  {entry.time}  {entry.kind:<9} {body}") + (
        "\n"
    )


def _report_text(report: LedgerReport) -> str:
    lines = [f"{problem}" for problem in report.problems]
    lines += [f"note: {note}" for note in report.notes]
    counted = "1 line" if report.entries == 1 else f"{report.entries:,} lines"
    if report.ok:
        lines.append(f"{counted}, all of which hold")
        lines += [f"anchor {report.head}"] if report.head else []
    else:
        lines.append(f"refused: {counted} can be read, and not all is as written")
    told = (ascii_controls(part) for line in lines for part in line.split("\n"))
    return "\n".join(told) + "\n"
