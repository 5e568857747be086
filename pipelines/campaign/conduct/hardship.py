"""Whether a campaign picks people because of their hardship."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import shown
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.lexicon import listed, tokens_of, words_of
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.campaign.conduct.sides import NOTHING, Side, sides, telling
from pipelines.consent.cells import TRUE
from pipelines.crm.statuses import folded

_BEFORE = frozenset(
    {"no", "not", "without", "never", "ohne", "kein", "keine", "sans", "sin"}
)
_AFTER = frozenset({"free", "frei"})
_LEAST = 30
_SURE = 3.0
_SOME = 0.2


def hardship_columns(scene: Scene, params: Params) -> list[Observed]:
    """Count the columns of hardship by which those who have it are picked.

    A clause picks them where it is met by more of the column (``arrears = 1``,
    ``overdraft_days > 3``) or, of means such as an income, by less of it; a suppression
    the other way round. A score picks them where it rises with the column among the
    customers who were scored. Missing where neither tells a direction, and no other
    column counts.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``correlation``: the rank correlation of column and score from which the score
        is said to follow the column, 0.2 by default; a model that was trained where
        there is nothing to learn gets to 0.17 by chance (2,000 rows).
    """
    least = float(params.get("correlation", _SOME))
    words = words_of("columns")
    flagged = scene.campaign.vulnerability
    own = set() if flagged is None else set(flagged.hardship)
    score = () if scene.scorer is None else scene.scorer.columns
    names = dict.fromkeys([*scene.plan.uses, *score])
    looked = {
        name: _side_of_hardship(name)
        for name in names
        if name in own or words.hits(name, ("hardship", "means"))
    }
    positive: dict[str, str] = {}
    unclear: dict[str, str] = {}
    for name, side in looked.items():
        for found, why in _uses(scene, name, least):
            if found == "unclear":
                unclear.setdefault(name, why)
            elif found == side:
                positive.setdefault(name, why)
    scored = _by_given_score(scene, sorted(own - names.keys()), least)
    positive |= {name: why for name, why in scored.items() if name not in positive}
    told = [f"{shown(name)} ({why})" for name, why in positive.items()]
    unsure = [
        f"{shown(name)} ({why})"
        for name, why in unclear.items()
        if name not in positive
    ]
    if unsure and not positive:
        what = f"it cannot be told whom these columns pick: {listed(unsure)}"
        return [Observed.missing(what)]
    if positive:
        message = f"who is in hardship is picked, by {len(positive)}: {listed(told)}"
    elif looked:
        named = listed([shown(name) for name in looked])
        message = f"columns of hardship pick nobody who has it: {named}"
    else:
        message = "no column of hardship is used"
    message += f"; not clear: {listed(unsure)}" if unsure else ""
    column = next(iter(positive)) if len(positive) == 1 else None
    return [Observed(message, value=float(len(positive)), column=column)]


def _side_of_hardship(name: str) -> Side:
    """Return which end of a column those in hardship are at, by its name."""
    means = bool(words_of("columns").hits(name, ("means",)))
    return "less" if means != _is_negated(name) else "more"


def _is_negated(name: str) -> bool:
    """Whether a name says that somebody has none: no_arrears, debt_free."""
    tokens = tokens_of(name)
    for place, token in enumerate(tokens):
        before, after = tokens[:place], tokens[place + 1 :]
        # The "no" of a number of something is another word.
        if token in _BEFORE and after[:1] != ("of",) and _is_hard(after):
            return True
        if token in _AFTER and _is_hard(before):
            return True
    return False


def _is_hard(tokens: Sequence[str]) -> bool:
    return bool(words_of("columns").hits(" ".join(tokens), ("hardship", "means")))


def _uses(scene: Scene, name: str, least: float) -> Iterator[tuple[Side, str]]:
    for kind, rule in scene.plan.rules.items():
        if name not in rule.columns:
            continue
        keeps = kind != "suppression"
        looked = telling((one.tree for one in rule.clauses), name, keeps=keeps)
        for clause in rule.clauses:
            if clause.tree in looked:
                for side in sides(clause.tree, name, keeps=keeps):
                    yield side, f"{kind}: {clause.text[:80]}"
    score = scene.campaign.funnel.score
    if score is not None and score.column == name:
        yield "more", "the score itself"
    elif scene.scorer is not None and name in scene.scorer.columns:
        yield _scored(scene, name, least)


def _scored(scene: Scene, name: str, least: float) -> tuple[Side, str]:
    """Return whether a trained score rises with a column, among those scored."""
    sample = scene.walked.sample
    if sample is None or scene.scorer is None or name not in sample.column_names:
        return "unclear", "the score: no rows to tell by"
    values = _numbers(sample[name])
    scores = np.asarray(
        scene.scorer.score(sample.select(list(scene.scorer.columns))), dtype=np.float64
    )
    return _risen(values, scores, least)


def _by_given_score(scene: Scene, names: Sequence[str], least: float) -> dict[str, str]:
    """Return the campaign's own columns of hardship that a ready-made score rises with.

    Nobody says what it was made of, and it need not be said.
    """
    score = scene.campaign.funnel.score
    if score is None or score.column is None or scene.walked.scores is None:
        return {}
    schema = scene.crm.customers.collect_schema()
    names = [name for name in names if name in schema]
    if not names:
        return {}
    frame = scene.crm.customers.select(nw.col(scene.roles.id), *map(nw.col, names))
    table = scene.beside(frame)
    found = {}
    for name in names:
        side, why = _risen(_numbers(table[name]), scene.walked.scores, least)
        if side == _side_of_hardship(name):
            found[name] = why
    return found


def _risen(
    values: NDArray[np.float64], scores: NDArray[np.float64], least: float
) -> tuple[Side, str]:
    there = ~np.isnan(values) & ~np.isnan(scores)
    values, scores = values[there], scores[there]
    if len(values) < _LEAST or len(np.unique(values)) == 1:
        return "unclear", "the score: too few rows to tell by"
    rho = float(np.corrcoef(_ranks(values), _ranks(scores))[0, 1])
    if np.isnan(rho) or abs(rho) * np.sqrt(len(values) - 1) < _SURE or abs(rho) < least:
        return "either", "the score does not follow it"
    return (
        "more" if rho > 0 else "less",
        f"the score {'rises' if rho > 0 else 'falls'} with it (rank {rho:+.2f})",
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, n = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(n) - (n - 1) / 2
    return np.asarray(middle[place], dtype=np.float64)


def _numbers(column: Any) -> NDArray[np.float64]:
    """Return a column as numbers: a yes is 1, a no is 0, what is neither is NaN."""
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
    ):
        numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, dtype=np.float64)
    texts = [folded(str(one)) if one is not None else "" for one in column.to_pylist()]
    known = {**dict.fromkeys(TRUE, 1.0), **dict.fromkeys(NOTHING, 0.0)}
    return np.array([known.get(one, np.nan) for one in texts], dtype=np.float64)
