"""Tables that lie about: whose rows are they, what is protected, what has expired."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.security.found import Finding, Severity
from pipelines.security.words import plain_name, words_in

if TYPE_CHECKING:
    from pipelines.security.walking import File

MOST_BYTES = 1 << 28
"""Of a table whose rows are counted, no more is read."""

_HEAD = 1 << 16
_LARGEST_FOOTER = 1 << 24
_PARQUET = b"PAR1"
_DELIMITED = {".csv", ".tsv", ".txt", ".data", ".tab"}
_MAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_FEWEST_MAILS = 3
_FEWEST_COLUMNS = 2
_MOST_COLUMNS = 2000
_ENDS = {"effective_to", "valid_to", "valid_until"}
_OF_CONSENT = {"status", "purpose", "channel"}
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_READERS: tuple[tuple[int, Severity, str], ...] = (
    (0o004, "block", "everybody"),
    (0o040, "warn", "its group"),
)


def look_at_table(file: File, on: date) -> Iterator[Finding]:
    """Yield what is wrong with a CSV or Parquet file.

    Parameters
    ----------
    file : File
    on : date
        Consents that end before it have expired.

    Raises
    ------
    OSError
        It cannot be read.
    """
    names, sample = _layout(file)
    protected = words_in(names, "protected")
    personal = words_in(names, "personal")
    if not personal and len(_MAIL.findall(sample)) >= _FEWEST_MAILS:
        personal = ["email"]
    if protected:
        # One attribute beside nobody's id may be a table of groups.
        is_of_people = bool(personal) or len(protected) > 1
        severity: Severity = "block" if is_of_people else "warn"
        what = f"protected attributes in the clear: {', '.join(protected)}"
        hint = f"seal it: fairreach vault seal {_word(file)} --out X.vault --key KEY"
        yield Finding(severity, "unsealed-protected", file.name, what, hint)
    if personal or protected:
        yield from _readable(file, [*personal, *protected])
    plain = {plain_name(name): name for name in names}
    ends = sorted(_ENDS & plain.keys())
    if ends and _OF_CONSENT & plain.keys():
        yield from _expired(file, names.index(plain[ends[0]]), on)


def is_table(file: File) -> bool:
    """Say whether a file is looked at as a table, by its name."""
    return file.suffix in _DELIMITED or file.suffix == ".parquet"


def _readable(file: File, words: list[str]) -> Iterator[Finding]:
    for right, severity, who in _READERS:
        if file.mode & right:
            what = f"personal data that {who} can read: {', '.join(words)}"
            hint = f"make it yours alone: chmod 600 {_word(file)}"
            yield Finding(severity, "readable-personal", file.name, what, hint)
            return


def _layout(file: File) -> tuple[list[str], str]:
    """Return the names of the columns, and the beginning of a text."""
    if file.start(len(_PARQUET)) == _PARQUET:
        return _parquet_names(file), ""
    if file.suffix == ".parquet":
        return [], ""
    text = _decoded(_beginning(file))
    names, second = _rows(text)
    is_loose = file.suffix not in {".csv", ".tsv"}
    if is_loose and (len(names) < _FEWEST_COLUMNS or len(names) != len(second)):
        # A text, not a table.
        return [], text
    return names, text


def _beginning(file: File) -> bytes:
    if not file.is_gzip:
        return file.start(_HEAD)
    with file.opened() as raw, gzip.GzipFile(fileobj=raw) as unpacked:
        try:
            return unpacked.read(_HEAD)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return b""


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")


def _rows(text: str) -> tuple[list[str], list[str]]:
    """Return the first two rows of a table."""
    lines = [line for line in text.splitlines()[:100] if line.strip()][:2]
    delimiter = max(",;\t|", key="".join(lines[:1]).count)
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows = list(csv.reader(lines, delimiter=delimiter))
    rows += [[], []]
    return rows[0][:_MOST_COLUMNS], rows[1][:_MOST_COLUMNS]


def _parquet_names(file: File) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415  # where there is Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415

    with file.opened() as raw:
        raw.seek(0, io.SEEK_END)
        size = raw.tell()
        raw.seek(max(0, size - 8))
        tail = raw.read(8)
        if tail[4:] != _PARQUET or int.from_bytes(tail[:4], "little") > _LARGEST_FOOTER:
            return []
        try:
            schema = pq.read_schema(raw)
        except (OSError, ValueError, pa.ArrowException):
            return []
    return [str(name) for name in schema.names[:_MOST_COLUMNS]]


def _expired(file: File, column: int, on: date) -> Iterator[Finding]:
    count, is_whole = _count_before(file, column, on)
    if count:
        least = "" if is_whole else "at least "
        what = f"{least}{count:,} consents that have ended are in it"
        hint = "export it anew; nobody of them may be reached on these"
        yield Finding("warn", "expired-consents", file.name, what, hint)


def _count_before(file: File, column: int, on: date) -> tuple[int, bool]:
    with file.opened() as raw:
        if raw.read(len(_PARQUET)) == _PARQUET:
            raw.seek(0)
            return _parquet_before(raw, column, on)
        raw.seek(0)
        source: Any = gzip.GzipFile(fileobj=raw) if file.is_gzip else raw
        return _text_before(source, column, on)


def _parquet_before(raw: BinaryIO, column: int, on: date) -> tuple[int, bool]:
    import pyarrow as pa  # noqa: PLC0415  # where there is Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415

    count = 0
    try:
        table = pq.ParquetFile(raw)
        name = table.schema_arrow.names[column]
        for batch in table.iter_batches(columns=[name]):
            count += sum(_is_before(one, on) for one in batch.column(0).to_pylist())
    except (OSError, ValueError, IndexError, pa.ArrowException):
        return count, False
    return count, True


def _text_before(source: Any, column: int, on: date) -> tuple[int, bool]:
    limited = _Limited(source)
    first = ""
    count = 0
    with suppress(csv.Error, EOFError, zlib.error, gzip.BadGzipFile):
        text = io.TextIOWrapper(
            io.BufferedReader(limited), encoding="utf-8-sig", errors="replace"
        )
        first = text.readline()
        delimiter = max(",;\t|", key=first.count)
        for row in csv.reader(text, delimiter=delimiter):
            count += len(row) > column and _is_before(row[column], on)
        return count, not limited.is_cut
    return count, False


class _Limited(io.RawIOBase):
    """At most so many bytes of a file, however many a compressed one unpacks to."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._left = MOST_BYTES
        self.is_cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            self.is_cut = True
            return 0
        piece = self._source.read(min(len(buffer), self._left))
        self._left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


def _is_before(value: object, on: date) -> bool:
    found = _DAY.match(str(value or "").strip())
    if found is None:
        return False
    with suppress(ValueError):
        return date(*map(int, found.groups())) < on
    return False


def _word(file: File) -> str:
    """Return a name as it may be pasted into a shell; a hint has no other names."""
    plain = re.fullmatch(r"[A-Za-z0-9_./-]+", file.name)
    return file.name if plain and not file.name.startswith("-") else "FILE"
