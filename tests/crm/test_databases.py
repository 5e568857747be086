"""Tables of databases by URL: what a URL may say, and what is never shown."""

import sqlite3
import sys

import duckdb
import pytest

import fairness as fa
from fairness.errors import InputError
from fairness.frames import open_table
from fairness.frames.databases import address, is_url, masked


@pytest.fixture
def files(tmp_path):
    rows = [("a", 1), ("b", 0)] * 50
    with duckdb.connect(tmp_path / "crm.duckdb") as connection:
        connection.execute("CREATE TABLE t (g VARCHAR, y INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection = sqlite3.connect(tmp_path / "crm.db")
    connection.execute("CREATE TABLE t (g TEXT, y INTEGER)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.commit()
    connection.close()
    return tmp_path


def urls(path):
    return [f"duckdb:///{path}/crm.duckdb?table=t", f"sqlite:///{path}/crm.db#t"]


# Ibis reads SQLite by way of pandas, with an option that pandas gives up.
@pytest.mark.filterwarnings("ignore:The 'future.infer_string':DeprecationWarning")
def test_a_table_of_a_database_is_audited_by_its_url(files):
    for url in urls(files):
        audit = fa.audit(url, by=["g"], selected="y", offer="beneficial")
        rates = {row["group"]: row["rate"] for row in audit.to_dict()["groups"]}
        assert rates == {"a": 1.0, "b": 0.0}


def test_what_counts_as_missing_may_be_said(files):
    table = open_table(fa.scan(urls(files)[0], missing=["a"]))
    assert table.missing == ("a",)
    assert repr(fa.scan(urls(files)[0])).count("duckdb:") == 0


def test_options_of_csv_files_are_none_of_a_database(files):
    with pytest.raises(InputError, match="delimiter: is for CSV files"):
        fa.scan(urls(files)[0], delimiter=";")
    with pytest.raises(InputError, match="header: is for CSV files"):
        fa.scan(urls(files)[0], header=False)


def test_a_database_cannot_be_written_to(files):
    for name, url in zip(("crm.duckdb", "crm.db"), urls(files), strict=True):
        before = (files / name).read_bytes()
        native = open_table(url)._frame.to_native()
        if hasattr(native, "get_backend"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                native.get_backend().con.execute("CREATE TABLE u (x)")
        else:
            with pytest.raises(duckdb.Error, match="read-only"):
                native.create("db0.main.u")
        assert (files / name).read_bytes() == before


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@h/d#t", "postgresql://ann:***@h/d#t"),
        ("postgresql://ann:s3@cret@h/d#t", "postgresql://ann:***@h/d#t"),
        ("postgresql://ann:s3/cret@h/d#t", "postgresql://ann:***@h/d#t"),
        ("postgresql://ann:s3#cr?et@h/d#t", "postgresql://ann:***@h/d#t"),
        ("postgresql://h/d?password=s3cret#t", "postgresql://h/d?password=***#t"),
        ("postgresql://h/d?passwd=s3cret&x=1#t", "postgresql://h/d?passwd=***&x=1#t"),
        ("postgresql://ann@h/d#t", "postgresql://ann@h/d#t"),
        ("sqlite:///crm.db#t", "sqlite:///crm.db#t"),
    ],
)
def test_a_password_is_never_shown(url, shown):
    assert masked(url) == shown
    try:
        told = repr(address(url))
    except InputError as error:
        told = str(error)
    assert "cret" not in told


WRONG = [
    ("mysql://h/d#t", "'mysql' is not a database. Available: 'duckdb', 'sqlite'"),
    ("sqlite:///{path}/crm.db", "names no table"),
    ("sqlite:///{path}/crm.db#u", "'u' is not a table. Available: 't'"),
    ("duckdb:///{path}/crm.duckdb#u", "'u' is not a table. Available: 't'"),
    ("sqlite:///{path}/none.db#t", "no such file"),
    ("sqlite://crm.db#t", "write three slashes: sqlite:///crm.db"),
    ("sqlite:///#t", "names no file"),
    ("sqlite:///{path}/crm.duckdb#t", "cannot be opened: file is not a database"),
    ("duckdb:///{path}/crm.db#t", "cannot be opened"),
    ("sqlite:///{path}/crm.db?mode=rw#t", "'mode' is not an option"),
    ("postgresql://h:port/d#t", "the port is not a number"),
    ("postgresql://h/d?options=-c%20x#t", "'options' is not an option"),
    ("postgresql://ann:${{NOT_SET}}@h/d#t", "NOT_SET is not set"),
]


@pytest.mark.parametrize(("url", "message"), WRONG)
def test_a_url_that_leads_nowhere_is_told(url, message, files):
    with pytest.raises(InputError) as caught:
        open_table(url.format(path=files))
    assert message in str(caught.value)


def test_a_variable_is_one_part_of_the_url(monkeypatch):
    monkeypatch.setenv("SECRET", "p@ss/w:rd#1")
    monkeypatch.setenv("HOST", "db.example")
    found = address("postgresql://ann:${SECRET}@${HOST}/crm?sslmode=require#s.t")
    assert found.server == {
        "sslmode": "require",
        "host": "db.example",
        "user": "ann",
        "password": "p@ss/w:rd#1",
        "dbname": "crm",
    }
    assert (found.schema, found.table) == ("s", "t")
    assert "p@ss" not in repr(found)


def test_what_is_not_installed_is_told(monkeypatch, files):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match="psycopg is not installed"):
        open_table("postgresql://h/d#t")
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(InputError, match="fairreach\\[sql\\]"):
        open_table(urls(files)[1])
    assert open_table(urls(files)[0]).columns == ["g", "y"]


def test_a_server_that_is_not_there_is_told_without_the_password():
    pytest.importorskip("psycopg")
    with pytest.raises(InputError) as caught:
        open_table("postgresql://ann:s3cret@127.0.0.1:1/crm#t")
    assert "cannot be opened" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_paths_are_no_urls():
    assert not is_url("C:\\crm\\customers.csv")
    assert not is_url("/crm/customers.csv")
    assert not is_url(7)
