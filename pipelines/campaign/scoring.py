"""What makes the score of a campaign: an estimator, a model to train, or a column."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from fairness.errors import InputError, Problem, shown
from pipelines.campaign.frame import Prepared
from pipelines.campaign.model import ScoreTable
from pipelines.targeting.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Scoring:
    """The score of a campaign, before anything is trained.

    Parameters
    ----------
    reads : tuple of str
        Columns that the score is made of; empty without one.
    trains : bool
        Whether `scorer` trains a model.
    scorer : callable
        Returns what makes the score, None where a column holds it or there is none.
    trained : pyarrow column or None
        Ids of the customers that a model is trained on.
    """

    reads: tuple[str, ...]
    trains: bool
    scorer: Callable[[], Scorer | None]
    trained: Any = None


def scoring_of(
    prepared: Prepared, stated: Collection[str], estimator: Any = None
) -> Scoring:
    """Return the score of a campaign; the answers that it learns from are read here.

    Parameters
    ----------
    prepared : Prepared
    stated : collection of str
        Protected columns that the campaign says it uses, and why.
    estimator : Scorer or fitted estimator, optional
        In place of training.

    Raises
    ------
    InputError
        An estimator that reads what it may not, or what no table has.
    """
    score = prepared.score
    if score is None:
        return Scoring((), trains=False, scorer=lambda: None)
    if estimator is not None:
        scorer = _given(score, estimator)
        _check_reads(scorer.columns, prepared, stated)
        return Scoring(tuple(scorer.columns), trains=False, scorer=lambda: scorer)
    if score.column is not None:
        return Scoring((score.column,), trains=False, scorer=lambda: None)
    table, ids = _answers(score, prepared)
    return Scoring(
        tuple(score.columns or ()),
        trains=True,
        scorer=lambda: _trained(score, table),
        trained=ids,
    )


def _given(score: ScoreTable, estimator: Any) -> Scorer:
    from pipelines import targeting  # noqa: PLC0415  # loads scikit-learn

    if hasattr(estimator, "score") and hasattr(estimator, "columns"):
        return estimator  # type: ignore[no-any-return]
    return targeting.wrap_estimator(estimator, tuple(score.columns or ()))


def _check_reads(
    columns: Collection[str], prepared: Prepared, stated: Collection[str]
) -> None:
    known = prepared.frame.columns
    problems = [
        Problem(
            "estimator",
            f"{shown(name)} is a protected attribute, and the score reads it",
            f'leave it out, or say why under [protected.use]: {name} = "…"',
        )
        if name in prepared.attributes
        else Problem("estimator", f"reads {shown(name)}, which no table has")
        for name in columns
        if (name in prepared.attributes and name not in stated) or name not in known
    ]
    if problems:
        raise InputError(problems)


def _answers(score: ScoreTable, prepared: Prepared) -> tuple[Any, Any]:
    """Return what a model is trained on, and whose answers they are."""
    wanted = [*(score.columns or ()), score.outcome]
    if score.model == "uplift":
        wanted.append(score.treatment)
    # In one order, whatever that of the engine: training follows it.
    training = prepared.training.sort(prepared.id, *wanted, nulls_last=True)
    table = training.select(prepared.id, *wanted).collect("pyarrow").to_native()
    return table.select(wanted), table[prepared.id]


def _trained(score: ScoreTable, table: Any) -> Scorer:
    from pipelines import targeting  # noqa: PLC0415  # loads scikit-learn

    columns = list(score.columns or ())
    if score.model == "uplift":
        return targeting.fit_uplift(
            table, columns=columns, outcome=score.outcome, treatment=score.treatment
        )
    return targeting.fit_propensity(
        table, columns=columns, outcome=score.outcome, model=score.model
    )
