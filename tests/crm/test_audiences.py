"""The planted truths, counted here from the files and by nothing of the library."""

import sqlite3
import tomllib
from collections import Counter
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import hypergeom

from pipelines.crm.audiences import PLANTED, audience, truth_toml
from pipelines.crm.customers import draw_customers, joined
from pipelines.crm.draws import Draws
from pipelines.crm.places import BLACK_DISTRICTS, ETHNICITIES, HISPANIC_DISTRICTS
from pipelines.crm.population import CHUNK, GENDERS, draw_population

ATTRIBUTES = ("gender", "birth_date", "ethnicity")
NUMBERS = {"test_cell", "orders_12m", "arrears", "household_cards"}
MISSING = "(missing)"


def band(birth_date):
    if not birth_date:
        return MISSING
    born = date.fromisoformat(birth_date)
    age = 2026 - born.year - ((born.month, born.day) > (11, 1))
    edges = [18, 30, 45, 60, "inf"]
    place = max(i for i in range(4) if age >= edges[i])
    return f"[{edges[place]},{edges[place + 1]})"


@pytest.fixture(scope="module")
def people(tables):
    protected = {row["customer_id"]: row for row in tables["protected"]}
    empty = dict.fromkeys(ATTRIBUTES, "")
    groups = {}
    for row in tables["customers"]:
        own = protected.get(row["customer_id"], empty)
        groups[row["customer_id"]] = {
            "gender": own["gender"] or MISSING,
            "birth_date": band(own["birth_date"]),
            "ethnicity": own["ethnicity"] or MISSING,
        }
    return groups


@pytest.fixture(scope="module")
def members(samples):
    return {
        path.stem: path.read_text(encoding="utf-8").split("\n")[1:-1]
        for path in (samples / "audiences").glob("*.csv")
    }


@pytest.fixture(scope="module")
def truth(samples):
    with (samples / "audiences" / "truth.toml").open("rb") as file:
        return tomllib.load(file)


class Rates:
    """Counts of the groups of one attribute or pair, against the highest rate."""

    def __init__(self, people, chosen, *attributes):
        def group(person):
            return "&".join(person[attribute] for attribute in attributes)

        self.n = Counter(group(person) for person in people.values())
        self.k = Counter(group(people[who]) for who in chosen)
        self.rate = len(chosen) / len(people)
        least = 0.05 * len(people) if len(attributes) == 1 else 0
        eligible = [
            name
            for name in self.n
            if self.expected(name) >= 30
            and self.n[name] >= least
            and MISSING not in name
        ]
        self.best = max(eligible, key=lambda name: self.k[name] / self.n[name])

    def expected(self, name):
        return self.n[name] * self.rate

    def air(self, name):
        return (self.k[name] / self.n[name]) / (self.k[self.best] / self.n[self.best])

    def p(self, name):
        """One-sided Fisher: as few or fewer selected, both margins fixed."""
        both_n, both_k = (
            self.n[name] + self.n[self.best],
            self.k[name] + self.k[self.best],
        )
        return hypergeom.cdf(self.k[name], both_n, both_k, self.n[name])

    def burden(self, name):
        rest_n, rest_k = self.n.total() - self.n[name], self.k.total() - self.k[name]
        return (self.k[name] / self.n[name]) / (rest_k / rest_n)

    def sizeable(self, least=20):
        return [name for name in self.n if self.expected(name) >= least]


def test_truth_names_every_audience_and_its_size(truth, members):
    assert truth.keys() == members.keys() == {planted.name for planted in PLANTED}
    for name, facts in truth.items():
        assert facts["customers"] == len(members[name])
        assert facts["verdict"] in {"clear", "review", "block"}
        assert facts["offer"] in {"beneficial", "burdensome"}


