"""Bad input is one message that says what is wrong, where, and what to do."""

from importlib import resources

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DATA = "customers.csv"
PICKED = ["--selected", "offered"]
BY = ["--by", "gender"]
LISTED = ["--id", "customer_id", "--audience", "picked.csv"]
BESIDE = ["--id", "customer_id", "--protected", "protected.csv"]


def pack(old="", new=""):
    text = resources.files("fairness.policy").joinpath("packs/us-four-fifths.toml")
    whole = text.read_text(encoding="utf-8")
    assert old in whole
    return whole.replace(old, new, 1)


def ids(*names, header="customer_id"):
    return "\n".join([header, *names]) + "\n"


def truncated_parquet(folder):
    pq.write_table(pa.table({"gender": ["f", "m"], "offered": [0, 1]}), "whole.parquet")
    folder.write("cut.parquet", (folder.path / "whole.parquet").read_bytes()[:-30])


def doubled(folder):
    folder.customers()
    text = (folder.path / DATA).read_text()
    folder.write("double.csv", text + "\n".join(text.splitlines()[1:3]) + "\n")


# What is made before, the words after `check`, what the message says, and its hint.
FILES = {
    "absent": ([], ["custmers.csv", *PICKED, *BY], "no such file", "'customers.csv'?"),
    "directory": ([], [".", *PICKED, *BY], "is a directory", "name its files"),
    "empty": ([("e.csv", "")], ["e.csv", *PICKED, *BY], "'e.csv': is empty", None),
    "header_only": (
        [("h.csv", "gender,offered\n")],
        ["h.csv", *PICKED, *BY],
        "has no rows",
        None,
    ),
    "spreadsheet": (
        [("x.xlsx", b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)))],
        ["x.xlsx", *PICKED, *BY],
        "is neither CSV nor Parquet",
        "export the sheet",
    ),
    "truncated_parquet": (
        truncated_parquet,
        ["cut.parquet", *PICKED, *BY],
        "cut.parquet': cannot be read as Parquet",
        None,
    ),
    "ragged": (
        [("r.csv", "gender,offered\nf,1\nm\nf,0,x\n")],
        ["r.csv", *PICKED, *BY],
        "line 3 has 1, line 4 has 3",
        "quote cells",
    ),
    "not_utf8": (
        [("l.csv", "gender,offered\nmädchen,1\nf,0\n".encode("latin-1"))],
        ["l.csv", *PICKED, *BY],
        "is not written in utf-8",
        "--encoding cp1252",
    ),
    "empty_path": ([], ["", *PICKED, *BY], "the path is empty", "name a file"),
    "glob_of_nothing": ([], ["none*.csv", *PICKED, *BY], "matches no file", None),
    "audience_absent": (
        [("picked.csv", ids("C0001"))],
        [DATA, *BY, "--id", "customer_id", "--audience", "piked.csv"],
        "'piked.csv': no such file",
        "did you mean 'picked.csv'?",
    ),
}
READING = {
    "delimiter_of_two": (["--delimiter", ";;"], "--delimiter: ';;' is not one", "tabs"),
    "no_such_encoding": (["--encoding", "utf9"], "--encoding: 'utf9'", "cp1252"),
    "too_few_columns": (
        ["--no-header", "--columns", "a,b"],
        "--columns: gives 2 names to the 11 columns",
        None,
    ),
    "columns_and_header": (["--columns", "a,b"], "has a header", "--no-header"),
}
COLUMNS = {
    "unknown_by": (
        [*PICKED, "--by", "gneder"],
        "--by: 'gneder' is not a column. Available: 'customer_id'",
        "did you mean 'gender'?",
    ),
    "no_by": ([*PICKED, "--by", ","], "--by: names no column", "--by gender,age"),
    "by_twice": ([*PICKED, "--by", "gender,gender"], "'gender' more than once", None),
    "unknown_selected": (
        ["--selected", "oferred", *BY],
        "--selected: 'oferred' is not a column",
        "did you mean 'offered'?",
    ),
    "three_values": (
        ["--selected", "mood", *BY],
        "holds 'maybe', 'no', 'yes', which is not one of the pairs",
        "mood=VALUE",
    ),
    "empty_cells": (["--selected", "gaps", *BY], "has missing values", "fill them"),
    "value_that_never_occurs": (
        ["--selected", "tier=platinum", *BY],
        "never holds 'platinum'. It holds: 'gold', 'tin'",
        None,
    ),
    "neither_selected_nor_audience": (BY, "neither given", "--audience FILE"),
    "both_selected_and_audience": (
        [*PICKED, *LISTED, *BY],
        "both given",
        "--selected COL",
    ),
    "selected_is_protected": (
        [*PICKED, "--by", "offered,gender"],
        "--selected: 'offered' is in --by as well",
        "one role",
    ),
    "one_value_per_customer": (
        [*PICKED, "--by", "customer_id"],
        "400 values for 400 customers",
        "band it",
    ),
    "unknown_id": (
        [*PICKED, *BY, "--id", "custmer_id"],
        "--id: 'custmer_id'",
        "did you mean 'customer_id'?",
    ),
    "unknown_strata": (
        [*PICKED, *BY, "--strata", "tire"],
        "--strata: 'tire'",
        "did you mean 'tier'?",
    ),
    "unknown_weight": (
        [*PICKED, *BY, "--weight", "wieght"],
        "--weight: 'wieght'",
        "did you mean 'weight'?",
    ),
    "outcome_of_three_values": (
        [*PICKED, *BY, "--outcome", "mood"],
        "outcome column 'mood'",
        "mood=VALUE",
    ),
    "unknown_group_as_reference": (
        [*PICKED, *BY, "--reference", "gender=x"],
        "--reference: 'x' is not a group of gender",
        None,
    ),
    "unknown_attribute_as_reference": (
        [*PICKED, *BY, "--reference", "tier=gold"],
        "--reference: 'tier'",
        None,
    ),
    "unknown_rule_as_reference": (
        [*PICKED, *BY, "--reference", "lowest"],
        "--reference: 'lowest' is neither 'highest'",
        None,
    ),
}
BANDS = {
    "edges_not_rising": (
        ["--by", "age", "--bands", "age=30,18"],
        "bands of 'age': edges ['30', '18'] do not rise",
        "sort them",
    ),
    "edges_not_numbers": (
        ["--by", "age", "--bands", "age=18,old"],
        "are not all numbers",
        "write 18,30",
    ),
    "no_column": (["--by", "age", "--bands", "18,30"], "'18,30' is not COL=", "age=18"),
    "no_edges": (["--by", "age", "--bands", "age="], "'age=' is not COL=", "age=18"),
    "twice": (
        ["--by", "age", "--bands", "age=18", "--bands", "age=30"],
        "--bands: 'age' is given twice",
        "at once",
    ),
    "column_not_in_by": (
        [*BY, "--bands", "age=18,30"],
        "--bands: names 'age', which is neither in --by nor in --strata",
        "add 'age' to --by",
    ),
    "ages_for_years_of_birth": (
        ["--by", "year", "--bands", "year=18,30,45"],
        "the column holds years (1950 to 2004), and the edges look like ages",
        "year=1960,1975,1987",
    ),
    "dates_without_a_day": (
        ["--by", "born", "--bands", "born=18,30"],
        "needs a day to be counted at",
        "--as-of YYYY-MM-DD",
    ),
    "day_that_is_no_date": (
        ["--by", "born", "--bands", "born=18,30", "--as-of", "2026-02-30"],
        "--as-of: '2026-02-30' is not a date",
        "YYYY-MM-DD",
    ),
    "dates_after_the_day": (
        ["--by", "born", "--bands", "born=18,30", "--as-of", "1990-01-01"],
        "has dates after 1990-01-01",
        "correct them",
    ),
    "texts": (["--by", "tier", "--bands", "tier=18,30"], "not numbers: 'gold'", "name"),
}
CELLS = {
    "negative_weight": ({"weight": "-1"}, ["--weight", "weight"], "negative", ">= 0"),
    "nan_weight": ({"weight": "nan"}, ["--weight", "weight"], "not numbers: 'nan'", ""),
    "no_weight": ({"weight": ""}, ["--weight", "weight"], "1 missing", "fill them"),
    "text_weight": ({"weight": "big"}, ["--weight", "weight"], "numbers: 'big'", ""),
    "text_score": ({"score": "high"}, ["--score", "score"], "numbers: 'high'", ""),
    "other_date": (
        {"born": "11.02.1980"},
        ["--by", "born", "--bands", "born=30", "--as-of", "2026-01-01"],
        "not dates (YYYY-MM-DD): '11.02.1980'",
        "YYYY-MM-DD",
    ),
}
JOINS = {
    "no_id": (
        [("picked.csv", ids("C0001"))],
        [*BY, "--audience", "picked.csv"],
        "--id: is needed",
        "--id COL",
    ),
    "doubled_in_audience": (
        [("picked.csv", ids("C0001", "C0002", "C0001"))],
        [*BY, *LISTED],
        "--audience: 1 ids occur more than once: 'C0001'",
        "once",
    ),
    "strangers_in_audience": (
        [("picked.csv", ids("C0001", *(f"X{i}" for i in range(7))))],
        [*BY, *LISTED],
        "7 ids are not in the data: 'X0', 'X1', 'X2', 'X3', 'X4' (+2)",
        "same day",
    ),
    "audience_without_id": (
        [("picked.csv", ids("C0001", header="client"))],
        [*BY, *LISTED],
        "--audience: 'customer_id' is not a column. Available: 'client'",
        None,
    ),
    "protected_without_id": (
        [("protected.csv", "client,ethnicity\nC0001,a\n")],
        [*PICKED, "--by", "ethnicity", *BESIDE],
        "--protected: 'customer_id' is not a column",
        None,
    ),
    "doubled_in_protected": (
        [("protected.csv", "customer_id,ethnicity\nC0001,a\nC0001,b\n")],
        [*PICKED, "--by", "ethnicity", *BESIDE],
        "--protected: 1 ids occur more than once: 'C0001'",
        "once",
    ),
    "attribute_in_both": (
        [("protected.csv", "customer_id,gender\nC0001,f\n")],
        [*PICKED, *BY, *BESIDE],
        "--by: 'gender' is in the data and in the protected table",
        "keep protected attributes out",
    ),
    "attribute_in_neither": (
        [("protected.csv", "customer_id,ethnicity\nC0001,a\n")],
        [*PICKED, "--by", "ethnicty", *BESIDE],
        "--by: 'ethnicty' is not a column",
        "did you mean 'ethnicity'?",
    ),
}
POLICIES = {
    "absent_pack": ("us-four", "", "is not a policy pack", "'us-four-fifths'?"),
    "absent_file": ("policies/no.toml", "", "there is no such file", "packs are named"),
    "other_ending": ("p.yaml", "a: 1", "is not a TOML file", "ends in .toml"),
    "no_toml": ("p.toml", "x = = 1", "p.toml, line 1, column 5: is not TOML", "x = ="),
    "unknown_key": (
        "p.toml",
        pack("alpha ", "alhpa "),
        "'alhpa' is not a policy key",
        "did you mean 'alpha'?",
    ),
    "bound_out_of_range": (
        "p.toml",
        pack("at_least = 0.80", "at_least = 80"),
        "80 is outside [0, 1] of adverse_impact_ratio",
        "0.80",
    ),
    "unknown_metric": (
        "p.toml",
        pack('"adverse_impact_ratio"', '"adverse_imapct_ratio"'),
        "'adverse_imapct_ratio' is not a metric",
        "did you mean 'adverse_impact_ratio'?",
    ),
}
OUTPUT = {
    "intersections_0": (["--intersections", "0"], "--intersections: '0'", "pairs"),
    "intersections_text": (["--intersections", "two"], "--intersections: 'two'", "2 l"),
    "unknown_offer": (
        ["--offer", "good"],
        "--offer: 'good' is not one of 'beneficial', 'burdensome', 'neutral'",
        "fairreach check --help",
    ),
    "unknown_format": (["--format", "jsn"], "--format: 'jsn'", "did you mean 'json'?"),
    "unknown_fail_on": (["--fail-on", "clear"], "--fail-on: 'clear'", "--help"),
    "unknown_ending": (["--report", "a.pdf"], "--report: 'a.pdf' ends in none", ".md"),
    "absent_directory": (["--report", "no/a.md"], "no directory 'no'", "make it"),
    "report_is_a_directory": (["--report", "dir.md"], "is a directory", "name a file"),
}
USAGE = {
    "unknown_option": (
        ["check", DATA, *BY, "--selcted", "offered"],
        "--selcted: is not an option",
        "did you mean --selected?",
    ),
    "unknown_option_of_the_command": (
        ["--verson"],
        "--verson: is not an option",
        "did you mean --version?",
    ),
    "unknown_command": (
        ["chek", DATA],
        "'chek': is not a command. Available: 'check', 'init', 'run'",
        "did you mean fairreach check?",
    ),
    "file_for_a_command": ([DATA, *BY], f"'{DATA}': is not a command", "check FILE"),
    "unknown_policy_command": (
        ["policy", "lst"],
        "'lst': is not a command",
        "did you mean fairreach policy list?",
    ),
    "no_data": (["check", *PICKED, *BY], "DATA: is missing", "CSV or Parquet"),
    "no_by": (["check", DATA, *PICKED], "--by: is missing", "--by gender,age"),
    "no_value": (["check", DATA, "--by"], "--by: needs a value", "--by gender,age"),
    "value_for_a_flag": (
        ["check", DATA, *PICKED, *BY, "--no-header=yes"],
        "--no-header: takes no value",
        "--help",
    ),
    "shell_expanded_the_glob": (
        ["check", "a.csv", "b.csv", *PICKED, *BY],
        "'b.csv': is too much for fairreach check",
        "quotes around a glob",
    ),
    "unknown_code": (["explain", "FA999"], "'FA999' is not a code", "did you mean"),
    "no_code": (["explain"], "CODE: is missing", "explain FA101"),
    "no_policy_of_that_name": (
        ["policy", "show", "us-four-fith"],
        "'us-four-fith' is not a policy pack",
        "did you mean 'us-four-fifths'?",
    ),
    "no_policy_file": (["policy", "check", "no.toml"], "no such file", "packs are"),
}


