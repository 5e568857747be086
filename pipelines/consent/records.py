"""What each consent record says about a request, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

import narwhals as nw

from fairness.errors import InputError, Problem, unknown_name
from pipelines.consent.cells import (
    ALWAYS,
    EVERY,
    NEVER,
    Frame,
    day_of,
    day_problems,
    flag,
    key_of,
    word_of,
)
from pipelines.consent.request import CONSENT, INTEREST, Request
from pipelines.crm.statuses import (
    BY_FOLDED,
    GRANTED,
    NONE,
    NOT_REFUSED,
    OBJECTED,
    REFUSED,
    UNKNOWN,
)

KEY = "fairreach_key"
_REQUIRED = ("purpose", "channel", "status", "captured_at")
_DAYS = ("captured_at", "effective_from", "effective_to", "double_opt_in_at")
_LAPSED = "lapsed"

FLAGS = (
    "objected",
    "unclear",
    "open",
    "known",
    "undated",
    "not_yet",
    "stale",
    "unproven",
    "no_basis",
    "wrong_brand",
    "expired",
    "silent",
)
"""What a record may add to the answer; see `_flags`."""

_STANDING = ("granted", "refused", "contradictory", "superseded")
ANSWERS = (*FLAGS, *_STANDING)


def answers(consents: Frame, asked: Request, *, id: str) -> Frame:  # noqa: A002
    """Return one row a customer with records: what they say, as 0 or 1 a column.

    Parameters
    ----------
    consents : LazyFrame
    asked : Request
    id : str
        Column of the customer's id.

    Returns
    -------
    LazyFrame
        `KEY` (text) and the columns of `ANSWERS`.

    Raises
    ------
    InputError
        Columns that are missing or hold no days.
    """
    schema = consents.collect_schema()
    _check(schema, asked, id)
    records = _read(consents, schema, asked, id)
    records = records.with_columns(*_scopes(asked)).filter(_of_purpose())
    records = records.with_columns(_status(asked))
    records = records.with_columns(*_flags(asked), *_days(asked))
    by_series = records.group_by(KEY, "series", "brand").agg(
        *(nw.col(name).max() for name in (*FLAGS, "yes", "no", "later"))
    )
    standing = by_series.with_columns(*_standing())
    return standing.group_by(KEY).agg(*(nw.col(name).max() for name in ANSWERS))


def _check(schema: nw.Schema, asked: Request, id_: str) -> None:
    wanted = [id_, *_REQUIRED, *asked.evidence]
    if asked.brand is not None:
        wanted.append("brand")
    problems = [
        unknown_name("consents", name, schema.names(), "column")
        for name in wanted
        if name not in schema
    ]
    if asked.brand is not None and "brand" not in schema:
        problems[-1] = Problem(
            "brand",
            "is asked for, and the consent records have no such column",
            "leave brand out where there is only one",
        )
    problems += day_problems(schema, [*_DAYS, *asked.evidence], "consents")
    if problems:
        raise InputError(problems)


def _read(consents: Frame, schema: nw.Schema, asked: Request, id_: str) -> Frame:
    """Return the cells that are looked at, as texts; records of nobody are left out."""
    words = ["purpose", "channel", "status"]
    columns = [word_of(name, schema[name]).alias(name) for name in words]
    columns.append(key_of(id_, schema[id_]).alias(KEY))
    # Where brands are not told apart, every record is of the one brand there is.
    one = nw.lit(asked.brand or "-")
    has_brand = "brand" in schema
    columns.append(
        (word_of("brand", schema["brand"]) if has_brand else one).alias("brand")
    )
    has_basis = "basis" in schema
    columns.append(
        (word_of("basis", schema["basis"]) if has_basis else nw.lit(CONSENT)).alias(
            "basis"
        )
    )
    for name, missing, wrong in (
        ("captured_at", "", ""),
        ("effective_from", NEVER, ALWAYS),
        ("effective_to", ALWAYS, NEVER),
    ):
        day = nw.lit(missing)
        if name in schema:
            day = day_of(name, schema[name], missing=missing, wrong=wrong)
        columns.append(day.alias(name))
    columns.append(_proof(schema, asked).alias("proven"))
    return consents.select(*columns).filter(~nw.col(KEY).is_null())


def _proof(schema: nw.Schema, asked: Request) -> nw.Expr:
    """Return whether a record fills what the policy asks a consent to fill."""
    filled = [nw.lit(1) == nw.lit(1)]
    for name in asked.evidence:
        if name in _DAYS:
            day = day_of(name, schema[name], missing=ALWAYS, wrong=ALWAYS)
            is_end = name == "effective_to"
            filled.append(day < ALWAYS if is_end else day <= asked.on)
        else:
            filled.append(word_of(name, schema[name]) != "")
    return reduce(and_, filled)


def _scopes(asked: Request) -> Iterable[nw.Expr]:
    """Yield, for purpose, channel and brand, whether it is the one, every or empty."""
    for name, wanted in (("purpose", asked.purpose), ("channel", asked.channel)):
        cell = nw.col(name)
        yield (cell == wanted).alias(f"{name}_is")
        yield cell.is_in(EVERY).alias(f"{name}_every")
        yield (cell == "").alias(f"{name}_empty")
    brand = nw.col("brand")
    named = brand != "" if asked.brand is None else brand == asked.brand
    # Asked for no brand, a word for every brand is one more brand to agree with.
    every = brand.is_in(EVERY) & (nw.lit(asked.brand is not None))
    yield named.alias("brand_is")
    yield every.alias("brand_every")
    yield (brand == "").alias("brand_empty")


def _status(asked: Request) -> nw.Expr:
    """Return what the status says; a yes whose time is over is `_LAPSED`."""
    word = nw.col("status")
    said = nw.lit(UNKNOWN)
    for wanted in (GRANTED, REFUSED, OBJECTED, NONE, NOT_REFUSED):
        spellings = [text for text, means in BY_FOLDED.items() if means == wanted]
        value = nw.lit(wanted)
        if wanted == GRANTED:
            over = nw.col("effective_to") < asked.on
            value = nw.when(over).then(nw.lit(_LAPSED)).otherwise(value)
        said = nw.when(word.is_in(spellings)).then(value).otherwise(said)
    return said.alias("said")


def _any(names: Iterable[str]) -> nw.Expr:
    return reduce(or_, (nw.col(name) for name in names))


def _of_purpose() -> nw.Expr:
    return _any(f"purpose_{how}" for how in ("is", "every", "empty"))


def _relevant() -> nw.Expr:
    """Return whether a record may be about what is asked."""
    return reduce(
        and_,
        (
            _any(f"{name}_{how}" for how in ("is", "every", "empty"))
            for name in ("purpose", "channel", "brand")
        ),
    )


def _open() -> nw.Expr:
    return _any(f"{name}_empty" for name in ("purpose", "channel", "brand"))


def _specific(asked: Request) -> nw.Expr:
    """Return whether a record names what is asked, so that its yes counts."""
    named = nw.col("brand_is")
    if asked.brand is None:
        named = named | nw.col("brand_empty")
    return nw.col("purpose_is") & nw.col("channel_is") & named


def _is_dated(asked: Request) -> nw.Expr:
    day = nw.col("captured_at")
    return (day != "") & (day <= asked.on)


def _flags(asked: Request) -> Iterable[nw.Expr]:
    said, day = nw.col("said"), nw.col("captured_at")
    is_yes = (said == GRANTED) & _specific(asked)
    yield flag(said == OBJECTED).alias("objected")
    yield flag(said == UNKNOWN).alias("unclear")
    against = [REFUSED] if asked.basis == INTEREST else [REFUSED, NONE, _LAPSED]
    yield flag(_relevant() & _open() & said.is_in(against)).alias("open")
    is_known = (said == NOT_REFUSED) | (
        said.is_in([GRANTED, NONE, _LAPSED]) & _is_dated(asked)
    )
    yield flag(_relevant() & ~_open() & is_known).alias("known")
    yield flag(is_yes & (day == "")).alias("undated")
    is_future = (day > asked.on) | (nw.col("effective_from") > asked.on)
    yield flag(is_yes & (day != "") & is_future).alias("not_yet")
    yield flag(is_yes & (day != "") & ~_is_fresh(asked)).alias("stale")
    yield flag(is_yes & ~nw.col("proven")).alias("unproven")
    yield flag(is_yes & (nw.col("basis") != CONSENT)).alias("no_basis")
    is_other = ~_any(f"brand_{how}" for how in ("is", "every", "empty"))
    wrong = (said == GRANTED) & nw.col("purpose_is") & nw.col("channel_is") & is_other
    yield flag(wrong).alias("wrong_brand")
    mine = _specific(asked) & ~_open()
    yield flag(mine & (said == _LAPSED)).alias("expired")
    yield flag(mine & (said == NONE)).alias("silent")


def _is_fresh(asked: Request) -> nw.Expr:
    return nw.col("captured_at") >= nw.lit(asked.oldest or NEVER)


def _days(asked: Request) -> Iterable[nw.Expr]:
    """Yield the series of a record and the day on which it says yes, no or neither.

    A series is one purpose, channel and brand, or every one of them. Within it a
    later record overrides an earlier one; what has no day overrides all that is
    before it and after it.
    """
    breadth = (
        nw.when(nw.col("purpose_every")).then(nw.lit(4)).otherwise(nw.lit(0))
        + nw.when(nw.col("channel_every")).then(nw.lit(2)).otherwise(nw.lit(0))
        + nw.when(nw.col("brand_every")).then(nw.lit(1)).otherwise(nw.lit(0))
    )
    yield breadth.alias("series")
    said, day = nw.col("said"), nw.col("captured_at")
    in_force = _is_dated(asked) & (nw.col("effective_from") <= asked.on)
    counts = in_force & _is_fresh(asked) & nw.col("proven")
    counts = counts & (nw.col("basis") == CONSENT) & _relevant()
    counts = counts & ~_any(["purpose_empty", "channel_empty"])
    if asked.brand is not None:
        counts = counts & ~nw.col("brand_empty")
    closed = _relevant() & ~_open()
    last = nw.when(day == "").then(nw.lit(ALWAYS)).otherwise(day)
    for name, condition, value in (
        ("yes", counts & (said == GRANTED), day),
        ("no", closed & (said == REFUSED), last),
        ("later", closed & said.is_in([NONE, _LAPSED]), last),
    ):
        yield nw.when(condition).then(value).otherwise(nw.lit("")).alias(name)


def _standing() -> Iterable[nw.Expr]:
    yes, no, later = nw.col("yes"), nw.col("no"), nw.col("later")
    is_own = nw.col("series") == 0
    stands = is_own & (yes != "") & (yes > no) & (yes > later)
    yield flag(stands).alias("granted")
    # A tie is a no: the two records of one day contradict each other.
    yield flag((no != "") & (no >= yes)).alias("refused")
    tied = is_own & (yes != "") & ((no == yes) | (later == yes))
    yield flag(tied).alias("contradictory")
    yield flag(is_own & (later != "") & (later >= yes)).alias("superseded")
