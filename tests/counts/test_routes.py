"""Every route into the library gives the same counts."""

import datetime as dt
from collections import Counter

import numpy as np
import pytest

from fairness.counts import count
from fairness.errors import InputError

ASKED = {
    "by": ["gender", "kids", "code", "app", "age", "born"],
    "bands": {"age": [30, 45, 60], "born": [18, 30, 45, 60]},
    "as_of": "2026-11-01",
    "selected": "sel",
    "outcome": "out",
    "score": "score",
    "value": "value",
    "weight": "w",
    "strata": ["tier", "region"],
}


@pytest.fixture(scope="module")
def expected(typed_table):
    counted = count(typed_table.arrow(), **ASKED)
    return counted.counts.fingerprint, counted.bins


def same_bins(mine, theirs):
    assert (mine.low, mine.high, dict(mine.labels)) == (
        theirs.low,
        theirs.high,
        dict(theirs.labels),
    )
    for name, cells in theirs.cells.items():
        np.testing.assert_array_equal(mine.cells[name], cells)


def test_typed_table_gives_same_counts_and_bins_on_every_route(
    by_route, typed_table, expected
):
    counted = count(by_route(typed_table), **ASKED)
    assert counted.counts.fingerprint == expected[0]
    same_bins(counted.bins, expected[1])


def test_counts_equal_a_count_of_python_tuples(by_route, typed_table):
    counts = count(by_route(typed_table), **ASKED).counts
    columns = typed_table.columns

    def label(value):
        if value is None:
            return "(missing)"
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value)

    wanted = Counter(
        (label(g), label(c), s, {None: 2, "Yes": 1, "No": 0}[o])
        for g, c, s, o in zip(
            columns["gender"],
            columns["code"],
            columns["sel"],
            columns["out"],
            strict=True,
        )
    )
    table = counts.table(["gender", "code"])
    found = Counter(
        {
            (*parts, s, o): int(table.cells[i, s, o])
            for i, parts in enumerate(table.labels)
            for s in (0, 1)
            for o in (0, 1, 2)
            if table.cells[i, s, o]
        }
    )
    assert found == wanted


def test_ages_at_a_day_equal_a_count_by_hand(by_route, typed_table):
    table = count(by_route(typed_table), **ASKED).counts.table(["born"])
    today = dt.date(2026, 11, 1)

    def band(born):
        if born is None:
            return "(missing)"
        age = (
            today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        )
        low = [edge for edge in (18, 30, 45, 60) if edge <= age]
        names = ["(-inf,18)", "[18,30)", "[30,45)", "[45,60)", "[60,inf)"]
        return names[len(low)]

    wanted = Counter(band(born) for born in typed_table.columns["born"])
    assert dict(zip(table.groups, table.n.tolist(), strict=True)) == dict(wanted)


def test_weights_and_moments_add_up_by_group(by_route, typed_table):
    table = count(by_route(typed_table), **ASKED).counts.table(["gender"])
    columns = typed_table.columns
    rows = zip(columns["gender"], columns["w"], columns["value"], strict=True)
    women = [(w, v) for g, w, v in rows if g == "f"]
    place = table.groups.index("f")
    assert table.weights[place].sum() == pytest.approx(sum(w for w, _ in women))
    assert table.weights_sq[place].sum() == pytest.approx(sum(w * w for w, _ in women))
    assert table.moments["value"][place] == pytest.approx(sum(v for _, v in women))
    assert table.moments["value_sq"][place] == pytest.approx(
        sum(v * v for _, v in women)
    )


def test_audience_and_protected_table_give_what_one_table_gives(by_route, typed_table):
    columns = dict(typed_table.columns)
    whole = count(
        typed_table.arrow(),
        by=["gender", "born"],
        selected="sel",
        bands={"born": [18, 45]},
        as_of="2026-11-01",
        strata="tier",
    )
    kind = type(typed_table)
    picked = [
        i for i, s in zip(columns["customer id"], columns["sel"], strict=True) if s
    ]
    base = kind({n: columns[n] for n in ("customer id", "tier", "score")})
    beside = kind({n: columns[n][::-1] for n in ("customer id", "gender", "born")})
    audience = kind({"customer id": picked})
    joined = count(
        by_route(base, "base"),
        audience=by_route(audience, "audience"),
        protected=by_route(beside, "beside"),
        id="customer id",
        by=["gender", "born"],
        bands={"born": [18, 45]},
        as_of="2026-11-01",
        strata="tier",
    )
    assert joined.counts.fingerprint == whole.counts.fingerprint
    assert joined.notes == ()


