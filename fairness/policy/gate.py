"""From findings to a verdict: clear, review or block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Literal, Protocol

from fairness.checks.evidence import Evidence
from fairness.counts import CountTable
from fairness.errors import InputError, Problem, shown
from fairness.findings import Finding, Sharing
from fairness.findings.messages import label
from fairness.groups import MISSING
from fairness.metrics import COVERAGE_CODE, METRICS
from fairness.policy.bare import bare, not_applicable
from fairness.policy.checked import is_checked, judge_checked
from fairness.policy.conduct import Conduct, is_conduct, judge_conduct, why_idle
from fairness.policy.judge import Memo, judge_rule
from fairness.policy.marks import Setting
from fairness.policy.model import STALE_DAYS, Policy, Rule
from fairness.policy.strata import within_allowed
from fairness.policy.unmeasured import (
    assign_missing,
    missing_share,
    percent,
    unmeasured_share,
)
from fairness.policy.waivers import Waiver

Campaign = Literal["clear", "review", "block"]
Offer = Literal["beneficial", "burdensome", "neutral"]


class Measured(Evidence, Protocol):
    """What the gate needs of an audit."""

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
    on: date | str | None = None,
    conduct: Conduct | None = None,
) -> Judgement:
    """Apply policies to what was measured.

    Parameters
    ----------
    measured : Measured
    policies : sequence of Policy
        Their rules of one severity share alpha.
    waivers : sequence of Waiver
    on : date or str, optional
        The day that rules and waivers are in force at; today by default.
    conduct : Conduct, optional
        Of a campaign; without it rules of conduct do not apply.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        Two policies of one name, a waiver that does not fit the policies, or a day
        that is none.
    """
    day = _day_of(on)
    _check_given(policies, waivers)
    gate = _Gate(measured, day, waivers, conduct)
    applying = [
        (policy, rule)
        for policy in policies
        for rule in policy.rules
        if not gate.why_not(rule)
    ]
    active = [(policy, rule) for policy, rule in applying if not is_conduct(rule)]
    findings: list[Finding] = []
    reasons: list[str] = []
    notes: list[str] = []
    for policy in policies:
        signed = gate.holding(policy)
        if (day - policy.as_of).days > STALE_DAYS:
            notes.append(
                f"{policy.name} was last checked on {policy.as_of}, more than "
                f"{STALE_DAYS} days ago: look its citations up before use"
            )
        own: list[Finding] = []
        for rule in policy.rules:
            why = gate.why_not(rule)
            if why:
                own.append(not_applicable(rule, why))
                continue
            made = gate.run(policy, rule, active)
            own += [_waived(finding, rule, signed, day) for finding in made]
        findings += [replace(finding, policy=policy.name) for finding in own]
        reasons += gate.coverage(policy, own)
        reasons += gate.untested(policy)
    findings += gate.absent(policies)
    if not any(rule.severity == "block" for _, rule in applying):
        reasons.append("no rule that could block applied: nothing was tested")
    elif not any(rule.severity != "note" for _, rule in active):
        reasons.append("no rule on disparity applied: groups were not compared")
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
    def __init__(
        self,
        measured: Measured,
        day: date,
        waivers: Sequence[Waiver],
        conduct: Conduct | None,
    ) -> None:
        self._measured = measured
        self._day = day
        self._waivers = waivers
        self._conduct = conduct
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
        if is_conduct(rule):
            return why_idle(rule, self._conduct)
        if rule.sectors is not None:
            sector = None if self._conduct is None else self._conduct.sector
            if sector not in rule.sectors:
                return f"it is for the sectors {', '.join(rule.sectors)}"
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

    def holding(self, policy: Policy) -> list[Waiver]:
        """Return the waivers that were signed for this policy."""
        return [one for one in self._waivers if not one.problems(policy)]

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
        return Sharing(
            attributes=max(self._count(rule, single=True), 1),
            intersections=self._count(rule, single=False) or int(bool(cross)),
            rules=max(len(single), 1),
            cross_rules=max(len(cross), 1),
            directions=self._directions(single or [rule]),
            cross_directions=self._directions(cross or [rule]),
        )

    def _directions(self, peers: Sequence[Rule]) -> int:
        """Return 2 where a neutral offer is looked at in one direction only."""
        looked = {
            side
            for peer in peers
            for side, limit in zip(("low", "high"), peer.limits, strict=True)
            if limit is not None
        }
        return 2 if self._measured.offer == "neutral" and len(looked) == 1 else 1

    def run(
        self, policy: Policy, rule: Rule, active: Sequence[tuple[Policy, Rule]]
    ) -> list[Finding]:
        """Return the findings of a rule that applies."""
        if self._conduct is not None and is_conduct(rule):
            return judge_conduct(rule, policy, self._conduct)
        tables = self.tables_of(rule)
        setting = self._setting(policy, rule, active)
        if not is_checked(rule):
            made = judge_rule(rule, tables, setting, self._memo)
            return [within_allowed(f, rule, policy, self._measured) for f in made]
        names = {table.attribute for table in tables}
        checks = self._measured.check
        looks = self._looks(rule)
        made = judge_checked(rule, names, policy, setting.sharing, checks, looks)
        if made:
            return made
        why = "there was nothing to measure it on"
        if self._measured.counts.has_weights:
            why += " (scores, values and columns are not measured with weights)"
        return [not_applicable(rule, why)]

    def _looks(self, rule: Rule) -> int:
        """Return how many comparisons of an attribute an interval has to pay for."""
        family, counts = METRICS[rule.metric].family, self._measured.counts
        columns = 1
        if family == "conditional":
            columns = len(counts.strata)
        elif family == "proxies" and self._measured.columns is not None:
            columns = len(self._measured.columns.columns)
        groups = max(len(table.labels) for table in self.tables_of(rule))
        return columns * max(groups - 1, 1)

    def coverage(self, policy: Policy, findings: Sequence[Finding]) -> list[str]:
        """Return the required attributes of which too much could not be measured.

        Groups below a rule's `min_share` count with those that are too few: neither
        was compared. An attribute that no rule looked at was not measured at all.
        """
        rules = [
            rule
            for rule in policy.rules
            if not is_conduct(rule)
            and not self.why_not(rule)
            # What a check lacks is told by its own finding; a block has to be measured.
            and (
                rule.severity == "block"
                or (rule.severity == "review" and not is_checked(rule))
            )
        ]
        most = Fraction(policy.max_unmeasured)
        idle = {f.rule for f in findings if f.verdict == "not_applicable"}
        reasons = [
            f"{rule.id}, which could block, had nothing to be measured on"
            for rule in rules
            if is_checked(rule) and rule.id in idle
        ]
        for names, table in self._measured.tables.items():
            name = table.attribute
            if len(names) > 1 or not _required(policy, name) or not rules:
                continue
            if not any(name in t.attributes for r in rules for t in self.tables_of(r)):
                reasons.append(
                    f"{label(name)} is required by {policy.name}, and no rule of it "
                    "that could block or ask for a review looks at it"
                )
            for rule in rules:
                if table not in self.tables_of(rule):
                    continue
                share = unmeasured_share(table, rule, findings)
                if share > most:
                    reasons.append(
                        f"{label(name)}: the groups that {rule.id} cannot measure hold "
                        f"{percent(share)} of the customers (at most "
                        f"{percent(most)})"
                    )
        return list(dict.fromkeys(reasons))

    def untested(self, policy: Policy) -> list[str]:
        """Return that a policy's blocking rules could not be computed at all.

        A policy for another offer, or out of force, asks for nothing here; one that
        lacks its data does.
        """
        blocking = [
            rule
            for rule in policy.rules
            if rule.severity == "block" and not is_conduct(rule)
        ]
        lacking = [
            rule
            for rule in blocking
            if rule.in_force(self._day)[0]
            and (rule.offers is None or self._measured.offer in rule.offers)
        ]
        if not lacking or not all(self.why_not(rule) for rule in blocking):
            return []
        why = self.why_not(lacking[0])
        return [
            f"{policy.name}: no blocking rule could be computed, {lacking[0].id}: {why}"
        ]

    def absent(self, policies: Sequence[Policy]) -> list[Finding]:
        """Return a finding for each required attribute that was not audited."""
        audited = {names[0] for names in self._measured.tables if len(names) == 1}
        return [
            bare(
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
            mine = [
                rule
                for owner, rule in active
                if owner is policy and rule.severity != "note" and 1 in rule.order
            ]
            rules = [rule for rule in mine if not is_checked(rule)]
            for names, table in self._measured.tables.items():
                share = missing_share(table)
                most = Fraction(policy.max_unmeasured)
                if len(names) > 1 or not mine or share <= most:
                    continue
                who = label(table.attribute)
                told = f"{who} is unknown for {percent(share)} of the customers"
                if not rules:
                    reasons.append(f"{told}, and no rule tells what that may hide")
                    continue
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
                signed = self.holding(policy)
                made = [_waived(f, rule, signed, self._day) for f in made]
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
            self._measured.offer,
        )

    def _count(self, rule: Rule, *, single: bool) -> int:
        return sum(
            (len(table.attributes) == 1) == single for table in self.tables_of(rule)
        )


_NEEDS = {
    "outcome": "an outcome (--outcome)",
    "score": "a score (--score)",
    "score and outcome": "a score and an outcome (--score, --outcome)",
    "value": "offered values (--value)",
    "value cap": "offered values and a cap (--value, --value-cap)",
    "value and strata": "offered values and strata (--value, --strata)",
    "strata": "strata (--strata)",
    "columns": "the columns that the profile uses (--uses)",
    "selection": "a selection",
}


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


def _day_of(on: date | str | None) -> date:
    if on is None:
        return datetime.now(tz=UTC).date()
    if isinstance(on, datetime):
        return on.date()
    if isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except (TypeError, ValueError):
        hint = 'write date(2026, 11, 20) or "2026-11-20"'
        raise InputError(Problem("on", f"{shown(on)} is no day", hint)) from None


def _check_given(policies: Sequence[Policy], waivers: Sequence[Waiver]) -> None:
    names = Counter(policy.name for policy in policies)
    problems = [
        Problem(
            "policy",
            f"{number} policies are named {shown(name)}",
            "a finding tells its policy by name: rename all but one",
        )
        for name, number in names.items()
        if number > 1
    ]
    for waiver in waivers:
        held = [p for p in policies if any(r.id == waiver.rule for r in p.rules)]
        found = [list(waiver.problems(policy)) for policy in held or policies[:1]]
        # Signed for one of two policies with such a rule, it holds for that one.
        fewest = min(found, key=len, default=[])
        problems += fewest
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
