"""Several tables on one connection, each row with its number.

Files stay where they are; frames of other libraries and tables of other databases are
brought to DuckDB as Arrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import narwhals as nw

from fairness.errors import InputError, Problem, alternatives, shown, unknown_name
from fairness.frames.databases import Address, address, attached, open_database
from fairness.frames.delimited import HINT, layout, read_texts
from fairness.frames.failures import reading, shown_path
from fairness.frames.files import (
    IN_MEMORY_BYTES,
    connect,
    csv_relation,
    identifier,
    parquet_relation,
    quoted,
)
from fairness.frames.sources import Source, is_table, scan

if TYPE_CHECKING:
    import duckdb

ROW = "fairreach_row"
"""Column with the number of the record in its file, from 1; a header is no record."""

FILE = "fairreach_file"
"""Column with the name of the file, or of the table, that the record is in."""

_OURS = "fairreach_"

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True)
class Given:
    """One table as it was handed over.

    Parameters
    ----------
    name : str
    source : Source or None
        Files.
    place : Address or None
        A table of a database.
    frame : frame or None
        Of any supported library.
    """

    name: str
    source: Source | None = None
    place: Address | None = None
    frame: Any = None

    @property
    def untyped(self) -> bool:
        """Whether every column is text as it was written."""
        return self.source is not None and not self.source.is_parquet


def given(name: str, data: Any) -> Given:
    """Return what a table is: files, a database's, or a frame.

    Raises
    ------
    InputError
        A type that is no table, a file or URL that cannot be read.
    """
    if isinstance(data, str | Path):
        data = scan(data)
    if isinstance(data, Source) and data.url:
        return Given(name, source=None, place=address(data.url), frame=data.url)
    if isinstance(data, Source):
        return Given(name, source=data)
    if is_table(data):
        return Given(name, frame=data)
    what = f"is a {type(data).__name__}, not a table"
    hint = "pass a frame, or the path or URL of a table"
    raise InputError(Problem(name, what, hint))


def _all_given(tables: Mapping[str, Any]) -> list[Given]:
    found: list[Given] = []
    problems: list[Problem] = []
    for name, data in tables.items():
        try:
            found.append(given(name, data))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


class Session:
    """One connection with several tables on it.

    Parameters
    ----------
    tables : mapping of str to table
        Paths, globs, URLs, `Source`s or frames.
    columns : mapping of str to sequence of str, optional
        The columns wanted of a table; all where it is not named.
    memory_limit : str, optional
        As DuckDB writes it, "2GB".

    Raises
    ------
    InputError
        With the problems of all the tables.

    Examples
    --------
    >>> with Session({"customers": "data/samples/customers.csv"}) as session:
    ...     session.table("customers").collect_schema().names()[:3]
    ['fairreach_row', 'fairreach_file', 'customer_id']
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        *,
        columns: Mapping[str, Sequence[str]] | None = None,
        memory_limit: str | None = None,
    ) -> None:
        found = _all_given(tables)
        databases = [one for one in found if one.place and one.place.engine == "duckdb"]
        sources = [one.source for one in found if one.source]
        self._given = {one.name: one for one in found}
        self._attached = {one.name: f"db{i}" for i, one in enumerate(databases)}
        self._connection = connect(
            [file for source in sources for file in source.files],
            databases=[one.place.file for one in databases if one.place],
            memory_limit=memory_limit,
            ordered=any(map(_stays_on_disk, sources)),
        )
        try:
            self._frames = self._all_opened(found, columns or {})
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; frames made of it can no longer be read."""
        self._connection.close()

    def table(self, name: str) -> Frame:
        """Return a table as written, with `ROW` and `FILE` before its columns."""
        return self._frames[name]

    def untyped(self, name: str) -> bool:
        """Whether every column of a table is text as it was written."""
        return self._given[name].untyped

    def beside(self, frame: Frame) -> Frame:
        """Return a frame of this session for another thread to read.

        A connection answers one question at a time; this is a second one to the same
        tables. It is good for as long as the frame and the session are.
        """
        relation: duckdb.DuckDBPyRelation = frame.to_native()
        return nw.from_native(self._connection.cursor().sql(relation.sql_query()))

    def _all_opened(
        self, found: Sequence[Given], columns: Mapping[str, Sequence[str]]
    ) -> dict[str, Frame]:
        frames: dict[str, Frame] = {}
        problems: list[Problem] = []
        for one in found:
            try:
                frames[one.name] = self._opened(one, columns.get(one.name))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        return frames

    def _opened(self, one: Given, wanted: Sequence[str] | None) -> Frame:
        if one.source is not None:
            relation = self._from_files(one.name, one.source)
        elif one.place is not None:
            relation = self._from_database(one, one.place)
        else:
            relation = self._from_frame(one.name, one.frame, wanted)
        names = [name for name in relation.columns if name not in (ROW, FILE)]
        _check_names(one.name, names)
        kept = names if wanted is None else [n for n in names if n in set(wanted)]
        if wanted is not None:
            absent = [name for name in wanted if name not in names]
            if absent:
                raise InputError(
                    unknown_name(one.name, name, names, "column") for name in absent
                )
        import duckdb  # noqa: PLC0415  # loaded with the connection

        columns = [duckdb.ColumnExpression(name) for name in (ROW, FILE, *kept)]
        return nw.from_native(relation.select(*columns))

    def _from_files(self, name: str, source: Source) -> duckdb.DuckDBPyRelation:
        where = shown_path(source.files[0])
        if source.is_parquet:
            with reading(where, "cannot be read as Parquet"):
                relation = parquet_relation(self._connection, source, numbered=True)
                file = quoted(Path(source.files[0]).name)
                if len(source.files) > 1 and "filename" not in relation.columns:
                    file = "parse_filename(filename)"
                return relation.project(
                    f"file_row_number + 1 AS {ROW}, {file} AS {FILE}, "
                    "* EXCLUDE (file_row_number)"
                )
        names, delimiter = layout(source)
        _check_names(name, names)
        if not _stays_on_disk(source):
            texts = read_texts(source, names, delimiter)
            keys, rows = texts.column_names, ROW
            relation = self._numbered(texts, "")
        else:
            with reading(where, "cannot be read as CSV", HINT):
                relation = csv_relation(self._connection, source, names, delimiter)
            keys, rows = relation.columns, f"row_number() OVER () AS {ROW}"
        more = f" (+{len(source.files) - 1})" if len(source.files) > 1 else ""
        file = quoted(Path(source.files[0]).name + more)
        columns = ", ".join(
            f"{_filled(key, source.missing)} AS {identifier(name)}"
            for key, name in zip(keys, names, strict=True)
        )
        return relation.project(f"{rows}, {file} AS {FILE}, {columns}")

    def _from_database(self, one: Given, place: Address) -> duckdb.DuckDBPyRelation:
        with reading(place.shown):
            if one.name in self._attached:
                database = self._attached[one.name]
                relation: duckdb.DuckDBPyRelation = attached(
                    self._connection, place, database
                )
                return relation.project(
                    f"NULL::BIGINT AS {ROW}, {quoted(place.table)} AS {FILE}, *"
                )
            batches = open_database(one.frame).to_pyarrow_batches()
            return self._copied(one.name, batches, place.table)

    def _from_frame(
        self, name: str, frame: Any, wanted: Sequence[str] | None
    ) -> duckdb.DuckDBPyRelation:
        with reading(name):
            found = nw.from_native(frame)
            if wanted is not None:
                names = found.collect_schema().names()
                found = found.select(*(n for n in names if n in set(wanted)))
            if isinstance(found, nw.LazyFrame):
                found = found.collect("pyarrow")
            table = found.to_arrow()
        # The engine would give one of two columns of one name another.
        _check_names(name, table.column_names)
        return self._numbered(table, name)

    def _numbered(self, table: Any, file: str) -> duckdb.DuckDBPyRelation:
        """Return an Arrow table, which stays in its place, with its rows numbered."""
        import numpy as np  # noqa: PLC0415  # loaded with narwhals' Arrow

        rows = np.arange(1, table.num_rows + 1)
        named = table.add_column(0, ROW, [rows])
        relation = self._connection.from_arrow(named)
        return relation.project(f"*, {quoted(file)} AS {FILE}")

    def _copied(self, name: str, batches: Any, file: str) -> duckdb.DuckDBPyRelation:
        """Return a stream, which is read once only, as a table of the connection."""
        table = identifier(f"copied {name}")
        relation = self._connection.from_arrow(batches)
        relation.project(
            f"row_number() OVER () AS {ROW}, {quoted(file)} AS {FILE}, *"
        ).create(table)
        return self._connection.table(table)


def _filled(column: str, missing: Sequence[str]) -> str:
    """Return a cell of a CSV file; an empty one, and a word for one, is null."""
    cell = identifier(column)
    for token in ("", *missing):
        cell = f"nullif({cell}, {quoted(token)})"
    return cell


def _stays_on_disk(source: Source) -> bool:
    if source.is_parquet or source.encoding.lower() not in {"utf-8", "utf8"}:
        return False
    return sum(Path(file).stat().st_size for file in source.files) > IN_MEMORY_BYTES


def _check_names(table: str, names: Sequence[str]) -> None:
    problems = [
        Problem(table, f"{shown(name)} is a name that is kept for fairreach itself")
        for name in names
        if name.casefold().startswith(_OURS)
    ]
    times = Counter(name.casefold() for name in names)
    twice = [name for name in names if times[name.casefold()] > 1]
    if twice:
        what = f"has columns of one name: {alternatives(twice)}"
        hint = "each name may stand there once, upper and lower case being the same"
        problems.append(Problem(table, what, hint))
    if "" in names:
        problems.append(Problem(table, "has a column without a name"))
    if problems:
        raise InputError(problems)
