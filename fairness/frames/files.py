"""CSV and Parquet files; DuckDB reads them in a connection that reaches nothing else.

A CSV file's columns are text as written. Small ones are read into memory, large
ones and Parquet stay where they are.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from fairness.errors import shown
from fairness.frames.delimited import HINT, is_gzip, layout, read_texts
from fairness.frames.eager import EagerTable
from fairness.frames.failures import reading, shown_path
from fairness.frames.lazy import LazyTable
from fairness.frames.sources import Source
from fairness.frames.texts import CODE, DAY, NUMBER, SPACES

if TYPE_CHECKING:
    import duckdb

IN_MEMORY_BYTES = 128 * 2**20
"""CSV files of more bytes than this together stay on disk."""

_PLAIN_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


_SPILL: list[str] = []


@atexit.register
def remove_spill() -> None:
    """Remove the directories that connections spilled to."""
    while _SPILL:
        shutil.rmtree(_SPILL.pop(), ignore_errors=True)


def connect(
    files: Iterable[str],
    *,
    databases: Sequence[str] = (),
    memory_limit: str | None = None,
    ordered: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Return a connection that may read the named files and nothing else.

    No extension is installed or loaded, the configuration is locked, and what
    does not fit in memory is spilled, encrypted, to a private directory.

    Parameters
    ----------
    files : iterable of str
    databases : sequence of str
        DuckDB files, attached for reading as "db0", "db1", ….
    memory_limit : str, optional
        As DuckDB writes it, "2GB"; its own default where not given.
    ordered : bool, default False
        Whether rows keep the order of the files, which costs some speed.

    Raises
    ------
    InputError
        A memory limit that is none.
    """
    import duckdb  # noqa: PLC0415  # a small CSV file does without

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    spill = tempfile.mkdtemp(prefix="fairreach-")
    _SPILL.append(spill)
    # A name with wildcards in it is looked at as a pattern and as what it matches.
    both = dict.fromkeys(name for file in files for name in (file, _escaped(file)))
    paths = ", ".join(quoted(name) for name in both)
    connection.execute(f"SET temp_directory = {quoted(spill)}")
    connection.execute("SET temp_file_encryption = true")
    # Without it nothing could be spilled: DuckDB's own ciphers are known to draw weak
    # nonces, and its strong ones are in an extension. The key dies with the process.
    connection.execute("SET force_mbedtls_unsafe = 'true'")
    connection.execute(f"SET preserve_insertion_order = {str(ordered).lower()}")
    if memory_limit is not None:
        hint = "write it as 2GB or 800MB"
        with reading("memory_limit", f"{shown(memory_limit)} is no size", hint):
            connection.execute(f"SET memory_limit = {quoted(memory_limit)}")
    # It would be drawn into stdout, amid the result. In Jupyter DuckDB draws it by
    # ipywidgets, and without those refuses to be asked, and draws none.
    with suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    # Files are read once: keeping their pages would only fill the memory.
    connection.execute("SET enable_external_file_cache = false")
    for place, file in enumerate(databases):
        connection.execute(f"ATTACH {quoted(file)} AS db{place} (READ_ONLY)")
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
    if source.is_parquet:
        return _open_parquet(source, name)
    names, delimiter = layout(source)
    size = sum(Path(file).stat().st_size for file in source.files)
    is_native = source.encoding.lower() in {"utf-8", "utf8"}
    # DuckDB loses every row after a header with a line break in it.
    breaks = source.header and any(set("\r\n") & set(column) for column in names)
    if size <= IN_MEMORY_BYTES or not is_native or breaks:
        texts = read_texts(source, names, delimiter)
        frame = nw.from_native(texts, eager_only=True)
        return EagerTable(
            frame, name=name, missing=source.missing, columns=names, untyped=True
        )
    return _open_csv(source, name, names, delimiter)


