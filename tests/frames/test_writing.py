"""Files are written whole or not at all."""

import os
import stat

import pytest

from fairness.errors import InputError
from fairness.writing import write_whole


def test_file_is_replaced_whole_with_the_rights_of_a_new_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("before")
    before = os.umask(0o027)
    try:
        assert write_whole(target, "é\r\n") == target
    finally:
        os.umask(before)
    assert target.read_bytes() == "é\r\n".encode()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    for target in (tmp_path / "none" / "a.txt", tmp_path / "full"):
        with pytest.raises(InputError, match="cannot be written"):
            write_whole(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
