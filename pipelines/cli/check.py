"""``fairreach check``: one selection, one verdict, one exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairness.errors import InputError, Problem, shown
from pipelines.cli import exits

if TYPE_CHECKING:
    from fairness.auditing import Audit


class Offer(StrEnum):
    """Kinds of offer."""

    beneficial = "beneficial"
    burdensome = "burdensome"
    neutral = "neutral"


class Format(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    junit = "junit"


class FailOn(StrEnum):
    """Which verdicts make the exit code fail."""

    review = "review"
    block = "block"


_WHO = "Who was picked"
_GROUPS = "Protected groups"
_OFFER = "The offer and the policy"
_READING = "Reading the file"
_OUTPUT = "Output"

_EXAMPLES = """
[bold]Examples[/bold]

  A column says who was picked:
    fairreach check customers.csv --selected offered --by gender,age \\
      --bands age=18,30,45,60

  A list of ids, and protected attributes in a table of their own:
    fairreach check customers.csv --id customer_id --audience picked.csv \\
      --protected protected.csv --by gender,birth_date,ethnicity \\
      --bands birth_date=18,30,45,60 --as-of 2026-11-01 --intersections 2

  A file without header, "?" for missing, JSON for a machine:
    fairreach check adult.data --no-header --missing "?" --selected 14=">50K" \\
      --by 8,9 --format json
"""


def check(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="CSV or Parquet file, or a glob of either."
        ),
    ],
    *,
    by: Annotated[
        list[str],
        typer.Option(
            "--by",
            metavar="COL[,COL…]",
            help="Protected attributes to audit.",
            rich_help_panel=_GROUPS,
        ),
    ],
    selected: Annotated[
        str | None,
        typer.Option(
            metavar="COL[=VALUE]",
            help="Column that says who was picked: 0/1, true/false, yes/no, y/n, t/f, "
            "or the value that means yes.",
            rich_help_panel=_WHO,
        ),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="File of the ids that were picked, in place of --selected.",
            rich_help_panel=_WHO,
        ),
    ] = None,
    id_: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="COL",
            help="Column of the customer id, in every file.",
            rich_help_panel=_WHO,
        ),
    ] = None,
    protected: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Protected attributes by customer id, used for counting only.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    bands: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL=EDGE,EDGE…",
            help="Band a column of numbers, or the age of a column of dates. Repeatable.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="The day at which ages are counted, YYYY-MM-DD.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    intersections: Annotated[
        int,
        typer.Option(
            metavar="K",
            help="2 looks at pairs of attributes too, 3 at triples.",
            rich_help_panel=_GROUPS,
        ),
    ] = 1,
    strata: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL[,COL…]",
            help="Show the ratios within these columns as well, as context.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="RULE|COL=GROUP",
            help="highest, rest, overall, or a named group to compare with.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    offer: Annotated[
        Offer | None,
        typer.Option(
            help="Whether being left out, being picked, or either is the harm. "
            "Taken as beneficial where not given.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACK|FILE",
            help="Policy to judge by; repeatable. By default the pack that fits the "
            "offer.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="COL[=VALUE]",
            help="Observed outcome; empty where none was observed.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Score behind the selection.", rich_help_panel=_OFFER
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Value offered.", rich_help_panel=_OFFER),
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Weight of each customer.", rich_help_panel=_OFFER
        ),
    ] = None,
    no_header: Annotated[
        bool,
        typer.Option(
            "--no-header",
            help="The first line holds data; columns are 0, 1, 2, …",
            rich_help_panel=_READING,
        ),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME…",
            help="Names for the columns of a file without header.",
            rich_help_panel=_READING,
        ),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOKEN",
            help="A text that stands for missing, beside the empty cell. Repeatable.",
            rich_help_panel=_READING,
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="C", help="Found where not given.", rich_help_panel=_READING
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=_READING)
    ] = "utf-8",
    format_: Annotated[
        Format,
        typer.Option("--format", help="What is printed.", rich_help_panel=_OUTPUT),
    ] = Format.text,
    report: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE.html|.md|.json",
            help="Write a report as well; repeatable.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            help="With block, a review ends with exit code 0; it may still not be "
            "released.",
            rich_help_panel=_OUTPUT,
        ),
    ] = FailOn.review,
) -> int:
    """Check whether an audience discriminates, before the campaign goes out."""
    from fairness import audit, scan  # noqa: PLC0415  # loads the engine
    from fairness.reports import render, write_report  # noqa: PLC0415

    _check_reports(report or ())
    with _waiting("counting customers"):
        made: Audit = audit(
            scan(
                data,
                header=not no_header,
                columns=_listed(columns),
                missing=missing or (),
                delimiter=delimiter,
                encoding=encoding,
            ),
            selected=selected,
            audience=_scanned(audience, missing),
            id=id_,
            protected=_scanned(protected, missing),
            by=_one_or_many(by),
            bands=_bands(bands or ()),
            as_of=as_of,
            intersections=intersections,
            offer=offer.value if offer else None,
            reference=reference,
            outcome=outcome,
            score=score,
            value=value,
            weight=weight,
            strata=_one_or_many(strata or []),
        )
    decision = made.gate(policy or None)
    payload = decision.to_dict()

    for path in report or ():
        write_report(payload, path)
        _told(f"report: {path}")
    typer.echo(render(payload, format_.value), nl=False)
    return exits.code_of(decision.verdict, fail_on.value)


check.__doc__ = f"{check.__doc__}\n\n{_EXAMPLES}"


def _one_or_many(names: Sequence[str]) -> str | list[str]:
    """Return one option as written, to be split where the columns are known."""
    return names[0] if len(names) == 1 else list(names)


def _listed(text: str | None) -> list[str]:
    return [] if text is None else [part.strip() for part in text.split(",")]


def _scanned(path: str | None, missing: Sequence[str] | None) -> Any:
    from fairness import scan  # noqa: PLC0415  # loads the engine

    return None if path is None else scan(path, missing=missing or ())


def _bands(given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    problems = []
    for text in given:
        # Edges hold no "=": a column may.
        column, equals, edges = text.rpartition("=")
        if not equals or not column or not edges.strip():
            problems.append(
                Problem(
                    "--bands",
                    f"{shown(text)} is not COL=EDGE,EDGE…",
                    "write --bands age=18,30,45,60",
                )
            )
        elif column in found:
            problems.append(Problem("--bands", f"{shown(column)} is given twice"))
        else:
            found[column] = [edge.strip() for edge in edges.split(",")]
    if problems:
        raise InputError(problems)
    return found


def _check_reports(paths: Sequence[str]) -> None:
    from fairness.reports import FORMATS  # noqa: PLC0415

    problems = []
    for path in paths:
        ending = Path(path).suffix.lower()
        if ending not in FORMATS:
            problems.append(
                Problem(
                    "--report",
                    f"{shown(path)} ends in none of {', '.join(sorted(FORMATS))}",
                )
            )
        elif not Path(path).resolve().parent.is_dir():
            problems.append(
                Problem("--report", f"the directory of {shown(path)} does not exist")
            )
    if problems:
        raise InputError(problems)


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Show that something is going on, where somebody is watching."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415  # only for a terminal

    with Console(stderr=True).status(what):
        yield


def _told(text: str) -> None:
    typer.echo(text, err=True)
