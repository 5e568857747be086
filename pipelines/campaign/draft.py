"""Draft a campaign file by looking at a table's columns."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.frames.databases import is_url, masked
from fairness.frames.kinds import written_kinds
from fairness.frames.typed import FILE, ROW, Session
from pipelines.campaign.model import SCHEMA
from pipelines.rules import parse_rule

# Names by which protected attributes go in exports, of whole words.
_PROTECTED = re.compile(
    r"gender|sex|birth|dob|age|race|racial|ethnic\w*|religion|faith|belief|disab\w*|"
    r"marital|familystatus|family|pregnan\w*|orientation|nationality|citizen\w*|"
    r"yob|kidhome|teenhome|dependents|seniorcitizen|gendercode|birthdate|birthday",
)
_SCORE = re.compile(r"score|propensity|probability|likelihood")
_RULED = re.compile(r"orders?|purchases?|spend|tenure|arrears|active|segment|balance")
_AGE = re.compile(r"age|alter")
_BORN = re.compile(r"birth|born|yob")
_ID = re.compile(r"id|key|number|no|code")
_BESIDE = ("protected", "transactions", "consents", "contacts", "responses")
_MOST_GROUPS = 30
_EDGES = (18, 30, 45, 60)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of one table.

    Parameters
    ----------
    kinds : mapping of column to kind
    distinct : mapping of column to int
    rows : int
    """

    kinds: Mapping[str, str]
    distinct: Mapping[str, int]
    rows: int

    def unique(self) -> list[str]:
        """Return the columns that differ in every row, those called an id first."""
        found = [
            name
            for name, number in self.distinct.items()
            if number == self.rows and self.kinds[name] in ("text", "integer")
        ]
        return sorted(found, key=lambda name: not _has(_ID, name))


def draft_campaign(
    data: str | Path,
    *,
    today: date | None = None,
    directory: str | Path | None = None,
) -> str:
    """Return a campaign file for a table, to be completed by hand.

    It names the id, the columns that look like protected attributes, the tables of a
    CRM that lie beside it, and rules to begin with. It can be run as it is.

    Parameters
    ----------
    data : str or Path
        The customers: CSV or Parquet.
    today : date, optional
        The day at which ages are counted.
    directory : str or Path, optional
        Where the campaign file will stand; that of the table by default.

    Returns
    -------
    str
        TOML.

    Raises
    ------
    InputError
        The table cannot be read, has no column that differs in every row, or none
        that looks like a protected attribute, in it or in a table beside it.

    Examples
    --------
    >>> text = draft_campaign("data/samples/customers.csv")
    >>> [line for line in text.splitlines() if line.startswith("by =")]
    ['by = ["birth_date", "gender", "ethnicity"]']
    """
    path = _path(data)
    looked = look(path)
    ids = looked.unique()
    if not ids:
        what = "has no column that differs in every row, so none can be the id"
        raise InputError(Problem(shown(str(data)), what, "add the customers' ids"))
    id_ = ids[0]
    beside = _tables_beside(path, id_)
    aside = look(beside["protected"]) if "protected" in beside else None
    day = today or datetime.now(tz=UTC).date()
    by, bands = _attributes(looked, aside, id_, day)
    if not by:
        hint = "put gender, birth date and the like into protected.csv beside it"
        what = "has no column that looks like a protected attribute"
        what += f": {alternatives(list(looked.kinds))}"
        raise InputError(Problem(shown(str(data)), what, hint))
    tables: dict[str, str | Path] = {"customers": path, **beside}
    if isinstance(path, Path):
        start = path.parent if directory is None else Path(directory)
        tables = {name: _from(start, one) for name, one in tables.items()}
    return "\n".join(_lines(tables, looked, id_, by, bands, day)) + "\n"


def look(path: str | Path) -> Looked:
    """Return the kinds and the number of values of a table's columns.

    Parameters
    ----------
    path : str or Path
        A text may be the URL of a database table.

    Raises
    ------
    InputError
        It cannot be read.
    """
    import narwhals as nw  # noqa: PLC0415

    with Session({"customers": path}) as session:
        frame = session.table("customers").drop(ROW, FILE)
        names = frame.collect_schema().names()
        kinds: dict[str, str]
        if session.untyped("customers"):
            kinds = dict(written_kinds(frame, names))
        else:
            kinds = {name: _kind(frame.collect_schema()[name]) for name in names}
        counts = [
            nw.col(name).n_unique().alias(f"n{i}") for i, name in enumerate(names)
        ]
        row = (
            frame.select(nw.len().alias("rows"), *counts).collect("pyarrow").to_native()
        )
    found = row.to_pylist()[0]
    distinct = {name: int(found[f"n{i}"]) for i, name in enumerate(names)}
    return Looked(kinds, distinct, int(found["rows"]))


def _kind(dtype: Any) -> str:
    import narwhals as nw  # noqa: PLC0415

    if isinstance(dtype, nw.Date | nw.Datetime):
        return "date"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return "boolean" if isinstance(dtype, nw.Boolean) else "text"


