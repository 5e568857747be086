"""Shrunken rates: a posterior by brute force, average coverage, limits, errors."""

import numpy as np
import pytest
from scipy.stats import beta, betabinom

from fairness.errors import InputError
from fairness.inference.intervals import wilson
from fairness.inference.shrinkage import shrunken_rates, shrunken_ratios


def brute_force(x, n):
    """Return posterior means and variances by summing over a fine grid of mu and M."""
    x, n = np.array(x), np.array(n)
    typical = len(n) / np.sum(1 / n)
    share = np.linspace(0, 1, 402)[1:-1]
    log_m = np.linspace(0, np.log(1000 * n.max() + 1000), 160)
    m, mu = np.meshgrid(np.exp(log_m), share, indexing="ij")
    moved = typical / (m + typical)
    # Densities of log M and of mu.
    weight = (1 - moved) ** 0.25 * moved**2 / np.sqrt(mu * (1 - mu))
    m, mu, weight = (part.reshape(-1, 1) for part in (m, mu, weight))
    a, b = mu * m, (1 - mu) * m
    weight = weight[:, 0] * betabinom.pmf(x, n, a, b).prod(axis=1)
    weight = weight[:, None] / weight.sum()
    means = (a + x) / (m + n)
    within = means * (1 - means) / (m + n + 1)
    mean = np.sum(weight * means, axis=0)
    return mean, np.sum(weight * (within + (means - mean) ** 2), axis=0)


@pytest.mark.parametrize(
    ("x", "n"),
    [([3, 12, 20], [40, 60, 50]), ([10, 30, 30, 60, 10], [100, 100, 120, 90, 50])],
)
def test_estimates_and_limits_equal_the_posterior_summed_over_a_fine_grid(x, n):
    mean, variance = brute_force(x, n)
    size = mean * (1 - mean) / variance - 1
    quantiles = beta(mean * size, (1 - mean) * size)
    estimate, low, high = shrunken_rates(x, n, 0.9)
    # The library's grid is coarse: 15 places for M, 7 for mu.
    np.testing.assert_allclose(estimate, mean, rtol=0.01)
    np.testing.assert_allclose(low, quantiles.ppf(0.05), rtol=0.02)
    np.testing.assert_allclose(high, quantiles.ppf(0.95), rtol=0.02)


def drawn(groups, size, mean, spread, replicates):
    rng = np.random.default_rng(17)
    n = np.rint(size * np.exp(np.linspace(-1.2, 1.2, groups))).astype(int)
    rates = np.full((replicates, groups), mean)
    if spread:
        m = (1 - mean) / (mean * spread**2) - 1
        rates = rng.beta(mean * m, (1 - mean) * m, (replicates, groups))
    return rng.binomial(n, rates), n, rates


@pytest.mark.parametrize("groups", [3, 6, 25])
@pytest.mark.parametrize(
    ("size", "mean", "spread"),
    [(300, 0.05, 0.7), (3000, 0.05, 0.3), (100_000, 0.3, 0.1), (1000, 0.02, 0.5)],
)
def test_average_coverage_holds_where_groups_differ(groups, size, mean, spread):
    x, n, rates = drawn(groups, size, mean, spread, 1200)
    _, low, high = shrunken_rates(x, n)
    covered = np.mean((low <= rates) & (rates <= high))
    assert 0.93 <= covered <= 0.975
    true = rates / (np.sum(n * rates, axis=-1, keepdims=True) / n.sum())
    _, low, high = shrunken_ratios(x, n)
    assert 0.93 <= np.mean((low <= true) & (true <= high)) <= 0.985


@pytest.mark.parametrize("groups", [6, 25])
def test_groups_that_do_not_differ_get_narrower_intervals_that_still_cover(groups):
    x, n, rates = drawn(groups, 300, 0.05, 0, 800)
    _, low, high = shrunken_rates(x, n)
    assert np.mean((low <= rates) & (rates <= high)) >= 0.97
    own_low, own_high = wilson(x, n)
    assert np.mean(high - low) < 0.8 * np.mean(own_high - own_low)


