"""Who may do what with a vault, and what of it stands in the ledger."""

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fairness as fa
from fairness.errors import InputError, RefusedError
from fairness.evidence import (
    Ledger,
    export_vault,
    knows_vault,
    open_vault,
    vault_log,
    verify_ledger,
)
from tests.vault.conftest import DAY, NOW, PEOPLE, small_table


@pytest.mark.parametrize("who", ["ann", "olga", "cora", "dave"])
def test_every_member_opens_what_was_sealed(vault, who):
    assert vault.open(who).equals(vault.table)
    (line,) = vault.lines("vault-access")
    assert line["by"] == who
    assert line["role"] == {"cora": "custodian", **PEOPLE}[who]
    assert line["purpose"] == "a check"
    assert (line["vault"], line["version"]) == (vault.state.vault, 1)
    assert line["digest"] == vault.state.digest


def test_the_file_is_private_and_holds_nothing_in_the_clear(vault):
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600
    raw = vault.path.read_bytes()
    for column in vault.table.columns:
        for value in set(column.to_pylist()):
            if len(value) > 4:
                assert value.encode() not in raw
    assert b"ethnicity" not in raw
    assert b"PAR1" not in raw


def test_no_two_vaults_of_one_table_are_alike(unsealed):
    first = unsealed.seal()
    raw = unsealed.path.read_bytes()
    unsealed.path.unlink()
    second = unsealed.seal()
    assert first.vault != second.vault
    assert raw.split(b"\n", 2)[2] != unsealed.path.read_bytes().split(b"\n", 2)[2]


@pytest.mark.parametrize(
    "made",
    [
        lambda table, folder: table,
        lambda table, folder: pd.DataFrame(table.to_pydict()),
        lambda table, folder: pl.from_arrow(table),
        lambda table, folder: _written(table, folder / "a.parquet"),
        lambda table, folder: str(_written(table, folder / "a.csv")),
    ],
    ids=["arrow", "pandas", "polars", "parquet", "csv"],
)
def test_tables_of_every_kind_are_sealed(unsealed, tmp_path, made):
    unsealed.seal(table=made(unsealed.table, tmp_path))
    assert unsealed.open().to_pydict() == unsealed.table.to_pydict()


def _written(table, path):
    if path.suffix == ".csv":
        pl.from_arrow(table).write_csv(path)
    else:
        pq.write_table(table, path)
    return path


def test_a_csv_gives_the_same_audit_from_the_vault(unsealed, tmp_path):
    rows = 4_000
    lines = ["id,gender,born,code"]
    lines += [
        f"{i},{'fm?'[i % 3] if i % 7 else ''},{1950 + i % 50}-03-04,0{i % 4}"
        for i in range(rows)
    ]
    beside = tmp_path / "protected.csv"
    beside.write_text("\n".join(lines) + "\n")
    data = pa.table({"id": range(rows), "picked": [i % 3 == 0 for i in range(rows)]})
    unsealed.seal(table=beside)
    told = [
        fa.audit(
            data, selected="picked", id="id", protected=protected,
            by=["gender", "born", "code"], bands={"born": [30, 50]},
            as_of="2026-11-01", offer="beneficial", intersections=2,
        ).gate("us-four-fifths").to_dict()
        for protected in (str(beside), unsealed.open())
    ]  # fmt: skip
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (pa.table({"a": pa.array([], pa.string())}), "has no rows"),
        (pa.Table.from_arrays([[1], [2]], names=["a", "a"]), "of the same name"),
        (object(), "is a object, not a table"),
        ("absent.csv", "no such file"),
    ],
)
def test_what_is_no_table_is_not_sealed(unsealed, table, what):
    with pytest.raises(InputError, match=what):
        unsealed.seal(table=table)
    assert not unsealed.path.exists()


def test_a_table_of_a_database_has_to_be_exported_first(unsealed, tmp_path):
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("CREATE TABLE people (id TEXT)")
    database.close()
    with pytest.raises(InputError, match="is a table of a database"):
        unsealed.seal(table=f"sqlite:///{tmp_path / 'crm.db'}#people")


def test_no_vault_is_overwritten(vault):
    with pytest.raises(InputError, match="is there already"):
        vault.seal()
    assert vault.open().equals(vault.table)


@pytest.mark.parametrize(
    ("people", "what"),
    [
        ({"ann": "owner"}, "'owner' is no role"),
        ({"nobody": "analyst"}, "is not a person of the trust file"),
        ({"cora": "analyst"}, "cora seals it, and is therefore custodian"),
    ],
)
def test_a_role_that_is_none_is_told(unsealed, people, what):
    with pytest.raises(InputError, match=what):
        unsealed.seal(people)


@pytest.mark.parametrize("purpose", ["", " \n", None, "x" * 501])
def test_nothing_opens_without_a_purpose(vault, purpose):
    with pytest.raises(InputError, match="purpose"):
        vault.open(purpose=purpose)
    assert vault.lines("vault-access") == []


