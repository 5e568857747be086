"""Rows as a stream of Arrow batches, so that no table has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals as nw

from fairness.frames.failures import reading

BATCH_ROWS = 2**17


def arrow_batches(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    *,
    name: str = "data",
    rows: int = BATCH_ROWS,
) -> Iterator[Any]:
    """Yield the rows of a frame as pyarrow tables.

    Parameters
    ----------
    frame : narwhals frame
        Of DuckDB, it is read as it goes; of other engines it is collected first.
    name : str
        What the table is called in messages.
    rows : int
        At most so many in one batch.

    Raises
    ------
    InputError
        What the engine cannot read.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = nw.from_native(pa.table({"x": [1, 2, 3]}))
    >>> [batch.num_rows for batch in arrow_batches(frame, rows=2)]
    [2, 1]
    """
    import pyarrow as pa  # noqa: PLC0415  # loaded only where rows leave the engine

    if isinstance(frame, nw.LazyFrame) and frame.implementation.is_duckdb():
        with reading(name):
            reader: Any = frame.to_native().to_arrow_reader(rows)
            for batch in reader:
                yield pa.Table.from_batches([batch])
        return
    with reading(name):
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect(backend="pyarrow")
        table = frame.to_arrow()
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)
