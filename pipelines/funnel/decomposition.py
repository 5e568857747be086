"""Which stage of a funnel makes a gap, and which clause of that stage.

The adverse impact ratio of a whole funnel is a product over its stages, so its
logarithm is a sum: the stages' shares in log points need no model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.inference import ratio_interval
from pipelines.funnel.counted import FunnelTable, reached
from pipelines.funnel.paths import Paths, Stage

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]
Method = Literal["shapley", "leave-one-out"]


@dataclass(frozen=True, slots=True)
class ClauseShare:
    """What one clause adds to the gap of its stage.

    Parameters
    ----------
    clause : str
    log_ratio : float or None
        In log points; negative: the group is kept out. None where a count of 0 leaves
        it undefined.
    method : {"shapley", "leave-one-out"}
        Shapley shares add up to the stage's log ratio; those that leave one clause out
        do not.
    """

    clause: str
    log_ratio: float | None
    method: Method


@dataclass(frozen=True, slots=True)
class StageShare:
    """What one stage does to a group, beside its reference.

    Parameters
    ----------
    stage : Stage
    n, passed, n_reference, passed_reference : int
        Who came to the stage, and who passed it.
    rate, rate_reference : float or None
        passed / n, in [0, 1]; None where nobody came.
    ratio, low, high : float or None
        rate / rate_reference and its interval, in [0, inf); None where undefined.
    log_ratio : float or None
        log(ratio); the sum over the stages is that of the funnel. None where the
        ratio is 0 or undefined.
    share : float or None
        log_ratio over the sum of all; may be negative or above 1.
    is_closed : bool
        Whether the stage empties the group: nobody of those who came passes.
    clauses : tuple of ClauseShare
    """

    stage: Stage
    n: int
    passed: int
    n_reference: int
    passed_reference: int
    rate: float | None
    rate_reference: float | None
    ratio: float | None
    low: float | None
    high: float | None
    log_ratio: float | None
    share: float | None
    is_closed: bool
    clauses: tuple[ClauseShare, ...]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The gap between a group and its reference, stage by stage.

    Parameters
    ----------
    attribute, group, reference : str
    stages : tuple of StageShare
        In the order of the funnel, from the base on.
    log_ratio : float or None
        log of the ratio of the two rates from the base to the audience; None where the
        group or the reference is emptied.
    is_over : bool
        Whether the group is selected too often, so that a ratio above 1 is the gap.
    """

    attribute: str
    group: str
    reference: str
    stages: tuple[StageShare, ...]
    log_ratio: float | None
    is_over: bool

    @property
    def culprit(self) -> StageShare | None:
        """The stage that makes the gap: the one that closes, or the largest share.

        None where no stage moves the ratio in the direction of harm.
        """
        emptied = next((s for s in self.stages if self._empties(s)), None)
        if emptied is not None:
            return emptied
        return max(
            (s for s in self.stages if self._harm(s.log_ratio) > 0),
            key=lambda s: self._harm(s.log_ratio),
            default=None,
        )

    @property
    def culprit_clause(self) -> ClauseShare | None:
        """The clause of that stage which adds most to the gap; None where unknown."""
        stage = self.culprit
        if stage is None or len(stage.clauses) <= 1:
            return stage.clauses[0] if stage is not None and stage.clauses else None
        return max(
            (c for c in stage.clauses if self._harm(c.log_ratio) > 0),
            key=lambda c: self._harm(c.log_ratio),
            default=None,
        )

    def _empties(self, stage: StageShare) -> bool:
        """Whether a stage leaves nobody of the side that the harm is measured by."""
        if self.is_over:
            return stage.n_reference > 0 and stage.passed_reference == 0 < stage.passed
        return stage.is_closed

    def _harm(self, log_ratio: float | None) -> float:
        if log_ratio is None:
            return 0.0
        return log_ratio if self.is_over else -log_ratio


