"""What reports say of the rules behind a verdict: outcome, source, and the digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label

# What a rule came to is the first of these among its findings.
_BY_WEIGHT = ("fail", "inconclusive", "waived", "pass", "not_measurable")
_IDLE = "not_applicable"


def outcome_of(verdicts: Iterable[str | None]) -> tuple[str, str]:
    """Return what a rule came to, and its findings' verdicts in numbers.

    Parameters
    ----------
    verdicts : iterable of str or None
        Of the rule's findings; without any it did not apply.

    Returns
    -------
    verdict : str
    told : str

    Examples
    --------
    >>> outcome_of(["pass", "fail", "pass", "not_measurable"])
    ('fail', '1 fail, 2 pass, 1 not measurable')
    >>> outcome_of(["pass"]), outcome_of([])
    (('pass', 'pass'), ('not_applicable', 'does not apply'))
    """
    counts = Counter(verdicts)
    found = [one for one in _BY_WEIGHT if counts[one]]
    if not found:
        return _IDLE, "does not apply"
    alone = counts.total() == 1
    told = [
        one.replace("_", " ") if alone else f"{counts[one]:,} {one.replace('_', ' ')}"
        for one in found
    ]
    return found[0], ", ".join(told)


def source_of(rule: Mapping[str, Any]) -> str:
    """Return where a rule comes from.

    Examples
    --------
    >>> source_of({"source": "29 CFR 1607", "locator": "4(D)"})
    '29 CFR 1607, 4(D)'
    """
    parts = (ascii_controls(str(rule[name])) for name in ("source", "locator"))
    return ", ".join(part for part in parts if part)


def status_of(rule: Mapping[str, Any]) -> str:
    """Return whether a rule's source is in force, and whether that was checked.

    Examples
    --------
    >>> status_of({"status": "in_force", "confirmed": False})
    'in force, not confirmed'
    """
    sure = "confirmed" if rule["confirmed"] else "not confirmed"
    return f"{str(rule['status']).replace('_', ' ')}, {sure}"


def digests_of(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the digests by which a report is held against its origin, with names."""
    told = [
        (
            f"policy {label(str(one['name']))} {label(str(one['version']))}",
            one["digest"],
        )
        for one in payload["policy"]
    ]
    told.append(("counts of the data", payload["data"]["fingerprint"]))
    campaign = payload.get("campaign", {})
    if "digest" in campaign:
        told.append((f"campaign {label(str(campaign['name']))}", campaign["digest"]))
    told += [
        (label(str(name)), digest)
        for name, digest in payload.get("evidence", {}).items()
        if digest is not None and name not in {"counts", "campaign"}
    ]
    return [(name, label(str(digest), 80)) for name, digest in told]
