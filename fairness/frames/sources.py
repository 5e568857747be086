"""Open what a user hands over: a frame of any library, or files by their path."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
from narwhals.exceptions import DuplicateError

from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.frames.databases import address, is_url, masked, open_database
from fairness.frames.eager import EagerTable
from fairness.frames.failures import reading, shown_path
from fairness.frames.lazy import LazyTable

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_VAULT = b"fairreach/vault/"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Source:
    """Files and how to read them; made by `scan`.

    Parameters
    ----------
    files : tuple of str
        Absolute paths, sorted, all of one kind.
    is_parquet : bool
        Whether they are Parquet; else they are CSV.
    header : bool
        Whether the first line of a CSV file names its columns.
    columns : tuple of str
        Names for the columns of a file without header; else their positions.
    missing : tuple of str
        Further texts that count as missing, beside the empty cell.
    delimiter : str or None
        One character; None lets it be found.
    encoding : str
    url : str
        Where the table is one of a database, its URL; there are no files then.
    """

    files: tuple[str, ...]
    is_parquet: bool = False
    header: bool = True
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str = "utf-8"
    # It may hold a password.
    url: str = field(default="", repr=False)


def scan(
    path: str | Path,
    *,
    header: bool = True,
    columns: Sequence[str] = (),
    missing: Sequence[str] = (),
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> Source:
    """Name files to be read by `fa.audit`, with the options that reading needs.

    Parameters
    ----------
    path : str or Path
        A CSV or Parquet file, or a glob of either; or the URL of a database table,
        such as ``sqlite:///crm.db#customers``, which is read as it is.
    header : bool, default True
        Whether the first line of a CSV file names its columns. Without it they
        are called "0", "1", … unless `columns` names them.
    columns : sequence of str, optional
        Names for the columns of a file without header.
    missing : sequence of str, optional
        Texts that count as missing. Only the empty cell does by itself: `NA`
        is a label like any other.
    delimiter : str, optional
        Found by looking at the file where not given.
    encoding : str, default "utf-8"

    Returns
    -------
    Source

    Raises
    ------
    InputError
        No such file, an empty one, a kind that is not known, a mix of kinds.

    Examples
    --------
    >>> import fairness as fa
    >>> fa.scan("data/samples/customers.csv", missing=["NA"]).missing
    ('NA',)
    """
    if is_url(path):
        return _scan_url(str(path), header, columns, missing, delimiter, encoding)
    text = str(path)
    if not text:
        raise InputError(Problem("data", "the path is empty", "name a file"))
    if "\x00" in text:
        raise InputError(Problem("data", f"{shown_path(text)} is not a path"))
    found = [text] if Path(text).is_file() else sorted(glob.glob(text))  # noqa: PTH207  # takes absolute and relative patterns
    found = [name for name in found if Path(name).is_file()]
    if not found:
        raise InputError(_absent(text))
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    tests = [] if wide else map(_not_a_table, found)
    problems = [problem for problem in tests if problem]
    if problems:
        raise InputError(problems)
    kinds = {_starts_with(name, _PARQUET) for name in found}
    if len(kinds) > 1:
        raise InputError(Problem(shown_path(text), "mixes CSV and Parquet files"))
    if delimiter is not None and len(delimiter) != 1:
        raise InputError(
            Problem(
                "delimiter",
                f"{shown(delimiter)} is not one character",
                r"for tabs write --delimiter $'\t' in the shell",
            )
        )
    if columns and header:
        raise InputError(
            Problem(
                "columns",
                "names the columns of a file that has a header",
                "say that there is none: --no-header (header=False in Python)",
            )
        )
    return Source(
        tuple(str(Path(name).resolve()) for name in found),
        kinds.pop(),
        header,
        tuple(columns),
        tuple(missing),
        delimiter,
        encoding,
    )


def _scan_url(
    url: str,
    header: bool,
    columns: Sequence[str],
    missing: Sequence[str],
    delimiter: str | None,
    encoding: str,
) -> Source:
    given = {
        "header": not header,
        "columns": bool(columns),
        "delimiter": delimiter is not None,
        "encoding": encoding != "utf-8",
    }
    address(url)
    problems = [
        Problem(name, "is for CSV files, and the data are a table of a database")
        for name, is_given in given.items()
        if is_given
    ]
    if problems:
        raise InputError(problems)
    return Source((), missing=tuple(missing), url=url)


def open_table(data: Any, *, name: str = "data") -> EagerTable | LazyTable:
    """Return a table for a frame of any library, a path, a URL or a `Source`.

    Raises
    ------
    InputError
        A type that is no table, a file that cannot be read.
    """
    if isinstance(data, str | Path):
        data = scan(data)
    if isinstance(data, Source) and data.url:
        frame = nw.from_native(open_database(data.url))
        where = masked(data.url)
        return LazyTable(frame, name=name, missing=data.missing, where=where)
    if isinstance(data, Source):
        from fairness.frames.files import open_files  # noqa: PLC0415  # loads DuckDB

        return open_files(data, name=name)
    frame, columns = _frame(data, name)
    if isinstance(frame, nw.LazyFrame):
        return LazyTable(frame, name=name, columns=columns)
    return EagerTable(frame, name=name, columns=columns)


def is_table(data: Any) -> bool:
    """Whether something is a frame of a supported library.

    Examples
    --------
    >>> is_table(["C1", "C2"])
    False
    """
    try:
        nw.from_native(data)
    except TypeError:
        return False
    except DuplicateError:
        return True
    return True


def _frame(data: Any, name: str) -> tuple[Any, list[str] | None]:
    """Return a narwhals frame, and the names of its columns where they differ."""
    try:
        with reading(name):
            data, names = _by_position(data)
            return nw.from_native(data), names
    except TypeError:
        raise InputError(
            Problem(
                name,
                f"is a {type(data).__name__}, not a table",
                "pass a pandas, polars or pyarrow table, a DuckDB relation, an Ibis "
                "table, a PySpark frame, the path of a CSV or Parquet file, or the URL "
                "of a database table",
            )
        ) from None


def _by_position(data: Any) -> tuple[Any, list[str] | None]:
    """Return a frame with names that are safe to use, and the names it had.

    A name may be there twice, may be no text (pandas), or may hold a dot or a
    backtick, which Spark takes for its own.
    """
    if nw.dependencies.is_pandas_dataframe(data):
        names = [str(column) for column in data.columns]
        if len(set(names)) == len(names) and names == list(data.columns):
            return data, None
        return data.set_axis(_keys(names), axis=1), names
    if nw.dependencies.is_pyarrow_table(data):
        names = data.column_names
        if len(set(names)) == len(names):
            return data, None
        return data.rename_columns(_keys(names)), names
    if _is_spark(data):
        names = list(data.columns)
        return data.toDF(*_keys(names)), names
    return data, None


def _is_spark(data: Any) -> bool:
    """Whether something is a PySpark frame; asks without loading PySpark."""
    return nw.dependencies.is_pyspark_dataframe(
        data
    ) or nw.dependencies.is_pyspark_connect_dataframe(data)


def _keys(names: Sequence[str]) -> list[str]:
    return [f"c{place}" for place in range(len(names))]


def read_eager(
    data: Any, columns: Sequence[str], *, name: str, like: EagerTable | LazyTable | None
) -> EagerTable:
    """Return some columns of any table in memory.

    Parameters
    ----------
    data : table, path or Source
    columns : sequence of str
    name : str
        What the table is called in messages.
    like : table, optional
        Whose `missing` tokens hold here too.

    Raises
    ------
    InputError
        A column that the table does not have.
    """
    table = (
        data
        if isinstance(data, EagerTable | LazyTable)
        else open_table(data, name=name)
    )
    problems = [
        unknown_name(name, column, table.columns, "column")
        for column in columns
        if column not in table.columns
    ]
    if problems:
        raise InputError(problems)
    eager = table.collect(columns) if isinstance(table, LazyTable) else table
    return eager.with_missing(table.missing or (like.missing if like else ()))


def _starts_with(name: str, *magic: bytes) -> bool:
    with open(name, "rb") as file:  # noqa: PTH123
        return file.read(4).startswith(magic)


def _not_a_table(name: str) -> Problem | None:
    try:
        with open(name, "rb") as file:  # noqa: PTH123
            start = file.read(8192)
    except OSError as error:
        return Problem(shown_path(name), f"cannot be opened: {error.strerror}")
    if not start:
        return Problem(shown_path(name), "is empty")
    if start.startswith(_VAULT):
        hint = "open it first: fairness.evidence.open_vault"
        return Problem(shown_path(name), "is a vault, which opens with a key", hint)
    # A cell may hold a zero byte; in a first line it is the mark of a binary file.
    first = start.split(b"\n")[0]
    if start.startswith((_PARQUET, _GZIP, *_UTF16)) or b"\x00" not in first:
        return None
    return Problem(
        shown_path(name),
        "is neither CSV nor Parquet",
        "export the sheet or table as CSV (UTF-8) and name that file",
    )


def _absent(text: str) -> Problem:
    path = Path(text)
    if "*" in text or "?" in text:
        return Problem(shown_path(text), "matches no file")
    if path.is_dir():
        return Problem(
            shown_path(text),
            "is a directory",
            f"name its files: {text.rstrip('/')}/*.parquet",
        )
    parent = path.parent
    beside = sorted(p.name for p in parent.iterdir()) if parent.is_dir() else []
    if beside:
        told = unknown_name("", path.name, beside, "file")
        return Problem(shown_path(text), "no such file", told.hint)
    return Problem(shown_path(text), "no such file")
