"""The rule language: an SQL condition that is parsed, checked and never run as code.

======================  ==========================================================
``parse_rule``          a text, or named clauses, as a `Rule`
``Rule``, ``Clause``    text, columns, clauses; narwhals expressions; type check
``kinds_of``            what the columns of a frame hold, for `Rule.check`
``arrow_columns``       a frame on which a rule means the same on every engine
``apply_rule``          check, prepare and add a column that says whom it selects
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.rules.columns import apply_rule as apply_rule
    from pipelines.rules.columns import arrow_columns as arrow_columns
    from pipelines.rules.kinds import kinds_of as kinds_of
    from pipelines.rules.rule import Clause as Clause
    from pipelines.rules.rule import Rule as Rule
    from pipelines.rules.rule import parse_rule as parse_rule

_HOME = {
    "Clause": "rule",
    "Rule": "rule",
    "apply_rule": "columns",
    "arrow_columns": "columns",
    "kinds_of": "kinds",
    "parse_rule": "rule",
}

__all__ = [
    "Clause",
    "Rule",
    "apply_rule",
    "arrow_columns",
    "kinds_of",
    "parse_rule",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
