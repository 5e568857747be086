"""Labels and names that would do harm elsewhere pass through as text."""

import csv
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NASTY = {
    "script": "<script>alert(1)</script>",
    "formula": "=cmd()",
    "formula_at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "sql": "'; DROP TABLE x; --",
    "identifier": 'a"; DROP TABLE x; --',
    "markdown": "|a|b|\n[x](javascript:alert(1))![y](z)`c`",
    "markup": "[bold]red[/bold] [/nothing]",
    "braces": "{0.__class__} {{ 7 * 7 }} %s",
    "emoji": "👩🏽‍🚀",
    "nul": "a\x00b",
    "long": "x" * 10_240,
    "newline": "two\nlines",
    "carriage_return": "over\rwritten",
    "separator": "line\u2028sep",
    "bidi": "\u202eevil\u202c",
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "c1": "\x9b31mred",
    "xml": "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "ampersand": "R&D",
}
VERDICTS = {0, 3, 4}
HARMLESS_SPACE = "\n"


def write_csv(columns, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def write_parquet(columns, path):
    pq.write_table(pa.table(columns), path)
    return path


WRITERS = {"csv": write_csv, "parquet": write_parquet}


def customers(column, label):
    """One group of that label is picked half as often as the other."""
    groups = [label] * 400 + ["plain"] * 400
    picked = [int(i % 5 == 0) for i in range(400)] + [i % 2 for i in range(400)]
    return {column: groups, "picked": picked, "other": ["u", "u", "v", "v"] * 200}


@pytest.fixture(params=WRITERS)
def check(request, folder, run):
    def check(column, label, *words):
        if request.param == "csv" and "\x00" in column:
            pytest.skip("refused: a NUL in a header is the mark of a binary file")
        path = folder.path / f"c.{request.param}"
        WRITERS[request.param](customers(column, label), path)
        return run("check", path.name, "--selected", "picked", "--by", column, *words)

    return check


@pytest.fixture(params=["label", "column"])
def names(request):
    """The column and the label, of which one is the nasty text."""

    def names(nasty):
        return ("group", nasty) if request.param == "label" else (nasty, "odd")

    return names


def controls(text):
    """Characters that a terminal would act on, or that turn text round."""
    return {
        char
        for char in text
        if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}
        and char not in HARMLESS_SPACE
        and char != "\u200d"
    }


@pytest.mark.parametrize("kind", NASTY)
def test_text_for_a_terminal_has_no_control_characters(kind, names, check):
    code, out, err = check(*names(NASTY[kind]), "--format", "text")
    assert (code, err) == (3, "")
    assert controls(out) == set()
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("kind", NASTY)
def test_json_gives_back_what_the_file_held(kind, names, check):
    column, label = names(NASTY[kind])
    code, out, _ = check(column, label, "--format", "json")
    assert code == 3
    found = json.loads(out)
    assert found["attributes"] == [column]
    groups = {(row["attribute"], row["group"]): row["n"] for row in found["groups"]}
    assert groups == {(column, label): 400, (column, "plain"): 400}
    assert out.isascii()


@pytest.mark.parametrize("kind", NASTY)
def test_intersections_of_nasty_names_are_counted(kind, names, check):
    column, label = names(NASTY[kind])
    words = ["--by", "other", "--intersections", "2", "--format", "json"]
    code, out, _ = check(column, label, *words)
    assert code == 3
    crossed = [
        r for r in json.loads(out)["groups"] if r["attribute"].endswith("&other")
    ]
    assert [row["n"] for row in crossed] == [200] * 4
    doubled = {label.replace("&", "&&") + "&u", label.replace("&", "&&") + "&v"}
    assert doubled <= {row["group"] for row in crossed}


@pytest.mark.parametrize("kind", NASTY)
def test_junit_is_well_formed(kind, names, check):
    code, out, _ = check(*names(NASTY[kind]), "--format", "junit")
    assert code == 3
    root = ET.fromstring(out)
    assert root.findall(".//failure")
    assert "<!ENTITY" not in out.replace("&lt;", "<").partition("<testsuite")[0]


