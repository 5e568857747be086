"""Of what lies in a vault, no byte is on the disk in the clear, while or after."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairness.evidence.vault_table import table_bytes
from tests.campaigns.crm import write_campaign

ROOT = Path(__file__).parents[2]
CUSTOMERS = 300_000
# At the smallest of them the engine cannot end, and has spilled before.
LIMITS = ("24MB", "21MB", "20MB")
PLANTED = ("Zyzzogetonish", "Quomodocunquize", "Wappenschawing")
REPORTS = {"report.json", "report.html", "run.json", "result.json", "ledger.jsonl"}
RUN = """
import json, sys
from fairness.evidence import forbid_core_dumps
import fairness.frames.files as files
import pipelines.campaign.frame as frame
limit = sys.argv[2]
if limit:
    frame.MEMORY = limit
    opened = files.connect
    def connect(*given, **more):
        more["memory_limit"] = limit
        return opened(*given, **more)
    files.connect = connect
from pipelines.cli import main
main(json.loads(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def attributes(tmp_path_factory):
    """The table in the clear, outside of everything that is searched."""
    path = tmp_path_factory.mktemp("clear") / "protected.parquet"
    draw = np.random.default_rng(3)
    digits = draw.integers(0, 10**12, CUSTOMERS)
    words = draw.integers(0, 3, CUSTOMERS)
    table = pa.table(
        {
            "customer_id": [f"C{i:06d}" for i in range(CUSTOMERS)],
            "group": [PLANTED[w] for w in words],
            "note": [
                f"{PLANTED[w]}-{d:012d}" for w, d in zip(words, digits, strict=True)
            ],
        }
    )
    pq.write_table(table, path)
    return path


@pytest.fixture
def place(tmp_path, keys):
    """Work and temporary directories, and customers in the clear."""
    for name in ("work", "scratch"):
        (tmp_path / name).mkdir()
    draw = np.random.default_rng(4)
    orders = draw.integers(0, 8, CUSTOMERS)
    lines = ["customer_id,orders,area"]
    lines += [f"C{i:06d},{orders[i]},A{i % 12:02d}" for i in range(CUSTOMERS)]
    (tmp_path / "work" / "customers.csv").write_text("\n".join(lines) + "\n")
    picked = [f"C{i:06d}" for i in range(0, CUSTOMERS, 3)]
    (tmp_path / "work" / "picked.csv").write_text(
        "\n".join(["customer_id", *picked]) + "\n"
    )
    return Place(tmp_path, keys)


class Place:
    """Runs commands, and looks at every file that there is meanwhile."""

    def __init__(self, folder, keys):
        self.work = folder / "work"
        self.scratch = folder / "scratch"
        self.keys = keys
        self.needles = []
        self.found = set()
        self.spilled = 0

    def run(self, *words, who="ann", limit=""):
        options = ["--key", self.keys.file(who), "--trust", self.keys.trust_file]
        given = json.dumps([str(word) for word in [*words, *options]])
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, given, limit],
            cwd=self.work,
            env=os.environ | {"TMPDIR": str(self.scratch), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with self.watching():
            out, err = process.communicate(timeout=120)
        self.look()
        return process.returncode, out, err

    @contextmanager
    def watching(self):
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(ended,))
        watch.start()
        try:
            yield
        finally:
            ended.set()
            watch.join()

    def _watch(self, ended):
        while not ended.is_set():
            self.look(self.scratch)
            time.sleep(0.01)

    def look(self, *folders):
        for folder in folders or (self.work, self.scratch):
            # Files come and go while they are looked for.
            for parent, _, names in os.walk(folder):
                for name in names:
                    with suppress(OSError):
                        self._read(Path(parent, name))

    def _read(self, path):
        raw = path.read_bytes()
        if path.is_relative_to(self.scratch):
            self.spilled = max(self.spilled, len(raw))
        self.found |= {(path.name, needle) for needle in self.needles if needle in raw}


def needles_of(table):
    """The planted words, and pieces of the table as Parquet and as Arrow hold it."""
    words = [*PLANTED, *(f"{word}-" for word in PLANTED)]
    texts = [one.encode(code) for one in words for code in ("utf-8", "utf-16-le")]
    pages = table_bytes(table)
    step = len(pages) // 40
    pieces = [pages[start : start + 24] for start in range(step, len(pages) - 24, step)]
    return [*texts, *pieces, b"PAR1"]


def test_the_search_finds_what_is_in_the_clear(place, attributes):
    """Else that nothing is found would say nothing."""
    place.needles = needles_of(pq.read_table(attributes))
    for name, raw in (
        ("a.parquet", table_bytes(pq.read_table(attributes))),
        ("a.csv", f"x,{PLANTED[1]}\n".encode()),
        ("b.txt", PLANTED[2].encode("utf-16-le")),
    ):
        (place.scratch / name).write_bytes(raw)
        place.found.clear()
        place.look()
        assert place.found, name
        (place.scratch / name).unlink()


def test_the_search_finds_what_an_engine_spills_in_the_clear(place, attributes):
    place.needles = [f"{word}-".encode() for word in PLANTED]
    settings = {"memory_limit": "60MB", "temp_directory": str(place.scratch)}
    with duckdb.connect(config=settings) as connection, place.watching():
        table = f"read_parquet('{attributes}')"
        connection.execute(
            f"SELECT a.note FROM {table} a, range(10) ORDER BY a.note DESC, range"
        ).fetchmany(5)
    assert place.spilled > 0
    assert place.found


def test_nothing_is_in_the_clear_while_or_after_commands_use_the_vault(
    place, attributes
):
    place.needles = needles_of(pq.read_table(attributes))
    code, _, err = place.run(
        "vault", "seal", attributes, "--out", "p.vault", "--to", "ann=analyst",
        who="cora",
    )  # fmt: skip
    assert code == 0, err
    assert place.found == set()

    code, _, err = place.run(
        "check", "customers.csv", "--id", "customer_id", "--audience", "picked.csv",
        "--protected", "p.vault", "--by", "group", "--purpose", "planted",
        "--uses", "orders,area", "--report", "a.json", "--report", "a.html",
        limit="60MB",
    )  # fmt: skip
    # The group's name is what the check is about; nobody's row is.
    assert code in (0, 3, 4), err
    names = {name for name, needle in place.found}
    assert names <= {"a.json", "a.html"}
    for name in ("a.json", "a.html"):
        told = (place.work / name).read_text()
        assert not any(f"{word}-" in told for word in PLANTED)
        (place.work / name).unlink()
    place.found.clear()

    campaign = write_campaign(place.work, "clear")
    text = campaign.read_text().replace("protected.csv", "p.vault")
    campaign.write_text(text)
    for limit in ("", *LIMITS):
        code, _, err = place.run("run", "clear.toml", "--out", "out", limit=limit)
        assert code in (0, 2, 3, 4), err
        # Reports name the groups; what was spilled, and rows, are found nowhere.
        assert {(name, n) for name, n in place.found if not is_name(name, n)} == set()
        assert list(place.scratch.iterdir()) == []
    assert place.spilled > 0, "nothing was spilled, so that this shows nothing"


def is_name(file, needle):
    """Say whether it is the name of a group in a report."""
    return file in REPORTS and needle in {word.encode() for word in PLANTED}


def test_rows_of_a_vault_that_break_a_contract_are_not_set_aside_in_the_clear(
    place, attributes
):
    table = pq.read_table(attributes)
    doubled = pa.concat_tables([table, table.slice(5, 40)])
    path = attributes.with_name("doubled.parquet")
    pq.write_table(doubled, path)
    place.needles = [f"{word}-".encode() for word in PLANTED]
    sealed = ("vault", "seal", path, "--out", "p.vault", "--to", "ann=analyst")
    assert place.run(*sealed, who="cora")[0] == 0
    campaign = write_campaign(place.work, "clear")
    campaign.write_text(campaign.read_text().replace("protected.csv", "p.vault"))
    code, _, err = place.run("run", "clear.toml", "--out", "out")
    assert code in (0, 2, 3, 4), err
    assert place.found == set()
    assert not list(place.work.rglob("*quarantine.csv"))
