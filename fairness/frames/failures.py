"""What an engine says about the data, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from fairness.errors import InputError, Problem, ascii_controls

_ENGINES = {
    "_duckdb",
    "duckdb",
    "ibis",
    "narwhals",
    "pandas",
    "polars",
    "psycopg",
    "py4j",
    "pyarrow",
    "pyspark",
    "sqlite3",
    "sqlglot",
}
_LONGEST = 300
_LONGEST_PATH = 60
_LINES = 3
# DuckDB's CSV reader quotes the customer's line and proposes its own options.
_QUOTES = "Original Line"
_ADVICE = ("Possible", "Candidate", "Traceback", "JVM stacktrace")


@contextmanager
def reading(where: str, what: str = "cannot be read", hint: str = "") -> Iterator[None]:
    """Turn an exception of an engine into a problem of the data it was reading.

    Parameters
    ----------
    where : str
        The table, column or file.
    what : str
        What it cannot do; the engine's own words follow.
    hint : str

    Raises
    ------
    InputError
        In place of any exception that an engine raises.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with reading("data"):
    ...     pa.array(["x"]).cast("int64")
    Traceback (most recent call last):
    fairness.errors.InputError: data: cannot be read: Failed to parse string: 'x' ...
    """
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _ENGINES:
            raise
        raise InputError(Problem(where, f"{what}: {told(error)}", hint)) from error


def told(error: Exception) -> str:
    """Return what an exception says, in one short line without the data's own text."""
    lines = (line.strip() for line in str(error).strip().splitlines())
    before = takewhile(lambda line: not line.startswith(_ADVICE), lines)
    said = [line for line in before if line and not line.startswith(_QUOTES)]
    text = "; ".join(said[:_LINES]) or type(error).__name__
    return ascii_controls(text)[:_LONGEST]


def shown_path(path: object) -> str:
    """Return a path for a message; a long one keeps its end, where the name is.

    Examples
    --------
    >>> shown_path("/campaigns/" + "x" * 60 + "/c.csv")[-12:]
    "xxxxx/c.csv'"
    """
    text = str(path)
    if len(text) >= _LONGEST_PATH:
        text = "…" + text[-_LONGEST_PATH + 1 :]
    return ascii_controls(repr(text))
