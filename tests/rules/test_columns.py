"""Columns of every type that people have, made safe for rules."""

import datetime as dt
import decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fairness.errors import InputError
from pipelines.rules import apply_rule, arrow_columns, kinds_of, parse_rule

HUGE = 2**62 + 1


def selected(frame, text):
    column = nw.from_native(apply_rule(frame, parse_rule(text)))
    if isinstance(column, nw.LazyFrame):
        column = column.collect("pyarrow")
    return column["selected"].to_list()


def test_a_missing_age_is_not_selected_by_not_on_any_pandas():
    ages = [40.0, None, 20.0]
    for frame in (
        pd.DataFrame({"age": ages}),
        pd.DataFrame({"age": pd.array([40, None, 20], dtype="Int64")}),
        pd.DataFrame({"age": pd.Series(ages, dtype=object)}),
        pd.DataFrame({"age": pd.array(ages, dtype="float64[pyarrow]")}),
        pd.DataFrame({"age": pd.Series(np.array([40, np.nan, 20], "float32"))}),
    ):
        assert selected(frame, "NOT (age > 30)") == [False, False, True]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_nan_is_null_and_empty_text_is_text(make):
    frame = make({"x": [float("nan"), 1.0, None], "t": ["", "a", None]})
    assert selected(frame, "x > 0 OR x <= 0") == [False, True, False]
    assert selected(frame, "x IS NULL") == [True, False, True]
    assert selected(frame, "t = ''") == [True, False, False]
    assert selected(frame, "t IS NULL") == [False, False, True]


def test_arithmetic_that_has_no_value_is_null():
    frame = pl.DataFrame({"x": [float("inf"), 1.0]})
    assert selected(frame, "x - x IS NULL") == [True, False]
    assert selected(frame, "x - x >= 0 OR x - x < 0") == [False, True]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"c": pd.Categorical(["a", None, "b"])}),
        pl.DataFrame({"c": ["a", None, "b"]}, schema={"c": pl.Categorical}),
        pl.LazyFrame({"c": ["a", None, "b"]}, schema={"c": pl.Enum(["b", "a"])}),
        pa.table({"c": pa.array(["a", None, "b"]).dictionary_encode()}),
        pa.table({"c": pa.chunked_array([], pa.dictionary(pa.int8(), pa.string()))}),
    ],
    ids=["pandas", "polars", "enum", "arrow", "empty"],
)
def test_categories_are_compared_as_text(frame):
    rows = 3 if len(nw.from_native(frame).lazy().collect()) else 0
    assert kinds_of(frame) == {"c": "text"}
    assert selected(frame, "c < 'b'") == [True, False, False][:rows]
    assert selected(frame, "c IN ('b', 'z')") == [False, False, True][:rows]


@pytest.mark.parametrize("make", [pa.table, pl.from_arrow, pa.Table.to_pandas])
def test_decimals_are_compared_as_they_are_written(make):
    values = [decimal.Decimal("0.10"), decimal.Decimal("1234567.89"), None]
    frame = make(pa.table({"d": pa.array(values, pa.decimal128(12, 2))}))
    assert kinds_of(frame) == {"d": "number"}
    assert selected(frame, "d = 0.1") == [True, False, False]
    assert selected(frame, "d IN (1234567.89)") == [False, True, False]


@pytest.mark.parametrize("make", [pa.table, pl.from_arrow, pa.Table.to_pandas])
def test_numbers_of_64_bits_are_compared_exactly(make):
    table = pa.table(
        {
            "i": pa.array([HUGE, HUGE, 1], pa.int64()),
            "u": pa.array([HUGE, HUGE + 1, 2], pa.int64()),
            "x": pa.array([0.5, 2.0, 1.0]),
        }
    )
    frame = make(table)
    assert selected(frame, "i = u") == [True, False, False]
    assert selected(frame, "i > x") == [True, True, False]
    assert selected(frame, "i > 0.5 AND i IN (1, 2)") == [False, False, True]


@pytest.mark.parametrize("make", [pa.table, pl.from_arrow, pa.Table.to_pandas])
def test_numbers_without_sign_are_compared_with_negative_ones(make):
    table = pa.table(
        {
            "u": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "v": pa.array([1, 2, 3], pa.uint8()),
        }
    )
    assert selected(make(table), "u > -1") == [True, True, False]
    assert selected(make(table), "v > -300 AND v - 2 < 0") == [True, False, False]
    assert selected(make(table), "COALESCE(u, 7) = 7") == [False, False, True]


