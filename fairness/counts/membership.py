"""Join customers, their audience and their protected attributes by id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts.roles import Roles
from fairness.errors import InputError, Problem, alternatives, shown
from fairness.frames import (
    EagerTable,
    LazyTable,
    Source,
    is_table,
    open_table,
    read_eager,
)
from fairness.frames.encoding import arrow_numbers
from fairness.groups import MISSING, label_of

# Whole numbers below this are exact as floats.
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Joined:
    """A table with what was joined to it.

    Parameters
    ----------
    table : EagerTable or LazyTable
    member : uint8 array or None
        1 where the customer is in the audience.
    protected : EagerTable or None
    place : int array or None
        Row of each customer in `protected`, -1 where there is none.
    notes : tuple of str
    """

    table: EagerTable | LazyTable
    member: NDArray[Any] | None = None
    protected: EagerTable | None = None
    place: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()


def join_tables(
    table: EagerTable | LazyTable, roles: Roles, *, audience: Any, protected: Any
) -> Joined:
    """Join by id, after checking that every id is there exactly once.

    Raises
    ------
    InputError
        Ids that are missing or doubled, strangers in the audience.
    """
    if roles.id is None:
        return Joined(table)
    if audience is None and protected is None:
        _check_alone(table, roles.id)
        return Joined(table)
    eager = _columns_in_memory(table, roles, joined=protected is not None)
    problems: list[Problem] = []
    ids, picked, keys, attributes = _ids(eager, roles.id), None, None, None
    if audience is not None:
        try:
            picked = _audience_ids(audience, roles.id, like=table)
        except InputError as error:
            problems += error.problems
    if protected is not None:
        wanted = [name for name in roles.by if name not in eager.columns]
        attributes = read_eager(
            protected, [roles.id, *wanted], name="protected", like=eager
        )
        keys = _ids(attributes, roles.id)
    ids, picked, keys = _alike(ids, picked, keys)
    problems += _id_problems("data", ids)
    if picked is not None:
        problems += _id_problems("audience", picked) + _strangers(picked, ids)
    if keys is not None:
        problems += _id_problems("protected", keys)
    if problems:
        raise InputError(problems)
    member = None if picked is None else (_position(ids, picked) >= 0).view(np.uint8)
    if attributes is None:
        return Joined(eager, member)
    place = _position(ids, keys)
    return Joined(eager, member, attributes, place, _note(place))


def _note(place: NDArray[Any]) -> tuple[str, ...]:
    """Return what to tell of customers without a row in the protected table."""
    without = int((place < 0).sum())
    if not without:
        return ()
    note = (
        f"{without:,} customers have no row in the protected table: they are in the "
        f"group {MISSING} of each attribute in it"
    )
    return (note,)


def _columns_in_memory(
    table: EagerTable | LazyTable, roles: Roles, *, joined: bool
) -> EagerTable:
    if isinstance(table, EagerTable):
        return table
    columns = [roles.id, roles.score, roles.value, roles.weight, *roles.strata]
    columns += roles.uses
    columns += [flag.column for flag in (roles.selected, roles.outcome) if flag]
    columns += [name for name in roles.by if not joined or name in table.columns]
    wanted = list(dict.fromkeys(column for column in columns if column is not None))
    return read_eager(table, wanted, name=table.name, like=None)


def _audience_ids(audience: Any, column: str, *, like: EagerTable | LazyTable) -> Any:
    import pyarrow as pa  # noqa: PLC0415  # loaded only where ids are joined

    listed = not isinstance(audience, str | bytes | Path | Source | Mapping)
    if not listed or is_table(audience) or not isinstance(audience, Iterable):
        table = open_table(audience, name="audience")
        return _ids(read_eager(table, [column], name="audience", like=like), column)
    labels = [label_of(value) for value in audience]
    return pa.chunked_array(
        [pa.array([None if x == MISSING else x for x in labels], pa.large_string())]
    )


def _ids(table: EagerTable, column: str) -> Any:
    """Return ids as Arrow integers, or as text as written without spaces around."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    array = table.arrow(column)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_floating(array.type):
        array = _whole(array)
    if pa.types.is_integer(array.type):
        return array
    if not _is_text(array.type):
        labels = [label_of(value, table.missing) for value in array.to_pylist()]
        values = [None if label == MISSING else label for label in labels]
        return pa.chunked_array([pa.array(values, pa.large_string())])
    text = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    text = pc.replace_substring_regex(
        text, pattern=r"^([+-]?[0-9]+)\.0+$", replacement=r"\1"
    )
    # No Python value is turned into Arrow here: that would load pandas.
    tokens = "|".join(re.escape(token) for token in ("", *table.missing))
    absent = pc.match_substring_regex(text, pattern=f"^(?:{tokens})$")
    return pc.if_else(absent, pa.nulls(1, pa.large_string())[0], text)


