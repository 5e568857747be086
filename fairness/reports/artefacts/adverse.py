"""The adverse-impact report of US practice: tables, tests, stages, sources.

In the layout that 29 CFR 1607 gave to hiring and fair lending took over: each group
with its rate, its ratio to the group with the highest one, statistical and practical
weight; where in the funnel the gap is made; which columns carry it; a place for
alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairness.findings.messages import against, label
from fairness.reports.artefacts.blocks import (
    GAP,
    attribute_title,
    blank,
    bullets,
    by_rule,
    cite,
    evidence,
    facts,
    grid,
    opening,
    said,
    section,
    signatures,
)
from fairness.reports.artefacts.columns import column_review
from fairness.reports.artefacts.comparisons import (
    SELECTION,
    Comparisons,
    highest_note,
    no_numbers,
)
from fairness.reports.artefacts.sources import ADVERSE_IMPACT, of_sector
from fairness.reports.cells import shown_number
from fairness.reports.funnel import gap_lines, stage_cells
from fairness.reports.markdown import inert
from fairness.reports.sections import (
    LEGEND_MARKS,
    first_of,
    of_strata,
    plain_notes,
    unseen,
)

_MOST_CROSSED = 40
_MOST_STAGED = 3
_MOST_REASONS = 10
_MOST_STRATA = 20
_OWNER = "the owner of the campaign"
_LEGEND = (
    "p: one-sided, in the direction of harm; adjusted for the choice of the group and "
    "of the reference and for the number of attributes. Shortfall: people fewer "
    "(negative: more) than the overall rate would have selected. Needed: selections to "
    "add or take away until the ratio meets the bound. Would have seen: the ratio that "
    "would have been found with 80 % power."
)
_NOT_MEASURED = (
    "Standard deviations and the ratio after one selection more or fewer are measured "
    "where a policy asks for them (us-four-fifths does)."
)
_SAYS = {
    "beneficial": """
The rule compares each group's selection rate with that of the group that has the
highest one. Below four fifths is a first sign, to be looked into; it is no proof of
discrimination, and four fifths or more is no proof that there is none.

Here a gap fails only where it is outside the bound and beyond chance: a ratio of small
numbers moves far by one person.

It was written to screen hiring in the United States. For marketing it is a benchmark
and no law; nobody is cleared by meeting it.

It looks at who is selected: not at what they are offered, not at why, and not at who
was never a customer.

With few customers or low rates a ratio well below four fifths goes unnoticed: see what
would have been seen.
""",
    "burdensome": """
The four-fifths rule is about being left out. This offer burdens those who are picked:
on such an offer the rule blames the wrong group, and on those who are not picked it
passes nearly everything.

The tables show the burden ratio instead: each group's rate over that of everybody else.
No law fixes a mark for it; the bound is the policy's own.
""",
    "neutral": """
The four-fifths rule is about being left out. Of this offer either side may be the harm:
being left out is seen by the ratio to the highest rate, being picked by the burden
ratio to everybody else.