def test_objects_are_what_arrow_makes_of_them():
    frame = pd.DataFrame(
        {
            "b": pd.Series([True, None, False], dtype=object),
            "n": pd.Series([1, None, 2.5], dtype=object),
            "d": pd.Series(
                [dt.date(2026, 1, 1), None, dt.date(2026, 1, 2)], dtype=object
            ),
            "mix": pd.Series(["a", 1, None], dtype=object),
            "gone": pd.Series([None, None, None], dtype=object),
        }
    )
    kinds = kinds_of(frame)
    assert kinds == {
        "b": "boolean",
        "n": "number",
        "d": "date",
        "mix": "other",
        "gone": "text",
    }
    assert selected(frame, "NOT b") == [False, False, True]
    assert selected(frame, "n < 2 OR d > '2026-01-01'") == [True, False, True]
    with pytest.raises(InputError, match="'mix' holds nothing that a rule can compare"):
        apply_rule(frame, parse_rule("mix = 'a'"))
    with pytest.raises(
        InputError, match="'mix' holds objects that are not all of one kind"
    ):
        arrow_columns(frame, ["mix"])


def test_times_with_a_zone_are_no_dates():
    frame = pl.DataFrame({"t": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]})
    assert kinds_of(frame) == {"t": "other"}


def test_text_may_hold_anything():
    weird = ["a\\b", "%", "_", "\n", "😀", "a" * 300, "'", '"', "[a]", "(?i)A", ""]
    frame = pa.table({"t": weird})
    for place, text in enumerate(weird):
        quoted = text.replace("'", "''")
        pattern = quoted.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        only = [row == place for row in range(len(weird))]
        assert selected(frame, f"t = '{quoted}'") == only
        assert selected(frame, f"t IN ('{quoted}', 'no')") == only
        assert selected(frame, f"t LIKE '{pattern}' ESCAPE '!'") == only
        both = f"t LIKE '%{pattern}' ESCAPE '!' AND t LIKE '{pattern}%' ESCAPE '!'"
        if text:
            assert selected(frame, both) == only


@pytest.mark.parametrize(
    "text",
    [
        "NOT (" * 15 + "a = 1" + ")" * 15,
        "NOT " * 30 + "a = 1",
        "a" + " + a - a" * 15 + " = 1",
        " AND ".join(["a = 1"] * 500),
        " OR ".join(["a = 1", *["a = 3"] * 499]),
        "a IN (1, " + ", ".join(str(place) for place in range(100, 4_000)) + ")",
        "NOT (a / (1 / (1 / a)) IS NULL) AND a = 1",
    ],
    ids=["deep", "not", "sum", "and", "or", "in", "divisors"],
)
def test_rules_at_the_limits_are_answered(engine, rows_of, text):
    frame = engine(pa.table({"id": [0, 1, 2], "a": [1, 2, None]}))
    answer = rows_of(apply_rule(frame, parse_rule(text)), ["selected"])["selected"]
    wanted = [True, False, False]
    if text.count("NOT") == 15:
        wanted = [False, True, False]
    assert answer == wanted


@pytest.mark.parametrize("make", [pa.table, pl.from_arrow, pa.Table.to_pandas])
def test_a_column_may_have_any_name(make):
    names = ["self", "exprs", "a.b", 'x"y', "date", "SELECT", " ", "é"]
    frame = make(pa.table({name: [1, 2] for name in names}))
    for name in names:
        quoted = name.replace('"', '""')
        assert selected(frame, f'"{quoted}" = 1') == [True, False]


def test_the_frame_keeps_its_rows_columns_and_index():
    frame = pd.DataFrame(
        {"age": [40, np.nan, 20], "kept": [object(), 1, "x"]}, index=[7, 7, 3]
    )
    answer = apply_rule(frame, parse_rule("age > 30"), name="held").to_native()
    assert list(answer.columns) == ["age", "kept", "held"]
    assert list(answer.index) == [7, 7, 3]
    assert answer["held"].tolist() == [True, False, False]
    assert answer["held"].dtype == bool
    pd.testing.assert_series_equal(answer["age"], frame["age"])
    safe = arrow_columns(frame, ["age", "age"])
    assert safe.columns == ["age"]


def test_what_cannot_be_applied_is_told_with_every_problem():
    frame = pa.table({"age": [1], "selected": [2]})
    with pytest.raises(InputError) as caught:
        apply_rule(frame, parse_rule("agee > 1 AND age = 'x'"))
    assert [problem.what.split(" is ")[0] for problem in caught.value.problems] == [
        "'agee'",
        "'age'",
        "'selected'",
    ]
    with pytest.raises(InputError, match="did you mean 'age'"):
        arrow_columns(frame, ["agee"])


@pytest.mark.spark
def test_a_name_that_spark_reads_as_a_path_is_refused(by_spark, table_of):
    frame = by_spark(table_of(**{"a.b": [1, 2]}))
    with pytest.raises(InputError, match="which Spark reads as a path"):
        arrow_columns(frame, ["a.b"])
