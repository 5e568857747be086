"""The total variation distance: its test and interval against what is known."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from fairness.errors import InputError
from fairness.inference import total_variation


@pytest.mark.parametrize(("reached", "distance"), [(0.38, 0.12), (0.46, 0.04)])
def test_the_distances_of_the_harm_of_skewed_delivery(reached, distance):
    women = round(reached * 10_000)
    found = total_variation([50_000, 50_000], [women, 10_000 - women])
    assert found.distance == pytest.approx(distance, abs=1e-12)
    # Two groups: the error of one share, of a tenth drawn without replacement.
    error = 1.96 * math.sqrt(reached * (1 - reached) / 10_000)
    assert found.low == pytest.approx(distance - error, abs=0.1 * error)
    assert found.high == pytest.approx(distance + error, abs=0.1 * error)
    assert (found.low > 0.10, found.high < 0.10) == (distance > 0.1, distance < 0.1)
    assert found.p_value < 0.001


def distance_of(n, x):
    return sum(abs(a / sum(n) - b / sum(x)) for a, b in zip(n, x, strict=True)) / 2


def exact_p(n, taken, observed):
    """Add up the chances of all samples at least as far from the selected."""
    ranges = [range(min(size, taken) + 1) for size in n]
    total = 0.0
    for x in itertools.product(*ranges):
        if sum(x) != taken or distance_of(n, x) < observed - 1e-9:
            continue
        ways = math.prod(math.comb(size, one) for size, one in zip(n, x, strict=True))
        total += ways / math.comb(sum(n), taken)
    return total


@pytest.mark.parametrize(
    ("n", "x"),
    [
        ([60, 40], [20, 20]),
        ([30, 70], [12, 14]),
        ([12, 9, 7], [3, 6, 2]),
        ([8, 8, 8, 6], [6, 2, 4, 3]),
    ],
)
def test_the_p_value_is_that_of_all_samples(n, x):
    found = total_variation(n, x, replicates=20_000)
    p = exact_p(n, sum(x), distance_of(n, x))
    assert found.p_value == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 20_000))


def test_two_groups_have_the_p_value_of_the_hypergeometric():
    n, x = [4_000, 6_000], [2_060, 2_940]
    k = np.arange(n[0] + 1)
    far = np.abs(k / 5_000 - 0.4) >= distance_of(n, x) - 1e-9
    p = hypergeom(10_000, n[0], 5_000).pmf(k)[far].sum()
    found = total_variation(n, x, replicates=20_000)
    assert found.p_value == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 20_000))


# Selected and chances to be reached, by group; the last ones are without skew.
SKEWS = {
    "two groups": ([500, 500], [0.5, 0.8]),
    "a small skew": ([500, 500], [0.75, 0.8]),
    "a rare group": ([20, 980], [0.3, 0.8]),
    "all differ": ([200] * 5, [0.5, 0.6, 0.7, 0.8, 0.9]),
    "one differs": ([200] * 5, [0.4, 0.8, 0.8, 0.8, 0.8]),
    "thirty groups": ([100] * 30, [0.5] * 15 + [0.8] * 15),
    "small groups": ([5, 6, 7, 8, 9, 10], [0.3, 0.9, 0.5, 0.9, 0.5, 0.9]),
    "hardly anybody": ([1_000, 2_000, 500], [0.01, 0.02, 0.01]),
    "nearly everybody": ([1_000, 2_000, 500], [0.995, 0.98, 0.99]),
}
EVEN = {
    "two even groups": ([500, 500], [0.8, 0.8]),
    "an even rare group": ([50, 950], [0.8, 0.8]),
    "thirty even groups": ([100] * 30, [0.7] * 30),
    "a few even people": ([12, 18, 30], [0.7] * 3),
}


def trials(n, chances, number, replicates):
    """Draw who is reached, and yield what is said of it with the truth."""
    rng = np.random.default_rng(20_261_124)
    n, chances = np.array(n), np.array(chances)
    truth = distance_of(n.tolist(), (n * chances).tolist())
    for seed in range(number):
        x = rng.binomial(n, chances)
        yield truth, total_variation(n, x, replicates=replicates, seed=seed)


def coverage(case, number, replicates):
    found = list(trials(*case, number, replicates))
    return sum(one.low <= truth <= one.high for truth, one in found) / number


def rejections(case, number, replicates):
    found = list(trials(*case, number, replicates))
    return sum(one.p_value < 0.05 for _, one in found) / number


@pytest.mark.parametrize("name", SKEWS | EVEN)
def test_the_interval_covers(name):
    # The least of the long run, 0.938, less 2.7 standard errors of 400 trials.
    assert coverage((SKEWS | EVEN)[name], 400, 500) >= 0.905


@pytest.mark.parametrize("name", EVEN)
def test_an_even_delivery_is_seldom_called_skewed(name):
    # 0.05 and 2.7 standard errors of 400 trials.
    assert rejections(EVEN[name], 400, 499) <= 0.08


@pytest.mark.slow
@pytest.mark.parametrize("name", SKEWS | EVEN)
def test_the_interval_covers_in_the_long_run(name):
    assert coverage((SKEWS | EVEN)[name], 2_000, 1_000) >= 0.925


@pytest.mark.slow
@pytest.mark.parametrize("name", EVEN)
def test_the_test_holds_its_level_in_the_long_run(name):
    assert rejections(EVEN[name], 2_000, 999) <= 0.06


def test_a_plain_skew_is_found():
    assert rejections(SKEWS["two groups"], 50, 499) == 1


def test_the_interval_is_not_everything():
    (_, found), *_ = trials(*SKEWS["two groups"], 1, 1_000)
    # 2 x 1.96 x the error of a share of 0.385 among 650, fewer not being reached.
    assert 0.03 < found.high - found.low < 0.06


groups = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=1,
    max_size=6,
)


@given(groups)
def test_a_distance_lies_in_its_interval_and_below_one(cells):
    n, x = (list(one) for one in zip(*cells, strict=True))
    found = total_variation(n, x, replicates=50)
    if not sum(x):
        assert math.isnan(found.distance)
        assert math.isnan(found.p_value)
        return
    assert found.distance == pytest.approx(distance_of(n, x), abs=1e-12)
    assert 0 <= found.low <= found.distance <= found.high <= 1
    assert 1 / 51 <= found.p_value <= 1


def test_everybody_reached_is_no_skew():
    found = total_variation([30, 70], [30, 70])
    assert (found.distance, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_equal_seeds_give_equal_results():
    once = total_variation([300, 700], [200, 400], seed=5)
    assert once == total_variation([300, 700], [200, 400], seed=5)
    assert once != total_variation([300, 700], [200, 400], seed=6)


@pytest.mark.parametrize(
    ("n", "x", "told"),
    [
        ([5, -1], [2, 0], "selected: is not a list of whole numbers"),
        ([5.5, 1.0], [2, 0], "selected: is not a list of whole numbers"),
        ([5, 6], [2], "reached: has 1 groups, not the 2 of `selected`"),
        ([5, 6], [2, 7], "reached: 7 is more than the 6 selected"),
        ([10**9, 6], [2, 5], "selected: holds 1,000,000,006 customers"),
    ],
)
def test_counts_that_cannot_be_are_refused(n, x, told):
    with pytest.raises(InputError, match=told):
        total_variation(n, x)


@pytest.mark.parametrize("settings", [{"confidence": 1.0}, {"replicates": 0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        total_variation([5, 6], [2, 3], **settings)
