"""How many customers may be contacted, and why the others may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from pipelines.consent.cells import lazy_frame
from pipelines.consent.model import REASONS
from pipelines.consent.request import BASES


@dataclass(frozen=True, slots=True)
class ConsentSummary:
    """Customers by the reason for which they may or may not be contacted.

    Parameters
    ----------
    by_why : mapping of str to int
        In the order of `REASONS`; reasons of nobody are left out.

    Examples
    --------
    >>> ConsentSummary({"consent": 3, "no_record": 1})
    3 of 4 customers may be contacted
    consent                     3  a consent to this purpose, channel and brand is i…
    no_record                   1  no record about this purpose and channel
    """

    by_why: Mapping[str, int]

    @property
    def customers(self) -> int:
        """Number of customers that were asked about."""
        return sum(self.by_why.values())

    @property
    def contactable(self) -> int:
        """Number of those who may be contacted."""
        return sum(self.by_why.get(basis, 0) for basis in BASES)

    def __repr__(self) -> str:
        head = f"{self.contactable:,} of {self.customers:,} customers may be contacted"
        lines = [
            f"{why:16} {n:>12,}  {_short(REASONS[why])}"
            for why, n in self.by_why.items()
        ]
        return "\n".join([head, *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON has them."""
        return {
            "customers": self.customers,
            "contactable": self.contactable,
            "by_why": dict(self.by_why),
        }


def consent_summary(found: Any) -> ConsentSummary:
    """Return the number of customers for each reason.

    Parameters
    ----------
    found : frame
        As `contactable` returns it; it is worked out here, and only counts come back.

    Returns
    -------
    ConsentSummary
    """
    counts = (
        lazy_frame(found, "contactable")
        .group_by("why")
        .agg(nw.len().alias("customers"))
        .collect("pyarrow")
        .to_dict(as_series=False)
    )
    by_why = dict(zip(counts["why"], counts["customers"], strict=True))
    return ConsentSummary({why: by_why[why] for why in REASONS if why in by_why})


def _short(text: str) -> str:
    most = 50
    return text if len(text) <= most else text[: most - 1] + "…"
