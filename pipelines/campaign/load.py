"""Read a campaign file; everything that is wrong with it is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairness.errors import InputError, PolicyError, Problem, ascii_controls
from fairness.policy.load import parse_toml
from pipelines.campaign.model import SCHEMA, Campaign

_LARGEST = 2**20
_MOST_VALUES = 5_000


def load_campaign(path: str | Path) -> Campaign:
    """Return the campaign of a TOML file.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file of at most 1 MiB.

    Raises
    ------
    InputError
        With every problem: file, key, value, what is allowed, a hint.
    """
    file = ascii_controls(str(path))
    raw = _bytes(Path(path), file)
    try:
        tables = parse_toml(raw, file)
    except PolicyError as error:
        raise InputError(error.problems) from None
    _check_size(tables, file)
    problems = []
    if "schema" not in tables:
        hint = f'write schema = "{SCHEMA}" in the first line'
        problems.append(Problem(f"{file}, schema", "is missing", hint))
    try:
        campaign = Campaign(**tables)
    except PolicyError as error:
        problems += [
            Problem(f"{file}, {one.where}" if one.where else file, one.what, one.hint)
            for one in error.problems
        ]
        raise InputError(problems) from None
    if problems:
        raise InputError(problems)
    return campaign


def _check_size(tables: dict[str, Any], file: str) -> None:
    values = sum(1 for _ in _values(tables))
    if values > _MOST_VALUES:
        what = f"holds {values:,} values; at most {_MOST_VALUES:,} are allowed"
        raise InputError(Problem(file, what))


def _values(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        for one in inner:
            yield one
            yield from _values(one)


def _bytes(path: Path, file: str) -> bytes:
    if path.suffix != ".toml":
        hint = "a campaign is written in TOML; fairreach init DATA drafts one"
        raise InputError(Problem(file, "is not a TOML file", hint))
    try:
        # To open a pipe would wait for whoever writes to it.
        if path.exists() and not path.is_file():
            raise InputError(Problem(file, "is not a file"))
        with path.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        hint = "fairreach init DATA drafts a campaign file"
        raise InputError(Problem(file, "there is no such file", hint)) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(Problem(file, f"cannot be read: {reason}")) from None
    except ValueError:
        raise InputError(Problem(file, "is not the name of a file")) from None
    if len(raw) > _LARGEST:
        what = f"is larger than {_LARGEST // 1024} KiB, which no campaign needs"
        raise InputError(Problem(file, what))
    return raw
