"""Six audiences whose truth is known, because it was planted.

Each is a rule over customers.csv and nothing else: the rule in `Planted.rule` as SQL
and the function `members` give the same customers. No rule names a protected
attribute; where one is hit, it is hit through a postcode, a channel or the cards of a
household.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.crm.customers import CHANNELS, TENURES, Customers
from pipelines.crm.draws import Bools
from pipelines.crm.places import BLACK_DISTRICTS, HISPANIC_DISTRICTS

LOAN_DISTRICTS = HISPANIC_DISTRICTS[:3]
"""Where the payday loan is pushed."""

REGULAR_ORDERS = 2
SHARED_CARDS = 2
# Test cells an audience is drawn from, so that it holds about a tenth of the customers.
LOYALTY_CELLS = 16
SPRING_CELLS = 16
CASHBACK_CELLS = 34
FAMILY_CELLS = 40
LOAN_CELLS = 65
PILOT_CELL = 42


@dataclass(frozen=True, slots=True)
class Planted:
    """An audience of the sample and what is true of it.

    Parameters
    ----------
    name : str
        Name of the file in ``audiences/``.
    offer : {"beneficial", "burdensome"}
    rule : str
        SQL condition over the columns of customers.csv.
    members : callable
        The same condition on `Customers`.
    attribute, group : str
        Who is hit, as an audit names it; empty where nobody is.
    verdict : {"clear", "review", "block"}
        What the default policy of the offer has to say.
    low, high : str
        Decimal bounds of the group's ratio to the reference; empty where none.
    story : str
        How it came about.

    Examples
    --------
    >>> audience("spring_card").group
    'black'
    """

    name: str
    offer: str
    rule: str
    members: Callable[[Customers], Bools]
    attribute: str
    group: str
    verdict: str
    low: str
    high: str
    story: str


def _both(*conditions: Bools) -> Bools:
    met: Bools = np.logical_and.reduce(conditions)
    return met


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _loyalty_bonus(customers: Customers) -> Bools:
    return _both(
        customers.orders >= REGULAR_ORDERS, customers.test_cell < LOYALTY_CELLS
    )


def _spring_card(customers: Customers) -> Bools:
    return _both(
        ~customers.arrears,
        customers.orders >= 1,
        ~np.isin(customers.postcode, BLACK_DISTRICTS),
        customers.test_cell < SPRING_CELLS,
    )


def _app_cashback(customers: Customers) -> Bools:
    return _both(
        customers.channel == CHANNELS.index("app"),
        customers.tenure != TENURES.index("<1y"),
        customers.test_cell < CASHBACK_CELLS,
    )


def _family_upgrade(customers: Customers) -> Bools:
    return _both(
        customers.household_cards >= SHARED_CARDS, customers.test_cell < FAMILY_CELLS
    )


def _payday_loan(customers: Customers) -> Bools:
    pushed = customers.arrears | np.isin(customers.postcode, LOAN_DISTRICTS)
    return _both(pushed, customers.test_cell < LOAN_CELLS)


def _pilot_offer(customers: Customers) -> Bools:
    return _both(customers.test_cell == PILOT_CELL, customers.region == "Coast")


PLANTED = (
    Planted(
        name="loyalty_bonus",
        offer="beneficial",
        rule=f"orders_12m >= {REGULAR_ORDERS} AND test_cell < {LOYALTY_CELLS}",
        members=_loyalty_bonus,
        attribute="",
        group="",
        verdict="clear",
        low="",
        high="",
        story="A lottery among those who order: nobody is hit.",
    ),
    Planted(
        name="spring_card",
        offer="beneficial",
        rule=(
            "arrears = 0 AND orders_12m >= 1 AND "
            f"postcode NOT IN ({_listed(BLACK_DISTRICTS)}) "
            f"AND test_cell < {SPRING_CELLS}"
        ),
        members=_spring_card,
        attribute="ethnicity",
        group="black",
        verdict="block",
        low="0.45",
        high="0.60",
        story="Eight postcodes are left out; most of their residents are black.",
    ),
    Planted(
        name="app_cashback",
        offer="beneficial",
        rule=(
            "channel_pref = 'app' AND tenure_band <> '<1y' "
            f"AND test_cell < {CASHBACK_CELLS}"
        ),
        members=_app_cashback,
        attribute="birth_date",
        group="[60,inf)",
        verdict="block",
        low="0.10",
        high="0.40",
        story="For app users of a year or more; few customers over sixty use the app.",
    ),
    Planted(
        name="family_upgrade",
        offer="beneficial",
        rule=f"household_cards >= {SHARED_CARDS} AND test_cell < {FAMILY_CELLS}",
        members=_family_upgrade,
        attribute="gender&birth_date",
        group="f&[60,inf)",
        verdict="block",
        low="0.45",
        high="0.60",
        story=(
            "For households with two cards, which few older women and many older "
            "men have: women as a whole and the old as a whole pass."
        ),
    ),
    Planted(
        name="payday_loan",
        offer="burdensome",
        rule=(
            f"(arrears = 1 OR postcode IN ({_listed(LOAN_DISTRICTS)})) "
            f"AND test_cell < {LOAN_CELLS}"
        ),
        members=_payday_loan,
        attribute="ethnicity",
        group="hispanic",
        verdict="block",
        low="1.70",
        high="3.50",
        story="Pushed at debtors and at three postcodes, most residents hispanic.",
    ),
    Planted(
        name="pilot_offer",
        offer="beneficial",
        rule=f"test_cell = {PILOT_CELL} AND region = 'Coast'",
        members=_pilot_offer,
        attribute="",
        group="",
        verdict="review",
        low="",
        high="",
        story="About sixty people: too few to tell.",
    ),
)
"""The audiences, in the order of the documentation."""


def audience(name: str) -> Planted:
    """Return the planted audience of this name.

    Parameters
    ----------
    name : str

    Raises
    ------
    KeyError
        There is no audience of this name.
    """
    return {planted.name: planted for planted in PLANTED}[name]


def truth_toml(sizes: dict[str, int]) -> str:
    """Return the planted truths as TOML, for tests and for the reader.

    Parameters
    ----------
    sizes : dict of str to int
        Customers in each audience.

    Examples
    --------
    >>> import tomllib
    >>> tomllib.loads(truth_toml({"spring_card": 1234}))["spring_card"]["verdict"]
    'block'
    """
    blocks = []
    for planted in PLANTED:
        if planted.name not in sizes:
            continue
        texts = {
            "offer": planted.offer,
            "rule": planted.rule,
            "attribute": planted.attribute,
            "group": planted.group,
            "verdict": planted.verdict,
            "ratio_at_least": planted.low,
            "ratio_at_most": planted.high,
            "story": planted.story,
        }
        # A JSON string is a TOML basic string.
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in texts.items()
            if value
        ]
        lines.insert(1, f"customers = {sizes[planted.name]}")
        blocks.append("\n".join([f"[{planted.name}]", *lines]))
    return "\n\n".join(blocks) + "\n"
