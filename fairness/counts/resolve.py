"""Check what a user asks for against the columns that there are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import Any

from fairness.counts.roles import Roles
from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.frames import EagerTable, LazyTable, open_table
from fairness.frames.texts import parse_day
from fairness.groups import Bands, Flag, parse_flag, split_names


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of `count`, as they were given."""

    by: Any
    selected: Any
    audience: Any
    id: Any
    protected: Any
    bands: Any
    as_of: Any
    outcome: Any
    score: Any
    value: Any
    weight: Any
    strata: Any
    score_bins: Any
    score_range: Any
    selecting: bool = True
    uses: Any = None
    value_cap: Any = None
    many: Sequence[str] = ()


def resolve(
    table: EagerTable | LazyTable, asked: Asked
) -> tuple[Roles, EagerTable | LazyTable | None]:
    """Return the roles of the columns, and the protected table.

    Raises
    ------
    InputError
        With every problem of the arguments.
    """
    problems: list[Problem] = []
    columns = table.columns
    beside = _protected(asked.protected, problems)
    known = [*columns, *(beside.columns if beside else ())]
    attributes = _names("by", asked.by, known, problems)
    layers = _names("strata", asked.strata or (), columns, problems)
    if asked.protected is None or beside is not None:
        # An attribute is not called absent from a table that could not be opened.
        problems += _attribute_problems(attributes, layers, columns, beside, asked.id)
    problems += _unknown("strata", layers, columns)
    if asked.selecting:
        problems += _selection_problems(asked.selected, asked.audience)
    problems += _id_problems(asked, columns)
    for role in ("score", "value", "weight"):
        name = getattr(asked, role)
        problems += _unknown(role, [] if name is None else [name], columns)
    flags: dict[str, Flag | None] = {"selected": None, "outcome": None}
    for role in flags:
        text = getattr(asked, role)
        if isinstance(text, str) and not (
            role == "selected" and asked.audience is not None
        ):
            flags[role] = _flag(role, text, columns, problems)
        elif text is not None and role == "outcome":
            problems.append(Problem(role, f"{shown(text)} is not a column name"))
    problems += _shared_roles(asked, attributes, layers, flags)
    uses = _names("uses", asked.uses or (), columns, problems)
    problems += _use_problems(uses, attributes, columns, beside, asked, flags)
    problems += _cap_problems(asked.value_cap, asked.value)
    bands = _bands(asked.bands, [*attributes, *layers], problems)
    day = _day(asked.as_of, problems)
    problems += _bin_problems(asked.score_bins, asked.score_range)
    if problems:
        raise InputError(problems)
    roles = Roles(
        by=tuple(attributes),
        strata=tuple(layers),
        selected=flags["selected"],
        outcome=flags["outcome"],
        score=asked.score,
        value=asked.value,
        weight=asked.weight,
        id=asked.id,
        bands=bands,
        as_of=day,
        score_bins=asked.score_bins,
        score_range=asked.score_range,
        uses=tuple(uses),
        value_cap=None if asked.value_cap is None else float(asked.value_cap),
        many=frozenset(asked.many),
    )
    return roles, beside


def _protected(
    protected: Any, problems: list[Problem]
) -> EagerTable | LazyTable | None:
    if protected is None:
        return None
    try:
        return open_table(protected, name="protected")
    except InputError as error:
        problems.extend(error.problems)
        return None


