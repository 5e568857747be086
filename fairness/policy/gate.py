"""From findings to a verdict: clear, review or block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable
from fairness.errors import InputError, Problem
from fairness.findings import Finding, Reference, Sharing
from fairness.findings.messages import label
from fairness.groups import MISSING, intersection_name
from fairness.metrics import METRICS
from fairness.policy.judge import Memo, Setting, judge_rule
from fairness.policy.model import Policy, Rule
from fairness.policy.waivers import Waiver

Campaign = Literal["clear", "review", "block"]
Offer = Literal["beneficial", "burdensome", "neutral"]

COVERAGE_CODE = "FA901"


class Measured(Protocol):
    """What the gate needs of an audit."""

    @property
    def tables(self) -> Mapping[tuple[str, ...], CountTable]:
        """Tables of the single attributes and intersections that were counted."""

    @property
    def offer(self) -> Offer:
        """Which direction is harm."""

    @property
    def reference(self) -> Reference | None:
        """The user's reference."""

    @property
    def confidence(self) -> float:
        """Level of the intervals."""

    @property
    def available(self) -> frozenset[str]:
        """What was counted: selection, and perhaps outcome, score, value."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a campaign, and what it rests on.

    Parameters
    ----------
    verdict : {"clear", "review", "block"}
    findings : tuple of Finding
        Of every rule, whether it applied or not.
    reasons : tuple of str
        Why it is not clear; empty where it is.
    notes : tuple of str
    """

    verdict: Campaign
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def judge(
    measured: Measured,
    policies: Sequence[Policy],
    *,
    waivers: Sequence[Waiver] = (),
    on: date | None = None,
) -> Judgement:
    """Apply policies to what was measured.

    Parameters
    ----------
    measured : Measured
    policies : sequence of Policy
        Their rules of one severity share alpha.
    waivers : sequence of Waiver
    on : date, optional
        The day that rules and waivers are in force at; today by default.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        A waiver that does not fit the policies.
    """
    day = on or datetime.now(tz=UTC).date()
    _check_waivers(policies, waivers)
    gate = _Gate(measured, day)
    active = [
        (policy, rule)
        for policy in policies
        for rule in policy.rules
        if not gate.why_not(rule)
    ]
    findings: list[Finding] = []
    reasons: list[str] = []
    notes: list[str] = []
    for policy in policies:
        for rule in policy.rules:
            why = gate.why_not(rule)
            if why:
                findings.append(_not_applicable(rule, why))
                continue
            made = gate.run(policy, rule, active)
            findings += [_waived(finding, rule, waivers, day) for finding in made]
        reasons += gate.coverage(policy, findings)
    findings += gate.absent(policies)
    if not any(rule.severity == "block" for _, rule in active):
        reasons.append("no rule that could block applied: nothing was tested")
    verdict = _verdict(findings, reasons)
    if verdict == "clear":
        unsure, told = gate.unknown_members(policies, active)
        reasons += unsure
        notes += told
        verdict = "review" if unsure else verdict
    return Judgement(
        verdict, tuple(findings), tuple(_explained(findings) + reasons), tuple(notes)
    )


