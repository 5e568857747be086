"""Policies from packs and files."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from fairness.errors import (
    PolicyError,
    Problem,
    alternatives,
    ascii_controls,
    shown,
    unknown_name,
)
from fairness.policy.fields import as_fraction, key_path, told
from fairness.policy.model import (
    SCHEMA,
    MetricTraits,
    Policy,
    Rule,
    repeated_ids,
)

# A key of more parts than that; reading one takes the square of its length.
_LONG_KEY = re.compile(
    r"""(?<![A-Za-z0-9_-])
    (?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')
    (?:[ \t]*+\.[ \t]*+(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')){50}""",
    re.VERBOSE,
)

Metrics = Mapping[str, MetricTraits]


def list_packs() -> tuple[str, ...]:
    """Return the names of the policies that come with the library, sorted.

    Examples
    --------
    >>> list_packs()[:3]
    ('equal-opportunity', 'eu-dsa-ads', 'eu-gdpr-marketing')
    """
    folder = resources.files("fairness.policy").joinpath("packs")
    names = [entry.name for entry in folder.iterdir()]
    return tuple(
        sorted(name[: -len(".toml")] for name in names if name.endswith(".toml"))
    )


def load_pack(name: str, *, metrics: Metrics | None = None) -> Policy:
    """Return a policy that comes with the library.

    Parameters
    ----------
    name : str
        One of `list_packs`.
    metrics : mapping of name to MetricTraits, optional
        The metrics that a rule may name; None means those of the library.

    Raises
    ------
    PolicyError
        Where there is no such pack.

    Examples
    --------
    >>> load_pack("us-four-fith")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    fairness.errors.PolicyError: policy: 'us-four-fith' is not a policy pack...
      Hint: did you mean 'us-four-fifths'?
    """
    packs = list_packs()
    if name not in packs:
        raise PolicyError(unknown_name("policy", name, packs, "policy pack"))
    file = resources.files("fairness.policy").joinpath("packs", f"{name}.toml")
    return _read(parse_toml(file.read_bytes(), f"{name}.toml"), f"{name}.toml", metrics)


def load_policy(
    source: str | Path | Policy, *, metrics: Metrics | None = None
) -> Policy:
    """Return a policy from a pack, a TOML file or itself, checked against the metrics.

    Parameters
    ----------
    source : str, Path or Policy
        The name of a pack, or the path of a ``.toml`` file.
    metrics : mapping of name to MetricTraits, optional
        The metrics that a rule may name; None means those of the library.

    Raises
    ------
    PolicyError
        With every problem: file, key, value, what is allowed, a hint.

    Examples
    --------
    >>> load_policy("policies/spring.yaml")
    Traceback (most recent call last):
    fairness.errors.PolicyError: policies/spring.yaml: is not a TOML file
      Hint: a policy is written in TOML and its file ends in .toml
    """
    if isinstance(source, Policy):
        problems = [
            Problem(
                f"policy {source.name}, {problem.where}", problem.what, problem.hint
            )
            for problem in _metric_problems(enumerate(source.rules), _known(metrics))
        ]
        if problems:
            raise PolicyError(problems)
        return source
    if not isinstance(source, str | Path):
        what = f"{told(source)} is not a policy, the name of a pack or a path"
        raise PolicyError(Problem("policy", what))
    if isinstance(source, str) and not re.search(r"[/\\]|\.\w+$", source):
        return load_pack(source, metrics=metrics)
    file = ascii_controls(str(source))
    return _read(parse_toml(read_bytes(Path(source)), file), file, metrics)


def read_bytes(path: Path) -> bytes:
    """Return the content of a TOML file.

    Raises
    ------
    PolicyError
        Where the file has another ending or cannot be read.
    """
    file = ascii_controls(str(path))
    if path.suffix != ".toml":
        hint = "a policy is written in TOML and its file ends in .toml"
        raise PolicyError(Problem(file, "is not a TOML file", hint))
    try:
        return path.read_bytes()
    except FileNotFoundError:
        hint = f"packs are named without .toml: {alternatives(list_packs())}"
        raise PolicyError(Problem(file, "there is no such file", hint)) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PolicyError(Problem(file, f"cannot be read: {reason}")) from error
    except ValueError as error:
        raise PolicyError(Problem(file, "is not the name of a file")) from error


def parse_toml(content: bytes, file: str) -> dict[str, Any]:
    """Return the tables of a TOML file, with every number as it is written.

    Parameters
    ----------
    content : bytes
    file : str
        How messages name the file.

    Raises
    ------
    PolicyError
        With file, line and column.

    Examples
    --------
    >>> parse_toml(b"alpha = 0.050", "a.toml")
    {'alpha': Decimal('0.050')}
    >>> parse_toml(b"alpha = 5%", "a.toml")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    fairness.errors.PolicyError: a.toml, line 1, column 10: is not TOML: expected...
      Hint: the line is 'alpha = 5%'
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {content[error.start]:#04x} is not UTF-8"
        hint = "save the file with the encoding UTF-8"
        raise PolicyError(Problem(f"{file}, line {line}", what, hint)) from None
    long_key = _LONG_KEY.search(text)
    if long_key:
        line = text.count("\n", 0, long_key.start()) + 1
        what = f"holds a key of more than 50 parts, {shown(long_key[0])}"
        raise PolicyError(Problem(f"{file}, line {line}", what))
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(_syntax(str(error), text, file)) from None
    except RecursionError:
        what = "is not TOML that can be read: lists or tables nested too deeply"
        raise PolicyError(Problem(file, what)) from None
    except (ValueError, ArithmeticError):
        what = "holds a number or a date that does not exist or has too many digits"
        raise PolicyError(Problem(file, what)) from None


def _syntax(message: str, text: str, file: str) -> Problem:
    # str.splitlines would also split where TOML has no line end.
    lines = text.rstrip("\n").split("\n")
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place:
        line, column = int(place[1]), int(place[2])
        message = message[: place.start()]
    else:
        line, column = len(lines), len(lines[-1]) + 1
        message = message.removesuffix(" (at end of document)")
    what = "is not TOML: " + ascii_controls(message[:1].lower() + message[1:])
    written = lines[line - 1].strip() if line <= len(lines) else ""
    hint = f"the line is {shown(written)}" if written else ""
    return Problem(f"{file}, line {line}, column {column}", what, hint)


def _known(metrics: Metrics | None) -> Metrics:
    if metrics is not None:
        return metrics
    registry: Metrics = import_module("fairness.metrics.registry").METRICS
    return registry


def _read(raw: dict[str, Any], file: str, metrics: Metrics | None) -> Policy:
    problems = []
    if "schema" not in raw:
        hint = f'write schema = "{SCHEMA}" in the first line'
        problems.append(Problem("schema", "is missing", hint))
    policy = None
    try:
        policy = Policy(**raw)
    except PolicyError as error:
        problems += error.problems
    tables = raw.get("rules")
    listed = tables if isinstance(tables, list) else []
    if policy is None:
        problems += _hidden_repetitions(listed, problems)
    problems += _metric_problems(_valid_rules(listed), _known(metrics))
    if policy is None or problems:
        raise PolicyError(_located(problem, file, listed) for problem in problems)
    return policy


def _valid_rules(tables: list[Any]) -> Iterator[tuple[int, Rule]]:
    for index, table in enumerate(tables):
        try:
            rule = Rule.model_validate(table)
        except (ValueError, PolicyError):
            continue
        yield index, rule


def _hidden_repetitions(
    tables: list[Any], told_already: list[Problem]
) -> list[Problem]:
    """Return the repeated ids that go unseen while another rule is invalid."""
    ids = [table.get("id") if isinstance(table, dict) else None for table in tables]
    repeated = [
        Problem(key_path(("rules", *steps)), what, hint)
        for steps, what, hint in repeated_ids(ids)
    ]
    return [problem for problem in repeated if problem not in told_already]


def _located(problem: Problem, file: str, tables: list[Any]) -> Problem:
    where = f"{file}, {problem.where}" if problem.where else file
    index = re.match(r"rules\[(\d+)\]", problem.where)
    table = tables[int(index[1])] if index else None
    if isinstance(table, dict) and isinstance(table.get("id"), str):
        where += f" (rule {shown(table['id'])})"
    return Problem(where, problem.what, problem.hint)


def _metric_problems(
    rules: Iterable[tuple[int, Rule]], metrics: Metrics
) -> list[Problem]:
    problems = []
    for index, rule in rules:
        if rule.metric not in metrics:
            where = key_path(("rules", index, "metric"))
            problems.append(unknown_name(where, rule.metric, sorted(metrics), "metric"))
            continue
        metric = metrics[rule.metric]
        if rule.evidence not in metric.evidence:
            where = key_path(("rules", index, "evidence"))
            lacks = "an interval" if rule.evidence == "proven" else "a test"
            what = f"{rule.evidence!r} needs {lacks}, and {metric.name} has none"
            hint = "write evidence = " + " or ".join(f'"{x}"' for x in metric.evidence)
            problems.append(Problem(where, what, hint))
        problems += _bound_problems(rule, metric, index)
        problems += _idle_keys(rule, metric, index)
    return problems


def _idle_keys(rule: Rule, metric: MetricTraits, index: int) -> Iterator[Problem]:
    """Yield the keys that a rule on a check's metric would not be judged by."""
    form = getattr(metric, "form", None)
    for key in ("params", "on_missing"):
        if form != "conduct" and getattr(rule, key) is not None:
            where = key_path(("rules", index, key))
            what = f"has no meaning for {metric.name}, which is no metric of conduct"
            yield Problem(where, what, f"leave {key} out")
    if form == "conduct":
        yield from _unknown_params(rule, index)
    if form not in {"check", "conduct"}:
        return
    for key in _ON_RATES:
        if getattr(rule, key) != Rule.model_fields[key].default:
            where = key_path(("rules", index, key))
            what = f"has no meaning for {metric.name}, which is not of two rates"
            yield Problem(where, what, f"leave {key} out")


def _unknown_params(rule: Rule, index: int) -> Iterator[Problem]:
    # Loaded with the metrics, and not before a policy is read.
    asked = import_module("fairness.metrics.conduct_params")
    known = (*asked.PARAMS.get(rule.metric, ()), asked.WHEN)
    for name, value in (rule.params or {}).items():
        where = key_path(("rules", index, "params", name))
        if name not in known:
            yield unknown_name(where, name, known, f"parameter of {rule.metric}")
        elif name == asked.WHEN and value not in asked.WHENS:
            yield unknown_name(where, str(value), asked.WHENS, "case")


_ON_RATES = (
    "reference",
    "min_share",
    "ratio_below",
    "shortfall_at_least",
    "shortfall_share_at_least",
)


def _bound_problems(rule: Rule, metric: MetricTraits, index: int) -> Iterator[Problem]:
    keys = ("at_least", "at_most", "within")
    key = next(name for name in keys if getattr(rule, name) is not None)
    low, high = metric.range
    # No group of equals could meet a floor above parity, wherever the range ends.
    if key == "at_least" and metric.kind == "ratio":
        high = min(high, 1.0)
    where = key_path(("rules", index, key))
    for value in rule.limits:
        if value is not None and not low <= value <= high:
            span = f"{'(' if low == -math.inf else '['}{low:g}, {high:g}"
            span += ")" if high == math.inf else "]"
            what = f"{told(value)} is outside {span} of {metric.name}"
            percent = (
                metric.kind in ("ratio", "difference", "share")
                and low <= value / 100 <= high
            )
            hint = f"write the {metric.kind} as a fraction, {as_fraction(value)}"
            yield Problem(where, what, hint if percent else "")