@pytest.mark.parametrize("files", range(8))
def test_any_of_the_three_tables_may_be_a_file(typed_table, tmp_path, files):
    columns, kind = typed_table.columns, type(typed_table)
    picked = [
        i for i, s in zip(columns["customer id"], columns["sel"], strict=True) if s
    ]
    parts = [
        kind({n: columns[n] for n in ("customer id", "tier")}),
        kind({"customer id": picked}),
        kind({n: columns[n] for n in ("customer id", "gender")}),
    ]
    given = []
    for place, part in enumerate(parts):
        if files >> place & 1:
            from pyarrow import csv

            csv.write_csv(part.arrow(), tmp_path / f"{place}.csv")
            given.append(tmp_path / f"{place}.csv")
        else:
            given.append(part.arrow().to_pandas())
    data, audience, protected = given
    counts = count(
        data,
        audience=audience,
        protected=protected,
        id="customer id",
        by="gender",
        strata="tier",
    ).counts
    whole = count(typed_table.arrow(), by="gender", selected="sel", strata="tier")
    assert counts.fingerprint == whole.counts.fingerprint


HOSTILE = [
    'we"ird',
    "li\nne",
    "<script>",
    "'; DROP TABLE x; --",
    "😀",
    "a" * 10_000,
    "com,ma",
    "e=q",
    "k0",
    "n",
    "one",
    "do.t",
    "back`tick",
    "0",
]


def test_hostile_column_names_are_names(by_route, table_of):
    columns = {name: ["x", "y", "x", None] for name in HOSTILE}
    data = by_route(table_of(**columns, selected=[1, 0, 1, 0]))
    counts = count(data, by=HOSTILE, selected="selected").counts
    for name in HOSTILE:
        table = counts.table([name])
        assert table.groups == ["x", "y", "(missing)"]
        assert table.n.tolist() == [2, 1, 1]


def test_names_of_our_own_columns_may_be_in_the_data(by_route, table_of):
    data = by_route(
        table_of(
            k0=["a", "b", "b", "a"],
            k1=[1, 1, 2, 2],
            n=[5, 5, 5, 6],
            one=[7, 7, 7, 8],
            s0=[1.0, 2.0, 3.0, 4.0],
            s1=[0.5, 0.25, 0.5, 1.0],
            selected=[1, 0, 0, 1],
            outcome=[0, 1, 1, 1],
            value=["p", "p", "q", "q"],
            low=["r", "r", "r", "t"],
        )
    )
    counts = count(
        data,
        by=["k1", "k0", "n", "value"],
        strata=["one", "low"],
        selected="selected",
        outcome="outcome",
        weight="s0",
        score="s1",
    ).counts
    assert counts.table(["k0"]).weights.sum(axis=(1, 2)).tolist() == [5.0, 5.0]
    assert counts.table(["k1"]).groups == ["1", "2"]
    assert counts.table(["n"]).n.tolist() == [3, 1]


def test_hostile_values_are_labels(by_route, table_of):
    values = [
        "<script>alert(1)</script>",
        "'; DROP TABLE t; --",
        "b" * 10_000,
        "😀",
        'q"uote',
        "li\nne",
        "a&b",
        "=1+1",
        "\u202e",
        "%s{}",
    ]
    data = by_route(table_of(g=values, sel=[1, 0] * 5))
    assert sorted(count(data, by="g", selected="sel").counts.table(["g"]).labels) == [
        (value,) for value in sorted(values)
    ]


def test_nul_is_part_of_a_label(by_route, table_of):
    data = by_route(table_of(g=["a\0b", "a", "a", "c"], sel=[1, 0, 0, 1]))
    assert count(data, by="g", selected="sel").counts.table(["g"]).groups == [
        "a",
        "a\0b",
        "c",
    ]