def test_members_are_customers_each_once(members, people):
    for ids in members.values():
        assert len(ids) == len(set(ids))
        assert set(ids) <= people.keys()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_rule_selects_exactly_the_members(planted, tables, members):
    columns = list(tables["customers"][0])
    with sqlite3.connect(":memory:") as base:
        kinds = [f"{c} {'INTEGER' if c in NUMBERS else 'TEXT'}" for c in columns]
        base.execute(f"CREATE TABLE customers ({', '.join(kinds)})")
        base.executemany(
            f"INSERT INTO customers VALUES ({', '.join('?' * len(columns))})",
            [tuple(row.values()) for row in tables["customers"]],
        )
        query = f"SELECT customer_id FROM customers WHERE {planted.rule} ORDER BY 1"
        found = [row[0] for row in base.execute(query)]
    base.close()
    assert found == members[planted.name]


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("loyalty_bonus", 0.09, 0.11),
        ("spring_card", 0.09, 0.11),
        ("app_cashback", 0.09, 0.11),
        ("family_upgrade", 0.19, 0.22),
        ("payday_loan", 0.09, 0.11),
        ("pilot_offer", 0.0045, 0.006),
    ],
)
def test_audiences_have_the_documented_share(members, people, name, low, high):
    assert low < len(members[name]) / len(people) < high


@pytest.mark.parametrize(
    "name", ["spring_card", "app_cashback", "family_upgrade", "payday_loan"]
)
def test_ratio_of_the_group_hit_lies_within_the_documented_bounds(
    truth, members, people, name
):
    facts = truth[name]
    rates = Rates(people, members[name], *facts["attribute"].split("&"))
    ratio = rates.burden if facts["offer"] == "burdensome" else rates.air
    low, high = float(facts["ratio_at_least"]), float(facts["ratio_at_most"])
    assert low <= ratio(facts["group"]) <= high


def test_loyalty_bonus_shows_no_gap_in_any_attribute_or_pair(members, people):
    for attribute in ATTRIBUTES:
        rates = Rates(people, members["loyalty_bonus"], attribute)
        for name in rates.sizeable():
            assert rates.air(name) >= 0.85, name
            assert rates.p(name) > 0.05, name
    for pair in combinations(ATTRIBUTES, 2):
        rates = Rates(people, members["loyalty_bonus"], *pair)
        for name in rates.sizeable(5):
            assert rates.air(name) >= 0.8 or rates.p(name) > 0.02, name


def test_loyalty_bonus_shows_no_gap_within_any_tenure_band(members, people, tables):
    tenure = {row["customer_id"]: row["tenure_band"] for row in tables["customers"]}
    for level in set(tenure.values()):
        own = {who: person for who, person in people.items() if tenure[who] == level}
        chosen = [who for who in members["loyalty_bonus"] if who in own]
        for attribute in ATTRIBUTES:
            rates = Rates(own, chosen, attribute)
            for name in rates.sizeable(30):
                assert rates.air(name) >= 0.8 or rates.p(name) > 0.02, (level, name)


def test_spring_card_excludes_black_customers_and_nobody_else(members, people):
    rates = Rates(people, members["spring_card"], "ethnicity")
    assert rates.air("black") < 0.65
    assert rates.p("black") < 1e-6
    assert all(rates.air(g) >= 0.85 for g in rates.sizeable() if g != "black")
    for attribute in ("gender", "birth_date"):
        even = Rates(people, members["spring_card"], attribute)
        assert all(even.air(g) >= 0.85 for g in even.sizeable())
    for pair in combinations(ATTRIBUTES, 2):
        pairs = Rates(people, members["spring_card"], *pair)
        low = [g for g in pairs.sizeable(5) if pairs.air(g) < 0.8 and pairs.p(g) < 0.01]
        assert all("black" in g for g in low)


def test_spring_card_is_even_outside_the_postcodes_left_out(members, people, tables):
    left_out = {
        row["customer_id"]
        for row in tables["customers"]
        if row["postcode"].strip() in BLACK_DISTRICTS
    }
    own = {who: person for who, person in people.items() if who not in left_out}
    chosen = [who for who in members["spring_card"] if who in own]
    assert Rates(own, chosen, "ethnicity").air("black") > 0.85


def test_app_cashback_passes_by_the_old_alone(members, people):
    rates = Rates(people, members["app_cashback"], "birth_date")
    assert rates.p("[60,inf)") < 1e-30
    assert all(rates.air(g) >= 0.85 for g in rates.sizeable() if g != "[60,inf)")
    for attribute in ("gender", "ethnicity"):
        even = Rates(people, members["app_cashback"], attribute)
        assert all(even.air(g) >= 0.85 for g in even.sizeable())


