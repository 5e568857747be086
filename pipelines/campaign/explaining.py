"""Why customers were chosen, or were not: true to the funnel that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fairness.errors import InputError, Problem, alternatives
from pipelines.campaign.frame import open_tables, prepare
from pipelines.campaign.plan import WHY, Plan, make_plan
from pipelines.campaign.result import CampaignRun
from pipelines.funnel.paths import WHOLE, Stage
from pipelines.funnel.walking import Conditions
from pipelines.targeting.cuts import rounded

Outcome = Literal["passed", "left", "not reached"]

_MET = "(met {} {})"
_ID = "(asked)"


@dataclass(frozen=True, slots=True)
class ClauseTold:
    """One condition of the funnel and what it said of a customer.

    Parameters
    ----------
    name, text : str
        As the campaign file has them.
    met : bool
        A missing value meets nothing.
    values : mapping of str to value
        Of the columns that it reads; None where missing.
    """

    name: str
    text: str
    met: bool
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StageTold:
    """One stage of the funnel and how a customer fared in it.

    Parameters
    ----------
    name, kind : str
    outcome : {"passed", "left", "not reached"}
    clauses : tuple of ClauseTold
        Empty for stages that look at all customers together.
    texts : tuple of str
        What the stage asks.
    """

    name: str
    kind: str
    outcome: Outcome
    clauses: tuple[ClauseTold, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """What one column did to a score.

    Parameters
    ----------
    column : str
    value, typical : value
        The customer's, and the one put in its place: the median of those who were
        scored, or the most frequent text.
    effect : float
        ``score(customer) - score(customer with the typical value)``.
    """

    column: str
    value: Any
    typical: Any
    effect: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a customer was chosen, or was not.

    Parameters
    ----------
    campaign, customer : str
    selected : bool
    left_at : str or None
        The stage at which the customer left; None where they were chosen.
    stages : tuple of StageTold
    consent : str or None
        What the records say of their consent: a code of `pipelines.consent.REASONS`.
    score, mark : float or None
        The customer's score, and the lowest that was taken.
    reasons : tuple of ScoreReason
        Of a model's score, the strongest first; empty where a column holds it.
    """

    campaign: str
    customer: str
    selected: bool
    left_at: str | None
    stages: tuple[StageTold, ...]
    consent: str | None
    score: float | None
    mark: float | None
    reasons: tuple[ScoreReason, ...]


def explain_customers(
    run: CampaignRun,
    ids: Sequence[str],
    *,
    directory: str | Path = ".",
    tables: Mapping[str, Any] | None = None,
) -> tuple[Explanation, ...]:
    """Return why customers were chosen in a run, or were not.

    Each clause is asked again of the customer's own row and held against the way that
    the run saw the customer take; a stage that draws lots, or that ranks all customers,
    is told by its mark. No protected attribute is read, unless the campaign says that
    it uses one.

    Parameters
    ----------
    run : CampaignRun
    ids : sequence of str
    directory : path, default "."
        Where relative paths of the campaign start.
    tables : mapping of name to table or path, optional
        In place of the campaign's own, as they were given to the run.

    Returns
    -------
    tuple of Explanation
        In the order of the ids.

    Raises
    ------
    InputError
        Ids of nobody; tables that are no longer what they were when it ran.
    """
    wanted = list(dict.fromkeys(map(str, ids)))
    places = _places(run, wanted)
    plan = make_plan(run.campaign)
    given = dict(tables or {})
    with open_tables(run.campaign, Path(directory), given, run.as_of, None) as opened:
        prepared = prepare(plan, opened, run.as_of)
        conditions = plan.conditions()
        rows = _rows(prepared.frame, plan, conditions, run, wanted)
    reasons = _reasons(run, rows)
    found = [
        _told(run, plan, conditions, rows, place, number, reasons)
        for number, place in enumerate(places)
    ]
    changed = [one.customer for one in found if not _agrees(one)]
    if changed:
        what = f"hold other values of {alternatives(changed)} than when it ran"
        raise InputError(Problem("tables", what, "run the campaign again first"))
    by_id = {one.customer: one for one in found}
    return tuple(by_id[str(one)] for one in ids)


def _places(run: CampaignRun, wanted: Sequence[str]) -> list[int]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    ids = run.walked.table[run.roles.id].cast(pa.string())
    found = pc.index_in(pa.array(wanted, pa.string()), value_set=ids)
    unknown = [
        one for one, at in zip(wanted, found.to_pylist(), strict=True) if at is None
    ]
    if unknown:
        what = f"{alternatives(unknown)}: nobody of the campaign's customers"
        raise InputError(Problem("id", what, "write an id as the tables have it"))
    return [int(at) for at in found.to_pylist()]


