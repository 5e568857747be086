"""From tables to counts: the only code that looks at rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fairness.counts.bins import ScoreBins
from fairness.counts.column_counts import ColumnCounts
from fairness.counts.eager import bins_eager, count_eager
from fairness.counts.lazy import count_lazy
from fairness.counts.membership import join_tables
from fairness.counts.resolve import Asked, resolve
from fairness.counts.table import GroupCounts
from fairness.counts.value_bins import ValueBins
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
    values : ValueBins or None
    columns : ColumnCounts or None
    """

    counts: GroupCounts
    bins: ScoreBins | None = None
    notes: tuple[str, ...] = field(default=())
    values: ValueBins | None = None
    columns: ColumnCounts | None = None


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
    score_bins: int = 1000,
    score_range: tuple[float, float] | None = None,
    uses: str | Sequence[str] | None = None,
    value_cap: float | None = None,
    many: Sequence[str] = (),
) -> Counted:
    """Count customers by protected attributes, strata, selection and outcome.

    Parameters are those of `fairness.audit`; `score_bins` and `score_range`
    say how finely a score is binned (by default over [0, 1] where that holds
    all of them, else from the lowest to the highest). `uses` are the columns
    that the profile looks at, `value_cap` the value whose excess is counted
    exactly. `many` names attributes and strata that may have a value of its own for
    every customer, such as the numbers of a caller; others of the kind are refused.

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
        uses=uses,
        value_cap=value_cap,
        many=many,
    )
    roles, beside = resolve(table, asked)
    joined = join_tables(table, roles, audience=audience, protected=beside)
    if isinstance(joined.table, EagerTable):
        found = count_eager(joined, joined.table, roles)
    else:
        found = count_lazy(joined.table, roles)
    counts, bins, values, columns = found
    return Counted(counts, bins, joined.notes, values, columns)


def count_scores(
    data: Any,
    *,
    by: str | Sequence[str],
    score: str,
    id: str | None = None,  # noqa: A002  # the contract's name
    protected: Any = None,
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    outcome: str | None = None,
    bins: int = 100,
    score_range: tuple[float, float] | None = None,
) -> ScoreBins:
    """Count the scores of protected groups, before any cut is chosen.

    Parameters are those of `fairness.audit`; `bins` and `score_range` are
    `score_bins` and `score_range` of `count`.

    Returns
    -------
    ScoreBins
        Of single attributes: selection rates at every threshold are `rates`.

    Raises
    ------
    InputError
        With every problem that was found.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"g": ["a", "a", "b"], "score": [0.2, 0.9, 0.9]})
    >>> count_scores(frame, by="g", score="score", bins=2).rates("g").tolist()
    [[1.0, 0.5], [1.0, 1.0]]
    """
    table = open_table(data)
    asked = Asked(
        by=by,
        selected=None,
        audience=None,
        id=id,
        protected=protected,
        bands=bands,
        as_of=as_of,
        outcome=outcome,
        score=score,
        value=None,
        weight=None,
        strata=None,
        score_bins=bins,
        score_range=score_range,
        selecting=False,
    )
    roles, beside = resolve(table, asked)
    joined = join_tables(table, roles, audience=None, protected=beside)
    if isinstance(joined.table, EagerTable):
        return bins_eager(joined, joined.table, roles)
    found = count_lazy(joined.table, roles)[1]
    assert found is not None  # a score was asked for
    return found
