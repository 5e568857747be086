"""Random rules against DuckDB's own SQL: the text is the only thing both share."""

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.rules import arrow_columns, kinds_of, parse_rule

NUMBERS = {"i": pa.int64(), "x": pa.float64()}
number = st.sampled_from(["-1", "0", "1", "2", "0.5", "NULL"])
text = st.sampled_from(["'a'", "'B'", "''", "'a_b'", "'é'", "NULL"])
pattern = st.text("ab_%é", max_size=4).map(lambda like: f"'{like}'")
sign = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
no = st.sampled_from(["", "NOT "])


def joined(*parts):
    return st.tuples(*(st.just(p) if isinstance(p, str) else p for p in parts)).map(
        "".join
    )


def listed(literal):
    return st.lists(literal, min_size=1, max_size=3).map(", ".join)


numeric = st.recursive(
    st.sampled_from(["i", "x", "COALESCE(i, 1)", "1", "2"]),
    lambda below: st.one_of(
        joined("(", below, st.sampled_from([" + ", " - ", " * ", " / "]), below, ")"),
        # Two minuses side by side would begin a comment.
        joined("- ", below),
    ),
    max_leaves=4,
)
value = st.one_of(st.sampled_from(["i", "x"]), joined("(i + ", numeric, ")"))
test = st.one_of(
    st.sampled_from(["p", "q", "p IS NULL", "q IS NOT TRUE", "p IS FALSE", "p = q"]),
    joined(value, " ", sign, " ", st.one_of(number, numeric)),
    joined(value, " ", no, "IN (", listed(number), ")"),
    joined(value, " ", no, "BETWEEN ", number, " AND ", st.one_of(number, value)),
    joined("t ", sign, " ", st.one_of(text, st.just("u"))),
    joined("t ", no, "IN (", listed(text), ")"),
    joined("COALESCE(t, 'a') ", no, "LIKE ", pattern),
    joined(value, " IS ", no, "NULL"),
)
rule = st.recursive(
    test,
    lambda below: st.one_of(
        joined("NOT ", below),
        joined("(", below, ")"),
        joined(below, " AND ", below),
        joined(below, " OR ", below),
        joined("(", below, ") IS ", no, st.sampled_from(["TRUE", "FALSE", "NULL"])),
    ),
    max_leaves=6,
)
row = st.tuples(
    st.sampled_from([True, False, None]),
    st.sampled_from([True, False, None]),
    st.sampled_from([-1, 0, 1, 2, None]),
    st.sampled_from([-1.0, 0.0, 0.5, 2.0, None]),
    st.sampled_from(["a", "B", "", "a_b", "aab", "é", None]),
    st.sampled_from(["a", "B", "", None]),
)
SCHEMA = pa.schema(
    [
        ("p", pa.bool_()),
        ("q", pa.bool_()),
        ("i", pa.int64()),
        ("x", pa.float64()),
        ("t", pa.string()),
        ("u", pa.string()),
    ]
)


@settings(max_examples=300)
@given(text=rule, rows=st.lists(row, min_size=1, max_size=12))
def test_a_random_rule_means_what_sql_means(text, rows):
    table = pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, values, strict=True)) for values in rows], SCHEMA
    )
    connection = duckdb.connect()
    connection.execute("SET ieee_floating_point_ops = false")
    connection.execute("SET error_on_division_by_zero = false")
    connection.register("t", table)
    wanted = [held for (held,) in connection.sql(f"SELECT {text} FROM t").fetchall()]
    parsed = parse_rule(text)
    assert parsed.check(kinds_of(table)) == []
    again = parse_rule(" AND ".join(f"({clause.text})" for clause in parsed.clauses))
    for frame in (
        table,
        pl.from_arrow(table),
        table.to_pandas(types_mapper=pd.ArrowDtype),
    ):
        for made in (parsed, again):
            safe = arrow_columns(frame, made.columns)
            held = safe.select(held=made.expression())["held"].to_list()
            assert held == wanted
    lazy = arrow_columns(pl.from_arrow(table).lazy(), parsed.columns)
    chosen = lazy.select(held=parsed.selects()).collect()["held"].to_list()
    assert chosen == [held is True for held in wanted]
    assert isinstance(lazy, nw.LazyFrame)
