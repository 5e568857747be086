"""Campaigns in which a harm of the catalogue appears, and in which it is gone.

Without a random generator the counts are the catalogue's own, and every other column is
spread evenly; with one, selections, values and columns are drawn about them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

# Multiples of these fill the unit interval evenly, each unlike the others.
STEPS = (2**0.5, 3**0.5, 5**0.5, 7**0.5, 11**0.5)
REGIONS = ("north", "south", "west")
REGION_SHARES = (0.40, 0.75)


@dataclass(frozen=True)
class Campaign:
    """Customers, and how an audit is to look at them."""

    frame: pd.DataFrame
    options: dict[str, Any]


@dataclass(frozen=True)
class Culprit:
    """What a finding has to name: any of the rules, and all of the rest."""

    rules: tuple[str, ...]
    attribute: str
    group: str
    column: str | None = None
    stratum: str | None = None


Make = Callable[[float, np.random.Generator | None], Campaign]


@dataclass(frozen=True)
class Harm:
    """A harm that appears, one that is gone, and the rules that look for it.

    ``sizes`` are multiples of the catalogue's counts at which four standard errors lie
    between the mark and both effects, in the smallest cell that a rule looks at.
    """

    appears: Make
    gone: Make
    culprit: Culprit
    packs: tuple[str, ...]
    sizes: tuple[float, float, float] = (3.6, 4.4, 5.7)


class Population:
    """Rows from cells of labels, customers and selection rates."""

    def __init__(self, scale, rng):
        self.scale = scale
        self.rng = rng
        self.frame = pd.DataFrame()

    def fill(self, *cells):
        """Add customers: each cell is (labels, customers at scale 1, rate)."""
        parts = []
        for labels, customers, rate in cells:
            n = round(customers * self.scale)
            hits = round(n * rate) if self.rng is None else self.rng.binomial(n, rate)
            part = pd.DataFrame(labels, index=range(n))
            parts.append(part.assign(selected=(np.arange(n) < hits).astype(int)))
        self.frame = pd.concat(parts, ignore_index=True)
        return self

    def uniform(self, column):
        """Return numbers between 0 and 1, as even as can be or at random."""
        n = len(self.frame)
        if self.rng is not None:
            return self.rng.random(n)
        return ((np.arange(n) + 0.5) * STEPS[column]) % 1

    def share(self, attribute, shares):
        """Return the share that each customer's group has."""
        return self.frame[attribute].map(shares).fillna(0.5).to_numpy(dtype=float)

    def everyday(self, attribute, shares):
        """Add a fair second attribute, a stratum, and a column that is no harm.

        The device goes together with the attribute and does nothing to the selection.
        """
        where = np.searchsorted(REGION_SHARES, self.uniform(0))
        device = self.uniform(2) < self.share(attribute, shares)
        self.frame = self.frame.assign(
            region=np.array(REGIONS)[where],
            tenure=np.where(self.uniform(1) < 0.6, "new", "long"),
            device=np.where(device, "app", "web"),
        )
        return self

    def outcome(self, base=0.3):
        """Add responses that have nothing to do with anything."""
        self.frame["responded"] = (self.uniform(3) < base).astype(int)
        return self

    def number(self, name, means, spread, *, of_selected=False):
        """Add a normal number, its mean by customer."""
        if self.rng is not None:
            around = self.rng.standard_normal(len(self.frame))
        else:
            around = self._even(means, self.frame["selected"])
        values = means + spread * around
        if of_selected:
            values = np.where(self.frame["selected"] == 1, values, np.nan)
        self.frame[name] = values
        return self

    def _even(self, means, selected):
        """Return normal quantiles of mean 0 and variance 1 in each kind of customer."""
        found = np.empty(len(selected))
        order = np.argsort(self.uniform(4), kind="stable")
        kind = pd.factorize(pd.Series(list(zip(means, selected, strict=True))))[0]
        for one in range(kind.max() + 1):
            rows = order[kind[order] == one]
            grid = ndtri((np.arange(len(rows)) + 0.5) / len(rows))
            found[rows] = grid / (grid.std(ddof=1) if len(rows) > 1 else 1.0)
        return found

    def beneficial(self, attribute, **more):
        """Return the campaign of an offer that people want."""
        return self._campaign(attribute, "beneficial", "discount", **more)

    def burdensome(self, attribute, value, cap):
        """Return the campaign of an offer that is a burden."""
        return self._campaign(attribute, "burdensome", value, value_cap=cap)

    def _campaign(self, attribute, offer, value, *, also=(), **more):
        options = {
            "selected": "selected",
            "by": [attribute, *(also or ("region",))],
            "strata": "tenure",
            "uses": ["device"],
            "intersections": 2,
            "offer": offer,
            "value": value,
            "outcome": "responded",
        }
        return Campaign(self.frame, options | more)


