"""Standardised mean difference: an oracle from rows, undefined cases."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import effectsize_smd

from fairness.inference import standardized_mean_difference


def moments(values):
    return len(values), values.sum(), (values**2).sum()


def test_smd_equals_rows_and_statsmodels():
    rng = np.random.default_rng(1)
    for n, n_ref in ((2, 2), (5, 40), (3000, 800)):
        group, reference = rng.normal(1, 2, n), rng.gamma(2.0, 1.5, n_ref)
        smd, low, high = standardized_mean_difference(
            *moments(group), *moments(reference)
        )
        within = (n - 1) * group.var(ddof=1) + (n_ref - 1) * reference.var(ddof=1)
        d = (group.mean() - reference.mean()) / np.sqrt(within / (n + n_ref - 2))
        assert float(smd) == pytest.approx(d, rel=1e-9)
        # statsmodels returns Hedges' g; its small-sample factor is taken out again.
        g, _ = effectsize_smd(
            group.mean(), group.std(ddof=1), n,
            reference.mean(), reference.std(ddof=1), n_ref,
        )  # fmt: skip
        assert float(smd) == pytest.approx(
            g / (1 - 3 / (4 * (n + n_ref) - 9)), rel=1e-9
        )
        error = np.sqrt((n + n_ref) / (n * n_ref) + d**2 / (2 * (n + n_ref)))
        assert float(low) == pytest.approx(d - 1.959963984540054 * error, rel=1e-9)
        assert float(high) == pytest.approx(d + 1.959963984540054 * error, rel=1e-9)


def test_swapping_groups_negates_it():
    one, other = (30, 90.0, 400.0), (50, 120.0, 500.0)
    smd, low, high = standardized_mean_difference(*one, *other)
    back, back_low, back_high = standardized_mean_difference(*other, *one)
    assert (float(back), float(back_low), float(back_high)) == (-smd, -high, -low)


def test_groups_of_fewer_than_two_or_without_spread_are_undefined_not_zero():
    n, total, total_sq = [0, 1, 10, 10], [0, 5, 50, 1.0], [0, 25, 250, 0.1]
    # Ten times 0.1 as floats: the spread is rounding, not spread.
    ten = np.full(10, 0.1)
    found = standardized_mean_difference(n, total, total_sq, 10, 50.0, 250.0)
    assert np.isnan(found)[:, :3].all()
    assert np.isnan(standardized_mean_difference(*moments(ten), *moments(ten))).all()


def test_interval_covers_nominally():
    rng = np.random.default_rng(4)
    draws, n, n_ref = 4000, 60, 90
    group, reference = rng.normal(0.3, 1, (draws, n)), rng.normal(0, 1, (draws, n_ref))
    _, low, high = standardized_mean_difference(
        n,
        group.sum(1),
        (group**2).sum(1),
        n_ref,
        reference.sum(1),
        (reference**2).sum(1),
    )
    covered = ((low <= 0.3) & (high >= 0.3)).mean()
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / draws)
