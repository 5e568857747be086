"""A section for a data protection impact assessment, in the order of GDPR Art 35(7).

What the payload knows is filled in: what is done, to whom, with which columns, what the
rules on conduct found, which groups fare worse, what is to be done. Aims, reasons, the
weighing of risks and who is responsible are blanks: nobody but the controller knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairness.findings.messages import label
from fairness.reports.artefacts.blocks import (
    GAP,
    Markdown,
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
from fairness.reports.artefacts.columns import column_review, columns_used
from fairness.reports.artefacts.comparisons import Comparisons, stands_out
from fairness.reports.artefacts.conduct import (
    UNMET,
    conduct_rows,
    conduct_table,
    remedies,
)
from fairness.reports.artefacts.sources import IMPACT_ASSESSMENT, of_sector
from fairness.reports.funnel import gap_lines, stage_cells
from fairness.reports.sections import plain_notes, unseen
from fairness.reports.segments import given_away_lines, segments_title

_CONTROLLER = "the controller"
_OFFICER = "the data protection officer"
_OWNER = "the owner of the campaign"
_NO_RULES = (
    "No rule on consent or records was applied: objection, consent, notice and "
    "retention were not measured. The pack eu-gdpr-marketing measures them."
)
_MEASURED = (
    "This section tells what was measured. What the campaign file states (its aim, the "
    "need of each column, its record) is drafted by fairreach notice --kind dpia."
)
_MOST_CROSSED = 10
_MOST_GAPS = 6


def dpia(payload: Mapping[str, Any]) -> str:
    """Return the section of the assessment as Markdown.

    Parameters
    ----------
    payload : dict
        Schema ``fairreach/audit/1``.
    """
    lines = opening(payload, "Data protection impact assessment, section on profiling")
    lines += ["", *said(_MEASURED)]
    lines += _description(payload)
    lines += _necessity(payload)
    lines += _risks(payload)
    lines += _measures(payload)
    lines += section(
        Markdown("5. Advice, views, residual risk, review"),
        facts(
            [
                ("advice of the data protection officer", blank(_OFFICER)),
                ("views of those concerned, or why not asked", blank(_CONTROLLER)),
                ("residual risk, and who accepts it", blank(_CONTROLLER)),
                ("whether the authority is consulted before", blank(_CONTROLLER)),
                ("day of the next review", blank(_CONTROLLER)),
            ]
        ),
    )
    lines += section("Rules of the policy", by_rule(payload) or said("None."))
    sector = payload.get("campaign", {}).get("offer", {}).get("sector")
    lines += section("Sources", cite(of_sector(IMPACT_ASSESSMENT, sector)))
    method = [*payload["method"], *plain_notes(payload)]
    lines += section("How it was measured", bullets(method))
    lines += section("Evidence", evidence(payload))
    lines += section("Signatures", signatures([_CONTROLLER, _OFFICER, _OWNER]))
    return "\n".join(lines) + "\n"


def _description(payload: Mapping[str, Any]) -> list[str]:
    lines = section(
        Markdown("1. Systematic description (Art 35(7)(a))"), facts(_described(payload))
    )
    cells = stage_cells(payload)
    if cells:
        lines += ["", "### How customers are picked", ""]
        lines += grid(cells[0], cells[1:], ["stage", "what it asks"])
    consent = payload.get("consent")
    if consent:
        lines += ["", "### What their consent says", ""]
        lines += grid(
            ["consent", "customers"],
            (
                [
                    label(why.replace("_", " ")),
                    "few" if number is None else f"{number:,}",
                ]
                for why, number in consent.items()
            ),
            ["consent"],
        )
    return lines


def _described(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    campaign = payload.get("campaign")
    yield "controller", blank(_CONTROLLER)
    if campaign:
        title = campaign["title"]
        name = label(campaign["name"])
        sector = campaign["offer"]["sector"]
        yield "campaign", f"{name}: {label(title, 200)}" if title else name
        yield "owner", label(campaign["owner"])
        yield "purpose", label(campaign["purpose"], 200)
        yield "offer", label(campaign["offer"]["name"], 200)
        yield "sector", label(sector) if sector else blank(_OWNER)
        yield "as of", label(campaign["as_of"])
    else:
        yield "selection", label(payload["subject"])
        yield "purpose", blank(_CONTROLLER)
        yield "offer", blank(_OWNER)
    yield "kind of offer", _kind(payload)
    yield "customers whose data are used", f"{payload['data']['rows']:,}"
    yield "customers who are picked", f"{payload['data']['selected']:,}"
    if any(
        one["kind"] == "score" for one in payload.get("funnel", {}).get("stages", ())
    ):
        yield "profiling", "yes: a score picks (see the model card)"
    elif campaign:
        yield "profiling", "yes, where a clause evaluates personal aspects; no score"
    else:
        yield "profiling", blank(_CONTROLLER)
    columns = columns_used(payload)
    told = ", ".join(label(name) for name in columns)
    yield "columns of the profile that were measured", told or blank(_OWNER)
    names = ", ".join(label(name) for name in payload["attributes"])
    yield "attributes counted to test the profile", names
    yield "where these attributes come from, and on which basis", blank(_CONTROLLER)
    release = payload.get("release")
    if release:
        yield "file handed out", f"{label(release['file'])}, {release['rows']:,} rows"
    yield "recipients and processors", blank(_CONTROLLER)
    yield "transfers to third countries", blank(_CONTROLLER)
    yield "retention", blank(_CONTROLLER)


def _kind(payload: Mapping[str, Any]) -> str:
    meaning = {
        "beneficial": "beneficial: being left out is the harm",
        "burdensome": "burdensome: being picked is the harm",
        "neutral": "neutral: either may be the harm",
    }[payload["offer"]]
    return f"{meaning} (assumed)" if payload["offer_assumed"] else meaning


def _necessity(payload: Mapping[str, Any]) -> list[str]:
    rows = conduct_rows(payload, {"consent", "data", "records"})
    known = conduct_rows(payload, {"consent", "records"})
    return section(
        Markdown("2. Necessity and proportionality (Art 35(7)(b))"),
        facts(
            [
                ("legal basis", blank(_CONTROLLER)),
                ("legitimate aim", blank(_CONTROLLER)),
                ("why each column is needed", blank(_OWNER)),
                ("less intrusive ways, and why not taken", blank(_CONTROLLER)),
                ("how customers are told, and may object", blank(_CONTROLLER)),
            ]
        ),
        said("What the rules on conduct found:") if rows else [],
        conduct_table(rows),
        [] if known else said(_NO_RULES),
    )


def _risks(payload: Mapping[str, Any]) -> list[str]:
    head = ["risk", "what was found", "rule", "likelihood", "severity"]
    rows = list(_found(payload))
    return section(
        Markdown("3. Risks to rights and freedoms (Art 35(7)(c))"),
        grid(head, rows, head)
        or said("Nothing that was measured stands against this audience."),
        said(
            "Likelihood and severity are for the controller to weigh. What was not "
            "found may still be there:"
        ),
        bullets(unseen(payload) or ["nothing is known to be unseen"]),
        *column_review(payload),
    )


def _found(payload: Mapping[str, Any]) -> Iterator[list[str]]:
    found = Comparisons(payload)
    told = []
    for metric in found.metrics():
        for name in payload["attributes"]:
            rows = found.single(metric, name)
            told += [("discrimination", row) for row in rows if stands_out(row)]
        standing = found.standing(metric)[:_MOST_CROSSED]
        told += [("discrimination, where attributes meet", row) for row in standing]
    told += [
        ("discrimination through a column", row)
        for row in payload["findings"]
        if row["metric"] == "proxy_ratio" and row["verdict"] and stands_out(row)
    ]
    conduct = conduct_rows(payload)
    told += [
        ("treatment of customers", row) for row in conduct if row["verdict"] in UNMET
    ]
    for risk, row in told:
        yield [risk, str(row["message"]), _rule(row), GAP, GAP]
    if segments_title(payload):
        for line in given_away_lines(payload):
            yield ["segments that give an attribute away", line, "none", GAP, GAP]


def _rule(row: Mapping[str, Any]) -> str:
    if not row["rule"]:
        return f"none: {row['reading']}"
    verdict = str(row["verdict"]).replace("_", " ")
    return f"{label(row['rule'])} ({row['severity']}): {verdict}"


def _measures(payload: Mapping[str, Any]) -> list[str]:
    security = conduct_rows(payload, {"security"})
    held = {
        "block": "No audience is written for a campaign that is blocked.",
        "review": "No audience is written until a second person approves it, signed.",
        "clear": "An audience is written with a signed certificate.",
    }
    shown = []
    if payload.get("campaign") and payload["verdict"]:
        shown.append(held[payload["verdict"]])
    shown += gap_lines(payload, _MOST_GAPS)
    shown += remedies(conduct_rows(payload))
    return section(
        Markdown("4. Measures (Art 35(7)(d))"),
        said("Known from the audit:") if shown else [],
        bullets(shown),
        conduct_table(security),
        said("Planned:"),
        grid(
            ["measure", "against which risk", "who", "until"],
            [[blank(_CONTROLLER), GAP, GAP, GAP]],
            ["measure", "against which risk", "who", "until"],
        ),
    )
