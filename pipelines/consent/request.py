"""What a campaign asks of the consent records, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fairness.errors import InputError, Problem, shown, unknown_name
from pipelines.consent.cells import EVERY, iso
from pipelines.crm.statuses import folded

CONSENT = "consent"
INTEREST = "legitimate_interest"
BASES = (CONSENT, INTEREST)


@dataclass(frozen=True, slots=True)
class Request:
    """Who may be contacted for what, when and why; made by `request`.

    Parameters
    ----------
    purpose, channel : str
        Folded words.
    brand : str or None
        Folded; None where the campaign speaks for no brand of its own.
    on : str
        ISO day on which the campaign goes out.
    oldest : str or None
        ISO day; a consent captured before it is stale.
    basis : {"consent", "legitimate_interest"}
    evidence : tuple of str
        Columns of the records that a consent has to fill.
    """

    purpose: str
    channel: str
    brand: str | None
    on: str
    oldest: str | None
    basis: str
    evidence: tuple[str, ...]


def request(
    *,
    purpose: str,
    channel: str,
    brand: str | None,
    on: date,
    max_age_days: int | None,
    basis: str,
    reason: str,
    evidence: Sequence[str],
) -> Request:
    """Return a checked request.

    Raises
    ------
    InputError
        With every problem of the arguments.

    Examples
    --------
    >>> request(
    ...     purpose="Marketing", channel="e-mail", brand=None, on=date(2026, 11, 1),
    ...     max_age_days=365, basis="consent", reason="", evidence=(),
    ... ).oldest
    '2025-11-01'
    """
    problems = [
        problem
        for name, value in (("purpose", purpose), ("channel", channel))
        for problem in _word_problems(name, value)
    ]
    if brand is not None:
        problems += _word_problems("brand", brand)
    if not isinstance(on, date):
        problems.append(Problem("on", f"{shown(on)} is not a date"))
    problems += _age_problems(max_age_days)
    if basis not in BASES:
        problems.append(unknown_name("basis", str(basis), BASES, "lawful basis"))
    elif basis == INTEREST and not reason.strip():
        hint = "say which interest, and why it outweighs the customers' own"
        problems.append(Problem("reason", "legitimate interest needs a reason", hint))
    if isinstance(evidence, str):
        what = f"{shown(evidence)} is not a list of columns"
        problems.append(Problem("evidence", what, f"write [{shown(evidence)}]"))
    if problems:
        raise InputError(problems)
    day = on.date() if isinstance(on, datetime) else on
    oldest = None if max_age_days is None else _before(day, max_age_days)
    return Request(
        folded(purpose),
        folded(channel),
        None if brand is None else folded(brand),
        iso(day),
        oldest,
        basis,
        tuple(evidence),
    )


def _word_problems(name: str, value: object) -> list[Problem]:
    if not isinstance(value, str) or not folded(value):
        return [Problem(name, f"{shown(value)} names nothing")]
    if folded(value) in EVERY:
        what = f"{shown(value)} stands for every {name}; a campaign has one"
        return [Problem(name, what)]
    return []


def _age_problems(days: object) -> list[Problem]:
    is_count = isinstance(days, int) and not isinstance(days, bool) and days >= 0
    if days is None or is_count:
        return []
    what = f"{shown(days)} is not a number of days, 0 or more"
    return [Problem("max_age_days", what)]


def _before(day: date, days: int) -> str:
    try:
        return iso(day - timedelta(days=days))
    except OverflowError:
        return iso(date.min)