def _open_parquet(source: Source, name: str) -> FileTable:
    with reading(_files(source), "cannot be read as Parquet"):
        relation = parquet_relation(connect(source.files), source)
        return FileTable(relation, name=name, source=source, columns=relation.columns)


def parquet_relation(
    connection: duckdb.DuckDBPyConnection, source: Source, *, numbered: bool = False
) -> duckdb.DuckDBPyRelation:
    """Return Parquet files as they are, with `file_row_number` where asked for."""
    files: Any = [_escaped(file) for file in source.files]
    return connection.read_parquet(files, file_row_number=numbered)


def csv_relation(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    names: Sequence[str],
    delimiter: str,
) -> duckdb.DuckDBPyRelation:
    """Return CSV files as columns c0, c1, … of text; an empty cell is null."""
    options: dict[str, Any] = {
        "auto_detect": False,
        "columns": {f"c{place}": "VARCHAR" for place in range(len(names))},
        "delimiter": delimiter,
        "quotechar": '"',
        "escapechar": '"',
        "header": source.header,
        "strict_mode": True,
        "compression": "gzip" if is_gzip(source.files[0]) else "none",
    }
    files: Any = [_escaped(file) for file in source.files]
    relation = connection.read_csv(files, **options)
    if len(names) == 1:
        # A blank line is no row; in wider files the reader leaves it out itself.
        relation = relation.filter("c0 IS NOT NULL")
    return relation


def _open_csv(
    source: Source, name: str, names: Sequence[str], delimiter: str
) -> FileTable:
    with reading(_files(source), "cannot be read as CSV", HINT):
        relation = csv_relation(connect(source.files), source, names, delimiter)
        return FileTable(relation, name=name, source=source, columns=names)


