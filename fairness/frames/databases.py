"""Tables of a database, named by a URL; the only place that imports Ibis.

==============================================  =====================================
``duckdb:///crm.duckdb?table=customers``        a DuckDB file, beside where one is
``sqlite:////data/crm.db#customers``            an SQLite file, by its full path
``postgresql://ann@host/crm#sales.customers``   a table of a PostgreSQL server
==============================================  =====================================

Everything is opened for reading only, and a PostgreSQL server is asked within one
transaction, so that every count is of the same moment. ``${NAME}`` in a URL is the
environment variable of that name. A password is better kept in PGPASSWORD, a password
file or a service file than in a URL; one that is there is never shown.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from fairness.errors import InputError, Problem, unknown_name
from fairness.frames.failures import reading, shown_path

_SCHEMES = {
    "duckdb": "duckdb",
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SERVER_OPTIONS = (
    "host",
    "port",
    "user",
    "dbname",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "passfile",
    "connect_timeout",
    "application_name",
    "statement_timeout",
)
_CONNECTING = {
    "connect_timeout": "10",
    "application_name": "fairreach",
    "client_encoding": "utf8",
}
_STATEMENT_TIMEOUT = "30min"
_UNREACHED = (
    "check host, port, user and database; a password is read from PGPASSWORD or "
    "~/.pgpass too"
)
# Tables, parts and wholes of them, views, those that are kept, and those elsewhere.
_TABLES = """
SELECT c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = ANY ('{r,p,v,m,f}') AND n.nspname = coalesce(%s, current_schema())
"""


@dataclass(frozen=True, slots=True)
class Address:
    """A table of a database; made by `address`.

    Parameters
    ----------
    engine : {"duckdb", "sqlite", "postgresql"}
    table : str
    schema : str or None
    file : str
        Of DuckDB and SQLite.
    server : dict of str to str
        Of PostgreSQL: what its driver is told.
    shown : str
        The URL without its password.
    """

    engine: str
    table: str
    schema: str | None
    file: str
    server: dict[str, str] = field(repr=False)
    shown: str


def is_url(data: object) -> bool:
    """Whether something is a URL rather than a path.

    Examples
    --------
    >>> is_url("sqlite:///crm.db#customers"), is_url("crm/customers.csv")
    (True, False)
    """
    return isinstance(data, str) and _URL.match(data) is not None


def masked(url: str) -> str:
    """Return a URL as it may be printed: without a password.

    Examples
    --------
    >>> masked("postgresql://ann:s3cret@host/crm?password=x#customers")
    'postgresql://ann:***@host/crm?password=***#customers'
    """
    # A password may hold an @: all up to the last one before the path is hidden.
    text = re.sub(r"(://[^:/?#]*):[^/?#]*@", r"\1:***@", url)
    # One that holds a slash or the like, written as it is, is no URL, and is a secret.
    text = re.sub(r"(://[^:/?#@]*):[^@]*@", r"\1:***@", text)
    return re.sub(r"(?i)(pass(?:word|wd)?=)[^&#]*", r"\1***", text)


def address(url: str) -> Address:
    """Return the table that a URL names.

    Raises
    ------
    InputError
        Another kind of database, no table, a variable that is not set.

    Examples
    --------
    >>> found = address("postgresql://ann@db.example/crm#sales.customers")
    >>> found.schema, found.table, found.server["host"]
    ('sales', 'customers', 'db.example')
    """
    parts = urlsplit(_expanded(url))
    where = masked(url)
    if parts.scheme not in _SCHEMES:
        problem = unknown_name(where, parts.scheme, list(_SCHEMES), "database")
        raise InputError(problem)
    engine = _SCHEMES[parts.scheme]
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = options.pop("table", "") or unquote(parts.fragment)
    schema, _, table = named.rpartition(".")
    problems = []
    if not table:
        hint = f"{where.partition('#')[0]}#customers"
        problems.append(Problem(where, "names no table", f"write {hint}"))
    known = _SERVER_OPTIONS if engine == "postgresql" else ()
    problems += [
        unknown_name(where, name, ("table", *known), "option")
        for name in options
        if name not in known
    ]
    file, server = "", {}
    if engine == "postgresql":
        server = _server(parts, options, where, problems)
    else:
        file = _file(parts, where, problems)
    if problems:
        raise InputError(problems)
    return Address(engine, table, schema or None, file, server, where)


def _expanded(url: str) -> str:
    missing = [name for name in _VARIABLE.findall(url) if name not in os.environ]
    if missing:
        raise InputError(
            Problem(masked(url), f"{name} is not set", f"export {name}=… first")
            for name in missing
        )

    def value(found: re.Match[str]) -> str:
        # What a variable holds is one part of the URL, whatever characters are in it.
        return quote(os.environ[found[1]], safe="")

    return _VARIABLE.sub(value, url)


def _server(
    parts: SplitResult, options: dict[str, str], where: str, problems: list[Problem]
) -> dict[str, str]:
    server = dict(options)
    try:
        port = parts.port
    except ValueError:
        problems.append(Problem(where, "the port is not a number up to 65535"))
        port = None
    for name, value in (
        ("host", parts.hostname),
        ("port", port),
        ("user", parts.username),
        ("password", parts.password),
        ("dbname", parts.path.removeprefix("/")),
    ):
        if value:
            server[name] = unquote(str(value))
    return server


def _file(parts: SplitResult, where: str, problems: list[Problem]) -> str:
    if parts.netloc:
        hint = f"write three slashes: {parts.scheme}:///{parts.netloc}{parts.path}"
        problems.append(Problem(where, "names a host, not a file", hint))
        return ""
    file = unquote(parts.path.removeprefix("/"))
    if not file or "\x00" in file:
        problems.append(Problem(where, "names no file"))
    elif not Path(file).is_file():
        problems.append(Problem(shown_path(file), "no such file"))
    return file


def open_database(url: str) -> Any:
    """Return a table of a database that nothing is read of yet.

    Parameters
    ----------
    url : str
        See the head of this module.

    Returns
    -------
    duckdb.DuckDBPyRelation or ibis.Table
        DuckDB reads its own files; Ibis asks the others.

    Raises
    ------
    InputError
        A URL that names no table, a database that cannot be reached, a table that is
        not in it, the extra `sql` or a driver that is not installed.
    """
    found = address(url)
    with reading(found.shown, "cannot be opened"):
        if found.engine == "duckdb":
            return _from_duckdb(found)
        make = _from_sqlite if found.engine == "sqlite" else _from_server
        return make(_installed("ibis"), found)


def _from_duckdb(found: Address) -> Any:
    from fairness.frames.files import connect  # noqa: PLC0415  # loads DuckDB

    return attached(connect((), databases=[found.file]), found, "db0")


def attached(connection: Any, found: Address, database: str) -> Any:
    """Return a table of a DuckDB file that a connection has attached.

    Raises
    ------
    InputError
        There is no such table.
    """
    schema = found.schema or "main"
    tables = connection.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = ? AND table_catalog = ?",
        [schema, database],
    ).fetchall()
    _check_table(found, [name for (name,) in tables])
    names = (database, schema, found.table)
    return connection.table(
        ".".join('"' + name.replace('"', '""') + '"' for name in names)
    )


def _from_sqlite(ibis: Any, found: Address) -> Any:
    import sqlite3  # noqa: PLC0415  # seldom needed

    uri = f"file:{quote(str(Path(found.file).resolve()))}?mode=ro"
    # It is closed by whoever drops the table last.
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    with _closed_on_failure(connection):
        backend = ibis.sqlite.from_connection(connection)
        _check_table(found, backend.list_tables(database=found.schema))
        table = backend.table(found.table, database=found.schema)
    weakref.finalize(backend, connection.close)
    return table


def _from_server(ibis: Any, found: Address) -> Any:
    psycopg = _installed("psycopg")
    wanted = _CONNECTING | found.server
    timeout = wanted.pop("statement_timeout", _STATEMENT_TIMEOUT)
    with reading(found.shown, "cannot be opened", _UNREACHED):
        connection = psycopg.connect(**wanted)
    with _closed_on_failure(connection):
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.server_cursor_factory = _cursor_of(psycopg)
        backend = ibis.postgres.from_connection(connection)
        # The first statement begins the transaction that all others are part of.
        limit = "SELECT set_config('statement_timeout', %s, false)"
        connection.execute(limit, [timeout])
        names = [name for (name,) in connection.execute(_TABLES, [found.schema])]
        _check_table(found, names)
        table = backend.table(found.table, database=found.schema)
    weakref.finalize(backend, connection.close)
    return table


def _cursor_of(psycopg: Any) -> type:
    """Return a server's cursor that, once rolled back, is closed without a word.

    Else what is told is that there is no cursor to close, not what went wrong.
    """

    class Cursor(psycopg.ServerCursor):  # type: ignore[misc]  # known when it is there
        def close(self) -> None:
            if self.closed or self.connection.closed:
                super().close()
                return
            try:
                with self.connection.transaction():
                    super().close()
            except psycopg.errors.InvalidCursorName:
                psycopg.Cursor.close(self)

    return Cursor


@contextmanager
def _closed_on_failure(connection: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check_table(found: Address, names: list[str]) -> None:
    if found.table not in names:
        raise InputError(unknown_name(found.shown, found.table, sorted(names), "table"))


def _installed(module: str) -> Any:
    from importlib import import_module  # noqa: PLC0415  # an extra

    try:
        return import_module(module)
    except ImportError:
        what = f"{module} is not installed, and reading from a database needs it"
        hint = 'pip install "fairreach[sql]"'
        raise InputError(Problem("database", what, hint)) from None