def _two(scale, rng, first, second, *, discount=(12.0, 12.0)):
    """Return women and men with one selection rate each: (customers, rate)."""
    made = Population(scale, rng).fill(
        ({"gender": "F"}, *first), ({"gender": "M"}, *second)
    )
    return _usual(made, "gender", {"F": 0.7, "M": 0.4}, discount=discount)


def _usual(made, attribute, shares, *, discount=(12.0, 12.0)):
    """Add what a campaign of an offer that people want has beside the harm."""
    made.everyday(attribute, shares).outcome()
    means = np.where(made.frame[attribute] == next(iter(shares)), *discount)
    return made.number("discount", means, 5.0, of_selected=True)


def exclusion(scale, rng):
    return _two(scale, rng, (5000, 0.14), (5000, 0.20)).beneficial("gender")


def exclusion_gone(scale, rng):
    return _two(scale, rng, (5000, 0.192), (5000, 0.20)).beneficial("gender")


def _burden(scale, rng, rate):
    made = Population(scale, rng).fill(
        ({"origin": "minority"}, 4000, rate), ({"origin": "majority"}, 16000, 0.18)
    )
    made.everyday("origin", {"minority": 0.7, "majority": 0.4}).outcome()
    made.number("contacts", np.full(len(made.frame), 5.0), 2.0)
    return made.burdensome("origin", "contacts", 8.0)


def over_targeting(scale, rng):
    return _burden(scale, rng, 0.30)


def over_targeting_gone(scale, rng):
    return _burden(scale, rng, 0.19)


def discount_gap(scale, rng):
    rate = (10000, 0.30)
    return _two(scale, rng, rate, rate, discount=(10.5, 12.0)).beneficial("gender")


def discount_gap_gone(scale, rng):
    rate = (10000, 0.30)
    return _two(scale, rng, rate, rate, discount=(11.5, 12.0)).beneficial("gender")


MINORITY_SHARES = (0.05, 0.05, 0.15, 0.20, 0.45, 0.55, 0.75, 0.80)


def _postcodes(scale, rng, rates):
    cells = []
    for place, (share, rate) in enumerate(zip(MINORITY_SHARES, rates, strict=True)):
        postcode = f"P{place}"
        for origin, part in (("minority", share), ("majority", 1 - share)):
            cells.append(({"origin": origin, "postcode": postcode}, 1000 * part, rate))
    made = Population(scale, rng).fill(*cells)
    _usual(made, "origin", {"minority": 0.7, "majority": 0.4})
    return made.beneficial("origin", uses=["device", "postcode"])


def proxy(scale, rng):
    rates = (0.30, 0.29, 0.28, 0.23, 0.17, 0.14, 0.12, 0.10)
    return _postcodes(scale, rng, rates)


def proxy_gone(scale, rng):
    return _postcodes(scale, rng, (0.22,) * 5 + (0.21,) * 3)


def _crossed(scale, rng, older_women):
    made = Population(scale, rng).fill(
        ({"gender": "M", "age": "under 60"}, 2500, 0.20),
        ({"gender": "M", "age": "60+"}, 2500, 0.22),
        ({"gender": "F", "age": "under 60"}, 2500, 0.23),
        ({"gender": "F", "age": "60+"}, 2500, older_women),
    )
    _usual(made, "gender", {"F": 0.7, "M": 0.4})
    return made.beneficial("gender", also=("age",))


def intersection(scale, rng):
    return _crossed(scale, rng, 0.14)


def intersection_gone(scale, rng):
    return _crossed(scale, rng, 0.20)


def _tiers(scale, rng, share, women, men):
    """Return two tiers, gold first, of which women hold a share of gold."""
    made = Population(scale, rng).fill(
        ({"gender": "F", "tier": "gold"}, 5000 * share, women[0]),
        ({"gender": "F", "tier": "standard"}, 5000 * (1 - share), women[1]),
        ({"gender": "M", "tier": "gold"}, 5000 * (1 - share), men[0]),
        ({"gender": "M", "tier": "standard"}, 5000 * share, men[1]),
    )
    _usual(made, "gender", {"F": 0.7, "M": 0.4})
    return made.beneficial("gender", strata=["tier", "tenure"])


def masked(scale, rng):
    return _tiers(scale, rng, 0.60, (0.28, 0.08), (0.38, 0.12))


def masked_gone(scale, rng):
    """Return equal tier rates, and a mix that is nearly even.

    With the mix of the masked campaign equal rates leave men at 0.81 of women.
    """
    return _tiers(scale, rng, 0.55, (0.32, 0.104), (0.32, 0.104))


