"""A change of a vault that is stopped anywhere ends as the old state or the new one."""

import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from fairness.errors import InputError, RefusedError
from fairness.evidence import grant, open_vault, rotate, vault, verify_ledger
from fairness.evidence.vault_access import Access
from tests.batch.test_kills import Server
from tests.vault.conftest import PLANTED, small_table

ROOT = Path(__file__).parents[2]
ALLOWED = {
    *("protected.vault", ".protected.vault.lock", ".protected.vault.new"),
    *(
        "ledger.jsonl",
        "ledger.jsonl.head",
        "ledger.jsonl.torn",
        ".ledger.jsonl.head.new",
    ),
}


class Stop(BaseException):
    """As kill -9: nothing of the change runs after it."""


STEPS = {
    "before the line that announces it": ("tell", 0, False),
    "after the line that announces it": ("tell", 0, True),
    "after the file": ("tell", 1, False),
    "after the line that tells it done": ("tell", 1, True),
}


@pytest.fixture
def stopping(monkeypatch):
    """Stop at a step of the next change, once."""

    def at(step):
        _, wanted, after = STEPS[step]
        seen = []
        real = vault.Access.tell_state

        def tell(self, *given, **more):
            seen.append(1)
            is_it = len(seen) == wanted + 1
            if is_it and not after:
                raise Stop
            real(self, *given, **more)
            if is_it:
                raise Stop

        monkeypatch.setattr(vault.Access, "tell_state", tell)

    yield at
    monkeypatch.undo()


def stopped(act, stopping, monkeypatch, step):
    stopping(step)
    with suppress(Stop):
        act()
    monkeypatch.undo()


@pytest.mark.parametrize("step", STEPS)
def test_revoking_stopped_at_a_step_is_completed_by_a_rerun(
    vault, stopping, monkeypatch, step
):
    stopped(lambda: vault.revoke("ann"), stopping, monkeypatch, step)
    in_place = step in list(STEPS)[2:]
    assert vault.open("olga").equals(vault.table)
    if in_place:
        with pytest.raises(RefusedError):
            vault.open("ann")
    else:
        assert vault.open("ann").equals(vault.table)
    assert vault.revoke("ann").version == 2
    with pytest.raises(RefusedError):
        vault.open("ann")
    states = [(one["version"], one["step"]) for one in vault.lines("vault")]
    assert states[-1] == (2, "done")
    assert vault.open("olga").equals(vault.table)
    assert verify_ledger(vault.ledger.path).ok


@pytest.mark.parametrize("step", STEPS)
def test_rotating_stopped_at_a_step_is_completed_by_a_rerun(
    vault, stopping, monkeypatch, step
):
    stopped(vault.rotate, stopping, monkeypatch, step)
    # After the last line it had been told done, and this is one more.
    assert vault.rotate().version == (3 if step == list(STEPS)[3] else 2)
    assert vault.open("ann").equals(vault.table)


@pytest.mark.parametrize("step", STEPS)
def test_sealing_stopped_at_a_step_is_completed_by_a_rerun(
    unsealed, stopping, monkeypatch, step
):
    stopped(unsealed.seal, stopping, monkeypatch, step)
    if step == list(STEPS)[3]:
        with pytest.raises(InputError, match="is there already"):
            unsealed.seal()
    else:
        assert unsealed.seal().version == 1
    assert unsealed.open("ann").equals(unsealed.table)


def test_sealing_another_table_does_not_pass_for_the_one_before(
    unsealed, stopping, monkeypatch
):
    stopped(unsealed.seal, stopping, monkeypatch, "after the file")
    with pytest.raises(InputError, match="is there already"):
        unsealed.seal(table=small_table(7))


def test_who_opens_after_a_stop_writes_the_missing_line(vault, stopping, monkeypatch):
    old = vault.path.read_bytes()
    stopped(lambda: vault.revoke("ann"), stopping, monkeypatch, "after the file")
    assert vault.open("olga").equals(vault.table)
    line = vault.lines("vault")[-1]
    assert (line["step"], line["by"], line["settled"]) == ("done", "olga", True)
    vault.path.write_bytes(old)
    with pytest.raises(RefusedError, match="put back"):
        vault.open("ann")


def test_a_version_that_was_only_announced_does_not_open_later(
    vault, stopping, monkeypatch, tmp_path
):
    """Its file is taken from where the stopped writer left it."""
    stopped(vault.rotate, stopping, monkeypatch, "after the file")
    lost = vault.path.read_bytes()
    vault.grant("bob", "analyst")
    vault.path.write_bytes(lost)
    with pytest.raises(RefusedError, match="put back"):
        vault.open("ann")


def people_of(sealed, who="olga"):
    from fairness.evidence.vault_file import read_vault

    at = sealed.at + timedelta(days=3650)
    file = read_vault(sealed.path.read_bytes(), sealed.trust, at, "v")
    return {one.name for one in file.charter.members}


