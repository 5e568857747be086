"""A payload that was stored, read again and checked against its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.metrics import METRICS
from fairness.policy.fields import key_path
from fairness.reports.schema.models import Payload

REPORT = "report.json"
"""Name of the payload in the directory of a run."""

LARGEST = 256 << 20
"""Most bytes of a payload; those of 351 groups have about one million."""

_SCHEMA = "fairreach/audit/1"
_MOST_PROBLEMS = 20
_LONGEST_PATH = 55
_HINT = (
    "a payload is written by `fairreach check … --format json`, "
    "`--report FILE.json` and `fairreach run` (report.json)"
)


def read_payload(path: str | Path) -> dict[str, Any]:
    """Return the payload that a JSON file holds.

    Parameters
    ----------
    path : str or Path
        The file; or the directory of a run, which holds ``report.json``.

    Returns
    -------
    dict
        As it was written, with keys that this version does not know.

    Raises
    ------
    InputError
        With all problems: a file that cannot be read or is no JSON, a document of
        another schema, keys that are missing or hold what they may not.
    """
    file = Path(path)
    file = file / REPORT if file.is_dir() else file
    where = _named(file)
    found = _parsed(_bytes(file, where), where)
    problems = payload_problems(found)
    if problems:
        raise InputError(_first([_in_file(where, one) for one in problems], where))
    return dict(found)


def payload_problems(
    payload: Any, *, unknown: Literal["allow", "forbid"] = "allow"
) -> list[Problem]:
    """Return what is wrong with a payload; nothing where it is as the schema says.

    Parameters
    ----------
    payload : dict
        As it comes out of JSON.
    unknown : {"allow", "forbid"}, default "allow"
        Whether keys that the schema does not know are let through.

    Examples
    --------
    >>> print(payload_problems({"schema": "fairreach/result/1"})[0])
    schema: 'fairreach/result/1' is not 'fairreach/audit/1'
      Hint: the payload of a run is report.json, beside its result.json
    >>> len(payload_problems({"schema": "fairreach/audit/1"}))
    15
    """
    if not isinstance(payload, Mapping):
        kind = _kind(payload)
        return [Problem("payload", f"is {kind}, not a table of keys", _HINT)]
    if payload.get("schema") != _SCHEMA:
        return [_other_schema(payload)]
    try:
        Payload.model_validate(dict(payload), extra=unknown)
    except ValidationError as error:
        return [_problem(one) for one in error.errors(include_url=False)]
    except RecursionError:
        return [Problem("payload", "is nested too deeply", _HINT)]
    return [*_unknown_metrics(payload), *_broken_groups(payload)]


def _broken_groups(payload: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each group of an intersection without all its parts."""
    for section in ("groups", "findings"):
        for place, row in enumerate(payload[section]):
            name, group = row["attribute"], row["group"]
            if name in payload["attributes"] or group == "(all)":
                continue
            if _parts(name) != 1 and _parts(group) != _parts(name):
                what = f"{shown(group)} is no group of {shown(name)}"
                yield Problem(f"{section}[{place}].group", what)


def _parts(name: str) -> int:
    return name.replace("&&", "").count("&") + 1


def _unknown_metrics(payload: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each metric that this version cannot explain.

    An attribute that was not measured, or a rule that did not apply, may have a name of
    its own instead of a metric.
    """
    rows = [*payload["findings"], *payload["checks"], *payload.get("ethics", ())]
    for name in dict.fromkeys(
        row["metric"]
        for row in rows
        if row["verdict"] not in {"not_measurable", "not_applicable"}
    ):
        if name not in METRICS:
            problem = unknown_name("metric", name, list(METRICS), "metric")
            later = "a later version of fairreach wrote it? Use that one"
            yield Problem("metric", problem.what, problem.hint or later)


def _named(file: Path) -> str:
    """Return how messages name a file: by its end, where the path is long."""
    text = str(file)
    return shown(text if len(text) <= _LONGEST_PATH else f"…{text[-_LONGEST_PATH:]}")


def _bytes(file: Path, where: str) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Problem(where, f"cannot be read: {reason}", "name a report in JSON")
        ) from None
    if len(raw) > LARGEST:
        what = f"is larger than {LARGEST >> 20} MB: no payload is"
        raise InputError(Problem(where, what, _HINT))
    return raw


def _parsed(raw: bytes, where: str) -> Any:
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_constant=_no_number,
            object_pairs_hook=_each_once,
        )
    except RecursionError:
        raise InputError(Problem(where, "is nested too deeply", _HINT)) from None
    except UnicodeDecodeError as error:
        what = f"is no UTF-8: byte {error.start:,}"
        raise InputError(Problem(where, what, _HINT)) from None
    except json.JSONDecodeError as error:
        what = f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise InputError(Problem(where, what, _HINT)) from None
    except ValueError as error:
        raise InputError(Problem(where, f"is no JSON: {error}", _HINT)) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: readers would differ in which one they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {shown(twice)} stands twice")
    return found


def _other_schema(payload: Mapping[str, Any]) -> Problem:
    if "schema" not in payload:
        return Problem("schema", f"is missing; it must be {_SCHEMA!r}", _HINT)
    found = payload["schema"]
    hint = _HINT
    if found in ("fairreach/result/1", "fairreach/run/1"):
        name = found.split("/")[1]
        hint = f"the payload of a run is {REPORT}, beside its {name}.json"
    elif isinstance(found, str) and found.startswith("fairreach/audit/"):
        hint = "it was written by another version of fairreach; use that one"
    return Problem("schema", f"{shown(found)} is not {_SCHEMA!r}", hint)


def _problem(one: ErrorDetails) -> Problem:
    where = key_path(one["loc"]) or "payload"
    if one["type"] == "missing":
        return Problem(where, "is missing")
    if one["type"] == "extra_forbidden":
        return Problem(where, "is no key of the schema")
    if one["type"] == "wrong":
        return Problem(where, one["msg"])
    said = one["msg"].removeprefix("Input should be ")
    if said == one["msg"]:
        return Problem(where, said)
    value = one["input"]
    told = _kind(value) if isinstance(value, list | dict) else shown(value)
    return Problem(where, f"{told} is not {said}")


def _kind(value: object) -> str:
    names = {list: "a list", dict: "a table", type(None): "null", str: "a text"}
    return names.get(type(value), "a number")


def _in_file(where: str, one: Problem) -> Problem:
    return Problem(f"{where}, {one.where}", one.what, one.hint)


def _first(problems: list[Problem], where: str) -> list[Problem]:
    more = len(problems) - _MOST_PROBLEMS
    if more <= 0:
        return problems
    rest = Problem(where, f"has {more:,} more problems", "it was changed by hand?")
    return [*problems[:_MOST_PROBLEMS], rest]
