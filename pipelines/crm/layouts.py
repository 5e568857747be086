"""Export layouts: a CRM's own tables and columns, brought into the contracts' form.

A layout is a TOML file; the ones that come with the library are in ``layouts/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import narwhals as nw

from fairness.errors import (
    InputError,
    PolicyError,
    Problem,
    alternatives,
    ascii_controls,
    unknown_name,
)
from fairness.frames.kinds import FALSE, TRUE, Frame, with_parsed
from fairness.frames.texts import SPACES
from fairness.frames.typed import FILE, ROW, Session
from fairness.policy.load import parse_toml
from pipelines.crm.contracts import CONTRACTS
from pipelines.crm.layout_file import SCHEMA, Block, LayoutFile, Lookup
from pipelines.crm.statuses import folded

_LARGEST = 2**20
_ENDS = f"^[{SPACES}]+|[{SPACES}]+$"
_JOINTS = f"[{SPACES}_-]+"
_CONSENTS = "consents"
_KEY = "fairreach_key"
_FOUND = "fairreach_found"


def list_layouts() -> tuple[str, ...]:
    """Return the names of the layouts that come with the library, sorted.

    Examples
    --------
    >>> list_layouts()
    ('dynamics', 'hubspot', 'salesforce')
    """
    folder = resources.files("pipelines.crm").joinpath("layouts")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml")))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the exports of a CRM become the tables of the contracts; see `load_layout`.

    Parameters
    ----------
    file : LayoutFile

    Examples
    --------
    >>> load_layout("hubspot").unconfirmed
    ('createdate', 'hs_email_optout', 'hs_object_id', 'timestamp', 'updatedAt', 'zip')
    """

    file: LayoutFile

    @property
    def name(self) -> str:
        """Name of the layout."""
        return self.file.name

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Names of columns that nobody looked up in the vendor's own reference."""
        origins = (o for block in self.file.blocks for o in block.columns.values())
        return tuple(sorted({n for o in origins if not o.confirmed for n in o.names}))

    def exports_of(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was handed over by the name of its export.

        Parameters
        ----------
        tables : mapping of str to table
            By export, or by the table of the contracts that an export stands for. A
            table that no export stands for keeps its name, and is in the contracts'
            own form.

        Raises
        ------
        InputError
            A name that is neither, an export that is there twice.
        """
        exports = {folded(one.name): one.name for one in self.file.exports}
        stands = {one.table: one.name for one in self.file.exports if one.table}
        found: dict[str, Any] = {}
        problems = []
        for name, data in tables.items():
            export = exports.get(folded(name)) or stands.get(name) or name
            if export == name and name not in (*exports.values(), *CONTRACTS):
                known = [*exports.values(), *CONTRACTS]
                problems.append(unknown_name("tables", name, known, "export or table"))
            elif export in found:
                what = f"{name!r} and another one are both the export {export}"
                problems.append(Problem("tables", what))
            else:
                found[export] = data
        if problems:
            raise InputError(problems)
        return found

    def tables_of(
        self, session: Session, names: Sequence[str], id_: str
    ) -> tuple[dict[str, Frame], frozenset[str]]:
        """Return the tables of the contracts, and which of them are text as written.

        Parameters
        ----------
        session : Session
            With the exports.
        names : sequence of str
            The exports, and tables in the contracts' own form.
        id_ : str
            What the contracts call the customer's id.

        Raises
        ------
        InputError
            With every problem: a column that is not in an export, an export that
            holds refusals and was not given.
        """
        exports = {one.name for one in self.file.exports}
        parts: dict[str, list[Frame]] = {n: [] for n in CONTRACTS}
        untyped: dict[str, list[bool]] = {n: [] for n in CONTRACTS}
        problems = list(self._missing(names))
        for name in names:
            if name not in exports:
                parts[name].append(session.table(name))
                untyped[name].append(session.untyped(name))
        for block in self.file.blocks:
            if block.export in names:
                found = list(_block_problems(block, session, names))
                problems += found
                if not found:
                    parts[block.table].append(_rows(block, session, id_))
                    untyped[block.table].append(session.untyped(block.export))
        if problems:
            raise InputError(dict.fromkeys(problems))
        made = {name: _together(frames) for name, frames in parts.items() if frames}
        return made, frozenset(name for name in made if all(untyped[name]))

    def _missing(self, names: Sequence[str]) -> Iterable[Problem]:
        """Yield the exports without which a refusal may be overlooked."""
        consents = {b.export for b in self.file.blocks if b.table == _CONSENTS}
        if not consents & set(names):
            return
        for export in self.file.exports:
            if export.needed and export.name not in names:
                alias = f" or {export.table}" if export.table else ""
                yield Problem(
                    "tables",
                    f"{export.name} is missing, and refusals are kept in it",
                    f"give it as {export.name}{alias}",
                )


def load_layout(layout: str | Path | Layout) -> Layout:
    """Return a layout from its name, a TOML file or itself.

    Parameters
    ----------
    layout : str, Path or Layout
        One of `list_layouts`, or the path of a ``.toml`` file.

    Raises
    ------
    InputError
        With every problem: file, key, value, what is allowed, a hint.

    Examples
    --------
    >>> load_layout("hubspt")
    Traceback (most recent call last):
    fairness.errors.InputError: layout: 'hubspt' is not a layout. Available: ...
      Hint: did you mean 'hubspot'?
    """
    if isinstance(layout, Layout):
        return layout
    if isinstance(layout, str) and not re.search(r"[/\\]|\.\w+$", layout):
        if layout not in list_layouts():
            raise InputError(unknown_name("layout", layout, list_layouts(), "layout"))
        name = f"{layout}.toml"
        packed = resources.files("pipelines.crm").joinpath("layouts", name)
        return _parsed(packed.read_bytes(), name)
    path = Path(layout)
    file = ascii_controls(str(layout))
    if path.suffix != ".toml":
        hint = f"layouts that come with the library: {alternatives(list_layouts())}"
        raise InputError(Problem(file, "is not a TOML file", hint))
    try:
        with path.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(file, f"cannot be read: {reason}")) from None
    if len(raw) > _LARGEST:
        raise InputError(Problem(file, "is larger than 1 MiB"))
    return _parsed(raw, file)


def _parsed(raw: bytes, file: str) -> Layout:
    try:
        tables = parse_toml(raw, file)
    except PolicyError as error:
        raise InputError(error.problems) from None
    if "schema" not in tables:
        hint = f'write schema = "{SCHEMA}" in the first line'
        raise InputError(Problem(f"{file}, schema", "is missing", hint))
    try:
        return Layout(LayoutFile(**tables))
    except PolicyError as error:
        raise InputError(
            Problem(f"{file}, {one.where}" if one.where else file, one.what, one.hint)
            for one in error.problems
        ) from None


def _names(frame: Frame) -> list[str]:
    return [n for n in frame.collect_schema().names() if n not in (ROW, FILE)]


def _origin(block: Block, column: str, names: Sequence[str]) -> str | None:
    """Return the column of the export that a column is made of."""
    origin = block.columns.get(column)
    wanted = origin.names if origin else ()
    return next((name for name in wanted if name in names), None)


def _block_problems(
    block: Block, session: Session, given: Sequence[str]
) -> Iterable[Problem]:
    names = _names(session.table(block.export))
    for column in CONTRACTS[block.table].columns:
        origin = block.columns.get(column.name)
        if origin and column.required and _origin(block, column.name, names) is None:
            yield unknown_name(block.export, origin.names[0], names, "column")
    lookup = block.lookup
    if lookup is None:
        return
    if lookup.column not in names:
        yield unknown_name(block.export, lookup.column, names, "column")
    if lookup.export not in given:
        what = f"is missing: it has the customers of {block.export}"
        yield Problem(lookup.export, what)
        return
    others = _names(session.table(lookup.export))
    for name in (lookup.by, lookup.id):
        if name not in others:
            yield unknown_name(lookup.export, name, others, "column")


def _rows(block: Block, session: Session, id_: str) -> Frame:
    """Return the rows of one block, under the names of the contract."""
    frame = _plain(session.table(block.export))
    names = _names(frame)
    contract = CONTRACTS[block.table]
    if block.drop:
        status = _origin(block, "status", names) or ""
        words = [word for value in block.drop for word in _spellings(value)]
        frame = frame.filter(
            ~_folded(nw.col(status)).is_in(words).fill_null(value=False)
        )
    used: dict[str, nw.Expr] = {}
    for column in block.columns:
        origin = _origin(block, column, names)
        if origin is not None:
            used[column] = _translated(nw.col(origin), block.values.get(column, {}))
    for column, value in block.constants.items():
        used[column] = nw.lit(value) if value else nw.lit(None, nw.String)
    if block.lookup:
        frame = _looked_up(frame, block.lookup, session)
        used[contract.id] = nw.col(_FOUND)
    made = [e.alias(id_ if n == contract.id else n) for n, e in used.items()]
    taken = {_origin(block, column, names) for column in block.columns}
    others = [n for n in names if block.keep_others and n not in taken | {*used, id_}]
    return frame.select(ROW, FILE, *made, *others)


def _plain(frame: Frame) -> Frame:
    """Return a frame in which whole numbers are not written as fractions."""
    schema = frame.collect_schema()
    wide = {
        n: "text" for n, kind in schema.items() if kind.is_float() or kind.is_decimal()
    }
    if not wide:
        return frame
    added = with_parsed(
        frame, dict.fromkeys(wide, "text"), names={n: f"{_KEY}{n}" for n in wide}
    )
    return added.select(
        *(nw.col(f"{_KEY}{n}").alias(n) if n in wide else nw.col(n) for n in schema)
    )


def _looked_up(frame: Frame, lookup: Lookup, session: Session) -> Frame:
    """Add the customer's id; null where the other export does not have them."""
    other = _plain(session.table(lookup.export))

    def key(name: str) -> nw.Expr:
        text = nw.col(name).cast(nw.String).str.replace_all(_ENDS, "")
        return text.str.to_lowercase() if lookup.fold else text

    pairs = other.select(key(lookup.by).alias(_KEY), nw.col(lookup.id).alias(_FOUND))
    pairs = pairs.filter(nw.col(_KEY) != "").unique()
    return frame.with_columns(key(lookup.column).alias(_KEY)).join(
        pairs, on=_KEY, how="left"
    )


def _translated(cell: nw.Expr, values: Mapping[str, str]) -> nw.Expr:
    if not values:
        return cell
    word = _folded(cell)
    made = cell.cast(nw.String)
    for written, value in values.items():
        spellings = _spellings(written)
        made = nw.when(word.is_in(spellings)).then(nw.lit(value)).otherwise(made)
    return made


def _spellings(value: str) -> list[str]:
    word = folded(value)
    if word in TRUE:
        return list(TRUE)
    return list(FALSE) if word in FALSE else [word]


def _folded(cell: nw.Expr) -> nw.Expr:
    return cell.cast(nw.String).str.replace_all(_JOINTS, "").str.to_lowercase()


def _together(frames: Sequence[Frame]) -> Frame:
    """Return frames one below the other; what one of them lacks is empty there."""
    if len(frames) == 1:
        return frames[0]
    names = dict.fromkeys(name for frame in frames for name in _names(frame))
    return nw.concat([_widened(frame, list(names)) for frame in frames], how="vertical")


def _widened(frame: Frame, names: Sequence[str]) -> Frame:
    has = _names(frame)
    columns = (
        nw.col(n).cast(nw.String) if n in has else nw.lit(None, nw.String).alias(n)
        for n in names
    )
    return frame.select(ROW, FILE, *columns)
