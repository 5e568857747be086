"""What `fairreach keys` and `fairreach ledger` say and how they end."""

import stat
from datetime import date
from pathlib import Path

import pytest
import typer

from fairness.errors import InputError, RefusedError
from fairness.evidence import Ledger, load_key, load_trust, new_key
from pipelines.cli import exits
from pipelines.cli.keys import (
    list_people,
    new_person,
    revoke_key,
    trust_key,
    unlock,
)
from pipelines.cli.ledger import show_ledger, verify_file


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command as the shell would; return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FAIRREACH_PASSPHRASE", raising=False)

    def run(command, *words):
        app = typer.Typer()
        app.command()(command)
        code = typer.main.get_command(app).main(
            [str(w) for w in words], standalone_mode=False
        )
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.jsonl")
    for i in range(5):
        made.append("check", {"campaign": f"c{i}", "hidden": "\u202ebidi"})
    return made


def test_a_key_is_made_trusted_listed_and_revoked(run, tmp_path):
    code, out, err = run(new_person, "ann")
    assert code == exits.CLEAR
    key_id = out.split()[0]
    assert stat.S_IMODE(Path("keys/ann.key").stat().st_mode) == 0o600
    assert "never to be passed on: keys/ann.key" in err
    code, out, _ = run(trust_key, "keys/ann.pub", "--expires", "2099-01-31")
    assert (code, out) == (exits.CLEAR, f"{key_id}  ann\n")
    _, out, _ = run(list_people)
    assert out.startswith(f"{key_id}  ann  since ")
    assert out.endswith("until 2099-01-31\n")
    code, out, _ = run(revoke_key, "ann", "--on", "2026-11-20")
    assert (code, out) == (exits.CLEAR, f"{key_id}  ann  revoked 2026-11-20\n")
    assert "revoked 2026-11-20" in run(list_people)[1]
    assert load_trust(tmp_path / "trust.toml").people[0].revoked == date(2026, 11, 20)


def test_a_key_that_expired_is_listed_as_such(run, people):
    run(trust_key, people.folder / "keys" / "eve.pub", "--trust", "t.toml")
    text = Path("t.toml").read_text()
    added = next(line for line in text.splitlines() if line.startswith("added"))
    Path("t.toml").write_text(
        text.replace(added, "added = 2020-01-01\nexpires = 2020-01-02")
    )
    assert "expired 2020-01-02" in run(list_people, "--trust", "t.toml")[1]


@pytest.mark.parametrize(
    ("command", "words"),
    [(trust_key, ["x.pub", "--expires"]), (revoke_key, ["ann", "--on"])],
)
def test_a_day_that_is_none_is_told(run, command, words):
    with pytest.raises(InputError, match="'soon' is not a date"):
        run(command, *words, "soon")


def test_a_passphrase_comes_from_the_environment(run, monkeypatch):
    monkeypatch.setenv("FAIRREACH_PASSPHRASE", "a long walk")
    run(new_person, "ann", "--dir", "mine")
    assert unlock("mine/ann.key").name == "ann"
    monkeypatch.delenv("FAIRREACH_PASSPHRASE")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="has a passphrase"):
        unlock("mine/ann.key")
    monkeypatch.setenv("FAIRREACH_PASSPHRASE", "wrong")
    with pytest.raises(RefusedError, match="passphrase is wrong"):
        unlock("mine/ann.key")


def test_a_passphrase_is_asked_for_in_a_terminal_only(run, monkeypatch):
    with pytest.raises(InputError, match="cannot be asked for"):
        run(new_person, "ann", "--protect")
    assert not Path("keys").exists()
    monkeypatch.setattr("pipelines.cli.keys._is_terminal", lambda: True)
    asked = []
    monkeypatch.setattr(
        "typer.prompt", lambda what, **more: (asked.append(more), "a long walk")[1]
    )
    run(new_person, "ann", "--protect")
    assert unlock("keys/ann.key").name == "ann"
    assert [more["hide_input"] for more in asked] == [True, True]
    assert [more["confirmation_prompt"] for more in asked] == [True, False]
    with pytest.raises(InputError):
        load_key("keys/ann.key")


def test_a_key_without_passphrase_is_not_asked_for_one(tmp_path, monkeypatch):
    new_key("ann", tmp_path)
    monkeypatch.setattr("typer.prompt", None)
    assert unlock(tmp_path / "ann.key").name == "ann"


def test_the_ledger_is_shown_from_its_first_line_or_its_last(run, ledger):
    code, out, _ = run(show_ledger)
    lines = out.splitlines()
    assert (code, len(lines)) == (exits.CLEAR, 5)
    assert lines[0].split()[0] == "1"
    assert "check" in lines[0]
    assert '"campaign": "c0"' in lines[0]
    assert "\u202e" not in out
    assert run(show_ledger, ledger.path, "--last", "2")[1].splitlines() == lines[-2:]


def test_a_ledger_that_holds_is_told_with_its_anchor(run, ledger):
    code, out, _ = run(verify_file, ledger.path)
    last = list(ledger.entries())[-1]
    assert (code, out) == (
        exits.CLEAR,
        f"5 lines, all of which hold\nanchor {last.anchor}\n",
    )
    assert run(verify_file, ledger.path, "--anchor", last.anchor)[0] == exits.CLEAR


def test_a_ledger_that_does_not_hold_ends_with_the_code_of_a_refusal(run, ledger):
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join([lines[0], *lines[2:]]))
    code, out, _ = run(verify_file)
    assert code == exits.BLOCK
    assert "line 2: has seq 3: seq 2 is missing before it" in out
    assert "anchor" not in out
    with pytest.raises(RefusedError, match="line 2"):
        run(show_ledger)


def test_an_anchor_that_is_not_there_is_a_refusal(run, ledger):
    code, out, _ = run(verify_file, ledger.path, "--anchor", "3:sha256:" + "0" * 64)
    assert code == exits.BLOCK
    assert "has no line with seq 3" in out


def test_what_a_stopped_writer_left_is_a_note(run, ledger):
    with ledger.path.open("ab") as file:
        file.write(b"{")
    code, out, _ = run(verify_file)
    assert code == exits.CLEAR
    assert "note: 1 bytes after seq 5 are an unfinished line" in out
