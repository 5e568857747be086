"""Columns in memory, in all the forms that libraries give them."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.counts import count
from fairness.errors import InputError
from fairness.frames import open_table
from fairness.frames.encoding import arrow_numbers, encode_arrow


def decoded(encoded):
    places = encoded.positions().tolist()
    return [None if place < 0 else encoded.values[place] for place in places]


def groups(column, frame=pd.DataFrame, **asked):
    sel = [i % 2 for i in range(len(column))]
    table = count(frame({"g": column, "sel": sel}), by="g", selected="sel", **asked)
    table = table.counts.table(["g"])
    return dict(zip(table.groups, table.n.tolist(), strict=True))


@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=9), max_size=4),
    st.sampled_from([pa.int8(), pa.uint16(), pa.int64(), pa.float32(), pa.string()]),
    st.integers(0, 4),
)
def test_sliced_and_chunked_arrow_columns_keep_their_values(chunks, kind, cut):
    if kind == pa.string():
        chunks = [[None if x is None else f"v{x}" for x in chunk] for chunk in chunks]
    arrays = [pa.array([None, *chunk, None], kind)[1 + cut :] for chunk in chunks]
    column = pa.chunked_array(arrays, kind)
    assert decoded(encode_arrow(column)) == column.to_pylist()
    if kind != pa.string():
        found = arrow_numbers(column, null=-1)
        want = [-1 if x is None else x for x in column.to_pylist()]
        assert found.tolist() == want
        one = pa.array([7, None, 9, 3], kind)[1:3]
        assert arrow_numbers(one, null=np.nan).tolist()[1] == 9


@given(
    st.lists(st.one_of(st.none(), st.sampled_from("abc")), max_size=30),
    st.integers(0, 9),
)
def test_dictionaries_keep_their_values_with_nulls_in_either_place(values, cut):
    plain = pa.array(values, pa.string())
    column = pa.chunked_array(
        [plain.dictionary_encode()[cut:], plain[:cut].dictionary_encode()]
    )
    assert decoded(encode_arrow(column)) == column.to_pylist()
    inside = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 1, None], pa.int8()), pa.array(["a", None])
    )
    assert decoded(encode_arrow(inside)) == ["a", None, None, None]


@pytest.mark.parametrize("size", [100, 127, 128, 129, 255, 256, 257, 300, 40_000])
def test_categories_beyond_one_byte_are_told_apart(size):
    labels = [f"c{i}" for i in range(size)]
    values = [*labels, *labels, *labels, None]
    for column in (
        pd.Categorical(values, categories=labels),
        pl.Series(values, dtype=pl.Enum(labels)),
        pl.Series(values, dtype=pl.Categorical),
    ):
        frame = pl.DataFrame if isinstance(column, pl.Series) else pd.DataFrame
        found = groups(column, frame)
        assert found.pop("(missing)") == 1
        assert found == dict.fromkeys(labels, 3)
    codes = np.arange(size, dtype=np.min_scalar_type(size))
    arrow = pa.DictionaryArray.from_arrays(pa.array(np.tile(codes, 3)), labels)
    assert len(groups(arrow, pa.table)) == size


@pytest.mark.parametrize(
    "kind", ["uint8", "uint16", "uint32", "uint64", "int8", "int64"]
)
def test_extreme_integers_are_their_own_labels(kind):
    info = np.iinfo(kind)
    values = np.array([info.max, info.max - 1, info.min, info.max] * 3, kind)
    wanted = {str(info.max): 6, str(info.max - 1): 3, str(info.min): 3}
    near = np.array([info.max, info.max - 3] * 4, kind)
    for make in (pd.DataFrame, pl.DataFrame, pa.table):
        assert groups(values, make) == wanted
        assert groups(near, make) == {str(info.max): 4, str(info.max - 3): 4}


def test_joint_table_too_large_to_be_dense_keeps_extreme_integers(monkeypatch):
    monkeypatch.setattr("fairness.counts.kernel.DENSE_CELLS", 0)
    for kind in ("uint64", "int64", "uint8"):
        top = np.iinfo(kind).max
        assert groups(np.array([top, top - 1, top], kind)) == {
            str(top): 2,
            str(top - 1): 1,
        }


def test_missing_values_of_every_library_are_one_group():
    wanted = {"a": 2, "(missing)": 2}
    for values in (
        ["a", None, np.nan, "a"],
        ["a", pd.NA, None, "a"],
        ["a", "", "  ", "a"],
        ["a", pd.NaT, float("nan"), "a"],
    ):
        assert groups(pd.Series(values, dtype=object)) == wanted
    assert groups(pd.Series(["a", pd.NA, None, "a"], dtype="string")) == wanted
    assert groups(pd.array([1, None, 2, None], dtype="Int8")) == {
        "1": 1,
        "2": 1,
        "(missing)": 2,
    }
    assert groups(pd.array([True, None, True], dtype="boolean")) == {
        "True": 2,
        "(missing)": 1,
    }
    assert groups([1.0, np.nan, 2.5]) == {"1": 1, "2.5": 1, "(missing)": 1}
    assert groups(pa.nulls(3), pa.table) == {"(missing)": 3}


def test_other_types_have_labels_that_can_be_read():
    day = dt.date(2000, 2, 29)
    assert groups([Decimal("1.00"), Decimal("1.5"), None]) == {
        "1": 1,
        "1.5": 1,
        "(missing)": 1,
    }
    assert groups(pa.array([Decimal("1.00"), Decimal("2.50")]), pa.table) == {
        "1": 1,
        "2.50": 1,
    }
    assert groups([day, day, None]) == {"2000-02-29": 2, "(missing)": 1}
    assert groups(pd.to_datetime(["2000-02-29", None])) == {
        "2000-02-29": 1,
        "(missing)": 1,
    }
    assert groups(pd.period_range("2020-01", periods=2, freq="M")) == {
        "2020-01": 1,
        "2020-02": 1,
    }
    assert groups(pd.cut([1, 5, 9], [0, 4, 10])) == {"(0, 4]": 1, "(4, 10]": 2}
    assert groups([b"a", b"b"]) == {"a": 1, "b": 1}
    for make in (pd.DataFrame, pl.DataFrame, pa.table):
        assert groups(np.array([0.5, 1.5, 0.5], np.float32), make) == {
            "0.5": 2,
            "1.5": 1,
        }


def test_values_that_make_no_groups_are_refused():
    import duckdb

    connection = duckdb.connect()
    for frame in (
        pl.LazyFrame({"g": [[1], [2]], "sel": [0, 1]}),
        connection.sql("SELECT [1] AS g, 1 AS sel UNION ALL SELECT [2], 0"),
        pd.DataFrame({"g": [[1], [2]], "sel": [0, 1]}),
        pl.DataFrame({"g": [[1], [2]], "sel": [0, 1]}),
        pa.table({"g": [[1], [2]], "sel": [0, 1]}),
        pa.table({"g": [{"a": 1}, {"a": 2}], "sel": [0, 1]}),
    ):
        with pytest.raises(
            InputError, match="data column 'g': has values that make no groups"
        ):
            count(frame, by="g", selected="sel")


def test_numbers_are_read_from_text_decimals_and_booleans():
    for values in (["1", " 2.5 ", "", None], [Decimal(1), Decimal("2.5"), None, None]):
        frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
        np.testing.assert_array_equal(
            open_table(frame).numbers("x"), [1, 2.5, np.nan, np.nan]
        )
    for make in (pd.DataFrame, pl.DataFrame, pa.table):
        table = open_table(make({"x": [True, False, True]}))
        assert table.numbers("x").tolist() == [1.0, 0.0, 1.0]
    with pytest.raises(InputError, match="values that are not numbers: 'inf', 'x'"):
        open_table(pd.DataFrame({"x": ["1", "x", "inf"]})).numbers("x")


def test_column_named_twice_is_refused_only_if_a_role_names_it():
    twice = pd.DataFrame(
        [["a", 1, 2, 3], ["b", 0, 2, 3]], columns=["g", "sel", "x", "x"]
    )
    arrow = pa.Table.from_arrays(
        [pa.array(["a", "b"]), pa.array([1, 0]), pa.array([2, 2]), pa.array([3, 3])],
        twice.columns.tolist(),
    )
    for data in (twice, arrow):
        assert count(data, by="g", selected="sel").counts.rows == 2
        with pytest.raises(InputError, match="has 2 columns named 'x'"):
            count(data, by="x", selected="sel")


def test_names_of_columns_that_are_no_text_are_named_by_their_text():
    frame = pd.DataFrame({0: ["a", "b"], 1: [1, 0], (2, "x"): ["c", "c"]})
    assert count(frame, by=["0", "(2, 'x')"], selected="1").counts.attributes == (
        "0",
        "(2, 'x')",
    )


def test_ages_are_counted_on_the_birthday_itself():
    born = [dt.date(2008, 11, 1), dt.date(2008, 11, 2), dt.date(2008, 2, 29)]
    for column in (
        born,
        [day.isoformat() for day in born],
        pd.to_datetime(born),
        pa.array(born),
    ):
        make = pa.table if isinstance(column, pa.Array) else pd.DataFrame
        asked = {"bands": {"g": [18]}}
        on = groups(column, make, as_of="2026-11-01", **asked)
        assert on == {"(-inf,18)": 1, "[18,inf)": 2}
        # In a year without 29 February the birthday is 1 March.
        older = groups(column[2:3], make, as_of=dt.date(2027, 2, 28), bands={"g": [19]})
        assert older == {"(-inf,19)": 1}
        older = groups(column[2:3], make, as_of=dt.date(2027, 3, 1), bands={"g": [19]})
        assert older == {"[19,inf)": 1}


def test_points_in_time_with_a_zone_are_refused_as_birthdays_everywhere(tmp_path):
    import duckdb
    import pyarrow.parquet as pq

    frame = pd.DataFrame(
        {
            "g": pd.to_datetime(["2000-01-01", "2001-01-01"]).tz_localize(
                "Europe/Paris"
            ),
            "sel": [0, 1],
        }
    )
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(arrow, tmp_path / "a.parquet")
    connection = duckdb.connect()
    for data in (
        frame,
        arrow,
        pl.from_arrow(arrow),
        pl.from_arrow(arrow).lazy(),
        connection.from_arrow(arrow),
        tmp_path / "a.parquet",
    ):
        with pytest.raises(InputError, match="cast it to a date"):
            count(data, by="g", selected="sel", bands={"g": [18]}, as_of="2026-01-01")


def test_category_that_nobody_has_does_no_harm():
    column = pd.Categorical(["20", "40"], categories=["20", "40", "unknown"])
    assert groups(column, bands={"g": [30]}) == {"(-inf,30)": 1, "[30,inf)": 1}
    flag = pd.Categorical(["yes", "no"], categories=["yes", "no", "perhaps"])
    frame = pd.DataFrame({"g": ["a", "b"], "sel": flag})
    assert count(frame, by="g", selected="sel").counts.selected == 1


def test_flags_of_numpy_types_cost_no_copy():
    for values in (np.array([0, 1] * 50), np.array([True, False] * 50)):
        frame = pd.DataFrame({"sel": values})
        encoded = open_table(frame).encode("sel")
        assert np.shares_memory(encoded.codes, frame["sel"].to_numpy())


def test_frames_of_the_caller_are_left_as_they_were():
    frame = pd.DataFrame(
        {"g": ["a", "b", None], "sel": [1, 0, 1], "w": [1.0, 2.0, 3.0]}
    )
    before = frame.copy(deep=True)
    count(frame, by="g", selected="sel", weight="w", score="w")
    pd.testing.assert_frame_equal(frame, before)


def test_error_of_an_engine_is_told_as_a_problem_of_the_data():
    import duckdb

    connection = duckdb.connect()
    relation = connection.sql(
        "SELECT CAST(x AS INTEGER) AS g, 1 AS sel FROM (VALUES ('1'), ('a')) t(x)"
    )
    lazy = pl.LazyFrame({"x": ["1", "a"], "sel": [0, 1]}).with_columns(
        g=pl.col("x").cast(pl.Int64)
    )
    for data in (relation, lazy):
        with pytest.raises(InputError, match=r"^data: cannot be read: .*conver"):
            count(data, by="g", selected="sel")
