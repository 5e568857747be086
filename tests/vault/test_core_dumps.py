"""A process that has opened a vault leaves no core file, however it crashes."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATTERN = Path("/proc/sys/kernel/core_pattern")
CRASH = """
import os, sys, signal
from fairness.evidence import load_key, load_trust, open_vault
vault, key, trust, number = sys.argv[1:]
if vault:
    table = open_vault(vault, load_key(key), purpose="crash", trust=load_trust(trust))
    assert table.num_rows
os.kill(os.getpid(), int(number))
"""


def crash(folder, vault, keys, number):
    """Return the status of a process that crashed, where cores are allowed."""
    words = [str(vault or ""), str(keys.file("ann")), str(keys.trust_file)]
    process = subprocess.Popen(
        [sys.executable, "-c", CRASH, *words, str(int(number))],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=_as_many_as_you_like,  # noqa: PLW1509 - no threads here
        stderr=subprocess.DEVNULL,
    )
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


def _as_many_as_you_like():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    # Where the tests run in the background, a shell has it ignored.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "crashes"
    made.mkdir()
    return made


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT])
def test_a_crash_after_opening_a_vault_leaves_no_core(folder, now_sealed, keys, number):
    status = crash(folder, now_sealed.path, keys, number)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == number
    assert not os.WCOREDUMP(status)
    assert list(folder.iterdir()) == []


def test_a_process_that_opened_none_does_leave_a_core(folder, keys):
    """Else that there is none would say nothing of ours."""
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("cores are forbidden here")
    status = crash(folder, None, keys, signal.SIGSEGV)
    if not os.WCOREDUMP(status):
        pytest.skip("the kernel writes no cores here")
    for path in folder.iterdir():
        path.unlink()


OPENED = """
import ctypes, resource, sys
from fairness.evidence import load_key, load_trust, open_vault
from fairness.evidence.core_dumps import may_be_dumped
dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
assert dumpable() == 1
vault, key, trust = sys.argv[1:]
try:
    open_vault(vault, load_key(key), purpose="x", trust=load_trust(trust))
finally:
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    assert dumpable() == 0
    assert not may_be_dumped()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_who_opens_a_vault_may_not_be_dumped(now_sealed, keys):
    words = [now_sealed.path, keys.file("ann"), keys.trust_file]
    done = subprocess.run(
        [sys.executable, "-c", OPENED, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
