"""Count a walked funnel by protected group, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from fairness.counts import GroupCounts, count
from fairness.counts.build import Counted
from fairness.errors import InputError, Problem, alternatives
from pipelines.funnel.counted import PATH, FunnelCounts
from pipelines.funnel.walking import SCORE, SELECTED, Walked


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns are to the audit; names as in `fairness.audit`.

    Parameters
    ----------
    by : tuple of str
    id : str
    protected : table or path, optional
    bands : mapping, optional
    as_of : date, optional
    outcome, value : str, optional
    strata, uses : tuple of str
    value_cap : float, optional
    """

    by: tuple[str, ...]
    id: str
    protected: Any = None
    bands: Mapping[str, Sequence[float | str]] | None = None
    as_of: date | None = None
    outcome: str | None = None
    value: str | None = None
    strata: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    value_cap: float | None = None

    @property
    def carried(self) -> tuple[str, ...]:
        """Columns of the customers' own table that counting reads."""
        single = [name for name in (self.outcome, self.value) if name is not None]
        own = () if self.protected is not None else self.by
        return tuple(dict.fromkeys([*own, *single, *self.strata, *self.uses]))


def count_walked(
    walked: Walked, roles: Roles, *, base: int = 0
) -> tuple[Counted, FunnelCounts]:
    """Count who was selected, and how far everybody got, by protected group.

    Parameters
    ----------
    walked : Walked
    roles : Roles
    base : int, default 0
        The audience is judged among those who came to this stage.

    Returns
    -------
    counted : Counted
        Of those who came to the base, as `fairness.counts.count` gives it.
    funnel : FunnelCounts
        Of all customers.

    Raises
    ------
    InputError
        Nobody came to the base, or with every problem found in the columns.
    """
    reached = walked.paths.ends[walked.path] >= base
    if not reached.any():
        raise InputError(_nobody(walked, base))
    table = walked.counting_table()
    inside = _counted(_filtered(table, reached), roles, walked, many=[PATH])
    names = [*roles.by, PATH]
    counts = _bare(inside.counts, names)
    if not reached.all():
        outside = replace(roles, outcome=None, value=None, strata=(), uses=())
        # Whoever is not judged may be few, of whatever groups.
        many = [*roles.by, PATH]
        rest = _counted(_filtered(table, ~reached), outside, None, many=many)
        counts += _bare(rest.counts, names)
    kept = [*roles.by, *roles.strata]
    own = replace(inside, counts=inside.counts.of_axes(kept))
    return own, FunnelCounts(walked.paths, counts, base)


def _nobody(walked: Walked, base: int) -> Problem:
    """Return which stage before the base leaves nobody to judge."""
    stages = walked.paths.stages
    last = int(walked.paths.ends[walked.path].max())
    asked = stages[last].texts or stages[last].clauses
    return Problem(
        f"stage {stages[last].name}",
        f"leaves nobody of {len(walked.path):,} customers to judge from the stage "
        f"{stages[base].name} on. It asks: {alternatives(asked)}",
        "check what it asks against the values in the tables",
    )


def _counted(
    table: Any, roles: Roles, walked: Walked | None, *, many: Sequence[str]
) -> Counted:
    # Where nobody came as far as the score, there is none to count.
    scored = (
        walked is not None
        and walked.scores is not None
        and not np.isnan(walked.scores).all()
    )
    return count(
        table,
        by=roles.by,
        selected=SELECTED,
        # Whoever walks customers has seen to it that each is there once.
        id=None if roles.protected is None else roles.id,
        protected=roles.protected,
        bands=roles.bands,
        as_of=roles.as_of,
        outcome=roles.outcome,
        value=roles.value,
        score=SCORE if scored else None,
        strata=[*roles.strata, PATH],
        uses=roles.uses or None,
        value_cap=roles.value_cap,
        many=many,
    )


def _bare(counts: GroupCounts, names: Sequence[str]) -> GroupCounts:
    """Return the counts by some axes, with neither outcomes nor sums."""
    counts = counts.of_axes(names)
    kept = [i for i, axis in enumerate(counts.axes) if axis.role != "outcome"]
    bare = replace(
        counts,
        axes=tuple(counts.axes[i] for i in kept),
        levels=counts.levels[:, kept],
        sums={},
    )
    return bare.of_axes(names)


def _filtered(table: Any, kept: np.ndarray[Any, Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return table if kept.all() else table.filter(pa.array(kept))
