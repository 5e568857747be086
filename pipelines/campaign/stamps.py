"""Whether the files of a table are what they were, by size and times of change."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fairness.errors import FairreachError
from fairness.frames import scan
from fairness.frames.databases import address, is_url

Stamp = tuple[str, int, int, int, int]
Stamps = tuple[tuple[Stamp, ...], ...]


def stamps_of(path: str) -> tuple[Stamp, ...]:
    """Return the stamps of a table's files.

    Parameters
    ----------
    path : str
        A file, a glob, or the URL of a database table; of a server there are no files,
        and so no stamps. What SQLite has in a log beside the database is not seen.

    Returns
    -------
    tuple of (name, size, inode, time of change, time of change of the inode)
        The last of them no program can set back.

    Raises
    ------
    InputError, OSError, ValueError
        There is no such file, or no such URL.

    Examples
    --------
    >>> (found,) = stamps_of("data/samples/customers.csv")
    >>> Path(found[0]).name, found == stamps_of("data/samples/customers.csv")[0]
    ('customers.csv', True)
    """
    if is_url(path):
        file = address(path).file
        return (_stamp(file),) if file else ()
    return tuple(_stamp(file) for file in scan(path).files)


def stamps_now(paths: Iterable[str], layout: str | Path | None = None) -> Stamps | None:
    """Return the stamps of several tables and of the file of their layout.

    Parameters
    ----------
    paths : iterable of str
    layout : str or Path, optional
        A text is the name of a layout, which has no file of the user's.

    Returns
    -------
    tuple of tuples of Stamp, or None
        None where one of them cannot be found: who reads them will say so.
    """
    files = [str(layout)] if isinstance(layout, Path) else []
    try:
        found = tuple(stamps_of(path) for path in paths)
        return (*found, tuple(_stamp(file) for file in files))
    except (FairreachError, OSError, ValueError):
        return None


def changed(before: Stamps, after: Stamps | None) -> list[str]:
    """Return the names of files that are not what they were, or came or went.

    Examples
    --------
    >>> one, other = ("a.csv", 9, 1, 5, 5), ("b.csv", 9, 2, 5, 5)
    >>> changed(((one,), ()), ((one, other), ()))
    ['b.csv']
    """
    was = {stamp for stamps in before for stamp in stamps}
    is_ = {stamp for stamps in after or () for stamp in stamps}
    return sorted({stamp[0] for stamp in was ^ is_})


def _stamp(file: str) -> Stamp:
    stat = Path(file).stat()
    return file, stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns
