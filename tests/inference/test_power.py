"""Detectable ratios and numbers of customers, checked with the test itself."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import power_proportions_2indep

from fairness.inference import (
    customers_needed,
    detectable_ratio,
    pair_z,
    studentized_range_isf,
)

DRAWS = 30_000


def simulated_power(n, n_ref, rate, ratio, critical_z, *, side):
    rng = np.random.default_rng([n, n_ref])
    x = rng.binomial(n, ratio * rate, DRAWS)
    x_ref = rng.binomial(n_ref, rate, DRAWS)
    return (pair_z(x, n, x_ref, n_ref, side=side) > critical_z).mean()


def normal_power(n, n_ref, rate, ratio, critical_z):
    other = ratio * rate
    pooled = (n * other + n_ref * rate) / (n + n_ref)
    null = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_ref))
    spread = np.sqrt(other * (1 - other) / n + rate * (1 - rate) / n_ref)
    return norm.cdf((abs(other - rate) - critical_z * null) / spread)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_ratio_has_exactly_the_power_of_the_formula(side):
    rng = np.random.default_rng(1)
    n, n_ref = rng.integers(50, 50_000, (2, 300))
    rate, power = rng.uniform(0.02, 0.6, 300), rng.uniform(0.5, 0.95, 300)
    ratio = detectable_ratio(n, n_ref, rate, 2.5, power=power, side=side)
    known = ~np.isnan(ratio)
    assert known.sum() > 200
    assert (ratio[known] < 1).all() if side == "lower" else (ratio[known] > 1).all()
    found = normal_power(n, n_ref, rate, ratio, 2.5)[known]
    np.testing.assert_allclose(found, power[known], rtol=1e-9)


def test_ratio_equals_statsmodels_power():
    # power_proportions_2indep(diff, prop2, nobs1, ratio=1, alpha, alternative="smaller")
    ratio = float(detectable_ratio(3000, 3000, 0.2, norm.isf(0.05)))
    result = power_proportions_2indep(
        (ratio - 1) * 0.2, 0.2, 3000, ratio=1, alpha=0.05, alternative="smaller"
    )
    assert result.power == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "n_ref", "rate", "k", "side"),
    [
        (2000, 8000, 0.1, 2, "lower"),
        (5000, 5000, 0.05, 6, "lower"),
        (1000, 20_000, 0.3, 10, "lower"),
        (2000, 8000, 0.1, 6, "upper"),
    ],
)
def test_the_actual_test_finds_the_ratio_in_80_percent(n, n_ref, rate, k, side):
    critical_z = float(studentized_range_isf(0.05, k)) / np.sqrt(2)
    ratio = float(detectable_ratio(n, n_ref, rate, critical_z, side=side))
    found = simulated_power(n, n_ref, rate, ratio, critical_z, side=side)
    error = np.sqrt(0.8 * 0.2 / DRAWS)
    # The formula is normal, the test the signed root deviance: 3 points apart at most.
    assert abs(found - 0.8) < 4 * error + 0.03


@pytest.mark.parametrize("k", [2, 6, 20])
def test_sizes_from_the_studentized_range_find_the_lowest_of_k_groups(k):
    # One group at 0.8 of the rate of the k - 1 others, all of the size asked for.
    critical_z = float(studentized_range_isf(0.05, k)) / np.sqrt(2)
    n = int(customers_needed(0.8, 0.1, critical_z))
    rng = np.random.default_rng(k)
    low = rng.binomial(n, 0.08, 4000)
    others = rng.binomial(n, 0.1, (4000, k - 1))
    first = pair_z(low, n, others[:, 0], n) > critical_z
    assert abs(first.mean() - 0.8) < 4 * np.sqrt(0.16 / 4000) + 0.03
    # The highest of the others is further away: the group is found more often.
    assert (pair_z(low, n, others.max(axis=1), n) > critical_z).mean() >= first.mean()


def test_small_groups_are_found_somewhat_less_often_than_said():
    # 30 expected: the exact test is conservative.
    ratio = float(detectable_ratio(300, 10_000, 0.1, 2.0))
    found = simulated_power(300, 10_000, 0.1, ratio, 2.0, side="lower")
    assert 0.68 < found < 0.83


def test_group_too_small_for_any_ratio_is_undefined_not_0():
    assert np.isnan(detectable_ratio(10, 5000, 0.1, 2.0))
    assert np.isnan(detectable_ratio(3, 5000, 0.9, 2.0, side="upper"))
    undefined = detectable_ratio(
        [0, 50, 50, 50], [50, 0, 50, 50], [0.1, 0.1, 0, np.nan], 2.0
    )
    assert np.isnan(undefined).all()
    assert np.isnan(detectable_ratio(1e6, 1e6, 0.1, np.inf))


def test_more_customers_detect_ratios_closer_to_1():
    n = np.geomspace(300, 1e8, 40)
    lower = detectable_ratio(n, 1e6, 0.1, 3.0)
    upper = detectable_ratio(n, 1e6, 0.1, 3.0, side="upper")
    assert (np.diff(lower) > 0).all()
    assert (np.diff(upper) < 0).all()
    assert lower[-1] < 1 < upper[-1]


def test_customers_needed_is_the_smallest_size_that_detects_the_ratio():
    for ratio, share in ((0.8, 0.5), (0.9, 0.2), (1.25, 0.05), (0.0, 0.3)):
        side = "lower" if ratio < 1 else "upper"
        n = float(customers_needed(ratio, 0.1, 2.5, share=share))
        detected = []
        for size in (n, n - 1):
            rest = size * (1 - share) / share
            detected.append(float(detectable_ratio(size, rest, 0.1, 2.5, side=side)))
        distance = np.abs(np.nan_to_num(np.array(detected), nan=99.0) - 1)
        assert distance[0] <= abs(ratio - 1) + 1e-9
        assert distance[1] > abs(ratio - 1)
        assert n == int(n)


def test_parity_and_impossible_rates_need_an_undefined_number_of_customers():
    assert np.isnan(
        customers_needed([1.0, 2.5, 0.8, np.nan], [0.1, 0.5, 0.0, 0.1], 2.0)
    ).all()


def test_arguments_broadcast():
    assert detectable_ratio([[100], [200]], [1000, 2000, 3000], 0.2, 2.0).shape == (
        2,
        3,
    )
    assert customers_needed([0.5, 0.8], 0.2, [[2.0], [3.0]]).shape == (2, 2)
