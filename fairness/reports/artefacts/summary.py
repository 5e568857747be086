"""The summary of a bias audit's results that New York City's Local Law 144 publishes.

The tables are those of `fairness.reports.ll144`; what the campaign's record does not
say is a blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairness.errors import InputError, Problem, alternatives
from fairness.findings.messages import label
from fairness.reports.artefacts.blocks import (
    blank,
    bullets,
    cite,
    evidence,
    facts,
    grid,
    opening,
    said,
    section,
    signatures,
)
from fairness.reports.artefacts.sources import BIAS_AUDIT
from fairness.reports.ll144 import (
    FACTS,
    HEAD,
    PACK,
    SMALL_SHARE,
    Table,
    ll144_rows,
    ll144_tables,
    ll144_title,
)
from fairness.reports.sections import plain_notes

_EMPLOYER = "the employer or agency"
_AUDITOR = "the independent auditor"
_NO_MARK = (
    "The rule sets no pass mark: an impact ratio is a category's rate over the highest "
    "rate, and nothing follows from it by itself. The verdict above is that of the "
    "policy. The law is about tools that decide on employment; this summary has its "
    "layout, whatever was audited."
)


def ll144(payload: Mapping[str, Any]) -> str:
    """Return the summary of results as Markdown.

    Parameters
    ----------
    payload : dict
        Schema ``fairreach/audit/1``.

    Raises
    ------
    InputError
        The pack ``nyc-ll144`` is not among the policies.
    """
    tables = ll144_tables(payload)
    if not tables:
        raise InputError(_not_of_it(payload))
    record = payload.get("campaign", {}).get("record", {})
    lines = opening(payload, "Summary of bias audit results")
    lines += ["", *said(_NO_MARK)]
    lines += section("The audit", facts(_told(payload, record, tables)))
    for table in tables:
        head, *rows = ll144_rows(table)
        told = f"{table.unknown:,} of no known category, in no ratio."
        lines += section(ll144_title(table), grid(head, rows, HEAD[:1]), said(told))
    marks = []
    if any(one.is_small for table in tables for one in table.categories):
        share = f"{SMALL_SHARE * 100:g} %"
        marks.append(
            f"* below {share} of the data; it may be left out of the ratios only with "
            "a reason, and its number and rate are shown all the same"
        )
    if any(one.rate is None for table in tables for one in table.categories):
        marks.append("– hidden since the category is small, or nobody is in it")
    lines += section("Marks", bullets(marks))
    lines += section("Notes", bullets(plain_notes(payload)))
    lines += section("Sources", cite(BIAS_AUDIT))
    lines += section("Evidence", evidence(payload))
    lines += section("Signatures", signatures([_AUDITOR, _EMPLOYER]))
    return "\n".join(lines) + "\n"


def _told(
    payload: Mapping[str, Any], record: Mapping[str, str], tables: tuple[Table, ...]
) -> Iterator[tuple[str, str]]:
    yield "tool", label(payload["subject"])
    for name, told in FACTS:
        excluded = any(one.is_excluded for t in tables for one in t.categories)
        if name in record:
            yield told, label(str(record[name]), 200)
        elif name != "exclusion_reason" or excluded:
            who = _EMPLOYER if name == "distribution_date" else _AUDITOR
            yield told, blank(who)
    yield "how the data were gathered", blank(_AUDITOR)
    yield "rate in the tables", blank(f"{_AUDITOR}: selection rate or scoring rate")
    yield "people assessed", f"{payload['data']['rows']:,}"
    yield "people selected", f"{payload['data']['selected']:,}"


def _not_of_it(payload: Mapping[str, Any]) -> Problem:
    names = [policy["name"] for policy in payload["policy"]]
    judged = f"it was judged by {alternatives(names)}" if names else "it was not judged"
    return Problem(
        "ll144",
        f"the payload does not rest on the pack {PACK!r}: {judged}",
        f"check again with --policy {PACK}, or name it under [policy] of the campaign",
    )