@pytest.mark.parametrize("kind", NASTY)
def test_markdown_keeps_its_tables(kind, names, check):
    code, out, _ = check(*names(NASTY[kind]), "--format", "markdown")
    assert code == 3
    assert "<script" not in out
    assert controls(out) == set()
    width = None
    for line in out.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        bars = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
        assert width in {None, bars}, line
        width = bars


def test_a_nul_in_the_header_of_a_csv_file_is_refused(folder, run):
    file = write_csv(customers("a\x00b", "odd"), folder.path / "c.csv").name
    code, out, err = run("check", file, "--selected", "picked", "--by", "a\x00b")
    assert (code, out) == (2, "")
    assert "is neither CSV nor Parquet" in err


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("kind", NASTY)
def test_html_has_the_same_elements_for_every_name(kind, names, check, folder):
    def elements(nasty):
        code, _, _ = check(*names(nasty), "--report", "r.html")
        assert code == 3
        page = (folder.path / "r.html").read_text(encoding="utf-8")
        reader = Tags()
        reader.feed(page)
        return page, reader.found

    page, found = elements(NASTY[kind])
    _, plain = elements("plainly")
    tags = [tag for tag, _ in found if tag not in {"use", "path"}]
    assert [tag for tag in tags if tag == "script"] == [
        tag for tag, _ in plain if tag == "script"
    ]
    assert set(tags) <= {tag for tag, _ in plain}
    assert not [name for _, attrs in found for name in attrs if name.startswith("on")]
    assert "\x00" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("kind", NASTY)
def test_a_nasty_name_that_is_not_there_is_told_harmlessly(kind, folder, run):
    file = write_csv(customers("group", "odd"), folder.path / "c.csv").name
    nasty = NASTY[kind].replace(",", "")
    for words in (
        ["--selected", "picked", "--by", nasty],
        ["--selected", nasty, "--by", "group"],
        ["--selected", "picked", "--by", "group", "--reference", f"group={nasty}"],
        ["--selected", "picked", "--by", "group", "--policy", nasty],
        ["--selected", "picked", "--by", "group", "--offer", nasty],
        ["--selected", "picked", "--by", "group", f"--{nasty}"],
    ):
        code, out, err = run("check", file, *words)
        assert (code, out) == (2, "")
        assert err.startswith("fairreach: ")
        assert controls(err) == set()


@pytest.mark.parametrize(
    "kind",
    sorted(
        NASTY.keys() - {"nul", "long", "markdown", "sql", "formula_at", "xml", "script"}
    ),
)
def test_a_nasty_file_name_is_read_and_told_harmlessly(kind, folder, run):
    nasty = NASTY[kind].replace("/", "_")
    path = folder.path / f"{nasty}.csv"
    write_csv(customers("group", "odd"), path)
    words = ["--selected", "picked", "--by", "group", "--report", f"{nasty}.md"]
    code, out, err = run("check", path.name, *words)
    assert code == 3
    assert controls(out) == controls(err) == set()
    assert (folder.path / f"{nasty}.md").exists()


@pytest.mark.parametrize("kind", NASTY)
def test_a_nasty_id_joins_and_a_stranger_is_told_harmlessly(kind, folder, run):
    table = customers("group", "odd")
    del table["picked"]
    table["id"] = [f"C{i}" for i in range(799)] + [NASTY[kind]]
    write_csv(table, folder.path / "c.csv")
    write_csv({"id": [NASTY[kind], "C1", "C2"]}, folder.path / "a.csv")
    words = ["--id", "id", "--audience", "a.csv", "--by", "group"]
    code, out, _ = run("check", "c.csv", *words, "--format", "json")
    assert code in VERDICTS
    assert json.loads(out)["data"]["selected"] == 3
    write_csv({"id": [f"{NASTY[kind]}!", "C1"]}, folder.path / "a.csv")
    code, out, err = run("check", "c.csv", *words)
    assert (code, out) == (2, "")
    assert "1 ids are not in the data" in err
    assert controls(err) == set()