def _alike(*columns: Any) -> list[Any]:
    """Return ids of several tables in one type: integers where all of them are.

    Integers are compared several times faster than their texts.
    """
    import pyarrow as pa  # noqa: PLC0415

    kinds = [column.type for column in columns if column is not None]
    whole = all(pa.types.is_integer(kind) and kind != pa.uint64() for kind in kinds)
    target = pa.int64() if whole else pa.large_string()
    return [None if column is None else column.cast(target) for column in columns]


def _is_text(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return any(
        test(kind)
        for test in (pa.types.is_string, pa.types.is_large_string, _is_string_view)
    )


def _is_string_view(kind: Any) -> bool:
    return str(kind) == "string_view"


def _whole(array: Any) -> Any:
    """Return floats as integers where all of them are, NaN as null."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    array = array.cast(pa.float64())
    nothing = pa.scalar(None, pa.float64())
    array = pc.if_else(pc.is_nan(array), nothing, array)
    exact = pc.less(pc.abs(array), pa.scalar(_EXACT, pa.float64()))
    whole = pc.and_(exact, pc.equal(pc.floor(array), array))
    return array.cast(pa.int64()) if pc.all(whole).as_py() else array


def _id_problems(name: str, ids: Any) -> list[Problem]:
    import pyarrow.compute as pc  # noqa: PLC0415

    problems = []
    if ids.null_count:
        problems.append(
            Problem(name, f"{ids.null_count:,} rows have no id", "every row needs one")
        )
    distinct = pc.count_distinct(ids, mode="only_valid").as_py()
    extra = len(ids) - ids.null_count - distinct
    if extra:
        counts = pc.value_counts(ids.drop_null())
        doubled = counts.filter(pc.greater(counts.field(1), 1)).field(0)
        problems.append(
            Problem(
                name,
                f"{len(doubled):,} ids occur more than once: "
                f"{alternatives(sorted(doubled.to_pylist()))}",
                "each customer may be there once",
            )
        )
    return problems


def _strangers(picked: Any, ids: Any) -> list[Problem]:
    import pyarrow.compute as pc  # noqa: PLC0415

    known = pc.is_in(picked, value_set=ids.combine_chunks())
    strange = picked.filter(pc.invert(known)).drop_null()
    if not len(strange):
        return []
    return [
        Problem(
            "audience",
            f"{len(strange):,} ids are not in the data: "
            f"{alternatives(sorted(strange.to_pylist()))}",
            "check the id column and that both files are of the same day",
        )
    ]


def _position(ids: Any, keys: Any) -> NDArray[Any]:
    """Return the row of each id among the keys, -1 where there is none."""
    import pyarrow.compute as pc  # noqa: PLC0415

    found = pc.index_in(ids, value_set=keys.combine_chunks())
    return arrow_numbers(found, null=-1)


def _check_alone(table: EagerTable | LazyTable, column: str) -> None:
    if isinstance(table, EagerTable):
        problems = _id_problems("data", _ids(table, column))
    else:
        rows, distinct, missing = table.uniqueness(column)
        problems = []
        if missing:
            problems.append(
                Problem("data", f"{missing:,} rows have no {shown(column)}")
            )
        if rows - missing != distinct:
            problems.append(
                Problem(
                    "data",
                    f"{rows - missing - distinct:,} rows repeat an id in "
                    f"{shown(column)}",
                    "each customer may be there once",
                )
            )
    if problems:
        raise InputError(problems)
