"""Scan of slices: exact permutation p-values, rows, errors in the family, planted."""

import itertools

import numpy as np
import pytest
from scipy.special import comb

from fairness.errors import InputError
from fairness.inference.scan import distinct_slices, scan_slices

SIZES = (3, 2, 4)
CELLS = np.array(list(itertools.product(*(range(size) for size in SIZES))))


def slices_of(cells, depth):
    """Return every conjunction of up to `depth` levels that has cells, with its mask."""
    columns = range(cells.shape[1])
    for length in range(1, depth + 1):
        for chosen in itertools.combinations(columns, length):
            for levels in itertools.product(*(set(cells[:, c]) for c in chosen)):
                mask = (cells[:, chosen] == levels).all(axis=1)
                if mask.any():
                    names = zip(chosen, map(int, levels), strict=True)
                    yield tuple(names), mask


def scores(masks, n, selected):
    total, drawn = n.sum(), selected.sum(axis=-1, keepdims=True)
    size = masks @ n
    expected = size * drawn / total
    spread = expected * (1 - drawn / total) * (total - size) / (total - 1)
    return (selected @ masks.T - expected) / np.sqrt(spread)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_z_and_expected_equal_a_loop_over_all_slices(side):
    rng = np.random.default_rng(2)
    n = rng.integers(0, 400, len(CELLS))
    selected = rng.binomial(n, 0.2)
    options = {"side": side, "least": 8, "replicates": 19, "seed": 1}
    found = scan_slices(CELLS, n, selected, SIZES, **options)
    by_name = {one.levels: one for one in found.slices}
    rate = selected.sum() / n.sum()
    wanted = 0
    for name, mask in slices_of(CELLS[n > 0], 3):
        size = n[n > 0][mask].sum()
        if min(size, n.sum() - size) * rate < 8:
            assert name not in by_name
            continue
        wanted += 1
        one = by_name[name]
        assert one.n == size
        assert one.selected == selected[n > 0][mask].sum()
        assert one.expected == pytest.approx(size * rate)
        z = scores(mask[None], n[n > 0], selected[n > 0][None])
        assert one.z == pytest.approx(float(z[0, 0]))
    assert len(by_name) == len(found.slices) == wanted > 20
    extreme = [one.z if side == "upper" else -one.z for one in found.slices]
    assert extreme == sorted(extreme, reverse=True)


def test_p_values_equal_the_enumeration_of_all_selections():
    cells = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    n, selected = np.array([6, 5, 4, 7]), np.array([1, 1, 2, 6])
    masks = np.array([mask for _, mask in slices_of(cells, 2)])
    tables = np.array(list(itertools.product(*(range(size + 1) for size in n))))
    tables = tables[tables.sum(axis=1) == selected.sum()]
    chance = comb(n, tables).prod(axis=1) / comb(n.sum(), selected.sum())
    assert chance.sum() == pytest.approx(1)
    most = (-scores(masks, n, tables)).max(axis=1)
    found = scan_slices(
        cells, n, selected, [2, 2], least=0.1, replicates=20_000, seed=3
    )
    assert len(found.slices) == 8
    for one in found.slices:
        truth = chance[most >= -one.z - 1e-9].sum()
        error = np.sqrt(truth * (1 - truth) / 20_000)
        assert one.p_adjusted == pytest.approx(truth, abs=4 * error + 1e-4)


