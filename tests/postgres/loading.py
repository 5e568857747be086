"""Tables put into a database, and the sample CRM as one view."""

import datetime as dt
import sqlite3
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
# All that is known of a customer, in one row; seven in ten were not picked.
VIEW = """
SELECT c.*, p.birth_date, p.gender, p.ethnicity,
       CASE WHEN a.customer_id IS NULL THEN 0 ELSE 1 END AS offered
FROM customers c LEFT JOIN protected p ON p.customer_id = c.customer_id
LEFT JOIN picked a ON a.customer_id = c.customer_id
"""
ASKED = {
    "selected": "offered",
    "by": ["gender", "birth_date", "ethnicity"],
    "bands": {"birth_date": [18, 30, 45, 60]},
    "as_of": "2026-11-01",
    "intersections": 2,
    "offer": "beneficial",
}
MEASURED = ASKED | {
    "id": "customer_id",
    "score": "score",
    "value": "orders_12m",
    "strata": ["tenure_band", "region"],
    "uses": ["postcode", "est_income", "household_cards", "email_ok"],
}


def named(name):
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def sql_type(kind):
    """PostgreSQL's type for one of Arrow's."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"NUMERIC({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    names = {
        "int": "BIGINT",
        "dou": "DOUBLE PRECISION",
        "boo": "BOOLEAN",
        "dat": "DATE",
    }
    return names.get(str(kind)[:3], "TEXT")


class Postgres:
    """Tables of the tests' server."""

    def __init__(self, server):
        self.server = server

    def load(self, name, table):
        columns = ", ".join(f"{named(f.name)} {sql_type(f.type)}" for f in table.schema)
        with self.server.connected() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {named(name)} CASCADE")
            cursor.execute(f"CREATE TABLE {named(name)} ({columns})")
            with cursor.copy(f"COPY {named(name)} FROM STDIN") as copy:
                for row in zip(*table.to_pydict().values(), strict=True):
                    copy.write_row(row)
        return self.url(name)

    def view(self, name, query):
        self.server.run(f"CREATE OR REPLACE VIEW {named(name)} AS {query}")
        return self.url(name)

    def url(self, name, **options):
        return self.server.url(name, **options)


class Sqlite:
    """Tables of an SQLite file."""

    def __init__(self, folder):
        self.file = folder / "crm of all.db"

    def load(self, name, table):
        columns = ", ".join(f"{named(f.name)} {sql_type(f.type)}" for f in table.schema)
        marks = ", ".join("?" * table.num_columns)
        rows = [
            [_plain(cell) for cell in row]
            for row in zip(*table.to_pydict().values(), strict=True)
        ]
        self._run(f"DROP TABLE IF EXISTS {named(name)}")
        self._run(f"CREATE TABLE {named(name)} ({columns})")
        self._run(f"INSERT INTO {named(name)} VALUES ({marks})", rows)
        return self.url(name)

    def view(self, name, query):
        self._run(f"CREATE VIEW {named(name)} AS {query}")
        return self.url(name)

    def url(self, name):
        return f"sqlite:///{quote(str(self.file))}#{quote(name)}"

    def _run(self, statement, rows=None):
        connection = sqlite3.connect(self.file)
        try:
            with connection:
                if rows is None:
                    connection.execute(statement)
                else:
                    connection.executemany(statement, rows)
        finally:
            connection.close()


class Duckdb:
    """Tables of a DuckDB file."""

    def __init__(self, folder):
        self.file = folder / "crm.duckdb"

    def load(self, name, table):
        self._run(
            f"CREATE OR REPLACE TABLE {named(name)} AS SELECT * FROM given", table
        )
        return self.url(name)

    def view(self, name, query):
        self._run(f"CREATE VIEW {named(name)} AS {query}")
        return self.url(name)

    def url(self, name):
        return f"duckdb:///{quote(str(self.file))}?table={quote(name)}"

    def _run(self, statement, table=None):
        import duckdb

        with duckdb.connect(self.file) as connection:
            if table is not None:
                connection.register("given", table)
            connection.execute(statement)


def _plain(cell):
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return float(cell) if isinstance(cell, Decimal) else cell


def sample_tables():
    """The sample's customers, their protected attributes, and whom was picked."""
    import duckdb

    with duckdb.connect() as connection:
        tables = {
            name: connection.read_csv(str(SAMPLES / f"{file}.csv")).to_arrow_table()
            for name, file in (
                ("customers", "customers"),
                ("protected", "protected"),
                ("picked", "audiences/spring_card"),
            )
        }
        for name, table in tables.items():
            connection.register(name, table)
        return tables | {"audience": connection.sql(VIEW).to_arrow_table()}


def load_sample(database):
    """Put the sample into a database; return the URL of the view of all of it."""
    tables = sample_tables()
    for name in ("customers", "protected", "picked"):
        database.load(name, tables[name])
    return database.view("audience", VIEW)


def crm_tables(names):
    """Tables of the sample, with a type for each column."""
    import duckdb

    with duckdb.connect() as connection:
        return {
            name: connection.read_csv(str(SAMPLES / f"{name}.csv")).to_arrow_table()
            for name in names
        }