class FileTable(LazyTable):
    """Files read by DuckDB.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
    name : str
    source : Source
    columns : sequence of str
        Names of the columns by position, where the relation's own differ.
    """

    def __init__(
        self,
        relation: duckdb.DuckDBPyRelation,
        *,
        name: str,
        source: Source,
        columns: Sequence[str],
    ) -> None:
        self._source = source
        super().__init__(
            nw.from_native(relation),
            name=name,
            missing=source.missing,
            columns=columns,
            where=_files(source),
        )
        self._relation = relation

    @property
    def untyped(self) -> bool:
        """Whether every column is text as it was written, numbers too."""
        return not self._source.is_parquet

    def written_numbers(self, columns: Iterable[str]) -> set[str]:
        """Return the columns of text in which every cell is a plain number.

        A number that starts with a 0 that says nothing is a code, not a number.
        """
        bad = {
            column: f"CASE WHEN ({self._as_number(column)}) IS NULL "
            f"OR regexp_matches({self._trimmed(column)}, {quoted(CODE)}) "
            f"THEN {self._trimmed(column)} END"
            for column in columns
        }
        if not bad:
            return set()
        tests = [f"count({text}), count({self._trimmed(c)})" for c, text in bad.items()]
        with self._reading():
            (found,) = self._relation.aggregate(", ".join(tests)).fetchall()
        pairs = zip(bad, found[::2], found[1::2], strict=True)
        return {column for column, wrong, filled in pairs if filled and not wrong}

    def typed(self, numbers: Iterable[str], dates: Iterable[str]) -> FileTable:
        """Return the table with some text columns parsed; others keep their text.

        A text that does not parse becomes null here and is reported by
        `unparsed`, so that nothing is lost in silence.
        """
        import duckdb  # noqa: PLC0415  # loaded with the table

        wanted = {c: self._as_number(c) for c in numbers if self.is_text(c)}
        wanted |= {c: self._as_day(c) for c in dates if self.is_text(c)}
        if not wanted:
            return self
        columns = [
            duckdb.SQLExpression(wanted[column]).alias(key)
            if column in wanted
            else duckdb.ColumnExpression(key)
            for column, key in zip(self.columns, self._keys, strict=True)
        ]
        return FileTable(
            self._relation.select(*columns),
            name=self.name,
            source=self._source,
            columns=self.columns,
        )

    def unparsed(self, kinds: Mapping[str, str]) -> dict[str, list[object]]:
        """Return up to five texts that are no number (or no date), by column.

        Parameters
        ----------
        kinds : mapping of column to "number" or "date"
            Columns of text; those without such texts are not in the answer.
        """
        bad = {column: self._unparsed(column, kind) for column, kind in kinds.items()}
        if not bad:
            return {}
        names = ", ".join(
            f"min({text}) AS c{place}" for place, text in enumerate(bad.values())
        )
        with self._reading():
            (worst,) = self._relation.aggregate(names).fetchall()
            return {
                column: self._examples(bad[column])
                for column, found in zip(bad, worst, strict=True)
                if found is not None
            }

    def _examples(self, text: str) -> list[object]:
        relation = self._relation.project(f"{text} AS c0").filter("c0 IS NOT NULL")
        rows = relation.distinct().order("c0").limit(5).fetchall()
        return [value for (value,) in rows]

    def _unparsed(self, column: str, kind: str) -> str:
        parsed = self._as_number(column) if kind == "number" else self._as_day(column)
        return f"CASE WHEN ({parsed}) IS NULL THEN {self._trimmed(column)} END"

    def _reading(self) -> AbstractContextManager[None]:
        if self._source.is_parquet:
            return reading(self._where, "cannot be read as Parquet")
        return reading(self._where, "cannot be read as CSV", HINT)

    def _as_number(self, column: str) -> str:
        # Without the test DuckDB would take inf, nan and 1_000 as well.
        return self._parsed(column, NUMBER, "TRY_CAST({} AS DOUBLE)")

    def _as_day(self, column: str) -> str:
        parts = ", '-', ".join(
            f"regexp_extract({{}}, {quoted(DAY)}, {group})" for group in (1, 3, 4)
        )
        slow = self._parsed(column, DAY, f"TRY_CAST(concat({parts}) AS DATE)")
        raw = identifier(self._key(column))
        return (
            f"CASE WHEN {self._is_plain(raw, _PLAIN_DAY)} "
            f"THEN TRY_CAST({raw} AS DATE) ELSE {slow} END"
        )

    def _parsed(self, column: str, pattern: str, cast: str) -> str:
        """Return an expression for texts of a pattern, first without trimming them.

        Taking Unicode's spaces off costs more than all the rest, and few cells
        have any.
        """
        raw, text = identifier(self._key(column)), self._trimmed(column)
        return (
            f"CASE WHEN {self._is_plain(raw, pattern)} THEN {cast.replace('{}', raw)} "
            f"WHEN regexp_full_match({text}, {quoted(pattern)}) "
            f"THEN {cast.replace('{}', text)} END"
        )

    def _is_plain(self, raw: str, pattern: str) -> str:
        plain = f"regexp_full_match({raw}, {quoted(pattern)})"
        if not self.missing:
            return plain
        tokens = ", ".join(quoted(token) for token in self.missing)
        return f"({plain} AND {raw} NOT IN ({tokens}))"

    def _trimmed(self, column: str) -> str:
        text = f"nullif(trim({identifier(self._key(column))}, {quoted(SPACES)}), '')"
        for token in self.missing:
            text = f"nullif({text}, {quoted(token)})"
        return text


def quoted(text: str) -> str:
    """Return a text as DuckDB writes one."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return the name of a column or table as DuckDB writes one."""
    return '"' + name.replace('"', '""') + '"'


def _escaped(path: str) -> str:
    """Return a path in which DuckDB finds no wildcard."""
    return "".join(f"[{char}]" if char in "[*?" else char for char in path)


def _files(source: Source) -> str:
    more = f" (and {len(source.files) - 1} more)" if len(source.files) > 1 else ""
    return f"{shown_path(source.files[0])}{more}"
