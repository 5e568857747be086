"""A batch that is killed at any moment ends like one that was not."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from fairness.evidence import Ledger, verify_audience, verify_ledger
from tests.batch.conftest import BROKEN, state_of, unknown_column
from tests.campaigns.crm import write_campaign, write_crm

ROOT = Path(__file__).parents[2]
KINDS = ("clear", "block", "review")
MODULES = """
import json, sys
from pipelines.cli.app import run
run(json.loads(sys.argv[1]))
print("\\n" + json.dumps(sorted(sys.modules)))
"""
# What differs between two runs of one campaign.
OF_ONE_RUN = ("issued", "expires", "ledger", "seq", "entry", "hash")


class Server:
    """Runs the command again and again, without the time that imports take."""

    def __init__(self, folder, modules):
        scratch = folder / "scratch"
        scratch.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.batch.server"],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(scratch)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._say(modules)
        assert self.process.stdout.readline() == "ready\n"

    def run(self, words, seconds=None):
        """Return whether the command was killed after so many seconds, and its code."""
        self._say([words, seconds])
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def _say(self, content):
        self.process.stdin.write(json.dumps(content) + "\n")
        self.process.stdin.flush()


def campaigns(folder, size):
    """Write so many campaigns, of which two cannot be run."""
    write_crm(folder)
    files = [
        write_campaign(folder, KINDS[place % 3], name=f"c{place:02d}")
        for place in range(size - 2)
    ]
    (folder / "broken.toml").write_text(BROKEN)
    files.insert(4, folder / "broken.toml")
    files.insert(size // 2, unknown_column(folder, "stranger"))
    return files


def outputs(out):
    """Return everything that a batch wrote, without what is of one run alone."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.is_dir() or name.startswith("ledger."):
            continue
        raw = path.read_bytes()
        if name.endswith(".certificate.json"):
            raw = without_times(json.loads(raw))
        elif name == "batch.json":
            raw = rows_of(out)
        elif name == "batch.md":
            # The fifth column holds the seconds.
            raw = [line.split(" | ") for line in raw.decode().splitlines()]
            raw = [cells[:4] + cells[5:] for cells in raw]
        found[name] = raw
    return found


def without_times(value):
    """Return a certificate without signatures, times and its line of the ledger."""
    value.pop("signatures")
    for key in list(value):
        if key in OF_ONE_RUN:
            del value[key]
    return value


def rows_of(out):
    found = state_of(out)
    assert found["finished"] is True
    return [
        {k: v for k, v in row.items() if k not in ("seconds", "kept", "inputs")}
        for row in found["campaigns"]
    ]


def assert_whole(out, undisturbed, trust, kills, size):
    found = outputs(out)
    assert found.keys() == undisturbed.keys()
    for name, content in undisturbed.items():
        assert found[name] == content, name
    names = {path.name for path in out.iterdir() if path.name.startswith("ledger")}
    names |= {path.name for path in out.glob(".ledger*")}
    assert names <= {"ledger.jsonl", "ledger.jsonl.head", "ledger.jsonl.torn"}
    ledger = out / "ledger.jsonl"
    assert verify_ledger(ledger).ok
    checks = Counter(
        entry.body["campaign"]["name"]
        for entry in Ledger(ledger).entries()
        if entry.kind == "check"
    )
    assert set(checks) == {f"c{place:02d}" for place in range(size - 2)}
    assert sum(checks.values()) <= size - 2 + kills, "what was done was done again"
    audiences = list(out.rglob("audience.csv"))
    assert len(audiences) == len(range(0, size - 2, 3))
    for audience in audiences:
        assert verify_audience(audience, trust, ledger=ledger).rows == 2_000


def kill_often(tmp_path, people, trust, *, size, kills, seed):
    """Kill batches at random moments, each run until it ends, and compare it.

    Returns
    -------
    dict
        How many kills there were, how many met a batch at work, rounds, and kept rows.
    """
    files = [str(file) for file in campaigns(tmp_path / "crm", size)]
    keys = ["--key", str(people / "ann.key"), "--trust", str(people / "trust.toml")]

    def words(out):
        return ["batch", *files, "--out", str(out), *keys]

    first = tmp_path / "first"
    done = subprocess.run(
        [sys.executable, "-c", MODULES, json.dumps(words(first))],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    undisturbed = outputs(first)
    server = Server(tmp_path, json.loads(done.stdout.splitlines()[-1]))
    draw = random.Random(seed)
    counts = Counter()
    try:
        began = time.monotonic()
        assert server.run(words(tmp_path / "second")) == [False, 2]
        length = time.monotonic() - began
        assert outputs(tmp_path / "second") == undisturbed
        while counts["inside"] < kills:
            counts["rounds"] += 1
            out = tmp_path / f"round{counts['rounds']}"
            met = one_round(server, words(out), out, draw, length, counts, kills)
            assert_whole(out, undisturbed, trust, met, size)
    finally:
        server.close()
    return counts


def one_round(server, words, out, draw, length, counts, enough):
    """Run a batch until it ends, and return how often it was killed before."""
    kills = 0
    while True:
        before = written(out)
        # Most are early in a run, so that a round meets several.
        wait = draw.uniform(0, length) * draw.choice([0.25, 0.5, 1])
        done = counts["inside"] >= enough
        killed, code = server.run(words, None if done else wait)
        if not killed:
            assert code == 2
            counts["kept"] += sum(row["kept"] for row in state_of(out)["campaigns"])
            return kills
        kills += 1
        counts["kills"] += 1
        # A batch writes its state when it begins: it was at work, and not done.
        at_work = written(out) not in (None, before) and not state_of(out)["finished"]
        counts["inside"] += at_work


def written(out):
    state = out / "batch.json"
    return (state.stat().st_ino, state.stat().st_mtime_ns) if state.is_file() else None


def test_a_batch_killed_five_times_ends_like_one_that_was_not(tmp_path, people, trust):
    counts = kill_often(tmp_path, people, trust, size=9, kills=5, seed=1)
    assert counts["inside"] == 5, counts


@pytest.mark.slow
def test_a_batch_killed_fifty_times_ends_like_one_that_was_not(tmp_path, people, trust):
    counts = kill_often(tmp_path, people, trust, size=20, kills=50, seed=50)
    print(dict(counts))
    assert counts["inside"] == 50, counts
    assert counts["kept"] >= 50, counts
