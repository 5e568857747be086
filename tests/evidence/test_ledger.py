"""An acknowledged entry is there, whoever writes beside it and whatever stops it."""

import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import Ledger, digest_of, verify_ledger
from fairness.evidence.documents import LARGEST

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.jsonl"


def filled(path, entries=3):
    ledger = Ledger(path)
    return ledger, [ledger.append("check", {"n": i}, at=NOW) for i in range(entries)]


def held(path, **more):
    report = verify_ledger(path, **more)
    assert report.ok, report.problems
    return report


def test_entries_are_numbered_chained_and_read_back(path):
    ledger, written = filled(path)
    assert list(ledger.entries()) == written
    assert [entry.seq for entry in written] == [1, 2, 3]
    assert [e.previous for e in written[1:]] == [e.hash for e in written[:-1]]
    assert written[0].time == "2026-11-24T09:30:00Z"
    report = held(path)
    assert (report.entries, report.head, report.notes) == (3, written[-1].anchor, ())
    assert ledger.head().anchor == report.head


def test_the_hash_of_a_line_is_as_documented(path):
    """Computed without any code of ours."""
    import hashlib
    import json

    _, (entry, *_) = filled(path)
    table = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    given = table.pop("hash")
    raw = json.dumps(table, sort_keys=True, separators=(",", ":")).encode()
    assert (
        given
        == "sha256:" + hashlib.sha256(b"fairreach ledger line\n" + raw).hexdigest()
    )
    assert (entry.hash, entry.previous) == (given, "sha256:" + "0" * 64)


def test_a_ledger_without_lines_holds_and_one_that_is_not_there_is_told(path):
    with pytest.raises(InputError, match="no such file"):
        verify_ledger(path)
    assert Ledger(path).head().seq == 0
    path.touch()
    assert held(path).entries == 0
    with pytest.raises(InputError, match="no such file"):
        list(Ledger(path.with_name("other")).entries())


def test_a_report_with_problems_raises_where_asked(path):
    filled(path)
    report = held(path)
    assert report.raise_if_refused() is report
    path.write_bytes(b"")
    with pytest.raises(RefusedError, match="is cut off"):
        verify_ledger(path).raise_if_refused()


def test_a_head_that_cannot_be_read_is_bad_input(path):
    filled(path)
    head = path.with_name("ledger.jsonl.head")
    head.unlink()
    head.mkdir()
    for ask in (Ledger(path).head, lambda: verify_ledger(path)):
        with pytest.raises(InputError, match="cannot be read"):
            ask()
    with pytest.raises(InputError, match="cannot be written"):
        Ledger(path).append("check", {})


@pytest.mark.parametrize("kind", ["", "Check", "a b", "a\n", "-a", "a" * 41, 7])
def test_a_kind_is_a_word(path, kind):
    with pytest.raises(InputError, match="kind"):
        Ledger(path).append(kind, {})
    assert not path.exists()


def test_a_body_is_json_and_no_content(path):
    with pytest.raises(InputError) as caught:
        Ledger(path).append("A", {"x": float("nan"), "y": b""})
    assert len(caught.value.problems) == 3
    with pytest.raises(InputError, match="at most"):
        Ledger(path).append("check", {"x": "x" * LARGEST})
    assert not path.exists()
    Ledger(path).append("check", {"x": "é\n\u2028" * 100_000})
    assert held(path).entries == 1


def test_a_ledger_in_no_directory_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        Ledger(tmp_path / "none" / "ledger.jsonl").append("check", {})
    with pytest.raises(InputError, match="cannot be written"):
        Ledger(tmp_path).append("check", {})


def test_threads_append_one_after_the_other(path):
    def work(who):
        for i in range(25):
            Ledger(path).append("check", {"who": who, "i": i})

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bodies = [entry.body for entry in Ledger(path).entries()]
    assert held(path).entries == 200
    for who in range(8):
        assert [b["i"] for b in bodies if b["who"] == who] == list(range(25))


WRITER = """
import sys
from fairness.evidence.ledger import Ledger
ledger, times, pad = Ledger(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
for i in range(times):
    body = {"who": sys.argv[2], "i": i, "pad": "x" * (pad * (i % 7))}
    print(ledger.append("check", body).anchor, flush=True)
"""


