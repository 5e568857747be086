"""A person is a key: Ed25519 to sign with, X25519 to seal to, made together.

The private file ``NAME.key`` is for its owner alone; ``NAME.pub`` is what others put
into their trust file. It is signed by its own key, so that nobody can claim a key that
they do not have.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.evidence.documents import (
    LARGEST,
    canonical,
    moment_at,
    moment_text,
    parse_canonical,
    read_document,
    unread,
)
from fairness.evidence.signing import is_signed, sign_document, signed_bytes
from fairness.writing import write_whole

PRIVATE_SCHEMA = "fairreach/private-key/1"
PUBLIC_SCHEMA = "fairreach/public-key/1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = "1 to 64 of the letters a-z and A-Z, digits, and . _ - after the first"

_KEY = re.compile(r"(ed25519|x25519):([0-9a-f]{64})")
_KEY_BYTES = 32
_OTHERS = 0o077
# RFC 7914; 128 MiB and about a third of a second for each guess.
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}
_HOW_TO_UNLOCK = "set FAIRREACH_PASSPHRASE, or run it in a terminal"
_PRIME = 2**255 - 19
# Heights of the eight points of small order on Curve25519's Edwards form: with one as
# key, signatures hold that nobody made.
_WEAK = {
    0,
    1,
    _PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What others may know of a person's key.

    Parameters
    ----------
    name : str
    sign, seal : str
        ``ed25519:`` and ``x25519:`` and 64 hexadecimal digits.
    """

    name: str
    sign: str
    seal: str

    @property
    def key_id(self) -> str:
        """Id of the key that signs: half of its SHA-256."""
        return key_id_of(key_bytes(self.sign))


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, unlocked.

    Parameters
    ----------
    name : str
    sign_key, seal_key : private keys

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ann = new_key("ann", folder)
    >>> ann.name, len(ann.key_id), len(ann.sign(b"yes"))
    ('ann', 32, 64)
    """

    name: str
    sign_key: Ed25519PrivateKey = field(repr=False, compare=False)
    seal_key: X25519PrivateKey = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """Id of the key that signs."""
        return key_id_of(self.sign_key.public_key().public_bytes_raw())

    @property
    def public(self) -> PublicKey:
        """What others may know of it."""
        sign = self.sign_key.public_key().public_bytes_raw()
        seal = self.seal_key.public_key().public_bytes_raw()
        return PublicKey(self.name, f"ed25519:{sign.hex()}", f"x25519:{seal.hex()}")

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature; see `sign_document`."""
        return self.sign_key.sign(message)


def key_id_of(public: bytes) -> str:
    """Return the id of a public key: half of its SHA-256, hexadecimal."""
    return sha256(public).hexdigest()[:32]


def key_bytes(text: str) -> bytes:
    """Return the bytes of a public key as it is written."""
    return bytes.fromhex(text.partition(":")[2])


def key_problem(text: object, kind: str) -> str:
    """Return what is wrong with a public key as it is written, or nothing.

    Parameters
    ----------
    text : object
    kind : {"ed25519", "x25519"}

    Examples
    --------
    >>> key_problem("ed25519:" + "00" * 32, "ed25519")
    'is a weak key, for which anybody can sign'
    """
    found = _KEY.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[1] != kind:
        return f"{shown(text)} is not {kind}: and 64 hexadecimal digits"
    height = int.from_bytes(bytes.fromhex(found[2]), "little") % 2**255 % _PRIME
    if kind == "ed25519" and height in _WEAK:
        return "is a weak key, for which anybody can sign"
    return ""


