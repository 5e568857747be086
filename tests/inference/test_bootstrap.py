"""Bootstrap of cells: its moments, its seed, its quantiles."""

import numpy as np
import pytest

from fairness.inference import (
    bootstrap_cells,
    percentile_interval,
    score_ratio,
)


def test_replicates_have_the_moments_of_the_multinomial():
    n, replicates = np.array([500, 0, 30, 2, 9468]), 20_000
    drawn = bootstrap_cells(n, replicates, seed=3)
    total, share = n.sum(), n / n.sum()
    assert drawn.dtype == np.int64
    assert drawn.shape == (replicates, 5)
    assert (drawn.sum(axis=1) == total).all()
    deviation = np.sqrt(n * (1 - share))
    assert (
        np.abs(drawn.mean(axis=0) - n) <= 4.5 * deviation / np.sqrt(replicates)
    ).all()
    expected = np.diag(n) - np.outer(n, share)
    scale = np.outer(deviation, deviation)
    error = np.abs(np.cov(drawn.T) - expected)
    assert (error <= 6 * scale / np.sqrt(replicates)).all()


def test_replicates_equal_resampled_rows_in_distribution():
    rng = np.random.default_rng(1)
    rows = np.repeat([0, 1, 2], [5, 12, 3])
    picked = rows[rng.integers(0, 20, (20_000, 20))]
    by_rows = (picked == 2).sum(axis=1)
    by_cells = bootstrap_cells([5, 12, 3], 20_000, seed=1)[:, 2]
    for count in range(8):
        gap = (by_rows == count).mean() - (by_cells == count).mean()
        assert abs(gap) < 4 * np.sqrt(2 * 0.25 / 20_000)


def test_equal_seeds_give_equal_replicates_and_others_do_not():
    n = [[7, 40], [900, 3]]
    first, again = bootstrap_cells(n, 50, seed=5), bootstrap_cells(n, 50, seed=5)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (50, 2, 2)
    assert (first != bootstrap_cells(n, 50, seed=6)).any()


def test_empty_cells_and_empty_tables_stay_empty():
    assert (bootstrap_cells([0, 9, 0], 20, seed=1) == [0, 9, 0]).all()
    assert (bootstrap_cells([0, 0], 3, seed=1) == 0).all()
    assert bootstrap_cells([], 3, seed=1).shape == (3, 0)


def test_a_billion_rows_cost_no_more_than_their_cells():
    n = np.full(50, 20_000_000)
    drawn = bootstrap_cells(n, 100, seed=1)
    assert (drawn.sum(axis=1) == 10**9).all()


def test_quantiles_equal_numpy():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(501, 4, 3))
    low, high = percentile_interval(values, 0.9)
    np.testing.assert_allclose(low, np.quantile(values, 0.05, axis=0), rtol=1e-12)
    np.testing.assert_allclose(high, np.quantile(values, 0.95, axis=0), rtol=1e-12)


def test_undefined_replicates_are_left_out_and_infinite_ones_kept():
    values = np.array([[1.0, np.nan, np.inf], [2, np.nan, np.inf], [np.nan, np.nan, 1]])
    low, high = percentile_interval(values, 0.5)
    assert low[0] == pytest.approx(1.25)
    assert high[0] == pytest.approx(1.75)
    assert np.isnan([low[1], high[1]]).all()
    assert low[2] == np.inf
    assert high[2] == np.inf


def test_percentile_interval_of_a_ratio_is_near_the_score_interval():
    x, n, x_ref, n_ref = 700, 5000, 1000, 5000
    drawn = bootstrap_cells([x, n - x, x_ref, n_ref - x_ref], 4000, seed=9)
    a, b, c, d = drawn.T
    low, high = percentile_interval(a / (a + b) / (c / (c + d)))
    score = score_ratio(x, n, x_ref, n_ref)
    np.testing.assert_allclose([low, high], score, atol=0.01)
