"""Whether a ledger holds: every line, their chain, and the head beside it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.evidence.chain import (
    START,
    Entry,
    Head,
    read_head,
    read_line,
    read_tail,
)
from fairness.evidence.documents import LARGEST, unread
from fairness.evidence.locks import shared

_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):(sha256:[0-9a-f]{64})")
_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """Whether a ledger holds.

    Parameters
    ----------
    path : str
    entries : int
        Lines that hold.
    head : str
        The anchor of the last of them, ``SEQ:HASH``; empty where there is none.
    problems : tuple of Problem
        Each names the line at fault; after the hundredth only their number.
    notes : tuple of str
        What a stopped writer left behind; the next append puts it in order.
    anchored : Entry or None
        The line that an anchor named, where it is there.
    """

    path: str
    entries: int
    head: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    anchored: Entry | None = None

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def raise_if_refused(self) -> LedgerReport:
        """Return the report, or raise where there are problems.

        Raises
        ------
        RefusedError
            With every problem.
        """
        if self.problems:
            raise RefusedError(self.problems)
        return self


def verify_ledger(path: str | Path, anchor: str | None = None) -> LedgerReport:
    """Return whether a ledger holds, read line by line.

    Parameters
    ----------
    path : str or Path
    anchor : str, optional
        ``SEQ:HASH`` of a line, kept elsewhere: the line has to be there. This is what
        finds a ledger that was rewritten together with its head.

    Returns
    -------
    LedgerReport
        As of the moment of the call, while others may go on writing.

    Raises
    ------
    InputError
        There is no such file, or the anchor is not one.

    Examples
    --------
    >>> import tempfile
    >>> from fairness.evidence import Ledger
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "ledger.jsonl")
    ...     kept = ledger.append("check", {"verdict": "clear"}).anchor
    ...     _ = ledger.path.write_bytes(b"")
    ...     report = verify_ledger(ledger.path, anchor=kept)
    >>> report.ok
    False
    >>> report.problems[0].what
    'is cut off: it ends with seq 0, and its head names seq 1'
    """
    wanted = None if anchor is None else _anchor_of(anchor)
    walk = walk_ledger(Path(path))
    anchored, last, count = None, "", 0
    for entry in walk:
        count, last = count + 1, entry.anchor
        if wanted is not None and entry.seq == wanted[0]:
            anchored = entry if entry.hash == wanted[1] else anchored
    problems = walk.problems
    if wanted is not None and anchored is None:
        what = f"has no line with seq {wanted[0]} and the hash of the anchor"
        problems = [*problems, Problem(walk.where, what, "it was rewritten")]
    if walk.uncounted:
        what = f"has {walk.uncounted:,} more problems"
        problems = [*problems, Problem(walk.where, what)]
    return LedgerReport(
        str(path), count, last, tuple(problems), tuple(walk.notes), anchored
    )


def _anchor_of(text: str) -> tuple[int, str]:
    found = _ANCHOR.fullmatch(text)
    if found is None:
        what = f"{shown(text)} is not SEQ:HASH, such as 12:sha256:… with 64 digits"
        raise InputError(Problem("anchor", what))
    return int(found[1]), found[2]


class Walk:
    """One reading of a ledger: yields the entries that hold, collects the problems.

    Parameters
    ----------
    file : binary file
    size : int
        How much of it was there when the head was read.
    head : Head or None
    where : str
    begun_with : sequence of Problem
        What is wrong with the head file.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        head: Head | None,
        where: str,
        begun_with: Sequence[Problem] = (),
    ) -> None:
        self.where = where
        self.problems = list(begun_with)
        self._head_was_changed = bool(begun_with)
        self.notes: list[str] = []
        self.uncounted = 0
        self._file = file
        self._size = size
        self._head = head
        self._seq = 0
        # None after a line that cannot be read: what follows it cannot be told.
        self._hash: str | None = START
        self._reached = head is not None and head.seq == 0

    def __iter__(self) -> Iterator[Entry]:
        with self._file:
            start = number = 0
            while start < self._size and not self._reached:
                raw = self._file.readline(min(LARGEST + 2, self._size - start))
                number += 1
                entry = self._checked(number, start, raw)
                start += len(raw)
                if entry is not None:
                    yield entry
                if not raw:
                    break
            self._check_end(start)
            if self._reached and self._head is not None and start < self._size:
                yield from self._tail(start)

    def add(self, where: str, what: str, hint: str = "") -> None:
        """Collect a problem, up to the hundredth."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(where, what, hint))
        else:
            self.uncounted += 1

    def _checked(self, number: int, start: int, raw: bytes) -> Entry | None:
        where = f"{self.where}, line {number}"
        entry = read_line(raw)
        if isinstance(entry, str):
            self.add(where, entry)
            self._seq, self._hash = self._seq + 1, None
            return None
        due = self._seq + 1
        if entry.seq != due:
            self.add(where, _out_of_order(entry.seq, due))
        elif self._hash not in (None, entry.previous):
            self.add(where, "does not follow the line before it")
        self._seq, self._hash = entry.seq, entry.hash
        if self._head is not None and entry.seq == self._head.seq:
            self._check_head(entry, start, len(raw))
        return entry

    def _check_head(self, entry: Entry, start: int, size: int) -> None:
        head = self._head
        self._reached = True
        if head is None or self.problems:
            return
        if entry.hash != head.hash:
            what = f"seq {entry.seq} is not the line that the head names"
            self.add(self.where, what, "the ledger or its head was rewritten")
        elif (head.start, head.end) != (start, start + size):
            self.add(self.where, "its head was changed")

    def _check_end(self, end: int) -> None:
        head = self._head
        if head is None and end and not self._head_was_changed:
            hint = "it was removed; without it a cut-off end cannot be seen"
            self.add(self.where, "has no head file beside it", hint)
        elif head is not None and not self._reached and self._seq < head.seq:
            what = f"is cut off: it ends with seq {self._seq}, and its head names"
            self.add(self.where, f"{what} seq {head.seq}")

    def _tail(self, start: int) -> Iterator[Entry]:
        last = Head(self._seq, self._hash or START, 0, start)
        raw = self._file.read(min(self._size - start, LARGEST + 2))
        tail = read_tail(raw, last)
        if tail.problem:
            self.add(self.where, f"seq {self._seq} {tail.problem}")
        elif tail.entry is not None:
            self.notes.append(
                f"seq {tail.entry.seq} was written and not acknowledged: its writer "
                "was stopped"
            )
            yield tail.entry
        elif tail.torn:
            self.notes.append(
                f"{len(tail.torn)} bytes after seq {self._seq} are an unfinished "
                "line: its writer was stopped"
            )


def _out_of_order(seq: int, due: int) -> str:
    if seq > due:
        gone = f"seq {due} is" if seq == due + 1 else f"seq {due} to {seq - 1} are"
        return f"has seq {seq}: {gone} missing before it"
    return f"has seq {seq}, which is too late: seq {due} is due"


def walk_ledger(path: Path) -> Walk:
    """Return a reading of a ledger as it is now.

    Raises
    ------
    InputError
        There is no such file or it cannot be read.
    """
    where = ascii_controls(str(path))
    try:
        return _begun(path, where)
    except (OSError, ValueError) as error:
        raise InputError(unread(where, error)) from None


def _begun(path: Path, where: str) -> Walk:
    try:
        file: BinaryIO = path.open("rb")
    except FileNotFoundError:
        if read_head(path) in (None, Head()):
            raise
        return Walk(io.BytesIO(), 0, read_head(path), where)
    try:
        with shared(file.fileno()):
            size = os.fstat(file.fileno()).st_size
            return Walk(file, size, read_head(path), where)
    except RefusedError as error:
        return Walk(file, size, None, where, error.reasons)
    except OSError:
        file.close()
        raise
