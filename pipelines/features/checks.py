"""What transactions have to be before anything is built from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, shown, unknown_name
from pipelines.features.registry import Feature
from pipelines.features.tallies import Settings

_TEXTS = (nw.String, nw.Categorical, nw.Enum)


def collected(frame: Any) -> Any:
    """Return a frame in memory."""
    return frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame


def on_arrow(table: Any, where: str, columns: Sequence[str]) -> Any:
    """Return a frame of pandas as an Arrow table, which knows null in every column.

    Of other libraries the frame itself comes back; of pandas those of the columns
    that are there.
    """
    if not table.implementation.is_pandas_like():
        return table
    import pyarrow as pa  # noqa: PLC0415

    native = table.to_native()
    arrays, problems = {}, []
    for name in dict.fromkeys(columns):
        if name not in table.columns:
            continue
        try:
            arrays[name] = pa.array(native[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            what = f"{shown(name)} holds objects that are not all of one kind"
            problems.append(Problem(where, what, "make it text, numbers or dates"))
    if problems:
        raise InputError(problems)
    return nw.from_native(pa.table(arrays))


def check_columns(
    table: Any, key: str, settings: Settings, features: Sequence[Feature]
) -> list[Problem]:
    """Return what is wrong with the columns that the features read."""
    schema = table.collect_schema()
    roles = dict.fromkeys(["date", "amount"])
    for feature in features:
        roles |= dict.fromkeys(feature.needs)
    wanted = {"id": key} | {role: getattr(settings, role) for role in roles}
    problems = [
        unknown_name(role, name, list(schema), "column")
        for role, name in wanted.items()
        if name not in schema
    ]
    checks = {"date": _date, "amount": _amount, "channel": _label, "category": _label}
    for role, name in wanted.items():
        told = checks[role](schema[name]) if role in checks and name in schema else None
        if told:
            what, hint = told
            problems.append(Problem(role, f"{shown(name)} {what}", hint))
    return problems


def _date(dtype: Any) -> tuple[str, str] | None:
    if dtype == nw.Date:
        return None
    if isinstance(dtype, nw.Datetime):
        if dtype.time_zone is None:
            return None
        what = f"holds times of the zone {dtype.time_zone}"
        return what, "make them dates of the place of the campaign"
    if dtype in _TEXTS:
        return (
            "holds text, not dates",
            "read it as dates: parse_dates=['date'] in pandas",
        )
    return f"holds {dtype}, not dates", "make it dates"


def _amount(dtype: Any) -> tuple[str, str] | None:
    if dtype.is_numeric():
        return None
    return f"holds {dtype}, not numbers", "make it numbers; a return is below 0"


def _label(dtype: Any) -> tuple[str, str] | None:
    if dtype in _TEXTS or dtype.is_integer():
        return None
    return f"holds {dtype}, not text", "make it text"


def check_values(table: Any, key: str, settings: Settings) -> list[Problem]:
    """Return how much is missing in the columns that every feature reads."""
    money = settings.money()
    wrong = {
        "id": nw.col(key).is_null(),
        "date": nw.col(settings.date).is_null(),
        "amount": nw.col(settings.amount).is_null()
        | ~money.is_finite().fill_null(False),
    }
    counted = table.select(
        **{role: flag.cast(nw.Int64).sum() for role, flag in wrong.items()}
    )
    (counts,) = collected(counted).rows(named=True)
    names = {"id": key, "date": settings.date, "amount": settings.amount}
    return [
        Problem(
            role,
            f"{shown(names[role])} is missing in {int(count)} transactions",
            "put them right or aside first; nothing is left out in silence",
        )
        for role, count in counts.items()
        if count
    ]


def check_customers(who: Any, table: Any, key: str) -> list[Problem]:
    """Return what is wrong with the customers who are to get a row."""
    schema, other = who.collect_schema(), table.collect_schema()
    if key not in schema:
        return [unknown_name("customers", key, list(schema), "column")]
    if type(who) is not type(table) or who.implementation != table.implementation:
        kinds = (str(frame.implementation.value) for frame in (who, table))
        what = "is of {}, the transactions of {}".format(*kinds)
        return [Problem("customers", what, "read both with one library")]
    if key in other and _kind(schema[key]) != _kind(other[key]):
        what = f"{shown(key)} is {schema[key]}, that of the transactions {other[key]}"
        return [Problem("customers", what, "make both text or both numbers")]
    ids = nw.col(key)
    counted = who.select(
        missing=ids.is_null().cast(nw.Int64).sum(),
        rows=nw.len(),
        different=ids.n_unique(),
    )
    (counts,) = collected(counted).rows(named=True)
    problems = []
    if counts["missing"]:
        what = f"{shown(key)} is missing in {int(counts['missing'])} rows"
        problems.append(Problem("customers", what, "every customer has an id"))
    repeated = counts["rows"] - counts["different"]
    if repeated and not counts["missing"]:
        what = f"{repeated} rows repeat a {shown(key)} that stands before"
        problems.append(Problem("customers", what, "one row a customer"))
    return problems


def _kind(dtype: Any) -> str:
    if dtype in _TEXTS:
        return "text"
    return "whole number" if dtype.is_integer() else str(dtype)


def with_type_of(table: Any, who: Any, key: str) -> Any:
    """Return the ids of customers in the type that the transactions have.

    Engines join no 32-bit numbers to 64-bit ones, Arrow no large text to text.
    """
    if who.implementation.is_pyarrow():
        kind = table.to_native().schema.field(key).type
        ids = who.select(key).to_native()
        return nw.from_native(ids.set_column(0, key, ids.column(0).cast(kind)))
    kind = table.collect_schema()[key]
    same = who.collect_schema()[key] == kind
    return who.select(nw.col(key) if same else nw.col(key).cast(kind))