def _names(
    role: str, given: Any, columns: Sequence[str], problems: list[Problem]
) -> list[str]:
    try:
        # One text is a list as the command line writes it: COL,COL.
        listed = split_names(given, columns) if isinstance(given, str) else list(given)
    except TypeError:
        listed = [given]
    problems += [
        Problem(role, f"{shown(name)} is not a column name")
        for name in listed
        if not isinstance(name, str)
    ]
    names = [name for name in listed if isinstance(name, str)]
    problems += [
        Problem(role, f"names {shown(name)} more than once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    return list(dict.fromkeys(names))


def _unknown(role: str, names: Iterable[Any], columns: Sequence[str]) -> list[Problem]:
    return [
        unknown_name(role, name, columns, "column")
        if isinstance(name, str)
        else Problem(role, f"{shown(name)} is not a column name")
        for name in names
        if name not in columns
    ]


def _attribute_problems(
    attributes: Sequence[str],
    layers: Sequence[str],
    columns: Sequence[str],
    beside: EagerTable | LazyTable | None,
    id_: Any,
) -> list[Problem]:
    own = beside.columns if beside else []
    available = [*columns, *(c for c in own if c not in columns)]
    problems = _unknown("by", attributes, available)
    problems += [
        Problem(
            "by",
            f"{shown(name)} is in the data and in the protected table",
            "keep protected attributes out of the data, or rename one of the two",
        )
        for name in attributes
        if name in columns and name in own
    ]
    if beside is not None and isinstance(id_, str) and id_ not in own:
        problems.append(unknown_name("protected", id_, own, "column"))
    if not attributes:
        problems.append(
            Problem(
                "by",
                "names no protected attribute",
                f"name the columns to audit, for example by={columns[:1]!r}",
            )
        )
    problems += [
        Problem("strata", f"{shown(name)} is in `by` as well", "give it one role")
        for name in layers
        if name in attributes
    ]
    return problems


def _selection_problems(selected: Any, audience: Any) -> list[Problem]:
    if (selected is None) == (audience is None):
        said = "both given" if selected is not None else "neither given"
        return [
            Problem(
                "selected, audience",
                f"{said}: exactly one says who was picked",
                "name a 0/1 column (--selected COL) or a list of ids (--audience FILE)",
            )
        ]
    if selected is not None and not isinstance(selected, str):
        return [
            Problem("selected", f"{shown(selected)} is not a column name"),
        ]
    return []


def _id_problems(asked: Asked, columns: Sequence[str]) -> list[Problem]:
    if asked.id is not None:
        return _unknown("id", [asked.id], columns)
    if asked.audience is None and asked.protected is None:
        return []
    return [
        Problem(
            "id",
            "is needed to join the audience and the protected table",
            "name the customer id: --id COL (id= in Python)",
        )
    ]


def _flag(
    role: str, text: str, columns: Sequence[str], problems: list[Problem]
) -> Flag | None:
    try:
        return parse_flag(text, columns, role=role)
    except InputError as error:
        problems.extend(error.problems)
        return None


def _shared_roles(
    asked: Asked,
    attributes: Sequence[str],
    layers: Sequence[str],
    flags: Mapping[str, Flag | None],
) -> list[Problem]:
    problems = []
    held = {"by": attributes, "strata": layers}
    columns = {role: flag.column for role, flag in flags.items() if flag is not None}
    if asked.id is not None:
        columns["id"] = asked.id
    for role, column in columns.items():
        for other, names in held.items():
            if column in names:
                problems.append(
                    Problem(
                        role,
                        f"{shown(column)} is in `{other}` as well",
                        "give it one role: nothing can be audited against itself",
                    )
                )
    picked = columns.get("selected")
    if picked is not None and picked == columns.get("outcome"):
        same = flags["selected"] == flags["outcome"]
        if same:
            problems.append(
                Problem(
                    "outcome",
                    f"{shown(picked)} says who was selected as well",
                    "give it one role",
                )
            )
    return problems


def _use_problems(
    uses: Sequence[str],
    attributes: Sequence[str],
    columns: Sequence[str],
    beside: EagerTable | LazyTable | None,
    asked: Asked,
    flags: Mapping[str, Flag | None],
) -> list[Problem]:
    """Return what is wrong with the columns that a profile is said to use."""
    own = beside.columns if beside else []
    guarded = {*attributes, *(name for name in own if name not in columns)}
    picked = flags["selected"].column if flags["selected"] else None
    seen = flags["outcome"].column if flags["outcome"] else None
    problems = []
    for name in uses:
        if name == asked.id:
            what = "is the customer id, which is different for everybody"
            problems.append(Problem("uses", f"{shown(name)} {what}", "leave it out"))
        elif name in guarded:
            problems.append(
                Problem(
                    "uses",
                    f"{shown(name)} is a protected attribute",
                    "leave it out: `by` audits it, and a profile must not use it",
                )
            )
        elif name == picked:
            problems.append(
                Problem(
                    "uses",
                    f"{shown(name)} says who was selected",
                    "name what the profile looks at, not what comes of it",
                )
            )
        elif name == seen:
            what = "is the outcome, which is not known when a profile is used"
            problems.append(Problem("uses", f"{shown(name)} {what}", "leave it out"))
        else:
            problems += _unknown("uses", [name], columns)
    return problems


def _cap_problems(cap: Any, value: Any) -> list[Problem]:
    if cap is None:
        return []
    if value is None:
        hint = "name the column it caps: --value COL (value= in Python)"
        return [Problem("value_cap", "caps nothing without a value", hint)]
    is_number = isinstance(cap, Real) and not isinstance(cap, bool)
    if not is_number or not math.isfinite(cap):
        return [Problem("value_cap", f"{shown(cap)} is not a finite number")]
    return []


def _bands(
    given: Any, used: Sequence[str], problems: list[Problem]
) -> dict[str, Bands]:
    made: dict[str, Bands] = {}
    if given is not None and not isinstance(given, Mapping):
        what = f"{shown(given)} does not say which column has which edges"
        problems.append(Problem("bands", what, 'write bands={"age": [18, 30, 45]}'))
        return made
    for column, edges in (given or {}).items():
        if column not in used:
            problems.append(
                Problem(
                    "bands",
                    f"names {shown(column)}, which is neither in `by` nor in `strata`",
                    f"add {shown(column)} to `by`",
                )
            )
        try:
            made[column] = Bands.of(column, edges)
        except InputError as error:
            problems.extend(error.problems)
    return made


def _bin_problems(bins: Any, span: Any) -> list[Problem]:
    problems = []
    if not isinstance(bins, int) or isinstance(bins, bool) or bins < 1:
        problems.append(Problem("score_bins", f"{shown(bins)} is not a number above 0"))
    if span is None:
        return problems
    try:
        low, high = (float(end) for end in span)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        problems.append(
            Problem("score_range", f"{shown(span)} is not a lower and a higher number")
        )
    return problems


def _day(as_of: str | date | None, problems: list[Problem]) -> date | None:
    if as_of is None:
        return None
    day = parse_day(as_of)
    if day is None:
        problems.append(
            Problem("as_of", f"{shown(as_of)} is not a date", "write YYYY-MM-DD")
        )
    return day
