"""Content in pieces of a mebibyte under AES-256-GCM, in order and complete.

The key is made of a data key, a salt and what the content belongs to (HKDF-SHA256); the
nonce of each piece is its number and whether it is the last. What is cut off, doubled,
put elsewhere, added, or put under another header is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fairness.errors import Problem, RefusedError

CHUNK = 1 << 20
TAG = 16


def cipher_of(data_key: bytes, salt: str, bound: bytes) -> AESGCM:
    """Return the cipher of a content, which opens nothing that is bound otherwise.

    Parameters
    ----------
    data_key : bytes
        32 bytes.
    salt : str
        Hexadecimal; new for each content.
    bound : bytes
        What the content belongs to.
    """
    made = HKDF(hashes.SHA256(), 32, bytes.fromhex(salt), bound)
    return AESGCM(made.derive(data_key))


def cut(content: bytes) -> Iterator[bytes]:
    """Yield a content in pieces."""
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]


def sealed_chunks(cipher: AESGCM, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a content encrypted; one at least, also of no content."""
    index, chunk = 0, next(chunks, b"")
    for following in chunks:
        yield cipher.encrypt(_nonce(index, last=False), chunk, None)
        index, chunk = index + 1, following
    yield cipher.encrypt(_nonce(index, last=True), chunk, None)


def opened_chunks(file: BinaryIO, cipher: AESGCM, where: str) -> Iterator[bytes]:
    """Yield the pieces of an encrypted content as they were.

    Raises
    ------
    RefusedError
        At the first piece that was changed; where the content was cut off or added to.
    """
    index, chunk = 0, file.read(CHUNK + TAG)
    last = False
    while not last:
        following = file.read(CHUNK + TAG)
        last = not following
        try:
            yield cipher.decrypt(_nonce(index, last=last), chunk, None)
        except InvalidTag:
            raise RefusedError(Problem(where, "was changed or cut off")) from None
        index, chunk = index + 1, following


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([last])
