"""Several tables on one connection, with columns of declared types.

Files stay where they are; frames of other libraries and tables of other databases are
brought to DuckDB as Arrow. What cannot be read as its type becomes null beside the cell
as it was written, so that nothing is lost in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

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
from fairness.frames.texts import CODE, DAY, NUMBER, SPACES

if TYPE_CHECKING:
    import duckdb

Kind = Literal["text", "number", "integer", "boolean", "date", "datetime"]
KINDS: tuple[Kind, ...] = ("text", "number", "integer", "boolean", "date", "datetime")

ROW = "fairreach_row"
"""Column with the number of the record in its file, from 1; a header is no record."""

FILE = "fairreach_file"
"""Column with the name of the file, or of the table, that the record is in."""

_OURS = "fairreach_"

TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")

_EXACT = 2**53
_WIDE = ("DECIMAL", "DOUBLE", "FLOAT", "REAL")
_NUMBERS = (*_WIDE, "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT")
_NUMBERS = (*_NUMBERS, "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")

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
        found, problems = [], []
        for name, data in tables.items():
            try:
                found.append(given(name, data))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        self._given = {one.name: one for one in found}
        databases = [one for one in found if one.place and one.place.engine == "duckdb"]
        self._attached = {one.name: f"db{i}" for i, one in enumerate(databases)}
        sources = [one.source for one in found if one.source]
        self._connection = connect(
            [file for source in sources for file in source.files],
            databases=[one.place.file for one in databases if one.place],
            memory_limit=memory_limit,
            ordered=any(map(_stays_on_disk, sources)),
        )
        self._frames: dict[str, Frame] = {}
        try:
            for one in found:
                wanted = (columns or {}).get(one.name)
                try:
                    self._frames[one.name] = self._opened(one, wanted)
                except InputError as error:
                    problems += error.problems
            if problems:
                raise InputError(problems)
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
        """Return a table as it was written, with `ROW` and `FILE` before its columns."""
        return self._frames[name]

    def untyped(self, name: str) -> bool:
        """Whether every column of a table is text as it was written."""
        return self._given[name].untyped

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
                relation = attached(self._connection, place, database)
                return relation.project(
                    f"NULL::BIGINT AS {ROW}, {quoted(place.table)} AS {FILE}, *"
                )
            table = open_database(one.frame)
            return self._copied(one.name, table.to_pyarrow_batches(), place.table)

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
            return self._numbered(found.to_arrow(), name)

    def _numbered(self, table: Any, file: str) -> duckdb.DuckDBPyRelation:
        """Return an Arrow table, which stays in its place, with its rows numbered."""
        import numpy as np  # noqa: PLC0415  # loaded with narwhals' Arrow

        rows = np.arange(1, table.num_rows + 1)
        named = table.add_column(0, ROW, [rows])
        relation = self._connection.from_arrow(named)
        return relation.project(f"*, {quoted(file)} AS {FILE}")

    def _copied(self, name: str, batches: Any, file: str) -> duckdb.DuckDBPyRelation:
        """Return a stream, which can be read once only, as a table of the connection."""
        table = identifier(f"copied {name}")
        relation = self._connection.from_arrow(batches)
        relation.project(
            f"row_number() OVER () AS {ROW}, {quoted(file)} AS {FILE}, *"
        ).create(table)
        return self._connection.table(table)


def with_parsed(
    frame: Frame, kinds: Mapping[str, Kind], *, names: Mapping[str, str]
) -> Frame:
    """Return a table with some columns read as their types, beside what is written.

    Parameters
    ----------
    frame : LazyFrame
        Of a `Session`.
    kinds : mapping of column to Kind
    names : mapping of column to str
        What the column with the values is called.

    Returns
    -------
    LazyFrame
        With one column more for each: null where the cell is empty or does not read
        as the type. Texts have no spaces at their ends.
    """
    import duckdb  # noqa: PLC0415  # loaded with the session

    relation: duckdb.DuckDBPyRelation = frame.to_native()
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    added = [
        duckdb.SQLExpression(_value(column, types[column], kind)).alias(names[column])
        for column, kind in kinds.items()
    ]
    return nw.from_native(relation.select(duckdb.StarExpression(), *added))


def written_kinds(frame: Frame, columns: Iterable[str]) -> dict[str, Kind]:
    """Return the types as which every cell of some columns of text reads.

    Parameters
    ----------
    frame : LazyFrame
        Of a `Session`.
    columns : iterable of str

    Returns
    -------
    dict of column to Kind
        "text" where nothing else fits, and for digits behind a 0, which are a code.
        0 and 1 are whole numbers, yes and no are labels.
    """
    tried: tuple[Kind, ...] = ("integer", "number", "date", "boolean")
    tests, asked = [], list(columns)
    for column in asked:
        text = _trimmed(column)
        code = f"regexp_matches({text}, {quoted(CODE)})"
        tests.append(f"count({text}), count_if({code})")
        tests += [f"count({_value(column, 'VARCHAR', k)})" for k in tried[:-1]]
        tests.append(f"count_if(lower({text}) IN ('true', 'false'))")
    if not asked:
        return {}
    relation: duckdb.DuckDBPyRelation = frame.to_native()
    (found,) = relation.aggregate(", ".join(tests)).fetchall()
    kinds: dict[str, Kind] = {}
    for place, column in enumerate(asked):
        filled, codes, *counts = found[6 * place : 6 * place + 6]
        fits = [k for k, n in zip(tried, counts, strict=True) if n == filled]
        if codes:
            fits = [kind for kind in fits if kind == "date"]
        kinds[column] = fits[0] if filled and fits else "text"
    return kinds


def distinct(frame: Frame, column: str) -> tuple[int, int]:
    """Return the number of filled cells of a column, and of different ones.

    The different ones are told apart by 64 bits, so that memory does not depend on
    their length; what is counted as a repetition is looked at by its text.
    """
    relation: duckdb.DuckDBPyRelation = frame.to_native()
    name = identifier(column)
    ((filled, different),) = relation.aggregate(
        f"count({name}), count(DISTINCT hash({name}))"
    ).fetchall()
    if filled != different:
        ((different,),) = relation.aggregate(f"count(DISTINCT {name})").fetchall()
    return filled, different


def _value(column: str, kind: str, wanted: Kind) -> str:
    raw = identifier(column)
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return _from_text(column, wanted)
    base = kind.partition("(")[0]
    if wanted == "text":
        return _as_text(raw, base)
    if wanted in ("date", "datetime"):
        return _as_moment(raw, base, wanted)
    if wanted == "boolean" and base == "BOOLEAN":
        return raw
    if base not in _NUMBERS:
        return f"CAST(NULL AS {_SQL[wanted]})"
    number = f"nullif(CAST({raw} AS DOUBLE), 'nan'::DOUBLE)"
    if wanted == "boolean":
        return f"CASE {raw} WHEN 1 THEN true WHEN 0 THEN false END"
    if wanted == "integer":
        return f"TRY_CAST({raw} AS BIGINT)" if base not in _WIDE else _whole(number)
    return f"CASE WHEN isfinite({number}) THEN {number} END"


_SQL: Mapping[str, str] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}


def _as_text(raw: str, base: str) -> str:
    text = f"CAST({raw} AS VARCHAR)"
    if base in _WIDE:
        whole = _whole(f"CAST({raw} AS DOUBLE)")
        text = f"coalesce(CAST({whole} AS VARCHAR), {text})"
    return f"nullif(trim({text}, {quoted(SPACES)}), '')"


def _as_moment(raw: str, base: str, wanted: Kind) -> str:
    moment = raw
    if base == "TIMESTAMP WITH TIME ZONE":
        moment = f"make_timestamp(epoch_us({raw}))"
    elif base != "DATE" and not base.startswith("TIMESTAMP"):
        return f"CAST(NULL AS {_SQL[wanted]})"
    return f"CASE WHEN isfinite({raw}) THEN CAST({moment} AS {_SQL[wanted]}) END"


def _whole(number: str) -> str:
    return (
        f"CASE WHEN {number} = floor({number}) AND abs({number}) <= {_EXACT} "
        f"THEN CAST({number} AS BIGINT) END"
    )


def _from_text(column: str, wanted: Kind) -> str:
    text = _trimmed(column)
    if wanted == "text":
        return text
    if wanted == "boolean":
        yes, no = (", ".join(map(quoted, words)) for words in (TRUE, FALSE))
        return (
            f"CASE WHEN lower({text}) IN ({yes}) THEN true "
            f"WHEN lower({text}) IN ({no}) THEN false END"
        )
    if wanted in ("number", "integer"):
        number = (
            f"CASE WHEN regexp_full_match({text}, {quoted(NUMBER)}) "
            f"AND isfinite(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END"
        )
        return number if wanted == "number" else _whole(f"({number})")
    parts = ", '-', ".join(
        f"regexp_extract({text}, {quoted(DAY)}, {group})" for group in (1, 3, 4)
    )
    day = f"TRY_CAST(concat({parts}) AS DATE)"
    if wanted == "datetime":
        time = f"regexp_extract({text}, '[T ]([0-9]{{1,2}}:[0-9]{{2}}.*)$', 1)"
        plain = f"concat(CAST({day} AS VARCHAR), ' ', {time})"
        day = (
            f"CASE WHEN {time} = '' THEN CAST({day} AS TIMESTAMP) "
            f"ELSE TRY_CAST({plain} AS TIMESTAMP) END"
        )
    return f"CASE WHEN regexp_full_match({text}, {quoted(DAY)}) THEN {day} END"


def _trimmed(column: str) -> str:
    raw = f"CAST({identifier(column)} AS VARCHAR)"
    # Unicode's spaces cost more to take off than all the rest, and few cells have any.
    return (
        f"CASE WHEN regexp_full_match({raw}, '[!-~]([ -~]*[!-~])?') THEN {raw} "
        f"ELSE nullif(trim({raw}, {quoted(SPACES)}), '') END"
    )


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
