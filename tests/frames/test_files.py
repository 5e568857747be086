"""CSV and Parquet as they are written in the wild."""

import gzip
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairness.counts import count
from fairness.errors import InputError
from fairness.frames import EagerTable, open_table, scan
from fairness.frames.files import FileTable, connect


@pytest.fixture(params=["in memory", "on disk"])
def where(request, monkeypatch):
    if request.param == "on disk":
        monkeypatch.setattr("fairness.frames.files.IN_MEMORY_BYTES", -1)
    return request.param


@pytest.fixture
def write(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def groups(data, by="g", **asked):
    table = count(data, by=by, selected="sel", **asked).counts.table([by])
    return dict(zip(table.groups, table.n.tolist(), strict=True))


def problem(data, **asked):
    with pytest.raises(InputError) as caught:
        count(data, **{"by": "g", "selected": "sel", **asked})
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_labels_stay_as_written(where, write):
    path = write(
        'g,sel\nNA,1\n01234,0\nyes,1\n1.0,0\n1,0\n f ,1\nf,0\n,1\n"",0\nnull,1\n#x,0\n1e3,1\n'
    )
    assert groups(path) == {
        "1": 2,
        "01234": 1,
        "#x": 1,
        "1e3": 1,
        "NA": 1,
        "f": 2,
        "null": 1,
        "yes": 1,
        "(missing)": 2,
    }


def test_missing_tokens_are_missing_in_groups_outcomes_and_numbers(where, write):
    path = write("g,sel,out,w,age\nNA,1,NA,1,NA\nb,0,1,2, NA \nb,1,-,1,20\n")
    counts = count(
        scan(path, missing=["NA", "-"]),
        by=["g", "age"],
        selected="sel",
        outcome="out",
        score="age",
        weight="w",
        bands={"age": [18]},
    ).counts
    assert counts.table(["g"]).groups == ["b", "(missing)"]
    assert counts.table(["age"]).labels == (("[18,inf)",), ("(missing)",))
    assert counts.table(["g"]).cells.sum(axis=(0, 1)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends_are_found(where, write, delimiter, end):
    text = "g,sel\na,1\nb,0\n".replace(",", delimiter).replace("\n", end)
    assert groups(write(text)) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    "text",
    [
        "﻿g,sel\na,1\nb,0\n",
        "g,sel\n\na,1\n\nb,0\n\n",
        '"g","sel"\r\n"a","1"\r\nb,0',
        "sel,g\n1,a\n0,b",
        'g;sel;note\na;1;"x, y, z"\nb;0;"1,2,3"\n',
    ],
    ids=[
        "byte order mark",
        "blank lines",
        "quoted",
        "no last line end",
        "commas in cells",
    ],
)
def test_usual_ways_of_writing_csv_are_read(where, write, text):
    assert groups(write(text)) == {"a": 1, "b": 1}


def test_line_breaks_quotes_and_delimiters_may_be_in_cells(where, write):
    path = write('g,sel\r\n"li\nne",1\r\n"a, ""b""",0\r\n"x\r\ny",1\r\n')
    assert groups(path) == {"li\nne": 1, 'a, "b"': 1, "x\r\ny": 1}


def test_line_breaks_may_be_in_the_header(where, write):
    path = write('"g\nroup",sel\r\na,1\r\nb,0\r\n')
    assert groups(path, by="g\nroup") == {"a": 1, "b": 1}


def test_lines_that_end_differently_lose_no_row(write):
    assert groups(write("g,sel\na,1\r\nb,0\na,0\r\n")) == {"a": 2, "b": 1}


def test_lines_that_end_differently_on_disk_are_an_error_not_a_loss(write, monkeypatch):
    monkeypatch.setattr("fairness.frames.files.IN_MEMORY_BYTES", -1)
    assert "cannot be read" in problem(write("g,sel\na,1\r\nb,0\na,0\r\n"))


@pytest.mark.parametrize(
    "encoding", ["cp1252", "utf-16", "utf-16-le", "latin-1", "utf-8-sig"]
)
def test_other_encodings_are_read_when_named(where, write, encoding):
    path = write("g,sel\né,1\nü,0\n".encode(encoding))
    assert groups(scan(path, encoding=encoding)) == {"é": 1, "ü": 1}


def test_wrong_encoding_is_an_error_that_names_the_option(where, write):
    said = problem(write("g,sel\na,0\né,1\n".encode("cp1252")))
    assert "encoding" in said.lower()


def test_unknown_encoding_is_named(write):
    said = problem(scan(write("g,sel\na,1\n"), encoding="klingon"))
    assert said.startswith("encoding: 'klingon' is not the name of an encoding")


@pytest.mark.parametrize("text", ["a,1\nb,0\n", "a,1\r\nb,0"])
def test_file_without_header_has_numbered_columns(where, write, text):
    source = scan(write(text), header=False)
    table = count(source, by="0", selected="1").counts.table(["0"])
    assert table.groups == ["a", "b"]
    named = scan(write(text), header=False, columns=["g", "sel"])
    assert groups(named) == {"a": 1, "b": 1}


def test_compressed_csv_is_read(where, write):
    assert groups(write(gzip.compress(b"g,sel\na,1\nb,0\n"), "t.csv.gz")) == {
        "a": 1,
        "b": 1,
    }


def test_columns_whose_names_differ_in_case_only_are_two(where, write):
    path = write("g,G,sel\na,x,1\nb,x,0\n")
    assert groups(path, by="G") == {"x": 2}
    assert groups(path, by="g") == {"a": 1, "b": 1}


def test_column_that_is_there_twice_is_refused_only_if_named(where, write):
    path = write("g,h,h,sel\na,1,2,1\nb,3,4,0\n")
    assert groups(path) == {"a": 1, "b": 1}
    assert problem(path, by="h") == (
        "data: has 2 columns named 'h'\n"
        "  Hint: rename them, so that each role names one column"
    )


def test_wildcards_in_the_name_of_a_file_are_letters(where, write):
    write("g,sel\nwrong,1\n", "a1.csv")
    assert groups(write("g,sel\nright,1\nright,0\n", "a[1].csv")) == {"right": 2}


@pytest.mark.parametrize(
    "text",
    [
        "g,sel\na,1\nb\n",
        "g,sel\na,1\nb,0,5\n",
        'g,sel\na,1\n"b,0\nc,1\n',
        'g,sel\na,1\n"b"c,0\n',
        'g,sel\n"a,1\nb,0\n"c,1\n',
        'g,sel\na,1\nb,"0\n',
    ],
    ids=[
        "short row",
        "long row",
        "open quote",
        "text after quote",
        "two open quotes",
        "open quote at the end",
    ],
)
def test_rows_that_do_not_fit_are_an_error_not_a_loss(where, write, text):
    message = problem(write(text))
    assert "t.csv" in message
    assert "line" in message.lower()


def test_ragged_rows_are_told_by_line(write):
    message = problem(write("g,sel\na,1\nb\nc,0,1\n"))
    assert "has rows of other than 2 columns: line 3 has 1, line 4 has 3" in message


def test_files_of_a_glob_are_one_table(where, write, tmp_path):
    write("g,sel\na,1\n", "p1.csv")
    write("g,sel\na,0\nb,0\n", "p2.csv")
    assert groups(str(tmp_path / "p*.csv")) == {"a": 2, "b": 1}
    write("sel,g\n1,a\n", "p3.csv")
    assert "p3.csv': has other columns than" in problem(str(tmp_path / "p*.csv"))


def test_parquet_parts_of_different_columns_are_refused(tmp_path):
    pq.write_table(pa.table({"g": ["a"], "sel": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"g": ["a"]}), tmp_path / "b.parquet")
    assert "cannot be read" in problem(str(tmp_path / "*.parquet"))


def test_missing_tokens_hold_for_numbers_in_parquet(tmp_path):
    pq.write_table(
        pa.table({"g": [1, -9, 30], "sel": [1, 0, 0]}), tmp_path / "a.parquet"
    )
    source = scan(tmp_path / "a.parquet", missing=["-9"])
    assert groups(source) == {"1": 1, "30": 1, "(missing)": 1}
    assert groups(source, bands={"g": [18]}) == {
        "(-inf,18)": 1,
        "[18,inf)": 1,
        "(missing)": 1,
    }


def test_truncated_parquet_is_refused(tmp_path):
    whole = tmp_path / "a.parquet"
    pq.write_table(pa.table({"g": ["a", "b"] * 500, "sel": [1, 0] * 500}), whole)
    whole.write_bytes(whole.read_bytes()[:-30])
    message = problem(whole)
    assert "a.parquet" in message
    assert "cannot be read as Parquet" in message


def test_damaged_parquet_page_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    values = [f"group number {i % 50}" for i in range(5000)]
    pq.write_table(
        pa.table({"g": values, "sel": [1, 0] * 2500}), path, compression="snappy"
    )
    raw = bytearray(path.read_bytes())
    raw[4:400] = b"\xff" * 396
    path.write_bytes(raw)
    assert "a.parquet" in problem(path)


def test_what_is_no_table_is_refused(tmp_path, write):
    said = {
        str(tmp_path): "is a directory",
        str(tmp_path / "none.csv"): "no such file",
        str(tmp_path / "*.csv"): "matches no file",
        str(write(b"", "empty.txt")): "is empty",
        str(
            write(b"PK\x03\x04\x14\x00\x06\x00\x08\x00sheet", "a.xlsx")
        ): "neither CSV nor Parquet",
        "": "the path is empty",
        "a\x00b": "is not a path",
    }
    for path, what in said.items():
        assert what in problem(path)
    for data in (None, 3, [1, 2], {"g": [1]}, b"g"):
        assert "not a table" in problem(data)


def test_misspelt_file_is_found(tmp_path, write):
    write("g,sel\na,1\n", "customers.csv")
    assert "did you mean 'customers.csv'?" in problem(tmp_path / "custmers.csv")


def test_mixed_kinds_and_bad_options_are_refused(tmp_path, write):
    path = write("g,sel\na,1\n")
    pq.write_table(pa.table({"g": ["a"]}), tmp_path / "b.parquet")
    assert "mixes CSV and Parquet" in problem(str(tmp_path / "*"))
    for asked, said in (
        ({"delimiter": "::"}, "is not one character"),
        ({"columns": ["a"]}, "has a header"),
    ):
        with pytest.raises(InputError, match=said):
            scan(path, **asked)
    assert "gives 1 names to the 2 columns" in problem(
        scan(path, header=False, columns=["a"])
    )


def test_small_csv_is_read_once_and_large_csv_stays_on_disk(write, monkeypatch):
    path = write("g,sel\na,1\nb,0\n")
    assert isinstance(open_table(path), EagerTable)
    monkeypatch.setattr("fairness.frames.files.IN_MEMORY_BYTES", 1)
    assert isinstance(open_table(path), FileTable)


def test_connection_reads_nothing_but_the_named_files(write):
    import duckdb

    path, other = write("g\na\n"), write("g\nb\n", "other.csv")
    connection = connect([str(path)])
    connection.execute(f"SELECT * FROM read_csv('{path}')")
    for text in (
        f"SELECT * FROM read_csv('{other}')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        f"COPY (SELECT 1) TO '{other}'",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(text)


NUMBERS = ["1", " 2 ", "+3", "-4.5", ".5", "6.", "7e1", "8E-2"]
NO_NUMBERS = ["1_000", "inf", "nan", "0x10", "1,5", "٣", "1 2", "--1", "e5", "Infinity"]
DAYS = [
    "2000-01-05",
    "2000/1/5",
    "2000-1-05 10:00",
    "2000-01-05T10:00:00+02:00",
    " 2000-02-29 ",
]
NO_DAYS = [
    "05/01/2000",
    "2001-02-29",
    "20000105",
    "infinity",
    "epoch",
    "2000-13-01",
    "5 Jan 2000",
]


def test_numbers_and_days_are_the_same_texts_in_memory_and_on_disk(where, write):
    lines = [f'g,"{n}",1' for n in NUMBERS]
    counts = count(
        write("g,x,sel\n" + "\n".join(lines)),
        by="x",
        selected="sel",
        bands={"x": [0, 1, 10]},
    ).counts
    assert counts.table(["x"]).n.tolist() == [1, 2, 4, 1]
    for text in NO_NUMBERS:
        path = write("g,x,sel\n" + "\n".join([*lines * 3, f'g,"{text}",1']))
        assert text in problem(path, by="x", bands={"x": [0]})
    days = [f'g,"{d}",1' for d in DAYS]
    asked = {"by": "x", "bands": {"x": [18]}, "as_of": "2018-03-01"}
    counts = count(write("g,x,sel\n" + "\n".join(days)), selected="sel", **asked).counts
    assert counts.table(["x"]).groups == ["[18,inf)"]
    for text in NO_DAYS:
        path = write("g,x,sel\n" + "\n".join([*days * 3, f'g,"{text}",1']))
        assert text in problem(path, **asked)


def test_count_of_csv_loads_no_frame_library(tmp_path):
    customers = tmp_path / "c.csv"
    customers.write_text(
        "id,tier,s\n" + "".join(f"{i},t,0.{i}\n" for i in range(10, 90))
    )
    (tmp_path / "p.csv").write_text(
        "id,g,born\n"
        + "".join(
            f"{i},{'fm'[i % 2]},1980-01-{i % 28 + 1:02d}\n" for i in range(10, 90)
        )
    )
    (tmp_path / "a.csv").write_text("id\n10\n11\n")
    code = (
        "import sys\n"
        "from fairness.counts import count\n"
        f"folder = {str(tmp_path)!r}\n"
        "counts = count(folder + '/c.csv', audience=folder + '/a.csv', id='id', score='s',\n"
        "    protected=folder + '/p.csv', by=['g', 'born'], bands={'born': [18, 45]},\n"
        "    as_of='2026-11-01', strata='tier').counts\n"
        "assert counts.selected == 2\n"
        "heavy = {'pandas', 'polars', 'scipy', 'sklearn', 'duckdb', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