@pytest.fixture
def refused(folder, run):
    """Run the command; assert that it refuses in one message; return that."""

    def refused(*words, problems=1):
        before = folder.names()
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        return checked(err, problems, folder.names() - before)

    return refused


def checked(err, problems, left):
    first, *more = err.splitlines()
    assert first.startswith("fairreach: ")
    assert "Traceback" not in err
    assert err.count("fairreach: ") == 1
    assert err.endswith("\n")
    assert all(line.startswith(("  Hint: ", "- ", "    Hint: ")) for line in more)
    listed = sum(line.startswith("- ") for line in more)
    assert max(listed, 1) == problems
    assert not left, "a file was left behind"
    return err


def assert_told(err, what, hint):
    assert what in err
    if hint is not None:
        assert hint in err.partition("Hint: ")[2]


def make(folder, files):
    if callable(files):
        files(folder)
    else:
        for name, content in files:
            folder.write(name, content)


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_is_refused(case, folder, refused):
    files, words, what, hint = FILES[case]
    folder.customers()
    make(folder, files)
    assert_told(refused("check", *words, "--report", "report.md"), what, hint)


@pytest.mark.parametrize("case", READING)
def test_an_option_of_reading_that_does_not_fit_is_refused(case, folder, refused):
    words, what, hint = READING[case]
    told = refused("check", folder.customers(), *PICKED, *BY, *words)
    assert_told(told, what, hint)


