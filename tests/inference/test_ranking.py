"""Areas under curves and distances of binned scores: oracles from rows, bin errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance
from sklearn.metrics import roc_auc_score

from fairness.errors import InputError
from fairness.inference.calibrated import observed_to_expected, reliability
from fairness.inference.intervals import wilson
from fairness.inference.ranking import (
    area_difference,
    area_under_curve,
    kolmogorov_smirnov,
    wasserstein,
)

BINS = 50


def binned(scores, bins=BINS):
    return np.bincount(
        np.minimum((scores * bins).astype(int), bins - 1), minlength=bins
    )


def two_samples(seed, m=40, n=90):
    rng = np.random.default_rng(seed)
    return rng.beta(3, 2, m), rng.beta(2, 3, n)


def area_of(first, second):
    truth = np.repeat([1, 0], [len(first), len(second)])
    return roc_auc_score(truth, np.concatenate([first, second]))


@pytest.mark.parametrize("seed", range(5))
def test_area_is_sklearns_of_the_bins_and_brackets_that_of_the_scores(seed):
    one, two = two_samples(seed)
    found = area_under_curve(binned(one), binned(two))
    coarse = area_of(np.floor(one * BINS), np.floor(two * BINS))
    assert float(found.estimate) == pytest.approx(coarse, abs=1e-12)
    ties = (np.floor(one[:, None] * BINS) == np.floor(two * BINS)).mean() / 2
    assert float(found.bin_error) == pytest.approx(ties)
    assert abs(area_of(one, two) - found.estimate) <= found.bin_error


def test_interval_is_that_of_the_formula_written_out_over_pairs():
    one, two = two_samples(8, 30, 70)
    x, y = np.floor(one * BINS), np.floor(two * BINS)
    wins = (x[:, None] > y) + (x[:, None] == y) / 2
    area, m, n = wins.mean(), *wins.shape
    share, share_ref = wins.mean(1).var(ddof=1) / m, wins.mean(0).var(ddof=1) / n
    smooth = (area * 30 + 1) / 32
    pairs = (m + n) / 2 - 1
    model = 1 + pairs * (1 - smooth) / (2 - smooth) + pairs * smooth / (1 + smooth)
    weight = 1 / (1 + 30 * area * (1 - area))
    each = (1 - weight) * (share + share_ref) / (area * (1 - area))
    each += weight * model / (m * n)
    freedom = (share + share_ref) ** 2 / (share**2 / (m - 1) + share_ref**2 / (n - 1))
    from scipy.stats import norm, t

    # Wilson at a critical value other than the normal: through the level it has.
    level = 1 - 2 * norm.sf(t.ppf(0.975, freedom))
    low, high = wilson(area / each, 1 / each, level)
    found = area_under_curve(binned(one), binned(two))
    assert float(found.low) == pytest.approx(float(low), rel=1e-9)
    assert float(found.high) == pytest.approx(float(high), rel=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(2, 30))
def test_swapping_sides_mirrors_the_area(seed, m, n):
    one, two = (binned(scores, 7) for scores in two_samples(seed, m, n))
    found, back = area_under_curve(one, two), area_under_curve(two, one)
    np.testing.assert_allclose(found.estimate, 1 - back.estimate, atol=1e-12)
    # Hanley and McNeil's variance tells the sides apart: limits only nearly mirror.
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.bin_error == pytest.approx(back.bin_error)


def test_perfect_order_ends_at_one_and_a_side_without_customers_is_undefined():
    perfect = area_under_curve([0, 0, 20], [20, 0, 0])
    assert (float(perfect.estimate), float(perfect.high)) == (1.0, 1.0)
    assert 0.8 < perfect.low < 0.98
    empty = area_under_curve([[0, 0], [0, 1]], [[3, 4], [3, 4]])
    assert np.isnan(empty.estimate).tolist() == [True, False]
    assert np.isnan(empty.low).all()


def test_groups_are_computed_together_as_one_by_one():
    rng = np.random.default_rng(2)
    one, two = rng.integers(0, 9, (2, 6, 20))
    together = area_under_curve(one, two, 0.9)
    for row in range(6):
        alone = area_under_curve(one[row], two[row], 0.9)
        for mine, theirs in zip(together, alone, strict=True):
            assert mine[row] == pytest.approx(float(theirs))


def test_area_interval_covers_at_30_against_100():
    rng = np.random.default_rng(3)
    p, q = np.diff(np.linspace(0, 1, 101) ** 2), np.full(100, 0.01)
    truth = (p * (np.cumsum(q) - q / 2)).sum()
    found = area_under_curve(
        rng.multinomial(30, p, 4000), rng.multinomial(100, q, 4000)
    )
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 0.93 <= covered <= 0.97


def test_difference_of_areas_is_the_hypotenuse_of_their_limits():
    one = area_under_curve([1, 5, 20], [20, 6, 3])
    two = area_under_curve([5, 5, 9], [20, 16, 9])
    low, high = area_difference(one, two)
    d = one.estimate - two.estimate
    assert float((d - low) ** 2) == pytest.approx(
        float((one.estimate - one.low) ** 2 + (two.high - two.estimate) ** 2)
    )
    back = area_difference(two, one)
    assert (float(back[0]), float(back[1])) == (-float(high), -float(low))


@pytest.mark.parametrize("seed", range(5))
def test_kolmogorov_smirnov_brackets_scipys_and_has_its_p(seed):
    one, two = two_samples(seed, 300, 400)
    found = kolmogorov_smirnov(binned(one), binned(two))
    coarse = ks_2samp(np.floor(one * BINS), np.floor(two * BINS), method="asymp")
    assert float(found.estimate) == pytest.approx(coarse.statistic)
    raw = ks_2samp(one, two).statistic
    assert found.estimate - 1e-12 <= raw <= found.estimate + found.bin_error + 1e-12


def test_kolmogorov_smirnovs_p_is_near_the_exact_one():
    rng = np.random.default_rng(0)
    for size in (60, 400):
        one, two = rng.random(size), rng.random(size) ** 1.25
        found = kolmogorov_smirnov(binned(one, 10**5), binned(two, 10**5))
        exact = ks_2samp(one, two, method="exact").pvalue
        assert float(found.p_value) == pytest.approx(exact, rel=0.15)


@pytest.mark.parametrize("seed", range(5))
def test_wasserstein_is_scipys_within_a_bin(seed):
    one, two = two_samples(seed)
    found = wasserstein(binned(one), binned(two), 1 / BINS)
    middles = (np.arange(BINS) + 0.5) / BINS
    coarse = wasserstein_distance(middles, middles, binned(one), binned(two))
    assert float(found.estimate) == pytest.approx(coarse)
    assert abs(wasserstein_distance(one, two) - found.estimate) <= found.bin_error


def test_counts_that_are_none_and_unlike_bins_are_refused():
    with pytest.raises(InputError, match="-1"):
        area_under_curve([1, -1], [1, 2])
    with pytest.raises(InputError, match="unlike bins"):
        kolmogorov_smirnov([1, 2, 3], [1, 2])
    with pytest.raises(InputError, match="width"):
        wasserstein([1, 2], [1, 2], 0)


def test_reliability_pools_fine_bins_with_wilsons_limits():
    rng = np.random.default_rng(5)
    trials = rng.integers(0, 40, (3, 1000))
    hits = rng.binomial(trials, 0.3)
    found = reliability(hits, trials, (0.0, 1.0))
    assert found.rate.shape == (3, 10)
    assert found.n[1, 4] == trials[1, 400:500].sum()
    low, high = wilson(hits[1, 400:500].sum(), trials[1, 400:500].sum())
    assert (found.low[1, 4], found.high[1, 4]) == (float(low), float(high))
    middles = (np.arange(400, 500) + 0.5) / 1000
    assert found.score[1, 4] == pytest.approx(
        np.average(middles, weights=trials[1, 400:500])
    )
    with pytest.raises(InputError, match="divisor"):
        reliability(hits, trials, (0.0, 1.0), bins=7)


def test_observed_to_expected_is_wilsons_where_all_scores_are_alike():
    n, hits, score = 400, 100, 0.2
    found = observed_to_expected(hits, n, n * score, n * score**2, hits * score)
    low, high = wilson(hits, n)
    assert float(found.estimate) == pytest.approx(1.25)
    np.testing.assert_allclose(
        [found.low, found.high], [low / score, high / score], rtol=3e-3
    )


def test_a_score_that_foretells_outcomes_narrows_the_interval_and_covers():
    rng = np.random.default_rng(6)
    score = rng.beta(0.5, 1.0, 500)
    hits = rng.random((4000, 500)) < score
    found = observed_to_expected(
        hits.sum(1), 500, score.sum(), (score**2).sum(), (hits * score).sum(1)
    )
    covered = ((found.low <= 1) & (found.high >= 1)).mean()
    assert 0.93 <= covered <= 0.97
    width = (found.high - found.low).mean()
    low, high = wilson(score.sum(), 500)
    assert width < 0.8 * (high - low) / score.mean()


def test_a_group_without_outcomes_or_without_scores_above_0_is_undefined():
    found = observed_to_expected([0, 3], [0, 10], [0, 0.0], [0, 0.0], [0, 0.0])
    assert np.isnan(found.estimate).all()
    with pytest.raises(InputError, match="expected"):
        observed_to_expected(1, 10, 11.0, 1.0, 1.0)
