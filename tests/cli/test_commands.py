"""The help, the version, completion, and the commands beside `check`."""

import re
import shlex
import tomllib
from importlib import resources
from itertools import pairwise

import pytest

from fairness.metrics import METRICS
from fairness.policy import list_packs
from pipelines.cli import exits


def test_the_version_is_that_of_the_project(start):
    project = resources.files("pipelines").joinpath("../pyproject.toml")
    version = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    done = start("--version")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"fairreach {version}\n",
        "",
    )


@pytest.mark.parametrize("words", [[], ["policy"]])
def test_nothing_asked_is_answered_with_help_and_is_no_verdict(words, run):
    code, out, err = run(*words)
    assert (code, err) == (exits.USAGE, "")
    assert "Usage: fairreach" in out
    assert "Examples" in out


@pytest.mark.parametrize("words", [["--"], ["policy", "--"]])
def test_two_dashes_alone_are_no_clear_verdict(words, run):
    assert run(*words)[0] == exits.USAGE


COMMANDS = [
    *([], ["check"], ["demo"], ["explain"], ["policy"]),
    *(["policy", "list"], ["policy", "show"], ["policy", "check"]),
    *(["init"], ["run"], ["batch"], ["approve"], ["waive"], ["verify"], ["delivered"]),
    *(["keys"], ["keys", "new"], ["keys", "trust"], ["keys", "list"]),
    *(["keys", "revoke"], ["ledger"], ["ledger", "show"], ["ledger", "verify"]),
]


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_an_example(command, flag, run):
    code, out, err = run(*command, flag)
    assert (code, err) == (0, "")
    example = out.partition("Example")[2].partition("╭")[0]
    assert " ".join(["fairreach", *command]) in example
    assert "[bold]" not in out


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_fits_its_width(command, width, start):
    done = start(*command, "--help", COLUMNS=str(width), NO_COLOR="1", TERM="dumb")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert max(map(len, lines)) <= width
    # An example that was wrapped leaves its backslash, or its rest, alone.
    assert "\\" not in [line.strip() for line in lines]
    examples = done.stdout.partition("Example")[2].partition("╭")[0]
    shown = [line.strip() for line in examples.splitlines() if line.strip()]
    for before, after in pairwise(shown):
        assert after.startswith("--") == before.endswith("\\")


def test_the_examples_of_check_can_be_pasted(folder, run):
    """All options in them exist; what they refuse is only that there is no file."""
    _, out, _ = run("check", "--help")
    text = out.partition("Examples")[2].partition("Exit codes")[0]
    text = re.sub(r"\\\s*\n", " ", text)
    examples = [line for line in text.splitlines() if line.strip().startswith("fairre")]
    assert len(examples) >= 4
    for example in examples:
        _, *words = shlex.split(example)
        code, _, err = run(*words)
        assert code == exits.USAGE
        assert "no such file" in err
        assert "--" not in err.replace("fairreach check --help", "")


def test_the_panels_of_check_come_in_the_order_of_the_questions(run):
    _, out, _ = run("check", "--help")
    panels = re.findall(r"╭─ (.*?) ─", out)
    assert panels == [
        *("Arguments", "Who was picked", "Protected groups", "Opening a vault"),
        *("The offer and the policy", "Reading the file", "Output"),
    ]
    for default in ("[default: text]", "[default: utf-8]", "[default: review]"):
        assert default in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_produced(shell, start):
    variables = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = start("--show-completion", shell, **variables)
    assert done.returncode == 0, done.stderr
    assert "fairreach" in done.stdout
    assert "_FAIRREACH_COMPLETE" in done.stdout


def test_every_metric_is_explained_by_its_name_and_its_code(run):
    for name, row in METRICS.items():
        by_name, by_code = run("explain", name), run("explain", row.code)
        assert by_name == by_code
        code, out, err = by_name
        assert (code, err) == (0, "")
        assert row.code in out
        assert name in out


def test_policies_are_listed_shown_and_checked(run):
    code, out, _ = run("policy", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(list_packs())
    for name in list_packs():
        code, out, err = run("policy", "show", name)
        assert (code, err) == (0, "")
        assert name in out
        assert max(map(len, out.splitlines())) <= 100
    with resources.as_file(resources.files("fairness.policy") / "packs") as packs:
        for file in sorted(packs.glob("*.toml")):
            code, out, err = run("policy", "check", file)
            assert (code, err) == (0, "")
            assert re.search(r"\d+ rules, valid\n", out)


PLANTED = {
    "app-cashback": (
        "block",
        "birth_date [60,inf)",
        "stage score, column channel_pref,",
    ),
    "loyalty-retention": (
        "clear",
        "no group differs",
        "verify: accepted; changed by one",
    ),
    "payday-loan": ("block", "ethnicity hispanic", "stage clauses, clause hardship,"),
    "spring-card": ("block", "ethnicity black", "stage clauses, clause area,"),
}


def test_the_demonstration_blocks_and_clears_and_names_the_culprits(folder, run):
    code, out, err = run("demo", "--out", "out")
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    for name, (verdict, *said) in PLANTED.items():
        found = re.search(rf"(\w+) {name} \(\w+\): (.*?) report: (\S+)", told)
        assert found[1].lower() == verdict
        assert all(text in found[2] for text in said)
        place = (folder.path / found[3]).parent
        assert verdict in (place / "report.html").read_text(encoding="utf-8").lower()
        released = sorted(path.name for path in place.glob("audience*"))
        kept = ["audience.csv", "audience.csv.certificate.json"]
        assert released == (kept if verdict == "clear" else [])
    assert run("demo", "--out", "out") == (0, out, "")
