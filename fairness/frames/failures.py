"""What an engine says about the data, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fairness.errors import InputError, Problem, ascii_controls

_ENGINES = {
    "_duckdb",
    "duckdb",
    "ibis",
    "narwhals",
    "pandas",
    "polars",
    "py4j",
    "pyarrow",
    "pyspark",
    "sqlglot",
}
_LONGEST = 300


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
    """Return the first line of what an exception says, shortened."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ascii_controls(lines[0].strip())[:_LONGEST]
