"""What each consent record says about a request, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    key_of,
    word_of,
)
from pipelines.consent.request import CONSENT, INTEREST, Request
from pipelines.crm.contracts import CHANNELS
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
SAID = "fairreach_said"

ANSWERS = (
    "no_record",
    "wrong_brand",
    "undated",
    "no_basis",
    "unproven",
    "not_yet",
    "stale",
    "not_consent",
    "expired",
    CONSENT,
    INTEREST,
    "unclear_scope",
    "opted_out",
    "contradictory",
    "unknown_status",
    "objected",
)
"""What records may say of a customer; of several the last one here holds."""

RANK = {answer: rank for rank, answer in enumerate(ANSWERS)}

_REQUIRED = ("purpose", "channel", "status", "captured_at")
_DAYS = ("captured_at", "effective_from", "effective_to", "double_opt_in_at")
_SCOPES = ("purpose", "channel", "brand")
_LAPSED = "lapsed"


def answers(consents: Frame, asked: Request, *, id: str) -> Frame:  # noqa: A002
    """Return one row a customer with records, and what they say together.

    Parameters
    ----------
    consents : LazyFrame
    asked : Request
    id : str
        Column of the customer's id.

    Returns
    -------
    LazyFrame
        `KEY`, the id as text, and `SAID`, the rank of the answer.

    Raises
    ------
    InputError
        Columns that are missing or hold no days.
    """
    schema = consents.collect_schema()
    _check(schema, asked, id)
    records = _read(consents, schema, asked, id).with_columns(*_scopes(asked))
    records = records.filter(_any(f"purpose_{how}" for how in _HOW))
    records = records.with_columns(_status(asked))
    records = records.select(KEY, *_days(asked), _rank(asked).alias(SAID))
    by_series = records.group_by(KEY, "series", "whose").agg(
        *(nw.col(name).max() for name in (SAID, "yes", "no", "later"))
    )
    standing = by_series.select(KEY, _standing(asked).alias(SAID), *_loose(asked))
    found = standing.group_by(KEY).agg(
        *(nw.col(name).max() for name in (SAID, "loose", "against"))
    )
    if asked.brand is not None or asked.basis != CONSENT:
        return found.select(KEY, SAID)
    said = nw.col(SAID)
    stands = (nw.col("loose") > nw.col("against")) & (said < RANK[CONSENT])
    said = nw.when(stands).then(nw.lit(RANK[CONSENT])).otherwise(said)
    return found.select(KEY, said.alias(SAID))


_HOW = ("is", "every", "empty")


def _check(schema: nw.Schema, asked: Request, id_: str) -> None:
    wanted = [id_, *_REQUIRED, *asked.evidence]
    problems = [
        unknown_name("consents", name, schema.names(), "column")
        for name in wanted
        if name not in schema
    ]
    if asked.brand is not None and "brand" not in schema:
        what = "is asked for, and the consent records have no such column"
        hint = "leave brand out where there is only one"
        problems.append(Problem("brand", what, hint))
    problems += day_problems(schema, _DAYS, "consents")
    if problems:
        raise InputError(problems)


def _read(consents: Frame, schema: nw.Schema, asked: Request, id_: str) -> Frame:
    """Return the cells that are looked at, as texts; records of nobody are left out."""
    # Where brands are not told apart, every record is of the one brand there is.
    brand = asked.brand or "-"
    likely = {
        "purpose": [asked.purpose],
        "channel": CHANNELS,
        "status": list(BY_FOLDED),
        "brand": [brand],
        "basis": [CONSENT],
    }
    absent = {"brand": brand, "basis": CONSENT}
    columns = [key_of(id_, schema[id_]).alias(KEY)]
    for name, words in likely.items():
        word = nw.lit(absent.get(name, ""))
        if name in schema:
            word = word_of(name, schema[name], likely=words)
        columns.append(word.alias(name))
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
    every = brand.is_in(EVERY) & nw.lit(asked.brand is not None)
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


def _relevant() -> nw.Expr:
    """Return whether a record may be about what is asked."""
    return reduce(and_, (_any(f"{name}_{how}" for how in _HOW) for name in _SCOPES))


def _open() -> nw.Expr:
    return _any(f"{name}_empty" for name in _SCOPES)


def _specific(asked: Request) -> nw.Expr:
    """Return whether a record names what is asked, so that its yes counts."""
    named = nw.col("brand_is")
    if asked.brand is None:
        named = named | nw.col("brand_empty")
    return nw.col("purpose_is") & nw.col("channel_is") & named


def _is_dated(asked: Request) -> nw.Expr:
    day = nw.col("captured_at")
    return (day != "") & (day <= asked.on)


def _is_fresh(asked: Request) -> nw.Expr:
    return nw.col("captured_at") >= nw.lit(asked.oldest or NEVER)


def _first(cases: Sequence[tuple[nw.Expr, str]]) -> nw.Expr:
    """Return the rank of the first answer whose case holds."""
    rank = nw.lit(RANK["no_record"])
    for condition, answer in reversed(cases):
        rank = nw.when(condition).then(nw.lit(RANK[answer])).otherwise(rank)
    return rank


def _rank(asked: Request) -> nw.Expr:
    """Return what one record says by itself, whatever the others are."""
    said, day = nw.col("said"), nw.col("captured_at")
    relevant, is_open = _relevant(), _open()
    mine = _specific(asked) & ~is_open
    yes = (said == GRANTED) & _specific(asked)
    future = (day > asked.on) | (nw.col("effective_from") > asked.on)
    against = [REFUSED] if asked.basis == INTEREST else [REFUSED, NONE, _LAPSED]
    known = (said == NOT_REFUSED) | (
        said.is_in([GRANTED, NONE, _LAPSED]) & _is_dated(asked)
    )
    cases = [
        (said == OBJECTED, "objected"),
        (said == UNKNOWN, "unknown_status"),
        (relevant & is_open & said.is_in(against), "unclear_scope"),
    ]
    if asked.basis == INTEREST:
        return _first([*cases, (relevant & ~is_open & known, INTEREST)])
    elsewhere = ~_any(f"brand_{how}" for how in _HOW)
    other = (said == GRANTED) & nw.col("purpose_is") & nw.col("channel_is") & elsewhere
    return _first(
        [
            *cases,
            (mine & (said == _LAPSED), "expired"),
            (mine & (said == NONE), "not_consent"),
            (yes & (day == ""), "undated"),
            (yes & ~_is_fresh(asked), "stale"),
            (yes & future, "not_yet"),
            (yes & ~nw.col("proven"), "unproven"),
            (yes & (nw.col("basis") != CONSENT), "no_basis"),
            (other, "wrong_brand"),
        ]
    )


def _days(asked: Request) -> Iterable[nw.Expr]:
    """Yield the series of a record and the day on which it says yes, no or neither.

    A series is one purpose, channel and brand, or every one of them. Within it a
    later record overrides an earlier one; what has no day overrides all of them.
    """
    breadth = (
        nw.when(nw.col("purpose_every")).then(nw.lit(4)).otherwise(nw.lit(0))
        + nw.when(nw.col("channel_every")).then(nw.lit(2)).otherwise(nw.lit(0))
        + nw.when(nw.col("brand_every")).then(nw.lit(1)).otherwise(nw.lit(0))
    )
    yield breadth.alias("series")
    brand = nw.when(nw.col("brand").is_in(EVERY)).then(nw.lit(EVERY[0]))
    # A brand that is asked for is told from the others by its breadth alone.
    whose = brand.otherwise(nw.col("brand")) if asked.brand is None else nw.lit("")
    yield whose.alias("whose")
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


def _standing(asked: Request) -> nw.Expr:
    """Return what the records of one series say; a tie of two of one day is a no."""
    yes, no, later = nw.col("yes"), nw.col("no"), nw.col("later")
    alone = nw.col(SAID)
    is_own = nw.col("series") == 0
    cases = [(alone == RANK[name], name) for name in ("objected", "unknown_status")]
    if asked.basis == CONSENT:
        tied = is_own & (yes != "") & ((no == yes) | (later == yes))
        cases.append((tied, "contradictory"))
    cases.append(((no != "") & (no >= yes), "opted_out"))
    cases.append((alone == RANK["unclear_scope"], "unclear_scope"))
    if asked.basis == CONSENT:
        if asked.brand is None:
            is_own = is_own & (nw.col("whose") != "")
        stands = is_own & (yes != "") & (yes > no) & (yes > later)
        cases.append((stands, CONSENT))
    found = alone + 0
    for condition, answer in reversed(cases):
        found = nw.when(condition).then(nw.lit(RANK[answer])).otherwise(found)
    return found


def _loose(asked: Request) -> Iterable[nw.Expr]:
    """Yield the day of a yes to no brand by name, and of what is said against any.

    Where no brand is asked for, such a yes counts if no brand has the last word.
    """
    is_own = nw.col("series") == 0
    no, later = nw.col("no"), nw.col("later")
    loose = is_own & (nw.col("whose") == "") & nw.lit(asked.brand is None)
    yield nw.when(loose).then(nw.col("yes")).otherwise(nw.lit("")).alias("loose")
    last = nw.when(no > later).then(no).otherwise(later)
    yield nw.when(is_own).then(last).otherwise(nw.lit("")).alias("against")