def test_p_values_equal_a_permutation_of_rows():
    rng = np.random.default_rng(4)
    n = rng.integers(5, 60, len(CELLS))
    selected = rng.binomial(n, 0.3)
    found = scan_slices(CELLS, n, selected, SIZES, replicates=4000, seed=5)
    masks = np.array([
        (CELLS[:, [c for c, _ in one.levels]] == [v for _, v in one.levels]).all(axis=1)
        for one in found.slices
    ])  # fmt: skip
    rows, chosen = np.repeat(np.arange(len(n)), n), np.zeros(n.sum(), dtype=int)
    chosen[: selected.sum()] = 1
    tables = np.array([
        np.bincount(rows[rng.permutation(chosen) == 1], minlength=len(n))
        for _ in range(2000)
    ])  # fmt: skip
    most = (-scores(masks, n, tables)).max(axis=1)
    for one in found.slices:
        truth = np.mean(most >= -one.z - 1e-9)
        # Two simulations: 4,000 and 2,000 draws.
        error = np.sqrt(truth * (1 - truth) * (1 / 4000 + 1 / 2000))
        assert one.p_adjusted == pytest.approx(truth, abs=4 * error + 1e-3)


@pytest.mark.parametrize(("side", "rate"), [("lower", 0.03), ("upper", 0.3)])
def test_family_wise_error_of_fair_selections_is_at_most_nominal(side, rate):
    rng = np.random.default_rng(6)
    n = rng.integers(0, 300, len(CELLS))
    tables, alpha = 600, 0.1
    wrong = 0
    for seed in range(tables):
        selected = rng.binomial(n, rate)
        found = scan_slices(
            CELLS, n, selected, SIZES, side=side, replicates=99, seed=seed
        )
        wrong += found.slices[0].p_adjusted <= alpha
    # Not far below either: a permutation test uses all of its alpha.
    spread = np.sqrt(alpha * (1 - alpha) / tables)
    assert wrong / tables == pytest.approx(alpha, abs=3.5 * spread)


def planted(levels, ratio, rate=0.1, seed=7):
    rng = np.random.default_rng(seed)
    n = rng.integers(300, 2500, len(CELLS))
    mask = np.ones(len(CELLS), dtype=bool)
    for column, level in levels:
        mask &= CELLS[:, column] == level
    return n, rng.binomial(n, np.where(mask, ratio * rate, rate))


@pytest.mark.parametrize(
    "levels", [((1, 1),), ((0, 2), (2, 1)), ((0, 0), (1, 1), (2, 3))]
)
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_planted_slice_is_found_and_is_all_that_is_distinct(levels, side):
    n, selected = planted(levels, 0.5 if side == "lower" else 1.6)
    found = scan_slices(CELLS, n, selected, SIZES, side=side, seed=1)
    assert found.slices[0].levels == levels
    assert found.slices[0].p_adjusted == 0.001
    significant = [one for one in found.slices if one.p_adjusted <= 0.05]
    assert len(significant) > 1 or len(levels) == len(SIZES)
    kept = distinct_slices(found, CELLS, n, selected)
    assert [one.levels for one in kept] == [levels]


