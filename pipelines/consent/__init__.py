"""Consent: purpose x channel x time x brand, lawful basis and objection.

======================  ==========================================================
``contactable``         who may be contacted, and why or why not
``consent_summary``     how many, by reason
``REASONS``             what each reason means; ``SAID_NO`` those of a no
======================  ==========================================================

What is missing, stale, undated or contradictory is a no.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.consent.model import REASONS as REASONS
    from pipelines.consent.model import SAID_NO as SAID_NO
    from pipelines.consent.model import contactable as contactable
    from pipelines.consent.summary import ConsentSummary as ConsentSummary
    from pipelines.consent.summary import consent_summary as consent_summary

_HOME = {
    "REASONS": "model",
    "SAID_NO": "model",
    "ConsentSummary": "summary",
    "consent_summary": "summary",
    "contactable": "model",
}

__all__ = ["REASONS", "SAID_NO", "ConsentSummary", "consent_summary", "contactable"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
