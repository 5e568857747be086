"""One spelling for every document: what is signed and hashed is bytes, not meaning.

A document is a table of JSON values with a ``schema``. Its canonical bytes are UTF-8
JSON with sorted keys and no spaces; whatever is spelled otherwise is refused, so that
no byte of a signed file can change unseen. Moments are UTC, to the second.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.writing import write_whole

LARGEST = 1 << 20
"""Most bytes of a document, and of a line of the ledger."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_BLOCK = 1 << 20
_DEEPEST = 50
_MOST_BITS = 10_000

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a document.

    Parameters
    ----------
    document : mapping
        Texts, whole numbers, finite floats, booleans, None, lists, and mappings of
        texts to those. Floats are written as Python does, the shortest text that is
        read back the same; exact numbers are better as texts.

    Raises
    ------
    InputError
        With every value that JSON cannot hold.

    Examples
    --------
    >>> canonical({"b": [1, "é"], "a": None}).decode()
    '{"a":null,"b":[1,"é"]}'
    >>> canonical({"rate": float("nan")})
    Traceback (most recent call last):
    fairness.errors.InputError: document, rate: nan is not a value of JSON
    """
    problems = list(_unwritable(document, "document", 0))
    if problems:
        raise InputError(problems)
    return encoded(document)


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of values that came out of JSON.

    Raises
    ------
    ValueError, RecursionError
        A number or a text that has no canonical bytes.
    """
    return _encode(document).encode()


def _unwritable(value: object, where: str, depth: int) -> Iterator[Problem]:
    if depth > _DEEPEST:
        yield Problem(where, "is nested too deeply")
    elif isinstance(value, Mapping):
        if not isinstance(value, dict):
            yield Problem(where, f"{type(value).__name__} is not a dict")
        for key, item in value.items():
            if isinstance(key, str):
                path = f"{where}, {ascii_controls(key)}"
                yield from _unwritable(key, path, depth + 1)
                yield from _unwritable(item, path, depth + 1)
            else:
                yield Problem(where, f"key {shown(key)} is not a text")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _unwritable(item, f"{where}[{index}]", depth + 1)
    elif not _is_plain(value):
        # Python would not even print it.
        vast = isinstance(value, int) and value.bit_length() > _MOST_BITS
        told = "a number of thousands of digits" if vast else shown(value)
        yield Problem(where, f"{told} is not a value of JSON")


def _is_plain(value: object) -> bool:
    try:
        # What a text or a number looks like may depend on its class: only the plain
        # ones are read back the same.
        return type(value) in (str, int, float, bool, type(None)) and bool(
            _encode(value).encode()
        )
    except ValueError:
        return False


def parse_canonical(raw: bytes, where: str) -> dict[str, Any]:
    """Return the document whose canonical bytes these are.

    Parameters
    ----------
    raw : bytes
    where : str
        How messages name them.

    Raises
    ------
    RefusedError
        They are not JSON, or not as `canonical` writes it.

    Examples
    --------
    >>> parse_canonical(b'{"a":1}', "a.json")
    {'a': 1}
    >>> parse_canonical(b'{"a": 1}', "a.json")
    Traceback (most recent call last):
    fairness.errors.RefusedError: a.json: is not as it was written: it was changed
    """
    changed = Problem(where, "is not as it was written: it was changed")
    try:
        document = json.loads(raw)
        if isinstance(document, dict) and encoded(document) == raw:
            return document
    except (ValueError, RecursionError):
        pass
    raise RefusedError(changed)


def read_document(path: str | Path) -> dict[str, Any]:
    """Return the document in a file that `write_document` wrote.

    Raises
    ------
    InputError
        There is no such file or it cannot be read.
    RefusedError
        It was changed.
    """
    where = ascii_controls(str(path))
    raw = read_file(Path(path), where)
    if not raw.endswith(b"\n"):
        raise RefusedError(Problem(where, "is cut off"))
    return parse_canonical(raw[:-1], where)


def write_document(path: str | Path, document: Mapping[str, Any]) -> Path:
    """Write a document, whole or not at all.

    Raises
    ------
    InputError
        It has values that JSON cannot hold, or cannot be written.
    """
    return write_whole(path, canonical(document) + b"\n")


def read_file(path: Path, where: str) -> bytes:
    """Return a file of at most `LARGEST` bytes.

    Raises
    ------
    InputError
        There is none, it cannot be read, or it is larger.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InputError(unread(where, error)) from None
    if len(raw) > LARGEST:
        what = f"is larger than {LARGEST:,} bytes, which no such file is"
        raise InputError(Problem(where, what))
    return raw


def unread(where: str, error: OSError | ValueError) -> Problem:
    """Return the problem of a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return Problem(where, "there is no such file")
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(where, f"cannot be read: {reason}")


def digest_of(raw: bytes) -> str:
    """Return the digest of bytes.

    Examples
    --------
    >>> digest_of(b"")[:20]
    'sha256:e3b0c44298fc1'
    """
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def file_digest(path: str | Path) -> str:
    """Return the digest of a file, read in pieces.

    Raises
    ------
    InputError
        There is no such file or it cannot be read.
    """
    made = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
    except (OSError, ValueError) as error:
        raise InputError(unread(ascii_controls(str(path)), error)) from None
    return f"sha256:{made.hexdigest()}"


def moment_of(text: object) -> datetime | None:
    """Return the moment that a text names, None where it names none.

    Examples
    --------
    >>> moment_of("2026-11-24T09:30:00Z").isoformat()
    '2026-11-24T09:30:00+00:00'
    >>> moment_of("2026-11-24T09:30:00+00:00"), moment_of("2026-13-24T09:30:00Z")
    (None, None)
    """
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def moment_text(moment: datetime) -> str:
    """Return a moment as documents write it.

    Examples
    --------
    >>> moment_text(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
    '2026-11-24T09:30:00Z'
    """
    plain = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return f"{plain.isoformat()}Z"


def moment_at(moment: datetime | None, where: str = "at") -> datetime:
    """Return a moment in UTC, to the second; now where there is none.

    Raises
    ------
    InputError
        It has no time zone.

    Examples
    --------
    >>> moment_at(datetime(2026, 11, 24))
    Traceback (most recent call last):
    fairness.errors.InputError: at: 2026-11-24T00:00:00 has no time zone
      Hint: write datetime(…, tzinfo=UTC)
    """
    found = datetime.now(tz=UTC) if moment is None else moment
    if found.tzinfo is None:
        hint = "write datetime(…, tzinfo=UTC)"
        raise InputError(Problem(where, f"{found.isoformat()} has no time zone", hint))
    return found.astimezone(UTC).replace(microsecond=0)


def last_moment(day: date) -> datetime:
    """Return the last second of a day, UTC.

    Examples
    --------
    >>> moment_text(last_moment(date(2026, 11, 24)))
    '2026-11-24T23:59:59Z'
    """
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
