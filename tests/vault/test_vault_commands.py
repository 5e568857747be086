"""What ``fairreach vault`` says and how it ends; vaults in other commands."""

import json
import shutil
from pathlib import Path

import pytest

from fairness.evidence import Ledger, seal_vault, verify_ledger
from pipelines.cli import exits
from pipelines.cli.app import run as run_command
from tests.campaigns.crm import write_campaign, write_crm

TWICE = ("--to", "ann=analyst", "--to", "ann=auditor")
COMMANDS = ("seal", "grant", "revoke", "rotate", "log")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, keys):
    """Run a command in a directory with a trust file and a CRM."""
    monkeypatch.chdir(tmp_path)
    for name in ("FAIRREACH_KEY", "FAIRREACH_TRUST", "FAIRREACH_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(keys.trust_file, tmp_path / "trust.toml")
    write_crm(tmp_path)

    def run(*words, key=None):
        options = [] if key is None else ["--key", str(keys.file(key))]
        code = run_command([*map(str, words), *options])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def sealed(run):
    words = ("vault", "seal", "protected.csv", "--out", "p.vault")
    code, out, err = run(
        *words, "--to", "ann=analyst", "--to", "olga=auditor", key="cora"
    )
    assert code == exits.CLEAR, err
    assert out.endswith("version 1  ann=analyst, cora=custodian, olga=auditor\n")
    assert "protected.csv still holds it in the clear" in err
    return Path("p.vault")


CHECK = ("check", "customers.csv", "--id", "customer_id", "--by", "group")
CHECK = (*CHECK, "--audience", "picked.csv", "--format", "json")


@pytest.fixture
def picked(run):
    ids = [f"C{i:05d}" for i in range(0, 4000, 3)]
    Path("picked.csv").write_text("\n".join(["customer_id", *ids]) + "\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run, command):
    code, out, _ = run("vault", command, "--help")
    assert code == exits.CLEAR
    assert f"fairreach vault {command}" in out.partition("Example")[2]


def test_people_come_and_go(run, sealed):
    code, out, _ = run("vault", "grant", sealed, "bob=analyst", key="cora")
    assert (code, out.split()[1:3]) == (exits.CLEAR, ["version", "2"])
    code, out, _ = run("vault", "revoke", sealed, "ann", key="cora")
    assert code == exits.CLEAR
    assert "ann" not in out
    code, out, _ = run("vault", "rotate", sealed, key="cora")
    assert (code, out.split()[1:3]) == (exits.CLEAR, ["version", "4"])
    assert verify_ledger("ledger.jsonl").ok


def test_a_refusal_ends_with_three_and_is_in_the_log(run, sealed):
    code, out, err = run("vault", "rotate", sealed, key="ann")
    assert (code, out) == (exits.BLOCK, "")
    assert "ann is an analyst, who may not rotate" in err
    code, out, _ = run("vault", "log", sealed, key="olga")
    assert code == exits.CLEAR
    assert "refusal  rotate  by ann (analyst)  version 1" in out
    code, out, err = run("vault", "log", key="ann")
    assert (code, out) == (exits.BLOCK, "")
    code, out, _ = run("vault", "log", key="cora")
    assert code == exits.CLEAR
    assert "seal done  by cora" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("seal", "protected.csv", "--out", "p.csv"), "does not end in .vault"),
        (("seal", "absent.csv", "--out", "q.vault"), "no such file"),
        (("seal", "protected.csv", "--out", "p.vault"), "is there already"),
        (("seal", "protected.csv", "--out", "q.vault", "--to", "ann"), "NAME=ROLE"),
        (("seal", "protected.csv", "--out", "q.vault", "--to", "ann=x"), "no role"),
        (
            ("seal", "protected.csv", "--out", "q.vault", *TWICE),
            "somebody twice",
        ),
        (("grant", "p.vault", "ann"), "NAME=ROLE"),
        (("grant", "p.vault", "zoe=analyst"), "not a person of the trust file"),
        (("revoke", "p.vault", "zoe"), "has no role in this vault"),
        (("rotate", "absent.vault"), "no such file"),
        (("rotate", "p.vault", "--trust", "absent.toml"), "no such file"),
        (("log", "--ledger", "absent.jsonl"), "no such file"),
    ],
)
def test_what_cannot_be_done_ends_with_two_and_says_why(run, sealed, words, told):
    code, out, err = run("vault", *words, key="cora")
    assert (code, out) == (exits.USAGE, "")
    assert told in err


def test_a_key_is_needed(run, sealed):
    code, _, err = run("vault", "rotate", sealed)
    assert code == exits.USAGE
    assert "--key: is missing" in err


def test_a_check_of_a_vault_says_what_one_of_the_file_says(run, sealed, picked):
    clear = run(*CHECK, "--protected", "protected.csv")
    code, out, err = run(
        *CHECK, "--protected", sealed, "--purpose", "spring", key="ann"
    )
    assert (code, out) == clear[:2]
    assert code in (exits.CLEAR, exits.BLOCK, exits.REVIEW), err
    line = list(Ledger("ledger.jsonl").entries())[-1]
    assert (line.kind, line.body["purpose"]) == ("vault-access", "spring")


def test_a_check_of_a_vault_needs_key_and_purpose(run, sealed, picked):
    code, _, err = run(*CHECK, "--protected", sealed, key="ann")
    assert (code, "--purpose: is missing" in err) == (exits.USAGE, True)
    code, _, err = run(*CHECK, "--protected", sealed, "--purpose", "spring")
    assert (code, "--key: is missing" in err) == (exits.USAGE, True)
    code, _, err = run(*CHECK, "--protected", sealed, "--purpose", "x", key="eve")
    assert (code, "not sealed to the key of eve" in err) == (exits.BLOCK, True)


