"""Tails of 2x2 tables: exact oracles in integers and decimals, scipy, simulation."""

import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, hypergeom, norm

from fairness.inference import (
    adjusted_tail,
    deviance_z,
    hypergeometric_tail,
    pair_tail,
    pair_z,
    two_sided,
)


def random_tables(size=200, most=3000):
    rng = np.random.default_rng(11)
    n, n_ref = rng.integers(1, most, (2, size))
    rate = rng.uniform(0, 1, size)
    return rng.binomial(n, rate), n, rng.binomial(n_ref, rate), n_ref


def exact_lower(x, n, x_ref, n_ref):
    """Return P(X <= x) as a fraction of integers."""
    m = x + x_ref
    terms = (
        math.comb(n, k) * math.comb(n_ref, m - k)
        for k in range(max(0, m - n_ref), x + 1)
    )
    return Fraction(sum(terms), math.comb(n + n_ref, m))


def decimal_log_factorial(k):
    """Return log k! in 60 digits by Stirling's series, from 200 on."""
    if k < 200:
        return Decimal(math.factorial(k)).ln()
    value = Decimal(k)
    two_pi = 2 * Decimal(
        "3.14159265358979323846264338327950288419716939937510582097494459"
    )
    total = value * value.ln() - value + (two_pi * value).ln() / 2
    bernoulli = [
        (1, 6),
        (-1, 30),
        (1, 42),
        (-1, 30),
        (5, 66),
        (-691, 2730),
        (7, 6),
        (-3617, 510),
    ]
    for i, (top, bottom) in enumerate(bernoulli, start=1):
        total += Decimal(top) / bottom / (2 * i * (2 * i - 1)) / value ** (2 * i - 1)
    return total


def decimal_log_lower(x, n, x_ref, n_ref):
    """Return log P(X <= x) in decimals, for N too large for integer binomials."""
    getcontext().prec = 50
    m, total = x + x_ref, n + n_ref
    plus = (n, n_ref, m, total - m)
    minus = (total, x, n - x, x_ref, n_ref - x_ref)
    point = sum(map(decimal_log_factorial, plus)) - sum(
        map(decimal_log_factorial, minus)
    )
    tail, term = Decimal(1), Decimal(1)
    a, b, c, d = x, n - x, x_ref, n_ref - x_ref
    while a and d and term > tail * Decimal("1e-30"):
        term = term * (a * d) / ((b + 1) * (c + 1))
        tail += term
        a, b, c, d = a - 1, b + 1, c + 1, d - 1
    return point + tail.ln()


def test_tails_equal_scipy_hypergeom():
    x, n, x_ref, n_ref = random_tables()
    m, total = x + x_ref, n + n_ref
    lower = hypergeom.cdf(x, total, m, n)
    upper = hypergeom.sf(x - 1, total, m, n)
    point = hypergeom.pmf(x, total, m, n)
    args = (x, n, x_ref, n_ref)
    near = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(hypergeometric_tail(*args), lower, **near)
    np.testing.assert_allclose(hypergeometric_tail(*args, side="upper"), upper, **near)
    middle = hypergeometric_tail(*args, mid_p=True)
    np.testing.assert_allclose(middle, lower - point / 2, **near)
    middle = hypergeometric_tail(*args, side="upper", mid_p=True)
    np.testing.assert_allclose(middle, upper - point / 2, **near)


def test_tails_equal_scipy_fisher_exact():
    for table in zip(*random_tables(60, 400), strict=True):
        x, n, x_ref, n_ref = map(int, table)
        cells = [[x, n - x], [x_ref, n_ref - x_ref]]
        for side, alternative in (("lower", "less"), ("upper", "greater")):
            p = fisher_exact(cells, alternative=alternative).pvalue
            mine = hypergeometric_tail(x, n, x_ref, n_ref, side=side)
            assert float(mine) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("total", [2, 10, 60, 300, 2000, 10_000])
def test_tails_equal_integer_arithmetic_at_any_depth(total):
    rng = np.random.default_rng(total)
    for _ in range(12 if total < 10_000 else 4):
        n, m = (int(value) for value in rng.integers(1, total, 2))
        n_ref = total - n
        x = int(rng.integers(max(0, m - n_ref), min(n, m) + 1))
        lower = exact_lower(x, n, m - x, n_ref)
        upper = (
            1
            - lower
            + Fraction(math.comb(n, x) * math.comb(n_ref, m - x), math.comb(total, m))
        )
        for side, truth in (("lower", lower), ("upper", upper)):
            mine = float(hypergeometric_tail(x, n, m - x, n_ref, side=side))
            if truth > Fraction(1, 10**300):
                assert mine == pytest.approx(float(truth), rel=1e-11)
            else:
                assert mine <= 1e-299
            # In the logarithm there is no floor.
            z = float(pair_z(x, n, m - x, n_ref, side=side, exact_below=1e9))
            if Fraction(1, 10**4000) < truth < Fraction(1, 10**20):
                log_truth = Decimal(truth.numerator) / Decimal(truth.denominator)
                assert norm.logsf(z) == pytest.approx(float(log_truth.ln()), rel=1e-11)


