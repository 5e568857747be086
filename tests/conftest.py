"""One table by every route into the library."""

import csv
import datetime as dt
import shutil
import warnings
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engines import ENGINES


@dataclass
class Table:
    """Columns as Python lists."""

    columns: dict[str, list[Any]]

    def arrow(self):
        import pyarrow as pa

        return pa.table(
            {name: pa.array(values) for name, values in self.columns.items()}
        )

    def rows(self):
        return list(zip(*self.columns.values(), strict=True))

    @property
    def strings(self):
        return [
            name
            for name, values in self.columns.items()
            if any(isinstance(value, str) for value in values)
        ]


def pandas_object(table, path):
    import pandas as pd

    frame = pd.DataFrame(
        {n: pd.Series(v, dtype=object) for n, v in table.columns.items()}
    )
    numbers = [n for n in frame if n not in table.strings and _is_number(table, n)]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _is_number(table, name):
    kinds = {type(v) for v in table.columns[name] if v is not None}
    return bool(kinds) and kinds <= {int, float}


def pandas_str(table, path):
    import pandas as pd

    frame = pd.DataFrame(table.columns)
    for name, values in table.columns.items():
        if any(isinstance(value, dt.date) for value in values):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def pandas_categorical(table, path):
    frame = pandas_str(table, path)
    return frame.astype(dict.fromkeys(table.strings, "category"))


def pandas_nullable(table, path):
    return pandas_str(table, path).convert_dtypes()


def pandas_arrow(table, path):
    import pandas as pd

    return table.arrow().to_pandas(types_mapper=pd.ArrowDtype)


def polars_eager(table, path):
    import polars as pl

    return pl.from_arrow(table.arrow())


def polars_categorical(table, path):
    import polars as pl

    frame = polars_eager(table, path)
    return frame.with_columns(
        pl.col(name).cast(pl.Categorical) for name in table.strings
    )


def polars_enum(table, path):
    import polars as pl

    frame = polars_eager(table, path)
    return frame.with_columns(
        pl.col(name).cast(pl.Enum(frame[name].drop_nulls().unique().sort().to_list()))
        for name in table.strings
    )


def polars_lazy(table, path):
    return polars_eager(table, path).lazy()


def arrow(table, path):
    return table.arrow()


def arrow_chunked(table, path):
    import pyarrow as pa

    whole = table.arrow()
    cut = whole.num_rows // 3
    return pa.concat_tables([whole.slice(0, 0), whole.slice(0, cut), whole.slice(cut)])


def arrow_dictionary(table, path):
    whole = table.arrow()
    for name in table.strings:
        place = whole.column_names.index(name)
        whole = whole.set_column(place, name, whole[name].dictionary_encode())
    return whole


def duckdb_relation(table, path):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection.from_arrow(table.arrow())


def ibis_memtable(table, path):
    import ibis

    return ibis.memtable(table.arrow())


def csv_file(table, path):
    with (path / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows(table.rows())
    return path / "table.csv"


def csv_on_disk(table, path):
    """Past the size up to which CSV is read into memory; see `by_route`."""
    return csv_file(table, path)


def parquet_file(table, path):
    import pyarrow.parquet as pq

    pq.write_table(table.arrow(), path / "table.parquet")
    return str(path / "table.parquet")


def parquet_parts(table, path):
    import pyarrow.parquet as pq

    whole = table.arrow()
    cut = whole.num_rows // 2
    (path / "parts").mkdir(exist_ok=True)
    pq.write_table(whole.slice(cut), path / "parts" / "b.parquet")
    pq.write_table(whole.slice(0, cut), path / "parts" / "a.parquet")
    return str(path / "parts" / "*.parquet")


def spark_frame(table, path):
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    types = {str: "string", bool: "boolean", int: "bigint", float: "double"}
    columns = []
    for name, values in table.columns.items():
        kind = type(next(value for value in values if value is not None))
        columns.append(f"`{name.replace('`', '``')}` {types.get(kind, 'date')}")
    return session.createDataFrame(table.rows(), ", ".join(columns))


IN_MEMORY = [
    pandas_object,
    pandas_str,
    pandas_categorical,
    pandas_nullable,
    pandas_arrow,
    polars_eager,
    polars_categorical,
    polars_enum,
    arrow,
    arrow_chunked,
    arrow_dictionary,
]
IN_PLACE = [polars_lazy, duckdb_relation, ibis_memtable]
FILES = [csv_file, csv_on_disk, parquet_file, parquet_parts]


@pytest.fixture(params=[*IN_MEMORY, *IN_PLACE, *FILES], ids=lambda make: make.__name__)
def by_route(request, tmp_path, monkeypatch):
    """A function that turns a `Table` into what a user of one route has."""
    make = request.param
    if make is csv_on_disk:
        monkeypatch.setattr("fairness.frames.files.IN_MEMORY_BYTES", 0)

    def build(table, name="main"):
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        return make(table, path)

    build.route = make.__name__
    return build


@pytest.fixture
def by_spark(tmp_path):
    """The same for PySpark, which costs half a minute of starting up."""
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("PySpark needs Java")
    with warnings.catch_warnings():
        # PySpark says so of pandas 3 whenever it makes Arrow; no pandas is used here.
        warnings.filterwarnings("ignore", message=".*pandas.*")
        yield lambda table: spark_frame(table, tmp_path)


@pytest.fixture
def table_of():
    """Build a `Table` from columns."""
    return lambda **columns: Table(columns)


@pytest.fixture(scope="session")
def typed_table():
    """Texts, whole numbers, floats with NaN, booleans, dates, all with gaps."""
    import random

    draw = random.Random(7)
    size = 600
    day = dt.date(1940, 1, 1)

    def some(values, gap=0.0):
        return [
            None if draw.random() < gap else draw.choice(values) for _ in range(size)
        ]

    born = [day + dt.timedelta(days=draw.randrange(25_000)) for _ in range(size)]
    born[:4] = [dt.date(2000, 2, 29), dt.date(2008, 11, 1), dt.date(2008, 11, 2), None]
    return Table(
        {
            "customer id": [f"{i:05d}" for i in range(size)],
            "gender": some(["f", "m", "NA", "né·e"], 0.1),
            "region": some(["yes", "no", "01234", "1.5"], 0.0),
            "kids": some([0, 1, 2, 11]),
            "code": some([1.0, 2.5, -3.0], 0.2),
            "app": some([True, False]),
            "age": [
                float(draw.randrange(17, 90)) if i % 9 else None for i in range(size)
            ],
            "born": born,
            "sel": [int(draw.random() < 0.3) for _ in range(size)],
            "out": some(["Yes", "No"], 0.4),
            "score": [round(draw.random(), 4) if i % 7 else None for i in range(size)],
            "value": [draw.randrange(0, 400) / 4 for _ in range(size)],
            "w": some([0.5, 1.0, 2.25]),
            "tier": some(["gold", "tin"], 0.1),
        }
    )


@pytest.fixture(params=ENGINES, ids=lambda make: make.__name__)
def engine(request):
    """A function that turns a pyarrow table into one library's frame."""
    return request.param


@pytest.fixture
def rows_of():
    """The values of some columns as lists, by `id`, missing ones as None."""
    import narwhals as nw

    def rows_of(frame, columns):
        frame = nw.from_native(frame)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect("pyarrow")
        table = frame.select(dict.fromkeys(["id", *columns])).to_arrow().sort_by("id")
        return {name: table[name].to_pylist() for name in columns}

    return rows_of
