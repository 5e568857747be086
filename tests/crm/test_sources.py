"""One CRM by every way in: the clean tables are the same."""

import datetime as dt
import shutil

import duckdb
import ibis
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fairness as fa
from fairness.errors import InputError
from pipelines.crm import CONTRACTS, Crm, open_crm_table

CUSTOMERS = {
    "customer_id": ["c1", "c2 ", "c3"],
    "signup_date": [dt.date(2020, 2, 29), None, dt.date(2021, 1, 1)],
    "email_ok": [True, False, None],
    "orders": [1, 2, None],
    "city": ["Hølm Bay", "N04 ", None],
}
CONSENTS = {
    "customer_id": ["c1", "c2", "c9"],
    "purpose": ["marketing"] * 3,
    "channel": ["email"] * 3,
    "status": ["OptIn", "optout", "OptIn"],
    "captured_at": [dt.date(2026, 1, 1), None, dt.date(2026, 1, 1)],
}


def arrow(columns):
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def write_csv(columns, path):
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


def csv_file(columns, path):
    return write_csv(columns, path / "table.csv")


def csv_with_options(columns, path):
    name = write_csv(columns, path / "table.csv")
    text = (path / "table.csv").read_text(encoding="utf-8").replace(",", ";")
    (path / "table.csv").write_text(text, encoding="utf-8")
    return fa.scan(name, delimiter=";")


def csv_on_disk(columns, path):
    return csv_file(columns, path)


def csv_parts(columns, path):
    write_csv({n: v[:1] for n, v in columns.items()}, path / "a.csv")
    write_csv({n: v[1:] for n, v in columns.items()}, path / "b.csv")
    return str(path / "*.csv")


def parquet(columns, path):
    pq.write_table(arrow(columns), path / "table.parquet")
    return path / "table.parquet"


def parquet_parts(columns, path):
    table = arrow(columns)
    pq.write_table(table.slice(0, 1), path / "a.parquet")
    pq.write_table(table.slice(1), path / "b.parquet")
    return str(path / "*.parquet")


def pandas(columns, path):
    return arrow(columns).to_pandas()


def polars(columns, path):
    return pl.from_arrow(arrow(columns))


def polars_lazy(columns, path):
    return polars(columns, path).lazy()


def relation(columns, path):
    return duckdb.connect().from_arrow(arrow(columns))


def memtable(columns, path):
    return ibis.memtable(arrow(columns))


def duckdb_file(columns, path):
    with duckdb.connect(path / "crm.duckdb") as connection:
        connection.register("given", arrow(columns))
        connection.execute('CREATE SCHEMA "my crm"')
        connection.execute('CREATE TABLE "my crm"."the ""table""" AS FROM given')
    return f"duckdb:///{path}/crm.duckdb#my%20crm.the%20%22table%22"


def sqlite_file(columns, path):
    import sqlite3

    table = arrow(columns)
    cells = [[_plain(cell) for cell in column.to_pylist()] for column in table.columns]
    connection = sqlite3.connect(path / "crm.db")
    connection.execute(f"CREATE TABLE t ({', '.join(table.column_names)})")
    marks = ", ".join("?" * table.num_columns)
    rows = list(zip(*cells, strict=True))
    connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}/crm.db?table=t"


def _plain(cell):
    return cell.isoformat() if isinstance(cell, dt.date) else cell


WAYS = [
    csv_file,
    csv_with_options,
    csv_on_disk,
    csv_parts,
    parquet,
    parquet_parts,
    pandas,
    polars,
    polars_lazy,
    relation,
    memtable,
    duckdb_file,
    sqlite_file,
]


def rows(frame):
    return frame.collect("pyarrow").to_native().to_pylist()


# Ibis reads SQLite by way of pandas, with an option that pandas gives up.
@pytest.mark.filterwarnings("ignore:The 'future.infer_string':DeprecationWarning")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_clean_tables_are_the_same(way, tmp_path, monkeypatch):
    if way is csv_on_disk:
        monkeypatch.setattr("fairness.frames.typed.IN_MEMORY_BYTES", 0)
    given = {}
    for name, columns in (("customers", CUSTOMERS), ("consents", CONSENTS)):
        (tmp_path / name).mkdir()
        given[name] = way(columns, tmp_path / name)
    with Crm.open(given) as crm:
        customers, consents = rows(crm.customers), rows(crm.consents)
        found = {(c.column, c.code): c.rows for c in crm.violations.counts}
        aside = rows(crm.quarantined("consents"))
    customers.sort(key=lambda row: row["customer_id"])
    assert [row["customer_id"] for row in customers] == ["c1", "c2", "c3"]
    assert [row["signup_date"] for row in customers] == CUSTOMERS["signup_date"]
    assert [row["email_ok"] for row in customers] == [True, False, None]
    assert [row["orders"] for row in customers] == [1, 2, None]
    assert [row["city"] for row in customers] == ["Hølm Bay", "N04 ", None]
    consents.sort(key=lambda row: row["customer_id"])
    assert [row["status"] for row in consents] == ["OptIn", "OptOut"]
    assert [row["captured_at"] for row in consents] == [dt.date(2026, 1, 1), None]
    assert found == {
        ("customer_id", "padded"): 1,
        ("customer_id", "stranger"): 1,
        ("status", "spelling"): 1,
    }
    assert [row["customer_id"] for row in aside] == ["c9"]


