"""The trust file: whose keys count, from when, and until when.

A TOML file with one ``[[people]]`` table for each key. Names and keys are unique: one
key is one person. A person whose key was revoked may stand there again with a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StrictStr, model_validator

from fairness.errors import (
    InputError,
    PolicyError,
    Problem,
    RefusedError,
    ascii_controls,
    shown,
    unknown_name,
)
from fairness.evidence.documents import moment_at, read_file
from fairness.evidence.keys import (
    NAME,
    NAME_RULE,
    PublicKey,
    key_bytes,
    key_id_of,
    key_problem,
)
from fairness.policy.fields import Day, Part, Table, all_wrong, wrong
from fairness.policy.load import parse_toml


def _key_name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise wrong(f"{shown(value)} cannot be a name; allowed: {NAME_RULE}")
    return value


def _key_of(kind: str) -> AfterValidator:
    def check(value: str) -> str:
        problem = key_problem(value, kind)
        if problem:
            hint = "copy it from the .pub file, or use `fairreach keys trust`"
            raise wrong(problem, hint)
        return value

    return AfterValidator(check)


_KeyName = Annotated[
    StrictStr, AfterValidator(_key_name), Field(description="a name in quotes")
]
_SignKey = Annotated[
    StrictStr, _key_of("ed25519"), Field(description="text, ed25519: and 64 digits")
]
_SealKey = Annotated[
    StrictStr, _key_of("x25519"), Field(description="text, x25519: and 64 digits")
]


class Person(Table):
    """One key of the trust file and whose it is.

    Parameters
    ----------
    name : str
    sign : str
        ``ed25519:`` and 64 hexadecimal digits.
    seal : str
        ``x25519:`` and 64 hexadecimal digits.
    added : date
        When it came into the file.
    expires : date, optional
        Last day on which the key counts.
    revoked : date, optional
        Last day on which it counts, because it was lost or the person left.
    """

    kind: ClassVar[str] = "person"

    name: _KeyName
    sign: _SignKey
    seal: _SealKey
    added: Day
    expires: Day | None = None
    revoked: Day | None = None

    @model_validator(mode="after")
    def _days_fit(self) -> Person:
        if self.expires is not None and self.expires < self.added:
            what = f"{self.expires} is before added, {self.added}"
            raise all_wrong([(("expires",), what, "")])
        return self

    @property
    def key_id(self) -> str:
        """Id of the key that signs."""
        return key_id_of(self.sign_bytes)

    @property
    def sign_bytes(self) -> bytes:
        """The public key that signatures are checked with."""
        return key_bytes(self.sign)

    @property
    def seal_bytes(self) -> bytes:
        """The public key that data is sealed to."""
        return key_bytes(self.seal)

    def ended(self, at: datetime) -> str:
        """Say why the key does not count at a moment; empty where it does."""
        if self.revoked is not None and at.date() > self.revoked:
            return f"the key of {self.name} was revoked on {self.revoked}"
        if self.expires is not None and at.date() > self.expires:
            return f"the key of {self.name} expired on {self.expires}"
        return ""


class Trust(Table):
    """Whose keys count.

    Parameters
    ----------
    people : sequence of Person

    Raises
    ------
    PolicyError
        With every problem found: a key under two names, a name with two keys.
    """

    kind: ClassVar[str] = "trust file"
    inner: ClassVar[Mapping[str, type[Table]]] = {"people": Person}

    people: tuple[Person, ...] = Field(default=(), description="[[people]] tables")

    @model_validator(mode="after")
    def _one_key_is_one_person(self) -> Trust:
        parts = [*_shared_keys(self.people), *_repeated_names(self.people)]
        if parts:
            raise all_wrong(parts)
        return self

    def __repr__(self) -> str:
        return f"<Trust in {', '.join(one.name for one in self.people) or 'nobody'}>"

    def person(self, name: str) -> Person:
        """Return the person of a name: the key in force, else the last one.

        Raises
        ------
        InputError
            There is no such name.
        """
        found = [one for one in self.people if folded(one.name) == folded(name)]
        if not found:
            names = [one.name for one in self.people]
            kind = "person of the trust file"
            raise InputError(unknown_name("name", name, names, kind))
        return next((one for one in found if one.revoked is None), found[-1])

    def by_key(self, key_id: str) -> Person | None:
        """Return whose key it is, None where it is nobody's."""
        return next((one for one in self.people if one.key_id == key_id), None)

    def holds(self, key_id: str, at: date | datetime) -> bool:
        """Say whether a key counts for what was issued at a moment or on a day."""
        return self.refusal(key_id, at) is None

    def refusal(self, key_id: str, at: date | datetime) -> Problem | None:
        """Return why a key does not count for what was issued at a moment.

        Parameters
        ----------
        key_id : str
        at : datetime or date

        Returns
        -------
        Problem or None
            None where it counts.
        """
        person = self.by_key(key_id)
        if person is None:
            what = f"is signed by the key {shown(key_id)}, which the trust file lacks"
            return Problem("key", what, "add it: fairreach keys trust NAME.pub")
        ended = person.ended(_moment(at))
        if ended:
            return Problem("key", ended, "have it signed by a key that holds")
        return None

    def same_person(self, one: str, other: str) -> bool:
        """Say whether two names are those of one person: one name, or one key."""
        if folded(one) == folded(other):
            return True
        keys = [
            {person.sign for person in self.people if folded(person.name) == folded(x)}
            for x in (one, other)
        ]
        return bool(keys[0] & keys[1])

    def recipients(
        self, names: Iterable[str], at: datetime | None = None
    ) -> tuple[Person, ...]:
        """Return the people to whom something may be sealed.

        Parameters
        ----------
        names : iterable of str
        at : datetime, optional
            Now where None.

        Raises
        ------
        InputError
            With every name that is not there.
        RefusedError
            With every key that is revoked or expired.
        """
        problems: list[Problem] = []
        found: list[Person] = []
        for name in dict.fromkeys(names):
            try:
                found.append(self.person(name))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        ended = [person.ended(moment_at(at)) for person in found]
        if any(ended):
            raise RefusedError(Problem("recipient", what) for what in ended if what)
        return tuple(dict.fromkeys(found))


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return " ".join(name.casefold().split())


