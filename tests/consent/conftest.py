import datetime as dt
import shutil

import pytest

ON = dt.date(2026, 11, 1)
ASKED = {"purpose": "marketing", "channel": "email", "brand": "nordia", "on": ON}
COLUMNS = (
    "customer_id",
    "purpose",
    "channel",
    "status",
    "captured_at",
    "brand",
    "basis",
    "effective_from",
    "effective_to",
    "double_opt_in_at",
    "source",
)


def arrow(rows, columns=COLUMNS):
    import pyarrow as pa

    names = [name for name in columns if not rows or name in rows[0]]
    return pa.table(
        {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
    )


def as_pandas(table):
    return table.to_pandas()


def as_pandas_object(table):
    import pandas as pd

    return pd.DataFrame(
        {n: pd.Series(table[n].to_pylist(), dtype=object) for n in table.column_names}
    )


def as_polars(table):
    import polars as pl

    return pl.from_arrow(table)


def as_polars_lazy(table):
    return as_polars(table).lazy()


def as_arrow(table):
    return table


CONNECTION = []


def as_duckdb(table):
    import duckdb

    if not CONNECTION:
        CONNECTION.append(duckdb.connect())
    return CONNECTION[0].from_arrow(table)


def as_ibis(table):
    import ibis

    return ibis.memtable(table)


def as_spark(table):
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    kinds = {"string": "string", "date32[day]": "date", "bool": "boolean"}
    schema = ", ".join(
        f"{field.name} {kinds.get(str(field.type), 'bigint')}" for field in table.schema
    )
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return session.createDataFrame(rows, schema)


ENGINES = [
    as_pandas,
    as_pandas_object,
    as_polars,
    as_polars_lazy,
    as_arrow,
    as_duckdb,
    as_ibis,
]
SPARK = pytest.param(as_spark, marks=pytest.mark.spark)


@pytest.fixture(params=[*ENGINES, SPARK], ids=lambda make: make.__name__)
def engine(request):
    """A function that turns an Arrow table into a frame of one library."""
    if request.param is as_spark:
        pytest.importorskip("pyspark")
        if shutil.which("java") is None:
            pytest.skip("PySpark needs Java")
    return request.param


@pytest.fixture
def ask():
    """Ask about records in plain Python; the answer is why, by customer."""
    from pipelines.consent import contactable

    def asking(rows, customers=None, make=as_arrow, **changed):
        import pyarrow as pa

        if customers is None:
            customers = sorted({row["customer_id"] for row in rows})
        people = customers
        if isinstance(customers, list):
            people = pa.table({"customer_id": pa.array(customers, pa.string())})
        changed = {
            name: make(value) if isinstance(value, pa.Table) else value
            for name, value in changed.items()
        }
        found = contactable(make(people), make(arrow(rows)), **(ASKED | changed))
        table = found.collect("pyarrow").to_dict(as_series=False)
        assert table["contactable"].count(None) == 0
        for flag, why in zip(table["contactable"], table["why"], strict=True):
            assert flag == (why in ("consent", "legitimate_interest"))
        return dict(zip(table["customer_id"], table["why"], strict=True))

    return asking


def record(status="OptIn", day="2026-03-01", **changed):
    return {
        "customer_id": "c",
        "purpose": "marketing",
        "channel": "email",
        "status": status,
        "captured_at": day,
        "brand": "Nordia",
    } | changed
