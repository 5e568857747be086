"""From the text of a rule to its tree, by sqlglot's grammar and a list of nodes.

What sqlglot makes of the tokens is taken over node by node; a node that is not listed
here is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from fairness.errors import InputError, Problem, shown
from pipelines.rules import nodes
from pipelines.rules.patterns import pattern_pieces
from pipelines.rules.scan import Token, scan
from pipelines.rules.words import ALLOWED

if TYPE_CHECKING:
    from sqlglot import exp

_EXACT = 10**15
_MOST_DIVISORS = 3
_LONGEST_PATTERN = 500
_MOST_WILDCARDS = 10


class _Refused(Exception):  # noqa: N818  # becomes an InputError, with the rule's name
    def __init__(self, what: str, hint: str = ALLOWED) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def parse_condition(text: str, where: str) -> nodes.Condition:
    """Return the tree of a rule's text.

    Parameters
    ----------
    text : str
    where : str
        What the rule is called in messages.

    Raises
    ------
    InputError
        Anything that is not in the language; see `parse_rule`.

    Examples
    --------
    >>> parse_condition("age >= 18", "rule")
    Comparison(operator='>=', left=Column(name='age'), right=Number(value=18))
    """
    tokens, problems = scan(text, where)
    if problems:
        raise InputError(problems)
    try:
        return _condition(_grammar(tokens), tokens)
    except _Refused as refused:
        raise InputError(Problem(where, refused.what, refused.hint)) from None


def _grammar(tokens: Sequence[Token]) -> exp.Expr:
    """Return sqlglot's tree, in which names and literals are places of tokens."""
    import sqlglot  # noqa: PLC0415  # a fifth of a second
    from sqlglot import exp  # noqa: PLC0415

    pieces = [_masked(token, place) for place, token in enumerate(tokens)]
    try:
        return sqlglot.parse_one(" ".join(pieces), into=exp.Condition)
    except sqlglot.ParseError as error:
        raise _Refused(_told(error.errors, pieces, tokens)) from None


def _masked(token: Token, place: int) -> str:
    quotes = {"name": '"', "text": "'", "number": ""}
    if token.kind not in quotes:
        return token.value
    quote = quotes[token.kind]
    return f"{quote}{place}{quote}"


def _told(errors: Sequence[Any], pieces: Sequence[str], tokens: Sequence[Token]) -> str:
    """Return where the grammar stopped, in the words of the rule itself."""
    column = errors[0]["col"]
    ends = accumulate(len(piece) + 1 for piece in pieces)
    reached = (token for token, end in zip(tokens, ends, strict=True) if end > column)
    near = next(reached, tokens[-1])
    return f"cannot be read near {shown(near.raw)} at character {near.place + 1}"


