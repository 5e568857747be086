"""Who may be contacted: one answer a customer, and no answer is a no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, unknown_name
from pipelines.consent.cells import (
    EVERY,
    FALSE,
    TRUE,
    Frame,
    flag,
    key_of,
    lazy_frame,
    word_of,
)
from pipelines.consent.records import ANSWERS, KEY, RANK, SAID, answers
from pipelines.consent.request import CONSENT, INTEREST, Request, request

FORGOTTEN = "forgotten"

REASONS = {
    CONSENT: "a consent to this purpose, channel and brand is in force",
    INTEREST: "no consent is needed, and the records know of no refusal",
    FORGOTTEN: "asked to be forgotten",
    "suppressed": "is on the suppression list",
    "not_allowed": "a flag of the customer's own says no",
    "flag_missing": "a flag, or a row of the suppression table, is empty or absent",
    "objected": "objected to direct marketing",
    "quarantined": "a record of theirs could not be read",
    "unknown_status": "the status of a record is empty or not known",
    "opted_out": "refused, for this or for everything",
    "contradictory": "a yes and a no, or no answer, of one day",
    "unclear_scope": "no yes, and a record does not say for what it counts",
    "expired": "the consent is past its end",
    "not_consent": "was asked or shown, and never said yes",
    "stale": "the consent is older than allowed",
    "not_yet": "the consent is captured or in force only later",
    "unproven": "the consent lacks what the policy asks as its proof",
    "no_basis": "the record rests on something else than consent",
    "undated": "nobody knows when the consent was given",
    "wrong_brand": "consented to another brand only",
    "no_record": "no record about this purpose and channel",
}
"""Every code of `why`, with what it means; the first two are a yes."""

SAID_NO = (FORGOTTEN, "suppressed", "not_allowed", "objected", "opted_out")
"""Codes of those who said no: their data are not used for marketing at all."""

_SUPPRESSED = "fairreach_suppressed"
_LISTED = "fairreach_listed"
_QUARANTINED = "fairreach_quarantined"
_ALLOWED = "fairreach_allowed"
_BLOCKED = "fairreach_blocked"
_CLEARED = "fairreach_cleared"
_VAGUE = "fairreach_vague"
_GONE = "fairreach_forgotten"


def contactable(
    customers: Any,
    consents: Any,
    *,
    purpose: str,
    channel: str,
    on: date,
    brand: str | None = None,
    max_age_days: int | None = None,
    basis: str = CONSENT,
    reason: str = "",
    evidence: Sequence[str] = (),
    allowed: Sequence[str] = (),
    suppression: Any = None,
    refused: Any = None,
    id: str = "customer_id",  # noqa: A002
) -> nw.LazyFrame[Any]:
    """Say of every customer whether they may be contacted, and why or why not.

    Parameters
    ----------
    customers : frame
        One row a customer. Of its columns only the id, those in `allowed` and, where
        there is one, `forgotten` are read.
    consents : frame
        One row a record: the id, purpose, channel, status, captured_at; where it has
        them also brand, basis, effective_from, effective_to, double_opt_in_at. Days
        are dates, datetimes without zone or ISO text.
    purpose, channel : str
        What the campaign is for, and how it goes out.
    on : date
        The day on which it goes out.
    brand : str, optional
        Whose campaign it is. Without it a yes to any brand is a yes, and a no to any
        brand that the same brand's own later yes does not lift is a no.
    max_age_days : int, optional
        A consent that was captured longer ago is stale. None sets no limit.
    basis : {"consent", "legitimate_interest"}
        Legitimate interest asks for a dated record, or an unticked box, that is no
        refusal: a customer of whom nothing is known has not had the chance to object.
    reason : str
        Which interest; needed for legitimate interest, and for the record only.
    evidence : sequence of str
        Columns of the records that a consent has to fill to count, such as
        double_opt_in_at or source. A day among them may not be after `on`.
    allowed : sequence of str
        Columns of the customers that have to say yes, such as email_ok.
    suppression : frame, optional
        A list of ids that may not be contacted. With a column `suppressed` it is a
        table of everybody, in which the customer has to be found and cleared.
    refused : frame, optional
        Records that could not be read: an id and, where it is known, the purpose.
        Each counts as a refusal on every channel and for every brand.
    id : str, default "customer_id"
        Column of the customer's id, in all of the frames.

    Returns
    -------
    narwhals.LazyFrame
        One row a customer: the id, `contactable` (boolean, never null) and `why` (a
        key of `REASONS`). Frames in memory give one on Arrow; else it is the engine's
        own, and nothing has been computed.

    Raises
    ------
    InputError
        Wrong arguments, missing columns, frames of different engines.

    Notes
    -----
    Within one purpose, channel and brand a later record overrides an earlier one, and
    of two of one day the least permissive holds. Only a record that names purpose,
    channel and brand says yes. A no that names every one of them ("all") beats every
    specific yes, and is lifted by a later yes of the same breadth only. A no in which
    one of them is empty is never lifted, nor is an objection or an unreadable status.
    A refusal counts whatever its date. A removed refusal cannot be noticed, nor can
    an emptied `effective_from` or `effective_to` (name it in `evidence` to notice).

    References
    ----------
    .. [1] Regulation (EU) 2016/679, Articles 4(11), 6, 7 and 21(2)-(3).
    .. [2] Salesforce, Consent API: the least permissive of conflicting settings.

    Examples
    --------
    >>> import pyarrow as pa
    >>> customers = pa.table({"customer_id": ["a", "b", "c"]})
    >>> consents = pa.table({
    ...     "customer_id": ["a", "b", "b"],
    ...     "purpose": ["marketing"] * 3,
    ...     "channel": ["email"] * 3,
    ...     "status": ["OptIn", "OptIn", "OptOut"],
    ...     "captured_at": ["2026-03-01", "2026-03-01", "2026-04-01"],
    ... })
    >>> found = contactable(
    ...     customers, consents, purpose="marketing", channel="email",
    ...     on=date(2026, 11, 1),
    ... )
    >>> found.sort("customer_id").collect("pyarrow")["why"].to_list()
    ['consent', 'opted_out', 'no_record']
    """
    asked = request(
        purpose=purpose,
        channel=channel,
        brand=brand,
        on=on,
        max_age_days=max_age_days,
        basis=basis,
        reason=reason,
        evidence=evidence,
    )
    frames = {"customers": customers, "consents": consents}
    frames |= {"suppression": suppression, "refused": refused}
    given = {n: lazy_frame(f, n) for n, f in frames.items() if f is not None}
    _check(given, allowed, id)
    people = _people(given["customers"], allowed, id)
    people = _joined(people, answers(given["consents"], asked, id=id))
    people = _with_suppression(people, given.get("suppression"), id)
    people = _with_refused(people, given.get("refused"), asked, id)
    return _decided(people, id)


def _check(given: dict[str, Frame], allowed: Sequence[str], id_: str) -> None:
    if isinstance(allowed, str):
        what = f"{allowed!r} is not a list of columns"
        raise InputError(Problem("allowed", what, f"write [{allowed!r}]"))
    problems = []
    for name, frame in given.items():
        columns = frame.collect_schema().names()
        wanted = [id_, *allowed] if name == "customers" else [id_]
        problems += [
            unknown_name(name, column, columns, "column")
            for column in wanted
            if column not in columns
        ]
    engines = {frame.implementation for frame in given.values()}
    if len(engines) > 1:
        listed = ", ".join(sorted(engine.value for engine in engines))
        hint = "open all of them with pipelines.crm.Crm, or hand over one kind"
        problems.append(Problem("tables", f"are of several engines: {listed}", hint))
    if problems:
        raise InputError(problems)


def _people(customers: Frame, allowed: Sequence[str], id_: str) -> Frame:
    """Return the ids, and what the customers' own flags say."""
    schema = customers.collect_schema()

    def count(columns: Iterable[str], words: Sequence[str]) -> nw.Expr:
        told = (flag(word_of(name, schema[name]).is_in(words)) for name in columns)
        return reduce(lambda one, other: one + other, told, nw.lit(0))

    has = [FORGOTTEN] if FORGOTTEN in schema else []
    return customers.select(
        nw.col(id_),
        key_of(id_, schema[id_]).alias(KEY),
        (count(allowed, TRUE) - len(allowed)).alias(_ALLOWED),
        count(allowed, FALSE).alias(_BLOCKED),
        count(has, TRUE).alias(_GONE),
        (count(has, FALSE) + count(has, TRUE) - len(has)).alias(_LISTED),
    )


