import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.crm.draws import Draws, along, picked, picked_by, scaled

SEEDS = st.integers(0, 2**63)
ENDS = np.array([0, 2**31, 2**32 - 1], dtype=np.uint64)


def test_raw_bits_are_those_of_the_guaranteed_stream():
    # NEP 19 guarantees SeedSequence and PCG64; this is where a break would show:
    # np.random.PCG64(np.random.SeedSequence(0, spawn_key=(0, crc32(b"a")))).random_raw(2)
    assert Draws(0, 0).raw("a", 2).tolist() == [
        405711149254591217,
        14167051306229988057,
    ]


def test_streams_of_different_names_and_chunks_differ():
    streams = [
        Draws(1, 0).raw("a", 4),
        Draws(1, 0).raw("b", 4),
        Draws(1, 1).raw("a", 4),
    ]
    assert len({tuple(stream.tolist()) for stream in streams}) == 3


def test_a_longer_stream_begins_with_the_shorter():
    assert (Draws(1, 0).raw("a", 9)[:4] == Draws(1, 0).raw("a", 4)).all()


@given(SEEDS, st.integers(1, 2**31 - 1))
def test_below_stays_in_range(seed, bound):
    drawn = Draws(seed, 0).below("x", bound, 50)
    assert drawn.min() >= 0
    assert drawn.max() < bound


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8).filter(any))
def test_choices_without_weight_are_never_picked(weights):
    choice = picked(Draws(1, 0).uniform("x", 300), weights)
    assert {weights[i] > 0 for i in choice} == {True}


def test_picked_shares_follow_the_weights():
    counts = np.bincount(picked(Draws(1, 0).uniform("x", 40_000), [1, 3, 6]))
    # 40,000 draws: standard errors of 60, 87 and 98.
    assert np.abs(counts - [4_000, 12_000, 24_000]).max() < 400


def test_picked_by_takes_the_weights_of_the_row():
    rows = np.array([0, 1, 0])
    assert picked_by(ENDS, [[1, 0], [0, 1]], rows).tolist() == [0, 1, 0]


def test_scaled_reaches_both_ends_and_no_further():
    assert scaled(ENDS, 2**31 - 1).tolist() == [0, (2**31 - 1) // 2, 2**31 - 2]


def test_along_runs_between_its_ends():
    assert along(ENDS, [0, 250, 1000], [5, 10, 400]).tolist() == [5, 140, 399]


@given(SEEDS, st.lists(st.integers(0, 5), min_size=60, max_size=400))
def test_evenly_spreads_a_condition_over_contiguous_groups(seed, keys):
    group = np.array(keys, dtype=np.int64)
    chosen = scaled(Draws(seed, 0).evenly("x", [group]).column(2), 100) < 30
    for key in set(keys):
        here = group == key
        # The discrepancy of k * sqrt(2) is O(log n); independent draws would need
        # more than 20 either way at these sizes.
        assert abs(chosen[here].sum() - 0.3 * here.sum()) <= 4


def test_columns_of_one_order_are_as_good_as_independent():
    even = Draws(3, 0).evenly("x", [np.zeros(4_000, dtype=np.int64)])
    columns = [even.column(prime).astype(float) for prime in (2, 3, 5, 7, 13, 17)]
    off_diagonal = np.corrcoef(columns) - np.eye(6)
    assert np.abs(off_diagonal).max() < 0.05


def test_ties_are_broken_at_random_not_by_row():
    group = np.zeros(2_000, dtype=np.int64)
    column = Draws(3, 0).evenly("x", [group]).column(2).astype(float)
    assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 0.1


@pytest.mark.parametrize("per_mille", [0, 1000])
def test_chance_is_exact_at_its_ends(per_mille):
    assert Draws(1, 0).chance("x", per_mille, 500).mean() == per_mille / 1000
