"""Audit a directory: personal data and secrets in the open, what has run out.

====================  ==========================================================
``secure_check``      audit a directory; see `SecureReport`
``last_secure_check`` when it was done last, by the ledger, and what blocked
``words_in``          what names of columns say
====================  ==========================================================

Names are handed out lazily, so that ``import pipelines.security`` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.evidence.secure_record import last_secure_check as last_secure_check
    from pipelines.security.checking import secure_check as secure_check
    from pipelines.security.found import Finding as Finding
    from pipelines.security.found import SecureReport as SecureReport
    from pipelines.security.words import words_in as words_in

_HOME = {
    "Finding": "pipelines.security.found",
    "SecureReport": "pipelines.security.found",
    "last_secure_check": "fairness.evidence.secure_record",
    "secure_check": "pipelines.security.checking",
    "words_in": "pipelines.security.words",
}

__all__ = [  # noqa: PLE0604 - the same names as above
    *_HOME,
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
