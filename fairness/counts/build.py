"""From tables to counts: the only code that looks at rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fairness.counts.bins import ScoreBins
from fairness.counts.eager import count_eager
from fairness.counts.lazy import count_lazy
from fairness.counts.membership import join_tables
from fairness.counts.resolve import Asked, resolve
from fairness.counts.table import GroupCounts
from fairness.frames import EagerTable, open_table


@dataclass(frozen=True, slots=True)
class Counted:
    """What one reading of the rows gave.

    Parameters
    ----------
    counts : GroupCounts
    bins : ScoreBins or None
    notes : tuple of str
        What a reader of the result should know about the data.
    """

    counts: GroupCounts
    bins: ScoreBins | None = None
    notes: tuple[str, ...] = field(default=())


def count(
    data: Any,
    *,
    by: str | Sequence[str],
    selected: str | None = None,
    audience: Any = None,
    id: str | None = None,  # noqa: A002  # the contract's name
    protected: Any = None,
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    outcome: str | None = None,
    score: str | None = None,
    value: str | None = None,
    weight: str | None = None,
    strata: str | Sequence[str] | None = None,
    score_bins: int = 100,
    score_range: tuple[float, float] | None = None,
) -> Counted:
    """Count customers by protected attributes, strata, selection and outcome.

    Parameters are those of `fairness.audit`; `score_bins` and `score_range`
    say how finely a score is binned (by default over [0, 1] where that holds
    all of them, else from the lowest to the highest).

    Returns
    -------
    Counted

    Raises
    ------
    InputError
        With every problem that was found.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"g": ["a", "a", "b"], "picked": [1, 0, 0]})
    >>> count(frame, by="g", selected="picked").counts
    <GroupCounts: 3 customers, 1 selected, 3 cells of g>
    """
    table = open_table(data)
    asked = Asked(
        by=by,
        selected=selected,
        audience=audience,
        id=id,
        protected=protected,
        bands=bands,
        as_of=as_of,
        outcome=outcome,
        score=score,
        value=value,
        weight=weight,
        strata=strata,
        score_bins=score_bins,
        score_range=score_range,
    )
    roles, beside = resolve(table, asked)
    joined = join_tables(table, roles, audience=audience, protected=beside)
    if isinstance(joined.table, EagerTable):
        counts, bins = count_eager(joined, joined.table, roles)
    else:
        counts, bins = count_lazy(joined.table, roles)
    return Counted(counts, bins, joined.notes)