def start(path, who, times, pad=3):
    words = [sys.executable, "-c", WRITER, path, who, times, pad]
    return subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        encoding="utf-8",
    )


def test_eight_processes_lose_nothing(path):
    writers = [start(path, who, 50) for who in range(8)]
    seen = []
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            seen.append(held(path).entries)
    printed = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8
    entries = list(Ledger(path).entries())
    assert held(path).entries == 400
    assert sorted(anchor for anchors in printed for anchor in anchors) == sorted(
        entry.anchor for entry in entries
    )
    for who in range(8):
        order = [e.body["i"] for e in entries if e.body["who"] == str(who)]
        assert order == list(range(50))
    assert seen == sorted(seen)


def test_fifty_kills_lose_no_acknowledged_entry(path):
    draw = random.Random(os.urandom(8))
    acknowledged = []
    for who in range(50):
        writer = start(path, who, 10_000, pad=3000)
        first = writer.stdout.readline()
        time.sleep(draw.uniform(0, 0.02))
        writer.kill()
        rest, _ = writer.communicate()
        acknowledged += [first.strip(), *(line for line in rest.split("\n")[:-1])]
        held(path)
    Ledger(path).append("check", {"who": "last"})
    report = held(path)
    there = {entry.anchor for entry in Ledger(path).entries()}
    assert len(acknowledged) >= 50
    assert set(acknowledged) <= there
    assert report.notes == ()
    # At most one entry a kill is there without having been acknowledged.
    assert len(there) - len(acknowledged) - 1 <= 2 * 50


class StoppedError(BaseException):
    """What no handler of ours may catch, like a kill."""


