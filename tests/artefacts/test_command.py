"""`fairreach render` and `schema`, as somebody at a terminal calls them."""

import json
import os
import subprocess
import sys

import pytest

from fairness.reports import ARTEFACTS, FORMATS, render
from fairness.reports.schema import schema_text
from pipelines.cli.app import run as run_command
from pipelines.cli.stored import As
from tests.schema.conftest import ROOT, people

KINDS = [one.value for one in As]


@pytest.fixture
def run(capsys):
    """Run the command in this process; return exit code, stdout and stderr."""

    def run(*words):
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def stored(tmp_path, checked):
    """A payload in a file, judged by the pack of the bias audit."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(checked("scores", "nyc-ll144")), encoding="utf-8")
    return path


def test_the_kinds_are_the_formats_and_the_artefacts():
    assert set(KINDS) == {*FORMATS.values(), *ARTEFACTS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_printed_as_the_library_makes_it(kind, run, stored):
    payload = json.loads(stored.read_text(encoding="utf-8"))
    code, out, err = run("render", stored, "--as", kind)
    assert (code, err) == (0, "")
    assert out == render(payload, kind)


def test_text_is_what_is_printed_where_nothing_is_said(run, stored):
    assert run("render", stored)[1] == run("render", stored, "--as", "text")[1]


def test_the_directory_of_a_run_is_enough(run, stored):
    assert run("render", stored.parent) == run("render", stored)


@pytest.mark.parametrize(("ending", "format_"), FORMATS.items())
def test_the_ending_of_the_file_says_the_kind(ending, format_, run, stored, tmp_path):
    target = tmp_path / f"made{ending}"
    code, out, err = run("render", stored, "--out", target)
    assert (code, out) == (0, "")
    assert str(target) in err
    payload = json.loads(stored.read_text(encoding="utf-8"))
    assert target.read_bytes() == render(payload, format_).encode("utf-8")


def test_a_document_goes_to_any_name(run, stored, tmp_path):
    target = tmp_path / "assessment"
    assert run("render", stored, "--as", "dpia", "--out", target)[0] == 0
    assert target.read_text(encoding="utf-8").startswith("# Data protection")


@pytest.mark.parametrize("verdict", ["block", "review", "clear"])
def test_the_verdict_does_not_change_the_exit_code(verdict, run, stored):
    payload = json.loads(stored.read_text(encoding="utf-8"))
    stored.write_text(json.dumps(payload | {"verdict": verdict}), encoding="utf-8")
    assert run("render", stored)[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.json"], "cannot be read"),
        (["report.json", "--as", "pdf"], "--as: 'pdf' is not one of"),
        (["report.json", "--out", "made.pdf"], "ends in none of .csv, .html"),
        (["report.json", "--out", "none/made.md"], "there is no directory"),
        (["report.json", "--out", "report.json"], "is the file that is read"),
        ([".", "--as", "json", "--out", "./report.json"], "is the file that is read"),
        ([], "is missing"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_says_why(
    words, told, run, stored, monkeypatch
):
    monkeypatch.chdir(stored.parent)
    before = stored.read_bytes()
    code, out, err = run("render", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert stored.read_bytes() == before


def test_an_artefact_that_the_payload_cannot_give_ends_with_2(run, tmp_path, checked):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(checked("plain")), encoding="utf-8")
    code, out, err = run("render", path, "--as", "ll144", "--out", tmp_path / "a.md")
    assert (code, out) == (2, "")
    assert "Hint: check again with --policy nyc-ll144" in err
    assert not (tmp_path / "a.md").exists()


def test_the_schema_is_printed_as_it_is_published(run):
    assert run("schema") == (0, schema_text(), "")


def test_help_has_examples_kinds_and_exit_codes(run):
    code, out, _ = run("render", "--help")
    assert code == 0
    assert "fairreach render out/spring-card --as dpia" in out
    for kind in KINDS:
        assert kind in out
    assert "Exit codes" in out


def test_the_shell_completes_the_kinds():
    line = "fairreach render x --as "
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli"],
        env=os.environ
        | {
            "_FAIRREACH_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": "4",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) >= set(KINDS), done.stderr


def test_a_check_prints_and_writes_csv(run, tmp_path):
    people().to_csv(tmp_path / "people.csv", index=False)
    words = ["check", tmp_path / "people.csv", "--selected", "picked"]
    words += ["--by", "gender,region"]
    report = tmp_path / "findings.csv"
    code, out, _ = run(*words, "--format", "csv", "--report", report)
    assert code in {0, 3, 4}
    assert out.startswith("code,rule,metric,attribute,group,")
    assert report.read_bytes().decode("utf-8") == out
    _, payload, _ = run(*words, "--format", "json")
    (tmp_path / "report.json").write_text(payload, encoding="utf-8")
    assert run("render", tmp_path / "report.json", "--as", "csv")[1] == out
