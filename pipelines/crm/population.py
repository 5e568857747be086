"""The customers of the sample and their protected attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.crm.draws import (
    Bools,
    Draws,
    Ints,
    Text,
    along,
    digits,
    labelled,
    picked,
    picked_by,
)
from pipelines.crm.places import DISTRICTS, ETHNICITIES, district_weights, zone_of

Dates = NDArray[np.datetime64]

AS_OF = np.datetime64("2026-11-01", "D")
"""The day of the export; ages and tenures are counted to it."""

CHUNK = 4_000
"""Customers of one chunk: within it groups are filled evenly."""

GENDERS = ("f", "m", "x")
AGE_EDGES = (18, 30, 45, 60)

_ETHNICITY_WEIGHTS = (520, 165, 140, 100, 42, 33)
_GENDER_WEIGHTS = (512, 480, 8)
_AGE_SHARES = (0, 220, 510, 760, 920, 985, 1000)
_AGE_YEARS = (18, 30, 45, 60, 75, 86, 96)


@dataclass(frozen=True, slots=True)
class Population:
    """One chunk of people, as they are and as the protected table records them.

    Parameters
    ----------
    number : array of int
        Customer number, from 1.
    birth : array of datetime64[D]
    age : array of int
        Completed years at `AS_OF`.
    gender, ethnicity, district : array of int
        Codes into `GENDERS`, `places.ETHNICITIES` and `places.DISTRICTS`.
    gender_known, ethnicity_known, birth_known : array of bool
        Whether the protected table has the value.
    listed : array of bool
        Whether the protected table has a row for the customer at all.
    """

    number: Ints
    birth: Dates
    age: Ints
    gender: Ints
    ethnicity: Ints
    district: Ints
    gender_known: Bools
    ethnicity_known: Bools
    birth_known: Bools
    listed: Bools

    def __len__(self) -> int:
        return len(self.number)

    @property
    def age_band(self) -> Ints:
        """Number of the age band, 0 to 3, by `AGE_EDGES`."""
        return np.searchsorted(AGE_EDGES, self.age, side="right").astype(np.int64) - 1

    @property
    def zone(self) -> Ints:
        """Kind of the district, see `places.zone_of`."""
        return np.array([zone_of(name) for name in DISTRICTS])[self.district]

    def recorded(self) -> tuple[Ints, Ints, Ints]:
        """Return ethnicity, gender and age band as an audit sees them, -1 if missing.

        Examples
        --------
        >>> people = draw_population(Draws(1, 0), 100)
        >>> [int(codes.max()) for codes in people.recorded()]
        [5, 1, 3]
        """
        return (
            np.where(self.ethnicity_known & self.listed, self.ethnicity, -1),
            np.where(self.gender_known & self.listed, self.gender, -1),
            np.where(self.birth_known & self.listed, self.age_band, -1),
        )

    def customer_ids(self) -> Text:
        """Return the customer ids as they are written: C and seven digits."""
        return np.strings.add("C", digits(self.number, 7))

    def protected_table(self) -> dict[str, Text]:
        """Return the columns of protected.csv.

        Examples
        --------
        >>> table = draw_population(Draws(1, 0), 3).protected_table()
        >>> list(table), table["customer_id"][0].item()
        (['customer_id', 'birth_date', 'gender', 'ethnicity'], 'C0000001')
        """
        columns = {
            "customer_id": self.customer_ids(),
            "birth_date": np.where(self.birth_known, self.birth.astype(np.str_), ""),
            "gender": np.where(self.gender_known, labelled(self.gender, GENDERS), ""),
            "ethnicity": np.where(
                self.ethnicity_known, labelled(self.ethnicity, ETHNICITIES), ""
            ),
        }
        return {name: values[self.listed] for name, values in columns.items()}


def draw_population(draws: Draws, rows: int) -> Population:
    """Draw the people of one chunk.

    Parameters
    ----------
    draws : Draws
        The streams of the chunk; its number also numbers the customers.
    rows : int
        At most `CHUNK`.

    Examples
    --------
    >>> people = draw_population(Draws(1, 2), 5)
    >>> people.customer_ids()[:2].tolist()
    ['C0008001', 'C0008002']
    """
    years = along(draws.uniform("age", rows), _AGE_SHARES, [y * 4 for y in _AGE_YEARS])
    # Quarter years to days, and two days more: nobody is a day short of eighteen.
    days = years * 1461 // 16 + draws.below("birthday", 90, rows) + 2
    birth = AS_OF - days.astype("timedelta64[D]")
    ethnicity = picked(draws.uniform("ethnicity", rows), _ETHNICITY_WEIGHTS)
    return Population(
        number=draws.chunk * CHUNK + np.arange(1, rows + 1),
        birth=birth,
        age=completed_years(birth, AS_OF),
        gender=picked(draws.uniform("gender", rows), _GENDER_WEIGHTS),
        ethnicity=ethnicity,
        district=picked_by(
            draws.uniform("district", rows),
            [district_weights(name) for name in ETHNICITIES],
            ethnicity,
        ),
        gender_known=~draws.chance("gender missing", 15, rows),
        ethnicity_known=~draws.chance("ethnicity missing", 30, rows),
        birth_known=~draws.chance("birth missing", 4, rows),
        listed=~draws.chance("row missing", 3, rows),
    )


def completed_years(birth: Dates, day: np.datetime64) -> Ints:
    """Return ages in completed years on a day.

    Examples
    --------
    >>> born = np.array(["2000-11-01", "2000-11-02"], dtype="datetime64[D]")
    >>> completed_years(born, np.datetime64("2026-11-01")).tolist()
    [26, 25]
    """
    months = (day.astype("datetime64[M]") - birth.astype("datetime64[M]")).astype(int)
    of_month = (birth - birth.astype("datetime64[M]").astype("datetime64[D]")).astype(
        int
    )
    today = (day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    return np.asarray((months - (of_month > today)) // 12, dtype=np.int64)