def stop_at(monkeypatch, moment, *, half=False):
    """Stop the writer before its n-th call of the system, or half-way a write."""
    calls = 0

    def guarded(name, call):
        def guard(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == moment:
                if half and name == "write":
                    handle, raw = args
                    call(handle, raw[: len(raw) // 2])
                raise StoppedError(name)
            return call(*args, **kwargs)

        return guard

    for name in ("open", "write", "fsync", "ftruncate", "pread"):
        monkeypatch.setattr(os, name, guarded(name, getattr(os, name)))
    monkeypatch.setattr(Path, "replace", guarded("replace", Path.replace))


def append_stopped(path, moment, *, half=False):
    """Say what was acknowledged, None where the writer was stopped."""
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, moment, half=half)
        try:
            return Ledger(path).append("check", {"stopped": moment})
        except StoppedError:
            return None


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_writer_may_be_stopped_before_any_call_of_the_system(tmp_path, before, half):
    moment, done = 0, None
    while done is None:
        moment += 1
        path = tmp_path / f"{moment}.jsonl"
        _, written = filled(path, before)
        done = append_stopped(path, moment, half=half)
        if path.exists():
            held(path)
        after = Ledger(path).append("check", {"after": True})
        there = list(Ledger(path).entries())
        assert held(path).notes == ()
        assert there[: len(written)] == written
        assert there[-1] == after
        assert len([e for e in there if e.body.get("stopped")]) <= 1
    assert done in there
    assert moment > 8


@pytest.mark.parametrize("half", [False, True])
def test_the_writer_that_puts_things_in_order_may_be_stopped_too(tmp_path, half):
    moment, done = 0, None
    while done is None:
        moment += 1
        path = tmp_path / f"{moment}.jsonl"
        _, written = filled(path)
        with path.open("ab") as file:
            file.write(b'{"body":{"half')
        done = append_stopped(path, moment, half=half)
        held(path)
        after = Ledger(path).append("check", {"after": True})
        there = list(Ledger(path).entries())
        held(path)
        assert there[:3] == written
        assert there[-1] == after
        torn = path.with_name(f"{path.name}.torn").read_bytes()
        assert b'{"body":{"half' in torn
    assert moment > 15


def test_whatever_part_of_a_line_was_written_is_set_aside_or_taken_up(tmp_path):
    source = tmp_path / "source.jsonl"
    filled(source)
    head = source.with_name("source.jsonl.head").read_bytes()
    size = len(source.read_bytes())
    Ledger(source).append("check", {"unacknowledged": "é"})
    whole = source.read_bytes()
    for end in range(size, len(whole) + 1):
        path = tmp_path / f"{end}.jsonl"
        path.write_bytes(whole[:end])
        path.with_name(f"{path.name}.head").write_bytes(head)
        assert len(held(path).notes) == (end > size)
        Ledger(path).append("check", {"after": True})
        kinds = [entry.kind for entry in Ledger(path).entries()]
        torn = path.with_name(f"{path.name}.torn")
        assert held(path).notes == ()
        if end == size:
            assert kinds == ["check"] * 4
        elif end == len(whole):
            assert kinds == ["check"] * 5
            assert path.read_bytes().startswith(whole)
        else:
            assert kinds == ["check"] * 3 + ["torn", "check"]
            assert torn.read_bytes() == whole[size:end] + b"\n"
            entry = list(Ledger(path).entries())[3]
            part = whole[size:end]
            assert entry.body == {"bytes": len(part), "digest": digest_of(part)}
        assert torn.exists() == (size < end < len(whole))


def test_what_a_power_cut_leaves_is_set_aside(path):
    """The size of the file came to the disk, the content did not."""
    filled(path)
    with path.open("ab") as file:
        file.write(bytes(300))
    assert len(held(path).notes) == 1
    Ledger(path).append("check", {})
    assert held(path).entries == 5
    assert path.with_name("ledger.jsonl.torn").read_bytes() == bytes(300) + b"\n"


def test_a_disk_that_is_full_leaves_no_half_line(path, monkeypatch):
    _, written = filled(path)
    before = path.read_bytes()
    real = os.write

    def full(handle, raw):
        if os.fstat(handle).st_size == len(before):
            return real(handle, raw[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(InputError, match="No space left"):
            Ledger(path).append("check", {})
    assert path.read_bytes() == before
    assert held(path).entries == len(written)


def test_nothing_is_added_to_a_ledger_whose_end_is_not_whole(path):
    filled(path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    head = path.with_name("ledger.jsonl.head")
    damages = {
        "ends before seq 3": whole[:-1],
        "seq 3 is not what was written": whole[:-10] + b"x" + whole[-9:],
        "out of place": whole + lines[-1],
    }
    for told, damage in damages.items():
        path.write_bytes(damage)
        with pytest.raises(RefusedError, match=told):
            Ledger(path).append("check", {})
        assert path.read_bytes() == damage
    path.write_bytes(whole)
    kept = head.read_bytes()
    head.write_bytes(kept.replace(b'"seq":3', b'"seq":4'))
    with pytest.raises(RefusedError, match="seq 4 is not what was written"):
        Ledger(path).append("check", {})
    head.write_bytes(b"{}")
    with pytest.raises(RefusedError, match="was changed"):
        Ledger(path).append("check", {})
    head.unlink()
    with pytest.raises(RefusedError, match="head file is gone"):
        Ledger(path).append("check", {})
    head.write_bytes(kept)
    assert Ledger(path).append("check", {}).seq == 4


def test_an_append_reads_the_last_line_alone(path, monkeypatch):
    filled(path, 60)
    read = []
    real = os.pread
    monkeypatch.setattr(
        os, "pread", lambda h, n, at: (read.append(n), real(h, n, at))[1]
    )
    Ledger(path).append("check", {})
    assert sum(read) < 2 * len(path.read_bytes()) / 60


def test_entries_stop_at_the_first_line_that_does_not_hold(path):
    ledger, _ = filled(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    seen = []
    with pytest.raises(RefusedError, match="line 3: has seq 4: seq 3 is missing"):
        seen.extend(entry.seq for entry in ledger.entries())
    path.write_bytes(b"".join(lines[:4]))
    with pytest.raises(RefusedError, match="is cut off: it ends with seq 4"):
        list(ledger.entries())


def test_a_ledger_that_was_moved_away_while_one_waits_is_not_written_to(path):
    import fcntl

    filled(path)
    aside = path.with_name("aside.jsonl")
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = []
        thread = threading.Thread(target=lambda: done.append(_refused(path)))
        thread.start()
        time.sleep(0.05)
        path.rename(aside)
    thread.join()
    assert "it ends before seq 3" in done[0]
    assert len(aside.read_bytes().splitlines()) == 3


def _refused(path):
    try:
        return Ledger(path).append("check", {}).anchor
    except RefusedError as error:
        return str(error)


def test_the_ledger_loads_nothing_that_is_slow_to_load():
    code = (
        "import sys, fairness.evidence.ledger\n"
        "print({'cryptography', 'pydantic', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"
