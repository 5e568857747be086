"""Bands of numbers, and of ages at a date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown
from fairness.frames.texts import parse_day, parse_number
from fairness.groups.labels import MISSING, label_of

Kind = Literal["number", "date"]
# So many values tell whether a column holds numbers or dates.
_SAMPLE = 200
_OLDEST_YEAR, _LATEST_YEAR, _OLDEST_AGE = 1850, 2100, 150


@dataclass(frozen=True, slots=True)
class Bands:
    """Half-open bands between edges, with one below the first edge.

    Parameters
    ----------
    column : str
    edges : tuple of float
        Rising. Edges 18, 30, 45 make (-inf,18), [18,30), [30,45), [45,inf).

    Examples
    --------
    >>> bands = Bands("age", (18, 30))
    >>> bands.labels
    ('(-inf,18)', '[18,30)', '[30,inf)')
    >>> bands.codes([17, 18, 29.5, None, 64], kind="number").tolist()
    [0, 1, 1, -1, 2]
    """

    column: str
    edges: tuple[float, ...]

    @classmethod
    def of(cls, column: str, edges: Sequence[Any]) -> Bands:
        """Return bands from edges as a user gives them.

        Raises
        ------
        InputError
            No edges, an edge that is no number, edges that do not rise.
        """
        where = f"bands of {shown(column)}"
        try:
            # A text would be taken apart into its digits.
            listed = None if isinstance(edges, str | bytes) else edges
            numbers = tuple(float(edge) for edge in listed)  # type: ignore[union-attr]
        except (TypeError, ValueError):
            raise InputError(
                Problem(
                    where,
                    f"edges {shown(edges)} are not all numbers",
                    "write 18,30,45",
                )
            ) from None
        if not numbers or not all(math.isfinite(edge) for edge in numbers):
            raise InputError(Problem(where, "needs at least one finite edge"))
        if any(b <= a for a, b in pairwise(numbers)):
            raise InputError(
                Problem(where, f"edges {shown(list(edges))} do not rise", "sort them")
            )
        return cls(column, numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """One label a band, from the lowest to the highest."""
        marks = [f"{edge:.15g}" for edge in self.edges]
        inner = [f"[{a},{b})" for a, b in pairwise(marks)]
        return (f"(-inf,{marks[0]})", *inner, f"[{marks[-1]},inf)")

    def codes(
        self,
        values: Sequence[object],
        *,
        kind: Kind,
        as_of: date | None = None,
        missing: Sequence[str] = (),
    ) -> NDArray[np.int64]:
        """Return the band of each value, -1 where it is missing.

        Raises
        ------
        InputError
            A value that is no number (no date), or a date after `as_of`.
        """
        parsed, bad = _parse(values, kind, missing)
        if bad:
            raise InputError(self.unparsed(bad, kind))
        if kind == "date":
            if as_of is None:
                raise InputError(self.without_date())
            parsed = day_number(as_of) - parsed
            if np.any(parsed < 0):
                raise InputError(self.after(as_of))
            edges = [edge * 10_000 for edge in self.edges]
        else:
            edges = list(self.edges)
        return _place(parsed, edges)

    def number_codes(self, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the band of each number, -1 where it is NaN."""
        return _place(numbers, self.edges)

    def check_spread(
        self,
        used: Iterable[int],
        values: Sequence[object],
        missing: Sequence[str] = (),
    ) -> None:
        """Refuse ages as edges for a column of birth years.

        Parameters
        ----------
        used : iterable of int
            The bands that hold anybody; those that are none of them are missing.
        values : sequence
            Some values of the column.
        missing : sequence of str

        Raises
        ------
        InputError
            All lie beyond the last edge, and look like years.
        """
        last = len(self.edges)
        if {place for place in used if 0 <= place <= last} != {last}:
            return
        numbers, _ = _parse(values, "number", missing)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return
        years = numbers.min() >= _OLDEST_YEAR and numbers.max() <= _LATEST_YEAR
        if years and max(self.edges) < _OLDEST_AGE:
            born = [f"{numbers.max() + 1 - edge:.0f}" for edge in reversed(self.edges)]
            raise InputError(
                Problem(
                    f"bands of {shown(self.column)}",
                    f"the column holds years ({numbers.min():.0f} to "
                    f"{numbers.max():.0f}), and the edges look like ages",
                    f"give years of birth as edges, for example {self.column}="
                    + ",".join(born),
                )
            )

    def unparsed(self, values: Sequence[object], kind: Kind) -> Problem:
        """Return the problem of values that cannot be banded."""
        listed = ", ".join(shown(value) for value in values[:5])
        wanted = "numbers" if kind == "number" else "dates (YYYY-MM-DD)"
        return Problem(
            f"bands of {shown(self.column)}",
            f"the column has values that are not {wanted}: {listed}",
            "name what stands for a missing value with --missing (missing= in "
            "fa.scan), or write dates as YYYY-MM-DD",
        )

    def without_date(self) -> Problem:
        """Return the problem of a date column without a day to count ages at."""
        return Problem(
            f"bands of {shown(self.column)}",
            "a date is banded by age, which needs a day to be counted at",
            "give --as-of YYYY-MM-DD (as_of= in Python)",
        )

    def with_zone(self) -> Problem:
        """Return the problem of points in time that have a time zone."""
        return Problem(
            f"bands of {shown(self.column)}",
            "the column holds points in time with a time zone, whose day depends on "
            "where one stands",
            "cast it to a date before the audit",
        )

    def after(self, as_of: date) -> Problem:
        """Return the problem of dates that lie after the day of the audit."""
        return Problem(
            f"bands of {shown(self.column)}",
            f"the column has dates after {as_of.isoformat()}",
            f"correct them, or empty the cell so that the customer counts as {MISSING}",
        )


def _place(numbers: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    found = np.searchsorted(edges, numbers, side="right")
    return np.where(np.isnan(numbers), -1, found).astype(np.int64)


def kind_of(values: Sequence[object], missing: Sequence[str] = ()) -> Kind:
    """Return whether values are numbers or dates, going by the first of them.

    Examples
    --------
    >>> kind_of(["1987-05-04", "", None]), kind_of(["41", "7"])
    ('date', 'number')
    """
    seen = islice((v for v in values if label_of(v, missing) != MISSING), _SAMPLE)
    sample = list(seen)
    bad_numbers = _parse(sample, "number", missing)[1]
    if not bad_numbers:
        return "number"
    bad_dates = _parse(sample, "date", missing)[1]
    return "date" if len(bad_dates) < len(bad_numbers) else "number"


def day_number(day: date) -> int:
    """Return a number whose difference over 10,000 is the age in full years.

    Examples
    --------
    >>> (day_number(date(2026, 3, 1)) - day_number(date(2000, 3, 2))) // 10_000
    25
    """
    return day.year * 10_000 + day.month * 100 + day.day


def _parse(
    values: Sequence[object], kind: Kind, missing: Sequence[str]
) -> tuple[NDArray[np.float64], list[object]]:
    parsed = np.full(len(values), np.nan)
    bad = []
    for position, value in enumerate(values):
        if kind == "date" and type(value) is date and not missing:
            parsed[position] = day_number(value)
            continue
        if label_of(value, missing) == MISSING:
            continue
        number = parse_number(value) if kind == "number" else _day(value)
        if number is None:
            bad.append(value)
        else:
            parsed[position] = number
    return parsed, bad


def _day(value: object) -> float | None:
    day = parse_day(value)
    return None if day is None else float(day_number(day))
