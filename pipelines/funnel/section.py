"""What a report says of a funnel: the section ``funnel`` of the payload."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.suppress import SMALLEST
from fairness.findings.messages import against, label, share_of_gap
from fairness.inference import rate_interval
from pipelines.funnel.columns import ColumnShare
from pipelines.funnel.counted import FunnelCounts, FunnelTable
from pipelines.funnel.decomposition import Decomposition, StageShare

Int64Array = NDArray[np.int64]
_OF_FEW = ("rate", "rate_reference", "ratio", "low", "high", "log_ratio", "share")


@dataclass(frozen=True, slots=True)
class Culprit:
    """What makes a gap, by name.

    Parameters
    ----------
    stage : str
    clause : str or None
        The clause of that stage; None where it has one only, or none stands out.
    column : str or None
        The column of the score, where the stage is a score.
    share : float or None
        Of the stage in the whole log ratio; None where the stage empties the group.
    """

    stage: str
    clause: str | None
    column: str | None
    share: float | None


def culprit_of(
    gap: Decomposition, columns: Sequence[ColumnShare] = ()
) -> Culprit | None:
    """Return the stage, and the clause or column in it, that makes a gap.

    None where no stage moves the ratio in the direction of harm.
    """
    stage = gap.culprit
    if stage is None:
        return None
    clause = gap.culprit_clause
    sign = -1 if gap.is_over else 1
    harmful = [c for c in columns if c.log_ratio is not None and sign * c.log_ratio < 0]
    is_score = stage.stage.kind == "score"
    return Culprit(
        stage.stage.name,
        clause.clause if clause and len(stage.clauses) > 1 else None,
        harmful[0].column if is_score and harmful else None,
        stage.share,
    )


def funnel_section(
    funnel: FunnelCounts,
    gaps: Iterable[tuple[Decomposition, Sequence[ColumnShare]]],
    *,
    hidden: Mapping[str, Collection[str]],
    confidence: float,
) -> dict[str, Any]:
    """Return the section as plain values.

    Parameters
    ----------
    funnel : FunnelCounts
    gaps : iterable of (Decomposition, shares of the score's columns)
    hidden : mapping of attribute to groups
        Groups that no report shows. Beside them, what would tell of one to four people
        is left out.
    confidence : float
        Level of the intervals of what is left of a group.

    Returns
    -------
    dict
        ``stages``, ``groups`` and ``gaps``; what is left out is None.
    """
    totals = funnel.totals.tolist()
    stages = [
        {
            "name": stage.name,
            "kind": stage.kind,
            "clauses": [
                {"name": name, "text": text}
                for name, text in zip(
                    stage.clauses, stage.texts or stage.clauses, strict=True
                )
            ],
            "came": totals[place],
            "passed": totals[place + 1],
            "judged": place >= funnel.base,
        }
        for place, stage in enumerate(funnel.paths.stages)
    ]
    tables = {name: funnel.table((name,)) for name in funnel.counts.attributes}
    shown = {
        name: shown_numbers(table, hidden.get(name, ()))
        for name, table in tables.items()
    }
    groups = [
        {"attribute": name, "group": group, "reached": shown[name][row]}
        | _left(shown[name][row], confidence)
        for name, table in tables.items()
        for row, group in enumerate(table.groups)
    ]
    open_at = {
        (name, group): [number is not None for number in shown[name][row]]
        for name, table in tables.items()
        for row, group in enumerate(table.groups)
    }
    told = [
        _gap(gap, columns, _open_stages(gap, open_at, funnel.base))
        for gap, columns in gaps
        if gap.group not in hidden.get(gap.attribute, ())
    ]
    return {"stages": stages, "groups": groups, "gaps": told}


def _left(reached: Sequence[int | None], confidence: float) -> dict[str, Any]:
    """Return what share of a group is left after each stage, with its interval."""
    n = reached[0]
    left: dict[str, list[float | None]] = {"share": [], "low": [], "high": []}
    for hits in reached:
        made: list[float | None] = [None, None, None]
        if hits is not None and n:
            low, high = rate_interval(hits, n, confidence)
            made = [hits / n, float(low), float(high)]
        for values, value in zip(left.values(), made, strict=True):
            values.append(value)
    return left


def shown_numbers(
    table: FunnelTable, hidden: Collection[str]
) -> list[list[int | None]]:
    """Return who came to each stage by group, without what gives a few people away.

    A number within the funnel is left out where it differs from a shown one before or
    after it by one to four people; where that leaves a single gap at a stage, the
    smallest other group's goes too, since the total is shown. The first and the last
    number are the group's size and selection, which the report shows anyway.
    """
    reached = table.reached
    open_groups = np.array([group not in hidden for group in table.groups])
    keep = np.repeat(open_groups[:, None], reached.shape[1], axis=1)
    before = -1
    # Leaving one out makes neighbours of others, and may expose another group's.
    while before != keep.sum():
        before = int(keep.sum())
        for row in np.flatnonzero(open_groups):
            _leave_out_few(reached[row], keep[row])
        for column in range(1, reached.shape[1] - 1):
            if (~keep[:, column]).sum() == 1 and keep[:, column].any():
                others = np.flatnonzero(keep[:, column])
                keep[others[np.argmin(reached[others, column])], column] = False
    return [
        [int(n) if kept else None for n, kept in zip(row, keeps, strict=True)]
        for row, keeps in zip(reached, keep, strict=True)
    ]


def _leave_out_few(numbers: Int64Array, keep: NDArray[np.bool_]) -> None:
    """Leave out inner numbers until no two shown neighbours differ by a few."""
    last = len(numbers) - 1
    while True:
        shown = np.flatnonzero(keep)
        steps = numbers[shown[:-1]] - numbers[shown[1:]]
        few = np.flatnonzero((steps > 0) & (steps < SMALLEST))
        inner = [
            place
            for step in few
            for place in (shown[step + 1], shown[step])
            if 0 < place < last
        ]
        if not inner:
            return
        keep[inner[0]] = False


def _open_stages(
    gap: Decomposition, open_at: Mapping[tuple[str, str], Sequence[bool]], base: int
) -> list[bool]:
    """Return at which stages a gap's numbers are told.

    A stage's rate is of those who came to it: where it is told beside a number that is
    not, that one follows.
    """
    sides = (
        [*(s.n for s in gap.stages), gap.stages[-1].passed],
        [*(s.n_reference for s in gap.stages), gap.stages[-1].passed_reference],
    )
    keep = np.ones(len(gap.stages) + 1, np.bool_)
    for numbers, group in zip(sides, (gap.group, gap.reference), strict=True):
        own = np.ones(len(keep), np.bool_)
        _leave_out_few(np.array(numbers, np.int64), own)
        # Beside everybody else, what is told of a group is told of the others.
        named = (gap.attribute, group)
        told = open_at.get(named)
        keep &= own
        if told is not None:
            keep &= np.array(told[base:], np.bool_)
    return [bool(one) for one in keep[:-1] & keep[1:]]


def _gap(
    gap: Decomposition, columns: Sequence[ColumnShare], is_open: Sequence[bool]
) -> dict[str, Any]:
    culprit = culprit_of(gap, columns)
    dark = {s.stage.name for s, one in zip(gap.stages, is_open, strict=True) if not one}
    emptied = gap.log_ratio is None
    if culprit is not None and culprit.stage in dark and not emptied:
        culprit = replace(culprit, share=None)
    return {
        "attribute": gap.attribute,
        "group": gap.group,
        "reference": gap.reference,
        "log_ratio": gap.log_ratio,
        "direction": "over" if gap.is_over else "under",
        "stages": [
            _stage(stage, is_told=one)
            for stage, one in zip(gap.stages, is_open, strict=True)
        ],
        "columns": [
            {"column": one.column, "log_ratio": one.log_ratio} for one in columns
        ],
        "culprit": None
        if culprit is None
        else {
            "stage": culprit.stage,
            "clause": culprit.clause,
            "column": culprit.column,
            "share": culprit.share,
        },
        "message": sentence(gap, culprit),
    }


def _stage(share: StageShare, *, is_told: bool = True) -> dict[str, Any]:
    few = not is_told or any(
        0 < lost < SMALLEST
        for lost in (
            share.n - share.passed,
            share.passed,
            share.n_reference - share.passed_reference,
            share.passed_reference,
        )
    )
    found: dict[str, Any] = {
        "stage": share.stage.name,
        "rate": share.rate,
        "rate_reference": share.rate_reference,
        "ratio": share.ratio,
        "low": share.low,
        "high": share.high,
        "log_ratio": share.log_ratio,
        "share": share.share,
        "closed": share.is_closed,
    }
    shares = [
        {"clause": one.clause, "log_ratio": one.log_ratio, "method": one.method}
        for one in share.clauses
    ]
    if few:
        # With a shown rate beside it, any of these would give the few away.
        found.update(dict.fromkeys(_OF_FEW))
        shares = [one | {"log_ratio": None} for one in shares]
    found["clauses"] = shares
    return found


def sentence(gap: Decomposition, culprit: Culprit | None) -> str:
    """Return in one sentence which stage makes a gap."""
    who = f"{label(gap.attribute)} {label(gap.group)}"
    beside = against(gap.reference)
    if culprit is None:
        return f"{who} against {beside}: no stage makes the gap"
    where = f"stage {label(culprit.stage)}"
    what = culprit.clause or culprit.column
    if what:
        kind = "clause" if culprit.clause else "column"
        where += f", {kind} {label(what)},"
    if culprit.share is None and gap.log_ratio is not None:
        return f"{who} against {beside}: {where} makes the largest part of the gap"
    if culprit.share is None:
        done = "lets nobody else pass" if gap.is_over else "lets nobody pass"
        return f"{who} against {beside}: {where} {done}"
    return f"{who} against {beside}: {where} makes {share_of_gap(culprit.share)}"
