"""What is held of one customer, and taking it out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairness.evidence import (
    add_person,
    certificate_path,
    load_trust,
    new_key,
    verify_ledger,
)
from pipelines.cli.app import run as command
from pipelines.notices import erase_person, held_of
from pipelines.release import Authority, carry_out

CLAUSES = 'schema = "fairreach/campaign/1"\nname = "one"\nowner = "olga"\n'


@pytest.fixture
def released(tmp_path):
    """A campaign with a released audience and a row that was set aside."""
    ids = [f"C{i:05d}" for i in range(4000)]
    rows = [f"{one},{i % 8}" for i, one in enumerate(ids)]
    (tmp_path / "customers.csv").write_text("\n".join(["customer_id,orders", *rows]))
    rows = [f"{one},{'ab'[i % 2]}" for i, one in enumerate(ids)]
    rows += [f"{ids[5]},b"]
    (tmp_path / "protected.csv").write_text("\n".join(["customer_id,group", *rows]))
    (tmp_path / "one.toml").write_text(
        CLAUSES + 'as_of = 2026-11-01\n[offer]\nname = "x"\npolarity = "beneficial"\n'
        '[tables]\ncustomers = "customers.csv"\nprotected = "protected.csv"\n'
        '[protected]\nby = ["group"]\n[funnel]\nclauses = "orders >= 4"\n'
    )
    keys = tmp_path / "keys"
    ann = new_key("ann", keys)
    add_person(tmp_path / "trust.toml", ann)
    trust = load_trust(tmp_path / "trust.toml")
    out = tmp_path / "out"
    outcome = carry_out(tmp_path / "one.toml", out, authority=Authority(ann, trust))
    assert outcome.released is not None
    return out


def test_everything_that_is_held_is_found_and_nothing_of_others(released):
    found = held_of(released, "C00005")
    kinds = {one.kind: one for one in found}
    assert set(kinds) == {"audience", "quarantine"}
    assert kinds["audience"].rows == ({"customer_id": "C00005"},)
    assert all(row["customer_id"] == "C00005" for row in kinds["quarantine"].rows)
    assert held_of(released, "C00000") == ()
    assert held_of(released, "C0000") == ()


def test_erasing_leaves_nothing_behind_and_says_so_in_the_ledger(released):
    done = erase_person(released, "C00005")
    assert held_of(released, "C00005") == ()
    assert done.withdrawn == ("one/audience.csv",)
    assert not certificate_path(released / "one" / "audience.csv").exists()
    assert verify_ledger(released / "ledger.jsonl").ok
    last = json.loads((released / "ledger.jsonl").read_text().splitlines()[-1])
    assert last["kind"] == "erasure"
    for path in released.rglob("*"):
        if path.is_file():
            assert b"C00005" not in path.read_bytes(), path


def test_what_is_not_looked_into_is_told(released):
    (released / "old").mkdir()
    (released / "old" / "audience.csv.sealed").write_bytes(b"fairreach/sealed/1\n{}\n")
    (released / "old" / "audience.csv.sealed.certificate.json").write_text("{}")
    found = [one for one in held_of(released, "C00005") if one.unread]
    assert not found or "sealed" in found[0].unread


def test_a_link_out_of_the_directory_is_not_followed(released, tmp_path):
    (tmp_path / "elsewhere.csv").write_text("customer_id\nC00005\n")
    (released / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    erase_person(released, "C00005")
    assert (tmp_path / "elsewhere.csv").read_text() == "customer_id\nC00005\n"


def test_the_commands_answer(released, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert command(["person", "why", "one.toml", "C00005", "--out", "out"]) == 0
    assert capsys.readouterr().out.startswith("You were chosen")
    assert command(["person", "export", "C00005", "--out", "out"]) == 0
    assert json.loads(capsys.readouterr().out)["customer"] == "C00005"
    assert command(["person", "erase", "C00005", "--out", "out"]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert command(["person", "erase", "C00005", "--out", "out", "--yes"]) == 0
    assert "erased" in capsys.readouterr().out
    assert command(["person", "export", " ", "--out", "out"]) == 2
    assert command(["notice", "one.toml", "--kind", "dpia", "--report",
                    "out/one/report.json"]) == 0  # fmt: skip
    assert "came to: clear" in capsys.readouterr().out
    assert (
        command(["notice", "one.toml", "--kind", "dpia", "--report", "one.toml"]) == 2
    )


@pytest.mark.parametrize(
    "words",
    [
        ["notice"],
        ["person"],
        ["person", "why"],
        ["person", "export"],
        ["person", "erase"],
    ],
    ids=" ".join,
)
def test_the_help_has_examples(words):
    told = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words, "--help"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    ).stdout  # fmt: skip
    assert f"fairreach {words[0]}" in told
