"""Files sealed to people: nobody else can read them, no change goes unseen.

A sealed file is a line that names the format, a line of canonical JSON (the header: a
salt, and the data key wrapped for each recipient) and chunks of a mebibyte under
AES-256-GCM. The key of the chunks is made of data key, salt and the whole header
(HKDF-SHA256), the nonce of each is its number and whether it is the last: what is cut
off, doubled, put elsewhere or added is found, and a header that was changed opens
nothing.

Sealing says nothing of who sealed: that is what a certificate's digest of the sealed
file is for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fairness.errors import InputError, Problem, RefusedError, ascii_controls
from fairness.evidence.chunks import (
    CHUNK,
    cipher_of,
    cut,
    opened_chunks,
    sealed_chunks,
)
from fairness.evidence.documents import (
    LARGEST,
    canonical,
    parse_canonical,
    unread,
)
from fairness.evidence.keys import Signer
from fairness.evidence.wrapping import (
    new_data_key,
    unwrap_key,
    wrap_key,
    wrapped_keys,
)
from fairness.writing import write_whole

if TYPE_CHECKING:
    from fairness.evidence.trust import Person

SCHEMA = "fairreach/sealed/1"
_MAGIC = f"{SCHEMA}\n".encode()
_CONTEXT = b"sealed file"
_SALT = re.compile(r"[0-9a-f]{64}")


def seal_file(
    source: bytes | str | Path, recipients: Iterable[Person], target: str | Path
) -> Path:
    """Write a file that only the recipients can read.

    Parameters
    ----------
    source : bytes, str or Path
        The content, or the file that holds it.
    recipients : iterable of Person
        At least one; see `Trust.recipients`.
    target : str or Path
        Written whole or not at all, mode 0600.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        There is no such source, no recipient, or the target cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import date
    >>> from fairness.evidence import new_key
    >>> from fairness.evidence.trust import person_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ann = new_key("ann", folder)
    ...     to = [person_of(ann.public, date(2026, 11, 24))]
    ...     sealed = seal_file(b"C0001", to, Path(folder) / "audience.csv.sealed")
    ...     open_sealed(sealed, ann)
    b'C0001'
    """
    data_key = new_data_key()
    salt = os.urandom(32).hex()
    wrapped = wrap_key(data_key, recipients, _CONTEXT)
    header = canonical(
        {
            "schema": SCHEMA,
            "chunk": CHUNK,
            "salt": salt,
            "recipients": [one.to_dict() for one in wrapped],
        }
    )
    begun = _MAGIC + header
    cipher = cipher_of(data_key, salt, begun)
    if isinstance(source, bytes):
        chunks = sealed_chunks(cipher, cut(source))
        return write_whole(target, chain([begun + b"\n"], chunks), private=True)
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise InputError(unread(ascii_controls(str(source)), error)) from None
    with file:
        chunks = sealed_chunks(cipher, iter(lambda: file.read(CHUNK), b""))
        return write_whole(target, chain([begun + b"\n"], chunks), private=True)


def open_sealed(path: str | Path, key: Signer) -> bytes:
    """Return what is in a sealed file.

    Parameters
    ----------
    path : str or Path
    key : Signer
        Of one of the recipients.

    Raises
    ------
    InputError
        There is no such file, or it is not a sealed one.
    RefusedError
        It is not sealed to this key, or was changed.
    """
    return b"".join(_opened(Path(path), key))


def open_sealed_file(path: str | Path, key: Signer, target: str | Path) -> Path:
    """Write what is in a sealed file to another, in pieces.

    Parameters
    ----------
    path : str or Path
    key : Signer
        Of one of the recipients.
    target : str or Path
        Mode 0600; written only once all of the sealed file has been found whole.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        There is no such file, it is not a sealed one, or the target cannot be
        written.
    RefusedError
        It is not sealed to this key, or was changed.
    """
    return write_whole(target, _opened(Path(path), key), private=True)


def _opened(path: Path, key: Signer) -> Iterator[bytes]:
    where = ascii_controls(str(path))
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise InputError(unread(where, error)) from None
    with file:
        header = _read_header(file, where)
        document = parse_canonical(header, where)
        if not _is_header(document):
            raise RefusedError(Problem(where, "its header was changed"))
        wrapped = wrapped_keys(document["recipients"], where)
        try:
            data_key = unwrap_key(wrapped, key, _CONTEXT)
        except RefusedError as error:
            told = (Problem(where, one.what, one.hint) for one in error.reasons)
            raise RefusedError(told) from None
        cipher = cipher_of(data_key, document["salt"], _MAGIC + header)
        yield from opened_chunks(file, cipher, where)


def _read_header(file: BinaryIO, where: str) -> bytes:
    if file.readline(len(_MAGIC)) != _MAGIC:
        hint = "a sealed file is one that was written with --encrypt-to"
        raise InputError(Problem(where, "is not a sealed file", hint))
    header = file.readline(LARGEST)
    if not header.endswith(b"\n"):
        raise RefusedError(Problem(where, "is cut off"))
    return header[:-1]


def _is_header(document: Mapping[str, Any]) -> bool:
    salt = document.get("salt")
    return (
        document.keys() == {"schema", "chunk", "salt", "recipients"}
        and document["schema"] == SCHEMA
        and document["chunk"] == CHUNK
        and isinstance(salt, str)
        and bool(_SALT.fullmatch(salt))
    )
