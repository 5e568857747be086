"""What the name of a column says about what is in it; the words are in words.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Sort = Literal["protected", "personal"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one sort.

    Parameters
    ----------
    anywhere : frozenset of str
        Words that count as a part of a name.
    whole : frozenset of str
        Words that count alone.
    but_not : frozenset of str
        Names that say something else.
    """

    anywhere: frozenset[str]
    whole: frozenset[str]
    but_not: frozenset[str]

    def of(self, name: str) -> str | None:
        """Return the longest word that a name holds, None where it holds none."""
        plain = plain_name(name)
        if plain in self.but_not:
            return None
        if plain in self.whole:
            return plain
        parts = plain.split("_")
        found = {
            "_".join(parts[start:end])
            for start in range(len(parts))
            for end in range(start + 1, len(parts) + 1)
        } & self.anywhere
        return max(found, key=lambda word: (len(word), word), default=None)


@cache
def word_list() -> Mapping[str, Any]:
    """Return the tables of words.toml."""
    raw = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


@cache
def words_of(sort: Sort) -> Words:
    """Return the words of a sort."""
    table = word_list()[sort]
    return Words(
        frozenset(table["words"]),
        frozenset(table.get("whole", ())),
        frozenset(table.get("but_not", ())),
    )


def plain_name(name: str) -> str:
    """Return a name in lower case, its parts joined by underscores.

    Examples
    --------
    >>> plain_name("Date of Birth"), plain_name("custDateOfBirth")
    ('date_of_birth', 'cust_date_of_birth')
    """
    lower = _HUMP.sub("_", name[:_LONGEST_NAME]).lower()
    return _BREAK.sub("_", lower).strip("_")


def words_in(names: Iterable[str], sort: Sort) -> list[str]:
    """Return the words that the names of some columns hold.

    The words are ours: what a file without header has in its first line is told to
    nobody.

    Parameters
    ----------
    names : iterable of str
    sort : {"protected", "personal"}

    Examples
    --------
    >>> words_in(["customer_id", "Gender", "postcode", "custBirthDate"], "protected")
    ['birth_date', 'gender']
    """
    known = words_of(sort)
    return sorted({word for name in names if (word := known.of(name))})
