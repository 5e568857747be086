"""What customers did and allowed: transactions, consents, contacts, responses.

The first three tables are as dirty as exports are, at small known rates; nothing here
is repaired. Each function draws one table of one chunk.
"""

from __future__ import annotations

import numpy as np

from pipelines.crm.customers import CHANNELS, Customers, decimals
from pipelines.crm.draws import (
    Bools,
    Draws,
    Ints,
    Text,
    along,
    digits,
    labelled,
    picked_by,
)
from pipelines.crm.files import Table
from pipelines.crm.population import AS_OF, Dates, Population

STATUSES = ("OptIn", "OptOut", "Seen", "NotSeen")
CATEGORIES = ("grocery", "home", "fashion", "electronics", "travel")
CAMPAIGNS = ("autumn_news", "club_points", "winter_preview")
PAST_CAMPAIGN = "winter_2025"

_STATUS_WEIGHTS = (80, 8, 5, 7)
_CONSENT_CHANNELS = ("email", "sms", "phone", "post")
_SOURCES = ("web form", "store", "call centre", "import")
_PURPOSES = ("marketing", "profiling")
_BRANDS = ("Nordia", "Calla")
_HEAVY_CONTACTS = 9
# At most so many sampled transactions for 0, 1-3, 4-8, 9 and more orders.
_ORDER_EDGES = (1, 4, 9)
_MOST_ROWS = (0, 2, 4, 6)
_AMOUNT_SHARES = (0, 300, 700, 950, 1000)
_AMOUNTS = (300, 1_800, 6_500, 20_000, 90_000)
# Mean discount in tenths of a per cent by channel: app, web, store, phone.
_DISCOUNT = (120, 118, 96, 92)


def draw_transactions(draws: Draws, customers: Customers) -> Table:
    """Draw a sample of the last year's transactions, 1.5 a customer.

    Parameters
    ----------
    draws : Draws
    customers : Customers
        Those with more orders have more rows; returns are negative amounts.

    Examples
    --------
    >>> from pipelines.crm.customers import draw_customers
    >>> from pipelines.crm.population import draw_population
    >>> people = draw_population(Draws(1, 0), 40)
    >>> table = draw_transactions(Draws(1, 0), draw_customers(Draws(1, 0), people))
    >>> list(table)
    ['customer_id', 'date', 'amount', 'channel', 'category']
    """
    most = np.asarray(_MOST_ROWS)[
        np.searchsorted(_ORDER_EDGES, customers.orders, side="right")
    ]
    times = _below_each(draws, "transactions", most + 1)
    row = np.repeat(np.arange(len(customers)), times)
    rows = len(row)
    cents = along(draws.uniform("amount", rows), _AMOUNT_SHARES, _AMOUNTS)
    back = draws.chance("return", 12, rows)
    usual = draws.chance("usual channel", 750, rows)
    other = draws.below("other channel", len(CHANNELS), rows)
    channel = labelled(np.where(usual, customers.channel[row], other), CHANNELS)
    category = labelled(draws.below("category", len(CATEGORIES), rows), CATEGORIES)
    shouted = draws.chance("upper", 6, rows)
    padded = draws.chance("padded category", 6, rows)
    blank = draws.chance("blank date", 4, rows)
    return {
        "customer_id": _with_strangers(draws, "transaction", customers, row),
        "date": _written(_days_before(draws, "transaction", rows, 365), blank),
        "amount": decimals(np.where(back, -cents, cents), 2),
        "channel": np.where(shouted, np.strings.upper(channel), channel),
        "category": np.where(padded, np.strings.add(category, "  "), category),
    }


