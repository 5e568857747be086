"""What is summed up for each customer in one pass over the transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import narwhals as nw

DAY = "day of transaction"
"""The working column of days, counted as `date.toordinal` does."""

_NEVER = 10_000_000
"""A day after every day: what a minimum starts from."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the features of one run are built with.

    Parameters
    ----------
    as_of : date
        The last day that counts.
    window_days, inactive_days : int
    date, amount, channel, category : str
        Names of the columns.
    channels : tuple of str
        Those that a share is built for, in the order that breaks ties.
    """

    as_of: date
    window_days: int
    inactive_days: int
    date: str
    amount: str
    channel: str
    category: str
    channels: tuple[str, ...] = ()

    @property
    def today(self) -> int:
        """The number of the last day."""
        return self.as_of.toordinal()

    def purchase(self) -> nw.Expr:
        """Return whether a transaction is one: not a return, not a free sample."""
        return self.money() > 0

    def money(self) -> nw.Expr:
        """Return the amount, whatever type of number the column has."""
        return nw.col(self.amount).cast(nw.Float64)


RowExpression: TypeAlias = Callable[[Settings], nw.Expr]


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of each customer.

    Parameters
    ----------
    row : callable
        What each transaction adds, never null but for distinct values.
    total : {"sum", "min", "max", "n_unique"}
    start : int or float
        Its value for a customer without transactions.
    """

    row: RowExpression
    total: str
    start: float


def day_number(column: str) -> nw.Expr:
    """Return the number of a day, as `date.toordinal` counts, on every engine alike.

    Differences of dates are days, intervals or durations, depending on the engine.

    Examples
    --------
    >>> import datetime, pyarrow as pa
    >>> leap_day = datetime.date(2024, 2, 29)
    >>> frame = nw.from_native(pa.table({"d": [leap_day]}))
    >>> frame.select(day_number("d"))["d"].item() - leap_day.toordinal()
    0
    """
    years = nw.col(column).dt.year().cast(nw.Int64) - 1
    days = nw.col(column).dt.ordinal_day().cast(nw.Int64)
    return years * 365 + years // 4 - years // 100 + years // 400 + days


def bought(settings: Settings, value: nw.Expr, *, otherwise: float) -> nw.Expr:
    """Return a value of purchases, and another of everything else."""
    return nw.when(settings.purchase()).then(value).otherwise(nw.lit(otherwise))


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _in_window(settings: Settings, windows_ago: int) -> nw.Expr:
    last = settings.today - windows_ago * settings.window_days
    within = (nw.col(DAY) <= last) & (nw.col(DAY) > last - settings.window_days)
    spent = nw.when(settings.purchase() & within).then(settings.money())
    return spent.otherwise(nw.lit(0.0))


def _bought_text(settings: Settings, column: str) -> nw.Expr:
    text = nw.col(column).cast(nw.String)
    none = nw.lit(None, nw.String())
    return nw.when(settings.purchase()).then(text).otherwise(none)


def _no_text(settings: Settings, column: str) -> nw.Expr:
    return _flag(~settings.purchase() | nw.col(column).is_null())


TALLIES: dict[str, Tally] = {
    "purchases": Tally(lambda s: _flag(s.purchase()), "sum", 0),
    "net": Tally(Settings.money, "sum", 0.0),
    "gross": Tally(lambda s: bought(s, s.money(), otherwise=0.0), "sum", 0.0),
    "first": Tally(lambda s: bought(s, nw.col(DAY), otherwise=_NEVER), "min", _NEVER),
    "last": Tally(lambda s: bought(s, nw.col(DAY), otherwise=0), "max", 0),
    # Distinct days and the mark of everything that is no purchase.
    "days": Tally(lambda s: bought(s, nw.col(DAY), otherwise=0), "n_unique", 0),
    "others": Tally(lambda s: _flag(~s.purchase()), "max", 0),
    "recent": Tally(lambda s: _in_window(s, 0), "sum", 0.0),
    "before": Tally(lambda s: _in_window(s, 1), "sum", 0.0),
    # Distinct texts; null is one of them where anything has no text.
    "categories": Tally(lambda s: _bought_text(s, s.category), "n_unique", 0),
    "uncategorised": Tally(lambda s: _no_text(s, s.category), "max", 0),
    "channels": Tally(lambda s: _bought_text(s, s.channel), "n_unique", 0),
    "unchanneled": Tally(lambda s: _no_text(s, s.channel), "max", 0),
}
"""All tallies but those of single channels; see `channel_tallies`."""


def channel_name(place: int) -> str:
    """Return the name of a channel's tally."""
    return f"channel {place}"


def channel_tallies(channels: tuple[str, ...]) -> dict[str, Tally]:
    """Return one tally for each channel: purchases made through it."""

    def through(channel: str) -> RowExpression:
        def row(settings: Settings) -> nw.Expr:
            same = nw.col(settings.channel).cast(nw.String) == nw.lit(channel)
            return _flag((settings.purchase() & same).fill_null(value=False))

        return row

    return {
        channel_name(place): Tally(through(channel), "sum", 0)
        for place, channel in enumerate(channels)
    }
