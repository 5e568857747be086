"""What looking at a released audience once more gave, in counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fairness import __version__
from pipelines.campaign.conduct.scene import many

RECHECKED_SCHEMA = "fairreach/recheck/1"
NOBODY = "no_customer"
"""In place of a reason: the id is that of no customer any more."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """Who of a released audience may still be contacted, in counts.

    Parameters
    ----------
    campaign : str
    on : date
        The day that consent has to hold on.
    rows : int
        Ids in the file.
    contactable : int or None
        Those who may be contacted; None where the others are too few to be told.
    reasons : mapping of str to int or None
        The others by reason, `NOBODY` for ids of no customer; None for fewer than 5.
    broken : tuple of str
        Rules that block and do not hold any more: id and message.
    """

    campaign: str
    on: date
    rows: int
    contactable: int | None
    reasons: Mapping[str, int | None]
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the audience may be sent as it is."""
        return not self.reasons and not self.broken

    def to_dict(self) -> dict[str, Any]:
        """Return everything in plain values, schema ``fairreach/recheck/1``."""
        return {
            "schema": RECHECKED_SCHEMA,
            **asdict(self),
            "on": self.on.isoformat(),
            "holds": self.holds,
            "version": __version__,
        }

    def text(self) -> str:
        """Return the result for a terminal.

        Examples
        --------
        >>> day = date(2026, 11, 1)
        >>> print(Rechecked("spring", day, 90, 81, {"opted_out": 9}, ()).text())
        spring: not to be sent on 2026-11-01
        81 of 90 customers may be contacted
          opted_out        9
        """
        verdict = "may be sent" if self.holds else "not to be sent"
        number = "some" if self.contactable is None else f"{self.contactable:,}"
        lines = [
            f"{self.campaign}: {verdict} on {self.on}",
            f"{number} of {many(self.rows)} may be contacted",
        ]
        lines += [
            f"  {why:<12} {'few' if n is None else f'{n:,}':>5}"
            for why, n in self.reasons.items()
        ]
        return "\n".join([*lines, *self.broken])
