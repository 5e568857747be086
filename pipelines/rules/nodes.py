"""The tree that a rule becomes: everything a rule can say, and nothing else.

A *value* is a column, a literal, arithmetic or a fallback; a *condition* is true, false
or null. Trees are plain data: frozen, hashable, picklable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from pipelines.rules.words import KEYWORDS, REFUSED

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its exact name; as a condition, a column of booleans."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal: whole numbers are int, all others float."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Truth:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """NULL."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date literal."""

    value: date


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values joined by ``+ - * /``."""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Negative:
    """A value with its sign changed."""

    value: Value


@dataclass(frozen=True, slots=True)
class Fallback:
    """COALESCE(column, literal)."""

    column: Column
    literal: Literal


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and one of ``= <> < <= > >=``."""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """IN with a list of literals."""

    value: Value
    options: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """BETWEEN, both ends included."""

    value: Value
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Match:
    """LIKE with a literal pattern; `escape` is one character or empty."""

    value: Value
    pattern: str
    escape: str


@dataclass(frozen=True, slots=True)
class IsNull:
    """IS NULL, of a value or of a condition."""

    operand: Value | Condition


@dataclass(frozen=True, slots=True)
class IsTruth:
    """IS TRUE or IS FALSE: never null."""

    condition: Condition
    truth: bool


@dataclass(frozen=True, slots=True)
class Not:
    """NOT, null of null."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One at least of two or more conditions."""

    parts: tuple[Condition, ...]


Known: TypeAlias = Text | Number | Truth | Day
Literal: TypeAlias = Known | Null
Value: TypeAlias = Column | Literal | Arithmetic | Negative | Fallback
Condition: TypeAlias = (
    Column
    | Truth
    | Null
    | Comparison
    | Membership
    | Range
    | Match
    | IsNull
    | IsTruth
    | Not
    | And
    | Or
)
Node: TypeAlias = Value | Condition

LITERALS = (Text, Number, Truth, Null, Day)
TESTS = (Comparison, Membership, Range, Match, IsNull, IsTruth, Not, And, Or)
"""Conditions that are nothing else: no column and no literal."""


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below one, left to right.

    Examples
    --------
    >>> children(Comparison("=", Column("a"), Number(1)))
    (Column(name='a'), Number(value=1))
    """
    match node:
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return left, right
        case Fallback(column, literal):
            return column, literal
        case Membership(value, options):
            return value, *options
        case Range(value, low, high):
            return value, low, high
        case Match(value) | Negative(value):
            return (value,)
        case IsNull(below) | IsTruth(below) | Not(below):
            return (below,)
        case And(parts) | Or(parts):
            return parts
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def columns_of(node: Node) -> tuple[str, ...]:
    """Return the names of the columns that are read, each once, as first written.

    Examples
    --------
    >>> columns_of(Or((Comparison("<", Column("b"), Column("a")), Column("b"))))
    ('b', 'a')
    """
    names = (below.name for below in walk(node) if isinstance(below, Column))
    return tuple(dict.fromkeys(names))


def is_iso_day(text: str) -> bool:
    """Whether text is a date of the calendar written as 2026-11-23.

    Examples
    --------
    >>> is_iso_day("2026-11-23"), is_iso_day("2026-02-30"), is_iso_day("20261123")
    (True, False, False)
    """
    if not ISO_DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def text_of(node: Node) -> str:
    """Return the one way of writing a tree: it parses to the same tree.

    Examples
    --------
    >>> text_of(Not(Membership(Column("postcode"), (Text("N04"), Text("O'B")))))
    "postcode NOT IN ('N04', 'O''B')"
    """
    write = _WRITERS[type(node)]
    return write(node)


_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = KEYWORDS | REFUSED.keys()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _column(node: Column) -> str:
    if _BARE.fullmatch(node.name) and node.name.upper() not in _TAKEN:
        return node.name
    return '"' + node.name.replace('"', '""') + '"'


def _inner(node: Node, *loose: type) -> str:
    """Write a node in parentheses where it is one of the loosely bound kinds."""
    text = text_of(node)
    return f"({text})" if isinstance(node, loose) else text


def _arithmetic(node: Arithmetic) -> str:
    left, right = text_of(node.left), text_of(node.right)
    if _strength(node.left) < _strength(node):
        left = f"({left})"
    if _strength(node.right) <= _strength(node):
        right = f"({right})"
    return f"{left} {node.operator} {right}"


def _strength(node: Node) -> int:
    """Return how tightly a value holds together: sums 1, products 2, others 3."""
    if not isinstance(node, Arithmetic):
        return 3
    return 1 if node.operator in {"+", "-"} else 2


def _negation(node: Not) -> str:
    match node.condition:
        case Membership(value, options):
            return f"{text_of(value)} NOT IN ({_list(options)})"
        case Range(value, low, high):
            return f"{text_of(value)} NOT BETWEEN {text_of(low)} AND {text_of(high)}"
        case Match() as like:
            return _like(like, "NOT LIKE")
        case IsNull(operand):
            return f"{_inner(operand, *TESTS)} IS NOT NULL"
        case IsTruth(condition, truth):
            return f"{_inner(condition, *TESTS)} IS NOT {str(truth).upper()}"
    return f"NOT {_inner(node.condition, And, Or)}"


def _list(options: tuple[Literal, ...]) -> str:
    return ", ".join(map(text_of, options))


def _like(node: Match, word: str = "LIKE") -> str:
    escape = f" ESCAPE {_quoted(node.escape)}" if node.escape else ""
    return f"{text_of(node.value)} {word} {_quoted(node.pattern)}{escape}"


_WRITERS: dict[type, Callable[..., str]] = {
    Column: _column,
    Text: lambda node: _quoted(node.value),
    Number: lambda node: repr(node.value),
    Truth: lambda node: str(node.value).upper(),
    Null: lambda _: "NULL",
    Day: lambda node: f"DATE '{node.value}'",
    Arithmetic: _arithmetic,
    Negative: lambda node: f"-{_inner(node.value, Arithmetic, Negative)}",
    Fallback: lambda node: f"COALESCE({_column(node.column)}, {text_of(node.literal)})",
    Comparison: lambda n: f"{text_of(n.left)} {n.operator} {text_of(n.right)}",
    Membership: lambda n: f"{text_of(n.value)} IN ({_list(n.options)})",
    Range: lambda n: (
        f"{text_of(n.value)} BETWEEN {text_of(n.low)} AND {text_of(n.high)}"
    ),
    Match: _like,
    IsNull: lambda node: f"{_inner(node.operand, *TESTS)} IS NULL",
    IsTruth: lambda n: f"{_inner(n.condition, *TESTS)} IS {str(n.truth).upper()}",
    Not: _negation,
    And: lambda node: " AND ".join(_inner(part, Or, And) for part in node.parts),
    Or: lambda node: " OR ".join(_inner(part, Or) for part in node.parts),
}
