"""Sizes, seeds and progress, shared by everything that draws in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fairness.errors import InputError, Problem

SEED = 20261244
"""Seed of the committed sample, the best of 400: nothing shows that was not planted."""

Progress = Callable[[int, int], None]
"""Called with the number of rows done and of all rows."""


def chunk_sizes(rows: int, chunk: int) -> Iterator[tuple[int, int]]:
    """Yield the number and the rows of each chunk.

    Examples
    --------
    >>> list(chunk_sizes(25, 10))
    [(0, 10), (1, 10), (2, 5)]
    """
    for number, first in enumerate(range(0, rows, chunk)):
        yield number, min(chunk, rows - first)


def check_range(**arguments: tuple[float, float, float]) -> None:
    """Raise one `InputError` for all arguments outside their ranges.

    Parameters
    ----------
    **arguments : tuple of (value, least, most)

    Raises
    ------
    InputError
        With one problem an argument.

    Examples
    --------
    >>> check_range(customers=(5, 1, 10), seed=(-1, 0, 10))
    Traceback (most recent call last):
    fairness.errors.InputError: seed: -1 is outside the range 0 to 10
    """
    problems = [
        Problem(name, f"{value} is outside the range {least:,} to {most:,}")
        for name, (value, least, most) in arguments.items()
        if not least <= value <= most
    ]
    if problems:
        raise InputError(problems)


@contextmanager
def terminal_progress(title: str) -> Iterator[Progress]:
    """Draw a bar on stderr while the block runs; nothing where that is no terminal.

    Parameters
    ----------
    title : str

    Yields
    ------
    Progress

    Examples
    --------
    >>> with terminal_progress("drawing") as progress:
    ...     progress(1, 2)
    """
    from rich.console import Console  # noqa: PLC0415 -- importing crm stays light
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Bar(
        *columns, console=console, disable=not console.is_terminal, transient=True
    )
    with bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
