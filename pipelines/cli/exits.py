"""Exit codes: what a batch job reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

CLEAR = 0
CRASH = 1
USAGE = 2
BLOCK = 3
REVIEW = 4
INTERRUPTED = 130

_WORST_FIRST = (CRASH, USAGE, BLOCK, REVIEW, CLEAR)


def code_of(verdict: str, fail_on: Literal["review", "block"] = "review") -> int:
    """Return the exit code of a verdict.

    Examples
    --------
    >>> code_of("block"), code_of("review"), code_of("review", "block")
    (3, 4, 0)
    """
    if verdict == "block":
        return BLOCK
    return REVIEW if verdict == "review" and fail_on == "review" else CLEAR


def worst(codes: Iterable[int]) -> int:
    """Return the worst of several exit codes: 1, 2, 3, 4, 0 in this order.

    Examples
    --------
    >>> worst([0, 4, 3]), worst([])
    (3, 0)
    """
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), CLEAR)
