"""Which columns of a score move the gap: each is shuffled, and the cut is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts import GroupCounts, count
from pipelines.funnel.counted import ways_of
from pipelines.funnel.counting import Roles
from pipelines.targeting.cuts import lots, rounded
from pipelines.targeting.scorer import Scorer

_PICKED = "(selected)"
_ROUNDS = 3
# So many columns share a stratum.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ColumnShare:
    """How much of the gap a column of the score carries.

    Parameters
    ----------
    column : str
    log_ratio : float or None
        Log ratio of the stage as it was, less that with the column shuffled: negative
        where the column lowers the group's rate. None where nobody of one side is left.
    """

    column: str
    log_ratio: float | None


def score_columns(
    sample: Any,
    scorer: Scorer,
    mark: float,
    roles: Roles,
    gaps: Sequence[tuple[tuple[str, ...], str, str]],
    *,
    draw: str = "",
    rounds: int = _ROUNDS,
) -> list[tuple[ColumnShare, ...]]:
    """Return what each column of a score adds to some gaps, largest first.

    The cut-off stays as it was run. A column is shuffled among the customers, so that
    its values keep their spread and lose their meaning, and the scores are made again.
    Columns that say the same share what they carry: of two copies each alone moves
    little.

    Parameters
    ----------
    sample : pyarrow.Table
        The id and the scorer's columns, of customers who came to the stage.
    scorer : Scorer
    mark : float
        The lowest score that was taken.
    roles : Roles
    gaps : sequence of (attributes, group, reference)
        The reference is a group, ``"(rest)"`` or ``"(all)"``.
    draw : str
        Names the shuffles.
    rounds : int, default 3
        Shuffles of each column, averaged.

    Returns
    -------
    list of tuples of ColumnShare
        One for each gap.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45, 5-32, section 10,
       for the shuffle. doi:10.1023/A:1010933404324
    """
    import pyarrow as pa  # noqa: PLC0415

    columns = list(dict.fromkeys(scorer.columns))
    read = sample.select(columns)
    # As the walk compared them.
    taken = [(rounded(scorer.score(read)) >= mark).astype(np.int64) * rounds]
    ids = sample[roles.id]
    # By lot on both sides, so that the order in which the rows came is not in it.
    places = np.argsort(lots(ids, f"{draw}/place"))
    orders = [np.argsort(lots(ids, f"{draw}/{turn}")) for turn in range(rounds)]
    for column in columns:
        times = np.zeros(sample.num_rows, np.int64)
        for order in orders:
            source = np.empty(len(order), np.int64)
            source[places] = order
            at = columns.index(column)
            moved = read[column].take(pa.array(source))
            scores = scorer.score(read.set_column(at, column, moved))
            times += rounded(scores) >= mark
        taken.append(times)
    counts = _counted(sample, taken, roles, rounds)
    found = []
    for gap in gaps:
        whole, *others = _log_ratios(counts, gap, rounds + 1)
        shares = [
            ColumnShare(column, _less(whole, left))
            for column, left in zip(columns, others, strict=True)
        ]
        found.append(tuple(sorted(shares, key=lambda one: -abs(one.log_ratio or 0.0))))
    return found


def _less(whole: float | None, left: float | None) -> float | None:
    return None if whole is None or left is None else whole - left


def _counted(
    sample: Any, taken: Sequence[NDArray[np.int64]], roles: Roles, rounds: int
) -> list[tuple[GroupCounts, str, int]]:
    """Return for each column the counts and the digit that tells how often taken.

    Several columns share one stratum, as the digits of a number.
    """
    import pyarrow as pa  # noqa: PLC0415

    packs = [taken[i : i + _DIGITS] for i in range(0, len(taken), _DIGITS)]
    table = sample.select(
        [roles.id, *(n for n in roles.by if n in sample.schema.names)]
    )
    names = [f"(pack {place})" for place in range(len(packs))]
    for name, pack in zip(names, packs, strict=True):
        number = sum(t * (rounds + 1) ** digit for digit, t in enumerate(pack))
        table = table.append_column(name, pa.array(number))
    table = table.append_column(_PICKED, pa.array(taken[0] > 0))
    counts = count(
        table, by=roles.by, selected=_PICKED, id=roles.id, protected=roles.protected,
        bands=roles.bands, as_of=roles.as_of, strata=names,
        many=[*roles.by, *names],
    ).counts  # fmt: skip
    return [
        (counts.of_axes([*roles.by, name]), name, digit)
        for name, pack in zip(names, packs, strict=True)
        for digit in range(len(pack))
    ]


def _log_ratios(
    counts: Sequence[tuple[GroupCounts, str, int]],
    gap: tuple[tuple[str, ...], str, str],
    base: int,
) -> list[float | None]:
    """Return the log ratio of the rates at which a gap's two sides were taken."""
    attributes, group, reference = gap
    found: list[float | None] = []
    for one, name, digit in counts:
        table = ways_of(one, attributes, name, base**_DIGITS)
        times = np.arange(base**_DIGITS) // base**digit % base
        mine, theirs = table.of(group), table.beside(group, reference)
        hits, hits_ref = int(mine @ times), int(theirs @ times)
        known = hits > 0 and hits_ref > 0
        odds = hits / mine.sum() / (hits_ref / theirs.sum()) if known else 0.0
        found.append(math.log(odds) if known else None)
    return found
