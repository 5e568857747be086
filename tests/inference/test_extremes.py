"""Worst comparison of K groups: the range's distribution, the limits, coverage."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom, studentized_range

from fairness.errors import InputError
from fairness.inference import (
    difference_interval,
    newcombe,
    ratio_interval,
    studentized_range_isf,
    studentized_range_sf,
    two_sided,
    wilson,
)
from fairness.inference._nuisance import placed_rates, windowed_rates
from fairness.inference._range import equal_range_tail, range_at_most, spread_of
from fairness.inference._simultaneous import joint_gap, joint_ratio
from fairness.inference.extremes import (
    gap_interval,
    holds_extreme,
    invertible,
    least_ratio_interval,
    simultaneous_rates,
)
from fairness.inference.tails import pair_tail

BOTH = [gap_interval, least_ratio_interval]
UNEVEN = np.array([300.0, 5000.0, 900.0, 2500.0, 700.0, 10_000.0])


def drawn(seed, trials, rates, replicates):
    trials = np.asarray(trials, dtype=float)
    rng = np.random.default_rng(seed)
    hits = rng.binomial(trials.astype(int), rates, (replicates, trials.size))
    return hits.astype(float), np.tile(trials, (replicates, 1))


@pytest.mark.parametrize("ratio", [False, True])
@pytest.mark.parametrize(
    ("trials", "rates"),
    [
        (UNEVEN, np.full(6, 0.1)),
        (UNEVEN, np.array([0.15, 0.2, 0.2, 0.22, 0.12, 0.19])),
        (np.linspace(200, 4000, 40).round(), np.linspace(0.4, 0.6, 40)),
    ],
)
def test_distribution_of_the_range_equals_that_of_drawn_binomials(trials, rates, ratio):
    hits, sizes = drawn(5, trials, rates, 200_000)
    found = spread_of(hits / sizes, ratio=ratio)
    points = np.quantile(found, [0.01, 0.025, 0.2, 0.5, 0.8, 0.975, 0.99])
    repeated = np.tile(rates, (points.size, 1)), np.tile(trials, (points.size, 1))
    chance = range_at_most(*repeated, points, ratio=ratio)
    drawn_chance = [((found < at).mean() + (found <= at).mean()) / 2 for at in points]
    # 4 standard errors of the drawing are 0.0045 at most; the rest is the lattice.
    np.testing.assert_allclose(chance, drawn_chance, atol=0.008)
    np.testing.assert_allclose(
        chance[[0, 1, 5, 6]], np.array(drawn_chance)[[0, 1, 5, 6]], atol=0.0025
    )


@pytest.mark.parametrize("k", [3, 20, 150])
def test_range_of_equal_large_groups_is_the_studentized_range(k):
    trials, deviation = np.full((1, k), 1e8), 0.5 / 1e4
    q = float(studentized_range.isf(0.05, k, np.inf))
    chance = range_at_most(
        np.full((1, k), 0.5), trials, np.array([q * deviation]), ratio=False
    )
    assert 1 - chance[0] == pytest.approx(0.05, abs=5e-4)
    for far in (q, 2 * q, 4 * q):
        tail = equal_range_tail(0.5, trials[0], far * deviation, ratio=False)
        assert tail == pytest.approx(float(studentized_range_sf(far, k)), rel=0.01)


def test_tail_of_unequal_groups_equals_the_complement_and_drawn_binomials():
    hits, sizes = drawn(6, UNEVEN, np.full(6, 0.1), 200_000)
    for ratio in (False, True):
        found = spread_of(hits / sizes, ratio=ratio)
        for share in (0.5, 0.9, 0.99):
            at = float(np.quantile(found, share))
            tail = equal_range_tail(0.1, UNEVEN, at, ratio=ratio)
            chance = range_at_most(
                np.full((1, 6), 0.1), UNEVEN[None], np.array([at]), ratio=ratio
            )
            assert tail == pytest.approx(1 - float(chance[0]), abs=2e-3)
            assert tail == pytest.approx((found > at).mean(), abs=0.006)


@pytest.mark.parametrize("ratio", [False, True])
def test_rates_under_a_hypothesis_have_exactly_its_range(ratio):
    hits, trials = drawn(1, UNEVEN, np.linspace(0.1, 0.2, 6), 50)
    placed = placed_rates(hits, trials)
    for spread in (0.0, 0.01, 0.1, 0.5):
        value = np.full(50, spread)
        rates = windowed_rates(placed, hits, trials, value, ratio=ratio)
        np.testing.assert_allclose(spread_of(rates, ratio=ratio), spread, atol=1e-12)
        assert (rates >= 0).all()
        assert (rates <= 1).all()


def test_a_narrow_window_lies_where_it_moves_the_rates_least():
    hits, trials = drawn(2, UNEVEN, np.linspace(0.1, 0.3, 6), 20)
    placed = placed_rates(hits, trials)
    weight = trials / (placed * (1 - placed))
    width = 0.5 * np.ptp(placed, axis=1)
    rates = windowed_rates(placed, hits, trials, width, ratio=False)
    for row in range(20):

        def cost(start, row=row):
            moved = np.clip(placed[row], start, start + width[row])
            return (weight[row] * (placed[row] - moved) ** 2).sum()

        best = minimize_scalar(cost, bounds=(0, 0.5), options={"xatol": 1e-9}).fun
        assert cost(rates[row].min()) <= best * (1 + 1e-6)


def test_placed_rates_keep_an_outlier_and_join_equal_groups():
    # 99 groups of one rate and an outlier, 10 standard errors away.
    hits, trials = drawn(3, np.full(100, 1000.0), np.r_[0.1, np.full(99, 0.2)], 20)
    placed = placed_rates(hits, trials)
    assert (np.abs(placed[:, 0] - hits[:, 0] / 1000) < 0.01).all()
    spread = placed[:, 1:].std(axis=1)
    assert (spread < 0.5 * (hits[:, 1:] / 1000).std(axis=1)).all()


@pytest.mark.parametrize("ratio", [False, True])
@pytest.mark.parametrize(
    "rates", [np.full(6, 0.15), np.linspace(0.1, 0.2, 6), np.r_[0.08, np.full(5, 0.2)]]
)
def test_the_accepted_values_are_those_inside_the_interval(rates, ratio):
    hits, trials = drawn(4, UNEVEN, rates, 12)
    assert invertible(hits, trials).all()
    function = least_ratio_interval if ratio else gap_interval
    for x, n in zip(hits, trials, strict=True):
        found = function(x, n)
        near = 0.02 * (found.high - found.low)
        values = np.array(
            [found.low - near, found.low + near, found.high - near, found.high + near]
        )
        possible = (values > 0) & (values < 1)
        held = holds_extreme(
            np.tile(x, (4, 1)),
            np.tile(n, (4, 1)),
            np.clip(values, 1e-9, 1),
            ratio=ratio,
        )
        expected = np.array([False, True, True, False])
        np.testing.assert_array_equal(held[possible], expected[possible])


# The known hard case of a plain shrinkage is 100 groups of which one differs.
@pytest.mark.parametrize("ratio", [False, True])
@pytest.mark.parametrize(
    ("trials", "rates"),
    [
        (np.full(100, 1000.0), np.r_[0.1, np.full(99, 0.2)]),
        (np.full(100, 1000.0), np.r_[0.3, np.full(99, 0.2)]),
        (np.geomspace(200, 10_000, 20).round(), np.full(20, 0.2)),
        (np.full(20, 500.0), np.where(np.arange(20) % 2, 0.2, 0.16)),
        (np.geomspace(200, 10_000, 5).round(), np.linspace(0.4, 0.1, 5)),
    ],
)
def test_test_inversion_covers_93_to_99_percent(trials, rates, ratio):
    hits, sizes = drawn(8, trials, rates, 1000)
    truth = rates.min() / rates.max() if ratio else np.ptp(rates)
    held = holds_extreme(hits, sizes, np.full(1000, truth), ratio=ratio).mean()
    assert 0.93 - 3 * math.sqrt(0.93 * 0.07 / 1000) <= held
    assert held <= 0.99 + 3 * math.sqrt(0.99 * 0.01 / 1000)


@pytest.mark.parametrize("rates", [np.full(20, 0.03), np.r_[0.005, np.full(19, 0.06)]])
def test_simultaneous_limits_cover_93_percent_at_small_counts(rates):
    hits, trials = drawn(9, np.geomspace(30, 1000, 20).round(), rates, 1000)
    slack = 3 * math.sqrt(0.93 * 0.07 / 1000)
    for joint, truth in (
        (joint_gap, np.ptp(rates)),
        (joint_ratio, rates.min() / rates.max()),
    ):
        low, high = joint(hits, trials, 0.95)
        held = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
        assert held.mean() >= 0.93 - slack


def test_the_interval_is_narrower_than_the_closed_form():
    hits, trials = drawn(10, np.full(20, 1000.0), np.linspace(0.1, 0.2, 20), 30)
    for function, joint in (
        (gap_interval, joint_gap),
        (least_ratio_interval, joint_ratio),
    ):
        found = [function(x, n) for x, n in zip(hits, trials, strict=True)]
        width = np.mean([one.high - one.low for one in found])
        low, high = joint(hits, trials, 0.95)
        assert width < 0.95 * (high - low).mean()


def test_simultaneous_limits_are_those_of_the_pairs_one_by_one():
    hits, trials = np.array([40.0, 90, 31, 200]), np.array([300.0, 400, 90, 1000])
    z = float(studentized_range_isf(0.05, 4)) / math.sqrt(2)
    joint = math.erf(z / math.sqrt(2))
    pairs = [(i, k) for i in range(4) for k in range(4) if i != k]
    table = np.array([(hits[i], trials[i], hits[k], trials[k]) for i, k in pairs]).T
    low, high = joint_gap(hits, trials, 0.95)
    # From 20 in every cell `rate_interval` is Wilson's: MOVER is Newcombe's interval.
    assert float(low) == pytest.approx(newcombe(*table, joint)[0].max(), rel=1e-9)
    assert float(high) == pytest.approx(newcombe(*table, 0.95)[1].max(), rel=1e-9)
    low, high = joint_ratio(hits, trials, 0.95)
    rate = hits / trials

    def limit(i, k, confidence, *, upper):
        bottom, top = wilson(hits, trials, confidence)

        def excess(r):
            distance = rate[i] - r * rate[k]
            if upper:
                return distance + math.hypot(
                    top[i] - rate[i], r * (rate[k] - bottom[k])
                )
            return distance - math.hypot(rate[i] - bottom[i], r * (top[k] - rate[k]))

        return brentq(excess, 1e-6, 1e3, xtol=1e-13)

    least = min(limit(i, k, 0.95, upper=False) for i, k in pairs)
    most = min(limit(i, k, joint, upper=True) for i, k in pairs)
    assert float(low) == pytest.approx(least, rel=1e-9)
    assert float(high) == pytest.approx(min(most, 1.0), rel=1e-9)


@pytest.mark.parametrize(
    "table", [(60, 400, 100, 380), (60, 400, 61, 400), (0, 40, 3, 60), (5, 30, 0, 20)]
)
def test_two_groups_have_the_interval_of_their_pair_without_direction(table):
    x, n = np.array(table[::2]), np.array(table[1::2])
    found, turned = gap_interval(x, n), gap_interval(x[::-1], n[::-1])
    assert (found.low, found.high) == pytest.approx((turned.low, turned.high), abs=1e-9)
    low, high = (float(limit) for limit in difference_interval(*table))
    assert found.high == pytest.approx(max(abs(low), abs(high)))
    expected = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    assert found.low == pytest.approx(expected)
    ratio = least_ratio_interval(x, n)
    with np.errstate(divide="ignore"):
        low, high = (np.minimum(limit, 1 / limit) for limit in ratio_interval(*table))
    assert ratio.low == pytest.approx(float(min(low, high)))
    assert ratio.estimate <= ratio.high
    tails = [pair_tail(*table, side=side) for side in ("lower", "upper")]
    assert found.p_value == pytest.approx(float(two_sided(*tails)), rel=1e-9)


@pytest.mark.parametrize("ratio", [False, True])
def test_p_values_of_equal_groups_are_below_alpha_in_alpha_of_all_cases(ratio):
    hits, trials = drawn(12, UNEVEN, np.full(6, 0.2), 2000)
    function = least_ratio_interval if ratio else gap_interval
    seen = spread_of(hits / trials, ratio=ratio)
    rate = hits.sum(axis=1) / UNEVEN.sum()
    p = np.array(
        [
            equal_range_tail(r, UNEVEN, t, ratio=ratio)
            for r, t in zip(rate, seen, strict=True)
        ]
    )
    for alpha in (0.05, 0.5):
        error = 4 * math.sqrt(alpha * (1 - alpha) / 2000)
        assert abs((p < alpha).mean() - alpha) < error
    assert function(hits[0], UNEVEN).p_value == pytest.approx(p[0])


def test_p_values_far_out_are_small_and_not_0():
    found = gap_interval([500, 1000, 1000], [5000, 5000, 5000])
    assert 0 < found.p_value < 1e-30
    few = gap_interval([0, 12, 12], [30, 30, 30])
    assert few.method == "simultaneous"
    assert 0 < few.p_value < 0.01


@pytest.mark.parametrize("function", BOTH)
def test_order_of_groups_and_groups_of_nobody_change_nothing(function):
    hits, trials = np.array([30, 90, 250, 80, 66]), np.array([300, 400, 1500, 410, 300])
    found = function(hits, trials)
    turned = function(np.r_[0, hits[::-1]], np.r_[0, trials[::-1]])
    assert found.method == turned.method == "test inversion"
    for name in ("estimate", "low", "high", "p_value"):
        assert getattr(found, name) == pytest.approx(getattr(turned, name), rel=1e-3)


@pytest.mark.parametrize("function", BOTH)
def test_effective_counts_and_extreme_tables_give_ordered_limits(function):
    tables = [
        ([3.5, 80.25, 200.75], [40.5, 400.5, 900.25]),
        ([0, 5, 9], [20, 20, 20]),
        ([20, 20, 5], [20, 20, 20]),
        ([20, 20, 20], [20, 20, 20]),
        ([0.2, 0.1, 0.3], [0.5, 0.4, 0.6]),
        ([100, 100, 100], [1000, 1000, 1000]),
        ([11, 500, 900], [1000, 1000, 1000]),
        ([990, 500, 900], [1000, 1000, 1000]),
        ([5e7, 5.1e7, 5.2e7], [1e9, 1e9, 1e9]),
        ([15] * 200, [100] * 200),
    ]
    for hits, trials in tables:
        with np.errstate(all="raise", under="ignore"):
            found = function(hits, trials)
        assert 0 <= found.low <= found.high <= 1
        assert 0 <= found.p_value <= 1


def test_equal_groups_never_exclude_equality_or_leave_an_empty_interval():
    for k in (3, 20, 200):
        found = gap_interval([100] * k, [1000] * k)
        assert found.estimate == found.low == 0
        # At least what the pair of two such groups leaves open, 1.96 errors of 0.0095.
        assert found.high > 0.019
        assert found.p_value > 0.99
        ratio = least_ratio_interval([100] * k, [1000] * k)
        assert ratio.low < 0.82
        assert ratio.high == 1


def test_what_cannot_be_compared_is_undefined_not_0():
    for function in BOTH:
        for hits, trials in (([], []), ([3], [9]), ([3, 0], [9, 0])):
            found = function(hits, trials)
            values = (found.estimate, found.low, found.high, found.p_value)
            assert np.isnan(values).all()
    nobody = least_ratio_interval([0, 0, 0], [50, 60, 70])
    assert np.isnan([nobody.estimate, nobody.low, nobody.high]).all()
    gap = gap_interval([0, 0, 0], [50, 60, 70])
    assert gap.estimate == gap.low == 0 < gap.high < 0.15
    assert gap.p_value == 1


def test_more_confidence_is_never_narrower():
    for hits in ([60, 90, 120, 100], [6, 9, 12, 10]):
        for function in BOTH:
            found = [function(hits, [600] * 4, level) for level in (0.8, 0.95, 0.99)]
            assert found[2].low <= found[1].low <= found[0].low
            assert found[2].high >= found[1].high >= found[0].high


@pytest.mark.parametrize("k", [3, 20, 100])
@pytest.mark.parametrize("n", [30, 200, 2000])
def test_simultaneous_rates_hold_together_in_95_percent(k, n):
    x = np.arange(n + 1)
    low, high = np.empty(n + 1), np.empty(n + 1)
    # All at the level of k groups: at most k values of hits a call.
    for start in range(0, n + 1, k):
        part = x[start : start + k]
        padded = np.append(part, np.zeros(k - part.size))
        limits = simultaneous_rates(padded, np.full(k, n))
        low[part], high[part] = (limit[: part.size] for limit in limits)
    for rate in np.geomspace(0.5 / n, 0.5, 25):
        held = (low <= rate) & (rate <= high)
        assert binom.pmf(x, n, rate)[held].sum() ** k >= 0.95


def test_wilson_limits_would_hold_together_in_92_percent():
    x, n, k = np.arange(2001), 2000, 100
    low, high = wilson(x, n, 0.95 ** (1 / k))
    held = (low <= 0.015) & (high >= 0.015)
    assert round(binom.pmf(x, n, 0.015)[held].sum() ** k, 3) == 0.917


def test_a_group_of_nobody_has_no_rate_and_costs_the_others_nothing():
    low, high = simultaneous_rates([3, 0, 40], [10, 0, 90])
    alone = simultaneous_rates([3, 40], [10, 90])
    assert np.isnan([low[1], high[1]]).all()
    np.testing.assert_array_equal(low[[0, 2]], alone[0])
    np.testing.assert_array_equal(high[[0, 2]], alone[1])


@pytest.mark.parametrize("function", [*BOTH, simultaneous_rates])
def test_wrong_counts_are_refused(function):
    for hits, trials, confidence in (
        ([5, 11], [9, 10], 0.95),
        ([-1, 3], [9, 10], 0.95),
        ([[1, 2]], [[9, 9]], 0.95),
        (3, 9, 0.95),
        ([1, 2], [9, 9], 95),
    ):
        with pytest.raises(InputError):
            function(hits, trials, confidence)
