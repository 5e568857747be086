"""Association of a column with the groups: oracles, and floors by simulation."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, contingency
from sklearn.metrics import (
    mutual_info_score,
    normalized_mutual_info_score,
    roc_auc_score,
)

from fairness.errors import InputError
from fairness.inference.association import association, separation


def tables():
    rng = np.random.default_rng(1)
    for bins, groups, n in ((2, 2, 60), (5, 3, 500), (40, 6, 3000)):
        share = rng.dirichlet(np.ones(bins * groups) * 3)
        yield rng.multinomial(n, share).reshape(bins, groups)


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: str(table.shape))
def test_measures_are_those_of_scipy_and_sklearn(table):
    found = association(table)
    statistic, p_value, _, _ = chi2_contingency(table, correction=False)
    assert found.chi_square == pytest.approx(statistic)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)
    bins, groups = (
        np.repeat(np.arange(size), table.sum(axis=1 - axis))
        for axis, size in enumerate(table.shape)
    )
    place = np.indices(table.shape).reshape(2, -1)
    bins, groups = (np.repeat(part, table.ravel()) for part in place)
    assert found.information == pytest.approx(mutual_info_score(bins, groups))
    assert found.normalised == pytest.approx(
        normalized_mutual_info_score(groups, bins, average_method="arithmetic")
    )
    share = table.sum(axis=0) / table.sum()
    entropy = -(share * np.log(share)).sum()
    assert found.explained == pytest.approx(found.information / entropy)


def test_cramers_v_without_its_correction_is_scipys_and_with_it_bergsmas():
    table = np.array([[12, 30, 8], [40, 22, 19], [5, 9, 31], [14, 3, 7]])
    plain = contingency.association(table, method="cramer")
    n, rows, columns = table.sum(), *table.shape
    square = plain**2 * min(rows - 1, columns - 1)
    corrected = max(0, square - (rows - 1) * (columns - 1) / (n - 1))
    room = min(size - (size - 1) ** 2 / (n - 1) for size in (rows, columns)) - 1
    assert association(table).cramers_v == pytest.approx(np.sqrt(corrected / room))
    assert association(table).cramers_v < plain


def test_a_column_that_is_the_group_is_found_whole():
    found = association(np.diag([50, 40, 10]))
    assert found.cramers_v == pytest.approx(1, abs=0.01)
    assert found.normalised == pytest.approx(1)
    assert separation(np.diag([50, 40, 10]), ordered=False).estimate.tolist() == [1] * 3


def test_one_bin_or_one_group_is_undefined_not_zero():
    for table in ([[5, 9]], [[5], [9]], [[0, 0], [4, 7]], [[0, 0], [0, 0]]):
        found = association(table)
        assert np.isnan([found.cramers_v, found.information, found.p_value]).all()
    assert np.isnan(separation([[5, 0], [9, 0]], ordered=True).estimate).all()


def test_separation_by_the_column_is_sklearns_area():
    table = np.array([[12, 30, 8], [40, 22, 19], [5, 9, 31], [14, 3, 7]])
    place = np.indices(table.shape).reshape(2, -1)
    bins, groups = (np.repeat(part, table.ravel()) for part in place)
    found = separation(table, ordered=True).estimate
    sorted_ = separation(table, ordered=False).estimate
    for group in range(3):
        area = roc_auc_score(groups == group, bins)
        assert found[group] == pytest.approx(area)
        share = table[:, group] / table.sum(axis=1)
        area = roc_auc_score(groups == group, share[bins])
        assert sorted_[group] == pytest.approx(area)


@pytest.mark.parametrize("bins", [4, 20, 300])
def test_floors_are_what_chance_alone_gives(bins):
    rng = np.random.default_rng(bins)
    share = np.outer(rng.dirichlet(np.ones(bins) * 5), [0.7, 0.25, 0.05])
    drawn = rng.multinomial(3000, share.ravel(), 200).reshape(200, bins, 3)
    for ordered in (True, False):
        found = [separation(table, ordered=ordered) for table in drawn]
        estimate = np.array([each.estimate for each in found])
        if ordered:
            estimate = 0.5 + abs(estimate - 0.5)
        floor = np.mean([each.floor for each in found], axis=0)
        np.testing.assert_allclose(floor - 0.5, estimate.mean(axis=0) - 0.5, rtol=0.15)
    if bins <= 20:
        measured = np.mean([association(table).information for table in drawn])
        assert association(drawn[0]).information_floor == pytest.approx(
            measured, rel=0.1
        )


def test_cramers_v_of_independent_columns_is_near_zero():
    rng = np.random.default_rng(9)
    share = np.outer(np.full(50, 0.02), [0.6, 0.4]).ravel()
    tables = rng.multinomial(2000, share, 200).reshape(200, 50, 2)
    found = [association(table) for table in tables]
    plain = [np.sqrt(each.chi_square / 2000) for each in found]
    assert np.mean([each.cramers_v for each in found]) < 0.05 < np.mean(plain)
    assert 0.02 <= np.mean([each.p_value < 0.05 for each in found]) <= 0.09


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="bins by groups"):
        association([1, 2])
    with pytest.raises(InputError, match="-1"):
        separation([[1, -1], [2, 2]], ordered=True)