def decompose(
    table: FunnelTable,
    group: str,
    reference: str,
    *,
    base: int = 0,
    is_over: bool = False,
    confidence: float = 0.95,
) -> Decomposition:
    r"""Split the gap of a group into the shares of the stages.

    With p_k the share of those who came to stage k that passes it,

        log AIR = sum over k of log(p_k(group) / p_k(reference)).

    Parameters
    ----------
    table : FunnelTable
    group : str
    reference : str
        A group, ``"(rest)"`` or ``"(all)"``: held fixed over all stages.
    base : int, default 0
        The first stage that counts.
    is_over : bool, default False
    confidence : float, default 0.95
        Of the interval of each stage's ratio.

    Returns
    -------
    Decomposition
        A stage that empties the group closes it: no stage then has a share, and no
        stage after it a ratio.

    Raises
    ------
    InputError
        No such group.

    Examples
    --------
    >>> import numpy as np
    >>> paths = Paths((Stage("consent", "consent", ("c",)),
    ...                Stage("clauses", "clauses", ("old", "rich"))))
    >>> ways = np.array([[20, 50, 10, 10, 10], [40, 50, 5, 3, 2]])
    >>> table = FunnelTable(("g",), ("a", "b"), ways, paths)
    >>> found = decompose(table, "a", "b")
    >>> [round(stage.log_ratio, 4) for stage in found.stages], round(found.log_ratio, 4)
    ([0.0, -0.6931], -0.6931)
    >>> found.culprit.stage.name, [round(c.log_ratio, 3) for c in found.culprit.clauses]
    ('clauses', [-0.324, -0.369])
    """
    mine, theirs = table.of(group), table.beside(group, reference)
    paths = table.paths
    came, came_ref = reached(mine, paths), reached(theirs, paths)
    steps = range(base, len(paths.stages))
    n, passed = came[base:-1], came[base + 1 :]
    n_ref, passed_ref = came_ref[base:-1], came_ref[base + 1 :]
    low, high = ratio_interval(passed, n, passed_ref, n_ref, confidence)
    whole = passed[-1] > 0 and passed_ref[-1] > 0
    # Of the four counts themselves: the sum over the stages is checked against it.
    total = (
        math.log(passed[-1] / n[0]) - math.log(passed_ref[-1] / n_ref[0])
        if whole
        else None
    )
    found = []
    for place, step in enumerate(steps):
        stage = paths.stages[step]
        x, m = int(passed[place]), int(n[place])
        x_ref, m_ref = int(passed_ref[place]), int(n_ref[place])
        known = m > 0 and x_ref > 0
        log_ratio = (
            math.log(x / m) - math.log(x_ref / m_ref) if known and x > 0 else None
        )
        found.append(
            StageShare(
                stage,
                m,
                x,
                m_ref,
                x_ref,
                x / m if m else None,
                x_ref / m_ref if m_ref else None,
                (x / m) / (x_ref / m_ref) if known else None,
                float(low[place]) if known else None,
                float(high[place]) if known and math.isfinite(high[place]) else None,
                log_ratio,
                log_ratio / total if log_ratio is not None and total else None,
                m > 0 and x == 0,
                clause_shares(stage, *_ways(mine, theirs, paths, step), x, x_ref),
            )
        )
    return Decomposition(
        table.attribute, group, reference, tuple(found), total, is_over
    )


def clause_shares(
    stage: Stage, ways: Int64Array, ways_ref: Int64Array, passed: int, passed_ref: int
) -> tuple[ClauseShare, ...]:
    """Split a stage's log ratio into the shares of its clauses.

    Up to 12 clauses these are Shapley values of v(S), the log ratio of the two groups'
    shares that meet every clause in S; beyond that, what leaving one clause out would
    take away, which need not add up.

    Parameters
    ----------
    stage : Stage
    ways, ways_ref : int64 arrays, (stage.paths,)
        Customers who leave here by each path, of the group and of its reference.
    passed, passed_ref : int
        Those who pass the stage.

    Returns
    -------
    tuple of ClauseShare
        In log points. None where nobody of one side passes the stage.

    References
    ----------
    .. [1] Shapley, L. S. (1953). A value for n-person games. Contributions to the
       Theory of Games II, 307-317. doi:10.1515/9781400881970-018

    Examples
    --------
    >>> import numpy as np
    >>> stage = Stage("clauses", "clauses", ("old", "rich"))
    >>> ways, ways_ref = np.array([30, 0, 0]), np.array([0, 0, 0])
    >>> shares = clause_shares(stage, ways, ways_ref, 70, 100)
    >>> [round(one.log_ratio, 4) for one in shares]
    [-0.3567, 0.0]
    """
    method: Method = "shapley" if stage.is_exact else "leave-one-out"
    if passed == 0 or passed_ref == 0:
        return tuple(ClauseShare(name, None, method) for name in stage.clauses)
    if stage.is_exact:
        value = np.log(_met(ways, passed)) - np.log(_met(ways_ref, passed_ref))
        value -= value[0]
        values = _shapley(value, len(stage.clauses))
    else:
        size = len(stage.clauses)
        values = np.log1p(ways_ref[:size] / passed_ref) - np.log1p(ways[:size] / passed)
    return tuple(
        ClauseShare(name, float(value), method)
        for name, value in zip(stage.clauses, values, strict=True)
    )


def _met(ways: Int64Array, passed: int) -> FloatArray:
    """Return, for each set of clauses, how many meet all clauses of the set."""
    size = (len(ways) + 1).bit_length() - 1
    unmet = np.append(passed, ways).astype(np.float64)
    # Sums over subsets: who fails only clauses outside the set.
    for bit in range(size):
        cube = unmet.reshape(-1, 2, 2**bit)
        cube[:, 1] += cube[:, 0]
    return unmet[::-1].copy()


def _shapley(value: FloatArray, players: int) -> FloatArray:
    sets = np.arange(len(value))
    sizes = np.array([int(s).bit_count() for s in sets])
    weight = np.array(
        [1 / (players * math.comb(players - 1, k)) for k in range(players)]
    )
    shares = np.empty(players)
    for player in range(players):
        without = sets[(sets >> player) & 1 == 0]
        gain = value[without | (1 << player)] - value[without]
        shares[player] = (weight[sizes[without]] * gain).sum()
    return shares


def _ways(
    mine: Int64Array, theirs: Int64Array, paths: Paths, step: int
) -> tuple[Int64Array, Int64Array]:
    start = paths.first[step]
    end = start + paths.stages[step].paths
    return mine[start:end], theirs[start:end]
