"""The contract's code, and the README's blocks, word for word."""

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import pytest

import fairness as fa
from pipelines.cli.app import run
from tests.documents import blocks, commands, missing_line

mpl.use("agg")

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

CONTRACT = """
import pandas as pd
import fairness as fa

customers = pd.read_csv("data/samples/customers.csv")           # no protected attribute in here
protected = pd.read_csv("data/samples/protected.csv")           # customer_id, birth_date, gender, ethnicity
audience = pd.read_csv("data/samples/audiences/spring_card.csv")

audit = fa.audit(
    customers, audience=audience, id="customer_id", protected=protected,
    by=["gender", "birth_date", "ethnicity"], bands={"birth_date": [18, 30, 45, 60]}, as_of="2026-11-01",
    intersections=2, offer="beneficial", strata=["tenure_band"],
)
audit                                    # table in a terminal, HTML in a notebook
audit.frame()                            # tidy: one row a finding
decision = audit.gate("us-four-fifths")  # a pack, a file or a Policy
decision.verdict                         # "block"
"""

AFTER = """
audit.plot.ratios("ethnicity")           # matplotlib Axes
audit.to_metric_frame("ethnicity").by_group   # fairlearn's MetricFrame, made from the counts as weighted rows
"""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_the_contract_runs_word_for_word():
    names: dict[str, object] = {}
    exec(CONTRACT, names)
    decision = names["decision"]
    assert decision.verdict == "block"
    with pytest.raises(fa.AudienceBlockedError):
        exec("decision.raise_for_verdict()", names)
    exec(AFTER, names)
    assert "ethnicity" in repr(names["audit"])
    assert "<table" in names["audit"]._repr_html_()
    frame = names["audit"].frame()
    assert len(frame) == len(names["audit"].findings)
    assert type(exec_value("audit.plot.ratios('ethnicity')", names)).__name__ == "Axes"


def exec_value(code: str, names: dict[str, object]) -> object:
    return eval(code, names)


def test_python_blocks_of_the_readme_run_one_after_the_other():
    names: dict[str, object] = {}
    for block in blocks(README, "python"):
        exec(block.text, names)
    assert names["decision"].verdict == "block"
    proxies = names["audit"].checks("proxy_ratio")
    assert proxies.set_index(["column", "group"]).loc[
        ("postcode", "black"), "estimate"
    ] == (pytest.approx(0.59, abs=0.005))


COMMANDS = [
    found for block in blocks(README, "console") for found in commands(block.text)
]


@pytest.mark.parametrize(
    ("command", "shown"),
    [(c, s) for c, s in COMMANDS if c.startswith("fairreach ")],
    ids=lambda text: text[:30],
)
def test_console_blocks_of_the_readme_print_what_they_show(command, shown, capsys):
    run(shlex.split(command)[1:])
    assert missing_line(shown, capsys.readouterr().out) is None


def test_other_commands_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    others = [c for c, _ in COMMANDS if not c.startswith("fairreach ")]
    targets = [c.split()[1] for c in others if c.startswith("make ")]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_files_named_in_the_readme_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
