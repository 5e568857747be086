"""``fairreach notice`` and ``fairreach person``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairness.errors import InputError, Problem
from pipelines.cli import exits
from pipelines.cli.campaigns import LedgerFile, Out
from pipelines.cli.output import tell, tell_aside
from pipelines.cli.vault import VaultKey, VaultTrust, needed_signer, needed_trust

if TYPE_CHECKING:
    from fairness.evidence import Signer, Trust
    from pipelines.notices import Document

PERSON_HELP = (
    "Answer one customer: why they were chosen, what is held of them, erasure.\n\n"
    "[bold]Examples[/bold]\n\n"
    "  fairreach person why spring.toml C0000017\n\n"
    "  fairreach person export C0000017 --out fairreach-out > answer.json\n\n"
    "  fairreach person erase C0000017 --out fairreach-out --yes"
)


class NoticeKind(StrEnum):
    """Which document is made."""

    notice = "notice"
    parameters = "parameters"
    art30 = "art30"
    dpia = "dpia"


class NoticeFormat(StrEnum):
    """What the commands print."""

    text = "text"
    markdown = "markdown"
    json = "json"


class WhyFormat(StrEnum):
    """What the answer to a customer is printed as."""

    text = "text"
    json = "json"


Words = Annotated[
    str,
    typer.Option(
        "--language", metavar="NAME|FILE.toml", help="Of the text; en comes along."
    ),
]
Customer = Annotated[
    str, typer.Argument(metavar="ID", help="The customer's id, as the tables have it.")
]


def notice(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")
    ],
    *,
    kind: Annotated[
        NoticeKind,
        typer.Option(
            metavar="KIND",
            help="notice (to those concerned), parameters (why a recipient sees it), "
            "art30 (record of processing) or dpia (section of an assessment).",
        ),
    ] = NoticeKind.notice,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT.json",
            help="For dpia: the report.json of a run, for its verdict and reasons.",
        ),
    ] = None,
    language: Words = "en",
    format_: Annotated[
        NoticeFormat,
        typer.Option("--format", metavar="FORMAT", help="text, markdown or json."),
    ] = NoticeFormat.text,
) -> int:
    r"""Write what a campaign owes those whose data it uses.

    Made of the campaign file alone. What the file does not say is listed on stderr,
    and not made up; say it under \[record] and \[data.need].

    [bold]Examples[/bold]

      fairreach notice spring.toml

      fairreach notice spring.toml --kind dpia --format markdown

      fairreach notice spring.toml --kind art30 --format json
    """
    from pipelines.campaign import load_campaign  # noqa: PLC0415  # pydantic
    from pipelines.notices import (  # noqa: PLC0415
        art30_row,
        campaign_notice,
        dpia_section,
        load_language,
        main_parameters,
    )

    words, asked = load_language(language), load_campaign(campaign)
    if kind is NoticeKind.parameters:
        said = main_parameters(asked, words)
        told = json.dumps({"main_parameters": said}, indent=1, ensure_ascii=False)
        tell(f"{told if format_ is NoticeFormat.json else said}\n")
        return exits.CLEAR
    if kind is NoticeKind.art30:
        row = art30_row(asked, words)
        gaps = [name for name, value in row.items() if value is None]
        tell(_row(row, words.say("art30", "title"), format_))
    else:
        made = (
            campaign_notice(asked, words)
            if kind is NoticeKind.notice
            else dpia_section(asked, _payload(report), words)
        )
        gaps = list(made.gaps)
        tell(_document(made, format_))
    if gaps:
        tell_aside(f"fairreach: the campaign file does not say: {', '.join(gaps)}")
    return exits.CLEAR


def why_chosen(
    campaign: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")
    ],
    customer: Customer,
    *,
    out: Out = Path("fairreach-out"),
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: LedgerFile = None,
    language: Words = "en",
    format_: Annotated[
        WhyFormat, typer.Option("--format", metavar="FORMAT", help="text or json.")
    ] = WhyFormat.text,
) -> int:
    """Tell a customer why they were chosen, or were not.

    The campaign is walked again. Where the run in --out was of other data, that is
    said on stderr.

    [bold]Examples[/bold]

      fairreach person why spring.toml C0000017

      fairreach person why spring.toml C0000017 --format json
    """
    from pipelines.notices import (  # noqa: PLC0415  # the engine
        explanation_dict,
        explanation_lines,
        load_language,
    )
    from pipelines.notices.why import why  # noqa: PLC0415

    words = load_language(language)
    signer, people = _keys(key, trust)
    found = why(campaign, [customer], out, signer=signer, trust=people, ledger=ledger)
    (told,) = found.explanations
    if format_ is WhyFormat.json:
        tell(json.dumps(explanation_dict(told), indent=1, ensure_ascii=False) + "\n")
    else:
        lines = explanation_lines(told, found.campaign, words)
        tell("".join(f"{line}\n" for line in lines))
    if found.on_record is False:
        tell_aside(
            "fairreach: the tables are not those of the run on record: this is what "
            "the campaign says of them now"
        )
    return exits.CLEAR


def export_person(
    customer: Customer,
    *,
    out: Out = Path("fairreach-out"),
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: LedgerFile = None,
) -> int:
    """Print as JSON all that the files in --out hold of a customer.

    A sealed audience needs a recipient's key, a vault that of a custodian; what could
    not be looked into is listed with the reason, and ends with exit code 4.

    [bold]Examples[/bold]

      fairreach person export C0000017 > answer.json

      fairreach person export C0000017 --key keys/cem.key --trust trust.toml
    """
    from pipelines.notices import held_of  # noqa: PLC0415  # the engine

    signer, people = _keys(key, trust)
    found = held_of(out, customer, signer=signer, trust=people, ledger=ledger)
    answer = {"customer": customer, "held": [one.to_dict() for one in found]}
    tell(json.dumps(answer, indent=1, ensure_ascii=False) + "\n")
    return exits.REVIEW if any(one.unread for one in found) else exits.CLEAR


def erase_customer(
    customer: Customer,
    *,
    out: Out = Path("fairreach-out"),
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: LedgerFile = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, it is only told.")
    ] = False,
) -> int:
    """Take a customer out of the files in --out.

    Audiences that hold the customer are withdrawn as a whole, rows that were set aside
    are written anew without theirs, and the ledger gets a line without the id. A vault
    is left to its custodian and ends with exit code 4.

    [bold]Examples[/bold]

      fairreach person erase C0000017

      fairreach person erase C0000017 --yes
    """
    from pipelines.notices import erase_person, held_of  # noqa: PLC0415  # the engine

    signer, people = _keys(key, trust)
    if not yes:
        found = held_of(out, customer, signer=signer, trust=people, ledger=ledger)
        for one in found:
            tell(f"{one.file}: {one.unread or _many(len(one.rows))}\n")
        tell(
            "Nothing was changed; say --yes to erase.\n" if found else "Nothing held.\n"
        )
        return exits.CLEAR
    done = erase_person(out, customer, signer=signer, trust=people, ledger=ledger)
    for file in done.withdrawn:
        tell(f"{file}: withdrawn, run the campaign again\n")
    for file in done.cleaned:
        tell(f"{file}: written anew\n")
    for one in done.left:
        what = one.unread or "holds the customer: seal it again without them"
        tell_aside(f"fairreach: {one.file}: {what}")
    tell(f"{_many(done.rows)} erased.\n")
    return exits.REVIEW if done.left else exits.CLEAR


def _many(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _keys(key: Path | None, trust: Path | None) -> tuple[Signer | None, Trust | None]:
    # A key is asked for only where there is something to open.
    if key is None:
        return None, None
    return needed_signer(key), needed_trust(trust)


def _payload(report: Path | None) -> dict[str, Any] | None:
    if report is None:
        return None
    try:
        found = json.loads(report.read_text("utf-8"))
        if found["schema"] == "fairreach/audit/1":
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    what = "is not the report.json of a run"
    raise InputError(Problem("--report", what, "name DIR/CAMPAIGN/report.json"))


def _document(made: Document, format_: NoticeFormat) -> str:
    if format_ is NoticeFormat.json:
        return json.dumps(made.to_dict(), indent=1, ensure_ascii=False) + "\n"
    return made.markdown() if format_ is NoticeFormat.markdown else made.text()


def _row(row: dict[str, str | None], title: str, format_: NoticeFormat) -> str:
    if format_ is NoticeFormat.json:
        return json.dumps(row, indent=1, ensure_ascii=False) + "\n"
    if format_ is NoticeFormat.markdown:
        from fairness.reports.markdown import inert  # noqa: PLC0415

        cells = [f"| {inert(k)} | {inert(v or '–')} |" for k, v in row.items()]
        return (
            "\n".join([f"# {inert(title)}", "", "| | |", "| --- | --- |", *cells])
            + "\n"
        )
    width = max(map(len, row))
    lines = [f"{name:{width}}  {value or '–'}" for name, value in row.items()]
    return "\n".join([title, *lines]) + "\n"
