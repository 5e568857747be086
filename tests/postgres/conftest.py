import os
from importlib.util import find_spec

import pytest

from tests.postgres.loading import (
    Duckdb,
    Postgres,
    Sqlite,
    load_sample,
    sample_tables,
)
from tests.postgres.server import Wire, account, programs, running_server


def _what_is_absent():
    if find_spec("psycopg") is None:
        return 'psycopg is not installed: pip install "fairreach[sql]"'
    if programs() is None:
        return "PostgreSQL is not installed (Debian's package: postgresql)"
    return "" if account() else "there is no account but root, which PostgreSQL refuses"


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL that was started for these tests."""
    absent = _what_is_absent()
    if absent and "FAIRREACH_NEEDS_POSTGRES" in os.environ:
        pytest.fail(absent)
    if absent:
        pytest.skip(absent)
    with running_server() as started:
        yield started


@pytest.fixture
def wire(server):
    """A way to the server that counts the rows and bytes it sends."""
    made = Wire(server.port)
    yield made
    made.close()


# Ibis asks pandas for an option that pandas 4 will not have.
OLD_OPTION = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
ENGINES = [
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("sqlite", marks=OLD_OPTION),
    "duckdb",
]


def _database(request, folder):
    if request.param == "postgresql":
        return Postgres(request.getfixturevalue("server"))
    return {"sqlite": Sqlite, "duckdb": Duckdb}[request.param](folder)


@pytest.fixture(params=ENGINES)
def database(request, tmp_path):
    """An empty database of each kind; the server's is shared by all tests."""
    return _database(request, tmp_path)


@pytest.fixture(scope="session", params=ENGINES)
def sample(request, tmp_path_factory):
    """The database of the sample CRM, with the view `audience`."""
    database = _database(request, tmp_path_factory.mktemp("sample"))
    load_sample(database)
    return database


@pytest.fixture(scope="session")
def postgres_sample(server):
    """The same, on the server."""
    database = Postgres(server)
    load_sample(database)
    return database


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory):
    """The view of the sample CRM as a Parquet file."""
    import pyarrow.parquet as pq

    path = tmp_path_factory.mktemp("file") / "audience.parquet"
    pq.write_table(sample_tables()["audience"], path)
    return path
