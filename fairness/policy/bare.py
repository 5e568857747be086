"""Findings without a comparison: a rule that does not apply, an attribute missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from fairness.findings import Finding
from fairness.metrics import METRICS
from fairness.policy.model import Rule


def not_applicable(rule: Rule, why: str) -> Finding:
    """Return that a rule did not apply, and why."""
    names = ", ".join(rule.attributes) if rule.attributes else "(all)"
    made = bare(
        METRICS[rule.metric].code,
        names,
        "not_applicable",
        rule.severity,
        f"{rule.id}: {why}",
    )
    return replace(
        made,
        rule=rule.id,
        metric=rule.metric,
        bound=rule.bound,
        evidence=rule.evidence,
    )


def bare(
    code: str,
    attribute: str,
    verdict: Literal["not_measurable", "not_applicable"],
    severity: str,
    message: str,
) -> Finding:
    """Return a finding that compares nobody."""
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
