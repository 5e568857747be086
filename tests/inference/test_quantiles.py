"""Quantiles of binned values: numpy as oracle, test inversion by hand, caps."""

import numpy as np
import pytest

from fairness.errors import InputError
from fairness.inference.intervals import rate_interval
from fairness.inference.quantiles import quantile, quantile_gap, share_above

WHOLE = np.arange(40, dtype=float)


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.9])
def test_quantile_of_whole_numbers_is_numpys(q):
    rng = np.random.default_rng(1)
    for n in (1, 2, 7, 500):
        values = rng.binomial(39, 0.4, n)
        found = quantile(np.bincount(values, minlength=40), WHOLE, WHOLE, q)
        wanted = np.quantile(values, q, method="inverted_cdf")
        assert float(found.estimate) == wanted
        assert (float(found.least), float(found.greatest)) == (wanted, wanted)
        assert found.low <= found.estimate <= found.high


def test_quantile_of_wide_bins_lies_between_their_limits():
    rng = np.random.default_rng(2)
    values = rng.gamma(2, 10, 3000)
    edges = np.linspace(0, values.max() + 1, 101)
    counts = np.histogram(values, edges)[0]
    for q in (0.05, 0.5, 0.95):
        found = quantile(counts, edges[:-1], edges[1:], q)
        exact = np.quantile(values, q, method="inverted_cdf")
        assert found.least <= exact <= found.greatest


def test_limits_are_the_values_that_the_test_does_not_reject():
    rng = np.random.default_rng(3)
    n, q, z = 200, 0.3, 1.959963984540054
    values = np.sort(rng.permutation(1000)[:n]).astype(float)
    bins = np.arange(1000, dtype=float)
    found = quantile(np.isin(bins, values), bins, bins, q)
    half = z * np.sqrt(q * (1 - q) / n)
    # A number just below an observed one has as many at or below it as the last.
    kept = [
        v
        for v in values
        if abs((values <= v).mean() - q) <= half or abs((values < v).mean() - q) <= half
    ]
    assert (float(found.low), float(found.high)) == (min(kept), max(kept))


def test_median_interval_of_one_group_covers():
    rng = np.random.default_rng(4)
    bins = np.arange(1000, dtype=float)
    p = np.exp(-((bins - 300) ** 2) / (2 * 150.0**2))
    p /= p.sum()
    truth = bins[np.searchsorted(np.cumsum(p), 0.5)]
    for n in (30, 300):
        found = quantile(rng.multinomial(n, p, 4000), bins, bins, 0.5)
        covered = ((found.low <= truth) & (truth <= found.high)).mean()
        assert 0.93 <= covered <= 0.98


def test_gap_is_antisymmetric_and_undefined_for_an_empty_group():
    counts = np.array([[5, 9, 3, 1], [1, 2, 9, 9], [0, 0, 0, 0]])
    one, two, none = (quantile(row, *[np.arange(4.0)] * 2, 0.5) for row in counts)
    gap, low, high = quantile_gap(one, two)
    back = quantile_gap(two, one)
    assert (float(gap), float(low), float(high)) == tuple(
        -float(part) for part in (back[0], back[2], back[1])
    )
    assert np.isnan(quantile_gap(one, none)).all()


def test_groups_are_computed_together_as_one_by_one():
    counts = np.random.default_rng(5).integers(0, 9, (4, 40))
    together = quantile(counts, WHOLE, WHOLE, 0.8)
    for row in range(4):
        alone = quantile(counts[row], WHOLE, WHOLE, 0.8)
        assert [float(x[row]) for x in together] == [float(x) for x in alone]


def test_share_above_a_cap_is_a_rate_and_spans_the_bin_it_lies_in():
    found = share_above([12, 12], [12, 20], [100, 100])
    assert found.low[0] == found.low[1] == rate_interval(12, 100)[0]
    assert found.high[1] == rate_interval(20, 100)[1]
    assert found.greatest.tolist() == [0.12, 0.2]
    assert np.isnan(share_above(0, 0, 0).least)


def test_bins_that_do_not_rise_and_shares_outside_are_refused():
    with pytest.raises(InputError, match="rising"):
        quantile([1, 2], [2, 1], [3, 2], 0.5)
    with pytest.raises(InputError, match="q: holds 1"):
        quantile([1, 2], [1, 2], [1, 2], 1.0)