class _Gate:
    def __init__(self, measured: Measured, day: date) -> None:
        self._measured = measured
        self._day = day
        self._memo: Memo = {}

    def why_not(self, rule: Rule) -> str:
        """Return why a rule does not apply; empty where it does."""
        held, reason = rule.in_force(self._day)
        metric = METRICS[rule.metric]
        if not held:
            return reason
        if rule.offers is not None and self._measured.offer not in rule.offers:
            return (
                f"it is for {' and '.join(rule.offers)} offers, this one is "
                f"{self._measured.offer}"
            )
        if metric.needs not in self._measured.available:
            return f"it needs {_NEEDS[metric.needs]}, and none was given"
        if not self.tables_of(rule):
            if rule.attributes is not None:
                return (
                    f"none of its attributes was audited: {', '.join(rule.attributes)}"
                )
            orders = " and ".join(str(order) for order in rule.order)
            return f"no groups of order {orders} were counted (--intersections)"
        return ""

    def tables_of(self, rule: Rule) -> list[CountTable]:
        """Return the tables that a rule looks at."""
        wanted = None if rule.attributes is None else set(rule.attributes)
        return [
            table
            for names, table in self._measured.tables.items()
            if len(names) in rule.order and (wanted is None or set(names) <= wanted)
        ]

    def sharing(self, rule: Rule, active: Sequence[tuple[Policy, Rule]]) -> Sharing:
        """Return how alpha is shared among the tested rules of one severity."""
        # What could be detected is told at the alpha of the rules that block.
        severity = "block" if rule.evidence == "point" else rule.severity
        peers = [
            other
            for _, other in active
            if other.severity == severity and other.evidence != "point"
        ] or [rule]
        single = [peer for peer in peers if self._count(peer, single=True)]
        cross = [peer for peer in peers if self._count(peer, single=False)]
        directions = {
            side
            for peer in peers
            for side, limit in zip(("low", "high"), peer.limits, strict=True)
            if limit is not None
        }
        one_way = self._measured.offer == "neutral" and len(directions) == 1
        return Sharing(
            attributes=max(self._count(rule, single=True), 1),
            intersections=self._count(rule, single=False) or int(bool(cross)),
            rules=max(len(single), 1),
            cross_rules=max(len(cross), 1),
            directions=2 if one_way else 1,
        )

    def run(
        self, policy: Policy, rule: Rule, active: Sequence[tuple[Policy, Rule]]
    ) -> list[Finding]:
        """Return the findings of a rule that applies."""
        setting = self._setting(policy, rule, active)
        return judge_rule(rule, self.tables_of(rule), setting, self._memo)

    def coverage(self, policy: Policy, findings: Sequence[Finding]) -> list[str]:
        """Return the required attributes of which too much could not be measured."""
        reasons = []
        rules = {rule.id for rule in policy.rules if rule.severity != "note"}
        for names, table in self._measured.tables.items():
            name = table.attribute
            if len(names) > 1 or not _required(policy, name):
                continue
            for rule in policy.rules:
                few = {
                    finding.group
                    for finding in findings
                    if finding.rule == rule.id
                    and rule.id in rules
                    and finding.attribute == name
                    and finding.verdict == "not_measurable"
                }
                held = sum(
                    int(n)
                    for group, n in zip(table.groups, table.n, strict=True)
                    if group in few
                )
                share = held / max(int(table.n.sum()), 1)
                if share > policy.max_unmeasured:
                    reasons.append(
                        f"{label(name)}: the groups that {rule.id} cannot measure hold "
                        f"{share:.0%} of the customers (at most "
                        f"{float(policy.max_unmeasured):.0%})"
                    )
        return list(dict.fromkeys(reasons))

    def absent(self, policies: Sequence[Policy]) -> list[Finding]:
        """Return a finding for each required attribute that was not audited."""
        audited = {names[0] for names in self._measured.tables if len(names) == 1}
        return [
            _bare(
                COVERAGE_CODE,
                name,
                "not_measurable",
                "review",
                f"{label(name)} is required by {policy.name} and was not audited",
            )
            for policy in policies
            for name in policy.required or ()
            if name not in audited
        ]

    def unknown_members(
        self, policies: Sequence[Policy], active: Sequence[tuple[Policy, Rule]]
    ) -> tuple[list[str], list[str]]:
        """Return where the verdict hangs on who the members of (missing) are."""
        reasons, notes = [], []
        for policy in policies:
            rules = [
                rule
                for owner, rule in active
                if owner is policy and rule.severity != "note" and 1 in rule.order
            ]
            for names, table in self._measured.tables.items():
                share = _missing_share(table)
                if len(names) > 1 or not rules or share <= policy.max_unmeasured:
                    continue
                who = label(table.attribute)
                told = f"{who} is unknown for {share:.0%} of the customers"
                culprit = self._changing(policy, rules, table, active)
                if culprit:
                    reasons.append(
                        f"{told}, and the verdict would change if all of them were "
                        f"{label(culprit)}"
                    )
                else:
                    notes.append(
                        f"{told}; the verdict holds whichever group they are of"
                    )
        return reasons, notes

    def _changing(
        self,
        policy: Policy,
        rules: Sequence[Rule],
        table: CountTable,
        active: Sequence[tuple[Policy, Rule]],
    ) -> str:
        for group in table.groups:
            if group == MISSING:
                continue
            moved = assign_missing(table, group)
            for rule in rules:
                if table not in self.tables_of(rule):
                    continue
                setting = self._setting(policy, rule, active)
                made = judge_rule(rule, [moved], setting, {})
                if any(f.verdict in {"fail", "inconclusive"} for f in made):
                    return group
        return ""

    def _setting(
        self, policy: Policy, rule: Rule, active: Sequence[tuple[Policy, Rule]]
    ) -> Setting:
        return Setting(
            policy,
            self.sharing(rule, active),
            self._measured.reference,
            self._measured.confidence,
        )

    def _count(self, rule: Rule, *, single: bool) -> int:
        return sum(
            (len(table.attributes) == 1) == single for table in self.tables_of(rule)
        )


_NEEDS = {
    "outcome": "an outcome (--outcome)",
    "score": "a score (--score)",
    "value": "offered values (--value)",
    "selection": "a selection",
}


def assign_missing(table: CountTable, group: str) -> CountTable:
    """Return the table with everybody of unknown group put into one.

    Examples
    --------
    >>> cells = np.zeros((2, 2, 3), np.int64)
    >>> cells[:, 0, 2] = [10, 4]
    >>> table = CountTable(("g",), (("a",), ("(missing)",)), cells)
    >>> assign_missing(table, "a").n.tolist()
    [14]
    """
    groups = table.groups
    source, target = groups.index(MISSING), groups.index(group)
    keep = [i for i in range(len(groups)) if i != source]

    def moved(cells: NDArray[Any]) -> NDArray[Any]:
        out = cells.copy()
        out[target] += out[source]
        return np.asarray(out[keep])

    return replace(
        table,
        labels=tuple(table.labels[i] for i in keep),
        cells=moved(table.cells),
        weights=None if table.weights is None else moved(table.weights),
        weights_sq=None if table.weights_sq is None else moved(table.weights_sq),
        moments={name: moved(values) for name, values in table.moments.items()},
    )


def _missing_share(table: CountTable) -> float:
    total = int(table.n.sum())
    if MISSING not in table.groups or not total or len(table.groups) == 1:
        return 0.0
    return int(table.n[table.groups.index(MISSING)]) / total


def _required(policy: Policy, name: str) -> bool:
    return policy.required is None or name in policy.required


def _verdict(findings: Sequence[Finding], reasons: Sequence[str]) -> Campaign:
    failed = {f.severity for f in findings if f.verdict == "fail"}
    if "block" in failed:
        return "block"
    unsure = any(f.verdict == "inconclusive" and f.severity != "note" for f in findings)
    absent = any(f.code == COVERAGE_CODE for f in findings)
    return "review" if "review" in failed or unsure or absent or reasons else "clear"


def _explained(findings: Sequence[Finding]) -> list[str]:
    """Return the sentences of what failed, worst first, then of what is unsure."""
    told = []
    for severity, verdict in (
        ("block", "fail"),
        ("review", "fail"),
        ("block", "inconclusive"),
        ("review", "inconclusive"),
    ):
        found = [f for f in findings if (f.severity, f.verdict) == (severity, verdict)]
        found.sort(key=lambda f: (f.attribute.count("&"), f.p_adjusted or 0.0))
        told += [f.message for f in found]
    told += [f.message for f in findings if f.code == COVERAGE_CODE]
    return told


def _check_waivers(policies: Sequence[Policy], waivers: Sequence[Waiver]) -> None:
    problems: list[Problem] = []
    for waiver in waivers:
        held = [p for p in policies if any(r.id == waiver.rule for r in p.rules)]
        for policy in held or policies[:1]:
            problems += waiver.problems(policy)
    if problems:
        raise InputError(problems)


def _waived(
    finding: Finding, rule: Rule, waivers: Sequence[Waiver], day: date
) -> Finding:
    if finding.verdict not in {"fail", "inconclusive"} or rule.unwaivable:
        return finding
    for waiver in waivers:
        if waiver.covers(rule.id, finding.attribute, finding.group, day):
            told = (
                f"{finding.message}; waived until {waiver.expires.isoformat()} by "
                f"{label(waiver.approver)}: {label(waiver.reason, 200)}"
            )
            return replace(finding, verdict="waived", message=told)
    return finding


def _not_applicable(rule: Rule, why: str) -> Finding:
    names = intersection_name(rule.attributes) if rule.attributes else "(all)"
    bare = _bare(
        METRICS[rule.metric].code,
        names,
        "not_applicable",
        rule.severity,
        f"{rule.id}: {why}",
    )
    return replace(
        bare,
        rule=rule.id,
        metric=rule.metric,
        bound=rule.bound,
        evidence=rule.evidence,
    )


def _bare(
    code: str,
    attribute: str,
    verdict: Literal["not_measurable", "not_applicable"],
    severity: str,
    message: str,
) -> Finding:
    return Finding(
        code=code,
        metric="coverage",
        attribute=attribute,
        group="(all)",
        reference=None,
        n=None,
        selected=None,
        n_reference=None,
        selected_reference=None,
        rate=None,
        estimate=None,
        low=None,
        high=None,
        confidence=None,
        p_value=None,
        p_adjusted=None,
        detectable=None,
        shortfall=None,
        reading="undefined",
        message=message,
        verdict=verdict,
        severity=severity,
    )
