"""Write files whole or not at all, and cells that no spreadsheet runs."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fairness.errors import InputError, Problem, ascii_controls, shown

PRIVATE = 0o600
"""The rights of a file that only its owner may read."""

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)", re.ASCII)


def write_whole(
    path: str | Path,
    content: str | bytes | Iterable[bytes],
    *,
    private: bool = False,
    fresh: bool = False,
) -> Path:
    """Write a file through a temporary name, so that no half of it is ever seen.

    Parameters
    ----------
    path : str or Path
    content : str, bytes or iterable of bytes
        Text is written as UTF-8 with the line ends it has; pieces one by one.
    private : bool, default False
        Only the owner may read and write the file (mode 0600).
    fresh : bool, default False
        Refuse to replace a file, also one that appears meanwhile.

    Returns
    -------
    Path
        The file is there after a power cut too, where the disk keeps its word.

    Raises
    ------
    InputError
        The directory is absent or cannot be written to; `fresh`, and there is one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", "one").read_text()
    'one'
    """
    target = Path(path)
    pieces = _pieces(content)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".fairreach-")
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            # mkstemp makes the file private; a report has the rights of any new file.
            Path(temporary).chmod(PRIVATE if private else _rights_of_new_files())
            os.fsync(file.fileno())
        if fresh:
            # Unlike a rename, a link never takes the place of another file.
            os.link(temporary, target)
            Path(temporary).unlink()
        else:
            Path(temporary).replace(target)
        sync_directory(target.parent)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()
        if not isinstance(error, OSError | ValueError):
            raise
        raise InputError(_unwritten(path, error)) from None
    return target


def safe_cell(value: object) -> str:
    r"""Return a cell that a spreadsheet shows and does not run.

    Examples
    --------
    >>> safe_cell("=1"), safe_cell(" @x"), safe_cell("-12.5"), safe_cell(None)
    ("'=1", "' @x", '-12.5', '')
    """
    if value is None:
        return ""
    text = ascii_controls(str(value))
    if text.lstrip().startswith(_STARTS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def sync_directory(path: Path) -> None:
    """Make the names in a directory last through a power cut.

    Raises
    ------
    OSError
        The directory cannot be opened, or the disk failed.
    """
    # Windows has no descriptors of directories and syncs their names by itself.
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems know no such thing.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(handle)


def _pieces(content: str | bytes | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, str):
        return (content.encode(),)
    return (content,) if isinstance(content, bytes) else content


def _rights_of_new_files() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unwritten(path: str | Path, error: OSError | ValueError) -> Problem:
    if isinstance(error, FileExistsError):
        return Problem(shown(str(path)), "is there already, and is never overwritten")
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(shown(str(path)), f"cannot be written: {reason}")
