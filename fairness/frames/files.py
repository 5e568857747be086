"""CSV and Parquet through DuckDB, in a connection that can reach nothing else."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from typing import Any

import duckdb
import narwhals as nw

from fairness.errors import InputError, Problem, shown
from fairness.frames.eager import EagerTable
from fairness.frames.lazy import LazyTable
from fairness.frames.sources import Source

# What DuckDB reads without an extension; others are transcoded by pyarrow.
_NATIVE_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16"}


def connect(files: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """Return a connection that may read the named files and nothing else.

    No extension is installed or loaded, the configuration is locked, and what
    does not fit in memory is spilled, encrypted, to a private directory.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    spill = tempfile.mkdtemp(prefix="fairreach-")
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    paths = ", ".join(_quoted(name) for name in files)
    connection.execute(f"SET temp_directory = {_quoted(spill)}")
    connection.execute("SET temp_file_encryption = true")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def open_files(source: Source, *, name: str) -> EagerTable | LazyTable:
    """Return the table of some files.

    Raises
    ------
    InputError
        A file that cannot be read as what it says it is.
    """
    try:
        if source.is_parquet:
            relation = connect(source.files).read_parquet(
                list(source.files), union_by_name=True
            )
            return FileTable(relation, name=name, source=source)
        encoding = _NATIVE_ENCODINGS.get(source.encoding.lower())
        if encoding is None:
            return EagerTable(
                nw.from_native(_transcoded(source), eager_only=True),
                name=name,
                missing=source.missing,
            )
        return FileTable(_read_csv(source, encoding), name=name, source=source)
    except (duckdb.Error, UnicodeDecodeError, LookupError, ValueError) as error:
        raise InputError(_unreadable(source, error)) from None


class FileTable(LazyTable):
    """Files read by DuckDB; a CSV's columns are text as written.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
    name : str
    source : Source
    """

    def __init__(
        self, relation: duckdb.DuckDBPyRelation, *, name: str, source: Source
    ) -> None:
        super().__init__(
            nw.from_native(relation),
            name=name,
            missing=source.missing,
            text=not source.is_parquet,
        )
        self._relation = relation
        self._source = source

    def typed(self, numbers: Iterable[str], dates: Iterable[str]) -> FileTable:
        """Return the table with some text columns parsed; others keep their text.

        A text that does not parse becomes null here and is reported by
        `unparsed`, so that nothing is lost in silence.
        """
        wanted = dict.fromkeys(numbers, "DOUBLE") | dict.fromkeys(dates, "DATE")
        wanted = {c: kind for c, kind in wanted.items() if self.is_text(c)}
        if not wanted:
            return self
        columns = [
            duckdb.SQLExpression(
                f"TRY_CAST({self._trimmed(column)} AS {wanted[column]})"
            ).alias(column)
            if column in wanted
            else duckdb.ColumnExpression(column)
            for column in self.columns
        ]
        return FileTable(
            self._relation.select(*columns), name=self.name, source=self._source
        )

    def unparsed(self, column: str, kind: str) -> list[object]:
        """Return up to five texts of a column that are no number (or no date)."""
        target = "DOUBLE" if kind == "number" else "DATE"
        text = self._trimmed(column)
        bad = self._relation.filter(
            duckdb.SQLExpression(
                f"{text} IS NOT NULL AND TRY_CAST({text} AS {target}) IS NULL"
            )
        )
        rows = bad.select(duckdb.ColumnExpression(column)).distinct().limit(5)
        return [value for (value,) in rows.fetchall()]

    def _trimmed(self, column: str) -> str:
        text = f"nullif(trim({_identifier(column)}), '')"
        for token in self.missing:
            text = f"nullif({text}, {_quoted(token)})"
        return text

    def collect(self, columns: Any) -> nw.DataFrame[Any]:
        """Return some columns in memory, as Arrow."""
        try:
            return super().collect(columns)
        except duckdb.Error as error:
            raise InputError(_unreadable(self._source, error)) from None

    def tally(self, keys: Any, sums: Any = None) -> Any:
        """Count in one GROUP BY; see `LazyTable.tally`."""
        try:
            return super().tally(keys, sums)
        except duckdb.Error as error:
            raise InputError(_unreadable(self._source, error)) from None


def _read_csv(source: Source, encoding: str) -> duckdb.DuckDBPyRelation:
    connection = connect(source.files)
    options: dict[str, Any] = {
        "all_varchar": True,
        "header": source.header,
        "encoding": encoding,
        "strict_mode": True,
    }
    if source.delimiter is not None:
        options["delimiter"] = source.delimiter
    relation = connection.read_csv(list(source.files), **options)
    if source.header:
        return relation
    width = len(relation.columns)
    names = source.columns or tuple(str(i) for i in range(width))
    if len(names) != width:
        raise InputError(
            Problem(
                "columns",
                f"gives {len(names)} names to the {width} columns of "
                f"{shown(source.files[0])}",
            )
        )
    return relation.select(
        *(
            duckdb.ColumnExpression(old).alias(new)
            for old, new in zip(relation.columns, names, strict=True)
        )
    )


def _transcoded(source: Source) -> Any:
    import pyarrow as pa  # noqa: PLC0415  # only for encodings that DuckDB lacks
    from pyarrow import csv  # noqa: PLC0415

    tables = []
    for name in source.files:
        read = csv.ReadOptions(
            encoding=source.encoding, autogenerate_column_names=not source.header
        )
        parse = csv.ParseOptions(delimiter=source.delimiter or _guess_delimiter(source))
        with csv.open_csv(name, read_options=read, parse_options=parse) as reader:
            names = reader.schema.names
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        )
        table = csv.read_csv(
            name, read_options=read, parse_options=parse, convert_options=convert
        )
        if not source.header:
            table = table.rename_columns(
                list(source.columns) or [str(i) for i in range(len(names))]
            )
        tables.append(table)
    return pa.concat_tables(tables)


def _guess_delimiter(source: Source) -> str:
    import csv  # noqa: PLC0415  # the standard library's, for its sniffer

    with open(source.files[0], encoding=source.encoding, newline="") as file:  # noqa: PTH123
        sample = file.read(20_000)
    try:
        return csv.Sniffer().sniff(sample, delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unreadable(source: Source, error: Exception) -> Problem:
    first = str(error).strip().splitlines()[0]
    kind = "Parquet" if source.is_parquet else "CSV"
    hint = (
        ""
        if source.is_parquet
        else "give --delimiter, --encoding or --no-header if the file needs them"
    )
    names = shown(source.files[0])
    more = f" (and {len(source.files) - 1} more)" if len(source.files) > 1 else ""
    return Problem(f"{names}{more}", f"cannot be read as {kind}: {first[:300]}", hint)
