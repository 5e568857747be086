"""The rows that an estimator or a function is given: columns, ids, their order."""

from __future__ import annotations

from typing import Any

from fairness.errors import InputError, Problem, shown
from fairness.frames import EagerTable, is_table, open_table, read_eager
from fairness.groups import MISSING, label_of


def columns_of(rows: Any) -> list[str]:
    """Return the names of a frame's columns; none of an array.

    Examples
    --------
    >>> columns_of([[1.0, 2.0]])
    []
    """
    return list(open_table(rows, name="X").columns) if is_table(rows) else []


def rows_of(rows: Any) -> int:
    """Return how many rows there are.

    Raises
    ------
    InputError
        A frame that is not in memory.
    """
    if not is_table(rows):
        return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)
    table = open_table(rows, name="X")
    if isinstance(table, EagerTable):
        return table.rows
    what = "is not in memory, and the rows of an audience have an order"
    raise InputError(Problem("X", what, "collect it first"))


def without_column(rows: Any, name: str | None) -> Any:
    """Return a pandas, polars or pyarrow frame without a column; others as they are.

    Examples
    --------
    >>> import pyarrow as pa
    >>> without_column(pa.table({"id": [1], "n": [2]}), "id").column_names
    ['n']
    """
    columns = columns_of(rows)
    if name not in columns:
        return rows
    kept = [column for column in columns if column != name]
    return rows.select(kept) if hasattr(rows, "column_names") else rows[kept]


def id_column(rows: Any, name: str | None) -> Any:
    """Return the ids that stand in a frame; None where there is no column for them.

    Raises
    ------
    InputError
        A column of ids was named, and the rows do not have it.
    """
    if name is None:
        return None
    if name in columns_of(rows):
        return read_eager(rows, [name], name="X", like=None).arrow(name)
    what = f"{shown(name)} is not a column of the customers"
    raise InputError(Problem("id", what, "pass the ids by row: id=customers.index"))


def ids_of(given: Any, size: int, name: str | None) -> Any:
    """Return ids that were given beside the rows, as an Arrow column.

    Raises
    ------
    InputError
        Not one for each row; the protected table's column of ids was not named.
    """
    import pyarrow as pa  # noqa: PLC0415

    if name is None:
        what = "was given, and the protected table's column of ids was not named"
        raise InputError(Problem("id", what, "name it: id='customer_id'"))
    listed = given.tolist() if hasattr(given, "tolist") else list(given)
    if len(listed) != size:
        what = f"has {len(listed):,} values, and there are {size:,} rows"
        raise InputError(Problem("id", what, "pass one id for each row"))
    labels = [label_of(one) for one in listed]
    return pa.array([None if one == MISSING else one for one in labels], pa.string())


def refuse_other_index(rows: Any, protected: Any) -> None:
    """Refuse two pandas tables that are to be aligned and have different indexes.

    Raises
    ------
    InputError
    """
    mine: Any = getattr(rows, "index", None)
    theirs: Any = getattr(protected, "index", None)
    if not hasattr(mine, "equals") or not hasattr(theirs, "equals"):
        return
    if mine.size == theirs.size and not mine.equals(theirs):
        what = "has another index than the customers: rows would not match"
        hint = "align it: protected.loc[customers.index], or name the id"
        raise InputError(Problem("protected", what, hint))