def _rows(
    frame: Any,
    plan: Plan,
    conditions: Sequence[Conditions],
    run: CampaignRun,
    wanted: Sequence[str],
) -> dict[str, list[Any]]:
    """Return what the funnel reads of the customers and says of each clause."""
    import narwhals as nw  # noqa: PLC0415

    id_ = nw.col(run.roles.id).cast(nw.String)
    flags = [
        met.alias(_MET.format(place, number))
        for place, step in enumerate(conditions)
        for number, met in enumerate(step.met)
    ]
    read = [*_read(plan, run), *([WHY] if run.campaign.funnel.consent else [])]
    names = frame.collect_schema().names()
    asked = frame.filter(id_.is_in(list(wanted))).select(
        id_.alias(_ID), *(nw.col(name) for name in read if name in names), *flags
    )
    found: dict[str, list[Any]] = asked.collect("pyarrow").to_dict(as_series=False)
    order = {one: at for at, one in enumerate(found[_ID])}
    # A customer who has gone from the tables since is told with the others.
    where = [order.get(one) for one in wanted]
    return {
        name: [None if at is None else column[at] for at in where]
        for name, column in found.items()
    } | {_ID: list(wanted)}


def _read(plan: Plan, run: CampaignRun) -> list[str]:
    names = list(plan.uses)
    if run.scorer is not None:
        names += run.scorer.columns
    return list(dict.fromkeys(names))


def _told(
    run: CampaignRun,
    plan: Plan,
    conditions: Sequence[Conditions],
    rows: Mapping[str, list[Any]],
    place: int,
    number: int,
    reasons: Mapping[int, tuple[ScoreReason, ...]],
) -> Explanation:
    paths, walked = run.walked.paths, run.walked
    path = int(walked.path[place])
    end = len(paths.stages) if path == WHOLE else int(paths.ends[path])
    stages = []
    for at, stage in enumerate(paths.stages):
        outcome: Outcome = (
            "passed" if at < end else "left" if at == end else "not reached"
        )
        clauses: tuple[ClauseTold, ...] = ()
        if at < len(conditions):
            clauses = tuple(_clauses(stage, plan, rows, at, number))
        texts = stage.texts or stage.clauses
        stages.append(StageTold(stage.name, stage.kind, outcome, clauses, texts))
    score = None if walked.scores is None else float(walked.scores[place])
    is_scored = score is not None and not np.isnan(score)
    consent = rows[WHY][number] if WHY in rows else None
    return Explanation(
        campaign=run.campaign.name,
        customer=rows[_ID][number],
        selected=path == WHOLE,
        left_at=None if path == WHOLE else paths.stages[end].name,
        stages=tuple(stages),
        consent=None if consent is None else str(consent),
        score=score if is_scored else None,
        mark=walked.mark,
        reasons=reasons.get(number, ()) if is_scored else (),
    )


def _clauses(
    stage: Stage, plan: Plan, rows: Mapping[str, list[Any]], at: int, number: int
) -> Iterator[ClauseTold]:
    rule = plan.rules.get(stage.kind)
    texts = stage.texts or stage.clauses
    for place, name in enumerate(stage.clauses):
        columns: tuple[str, ...] = ()
        if rule is not None and place < len(rule.clauses):
            columns = rule.clauses[place].columns
        yield ClauseTold(
            name,
            texts[place],
            bool(rows[_MET.format(at, place)][number]),
            {column: rows[column][number] for column in columns},
        )


def _agrees(told: Explanation) -> bool:
    """Whether what the clauses say now is the way that the run saw."""
    for stage in told.stages:
        if not stage.clauses or stage.outcome == "not reached":
            continue
        met = all(clause.met for clause in stage.clauses)
        if met != (stage.outcome == "passed"):
            return False
    return True


def _reasons(
    run: CampaignRun, rows: Mapping[str, list[Any]]
) -> dict[int, tuple[ScoreReason, ...]]:
    """Return what each column did to the score of each customer."""
    scorer, sample = run.scorer, run.walked.sample
    if scorer is None or sample is None:
        return {}
    import pyarrow as pa  # noqa: PLC0415

    columns = list(scorer.columns)
    schema = sample.select(columns).schema
    size = len(rows[_ID])
    table = pa.table(
        {name: pa.array(rows[name], schema.field(name).type) for name in columns}
    )
    own = rounded(np.asarray(scorer.score(table), dtype=np.float64))
    effects: dict[str, tuple[Any, Any]] = {}
    for place, name in enumerate(columns):
        typical = _typical(sample[name])
        kind = schema.field(name).type
        changed = table.set_column(place, name, pa.array([typical] * size, kind))
        other = rounded(np.asarray(scorer.score(changed), dtype=np.float64))
        effects[name] = typical, own - other
    found = {}
    for number in range(size):
        told = [
            ScoreReason(name, rows[name][number], typical, float(effect[number]))
            for name, (typical, effect) in effects.items()
            if np.isfinite(effect[number])
        ]
        told.sort(key=lambda one: (-abs(one.effect), one.column))
        found[number] = tuple(told)
    return found


def _typical(column: Any) -> Any:
    """Return the median of numbers, of other values the most frequent one."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        filled = np.sort(column.drop_null().cast(pa.float64()).to_numpy())
        if not len(filled):
            return None
        # One that there is, so that a whole number stays one.
        middle = filled[(len(filled) - 1) // 2]
        return int(middle) if pa.types.is_integer(column.type) else float(middle)
    counts = pc.value_counts(column.drop_null().combine_chunks()).to_pylist()
    if not counts:
        return None
    best = max(counts, key=lambda one: (one["counts"], str(one["values"])))
    return best["values"]
