"""Cut a rule into tokens and refuse what the language does not have.

Linear in the text and without recursion, so that nothing deep, long or foreign ever
reaches the parser. Names and literals do not reach it either: it is handed their
places in the list of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from fairness.errors import Problem, shown
from pipelines.rules.words import (
    ALLOWED,
    ARITHMETIC,
    COMPARISONS,
    HINTS,
    KEYWORDS,
    REFUSED,
    SIGNS,
)

LONGEST = 100_000
DEEPEST = 30
MOST_CLAUSES = 500
# So many digits are exact in every type of number that a column may have.
MOST_DIGITS = 15
_LARGEST_EXPONENT = 300
_SHOWN = 24

_SIGNS = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<text>'[^']*(?:''[^']*)*')
    | (?P<name>"[^"]*(?:""[^"]*)*")
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<operator><=|>=|<>|!=)
    | (?P<sign>{_SIGNS})
    | (?P<mark>[=<>+\-*/(),])
    | (?P<open>['"])
    | (?P<strange>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERANDS = frozenset(["text", "name", "number"])
_CONSTANTS = frozenset(["NULL", "TRUE", "FALSE"])
_BEFORE_NOT = frozenset(["", "(", "AND", "OR", "NOT"])


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a rule.

    Parameters
    ----------
    kind : {"text", "name", "number", "word", "mark"}
        A bare column is a name; a word is a keyword in capitals.
    value : str
        Of a text or name: what is between the quotes.
    raw : str
        As written.
    place : int
        Where it begins in the rule.
    """

    kind: str
    value: str
    raw: str
    place: int

    @property
    def is_operand(self) -> bool:
        """Whether it is a column or a literal."""
        return self.kind in _OPERANDS or self.is_word(*_CONSTANTS)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords."""
        return self.kind == "word" and self.value in words


def scan(text: str, where: str) -> tuple[list[Token], list[Problem]]:
    """Return the tokens of a rule and everything that forbids parsing it.

    Parameters
    ----------
    text : str
    where : str
        What the rule is called in messages.

    Returns
    -------
    list of Token
    list of Problem
        One for each kind of trouble, where it first occurs.

    Examples
    --------
    >>> [token.value for token in scan("age >= 18 and city = 'O''x'", "rule")[0]]
    ['age', '>=', '18', 'AND', 'city', '=', "O'x"]
    >>> print(scan("f(x) = 1", "rule")[1][0].what)
    'f(' at character 1 is a function call; it has no place in a rule
    """
    early = _unfit(text, where)
    if early:
        return [], [early]
    found = _Findings(where)
    tokens = _keywords(list(_pieces(text, found)), found)
    if not tokens and not found.problems:
        found.add("empty", "is empty", ALLOWED)
    _sizes(tokens, found)
    if not found.problems:
        _neighbours(tokens, found)
    return tokens, list(found.problems.values())


@dataclass(slots=True)
class _Findings:
    """Problems, the first of each kind."""

    where: str
    problems: dict[str, Problem] = field(default_factory=dict)

    def add(self, kind: str, what: str, hint: str = "") -> None:
        self.problems.setdefault(kind, Problem(self.where, what, hint))

    def refuse(self, kind: str, raw: str, place: int, hint: str = "") -> None:
        if kind not in self.problems:
            what = f"{_at(raw, place)} is {kind}; it has no place in a rule"
            self.add(kind, what, hint or ALLOWED)


def _at(raw: str, place: int) -> str:
    if len(raw) > _SHOWN:
        raw = raw[: _SHOWN - 1] + "…"
    return f"{shown(raw)} at character {place + 1}"


def _unfit(text: str, where: str) -> Problem | None:
    """Return why a text is not even looked at."""
    if not isinstance(text, str):
        what = f"is a {type(text).__name__}, not the text of a rule"
        return Problem(where, what, "write a condition in quotes")
    if len(text) > LONGEST:
        what = f"has {len(text)} characters; at most {LONGEST} are read"
        return Problem(where, what, "join a table of the values instead")
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return Problem(where, "holds characters that are no text")
    return None


def _pieces(text: str, found: _Findings) -> Iterator[Token]:
    """Yield the tokens, all words being keywords for now."""
    glued = -1
    for piece in _TOKEN.finditer(text):
        kind, raw, place = str(piece.lastgroup), piece[0], piece.start()
        if kind == "space":
            continue
        if kind == "strange":
            found.refuse("a strange character", raw, place)
        elif kind == "open":
            what = f"{_at(raw, place)} opens a quotation that is not closed"
            found.add("open", what, "double a quote that is part of the text: 'it''s'")
        elif kind == "sign":
            found.refuse(SIGNS[raw], raw, place, HINTS.get(raw, ""))
        elif glued == place and kind in {"word", "text", "number"}:
            found.add("glued", f"{_at(raw, place)} is joined to what stands before it")
        else:
            yield _token(kind, raw, place, found)
        glued = piece.end() if kind in {"number", "word", "text"} else -1


def _token(kind: str, raw: str, place: int, found: _Findings) -> Token:
    if kind == "text":
        return Token(kind, raw[1:-1].replace("''", "'"), raw, place)
    if kind == "name":
        if raw == '""':
            found.add("nameless", f"{_at(raw, place)} names no column")
        return Token(kind, raw[1:-1].replace('""', '"'), raw, place)
    if kind == "number":
        _number(raw, place, found)
        return Token(kind, raw, raw, place)
    if kind == "word":
        return Token(kind, raw.upper(), raw, place)
    return Token("mark", raw, raw, place)


def _number(raw: str, place: int, found: _Findings) -> None:
    digits, _, exponent = raw.lower().partition("e")
    if len(digits.replace(".", "").lstrip("0")) > MOST_DIGITS:
        what = f"{_at(raw, place)} has more than {MOST_DIGITS} digits"
        found.add("digits", what, "put quotes around it where the column holds text")
    elif len(exponent) > MOST_DIGITS or abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        what = f"{_at(raw, place)} is outside 1e-{_LARGEST_EXPONENT}"
        found.add("exponent", f"{what} and 1e{_LARGEST_EXPONENT}")


def _keywords(tokens: list[Token], found: _Findings) -> list[Token]:
    """Tell keywords from columns by what follows, and refuse functions by name."""
    told = []
    for token, after in zip_longest(tokens, tokens[1:]):
        follows = "" if after is None else after.raw
        if token.kind != "word" or _is_keyword(token, after):
            told.append(token)
            continue
        if token.value in REFUSED:
            kind = REFUSED[token.value]
            hint = HINTS.get(token.value, "")
            found.refuse(kind, token.raw, token.place, hint or _quotable(token.raw))
        elif follows == "(":
            found.refuse("a function call", f"{token.raw}(", token.place)
        told.append(Token("name", token.raw, token.raw, token.place))
    return told


def _is_keyword(token: Token, after: Token | None) -> bool:
    if token.value == "DATE":
        return after is not None and after.kind == "text"
    if token.value == "COALESCE":
        return after is not None and after.raw == "("
    return token.value in KEYWORDS


def _quotable(raw: str) -> str:
    return f'write "{raw}" if that is the name of a column; {ALLOWED}'


def _sizes(tokens: Sequence[Token], found: _Findings) -> None:
    """Count depth, parentheses and clauses."""
    comparisons, joins = 0, 0
    chains, between = [0], [0]
    depth = deepest = 0
    before = ""
    for token in tokens:
        sign = token.value if token.kind in {"word", "mark"} else ""
        if sign == "(":
            chains.append(0)
            between.append(0)
        elif sign == ")":
            if len(chains) == 1:
                what = f"{_at(')', token.place)} closes nothing"
                found.add("closing", what, "remove it or open one before")
                return
            depth -= chains.pop()
            between.pop()
        elif sign in ARITHMETIC or (sign == "NOT" and before in _BEFORE_NOT):
            chains[-1] += 1
            depth += 1
        elif sign == "AND" and between[-1]:
            between[-1] -= 1
        elif sign in {"AND", "OR", ","} or sign in COMPARISONS:
            joins += sign in {"AND", "OR"}
            depth -= chains[-1] if sign in {"AND", "OR", ","} else 0
            chains[-1] = 0 if sign in {"AND", "OR", ","} else chains[-1]
        between[-1] += sign == "BETWEEN"
        comparisons += sign in COMPARISONS or sign in {"IN", "LIKE", "IS", "BETWEEN"}
        deepest = max(deepest, depth + len(chains) - 1)
        before = sign or "operand"
    _judge(deepest, max(comparisons, joins + 1), len(chains) - 1, found)


def _judge(deepest: int, clauses: int, unclosed: int, found: _Findings) -> None:
    if deepest > DEEPEST:
        what = f"is nested {deepest} deep; at most {DEEPEST} is read"
        found.add("deep", what, "IN (…) and AND need no nesting")
    if clauses > MOST_CLAUSES:
        what = f"has {clauses} clauses; at most {MOST_CLAUSES} are read"
        found.add("many", what, "IN (…) holds many values in one clause")
    if unclosed:
        what = f"{unclosed} opening parentheses are not closed"
        if unclosed == 1:
            what = "an opening parenthesis is not closed"
        found.add("opening", what)


def _neighbours(tokens: Sequence[Token], found: _Findings) -> None:
    """Refuse two operands side by side and a NOT that SQL would read two ways."""
    for token, after in pairwise(tokens):
        if token.is_operand and after.is_operand:
            what = f"nothing joins {shown(token.raw)} and {_at(after.raw, after.place)}"
            hint = "write an operator, AND or OR; a name with spaces needs quotes"
            found.add("unjoined", what, f'{hint}: "the name"')
            return
        if after.is_word("NOT") and token.kind == "mark" and token.raw not in "()":
            what = f"{_at(after.raw, after.place)} follows {shown(token.raw)}"
            found.add("not", what, "put the negated part in parentheses")
            return