It was written to screen hiring in the United States. For marketing it is a benchmark
and no law; nobody is cleared by meeting it.
""",
}


def adverse_impact(payload: Mapping[str, Any]) -> str:
    """Return the adverse-impact report as Markdown.

    Parameters
    ----------
    payload : dict
        Schema ``fairreach/audit/1``.
    """
    found = Comparisons(payload)
    lines = opening(payload, "Adverse-impact report")
    lines += section("Why", bullets(first_of(payload["reasons"], _MOST_REASONS)))
    lines += section("What was looked at", facts(_subject(payload)))
    for metric in found.metrics():
        lines += _measured(payload, found, metric)
    lines += section(
        "Within strata (context, clears nothing)",
        bullets(of_strata(payload, _MOST_STRATA)),
    )
    lines += _stages(payload)
    lines += section("Feature review", *column_review(payload))
    lines += section("Less discriminatory alternatives", *_alternatives())
    lines += section("What could not be seen", bullets(unseen(payload)))
    lines += section(
        "What the four-fifths rule says, and what it does not", _says(payload)
    )
    lines += section("Rules of the policy", by_rule(payload) or said("None."))
    sector = payload.get("campaign", {}).get("offer", {}).get("sector")
    lines += section("Sources", cite(of_sector(ADVERSE_IMPACT, sector)))
    lines += section(
        "How it was measured", bullets([*payload["method"], *plain_notes(payload)])
    )
    lines += section("Evidence", evidence(payload))
    roles = ["auditor", _OWNER, "counsel, where asked"]
    lines += section("Signatures", signatures(roles))
    return "\n".join(lines) + "\n"


def _subject(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    campaign = payload.get("campaign")
    if campaign:
        title = campaign["title"]
        name = label(campaign["name"])
        yield "campaign", f"{name}: {label(title, 200)}" if title else name
        yield "owner", label(campaign["owner"])
        sector = campaign["offer"]["sector"]
        yield "offer", label(campaign["offer"]["name"], 200)
        yield "sector", label(sector) if sector else blank(_OWNER)
        yield "as of", label(campaign["as_of"])
    else:
        yield "selection", label(payload["subject"])
        yield "offer", blank(_OWNER)
    yield "kind of offer", label(payload["offer"])
    yield "customers", f"{payload['data']['rows']:,}"
    yield "selected", f"{payload['data']['selected']:,}"
    names = [label(name) for name in payload["attributes"]]
    yield "protected attributes", ", ".join(names)
    yield "where the attributes come from", blank("the auditor")
    yield "period", blank(_OWNER)


def _measured(payload: Mapping[str, Any], found: Comparisons, metric: str) -> list[str]:
    title = (
        "Groups"
        if len(found.metrics()) == 1
        else f"Groups, by {metric}".replace("_", " ")
    )
    lines = section(
        title, said(f"{SELECTION[metric][0].upper()}{SELECTION[metric][1:]}.")
    )
    if payload["verdict"]:
        lines += ["", f"{LEGEND_MARKS}."]
    lines += ["", *said(_LEGEND)]
    if not found.has("standard_deviations"):
        lines += ["", *said(_NOT_MEASURED)]
    for name in payload["attributes"]:
        rows = found.single(metric, name)
        lines += _tables(payload, found, rows, attribute_title(payload, name))
    crossed = found.crossed(metric)
    if crossed:
        standing = found.standing(metric)
        few = sum(
            row["reading"] in {"too few", "undefined"} or row["n"] is None
            for row in crossed
        )
        lines += ["", "### Intersections that stand out", ""]
        lines += said(
            f"{len(standing):,} of {len(crossed):,} groups; {few:,} too few to "
            "tell, or hidden."
        )
        shown = standing[:_MOST_CROSSED]
        lines += _pair(found, shown, crossed=True)
        if len(standing) > len(shown):
            lines += ["", *said(f"and {len(standing) - len(shown):,} more")]
    return lines


def _tables(
    payload: Mapping[str, Any],
    found: Comparisons,
    rows: Sequence[Mapping[str, Any]],
    title: str,
) -> list[str]:
    if not rows:
        return ["", title, "", *said("Not compared.")]
    lines = ["", title, *_pair(found, rows, crossed=False)]
    told = [*highest_note(payload, rows), *no_numbers(rows)]
    return [*lines, "", *bullets(told)] if told else lines


def _pair(
    found: Comparisons, rows: Sequence[Mapping[str, Any]], *, crossed: bool
) -> list[str]:
    rates = found.rates(rows, crossed=crossed)
    tests = found.tests(rows, crossed=crossed)
    lines = ["", *rates] if rates else []
    return [*lines, "", *said("Tests, and people:"), "", *tests] if tests else lines


def _stages(payload: Mapping[str, Any]) -> list[str]:
    cells = stage_cells(payload)
    if not cells:
        return section(
            "Where the gap is made", said("No funnel was measured: a selection was.")
        )
    head, *rows = cells
    lines = section(
        "Where the gap is made",
        grid(head, rows, ["stage", "what it asks"]),
        bullets(gap_lines(payload)),
    )
    for gap in _standing(payload)[:_MOST_STAGED]:
        who = f"{gap['attribute']} {gap['group']}"
        title = f"{label(who)} against {against(gap['reference'])}"
        stages = [
            [
                label(one["stage"]),
                shown_number(one["rate"]),
                shown_number(one["rate_reference"]),
                shown_number(one["ratio"]),
                _span(one),
                "–" if one["share"] is None else f"{one['share'] * 100:.0f} %",
            ]
            for one in gap["stages"]
        ]
        table = grid(
            [
                "stage",
                "rate",
                "of the reference",
                "ratio",
                "interval",
                "share of the gap",
            ],
            stages,
            ["stage"],
        )
        lines += ["", f"**{inert(title)}**", "", *table]
    return lines


def _standing(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the gaps of groups that fail or may, as the sentences tell them."""
    standing = {
        (row["attribute"], row["group"])
        for row in payload["findings"]
        if row["verdict"] in {"fail", "inconclusive", "waived"}
        and row["severity"] != "note"
    }
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for gap in payload["funnel"]["gaps"]:
        key = (gap["attribute"], gap["group"])
        if key in standing:
            found.setdefault(key, gap)
    return list(found.values())


def _span(one: Mapping[str, Any]) -> str:
    if one["low"] is None or one["high"] is None:
        return "–"
    return f"{shown_number(one['low'])} – {shown_number(one['high'])}"


def _alternatives() -> tuple[list[str], list[str]]:
    head = ["alternative", "ratio", "interval", "use", "difference", "decision"]
    rows = [[blank(_OWNER), *[GAP] * (len(head) - 1)]]
    return (
        said(
            "Which other profiles were tried, the worst ratio and the use of each. "
            "Say beforehand which loss of use is acceptable. A cut-off by group reads "
            "the protected attribute, and is no alternative."
        ),
        grid(head, rows, ["alternative", "decision"]),
    )


def _says(payload: Mapping[str, Any]) -> list[str]:
    paragraphs = _SAYS[payload["offer"]].strip().split("\n\n")
    return bullets(" ".join(one.split()) for one in paragraphs)
