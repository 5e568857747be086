"""The words and signs of the rule language, and those that are refused by name."""

from __future__ import annotations

_JOINING = ("AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "ESCAPE", "IS")
KEYWORDS = frozenset([*_JOINING, "NULL", "TRUE", "FALSE", "DATE", "COALESCE"])
"""DATE and COALESCE are keywords before a text and a parenthesis, else columns."""

COMPARISONS = frozenset(["=", "<>", "!=", "<", "<=", ">", ">="])
ARITHMETIC = frozenset("+-*/")

ALLOWED = (
    "a rule compares columns with literals and columns: = <> < <= > >=, IN, BETWEEN, "
    "LIKE, IS NULL, IS TRUE, + - * /, COALESCE(column, literal), joined by AND, OR, NOT"
)


def _all(words: str, kind: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), kind)


REFUSED = {
    **_all("SELECT FROM WHERE HAVING UNION INTERSECT EXCEPT WITH", "a subquery"),
    **_all("EXISTS ANY ALL SOME", "a subquery"),
    **_all("CASE WHEN THEN ELSE END", "CASE"),
    **_all("CAST TRY_CAST CONVERT", "a cast"),
    **_all("OVER PARTITION", "a window function"),
    **_all("AS", "an alias"),
    **_all("LAMBDA", "a lambda"),
    **_all("ILIKE SIMILAR GLOB REGEXP RLIKE", "a pattern other than LIKE"),
    **_all("COLLATE", "a collation"),
    **_all("DISTINCT", "DISTINCT"),
    **_all("INTERVAL TIMESTAMP", "a literal of time"),
    **_all("XOR DIV MOD", "an operator"),
    **_all("DROP DELETE INSERT UPDATE ALTER CREATE EXEC", "a statement"),
}
"""Bare words that no rule may hold, and what each would be."""

SIGNS = {
    "--": "a comment",
    "/*": "a comment",
    "*/": "a comment",
    "#": "a comment",
    "::": "a cast",
    "->": "a JSON operator or a lambda",
    "=>": "a named argument",
    "==": "an operator",
    "||": "an operator",
    "|": "an operator",
    "&": "an operator",
    "^": "an operator",
    "~": "an operator",
    "%": "an operator",
    "!": "an operator",
    ";": "the end of a statement",
    "?": "a parameter",
    ":": "a parameter",
    "$": "a parameter",
    "@": "a parameter",
    ".": "a name with its table",
    "[": "a subscript or a list",
    "]": "a subscript or a list",
    "{": "a template or a record",
    "}": "a template or a record",
    "`": "a name in backticks",
    "\\": "an escape",
}
"""Signs that no rule may hold, and what each would be."""

HINTS = {
    "==": "write =",
    "::": "compare with a literal of the column's own type",
    ".": "write the column's name alone",
    "`": 'write a name that needs quotes as "the name"',
    "AS": "",
    "ILIKE": "write LIKE once for each spelling",
    "TIMESTAMP": "write DATE '2026-01-31'",
    "INTERVAL": "write the day itself, DATE '2026-01-31'",
    "DISTINCT": "write a <> b OR a IS NULL",
    "XOR": "write a <> b",
}
"""What to write instead."""
