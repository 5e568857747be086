"""The security audits that the ledger knows of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fairness.evidence.chain import Entry
from fairness.evidence.ledger import Ledger

KIND = "secure-check"


def record_secure_check(
    ledger: Ledger, facts: Mapping[str, Any], *, at: datetime | None = None
) -> Entry:
    """Write down that a security audit was made.

    Parameters
    ----------
    ledger : Ledger
    facts : mapping
        ``counts``, by severity, and what else is a count.
    at : datetime, optional
        Now where None.

    Raises
    ------
    InputError, RefusedError
        As `Ledger.append`.
    """
    return ledger.append(KIND, facts, at=at)


def last_secure_check(ledger_path: str | Path) -> tuple[date, int] | None:
    """Return when the last security audit was made and how many findings blocked.

    Parameters
    ----------
    ledger_path : str or Path

    Returns
    -------
    tuple of (date, int), or None
        None where the ledger knows of none, or there is no ledger.

    Raises
    ------
    RefusedError
        The ledger does not hold.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "ledger.jsonl")
    ...     day = datetime(2026, 11, 24, tzinfo=UTC)
    ...     _ = record_secure_check(ledger, {"counts": {"block": 2}}, at=day)
    ...     last_secure_check(ledger.path)
    (datetime.date(2026, 11, 24), 2)
    """
    ledger = Ledger(ledger_path)
    if not ledger.path.exists() and not ledger.head().seq:
        return None
    last = None
    for entry in ledger.entries():
        counts = entry.body.get("counts")
        found = counts.get("block") if isinstance(counts, dict) else None
        if entry.kind == KIND and type(found) is int:
            last = date.fromisoformat(entry.time[:10]), found
    return last