@pytest.mark.parametrize("case", COLUMNS)
def test_columns_that_do_not_fit_are_refused(case, folder, refused):
    words, what, hint = COLUMNS[case]
    folder.write("picked.csv", ids("C0001"))
    told = refused("check", folder.customers(), *words, "--report", "report.md")
    assert_told(told, what, hint)


@pytest.mark.parametrize("case", BANDS)
def test_bands_that_do_not_fit_are_refused(case, folder, refused):
    words, what, hint = BANDS[case]
    told = refused("check", folder.customers(), *PICKED, *words, "--report", "r.json")
    assert_told(told, what, hint)


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_that_cannot_be_counted_is_refused(case, folder, refused):
    cells, words, what, hint = CELLS[case]
    by = [] if "--by" in words else BY
    told = refused("check", folder.customers(**cells), *PICKED, *by, *words)
    assert_told(told, what, hint)


@pytest.mark.parametrize("case", JOINS)
def test_ids_that_do_not_match_are_refused(case, folder, refused):
    files, words, what, hint = JOINS[case]
    make(folder, files)
    told = refused("check", folder.customers(), *words, "--report", "report.html")
    assert_told(told, what, hint)


@pytest.mark.parametrize("words", [LISTED, [*PICKED, "--id", "customer_id"]])
def test_customers_that_are_there_twice_are_refused(words, folder, refused):
    doubled(folder)
    folder.write("picked.csv", ids("C0001"))
    told = refused("check", "double.csv", *BY, *words)
    assert_told(told, "2 ids occur more than once: 'C0000', 'C0001'", "once")


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_cannot_be_read_is_refused(case, folder, refused):
    name, content, what, hint = POLICIES[case]
    if content:
        folder.write(name, content)
    words = [*PICKED, *BY, "--policy", name, "--report", "report.md"]
    assert_told(refused("check", folder.customers(), *words), what, hint)


