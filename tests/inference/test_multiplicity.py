"""Adjusted p-values: statsmodels as oracle, nan, axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fairness.inference import benjamini_hochberg, holm

METHODS = [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]


@pytest.mark.parametrize(("function", "method"), METHODS)
def test_adjusted_equals_statsmodels(function, method):
    rng = np.random.default_rng(2)
    for size in [1, 2, 3, 10, 351] * 4:
        p = rng.uniform(0, 1, size) ** rng.integers(1, 6)
        p[:: rng.integers(2, 5)] = p[0]
        truth = multipletests(p, method=method)[1]
        np.testing.assert_allclose(function(p), truth, rtol=1e-9)


@pytest.mark.parametrize(("function", "method"), METHODS)
def test_undefined_p_stays_undefined_and_is_not_counted(function, method):
    p = np.array([0.01, np.nan, 0.04, 0.03, np.nan])
    known = ~np.isnan(p)
    adjusted = function(p)
    assert np.isnan(adjusted[~known]).all()
    np.testing.assert_allclose(
        adjusted[known], multipletests(p[known], method=method)[1]
    )
    assert np.isnan(function([np.nan, np.nan])).all()


@pytest.mark.parametrize(("function", "_method"), METHODS)
def test_rows_are_adjusted_each_on_its_own(function, _method):
    rng = np.random.default_rng(4)
    p = rng.uniform(0, 1, (3, 4, 6))
    p[1, 2, 3] = np.nan
    adjusted = function(p)
    for i, j in np.ndindex(3, 4):
        np.testing.assert_array_equal(adjusted[i, j], function(p[i, j]))


@pytest.mark.parametrize(("function", "_method"), METHODS)
def test_one_or_no_p_is_left_alone(function, _method):
    assert function(0.03).shape == ()
    assert float(function(0.03)) == 0.03
    assert function([]).shape == (0,)


@pytest.mark.parametrize(("function", "_method"), METHODS)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusting_raises_p_and_keeps_the_order(function, _method, p):
    p = np.array(p)
    adjusted = function(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_holm_keeps_the_family_wise_error_of_dependent_tests():
    rng = np.random.default_rng(8)
    draws, alpha = 20_000, 0.05
    shared = rng.normal(size=(draws, 1))
    z = 0.7 * shared + np.sqrt(1 - 0.49) * rng.normal(size=(draws, 8))
    from scipy.stats import norm

    wrong = (holm(norm.sf(z)) < alpha).any(axis=1).mean()
    assert wrong <= alpha + 4 * np.sqrt(alpha * (1 - alpha) / draws)