def test_estimates_are_nearer_to_the_truth_than_the_raw_rates():
    x, n, rates = drawn(25, 200, 0.05, 0.3, 500)
    error = np.mean((shrunken_rates(x, n)[0] - rates) ** 2)
    assert error < 0.7 * np.mean((x / n - rates) ** 2)


def test_small_groups_are_drawn_in_and_large_ones_stay():
    x, n = np.array([4, 2000, 1000, 100_000]), np.array([10, 10_000, 10_000, 10**6])
    estimate, low, high = shrunken_rates(x, n)
    raw = x / n
    assert estimate[0] < 0.3
    np.testing.assert_allclose(estimate[1:], raw[1:], rtol=0.01)
    own_low, own_high = wilson(x, n)
    np.testing.assert_allclose(low[1:], own_low[1:], rtol=0.02)
    np.testing.assert_allclose(high[1:], own_high[1:], rtol=0.02)


def test_group_without_trials_is_undefined_and_changes_nothing():
    with_empty = np.array(shrunken_rates([3, 0, 30, 50], [40, 0, 200, 400]))
    without = np.array(shrunken_rates([3, 30, 50], [40, 200, 400]))
    assert np.isnan(with_empty[:, 1]).all()
    np.testing.assert_allclose(with_empty[:, [0, 2, 3]], without)
    ratios = np.array(shrunken_ratios([3, 0, 30, 50], [40, 0, 200, 400]))
    assert np.isnan(ratios[:, 1]).all()
    assert np.isfinite(ratios[:, [0, 2, 3]]).all()
    assert np.isnan(shrunken_rates([0, 0], [0, 0])).all()
    assert np.isnan(shrunken_ratios([0, 0], [0, 0])).all()


def test_ratio_is_to_the_rate_of_all_and_enclosed():
    x, n = [30, 90, 50], [300, 500, 400]
    rates, ratios = shrunken_rates(x, n)[0], shrunken_ratios(x, n)
    overall = np.sum(np.array(n) * rates) / 1200
    np.testing.assert_allclose(ratios[0], rates / overall)
    assert (ratios[1] < ratios[0]).all()
    assert (ratios[0] < ratios[2]).all()
    # Alone, a group is all there is.
    alone = shrunken_ratios([30], [300])
    np.testing.assert_allclose(alone, np.ones((3, 1)))


def test_rows_and_the_order_of_groups_do_not_matter():
    rng = np.random.default_rng(4)
    n = rng.integers(10, 900, (3, 2, 6))
    x = rng.binomial(n, 0.1)
    together = np.array(shrunken_rates(x, n))
    assert together.shape == (3, 3, 2, 6)
    for i, j in np.ndindex(3, 2):
        alone = shrunken_rates(x[i, j][::-1], n[i, j][::-1])
        np.testing.assert_allclose(np.array(alone)[:, ::-1], together[:, i, j])


def test_nobody_and_everybody_selected_have_limits_inside_0_and_1():
    for x, n in (([0, 0, 0], [50, 500, 9]), ([50, 500, 9], [50, 500, 9])):
        estimate, low, high = shrunken_rates(x, n)
        assert (low >= 0).all()
        assert (low < estimate).all()
        assert (estimate < high).all()
        assert (high <= 1).all()


@pytest.mark.parametrize("function", [shrunken_rates, shrunken_ratios])
def test_impossible_arguments_are_refused(function):
    with pytest.raises(InputError, match=r"hits: holds 9.0; allowed is at most trials"):
        function([9, 1], [5, 5])
    with pytest.raises(InputError, match="hits: is a single number"):
        function(1, 5)
    with pytest.raises(InputError, match="confidence"):
        function([1, 2], [5, 5], 95)
