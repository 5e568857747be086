"""The tables of a CRM, opened together, checked, and ready to be joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import narwhals as nw

from fairness.errors import InputError, Problem, alternatives, unknown_name
from fairness.frames.kinds import Frame, Kind, distinct
from fairness.frames.typed import Session
from pipelines.crm.checking import Checked, check_table
from pipelines.crm.contracts import CONTRACTS, Contract, column_problems, contract
from pipelines.crm.layouts import Layout, load_layout
from pipelines.crm.quarantine import write_quarantine
from pipelines.crm.violations import Violations, violations

_CUSTOMERS = "customers"
_LISTED = 5


class Crm:
    """The tables of a CRM on one connection; made by `Crm.open`, a context manager.

    Attributes
    ----------
    tables : tuple of str
        Names of the tables there are.
    layout : Layout or None
    violations : Violations
        What is wrong with the tables; computed when first asked for.

    Examples
    --------
    >>> with Crm.open({"customers": "data/samples/customers.csv"}) as crm:
    ...     crm.customers.select("customer_id", "arrears").collect_schema()["arrears"]
    Int64
    """

    def __init__(
        self,
        session: Session,
        checked: Mapping[str, Checked],
        layout: Layout | None,
        untyped: frozenset[str],
    ) -> None:
        self._session = session
        self._checked = dict(checked)
        self._sound: set[str] = set()
        self._untyped = untyped
        self.layout = layout
        self.tables = tuple(checked)

    @classmethod
    def open(
        cls,
        tables: Mapping[str, Any],
        *,
        layout: str | Path | Layout | None = None,
        as_of: date | None = None,
        columns: Mapping[str, Sequence[str]] | None = None,
        contracts: Mapping[str, Contract] | None = None,
        id: str = "customer_id",  # noqa: A002
        memory_limit: str | None = None,
    ) -> Crm:
        """Open tables and check what makes them unusable.

        Parameters
        ----------
        tables : mapping of str to table
            By the names of `CONTRACTS`; with a layout, by those or by the names of its
            exports. Each is a path or glob of CSV or Parquet, the URL of a database
            table, an `fa.scan`, or a frame of any supported library.
        layout : str, Path or Layout, optional
            How the exports are written: a name, or the path of a TOML file.
        as_of : date, optional
            The day of the tables: purchases and contacts after it are set aside.
        columns : mapping of str to sequence of str, optional
            The columns wanted of a table, which saves bringing in the others of a
            frame or database; all where it is not named.
        contracts : mapping of str to Contract, optional
            In place of, and beside, the contracts there are.
        id : str, default "customer_id"
            Column of the customer's id, in every table.
        memory_limit : str, optional
            Of the engine, "2GB".

        Returns
        -------
        Crm
            Files have been looked at, not brought into memory; close it when done.

        Raises
        ------
        InputError
            With every problem: an unknown table, a file that cannot be read, a column
            that is missing, customers that are there twice.
        """
        found = None if layout is None else load_layout(layout)
        known = {**CONTRACTS, **(contracts or {})}
        known = {name: one.with_id(id) for name, one in known.items()}
        named = dict(tables) if found is None else found.exports_of(tables)
        if found is None:
            _check_tables(named, known)
        session = Session(named, columns=columns, memory_limit=memory_limit)
        try:
            raw, untyped = _raw(session, named, found, id)
            checked = _checked(raw, untyped, known, as_of)
        except BaseException:
            session.close()
            raise
        return cls(session, checked, found, untyped)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; frames made of it can no longer be read."""
        self._session.close()

    def table(self, name: str) -> Frame:
        """Return a clean table.

        Raises
        ------
        InputError
            It was not given.
        """
        checked = self._of(name)
        return checked.sound if name in self._sound else checked.clean

    @property
    def customers(self) -> Frame:
        """The clean customers, one row each."""
        return self.table(_CUSTOMERS)

    @property
    def transactions(self) -> Frame:
        """The clean transactions."""
        return self.table("transactions")

    @property
    def consents(self) -> Frame:
        """The clean consent records; see also `refused`."""
        return self.table("consents")

    @property
    def contacts(self) -> Frame:
        """The clean contacts."""
        return self.table("contacts")

    @property
    def responses(self) -> Frame:
        """The clean responses."""
        return self.table("responses")

    @property
    def suppression(self) -> Frame:
        """The clean suppression list."""
        return self.table("suppression")

    @property
    def protected(self) -> Frame:
        """The clean table of protected attributes."""
        return self.table("protected")

    @property
    def refused(self) -> Frame:
        """The consent records that cannot be read: the id and, if known, the purpose.

        Each counts against its customer (`pipelines.consent.contactable`); a record
        whose id cannot be read is nobody's, and is counted in `violations`.
        """
        checked = self._of("consents")
        id_ = checked.contract.id
        found = checked.values_unread([id_, "purpose"])
        return found.filter(~nw.col(id_).is_null())

    @cached_property
    def violations(self) -> Violations:
        """What is wrong with the tables: exact counts, and first rows of each kind."""
        found = violations(self._checked, self._session.beside)
        # Nothing is to be set aside there: reading them need not look again.
        self._sound = {*self._checked} - {one.table for one in found.counts}
        return found

    def kinds(self, name: str) -> dict[str, Kind]:
        """Return the columns of a table that were read as a type, with the type.

        Of a CSV file also those without a contract in which every cell is a number, a
        day, or true or false.
        """
        return dict(self._of(name).kinds)

    def quarantined(self, name: str) -> Frame:
        """Return the rows of a table that were set aside, as they were written."""
        checked = self._of(name)
        return checked.aside.select(*checked.written)

    def write_quarantine(self, directory: str | Path) -> list[Path]:
        """Write the rows that were set aside, a file a table, mode 0600.

        Returns
        -------
        list of Path
            Of the tables that have such rows.

        Raises
        ------
        InputError
            The directory is absent or cannot be written to.
        """
        written = (write_quarantine(one, directory) for one in self._checked.values())
        return [path for path in written if path is not None]

    def _of(self, name: str) -> Checked:
        if name not in self._checked:
            what = (
                f"is not among the tables that were opened: {alternatives(self.tables)}"
            )
            raise InputError(Problem(name, what))
        return self._checked[name]


