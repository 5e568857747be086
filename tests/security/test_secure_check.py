"""The audit as a whole: what it never does, what it keeps, how it ends."""

import io
import json
import os
import socket
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import Ledger, verify_ledger
from pipelines.cli import exits
from pipelines.cli.app import run as run_command
from pipelines.security import last_secure_check, secure_check
from pipelines.security import walking as walking_room
from tests.security.conftest import NOW

PEOPLE = "customer_id,gender\nC1,f\n"


def test_an_empty_directory_is_clean(folder):
    report = folder.check()
    assert report.ok
    assert (report.files, report.findings) == (0, ())
    assert report.text() == "0 files looked at: 0 block, 0 warn, 0 note\n"


@pytest.mark.parametrize("name", ["absent", "a\0b", ""])
def test_what_is_no_directory_is_told(folder, name, tmp_path):
    where = str(tmp_path / name) if name else str(folder.write("file"))
    with pytest.raises(InputError, match="no such directory"):
        secure_check(where)


def test_links_are_not_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "p.csv").write_text(PEOPLE)
    (folder.path / "link.csv").symlink_to(outside / "p.csv")
    (folder.path / "directory").symlink_to(outside)
    (folder.path / "loop").symlink_to(folder.path)
    (folder.path / "nowhere").symlink_to("/absent")
    assert folder.found() == [("note", "not-looked-at", ".")]
    assert "4 links" in folder.check().text()


def test_a_file_exchanged_for_a_link_is_not_read(folder, tmp_path):
    secret = tmp_path / "outside.csv"
    secret.write_text(PEOPLE)
    path = folder.write("p.csv", "a,b\n1,2\n")
    (file,) = walking_room.Walk(folder.path).files()
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(OSError, match=r"symbolic link"):
        file.start(10)


