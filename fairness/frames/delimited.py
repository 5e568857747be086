"""CSV: how a file is written, and small files as text in memory."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, shown
from fairness.frames.failures import reading, shown_path
from fairness.frames.sources import Source

_DELIMITERS = ",;\t|"
_LISTED = 5
HINT = "give --delimiter, --encoding or --no-header if the file needs them"


def layout(source: Source) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter of some CSV files.

    The delimiter, where it is not given, is the one of comma, semicolon, tab
    and bar that the first line has most of.

    Raises
    ------
    InputError
        A header that differs between files, an encoding that does not fit.
    """
    first = _first_line(source, source.files[0])
    delimiter = source.delimiter or _delimiter(first)
    header = _record(source, source.files[0], delimiter)
    for file in source.files[1:]:
        other = _record(source, file, delimiter)
        if len(other) != len(header) or (source.header and other != header):
            raise InputError(
                Problem(
                    shown_path(file),
                    f"has other columns than {shown_path(source.files[0])}",
                    "files read together need the same columns in the same order",
                )
            )
    if source.header:
        return header, delimiter
    names = list(source.columns) or [str(place) for place in range(len(header))]
    if len(names) != len(header):
        raise InputError(
            Problem(
                "columns",
                f"gives {len(names)} names to the {len(header)} columns of "
                f"{shown_path(source.files[0])}",
            )
        )
    return names, delimiter


def read_texts(source: Source, names: Sequence[str], delimiter: str) -> Any:
    """Return small files as one pyarrow table of texts, columns "0", "1", ….

    Raises
    ------
    InputError
        Rows of another width than the first, quotes that do not close, bytes
        that are not of the encoding.
    """
    import pyarrow as pa  # noqa: PLC0415  # loaded only where CSV is read
    from pyarrow import csv as arrow  # noqa: PLC0415

    keys = [str(place) for place in range(len(names))]
    tables = []
    for file in source.files:
        rows = _checked_rows(source, file, delimiter, len(names))
        read = arrow.ReadOptions(
            encoding=source.encoding,
            column_names=keys,
            skip_rows_after_names=int(source.header),
            block_size=1 << 24,
        )
        parse = arrow.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=True
        )
        convert = arrow.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
        )
        # pyarrow takes no path that is not UTF-8: it is given the open file.
        with (
            reading(shown_path(file), "cannot be read as CSV", HINT),
            open(file, "rb") as raw,  # noqa: PTH123
        ):
            stream = pa.input_stream(raw, compression="gzip" if is_gzip(file) else None)
            table = arrow.read_csv(
                stream, read_options=read, parse_options=parse, convert_options=convert
            )
        if table.num_rows != rows:
            raise InputError(
                Problem(
                    shown_path(file),
                    f"cannot be read as CSV: of {rows:,} rows {table.num_rows:,} "
                    "can be told apart",
                    HINT,
                )
            )
        tables.append(table)
    return pa.concat_tables(tables)


def _checked_rows(source: Source, file: str, delimiter: str, width: int) -> int:
    """Count the rows that are not blank; the fast parser forgives too much."""
    rows, ragged = -int(source.header), []
    with _text(source, file) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                rows += bool(row)
                if row and len(row) != width:
                    ragged.append((reader.line_num, len(row)))
        except (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile) as error:
            raise InputError(
                _unreadable(source, file, reader.line_num, error)
            ) from None
    if ragged:
        listed = ", ".join(f"line {line} has {n}" for line, n in ragged[:_LISTED])
        more = f" (+{len(ragged) - _LISTED})" if len(ragged) > _LISTED else ""
        raise InputError(
            Problem(
                shown_path(file),
                f"has rows of other than {width} columns: {listed}{more}",
                "quote cells that hold the delimiter; " + HINT,
            )
        )
    return rows


def _first_line(source: Source, file: str) -> str:
    with _text(source, file) as lines:
        try:
            return next((line for line in lines if line.strip("\r\n")), "")
        except UnicodeError as error:
            raise InputError(_unreadable(source, file, 1, error)) from None


def _record(source: Source, file: str, delimiter: str) -> list[str]:
    with _text(source, file) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            found = next((row for row in reader if row), [])
        except (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile) as error:
            raise InputError(
                _unreadable(source, file, reader.line_num, error)
            ) from None
    if not found:
        raise InputError(Problem(shown_path(file), "is empty"))
    return [cell.strip() for cell in found] if source.header else found


def _delimiter(line: str) -> str:
    unquoted = "".join(line.split('"')[::2])
    found = Counter(char for char in unquoted if char in _DELIMITERS)
    return max(_DELIMITERS, key=lambda char: found[char])


def is_gzip(file: str) -> bool:
    """Whether a file is compressed, going by its first bytes."""
    with Path(file).open("rb") as start:
        return start.read(2) == b"\x1f\x8b"


def _text(source: Source, file: str) -> Any:
    encoding = source.encoding
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        encoding = "utf-8-sig"
    try:
        if is_gzip(file):
            return gzip.open(file, "rt", encoding=encoding, newline="")
        return Path(file).open(encoding=encoding, newline="")
    except (LookupError, OSError) as error:
        raise InputError(_unreadable(source, file, 0, error)) from None


def _unreadable(source: Source, file: str, line: int, error: Exception) -> Problem:
    if isinstance(error, LookupError):
        return Problem(
            "encoding",
            f"{shown(source.encoding)} is not the name of an encoding",
            "for example utf-8, cp1252, utf-16",
        )
    if isinstance(error, UnicodeError):
        return Problem(
            shown_path(file),
            f"is not written in {source.encoding} (near line {max(line, 1):,})",
            "name its encoding, for example --encoding cp1252 (encoding= in fa.scan)",
        )
    if isinstance(error, OSError):
        return Problem(shown_path(file), f"cannot be opened: {error.strerror}")
    return Problem(
        shown_path(file), f"cannot be read as CSV: {error} (line {line:,})", HINT
    )
