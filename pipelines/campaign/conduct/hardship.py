"""Whether a campaign picks people because of their hardship."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import shown
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.lexicon import listed, tokens_of, words_of
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.consent.cells import FALSE, TRUE
from pipelines.crm.statuses import folded
from pipelines.rules import nodes

Side = Literal["more", "less", "either", "unclear"]
"""Whom a clause keeps: those with more of a column, those with less, or not by it."""

_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_OPPOSITE: dict[Side, Side] = {"more": "less", "less": "more"}
_NEGATED = frozenset({"no", "not", "without", "never", "free", "ohne", "sans", "sin"})
_NOTHING = frozenset(
    {*FALSE, "none", "never", "nil", "low", "keine", "aucun", "ninguno"}
)
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


def sides(condition: nodes.Condition, name: str) -> Iterator[Side]:
    """Yield for each place of a column whom the condition keeps by it.

    Examples
    --------
    >>> from pipelines.rules import parse_rule
    >>> for text in ("arrears = 1", "NOT arrears = 1", "3 < days", "days < 3",
    ...              "use IN ('often', 'daily')", "use IN ('never')", "plan IS NULL"):
    ...     column = parse_rule(text).columns[0]
    ...     print(*sides(parse_rule(text).tree, column))
    more
    less
    more
    less
    more
    less
    less
    """
    match condition:
        case nodes.And(parts) | nodes.Or(parts):
            for part in parts:
                yield from sides(part, name)
        case nodes.Not(inner):
            for side in sides(inner, name):
                yield _OPPOSITE.get(side, side)
        case nodes.IsTruth(inner, truth):
            for side in sides(inner, name):
                yield side if truth else _OPPOSITE.get(side, side)
        case nodes.Column(read):
            if read == name:
                yield "more"
        case _:
            if name in nodes.columns_of(condition):
                yield _side(condition, name)


def _side(condition: nodes.Condition, name: str) -> Side:
    match condition:
        case nodes.Comparison(operator, left, right):
            if _reads(left, name) and isinstance(right, nodes.LITERALS):
                return _compared(operator, right)
            if _reads(right, name) and isinstance(left, nodes.LITERALS):
                return _compared(_MIRROR[operator], left)
        case nodes.Membership(value, options) if _reads(value, name):
            kinds = {_is_nothing(option) for option in options}
            if len(kinds) > 1:
                return "either"
            return "less" if kinds == {True} else "more"
        case nodes.Range(value, low, high) if _reads(value, name):
            if isinstance(low, nodes.Number) and isinstance(high, nodes.Number):
                return "more" if low.value > 0 else "less"
        case nodes.Match(value) if _reads(value, name):
            return "more"
        case nodes.IsNull(operand) if isinstance(operand, nodes.Column):
            return "less"
    return "unclear"


def _reads(value: nodes.Value, name: str) -> bool:
    column = value.column if isinstance(value, nodes.Fallback) else value
    return isinstance(column, nodes.Column) and column.name == name


def _compared(operator: str, literal: nodes.Literal) -> Side:
    nothing = _is_nothing(literal)
    if operator == "=":
        return "less" if nothing else "more"
    if operator == "<>":
        return "more" if nothing else "less"
    if operator in {"<", "<="}:
        return "less"
    low = literal.value if isinstance(literal, nodes.Number) else None
    # Everybody has 0 or more of it.
    is_any = low is not None and (low < 0 or (low == 0 and operator == ">="))
    return "either" if is_any else "more"


def _is_nothing(literal: nodes.Literal) -> bool:
    match literal:
        case nodes.Number(value):
            return value == 0
        case nodes.Truth(value):
            return not value
        case nodes.Text(value):
            return folded(value) in _NOTHING
        case nodes.Day(value):
            return value == date.min
    return True


def _side_of_hardship(name: str) -> Side:
    """Return which end of a column those in hardship are at, by its name."""
    means = bool(words_of("columns").hits(name, ("means",)))
    turned = bool(_NEGATED & set(tokens_of(name)))
    return "less" if means != turned else "more"


def _uses(scene: Scene, name: str, least: float) -> Iterator[tuple[Side, str]]:
    for kind, rule in scene.plan.rules.items():
        if name not in rule.columns:
            continue
        for clause in rule.clauses:
            for side in sides(clause.tree, name):
                kept = _OPPOSITE.get(side, side) if kind == "suppression" else side
                yield kept, f"{kind}: {clause.text[:80]}"
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
    known = {**dict.fromkeys(TRUE, 1.0), **dict.fromkeys(_NOTHING, 0.0)}
    return np.array([known.get(one, np.nan) for one in texts], dtype=np.float64)