@pytest.mark.parametrize("who", ["ann", "olga"])
@pytest.mark.parametrize(
    "act",
    [
        lambda vault, who: vault.grant("eve", "analyst", who),
        lambda vault, who: vault.grant(who, "custodian", who),
        lambda vault, who: vault.revoke("dave", who),
        lambda vault, who: vault.rotate(who),
        lambda vault, who: vault.open(who, how=export_vault),
    ],
    ids=["grant", "promote", "revoke", "rotate", "export"],
)
def test_only_custodians_change_a_vault_or_take_rows_out(vault, who, act):
    raw = vault.path.read_bytes()
    with pytest.raises(RefusedError, match="who may not"):
        act(vault, who)
    assert vault.path.read_bytes() == raw
    (line,) = vault.refusals
    assert (line["by"], line["role"]) == (who, PEOPLE[who])


def test_a_custodian_takes_rows_out_and_the_ledger_says_so(vault):
    assert vault.open("dave", how=export_vault).equals(vault.table)
    assert vault.lines("vault-access")[0]["action"] == "export"


def test_who_is_granted_opens_and_who_is_revoked_does_not(vault):
    assert vault.grant("bob", "analyst").version == 2
    assert vault.open("bob").equals(vault.table)
    state = vault.revoke("bob", who="dave")
    assert state.version == 3
    assert "bob" not in state.people
    with pytest.raises(RefusedError, match="not sealed to the key of bob"):
        vault.open("bob")
    assert vault.refusals[-1]["by"] == "bob"
    assert vault.open("ann").equals(vault.table)


def test_revoking_makes_a_new_data_key(vault, keys):
    """The keys that the revoked could unwrap open nothing of the new file."""
    from fairness.evidence.chunks import cipher_of, opened_chunks
    from fairness.evidence.vault_file import read_vault
    from fairness.evidence.wrapping import unwrap_key

    def parts():
        raw = vault.path.read_bytes()
        return read_vault(raw, vault.trust, NOW + timedelta(days=1), "v")

    before = parts()
    bound = b"fairreach/vault/1\n" + before.charter.digest.encode()
    old = unwrap_key(before.keys, keys.ann, bound)
    vault.revoke("ann")
    after = parts()
    assert after.salt != before.salt
    assert after.body != before.body
    bound = b"fairreach/vault/1\n" + after.charter.digest.encode()
    with pytest.raises(RefusedError, match="not sealed"):
        unwrap_key(after.keys, keys.ann, bound)
    import io

    with pytest.raises(RefusedError, match="was changed"):
        list(
            opened_chunks(io.BytesIO(after.body), cipher_of(old, after.salt, bound), "")
        )


def test_a_role_is_changed_by_granting_another(vault):
    assert vault.grant("ann", "custodian").people["ann"] == "custodian"
    assert vault.rotate("ann").version == 3
    assert vault.grant("cora", "analyst", who="ann").people["cora"] == "analyst"
    with pytest.raises(RefusedError, match="cora is an analyst"):
        vault.rotate("cora")


def test_granting_what_one_has_makes_no_new_version(vault):
    assert vault.grant("ann", "analyst").version == 1
    assert len(vault.lines("vault")) == 2


def test_the_last_custodian_stays(vault):
    vault.revoke("dave")
    for act in (lambda: vault.revoke("cora"), lambda: vault.grant("cora", "auditor")):
        with pytest.raises(RefusedError, match="would be left without custodian"):
            act()
    assert len(vault.refusals) == 2
    assert vault.rotate().version == 3


def test_revoking_a_stranger_is_told_with_the_names(vault):
    with pytest.raises(InputError, match="'eve' has no role in this vault"):
        vault.revoke("eve")


def test_a_key_that_has_ended_opens_nothing(vault):
    vault.ended("ann", DAY)
    vault.at += timedelta(days=1)
    with pytest.raises(RefusedError, match="key of ann was revoked"):
        vault.open("ann")
    assert vault.refusals[0]["by"] == "ann"


def test_who_has_no_key_any_more_is_left_out_by_rotating(vault):
    vault.ended("ann", DAY)
    vault.at += timedelta(days=1)
    state = vault.rotate()
    assert state.left_out == ("ann",)
    assert "ann" not in state.people


def test_an_old_charter_counts_though_its_custodian_has_left(vault):
    vault.ended("cora", DAY)
    vault.at += timedelta(days=1)
    assert vault.rotate("dave").left_out == ("cora",)
    assert vault.open("ann").equals(vault.table)


def test_nobody_seals_with_a_key_that_is_not_trusted(unsealed):
    with pytest.raises(RefusedError, match="which the trust file lacks"):
        unsealed.seal({}, who="mallory")
    assert unsealed.refusals[0]["by"] == "mallory"
    assert not unsealed.path.exists()


