"""What has to hold of counts whatever the customers are."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.counts import count, kernel
from fairness.counts.kernel import Column, joint_cells
from fairness.errors import InputError

ROW = st.tuples(
    st.sampled_from(["a", "b", "ç", None]),
    st.one_of(st.none(), st.integers(10, 80)),
    st.sampled_from([0, 1]),
    st.sampled_from(["yes", "no", None]),
    st.integers(0, 4),
    st.one_of(st.none(), st.integers(0, 64)),
    st.sampled_from(["gold", "tin"]),
)
ROWS = st.lists(ROW, min_size=2, max_size=40).filter(
    lambda rows: any(r[4] for r in rows) and any(r[5] is not None for r in rows)
)
NAMES = ("g", "age", "sel", "out", "w", "score", "tier")
ASKED = {
    "by": ["g", "age"],
    "bands": {"age": [18, 30, 65]},
    "selected": "sel",
    "strata": "tier",
    "outcome": "out",
    "weight": "w",
    "score": "score",
    "score_range": (0, 64),
    "score_bins": 8,
}
KINDS = (
    pa.string(),
    pa.int64(),
    pa.int8(),
    pa.string(),
    pa.float64(),
    pa.float64(),
    pa.string(),
)


def table_of(rows):
    columns = zip(*rows, strict=True) if rows else [[]] * len(NAMES)
    return pa.table(
        {n: pa.array(list(c), k) for n, c, k in zip(NAMES, columns, KINDS, strict=True)}
    )


def same(mine, theirs):
    assert mine.counts.fingerprint == theirs.counts.fingerprint
    assert mine.bins.labels == theirs.bins.labels
    for name, cells in theirs.bins.cells.items():
        np.testing.assert_array_equal(mine.bins.cells[name], cells)


@settings(max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    same(count(table_of(shuffled), **ASKED), count(table_of(rows), **ASKED))


@settings(max_examples=40)
@given(ROWS)
def test_renaming_groups_permutes_the_table(rows):
    new = {"a": "z", "b": "a", "ç": "m", None: None}
    renamed = [(new[row[0]], *row[1:]) for row in rows]
    mine = count(table_of(renamed), **ASKED).counts.table(["g"])
    theirs = count(table_of(rows), **ASKED).counts.table(["g"])
    for group, cells in zip(theirs.groups, theirs.cells, strict=True):
        name = new.get(group, group)
        np.testing.assert_array_equal(mine.cells[mine.groups.index(name)], cells)


@settings(max_examples=60)
@given(ROWS, ROWS, st.sampled_from(["pyarrow", "pandas"]))
def test_counts_of_parts_add_up_to_the_counts_of_all(first, second, library):
    def of(rows):
        table = table_of(rows)
        return count(table if library == "pyarrow" else table.to_pandas(), **ASKED)

    one, two, both = of(first), of(second), of(first + second)
    for mine, theirs in ((one, two), (two, one)):
        merged = mine.counts + theirs.counts
        assert merged.fingerprint == both.counts.fingerprint
        assert merged.table(["age"]).groups == both.counts.table(["age"]).groups
        bins = mine.bins + theirs.bins
        assert dict(bins.labels) == dict(both.bins.labels)
        for name, cells in both.bins.cells.items():
            np.testing.assert_array_equal(bins.cells[name], cells)


@settings(max_examples=40)
@given(ROWS)
def test_whole_weight_equals_that_many_copies(rows):
    copies = [row for row in rows for _ in range(row[4])]
    mine = count(table_of(rows), **ASKED).counts
    plain = {k: v for k, v in ASKED.items() if k not in {"weight", "score"}}
    theirs = count(table_of(copies), **plain).counts
    for names in mine.groupings(2):
        weighted, copied = mine.table(names), theirs.table(names)
        for group, cells in zip(weighted.groups, weighted.weighted_cells, strict=True):
            if group in copied.groups:
                want = copied.cells[copied.groups.index(group)]
            else:
                want = np.zeros((2, 3))
            np.testing.assert_array_equal(cells, want)


DTYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.uint64]


@settings(max_examples=60)
@given(st.data(), st.integers(0, 300), st.integers(1, 4))
def test_dense_and_packed_kernels_equal_numpy(data, rows, width):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    columns = []
    for _ in range(width):
        dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
        size = data.draw(st.integers(1, 40))
        info = np.iinfo(dtype)
        offset = data.draw(st.integers(int(info.min), int(info.max) - size + 1))
        codes = (random.integers(0, size, rows).astype(object) + offset).astype(dtype)
        columns.append(Column(codes, offset, size))
    values = random.integers(-50, 50, rows).astype(float)
    levels = np.array(
        [[int(v) - c.offset for v in c.codes] for c in columns], dtype=np.int64
    ).T.reshape(rows, width)
    want, place = np.unique(levels, axis=0, return_inverse=True)
    n = np.bincount(place.ravel(), minlength=len(want))
    sums = np.bincount(place.ravel(), values, minlength=len(want))
    with pytest.MonkeyPatch.context() as patch:
        for dense in (0, kernel.DENSE_CELLS):
            patch.setattr(kernel, "DENSE_CELLS", dense)
            patch.setattr(kernel, "_CHUNK", 64)
            patch.setattr(kernel, "_PACKED_CHUNK", 50)
            cells = joint_cells(columns, rows, {"v": values})
            np.testing.assert_array_equal(cells.levels, want.reshape(-1, width))
            np.testing.assert_array_equal(cells.n, n)
            np.testing.assert_allclose(cells.sums["v"], sums)


def test_forty_thousand_postcodes_are_counted_in_little_memory():
    import tracemalloc

    draw = np.random.default_rng(3)
    rows = 1_000_000
    data = pa.table(
        {
            "post": pa.DictionaryArray.from_arrays(
                draw.integers(0, 40_000, rows).astype(np.int32),
                [f"P{i:05d}" for i in range(40_000)],
            ),
            "g": draw.integers(0, 6, rows),
            "sel": draw.integers(0, 2, rows),
        }
    )
    tracemalloc.start()
    counts = count(data, by=["post", "g"], selected="sel").counts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts.rows == rows
    assert len(counts.table(["post"]).groups) == 40_000
    want = np.bincount(data["g"].to_numpy(), data["sel"].to_numpy())
    np.testing.assert_array_equal(counts.table(["g"]).selected, want)
    assert peak < 400e6


def test_counts_of_different_audits_do_not_add():
    rows = [("a", 20, 1, "yes", 1, 5, "tin"), ("b", 40, 0, "no", 1, 9, "tin")]
    one = count(table_of(rows), **ASKED)
    other = count(table_of(rows), **{**ASKED, "bands": {"age": [18, 31]}})
    with pytest.raises(InputError, match="different bands"):
        one.counts + other.counts
    with pytest.raises(InputError, match="cannot be added"):
        one.counts + count(table_of(rows), by="g", selected="sel").counts
    with pytest.raises(InputError, match="different ranges"):
        one.bins + count(table_of(rows), **{**ASKED, "score_bins": 9}).bins
