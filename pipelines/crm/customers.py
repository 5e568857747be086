"""The customer table: what a CRM knows and a profile may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from pipelines.crm.draws import (
    Bools,
    Draws,
    Ints,
    Text,
    Uniform,
    along,
    digits,
    labelled,
    picked_by,
    scaled,
)
from pipelines.crm.places import CITIES, DISTRICTS
from pipelines.crm.population import AS_OF, Dates, Population

CHANNELS = ("app", "web", "store", "phone")
TENURES = ("<1y", "1-3y", "3-7y", "7y+")
LANGUAGES = ("en", "es", "zh", "hi", "pl", "no", "fr")

_YEAR = 365
_TENURE_YEARS = (0, 1, 3, 7, 22)
# Cumulative shares of TENURES by age band: the old have been customers for longer.
_TENURE_SHARES = (
    (0, 200, 540, 880, 1000),
    (0, 150, 420, 780, 1000),
    (0, 130, 370, 720, 1000),
    (0, 110, 320, 660, 1000),
)
# Share of app, web, store, phone by age band.
_CHANNEL_WEIGHTS = ((46, 36, 16, 2), (43, 37, 17, 3), (41, 31, 22, 6), (9, 21, 48, 22))
# Share of LANGUAGES by ethnicity, in the order of places.ETHNICITIES.
_LANGUAGE_WEIGHTS = (
    (955, 3, 0, 0, 28, 8, 6),
    (520, 478, 0, 0, 0, 0, 2),
    (955, 10, 0, 0, 0, 0, 35),
    (640, 0, 200, 160, 0, 0, 0),
    (940, 30, 10, 10, 0, 0, 10),
    (800, 20, 30, 30, 20, 10, 90),
)
_INCOME_SHARES = (0, 50, 250, 500, 750, 950, 1000)
_INCOMES = (9_000, 14_000, 23_000, 32_000, 46_000, 84_000, 165_000)
_INCOME_BY_AGE = (80, 104, 114, 90)
_INCOME_BY_ETHNICITY = (100, 84, 86, 102, 95, 95)
_LOW_INCOME, _MIDDLE_INCOME = 24_000, 42_000
# Per mille in arrears with a low, a middle and a high income.
_ARREARS = (160, 100, 60)
_ORDER_SHARES = (0, 190, 380, 620, 800, 930, 1000)
_ORDERS = (0, 1, 2, 5, 9, 18, 40)
_SCORE_BY_CHANNEL = (2_200, 1_500, 700, 300)
# Per mille with two cards or more, under and from sixty, by GENDERS: old men share
# a card, old women often live alone.
_SHARED_CARD = ((530, 350), (515, 630), (520, 500))
_OLD = 3
_VERY_OLD = 75
_MAIL_OLD = 70


@dataclass(frozen=True, slots=True)
class Customers:
    """One chunk of customers.csv, before it is written; rows as in `Population`.

    Parameters
    ----------
    customer_id, postcode, city, region, language : array of str
    signup : array of datetime64[D]
    tenure, channel : array of int
        Codes into `TENURES` and `CHANNELS`.
    income : array of int
        Estimated yearly income, -1 where unknown.
    spend : array of int
        Cents spent in the twelve months before the export.
    orders, household_cards, test_cell, score : array of int
        The score in ten-thousandths.
    email_ok, arrears, vulnerable : array of bool
    """

    customer_id: Text
    postcode: Text
    city: Text
    region: Text
    language: Text
    signup: Dates
    tenure: Ints
    income: Ints
    spend: Ints
    orders: Ints
    channel: Ints
    email_ok: Bools
    household_cards: Ints
    arrears: Bools
    vulnerable: Bools
    test_cell: Ints
    score: Ints

    def __len__(self) -> int:
        return len(self.customer_id)

    def table(self) -> dict[str, Text]:
        """Return the columns of customers.csv.

        Examples
        --------
        >>> from pipelines.crm.population import draw_population
        >>> people = draw_population(Draws(1, 0), 50)
        >>> table = draw_customers(Draws(1, 0), people).table()
        >>> table["tenure_band"][0].item(), table["spend_12m"][0].item()
        ('<1y', '107.70')
        """
        return {
            "customer_id": self.customer_id,
            "postcode": self.postcode,
            "city": self.city,
            "region": self.region,
            "language": self.language,
            "signup_date": self.signup.astype(np.str_),
            "tenure_band": labelled(self.tenure, TENURES),
            "est_income": np.where(self.income < 0, "", self.income.astype(np.str_)),
            "spend_12m": decimals(self.spend, 2),
            "orders_12m": self.orders.astype(np.str_),
            "channel_pref": labelled(self.channel, CHANNELS),
            "email_ok": np.where(self.email_ok, "true", "false"),
            "household_cards": self.household_cards.astype(np.str_),
            "arrears": np.where(self.arrears, "1", "0"),
            "vulnerable": np.where(self.vulnerable, "yes", "no"),
            "test_cell": self.test_cell.astype(np.str_),
            "score": decimals(self.score, 4),
        }


def draw_customers(draws: Draws, people: Population) -> Customers:
    """Draw what the CRM knows about the people of one chunk.

    Parameters
    ----------
    draws : Draws
    people : Population
        Drawn from the same streams.

    Examples
    --------
    >>> from pipelines.crm.population import draw_population
    >>> people = draw_population(Draws(1, 0), 50)
    >>> customers = draw_customers(Draws(1, 0), people)
    >>> len(customers), customers.test_cell.min() >= 0
    (50, np.True_)
    """
    rows = len(people)
    ethnicity, gender, band = people.recorded()
    even = draws.evenly("cells", [ethnicity, people.zone, gender, band])
    engagement = even.column(2)
    channel = picked_by(even.column(5), _CHANNEL_WEIGHTS, people.age_band)
    signup = _signup(even.column(7), people)
    income = _income(draws, people)
    arrears = scaled(even.column(17), 1000) < _by_income(income, _ARREARS)
    known = ~draws.chance("income missing", 80, rows)
    orders = _orders(draws, engagement)
    district = labelled(people.district, DISTRICTS)
    letter = np.array([list(CITIES).index(name[0]) for name in DISTRICTS])
    places = list(CITIES.values())
    frail = 30 + 80 * (people.age >= _VERY_OLD) + 90 * arrears
    no_mail = np.where(people.age >= _MAIL_OLD, 340, 60)
    return Customers(
        customer_id=people.customer_ids(),
        # A CRM keeps what a form once padded: the same district, two spellings.
        postcode=np.where(
            draws.chance("padded", 8, rows), np.strings.add(district, " "), district
        ),
        city=labelled(letter[people.district], [city for city, _ in places]),
        region=labelled(letter[people.district], [region for _, region in places]),
        language=labelled(
            picked_by(
                draws.uniform("language", rows), _LANGUAGE_WEIGHTS, people.ethnicity
            ),
            LANGUAGES,
        ),
        signup=signup,
        tenure=_tenure(signup),
        income=np.where(known, income, -1),
        spend=_spend(draws, orders, income),
        orders=orders,
        channel=channel,
        email_ok=~draws.chance("mail", no_mail, rows),
        household_cards=_cards(draws, even.column(13), people),
        arrears=arrears,
        vulnerable=draws.chance("vulnerable", frail, rows),
        test_cell=scaled(even.column(3), 100),
        score=_score(draws, engagement, channel),
    )


def joined(parts: Sequence[Customers]) -> Customers:
    """Return the chunks as one.

    Parameters
    ----------
    parts : sequence of Customers
        At least one.
    """
    return Customers(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Customers)
        }
    )


def decimals(values: Ints, places: int) -> Text:
    """Return whole numbers as text with a decimal point, exactly.

    Examples
    --------
    >>> decimals(np.array([5, -1234, 0]), 2).tolist()
    ['0.05', '-12.34', '0.00']
    """
    whole, part = np.divmod(np.abs(values), 10**places)
    text = np.strings.add(np.strings.add(digits(whole, 1), "."), digits(part, places))
    return np.where(values < 0, np.strings.add("-", text), text)


def _signup(uniform: Uniform, people: Population) -> Dates:
    days = np.zeros(len(people), dtype=np.int64)
    for band, shares in enumerate(_TENURE_SHARES):
        here = people.age_band == band
        years = [_YEAR * years for years in _TENURE_YEARS]
        days[here] = along(uniform[here], shares, years)
    sixteenth = (people.age - 16) * _YEAR
    tenure: Dates = AS_OF - np.minimum(days, sixteenth).astype("timedelta64[D]")
    return tenure


def _tenure(signup: Dates) -> Ints:
    days = (AS_OF - signup).astype(np.int64)
    edges = [_YEAR * years for years in _TENURE_YEARS[1:-1]]
    return np.searchsorted(edges, days, side="right").astype(np.int64)


def _income(draws: Draws, people: Population) -> Ints:
    base = along(draws.uniform("income", len(people)), _INCOME_SHARES, _INCOMES)
    age = np.asarray(_INCOME_BY_AGE)[people.age_band]
    ethnicity = np.asarray(_INCOME_BY_ETHNICITY)[people.ethnicity]
    return np.asarray(base * age * ethnicity // 1_000_000 * 100, dtype=np.int64)


def _by_income(income: Ints, values: Sequence[int]) -> Ints:
    level = np.searchsorted([_LOW_INCOME, _MIDDLE_INCOME], income, side="right")
    return np.asarray(values, dtype=np.int64)[level]


def _orders(draws: Draws, engagement: Uniform) -> Ints:
    base = along(engagement, _ORDER_SHARES, _ORDERS)
    return base + draws.below("orders", 2, len(base)) * (base > 1)


def _spend(draws: Draws, orders: Ints, income: Ints) -> Ints:
    basket = 500 + income // 10 + draws.below("basket", 1_000, len(orders))
    return np.asarray(orders * basket, dtype=np.int64)


def _cards(draws: Draws, uniform: Uniform, people: Population) -> Ints:
    shared = np.asarray(_SHARED_CARD)[
        people.gender, (people.age_band == _OLD).astype(np.int64)
    ]
    several = 2 + picked_by(
        draws.uniform("cards", len(people)), [(60, 25, 15)], np.zeros_like(shared)
    )
    return np.where(scaled(uniform, 1000) < shared, several, 1)


def _score(draws: Draws, engagement: Uniform, channel: Ints) -> Ints:
    points = (
        scaled(engagement, 4_800)
        + np.asarray(_SCORE_BY_CHANNEL)[channel]
        + draws.below("score", 3_000, len(channel))
    )
    # Squared: most customers are unlikely to answer, few are likely.
    return np.asarray(points * points // 10_001, dtype=np.int64)