@pytest.mark.parametrize(
    "table",
    [
        (3, 1_000_000, 47, 99_000_000),
        (0, 40_000_000, 30, 60_000_000),
        (700, 100_000, 999_300, 99_900_000),
        (10, 30_000, 60_000, 99_970_000),
        (1000, 500_000_000, 1300, 500_000_000),
        (99_000, 1_000_000, 100_000_000, 999_000_000),
        (2, 999, 400_000_000, 999_000_000),
    ],
)
def test_tails_at_hundreds_of_millions_keep_ten_digits(table):
    truth = decimal_log_lower(*table)
    mine = float(hypergeometric_tail(*table))
    if truth > -700:
        assert mine == pytest.approx(float(truth.exp()), rel=1e-10)
    z = float(pair_z(*table, exact_below=1e12))
    if truth < -2:
        assert norm.logsf(z) == pytest.approx(float(truth), rel=1e-11)


def test_lower_and_upper_tails_overlap_in_the_observed_table():
    args = random_tables()
    both = hypergeometric_tail(*args) + hypergeometric_tail(*args, side="upper")
    middle = hypergeometric_tail(*args, mid_p=True)
    other = hypergeometric_tail(*args, side="upper", mid_p=True)
    assert (both >= 1 - 1e-12).all()
    np.testing.assert_allclose(middle + other, 1, atol=1e-11)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_degenerate_margins_give_p_1_and_z_0(side):
    nobody, everybody = (0, 30, 0, 40), (30, 30, 40, 40)
    for table in (nobody, everybody, (0, 9_000, 0, 9_000)):
        assert float(hypergeometric_tail(*table, side=side)) == 1
        assert float(hypergeometric_tail(*table, side=side, mid_p=True)) == 0.5
        assert float(pair_tail(*table, side=side)) == 1
        assert float(pair_z(*table, side=side)) == 0
        assert float(deviance_z(*table)) == 0


def test_empty_group_or_reference_is_undefined_not_1():
    x, n, x_ref, n_ref = [0, 3, 0], [0, 9, 0], [2, 0, 0], [9, 0, 0]
    for function in (hypergeometric_tail, deviance_z, pair_tail, pair_z):
        assert np.isnan(function(x, n, x_ref, n_ref)).all()


def test_deviance_equals_scipy_likelihood_ratio():
    for table in zip(*random_tables(), strict=True):
        x, n, x_ref, n_ref = map(int, table)
        if 0 < x + x_ref < n + n_ref:
            cells = [[x, n - x], [x_ref, n_ref - x_ref]]
            g = chi2_contingency(cells, lambda_="log-likelihood", correction=False)[0]
            z = float(deviance_z(x, n, x_ref, n_ref))
            # scipy sums terms of both signs: its g keeps an absolute accuracy.
            assert z**2 == pytest.approx(g, rel=1e-9, abs=1e-9)
            assert np.sign(z) == np.sign(x * n_ref - x_ref * n)


def test_deviance_of_nearly_equal_rates_in_huge_groups_does_not_cancel():
    # One more of 5e8 against half of 1e9: z^2 = gap^2 (sum of 1 / expected) here.
    z = float(deviance_z(250_000_001, 500_000_000, 250_000_000, 500_000_000))
    gap = 0.5
    assert z == pytest.approx(gap * math.sqrt(4 / 250_000_000.5), rel=1e-8)
    assert float(deviance_z(10**8, 10**9, 10**7, 10**8)) == 0


def test_pair_tail_is_exact_below_40_expected_and_deviance_from_there():
    # Expected counts of the group: 39.9 and 40.
    few, many = (30, 399, 69, 591), (30, 400, 69, 590)
    assert float(pair_tail(*few)) == float(hypergeometric_tail(*few))
    assert float(pair_tail(*many)) == pytest.approx(
        norm.cdf(deviance_z(*many)), rel=1e-12
    )
    assert float(pair_z(*many)) == pytest.approx(-float(deviance_z(*many)), rel=1e-12)


def test_the_two_methods_agree_where_they_meet():
    x = np.arange(10, 40)
    exact_z = pair_z(x, 400, 500 - x, 4600, exact_below=41)
    root = pair_z(x, 400, 500 - x, 4600, exact_below=1)
    assert (exact_z < root).all()
    assert np.abs(exact_z - root).max() < 0.16


