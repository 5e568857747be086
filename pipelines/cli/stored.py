"""``fairreach render`` and ``schema``: what becomes of a payload that was stored."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fairness.errors import InputError, Problem
from pipelines.cli import exits
from pipelines.cli.messages import as_options
from pipelines.cli.options import check_reports
from pipelines.cli.output import tell, tell_aside


class As(StrEnum):
    """What a payload is rendered as."""

    text = "text"
    html = "html"
    markdown = "markdown"
    json = "json"
    csv = "csv"
    junit = "junit"
    adverse_impact = "adverse-impact"
    dpia = "dpia"
    model_card = "model-card"
    ll144 = "ll144"


def render_report(
    report: Annotated[
        Path,
        typer.Argument(
            metavar="REPORT.json",
            help="A payload in JSON, or the directory of a campaign's run.",
        ),
    ],
    *,
    as_: Annotated[
        As | None,
        typer.Option(
            "--as",
            metavar="KIND",
            help="text, html, markdown, json, csv or junit; or a document in "
            "Markdown: adverse-impact, dpia, model-card or ll144. Where not given, "
            "the ending of --out says it; else text.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it there and print nothing."),
    ] = None,
) -> int:
    """Make any report again from a stored payload, without the data.

    [bold]Examples[/bold]

      fairreach render out/spring-card

      fairreach render out/spring-card/report.json --out findings.csv

      fairreach render out/spring-card --as adverse-impact --out adverse-impact.md

      fairreach render out/spring-card --as dpia > dpia.md

    [bold]Documents[/bold]

      adverse-impact  tables, tests and sources in the manner of 29 CFR 1607

      dpia            section of a data protection impact assessment, blanks marked

      model-card      the score: use, groups, numbers with intervals, caveats

      ll144           summary of results of New York City's Local Law 144

    [bold]Exit codes[/bold]

      0 written, whatever the verdict · 2 no payload, or one that cannot give it
    """
    from fairness.reports import FORMATS, render  # noqa: PLC0415
    from fairness.reports.schema.reading import (  # noqa: PLC0415  # pydantic
        REPORT,
        read_payload,
    )
    from fairness.writing import write_whole  # noqa: PLC0415

    kind = as_.value if as_ else None
    if kind is None:
        if out is not None:
            with as_options():
                check_reports([str(out)], [])
        kind = FORMATS[out.suffix.lower()] if out is not None else As.text.value
    made = render(read_payload(report), kind)
    if out is None:
        tell(made)
        return exits.CLEAR
    if out.resolve() in {report.resolve(), (report / REPORT).resolve()}:
        raise InputError(Problem("--out", "is the file that is read", "name another"))
    write_whole(out, made)
    tell_aside(f"{kind}: {out}")
    return exits.CLEAR


def schema() -> int:
    """Print the JSON Schema of the payload, fairreach/audit/1.

    Every key of what `--format json` and report.json hold, with a sentence each. Keys
    are only ever added.

    [bold]Example[/bold]

      fairreach schema > fairreach-audit-1.schema.json
    """
    from fairness.reports.schema import schema_text  # noqa: PLC0415  # pydantic

    tell(schema_text())
    return exits.CLEAR
