"""What the columns of a frame hold, and whether a rule fits them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import narwhals as nw

from fairness.errors import Problem, shown, unknown_name
from pipelines.rules import nodes

Kind: TypeAlias = str
"""One of "text", "number", "boolean", "date", "datetime", "other"."""

KINDS = ("text", "number", "boolean", "date", "datetime", "other")
_CALLED = {
    "text": "text",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a date with a time",
}
_ORDERED = frozenset(["<", "<=", ">", ">="])


def kinds_of(frame: Any) -> dict[str, Kind]:
    """Return what each column of a frame holds.

    Parameters
    ----------
    frame : table
        Of any supported library, or a narwhals frame of one.

    Returns
    -------
    dict of str to {"text", "number", "boolean", "date", "datetime", "other"}
        In the order of the columns. Categories are text; decimals are numbers;
        times with a zone, durations, lists and records are "other", and so are
        columns of objects that are not all of one kind, and columns without any
        value that have no type of their own.

    Examples
    --------
    >>> import pyarrow as pa
    >>> kinds_of(pa.table({"age": [31], "city": ["Westrey"]}))
    {'age': 'number', 'city': 'text'}
    """
    table = nw.from_native(frame)
    kinds = {
        name: _kind_of_type(dtype) for name, dtype in table.collect_schema().items()
    }
    if isinstance(table, nw.DataFrame) and table.implementation.is_pandas_like():
        for name, dtype in table.schema.items():
            if dtype == nw.Object:
                kinds[name] = _kind_of_objects(table[name].to_native())
    return kinds


def _kind_of_type(dtype: Any) -> Kind:
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, nw.Datetime):
        return "datetime" if dtype.time_zone is None else "other"
    named = {
        nw.String: "text",
        nw.Categorical: "text",
        nw.Enum: "text",
        nw.Boolean: "boolean",
        nw.Date: "date",
    }
    return next((kind for known, kind in named.items() if dtype == known), "other")


def _kind_of_objects(column: Any) -> Kind:
    """Return what a pandas column of objects holds, by the type Arrow finds for it."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        found = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return "other"
    table = nw.from_native(pa.table({"column": found}))
    return _kind_of_type(table.schema["column"])


def mismatches(
    tree: nodes.Condition, kinds: Mapping[str, Kind], where: str
) -> list[Problem]:
    """Return every way in which a condition does not fit the columns.

    Parameters
    ----------
    tree : condition
    kinds : mapping of str to kind
        As `kinds_of` returns it.
    where : str
        What the condition is called in messages.

    Returns
    -------
    list of Problem
        Unknown columns first, then wrong types in the order of the text; each once.

    Examples
    --------
    >>> from pipelines.rules.parse import parse_condition
    >>> tree = parse_condition("age >= '18'", "rule")
    >>> print(mismatches(tree, {"age": "number"}, "rule")[0])
    rule: 'age' is a number, compared with text in "age >= '18'"
      Hint: write the number without quotes
    """
    unknown = [
        unknown_name(where, name, list(kinds), "column")
        for name in nodes.columns_of(tree)
        if name not in kinds
    ]
    wrong = (Problem(where, what, hint) for what, hint in _Fit(kinds).condition(tree))
    return unknown + list(dict.fromkeys(wrong))


_Wrong: TypeAlias = Iterator[tuple[str, str]]


