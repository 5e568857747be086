"""The payload: all that a report may say, as one dict of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from fairness import __version__
from fairness.counts import CountTable, GroupCounts, ScoreBins, suppress
from fairness.counts.suppress import SMALLEST
from fairness.findings import Finding
from fairness.findings.messages import label
from fairness.inference import rate_interval
from fairness.metrics import METRICS
from fairness.metrics.measures import ratio
from fairness.policy import Policy
from fairness.reports.curves import curves_section

SCHEMA = "fairreach/audit/1"
_CONDUCT = frozenset(m.code for m in METRICS.values() if m.form == "conduct")
_HIDDEN_KEYS = (
    "n",
    "selected",
    # With everybody else as reference, its size gives the group's own away.
    "n_reference",
    "selected_reference",
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


class Audited(Protocol):
    """What the payload needs of an audit."""

    @property
    def counts(self) -> GroupCounts:
        """The joint counts."""

    @property
    def tables(self) -> Mapping[tuple[str, ...], CountTable]:
        """Tables of the attributes and intersections."""

    @property
    def bins(self) -> ScoreBins | None:
        """Customers by bin of the score; None where there is none."""

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics that the findings are about."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Readings, without verdicts."""

    @property
    def available(self) -> frozenset[str]:
        """What was counted beside the selection."""

    @property
    def families(self) -> Sequence[str]:
        """Families of checks that are shown."""

    def check(self, family: str) -> Sequence[Finding]:
        """Return the findings of a family of checks."""

    @property
    def offer(self) -> str:
        """Which direction is harm."""

    @property
    def offer_assumed(self) -> bool:
        """Whether the offer was not given."""

    @property
    def confidence(self) -> float:
        """Level of the intervals."""

    @property
    def subject(self) -> str:
        """What the selection is called."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader should know about the data."""


class Decided(Protocol):
    """What the payload needs of a decision."""

    @property
    def verdict(self) -> str:
        """Clear, review or block."""

    @property
    def policies(self) -> Sequence[Policy]:
        """What it was judged by."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Findings with rule and verdict."""

    @property
    def reasons(self) -> Sequence[str]:
        """Why it is not clear."""

    @property
    def notes(self) -> Sequence[str]:
        """What the gate has to add."""


def audit_payload(audit: Audited, decision: Decided | None = None) -> dict[str, Any]:
    """Return the payload of an audit, with a decision's verdict where there is one.

    Groups of fewer than five customers are hidden, and with them the smallest
    other group of the same line where it could be worked out from the rest;
    a group that a verdict rests on is never hidden.

    Parameters
    ----------
    audit : Audited
    decision : Decided, optional

    Returns
    -------
    dict
        JSON-safe; keys as the contract of schema ``fairreach/audit/1`` has them.
    """
    findings = audit.findings if decision is None else decision.findings
    context = [f for f in audit.findings if f.stratum] if decision else []
    tables = audit.tables
    hidden = hidden_groups(audit, findings)
    within = _hidden_in_strata(audit, hidden)
    rows = [_shown(f, hidden, within) for f in (*findings, *context)]
    said = {
        finding.message: row["message"]
        for finding, row in zip((*findings, *context), rows, strict=True)
    }
    return {
        "schema": SCHEMA,
        "verdict": None if decision is None else decision.verdict,
        "offer": audit.offer,
        "policy": [] if decision is None else list(map(_policy, decision.policies)),
        "data": {
            "rows": audit.counts.rows,
            "selected": audit.counts.selected,
            "fingerprint": audit.counts.fingerprint,
        },
        "findings": rows,
        "groups": [
            row for table in tables.values() for row in _groups(table, audit, hidden)
        ],
        "notes": _notes(audit, decision, hidden),
        "version": __version__,
        "subject": audit.subject,
        "offer_assumed": audit.offer_assumed,
        "confidence": audit.confidence,
        "attributes": list(audit.counts.attributes),
        "reasons": []
        if decision is None
        else [said.get(reason, reason) for reason in decision.reasons],
        "method": _method(audit, decision),
        "checks": [_shown(f, hidden, within) for f in _checked(audit)],
        **_curves(audit, hidden),
    } | _ethics(rows, () if decision is None else decision.policies)


