"""Comparisons over strata: statsmodels and formulas as oracles, coverage, edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from statsmodels.stats.contingency_tables import StratifiedTable

from fairness.errors import InputError
from fairness.inference.intervals import rate_interval
from fairness.inference.standardized import (
    clarify_demographic_disparity,
    conditional_demographic_disparity,
    group_averaged_demographic_disparity,
    standardized_difference,
    standardized_rates,
    standardized_ratio,
)
from fairness.inference.stratified import (
    breslow_day,
    cmh_test,
    cmh_z,
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
)

COMMON = [
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
    mantel_haenszel_difference,
]
STANDARD = [standardized_difference, standardized_ratio]
DIFFERENCES = [mantel_haenszel_difference, standardized_difference]
WITH_LIMITS = [*COMMON, *STANDARD, conditional_demographic_disparity]
Z = 1.959963984540054


def random_tables(number=200, most=6):
    """Yield tables of 2 to `most` strata without empty cells."""
    rng = np.random.default_rng(3)
    for _ in range(number):
        strata = rng.integers(2, most + 1)
        n, n_ref = rng.integers(5, 2000, (2, strata))
        x = np.clip(rng.binomial(n, rng.uniform(0.1, 0.9, strata)), 1, n - 1)
        x_ref = np.clip(rng.binomial(n_ref, rng.uniform(0.1, 0.9)), 1, n_ref - 1)
        yield x, n, x_ref, n_ref


def stratified_table(x, n, x_ref, n_ref):
    rows = np.array([[x, n - x], [x_ref, n_ref - x_ref]], dtype=float)
    return StratifiedTable(list(np.moveaxis(rows, -1, 0)))


def test_tests_and_common_odds_ratio_equal_statsmodels():
    for table in random_tables():
        oracle = stratified_table(*table)
        plain = oracle.test_null_odds()
        statistic, p = cmh_test(*table)
        assert float(statistic) == pytest.approx(plain.statistic, rel=1e-9)
        assert float(p) == pytest.approx(plain.pvalue, rel=1e-7, abs=1e-13)
        gap = sum(table[0] - table[1] * (table[0] + table[2]) / (table[1] + table[3]))
        assert float(cmh_z(*table)) == pytest.approx(
            np.sign(gap) * np.sqrt(plain.statistic), rel=1e-9
        )
        estimate, low, high = mantel_haenszel_odds_ratio(*table, 0.9)
        limits = oracle.oddsratio_pooled_confint(0.1)
        assert float(estimate) == pytest.approx(oracle.oddsratio_pooled, rel=1e-9)
        assert (float(low), float(high)) == pytest.approx(limits, rel=1e-9)
        ratio = mantel_haenszel_risk_ratio(*table)[0]
        assert float(ratio) == pytest.approx(oracle.riskratio_pooled, rel=1e-9)
        for tarone in (True, False):
            truth = oracle.test_equal_odds(adjust=tarone)
            found = breslow_day(*table, tarone=tarone)
            assert float(found[0]) == pytest.approx(truth.statistic, rel=1e-9)
            assert float(found[1]) == len(table[0]) - 1
            assert float(found[2]) == pytest.approx(truth.pvalue, rel=1e-7, abs=1e-13)


def test_continuity_correction_takes_half_off_where_there_is_half_to_take():
    for table in random_tables(50):
        x, n, x_ref, n_ref = table
        total, m = n + n_ref, x + x_ref
        gap = abs(sum(x - n * m / total))
        variance = sum(n * n_ref * m * (total - m) / (total**2 * (total - 1.0)))
        truth = (gap - 0.5 * (gap >= 0.5)) ** 2 / variance
        found = cmh_test(*table, correction="continuity")[0]
        assert float(found) == pytest.approx(truth, rel=1e-9)
    # A gap below one half stays as it is, as in R's mantelhaen.test.
    near = ([10, 10], [20, 21], [10, 10], [20, 20])
    assert cmh_test(*near, correction="continuity") == cmh_test(*near)


def test_risk_ratio_and_difference_limits_equal_their_formulas_term_by_term():
    for x, n, x_ref, n_ref in random_tables(60):
        above = below = spread = weight = gap = slope = constant = 0.0
        for a, n1, b, n2 in zip(
            *(c.tolist() for c in (x, n, x_ref, n_ref)), strict=True
        ):
            size = n1 + n2
            above += a * n2 / size
            below += b * n1 / size
            spread += ((a + b) * n1 * n2 - a * b * size) / size**2
            weight += n1 * n2 / size
            gap += (a * n2 - b * n1) / size
            slope += (n1**2 * b - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / size**2
            constant += (a * (n2 - b) + b * (n1 - a)) / (2 * size)
        error = np.sqrt(spread / (above * below))
        found = mantel_haenszel_risk_ratio(x, n, x_ref, n_ref)
        truth = above / below * np.exp(np.array([0, -Z, Z]) * error)
        np.testing.assert_allclose(found, truth, rtol=1e-9)
        rd = gap / weight
        estimate, low, high = mantel_haenszel_difference(x, n, x_ref, n_ref)
        assert float(estimate) == pytest.approx(rd, rel=1e-9)
        if min(sum(x), sum(n - x), sum(x_ref), sum(n_ref - x_ref)) < 10:
            continue

        def distance(value, rd=rd, slope=slope, constant=constant, weight=weight):
            variance = (value * slope + constant) / weight**2
            return (value - rd) ** 2 - Z**2 * variance

        # The limits solve the equation with Sato's variance: by root finding.
        if distance(-1.0) > 0:
            assert float(low) == pytest.approx(brentq(distance, -1, rd), abs=1e-9)
        if distance(1.0) > 0:
            assert float(high) == pytest.approx(brentq(distance, rd, 1), abs=1e-9)


def test_limits_where_one_side_has_no_hits_solve_the_score_equation():
    x, n, x_ref, n_ref = np.array([[0, 0], [20, 30], [5, 6], [20, 40]])
    estimate, low, high = mantel_haenszel_odds_ratio(x, n, x_ref, n_ref)
    assert (float(estimate), float(low)) == (0, 0)

    def statistic(odds):
        gap = variance = 0.0
        for n1, m, n2 in zip(n, x_ref, n_ref, strict=True):

            def excess(e, n1=n1, m=m, n2=n2):
                return e * (n2 - m + e) - odds * (n1 - e) * (m - e)

            expected = brentq(excess, 0, m, xtol=1e-14)
            cells = (expected, n1 - expected, m - expected, n2 - m + expected)
            gap -= expected
            inverse = sum(1 / cell for cell in cells)
            variance += (n1 + n2) / (n1 + n2 - 1) / inverse
        return gap / np.sqrt(variance) + Z

    assert float(high) == pytest.approx(brentq(statistic, 1e-6, 10), rel=1e-8)
    mirrored = mantel_haenszel_odds_ratio(x_ref, n_ref, x, n)
    assert float(mirrored[1]) == pytest.approx(1 / float(high), rel=1e-9)
    assert float(mirrored[0]) == float(mirrored[2]) == np.inf
    ratio = mantel_haenszel_risk_ratio(x, n, x_ref, n_ref)
    back = mantel_haenszel_risk_ratio(x_ref, n_ref, x, n)
    assert 0 == float(ratio[1]) < float(ratio[2]) < 1
    assert float(back[1]) == pytest.approx(1 / float(ratio[2]), rel=1e-9)


def test_nobody_selected_leaves_ratios_open_and_tests_silent():
    table = ([0, 0], [20, 30], [0, 0], [40, 10])
    for function in (mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio,
                     standardized_ratio):  # fmt: skip
        estimate, low, high = function(*table)
        assert np.isnan(estimate)
        assert (float(low), float(high)) == (0, np.inf)
    for function in DIFFERENCES:
        estimate, low, high = function(*table)
        assert estimate == 0
        assert -0.3 < low < 0 < high < 0.3
    assert float(cmh_z(*table)) == 0
    assert [float(value) for value in cmh_test(*table)] == [0, 1]
    assert np.isnan(breslow_day(*table)[0])
    assert np.isnan(conditional_demographic_disparity(*table)).all()
    assert np.isnan(clarify_demographic_disparity(*table))


def test_strata_with_one_side_empty_drop_out():
    table = ([8, 10, 7, 0], [20, 80, 9, 0], [40, 5, 0, 3], [80, 20, 0, 30])
    without = tuple(column[:2] for column in table)
    for function in (cmh_z, cmh_test, *COMMON, breslow_day):
        np.testing.assert_array_equal(function(*table), function(*without))
    alone = ([7, 0], [9, 0], [0, 3], [0, 30])
    for function in (cmh_z, cmh_test, *COMMON):
        assert np.isnan(function(*alone)).all()
    assert np.isnan(breslow_day(*alone)[0])


def test_standardised_rates_with_an_empty_side_are_undefined_unless_dropped():
    table = ([8, 10, 7], [20, 80, 9], [40, 5, 0], [80, 20, 0])
    without = tuple(column[:2] for column in table)
    for function in STANDARD:
        assert np.isnan(function(*table)).all()
        np.testing.assert_allclose(function(*table, empty="drop"), function(*without))
        # Without weight the empty stratum does no harm.
        weighted = function(*table, weights=[1, 3, 0])
        np.testing.assert_allclose(weighted, function(*without, weights=[1, 3]))
        assert np.isnan(function(*table, weights=[0, 0, 0], empty="drop")).all()
    assert np.isnan(standardized_rates(*table)).all()


def test_standardised_rates_are_the_weighted_sums_of_the_strata():
    for x, n, x_ref, n_ref in random_tables(30):
        weights = (n + n_ref) / sum(n + n_ref)
        first, second = sum(weights * x / n), sum(weights * x_ref / n_ref)
        table = (x, n, x_ref, n_ref)
        np.testing.assert_allclose(standardized_rates(*table), (first, second))
        assert standardized_difference(*table)[0] == pytest.approx(first - second)
        assert standardized_ratio(*table)[0] == pytest.approx(first / second)
        doubled = standardized_difference(*table, weights=6 * weights)
        np.testing.assert_allclose(doubled, standardized_difference(*table))


def test_one_large_stratum_gives_the_two_group_intervals():
    # Newcombe's combination of the limits of the rates.
    table = ([700], [5000], [1000], [5000])
    (low, low_ref), (high, high_ref) = rate_interval([700, 1000], 5000)
    _, below, above = standardized_difference(*table)
    assert below == pytest.approx(
        -0.06 - np.hypot(0.14 - low, high_ref - 0.2), rel=2e-3
    )
    assert above == pytest.approx(
        -0.06 + np.hypot(high - 0.14, 0.2 - low_ref), rel=2e-3
    )
    ratio, below, above = standardized_ratio(*table)
    # Koopman's, from `score_ratio`'s docstring.
    assert (float(ratio), float(below), float(above)) == pytest.approx(
        (0.7, 0.6408, 0.7645), rel=2e-3
    )


def test_disparities_equal_sums_over_customers():
    rng = np.random.default_rng(5)
    for _ in range(20):
        stratum, group, chosen = (rng.integers(0, k, 400) for k in (3, 2, 2))
        chosen[(stratum == 2)] = 1  # a stratum that is selected as a whole
        cells = [
            [np.sum((stratum == s) & (group == g) & (chosen >= c)) for s in range(3)]
            for g, c in ((1, 1), (1, 0), (0, 1), (0, 0))
        ]
        total = known = clarify = 0.0
        for s in range(3):
            inside = group[stratum == s]
            taken = chosen[stratum == s] == 1
            rejected = np.mean(inside[~taken]) if (~taken).any() else 0.0
            disparity = rejected - np.mean(inside[taken])
            clarify += len(inside) / 400 * disparity
            if (~taken).any():
                total += len(inside) * disparity
                known += len(inside)
        found = conditional_demographic_disparity(*cells)[0]
        assert float(found) == pytest.approx(total / known, rel=1e-9)
        found = clarify_demographic_disparity(*cells)
        assert float(found) == pytest.approx(clarify, rel=1e-9)


def test_disparity_averaged_over_two_equal_groups_is_0_whatever_they_get():
    assert float(group_averaged_demographic_disparity([5, 95], [100, 100])) == 0
    assert np.isnan(group_averaged_demographic_disparity([0, 0], [100, 100]))


def test_reversal_is_seen_by_pooled_rates_and_not_by_strata():
    # Equal rates within both strata, 50 % and 5 %; the group is mostly in the second.
    table = ([50, 45], [100, 900], [450, 5], [900, 100])
    assert float(cmh_z(*table)) == pytest.approx(0, abs=1e-12)
    assert mantel_haenszel_odds_ratio(*table)[0] == pytest.approx(1)
    assert standardized_ratio(*table)[0] == pytest.approx(1)
    assert conditional_demographic_disparity(*table)[0] == pytest.approx(0, abs=1e-12)
    pooled = tuple([sum(column)] for column in table)
    assert standardized_ratio(*pooled)[0] < 0.25


counts = st.lists(
    st.tuples(
        st.integers(0, 300), st.floats(0, 1), st.integers(0, 300), st.floats(0, 1)
    ),
    min_size=1,
    max_size=5,
).map(
    lambda rows: [
        np.array(column, dtype=float)
        for column in zip(
            *((round(a * p), a, round(b * q), b) for a, p, b, q in rows), strict=True
        )
    ]
)


@given(table=counts)
def test_swapping_the_sides_turns_signs_and_inverts_ratios(table):
    swapped = (*table[2:], *table[:2])
    np.testing.assert_allclose(cmh_z(*swapped), -cmh_z(*table), atol=1e-9)
    for function in DIFFERENCES:
        estimate, low, high = function(*table)
        back, back_low, back_high = function(*swapped)
        np.testing.assert_allclose(
            [-back, -back_high, -back_low], [estimate, low, high], atol=1e-9
        )
        assert np.isnan(low) or -1 <= low <= estimate <= high <= 1
    with np.errstate(divide="ignore"):
        for function in (mantel_haenszel_odds_ratio, standardized_ratio):
            found = np.array(function(*table))
            back = np.array(function(*swapped))
            np.testing.assert_allclose(1 / back[[0, 2, 1]], found, rtol=1e-7)


@given(table=counts, levels=st.tuples(st.floats(0.3, 0.99), st.floats(0.3, 0.99)))
def test_more_confidence_is_never_narrower(table, levels):
    less, more = sorted(levels)
    for function in WITH_LIMITS:
        _, low, high = function(*table, less)
        _, wide_low, wide_high = function(*table, more)
        assert np.isnan(low) or wide_low <= low + 1e-9
        assert np.isnan(high) or wide_high >= high * (1 - 1e-9) - 1e-9


@given(table=counts, order=st.randoms(use_true_random=False))
def test_the_order_of_the_strata_does_not_matter(table, order):
    places = list(range(len(table[0])))
    order.shuffle(places)
    moved = [column[places] for column in table]
    for function in (*WITH_LIMITS, breslow_day):
        np.testing.assert_allclose(
            function(*moved), function(*table), rtol=1e-7, atol=1e-9
        )


def test_leading_axes_broadcast_and_each_pair_is_compared_on_its_own():
    rng = np.random.default_rng(6)
    n, n_ref = rng.integers(0, 90, (7, 1, 4)), rng.integers(0, 300, (3, 4))
    x, x_ref = rng.binomial(n, 0.2), rng.binomial(n_ref, 0.3)
    x[2], x_ref[1] = 0, 0
    drop = {"empty": "drop"}
    calls = [(f, drop if f in STANDARD else {}) for f in WITH_LIMITS]
    for function, options in [*calls, (cmh_test, {}), (breslow_day, {})]:
        together = np.array(function(x, n, x_ref, n_ref, **options))
        assert together.shape[1:] == (7, 3)
        for i, j in np.ndindex(7, 3):
            alone = function(x[i, 0], n[i, 0], x_ref[j], n_ref[j], **options)
            np.testing.assert_allclose(together[:, i, j], alone, rtol=1e-9)


def test_weights_that_scale_all_counts_keep_the_estimates():
    table = [np.array(c) for c in ([8, 10], [20, 80], [40, 5], [80, 20])]
    for function in WITH_LIMITS:
        scaled = function(*(2.5 * column for column in table))
        assert scaled[0] == pytest.approx(function(*table)[0])
        assert scaled[2] - scaled[1] < np.subtract(*function(*table)[:0:-1])


@pytest.mark.parametrize("function", WITH_LIMITS)
@pytest.mark.parametrize("strata", [2, 20])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("gap", [1.0, 0.6])
def test_intervals_cover_at_least_93_percent(function, strata, rate, gap):
    rng = np.random.default_rng(11)
    shift = np.exp(np.linspace(-0.5, 0.5, strata))
    n = np.rint(80 / shift).astype(int)
    n_ref = 250 - n
    p_ref = rate * shift
    p = p_ref * gap
    if function is mantel_haenszel_odds_ratio:
        odds = gap * p_ref / (1 - p_ref)
        p = odds / (1 + odds)
    if function is mantel_haenszel_difference:
        p = p_ref - (1 - gap) * rate / 2
    weights = (n + n_ref) / sum(n + n_ref)
    selected, selected_ref = n * p, n_ref * p_ref
    taken = selected + selected_ref
    truth = {
        mantel_haenszel_odds_ratio: gap,
        mantel_haenszel_risk_ratio: gap,
        mantel_haenszel_difference: -(1 - gap) * rate / 2,
        standardized_difference: sum(weights * (p - p_ref)),
        standardized_ratio: sum(weights * p) / sum(weights * p_ref),
        conditional_demographic_disparity: sum(
            weights * ((n - selected) / (n + n_ref - taken) - selected / taken)
        ),
    }[function]
    replicates = 4000
    x = rng.binomial(n, p, (replicates, strata))
    x_ref = rng.binomial(n_ref, p_ref, (replicates, strata))
    _, low, high = function(x, n, x_ref, n_ref)
    covered = np.mean((low <= truth) & (truth <= high))
    assert covered >= 0.93
    assert covered <= 0.97 or rate == 0.02


def test_size_of_the_tests_is_nominal():
    rng = np.random.default_rng(12)
    n, n_ref = np.array([60, 200, 30]), np.array([300, 100, 90])
    rates = np.array([0.05, 0.2, 0.5])
    x = rng.binomial(n, rates, (20_000, 3))
    x_ref = rng.binomial(n_ref, rates, (20_000, 3))
    assert np.mean(cmh_test(x, n, x_ref, n_ref)[1] <= 0.05) == pytest.approx(
        0.05, abs=0.006
    )
    assert np.mean(breslow_day(x, n, x_ref, n_ref)[2] <= 0.05) == pytest.approx(
        0.05, abs=0.01
    )


@pytest.mark.parametrize("function", [cmh_z, cmh_test, *WITH_LIMITS, breslow_day])
def test_impossible_counts_are_refused_by_name(function):
    with pytest.raises(InputError, match=r"ref_hits: holds 9.0; .* at most ref_trials"):
        function([1, 2], [5, 6], [9, 1], [5, 6])
    with pytest.raises(InputError, match="hits: is a single number"):
        function(1, 5, 2, 6)
    with pytest.raises(InputError, match="does not broadcast"):
        function([1, 2], [5, 6], [1, 1, 1], [5, 6, 7])


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: cmh_test([1], [5], [2], [6], correction="yates"), "correction"),
        (lambda: standardized_rates([1], [5], [2], [6], [-1]), "weights"),
        (lambda: standardized_rates([1], [5], [2], [6], [1, 2]), "weights"),
        (lambda: standardized_ratio([1], [5], [2], [6], empty="zero"), "empty"),
        (lambda: group_averaged_demographic_disparity(1, 5), "hits"),
        (lambda: mantel_haenszel_odds_ratio([1], [5], [2], [6], 95), "confidence"),
    ],
)
def test_other_impossible_arguments_are_refused(call, where):
    with pytest.raises(InputError) as caught:
        call()
    assert where in {problem.where for problem in caught.value.problems}


def test_extreme_effective_counts_raise_no_floating_point_error():
    rng = np.random.default_rng(13)
    shape = (3000, 4)
    columns = []
    for _ in range(2):
        n = np.exp(rng.uniform(-4, 20, shape)) * (rng.random(shape) > 0.1)
        share = np.choose(
            rng.integers(0, 4, shape),
            [np.zeros(shape), np.ones(shape), rng.random(shape), np.full(shape, 1e-6)],
        )
        columns += [n * share, n]
    for function in [*WITH_LIMITS, cmh_test, breslow_day]:
        with np.errstate(all="raise", under="ignore"):
            found = function(*columns)
        if function in WITH_LIMITS:
            known = ~np.isnan(found[1])
            assert (found[1] <= found[2])[known].all()
