"""Features of customers from their transactions, in one pass, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, shown, unknown_name
from pipelines.features.checks import (
    check_columns,
    check_customers,
    check_values,
    collected,
    on_arrow,
    with_type_of,
)
from pipelines.features.registry import EACH_CHANNEL, FEATURES, Feature
from pipelines.features.tallies import (
    DAY,
    TALLIES,
    Settings,
    Tally,
    channel_tallies,
    day_number,
)

_MOST_CHANNELS = 50
RFM = ("recency_days", "frequency", "monetary")


def build_features(
    transactions: Any,
    *,
    as_of: date | str,
    names: Sequence[str] = RFM,
    id: str = "customer_id",  # noqa: A002  # the word of the whole interface
    customers: Any = None,
    date: str = "date",
    amount: str = "amount",
    channel: str = "channel",
    category: str = "category",
    channels: Sequence[str] | None = None,
    window_days: int = 90,
    inactive_days: int = 365,
) -> Any:
    """Return features of each customer, one row a customer.

    Parameters
    ----------
    transactions : table
        One row a transaction, of any supported library or a narwhals frame of one.
    as_of : date or str
        The last day that counts; what is later is never used.
    names : sequence of str, default recency, frequency, monetary
        Names of `FEATURES`.
    id : str, default "customer_id"
    customers : table, optional
        Of the same library, with a column `id`: who gets a row. Those without
        transactions get 0 for counts and sums, null where `Feature.undefined` says
        so. By default everybody with a transaction up to the day gets one.
    date, amount, channel, category : str
        Columns of the transactions; amounts of returns are below 0.
    channels : sequence of str, optional
        Those that get a share of their own, in the order that breaks ties; by default
        all there are, at most 50, in the order of the alphabet.
    window_days : int, default 90
        Length of each of the two windows of `trend`; the last ends on the day.
    inactive_days : int, default 365

    Returns
    -------
    narwhals DataFrame or LazyFrame
        `id` and the features, of the library of the transactions (pandas has them
        backed by numpy), in no particular order. Counts are whole numbers; what may
        be undefined is a float.

    Raises
    ------
    InputError
        With every problem: unknown names and columns, dates that are text, missing
        ids, dates or amounts (how many), amounts that are not finite, customers who
        are there twice, windows below a day.

    Notes
    -----
    A lazy frame is asked three questions before the answer is made: how much is
    missing, which channels there are where a feature needs them, who is there twice.

    Examples
    --------
    >>> import datetime, pyarrow as pa
    >>> day = datetime.date
    >>> sales = pa.table({
    ...     "customer_id": ["a", "a", "b"],
    ...     "date": [day(2026, 1, 1), day(2026, 1, 31), day(2026, 3, 1)],
    ...     "amount": [20.0, -5.0, 9.0],
    ... })
    >>> built = build_features(sales, as_of="2026-02-01")
    >>> built.rows()
    [('a', 31.0, 1, 15.0)]
    """
    given: Any = nw.from_native(transactions)
    columns = [id, date, amount, channel, category]
    table = on_arrow(given, "transactions", columns)
    day, problems = _day(as_of)
    problems += _days("window_days", window_days)
    problems += _days("inactive_days", inactive_days)
    settings = Settings(
        day, window_days, inactive_days, date, amount, channel, category
    )
    features, unknown = _features(names, id)
    problems += unknown
    problems += check_columns(table, id, settings, features)
    who: Any = None
    if customers is not None:
        who = on_arrow(nw.from_native(customers), "customers", [id])
        problems += check_customers(who, table, id)
    if not problems:
        problems = check_values(table, id, settings)
    if problems:
        raise InputError(problems)
    rows = table.with_columns(day_number(settings.date).alias(DAY))
    rows = rows.filter(nw.col(DAY) <= settings.today)
    if any(EACH_CHANNEL in feature.tallies for feature in features):
        settings = _with_channels(rows, settings, channels)
    answer = _answer(rows, who, id, features, settings)
    if table is given:
        return answer
    return nw.from_arrow(answer, backend=given.implementation)


def _days(name: str, days: object) -> list[Problem]:
    if isinstance(days, int) and not isinstance(days, bool) and days >= 1:
        return []
    what = f"{shown(days)} is not a number of days; 1 or more are allowed"
    return [Problem(name, what)]


def _day(as_of: object) -> tuple[date, list[Problem]]:
    try:
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError:
        day = None
    if isinstance(day, date) and not isinstance(day, datetime):
        return day, []
    what = f"{shown(as_of)} is not a day"
    return date.min, [Problem("as_of", what, "write a day as 2026-11-23")]


def _features(names: Sequence[str], key: str) -> tuple[list[Feature], list[Problem]]:
    listed = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    problems = [
        unknown_name("names", name, list(FEATURES), "feature")
        for name in listed
        if name not in FEATURES
    ]
    if not listed:
        problems.append(Problem("names", "names no feature"))
    if key in listed:
        problems.append(Problem("id", f"{shown(key)} is also the name of a feature"))
    return [FEATURES[name] for name in listed if name in FEATURES], problems


def _with_channels(
    rows: Any, settings: Settings, channels: Sequence[str] | None
) -> Settings:
    """Return the settings with the channels to build for."""
    if channels is None:
        named = rows.filter(settings.purchase() & ~nw.col(settings.channel).is_null())
        texts = named.select(nw.col(settings.channel).cast(nw.String)).unique()
        found = sorted(collected(texts)[settings.channel].to_list())
    else:
        found = list(dict.fromkeys(channels))
    if len(found) > _MOST_CHANNELS:
        what = f"{shown(settings.channel)} has {len(found)} different values"
        hint = f"name at most {_MOST_CHANNELS} in `channels`"
        raise InputError(Problem("channel", what, hint))
    return replace(settings, channels=tuple(found))


def _answer(
    rows: Any, who: Any, key: str, features: Sequence[Feature], settings: Settings
) -> Any:
    tallies = _wanted(features, settings)
    added = {name: tally.row(settings) for name, tally in tallies.items()}
    totals = [
        getattr(nw.col(name), tally.total)().alias(name)
        for name, tally in tallies.items()
    ]
    summed = rows.select(nw.col(key), **added).group_by(key).agg(*totals)
    if who is not None:
        summed = with_type_of(rows, who, key).join(summed, on=key, how="left")
    summed = summed.with_columns(
        _started(name, tally) for name, tally in tallies.items()
    )
    columns: dict[str, nw.Expr] = {}
    for feature in features:
        columns |= feature.expressions(settings)
    return summed.select(nw.col(key), **columns)


def _wanted(features: Sequence[Feature], settings: Settings) -> dict[str, Tally]:
    single = channel_tallies(settings.channels)
    wanted: dict[str, Tally] = {}
    for feature in features:
        for name in feature.tallies:
            wanted |= single if name == EACH_CHANNEL else {name: TALLIES[name]}
    return wanted


def _started(name: str, tally: Tally) -> nw.Expr:
    """Return a tally that customers without transactions have too."""
    value = nw.col(name).fill_null(tally.start)
    is_whole = isinstance(tally.start, int)
    return value.cast(nw.Int64) if is_whole else value.cast(nw.Float64)
