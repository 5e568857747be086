"""The consent statuses of the CRMs, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GRANTED = "granted"
REFUSED = "refused"
OBJECTED = "objected"
NOT_REFUSED = "not_refused"
NONE = "none"
UNKNOWN = "unknown"

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "OptIn": GRANTED,
        "OptOut": REFUSED,
        "Seen": NONE,
        "NotSeen": NONE,
        "SUBSCRIBED": GRANTED,
        "UNSUBSCRIBED": REFUSED,
        "NOT_SPECIFIED": NONE,
        "Objected": OBJECTED,
        "NotOptedOut": NOT_REFUSED,
        "true": GRANTED,
        "false": REFUSED,
    }
)
"""Status as a CRM spells it, and what it says.

``granted`` is a yes and ``refused`` a no. ``objected`` is the right to object to direct
marketing: no later opt-in for one channel or brand lifts it. ``none`` was asked or
shown, and never answered. ``not_refused`` is a box that would say no and is not ticked:
it is no consent, and takes none away. Every other text is ``unknown``.
"""


def folded(text: str) -> str:
    """Return a word without case, spaces, hyphens and underscores.

    Examples
    --------
    >>> folded(" Opt-In"), folded("NOT_SPECIFIED")
    ('optin', 'notspecified')
    """
    return "".join(text.split()).replace("_", "").replace("-", "").lower()


BY_FOLDED: Mapping[str, str] = MappingProxyType(
    {folded(spelling): said for spelling, said in STATUSES.items()}
)
"""What a status says, by its folded spelling."""
