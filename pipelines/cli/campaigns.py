"""``fairreach run``, ``batch``, ``approve``, ``waive``, ``verify`` and ``init``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairness.errors import InputError, Problem, ascii_controls
from pipelines.cli import exits
from pipelines.cli.check import FailOn
from pipelines.cli.keys import TRUST, unlock
from pipelines.cli.messages import Collected
from pipelines.cli.output import tell, tell_aside

if TYPE_CHECKING:
    from fairness.evidence import Signer, Trust
    from pipelines.batch import BatchRow
    from pipelines.campaign import Watch
    from pipelines.release import Authority, Outcome

_KEYS = "Who releases"
_OUTPUT = "Output"
_LONGEST = 90
_MOST_CULPRITS = 3


class RunFormat(StrEnum):
    """What a run prints."""

    text = "text"
    json = "json"
    markdown = "markdown"


Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", help="Where to write.", rich_help_panel=_OUTPUT
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="FAIRREACH_KEY",
        help="Private key that signs: NAME.key of fairreach keys new. Its passphrase, "
        "if any, is read from FAIRREACH_PASSPHRASE or asked for.",
        rich_help_panel=_KEYS,
    ),
]
TrustFile = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        envvar="FAIRREACH_TRUST",
        help=f"The people whose keys count; ./{TRUST} if it is there.",
        rich_help_panel=_KEYS,
    ),
]
EncryptTo = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Encrypt the audience to this person of the trust file; may be repeated.",
        rich_help_panel=_KEYS,
    ),
]
LedgerFile = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="The ledger; ledger.jsonl in the output directory if not given.",
        rich_help_panel=_OUTPUT,
    ),
]


def run_campaign(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="A campaign file.")
    ],
    *,
    out: Out = Path("fairreach-out"),
    key: Key = None,
    trust: TrustFile = None,
    encrypt_to: EncryptTo = None,
    ledger: LedgerFile = None,
    format_: Annotated[
        RunFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json or markdown.",
            rich_help_panel=_OUTPUT,
        ),
    ] = RunFormat.text,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            metavar="VERDICT",
            help="review or block; with block, a review ends with exit code 0, and is "
            "still not released.",
            rich_help_panel=_OUTPUT,
        ),
    ] = FailOn.review,
) -> int:
    """Carry a campaign out: the funnel, the verdict, the report, the audience.

    The audience is written only where the verdict is clear, a second person approved
    a review, or the failures are waived; with it comes a signed certificate.

    [bold]Examples[/bold]

      fairreach run spring.toml

      fairreach run spring.toml --out out --key keys/ann.key

      fairreach run spring.toml --key keys/ann.key --encrypt-to agency

    [bold]Next[/bold]

      fairreach render fairreach-out/spring --as dpia
    """
    from fairness.reports import render  # noqa: PLC0415  # loads the engine
    from pipelines.release import carry_out  # noqa: PLC0415

    authority = _authority(key, trust, encrypt_to or ())
    with _watching() as watch:
        outcome = carry_out(
            campaign, out, authority=authority, ledger=ledger, watch=watch
        )
    payload = outcome.run.payload() | {"release": outcome.to_dict()["released"]}
    tell(render(payload, format_.value))
    _tell_outcome(outcome)
    return exits.code_of(outcome.verdict, fail_on.value)


def batch(
    campaigns: Annotated[
        list[Path], typer.Argument(metavar="CAMPAIGN.toml…", help="Campaign files.")
    ],
    *,
    out: Out = Path("fairreach-out"),
    key: Key = None,
    trust: TrustFile = None,
    encrypt_to: EncryptTo = None,
    ledger: LedgerFile = None,
    format_: Annotated[
        RunFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json or markdown.",
            rich_help_panel=_OUTPUT,
        ),
    ] = RunFormat.text,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            metavar="VERDICT", help="review or block.", rich_help_panel=_OUTPUT
        ),
    ] = FailOn.review,
) -> int:
    """Run many campaigns over one CRM; the worst of them gives the exit code.

    One that fails keeps none of the others from running. Interrupted, the same command
    goes on where it was.

    [bold]Examples[/bold]

      fairreach batch campaigns/*.toml --out out --key keys/night.key --trust trust.toml
    """
    from pipelines.batch import markdown, run_batch, summary  # noqa: PLC0415

    authority = _authority(key, trust, encrypt_to or ())
    with _counting(len(campaigns)) as watched:
        rows = run_batch(
            campaigns, out, authority=authority, ledger=ledger, watched=watched
        )
    match format_:
        case RunFormat.json:
            tell((out / "batch.json").read_text(encoding="utf-8"))
        case RunFormat.markdown:
            tell(markdown(rows))
        case _:
            tell(summary(rows))
    return exits.worst(_code(row, fail_on) for row in rows)


def approve(
    run_directory: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="The directory of the campaign's run."),
    ],
    *,
    key: Key = None,
    trust: TrustFile = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why it may go out.")
    ] = None,
    days: Annotated[
        int, typer.Option(metavar="N", help="How long it holds.", min=1, max=_LONGEST)
    ] = 30,
    ledger: LedgerFile = None,
) -> int:
    """Approve a run whose verdict is a review; run it again to release it.

    [bold]Example[/bold]

      fairreach approve out/spring --key keys/bob.key --reason "A small pilot."
    """
    from pipelines.release import approve_place  # noqa: PLC0415

    signer = _needed_signer(key)
    path = approve_place(
        run_directory,
        signer,
        _needed_trust(trust),
        reason=_needed_reason(reason),
        until=datetime.now(tz=UTC) + timedelta(days=days),
        ledger=ledger,
    )
    tell(f"approved: {path}\nRun the campaign again to release it.\n")
    return exits.CLEAR


def waive(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Id of the rule that failed.")
    ],
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")
    ],
    *,
    out: Out = Path("fairreach-out"),
    key: Key = None,
    trust: TrustFile = None,
    approver: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who is to sign second.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why the failure may pass.")
    ] = None,
    days: Annotated[
        int, typer.Option(metavar="N", help="How long it holds.", min=1, max=_LONGEST)
    ] = 30,
    attribute: Annotated[
        str | None, typer.Option(metavar="COL", help="Only for this attribute.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Only for this group of it.")
    ] = None,
    ledger: LedgerFile = None,
) -> int:
    r"""Waive a rule's failure: the owner signs, then the approver with another key.

    The owner says why and names the approver; the approver runs the command with a key
    of their own and says neither. Then the campaign is run again.

    [bold]Examples[/bold]

      fairreach waive ff-air spring.toml --key keys/ann.key --approver bob \
        --reason "A youth account."

      fairreach waive ff-air spring.toml --key keys/bob.key
    """
    from pipelines.release import sign_waiver  # noqa: PLC0415

    signed = sign_waiver(
        campaign,
        out,
        rule,
        _needed_signer(key),
        _needed_trust(trust),
        approver=approver,
        reason=reason,
        days=days,
        attribute=attribute,
        group=group,
        ledger=ledger,
    )
    if signed.is_whole:
        tell(f"waived: {signed.path}\nRun the campaign again.\n")
    else:
        tell(f"signed: {signed.path}\n{approver} signs next: fairreach waive {rule}\n")
    return exits.CLEAR


def verify(
    audience: Annotated[
        Path, typer.Argument(metavar="AUDIENCE", help="A released audience file.")
    ],
    *,
    trust: TrustFile = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="AUDIENCE.certificate.json if not given."),
    ] = None,
    ledger: LedgerFile = None,
) -> int:
    """Say whether an audience file is still the one that was released.

    Ends with exit code 3 where it is not: changed by one byte, an expired certificate,
    an unknown key, a line that the ledger lacks.

    [bold]Example[/bold]

      fairreach verify out/spring/audience.csv --ledger out/ledger.jsonl
    """
    from fairness.evidence import verify_audience  # noqa: PLC0415

    found = verify_audience(
        audience, _needed_trust(trust), certificate=certificate, ledger=ledger
    )
    tell(
        f"verified: {audience}\n{found.rows:,} customers, {found.verdict} "
        f"({found.basis}), released by {found.releaser}, valid until {found.expires}\n"
    )
    return exits.CLEAR


def init(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="Customers: CSV, Parquet or the URL of a table."
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write it here, never over a file; printed if not given.",
        ),
    ] = None,
) -> int:
    """Draft a campaign file by looking at the columns of a table.

    [bold]Examples[/bold]

      fairreach init crm/customers.csv

      fairreach init crm/customers.csv --out crm/spring.toml
    """
    from fairness.writing import write_whole  # noqa: PLC0415
    from pipelines.campaign import draft_campaign  # noqa: PLC0415  # loads the engine

    if out is None:
        tell(draft_campaign(data, directory=Path()))
        return exits.CLEAR
    if out.suffix != ".toml":
        raise _wrong("--out", "does not end in .toml", "a campaign is TOML")
    draft = draft_campaign(data, directory=out.parent)
    write_whole(out, draft, fresh=True)
    tell(f"drafted: {out}\nComplete it, then: fairreach run {out}\n")
    return exits.CLEAR


def _authority(
    key: Path | None, trust: Path | None, recipients: Sequence[str]
) -> Authority:
    from pipelines.release import Authority  # noqa: PLC0415

    problems = Collected()
    signer = problems.of(_signer, key)
    people = problems.of(_trust, trust)
    problems.raise_any()
    sealed_to: tuple[Any, ...] = ()
    if recipients:
        whole = people or _needed_trust(trust)
        sealed_to = tuple(whole.recipients(list(recipients), datetime.now(tz=UTC)))
    return Authority(signer, people, sealed_to)


def _signer(key: Path | None) -> Signer | None:
    return None if key is None else unlock(key)


def _trust(path: Path | None) -> Trust | None:
    from fairness.evidence import load_trust  # noqa: PLC0415

    if path is None:
        return load_trust(TRUST) if TRUST.is_file() else None
    return load_trust(path)


def _needed_signer(key: Path | None) -> Signer:
    found = _signer(key)
    if found is None:
        raise _missing("--key", "name your private key: --key keys/NAME.key")
    return found


def _needed_trust(path: Path | None) -> Trust:
    found = _trust(path)
    if found is None:
        raise _missing("--trust", "name the file of the people whose keys count")
    return found


def _needed_reason(reason: str | None) -> str:
    if reason is None:
        raise _missing("--reason", 'say why in a sentence: --reason "…"')
    return reason


def _missing(option: str, hint: str) -> Exception:
    return _wrong(option, "is missing", hint)


def _wrong(option: str, what: str, hint: str) -> Exception:
    return InputError(Problem(option, what, hint))


def _tell_outcome(outcome: Outcome) -> None:
    tell_aside(f"report: {outcome.place.page}")
    for note in outcome.notes:
        tell_aside(f"note: {note}")
    released = outcome.released
    if released is not None:
        tell_aside(f"audience: {released.path} ({released.rows:,} customers)")
        tell_aside(f"certificate: {released.certificate}")
        return
    for culprit in outcome.to_dict()["culprits"][:_MOST_CULPRITS]:
        tell_aside(culprit)
    tell_aside("no audience was written:")
    for reason in outcome.reasons:
        tell_aside("  " + str(reason).replace("\n", "\n  "))


def _code(row: BatchRow, fail_on: FailOn) -> int:
    codes = {"error": exits.USAGE, "crash": exits.CRASH}
    return codes.get(row.ending, exits.code_of(row.ending, fail_on.value))


@contextmanager
def _watching() -> Iterator[Watch]:
    """Show the steps and the customers read, where somebody is watching."""
    from pipelines.campaign import Watch  # noqa: PLC0415

    with _bar() as bar:
        if bar is None:
            yield Watch()
            return
        task = bar.add_task("", total=None)
        yield Watch(
            step=lambda step: bar.update(task, description=step, completed=0),
            rows=lambda rows: bar.advance(task, rows),
        )


@contextmanager
def _counting(size: int) -> Iterator[Any]:
    from pipelines.batch import Watched  # noqa: PLC0415
    from pipelines.campaign import Watch  # noqa: PLC0415

    with _bar() as bar:
        if bar is None:
            yield None
            return
        whole = bar.add_task("campaigns", total=size)
        task = bar.add_task("", total=None)

        def begins(_: int, file: str) -> None:
            bar.update(whole, description=ascii_controls(Path(file).stem))

        yield Watched(
            begins=begins,
            ended=lambda _: bar.advance(whole),
            inside=Watch(
                step=lambda step: bar.update(task, description=step, completed=0),
                rows=lambda rows: bar.advance(task, rows),
            ),
        )


@contextmanager
def _bar() -> Iterator[Any]:
    import sys  # noqa: PLC0415

    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415  # only for a terminal
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar
