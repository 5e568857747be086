"""The files of a directory, without ever leaving it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pipelines.security.found import Finding
from pipelines.security.words import word_list

MOST_FILES = 200_000
"""More files than this are not looked at."""

_GROUP, _OTHERS = 0o010, 0o001


@dataclass(frozen=True, slots=True)
class File:
    """A regular file below the directory.

    Parameters
    ----------
    path : Path
    name : str
        Relative to the directory.
    size : int
    mode : int
        Its rights, as far as the directories on the way to it let others come.
    """

    path: Path
    name: str
    size: int
    mode: int

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case; of a compressed file the one before.

        Examples
        --------
        >>> File(Path("a.CSV.gz"), "a.CSV.gz", 1, 0o600).suffix
        '.csv'
        """
        path = Path(self.name.lower())
        return path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix

    @property
    def is_gzip(self) -> bool:
        """Whether its name says that it is compressed."""
        return self.name.lower().endswith(".gz")

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open it, not through a link, and only while it is a regular file.

        Raises
        ------
        OSError
        """
        flags = os.O_RDONLY | os.O_CLOEXEC
        # It may have been exchanged for a link or a pipe since it was listed.
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(self.path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(0, "is no regular file any more")
            yield file

    def start(self, size: int) -> bytes:
        """Return its first bytes.

        Raises
        ------
        OSError
        """
        with self.opened() as file:
            return file.read(size)


@dataclass(slots=True)
class Walk:
    """One walk through a directory.

    Parameters
    ----------
    root : Path
    findings : list of Finding
        What the walk itself found.
    links, skipped : int
        Links that were not followed; directories of programs.
    """

    root: Path
    findings: list[Finding] = field(default_factory=list)
    links: int = 0
    skipped: int = 0

    def files(self) -> Iterator[File]:
        """Yield the regular files, in the order of their names."""
        passed = frozenset(word_list()["skipped"]["directories"])
        waiting = [(self.root, "", self._rights(self.root))]
        count = 0
        while waiting:
            directory, name, reach = waiting.pop()
            below = []
            for entry in self._entries(directory, name):
                inner = f"{name}/{entry.name}" if name else entry.name
                if entry.is_symlink():
                    self.links += 1
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name in passed:
                        self.skipped += 1
                    else:
                        path = Path(entry.path)
                        below.append((path, inner, reach & self._rights(path)))
                elif entry.is_file(follow_symlinks=False):
                    count += 1
                    if count > MOST_FILES:
                        self._too_many()
                        return
                    yield from self._file(entry, inner, reach)
            waiting += reversed(below)

    def notes(self) -> Iterator[Finding]:
        """Yield what was left out."""
        if self.links:
            what = f"{self.links:,} links were not followed"
            yield Finding("note", "not-looked-at", ".", what)
        if self.skipped:
            what = f"{self.skipped:,} directories of programs were left out"
            yield Finding("note", "not-looked-at", ".", what)

    def _entries(self, directory: Path, name: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._unread(name or ".", error)
            return []

    def _file(self, entry: os.DirEntry[str], name: str, reach: int) -> Iterator[File]:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._unread(name, error)
            return
        mode = stat.S_IMODE(found.st_mode)
        # Who cannot come through the directories does not get at the file.
        mode &= ~(0 if reach & _GROUP else 0o070) & ~(0 if reach & _OTHERS else 0o007)
        yield File(Path(entry.path), name, found.st_size, mode)

    def _rights(self, directory: Path) -> int:
        try:
            return stat.S_IMODE(directory.lstat().st_mode)
        except OSError:
            return 0

    def _unread(self, name: str, error: OSError) -> None:
        self.findings.append(unread(name, error))

    def _too_many(self) -> None:
        what = f"has more than {MOST_FILES:,} files; the others were not looked at"
        hint = "audit its directories one by one"
        self.findings.append(Finding("warn", "not-looked-at", ".", what, hint))


def unread(name: str, error: OSError) -> Finding:
    """Return the finding of a file that cannot be read."""
    reason = error.strerror or type(error).__name__
    hint = "run it as somebody who may read it"
    return Finding("warn", "not-looked-at", name, f"cannot be read: {reason}", hint)
