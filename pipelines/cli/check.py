"""``fairreach check``: one selection, one verdict, one exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli import exits
from pipelines.cli.messages import Collected, as_options
from pipelines.cli.options import (
    check_reports,
    names_of,
    read_bands,
    read_columns,
    read_delimiter,
    read_names,
    read_number,
    read_whole,
)
from pipelines.cli.output import tell, tell_aside
from pipelines.cli.vault import (
    VAULT_PANEL,
    VaultKey,
    VaultLedger,
    VaultTrust,
    is_vault_path,
    open_protected,
    values_hidden,
)

if TYPE_CHECKING:
    from fairness.frames import Source
    from fairness.policy import Policy


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
    csv = "csv"


class FailOn(StrEnum):
    """Which verdicts make the exit code fail."""

    review = "review"
    block = "block"


_WHO = "Who was picked"
_GROUPS = "Protected groups"
_OFFER = "The offer and the policy"
_READING = "Reading the file"
_OUTPUT = "Output"
HELP_PANEL = _OUTPUT
"""Where the help shows the option of its own."""

_EXAMPLES = """
[bold]Examples[/bold]

  A column says who was picked:

    fairreach check customers.csv --selected offered \\
      --by gender,age --bands age=18,30,45,60

  A list of ids, and protected attributes in a table of their own:

    fairreach check customers.csv --id customer_id --audience picked.csv \\
      --protected protected.csv --by gender,birth_date,ethnicity \\
      --bands birth_date=18,30,45,60 --as-of 2026-11-01 --intersections 2

  Protected attributes in a vault (fairreach vault --help):

    fairreach check customers.csv --id customer_id --audience picked.csv \\
      --protected protected.vault --by gender --key keys/ann.key \\
      --purpose "spring, before it goes out"

  An offer that burdens those who are picked, and a report to pass on:

    fairreach check customers.parquet --selected decision=offered \\
      --by gender --offer burdensome --report findings.md

  A file without header, "?" for missing, JSON for a machine:

    fairreach check adult.data --no-header --missing "?" \\
      --selected 14=">50K" --by 8,9 --format json

  A table of a database; sqlite:///… and postgresql://… are read the same way:

    fairreach check 'duckdb:///crm.duckdb#sales.customers' \\
      --selected offered --by gender

[bold]Exit codes[/bold]

  0 clear · 4 review · 3 block · 2 usage, configuration or data error
"""


def check(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="CSV or Parquet file, a glob of either in quotes, or the URL of a "
            "database table: one row a customer, picked or not.",
        ),
    ],
    *,
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
            metavar="FILE|URL",
            help="Table of the ids that were picked, in place of --selected.",
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
    by: Annotated[
        list[str],
        typer.Option(
            "--by",
            metavar="COL[,COL…]",
            help="Protected attributes to audit.",
            rich_help_panel=_GROUPS,
        ),
    ],
    protected: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL",
            help="Protected attributes by customer id, used for counting only; or a "
            "vault of them, X.vault, with --key and --purpose.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What a vault is opened for; stands in its ledger.",
            rich_help_panel=VAULT_PANEL,
        ),
    ] = None,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
    bands: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL=EDGE,EDGE…",
            help="Band a column of numbers, or the age of a column of dates. "
            "Repeatable.",
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
        str,
        typer.Option(
            metavar="K",
            help="2 looks at pairs of attributes too, 3 at triples.",
            rich_help_panel=_GROUPS,
        ),
    ] = "1",
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="RULE|COL=GROUP",
            help="Whom to compare a group with, where the policy does not say: "
            "highest, rest, overall, or a named group.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    strata: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL[,COL…]",
            help="Show the ratios within these columns as well, as context.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    offer: Annotated[
        Offer | None,
        typer.Option(
            metavar="KIND",
            help="beneficial: being left out is the harm; burdensome: being picked "
            "is; neutral: both. Taken as beneficial where not given.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACK|FILE",
            help="Policy to judge by; by default the pack that fits the offer. "
            "Repeatable.",
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
        typer.Option(
            metavar="COL",
            help="Value offered, such as a discount.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    value_cap: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="A value above which an offer is too much, such as sends in a month.",
            rich_help_panel=_OFFER,
        ),
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Weight of each customer.", rich_help_panel=_OFFER
        ),
    ] = None,
    uses: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL[,COL…]",
            help="Columns that the profile uses: how well they stand in for a "
            "protected attribute, and how much of the gap goes through them.",
            rich_help_panel=_GROUPS,
        ),
    ] = None,
    joint: Annotated[
        bool,
        typer.Option(
            "--joint",
            help="Train a predictor of each protected attribute from all columns of "
            "--uses together, on a sample; this takes seconds.",
            rich_help_panel=_GROUPS,
        ),
    ] = False,
    slices: Annotated[
        bool,
        typer.Option(
            "--slices",
            help="Look for the worst-treated slices over all attributes and strata as "
            "well.",
            rich_help_panel=_GROUPS,
        ),
    ] = False,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOKEN",
            help="A text that stands for missing, beside the empty cell. Repeatable.",
            rich_help_panel=_READING,
        ),
    ] = None,
    no_header: Annotated[
        bool,
        typer.Option(
            "--no-header",
            help="The first line of DATA is a customer; columns are 0, 1, 2, …",
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
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="What parts the cells of DATA; found where not given.",
            rich_help_panel=_READING,
        ),
    ] = None,
    encoding: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How the CSV files are encoded.",
            rich_help_panel=_READING,
        ),
    ] = "utf-8",
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            metavar="KIND",
            help="What is printed: text, json, markdown, junit or csv.",
            rich_help_panel=_OUTPUT,
        ),
    ] = Format.text,
    report: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Write a report as well: .html, .md, .json, .csv, .txt or .xml "
            "(JUnit). Repeatable.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            metavar="VERDICT",
            help="review or block; with block, a review ends with exit code 0, and "
            "may still not be released.",
            rich_help_panel=_OUTPUT,
        ),
    ] = FailOn.review,
) -> int:
    """Check whether an audience discriminates, before the campaign goes out."""
    from fairness import audit  # noqa: PLC0415  # loads the engine
    from fairness.reports import render, write_report  # noqa: PLC0415

    token, all_at_once = missing or (), Collected()
    with as_options():
        source = all_at_once.of(
            _scanned,
            data,
            header=not no_header,
            columns=read_columns(columns),
            missing=token,
            delimiter=read_delimiter(delimiter),
            encoding=encoding,
        )
        picked = all_at_once.of(_scanned, audience, missing=token, encoding=encoding)
        in_vault = is_vault_path(protected)
        clear = None if in_vault else protected
        beside: Any = all_at_once.of(_scanned, clear, missing=token, encoding=encoding)
        edges = all_at_once.of(read_bands, bands or ())
        order = all_at_once.of(read_whole, "--intersections", intersections)
        attributes = all_at_once.of(read_names, "--by", by)
        layers = all_at_once.of(read_names, "--strata", strata or ())
        used = all_at_once.of(read_names, "--uses", uses or ())
        cap = all_at_once.of(read_number, "--value-cap", value_cap)
        policies = all_at_once.of(_policies, policy or ())
        all_at_once.of(check_reports, report or (), [source, picked, beside])
        all_at_once.raise_any()
        if protected is not None and in_vault:
            beside = open_protected(
                protected, key=key, trust=trust, ledger=ledger, purpose=purpose
            )

        table = beside if in_vault else None
        with _waiting("counting customers"), values_hidden(table):
            made = audit(
                source,
                selected=selected,
                audience=picked,
                id=id_,
                protected=beside,
                by=names_of(attributes or (), source, beside),
                bands=edges,
                as_of=as_of,
                intersections=order or 1,
                offer=offer.value if offer else None,
                reference=reference,
                outcome=outcome,
                score=score,
                value=value,
                weight=weight,
                strata=names_of(layers or (), source),
                uses=names_of(used or (), source) or None,
                value_cap=cap,
                slices=slices,
                joint=joint,
            )
        decision = made.gate(policies or None)
        payload = decision.to_dict()
        told = render(payload, format_.value)
        for path in report or ():
            write_report(payload, path)
            tell_aside(f"report: {path}")
    tell(told)
    return exits.code_of(decision.verdict, fail_on.value)


check.__doc__ = f"{check.__doc__}\n\n{_EXAMPLES}"


def _scanned(
    path: str | None,
    *,
    header: bool = True,
    columns: Sequence[str] = (),
    missing: Sequence[str] = (),
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> Source | None:
    from fairness import scan  # noqa: PLC0415  # loads the engine

    if path is None:
        return None
    return scan(
        path,
        header=header,
        columns=columns,
        missing=missing,
        delimiter=delimiter,
        encoding=encoding,
    )


def _policies(names: Sequence[str]) -> list[Policy]:
    from fairness.policy import load_policy  # noqa: PLC0415  # pydantic

    problems = Collected()
    found = [problems.of(load_policy, name) for name in names]
    problems.raise_any()
    return [policy for policy in found if policy is not None]


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Show that something is going on, where somebody is watching."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415  # only for a terminal

    with Console(stderr=True).status(what):
        yield