@pytest.mark.parametrize("case", OUTPUT)
def test_an_option_of_another_kind_is_refused(case, folder, refused):
    words, what, hint = OUTPUT[case]
    (folder.path / "dir.md").mkdir()
    told = refused("check", folder.customers(), *PICKED, *BY, *words)
    assert_told(told, what, hint)


@pytest.mark.parametrize("case", USAGE)
def test_a_call_that_makes_no_sense_is_refused(case, folder, refused):
    words, what, hint = USAGE[case]
    folder.customers()
    assert_told(refused(*words), what, hint)


def test_all_problems_of_the_columns_are_told_at_once(folder, refused):
    told = refused(
        *("check", folder.customers(), "--selected", "oferred", "--by", "gneder,tire"),
        *("--bands", "age=30,18", "--as-of", "today", "--weight", "wieght"),
        problems=7,
    )
    assert told.startswith("fairreach: 7 problems\n- ")
    for name in ("'oferred'", "'gneder'", "'tire'", "'wieght'", "'today'", "do not ri"):
        assert name in told


def test_all_problems_of_the_options_are_told_at_once(folder, refused):
    told = refused(
        *("check", "custmers.csv", *PICKED, *BY, "--id", "customer_id"),
        *("--protected", "no.csv", "--bands", "18", "--intersections", "x"),
        *("--policy", "nope", "--policy", "us-four", "--report", "a.pdf"),
        *("--report", "no/a.md", "--strata", ""),
        problems=9,
    )
    assert told.startswith("fairreach: 9 problems\n- ")


