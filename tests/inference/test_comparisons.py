"""Intervals of two groups: oracles, boundaries by direct inversion, symmetries."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep

from fairness.inference import (
    difference_interval,
    newcombe,
    odds_ratio_interval,
    ratio_interval,
    score_difference,
    score_odds_ratio,
    score_ratio,
)

RATIOS = [score_ratio, score_odds_ratio]
SCORES = [score_difference, *RATIOS]
WIDENED = {
    difference_interval: score_difference,
    ratio_interval: score_ratio,
    odds_ratio_interval: score_odds_ratio,
}
ALL = [newcombe, *SCORES, *WIDENED]


def random_tables(size=200):
    """Return tables without zero cells, with rates away from 0 and 1."""
    rng = np.random.default_rng(7)
    n, n_ref = rng.integers(10, 5000, (2, size))
    rate, rate_ref = rng.uniform(0.1, 0.9, (2, size))
    x = np.clip(rng.binomial(n, rate), 1, n - 1)
    x_ref = np.clip(rng.binomial(n_ref, rate_ref), 1, n_ref - 1)
    return x, n, x_ref, n_ref


def statsmodels_limits(tables, compare, method, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [
            confint_proportions_2indep(
                *table, compare=compare, method=method, **options
            )
            for table in zip(*(column.tolist() for column in tables), strict=True)
        ]
    return np.array(found).T


# Direct inversion: the restricted rate by root finding on the derivative of the
# likelihood, the limit by root finding on the statistic. No closed form.


def group_rate(measure, value, p):
    """Return the group's rate and its derivative in the reference's rate p."""
    if measure is score_difference:
        return p + value, 1.0
    if measure is score_ratio:
        return value * p, value
    scale = 1 - p + value * p
    return value * p / scale, value / scale**2


def restricted_rate(measure, value, table):
    x1, n1, x2, n2 = table
    low, high = 0.0, 1.0
    if measure is score_difference:
        low, high = max(0.0, -value), min(1.0, 1 - value)
    if measure is score_ratio:
        high = min(1.0, 1 / value)

    def slope(p):
        p1, derivative = group_rate(measure, value, p)
        total = 0.0
        for x, n, rate, factor in ((x1, n1, p1, derivative), (x2, n2, p, 1.0)):
            total += factor * x / max(rate, 1e-300) if x else 0.0
            total -= factor * (n - x) / max(1 - rate, 1e-300) if n - x else 0.0
        return total

    edge = 1e-13 * (high - low)
    if slope(low + edge) <= 0:
        return low
    if slope(high - edge) >= 0:
        return high
    return brentq(slope, low + edge, high - edge, xtol=1e-18, rtol=1e-15)


def score_statistic(measure, value, table, *, correction):
    x1, n1, x2, n2 = table
    p = restricted_rate(measure, value, table)
    p1 = min(max(group_rate(measure, value, p)[0], 0.0), 1.0)
    factor = (n1 + n2) / (n1 + n2 - 1) if correction else 1.0
    if measure is score_odds_ratio:
        inverse = 1 / (n1 * p1 * (1 - p1)) + 1 / (n2 * p * (1 - p))
        return (x1 - n1 * p1) * np.sqrt(inverse / factor)
    distance = x1 / n1 - x2 / n2 - value
    variance = p1 * (1 - p1) / n1 + p * (1 - p) / n2
    if measure is score_ratio:
        distance = x1 / n1 - value * x2 / n2
        variance = p1 * (1 - p1) / n1 + value**2 * p * (1 - p) / n2
    return distance / np.sqrt(variance * factor)


def direct_limit(measure, table, target, between, *, correction):
    logarithmic = measure is not score_difference

    def excess(place):
        value = np.exp(place) if logarithmic else place
        return score_statistic(measure, value, table, correction=correction) - target

    low, high = np.log(between) if logarithmic else between
    place = brentq(excess, low, high, xtol=1e-15, rtol=1e-14)
    return float(np.exp(place)) if logarithmic else place


Z = norm.isf(0.025)


@pytest.mark.parametrize("correction", [True, False])
@pytest.mark.parametrize(
    ("function", "compare"), [(score_ratio, "ratio"), (score_odds_ratio, "odds-ratio")]
)
def test_score_limits_of_ratios_equal_statsmodels(function, compare, correction):
    tables = random_tables()
    low, high = statsmodels_limits(tables, compare, "score", correction=correction)
    mine = function(*tables, correction=correction)
    # statsmodels stops its root finder at 2e-12 absolute.
    np.testing.assert_allclose(mine[0], low, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(mine[1], high, rtol=1e-9, atol=1e-11)


def test_newcombe_limits_equal_statsmodels():
    tables = random_tables()
    limits = statsmodels_limits(tables, "diff", "newcomb")
    np.testing.assert_allclose(newcombe(*tables), limits, atol=1e-12)


@pytest.mark.parametrize("correction", [True, False])
def test_score_limits_of_the_difference_equal_direct_inversion(correction):
    # statsmodels 0.15 has a wrong coefficient in the cubic (its issue 10269): it is
    # off by 0.002 for 7/34 against 1/34, up to 0.07 elsewhere, or finds no root.
    tables = random_tables()
    low, high = score_difference(*tables, correction=correction)
    for i, table in enumerate(zip(*(c.tolist() for c in tables), strict=True)):
        estimate = table[0] / table[1] - table[2] / table[3]
        options = {"correction": correction}
        span = (-1 + 1e-9, estimate)
        direct = direct_limit(score_difference, table, Z, span, **options)
        assert low[i] == pytest.approx(direct, abs=1e-11)
        span = (estimate, 1 - 1e-9)
        direct = direct_limit(score_difference, table, -Z, span, **options)
        assert high[i] == pytest.approx(direct, abs=1e-11)


def test_difference_equals_r_propcis():
    # > library(PropCIs); diffscoreci(7, 34, 1, 34, 0.95)
    np.testing.assert_allclose(
        score_difference(7, 34, 1, 34), (0.0270416, 0.3452912), atol=1e-7
    )


def test_differences_equal_the_table_of_newcombe_1998():
    # 56/70 against 48/80: methods 5 (Mee), 6 (Miettinen-Nurminen), 10 (hybrid score).
    table = (56, 70, 48, 80)
    mee = score_difference(*table, correction=False)
    np.testing.assert_allclose(mee, (0.0533, 0.3377), atol=5e-5)
    np.testing.assert_allclose(score_difference(*table), (0.0528, 0.3382), atol=5e-5)
    np.testing.assert_allclose(newcombe(*table), (0.0524, 0.3339), atol=5e-5)


BOUNDARY = [
    (0, 20, 5, 30),
    (5, 30, 0, 20),
    (0, 20, 0, 30),
    (20, 20, 25, 30),
    (25, 30, 20, 20),
    (20, 20, 30, 30),
    (0, 20, 30, 30),
    (20, 20, 0, 30),
    (1, 1, 0, 1),
    (0, 1, 400, 4000),
    (0, 3000, 3, 100000),
]


@pytest.mark.parametrize("correction", [True, False])
@pytest.mark.parametrize("table", BOUNDARY)
def test_difference_of_empty_and_full_tables_equals_direct_inversion(table, correction):
    low, high = score_difference(*table, correction=correction)
    estimate = table[0] / table[1] - table[2] / table[3]
    tiny, options = 1e-12, {"correction": correction}
    if estimate == -1:
        assert low == -1
    else:
        span = (-1 + tiny, estimate - tiny)
        direct = direct_limit(score_difference, table, Z, span, **options)
        assert low == pytest.approx(direct, abs=1e-9)
    if estimate == 1:
        assert high == 1
    else:
        span = (estimate + tiny, 1 - tiny)
        direct = direct_limit(score_difference, table, -Z, span, **options)
        assert high == pytest.approx(direct, abs=1e-9)


@pytest.mark.parametrize("correction", [True, False])
@pytest.mark.parametrize("table", BOUNDARY)
@pytest.mark.parametrize("measure", RATIOS)
def test_ratios_of_empty_and_full_tables_equal_direct_inversion(
    measure, table, correction
):
    # statsmodels 0.15 divides by zero or finds no root on several of these tables.
    x1, n1, x2, n2 = table
    low, high = measure(*table, correction=correction)
    full_ends = measure is score_odds_ratio
    span, options = (1e-7, 1e7), {"correction": correction}
    degenerate = full_ends and (x1 + x2) in {0, n1 + n2}
    if x1 == 0 or (full_ends and x2 == n2) or degenerate:
        assert low == 0
    else:
        direct = direct_limit(measure, table, Z, span, **options)
        assert low == pytest.approx(direct, rel=1e-9)
    if x2 == 0 or (full_ends and x1 == n1) or degenerate:
        assert high == np.inf
    else:
        direct = direct_limit(measure, table, -Z, span, **options)
        assert high == pytest.approx(direct, rel=1e-9)


def test_nobody_selected_anywhere_leaves_ratios_open_and_differences_bounded():
    table = (0, 50, 0, 80)
    for measure in RATIOS:
        assert [float(limit) for limit in measure(*table)] == [0, np.inf]
    low, high = score_difference(*table, correction=False)
    # Closed form: z^2 / (n + z^2) on each side.
    assert float(low) == pytest.approx(-(Z**2) / (80 + Z**2), rel=1e-10)
    assert float(high) == pytest.approx(Z**2 / (50 + Z**2), rel=1e-10)


@pytest.mark.parametrize("function", ALL)
def test_empty_group_or_reference_is_undefined_not_zero(function):
    low, high = function([0, 3, 0, 2], [0, 9, 0, 4], [2, 0, 0, 1], [9, 0, 0, 4])
    assert np.isnan(low[:3]).all()
    assert np.isnan(high[:3]).all()
    assert low[3] < high[3]


def test_single_customer_leaves_the_corrected_interval_open():
    # N = 1 in effective customers: N / (N - 1) has no bound.
    low, high = score_difference(0.2, 0.5, 0.1, 0.5)
    assert (float(low), float(high)) == (-1, 1)
    for measure in RATIOS:
        low, high = measure(0.2, 0.5, 0.1, 0.5)
        assert (float(low), float(high)) == (0, np.inf)


@pytest.mark.parametrize("measure", SCORES)
def test_huge_counts_keep_seven_digits_of_the_distance_to_the_estimate(measure):
    table = (900, 40_000_000, 2_000, 60_000_000)
    rates = table[0] / table[1], table[2] / table[3]
    estimate, span = rates[0] / rates[1], ((0.3, 0.675), (0.675, 1.5))
    if measure is score_difference:
        estimate = rates[0] - rates[1]
        span = ((-1e-4, estimate), (estimate, 1e-4))
    limits = measure(*table)
    for limit, target, between in zip(limits, (Z, -Z), span, strict=True):
        direct = direct_limit(measure, table, target, between, correction=True)
        assert abs(limit - direct) <= 1e-7 * abs(direct - estimate)


counts = st.tuples(
    st.integers(1, 5000), st.floats(0, 1), st.integers(1, 5000), st.floats(0, 1)
).map(lambda t: (round(t[0] * t[1]), t[0], round(t[2] * t[3]), t[2]))


@pytest.mark.parametrize("function", [newcombe, score_difference])
@given(table=counts)
def test_swapping_groups_negates_differences(function, table):
    low, high = function(*table)
    swapped_low, swapped_high = function(*table[2:], *table[:2])
    assert -1 <= low <= high <= 1
    np.testing.assert_allclose(swapped_low, -high, atol=1e-9)
    np.testing.assert_allclose(swapped_high, -low, atol=1e-9)


@pytest.mark.parametrize("function", RATIOS)
@given(table=counts)
def test_swapping_groups_inverts_ratios(function, table):
    low, high = function(*table)
    swapped_low, swapped_high = function(*table[2:], *table[:2])
    assert 0 <= low <= high
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(swapped_low, 1 / high, rtol=1e-9)
        np.testing.assert_allclose(swapped_high, 1 / low, rtol=1e-9)


@pytest.mark.parametrize("function", ALL)
@given(table=counts, levels=st.tuples(st.floats(0.05, 0.999), st.floats(0.05, 0.999)))
def test_more_confidence_is_never_narrower(function, table, levels):
    low, high = function(*table, sorted(levels))
    assert low[1] <= low[0] + 1e-9 * abs(low[0])
    assert np.isinf(high).all() or high[1] >= high[0] - 1e-9 * abs(high[0])


@pytest.mark.parametrize("function", SCORES)
@given(table=counts)
def test_limits_enclose_the_estimate(function, table):
    x1, n1, x2, n2 = table
    low, high = function(*table)
    if function is score_difference:
        assert low - 1e-12 <= x1 / n1 - x2 / n2 <= high + 1e-12
    elif function is score_ratio and x2:
        assert low * (1 - 1e-12) <= x1 * n2 / (n1 * x2) <= high * (1 + 1e-12)
    elif function is score_odds_ratio and x2 and x1 < n1:
        odds = x1 * (n2 - x2) / ((n1 - x1) * x2)
        assert low * (1 - 1e-12) <= odds <= high * (1 + 1e-12)


@pytest.mark.parametrize("function", SCORES)
def test_limits_do_not_depend_on_the_other_tables_in_the_call(function):
    x, n, x_ref, n_ref = (
        np.array(column) for column in zip(*BOUNDARY, (7, 34, 1, 34), strict=True)
    )
    together = np.array(function(x, n, x_ref, n_ref))
    for i, table in enumerate(zip(x, n, x_ref, n_ref, strict=True)):
        np.testing.assert_allclose(together[:, i], function(*table), rtol=1e-11)


def test_arguments_broadcast():
    low, high = score_ratio([[1], [2]], [10, 20, 30], 5, [50, 60, 70], 0.9)
    assert low.shape == high.shape == (2, 3)
    assert score_difference([], [], [], [])[0].shape == (0,)


def joint_coverage(function, n, n_ref, rates, rates_ref):
    """Return the exact coverage of the truth at pairs of rates."""
    from scipy.stats import binom

    x, x_ref = np.meshgrid(np.arange(n + 1), np.arange(n_ref + 1), indexing="ij")
    low, high = function(x, n, x_ref, n_ref)
    for p, p_ref in itertools.product(rates, rates_ref):
        truth = {
            score_difference: p - p_ref,
            newcombe: p - p_ref,
            score_ratio: p / p_ref,
            score_odds_ratio: p * (1 - p_ref) / ((1 - p) * p_ref),
        }[WIDENED.get(function, function)]
        weight = np.outer(
            binom.pmf(np.arange(n + 1), n, p),
            binom.pmf(np.arange(n_ref + 1), n_ref, p_ref),
        )
        yield weight[(low <= truth) & (truth <= high)].sum()


@pytest.mark.parametrize("function", ALL)
def test_two_group_intervals_cover_93_to_97_percent_where_10_are_expected(function):
    for n, n_ref in ((40, 40), (50, 120), (25, 150), (100, 100)):
        rates = np.linspace(10 / n, 1 - 10 / n, 7)
        rates_ref = np.linspace(10 / n_ref, 1 - 10 / n_ref, 7)
        covered = list(joint_coverage(function, n, n_ref, rates, rates_ref))
        assert min(covered) >= 0.93
        assert max(covered) <= 0.97


@pytest.mark.parametrize("function", WIDENED)
def test_widened_intervals_cover_at_least_93_percent_everywhere(function):
    for n, n_ref in ((5, 5), (20, 20), (8, 300), (30, 400), (200, 60)):
        few = [np.geomspace(0.05 / size, 0.5, 9) for size in (n, n_ref)]
        rates, rates_ref = (np.concatenate([side, 1 - side]) for side in few)
        covered = list(joint_coverage(function, n, n_ref, rates, rates_ref))
        assert min(covered) >= 0.93


def test_score_intervals_of_ratios_fall_to_86_percent_where_one_is_expected():
    (covered,) = joint_coverage(score_ratio, 30, 400, [0.005], [0.97])
    assert round(covered, 2) == 0.86


@pytest.mark.parametrize(("function", "score"), WIDENED.items())
def test_widened_intervals_are_the_score_intervals_from_20_in_every_cell(
    function, score
):
    large = ([20, 700], [40, 5000], [50, 1000], [400, 5000])
    np.testing.assert_array_equal(function(*large), score(*large))
    x, n = np.arange(21), 30
    low, high = function(x, n, 5, 60)
    score_low, score_high = score(x, n, 5, 60)
    assert (low <= score_low).all()
    assert (high >= score_high).all()


@pytest.mark.parametrize("table", BOUNDARY)
def test_widened_intervals_end_where_the_score_intervals_end(table):
    for function, score in WIDENED.items():
        ends = [-1, 1] if score is score_difference else [0, np.inf]
        for limit, score_limit, end in zip(
            function(*table), score(*table), ends, strict=True
        ):
            assert not np.isnan(limit)
            if score_limit == end:
                assert limit == end


def test_extreme_effective_counts_give_ordered_limits_and_no_floating_point_error():
    rng = np.random.default_rng(12)
    size = 4000
    columns = []
    for _ in range(2):
        n = np.exp(rng.uniform(-5, 23, size))
        n = np.where(rng.random(size) < 0.5, np.maximum(np.rint(n), 1), n)
        near = rng.random(size) * 1e-6
        share = np.choose(
            rng.integers(0, 5, size),
            [np.zeros(size), np.ones(size), rng.random(size), near, 1 - near],
        )
        x = np.where(rng.random(size) < 0.7, np.rint(n * share), n * share)
        columns += [np.minimum(x, n), n]
    confidence = rng.choice([0.5, 0.95, 0.999, 1 - 1e-10], size)
    for function in ALL:
        with np.errstate(all="raise", under="ignore"):
            low, high = function(*columns, confidence)
        assert (low <= high).all()