def _joined(people: Frame, found: Frame) -> Frame:
    """Add what was found about the customers; 0 where nothing was."""
    added = [name for name in found.collect_schema().names() if name != KEY]
    # Some engines keep the key of the right frame, and some do not.
    joined = people.join(found, on=KEY, how="left")
    return joined.with_columns(*(nw.col(name).fill_null(0) for name in added))


def _with_suppression(people: Frame, listed: Frame | None, id_: str) -> Frame:
    if listed is None:
        return people.with_columns(
            nw.lit(0).alias(_SUPPRESSED), nw.lit(1).alias(_CLEARED)
        )
    schema = listed.collect_schema()
    key = key_of(id_, schema[id_]).alias(KEY)
    if "suppressed" not in schema:
        rows = listed.select(key, nw.lit(1).alias(_SUPPRESSED))
        found = _by_key(rows, [_SUPPRESSED])
        return _joined(people, found).with_columns(nw.lit(1).alias(_CLEARED))
    word = word_of("suppressed", schema["suppressed"])
    rows = listed.select(
        key,
        flag(word.is_in(TRUE)).alias(_SUPPRESSED),
        flag(~word.is_in((*TRUE, *FALSE))).alias(_VAGUE),
        nw.lit(1).alias(_CLEARED),
    )
    found = _by_key(rows, [_SUPPRESSED, _VAGUE, _CLEARED])
    return _joined(people, found).with_columns(
        (nw.col(_CLEARED) - nw.col(_VAGUE)).alias(_CLEARED)
    )