@pytest.mark.parametrize("way", [csv_file, csv_on_disk, parquet, polars_lazy])
def test_the_row_in_the_file_is_told(way, tmp_path, monkeypatch):
    if way is csv_on_disk:
        monkeypatch.setattr("fairness.frames.typed.IN_MEMORY_BYTES", 0)
    ids = [f"c{place}" for place in range(5_000)]
    ids[3_333] += " "
    data = way({"customer_id": ids}, tmp_path)
    with Crm.open({"customers": data}) as crm:
        (example,) = crm.violations.examples
    assert example.row == 3_334
    if way is not polars_lazy:
        assert example.file.startswith("table.")


@pytest.mark.spark
def test_spark_frames_come_in():
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("PySpark needs Java")
    from tests.consent.conftest import as_spark

    given = {
        "customers": as_spark(arrow(CUSTOMERS)),
        "consents": as_spark(arrow(CONSENTS)),
    }
    with Crm.open(given) as crm:
        assert len(rows(crm.customers)) == 3
        assert len(rows(crm.consents)) == 2


def test_tables_are_joined_in_one_engine(tmp_path):
    given = {"customers": parquet(CUSTOMERS, tmp_path), "consents": arrow(CONSENTS)}
    with Crm.open(given) as crm:
        joined = crm.customers.join(crm.consents, on="customer_id", how="left")
        assert len(rows(joined)) == 3


def test_only_the_columns_wanted_are_brought_in():
    with Crm.open(
        {"customers": arrow(CUSTOMERS)}, columns={"customers": ["customer_id"]}
    ) as crm:
        assert crm.customers.collect_schema().names() == ["customer_id"]
    with pytest.raises(InputError, match="customers: 'town' is not a column"):
        Crm.open({"customers": arrow(CUSTOMERS)}, columns={"customers": ["town"]})


def test_ids_that_are_numbers_become_text():
    numbers = pa.table({"customer_id": pa.array([1.0, 2.0, None])})
    with Crm.open({"customers": numbers}) as crm:
        assert [row["customer_id"] for row in rows(crm.customers)] == ["1", "2"]
        assert crm.violations.by_code() == {"missing": 1}


def test_times_become_days_in_utc():
    moment = dt.datetime(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    zoned = pa.array([moment], pa.timestamp("us", tz="Europe/Berlin"))
    table = pa.table({"customer_id": ["c1"], "signup_date": zoned})
    with Crm.open({"customers": table}) as crm:
        assert rows(crm.customers)[0]["signup_date"] == dt.date(2025, 12, 31)


def test_a_table_by_itself():
    frame = open_crm_table(arrow(CONSENTS), CONTRACTS["consents"])
    assert len(rows(frame)) == 3
    with pytest.raises(InputError, match="did you mean 'consents'"):
        open_crm_table(arrow(CONSENTS), "consent")


def test_a_table_that_was_not_given_is_told():
    with (
        Crm.open({"customers": arrow(CUSTOMERS)}) as crm,
        pytest.raises(InputError) as caught,
    ):
        _ = crm.consents
    assert str(caught.value).startswith("consents: is not among the tables")


def test_the_memory_has_a_limit(tmp_path):
    with pytest.raises(InputError, match="memory_limit: 'much' is no size"):
        Crm.open({"customers": arrow(CUSTOMERS)}, memory_limit="much")
    size = 300_000
    ids = pa.array([f"customer number {place}" for place in range(size)])
    pq.write_table(pa.table({"customer_id": ids}), tmp_path / "many.parquet")
    # The groups take more than this: what does not fit is spilled.
    with Crm.open({"customers": tmp_path / "many.parquet"}, memory_limit="40MB") as crm:
        counted = crm.customers.group_by("customer_id").agg()
        assert len(rows(counted)) == size


def test_no_other_file_can_be_read(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with Crm.open({"customers": arrow(CUSTOMERS)}) as crm:
        session = crm._session._connection
        with pytest.raises(duckdb.PermissionException):
            session.read_csv(str(tmp_path / "secret.csv")).fetchall()
