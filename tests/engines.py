"""One Arrow table in every library that rules, features and scores may be given."""

import functools


def pandas_numpy(table):
    frame = table.to_pandas()
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if str(kind) == "date32[day]":
            frame[name] = frame[name].astype("datetime64[us]")
    return frame


def pandas_nullable(table):
    return pandas_numpy(table).convert_dtypes()


def pandas_arrow(table):
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype)


def pandas_shuffled_index(table):
    frame = pandas_numpy(table)
    return frame.set_axis([0] * len(frame))


def polars_eager(table):
    import polars as pl

    return pl.from_arrow(table)


def polars_lazy(table):
    return polars_eager(table).lazy()


def arrow(table):
    return table


def arrow_chunked(table):
    import pyarrow as pa

    cut = table.num_rows // 3
    return pa.concat_tables([table.slice(0, 0), table.slice(0, cut), table.slice(cut)])


@functools.cache
def connection():
    """One for all tables: DuckDB joins none of different connections."""
    import duckdb

    connected = duckdb.connect()
    connected.execute("SET threads = 1")
    return connected


def duckdb_relation(table):
    return connection().from_arrow(table)


def ibis_memtable(table):
    import ibis

    return ibis.memtable(table)


ENGINES = [
    pandas_numpy,
    pandas_nullable,
    pandas_arrow,
    pandas_shuffled_index,
    polars_eager,
    polars_lazy,
    arrow,
    arrow_chunked,
    duckdb_relation,
    ibis_memtable,
]