def draw_consents(draws: Draws, people: Population, customers: Customers) -> Table:
    """Draw consent records by purpose, channel and brand, in export order.

    Nearly every customer has a record for marketing by e-mail; its status is spread
    evenly over the protected groups. Some have later withdrawals, and some a second
    record of the same day that contradicts the first.

    Parameters
    ----------
    draws : Draws
    people : Population
    customers : Customers
    """
    rows = len(customers)
    everyone = np.arange(rows)
    even = draws.evenly("consent", list(people.recorded()))
    mail = everyone[~draws.chance("no record", 40, rows)]
    more = everyone[draws.chance("second channel", 280, rows)]
    profiling = everyone[draws.chance("profiling", 150, rows)]
    kinds = (
        (mail, np.zeros_like(mail), np.zeros_like(mail)),
        (more, np.zeros_like(more), 1 + draws.below("channel", 3, len(more))),
        (profiling, np.ones_like(profiling), np.zeros_like(profiling)),
    )
    row, purpose, channel = (
        np.concatenate(parts) for parts in zip(*kinds, strict=True)
    )
    uniform = draws.uniform("status", len(row))
    uniform[: len(mail)] = even.column(2)[mail]
    status = picked_by(uniform, [_STATUS_WEIGHTS], np.zeros_like(row))
    tenure = (AS_OF - customers.signup).astype(np.int64)
    age = np.minimum(tenure[row], draws.below("captured", 1_500, len(row)))
    brand = draws.chance("other brand", 60, len(row)).astype(np.int64)

    withdrawn = np.flatnonzero((status == 0) & draws.chance("withdrawn", 25, len(row)))
    twice = np.flatnonzero(draws.chance("contradicted", 15, len(row)))
    again = np.concatenate([np.arange(len(row)), withdrawn, twice])
    status = np.concatenate(
        [status, np.ones_like(withdrawn), np.where(status[twice] == 0, 1, 0)]
    )
    age = np.concatenate([age, age[withdrawn] // 2, age[twice]])
    order = np.lexsort(
        (np.arange(len(again)), channel[again], purpose[again], row[again])
    )
    again, status, age = again[order], status[order], age[order]
    captured: Dates = AS_OF - age.astype("timedelta64[D]")
    total = len(again)
    return {
        "customer_id": _with_strangers(draws, "consent", customers, row[again]),
        "purpose": labelled(purpose[again], _PURPOSES),
        "channel": labelled(channel[again], _CONSENT_CHANNELS),
        "status": _miswritten(draws, labelled(status, STATUSES)),
        "captured_at": _written(captured, draws.chance("blank capture", 6, total)),
        "source": labelled(draws.below("source", len(_SOURCES), total), _SOURCES),
        "brand": labelled(brand[again], _BRANDS),
    }


def draw_contacts(draws: Draws, customers: Customers) -> Table:
    """Draw the contact history of the last thirty days.

    A small share of customers was contacted nine times or more; among the vulnerable
    that share is three times as high.

    Parameters
    ----------
    draws : Draws
    customers : Customers
    """
    heavy = draws.chance(
        "heavy", np.where(customers.vulnerable, 60, 20), len(customers)
    )
    usual = picked_by(
        draws.uniform("contacts", len(customers)),
        [(500, 300, 130, 70)],
        np.zeros(len(customers), dtype=np.int64),
    )
    extra = draws.below("heavy contacts", 4, len(customers))
    row = np.repeat(
        np.arange(len(customers)), np.where(heavy, _HEAVY_CONTACTS + extra, usual)
    )
    rows = len(row)
    channel = draws.below("contact channel", len(_CONSENT_CHANNELS), rows)
    campaign = labelled(draws.below("campaign", len(CAMPAIGNS), rows), CAMPAIGNS)
    padded = draws.chance("padded campaign", 5, rows)
    return {
        "customer_id": _with_strangers(draws, "contact", customers, row),
        "date": _written(
            _days_before(draws, "contact", rows, 30), draws.chance("undated", 4, rows)
        ),
        "channel": labelled(channel, _CONSENT_CHANNELS),
        "campaign": np.where(padded, np.strings.add(campaign, " "), campaign),
    }


def draw_responses(draws: Draws, customers: Customers) -> Table:
    """Draw who was contacted by last winter's campaign, and who answered.

    The answer follows the score. The discount offered follows the channel, and thereby
    age: customers aged 60 and over were offered less. Clean, one row a customer.

    Parameters
    ----------
    draws : Draws
    customers : Customers
    """
    old_enough = customers.signup < AS_OF - np.timedelta64(365, "D")
    row = np.flatnonzero(draws.chance("contacted", 300, len(customers)) & old_enough)
    likely = 20 + customers.score[row] * 400 // 10_000
    # The sum of three draws is bell-shaped enough for a discount.
    noise = sum(
        (draws.below(f"discount {i}", 51, len(row)) for i in range(3)),
        start=np.zeros(len(row), dtype=np.int64),
    )
    tenths = np.asarray(_DISCOUNT)[customers.channel[row]] + noise - 75
    answered = draws.chance("responded", likely, len(row))
    return {
        "customer_id": customers.customer_id[row],
        "campaign": np.full(len(row), PAST_CAMPAIGN),
        "contacted": np.full(len(row), "1"),
        "responded": np.where(answered, "1", "0"),
        "offered_value": decimals(tenths // 5 * 5, 1),
    }


def _below_each(draws: Draws, name: str, bound: Ints) -> Ints:
    uniform = draws.uniform(name, len(bound)).astype(np.int64)
    return np.asarray((uniform * bound) >> 32, dtype=np.int64)


def _days_before(draws: Draws, name: str, rows: int, days: int) -> Dates:
    back = 1 + draws.below(f"{name} date", days, rows)
    before: Dates = AS_OF - back.astype("timedelta64[D]")
    return before


def _written(dates: Dates, blank: Bools) -> Text:
    return np.where(blank, "", dates.astype(np.str_))


def _with_strangers(draws: Draws, name: str, customers: Customers, row: Ints) -> Text:
    """Return the ids of the rows, a few of them unknown or padded."""
    ids = customers.customer_id[row]
    foreign = draws.below(f"{name} stranger", 100_000, len(row))
    strangers = np.strings.add("C9", digits(foreign, 6))
    ids = np.where(draws.chance(f"{name} unknown", 3, len(row)), strangers, ids)
    padded = draws.chance(f"{name} padded id", 2, len(row))
    return np.where(padded, np.strings.add(ids, " "), ids)


def _miswritten(draws: Draws, status: Text) -> Text:
    lower = draws.chance("lower status", 15, len(status))
    upper = draws.chance("upper status", 10, len(status))
    padded = draws.chance("padded status", 5, len(status))
    status = np.where(lower, np.strings.lower(status), status)
    status = np.where(upper, np.strings.upper(status), status)
    return np.where(padded, np.strings.add(status, " "), status)
