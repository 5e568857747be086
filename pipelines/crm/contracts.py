"""What the tables of a CRM have to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from fairness.errors import InputError, unknown_name
from fairness.frames.kinds import Kind
from pipelines.crm.statuses import STATUSES, folded

CHANNELS = (
    "email",
    "phone",
    "sms",
    "post",
    "push",
    "app",
    "web",
    "store",
    "social",
    "messenger",
    "fax",
)
"""Channels of contact and of sale, as the clean tables spell them."""

EVERY = "all"
"""In a consent record: for every purpose, channel or brand."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one column has to hold.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "integer", "boolean", "date", "datetime"}
    required : bool
        Whether the table has to have the column.
    filled : bool
        Whether every cell of it has to be filled.
    values : tuple of str
        The values there are; other spellings of them, by case, spaces, hyphens and
        underscores, are repaired.
    others : bool
        Whether further values are allowed beside them.
    low, high : float or None
        The range of a number.
    past : bool
        Whether a day may not be after the one of the tables.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    filled: bool = False
    values: tuple[str, ...] = ()
    others: bool = False
    low: float | None = None
    high: float | None = None
    past: bool = False

    @property
    def spellings(self) -> Mapping[str, str]:
        """Return the values by their folded spelling."""
        return {folded(value): value for value in self.values}


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table has to hold; its further columns are kept as they are.

    Parameters
    ----------
    table : str
    columns : tuple of Column
        The first is the id of the customer.
    refers : bool
        Whether the id has to be one of the customers'.
    unique : tuple of str
        Columns that together are there once only; empty where rows may repeat.
    fatal : bool
        Whether a repetition is an error of the whole table.
    as_written : bool
        Whether further columns of a CSV file stay text; else a column in which every
        cell is a number, a day or true or false is one of those.

    Examples
    --------
    >>> contract("consents").column("status").values[:2]
    ('OptIn', 'OptOut')
    """

    table: str
    columns: tuple[Column, ...]
    refers: bool = True
    unique: tuple[str, ...] = ()
    fatal: bool = False
    as_written: bool = False

    @property
    def id(self) -> str:
        """Name of the column with the customer's id."""
        return self.columns[0].name

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)

    def with_id(self, name: str) -> Contract:
        """Return the contract with another name for the customer's id.

        Examples
        --------
        >>> contract("customers").with_id("account").unique
        ('account',)
        """
        old = self.id
        columns = (replace(self.columns[0], name=name), *self.columns[1:])
        unique = tuple(name if column == old else column for column in self.unique)
        return replace(self, columns=columns, unique=unique)


_ID = Column("customer_id", required=True, filled=True)

_CONTRACTS = (
    Contract(
        "customers",
        (
            _ID,
            Column("signup_date", "date"),
            Column("email_ok", "boolean"),
            Column("phone_ok", "boolean"),
            Column("sms_ok", "boolean"),
            Column("post_ok", "boolean"),
            Column("forgotten", "boolean"),
        ),
        refers=False,
        unique=("customer_id",),
        fatal=True,
    ),
    Contract(
        "transactions",
        (
            _ID,
            Column("date", "date", required=True, filled=True, past=True),
            Column("amount", "number", required=True, filled=True),
            Column("channel", values=CHANNELS, others=True),
            Column("category"),
        ),
    ),
    Contract(
        "consents",
        (
            _ID,
            # An empty one is a no for every purpose or channel, and never a yes.
            Column("purpose", required=True),
            Column("channel", required=True, values=(*CHANNELS, EVERY)),
            Column("status", required=True, filled=True, values=tuple(STATUSES)),
            # An undated no counts, and an undated yes does not: both have to stay.
            Column("captured_at", "date", required=True),
            Column("source"),
            Column("brand"),
            Column("basis"),
            Column("effective_from", "date"),
            Column("effective_to", "date"),
            Column("double_opt_in_at", "date"),
        ),
    ),
    Contract(
        "contacts",
        (
            _ID,
            Column("date", "date", required=True, filled=True, past=True),
            Column("channel", values=CHANNELS, others=True),
            Column("campaign"),
        ),
    ),
    Contract(
        "responses",
        (
            _ID,
            Column("campaign", filled=True),
            Column("contacted", "boolean"),
            Column("responded", "boolean"),
            Column("offered_value", "number", low=0),
        ),
        unique=("customer_id", "campaign"),
    ),
    Contract(
        "suppression",
        (_ID, Column("suppressed", "boolean"), Column("reason")),
    ),
    # A flag of which nobody knows what it allows allows nothing.
    Contract(
        "vulnerability",
        (
            _ID,
            Column("flag", required=True, filled=True),
            Column(
                "driver",
                values=("health", "life_event", "resilience", "capability"),
                others=True,
            ),
            Column(
                "evidence", values=("declared", "observed", "inferred"), others=True
            ),
            Column("since", "date"),
            Column("expires", "date"),
            Column("allowed_use"),
        ),
    ),
    # Rows of nobody are found where attributes are joined; looking here costs a join.
    Contract(
        "protected", (_ID,), unique=("customer_id",), refers=False, as_written=True
    ),
)

CONTRACTS: Mapping[str, Contract] = MappingProxyType(
    {one.table: one for one in _CONTRACTS}
)
"""The contracts of the tables that campaigns know."""


def contract(table: str, known: Mapping[str, Contract] = CONTRACTS) -> Contract:
    """Return the contract of a table.

    Raises
    ------
    InputError
        There is no such table.

    Examples
    --------
    >>> contract("consent")
    Traceback (most recent call last):
    fairness.errors.InputError: tables: 'consent' is not a CRM table. Available: ...
      Hint: did you mean 'consents'?
    """
    if table not in known:
        raise InputError(unknown_name("tables", table, list(known), "CRM table"))
    return known[table]


def column_problems(
    table: str, names: Sequence[str], wanted: Contract
) -> InputError | None:
    """Return the error of a table that lacks columns that it has to have."""
    problems = [
        unknown_name(table, column.name, names, "column")
        for column in wanted.columns
        if column.required and column.name not in names
    ]
    return InputError(problems) if problems else None
