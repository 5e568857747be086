"""Gaps from cells against statsmodels on the rows, and their coverage."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import ttest_ind

from fairness.errors import InputError
from fairness.inference.additive import adjusted_gap, moved_gap, raw_gap


def table(rows=900, seed=0):
    """Return rows, and their cells, of three groups that differ in two columns."""
    rng = np.random.default_rng(seed)
    group = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    tier = (rng.random(rows) * 3 + group * 0.4).astype(int) % 4
    region = rng.integers(0, 5, rows)
    y = 2 + 0.5 * group + tier - 0.3 * region + rng.gamma(1 + tier, 1.0, rows)
    frame = pd.DataFrame({"g": group, "tier": tier, "region": region, "y": y})
    frame["picked"] = (rng.random(rows) < 0.1 + 0.1 * tier).astype(float)
    return frame


def cells(frame, y="y", by=("g", "tier", "region")):
    found = frame.assign(sq=frame[y] ** 2).groupby(list(by))
    made = found.agg(n=(y, "size"), total=(y, "sum"), sq=("sq", "sum")).reset_index()
    return made[list(by)].to_numpy(), *(
        made[c].to_numpy() for c in ("n", "total", "sq")
    )


@pytest.mark.parametrize("y", ["y", "picked"])
@pytest.mark.parametrize("variance", ["HC0", "HC1", "HC2"])
@pytest.mark.parametrize("reference", [0, 2])
def test_adjusted_gap_is_statsmodels_on_the_rows(y, variance, reference):
    frame = table()
    found = adjusted_gap(*cells(frame, y), reference, variance=variance)
    oracle = smf.ols(
        f"{y} ~ C(g, Treatment({reference})) + C(tier) + C(region)", frame
    ).fit(cov_type=variance)
    for group in {0, 1, 2} - {reference}:
        name = f"C(g, Treatment({reference}))[T.{group}]"
        assert found.estimate[group] == pytest.approx(oracle.params[name])
        assert found.error[group] == pytest.approx(oracle.bse[name])
        if variance != "HC2":
            limits = oracle.conf_int().loc[name].tolist()
            assert [found.low[group], found.high[group]] == pytest.approx(limits)
    assert found.estimate[reference] == found.low[reference] == 0


def test_degrees_of_freedom_are_bell_and_mccaffreys_from_the_rows():
    frame = table(60, 3)
    found = adjusted_gap(*cells(frame))
    x = pd.get_dummies(frame[["g", "tier", "region"]].astype(str), drop_first=True)
    x = np.column_stack([np.ones(60), x.to_numpy(float)])
    inverse = np.linalg.inv(x.T @ x)
    hat = x @ inverse @ x.T
    place = 1  # the dummy of group 1
    influence = x @ inverse[place]
    made = (np.eye(60) - hat) * (influence / np.sqrt(1 - np.diag(hat)))
    values = np.linalg.eigvalsh(made.T @ made)
    freedom = values.sum() ** 2 / (values**2).sum()
    from scipy.stats import t

    half = t.ppf(0.975, freedom) * found.error[1]
    assert found.high[1] - found.estimate[1] == pytest.approx(half)


def test_without_columns_the_adjusted_gap_is_the_raw_one():
    frame = table()
    few = cells(frame, by=["g"])
    raw, adjusted = raw_gap(*few[1:]), adjusted_gap(*few)
    np.testing.assert_allclose(adjusted.estimate, raw.estimate, atol=1e-12)
    np.testing.assert_allclose(adjusted.error, raw.error, atol=1e-12)
    np.testing.assert_allclose(moved_gap(*few).estimate, 0, atol=1e-12)


def test_raw_gap_is_scipys_welch():
    frame = table()
    found = raw_gap(*cells(frame, by=["g"])[1:], 1)
    one, two = (frame.loc[frame["g"] == g, "y"] for g in (2, 1))
    oracle = ttest_ind(one, two, equal_var=False).confidence_interval()
    assert [found.low[2], found.high[2]] == pytest.approx([*oracle])


def test_moved_gap_is_the_rest_with_the_error_of_the_rows_influence():
    frame = table()
    found = moved_gap(*cells(frame))
    raw = raw_gap(*cells(frame, by=["g"])[1:]).estimate
    adjusted = adjusted_gap(*cells(frame)).estimate
    np.testing.assert_allclose(found.estimate, raw - adjusted, atol=1e-9)
    fit = smf.ols("y ~ C(g) + C(tier) + C(region)", frame).fit()
    x = fit.model.exog
    own = (x @ np.linalg.inv(x.T @ x)[1]) * fit.resid
    mean = frame.groupby("g")["y"].transform("mean")
    size = frame.groupby("g")["y"].transform("size")
    sign = (frame["g"] == 1).astype(int) - (frame["g"] == 0).astype(int)
    whole = sign * (frame["y"] - mean) / size
    error = np.sqrt(((whole - own) ** 2).sum() * 900 / (900 - fit.df_model - 1))
    assert found.error[1] == pytest.approx(error)


def test_a_column_that_carries_the_whole_gap_leaves_none():
    frame = table(20_000, 5)
    frame["y"] = frame["tier"] + np.random.default_rng(1).normal(0, 1, 20_000)
    adjusted, moved = adjusted_gap(*cells(frame)), moved_gap(*cells(frame))
    raw = raw_gap(*cells(frame, by=["g"])[1:])
    assert (adjusted.low <= 0).all()
    assert (adjusted.high >= 0).all()
    assert raw.low[2] > 0.1
    assert moved.low[2] > 0.1


def test_gaps_that_the_cells_do_not_tell_are_undefined_not_zero():
    # Group 1 shares no tier with group 0; nobody is in group 2; group 3 shares one.
    levels = [[0, 0], [0, 1], [1, 2], [3, 1], [3, 2]]
    n, total, square = [9, 9, 9, 9, 0], [9.0, 5, 4, 8, 0], [12.0, 9, 9, 9, 0]
    found = adjusted_gap(levels, n, total, square)
    assert found.is_estimable.tolist() == [True, False, False, True]
    assert np.isnan(found.estimate).tolist() == [False, True, True, False]
    chained = adjusted_gap(levels, [9, 9, 9, 9, 9], total, [12.0, 9, 9, 9, 4])
    assert chained.is_estimable.tolist() == [True, True, False, True]
    assert np.isnan(moved_gap(levels, n, total, square).high[1])


def test_rare_selection_of_a_small_group_is_covered():
    rng = np.random.default_rng(7)
    levels = np.array([[g, c] for g in range(2) for c in range(2)])
    n = np.array([600, 400, 20, 40])
    rate = np.array([0.02, 0.05, 0.02, 0.05])
    hits = rng.binomial(n, rate, (1500, 4)).astype(float)
    inside = {
        binary: np.mean(
            [
                gap.low[1] <= 0 <= gap.high[1]
                for gap in (adjusted_gap(levels, n, x, x, binary=binary) for x in hits)
            ]
        )
        for binary in (False, True)
    }
    assert inside[False] < 0.9  # residuals alone: why `binary` is there
    assert inside[True] >= 0.93


def test_intervals_cover_with_unequal_variances():
    rng = np.random.default_rng(8)
    levels = np.array([[g, c] for g in range(2) for c in range(2)])
    n, deviation = np.array([300, 100, 15, 25]), np.array([1.0, 1.5, 3.0, 4.0])
    mean = np.array([0.0, 1.0, 0.5, 1.5])
    inside = []
    for _ in range(2000):
        total = rng.normal(n * mean, deviation * np.sqrt(n))
        square = total**2 / n + deviation**2 * rng.chisquare(n - 1)
        gap = adjusted_gap(levels, n, total, square)
        inside.append(gap.low[1] <= 0.5 <= gap.high[1])
    assert 0.93 <= np.mean(inside) <= 0.97


def test_wrong_cells_are_refused():
    with pytest.raises(InputError, match="levels"):
        adjusted_gap([[0.5]], [1], [1], [1])
    with pytest.raises(InputError, match="unlike"):
        adjusted_gap([[0], [1]], [1], [1], [1])
    with pytest.raises(InputError, match="HC9"):
        adjusted_gap([[0], [1]], [1, 2], [1, 2], [1, 2], variance="HC9")
    with pytest.raises(InputError, match="reference"):
        adjusted_gap([[0], [1]], [1, 2], [1, 2], [1, 2], 5)
