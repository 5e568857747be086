"""The summary of a batch: for a terminal, as Markdown and as an index page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.reports.markdown import inert
from fairness.reports.page.index import ENDING_MARKS, Listed, index, totals
from pipelines.batch.rows import BatchRow
from pipelines.release.place import PAGE

INDEX = "index.html"
"""Name of the index page, beside the directories of the campaigns."""

_WIDTH = 100
_MARGIN = 9


def summary(rows: Sequence[BatchRow]) -> str:
    """Return a batch as text, one campaign a paragraph and a last line of totals.

    Examples
    --------
    >>> print(summary([BatchRow("a.toml", "spring", "block", 12)]))
    ■ BLOCK  spring: 12 selected, not released, 0.0 s
    <BLANKLINE>
    1 campaign: 1 block
    <BLANKLINE>
    """
    lines = []
    for row in rows:
        facts = [] if row.selected is None else [f"{row.selected:,} selected"]
        facts.append("released" if row.released else "not released")
        facts.append("kept from before" if row.kept else f"{row.seconds:.1f} s")
        name = label(row.campaign or row.file)
        mark = f"{ENDING_MARKS[row.ending]} {row.ending.upper():<6}"
        lines.append(f"{mark} {name}: {', '.join(facts)}")
        for said in row.said[:3]:
            flat = ascii_controls(" ".join(said.split()))
            margin = " " * _MARGIN
            lines += textwrap.wrap(
                flat, _WIDTH, initial_indent=margin, subsequent_indent=margin
            )
    return "\n".join([*lines, "", totals([row.ending for row in rows])]) + "\n"


def markdown(rows: Sequence[BatchRow]) -> str:
    """Return a batch as a table in Markdown.

    Examples
    --------
    >>> print(markdown([BatchRow("a.toml", "spring", "block", 12)]).splitlines()[2])
    | spring | block | 12 | no | 0.0 |  |
    """
    lines = [
        "| campaign | verdict | audience | released | seconds | why |",
        "| --- | --- | ---: | --- | ---: | --- |",
    ]
    for row in rows:
        cells = [
            inert(row.campaign or row.file),
            row.ending,
            "" if row.selected is None else f"{row.selected:,}",
            "yes" if row.released else "no",
            f"{row.seconds:.1f}",
            inert(" ".join((row.said or ("",))[0].split())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(rows: Sequence[BatchRow], title: str = "Campaigns of the batch") -> str:
    """Return a batch as an index page, which stands beside the campaigns' directories.

    Examples
    --------
    >>> 'href="spring/report.html"' in page([BatchRow("a.toml", "spring", "block", 12)])
    True
    """
    return index(
        title,
        [
            Listed(
                name=row.campaign or row.file,
                ending=row.ending,
                selected=row.selected,
                released=row.released,
                said=tuple(" ".join(said.split()) for said in row.told or row.said[:1]),
                # Only a campaign that ran to its end has written its report.
                page=f"{row.campaign}/{PAGE}" if row.selected is not None else None,
            )
            for row in rows
        ],
    )
