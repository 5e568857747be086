"""Frames on which a rule means the same on every engine.

numpy-backed pandas has no null in a column of numbers, so that ``NOT (age > 30)`` holds
for a missing age; NaN is larger than every number to some engines; small integers
overflow on others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, shown, unknown_name
from pipelines.rules.kinds import kinds_of
from pipelines.rules.rule import Rule

_NARROW = (nw.Int8, nw.Int16, nw.Int32, nw.UInt8, nw.UInt16, nw.UInt32)
_WIDE = 64
_EXACT_FLOAT = 2**53
_DIGITS_OF_64_BITS = 20


def arrow_columns(frame: Any, columns: Sequence[str]) -> Any:
    """Return columns of a frame on which the expressions of a rule are safe.

    Parameters
    ----------
    frame : table
        Of any supported library, or a narwhals frame of one.
    columns : sequence of str
        Those that the rule reads (`Rule.columns`), and any to be kept beside them.

    Returns
    -------
    narwhals DataFrame or LazyFrame
        These columns, each once, and the rows in their order. NaN has become null,
        categories text, numbers 64 bits wide, decimals the nearest float. pandas
        becomes an Arrow table, by position; other libraries stay what they are.

    Raises
    ------
    InputError
        A column that the frame does not have; a name that Spark would read as a
        path; a pandas column of objects that are not all of one kind.

    Examples
    --------
    >>> import pandas as pd
    >>> safe = arrow_columns(pd.DataFrame({"age": [40, float("nan")]}), ["age"])
    >>> safe.select(~(nw.col("age") > 30))["age"].to_list()
    [False, None]
    """
    table: Any = nw.from_native(frame)
    schema = table.collect_schema()
    wanted = list(dict.fromkeys(columns))
    _check_names(table, list(schema), wanted)
    if table.implementation.is_pandas_like() or table.implementation.is_pyarrow():
        return _plain_table(table.to_native(), wanted)
    return table.select(*_prepared_all(schema, wanted))


def apply_rule(frame: Any, rule: Rule, *, name: str = "selected") -> Any:
    """Return a frame with one more column that says whom a rule selects.

    Parameters
    ----------
    frame : table
        Of any supported library, or a narwhals frame of one.
    rule : Rule
    name : str, default "selected"
        The new column: true or false, never null.

    Returns
    -------
    narwhals DataFrame or LazyFrame
        In memory all other columns are untouched; of a lazy frame those that the
        rule reads come as `arrow_columns` has them.

    Raises
    ------
    InputError
        The rule does not fit the columns, with every problem; `name` is taken.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from pipelines.rules import parse_rule
    >>> table = pa.table({"age": [17, 18, None]})
    >>> apply_rule(table, parse_rule("age >= 18"))["selected"].to_list()
    [False, True, False]
    """
    table: Any = nw.from_native(frame)
    kinds = kinds_of(table)
    problems = rule.check(kinds)
    if name in kinds:
        problems.append(Problem("name", f"{shown(name)} is a column already"))
    if problems:
        raise InputError(problems)
    held = rule.selects().alias(name)
    if isinstance(table, nw.LazyFrame):
        prepared = _prepared_all(table.collect_schema(), rule.columns)
        return table.with_columns(*prepared).with_columns(held)
    column = arrow_columns(table, rule.columns).select(held)[name]
    own = nw.new_series(
        name, column.to_numpy(), nw.Boolean(), backend=table.implementation
    )
    return table.with_columns(own)


def _check_names(table: Any, known: list[str], columns: Sequence[str]) -> None:
    problems = [
        unknown_name("columns", name, known, "column")
        for name in columns
        if name not in known
    ]
    if table.implementation.is_spark_like():
        problems += [
            Problem(
                "columns",
                f"{shown(name)} holds a dot or a backtick, which Spark reads as a path",
                "rename the column",
            )
            for name in columns
            if "." in name or "`" in name
        ]
    if problems:
        raise InputError(problems)


def _plain_table(native: Any, columns: Sequence[str]) -> Any:
    """Return plain columns of a pandas frame or an Arrow table as an Arrow table."""
    import pyarrow as pa  # noqa: PLC0415

    plain, problems = {}, []
    for name in columns:
        try:
            column = native[name]
            if not isinstance(column, pa.ChunkedArray):
                column = pa.array(column, from_pandas=True)
            if not isinstance(column, pa.ChunkedArray):
                column = pa.chunked_array([column])
            plain[name] = _plain(column)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            what = f"{shown(name)} holds objects that are not all of one kind"
            problems.append(Problem("columns", what, "make it text or numbers"))
    if problems:
        raise InputError(problems)
    return nw.from_native(pa.table(plain))


def _plain(column: Any) -> Any:
    """Return an Arrow column as rules need it."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_integer(kind):
        return _plain_integers(column)
    if pa.types.is_decimal(kind):
        # Straight to float Arrow is off by one in the last place now and then.
        return column.cast(pa.string()).cast(pa.float64())
    if pa.types.is_floating(kind):
        wide = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(wide), pa.scalar(None, pa.float64()), wide)
    return column


def _plain_integers(column: Any) -> Any:
    """Return whole numbers that Arrow compares with fractions without complaint.

    Beyond 2**53 it refuses to; decimals hold such numbers exactly.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if column.type.bit_width < _WIDE:
        return column.cast(pa.int64())
    ends = pc.min_max(column).as_py()
    if ends["max"] is None or max(abs(end) for end in ends.values()) <= _EXACT_FLOAT:
        return column.cast(pa.int64())
    return column.cast(pa.decimal128(_DIGITS_OF_64_BITS, 0))


def _prepared_all(schema: Mapping[str, Any], names: Sequence[str]) -> list[nw.Expr]:
    return [_prepared(name, schema[name]).alias(name) for name in names]


def _prepared(name: str, dtype: Any) -> nw.Expr:
    """Return a column as rules need it, for engines that take expressions well."""
    column = nw.col(name)
    if dtype.is_decimal():
        return column.cast(nw.Float64)
    if dtype.is_float():
        wide = column if dtype == nw.Float64 else column.cast(nw.Float64)
        return nw.when(~wide.is_nan()).then(wide).otherwise(nw.lit(None, nw.Float64()))
    if dtype in _NARROW:
        return column.cast(nw.Int64)
    if dtype in (nw.Categorical, nw.Enum):
        return column.cast(nw.String)
    return column
