"""Trees as narwhals expressions, with SQL's three-valued logic on every engine.

The frame has to be one of `arrow_columns`: on it a missing value is null, a number is
64 bits wide and a category is text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, ClassVar

import narwhals as nw

from pipelines.rules import nodes
from pipelines.rules.patterns import pattern_pieces

_BOOLEAN = nw.Boolean()
_FLOAT = nw.Float64()
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def lifted(tree: nodes.Condition) -> nw.Expr:
    """Return the expression of a condition: true, false or null in each row.

    Parameters
    ----------
    tree : condition
        Names one column at least.

    Examples
    --------
    >>> import narwhals as nw, pyarrow as pa
    >>> from pipelines.rules.parse import parse_condition
    >>> frame = nw.from_native(pa.table({"age": [17, 18, None]}))
    >>> rule = lifted(parse_condition("NOT age < 18", "rule"))
    >>> frame.select(held=rule)["held"].to_list()
    [False, True, None]
    """
    return _Lift(nw.col(nodes.columns_of(tree)[0])).condition(tree)


class _Lift:
    """Turns the conditions of one tree; `anchor` gives constants a row each."""

    def __init__(self, anchor: nw.Expr) -> None:
        self._anchor = anchor

    def condition(self, tree: nodes.Node) -> nw.Expr:
        lift = self._lifts[type(tree)]
        return lift(self, tree)

    def _range(self, tree: nodes.Range) -> nw.Expr:
        above = nodes.Comparison(">=", tree.value, tree.low)
        below = nodes.Comparison("<=", tree.value, tree.high)
        return self._comparison(above) & self._comparison(below)

    def _is_null(self, tree: nodes.IsNull) -> nw.Expr:
        tests = isinstance(tree.operand, nodes.TESTS)
        lift = self.condition if tests else _value
        return lift(tree.operand).is_null()

    def _is_truth(self, tree: nodes.IsTruth) -> nw.Expr:
        held = self.condition(tree.condition).fill_null(not tree.truth)
        return held if tree.truth else ~held

    def _all(self, tree: nodes.And) -> nw.Expr:
        return _balanced(operator.and_, map(self.condition, tree.parts))

    def _any(self, tree: nodes.Or) -> nw.Expr:
        return _balanced(operator.or_, map(self.condition, tree.parts))

    def _constant(self, value: bool) -> nw.Expr:
        missing = self._anchor.is_null()
        return missing | ~missing if value else missing & ~missing

    def _unknown(self) -> nw.Expr:
        return _where(self._constant(value=False), self._constant(value=True), _BOOLEAN)

    def _comparison(self, tree: nodes.Comparison) -> nw.Expr:
        compare = _COMPARE[tree.operator]
        left, right = tree.left, tree.right
        if isinstance(left, nodes.Null) or isinstance(right, nodes.Null):
            return self._unknown()
        if isinstance(left, nodes.LITERALS) and isinstance(right, nodes.LITERALS):
            return self._constant(compare(left.value, right.value))
        as_text = _looks_like_a_day(left) or _looks_like_a_day(right)
        held: nw.Expr = compare(
            _value(left, as_text=as_text), _value(right, as_text=as_text)
        )
        return held

    def _membership(self, tree: nodes.Membership) -> nw.Expr:
        listed = [o for o in tree.options if not isinstance(o, nodes.Null)]
        if not listed:
            return self._unknown()
        held = self._one_of(tree.value, listed)
        if len(listed) == len(tree.options):
            return held
        return _where(held, self._constant(value=True), _BOOLEAN)

    def _one_of(self, value: nodes.Value, options: Sequence[nodes.Known]) -> nw.Expr:
        texts = [o.value for o in options if isinstance(o, nodes.Text)]
        if len(texts) == len(options):
            as_text = any(map(_looks_like_a_day, options))
            return _in(_value(value, as_text=as_text), texts)
        numbers = [float(o.value) for o in options if isinstance(o, nodes.Number)]
        if len(numbers) == len(options):
            return _in(_value(value).cast(nw.Float64), numbers)
        same = (self._comparison(nodes.Comparison("=", value, o)) for o in options)
        return _balanced(operator.or_, same)

    _lifts: ClassVar[dict[type, Callable[..., nw.Expr]]] = {
        nodes.Column: lambda _, tree: nw.col(tree.name),
        nodes.Truth: lambda self, tree: self._constant(tree.value),
        nodes.Null: lambda self, _: self._unknown(),
        nodes.Comparison: _comparison,
        nodes.Membership: _membership,
        nodes.Range: _range,
        nodes.Match: lambda _, tree: _match(tree),
        nodes.IsNull: _is_null,
        nodes.IsTruth: _is_truth,
        nodes.Not: lambda self, tree: ~self.condition(tree.condition),
        nodes.And: _all,
        nodes.Or: _any,
    }


def _in(value: nw.Expr, options: list[Any]) -> nw.Expr:
    return _where(~value.is_null(), value.is_in(options), _BOOLEAN)


def _where(condition: nw.Expr, value: nw.Expr, dtype: nw.dtypes.DType) -> nw.Expr:
    """Return a value where a condition holds, else a null that has a type."""
    return nw.when(condition).then(value).otherwise(nw.lit(None, dtype))


def _looks_like_a_day(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Text) and nodes.is_iso_day(node.value)


def _value(node: nodes.Node, *, as_text: bool = False) -> nw.Expr:
    match node:
        case nodes.Column(name):
            # A column of dates is compared with '2026-01-31' as it is written.
            return nw.col(name).cast(nw.String) if as_text else nw.col(name)
        case nodes.Fallback(column, literal):
            return _fallback(column, literal)
        case nodes.Arithmetic() | nodes.Negative():
            number = _calculated(node)
            return _where(~number.is_nan(), number, _FLOAT)
        case nodes.Text() | nodes.Number() | nodes.Truth() | nodes.Day():
            return nw.lit(node.value)
    raise TypeError(type(node))


def _fallback(column: nodes.Column, literal: nodes.Literal) -> nw.Expr:
    value: Any = getattr(literal, "value", None)
    read = nw.col(column.name)
    if isinstance(literal, nodes.Number):
        value = float(value)
        read = read.cast(nw.Float64)
    elif isinstance(literal, nodes.Text) and nodes.is_iso_day(value):
        read = read.cast(nw.String)
    return nw.coalesce(read, nw.lit(value))


def _calculated(node: nodes.Node) -> nw.Expr:
    """Return arithmetic in double precision; NaN where it has no value."""
    match node:
        case nodes.Negative(value):
            return nw.lit(0.0) - _calculated(value)
        case nodes.Arithmetic("/", left, right):
            return _divided(_calculated(left), right)
        case nodes.Arithmetic(sign, left, right):
            result: nw.Expr = _CALCULATE[sign](_calculated(left), _calculated(right))
            return result
        case nodes.Number(value):
            return nw.lit(float(value))
    return _value(node).cast(nw.Float64)


def _divided(dividend: nw.Expr, right: nodes.Value) -> nw.Expr:
    """Return a quotient that is null where the divisor is 0: nothing divides by it."""
    divisor = _calculated(right)
    if isinstance(right, nodes.Number) and right.value == 0:
        return _where(dividend.is_null(), dividend, _FLOAT)
    if not isinstance(right, nodes.Number):
        divisor = _where(divisor != 0, divisor, _FLOAT)
    quotient: nw.Expr = dividend / divisor
    return quotient


def _match(tree: nodes.Match) -> nw.Expr:
    """Return LIKE: the whole text has to match, line breaks included."""
    pieces = pattern_pieces(tree.pattern, tree.escape)
    text = _value(tree.value)
    plain = [piece for piece in pieces if piece not in {"%", "_"}]
    fixed = "".join(piece[-1] for piece in plain)
    if len(plain) == len(pieces):
        return text == nw.lit(fixed)
    if pieces == [*plain, "%"]:
        return text.str.starts_with(fixed)
    if pieces == ["%", *plain]:
        return text.str.ends_with(fixed)
    wild = {"%": ".*", "_": "."}
    regular = "".join(wild.get(piece) or _verbatim(piece[-1]) for piece in pieces)
    return text.str.contains(rf"\A(?s:{regular})\z")


def _verbatim(char: str) -> str:
    """Return a character that means itself to every engine's regular expressions."""
    return f"\\{char}" if re.fullmatch(r"[!-/:-@\[-^{-~]", char) else char


def _balanced(
    join: Callable[[nw.Expr, nw.Expr], nw.Expr], parts: Iterable[nw.Expr]
) -> nw.Expr:
    """Join many conditions by a tree that is as flat as can be."""
    parts = list(parts)
    while len(parts) > 1:
        pairs = [parts[at : at + 2] for at in range(0, len(parts), 2)]
        parts = [reduce(join, pair) for pair in pairs]
    return parts[0]
