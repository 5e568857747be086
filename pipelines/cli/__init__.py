"""The command ``fairreach``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the command; those of the process by default.
    """
    from pipelines.cli.app import run  # noqa: PLC0415  # keeps the import of main light

    code = run(sys.argv[1:] if arguments is None else arguments)
    _close(code)


def _close(code: int) -> None:
    """End the process at once: DuckDB prints about leaked types at a normal exit."""
    files = sys.modules.get("fairness.frames.files")
    if files is not None:
        files.remove_spill()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass
    finally:
        os._exit(code)