def check_whole(sealed, who):
    """The vault opens, the ledger holds, and nothing half lies about."""
    folder = sealed.path.parent
    found = open_vault(
        sealed.path, sealed.keys.signers[who], purpose="after a kill",
        trust=sealed.trust, now=sealed.at + timedelta(days=3650),
    )  # fmt: skip
    assert found.equals(sealed.table)
    assert verify_ledger(sealed.ledger.path).ok
    assert {path.name for path in folder.iterdir() if path.is_file()} <= ALLOWED
    for path in folder.iterdir():
        if path.is_file():
            assert PLANTED.encode() not in path.read_bytes(), path


def seconds(server, words):
    began = time.monotonic()
    assert server.run(words) == [False, 0]
    return time.monotonic() - began


def aimed(words, sealed, delay):
    """Kill a command so many seconds after its first line in the ledger."""
    ledger = sealed.ledger.path
    size = ledger.stat().st_size
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and ledger.stat().st_size == size:
            time.sleep(0.0002)
        time.sleep(delay)
        process.kill()
    return process.returncode < 0, process.returncode


def kill_often(sealed, keys, folder, kills, seed):
    """Kill grants, revocations and rotations at random moments, and run them again.

    Returns
    -------
    tuple of int
        How many kills met a command at work, and how many of them met it between the
        line that announces a version and the one that tells it done.
    """
    options = ["--key", str(keys.file("cora")), "--trust", str(keys.trust_file)]
    file = str(sealed.path)
    acts = [
        (["vault", "grant", file, "bob=analyst"], lambda names: "bob" in names),
        (["vault", "rotate", file], lambda names: "cora" in names),
        (["vault", "revoke", file, "bob"], lambda names: "bob" not in names),
    ]
    draw = random.Random(seed)
    server = Server(folder, ["fairness.evidence.vault", "pyarrow.parquet"])
    met = 0
    try:
        whole = min(seconds(server, [*acts[1][0], *options]) for _ in range(3))
        for kill in range(kills):
            words, holds = acts[kill % 3]
            if kill % 2:
                killed, code = aimed([*words, *options], sealed, draw.uniform(0, 0.006))
            else:
                moment = draw.uniform(0, 1.1 * whole)
                killed, code = server.run([*words, *options], moment)
            met += killed
            assert killed or code == 0
            check_whole(sealed, draw.choice(["ann", "olga", "dave"]))
            killed, code = server.run([*words, *options])
            assert (killed, code) == (False, 0)
            assert holds(people_of(sealed))
            check_whole(sealed, "dave")
            names = {path.name for path in sealed.path.parent.iterdir()}
            assert ".protected.vault.new" not in names
    finally:
        server.close()
    steps = [one["step"] for one in sealed.lines("vault")]
    between = [*pairwise(steps)].count(("begin", "begin"))
    between += sum("settled" in one for one in sealed.lines("vault"))
    return met, between


def test_changes_survive_kill_at_any_moment(now_sealed, keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    met, _ = kill_often(now_sealed, keys, folder, 9, seed=1)
    assert met >= 2


@pytest.mark.slow
def test_changes_survive_fifty_kills(now_sealed, keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    met, between = kill_often(now_sealed, keys, folder, 50, seed=2)
    assert met >= 15
    assert between >= 3


def by_clock(how, sealed, who, *words, **more):
    """Do something with a vault without saying when it is."""
    given = {"signer": sealed.keys.signers[who], "trust": sealed.trust}
    return how(sealed.path, *words, **given, **more)


def test_two_custodians_at_once_lose_nothing(now_sealed):
    """Each of their changes is a version."""
    told = []

    def work(who, name):
        told.append(by_clock(grant, now_sealed, who, name, "analyst").version)

    threads = [
        threading.Thread(target=work, args=("cora", "bob")),
        threading.Thread(target=work, args=("dave", "eve")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [2, 3]
    assert {"bob", "eve"} <= people_of(now_sealed)


@pytest.fixture
def overtaken(now_sealed, monkeypatch):
    """Another custodian changes the vault, a second after somebody asked for it."""

    def overtake(owner, name):
        real = getattr(owner, name)

        def late(*args):
            monkeypatch.setattr(owner, name, real)
            time.sleep(1.01)
            by_clock(rotate, now_sealed, "dave")
            return real(*args)

        monkeypatch.setattr(owner, name, late)
        return now_sealed

    return overtake


def test_who_waited_for_another_custodian_is_not_refused(overtaken):
    """What was sealed while they waited is not later than they are."""
    sealed = overtaken(vault, "locked")
    assert by_clock(grant, sealed, "cora", "bob", "analyst").version == 3
    assert sealed.refusals == []


def test_who_opens_what_was_just_changed_is_not_refused(overtaken):
    sealed = overtaken(Access, "_read")
    assert by_clock(open_vault, sealed, "ann", purpose="x").equals(sealed.table)
    assert sealed.refusals == []


def test_who_opens_while_it_is_rotated_is_never_refused(now_sealed):
    """The file read may be older than the ledger read after it: it is read again."""
    ended = threading.Event()

    def work():
        for _ in range(25):
            by_clock(rotate, now_sealed, "dave")
        ended.set()

    writer = threading.Thread(target=work)
    writer.start()
    opened = 0
    while not ended.is_set():
        found = by_clock(open_vault, now_sealed, "ann", purpose="x")
        opened += found.equals(now_sealed.table)
    writer.join()
    assert opened > 3
    assert now_sealed.refusals == []
