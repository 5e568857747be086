"""Equivalence of two rates against statsmodels and the score intervals."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import fisher_exact, hypergeom, norm
from statsmodels.stats.proportion import tost_proportions_2indep

from fairness.errors import InputError
from fairness.inference import score_difference, score_ratio
from fairness.inference.equivalence import equivalence_p, smallest_attainable_p

TABLES = [
    (960, 5000, 1000, 5000),
    (48, 250, 50, 250),
    (7, 34, 1, 34),
    (30, 100, 60, 120),
    (1, 40, 700, 5000),
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("margin", [0.5, 0.8, 0.95])
def test_ratio_equals_statsmodels_score_tost(table, margin):
    # tost_proportions_2indep(count1, nobs1, count2, nobs2, low, upp, method="score",
    # compare="ratio"), correction=True: the factor N / (N - 1), as here.
    theirs = tost_proportions_2indep(
        *table, margin, 1 / margin, method="score", compare="ratio"
    )
    ours = float(equivalence_p(*table, margin))
    assert ours == pytest.approx(float(theirs.pvalue), rel=1e-8)


def difference_z(table, value):
    """Return the score statistic of a difference, the restricted rate searched."""
    x1, n1, x2, n2 = table

    def loss(q):
        p = q + value
        return -(xlogy(x1, p) + xlogy(n1 - x1, 1 - p)) - (
            xlogy(x2, q) + xlogy(n2 - x2, 1 - q)
        )

    span = max(0, -value), min(1, 1 - value)
    q = minimize_scalar(loss, bounds=span, options={"xatol": 1e-13}).x
    variance = (q + value) * (1 - q - value) / n1 + q * (1 - q) / n2
    total = n1 + n2
    return (x1 / n1 - x2 / n2 - value) / np.sqrt(variance * total / (total - 1))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("margin", [0.02, 0.05, 0.3])
def test_difference_equals_the_score_tests_at_searched_rates(table, margin):
    # statsmodels 0.15 is no oracle here: in the cubic of the restricted rate it has
    # count0 * diff where Miettinen & Nurminen (1985) have N0 * diff; its rates do not
    # maximise the likelihood (48/250 and 50/250 at -0.05: 0.1716, the maximum 0.1730).
    expected = max(
        norm.sf(difference_z(table, -margin)), norm.cdf(difference_z(table, margin))
    )
    ours = float(equivalence_p(*table, margin, "difference"))
    assert ours == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["ratio", "difference"])
def test_p_is_below_alpha_where_the_interval_lies_inside_the_margins(kind):
    rng = np.random.default_rng(3)
    n, n_ref = rng.integers(50, 4000, (2, 400))
    rate = rng.uniform(0.05, 0.6, 400)
    x, x_ref = rng.binomial(n, rate), rng.binomial(n_ref, rate)
    margin = 0.8 if kind == "ratio" else 0.05
    ends = (margin, 1 / margin) if kind == "ratio" else (-margin, margin)
    interval = score_ratio if kind == "ratio" else score_difference
    p = equivalence_p(x, n, x_ref, n_ref, margin, kind)
    for alpha in (0.05, 0.2):
        low, high = interval(x, n, x_ref, n_ref, 1 - 2 * alpha)
        inside = (low > ends[0]) & (high < ends[1])
        assert 0 < inside.sum() < 400
        np.testing.assert_array_equal(p < alpha, inside)


@pytest.mark.parametrize("kind", ["ratio", "difference"])
def test_rates_at_the_margin_are_called_equivalent_in_alpha_of_all_cases(kind):
    rng = np.random.default_rng(4)
    n, n_ref, ref = 2000, 4000, 0.25
    rate = 0.8 * ref if kind == "ratio" else ref - 0.05
    x, x_ref = rng.binomial(n, rate, 20_000), rng.binomial(n_ref, ref, 20_000)
    p = equivalence_p(x, n, x_ref, n_ref, 0.8 if kind == "ratio" else 0.05, kind)
    assert abs((p < 0.05).mean() - 0.05) < 0.006


@pytest.mark.parametrize("kind", ["ratio", "difference"])
def test_swapping_the_groups_changes_nothing(kind):
    x, n, x_ref, n_ref = np.array(TABLES, dtype=float).T
    np.testing.assert_allclose(
        equivalence_p(x, n, x_ref, n_ref, 0.7, kind),
        equivalence_p(x_ref, n_ref, x, n, 0.7, kind),
        rtol=1e-9,
    )


def test_few_customers_never_show_equivalence():
    assert float(equivalence_p(5, 50, 5, 50, 0.8)) > 0.2
    assert float(equivalence_p(0, 50, 0, 50, 0.8)) == 1
    # One effective customer: the corrected variance has no bound.
    assert float(equivalence_p(0.2, 0.5, 0.1, 0.5, 0.8)) == 0.5


def test_a_group_of_nobody_is_undefined_not_1():
    for kind in ("ratio", "difference"):
        p = equivalence_p([0, 3, 3], [0, 9, 9], [3, 0, 3], [9, 0, 9], 0.5, kind)
        assert np.isnan(p[:2]).all()
        assert 0 < p[2] < 1


def test_arguments_broadcast_and_are_checked():
    p = equivalence_p([[100], [200]], 1000, [100, 150, 200], 1000, 0.8)
    assert p.shape == (2, 3)
    for wrong in ((3, 9, 10, 9, 0.8), (3, 9, 3, 9, 1.25), (3, 9, 3, 9, 0.0)):
        with pytest.raises(InputError):
            equivalence_p(*wrong)
    with pytest.raises(InputError, match="kind"):
        equivalence_p(3, 9, 3, 9, 0.8, "odds")


def test_smallest_p_is_that_of_the_extreme_table():
    for n, n_ref in itertools.product((1, 5, 20, 60), (3, 20, 400)):
        total = np.arange(n + n_ref + 1)
        distribution = hypergeom(n + n_ref, total, n)
        least, most = np.maximum(total - n_ref, 0), np.minimum(total, n)
        np.testing.assert_allclose(
            smallest_attainable_p(n, n_ref, total),
            distribution.cdf(least),
            rtol=1e-9,
        )
        np.testing.assert_allclose(
            smallest_attainable_p(n, n_ref, total, side="upper"),
            distribution.sf(most - 1),
            rtol=1e-8,
        )


def test_smallest_p_equals_fisher_of_nobody_selected():
    table = [[0, 20], [50, 350]]
    expected = fisher_exact(table, alternative="less").pvalue
    assert float(smallest_attainable_p(20, 400, 50)) == pytest.approx(expected)


def test_smallest_p_of_empty_groups_is_undefined_and_margins_are_checked():
    assert np.isnan(smallest_attainable_p([0, 9], [9, 0], 3)).all()
    assert float(smallest_attainable_p(10, 20, 0)) == 1
    for wrong in ((3, 4, 8), (-1, 4, 2), (3, np.inf, 2)):
        with pytest.raises(InputError):
            smallest_attainable_p(*wrong)
    with pytest.raises(InputError, match="side"):
        smallest_attainable_p(3, 4, 2, side="both")
