"""Intervals of one rate: oracles, boundaries, coverage."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from statsmodels.stats.proportion import proportion_confint

from fairness.inference import exact, normal_quantile, rate_interval, wilson

FUNCTIONS = [wilson, exact, rate_interval]


def tables(size=200, most=5000):
    rng = np.random.default_rng(20)
    n = rng.integers(1, most, size)
    return rng.integers(0, n + 1), n


def coverage(n, function, confidence=0.95):
    """Return rates up to 1/2 and the exact coverage there.

    The rates are a grid and both sides of every limit, where coverage jumps.
    """
    low, high = function(np.arange(n + 1), n, confidence)
    assert (np.diff(low) > 0).all()
    assert (np.diff(high) > 0).all()
    ends = np.concatenate([low, high])
    rates = np.concatenate([ends - 1e-10, ends + 1e-10, np.linspace(0, 0.5, 101)])
    rates = np.unique(rates[(rates > 0) & (rates <= 0.5)])
    first = np.searchsorted(high, rates, side="left")
    last = np.searchsorted(low, rates, side="right") - 1
    return rates, binom.cdf(last, n, rates) - binom.cdf(first - 1, n, rates)


def measured(sizes, function):
    """Return (least, most) coverage where both expected counts are >= 10, and else."""
    many, few = [], []
    for n in sizes:
        rates, covered = coverage(n, function)
        enough = n * rates >= 10
        many.extend(covered[enough])
        few.extend(covered[~enough])
    return (min(many), max(many)), (min(few), max(few))


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("function", "method"), [(wilson, "wilson"), (exact, "beta")])
def test_limits_equal_statsmodels(function, method, confidence):
    x, n = tables()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        low, high = proportion_confint(x, n, alpha=1 - confidence, method=method)
    mine = function(x, n, confidence)
    np.testing.assert_allclose(mine[0], low, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(mine[1], high, rtol=1e-9, atol=1e-12)


def test_limits_equal_newcombe_1998_one_sample_paper():
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, 81/263 and 15/148.
    np.testing.assert_allclose(wilson(81, 263), (0.2553, 0.3662), atol=5e-5)
    np.testing.assert_allclose(wilson(15, 148), (0.0624, 0.1605), atol=5e-5)
    np.testing.assert_allclose(exact(81, 263), (0.2527, 0.3676), atol=5e-5)
    np.testing.assert_allclose(exact(15, 148), (0.0578, 0.1617), atol=5e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nobody_and_everybody_end_exactly_at_0_and_1(function):
    low, high = function([0, 0, 7, 1], [1, 7, 7, 1])
    assert low[:2].tolist() == [0, 0]
    assert high[2:].tolist() == [1, 1]
    assert ((low >= 0) & (high <= 1) & (low < high)).all()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_empty_group_is_undefined_not_zero(function):
    low, high = function([0, 3], [0, 9])
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


def test_wilson_low_limit_of_a_rare_event_keeps_its_digits():
    # One of 1e9: (x + z^2/2 - ...) cancels; the closed form in exact arithmetic:
    from decimal import Decimal, getcontext

    getcontext().prec = 50
    z, x, n = Decimal(float(normal_quantile(0.95))), Decimal(1), Decimal(10**9)
    root = z * (x * (n - x) / n + z * z / 4).sqrt()
    expected = float((x + z * z / 2 - root) / (n + z * z))
    assert float(wilson(1, 1e9)[0]) == pytest.approx(expected, rel=1e-13)


def test_exact_limits_of_nobody_are_the_rule_of_three():
    assert float(exact(0, 1000)[1]) == pytest.approx(1 - 0.025 ** (1 / 1000), rel=1e-12)


def test_rate_interval_is_wilson_from_20_on_and_exact_up_to_2():
    n = 500
    x = np.array([20, 21, 250, 480])
    np.testing.assert_array_equal(rate_interval(x, n), wilson(x, n))
    x = np.array([0, 1, 2, 498, 499, 500])
    np.testing.assert_allclose(rate_interval(x, n), exact(x, n), rtol=1e-15)


def test_rate_interval_covers_at_least_93_percent_at_every_size():
    sizes = [*range(1, 121), 150, 200, 300, 1000, 2500]
    (least, most), (least_few, _) = measured(sizes, rate_interval)
    assert least >= 0.93
    assert least_few >= 0.93
    # The docstring's figures.
    assert round(least, 3) == 0.931
    assert round(most, 3) == 0.974
    assert round(least_few, 4) == 0.9303


def test_rate_interval_covers_at_most_97_percent_from_42_customers_on():
    (least, most), _ = measured([*range(42, 121), 200, 500, 2500], rate_interval)
    assert least >= 0.93
    assert most <= 0.97


def test_no_symmetric_interval_covers_93_to_97_percent_of_21_at_one_half():
    # Half of 21 lies between 10 and 11: sets symmetric about it hold 7..14 or 6..15.
    inner = binom.cdf(14, 21, 0.5) - binom.cdf(6, 21, 0.5)
    outer = binom.cdf(15, 21, 0.5) - binom.cdf(5, 21, 0.5)
    assert inner == pytest.approx(0.9216, abs=5e-5)
    assert outer == pytest.approx(0.9734, abs=5e-5)


def test_wilson_alone_undercovers_few_expected_and_exact_overcovers():
    (least, most), (least_few, _) = measured(range(1, 121), wilson)
    assert (round(least, 3), round(most, 3)) == (0.922, 0.971)
    assert round(least_few, 2) == 0.79
    (least, most), (least_few, _) = measured(range(1, 121), exact)
    assert least >= 0.95
    assert least_few >= 0.95
    assert most > 0.98


@pytest.mark.parametrize("function", FUNCTIONS)
@given(
    n=st.integers(1, 10**6),
    share=st.floats(0, 1),
    levels=st.tuples(st.floats(0.01, 0.999), st.floats(0.01, 0.999)),
)
def test_more_confidence_is_wider_and_the_complement_mirrors(
    function, n, share, levels
):
    x = float(np.rint(share * n))
    less, more = sorted(levels)
    low, high = function(x, n, [less, more])
    assert low[1] <= low[0] + 1e-15
    assert high[1] >= high[0] - 1e-15
    assert low[0] - 1e-12 <= x / n <= high[0] + 1e-12 or function is exact
    mirrored_low, mirrored_high = function(n - x, n, [less, more])
    np.testing.assert_allclose(mirrored_low, 1 - high, atol=1e-12)
    np.testing.assert_allclose(mirrored_high, 1 - low, atol=1e-12)


def test_arguments_broadcast_and_results_are_arrays_of_their_shape():
    low, high = rate_interval([[1.5], [2.5]], [10, 20, 30], 0.9)
    assert low.shape == high.shape == (2, 3)
    assert isinstance(rate_interval(1, 2)[0], np.ndarray)
    assert rate_interval(1, 2)[0].shape == ()
    assert rate_interval([], [])[0].shape == (0,)


def test_normal_quantile_equals_scipy_far_out():
    levels = np.array([0.5, 0.95, 1 - 1e-10])
    np.testing.assert_allclose(
        normal_quantile(levels), norm.isf((1 - levels) / 2), rtol=1e-12
    )
