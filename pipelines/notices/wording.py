"""The strings of a language: one file each, all with the same keys."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, ascii_controls, shown, unknown_name

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """Sentences by section and key.

    Parameters
    ----------
    name : str
    strings : mapping of section to mapping of key to str
    """

    name: str
    strings: Mapping[str, Mapping[str, str]]

    def say(self, section: str, key: str, **values: object) -> str:
        """Return a sentence with its values put in.

        Examples
        --------
        >>> load_language().say("person", "chosen", offer="A voucher")
        'You were chosen for “A voucher”.'
        """
        told = {name: ascii_controls(str(value)) for name, value in values.items()}
        return self.strings[section][key].format_map(told)


def list_languages() -> tuple[str, ...]:
    """Return the languages that come along, sorted.

    Examples
    --------
    >>> list_languages()
    ('en',)
    """
    folder = resources.files("pipelines.notices").joinpath("languages")
    names = [entry.name for entry in folder.iterdir()]
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml")))


@cache
def load_language(source: str | Path = ENGLISH) -> Language:
    """Return a language that comes along, or that of a TOML file.

    Parameters
    ----------
    source : str or Path, default "en"
        A name of `list_languages`, or the path of a ``.toml`` file.

    Raises
    ------
    InputError
        There is no such language; keys that are missing or not known; a sentence
        whose words in braces are not those of the English one.
    """
    text = str(source)
    if not text.endswith(".toml"):
        if text not in list_languages():
            raise InputError(
                unknown_name("language", text, list_languages(), "language")
            )
        file = resources.files("pipelines.notices").joinpath(
            "languages", f"{text}.toml"
        )
        return _language(tomllib.loads(file.read_text("utf-8")), text)
    try:
        tables = tomllib.loads(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as error:
        where, what = ascii_controls(text), f"cannot be read: {error}"
        raise InputError(Problem(where, ascii_controls(what))) from None
    found = _language(tables, text)
    problems = _differences(found, load_language())
    if problems:
        raise InputError(problems)
    return found


def _language(tables: Mapping[str, Any], source: str) -> Language:
    name = tables.get("language")
    strings = {
        section: keys for section, keys in tables.items() if isinstance(keys, Mapping)
    }
    problems = [
        Problem(f"{ascii_controls(source)}, {section}.{key}", "is not a text")
        for section, keys in strings.items()
        for key, text in keys.items()
        if not isinstance(text, str)
    ]
    if not isinstance(name, str):
        problems.append(Problem(f"{ascii_controls(source)}, language", "is missing"))
    if problems:
        raise InputError(problems)
    return Language(str(name), strings)


def _differences(found: Language, english: Language) -> list[Problem]:
    problems = []
    for section, keys in english.strings.items():
        mine = found.strings.get(section, {})
        for key, text in keys.items():
            where = f"{section}.{key}"
            if key not in mine:
                problems.append(Problem(where, "is missing", f"in English: {text}"))
            elif _slots(mine[key]) != _slots(text):
                slots = sorted(_slots(text) or ())
                wanted = ", ".join(f"{{{one}}}" for one in slots)
                what = f"{shown(mine[key])} does not hold just {wanted or 'no braces'}"
                problems.append(Problem(where, what))
        problems += [
            unknown_name(section, key, list(keys), "key")
            for key in mine
            if key not in keys
        ]
    return problems


def _slots(text: str) -> frozenset[str] | None:
    """Return the words in braces; None where the text cannot be filled in."""
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError:
        return None
    if any(spec or conversion for _, _, spec, conversion in parsed):
        return None
    return frozenset(name for _, name, _, _ in parsed if name is not None)