def _condition(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
    tree = _read(node, tokens)
    if isinstance(tree, (nodes.Column, nodes.Truth, nodes.Null, *nodes.TESTS)):
        return tree
    written = shown(nodes.text_of(tree))
    raise _Refused(f"{written} is no condition", "compare it: = <> < <= > >=, IN, LIKE")


def _value(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Value:
    tree: nodes.Value = _read(node, tokens)
    if not isinstance(tree, nodes.TESTS):
        return tree
    raise _Refused(
        f"{shown(nodes.text_of(tree))} is a condition where a value belongs",
        "join conditions by AND, OR, NOT; IS TRUE and IS NULL need it in parentheses",
    )


def _number(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Value:
    tree = _value(node, tokens)
    if not isinstance(tree, nodes.Text | nodes.Truth | nodes.Null | nodes.Day):
        return tree
    raise _Refused(f"{shown(nodes.text_of(tree))} is no number", "+ - * / join numbers")


def _literal(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Literal:
    tree = _value(node, tokens)
    if isinstance(tree, nodes.LITERALS):
        return tree
    raise _Refused(f"{shown(nodes.text_of(tree))} is no literal", _LITERAL_HINT)


_LITERAL_HINT = "a list and COALESCE hold literals: 3, 'text', DATE '2026-01-31', TRUE"


def _read(node: exp.Expr, tokens: Sequence[Token]) -> Any:
    reader = _READERS.get(type(node).__name__)
    if reader is None:
        kind = type(node).__name__
        called = {"Star": "a star", "Tuple": "a list outside IN"}.get(kind, kind)
        raise _Refused(f"{called} has no place in a rule")
    return reader(node, tokens)


def _column(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Column:
    return nodes.Column(tokens[int(node.name)].value)


def _constant(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Literal:
    token = tokens[int(node.name)]
    if token.kind == "text":
        return nodes.Text(token.value)
    return _exact(Decimal(token.value))


def _exact(number: Decimal) -> nodes.Number:
    """Return a whole number as int where a float is as exact, else a float."""
    if number == number.to_integral_value() and abs(number) < _EXACT:
        return nodes.Number(int(number))
    return nodes.Number(float(number))


def _day(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Day:
    value = tokens[int(node.this.name)].value
    if not nodes.is_iso_day(value):
        raise _Refused(f"{shown(value)} is no date", "write DATE '2026-01-31'")
    return nodes.Day(date.fromisoformat(value))


def _negative(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Value:
    value = _number(node.this, tokens)
    if isinstance(value, nodes.Number):
        return nodes.Number(-value.value)
    return nodes.Negative(value)


def _arithmetic(operator: str) -> Callable[..., nodes.Value]:
    def read(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Value:
        left = _number(node.this, tokens)
        right = _number(node.expression, tokens)
        if isinstance(left, nodes.Number) and isinstance(right, nodes.Number):
            return _calculated(operator, left.value, right.value)
        if operator == "/" and _divisors(right) >= _MOST_DIVISORS:
            what = f"divides within divisors more than {_MOST_DIVISORS} deep"
            raise _Refused(what, "a / (b / c) is a * c / b")
        return nodes.Arithmetic(operator, left, right)

    return read


def _divisors(node: nodes.Node) -> int:
    """Return how deep divisions are nested in divisors: each doubles the work."""
    below = [_divisors(child) for child in nodes.children(node)]
    if isinstance(node, nodes.Arithmetic) and node.operator == "/":
        return max(below[0], below[1] + 1)
    return max(below, default=0)


def _calculated(operator: str, left: float, right: float) -> nodes.Literal:
    """Return a constant; a division by zero is null."""
    if operator == "/" and right == 0:
        return nodes.Null()
    exact: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
        "+": Decimal.__add__,
        "-": Decimal.__sub__,
        "*": Decimal.__mul__,
        "/": Decimal.__truediv__,
    }
    number = _exact(exact[operator](Decimal(repr(left)), Decimal(repr(right))))
    if math.isinf(number.value):
        raise _Refused(f"{left} {operator} {right} is too large for a number")
    return number


def _fallback(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Fallback:
    column = _value(node.this, tokens)
    if not isinstance(column, nodes.Column) or len(node.expressions) != 1:
        what = "COALESCE takes a column and one literal"
        raise _Refused(what, "write COALESCE(orders, 0)")
    literal = _literal(node.expressions[0], tokens)
    if isinstance(literal, nodes.Null):
        raise _Refused("COALESCE(…, NULL) changes nothing", "write the column alone")
    return nodes.Fallback(column, literal)


def _comparison(operator: str) -> Callable[..., nodes.Condition]:
    def read(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
        left, right = _value(node.this, tokens), _value(node.expression, tokens)
        return _of_a_column(nodes.Comparison(operator, left, right))

    return read


def _of_a_column(tree: nodes.Condition) -> nodes.Condition:
    if nodes.columns_of(tree):
        return tree
    what = f"{shown(nodes.text_of(tree))} compares no column"
    raise _Refused(what, 'a name has no quotes or double ones: city or "city"')


def _membership(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
    value = _value(node.this, tokens)
    others = [key for key, arg in node.args.items() if arg and key not in _OF_IN]
    if others or not node.expressions:
        raise _Refused("IN takes a list of literals", "write IN ('a', 'b')")
    options = tuple(_literal(option, tokens) for option in node.expressions)
    return _of_a_column(nodes.Membership(value, options))


_OF_IN = ("this", "expressions")


def _range(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
    low, high = (_value(node.args[end], tokens) for end in ("low", "high"))
    return _of_a_column(nodes.Range(_value(node.this, tokens), low, high))


def _like(node: exp.Expr, tokens: Sequence[Token], escape: str = "") -> nodes.Condition:
    value, pattern = _value(node.this, tokens), _value(node.expression, tokens)
    if not isinstance(value, nodes.Column | nodes.Fallback):
        raise _Refused(f"{shown(nodes.text_of(value))} before LIKE is no column")
    if not isinstance(pattern, nodes.Text):
        raise _Refused("LIKE takes a text in quotes", "write city LIKE 'New%'")
    _check_pattern(pattern.value, escape)
    tree = nodes.Match(value, pattern.value, escape)
    return nodes.Not(tree) if node.args.get("negate") else tree


def _check_pattern(pattern: str, escape: str) -> None:
    try:
        pieces = pattern_pieces(pattern, escape)
    except ValueError:
        what = f"{shown(escape)} in {shown(pattern)} escapes neither %, _ nor itself"
        raise _Refused(what, "an escape stands before %, _ or itself") from None
    if len(pieces) > _LONGEST_PATTERN or pieces.count("%") > _MOST_WILDCARDS:
        what = f"{shown(pattern)} is too long a pattern"
        hint = f"at most {_LONGEST_PATTERN} characters and {_MOST_WILDCARDS} %"
        raise _Refused(what, hint)


def _escaped(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
    escape = _value(node.expression, tokens)
    if not isinstance(escape, nodes.Text) or len(escape.value) != 1:
        raise _Refused("ESCAPE takes one character", "write ESCAPE '!'")
    return _like(node.this, tokens, escape.value)


def _is(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
    operand, constant = _read(node.this, tokens), _read(node.expression, tokens)
    if isinstance(constant, nodes.Null):
        return _of_a_column(nodes.IsNull(operand))
    if isinstance(constant, nodes.Truth):
        condition = _condition(node.this, tokens)
        return _of_a_column(nodes.IsTruth(condition, constant.value))
    raise _Refused("IS is followed by NULL, TRUE or FALSE", "write = for other values")


def _joined(kind: type[nodes.And | nodes.Or], name: str) -> Callable[..., Any]:
    def read(node: exp.Expr, tokens: Sequence[Token]) -> nodes.Condition:
        parts: list[nodes.Condition] = []
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if type(part).__name__ == name:
                waiting += [part.expression, part.this]
                continue
            tree = _condition(part, tokens)
            parts += tree.parts if isinstance(tree, kind) else (tree,)
        return kind(tuple(parts))

    return read


_READERS: dict[str, Callable[..., Any]] = {
    "Paren": lambda node, tokens: _read(node.this, tokens),
    "Column": _column,
    "Literal": _constant,
    "Boolean": lambda node, _: nodes.Truth(bool(node.this)),
    "Null": lambda *_: nodes.Null(),
    "Cast": _day,
    "Neg": _negative,
    "Add": _arithmetic("+"),
    "Sub": _arithmetic("-"),
    "Mul": _arithmetic("*"),
    "Div": _arithmetic("/"),
    "Coalesce": _fallback,
    "EQ": _comparison("="),
    "NEQ": _comparison("<>"),
    "LT": _comparison("<"),
    "LTE": _comparison("<="),
    "GT": _comparison(">"),
    "GTE": _comparison(">="),
    "In": _membership,
    "Between": _range,
    "Like": _like,
    "Escape": _escaped,
    "Is": _is,
    "Not": lambda node, tokens: nodes.Not(_condition(node.this, tokens)),
    "And": _joined(nodes.And, "And"),
    "Or": _joined(nodes.Or, "Or"),
}
