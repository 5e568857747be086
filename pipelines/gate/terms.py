"""By what an audience is judged before it is handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict

from fairness.errors import InputError, Problem, shown

if TYPE_CHECKING:
    from fairness.auditing import Offer
    from fairness.policy import Policy

FailOn = Literal["review", "block"]
FAIL_ON: tuple[FailOn, ...] = ("review", "block")


class TermSettings(TypedDict, total=False):
    """The fields of `Terms`, as keywords of a decorator."""

    by: Required[str | Sequence[str]]
    id: str | None
    policies: str | Path | Policy | Sequence[str | Path | Policy] | None
    bands: Mapping[str, Sequence[float | str]] | None
    as_of: str | date | None
    intersections: int
    offer: Offer | None
    reference: str | None
    min_expected: float
    confidence: float
    use: Mapping[str, str]
    fail_on: FailOn


@dataclass(frozen=True)
class Terms:
    """By what an audience is judged.

    Parameters
    ----------
    by : str or sequence of str
        Protected attributes: columns of the protected table.
    id : str, optional
        Column of the customer id, in the protected table and in the customers.
        Without it the protected table is aligned with the customers, row by row.
    policies : pack name, path, Policy, or a sequence of these; optional
        The packs that fit the offer by default.
    bands, as_of, intersections, offer, reference, min_expected, confidence
        As in `fairness.audit`.
    use : mapping of str to str, optional
        Protected columns that the profile reads, each with the reason why.
    fail_on : {"review", "block"}
        "block" lets a review pass, but never where an attribute could not be compared.

    Raises
    ------
    InputError
        With every problem found.

    Examples
    --------
    >>> Terms(by="gender", use={"age": " "})
    Traceback (most recent call last):
    fairness.errors.InputError: use: 'age' has no reason
      Hint: write use={'age': 'why'}
    """

    by: str | Sequence[str]
    id: str | None = None
    policies: str | Path | Policy | Sequence[str | Path | Policy] | None = None
    bands: Mapping[str, Sequence[float | str]] | None = None
    as_of: str | date | None = None
    intersections: int = 1
    offer: Offer | None = None
    reference: str | None = None
    min_expected: float = 20
    confidence: float = 0.95
    use: Mapping[str, str] = field(default_factory=dict)
    fail_on: FailOn = "review"

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise InputError(problems)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a report says of the protected columns that are used."""
        return tuple(
            f"the profile uses {shown(name)}: {why}" for name, why in self.use.items()
        )

    def settings(self) -> dict[str, Any]:
        """Return what `fairness.audit` is told beside the data."""
        return {
            "intersections": self.intersections,
            "offer": self.offer,
            "reference": self.reference,
            "min_expected": self.min_expected,
            "confidence": self.confidence,
        }


def _problems(terms: Terms) -> Iterator[Problem]:
    if terms.fail_on not in FAIL_ON:
        what = f"{shown(terms.fail_on)} is neither 'review' nor 'block'"
        yield Problem("fail_on", what)
    names = [terms.by] if isinstance(terms.by, str) else terms.by
    listed = isinstance(names, Sequence) and all(isinstance(x, str) for x in names)
    if not listed or not names:
        what = f"{shown(terms.by)} is not a list of columns"
        yield Problem("by", what, 'write by=["gender"]')
    if terms.id is not None and not isinstance(terms.id, str):
        yield Problem("id", f"{shown(terms.id)} is not the name of a column")
    if not isinstance(terms.use, Mapping):
        what = f"{shown(terms.use)} is not a table of columns and reasons"
        yield Problem("use", what, "write use={'age': 'why'}")
        return
    for name, why in terms.use.items():
        if not isinstance(why, str) or not why.strip():
            hint = f"write use={{{shown(name)}: 'why'}}"
            yield Problem("use", f"{shown(name)} has no reason", hint)