def test_the_file_is_named_where_a_message_could_mean_any(folder, refused):
    folder.write("l.csv", "customer_id,name\nC0001,señora\n".encode("latin-1"))
    words = [*BY, "--id", "customer_id", "--audience", "l.csv"]
    told = refused("check", folder.customers(), *words)
    assert_told(told, "l.csv': is not written in", "cp1252")


def test_the_hint_about_the_encoding_helps_for_every_file(folder, run):
    rows = "".join(f"C{i:04d},{('señora', 'b')[i % 2]}\n" for i in range(400))
    folder.write("l.csv", f"customer_id,ethnicity\n{rows}".encode("cp1252"))
    words = [
        *PICKED,
        "--by",
        "ethnicity",
        "--id",
        "customer_id",
        "--protected",
        "l.csv",
    ]
    code, out, _ = run("check", folder.customers(), *words, "--encoding", "cp1252")
    assert code in {0, 3, 4}
    assert "señora" in out


@pytest.mark.parametrize("role", ["data", "audience", "protected"])
def test_a_report_does_not_replace_what_is_read(role, folder, refused):
    names = {"data": DATA, "audience": "picked.csv", "protected": "protected.csv"}
    names[role] = "table.txt"
    folder.customers(names["data"])
    folder.write(names["audience"], ids("C0001"))
    folder.write(names["protected"], "customer_id,ethnicity\nC0001,a\n")
    before = (folder.path / "table.txt").read_bytes()
    told = refused(
        *("check", names["data"], "--audience", names["audience"]),
        *("--protected", names["protected"], "--id", "customer_id"),
        *("--by", "ethnicity", "--report", "./table.txt"),
    )
    assert_told(told, "is a file that is read", "name another")
    assert (folder.path / "table.txt").read_bytes() == before


