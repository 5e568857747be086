"""What keeps a campaign from being clear, though no rule of its policies fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from fairness.auditing import Audit, Decision
from fairness.findings.messages import label
from fairness.groups import MISSING
from pipelines.crm.violations import Violations
from pipelines.funnel.counted import PATH, FunnelCounts

if TYPE_CHECKING:
    from fairness.policy import Policy, Waiver
    from fairness.policy.conduct import Conduct

_LEAST_GROUPS = 2
_MOST_TOLD = 3


def gated(
    audit: Audit,
    policies: Sequence[Policy],
    doubts: Sequence[str],
    *,
    waivers: Sequence[Waiver] = (),
    on: date | None = None,
    conduct: Conduct | None = None,
) -> Decision:
    """Judge an audit; with doubts, nothing is clear and somebody has to look.

    Parameters
    ----------
    audit : Audit
    policies : sequence of Policy
    doubts : sequence of str
        No waiver takes them away.
    waivers : sequence of Waiver, optional
    on : date, optional
    conduct : Conduct, optional
        What is observed of the campaign's conduct.
    """
    decision = audit.gate(list(policies), waivers=waivers, on=on, conduct=conduct)
    if not doubts:
        return decision
    if decision.verdict == "block":
        return replace(decision, reasons=(*decision.reasons, *doubts))
    # They say what lies behind the rest: of nobody, no rule can be measured.
    return replace(decision, verdict="review", reasons=(*doubts, *decision.reasons))


def doubts_of(
    audit: Audit,
    funnel: FunnelCounts,
    policies: Sequence[Policy],
    violations: Violations,
    *,
    on: date | None,
) -> tuple[str, ...]:
    """Return why a run is a review at least, in a sentence each.

    An audience of nobody shows nothing; an attribute of one group is compared with
    nothing; a universe or a base must not
    hide what would be blocked from the first stage on; and a suppression list that
    cannot be read in full has not kept everybody out whom it should.

    Parameters
    ----------
    audit : Audit
    funnel : FunnelCounts
    policies : sequence of Policy
    violations : Violations
    on : date or None
    """
    return (
        *_nobody(funnel),
        *_uncompared(audit),
        *_hidden(audit, funnel, policies, on),
        *_unread(violations),
    )


def _nobody(funnel: FunnelCounts) -> Iterator[str]:
    came = funnel.totals.tolist()
    if came[-1]:
        return
    stage = funnel.paths.stages[came.index(0) - 1]
    asked = [label(text) for text in stage.texts or stage.clauses]
    said = "; ".join(asked[:_MOST_TOLD]) + ("; …" if len(asked) > _MOST_TOLD else "")
    yield f"the audience is nobody: the stage {stage.name} leaves none. It asks: {said}"


def _uncompared(audit: Audit) -> Iterator[str]:
    for name in audit.counts.attributes:
        table = audit.tables[(name,)]
        groups = [
            group
            for group, n in zip(table.groups, table.n, strict=True)
            if n > 0 and group != MISSING
        ]
        if len(groups) < _LEAST_GROUPS:
            yield f"{label(name)} has one group here, which is compared with nothing"


def _hidden(
    audit: Audit, funnel: FunnelCounts, policies: Sequence[Policy], on: date | None
) -> Iterator[str]:
    if funnel.base == 0:
        return
    kept = [name for name in funnel.counts.attributes if name != PATH]
    whole = Audit.of_counts(
        funnel.counts.of_axes(kept),
        intersections=audit.intersections,
        offer=audit.offer,
        min_expected=audit.min_expected,
        confidence=audit.confidence,
    ).gate(list(policies), on=on)
    if whole.verdict == "block" and whole.reasons:
        first = funnel.paths.stages[0].name
        yield f"from the stage {first} on it would be blocked: {whole.reasons[0]}"


def _unread(violations: Violations) -> Iterator[str]:
    rows = sum(
        one.rows
        for one in violations.counts
        if one.table == "suppression" and one.outcome == "quarantined"
    )
    if rows:
        yield f"{rows:,} rows of the suppression list are nobody's, or cannot be read"
