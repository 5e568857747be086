"""One writer at a time, among processes and threads of one machine (POSIX)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairness.errors import InputError, Problem, ascii_controls


@contextmanager
def locked(path: Path, told: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made where it is absent.

    Parameters
    ----------
    path : Path
        The lock's own file; it stays.
    told : Path
        The file that it guards, for messages.

    Raises
    ------
    InputError
        The lock cannot be made or held.
    """
    handle = -1
    try:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except (OSError, ValueError) as error:
            raise InputError(unwritten(told, error)) from None
        yield
    finally:
        if handle >= 0:
            os.close(handle)


@contextmanager
def opened_alone(path: Path) -> Iterator[int]:
    """Open a file to append to, made where it is absent, and hold its own lock.

    Yields
    ------
    int
        The descriptor. The file is the one that has the name now.

    Raises
    ------
    InputError
        It cannot be opened.
    """
    handle = -1
    try:
        try:
            handle = _held(path)
        except (OSError, ValueError) as error:
            raise InputError(unwritten(path, error)) from None
        yield handle
    finally:
        if handle >= 0:
            os.close(handle)


def _held(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    while True:
        handle = os.open(path, flags, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # The file may have been moved away while we waited.
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


@contextmanager
def shared(handle: int) -> Iterator[None]:
    """Let nobody write to an open file meanwhile; others may read it too."""
    fcntl.flock(handle, fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def unwritten(path: Path, error: OSError | ValueError) -> Problem:
    """Return the problem of a file that cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(ascii_controls(str(path)), f"cannot be written: {reason}")
