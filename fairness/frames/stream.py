"""Rows as a stream of Arrow batches, so that no table has to fit in memory."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import narwhals as nw

from fairness.frames.failures import reading

BATCH_ROWS = 2**17

_MOST_WAITING = 2
_PATIENCE = 0.1


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


@contextmanager
def batches_ahead(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], *, name: str = "data"
) -> Iterator[Iterator[Any]]:
    """Give the rows of a frame as pyarrow tables that are read in the background.

    DuckDB starts at once, and stays at most two batches ahead of who takes them: what
    it does before the first one, as a join, goes on beside other work. Nothing else may
    be asked of its connection meanwhile. Other engines are read as they are asked.

    Parameters
    ----------
    frame : narwhals frame
    name : str
        What the table is called in messages.

    Raises
    ------
    InputError
        What the engine cannot read, when the batch is taken.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = nw.from_native(pa.table({"x": [1, 2, 3]}))
    >>> with batches_ahead(frame) as batches:
    ...     [batch.num_rows for batch in batches]
    [3]
    """
    batches = arrow_batches(frame, name=name)
    if not (isinstance(frame, nw.LazyFrame) and frame.implementation.is_duckdb()):
        yield batches
        return
    waiting: queue.Queue[Any] = queue.Queue(_MOST_WAITING)
    is_left = Event()

    def put(item: Any) -> bool:
        while not is_left.is_set():
            try:
                waiting.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for batch in batches:
                if not put(batch):
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001  # raised where rows are taken
            put(error)

    reader = Thread(target=read, name="fairreach-reader", daemon=True)
    reader.start()
    try:
        yield _taken(waiting)
    finally:
        # The connection is free again only when the reader has let go of it.
        is_left.set()
        reader.join()


def _taken(waiting: queue.Queue[Any]) -> Iterator[Any]:
    while (item := waiting.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