def test_effective_counts_are_rounded_for_the_exact_tail_only():
    assert float(pair_tail(2.4, 12.3, 29.6, 100.2)) == float(pair_tail(2, 12, 30, 100))
    big = (650.5, 5000.5, 1000.5, 5000.5)
    assert float(pair_tail(*big)) == pytest.approx(
        norm.cdf(deviance_z(*big)), rel=1e-12
    )
    # 0.6 of 0.6 rounds to 1 of 1, never to 1 of 0.
    assert float(pair_tail(0.4, 0.4, 30, 100)) == 1


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_z_is_the_normal_quantile_of_the_tail(side):
    args = random_tables()
    p, z = pair_tail(*args, side=side), pair_z(*args, side=side)
    inner = (p > 1e-300) & (p < 1 - 1e-6)
    np.testing.assert_allclose(norm.sf(z[inner]), p[inner], rtol=1e-9)
    assert np.isfinite(z).all()
    assert (z[p == 1] <= 0).all()


def test_far_tails_have_a_finite_z_where_p_underflows():
    table = (0, 30_000, 39, 40)
    assert float(pair_tail(*table)) == pytest.approx(
        float(exact_lower(*table)), rel=1e-10
    )
    far = (0, 3_000_000, 180, 190)
    assert float(pair_tail(*far)) == 0
    log_truth = float(decimal_log_lower(*far))
    assert log_truth < -900
    assert norm.logsf(float(pair_z(*far))) == pytest.approx(log_truth, rel=1e-11)


@given(st.integers(1, 3000), st.floats(0, 1), st.integers(1, 3000), st.floats(0, 1))
def test_group_and_reference_mirror_each_other(n, rate, n_ref, rate_ref):
    x, x_ref = round(n * rate), round(n_ref * rate_ref)
    lower = float(pair_z(x, n, x_ref, n_ref, side="lower"))
    mirrored = float(pair_z(x_ref, n_ref, x, n, side="upper"))
    assert lower == pytest.approx(mirrored, rel=1e-9, abs=1e-9)
    left = float(deviance_z(x, n, x_ref, n_ref))
    assert left == pytest.approx(
        -float(deviance_z(x_ref, n_ref, x, n)), rel=1e-9, abs=1e-9
    )
    complement = float(pair_z(n - x, n, n_ref - x_ref, n_ref, side="upper"))
    assert lower == pytest.approx(complement, rel=1e-9, abs=1e-9)


@given(st.integers(2, 2000), st.floats(0.01, 0.99), st.integers(1, 2000))
def test_one_more_selected_is_less_evidence_of_less(n, rate, n_ref):
    m = max(1, round(rate * min(n, n_ref)))
    x = np.arange(m + 1)
    z = pair_z(x, n, m - x, n_ref, side="lower", exact_below=1e9)
    assert (np.diff(z) < 1e-9).all()


def test_two_sided_is_twice_the_smaller_tail_and_at_most_1():
    assert two_sided([0.01, 0.6, 0.5, np.nan], [0.995, 0.6, 0.5, 1])[:3].tolist() == [
        0.02,
        1,
        1,
    ]
    assert np.isnan(two_sided(np.nan, 0.5))


def test_arguments_broadcast():
    assert pair_tail([[1], [2]], [10, 2000, 30], 5, [50, 60, 70]).shape == (2, 3)
    assert pair_z([], [], [], []).shape == (0,)
    assert hypergeometric_tail([], [], [], []).shape == (0,)
    assert pair_tail(1, 2, 3, 4).shape == ()


def test_fair_campaigns_are_found_in_no_more_than_alpha():
    rng = np.random.default_rng(5)
    alpha, draws = 0.05, 40_000
    for n, n_ref, rate in ((300, 3000, 0.05), (900, 9000, 0.1), (60, 60, 0.5)):
        x, x_ref = rng.binomial(n, rate, draws), rng.binomial(n_ref, rate, draws)
        for side in ("lower", "upper"):
            found = (pair_tail(x, n, x_ref, n_ref, side=side) < alpha).mean()
            assert found <= alpha + 4 * math.sqrt(alpha * (1 - alpha) / draws)


def test_worst_pair_of_equal_groups_is_found_in_about_alpha():
    rng = np.random.default_rng(6)
    alpha, draws, k, n = 0.05, 6000, 6, 4000
    x = rng.binomial(n, 0.1, (draws, k))
    z = pair_z(x.min(axis=1), n, x.max(axis=1), n, side="lower")
    found = (adjusted_tail(z, k) < alpha).mean()
    assert abs(found - alpha) < 4 * math.sqrt(alpha * (1 - alpha) / draws) + 0.003