def test_family_upgrade_hides_older_women_behind_passing_attributes(members, people):
    for attribute in ATTRIBUTES:
        rates = Rates(people, members["family_upgrade"], attribute)
        assert all(rates.air(g) >= 0.85 for g in rates.sizeable())
    rates = Rates(people, members["family_upgrade"], "gender", "birth_date")
    assert rates.p("f&[60,inf)") < 1e-9
    assert all(rates.air(g) >= 0.8 for g in rates.sizeable() if g != "f&[60,inf)")
    for pair in (("gender", "ethnicity"), ("birth_date", "ethnicity")):
        others = Rates(people, members["family_upgrade"], *pair)
        for name in others.sizeable():
            assert others.air(name) >= 0.75, name
            assert others.air(name) >= 0.8 or others.p(name) > 0.05, name


def test_payday_loan_burdens_hispanic_customers_alone(members, people):
    rates = Rates(people, members["payday_loan"], "ethnicity")
    n, k = rates.n["hispanic"], rates.k["hispanic"]
    assert hypergeom.sf(k - 1, rates.n.total(), rates.k.total(), n) < 1e-20
    for attribute in ATTRIBUTES:
        own = Rates(people, members["payday_loan"], attribute)
        assert all(own.burden(g) < 1.2 for g in own.sizeable() if g != "hispanic")


def test_pilot_offer_is_too_small_to_tell_for_most_customers(members, people):
    assert 50 <= len(members["pilot_offer"]) <= 70
    rate = len(members["pilot_offer"]) / len(people)
    for attribute in ("birth_date", "ethnicity"):
        n = Counter(person[attribute] for person in people.values())
        too_few = sum(size for size in n.values() if size * rate < 20)
        assert too_few / len(people) > 0.2
    for attribute in ATTRIBUTES:
        n = Counter(person[attribute] for person in people.values())
        k = Counter(people[who][attribute] for who in members["pilot_offer"])
        for name, size in n.items():
            p = hypergeom.cdf(k[name], len(people), len(members["pilot_offer"]), size)
            assert p > 0.05, name


def test_rules_name_no_protected_attribute():
    for planted in PLANTED:
        assert not [a for a in (*ATTRIBUTES, "age", "sex") if a in planted.rule.split()]


def test_redlined_districts_are_mostly_of_one_ethnicity(tables, people):
    for districts, group in (
        (BLACK_DISTRICTS, "black"),
        (HISPANIC_DISTRICTS, "hispanic"),
    ):
        living = Counter(
            people[row["customer_id"]]["ethnicity"]
            for row in tables["customers"]
            if row["postcode"].strip() in districts
        )
        assert living[group] / living.total() > 0.5


# Another seed moves every ratio a little, and no truth by much.
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_truths_follow_from_the_construction_not_from_the_seed(seed):
    chunks = [
        (Draws(seed, i), draw_population(Draws(seed, i), CHUNK)) for i in range(3)
    ]
    customers = joined([draw_customers(draws, people) for draws, people in chunks])
    gender = np.concatenate([people.gender for _, people in chunks])
    old = np.concatenate([people.age >= 60 for _, people in chunks])
    ethnicity = np.concatenate([people.ethnicity for _, people in chunks])
    women = gender == GENDERS.index("f")

    def ratio(name, group, reference):
        chosen = audience(name).members(customers)
        return chosen[group].mean() / chosen[reference].mean()

    black, hispanic, white = (
        ethnicity == ETHNICITIES.index(name) for name in ("black", "hispanic", "white")
    )
    assert ratio("spring_card", black, white) < 0.65
    assert ratio("app_cashback", old, ~old) < 0.4
    assert ratio("family_upgrade", women & old, ~women & old) < 0.65
    assert 0.85 < ratio("family_upgrade", women, ~women) < 1
    assert 0.85 < ratio("family_upgrade", old, ~old) < 1
    assert ratio("payday_loan", hispanic, ~hispanic) > 1.7
    for group in (black, hispanic, women, old):
        assert 0.85 < ratio("loyalty_bonus", group, ~group) < 1.17


def test_truth_is_toml_even_of_one_audience():
    assert list(tomllib.loads(truth_toml({"pilot_offer": 3}))) == ["pilot_offer"]


def test_unknown_audience_is_a_key_error():
    with pytest.raises(KeyError, match="nonsense"):
        audience("nonsense")
