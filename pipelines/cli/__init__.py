"""The command ``fairreach``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the command; those of the process by default.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal without Unicode gets \u25a0 for a mark, not a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    # A scheduler that loses patience leaves no spilled customers behind.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        from pipelines.cli.app import run  # noqa: PLC0415  # keeps the import light

        code = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        code = 130
    _close(code)


def _terminated(number: int, _frame: Any) -> None:
    _close(128 + number)


def _close(code: int) -> None:
    """End the process at once: DuckDB prints about leaked types at a normal exit."""
    files = sys.modules.get("fairness.frames.files")
    if files is not None:
        files.remove_spill()
    # What was decided stands, whether or not anybody still reads.
    with suppress(OSError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, AttributeError):
        sys.stderr.flush()
    os._exit(code)
