"""The ledger: what was checked, approved, waived, released, refused and looked at.

One line of JSON for each, in a chain of hashes. Beside ``NAME`` stand ``NAME.head``,
which names the last acknowledged line, and ``NAME.torn``, where there was reason, with
what a stopped writer left unfinished.

What is found: a line removed, altered, added, doubled, put elsewhere, or cut off at the
end, and a head that is gone. What is not found by the two files alone: someone who
rewrites both, or removes both. That is what the certificates are for, each of which
names a line and its hash, and an anchor, the text ``SEQ:HASH`` of any line kept where
that person does not get at it: ``verify_ledger(path, anchor=…)``.

A body never holds a row of a customer, an id or a value of a protected attribute:
digests, names of those who act, counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.evidence.chain import (
    KIND,
    LONGEST_KIND,
    Entry,
    Head,
    head_path,
    next_entry,
    read_head,
    read_line,
    read_tail,
)
from fairness.evidence.documents import (
    LARGEST,
    canonical,
    digest_of,
    moment_at,
    moment_text,
    unread,
)
from fairness.evidence.locks import opened_alone, unwritten
from fairness.evidence.verifying import walk_ledger
from fairness.writing import sync_directory

_LARGEST_BODY = LARGEST - 1024


class Ledger:
    """A ledger in a file, which the first `append` makes.

    Parameters
    ----------
    path : str or Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "ledger.jsonl")
    ...     first = ledger.append("check", {"campaign": "spring", "verdict": "block"})
    ...     second = ledger.append("refusal", {"campaign": "spring"})
    ...     [(entry.seq, entry.kind) for entry in ledger.entries()]
    [(1, 'check'), (2, 'refusal')]
    >>> second.previous == first.hash
    True
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def append(
        self, kind: str, body: Mapping[str, Any], *, at: datetime | None = None
    ) -> Entry:
        """Write a line and return it once it is on the disk.

        Any number of processes and threads of one machine may do so. Where one is
        stopped at any moment, even by kill -9, what was returned stays; the line it
        was at is there or not, and what is half there goes to ``NAME.torn`` at the
        next append, which says so in a line of kind ``torn``.

        Parameters
        ----------
        kind : str
            A lower-case word, or several joined by hyphens.
        body : mapping
            What JSON can hold; at most a megabyte.
        at : datetime, optional
            Now where None.

        Returns
        -------
        Entry

        Raises
        ------
        InputError
            Kind or body cannot be written, or the file cannot.
        RefusedError
            The end of the ledger is not what its head says; nothing is written.
        """
        _check_entry(kind, body)
        time = moment_text(moment_at(at))
        with opened_alone(self.path) as handle:
            try:
                head = self._recovered(handle, time)
                return self._written(handle, head, time, kind, dict(body))[0]
            except OSError as error:
                raise InputError(unwritten(self.path, error)) from None

    def entries(self) -> Iterator[Entry]:
        """Yield the entries, first to last, each checked against the one before.

        Raises
        ------
        InputError
            There is no such file.
        RefusedError
            At the first line that does not hold.
        """
        walk = walk_ledger(self.path)
        for entry in walk:
            if walk.problems:
                break
            yield entry
        if walk.problems:
            raise RefusedError(walk.problems)

    def head(self) -> Head:
        """Return the last acknowledged line's place; its `anchor` is worth keeping.

        Raises
        ------
        InputError
            It cannot be read.
        RefusedError
            The head file was changed.
        """
        try:
            return read_head(self.path) or Head()
        except OSError as error:
            where = ascii_controls(str(head_path(self.path)))
            raise InputError(unread(where, error)) from None

    def _recovered(self, handle: int, time: str) -> Head:
        """Return the head, with what a stopped writer left behind put in order."""
        size = os.fstat(handle).st_size
        head = read_head(self.path)
        if head is None:
            if size:
                raise RefusedError(self._broken("its head file is gone"))
            # Before the first line, so that a ledger without head is always one that
            # lost it.
            head = Head()
            self._write_head(head)
        if size < head.end:
            raise RefusedError(self._broken(f"it ends before seq {head.seq} does"))
        last = os.pread(handle, head.end - head.start, head.start)
        if head.seq and not _is_last(last, head):
            raise RefusedError(self._broken(f"seq {head.seq} is not what was written"))
        return self._after_tail(handle, head, size, time)

    def _after_tail(self, handle: int, head: Head, size: int, time: str) -> Head:
        raw = os.pread(handle, min(size - head.end, LARGEST + 2), head.end)
        if not raw:
            return head
        tail = read_tail(raw, head)
        if tail.problem:
            raise RefusedError(self._broken(f"seq {head.seq} {tail.problem}"))
        if tail.entry is not None:
            os.fsync(handle)
            head = head.after(tail.entry, len(raw))
            self._write_head(head)
            return head
        self._set_aside(tail.torn)
        os.ftruncate(handle, head.end)
        os.fsync(handle)
        body = {"bytes": len(tail.torn), "digest": digest_of(tail.torn)}
        return self._written(handle, head, time, "torn", body)[1]

    def _written(
        self, handle: int, head: Head, time: str, kind: str, body: dict[str, Any]
    ) -> tuple[Entry, Head]:
        entry = next_entry(head, time, kind, body)
        line = entry.line()
        try:
            _write_all(handle, line)
            os.fsync(handle)
        except OSError:
            # What is not acknowledged need not wait for the next writer.
            with suppress(OSError):
                os.ftruncate(handle, head.end)
            raise
        head = head.after(entry, len(line))
        self._write_head(head)
        return entry, head

    def _write_head(self, head: Head) -> None:
        # The lock is held, so that one temporary name will do: a stopped writer leaves
        # at most this one.
        target = head_path(self.path)
        temporary = target.with_name(f".{target.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o666)
        try:
            _write_all(handle, head.content())
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(target)
        sync_directory(target.parent)

    def _set_aside(self, torn: bytes) -> None:
        target = self.path.with_name(f"{self.path.name}.torn")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(target, flags, 0o666)
        try:
            _write_all(handle, torn + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_directory(target.parent)

    def _broken(self, what: str) -> Problem:
        hint = f"see what happened: fairreach ledger verify {self.path.name}"
        told = f"nothing is added to it: {what}"
        return Problem(ascii_controls(str(self.path)), told, hint)


def _check_entry(kind: str, body: Mapping[str, Any]) -> None:
    problems = []
    if (
        not isinstance(kind, str)
        or not KIND.fullmatch(kind)
        or len(kind) > (LONGEST_KIND)
    ):
        what = f"{shown(kind)} is not lower-case words joined by hyphens"
        problems.append(Problem("kind", what))
    try:
        size = len(canonical(dict(body)))
        if size > _LARGEST_BODY:
            what = f"has {size:,} bytes; at most {_LARGEST_BODY:,} are allowed"
            problems.append(Problem("body", what, "write digests, not content"))
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)


def _is_last(raw: bytes, head: Head) -> bool:
    entry = read_line(raw)
    return (
        isinstance(entry, Entry) and entry.seq == head.seq and entry.hash == head.hash
    )


def _write_all(handle: int, raw: bytes) -> None:
    while raw:
        raw = raw[os.write(handle, raw) :]