def test_slice_inside_a_planted_one_that_fares_worse_still_is_kept():
    n, selected = planted(((0, 2),), 0.6)
    worse = (CELLS[:, 0] == 2) & (CELLS[:, 2] == 1)
    selected = np.where(worse, selected // 3, selected)
    found = scan_slices(CELLS, n, selected, SIZES, seed=1)
    kept = distinct_slices(found, CELLS, n, selected)
    assert {one.levels for one in kept} == {((0, 2),), ((0, 2), (2, 1))}


def test_two_planted_slices_that_do_not_overlap_are_both_kept():
    n, selected = planted(((0, 2), (2, 1)), 0.5)
    other = (CELLS[:, 0] == 0) & (CELLS[:, 2] == 3)
    selected = np.where(other, selected // 2, selected)
    found = scan_slices(CELLS, n, selected, SIZES, seed=1)
    kept = distinct_slices(found, CELLS, n, selected)
    assert {one.levels for one in kept} == {((0, 2), (2, 1)), ((0, 0), (2, 3))}


def test_cells_may_be_split_or_reordered():
    n, selected = planted(((0, 2), (2, 1)), 0.7)
    whole = scan_slices(CELLS, n, selected, SIZES, seed=1)
    first, first_selected = n // 3, np.minimum(selected, n // 3)
    places = np.random.default_rng(1).permutation(2 * len(CELLS))
    split = scan_slices(
        np.vstack([CELLS, CELLS])[places],
        np.concatenate([first, n - first])[places],
        np.concatenate([first_selected, selected - first_selected])[places],
        SIZES,
        seed=1,
    )
    assert [one.levels for one in whole.slices] == [one.levels for one in split.slices]
    for one, other in zip(whole.slices, split.slices, strict=True):
        assert one.z == pytest.approx(other.z)
        assert one.p_adjusted == pytest.approx(other.p_adjusted, abs=0.07)


def test_same_customers_under_two_names_appear_once_with_fewer_columns():
    cells = np.array([[0, 0], [0, 1], [1, 2], [2, 2]])
    n, selected = np.array([400, 500, 300, 700]), np.array([40, 50, 10, 70])
    names = [
        one.levels for one in scan_slices(cells, n, selected, [3, 3], seed=1).slices
    ]
    # Each pair has the customers of one level: (0, 1) is nowhere without (1, 2).
    assert sorted(names) == [
        ((0, 0),), ((0, 1),), ((0, 2),), ((1, 0),), ((1, 1),), ((1, 2),),
    ]  # fmt: skip


def test_equal_seeds_give_equal_results_and_blocks_do_not_matter(monkeypatch):
    n, selected = planted(((0, 2),), 0.9)
    options = {"replicates": 57, "seed": 3}
    found = scan_slices(CELLS, n, selected, SIZES, **options)
    assert found == scan_slices(CELLS, n, selected, SIZES, **options)
    monkeypatch.setattr("fairness.inference.scan._BLOCK", 10 * len(CELLS))
    assert found == scan_slices(CELLS, n, selected, SIZES, **options)


def test_depth_limits_the_columns_and_nothing_large_enough_gives_no_slices():
    n, selected = planted(((0, 2),), 0.9)
    found = scan_slices(CELLS, n, selected, SIZES, depth=1, replicates=9, seed=1)
    assert {len(one.levels) for one in found.slices} == {1}
    nobody = scan_slices(CELLS, n, 0 * n, SIZES, seed=1)
    assert nobody.slices == ()
    assert distinct_slices(nobody, CELLS, n, 0 * n) == ()
    assert scan_slices(CELLS, n, n, SIZES, seed=1).slices == ()
    empty = scan_slices(np.zeros((0, 3)), [], [], SIZES, seed=1)
    assert empty.slices == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"levels": CELLS + 1}, "levels"),
        ({"levels": CELLS - 0.5}, "levels"),
        ({"levels": CELLS[:, :2]}, "levels"),
        ({"n": np.full(len(CELLS), 5.5)}, "n"),
        ({"n": np.full(len(CELLS), 10**9)}, "n"),
        ({"selected": np.full(len(CELLS), 11)}, "selected"),
        ({"selected": np.full(len(CELLS), 0.5)}, "selected"),
        ({"depth": 0}, "depth"),
        ({"replicates": 1.5}, "replicates"),
        ({"seed": -1}, "seed"),
        ({"least": 0}, "least"),
        ({"side": "both"}, "side"),
    ],
)
def test_impossible_arguments_are_refused(change, where):
    given = {
        "levels": CELLS,
        "n": np.full(len(CELLS), 10),
        "selected": np.full(len(CELLS), 3),
        "sizes": SIZES,
        "seed": 1,
    }
    with pytest.raises(InputError) as caught:
        scan_slices(**(given | change))
    assert where in {problem.where for problem in caught.value.problems}


def test_alpha_outside_0_1_is_refused():
    found = scan_slices(CELLS, [9] * len(CELLS), [3] * len(CELLS), SIZES, seed=1)
    with pytest.raises(InputError, match="alpha"):
        distinct_slices(found, CELLS, [9] * len(CELLS), [3] * len(CELLS), alpha=5)
