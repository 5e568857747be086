"""Studentized range: closed form, scipy where it is accurate, decimals where not."""

import math
from decimal import Decimal, getcontext
from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm, studentized_range

from fairness.inference import (
    adjusted_tail,
    studentized_range_isf,
    studentized_range_sf,
)

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


@cache
def decimal_density(z):
    return (-z * z / 2).exp() / (2 * PI).sqrt()


@cache
def decimal_below(z):
    """Return the normal distribution function in about 35 digits, also far out."""
    if z > 0:
        return 1 - decimal_below(-z)
    x = -z
    if x > 5:
        fraction = x
        for i in range(300, 0, -1):
            fraction = x + i / fraction
        return decimal_density(x) / fraction
    term = total = x
    for i in range(1, 200):
        term = term * x * x / (2 * i + 1)
        total += term
    return Decimal("0.5") - decimal_density(x) * total


def decimal_tail(q, k, step="0.0625"):
    """Return the tail in decimals, from the distribution function of Hartley (1942).

    F = [2 Phi(q/2) - 1]^k + 2 k int_{q/2}^inf phi(z) [Phi(z) - Phi(z - q)]^(k-1) dz
    has another integrand and another range than the code under test. The half line
    needs end corrections, so Simpson's rule on a fine step is used.
    """
    getcontext().prec = 60
    q, step = Decimal(q), Decimal(step)
    whole = (2 * decimal_below(q / 2) - 1) ** k
    total, count = Decimal(0), int(14 / step)
    for i in range(count + 1):
        z = q / 2 + i * step
        weight = 1 if i in {0, count} else (4 if i % 2 else 2)
        inner = decimal_below(z) - decimal_below(z - q)
        total += weight * decimal_density(z) * inner ** (k - 1)
    return 1 - whole - 2 * k * total * step / 3


def composite_tail(q, k):
    """Return the tail by Gauss-Legendre on 1,200 panels, summed without rounding."""
    node, weight = np.polynomial.legendre.leggauss(10)
    edges = np.linspace(q / 2 - 9, max(q / 2 + 9, 12), 1201)
    half = np.diff(edges)[:, None] / 2
    z = edges[:-1, None] + half * (node + 1)
    share = ndtr(z - q) / ndtr(z)
    with np.errstate(divide="ignore"):
        lost = -np.expm1((k - 1) * np.log1p(-np.minimum(share, 1.0)))
    value = norm.pdf(z) * ndtr(z) ** (k - 1) * lost * half * weight
    return k * math.fsum(value.ravel())


def test_two_groups_have_the_closed_form_to_the_end_of_the_floats():
    q = np.linspace(0.01, 52, 200)
    np.testing.assert_allclose(
        studentized_range_sf(q, 2), 2 * norm.sf(q / math.sqrt(2)), rtol=1e-12
    )


def test_tails_equal_scipy_where_scipy_is_accurate():
    # scipy integrates the distribution function to about 1e-13 absolute: its tails
    # are 1e-12 wrong at q = 6, 7 % at q = 12 with 10 groups.
    q = np.array([0.1, 0.5, 1, 2, 3, 4, 5])
    for k in (2, 3, 5, 10, 30, 100):
        truth = studentized_range.sf(q, k, np.inf)
        np.testing.assert_allclose(
            studentized_range_sf(q, k), truth, rtol=1e-9, atol=1e-12
        )


def test_tails_equal_harter_1960_table():
    # Upper 5 % and 1 % points for infinite degrees of freedom (Harter 1960, table 3).
    k = [2, 3, 5, 10, 20]
    five, one = [2.772, 3.314, 3.858, 4.474, 5.012], [3.643, 4.120, 4.603, 5.157, 5.645]
    np.testing.assert_allclose(studentized_range_isf(0.05, k), five, atol=6e-4)
    np.testing.assert_allclose(studentized_range_isf(0.01, k), one, atol=6e-4)


@pytest.mark.parametrize(
    ("q", "k"), [(0.5, 3), (3.0, 4), (6.0, 10), (9.0, 40), (5.0, 300)]
)
def test_tails_equal_another_formula_in_sixty_digits(q, k):
    coarse, fine = (decimal_tail(q, k, step) for step in ("0.00390625", "0.001953125"))
    # Simpson's error falls as the fourth power of the step.
    truth = float(fine + (fine - coarse) / 15)
    print(
        q,
        k,
        truth,
        float((fine - coarse) / fine),
        float(studentized_range_sf(q, k)) / truth - 1,
    )
    assert abs(float((fine - coarse) / fine)) < 1e-6
    assert float(studentized_range_sf(q, k)) == pytest.approx(truth, rel=1e-9)


@pytest.mark.parametrize("k", [2, 3, 5, 6, 12, 13, 20, 21, 100, 101, 1000, 3000])
def test_tails_keep_eleven_digits_down_to_1e_minus_300(k):
    q = np.concatenate([[0.01, 0.1, 0.5], np.linspace(1, 51, 26)])
    truth = np.array([composite_tail(value, k) for value in q])
    assert truth[-1] < 1e-270
    np.testing.assert_allclose(studentized_range_sf(q, k), truth, rtol=1e-11)


def test_far_tail_is_bonferroni_over_the_pairs():
    q = np.array([20.0, 35.0, 50.0])
    for k in (3, 10, 30):
        pairs = k * (k - 1) / 2
        upper = pairs * 2 * norm.sf(q / math.sqrt(2))
        np.testing.assert_allclose(studentized_range_sf(q, k), upper, rtol=1e-6)


def test_nothing_to_compare_and_nothing_found_give_1():
    assert studentized_range_sf([5, 5, -1, 0], [0, 1, 4, 4]).tolist() == [1, 1, 1, 1]
    assert adjusted_tail([9.0, 0, -3], [1, 4, 4]).tolist() == [1, 1, 1]
    assert np.isnan(adjusted_tail(np.nan, 3))
    assert np.isnan(studentized_range_isf(np.nan, 3))
    assert adjusted_tail([60.0, np.inf], [5, 2]).tolist() == [0, 0]
    assert adjusted_tail(-np.inf, 2) == 1


def test_critical_value_is_the_inverse_of_the_tail():
    p = np.array([1e-250, 1e-20, 1e-6, 0.001, 0.05, 0.5, 0.9, 0.999])
    for k in (2, 3, 8, 30, 200):
        q = studentized_range_isf(p, k)
        np.testing.assert_allclose(studentized_range_sf(q, k), p, rtol=1e-9)
    assert studentized_range_isf([0, 1, 0.05], [3, 3, 1]).tolist() == [np.inf, 0, 0]


def test_adjusted_p_of_two_groups_is_twice_the_one_sided():
    z = np.array([0.5, 2, 5, 30])
    np.testing.assert_allclose(adjusted_tail(z, 2), 2 * norm.sf(z), rtol=1e-12)


def test_more_groups_cost_more():
    p = adjusted_tail(3.0, np.arange(2, 60))
    assert (np.diff(p) > 0).all()


def test_results_do_not_depend_on_the_other_values_in_the_call():
    rng = np.random.default_rng(3)
    q, k = rng.uniform(-1, 40, (70, 100)), rng.choice([2, 5, 7, 30, 400], (70, 100))
    together = studentized_range_sf(q, k)
    assert together.shape == (70, 100)
    for i in range(0, 70, 9):
        np.testing.assert_allclose(
            together[i, 0], studentized_range_sf(q[i, 0], k[i, 0]), rtol=1e-12
        )
    assert studentized_range_sf([], []).shape == (0,)
    assert studentized_range_isf(0.05, 3).shape == ()
