"""Secrets in the clear: keys, passwords in addresses and settings, tokens."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from fairness.errors import InputError, RefusedError
from fairness.evidence.documents import parse_canonical
from pipelines.security.found import Finding
from pipelines.security.words import plain_name, word_list

if TYPE_CHECKING:
    from pipelines.security.walking import File

MOST_TEXT = 1 << 22
"""Of a text, no more is searched for secrets."""

_PRIVATE_KEY = "fairreach/private-key/1"
_TEXTS = {
    *("", ".env", ".toml", ".ini", ".cfg", ".conf", ".yaml", ".yml", ".json"),
    *(".properties", ".py", ".sh", ".sql", ".txt", ".md", ".ipynb", ".xml", ".log"),
    *(".key", ".pem", ".ps1", ".r", ".js", ".ts", ".csv", ".tsv"),
}
_SETTINGS = {
    *(".env", ".toml", ".ini", ".cfg", ".conf", ".yaml", ".yml", ".json"),
    *(".properties", ".sh"),
}
_PEM = re.compile(
    r"-----BEGIN ([A-Z ]{0,20})PRIVATE KEY-----\s*([A-Za-z0-9+/=\s:,-]{0,200})"
)
_URL = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"]{0,200}:([^\s@/'\"]{1,200})@"
)
_SETTING = re.compile(
    r"""^[ \t\-{,]{0,80}(?:export\s{1,8})?["']?([A-Za-z][\w.-]{0,80})["']?"""
    r"""[ \t]{0,40}[:=][ \t]{0,40}"""
    r"""(?:"([^"\n]{1,500})"|'([^'\n]{1,500})'|([^\s#"',}]{1,500}))""",
    re.MULTILINE,
)
_HOLES = re.compile(r"[$<{%*]|^\.+$|^x+$|^\?+$", re.IGNORECASE)
_SHORTEST = 4
_MOST_TOLD = 20
_OTHERS = 0o077
_OPEN_SSH = b"openssh-key-v1\0\0\0\0\x04none"


def is_text(file: File) -> bool:
    """Say whether a file is searched for secrets, by its name."""
    name = file.path.name.lower()
    return not file.is_gzip and (file.suffix in _TEXTS or name.startswith(".env"))


def look_for_secrets(file: File) -> Iterator[Finding]:
    """Yield the secrets that a text holds; never what they are.

    Raises
    ------
    OSError
        It cannot be read.
    """
    raw = file.start(MOST_TEXT)
    if b"\0" in raw[:1024] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    yield from _private_key(file, raw)
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if utf16 else "utf-8", errors="replace")
    yield from _pem(file, text)
    found = _with_lines(text, _in_text(text, file))
    for number, kind in found[:_MOST_TOLD]:
        hint = "take it out, and change it: it has been readable here"
        what = f"line {number:,}: {kind}"
        yield Finding("block", "plain-secret", file.name, what, hint)
    if len(found) > _MOST_TOLD:
        what = f"{len(found) - _MOST_TOLD:,} more secrets"
        yield Finding("block", "plain-secret", file.name, what)
    if file.size > MOST_TEXT:
        what = f"only its first {MOST_TEXT >> 20} MiB were searched for secrets"
        yield Finding("note", "not-looked-at", file.name, what)


def _in_text(text: str, file: File) -> Iterator[tuple[int, str]]:
    """Yield the place and the kind of each secret."""
    for found in _URL.finditer(text):
        if not _is_placeholder(found[1]):
            yield found.start(1), "a password in an address"
    for name, pattern in _tokens():
        for found in pattern.finditer(text):
            yield found.start(), name
    if file.suffix not in _SETTINGS and not file.path.name.lower().startswith(".env"):
        return
    for found in _SETTING.finditer(text):
        word = _secret_word(found[1])
        value = next(filter(None, found.groups()[1:]), "")
        # An address is looked at as one.
        if word and not _is_placeholder(value) and "://" not in value:
            yield found.start(1), f"a {word}"


def _with_lines(text: str, found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the line and the kind of each secret, each once."""
    told: dict[tuple[int, str], None] = {}
    line, last = 1, 0
    for place, kind in sorted(found):
        line, last = line + text.count("\n", last, place), place
        told[line, kind] = None
    return list(told)


@cache
def _tokens() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (one["name"], re.compile(rf"(?<![A-Za-z0-9]){one['pattern']}"))
        for one in word_list()["tokens"]
    ]


def _secret_word(name: str) -> str:
    """Return the word that makes a setting's name that of a secret, or nothing."""
    parts = plain_name(name).split("_")
    ends = {"_".join(parts[start:]) for start in range(len(parts))}
    found = ends & set(word_list()["settings"]["words"])
    return max(found, key=len, default="").replace("_", " ")


def _is_placeholder(value: str) -> bool:
    plain = plain_name(value)
    known = word_list()["settings"]["placeholders"]
    return (
        len(value.strip()) < _SHORTEST
        or bool(_HOLES.search(value.strip()))
        or plain in known
    )


def _private_key(file: File, raw: bytes) -> Iterator[Finding]:
    if _PRIVATE_KEY.encode() not in raw[:4096]:
        return
    try:
        document = parse_canonical(raw.removesuffix(b"\n"), file.name)
    except (RefusedError, InputError):
        return
    if document.get("schema") != _PRIVATE_KEY:
        return
    if "secret" in document:
        what = "a private key without a passphrase"
        hint = "make another with fairreach keys new --protect, and revoke this one"
        yield Finding("block", "plain-secret", file.name, what, hint)
    yield from _too_open(file)


def _pem(file: File, text: str) -> Iterator[Finding]:
    for found in _PEM.finditer(text):
        kind, begins = found[1].strip(), found[2]
        locked = kind == "ENCRYPTED" or "ENCRYPTED" in begins
        if kind == "OPENSSH":
            locked = not _is_open_ssh(begins)
        if not locked:
            what = "a private key without a passphrase"
            hint = "give it one, or keep it elsewhere"
            yield Finding("block", "plain-secret", file.name, what, hint)
        yield from _too_open(file)
        return


def _is_open_ssh(text: str) -> bool:
    letters = "".join(text.split())
    try:
        raw = base64.b64decode(letters[: len(letters) // 4 * 4])
    except (binascii.Error, ValueError):
        return True
    return raw.startswith(_OPEN_SSH)


def _too_open(file: File) -> Iterator[Finding]:
    if file.mode & _OTHERS:
        what = "a private key that others can read or write"
        hint = "make it yours alone: chmod 600"
        yield Finding("block", "open-key", file.name, what, hint)
