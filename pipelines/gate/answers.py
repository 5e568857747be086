"""What a segmentation function returned: who was selected, or is in which segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.frames import EagerTable, is_table, open_table, read_eager
from fairness.groups import MISSING, label_of
from pipelines.gate.judging import BoolArray
from pipelines.gate.rows import refuse_other_index

_ALLOWED = "a list of ids, a mask of True and False, or a frame"


@dataclass(frozen=True, eq=False)
class Customers:
    """The customers that a function was given.

    Parameters
    ----------
    frame : table
    where : str
        Name of the function, for messages.
    id : str or None
        Column of the customer id.
    ids : pyarrow array or None
        Read once.
    labels : sequence of str or None
        The ids as they are compared.
    size : int
    is_ordered : bool
        Whether the rows are in memory and so have an order.
    columns : tuple of str
    """

    frame: Any
    where: str
    id: str | None
    ids: Any
    labels: Sequence[str] | None
    size: int
    is_ordered: bool
    columns: tuple[str, ...]

    @classmethod
    def of(cls, frame: Any, where: str, id_: str | None) -> Customers:
        """Look at the frame that a function was given.

        Raises
        ------
        InputError
            No frame; a frame that is not in memory, and no id was named.
        """
        if not is_table(frame):
            what = f"was given a {type(frame).__name__}, not a frame of customers"
            raise InputError(Problem(where, what, "its first argument is the frame"))
        table = open_table(frame, name="customers")
        is_ordered = isinstance(table, EagerTable)
        columns = tuple(table.columns)
        if id_ is not None:
            ids = read_eager(table, [id_], name="customers", like=None).arrow(id_)
            labels = [label_of(one) for one in ids.to_pylist()]
            return cls(frame, where, id_, ids, labels, len(ids), is_ordered, columns)
        if isinstance(table, EagerTable):
            return cls(frame, where, None, None, None, table.rows, True, columns)
        hint = "name the customer id: @gated(id='customer_id', …)"
        raise InputError(
            Problem(where, "was given a frame that is not in memory", hint)
        )

    def wrong(self, what: str, hint: str = "") -> InputError:
        """Return the error of an answer of the function."""
        return InputError(Problem(self.where, what, hint))


def selection_of(answer: Any, customers: Customers) -> BoolArray:
    """Return who was selected, in the order of the customers.

    Parameters
    ----------
    answer : list, array, Series or frame
        Ids; or a mask of True and False aligned with the customers; or a frame with
        the column of ids, a row for each of those selected.
    customers : Customers

    Raises
    ------
    InputError
        Something else; ids that are not among the customers, or there twice; a mask of
        another length, with gaps, or of customers whose rows have no order.
    """
    if is_table(answer):
        return _members(_ids_in(answer, customers), customers)
    values = _listed(answer, customers)
    if any(isinstance(one, bool) for one in values):
        return _mask(answer, values, customers)
    return _members([label_of(one) for one in values], customers)


def segments_of(answer: Any, customers: Customers, name: str) -> list[str | None]:
    """Return each customer's segment, None for those in none.

    Parameters
    ----------
    answer : frame
        With a column of segments, and the ids or a row for each customer.
    customers : Customers
    name : str
        Of the column of segments.

    Raises
    ------
    InputError
        No such frame, or as in `selection_of`.
    """
    if not is_table(answer):
        what = f"returned a {type(answer).__name__}, not a frame with a column"
        raise customers.wrong(f"{what} {shown(name)}")
    read = read_eager(answer, [name], name=customers.where, like=None)
    segments = [label_of(one) for one in read.arrow(name).to_pylist()]
    found = [None if one == MISSING else one for one in segments]
    if customers.id is not None and customers.id in open_table(answer).columns:
        labels = _ids_in(answer, customers)
        _members(labels, customers)
        by_id = dict(zip(labels, found, strict=True))
        return [by_id.get(one) for one in customers.labels or ()]
    _check_aligned(answer, len(found), customers)
    return found


def _ids_in(answer: Any, customers: Customers) -> list[str]:
    if customers.id is None:
        raise customers.wrong("returned a frame, and no column of ids was named", _NAME)
    read = read_eager(answer, [customers.id], name=customers.where, like=None)
    return [label_of(one) for one in read.arrow(customers.id).to_pylist()]


_NAME = "name it: @gated(id='customer_id', …)"


def _listed(answer: Any, customers: Customers) -> list[Any]:
    """Return the values of a list, an array or a Series as Python has them."""
    is_text = isinstance(answer, str | bytes | dict)
    if is_text or isinstance(answer, Iterator) or not isinstance(answer, Sized):
        what = f"returned a {type(answer).__name__}"
        raise customers.wrong(what, f"allowed are {_ALLOWED}")
    for method in ("to_pylist", "tolist", "to_list"):
        if hasattr(answer, method):
            return list(getattr(answer, method)())
    return [one.item() if isinstance(one, np.generic) else one for one in answer]  # type: ignore[attr-defined]


def _mask(answer: Any, values: list[Any], customers: Customers) -> BoolArray:
    strange = [one for one in values if not isinstance(one, bool)]
    if strange:
        what = f"returned a mask with other values: {alternatives(strange)}"
        hint = "a mask is True or False for every customer; a gap is neither"
        raise customers.wrong(what, hint)
    _check_aligned(answer, len(values), customers)
    return np.array(values, dtype=bool)


def _check_aligned(answer: Any, size: int, customers: Customers) -> None:
    if not customers.is_ordered:
        what = "returned rows without ids, and the customers' rows have no order"
        raise customers.wrong(what, "return ids")
    if size != customers.size:
        what = f"returned {size:,} rows for {customers.size:,} customers"
        raise customers.wrong(what, "return one for each, in their order, or ids")
    refuse_other_index(customers.frame, answer)


def _members(labels: Sequence[str], customers: Customers) -> BoolArray:
    if customers.labels is None:
        raise customers.wrong("returned ids, and no column of ids was named", _NAME)
    picked = set(labels)
    known = set(customers.labels)
    problems = []
    if MISSING in picked:
        what = f"returned {labels.count(MISSING):,} rows without an id"
        problems.append(Problem(customers.where, what))
    strange = sorted(picked - known - {MISSING})
    if strange:
        what = f"returned {len(strange):,} ids that are not among the customers: "
        problems.append(Problem(customers.where, what + alternatives(strange)))
    if len(picked) < len(labels):
        what = f"returned {len(labels) - len(picked):,} ids more than once"
        problems.append(Problem(customers.where, what, "each may be there once"))
    if problems:
        raise InputError(problems)
    chosen = (one in picked for one in customers.labels)
    return np.fromiter(chosen, dtype=bool, count=customers.size)
