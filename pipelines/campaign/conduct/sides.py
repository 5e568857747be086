"""Whom a condition keeps by a column: those with more of it, or those with less."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Literal

from pipelines.consent.cells import FALSE
from pipelines.crm.statuses import folded
from pipelines.rules import nodes
from pipelines.rules.patterns import pattern_pieces

Side = Literal["more", "less", "either", "unclear"]
"""Whom a clause keeps: those with more of a column, those with less, or not by it."""

NOTHING = frozenset(
    folded(one)
    for one in (
        *FALSE, "none", "never", "nil", "low", "keine", "aucun", "ninguno", "current",
        "up to date", "clear", "ok",
    )
)  # fmt: skip
"""Texts, folded, of those who have none of what a column of hardship tells of."""

_OPPOSITE: dict[Side, Side] = {"more": "less", "less": "more"}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def sides(
    condition: nodes.Condition, name: str, *, keeps: bool = True
) -> Iterator[Side]:
    """Yield for each place of a column whom the condition keeps by it.

    A day that is compared is kept by those who have one, whichever way. That a value is
    known says nothing beside a condition on the value.

    Parameters
    ----------
    condition : condition
    name : str
        Of the column.
    keeps : bool, default True
        Whether those stay who meet it; else those who do not.

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
            if isinstance(condition, nodes.And) is keeps:
                parts = tuple(telling(parts, name, keeps=keeps))
            for part in parts:
                yield from sides(part, name, keeps=keeps)
        case nodes.Not(inner):
            yield from sides(inner, name, keeps=not keeps)
        case nodes.IsTruth(inner, truth):
            yield from sides(inner, name, keeps=keeps is truth)
        case nodes.Column(read):
            if read == name:
                yield _turned("more", keeps=keeps)
        case _:
            if name in nodes.columns_of(condition):
                yield from _at(condition, name, keeps=keeps)


def telling(
    parts: Iterable[nodes.Condition], name: str, *, keeps: bool = True
) -> list[nodes.Condition]:
    """Return the parts that read a column, without those that only ask for a value.

    Parameters
    ----------
    parts : iterable of condition
        All have to hold; or none may, where `keeps` is False.
    name : str
    keeps : bool, default True
    """
    known: nodes.Condition = nodes.IsNull(nodes.Column(name))
    known = nodes.Not(known) if keeps else known
    read = [part for part in parts if name in nodes.columns_of(part)]
    return [part for part in read if part != known] or read


def _at(condition: nodes.Condition, name: str, *, keeps: bool) -> Iterator[Side]:
    match condition:
        case nodes.Comparison(operator, left, right):
            if _reads(left, name) and isinstance(right, nodes.LITERALS):
                yield _compared(operator, right, keeps=keeps)
                return
            if _reads(right, name) and isinstance(left, nodes.LITERALS):
                yield _compared(_MIRROR[operator], left, keeps=keeps)
                return
        case nodes.Membership(value, options) if _reads(value, name):
            yield _among(options, keeps=keeps)
            return
        case nodes.Range(value, low, high) if _reads(value, name):
            if isinstance(low, nodes.LITERALS) and isinstance(high, nodes.LITERALS):
                yield _compared(">=", low, keeps=keeps)
                yield _compared("<=", high, keeps=keeps)
                return
        case nodes.Match(value, pattern, escape) if _reads(value, name):
            yield _turned(_like(pattern, escape), keeps=keeps)
            return
        case nodes.IsNull(operand) if isinstance(operand, nodes.Column):
            yield _turned("less", keeps=keeps)
            return
    yield "unclear"


def _turned(side: Side, *, keeps: bool) -> Side:
    return side if keeps else _OPPOSITE.get(side, side)


def _reads(value: nodes.Value, name: str) -> bool:
    column = value.column if isinstance(value, nodes.Fallback) else value
    return isinstance(column, nodes.Column) and column.name == name


def _compared(operator: str, literal: nodes.Literal, *, keeps: bool) -> Side:
    if _is_day(literal):
        # Who has no such day meets neither the comparison nor its negation.
        return "more"
    return _turned(_kept(operator, literal), keeps=keeps)


def _kept(operator: str, literal: nodes.Literal) -> Side:
    nothing = _is_nothing(literal)
    if operator == "=":
        return "less" if nothing else "more"
    if operator == "<>":
        return "more" if nothing else "less"
    if isinstance(literal, nodes.Truth):
        all_of = ">=" if nothing else "<="
        if operator == all_of:
            return "either"
    if operator in {"<", "<="}:
        return "less"
    low = literal.value if isinstance(literal, nodes.Number) else None
    # Everybody has 0 or more of it.
    is_any = low is not None and (low < 0 or (low == 0 and operator == ">="))
    return "either" if is_any else "more"


def _among(options: tuple[nodes.Literal, ...], *, keeps: bool) -> Side:
    known = [one for one in options if not isinstance(one, nodes.Null)]
    if any(map(_is_day, known)):
        return "more"
    kinds = {_is_nothing(one) for one in known or options}
    if not keeps:
        # Without those who have nothing, and a few others, more of it is left.
        return "more" if True in kinds else "less"
    if len(kinds) > 1:
        return "either"
    return "less" if kinds == {True} else "more"


def _like(pattern: str, escape: str) -> Side:
    pieces = pattern_pieces(pattern, escape)
    if not {"%", "_"} & set(pieces):
        return _kept("=", nodes.Text("".join(piece[1:] for piece in pieces)))
    if not {*pieces} - {"%", "_"}:
        return "either"
    text = ""
    for is_wild, part in groupby(pieces, lambda piece: piece in {"%", "_"}):
        some = list(part)
        if is_wild:
            text += "." * some.count("_") + (".*" if "%" in some else "")
        else:
            text += re.escape("".join(piece[1:] for piece in some))
    found = re.compile(text, re.IGNORECASE | re.DOTALL)
    # It may be met by words of nothing and by others: its few letters do not tell.
    return "unclear" if any(map(found.fullmatch, NOTHING)) else "more"


def _is_day(literal: nodes.Node) -> bool:
    match literal:
        case nodes.Day(value):
            return value != date.min
        case nodes.Text(value):
            return nodes.is_iso_day(value)
    return False


def _is_nothing(literal: nodes.Literal) -> bool:
    match literal:
        case nodes.Number(value):
            return value == 0
        case nodes.Truth(value):
            return not value
        case nodes.Text(value):
            return folded(value) in NOTHING
        case nodes.Day(value):
            return value == date.min
    return True
