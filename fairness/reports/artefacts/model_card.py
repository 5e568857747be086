"""A model card of the score behind a campaign, under the headings of Mitchell et al.

References
----------
.. [1] Mitchell, M. et al. (2019). Model cards for model reporting. FAT* 2019, 220-229.
   doi:10.1145/3287560.3287596
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import against, label
from fairness.metrics import METRICS
from fairness.reports.artefacts.blocks import (
    attribute_title,
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
from fairness.reports.artefacts.columns import column_review, columns_used
from fairness.reports.artefacts.comparisons import (
    SELECTION,
    Comparisons,
    no_numbers,
    whole,
)
from fairness.reports.artefacts.conduct import UNMET, conduct_rows, conduct_table
from fairness.reports.artefacts.sources import MODEL_CARD
from fairness.reports.cells import Row, interval_of, is_hidden, reading_of, shown_number
from fairness.reports.funnel import gap_lines, stage_cells
from fairness.reports.sections import first_of, of_strata, plain_notes, unseen

_OWNER = "the owner of the model"
_SCORE = "score: "
_MOST_CROSSED = 20
_MOST_GAPS = 6
_MOST_STRATA = 20
_MOST_COLUMNS = 3
_NO_SCORE = (
    "This campaign has no score: rules pick, and there is no model for a card to "
    "describe. The adverse-impact report tells what the rules do."
)
_NO_SCORE_CHECKED = (
    "No score was measured with this selection: there is no model for a card to "
    "describe. Name the column of the score (--score), and that of the outcome."
)


def model_card(payload: Mapping[str, Any]) -> str:
    """Return the card as Markdown; of a campaign without a score, that it has none.

    Parameters
    ----------
    payload : dict
        Schema ``fairreach/audit/1``.
    """
    lines = opening(payload, "Model card")
    if not has_score(payload):
        lines += _without(payload)
    else:
        found = Comparisons(payload)
        lines += section("Model details", facts(_details(payload)))
        lines += section("Intended use", facts(_use(payload)))
        lines += section("Factors", facts(_factors(payload)))
        lines += _metrics(payload, found)
        lines += section("Evaluation data", facts(_evaluated(payload)))
        lines += section("Training data", *_trained(payload))
        lines += _analyses(payload, found)
        lines += _ethics(payload)
        lines += _caveats(payload)
        lines += section("Sources", cite(MODEL_CARD))
    lines += section("Evidence", evidence(payload))
    if has_score(payload):
        lines += section("Signatures", signatures([_OWNER, "reviewer"]))
    return "\n".join(lines) + "\n"


def has_score(payload: Mapping[str, Any]) -> bool:
    """Return whether a score picks, or was measured.

    Examples
    --------
    >>> has_score({"funnel": {"stages": [{"kind": "score"}]}})
    True
    >>> has_score({"findings": [], "checks": []})
    False
    """
    stages = payload.get("funnel", {}).get("stages", ())
    return any(one["kind"] == "score" for one in stages) or bool(_of_score(payload))


def _of_score(payload: Mapping[str, Any]) -> list[Row]:
    """Return what was measured of the score; of a rule's and a check's row, one."""
    rows: dict[tuple[str, ...], Row] = {}
    for row in [*payload.get("findings", ()), *payload.get("checks", ())]:
        metric = METRICS.get(row["metric"])
        is_score = metric is not None and metric.family == "scores"
        if is_score and row["verdict"] != "not_applicable" and row["stratum"] is None:
            rows.setdefault((row["metric"], row["attribute"], row["group"]), row)
    return list(rows.values())


def _without(payload: Mapping[str, Any]) -> list[str]:
    cells = stage_cells(payload)
    if not cells:
        return section("No score", said(_NO_SCORE_CHECKED))
    return section(
        "No score",
        said(_NO_SCORE),
        grid(cells[0], cells[1:], ["stage", "what it asks"]),
    )


def _details(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    campaign = payload.get("campaign")
    if campaign:
        title = campaign["title"]
        name = label(campaign["name"])
        yield "campaign", f"{name}: {label(title, 200)}" if title else name
        yield "owner of the campaign", label(campaign["owner"])
    else:
        yield "selection", label(payload["subject"])
    for stage in payload.get("funnel", {}).get("stages", ()):
        if stage["kind"] == "score":
            asked = "; ".join(ascii_controls(one["text"]) for one in stage["clauses"])
            yield "the score's part", f"{asked} (stage {label(stage['name'])})"
    told = [note for note in payload["notes"] if note.startswith(_SCORE)]
    for note in told:
        yield "model", ascii_controls(note.removeprefix(_SCORE))
    if not told:
        yield "model, version, and how it was made", blank(_OWNER)
    columns = ", ".join(label(name) for name in columns_used(payload))
    yield "columns of the profile that were measured", columns or blank(_OWNER)
    yield "who made it, and whom to ask", blank(_OWNER)


def _use(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    campaign = payload.get("campaign")
    if campaign:
        sector = campaign["offer"]["sector"]
        yield "purpose", label(campaign["purpose"], 200)
        yield "offer", label(campaign["offer"]["name"], 200)
        yield "sector", label(sector) if sector else blank(_OWNER)
    else:
        yield "purpose and offer", blank(_OWNER)
    yield "kind of offer", label(payload["offer"])
    yield "who uses it", blank(_OWNER)
    yield "uses that are out of scope", blank(_OWNER)


def _factors(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in payload["attributes"]:
        groups = [row for row in payload["groups"] if row["attribute"] == name]
        told = [
            f"{label(row['group'])} ({whole(row['n'])})"
            if row["n"] is not None
            else f"{label(row['group'])} (hidden: small)"
            for row in groups
        ]
        yield f"groups of {label(name)}", ", ".join(told)
    crossed = dict.fromkeys(
        row["attribute"]
        for row in payload["groups"]
        if row["attribute"] not in payload["attributes"]
    )
    yield "where attributes meet", ", ".join(map(label, crossed)) or "not measured"
    yield "factors that matter and were not counted", blank(_OWNER)


def _metrics(payload: Mapping[str, Any], found: Comparisons) -> list[str]:
    names = [*found.metrics(), *(row["metric"] for row in _of_score(payload))]
    rows = [
        [METRICS[name].title, METRICS[name].misleads] for name in dict.fromkeys(names)
    ]
    head = ["metric", "when it misleads"]
    return section("Metrics", grid(head, rows, head), bullets(payload["method"]))


def _evaluated(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "customers", f"{payload['data']['rows']:,}"
    yield "selected", f"{payload['data']['selected']:,}"
    campaign = payload.get("campaign")
    yield "as of", label(campaign["as_of"]) if campaign else blank(_OWNER)
    yield "why these customers", blank(_OWNER)


def _trained(payload: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    told = [note for note in payload["notes"] if note.startswith(_SCORE)]
    known = bullets(note.removeprefix(_SCORE) for note in told)
    return known, facts(
        [
            ("period, and how the outcome was observed", blank(_OWNER)),
            ("who is missing from it", blank(_OWNER)),
        ]
    )


def _analyses(payload: Mapping[str, Any], found: Comparisons) -> list[str]:
    lines = ["", "## Quantitative analyses", ""]
    lines += said("Rates have an interval each for itself; see the method.")
    for name in payload["attributes"]:
        lines += ["", attribute_title(payload, name), "", *_rates(payload, name)]
        for metric in found.metrics():
            rows = found.single(metric, name)
            reading = SELECTION[metric][0].upper() + SELECTION[metric][1:]
            lines += ["", *said(f"{reading}:"), "", *found.rates(rows)]
            told = no_numbers(rows)
            lines += ["", *bullets(told)] if told else []
        own = [row for row in _of_score(payload) if row["attribute"] == name]
        if own:
            lines += ["", *said("The score itself:"), "", *_scored(own)]
    lines += _crossed(payload, found)
    return lines + _columns(payload)


def _rates(payload: Mapping[str, Any], name: str) -> list[str]:
    level = f"{payload['confidence'] * 100:g} % interval"
    return grid(
        ["group", "n", "selected", "rate", level],
        (
            [
                label(row["group"]),
                whole(row["n"]),
                whole(row["selected"]),
                shown_number(row["rate"]),
                "–"
                if row["rate_low"] is None
                else f"{shown_number(row['rate_low'])} – "
                f"{shown_number(row['rate_high'])}",
            ]
            for row in payload["groups"]
            if row["attribute"] == name
        ),
        ["group"],
    )


def _scored(rows: Sequence[Row], *, crossed: bool = False) -> list[str]:
    """Return what was measured of the score; the metric's name stands once."""
    told: list[list[str]] = []
    before = ""
    for row in rows:
        if row["reading"] == "reference":
            continue
        title = METRICS[row["metric"]].title
        told.append(
            [
                "" if title == before else title,
                *([label(row["attribute"])] if crossed else []),
                label(row["group"]),
                whole(row["n"]),
                "–" if row["reference"] is None else against(row["reference"]),
                shown_number(row["estimate"]),
                interval_of(row) or "–",
                _read(row),
            ]
        )
        before = title
    head = ["metric", *(["attribute"] if crossed else []), "group", "n", "against"]
    head += ["estimate", "interval", "reading"]
    return grid(head, told, ["metric", "attribute", "group", "against", "reading"])


