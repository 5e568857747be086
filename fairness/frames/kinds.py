"""Columns of declared types: cells as values, in DuckDB.

What cannot be read as its type is null beside the cell as it was written, so that
nothing is lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from fairness.frames.files import identifier, quoted
from fairness.frames.texts import CODE, DAY, NUMBER, SPACES

if TYPE_CHECKING:
    import duckdb

Kind = Literal["text", "number", "integer", "boolean", "date", "datetime"]
KINDS: tuple[Kind, ...] = ("text", "number", "integer", "boolean", "date", "datetime")

TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")

_EXACT = 2**53
_WIDE = ("DECIMAL", "DOUBLE", "FLOAT", "REAL")
_NUMBERS = {
    *_WIDE,
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}

Frame = nw.LazyFrame[Any]


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
    tests: list[str] = []
    asked = list(columns)
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
            f"AND isfinite(TRY_CAST({text} AS DOUBLE)) "
            f"THEN TRY_CAST({text} AS DOUBLE) END"
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
        f"CASE WHEN {raw} BETWEEN '!' AND '~' AND {raw}[-1] BETWEEN '!' AND '~' "
        f"THEN {raw} "
        f"ELSE nullif(trim({raw}, {quoted(SPACES)}), '') END"
    )
