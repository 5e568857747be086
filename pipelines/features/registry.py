"""The features there are: what each says, in which unit, where it is undefined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import narwhals as nw

from pipelines.features.tallies import Settings, channel_name

EACH_CHANNEL = "each-channel"
"""Stands for the tallies of single channels, whose number is not known here."""

Formula: TypeAlias = Callable[[Settings], dict[str, nw.Expr]]


@dataclass(frozen=True, slots=True)
class Feature:
    """A number, flag or text of each customer, made of their transactions.

    Parameters
    ----------
    name : str
    says : str
        What it is, in one sentence.
    needs : tuple of {"date", "amount", "channel", "category"}
        The columns it reads.
    unit : str
    undefined : str
        When it is null; empty where it never is.
    tallies : tuple of str
        What is summed up for it.
    formula : callable
        Columns and their expressions over the tallies.
    """

    name: str
    says: str
    needs: tuple[str, ...]
    unit: str
    undefined: str
    tallies: tuple[str, ...] = field(repr=False)
    formula: Formula = field(repr=False, compare=False)

    def expressions(self, settings: Settings) -> dict[str, nw.Expr]:
        """Return the columns that it makes, by name, over the tallies."""
        return self.formula(settings)


_NO_PURCHASE = "no purchase up to the day"


def _where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """Return a number where a condition holds, else null."""
    number = value.cast(nw.Float64)
    return nw.when(condition).then(number).otherwise(nw.lit(None, nw.Float64()))


def _has_bought() -> nw.Expr:
    return nw.col("purchases") > 0


def _count(tally: str) -> nw.Expr:
    return nw.col(tally).cast(nw.Int64)


def _one(name: str, make: Callable[[Settings], nw.Expr]) -> Formula:
    return lambda settings: {name: make(settings)}


def _recency(settings: Settings) -> nw.Expr:
    return _where(_has_bought(), nw.lit(settings.today) - nw.col("last"))


def _tenure(settings: Settings) -> nw.Expr:
    return _where(_has_bought(), nw.lit(settings.today) - nw.col("first"))


def _basket(_: Settings) -> nw.Expr:
    baskets = _where(_has_bought(), nw.col("purchases"))
    return nw.col("gross") / baskets


def _trend(_: Settings) -> nw.Expr:
    both = nw.col("recent") + nw.col("before")
    return (nw.col("recent") - nw.col("before")) / _where(both > 0, both)


def _purchase_days(_: Settings) -> nw.Expr:
    return _count("days") - _count("others")


def _days_between(settings: Settings) -> nw.Expr:
    gaps = _purchase_days(settings) - 1
    span = (nw.col("last") - nw.col("first")).cast(nw.Float64)
    return span / _where(gaps > 0, gaps)


def _inactive(settings: Settings) -> nw.Expr:
    since = nw.lit(settings.today) - nw.col("last")
    return since > settings.inactive_days


def _shares(settings: Settings) -> dict[str, nw.Expr]:
    baskets = _where(_has_bought(), nw.col("purchases"))
    return {
        f"channel_share_{channel}": nw.col(channel_name(place)).cast(nw.Float64)
        / baskets
        for place, channel in enumerate(settings.channels)
    }


def _main_channel(settings: Settings) -> nw.Expr:
    """Return the channel of most purchases; of equals the first in the order."""
    places = range(len(settings.channels))
    if not places:
        return nw.when(_has_bought() & ~_has_bought()).then(nw.lit(""))
    most = nw.max_horizontal(*(nw.col(channel_name(place)) for place in places))
    main = nw.lit(None, nw.String())
    for place in reversed(places):
        is_it = (nw.col(channel_name(place)) == most) & (most > 0)
        channel = nw.lit(settings.channels[place])
        main = nw.when(is_it).then(channel).otherwise(main)
    return main


def _feature(
    name: str,
    says: str,
    make: Callable[[Settings], nw.Expr],
    *,
    tallies: str,
    unit: str,
    undefined: str = "",
    needs: str = "date amount",
) -> Feature:
    words = (tuple(text.split()) for text in (needs, tallies))
    return Feature(
        name, says, next(words), unit, undefined, next(words), _one(name, make)
    )


_ALL = (
    _feature(
        "recency_days",
        "Days from the last purchase to the day",
        _recency,
        tallies="purchases last",
        unit="days",
        undefined=_NO_PURCHASE,
    ),
    _feature(
        "frequency",
        "Purchases: transactions with an amount above 0, so returns are none",
        lambda _: _count("purchases"),
        tallies="purchases",
        unit="purchases",
    ),
    _feature(
        "monetary",
        "Sum of all amounts, returns taken off",
        lambda _: nw.col("net"),
        tallies="net",
        unit="money",
    ),
    _feature(
        "average_basket",
        "Mean amount of a purchase",
        _basket,
        tallies="purchases gross",
        unit="money",
        undefined=_NO_PURCHASE,
    ),
    _feature(
        "tenure_days",
        "Days from the first purchase to the day",
        _tenure,
        tallies="purchases first",
        unit="days",
        undefined=_NO_PURCHASE,
    ),
    _feature(
        "trend",
        "What was bought in the last window against the one before: their difference "
        "over their sum, -1 (stopped) to 1 (started)",
        _trend,
        tallies="recent before",
        unit="share",
        undefined="no purchase in either window",
    ),
    _feature(
        "purchase_days",
        "Days with a purchase",
        _purchase_days,
        tallies="days others",
        unit="days",
    ),
    _feature(
        "days_between",
        "Mean days from one day with a purchase to the next",
        _days_between,
        tallies="days others first last",
        unit="days",
        undefined="fewer than two days with a purchase",
    ),
    _feature(
        "inactive",
        "Whether no purchase was made for longer than `inactive_days`, or ever",
        _inactive,
        tallies="last",
        unit="true or false",
    ),
    _feature(
        "categories",
        "Different categories bought from; a missing one is not counted",
        lambda _: _count("categories") - _count("uncategorised"),
        tallies="categories uncategorised",
        unit="categories",
        needs="date amount category",
    ),
    _feature(
        "channels",
        "Different channels bought through; a missing one is not counted",
        lambda _: _count("channels") - _count("unchanneled"),
        tallies="channels unchanneled",
        unit="channels",
        needs="date amount channel",
    ),
    Feature(
        name="channel_share",
        says="Share of the purchases made through each channel, a column each; what "
        "is missing to 1 was made through none that is known",
        needs=("date", "amount", "channel"),
        unit="share",
        undefined=_NO_PURCHASE,
        tallies=("purchases", EACH_CHANNEL),
        formula=_shares,
    ),
    _feature(
        "main_channel",
        "Channel of most purchases; of equals the first in the order of the alphabet, "
        "or of `channels`",
        _main_channel,
        tallies=f"purchases {EACH_CHANNEL}",
        unit="text",
        undefined="no purchase through a known channel",
        needs="date amount channel",
    ),
)

FEATURES: dict[str, Feature] = {feature.name: feature for feature in _ALL}
"""Every feature by its name."""