def _read(row: Row) -> str:
    told = reading_of(row)
    if is_hidden(row):
        return told
    if row["estimate"] is None:
        return f"{told}: {ascii_controls(str(row['message']))}"
    tested = [row[name] for name in ("p_value", "low", "high")]
    is_tested = any(value is not None for value in tested)
    return told if is_tested or told != "no clear difference" else "not tested"


def _crossed(payload: Mapping[str, Any], found: Comparisons) -> list[str]:
    lines: list[str] = []
    for metric in found.metrics():
        crossed, standing = found.crossed(metric), found.standing(metric)
        if not crossed:
            continue
        lines += ["", "### Where attributes meet", ""]
        lines += said(f"{len(standing):,} of {len(crossed):,} groups stand out.")
        table = found.rates(standing[:_MOST_CROSSED], crossed=True)
        lines += ["", *table] if table else []
    rows = [
        row
        for row in _of_score(payload)
        if row["attribute"] not in payload["attributes"]
    ]
    if rows:
        lines += ["", "### The score where attributes meet, as far as it differs", ""]
        lines += _scored(rows, crossed=True)
    return lines


def _columns(payload: Mapping[str, Any]) -> list[str]:
    gaps = [gap for gap in payload.get("funnel", {}).get("gaps", ()) if gap["columns"]][
        :_MOST_COLUMNS
    ]
    lines = ["", "### Columns of the score, in log points"] if gaps else []
    for gap in gaps:
        who = f"{gap['attribute']} {gap['group']}"
        rows = [
            [label(one["column"]), shown_number(one["log_ratio"])]
            for one in gap["columns"]
        ]
        lines += ["", *said(f"{label(who)} against {against(gap['reference'])}:")]
        lines += ["", *grid(["column", "log points"], rows, ["column"])]
    return lines


def _ethics(payload: Mapping[str, Any]) -> list[str]:
    rows = [row for row in conduct_rows(payload) if row["verdict"] in UNMET]
    known = conduct_table(rows)
    if not known:
        known = said(
            "All rules on conduct that applied hold."
            if payload.get("ethics")
            else "No rule on conduct was applied."
        )
    return section("Ethical considerations", known, *column_review(payload))


def _caveats(payload: Mapping[str, Any]) -> list[str]:
    lines = section(
        "Caveats and recommendations",
        bullets(first_of(payload["reasons"], _MOST_GAPS)),
        bullets(gap_lines(payload, _MOST_GAPS)),
        bullets(of_strata(payload, _MOST_STRATA)),
    )
    if not lines:
        lines = ["", "## Caveats and recommendations"]
    lines += ["", "### What was not seen", ""]
    lines += bullets(unseen(payload) or ["nothing is known to be unseen"])
    notes = [note for note in plain_notes(payload) if not note.startswith(_SCORE)]
    lines += ["", *bullets(notes)] if notes else []
    return [*lines, "", *facts([("what else a user should know", blank(_OWNER))])]