class _Fit:
    """Compares one tree with the kinds of its columns."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds

    def condition(self, tree: nodes.Node) -> _Wrong:
        match tree:
            case nodes.Column(name):
                yield from self._truth(name)
            case nodes.Comparison(sign, left, right):
                yield from self._values(left, right)
                yield from self._pair(left, right, tree, ordered=sign in _ORDERED)
            case nodes.Membership(value, options):
                yield from self._values(value)
                for option in options:
                    yield from self._pair(value, option, tree, ordered=False)
            case nodes.Range(value, low, high):
                yield from self._values(value, low, high)
                yield from self._pair(value, low, tree, ordered=True)
                yield from self._pair(value, high, tree, ordered=True)
            case nodes.Match(value):
                yield from self._values(value)
                yield from self._pattern(value, tree)
            case nodes.IsNull(operand) if not isinstance(operand, nodes.TESTS):
                yield from self._values(operand)
            case _:
                for below in nodes.children(tree):
                    yield from self.condition(below)

    def kind(self, value: nodes.Node) -> Kind | None:
        """Return what a value is; None where nothing can be said against it."""
        match value:
            case nodes.Column(name):
                return self._kinds.get(name)
            case nodes.Fallback(column):
                return self.kind(column)
            case nodes.Arithmetic() | nodes.Negative() | nodes.Number():
                return "number"
            case nodes.Text():
                return "text"
            case nodes.Truth():
                return "boolean"
            case nodes.Day():
                return "date"
        return None

    def _truth(self, name: str) -> _Wrong:
        kind = self._kinds.get(name, "boolean")
        if kind == "other":
            yield self._foreign(name)
        elif kind != "boolean":
            hint = f"compare it: {name} > 0" if kind == "number" else "compare it"
            what = f"{shown(name)} is {_CALLED[kind]}, used as true or false"
            yield what, hint

    def _values(self, *values: nodes.Node) -> _Wrong:
        """Yield what is wrong within values."""
        for value in values:
            match value:
                case nodes.Column(name) if self._kinds.get(name) == "other":
                    yield self._foreign(name)
                case nodes.Fallback(column, literal):
                    yield from self._values(column)
                    yield from self._pair(column, literal, value, ordered=False)
                case nodes.Arithmetic() | nodes.Negative():
                    yield from self._values(*nodes.children(value))
                    yield from self._numbers(value)

    def _numbers(self, value: nodes.Node) -> _Wrong:
        for part in nodes.children(value):
            kind = self.kind(part)
            if kind not in {None, "number", "other"}:
                called = _CALLED[str(kind)]
                what = f"{_told(part)} is {called}, calculated with in {_told(value)}"
                yield what, "+ - * / join numbers"

    def _pattern(self, value: nodes.Node, tree: nodes.Node) -> _Wrong:
        kind = self.kind(value)
        if kind not in {None, "text", "other"}:
            what = f"{_told(value)} is {_CALLED[str(kind)]}, not text, in {_told(tree)}"
            yield what, "LIKE compares text; write >= and < for numbers and dates"

    def _pair(
        self, left: nodes.Node, right: nodes.Node, tree: nodes.Node, *, ordered: bool
    ) -> _Wrong:
        """Yield what is wrong with comparing two values."""
        if isinstance(left, nodes.LITERALS) and not isinstance(right, nodes.LITERALS):
            left, right = right, left
        one, other = self.kind(left), self.kind(right)
        if one is None or other is None or "other" in {one, other}:
            return
        where = f"in {_told(tree)}"
        if one == other:
            if ordered and one == "boolean":
                what = f"{_told(left)} is true or false, put in an order {where}"
                yield what, "write = TRUE or = FALSE"
        elif {one, other} == {"date", "datetime"} and isinstance(right, nodes.Day):
            return
        elif one == "date" and isinstance(right, nodes.Text):
            if not nodes.is_iso_day(right.value):
                what = f"{_told(left)} is a date, compared with {_told(right)}"
                yield f"{what}, which is none, {where}", "write DATE '2026-01-31'"
        else:
            what = f"{_told(left)} is {_CALLED[one]}, compared with {_CALLED[other]}"
            yield f"{what} {where}", _HINTS.get((one, other), "")

    def _foreign(self, name: str) -> tuple[str, str]:
        what = f"{shown(name)} holds nothing that a rule can compare"
        return (
            what,
            "make it text, numbers, true and false, dates or times without zone",
        )


_HINTS = {
    ("number", "text"): "write the number without quotes",
    ("text", "number"): "write the number in quotes",
    ("boolean", "number"): "write TRUE or FALSE",
    ("boolean", "text"): "write TRUE or FALSE without quotes",
    ("number", "boolean"): "write 1 or 0",
    ("text", "boolean"): "write the value in quotes",
    ("text", "date"): "write '2026-01-31' without DATE where the column holds text",
    ("datetime", "text"): "write DATE '2026-01-31'",
    ("date", "datetime"): "make both dates, or both dates with a time",
    ("datetime", "date"): "make both dates, or both dates with a time",
    ("number", "date"): "write a number",
    ("date", "number"): "write DATE '2026-01-31'",
    ("datetime", "number"): "write DATE '2026-01-31'",
}


def _told(node: nodes.Node) -> str:
    if isinstance(node, nodes.Column):
        return shown(node.name)
    return shown(nodes.text_of(node))