def small_numbers(scale, rng):
    made = Population(scale, rng).fill(
        ({"gender": "F"}, 12, 2 / 12), ({"gender": "M"}, 100, 0.30)
    )
    return Campaign(
        made.frame, {"selected": "selected", "by": "gender", "offer": "beneficial"}
    )


def small_numbers_gone(scale, rng):
    """Return a hundred such campaigns together, both groups at the common rate."""
    rate = 32 / 112
    return _two(scale, rng, (1200, rate), (10000, rate)).beneficial("gender")


def _errors(scale, rng, women):
    """Return true positive rates, and false ones that even out the selection."""
    positives, base = 4000, 0.4
    others = positives / base - positives
    made = Population(scale, rng).fill(
        ({"gender": "F", "responded": 1}, positives, women),
        ({"gender": "F", "responded": 0}, others, 0.15 + (0.81 - women) / 2),
        ({"gender": "M", "responded": 1}, positives, 0.81),
        ({"gender": "M", "responded": 0}, others, 0.15),
    )
    made.everyday("gender", {"F": 0.7, "M": 0.4})
    made.number("discount", np.full(len(made.frame), 12.0), 5.0, of_selected=True)
    return made.beneficial("gender")


def error_gap(scale, rng):
    return _errors(scale, rng, 0.62)


def error_gap_gone(scale, rng):
    return _errors(scale, rng, 0.81)


def _tenures(scale, rng, penalty):
    """Return who pays what: 65+ of eight years and more pay the penalty on top."""
    cells = []
    for age, n, shares in (
        ("65+", 4000, (0.20, 0.30, 0.50)),
        ("under 65", 12000, (0.40, 0.35, 0.25)),
    ):
        for years, share in zip(("0-2", "3-7", "8+"), shares, strict=True):
            cells.append(({"age": age, "years": years}, n * share, 0.30))
    made = Population(scale, rng).fill(*cells)
    made.everyday("age", {"65+": 0.4, "under 65": 0.7}).outcome()
    loyal = (made.frame["age"] == "65+") & (made.frame["years"] == "8+")
    made.number("price", np.where(loyal, 40.0 * (1 + penalty), 40.0), 8.0)
    made.frame["tenure"] = made.frame["years"]
    return made.burdensome("age", "price", 50.0)


def loyalty_penalty(scale, rng):
    return _tenures(scale, rng, 0.18)


def loyalty_penalty_gone(scale, rng):
    return _tenures(scale, rng, 0.0)


FOUR_FIFTHS, EXPLOITATIVE, OPPORTUNITY = (
    "us-four-fifths",
    "exploitative-offers",
    "equal-opportunity",
)
WANTED = (FOUR_FIFTHS, OPPORTUNITY)
# Where a cell of the harm that is gone is still at 0.87 to 0.90 of the highest.
NEAR_THE_MARK = (7.2, 8.8, 11.4)

HARMS = {
    "D1 exclusion": Harm(
        exclusion, exclusion_gone, Culprit(("ff-air",), "gender", "F"), WANTED
    ),
    "D2 over-targeting": Harm(
        over_targeting,
        over_targeting_gone,
        Culprit(("ex-burden",), "origin", "minority"),
        (EXPLOITATIVE,),
    ),
    "D3 discount": Harm(
        discount_gap,
        discount_gap_gone,
        Culprit(("ff-smd", "ff-smd-strata"), "gender", "F"),
        WANTED,
    ),
    "D7 proxy": Harm(
        proxy,
        proxy_gone,
        Culprit(("ff-proxy",), "origin", "minority", column="postcode"),
        WANTED,
    ),
    "D8 intersection": Harm(
        intersection,
        intersection_gone,
        Culprit(("ff-cell",), "gender&age", "F&60+"),
        WANTED,
        NEAR_THE_MARK,
    ),
    "D9 masking": Harm(
        masked,
        masked_gone,
        Culprit(("ff-strata",), "gender", "F", stratum="tier"),
        WANTED,
        NEAR_THE_MARK,
    ),
    "D10 small numbers": Harm(
        small_numbers,
        small_numbers_gone,
        Culprit((), "gender", "F"),
        (FOUR_FIFTHS,),
    ),
    "D15 error gap": Harm(
        error_gap, error_gap_gone, Culprit(("eo-tpr",), "gender", "F"), WANTED
    ),
    "D18 loyalty": Harm(
        loyalty_penalty,
        loyalty_penalty_gone,
        Culprit(("ex-price", "ex-price-strata"), "age", "65+"),
        (EXPLOITATIVE,),
    ),
}
