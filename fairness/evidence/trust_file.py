"""Changes to a trust file: what its author wrote stays, a person or a day is added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fairness.errors import (
    InputError,
    PolicyError,
    Problem,
    ascii_controls,
    unknown_name,
)
from fairness.evidence.documents import read_file
from fairness.evidence.keys import PublicKey, Signer
from fairness.evidence.locks import locked
from fairness.evidence.trust import (
    Person,
    Trust,
    folded,
    parse_trust,
    person_of,
    trust_of,
)
from fairness.policy.load import parse_toml
from fairness.writing import write_whole

_HEADER = re.compile(rb"^[ \t]*\[\[[ \t]*people[ \t]*\]\][^\r\n]*\r?\n", re.MULTILINE)


def trust_entry(
    who: Signer | PublicKey, *, added: date | None = None, expires: date | None = None
) -> str:
    """Return the ``[[people]]`` table of a key, as a trust file holds it.

    Parameters
    ----------
    who : Signer or PublicKey
    added : date, optional
        Today where None.
    expires : date, optional

    Examples
    --------
    >>> key = PublicKey("ann", "ed25519:" + "5b" * 32, "x25519:" + "a7" * 32)
    >>> print(trust_entry(key, added=date(2026, 11, 24)))  # doctest: +ELLIPSIS
    [[people]]
    name = "ann"
    sign = "ed25519:5b5b...5b5b"
    seal = "x25519:a7a7...a7a7"
    added = 2026-11-24
    <BLANKLINE>
    """
    public = who.public if isinstance(who, Signer) else who
    person = person_of(public, added or _today(), expires)
    lines = [
        "[[people]]",
        f'name = "{person.name}"',
        f'sign = "{person.sign}"',
        f'seal = "{person.seal}"',
        f"added = {person.added}",
        *([f"expires = {person.expires}"] if person.expires else []),
    ]
    return "\n".join(lines) + "\n"


def add_person(
    path: str | Path,
    who: Signer | PublicKey,
    *,
    added: date | None = None,
    expires: date | None = None,
) -> Person:
    """Add a key to a trust file, which is made where it is absent.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file; written whole or not at all, comments stay.
    who : Signer or PublicKey
    added : date, optional
        Today where None.
    expires : date, optional
        Last day on which the key counts.

    Returns
    -------
    Person

    Raises
    ------
    InputError
        The file has problems, the key or a key of the name is in it already, or it
        cannot be written.
    """
    target, file = Path(path), ascii_controls(str(path))
    if target.suffix != ".toml":
        raise InputError(Problem(file, "is not the name of a TOML file"))
    entry = trust_entry(who, added=added, expires=expires)
    with _alone(target):
        before = read_file(target, file) if target.exists() else b""
        parse_trust(before, file)
        gap = b"" if before.endswith(b"\n") or not before else b"\n"
        after = before + gap + (b"\n" if before else b"") + entry.encode()
        try:
            trust = parse_trust(after, file)
        except PolicyError as error:
            raise _addable(error, who) from None
        write_whole(target, after)
    return trust.people[-1]


def _addable(error: PolicyError, who: Signer | PublicKey) -> InputError:
    """Return the problem of an addition, not of the file that it would make."""
    return InputError(
        Problem(f"key of {who.name}", problem.what, problem.hint)
        for problem in error.problems
    )


def revoke_person(path: str | Path, name: str, *, on: date | None = None) -> Person:
    """Revoke the key of a person in a trust file.

    Parameters
    ----------
    path : str or Path
        Written whole or not at all; comments stay.
    name : str
    on : date, optional
        Last day on which the key counts; today where None.

    Returns
    -------
    Person

    Raises
    ------
    InputError
        The file has problems or no such person, the key is revoked already, or the
        file is written in a way that has to be changed by hand.
    """
    target, file = Path(path), ascii_controls(str(path))
    day = on or _today()
    with _alone(target):
        before = read_file(target, file)
        index = _index_of(parse_trust(before, file), name, file)
        after = _with_line(before, index, f"revoked = {day}\n".encode(), file)
        expected = _with_revoked(parse_toml(before, file), index, day)
        if after is None or parse_toml(after, file) != expected:
            what = "is written in a way that is not safe to change"
            hint = f"write revoked = {day} into the table of {name} yourself"
            raise InputError(Problem(file, what, hint))
        trust = trust_of(expected, file)
        write_whole(target, after)
    return trust.people[index]


def _index_of(trust: Trust, name: str, file: str) -> int:
    found = [
        index
        for index, person in enumerate(trust.people)
        if folded(person.name) == folded(name)
    ]
    if not found:
        names = [person.name for person in trust.people]
        raise InputError(unknown_name(file, name, names, "person of the trust file"))
    for index in found:
        if trust.people[index].revoked is None:
            return index
    days = trust.people[found[-1]].revoked
    raise InputError(Problem(file, f"the key of {name} was revoked on {days}"))


def _with_line(content: bytes, index: int, line: bytes, file: str) -> bytes | None:
    headers = list(_HEADER.finditer(content))
    if len(headers) <= index:
        return None
    end = headers[index].end()
    after = content[:end] + line + content[end:]
    try:
        parse_toml(after, file)
    except PolicyError:
        return None
    return after


def _with_revoked(tables: Mapping[str, Any], index: int, day: date) -> dict[str, Any]:
    people = [dict(person) for person in tables["people"]]
    people[index]["revoked"] = day
    return dict(tables) | {"people": people}


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let nobody else change the file meanwhile: a lost revocation is a loss."""
    with locked(target.with_name(f".{target.name}.lock"), target):
        yield


def _today() -> date:
    return datetime.now(tz=UTC).date()