def _policy(policy: Policy) -> dict[str, Any]:
    """Return what a reader has to know of a policy: whose rules, and how sure."""
    return {
        "name": policy.name,
        "version": policy.version,
        "digest": policy.digest,
        "title": policy.title,
        "as_of": policy.as_of.isoformat(),
        "disclaimer": policy.disclaimer,
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "metric": rule.metric,
                "bound": rule.bound,
                "severity": rule.severity,
                "status": rule.status,
                "confirmed": rule.confirmed,
                "source": rule.citation.source,
                "locator": rule.citation.locator,
                "looked_up": rule.citation.as_of.isoformat(),
                "why": rule.why,
            }
            for rule in policy.rules
        ],
    }


def _curves(audit: Audited, hidden: Mapping[str, set[str]]) -> dict[str, Any]:
    """Return the section of the score, where there is one."""
    section = curves_section(audit, hidden)
    return {} if section is None else {"curves": section}


def finding_rows(audit: Audited, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings on groups, strata apart, as reports of an audit show them.

    Parameters
    ----------
    audit : Audited
    findings : sequence of Finding
        Of this audit, of any metric.
    """
    hidden = hidden_groups(audit, audit.findings)
    return [_shown(finding, hidden, {}) for finding in findings]


def _ethics(
    rows: Sequence[dict[str, Any]], policies: Sequence[Policy]
) -> dict[str, Any]:
    """Return the section of the rules on conduct, where there are any that apply."""
    remedies = {
        (policy.name, rule.id): rule.remedy
        for policy in policies
        for rule in policy.rules
    }
    found = [
        row | {"remedy": remedies.get((str(row["policy"]), str(row["rule"])))}
        for row in rows
        if row["code"] in _CONDUCT
    ]
    if all(row["verdict"] == "not_applicable" for row in found):
        return {}
    return {"ethics": found}


def _checked(audit: Audited) -> list[Finding]:
    """Return what the checks measured: single attributes, and intersections that say.

    Ratios in one stratum are among the findings.
    """
    singles = set(audit.counts.attributes)
    return [
        finding
        for family in audit.families
        for finding in audit.check(family)
        if finding.metric != "stratum_ratio"
        and finding.reading != "reference"
        and (
            finding.attribute in singles
            or family == "slices"
            or finding.reading in {"lower", "higher"}
        )
    ]


def hidden_groups(audit: Audited, findings: Sequence[Finding]) -> dict[str, set[str]]:
    """Return the groups whose numbers no report shows, by attribute.

    Parameters
    ----------
    audit : Audit
    findings : sequence of Finding
        What they rest on is hidden only where it is small itself.
    """
    return suppress(
        list(audit.tables.values()),
        keep={(f.attribute, f.group) for f in findings if _rests(f)},
    )


def _hidden_in_strata(
    audit: Audited, hidden: Mapping[str, set[str]]
) -> dict[tuple[str, str], set[str]]:
    """Return the groups to hide within each stratum, by attribute and stratum.

    A group's total is shown, and so is, with everybody else as reference, that of a
    stratum: what is small in one stratum would follow from the others.
    """
    counts = audit.counts
    shown = {
        (table.attribute, group)
        for table in audit.tables.values()
        for group in table.groups
        if group not in hidden[table.attribute]
    }
    found: dict[tuple[str, str], set[str]] = {}
    for stratum in counts.strata:
        texts = counts.stratum_labels(stratum)
        axis = f"stratum {stratum}"
        parts = {
            (name, text): counts.table([name], {stratum: text})
            for name in counts.attributes
            for text in texts
        }
        crossed = [
            CountTable(
                (name, axis),
                tuple(
                    (*one, text) for text in texts for one in parts[name, text].labels
                ),
                np.concatenate([parts[name, text].cells for text in texts]),
            )
            for name in counts.attributes
        ]
        first = counts.attributes[0]
        whole = CountTable(
            (axis,),
            tuple((text,) for text in texts),
            np.stack([parts[first, text].cells.sum(axis=0) for text in texts]),
        )
        singles = [audit.tables[(name,)] for name in counts.attributes]
        kept = shown | {(axis, text) for text in texts}
        dark = suppress([*singles, whole, *crossed], keep=kept)
        for table in crossed:
            for (group, text), name in zip(table.labels, table.groups, strict=True):
                if name in dark[table.attribute]:
                    key = (table.attributes[0], f"{stratum}={text}")
                    found.setdefault(key, set()).add(group)
    return found


def _rests(finding: Finding) -> bool:
    """Return whether the verdict, or what a reader has to see, hangs on a finding."""
    if finding.reading in {"reference", "lower", "higher"}:
        return True
    decides = finding.verdict in {"fail", "inconclusive", "waived"}
    return decides and finding.severity != "note"


def _shown(
    finding: Finding,
    hidden: Mapping[str, set[str]],
    within: Mapping[tuple[str, str], set[str]],
) -> dict[str, Any]:
    row = finding.to_dict()
    dark = set(hidden.get(finding.attribute, ()))
    if finding.stratum is not None:
        dark |= within.get((finding.attribute, finding.stratum), set())
    # Without a label it is all strata of a column together.
    alone = finding.stratum is not None and "=" in finding.stratum
    tiny = alone and (finding.n or 0) < SMALLEST
    if tiny or finding.group in dark or _gives_away(finding, hidden, within):
        row.update(dict.fromkeys(_HIDDEN_KEYS))
        who = f"{label(finding.attribute)} {label(finding.group)}"
        row["message"] = (
            f"{who}: hidden, the group is small (or would give a small one away)"
        )
    if finding.reference in dark:
        row.update(n_reference=None, selected_reference=None)
    return row


def _gives_away(
    finding: Finding,
    hidden: Mapping[str, set[str]],
    within: Mapping[tuple[str, str], set[str]],
) -> bool:
    """Return whether a check's line names a hidden group among others."""
    if finding.metric in {"max_min_gap", "disparate_impact_ratio"}:
        dark = hidden.get(finding.attribute, ())
        ends = ("lowest", "highest")
        return any(f"{label(g)} {end}" in finding.message for g in dark for end in ends)
    if finding.metric != "slice_ratio":
        return False
    # A slice crosses columns in ways that were not suppressed together.
    kept_back = (*hidden.values(), *within.values())
    every = {group for groups in kept_back for group in groups}
    parts = finding.group.replace("&&", "\0").split("&")
    return any(part.replace("\0", "&") in every for part in parts)


def _groups(
    table: CountTable, audit: Audited, hidden: Mapping[str, set[str]]
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
    audit: Audited, decision: Decided | None, hidden: Mapping[str, set[str]]
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
            "of customers; scores, offered values and columns are not measured so"
        )
    if "outcome" in audit.available:
        notes.append(
            "the outcome is seen only for those who were contacted before (selective "
            "labels)"
        )
    if audit.counts.strata:
        notes.append("strata are shown as context; they clear nothing")
    return notes


def _method(audit: Audited, decision: Decided | None) -> list[str]:
    level = f"{audit.confidence * 100:g} %"
    told = [
        (
            f"intervals: {level}, each for itself; rates Wilson (exact where counts "
            "are small), ratios and differences score (Miettinen-Nurminen), widened "
            "where counts are small"
        ),
        (
            "test: exact hypergeometric tail (signed-root deviance where all expected "
            "counts reach 40), studentized range over the attribute's groups, shared "
            "over attributes and intersections"
        ),
    ]
    if decision is None:
        return [*told, "no policy applied: readings, not verdicts"]
    kinds = sorted(
        {f.evidence for f in decision.findings if f.evidence and f.severity != "note"}
    )
    meaning = {
        "significant": (
            "significant: outside the bound and different from parity beyond chance; "
            "it tests parity, not the bound"
        ),
        "proven": "proven: the whole confidence limit decides; it tests the bound",
        "point": "point: the estimate alone decides",
    }
    return [*told, *(f"evidence {meaning[kind]}" for kind in kinds)]
