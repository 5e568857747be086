"""What is wrong with the input, in the words of the command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from typer.exceptions import TyperException

from fairness.errors import InputError, Problem, alternatives, shown

_P = ParamSpec("_P")
_T = TypeVar("_T")

_FILES = (".csv", ".parquet", ".tsv", ".txt", ".gz", ".xlsx", ".data")
_IN_PYTHON = re.compile(r" \(\w+=\w* in (?:Python|fa\.scan)\)")
_MISSING = {
    "by": "name the protected attributes, for example --by gender,age",
    "data": "name a CSV or Parquet file; fairreach check --help shows examples",
    "code": "for example fairreach explain FA101",
    "name": "fairreach policy list shows the names",
    "file": "for example fairreach policy check policies/spring.toml",
}
_ENGINE_WORDS = {
    name: "--" + name.replace("_", "-")
    for name in (
        *("by", "selected", "audience", "id", "protected", "bands", "as_of"),
        *("intersections", "offer", "reference", "outcome", "score", "value"),
        *("weight", "strata", "policy", "columns", "missing", "delimiter"),
        *("encoding", "format", "report"),
    )
} | {"data": "DATA"}


class Collected:
    """The problems of several steps, raised together."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def of(
        self, step: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T | None:
        """Return what a step returns, or None where it has problems."""
        try:
            return step(*args, **kwargs)
        except InputError as error:
            self.problems += error.problems
            return None

    def raise_any(self) -> None:
        """Raise one error with all problems, if there are any."""
        if self.problems:
            raise InputError(self.problems)


@contextmanager
def as_options() -> Iterator[None]:
    """Name options, where the engine names its arguments."""
    try:
        yield
    except InputError as error:
        raise InputError(map(as_option, error.problems)) from error


def as_option(problem: Problem) -> Problem:
    """Return a problem of the engine in the words of the command.

    Examples
    --------
    >>> print(as_option(Problem("as_of", "'x' is no day", "say it (as_of= in Python)")))
    --as-of: 'x' is no day
      Hint: say it
    """
    words = problem.where.split(", ")
    # A file has commas in its name, and a policy keys that are called like options.
    ours = all(word in _ENGINE_WORDS for word in words)
    where = ", ".join(_ENGINE_WORDS[w] for w in words) if ours else problem.where
    hint = _IN_PYTHON.sub("", problem.hint)
    return Problem(where, _optioned(problem.what), _optioned(hint))


def _optioned(text: str) -> str:
    return re.sub(r"`(\w+)`", lambda m: _ENGINE_WORDS.get(m[1], m[0]), text)


def usage_problem(error: TyperException) -> Problem:
    """Return what is wrong with how the command was called.

    Parameters
    ----------
    error : TyperException
        Known by the name of its class: the classes are private to typer.
    """
    known: Any = error
    context = getattr(known, "ctx", None)
    where = context.command_path if context else "fairreach"
    hint = f"{where} --help shows examples"
    text = _sentence(known.message)
    match type(error).__name__:
        case "NoSuchOption":
            option = _close_option(known.option_name, context)
            hint = f"did you mean {option}?" if option else hint
            return Problem(known.option_name, "is not an option", hint)
        case "MissingParameter" if known.param is not None:
            hint = _MISSING.get(known.param.name, hint)
            return Problem(_name(known.param), "is missing", hint)
        case "BadParameter" if known.param is not None:
            given, *choices = re.findall(r"'([^']*)'", text) or [""]
            close = difflib.get_close_matches(given, choices, n=1)
            hint = f"did you mean {shown(close[0])}?" if close else hint
            return Problem(_name(known.param), text, hint)
        case "BadOptionUsage":
            needs = "needs a value" if "requires" in text else "takes no value"
            hint = _MISSING.get(known.option_name.lstrip("-"), hint)
            return Problem(known.option_name, needs, hint)
    unknown = re.fullmatch(r"No such command '(.*?)'(?:\. Did you mean .*)?", text)
    if unknown and context is not None:
        return _unknown_command(unknown[1], where, list(context.command.commands))
    extra = re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", text)
    if extra:
        if where.endswith(" check"):
            hint = "put quotes around a glob, and around values with spaces"
        return Problem(shown(extra[1]), f"is too much for {where}", hint)
    return Problem("usage", text, hint)


def _sentence(text: str) -> str:
    return text.removeprefix("Value error, ").rstrip(".?")


def _name(param: Any) -> str:
    option = next((opt for opt in param.opts if opt.startswith("--")), None)
    return option or str(param.metavar or param.name)


def _close_option(option: str, context: Any) -> str | None:
    if context is None:
        return None
    params = context.command.get_params(context)
    options = [str(name) for param in params for name in param.opts]
    close = difflib.get_close_matches(option, options, n=1)
    return close[0] if close else None


def _unknown_command(name: str, where: str, commands: list[str]) -> Problem:
    close = difflib.get_close_matches(name, commands, n=1)
    if close:
        hint = f"did you mean {where} {close[0]}?"
    elif name.lower().endswith(_FILES):
        hint = "to check a file: fairreach check FILE --by COL --selected COL"
    else:
        hint = f"{where} --help shows examples"
    what = f"is not a command. Available: {alternatives(commands)}"
    return Problem(shown(name), what, hint)