def _with_refused(
    people: Frame, refused: Frame | None, asked: Request, id_: str
) -> Frame:
    if refused is None:
        return people.with_columns(nw.lit(0).alias(_QUARANTINED))
    schema = refused.collect_schema()
    key = key_of(id_, schema[id_]).alias(KEY)
    concerned = nw.lit(1).alias(_QUARANTINED)
    if "purpose" in schema:
        word = word_of("purpose", schema["purpose"])
        concerned = flag(word.is_in([asked.purpose, "", *EVERY])).alias(_QUARANTINED)
    return _joined(people, _by_key(refused.select(key, concerned), [_QUARANTINED]))


def _by_key(rows: Frame, columns: Sequence[str]) -> Frame:
    return (
        rows.filter(~nw.col(KEY).is_null())
        .group_by(KEY)
        .agg(*(nw.col(name).max() for name in columns))
    )


def _decided(people: Frame, id_: str) -> Frame:
    """Return the first reason that applies, and whether it is a yes."""
    said = nw.col(SAID)
    chain = [
        (FORGOTTEN, nw.col(_GONE) > 0),
        ("suppressed", nw.col(_SUPPRESSED) > 0),
        ("not_allowed", nw.col(_BLOCKED) > 0),
        (
            "flag_missing",
            (nw.col(_ALLOWED) < 0) | (nw.col(_LISTED) < 0) | (nw.col(_CLEARED) < 1),
        ),
        ("objected", said == RANK["objected"]),
        ("quarantined", nw.col(_QUARANTINED) > 0),
        *((answer, said == RANK[answer]) for answer in reversed(ANSWERS[1:-1])),
    ]
    why = nw.lit("no_record")
    for code, applies in reversed(chain):
        why = nw.when(applies).then(nw.lit(code)).otherwise(why)
    return people.select(nw.col(id_), why.alias("why")).select(
        nw.col(id_),
        nw.col("why").is_in([CONSENT, INTEREST]).alias("contactable"),
        nw.col("why"),
    )