def test_pipes_sockets_and_devices_are_not_opened(folder):
    os.mkfifo(folder.path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as one:
        before = Path.cwd()
        os.chdir(folder.path)
        try:
            one.bind("s.csv")
        finally:
            os.chdir(before)
        assert folder.found() == []


HOSTILE = [
    "new\nline.csv",
    "\x1b[31mred.csv",
    "\u202egnp.csv",
    "-rf.csv",
    "$(touch x).csv",
    "a; rm b.csv",
    "[bold]x[/bold].csv",
    "ü" * 80 + ".csv",
    os.fsdecode(b"bad\xff.csv"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_told_without_harm(folder, name, capsys):
    folder.write(name, PEOPLE)
    report = folder.check()
    assert report.counts["block"] == 1
    text = report.text()
    for char in ("\x1b", "\u202e"):
        assert char not in text
    assert text.count("\n") == 5
    (finding,) = report.findings
    # A name that a shell would take apart is in no hint.
    assert finding.hint.startswith("seal it: fairreach vault seal FILE ")
    json.dumps(report.to_dict(), ensure_ascii=False).encode()
    assert run_command(["secure-check", str(folder.path)]) == exits.BLOCK
    assert "\x1b" not in capsys.readouterr().out


def test_huge_files_are_read_in_part(folder):
    """A sparse terabyte, and gzip that unpacks to a gigabyte."""
    import gzip

    path = folder.write("big.csv", PEOPLE)
    os.truncate(path, 1 << 40)
    folder.write("big.json", "{}\n" * (1 << 21))
    path = folder.write("big.parquet", b"PAR1")
    os.truncate(path, 1 << 40)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        file.write(b"id,channel,effective_to\n")
        for _ in range(300):
            file.write(bytes(1 << 20))
    folder.write("bomb.csv.gz", packed.getvalue())
    found = folder.found()
    assert ("block", "unsealed-protected", "big.csv") in found
    assert {one[2] for one in found if one[0] == "note"} == {"big.json"}


@pytest.mark.parametrize(
    "raw",
    [
        b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1",
        b"PAR1" + b"\x00" * 100 + b"\x10\x00\x00\x00PAR1",
        b"PAR1",
        b"PAR1PAR1",
        b"\x1f\x8b" + b"\x00" * 40,
        b'"' * 100_000,
        b"," * 1_000_000,
        bytes(range(256)) * 400,
    ],
)
@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.toml", "a.json"])
def test_broken_files_are_no_findings_and_no_crash(folder, raw, name):
    folder.write(name, raw)
    assert [one for one in folder.found() if one[0] == "block"] == []


@pytest.mark.parametrize(
    "piece", ["a://", "eyJ-", "xoxb-", "password=", "x@", "-eyJaaaaaaaaa", "a.", '"']
)
def test_texts_made_to_be_searched_for_ever_are_not(folder, piece):
    folder.write("a.toml", piece * ((1 << 22) // len(piece)))
    folder.write("b.csv", piece * ((1 << 20) // len(piece)))
    start = datetime.now(tz=UTC)
    folder.check()
    assert datetime.now(tz=UTC) - start < timedelta(seconds=30)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_said(folder):
    folder.write("p.csv", PEOPLE, 0)
    assert folder.found() == [("warn", "not-looked-at", "p.csv")]


def test_what_could_not_be_read_is_said(folder, monkeypatch):
    folder.write("p.csv", PEOPLE)

    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(walking_room.File, "opened", refused)
    (finding,) = folder.check().findings
    assert finding.what == "cannot be read: Permission denied"


def test_too_many_files_are_said(folder, monkeypatch):
    monkeypatch.setattr(walking_room, "MOST_FILES", 3)
    for i in range(5):
        folder.write(f"{i}.csv", PEOPLE)
    report = folder.check()
    assert report.files == 3
    assert "more than 3 files" in report.text()


def test_directories_of_programs_are_left_out_and_said(folder):
    folder.write(".git/config", "url = https://ann:Kq7vTz9wLm2@host/x\n")
    folder.write("node_modules/p.csv", PEOPLE)
    assert folder.found() == [("note", "not-looked-at", ".")]


def test_what_a_stopped_process_left_is_found(folder):
    folder.write(".fairreach-x8fk", "customer_id\nC1\n")
    assert folder.found() == [("warn", "leftover", ".fairreach-x8fk")]


def test_nothing_is_changed(folder):
    folder.write("p.csv", PEOPLE, 0o644)
    folder.write("sub/.env", "TOKEN=Kq7vTz9wLm2\n")

    def state():
        return {
            path: (path.lstat().st_mode, path.lstat().st_mtime_ns)
            for path in folder.path.rglob("*")
        }

    before = state()
    folder.check()
    assert state() == before


def test_findings_come_worst_first_and_each_once(folder):
    folder.write("b.csv", PEOPLE, 0o644)
    folder.write("a.csv", "customer_id\nC1\n", 0o640)
    (folder.path / "link").symlink_to("b.csv")
    found = folder.found()
    assert [one[0] for one in found] == ["block", "block", "warn", "note"]
    assert len(set(found)) == 4


def test_progress_is_told(folder):
    for i in range(4):
        folder.write(f"{i}.csv", PEOPLE)
    told = []
    folder.check(watch=told.append)
    assert told == [1, 2, 3, 4]


def test_each_run_is_a_line_of_counts(folder, tmp_path):
    folder.write("p.csv", PEOPLE, 0o644)
    ledger = tmp_path / "ledger.jsonl"
    assert last_secure_check(ledger) is None
    folder.check(ledger=ledger)
    assert last_secure_check(ledger) == (date(2026, 11, 24), 2)
    folder.path.joinpath("p.csv").unlink()
    folder.check(ledger=ledger, now=NOW + timedelta(days=3))
    assert last_secure_check(ledger) == (date(2026, 11, 27), 0)
    first, _ = Ledger(ledger).entries()
    assert first.body == {
        "files": 1,
        "counts": {"block": 2, "warn": 0, "note": 0},
        "kinds": {"readable-personal": 1, "unsealed-protected": 1},
    }
    assert verify_ledger(ledger).ok


def test_a_ledger_that_does_not_hold_tells_of_no_audit(folder, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    folder.check(ledger=ledger)
    ledger.write_bytes(ledger.read_bytes().replace(b'"block":0', b'"block":9'))
    with pytest.raises(RefusedError):
        last_secure_check(ledger)
    found = folder.found(ledger=ledger)
    assert found == [("block", "broken-ledger", "ledger.jsonl")]


def test_the_command_ends_as_it_says(folder, capsys, tmp_path):
    assert run_command(["secure-check", str(folder.path)]) == exits.CLEAR
    capsys.readouterr()
    folder.write("p.csv", PEOPLE)
    words = ["secure-check", str(folder.path), "--format", "json"]
    assert run_command([*words, "--ledger", str(tmp_path / "l.jsonl")]) == exits.BLOCK
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "fairreach/secure-check/1"
    assert told["counts"] == {"block": 1, "warn": 0, "note": 0}
    assert set(told["findings"][0]) == {"severity", "kind", "file", "what", "hint"}
    assert last_secure_check(tmp_path / "l.jsonl")[1] == 1
    assert run_command(["secure-check", str(tmp_path / "absent")]) == exits.USAGE
    wrong = ["secure-check", str(folder.path), "--ledger", str(tmp_path / "no" / "l")]
    assert run_command(wrong) == exits.USAGE
    capsys.readouterr()
    assert run_command(["secure-check", "--help"]) == exits.CLEAR
    assert "fairreach secure-check crm" in capsys.readouterr().out


def test_the_word_list_is_sound():
    from pipelines.security.words import plain_name, word_list

    for sort in ("protected", "personal"):
        table = word_list()[sort]
        for key in ("words", "whole", "but_not"):
            words = table.get(key, [])
            assert len(set(words)) == len(words)
            assert [plain_name(word) for word in words] == words
    assert sys.version_info >= (3, 11)


def test_a_ledger_of_one_that_cannot_be_written_is_told(folder, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        folder.check(ledger=tmp_path / "absent" / "ledger.jsonl")


def test_what_disappears_meanwhile_is_said(folder, monkeypatch):
    folder.write("a.csv", PEOPLE)
    folder.write("b.toml", "")
    real = walking_room.Walk.files

    def files(self):
        found = list(real(self))
        for file in found:
            file.path.unlink()
        return found

    monkeypatch.setattr(walking_room.Walk, "files", files)
    assert set(folder.found()) == {
        ("warn", "not-looked-at", "a.csv"),
        ("warn", "not-looked-at", "b.toml"),
    }
