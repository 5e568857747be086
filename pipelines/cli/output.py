"""What the command says, and to whom."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO

from fairness.errors import InputError, Problem, ascii_controls


def tell(text: str) -> None:
    """Write a result to stdout.

    A reader that went away (``fairreach check … | head``) is no error: the exit
    code still says what was found.

    Raises
    ------
    InputError
        It cannot be written, for example to a full disk.
    """
    try:
        _write(sys.stdout, text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            Problem("stdout", f"cannot be written to: {reason}", "use --report FILE")
        ) from None


def tell_aside(text: str) -> None:
    """Write a message to stderr, without control characters."""
    lines = "\n".join(ascii_controls(line) for line in text.split("\n"))
    # There is nobody left to tell that a message could not be told.
    with suppress(OSError):
        _write(sys.stderr, f"{lines}\n")


def _write(stream: TextIO | None, text: str) -> None:
    # None where the shell closed it; print would then write to the other one.
    if stream is None:
        return
    with suppress(BrokenPipeError):
        stream.write(text)
        stream.flush()
