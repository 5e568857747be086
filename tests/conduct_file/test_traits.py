"""Traits: what an audience and the columns used tell of a special category."""

import numpy as np
import pytest

from tests.conduct_file.files import SIZE, status, tables, value
from tests.conduct_people.people import seen

RELIGION = {"protected_by": {"by": ["religion"]}}


def of_religion(share, base=0.1, size=SIZE):
    """Customers of whom so many of one religion are picked."""
    place = np.arange(size)
    pick = place % 2 == 0
    rank, half = place // 2, size // 2
    most = np.where(pick, round(share * half), round((2 * base - share) * half))
    member = rank < most
    data = tables(size, attributes={"religion": np.where(member, "r", "s")})
    customers = data["customers"].set_column(1, "pick", [pick.astype(int)])
    return data | {"customers": customers}


def test_lift_is_the_share_in_the_audience_over_that_of_all(tmp_path):
    # 180 of 1,000 picked and 200 of 2,000 customers: 0.18 / 0.10.
    number, message = value(tmp_path, "trait_lift", of=of_religion(0.18), **RELIGION)
    assert number == pytest.approx(1.8)
    assert "religion r: 18.0% of the audience, 10.0% of all customers" in message


def test_an_even_audience_has_no_lift(tmp_path):
    found = value(tmp_path, "trait_lift", of=of_religion(0.1), **RELIGION)
    assert found[0] == pytest.approx(1.0)


def test_lift_is_against_all_customers_whatever_the_universe(tmp_path):
    # A universe of the picked leaves the same audience, and everybody in the base.
    funnel = {"universe": "pick = 1", "clauses": "orders >= 0"}
    found = value(
        tmp_path, "trait_lift", of=of_religion(0.18), funnel=funnel, **RELIGION
    )
    assert found[0] == pytest.approx(1.8)


def test_only_special_categories_are_traits(tmp_path):
    assert status(tmp_path, "trait_lift")[0] == "not_applicable"
    assert status(tmp_path, "trait_auc")[0] == "not_applicable"
    assert status(tmp_path, "trait_lift", {"attributes": ["group"]})[0] == "measured"


def test_a_few_by_chance_are_no_lift(tmp_path):
    # One of 2 members is among 100 of 2,000: a lift of 10 that is chance.
    place = np.arange(SIZE)
    data = tables(attributes={"religion": np.where(place < 2, "r", "s")})
    pick = (place % 20 == 0).astype(int)
    data["customers"] = data["customers"].set_column(1, "pick", [pick])
    number, _ = value(tmp_path, "trait_lift", of=data, **RELIGION)
    assert number < 1.01


def test_fewer_than_five_are_not_told(tmp_path):
    place = np.arange(SIZE)
    member = (place % 2 == 0) & (place < 8)
    data = of_religion(0.1)
    data["protected"] = tables(attributes={"religion": np.where(member, "r", "s")})[
        "protected"
    ]
    found = seen(tmp_path, data, "trait_lift", **RELIGION)
    assert all("4" not in one.message for one in found)


@pytest.mark.parametrize("metric", ["trait_auc", "used_columns_auc"])
@pytest.mark.parametrize("seed", range(3))
def test_columns_that_say_the_trait_are_found_and_even_ones_are_not(
    tmp_path, metric, seed
):
    rng = np.random.default_rng(seed)
    member = rng.random(SIZE) < 0.3
    says = np.where(rng.random(SIZE) < 0.95, member, ~member).astype(int)
    attributes = {"religion": np.where(member, "r", "s")}
    even = tables(attributes=attributes)
    telling = tables(attributes=attributes, basket=says)
    auc, message = value(
        tmp_path,
        metric,
        of=telling,
        funnel={"clauses": "pick = 1 AND basket = 1"},
        **RELIGION,
    )
    assert auc > 0.9, message
    assert "'basket'" in message
    funnel = {"clauses": "orders >= 2"}
    auc, message = value(tmp_path, metric, of=even, funnel=funnel, **RELIGION)
    assert auc == 0.5
    assert "better than by chance" in message


def test_columns_that_tell_only_together_are_found(tmp_path):
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 2, (2, SIZE))
    data = tables(
        attributes={"religion": np.where(left ^ right, "r", "s")}, a=left, b=right
    )
    funnel = {"clauses": "a >= 0 AND b >= 0 AND pick = 1"}
    auc, _ = value(tmp_path, "used_columns_auc", of=data, funnel=funnel, **RELIGION)
    assert auc > 0.95


def test_without_a_column_nothing_is_told_apart(tmp_path):
    funnel = {"clauses": "customer_id < 'C001000'"}
    assert status(tmp_path, "used_columns_auc", funnel=funnel)[0] == "not_applicable"


def test_variation_is_half_the_sum_of_the_gaps(tmp_path):
    # 18 % and 10 %: 8 points, of two groups.
    number, _ = value(tmp_path, "audience_variation", of=of_religion(0.18), **RELIGION)
    assert number == pytest.approx(0.08)


def test_variation_of_fewer_than_300_is_missing(tmp_path):
    data = of_religion(0.18, size=560)
    kind, message = status(tmp_path, "audience_variation", of=data, **RELIGION)
    assert (kind, message) == (
        "missing",
        "280 are selected; a variation is told from 300 on",
    )
    found = value(tmp_path, "audience_variation", {"least": 100}, of=data, **RELIGION)
    assert found[0] == pytest.approx(0.08, abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_a_group_of_a_dozen_is_not_told_by_chance(tmp_path, seed):
    rng = np.random.default_rng(seed)
    size = 600
    shares = [0.6, 0.2, 0.12, 0.06, 0.02]
    religion = rng.choice(list("abcde"), p=shares, size=size)
    data = tables(size, attributes={"religion": religion}, x=rng.integers(0, 9, size))
    funnel = {"clauses": "x > 2 AND orders >= 0 AND area = 'y'"}
    assert value(tmp_path, "trait_auc", of=data, funnel=funnel, **RELIGION)[0] == 0.5