def test_cells_under_five_are_hidden_in_what_comes_out(run, keys, picked):
    lines = Path("protected.csv").read_text().splitlines()
    lines[1:4] = [f"{line.split(',')[0]},rare" for line in lines[1:4]]
    Path("rare.csv").write_text("\n".join(lines) + "\n")
    code, _, err = run("vault", "seal", "rare.csv", "--out", "p.vault", key="cora")
    assert code == exits.CLEAR, err
    code, out, err = run(*CHECK, "--protected", "p.vault", "--purpose", "x", key="cora")
    assert code in (exits.CLEAR, exits.BLOCK, exits.REVIEW), err
    groups = {one["group"]: one["n"] for one in json.loads(out)["groups"]}
    assert "rare" not in groups or groups["rare"] is None
    assert not any(n is not None and n < 5 for n in groups.values())


def test_a_campaign_runs_from_a_vault(run, sealed):
    campaign = write_campaign(Path(), "clear")
    code, out, _ = run("run", campaign, "--out", "one", "--format", "json", key="ann")
    assert code == exits.CLEAR
    text = campaign.read_text().replace("protected.csv", "p.vault")
    campaign.write_text(text)
    Path("protected.csv").unlink()
    code, other, err = run(
        "run", campaign, "--out", "two", "--format", "json", key="ann"
    )
    assert code == exits.CLEAR, err
    assert json.loads(out)["groups"] == json.loads(other)["groups"]
    assert Path("two/clear/audience.csv").is_file()
    access = [one for one in Ledger("ledger.jsonl").entries() if "purpose" in one.body]
    assert access[-1].body["purpose"] == "clear: audit"
    assert access[-1].body["by"] == "ann"


def test_a_campaign_without_leave_to_open_the_vault_releases_nothing(run, sealed):
    campaign = write_campaign(Path(), "clear")
    campaign.write_text(campaign.read_text().replace("protected.csv", "p.vault"))
    for key, wanted in ((None, exits.USAGE), ("eve", exits.BLOCK)):
        code, _, err = run("run", campaign, "--out", "out", key=key)
        assert code == wanted, err
        assert not list(Path("out").rglob("audience*"))
        last = list(Ledger("out/ledger.jsonl").entries())[-1]
        assert last.kind == "refusal"


def test_the_ledger_of_the_campaign_is_that_of_the_vault_where_it_knows_it(run, keys):
    Path("out").mkdir()
    seal_vault(
        "protected.csv", "p.vault", signer=keys.ann, trust=keys.trust,
        ledger="out/ledger.jsonl",
    )  # fmt: skip
    campaign = write_campaign(Path(), "clear")
    campaign.write_text(campaign.read_text().replace("protected.csv", "p.vault"))
    code, _, err = run("run", campaign, "--out", "out", key="ann")
    assert code == exits.CLEAR, err
    kinds = [one.kind for one in Ledger("out/ledger.jsonl").entries()]
    assert kinds == ["vault", "vault", "vault-access", "check", "release"]
    assert not Path("ledger.jsonl").exists()


def test_a_batch_and_what_was_delivered_read_the_vault_too(run, sealed):
    campaign = write_campaign(Path(), "clear")
    campaign.write_text(campaign.read_text().replace("protected.csv", "p.vault"))
    code, _, err = run("batch", campaign, "--out", "out", key="ann")
    assert code == exits.CLEAR, err
    sent = "out/clear/audience.csv"
    code, _, err = run("delivered", campaign, sent, "--out", "out", key="ann")
    assert code == exits.CLEAR, err
    code, _, err = run("delivered", campaign, sent, "--out", "out")
    assert code == exits.USAGE
    assert "which opens with a key alone" in err


def test_messages_tell_no_value_of_a_vault(run, keys, picked):
    lines = Path("protected.csv").read_text().splitlines()
    lines[7] = f"{lines[7].split(',')[0]},Wappen'schawing Zyzzyva"
    Path("odd.csv").write_text("\n".join(lines) + "\n")
    words = ("vault", "seal", "odd.csv", "--out", "p.vault", "--to", "ann=analyst")
    assert run(*words, key="cora")[0] == exits.CLEAR
    words = (*CHECK, "--protected", "p.vault", "--purpose", "x", "--bands", "group=1")
    code, out, err = run(*words, key="ann")
    assert (code, out) == (exits.USAGE, "")
    assert "values that are not numbers: '…'" in err
    assert "Zyzzyva" not in err
    campaign = write_campaign(Path(), "clear")
    text = campaign.read_text().replace("protected.csv", "p.vault")
    campaign.write_text(
        text.replace("[protected]\n", "[protected]\nbands.group = [1]\n")
    )
    code, out, err = run("batch", campaign, "--out", "out", key="ann")
    assert code == exits.USAGE
    assert "Zyzzyva" not in out + err
    for path in Path("out").rglob("*"):
        if path.is_file():
            assert b"Zyzzyva" not in path.read_bytes(), path


def test_a_vault_in_place_of_a_table_is_said_to_be_one(run, sealed):
    code, _, err = run("check", sealed, "--by", "group", "--selected", "x")
    assert code == exits.USAGE
    assert "is a vault, which opens with a key" in err
