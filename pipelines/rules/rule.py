"""A rule as the rest of the house holds it: text, columns, named clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairness.errors import (
    InputError,
    Problem,
    ascii_controls,
    shown,
    unknown_name,
)
from pipelines.rules import nodes
from pipelines.rules.parse import parse_condition
from pipelines.rules.scan import MOST_CLAUSES

if TYPE_CHECKING:
    import narwhals as nw

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a rule; all parts have to hold.

    Parameters
    ----------
    name : str
        Unique in the rule: the user's own, or made of the text.
    text : str
        The one way of writing it; parses to the same clause.
    tree : condition
    """

    name: str
    text: str
    tree: nodes.Condition = field(repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, in the order of the text."""
        return nodes.columns_of(self.tree)

    def expression(self) -> nw.Expr:
        """Return the clause for a frame of `arrow_columns`: true, false or null."""
        from pipelines.rules.lift import lifted  # noqa: PLC0415  # loads narwhals

        return lifted(self.tree)

    def selects(self) -> nw.Expr:
        """Return the same, false where it is null: null does not select."""
        return self.expression().fill_null(value=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition over the columns of a table; made by `parse_rule`.

    Parameters
    ----------
    text : str
        As written.
    clauses : tuple of Clause
        The parts that AND joins at the top; an OR is one clause.
    where : str
        What it is called in messages.

    Examples
    --------
    >>> rule = parse_rule("orders >= 2 AND (city = 'A' OR city = 'B')")
    >>> [clause.text for clause in rule.clauses]
    ['orders >= 2', "city = 'A' OR city = 'B'"]
    >>> rule.columns
    ('orders', 'city')
    """

    text: str
    clauses: tuple[Clause, ...]
    where: str = field(default="rule", repr=False, compare=False)

    @property
    def tree(self) -> nodes.Condition:
        """The condition as a whole."""
        trees = tuple(clause.tree for clause in self.clauses)
        return trees[0] if len(trees) == 1 else nodes.And(trees)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, in the order of the text."""
        return nodes.columns_of(self.tree)

    def expression(self) -> nw.Expr:
        """Return the rule for a frame of `arrow_columns`: true, false or null."""
        from pipelines.rules.lift import lifted  # noqa: PLC0415  # loads narwhals

        return lifted(self.tree)

    def selects(self) -> nw.Expr:
        """Return the same, false where it is null: null does not select."""
        return self.expression().fill_null(value=False)

    def check(self, kinds: Mapping[str, str]) -> list[Problem]:
        """Return every way in which the rule does not fit a table.

        Parameters
        ----------
        kinds : mapping of str to str
            As `kinds_of` returns it.

        Returns
        -------
        list of Problem
            Unknown columns, with a guess at what was meant, and wrong types: text
            compared with a number, LIKE on numbers, a date compared with a text
            that is none. Empty where the rule fits; only then are the expressions
            to be used.

        Examples
        --------
        >>> rule = parse_rule("ordrs >= 2")
        >>> print(rule.check({"orders": "number"})[0])
        rule: 'ordrs' is not a column. Available: 'orders'
          Hint: did you mean 'orders'?
        """
        from pipelines.rules.kinds import mismatches  # noqa: PLC0415  # as above

        return mismatches(self.tree, kinds, self.where)


def parse_rule(
    text: str | Sequence[tuple[str, str]],
    *,
    where: str = "rule",
    names: Mapping[str, str] | Sequence[str] | None = None,
) -> Rule:
    """Return the rule that a text says.

    Parameters
    ----------
    text : str or sequence of (str, str)
        An SQL condition; or clauses, each a name and an SQL condition, that all have
        to hold. A clause of its own stays one clause, whatever AND it holds.
    where : str, default "rule"
        What it is called in messages.
    names : sequence of str, or mapping of str to str, optional
        Names for the clauses of a text: one for each in their order; or by the text
        of a clause, for some of them.

    Returns
    -------
    Rule

    Raises
    ------
    InputError
        Not in the language; nested more than 30 deep, more than 500 clauses or
        100,000 characters, all three refused before anything is parsed; a clause
        that reads no column; names that are empty, there twice or without clause.

    Notes
    -----
    Comparisons ``= <> < <= > >=`` of columns with literals and columns, IN, BETWEEN,
    LIKE (with ESCAPE), IS NULL, IS TRUE, IS FALSE, their negations, AND, OR, NOT,
    parentheses, ``+ - * /``, COALESCE(column, literal). Literals are 2, -0.5, 'text',
    TRUE, FALSE, NULL, DATE '2026-01-31'. Keywords are read in any case, columns
    exactly as they are written, in double quotes where they hold spaces.

    A comparison with a missing value is null, and null does not select. Whole numbers
    are compared exactly, arithmetic is done in double precision, a division by zero
    is null. Text is compared code point by code point.

    Examples
    --------
    >>> rule = parse_rule("age >= 18 AND NOT arrears = 1", names=["adult", "paid"])
    >>> [(clause.name, clause.text) for clause in rule.clauses]
    [('adult', 'age >= 18'), ('paid', 'NOT arrears = 1')]
    >>> parse_rule([("adult", "age >= 18"), ("paid", "arrears = 0")]).text
    '(age >= 18) AND (arrears = 0)'
    """
    if not isinstance(text, str):
        return _conjunction(text, names, where)
    tree = parse_condition(text, where)
    parts = tree.parts if isinstance(tree, nodes.And) else (tree,)
    given, problems = _given_names(parts, names, where)
    return _rule(text, parts, given, problems, where)


def _conjunction(pairs: Sequence[tuple[str, str]], names: object, where: str) -> Rule:
    """Return the rule of clauses that are given one by one."""
    if not isinstance(pairs, Sequence):
        what = f"is a {type(pairs).__name__}, not the text of a rule"
        raise InputError(Problem(where, what, "write a condition in quotes"))
    if names is not None:
        what = "names clauses that have names already"
        raise InputError(Problem("names", what, "leave it out"))
    problems: list[Problem] = []
    given, parts, texts = [], [], []
    if not pairs:
        problems.append(Problem(where, "has no clauses"))
    if len(pairs) > MOST_CLAUSES:
        what = f"has {len(pairs)} clauses; at most {MOST_CLAUSES} are read"
        raise InputError(Problem(where, what, "IN (…) holds many values in one clause"))
    for pair in pairs:
        name, text = pair
        if not isinstance(name, str) or not name.strip():
            problems.append(Problem(where, f"{shown(name)} is no name of a clause"))
            continue
        try:
            parts.append(parse_condition(text, f"{where}, {ascii_controls(name)}"))
        except InputError as error:
            problems += error.problems
        given.append(name)
        texts.append(f"({text})")
    if len(parts) < len(given):
        raise InputError(problems)
    return _rule(" AND ".join(texts), tuple(parts), given, problems, where)


def _rule(
    text: str,
    parts: tuple[nodes.Condition, ...],
    given: Sequence[str | None],
    problems: list[Problem],
    where: str,
) -> Rule:
    problems = problems + _repeated(given, where)
    for part in parts:
        if not nodes.columns_of(part):
            what = f"{shown(nodes.text_of(part))} reads no column"
            problems.append(Problem(where, what, "a clause compares a column"))
    if problems:
        raise InputError(problems)
    taken = {name for name in given if name is not None}
    clauses = []
    for name, part in zip(given, parts, strict=True):
        written = nodes.text_of(part)
        own = name if name is not None else _short_name(written, taken)
        taken.add(own)
        clauses.append(Clause(own, written, part))
    return Rule(text, tuple(clauses), where)


def _given_names(
    parts: tuple[nodes.Condition, ...],
    names: Mapping[str, str] | Sequence[str] | None,
    where: str,
) -> tuple[list[str | None], list[Problem]]:
    """Return the user's name of each clause, None where there is none."""
    nobody: list[str | None] = [None] * len(parts)
    if names is None:
        return nobody, []
    if not isinstance(names, Mapping):
        problems = _unnamed(names, where)
        if isinstance(names, str) or len(names) != len(parts):
            what = f"names {len(names)} clauses; the rule has {len(parts)}"
            return nobody, [Problem(where, what, "AND at the top parts clauses")]
        return list(names), problems
    problems = _unnamed(names.values(), where)
    texts = [nodes.text_of(part) for part in parts]
    wanted: dict[str, str] = {}
    for text, name in names.items():
        try:
            written = nodes.text_of(parse_condition(text, f"{where}, names"))
        except InputError as error:
            problems += error.problems
            continue
        if written not in texts:
            problems.append(unknown_name(where, written, texts, "clause"))
        wanted[written] = name
    return [wanted.get(text) for text in texts], problems


def _unnamed(names: Iterable[str], where: str) -> list[Problem]:
    return [
        Problem(where, f"{shown(name)} is no name of a clause")
        for name in names
        if not isinstance(name, str) or not name.strip()
    ]


def _repeated(names: Sequence[str | None], where: str) -> list[Problem]:
    own = [name for name in names if name is not None]
    return [
        Problem(where, f"{shown(name)} names two clauses")
        for name in dict.fromkeys(own)
        if own.count(name) > 1
    ]


def _short_name(text: str, taken: set[str]) -> str:
    """Return a name made of a clause's text that no other clause has."""
    text = ascii_controls(" ".join(text.split()))
    short = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
    name, count = short, 1
    while name in taken:
        count += 1
        name = f"{short} ({count})"
    return name