def problems_of(*args, **kwargs):
    with pytest.raises(InputError) as caught:
        count(*args, **kwargs)
    return caught.value.problems


def test_bad_values_are_named_on_every_route(by_route, table_of):
    size = 40
    data = by_route(
        table_of(
            g=["a", "b"] * 20,
            sel=["0", "1", "2", "1"] * 10,
            out=["x", "y"] * 20,
            w=[-1.0, 2.0] * 20,
            v=[1e999, 1.0] * 20,
            year=[1960, 1999] * 20,
            own=[f"c{i}" for i in range(size)],
            born=[dt.date(1990, 1, 1), dt.date(2030, 1, 1)] * 20,
        )
    )
    found = "\n".join(
        map(
            str,
            problems_of(
                data,
                by=["g", "year", "born"],
                selected="sel",
                outcome="out=z",
                weight="w",
                value="v",
                bands={"year": [18, 30], "born": [18]},
                as_of="2026-11-01",
            ),
        )
    )
    assert "selected column 'sel': holds '0', '1', '2'" in found
    assert "sel=VALUE" in found
    assert "outcome column 'out': never holds 'z'. It holds: 'x', 'y'" in found
    if by_route.route != "csv_on_disk":  # there numbers have to be numbers first
        assert "weight column 'w': has negative values, down to -1" in found
    if by_route.route.startswith("csv"):
        assert "column 'v' has values that are not numbers: 'inf'" in found
    else:
        assert "value column 'v': has infinite values" in found
    assert "give years of birth as edges, for example year=1970,1982" in found
    assert "the column has dates after 2026-11-01" in found
    alone = problems_of(data, by="own", selected="out=x")
    assert "almost one value per customer" in str(alone[0])


def test_missing_answers_are_refused_for_selected_only(by_route, table_of):
    data = by_route(
        table_of(g=["a", "b", "a"], sel=["yes", None, "no"], out=["1", None, "0"])
    )
    (problem,) = problems_of(data, by="g", selected="sel", outcome="out")
    assert "has missing values, which are neither yes nor no" in problem.what
    counts = count(
        by_route(
            table_of(g=["a", "b", "a"], sel=[1, 0, 0], out=["1", None, "0"]), "whole"
        ),
        by="g",
        selected="sel",
        outcome="out",
    ).counts
    assert counts.table(["g"]).cells.sum(axis=(0, 1)).tolist() == [1, 1, 1]


def empty_tables(path):
    import duckdb
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    none = pa.table({"g": pa.array([], pa.string()), "sel": pa.array([], pa.string())})
    (path / "empty.csv").write_text("g,sel\n")
    pq.write_table(none, path / "empty.parquet")
    connection = duckdb.connect()
    return connection, {
        "pandas": none.to_pandas(),
        "polars": pl.from_arrow(none),
        "polars lazy": pl.from_arrow(none).lazy(),
        "arrow": none,
        "duckdb": connection.from_arrow(none),
        "csv": path / "empty.csv",
        "parquet": path / "empty.parquet",
    }


def test_table_without_rows_is_refused(tmp_path):
    keeps_alive, tables = empty_tables(tmp_path)
    for name, data in tables.items():
        (problem,) = problems_of(data, by="g", selected="sel")
        assert (name, str(problem)) == (name, "data: has no rows")
    keeps_alive.close()


@pytest.mark.spark
def test_spark_frame_gives_the_same_counts(by_spark, typed_table):
    asked = {
        "by": ["do.t", "back`tick", "born"],
        "bands": {"born": [18, 45]},
        "as_of": "2026-11-01",
        "selected": "sel",
        "outcome": "out",
        "weight": "w",
        "strata": "tier",
        "score": "score",
    }
    columns = {
        n: typed_table.columns[n] for n in ("born", "sel", "out", "w", "tier", "score")
    }
    columns["do.t"] = typed_table.columns["gender"]
    columns["back`tick"] = typed_table.columns["code"]
    table = type(typed_table)(columns)
    counted = count(by_spark(table), **asked)
    wanted = count(table.arrow(), **asked)
    assert counted.counts.fingerprint == wanted.counts.fingerprint
    same_bins(counted.bins, wanted.bins)