def open_crm_table(
    data: Any,
    table: str | Contract,
    *,
    as_of: date | None = None,
    memory_limit: str | None = None,
) -> Frame:
    """Return one clean table, with its declared types, on a connection of its own.

    Parameters
    ----------
    data : path, URL or frame
    table : str or Contract
        Which contract it is to keep; ids are not compared with the customers'.
    as_of : date, optional
    memory_limit : str, optional

    Raises
    ------
    InputError
        As `Crm.open`.

    Examples
    --------
    >>> consents = open_crm_table("data/samples/consents.csv", "consents")
    >>> consents.collect_schema()["captured_at"]
    Date
    """
    wanted = contract(table) if isinstance(table, str) else table
    crm = Crm.open(
        {wanted.table: data},
        as_of=as_of,
        contracts={wanted.table: wanted},
        id=wanted.id,
        memory_limit=memory_limit,
    )
    return crm.table(wanted.table)


def check_tables(tables: Mapping[str, Any], **options: Any) -> Violations:
    """Return what is wrong with the tables of a CRM.

    Parameters
    ----------
    tables : mapping of str to table
    **options
        As `Crm.open`.

    Raises
    ------
    InputError
        As `Crm.open`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> customers = pa.table({"customer_id": ["a", " b"]})
    >>> found = check_tables({"customers": customers})
    >>> [(one.key, one.code, one.outcome) for one in found.examples]
    [("' b'", 'padded', 'repaired')]
    """
    with Crm.open(tables, **options) as crm:
        return crm.violations


def _check_tables(tables: Mapping[str, Any], known: Mapping[str, Contract]) -> None:
    problems = [
        unknown_name("tables", name, list(known), "CRM table")
        for name in tables
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def _raw(
    session: Session, named: Mapping[str, Any], layout: Layout | None, id_: str
) -> tuple[dict[str, Frame], frozenset[str]]:
    """Return the tables by their contracts' names, and which of them are all text."""
    if layout is None:
        untyped = frozenset(name for name in named if session.untyped(name))
        return {name: session.table(name) for name in named}, untyped
    return layout.tables_of(session, list(named), id_)


def _checked(
    raw: Mapping[str, Frame],
    untyped: frozenset[str],
    known: Mapping[str, Contract],
    as_of: date | None,
) -> dict[str, Checked]:
    problems: list[Problem] = []
    for name, frame in raw.items():
        error = column_problems(name, frame.collect_schema().names(), known[name])
        problems += error.problems if error else ()
    if problems:
        raise InputError(problems)
    checked: dict[str, Checked] = {}
    keys = None
    if _CUSTOMERS in raw:
        of = known[_CUSTOMERS]
        one = check_table(
            raw[_CUSTOMERS], of, untyped=_CUSTOMERS in untyped, as_of=as_of
        )
        _check_unique(one)
        keys = one.clean.select(of.id)
        checked[_CUSTOMERS] = one
    for name, frame in raw.items():
        if name != _CUSTOMERS:
            checked[name] = check_table(
                frame,
                known[name],
                untyped=name in untyped,
                customers=keys,
                as_of=as_of,
            )
    return {name: checked[name] for name in raw}


def _check_unique(checked: Checked) -> None:
    id_ = checked.contract.id
    ids = checked.clean.select(id_)
    filled, different = distinct(ids, id_)
    if filled == different:
        return
    twice = (
        ids.group_by(id_)
        .agg(nw.len().alias("rows"))
        .filter(nw.col("rows") > 1)
        .sort(id_)
        .head(_LISTED + 1)
        .collect("pyarrow")[id_]
        .to_list()
    )
    what = (
        f"column {id_!r} holds {filled - different:,} ids more than there are "
        f"customers: {alternatives(twice)}"
    )
    hint = "a customer is one row; spaces at the ends of an id do not count"
    raise InputError(Problem(checked.contract.table, what, hint))
