"""Private files are private from the first byte, and fresh ones overwrite nothing."""

import os
import stat
import threading

import pytest

from fairness.errors import InputError
from fairness.writing import write_whole


def test_a_private_file_is_for_its_owner_whatever_the_mask(tmp_path):
    before = os.umask(0)
    try:
        path = write_whole(tmp_path / "a", "x", private=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_private_file_takes_the_place_of_an_open_one(tmp_path):
    path = write_whole(tmp_path / "a", "x")
    path.chmod(0o666)
    write_whole(path, "y", private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_fresh_file_overwrites_nothing_and_leaves_nothing(tmp_path):
    path = write_whole(tmp_path / "a", "first", fresh=True)
    with pytest.raises(InputError, match="is there already"):
        write_whole(path, "second", fresh=True)
    assert path.read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_of_many_that_write_a_fresh_file_one_does(tmp_path):
    done = []

    def write(i):
        try:
            write_whole(tmp_path / "a", str(i), fresh=True)
            done.append(str(i))
        except InputError:
            pass

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [(tmp_path / "a").read_text()]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_pieces_that_stop_half_way_leave_nothing(tmp_path):
    def pieces():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", pieces())
    assert [path.name for path in tmp_path.iterdir()] == []
    assert write_whole(tmp_path / "a", iter([b"a", b"", b"b"])).read_bytes() == b"ab"


def test_the_directory_is_synced_after_the_rename(tmp_path, monkeypatch):
    order = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda a, b: (order.append("rename"), replace(a, b))[1]
    )

    def synced(handle):
        order.append(stat.S_IFMT(os.fstat(handle).st_mode))
        fsync(handle)

    monkeypatch.setattr("os.fsync", synced)
    write_whole(tmp_path / "a", "x")
    assert order == [stat.S_IFREG, "rename", stat.S_IFDIR]
