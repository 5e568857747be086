"""What a layout file holds: how a CRM's exports become the tables of the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from fairness.errors import shown, unknown_name
from fairness.policy.fields import (
    Day,
    Name,
    Names,
    Part,
    Prose,
    Table,
    Words,
    all_wrong,
    told,
    wrong,
)
from pipelines.crm.contracts import CONTRACTS
from pipelines.crm.statuses import folded

Schema = Literal["fairreach/layout/1"]
SCHEMA: Schema = get_args(Schema)[0]


def _names_of(value: object) -> object:
    """Return a name, or a list of names to be tried in order, as a table."""
    return value if isinstance(value, Mapping) else {"from": value}


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong(f"{told(value)} is not a table")
    parts: list[Part] = [
        ((str(key),), f"{told(text)} is not text", "write it in quotes")
        for key, text in value.items()
        if not isinstance(text, str)
    ]
    if parts:
        raise all_wrong(parts)
    return dict(value)


Texts = Annotated[dict[str, str], BeforeValidator(_texts)]


class From(Table):
    """Where a column comes from.

    Parameters
    ----------
    names : tuple of str
        Names in the export; the first that is there is taken.
    confirmed : bool
        Whether the names were looked up in the vendor's own reference.
    """

    kind: ClassVar[str] = "column"

    names: Annotated[Names, BeforeValidator(_one_or_more)] = Field(
        alias="from", description="a name or a list of names"
    )
    confirmed: StrictBool = Field(default=True, description="true or false")


Origin = Annotated[From, BeforeValidator(_names_of)]


class Lookup(Table):
    """The customer's id, found through another export.

    Parameters
    ----------
    column : str
        Column of this export.
    export, by, id : str
        The other export, its column that holds the same, and its column of ids.
    fold : bool
        Whether upper and lower case are the same: e-mail addresses.
    """

    kind: ClassVar[str] = "lookup"

    column: Words
    export: Words
    by: Words
    id: Words
    fold: StrictBool = Field(default=False, description="true or false")


class Export(Table):
    """A file that a CRM exports.

    Parameters
    ----------
    name : str
        As the CRM calls it.
    table : str, optional
        The table under whose name it may be given.
    needed : bool
        Whether consents cannot be told without it, because refusals are in it.
    """

    kind: ClassVar[str] = "export"

    name: Words
    table: Words | None = None
    needed: StrictBool = Field(default=False, description="true or false")


class Block(Table):
    """Rows of one table, made of one export.

    Parameters
    ----------
    table : str
        A table of the contracts.
    export : str
    keep_others : bool
        Whether columns that are not named are kept.
    drop : tuple of str
        Values of the status that are no record.
    columns : mapping of str to From
    values : mapping of str to mapping of str to str
        By column: what the export writes, and what the contract has for it. ``true``
        and ``false`` stand for every way to write them. Others stay as written.
    constants : mapping of str to str
    lookup : Lookup, optional
    """

    kind: ClassVar[str] = "table"
    inner: ClassVar[Mapping[str, type[Table]]] = {"columns": From, "lookup": Lookup}

    table: Words
    export: Words
    keep_others: StrictBool = Field(default=False, description="true or false")
    drop: Names = ()
    columns: dict[str, Origin] = Field(default_factory=dict, description="a table")
    values: dict[str, Texts] = Field(default_factory=dict, description="a table")
    constants: Texts = Field(default_factory=dict, description="a table of texts")
    lookup: Lookup | None = Field(default=None, description="a table")

    @model_validator(mode="after")
    def _fits_the_contract(self) -> Block:
        if self.table not in CONTRACTS:
            problem = unknown_name("", self.table, list(CONTRACTS), "CRM table")
            raise all_wrong([(("table",), problem.what, problem.hint)])
        wanted = CONTRACTS[self.table]
        parts: list[Part] = []
        ids = {wanted.id} if self.lookup else set()
        made = {*self.columns, *self.constants} | ids
        parts += [
            (("columns",), f"{shown(column.name)} has no source", "name its column")
            for column in wanted.columns
            if column.required and column.name not in made
        ]
        parts += [
            (("constants", name), "has a column of the export too", "leave one out")
            for name in self.constants
            if name in self.columns
        ]
        for name, values in self.values.items():
            if name not in self.columns:
                known = list(self.columns)
                problem = unknown_name("", name, known, "column of this table")
                parts.append((("values", name), problem.what, problem.hint))
            parts += _value_parts(self.table, name, values)
        if parts:
            raise all_wrong(parts)
        return self


def _value_parts(table: str, name: str, values: Mapping[str, str]) -> list[Part]:
    """Return the values of a map that the contract does not know."""
    known = [c for c in CONTRACTS[table].columns if c.name == name and c.values]
    return [
        (("values", name, written), problem.what, problem.hint)
        for column in known
        for written, value in values.items()
        if value not in column.values and not column.others
        for problem in [unknown_name("", value, column.values, f"{name} there is")]
    ]


class LayoutFile(Table):
    """A layout file.

    Parameters
    ----------
    schema : str
        ``fairreach/layout/1``.
    name, title, source : str
        What it is of, and where its names were looked up.
    as_of : date
        When.
    exports, tables : tuple
    """

    kind: ClassVar[str] = "layout"
    inner: ClassVar[Mapping[str, type[Table]]] = {
        "exports": Export,
        "tables": Block,
    }

    of: Schema = Field(alias="schema", description=f"{SCHEMA!r}")
    name: Name
    title: Prose
    source: Prose
    as_of: Day
    exports: tuple[Export, ...] = Field(description="[[exports]] tables")
    blocks: tuple[Block, ...] = Field(alias="tables", description="[[tables]] tables")

    @model_validator(mode="after")
    def _exports_are_known(self) -> LayoutFile:
        names = [export.name for export in self.exports]
        parts: list[Part] = [
            (("exports", i, "name"), f"{shown(name)} stands there twice", "")
            for i, name in enumerate(names)
            if folded(name) in map(folded, names[:i])
        ]
        for i, block in enumerate(self.blocks):
            lookups = [block.lookup.export] if block.lookup else []
            for name in (block.export, *lookups):
                if name not in names:
                    problem = unknown_name("", name, names, "export of this file")
                    parts.append((("tables", i), problem.what, problem.hint))
        if parts:
            raise all_wrong(parts)
        return self
