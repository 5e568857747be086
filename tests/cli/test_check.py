"""What `fairreach check` prints, writes and returns."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from importlib import resources

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import exits
from pipelines.cli.check import Format

VERDICTS = {0, 3, 4}
PICKED = ["--selected", "offered"]
BY = ["--by", "gender"]
CONTRACT = {
    *("schema", "verdict", "offer", "policy", "data", "findings", "groups", "notes"),
    "version",
}
FINDING = {
    *("code", "rule", "metric", "attribute", "group", "reference", "stratum", "n"),
    *("selected", "n_reference", "selected_reference", "rate", "estimate", "low"),
    *("high", "confidence", "p_value", "p_adjusted", "bound", "detectable"),
    *("shortfall", "reading", "verdict", "severity", "message", "citation"),
}
GROUP = {"attribute", "group", "n", "selected", "rate", "rate_low", "rate_high"}
ANSI = re.compile(r"\x1b|\x9b")


@pytest.fixture
def payload(run):
    def payload(*words):
        code, out, err = run("check", *words, "--format", "json")
        assert code in VERDICTS, err
        return json.loads(out)

    return payload


def by_group(payload, attribute=None):
    return {
        row["group"]: (row["n"], row["selected"])
        for row in payload["groups"]
        if row["attribute"] == (attribute or payload["groups"][0]["attribute"])
    }


@pytest.mark.parametrize(
    ("verdict", "words", "code"),
    [
        ("clear", [], 0),
        ("block", [], 3),
        ("review", [], 4),
        ("clear", ["--fail-on", "block"], 0),
        ("block", ["--fail-on", "block"], 3),
        ("review", ["--fail-on", "block"], 0),
        ("review", ["--fail-on", "review"], 4),
    ],
)
def test_the_exit_code_is_that_of_the_verdict(verdict, words, code, folder, run):
    done, out, err = run("check", folder.with_verdict(verdict), *PICKED, *BY, *words)
    assert (done, err) == (code, "")
    assert out.startswith(f"{verdict.upper()} · offered · ")


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 4], 4),
        ([4, 3, 0], 3),
        ([3, 2, 4], 2),
        ([2, 1, 3], 1),
    ],
)
def test_a_crash_is_worse_than_an_error_and_an_error_than_a_block(codes, worst):
    assert exits.worst(codes) == worst


@pytest.mark.parametrize(
    ("offer", "packs"),
    [
        (None, ["us-four-fifths"]),
        ("beneficial", ["us-four-fifths"]),
        ("burdensome", ["exploitative-offers"]),
        ("neutral", ["us-four-fifths", "exploitative-offers"]),
    ],
)
def test_each_kind_of_offer_has_its_policies(offer, packs, folder, payload):
    words = [] if offer is None else ["--offer", offer]
    found = payload(folder.customers(), *PICKED, *BY, *words)
    assert [policy["name"] for policy in found["policy"]] == packs
    assert found["offer"] == (offer or "beneficial")
    assert all(policy["digest"] and policy["version"] for policy in found["policy"])


def test_a_burden_on_the_picked_blocks_where_a_benefit_to_them_does_not(folder, run):
    file = folder.two_groups(500, 1200, of=(1000, 4000))
    code, out, _ = run("check", file, *PICKED, *BY, "--offer", "burdensome")
    assert code == exits.BLOCK
    why = out.partition("Why")[2].partition("\n\n")[0]
    assert "gender f" in why
    assert "gender m" not in why


def test_the_first_lines_say_that_beneficial_is_assumed(folder, run):
    _, out, _ = run("check", folder.customers(), *PICKED, *BY)
    assert "beneficial is assumed" in "\n".join(out.splitlines()[:4])
    _, out, _ = run("check", folder.customers(), *PICKED, *BY, "--offer", "beneficial")
    assert "assumed" not in out


def test_json_has_the_keys_of_the_contract(folder, payload):
    words = [*PICKED, "--by", "gender,tier", "--intersections", "2"]
    found = payload(folder.customers(), *words)
    assert found.keys() >= CONTRACT
    assert found["schema"] == "fairreach/audit/1"
    assert found["data"].keys() >= {"rows", "selected", "fingerprint"}
    assert found["findings"]
    assert all(finding.keys() >= FINDING for finding in found["findings"])
    assert all(group.keys() >= GROUP for group in found["groups"])
    assert {group["attribute"] for group in found["groups"]} == {
        *("gender", "tier", "gender&tier"),
    }


@pytest.mark.parametrize("format_", list(Format))
def test_a_result_goes_to_stdout_and_messages_to_stderr(format_, folder, run):
    words = ["--format", format_, "--report", "r.md", "--report", "r.json"]
    code, out, err = run("check", folder.customers(), *PICKED, *BY, *words)
    assert code in VERDICTS
    assert out.endswith("\n")
    assert err == "report: r.md\nreport: r.json\n"


def test_json_and_junit_and_markdown_are_what_they_say(folder, run):
    def told(format_):
        words = ["--format", format_]
        return run("check", folder.customers(), *PICKED, *BY, *words)[1]

    assert json.loads(told("json"))["data"]["rows"] == 400
    assert ET.fromstring(told("junit")).tag in {"testsuites", "testsuite"}
    assert told("markdown").startswith("#")
    assert told("text").startswith(("CLEAR", "REVIEW", "BLOCK"))


def test_reports_hold_what_the_formats_print(folder, run):
    formats = {"a.md": "markdown", "b.json": "json", "c.txt": "text", "d.xml": "junit"}
    words = [word for name in [*formats, "e.html"] for word in ("--report", name)]
    check = ["check", folder.customers(), *PICKED, *BY]
    run(*check, *words)
    for name, format_ in formats.items():
        _, out, _ = run(*check, "--format", format_)
        written = (folder.path / name).read_text(encoding="utf-8")
        assert written == out or format_ == "junit", name
    assert "<!doctype html>" in (folder.path / "e.html").read_text("utf-8").lower()
    assert not [name for name in folder.names() if name.startswith(".fairreach")]


def test_a_report_replaces_an_older_one(folder, run):
    folder.write("r.md", "older")
    run("check", folder.customers(), *PICKED, *BY, "--report", "r.md")
    assert "older" not in (folder.path / "r.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", list(Format))
def test_there_is_no_colour_where_stdout_is_no_terminal(format_, folder, start):
    words = ["check", folder.customers(), *PICKED, *BY, "--format", format_]
    done = start(*words, cwd=folder.path)
    assert done.returncode in VERDICTS
    assert done.stderr == ""
    assert not ANSI.search(done.stdout)


def test_a_terminal_without_unicode_gets_a_result_all_the_same(folder, start):
    words = ["check", folder.two_groups(200, 400), *PICKED, *BY]
    done = start(*words, cwd=folder.path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (exits.BLOCK, "")
    assert done.stdout.startswith("BLOCK ")


def test_a_sample_is_blocked_and_the_culprit_named(spring_card, run):
    code, out, err = run(*spring_card)
    assert (code, err) == (exits.BLOCK, "")
    assert "ethnicity black is selected 0.47 times as often" in " ".join(out.split())


def test_missing_tokens_are_the_group_of_the_missing(folder, payload):
    file = folder.write(
        "c.csv", "g,s\n" + "f,1\nf,0\n" * 50 + "m,1\nm,0\n" * 50 + "?,0\n" * 20
    )
    words = ["--selected", "s", "--by", "g"]
    assert by_group(payload(file, *words))["?"] == (20, 0)
    told = by_group(payload(file, *words, "--missing", "?"))
    assert told == {"f": (100, 50), "m": (100, 50), "(missing)": (20, 0)}
    told = by_group(payload(file, *words, "--missing", "?", "--missing", "f"))
    assert told["(missing)"] == (120, 50)


def test_columns_without_a_header_have_positions_or_given_names(folder, payload):
    file = folder.write("c.csv", "f,old,1\nm,old,0\n" * 100)
    by_place = payload(file, "--no-header", "--selected", "2", "--by", "0")
    named = ["--no-header", "--columns", "g,age, picked"]
    by_name = payload(file, *named, "--selected", "picked", "--by", "g")
    assert by_place["data"]["rows"] == by_name["data"]["rows"] == 200
    assert by_group(by_place) == by_group(by_name) == {"f": (100, 100), "m": (100, 0)}
    assert by_place["attributes"] == ["0"]
    assert by_name["attributes"] == ["g"]


@pytest.mark.parametrize(
    ("delimiter", "words"),
    [
        (";", []),
        ("|", []),
        ("\t", []),
        ("\t", ["--delimiter", r"\t"]),
        ("~", ["--delimiter", "~"]),
        (";", ["--delimiter", ";"]),
    ],
)
def test_any_delimiter_is_read(delimiter, words, folder, payload):
    text = "g,s\n" + "f,1\nm,0\n" * 100
    file = folder.write("c.csv", text.replace(",", delimiter))
    found = payload(file, "--selected", "s", "--by", "g", *words)
    assert by_group(found) == {"f": (100, 100), "m": (100, 0)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_encoding_is_read(encoding, folder, payload):
    text = "straße,s\n" + "süd,1\nnörd,0\n" * 100
    file = folder.write("c.csv", text.encode(encoding))
    words = [] if encoding.startswith("utf-8") else ["--encoding", encoding]
    found = payload(file, "--selected", "s", "--by", "straße", *words)
    assert by_group(found) == {"süd": (100, 100), "nörd": (100, 0)}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_glob_is_one_table(ending, folder, payload):
    for part in "ab":
        table = {"g": ["f", "m"] * 100, "s": [1, 0] * 100}
        if ending == "csv":
            rows = zip(*table.values(), strict=True)
            with (folder.path / f"part-{part}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([table, *rows])
        else:
            pq.write_table(pa.table(table), f"part-{part}.parquet")
    found = payload(f"part-*.{ending}", "--selected", "s", "--by", "g")
    assert by_group(found) == {"f": (200, 200), "m": (200, 0)}


def test_parquet_and_csv_give_the_same_findings(folder, payload):
    from pyarrow import csv as arrow

    file = folder.customers()
    pq.write_table(arrow.read_csv(file), "c.parquet")
    words = [*PICKED, "--by", "gender,age", "--bands", "age=30,45"]
    of_csv, of_parquet = payload(file, *words), payload("c.parquet", *words)
    assert of_csv["groups"] == of_parquet["groups"]
    assert of_csv["findings"] == of_parquet["findings"]


def test_a_weight_of_two_counts_twice_in_a_rate(folder, payload):
    rows = "f,1,2\nf,0,1\n" * 100 + "m,1,1\nm,0,1\n" * 100
    file = folder.write("c.csv", "g,s,w\n" + rows)
    found = payload(file, "--selected", "s", "--by", "g", "--weight", "w")
    rates = {row["group"]: row["rate"] for row in found["groups"]}
    assert rates == pytest.approx({"f": 2 / 3, "m": 1 / 2})
    assert any("weight" in note for note in found["notes"])


def test_strata_are_shown_as_context(folder, payload):
    words = [*PICKED, *BY, "--strata", "tier"]
    found = payload(folder.customers(), *words)
    strata = {row["stratum"] for row in found["findings"]} - {None}
    assert strata == {"tier", "tier=gold", "tier=tin"}
    # Of all strata together it is a rule that looks.
    assert {row["rule"] for row in found["findings"] if row["stratum"] == "tier"} == {
        "ff-strata"
    }
    context = [row for row in found["findings"] if row["stratum"] and not row["rule"]]
    assert context
    assert all(row["verdict"] is None for row in context)


def test_an_outcome_is_judged_by_equal_opportunity(folder, run):
    rows = [
        *(f"f,{int(i < 150)},yes\n" for i in range(500)),
        *(f"m,{int(i < 350)},yes\n" for i in range(500)),
        *(f"f,{int(i < 500)},no\n" for i in range(800)),
        *(f"m,{int(i < 300)},no\n" for i in range(800)),
    ]
    file = folder.write("c.csv", "gender,offered,bought\n" + "".join(rows))
    words = ["--outcome", "bought=yes", "--policy", "equal-opportunity"]
    code, out, _ = run("check", file, *PICKED, *BY, *words, "--format", "json")
    found = json.loads(out)
    assert code == exits.BLOCK
    failed = [row for row in found["findings"] if row["verdict"] == "fail"]
    assert {(row["group"], row["metric"]) for row in failed} == {
        ("f", "true_positive_rate_ratio"),
    }
    assert failed[0]["estimate"] == pytest.approx(150 / 350)


def test_a_policy_of_our_own_is_used(folder, run):
    pack = resources.files("fairness.policy").joinpath("packs/us-four-fifths.toml")
    text = pack.read_text(encoding="utf-8")
    text = text.replace('name = "us-four-fifths"', 'name = "house"')
    folder.write("house.toml", text.replace("at_least = 0.80", "at_least = 0.40"))
    file = folder.two_groups(200, 400)
    assert run("check", file, *PICKED, *BY)[0] == exits.BLOCK
    words = ["--policy", "house.toml", "--format", "json"]
    code, out, _ = run("check", file, *PICKED, *BY, *words)
    assert code == exits.CLEAR
    assert [policy["name"] for policy in json.loads(out)["policy"]] == ["house"]


def test_two_policies_are_both_judged(folder, payload):
    words = ["--policy", "us-four-fifths", "--policy", "equal-opportunity"]
    found = payload(folder.customers(), *PICKED, *BY, *words)
    names = [policy["name"] for policy in found["policy"]]
    assert names == ["us-four-fifths", "equal-opportunity"]


@pytest.mark.parametrize(
    "words",
    [
        ["--by", "gender,tier"],
        ["--by", "gender, tier"],
        ["--by", "gender", "--by", "tier"],
    ],
)
def test_attributes_are_named_in_one_option_or_in_several(words, folder, payload):
    found = payload(folder.customers(), *PICKED, *words)
    assert found["attributes"] == ["gender", "tier"]


def test_lists_and_repetition_mix(folder, payload):
    words = ["--by", "gender,tier", "--by", "mood"]
    found = payload(folder.customers(), *PICKED, *words)
    assert found["attributes"] == ["gender", "tier", "mood"]


def test_columns_may_have_commas_and_equals_signs_in_their_names(folder, payload):
    rows = "f,35,x=1\nm,35,0\nf,20,x=1\nm,20,0\n" * 50
    file = folder.write("c.csv", '"sex, at birth",a=b,"y=z"\n' + rows)
    words = ["--selected", "y=z=x=1", "--by", "sex, at birth", "--by", "a=b"]
    found = payload(file, *words, "--bands", "a=b=30")
    assert found["attributes"] == ["sex, at birth", "a=b"]
    assert by_group(found) == {"f": (100, 100), "m": (100, 0)}
    assert by_group(found, "a=b") == {"(-inf,30)": (100, 50), "[30,inf)": (100, 50)}