def _moment(at: date | datetime) -> datetime:
    if isinstance(at, datetime):
        return moment_at(at)
    return datetime(at.year, at.month, at.day, tzinfo=UTC)


def _shared_keys(people: tuple[Person, ...]) -> list[Part]:
    first: dict[str, str] = {}
    parts: list[Part] = []
    for index, person in enumerate(people):
        if person.sign in first:
            what = f"is the key of {shown(first[person.sign])} as well"
            hint = "one key is one person: leave one of them out"
            parts.append((("people", index, "sign"), what, hint))
        first.setdefault(person.sign, person.name)
    return parts


def _repeated_names(people: tuple[Person, ...]) -> list[Part]:
    in_force: set[str] = set()
    parts: list[Part] = []
    for index, person in enumerate(people):
        if person.revoked is not None:
            continue
        if folded(person.name) in in_force:
            what = f"{shown(person.name)} has another key that is not revoked"
            hint = "revoke the other key first"
            parts.append((("people", index, "name"), what, hint))
        in_force.add(folded(person.name))
    return parts


def load_trust(path: str | Path) -> Trust:
    """Return the people of a trust file.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file of ``[[people]]`` tables.

    Raises
    ------
    InputError
        There is no such file, or with every problem: file, key, value, what is
        allowed, a hint.
    """
    file = ascii_controls(str(path))
    try:
        raw = read_file(Path(path), file)
    except InputError as error:
        hint = "begin one: fairreach keys trust NAME.pub --trust trust.toml"
        told = (Problem(one.where, one.what, hint) for one in error.problems)
        raise InputError(told) from None
    return parse_trust(raw, file)


def parse_trust(raw: bytes, file: str) -> Trust:
    """Return the people of a trust file's bytes.

    Raises
    ------
    PolicyError
        With every problem.
    """
    return trust_of(parse_toml(raw, file), file)


def trust_of(tables: Mapping[str, Any], file: str) -> Trust:
    """Return the people of a trust file's tables.

    Raises
    ------
    PolicyError
        With every problem.
    """
    try:
        return Trust(**tables)
    except PolicyError as error:
        raise PolicyError(
            Problem(f"{file}, {problem.where}", problem.what, problem.hint)
            for problem in error.problems
        ) from None


def person_of(public: PublicKey, added: date, expires: date | None = None) -> Person:
    """Return the person of a public key, as from a day."""
    return Person(
        name=public.name,
        sign=public.sign,
        seal=public.seal,
        added=added,
        expires=expires,
    )
