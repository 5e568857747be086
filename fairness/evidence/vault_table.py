"""A table as the bytes that are sealed, and back; never through a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, RefusedError, alternatives
from fairness.frames import Source, scan
from fairness.frames.delimited import layout, read_texts


def table_bytes(table: Any) -> bytes:
    """Return a table as Parquet.

    Parameters
    ----------
    table : table or path
        A pyarrow, pandas or polars table, or a CSV or Parquet file; cells of CSV stay
        the texts that they are.

    Raises
    ------
    InputError
        It is no table, has no rows, or two columns of one name.
    """
    import pyarrow as pa  # noqa: PLC0415  # loaded where a table is sealed
    import pyarrow.parquet as pq  # noqa: PLC0415

    source = scan(table) if isinstance(table, str | Path) else table
    try:
        found = _read(source) if isinstance(source, Source) else pa.table(source)
    except (TypeError, ValueError, pa.ArrowInvalid):
        what = f"is a {type(table).__name__}, not a table"
        raise InputError(Problem("table", what)) from None
    names = found.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        what = f"has columns of the same name: {alternatives(twice)}"
        raise InputError(Problem("table", what))
    if not found.num_rows or not names:
        raise InputError(Problem("table", "has no rows"))
    sink = pa.BufferOutputStream()
    pq.write_table(found.replace_schema_metadata(None), sink, compression="zstd")
    return bytes(sink.getvalue())


def table_of(content: bytes, where: str) -> Any:
    """Return the pyarrow table of bytes that `table_bytes` gave.

    Raises
    ------
    RefusedError
        They are none.
    """
    import pyarrow as pa  # noqa: PLC0415  # loaded where a vault is opened
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        return pq.read_table(pa.BufferReader(content))
    except (OSError, pa.ArrowInvalid):
        raise RefusedError(Problem(where, "does not hold a table")) from None


def _read(source: Source) -> Any:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    if source.url:
        what = "is a table of a database, which cannot be sealed"
        raise InputError(Problem("table", what, "export it to Parquet first"))
    if source.is_parquet:
        parts = []
        for file in source.files:
            with Path(file).open("rb") as raw:
                parts.append(pq.read_table(raw))
        return pa.concat_tables(parts)
    names, delimiter = layout(source)
    return read_texts(source, names, delimiter).rename_columns(names)
