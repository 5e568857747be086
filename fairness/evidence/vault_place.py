"""Where a vault and its ledger are; its file is put in place whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from fairness.errors import InputError, Problem, ascii_controls
from fairness.evidence.locks import unwritten
from fairness.writing import PRIVATE, sync_directory

LEDGER_NAME = "ledger.jsonl"


def is_vault(path: object) -> bool:
    """Say whether a path is that of a vault, by its ending.

    Examples
    --------
    >>> is_vault("crm/protected.vault"), is_vault("protected.csv"), is_vault(None)
    (True, False, False)
    """
    return isinstance(path, str | Path) and str(path).lower().endswith(".vault")


def ledger_beside(path: str | Path) -> Path:
    """Return the ledger of a vault where no other is named: that in its directory.

    Examples
    --------
    >>> ledger_beside("crm/protected.vault").as_posix()
    'crm/ledger.jsonl'
    """
    return Path(path).with_name(LEDGER_NAME)


def put_in_place(path: Path, raw: bytes, *, fresh: bool) -> None:
    """Write a vault through one temporary name; the lock of the vault is held.

    A stopped writer leaves at most that one file, encrypted, which the next one takes.

    Parameters
    ----------
    path : Path
    raw : bytes
    fresh : bool
        Refuse to replace a file.

    Raises
    ------
    InputError
        It cannot be written, or is there already.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        # Not opened where it lies: it could be a link, or have other rights.
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, PRIVATE), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            # Unlike a rename, a link never takes the place of another file.
            os.link(temporary, path)
            temporary.unlink()
        else:
            temporary.replace(path)
        sync_directory(path.parent)
    except FileExistsError:
        where = ascii_controls(str(path))
        raise InputError(Problem(where, "is there already")) from None
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            temporary.unlink()
        raise InputError(unwritten(path, error)) from None
