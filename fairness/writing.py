"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from fairness.errors import InputError, Problem, shown


def write_whole(path: str | Path, content: str | bytes) -> Path:
    """Write a file through a temporary name, so that no half of it is ever seen.

    Parameters
    ----------
    path : str or Path
    content : str or bytes
        Text is written as UTF-8 with the line ends it has.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        The directory is absent or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", "one").read_text()
    'one'
    """
    target = Path(path)
    raw = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".fairreach-")
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; a report has the rights of any new file.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    except (OSError, ValueError) as error:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Problem(shown(str(path)), f"cannot be written: {reason}")
        ) from None
    return target
