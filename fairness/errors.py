"""Exceptions and warnings of the library.

::

    FairreachError
    ├── InputError            bad data or arguments, with every problem listed
    │   └── PolicyError       a policy or pack that cannot be read
    ├── RefusedError          a file, signature or ledger that is not to be trusted
    └── AudienceBlockedError  raised by ``Decision.raise_for_verdict``
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MOST_ALTERNATIVES = 5
_LONGEST_VALUE = 60


class FairreachError(Exception):
    """Base of every exception that fairreach raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input.

    Parameters
    ----------
    where : str
        The argument, file or column at fault.
    what : str
        What is wrong with which value, and what is allowed.
    hint : str
        What to do about it; empty where there is nothing to add.
    """

    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        return f"{text}\n  Hint: {self.hint}" if self.hint else text


class InputError(FairreachError):
    """Data or arguments that cannot be audited; raised once with all problems.

    Parameters
    ----------
    problems : Problem or iterable of Problem

    Examples
    --------
    >>> error = InputError([Problem("by", "names no column", "pass by=['gender']")])
    >>> error.problems[0].hint
    "pass by=['gender']"
    >>> print(error)
    by: names no column
      Hint: pass by=['gender']
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.problems: tuple[Problem, ...] = found
        super().__init__(str(self))

    def __str__(self) -> str:
        return _all_of(self.problems, "problems")


class PolicyError(InputError):
    """A policy file that is not valid: names the file, the key and the value."""


class RefusedError(FairreachError):
    """A file, signature or ledger that is not to be trusted, with every reason.

    What was asked for was understood, and the answer is no: the command line ends
    with 3, not 2.

    Parameters
    ----------
    reasons : Problem or iterable of Problem

    Examples
    --------
    >>> error = RefusedError(Problem("spring.csv", "was changed", "release it again"))
    >>> error.reasons[0].what
    'was changed'
    >>> print(error)
    spring.csv: was changed
      Hint: release it again
    """

    def __init__(self, reasons: Problem | Iterable[Problem]) -> None:
        found = (reasons,) if isinstance(reasons, Problem) else tuple(reasons)
        self.reasons: tuple[Problem, ...] = found
        super().__init__(str(self))

    def __str__(self) -> str:
        return _all_of(self.reasons, "reasons to refuse")


class AudienceBlockedError(FairreachError):
    """The verdict does not allow the audience to be used.

    Parameters
    ----------
    message : str
    verdict : {"block", "review"}
    """

    def __init__(self, message: str, verdict: str) -> None:
        super().__init__(message)
        self.verdict = verdict


class UndefinedMetricWarning(UserWarning):
    """A metric has no value for some group; the rest of the answer stands."""


def _all_of(problems: Sequence[Problem], kind: str) -> str:
    if len(problems) == 1:
        return str(problems[0])
    lines = [f"{len(problems)} {kind}"]
    lines += [f"- {problem}".replace("\n", "\n  ") for problem in problems]
    return "\n".join(lines)


def shown(value: object) -> str:
    """Return a value as it may be printed in a message: quoted, shortened, one line.

    Examples
    --------
    >>> shown("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'"
    """
    if isinstance(value, str) and len(value) >= _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + "…"
    return ascii_controls(repr(value))


def ascii_controls(text: str) -> str:
    r"""Return text with control and bidirectional-override characters made visible.

    Examples
    --------
    >>> ascii_controls("a\x00b\x1b[31m")
    'a\\x00b\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def alternatives(values: Iterable[object]) -> str:
    """Return at most five values and the number of the others, for a message.

    Examples
    --------
    >>> alternatives("abcdefg")
    "'a', 'b', 'c', 'd', 'e' (+2)"
    """
    listed = list(values)
    text = ", ".join(shown(value) for value in listed[:_MOST_ALTERNATIVES])
    more = len(listed) - _MOST_ALTERNATIVES
    return f"{text} (+{more})" if more > 0 else text


def unknown_name(where: str, name: str, known: Sequence[str], kind: str) -> Problem:
    """Return the problem of a name that is not among the known ones.

    Examples
    --------
    >>> print(unknown_name("by", "gnder", ["gender", "age"], "column"))
    by: 'gnder' is not a column. Available: 'gender', 'age'
      Hint: did you mean 'gender'?
    """
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {shown(close[0])}?" if close else ""
    available = alternatives(known) or "none"
    article = "an" if kind[:1] in "aeiou" else "a"
    what = f"{shown(name)} is not {article} {kind}. Available: {available}"
    return Problem(where, what, hint)
