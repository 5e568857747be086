import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairness.errors import InputError
from pipelines.crm.bench import ATTRIBUTES, arrow_table, bench_chunk, generate_parquet

ROWS = 200_000


def equal(left, right):
    return arrow_table(left).equals(arrow_table(right))


def test_five_attributes_make_29_groups_and_4320_cells():
    sizes = [len(groups) for groups in ATTRIBUTES.values()]
    assert (len(sizes), sum(sizes), math.prod(sizes)) == (5, 29, 4_320)
    assert {sum(groups.values()) for groups in ATTRIBUTES.values()} == {1000}


def test_chunk_has_the_documented_types():
    drawn = bench_chunk(10)
    assert {codes.dtype for codes in drawn["codes"].values()} == {np.dtype(np.int8)}
    assert drawn["selected"].dtype == drawn["responded"].dtype == np.int8
    assert drawn["score"].dtype == np.float32
    assert drawn["customer_id"].dtype == np.int64
    assert drawn["labels"]["sex"] == ("f", "m", "x")


def test_shares_and_rates_are_as_stated():
    drawn = bench_chunk(ROWS, seed=5)
    for name, groups in ATTRIBUTES.items():
        found = np.bincount(drawn["codes"][name], minlength=len(groups)) / ROWS
        # Standard error at most 0.0011.
        assert np.abs(found - np.array(list(groups.values())) / 1000).max() < 0.005
    assert abs(drawn["selected"].mean() - 0.1) < 0.003
    assert abs(drawn["responded"].mean() - 0.06) < 0.003
    assert abs(drawn["score"].mean() - 0.5) < 0.003


def test_attributes_are_independent():
    codes = bench_chunk(ROWS, seed=6)["codes"]
    off_diagonal = np.corrcoef(list(codes.values())) - np.eye(5)
    assert np.abs(off_diagonal).max() < 0.012


def test_selection_depends_on_no_attribute_and_responses_follow_the_score():
    drawn = bench_chunk(ROWS, seed=7)
    selected = drawn["selected"]
    for codes in drawn["codes"].values():
        assert abs(np.corrcoef(codes, selected)[0, 1]) < 0.012
    high = drawn["score"] > 0.5
    assert drawn["responded"][high].mean() > 1.7 * drawn["responded"][~high].mean()


def test_planted_ratios_multiply():
    ratios = {("ethnicity", "black"): 0.6, ("sex", "m"): 0.5}
    drawn = bench_chunk(ROWS, seed=8, ratios=ratios)
    black = drawn["codes"]["ethnicity"] == 2
    men = drawn["codes"]["sex"] == 1
    base = drawn["selected"][~black & ~men].mean()
    assert drawn["selected"][black & ~men].mean() / base == pytest.approx(0.6, abs=0.06)
    assert drawn["selected"][black & men].mean() / base == pytest.approx(0.3, abs=0.05)


def test_ratios_leave_everything_but_the_selection_alone():
    plain, planted = (
        bench_chunk(1_000, 1),
        bench_chunk(1_000, 1, ratios={("sex", "f"): 0.5}),
    )
    assert (plain["score"] == planted["score"]).all()
    assert (plain["codes"]["region"] == planted["codes"]["region"]).all()
    assert (plain["selected"] >= planted["selected"]).all()


@pytest.mark.parametrize(("rate", "mean"), [(0.0, 0), (1.0, 1)])
def test_rate_is_exact_at_its_ends(rate, mean):
    assert bench_chunk(5_000, rate=rate)["selected"].mean() == mean


def test_same_seed_same_chunk_other_chunk_other_rows():
    assert equal(bench_chunk(500, 3, chunk=2), bench_chunk(500, 3, chunk=2))
    assert not equal(bench_chunk(500, 3, chunk=2), bench_chunk(500, 3, chunk=1))
    assert not equal(bench_chunk(500, 3, chunk=2), bench_chunk(500, 4, chunk=2))


def test_first_rows_are_pinned():
    # Made by integer arithmetic from raw bits: the same on every machine.
    drawn = bench_chunk(6, seed=1)
    assert drawn["codes"]["region"].tolist() == [0, 7, 5, 7, 3, 1]
    assert drawn["codes"]["age_band"].tolist() == [1, 2, 4, 3, 2, 2]


def test_parquet_holds_the_chunks_in_order(tmp_path):
    paths = generate_parquet(tmp_path, customers=2_500, seed=9, chunk=1_000)
    table = pq.read_table(paths[0])
    expected = pa.concat_tables(
        [
            arrow_table(bench_chunk(rows, 9, chunk=i, first=i * 1_000 + 1))
            for i, rows in enumerate((1_000, 1_000, 500))
        ]
    )
    assert table.equals(expected)
    assert table["customer_id"].to_pylist() == list(range(1, 2_501))
    assert pq.ParquetFile(paths[0]).num_row_groups == 3


def test_number_of_files_does_not_change_the_rows(tmp_path):
    one = generate_parquet(tmp_path / "one", customers=900, chunk=100)
    four = generate_parquet(tmp_path / "four", customers=900, chunk=100, files=4)
    assert [path.name for path in four] == [f"part-00{i}.parquet" for i in range(4)]
    split = pa.concat_tables([pq.read_table(path) for path in four])
    assert split.combine_chunks().equals(pq.read_table(one[0]).combine_chunks())


def test_attributes_are_dictionary_encoded(tmp_path):
    (path,) = generate_parquet(tmp_path, customers=100)
    schema = pq.read_schema(path)
    assert schema.names == [
        "customer_id",
        *ATTRIBUTES,
        "selected",
        "responded",
        "score",
    ]
    for name in ATTRIBUTES:
        assert schema.field(name).type == pa.dictionary(pa.int8(), pa.string())
    group = pq.read_metadata(path).row_group(0)
    assert "RLE_DICTIONARY" in group.column(1).encodings
    assert "DELTA_BINARY_PACKED" in group.column(0).encodings


def test_progress_counts_the_rows_written(tmp_path):
    seen = []
    generate_parquet(
        tmp_path,
        customers=250,
        chunk=100,
        files=2,
        progress=lambda *now: seen.append(now),
    )
    assert seen == [(100, 250), (200, 250), (250, 250)]


def test_a_failure_leaves_no_half_written_file(tmp_path):
    def fail(*_):
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        generate_parquet(tmp_path, customers=10, progress=fail)
    assert list(tmp_path.iterdir()) == []


def test_all_bad_sizes_are_named_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        generate_parquet(tmp_path, customers=0, chunk=0)
    assert [p.where for p in caught.value.problems] == ["customers", "chunk"]
    with pytest.raises(InputError, match="files: 3 is outside the range 1 to 2"):
        generate_parquet(tmp_path, customers=20, chunk=10, files=3)
    for bad in (1.5, -0.1, math.nan):
        with pytest.raises(
            InputError, match=f"rate: {bad} is outside the range 0 to 1"
        ):
            bench_chunk(10, rate=bad)
        with pytest.raises(InputError, match="rate"):
            generate_parquet(tmp_path, customers=20, rate=bad)
    with pytest.raises(InputError, match="ratios, sex&f: -1 is outside"):
        bench_chunk(10, ratios={("sex", "f"): -1})
    assert list(tmp_path.iterdir()) == []


def test_unknown_group_in_ratios_is_named_with_a_hint():
    with pytest.raises(InputError, match="did you mean 'ethnicity&black'"):
        bench_chunk(10, ratios={("ethnicity", "blak"): 0.5})
