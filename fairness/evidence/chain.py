"""The lines of a ledger and its head: how they are written, read and told to be whole.

Every line is the canonical JSON of an entry. Its hash covers the whole line, and the
hash of the line before; the head, a file beside the ledger, names the last line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairness.errors import Problem, RefusedError, ascii_controls
from fairness.evidence.documents import (
    DIGEST,
    LARGEST,
    encoded,
    moment_of,
    parse_canonical,
)

START = "sha256:" + "0" * 64
"""What the first line names as the hash of the line before it."""

KIND = re.compile(r"[a-z]+(-[a-z]+)*")
LONGEST_KIND = 40
HEAD_SCHEMA = "fairreach/ledger-head/1"
_DOMAIN = b"fairreach ledger line\n"
_KEYS = {"seq", "time", "kind", "body", "previous", "hash"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger.

    Parameters
    ----------
    seq : int
        1, 2, 3, …
    time : str
        UTC, to the second: ``2026-11-24T09:30:00Z``.
    kind : str
        check, approval, waiver, release, refusal, access, or another word.
    body : dict
        Digests, names and counts; never a row of anybody.
    previous, hash : str
        ``sha256:`` and 64 digits, of the line before and of this one.
    """

    seq: int
    time: str
    kind: str
    body: dict[str, Any]
    previous: str
    hash: str

    @property
    def anchor(self) -> str:
        """The line in a text to keep elsewhere: ``SEQ:HASH``."""
        return f"{self.seq}:{self.hash}"

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as its line holds it."""
        return {key: getattr(self, key) for key in sorted(_KEYS)}

    def line(self) -> bytes:
        """Return the line, with its end."""
        return encoded(self.to_dict()) + b"\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The last line that was acknowledged.

    Parameters
    ----------
    seq : int
        0 where there is none.
    hash : str
    start, end : int
        Its first byte, and the byte after its last.
    """

    seq: int = 0
    hash: str = START
    start: int = 0
    end: int = 0

    @property
    def anchor(self) -> str:
        """The line in a text to keep elsewhere: ``SEQ:HASH``."""
        return f"{self.seq}:{self.hash}"

    def after(self, entry: Entry, size: int) -> Head:
        """Return the head once a line of so many bytes follows."""
        return Head(entry.seq, entry.hash, self.end, self.end + size)

    def content(self) -> bytes:
        """Return what the head file holds."""
        table = {
            "schema": HEAD_SCHEMA,
            "seq": self.seq,
            "hash": self.hash,
            "start": self.start,
            "end": self.end,
        }
        return encoded(table) + b"\n"


def next_entry(head: Head, time: str, kind: str, body: dict[str, Any]) -> Entry:
    """Return the entry that follows a head."""
    content: dict[str, Any] = {
        "seq": head.seq + 1,
        "time": time,
        "kind": kind,
        "body": body,
        "previous": head.hash,
    }
    return Entry(**content, hash=_hash_of(content))


def _hash_of(content: Mapping[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(_DOMAIN + encoded(content)).hexdigest()}"


def read_line(raw: bytes) -> Entry | str:
    """Return the entry of a line, or what is wrong with the line.

    Parameters
    ----------
    raw : bytes
        With its end.
    """
    if not raw.endswith(b"\n"):
        return "is cut off" if len(raw) <= LARGEST else "is too long"
    try:
        table = json.loads(raw)
        if not isinstance(table, dict) or not _is_entry(table):
            return "is not an entry of a ledger"
        if encoded(table) != raw[:-1]:
            return "is not as it was written"
        given = table.pop("hash")
        if _hash_of(table) != given:
            return "was altered: its hash is another one"
    except (ValueError, RecursionError):
        return "is not an entry of a ledger"
    return Entry(**table, hash=given)


def _is_entry(table: Mapping[str, Any]) -> bool:
    return (
        table.keys() == _KEYS
        and type(table["seq"]) is int
        and table["seq"] > 0
        and isinstance(table["body"], dict)
        and isinstance(table["kind"], str)
        and moment_of(table["time"]) is not None
        and _is_digest(table["previous"])
        and _is_digest(table["hash"])
    )


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and bool(DIGEST.fullmatch(value))


def head_path(path: Path) -> Path:
    """Return where the head of a ledger is."""
    return path.with_name(f"{path.name}.head")


def read_head(path: Path) -> Head | None:
    """Return the head of a ledger, None where its file is absent.

    Raises
    ------
    OSError
        It cannot be read.
    RefusedError
        It was changed.
    """
    file = head_path(path)
    where = ascii_controls(str(file))
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    table = parse_canonical(raw.removesuffix(b"\n"), where)
    numbers = [table.get(key) for key in ("seq", "start", "end")]
    head = Head(*(table.get(key) for key in ("seq", "hash", "start", "end")))  # type: ignore[arg-type]
    fit = all(type(n) is int and n >= 0 for n in numbers) and _is_digest(head.hash)
    if not fit or head.start > head.end or head.content() != raw:
        raise RefusedError(Problem(where, "is not as it was written: it was changed"))
    return head


@dataclass(frozen=True, slots=True)
class Tail:
    """What stands after the last acknowledged line.

    Parameters
    ----------
    entry : Entry or None
        A whole line that follows: its writer was stopped before the head was.
    torn : bytes
        Of a line whose writer was stopped in the middle of it.
    problem : str
        What no stopped writer leaves behind; empty where there is no such thing.
    """

    entry: Entry | None = None
    torn: bytes = b""
    problem: str = ""


def read_tail(raw: bytes, head: Head) -> Tail:
    """Return what the bytes after the head's line are."""
    if len(raw) > LARGEST + 1:
        return Tail(problem="is followed by more than one unfinished line")
    line, end, rest = raw.partition(b"\n")
    entry = read_line(line + end)
    if isinstance(entry, str):
        return Tail(torn=raw)
    if entry.seq != head.seq + 1 or entry.previous != head.hash:
        return Tail(problem=f"is followed by a line with seq {entry.seq} out of place")
    if rest:
        return Tail(problem="is followed by more than one line that the head lacks")
    return Tail(entry=entry)
