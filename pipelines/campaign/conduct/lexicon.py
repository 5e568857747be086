"""Words by topic, and where they stand in a name or a sentence; the words are data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType
from typing import Any
from unicodedata import category, normalize

Tokens = tuple[str, ...]

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[^\W\d_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
# Letters of other scripts that look like these; and letters that look like nothing.
_ALIKE = str.maketrans(
    "АВЕІЈКМНОРСЅТУХаеіјһорсѕухԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχıɡ",
    "ABEIJKMHOPCSTYXaeijhopcsyxdqwABEZHIKMNOPTYXaikvoptuxig",
)
# Not "one", which is a pronoun too.
_NUMBERS = frozenset(
    (
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "zwei",
        "drei", "vier", "funf", "deux", "trois", "quatre", "cinq", "dos", "tres",
        "cuatro", "cinco",
    )
)  # fmt: skip
_BLANK = frozenset("\u115f\u1160\u3164\uffa0")
# Letters that no decomposition turns into the two that people write for them.
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_ANY_NUMBER = "#"
_LONGEST = 20_000
_LEAST_JOINED = 8
_INITIALS = 3
_PLURAL = re.compile(r"(?<=[a-z]{3})s")


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of a lexicon that was found.

    Parameters
    ----------
    word : str
        As the lexicon writes it.
    topic : str
    """

    word: str
    topic: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words and phrases by topic.

    Parameters
    ----------
    phrases : mapping of tokens to Hit
    harmless : mapping of tokens to None
        Phrases that hold such a word and mean something else.
    longest : int
        Tokens of the longest phrase.
    """

    phrases: Mapping[Tokens, Hit]
    harmless: frozenset[Tokens]
    longest: int

    def hits(self, text: str, topics: Iterable[str] | None = None) -> list[Hit]:
        """Return what a text holds, from left to right, the longest phrase first.

        Parameters
        ----------
        text : str
        topics : iterable of str, optional
            The only ones that count.

        Examples
        --------
        >>> [hit.topic for hit in words_of("columns").hits("customerReligion")]
        ['religion']
        >>> words_of("columns").hits("sussex_store"), words_of("columns").hits("unisex")
        ([], [])
        """
        wanted = None if topics is None else frozenset(topics)
        tokens = tokens_of(text)
        found, place = [], 0
        while place < len(tokens):
            for size in range(min(self.longest, len(tokens) - place), 0, -1):
                part = tokens[place : place + size]
                harmless, hit = self._at(part)
                if harmless or hit is not None:
                    if hit is not None and (wanted is None or hit.topic in wanted):
                        found.append(hit)
                    place += size - 1
                    break
            place += 1
        return list(dict.fromkeys(found))

    def _at(self, part: Tokens) -> tuple[bool, Hit | None]:
        for spelt in _spellings(part):
            if spelt in self.harmless:
                return True, None
            if spelt in self.phrases:
                return False, self.phrases[spelt]
        return False, None


def tokens_of(text: str) -> Tokens:
    """Return the words of a text as they are compared: no case, accents or tricks.

    Examples
    --------
    >>> tokens_of("custDateOfBirth"), tokens_of("Religionszugehörigkeit 2026")
    (('cust', 'date', 'of', 'birth'), ('religionszugehorigkeit', '2026'))
    >>> tokens_of("H.I.V. list"), tokens_of("\u041d\u0406V")
    (('hiv', 'list'), ('hiv',))
    """
    plain = normalize("NFKD", _COLOUR.sub(" ", text[:_LONGEST]))
    plain = "".join(char for char in plain if not _is_unseen(char))
    plain = _HUMP.sub(" ", _LETTERS.sub(_latin, plain)).casefold()
    return _spelt_out(_TOKEN.findall(plain.replace("'", "").replace("\u2019", "")))


def _is_unseen(char: str) -> bool:
    kind = category(char)
    return kind == "Cf" or kind.startswith("M") or char in _BLANK


def _latin(word: re.Match[str]) -> str:
    """Return a word in the letters it looks like, where all of them do."""
    alike = word[0].translate(_ALIKE)
    return alike if alike.isascii() else word[0]


def _spelt_out(tokens: Sequence[str]) -> Tokens:
    """Return the tokens with letters that stand one by one as the word they spell."""
    found: list[str] = []
    for is_letter, part in groupby(tokens, lambda one: len(one) == 1 and one.isalpha()):
        some = list(part)
        joined = is_letter and len(some) >= _INITIALS
        found += ["".join(some)] if joined else some
    return tuple(found)


@cache
def words_of(name: str) -> Lexicon:
    """Return a lexicon of this house by the name of its file."""
    raw = read_lists(name)
    phrases: dict[Tokens, Hit] = {}
    for topic, table in raw["topics"].items():
        for written in table["words"]:
            for tokens in _written(written):
                phrases.setdefault(tokens, Hit(written, topic))
    harmless = {one for text in raw.get("harmless", ()) for one in _written(text)}
    longest = max(map(len, (*phrases, *harmless)))
    return Lexicon(MappingProxyType(phrases), frozenset(harmless), longest)


@cache
def read_lists(name: str) -> Mapping[str, Any]:
    """Return the tables of a file of lexicons."""
    home = files("pipelines.campaign.conduct") / "lexicons" / f"{name}.toml"
    return MappingProxyType(tomllib.loads(home.read_text(encoding="utf-8")))


def listed(words: Sequence[str], most: int = 5) -> str:
    """Return some words for a message, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def says_nothing(text: str | None, *, none_is_one: bool = False) -> bool:
    """Whether a text is missing or holds its place only.

    Parameters
    ----------
    text : str or None
    none_is_one : bool, default False
        Whether "none" is an answer, as it is of recipients.

    Examples
    --------
    >>> says_nothing("TBD"), says_nothing("none")
    (True, True)
    >>> says_nothing("none", none_is_one=True)
    False
    """
    words = read_lists("lists")["placeholders"]
    empty = [*words["unfinished"], *(() if none_is_one else words["none"])]
    return text is None or " ".join(text.casefold().split()).strip(" .") in {
        one.strip(" .") for one in empty
    }


def _is_number(token: str) -> bool:
    return token.isdigit() or token in _NUMBERS


def _written(text: str) -> list[Tokens]:
    """Return the ways in which a phrase of a lexicon may come."""
    number = "0"
    ways = [
        tuple(_ANY_NUMBER if one == number else one for one in tokens_of(spelt))
        for spelt in (
            text.replace(_ANY_NUMBER, f" {number} "),
            text.lower().translate(_SPELT).replace(_ANY_NUMBER, f" {number} "),
        )
    ]
    joined = [("".join(tokens),) for tokens in ways if len(tokens) > 1]
    ways += [one for one in joined if len(one[0]) >= _LEAST_JOINED]
    return list(dict.fromkeys(ways))


def _spellings(part: Tokens) -> Iterable[Tokens]:
    """Yield some tokens as they are, with any number, and in the singular."""
    yield part
    if any(map(_is_number, part)):
        yield tuple(_ANY_NUMBER if _is_number(token) else token for token in part)
    last = part[-1]
    if last.endswith("ies"):
        yield (*part[:-1], f"{last[:-3]}y")
    if _PLURAL.search(last[-4:]) and last.endswith("s") and not last.endswith("ss"):
        yield (*part[:-1], last[:-1])
