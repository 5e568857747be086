"""The payload: all that a report may say, as one dict of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairness import __version__
from fairness.counts import CountTable, suppress
from fairness.findings import Finding
from fairness.findings.messages import label
from fairness.inference import rate_interval
from fairness.metrics.measures import ratio

if TYPE_CHECKING:
    from fairness.auditing import Audit, Decision

SCHEMA = "fairreach/audit/1"
_HIDDEN_KEYS = (
    "n",
    "selected",
    "rate",
    "estimate",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "detectable",
    "shortfall",
    "needed",
)


def audit_payload(audit: Audit, decision: Decision | None = None) -> dict[str, Any]:
    """Return the payload of an audit, with a decision's verdict where there is one.

    Groups of fewer than five customers are hidden, and with them the smallest
    other group of the same line where it could be worked out from the rest;
    a group that a verdict rests on is never hidden.

    Parameters
    ----------
    audit : Audit
    decision : Decision, optional

    Returns
    -------
    dict
        JSON-safe; keys as the contract of schema ``fairreach/audit/1`` has them.
    """
    findings = audit.findings if decision is None else decision.findings
    context = [f for f in audit.findings if f.stratum] if decision else []
    tables = audit.tables
    hidden = suppress(
        list(tables.values()),
        keep={(f.attribute, f.group) for f in findings if _rests(f)},
    )
    return {
        "schema": SCHEMA,
        "verdict": None if decision is None else decision.verdict,
        "offer": audit.offer,
        "policy": []
        if decision is None
        else [
            {"name": p.name, "version": p.version, "digest": p.digest}
            for p in decision.policies
        ],
        "data": {
            "rows": audit.counts.rows,
            "selected": audit.counts.selected,
            "fingerprint": audit.counts.fingerprint,
        },
        "findings": [_shown(f, hidden) for f in (*findings, *context)],
        "groups": [
            row for table in tables.values() for row in _groups(table, audit, hidden)
        ],
        "notes": _notes(audit, decision, hidden),
        "version": __version__,
        "subject": audit.subject,
        "offer_assumed": audit.offer_assumed,
        "confidence": audit.confidence,
        "attributes": list(audit.counts.attributes),
        "reasons": [] if decision is None else list(decision.reasons),
        "method": _method(audit, decision),
    }


def _rests(finding: Finding) -> bool:
    return finding.verdict in {"fail", "inconclusive", "waived"} or finding.reading in {
        "reference",
        "lower",
        "higher",
    }


def _shown(finding: Finding, hidden: Mapping[str, set[str]]) -> dict[str, Any]:
    row = finding.to_dict()
    tiny = finding.stratum is not None and (finding.n or 0) < 5  # noqa: PLR2004
    if tiny or finding.group in hidden.get(finding.attribute, ()):
        row.update(dict.fromkeys(_HIDDEN_KEYS))
        who = f"{label(finding.attribute)} {label(finding.group)}"
        row["message"] = (
            f"{who}: hidden, the group is small (or would give a small one away)"
        )
    if finding.reference in hidden.get(finding.attribute, ()):
        row.update(n_reference=None, selected_reference=None)
    return row


def _groups(
    table: CountTable, audit: Audit, hidden: Mapping[str, set[str]]
) -> list[dict[str, Any]]:
    effective = table.effective()
    trials, hits = effective.sum(axis=(1, 2)), effective[:, 1].sum(axis=1)
    low, high = rate_interval(hits, trials, audit.confidence)
    rates = ratio(hits, trials)
    rows = []
    for place, group in enumerate(table.groups):
        dark = group in hidden[table.attribute]
        known = trials[place] > 0 and not dark
        rows.append(
            {
                "attribute": table.attribute,
                "group": group,
                "n": None if dark else int(table.n[place]),
                "selected": None if dark else int(table.selected[place]),
                "rate": float(rates[place]) if known else None,
                "rate_low": float(low[place]) if known else None,
                "rate_high": float(high[place]) if known else None,
            }
        )
    return rows


def _notes(
    audit: Audit, decision: Decision | None, hidden: Mapping[str, set[str]]
) -> list[str]:
    notes = []
    if audit.offer_assumed:
        notes.append(
            "offer: beneficial is assumed, so being left out is the harm; say "
            "--offer burdensome for debt, gambling and the like"
        )
    notes += audit.notes
    if decision is not None:
        notes += decision.notes
    number = sum(len(groups) for groups in hidden.values())
    if number:
        notes.append(f"{number} small groups are hidden in this report")
    if audit.counts.has_weights:
        notes.append(
            "weighted: rates use the weights, tests and intervals the effective number "
            "of customers"
        )
    if "outcome" in audit.available:
        notes.append(
            "the outcome is seen only for those who were contacted before (selective "
            "labels)"
        )
    if audit.counts.strata:
        notes.append("strata are shown as context; they clear nothing")
    return notes


def _method(audit: Audit, decision: Decision | None) -> list[str]:
    level = f"{audit.confidence * 100:g} %"
    told = [
        f"intervals: {level}, each for itself; rates Wilson (exact where counts are "
        "small), ratios and differences score (Miettinen-Nurminen), widened where counts "
        "are small",
        "test: exact hypergeometric tail (signed-root deviance where all expected "
        "counts reach 40), studentized range over the attribute's groups, shared over "
        "attributes and intersections",
    ]
    if decision is None:
        return [*told, "no policy applied: readings, not verdicts"]
    kinds = sorted(
        {f.evidence for f in decision.findings if f.evidence and f.severity != "note"}
    )
    meaning = {
        "significant": "significant: outside the bound and different from parity beyond "
        "chance; it tests parity, not the bound",
        "proven": "proven: the whole confidence limit decides; it tests the bound",
        "point": "point: the estimate alone decides",
    }
    return [*told, *(f"evidence {meaning[kind]}" for kind in kinds)]