def new_key(
    name: str,
    directory: str | Path,
    passphrase: str | None = None,
    *,
    issued: datetime | None = None,
) -> Signer:
    """Make a person's key: ``NAME.key``, private, and ``NAME.pub``, for others.

    Parameters
    ----------
    name : str
        1 to 64 letters, digits, dots, hyphens and underscores.
    directory : str or Path
        Made, for its owner alone, where it is absent.
    passphrase : str, optional
        Without one, whoever can read the file can sign.
    issued : datetime, optional
        Now where None.

    Returns
    -------
    Signer

    Raises
    ------
    InputError
        The name cannot be one, there is such a key already (none is ever
        overwritten), or the files cannot be written.
    """
    folder = Path(directory)
    _check_new(name, folder, passphrase)
    signer = Signer(name, Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
    public = signer.public
    card = {
        "schema": PUBLIC_SCHEMA,
        "name": name,
        "issued": moment_text(moment_at(issued, "issued")),
        "sign": public.sign,
        "seal": public.seal,
    }
    _make_directory(folder)
    secret = canonical(_locked(signer, passphrase)) + b"\n"
    write_whole(folder / f"{name}.key", secret, private=True, fresh=True)
    told = canonical(sign_document(card, signer)) + b"\n"
    write_whole(folder / f"{name}.pub", told, fresh=True)
    return signer


def _check_new(name: str, folder: Path, passphrase: str | None) -> None:
    problems = []
    if not NAME.fullmatch(name):
        what = f"{shown(name)} cannot be the name of a key; allowed: {NAME_RULE}"
        raise InputError(Problem("name", what))
    for ending in ("key", "pub"):
        path = folder / f"{name}.{ending}"
        if path.exists():
            what = "is there already, and no key is ever overwritten"
            problems.append(
                Problem(
                    ascii_controls(str(path)), what, "take another name or directory"
                )
            )
    if passphrase is not None and not passphrase.strip():
        problems.append(Problem("passphrase", "is empty"))
    if problems:
        raise InputError(problems)


def _make_directory(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        what = f"cannot be made: {reason}"
        raise InputError(Problem(ascii_controls(str(folder)), what)) from None


def _locked(signer: Signer, passphrase: str | None) -> dict[str, Any]:
    secret = signer.sign_key.private_bytes_raw() + signer.seal_key.private_bytes_raw()
    head: dict[str, Any] = {"schema": PRIVATE_SCHEMA, "name": signer.name}
    if passphrase is None:
        return head | {"secret": secret.hex()}
    head |= {"kdf": {"name": "scrypt", "salt": os.urandom(16).hex(), **_SCRYPT}}
    nonce = os.urandom(12)
    sealed = _cipher(passphrase, head["kdf"]).encrypt(nonce, secret, canonical(head))
    return head | {"nonce": nonce.hex(), "sealed": sealed.hex()}


def _cipher(passphrase: str, kdf: Mapping[str, Any]) -> AESGCM:
    salt = bytes.fromhex(kdf["salt"])
    derived = Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode())
    return AESGCM(derived)


def is_protected(path: str | Path) -> bool:
    """Say whether a key file needs a passphrase.

    Raises
    ------
    InputError, RefusedError
        As `load_key`.
    """
    return "sealed" in _private_document(Path(path))


def load_key(path: str | Path, passphrase: str | None = None) -> Signer:
    """Return the private key in a file.

    Parameters
    ----------
    path : str or Path
        ``NAME.key``.
    passphrase : str, optional
        Needed where the file has one.

    Returns
    -------
    Signer

    Raises
    ------
    InputError
        There is no such file, it is not a private key, or needs a passphrase.
    RefusedError
        Others can read the file, the passphrase is wrong, or it was changed.
    """
    where = ascii_controls(str(path))
    document = _private_document(Path(path))
    if "sealed" in document:
        if passphrase is None:
            raise InputError(Problem(where, "has a passphrase", _HOW_TO_UNLOCK))
        secret = _unlocked(document, passphrase, where)
    else:
        secret = bytes.fromhex(document["secret"])
    return Signer(
        document["name"],
        Ed25519PrivateKey.from_private_bytes(secret[:_KEY_BYTES]),
        X25519PrivateKey.from_private_bytes(secret[_KEY_BYTES:]),
    )


def _unlocked(document: Mapping[str, Any], passphrase: str, where: str) -> bytes:
    sealed = {"nonce", "sealed"}
    head = {key: document[key] for key in document if key not in sealed}
    nonce, secret = (bytes.fromhex(document[key]) for key in ("nonce", "sealed"))
    try:
        cipher = _cipher(passphrase, document["kdf"])
        return cipher.decrypt(nonce, secret, canonical(head))
    except InvalidTag:
        what = "the passphrase is wrong, or the file was changed"
        raise RefusedError(Problem(where, what)) from None


def _private_document(path: Path) -> dict[str, Any]:
    where = ascii_controls(str(path))
    raw = _private_bytes(path, where)
    hint = "a private key is a file NAME.key that `fairreach keys new` made"
    no_key = InputError(Problem(where, "is not a private key", hint))
    try:
        document = parse_canonical(raw.removesuffix(b"\n"), where)
    except RefusedError:
        raise no_key from None
    if not _is_private(document):
        raise no_key
    return document


def _private_bytes(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            # Of the file that was opened: its name could be given to another one.
            rights = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            raw = file.read(LARGEST)
    except (OSError, ValueError) as error:
        hint = "make one: fairreach keys new NAME"
        problem = unread(where, error)
        raise InputError(Problem(where, problem.what, hint)) from None
    # Windows keeps no such rights.
    if os.name == "posix" and rights & _OTHERS:
        what = f"can be read or written by others (mode {rights:04o})"
        hint = f"make it yours alone: chmod 600 {path.name}"
        raise RefusedError(Problem(where, what, hint))
    return raw


def _is_private(document: Mapping[str, Any]) -> bool:
    name = document.get("name")
    if document.get("schema") != PRIVATE_SCHEMA or not isinstance(name, str):
        return False
    if not NAME.fullmatch(name):
        return False
    if "secret" in document:
        return document.keys() == {"schema", "name", "secret"} and _is_hex(
            document["secret"], 64
        )
    kdf = document.get("kdf")
    return (
        document.keys() == {"schema", "name", "kdf", "nonce", "sealed"}
        and isinstance(kdf, dict)
        and kdf == {"name": "scrypt", "salt": kdf.get("salt"), **_SCRYPT}
        and _is_hex(kdf["salt"], 16)
        and _is_hex(document["nonce"], 12)
        and _is_hex(document["sealed"], 80)
    )


def _is_hex(text: object, size: int) -> bool:
    return isinstance(text, str) and bool(
        re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", text)
    )


def load_public(path: str | Path) -> PublicKey:
    """Return the public key in a file, which its own key has signed.

    Parameters
    ----------
    path : str or Path
        ``NAME.pub``.

    Raises
    ------
    InputError
        There is no such file, or it is not a public key.
    RefusedError
        It was changed after its key signed it.
    """
    where = ascii_controls(str(path))
    document = read_document(path)
    keys = {"schema", "name", "issued", "sign", "seal", "signatures"}
    name = document.get("name")
    if document.get("schema") != PUBLIC_SCHEMA or document.keys() != keys:
        hint = "a public key is a file NAME.pub that `fairreach keys new` made"
        raise InputError(Problem(where, "is not a public key", hint))
    problems = [
        Problem(f"{where}, {key}", problem)
        for key, kind in (("sign", "ed25519"), ("seal", "x25519"))
        if (problem := key_problem(document[key], kind))
    ]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        what = f"{shown(name)} cannot be a name; allowed: {NAME_RULE}"
        problems.append(Problem(f"{where}, name", what))
    if problems:
        raise InputError(problems)
    public = PublicKey(document["name"], document["sign"], document["seal"])
    if not _is_self_signed(document, public):
        raise RefusedError(Problem(where, "was changed after its key signed it"))
    return public


def _is_self_signed(document: Mapping[str, Any], public: PublicKey) -> bool:
    content = {key: document[key] for key in document if key != "signatures"}
    match document["signatures"]:
        case [{"key": public.key_id, "signature": str(text)}] if _is_hex(text, 64):
            message = signed_bytes(content)
            return is_signed(key_bytes(public.sign), bytes.fromhex(text), message)
    return False
