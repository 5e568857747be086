"""Options as they are written, read into what the engine takes."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairness.errors import InputError, Problem, shown

if TYPE_CHECKING:
    from fairness.frames import Source


def read_names(option: str, given: Sequence[str]) -> list[str]:
    """Return the texts of an option that names columns, refusing one without a name.

    Examples
    --------
    >>> read_names("--by", ["gender,age"])
    ['gender,age']
    """
    if any(not text.strip(" ,") for text in given):
        hint = f"name columns, for example {option} gender,age"
        raise InputError(Problem(option, "names no column", hint))
    return list(given)


def names_of(given: Sequence[str], *sources: Source | None) -> str | list[str]:
    """Return columns named by one option, or by several.

    One text is split where the columns are known; of several, those with a comma
    in them are split here, unless a column is called so.
    """
    if len(given) == 1:
        return given[0]
    if not any("," in text for text in given):
        return list(given)
    from fairness.frames import open_table  # noqa: PLC0415  # loads the engine
    from fairness.groups import split_names  # noqa: PLC0415

    tables = [open_table(source) for source in sources if source is not None]
    known = [column for table in tables for column in table.columns]
    return [name for text in given for name in split_names(text, known)]


def read_columns(text: str | None) -> list[str]:
    """Return the names of a comma-separated list."""
    return [] if text is None else [part.strip() for part in text.split(",")]


def read_delimiter(text: str | None) -> str | None:
    r"""Return a delimiter; a tab may be written as ``\t``.

    Examples
    --------
    >>> read_delimiter(r"\t"), read_delimiter(";")
    ('\t', ';')
    """
    return "\t" if text == r"\t" else text


def read_whole(option: str, text: str) -> int:
    """Return a whole number from 1 up.

    Examples
    --------
    >>> read_whole("--intersections", "2")
    2
    """
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text.strip(), re.ASCII):
        raise InputError(
            Problem(
                option,
                f"{shown(text)} is not a whole number from 1 up",
                "2 looks at pairs of attributes",
            )
        )
    return int(text)


def read_number(option: str, text: str | None) -> float | None:
    """Return a finite number.

    Examples
    --------
    >>> read_number("--value-cap", "8"), read_number("--value-cap", None)
    (8.0, None)
    """
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(Problem(option, f"{shown(text)} is not a number"))
    return found


def read_bands(given: Sequence[str]) -> dict[str, list[str]]:
    """Return edges by column.

    Examples
    --------
    >>> read_bands(["age=18,30"])
    {'age': ['18', '30']}
    """
    found: dict[str, list[str]] = {}
    problems = []
    for text in given:
        # Edges hold no "=": a column may.
        column, equals, edges = text.rpartition("=")
        if not equals or not column or not edges.strip():
            problems.append(
                Problem(
                    "--bands",
                    f"{shown(text)} is not COL=EDGE,EDGE…",
                    "write --bands age=18,30,45,60",
                )
            )
        elif column in found:
            problems.append(
                Problem(
                    "--bands",
                    f"{shown(column)} is given twice",
                    "give all its edges at once, for example --bands age=18,30,45,60",
                )
            )
        else:
            found[column] = [edge.strip() for edge in edges.split(",")]
    if problems:
        raise InputError(problems)
    return found


def check_reports(paths: Sequence[str], sources: Sequence[Source | None]) -> None:
    """Refuse reports that could not be written, before anything is counted.

    Raises
    ------
    InputError
        An ending that is not known, a directory that is not there, a name that is
        that of a file to be read.
    """
    from fairness.reports import FORMATS  # noqa: PLC0415

    read = {file for source in sources if source is not None for file in source.files}
    found = [_report_problem(path, sorted(FORMATS), read) for path in paths]
    problems = [Problem("--report", what, hint) for what, hint in filter(None, found)]
    if problems:
        raise InputError(problems)


def _report_problem(
    text: str, endings: Sequence[str], read: Collection[str]
) -> tuple[str, str] | None:
    if "\x00" in text:
        return f"{shown(text)} is not a path", ""
    path = Path(text)
    parent = shown(str(path.parent))
    if path.suffix.lower() not in endings:
        hint = "the ending says the format, for example --report findings.md"
        return f"{shown(text)} ends in none of {', '.join(endings)}", hint
    if path.is_dir():
        return f"{shown(text)} is a directory", "name a file in it"
    if not path.parent.is_dir():
        what = f"there is no directory {parent} to write {shown(path.name)} to"
        return what, "make it first, or name another"
    if not os.access(path.parent, os.W_OK):
        return f"{parent} cannot be written to", "name another directory"
    if str(path.resolve()) in read:
        return f"{shown(text)} is a file that is read", "name another file"
    return None
