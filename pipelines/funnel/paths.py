"""How far each customer gets, as one number: the path.

A customer leaves the funnel at one stage, or goes all the way. With the clauses of that
stage that were not met, this is all that the decomposition needs: who passes a stage
met all of its clauses. So one column of small numbers, counted once by group, answers
for every stage and clause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

StageKind = Literal[
    "universe",
    "suppression",
    "consent",
    "eligibility",
    "clauses",
    "score",
    "cap",
    "holdout",
]
Int64Array = NDArray[np.int64]

MOST_EXACT = 12
"""Stages of more clauses are counted by the only clause not met, or as several."""

WHOLE = 0
"""The path of those who go all the way."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the funnel.

    Parameters
    ----------
    name : str
        As reports call it.
    kind : str
        What it does: "universe", "suppression", "consent", "eligibility", "clauses",
        "score", "cap" or "holdout".
    clauses : tuple of str
        Names of the conditions that all have to be met, at least one.
    texts : tuple of str
        What each of them says; the names where empty.
    """

    name: str
    kind: StageKind
    clauses: tuple[str, ...]
    texts: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether the path tells every combination of clauses that were not met."""
        return len(self.clauses) <= MOST_EXACT

    @property
    def paths(self) -> int:
        """Number of ways to leave the funnel here."""
        size = len(self.clauses)
        return 2**size - 1 if self.is_exact else size + 1


@dataclass(frozen=True)
class Paths:
    """The numbers that stand for the ways through a funnel.

    Path 0 goes all the way. The ways to leave at stage k follow those of the stages
    before it: for at most 12 clauses one for each set of clauses not met, in the order
    of its bit mask (clause j is bit j); beyond that one for each clause that alone was
    not met, and a last one for several.

    Parameters
    ----------
    stages : tuple of Stage

    Examples
    --------
    >>> paths = Paths((Stage("consent", "consent", ("email",)),
    ...                Stage("clauses", "clauses", ("old", "rich"))))
    >>> paths.first, paths.size
    ((1, 2), 5)
    >>> paths.ends.tolist()  # the stage at which each path ends; 2 is the whole way
    [2, 0, 1, 1, 1]
    """

    stages: tuple[Stage, ...]

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The first path of each stage."""
        starts = np.cumsum([1, *(stage.paths for stage in self.stages)])
        return tuple(int(start) for start in starts[:-1])

    @property
    def size(self) -> int:
        """Number of paths."""
        return 1 + sum(stage.paths for stage in self.stages)

    @cached_property
    def ends(self) -> Int64Array:
        """The stage at which each path ends, of shape (size,)."""
        counts = [stage.paths for stage in self.stages]
        ends = np.repeat(np.arange(len(counts)), counts)
        return np.append(len(counts), ends).astype(np.int64)

    def expression(self, met: Sequence[Sequence[Any]]) -> Any:
        """Return the path of the leading stages as a narwhals expression.

        Parameters
        ----------
        met : sequence of sequences of narwhals.Expr
            For each of the first stages, whether each of its clauses is met; never
            null.

        Returns
        -------
        narwhals.Expr
            0 for those who pass all of them.
        """
        import narwhals as nw  # noqa: PLC0415

        found: Any = nw.lit(WHOLE, dtype=nw.Int32)
        for place in reversed(range(len(met))):
            unmet = [~clause for clause in met[place]]
            inside = unmet[0]
            for clause in unmet[1:]:
                inside |= clause
            way = self._way(self.stages[place], unmet) + self.first[place]
            found = nw.when(inside).then(way).otherwise(found)
        return found

    @staticmethod
    def _way(stage: Stage, unmet: Sequence[Any]) -> Any:
        """Return which of a stage's paths is taken, from 0."""
        import narwhals as nw  # noqa: PLC0415

        flags = [clause.cast(nw.Int32) for clause in unmet]
        if stage.is_exact:
            terms = [flag * 2**bit for bit, flag in enumerate(flags)]
            return _sum(terms) - 1
        which = _sum([flag * place for place, flag in enumerate(flags)])
        return nw.when(_sum(flags) == 1).then(which).otherwise(len(flags))


def _sum(terms: Sequence[Any]) -> Any:
    # Halves, so that hundreds of clauses make no deep expression.
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return _sum(terms[:middle]) + _sum(terms[middle:])