def test_a_vault_needs_the_ledger_it_was_sealed_under(vault, tmp_path, keys):
    other = Ledger(tmp_path / "other.jsonl")
    assert not knows_vault(other.path, vault.path)
    assert knows_vault(vault.ledger.path, vault.path)
    with pytest.raises(RefusedError, match="the ledger does not know this vault"):
        open_vault(
            vault.path,
            keys.ann,
            purpose="x",
            trust=keys.trust,
            ledger=other,
            now=vault.at,
        )
    assert [one.kind for one in other.entries()] == ["vault-refusal"]


def test_the_log_is_for_auditors_and_custodians(vault, keys):
    vault.open("ann")
    at = NOW + timedelta(minutes=1)
    for who in ("olga", "cora"):
        for path in (None, vault.path):
            lines = vault_log(
                vault.ledger, signer=keys.signers[who], trust=keys.trust, path=path,
                now=at,
            )  # fmt: skip
            assert [one.kind for one in lines[:3]] == ["vault", "vault", "vault-access"]
    read = [one for one in vault.lines("vault-access") if one["action"] == "log"]
    assert [one["by"] for one in read] == ["olga", "olga", "cora", "cora"]
    for path in (None, vault.path):
        with pytest.raises(RefusedError, match="ann"):
            vault_log(
                vault.ledger, signer=keys.ann, trust=keys.trust, path=path, now=at
            )
    assert [one["by"] for one in vault.refusals] == ["ann", "ann"]


def test_the_log_has_refusals_of_files_that_no_longer_say_what_they_are(vault, keys):
    raw = vault.path.read_bytes()
    vault.path.write_bytes(b"x" * 200 + raw[200:])
    with pytest.raises(RefusedError):
        vault.open("ann")
    vault.path.write_bytes(raw)
    for path in (None, vault.path):
        lines = vault_log(
            vault.ledger, signer=keys.olga, trust=keys.trust, path=path, now=vault.at
        )
        (line,) = [one for one in lines if one.kind == "vault-refusal"]
        assert (line.body["by"], line.body["vault"]) == ("ann", None)


def test_no_value_of_the_table_is_in_the_ledger(vault):
    vault.open("ann")
    vault.grant("bob", "analyst")
    vault.revoke("bob")
    with pytest.raises(RefusedError):
        vault.open("bob")
    raw = vault.ledger.path.read_bytes()
    for column in small_table().columns:
        for value in set(column.to_pylist()):
            assert len(value) < 4 or value.encode() not in raw
    assert verify_ledger(vault.ledger.path).ok


def test_nothing_is_handed_out_that_cannot_be_written_down(vault):
    with vault.ledger.path.open("ab") as file:
        file.write(vault.ledger.path.read_bytes())
    with pytest.raises(RefusedError):
        vault.open("ann")


def test_a_directory_that_is_not_there_is_told(unsealed, tmp_path):
    unsealed.path = tmp_path / "absent" / "p.vault"
    with pytest.raises(InputError, match="cannot be written"):
        unsealed.seal()


def test_what_cannot_be_put_in_place_leaves_the_old_one(vault, monkeypatch):
    import os

    raw = vault.path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        real = os.fsync

        def fsync(handle):
            name = str(Path(f"/proc/self/fd/{handle}").readlink())
            if name.endswith(".vault.new"):
                full(handle)
            real(handle)

        patched.setattr(os, "fsync", fsync)
        with pytest.raises(InputError, match="No space left on device"):
            vault.rotate()
    assert vault.path.read_bytes() == raw
    assert not vault.path.with_name(".protected.vault.new").exists()
    assert vault.open("ann").equals(vault.table)
    assert vault.rotate().version == 2


def test_a_vault_behind_a_link_is_replaced_where_the_link_is(vault, tmp_path):
    """Nothing is written through a link to a place that nobody named."""
    elsewhere = tmp_path / "elsewhere"
    vault.path.rename(elsewhere)
    vault.path.symlink_to(elsewhere)
    raw = elsewhere.read_bytes()
    vault.rotate()
    assert not vault.path.is_symlink()
    assert elsewhere.read_bytes() == raw
    assert vault.open("ann").equals(vault.table)


def test_large_tables_are_sealed_in_pieces(unsealed):
    import os

    rows = 3_000
    table = pa.table(
        {"id": range(rows), "noise": [os.urandom(1000) for _ in range(rows)]}
    )
    unsealed.seal(table=table)
    assert unsealed.path.stat().st_size > 2 << 20
    assert unsealed.open("ann").equals(table)


def test_lines_of_kind_vault_that_are_none_change_nothing(vault):
    body = vault.lines("vault")[-1]
    for wrong in (
        {"step": "done", "vault": vault.state.vault},
        body | {"version": "2"},
        body | {"version": 2, "digest": "sha256:x"},
        body | {"version": 2, "members": []},
        body | {"version": 2, "step": "perhaps"},
        body | {"vault": None},
    ):
        vault.ledger.append("vault", wrong)
    assert vault.open("ann").equals(vault.table)
