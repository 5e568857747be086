"""From tables to counts: the only code that looks at rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


from fairness.counts.bins import ScoreBins
from fairness.counts.eager import count_eager
from fairness.counts.lazy import count_lazy
from fairness.counts.membership import join_tables
from fairness.counts.roles import Roles
from fairness.counts.table import GroupCounts
from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.frames import EagerTable, LazyTable, open_table
from fairness.groups import Bands, Flag, parse_flag
from fairness.frames.texts import parse_day


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
    bands: Mapping[str, Sequence[float]] | None = None,
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
    roles = _resolve(
        table,
        by=by,
        selected=selected,
        audience=audience,
        id_=id,
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
    joined = join_tables(table, roles, audience=audience, protected=protected)
    if isinstance(joined.table, EagerTable):
        counts, bins, notes = count_eager(joined, roles)
    else:
        counts, bins, notes = count_lazy(joined.table, roles)
    return Counted(counts, bins, (*joined.notes, *notes))


def _resolve(
    table: EagerTable | LazyTable,
    *,
    by: str | Sequence[str],
    selected: str | None,
    audience: Any,
    id_: str | None,
    protected: Any,
    bands: Mapping[str, Sequence[float]] | None,
    as_of: str | date | None,
    outcome: str | None,
    score: str | None,
    value: str | None,
    weight: str | None,
    strata: str | Sequence[str] | None,
    score_bins: int,
    score_range: tuple[float, float] | None,
) -> Roles:
    problems: list[Problem] = []
    attempt = _Attempt(problems)
    columns = table.columns
    protected_table = (
        None
        if protected is None
        else attempt(lambda: open_table(protected, name="protected"))
    )
    protected_columns = protected_table.columns if protected_table else []
    attributes = _names("by", by, problems)
    layers = _names("strata", strata or (), problems)
    available = [*columns, *(c for c in protected_columns if c not in columns)]
    problems += _unknown("by", attributes, available)
    problems += _unknown("strata", layers, columns)
    problems += _ambiguous(attributes, columns, protected_columns, id_)
    problems += _selection_problems(selected, audience)
    if not attributes:
        problems.append(
            Problem(
                "by",
                "names no protected attribute",
                f"name the columns to audit, for example by={columns[:1]!r}",
            )
        )
    problems += _shared_roles(attributes, layers)
    if id_ is None and (audience is not None or protected is not None):
        problems.append(
            Problem(
                "id",
                "is needed to join the audience and the protected table",
                "name the customer id: --id COL (id= in Python)",
            )
        )
    problems += _unknown("id", [id_] if id_ else [], columns)
    for role, name in (("score", score), ("value", value), ("weight", weight)):
        problems += _unknown(role, [name] if name else [], columns)
    flag = None
    if selected is not None and audience is None:
        flag = attempt(lambda: parse_flag(str(selected), columns, role="selected"))
    observed = None
    if outcome is not None:
        observed = attempt(lambda: parse_flag(str(outcome), columns, role="outcome"))
    problems += _flag_as_attribute(flag, attributes)
    banded = {}
    for column, edges in (bands or {}).items():
        if column not in attributes and column not in layers:
            problems.append(
                Problem(
                    "bands",
                    f"names {shown(column)}, which is neither in `by` nor in `strata`",
                    f"add {shown(column)} to `by`",
                )
            )
        made = attempt(lambda c=column, e=edges: Bands.of(c, e))
        if made is not None:
            banded[column] = made
    day = _day(as_of, problems)
    if not (isinstance(score_bins, int) and score_bins > 0):
        problems.append(Problem("score_bins", f"{shown(score_bins)} is not above 0"))
    if problems:
        raise InputError(problems)
    return Roles(
        by=tuple(attributes),
        strata=tuple(layers),
        selected=flag,
        outcome=observed,
        score=score,
        value=value,
        weight=weight,
        id=id_,
        bands=banded,
        as_of=day,
        score_bins=score_bins,
        score_range=score_range,
    )


class _Attempt:
    """Run a step; what it finds wrong joins the other problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __call__(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except InputError as error:
            self._problems.extend(error.problems)
            return None


def _names(role: str, given: str | Sequence[str], problems: list[Problem]) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str):
            problems.append(Problem(role, f"{shown(name)} is not a column name"))
    names = [name for name in names if isinstance(name, str)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem(role, f"names {shown(name)} more than once"))
    return list(dict.fromkeys(names))


def _unknown(role: str, names: Iterable[str], columns: Sequence[str]) -> list[Problem]:
    return [
        unknown_name(role, name, columns, "column")
        for name in names
        if name not in columns
    ]


def _ambiguous(
    attributes: Sequence[str],
    columns: Sequence[str],
    protected_columns: Sequence[str],
    id_: str | None,
) -> list[Problem]:
    problems = [
        Problem(
            "by",
            f"{shown(name)} is in the data and in the protected table",
            "keep protected attributes out of the data, or rename one of the two",
        )
        for name in attributes
        if name in columns and name in protected_columns
    ]
    if protected_columns and id_ and id_ not in protected_columns:
        problems.append(unknown_name("protected", id_, protected_columns, "column"))
    return problems


def _selection_problems(selected: Any, audience: Any) -> list[Problem]:
    if (selected is None) == (audience is None):
        said = "both given" if selected is not None else "neither given"
        return [
            Problem(
                "selected, audience",
                f"{said}: exactly one says who was picked",
                "name a 0/1 column (--selected COL) or a list of ids (--audience FILE)",
            )
        ]
    if selected is not None and not isinstance(selected, str):
        return [
            Problem("selected", f"{shown(selected)} is not a column name"),
        ]
    return []


def _shared_roles(attributes: Sequence[str], layers: Sequence[str]) -> list[Problem]:
    return [
        Problem("strata", f"{shown(name)} is in `by` as well", "give it one role")
        for name in layers
        if name in attributes
    ]


def _flag_as_attribute(flag: Flag | None, attributes: Sequence[str]) -> list[Problem]:
    if flag is None or flag.column not in attributes:
        return []
    return [
        Problem(
            "selected",
            f"{shown(flag.column)} is in `by` as well: an attribute cannot be audited "
            "against itself",
        )
    ]


def _day(as_of: str | date | None, problems: list[Problem]) -> date | None:
    if as_of is None:
        return None
    day = parse_day(as_of)
    if day is None:
        problems.append(
            Problem("as_of", f"{shown(as_of)} is not a date", "write YYYY-MM-DD")
        )
    return day