def test_no_message_speaks_of_python(folder, refused):
    folder.write("picked.csv", ids("C0001"))
    told = refused("check", folder.customers(), *BY, "--audience", "picked.csv")
    assert "Python" not in told
    assert "id=" not in told


def test_a_message_has_no_control_characters(folder, refused):
    told = refused("check", folder.customers(), *PICKED, "--by", "gen\x1b[31m\u202eder")
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert r"\x1b" in told


def test_a_long_name_is_cut_in_a_message(folder, refused):
    told = refused("check", folder.customers(), *PICKED, "--by", "x" * 10_000)
    assert len(told) < 500


@pytest.mark.parametrize("words", [["--out", "taken/demo"], ["--out", "taken"]])
def test_a_demonstration_that_cannot_be_written_is_refused(words, folder, refused):
    folder.write("taken", "a file")
    assert_told(refused("demo", *words), "cannot be written to", "directory")


def test_a_demonstration_over_something_else_is_refused(folder, refused):
    (folder.path / "samples" / "customers.csv").mkdir(parents=True)
    (folder.path / "samples" / "audiences").mkdir()
    (folder.path / "samples" / "campaigns").mkdir()
    told = refused("demo", "--out", ".")
    assert_told(told, "cannot be written to", "directory")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["check", "custmers.csv", *PICKED, *BY], "no such file"),
        (["check", "cut.parquet", *PICKED, *BY], "cannot be read as Parquet"),
        (["check", DATA, *PICKED, "--by", "gneder,age"], "did you mean 'gender'?"),
        (["check", DATA, *PICKED, *BY, "--policy", "nope"], "is not a policy pack"),
        (["check", DATA, *PICKED, *BY, "--offer", "good"], "--offer: 'good'"),
        (["check", DATA, *PICKED, *BY, "--report", "r.md", "--no"], "not an option"),
        (["nope"], "is not a command"),
    ],
)
def test_a_process_refuses_as_well(words, what, folder, start):
    folder.customers()
    truncated_parquet(folder)
    before = folder.names()
    done = start(*words, cwd=folder.path)
    assert (done.returncode, done.stdout) == (2, "")
    assert what in checked(done.stderr, 1, folder.names() - before)