def _tables_beside(path: str | Path, id_: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    if not isinstance(path, Path):
        return found
    for name in _BESIDE:
        for ending in (".csv", ".parquet"):
            other = path.with_name(name + ending)
            if other != path and other.is_file() and id_ in look(other).kinds:
                found.setdefault(name, other)
    return found


def _attributes(
    looked: Looked, aside: Looked | None, id_: str, day: date
) -> tuple[list[str], dict[str, list[int]]]:
    by: list[str] = []
    bands: dict[str, list[int]] = {}
    for table in (looked, aside):
        for name, kind in () if table is None else table.kinds.items():
            if name == id_ or name in by or not _has(_PROTECTED, name):
                continue
            many = table is not None and table.distinct[name] > _MOST_GROUPS
            if kind == "date" or (many and _has(_AGE, name)):
                bands[name] = list(_EDGES)
            elif many and kind == "integer" and _has(_BORN, name):
                bands[name] = [day.year - edge for edge in reversed(_EDGES)]
            elif many:
                continue
            by.append(name)
    return by, bands


def _lines(
    tables: Mapping[str, str | Path],
    looked: Looked,
    id_: str,
    by: Sequence[str],
    bands: Mapping[str, Sequence[int]],
    day: date,
) -> Iterator[str]:
    stem = Path(str(tables["customers"])).stem.lower()
    slug = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "campaign"
    yield f"schema = {_text(SCHEMA)}"
    yield f"name = {_text(slug)}"
    yield 'owner = "name of the one who answers for it"'
    yield 'purpose = "marketing"'
    yield f"as_of = {day}  # ages, features and consent are looked at on this day"
    yield ""
    yield "[offer]"
    yield 'name = "what is offered"'
    yield "# beneficial: being left out is the harm; burdensome: being picked (debt,"
    yield "# gambling); neutral: either"
    yield 'polarity = "beneficial"'
    yield ""
    yield "[tables]"
    yield from (f"{name} = {_text(str(path))}" for name, path in tables.items())
    yield f"id = {_text(id_)}"
    yield ""
    yield "[protected]"
    yield f"by = [{', '.join(map(_text, by))}]"
    yield from (f"bands.{_key(name)} = {list(edges)}" for name, edges in bands.items())
    yield f"intersections = {2 if len(by) > 1 else 1}"
    yield ""
    yield "[funnel]"
    yield "# universe = \"country = 'IE'\"  # whom the offer is made for at all"
    if "consents" in tables:
        yield ""
        yield "[funnel.consent]"
        yield 'channel = "email"'
    yield ""
    yield "[funnel.clauses]"
    yield _clause(looked, id_, by)
    scores = [name for name in _numbers(looked, id_, by) if _has(_SCORE, name)]
    yield ""
    if scores:
        yield "[funnel.score]"
        yield f"column = {_text(scores[0])}"
        yield "top_share = 0.1"
    else:
        yield "# [funnel.score]"
        yield '# column = "score"'
        yield "# top_share = 0.1"


def _clause(looked: Looked, id_: str, by: Sequence[str]) -> str:
    """Return a rule to begin with, on a column that a rule can name."""
    numbers = _numbers(looked, id_, by)
    ruled = [name for name in numbers if _has(_RULED, name)]
    for name in dict.fromkeys([*ruled, *numbers]):
        rule = f"{_identifier(name)} >= 0"
        if _is_rule(rule):
            return f"{_key(name)} = {_text(rule)}"
    rule = f"{_identifier(id_)} IS NOT NULL"
    if not _is_rule(rule):
        what = f"is called {shown(id_)}, which no rule can name"
        raise InputError(Problem("the column of the ids", what, "rename it"))
    return f"known = {_text(rule)}"


def _is_rule(text: str) -> bool:
    try:
        parse_rule(text)
    except InputError:
        return False
    return True


def _path(data: str | Path) -> str | Path:
    """Return where a table is, if a file that is not secret may say so."""
    text = str(data)
    if not text.isprintable():
        what = "has a name that no campaign file can hold"
        raise InputError(Problem(shown(text), what, "rename it"))
    if not is_url(text):
        return Path(data)
    if masked(text) != text:
        hint = "write ${NAME} in its place, an environment variable"
        raise InputError(Problem(shown(masked(text)), "holds a password", hint))
    return text


def _from(start: Path, path: str | Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()


def _numbers(looked: Looked, id_: str, by: Sequence[str]) -> list[str]:
    return [
        name
        for name, kind in looked.kinds.items()
        if kind in ("integer", "number") and name != id_ and name not in by
    ]


def _has(words: re.Pattern[str], name: str) -> bool:
    return any(words.fullmatch(word.lower()) for word in [name, *_WORDS.findall(name)])


def _text(text: str) -> str:
    # What JSON escapes is a subset of what TOML does; a terminal acts on the others.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in quoted)


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08X}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _identifier(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    return name if plain else '"' + name.replace('"', '""') + '"'
