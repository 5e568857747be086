import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.app import run as run_command

ROOT = Path(__file__).parents[2]
COLUMNS = "customer_id,gender,age,born,tier,offered,score,weight,mood,gaps,year"


def customer_lines(rows=400):
    """A table whose women are offered half as often as its men, give or take."""
    draw = random.Random(11)
    lines = []
    for i in range(rows):
        gender = "fm"[i % 2]
        offered = int(draw.random() < (0.2 if gender == "f" else 0.4))
        year = 1950 + i % 55
        lines.append(
            f"C{i:04d},{gender},{18 + i % 60},{year}-0{1 + i % 9}-11,"
            f"{'tin' if i % 3 else 'gold'},{offered},{i / rows},{1 + i % 3},"
            f"{('yes', 'no', 'maybe')[i % 3]},{('1', '0', '')[i % 3]},{year}"
        )
    return lines


def offered(picked, of, *cells):
    """Rows of so many customers, the first of them picked."""
    words = ",".join(cells)
    return [f"{words},{int(i < picked)}\n" for i in range(of)]


class Folder:
    """The directory that the command is run in, and files in it."""

    def __init__(self, path):
        self.path = path

    def write(self, name, content):
        raw = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(raw)
        return name

    def customers(self, name="customers.csv", rows=400, **cells):
        """Write the customers, with other cells in the fifth row."""
        lines = [line.split(",") for line in customer_lines(rows)]
        for column, cell in cells.items():
            lines[4][COLUMNS.split(",").index(column)] = cell
        return self.write(name, "\n".join([COLUMNS, *map(",".join, lines)]) + "\n")

    def two_groups(self, women, men, *, of=(2000, 2000)):
        """Write women and men of whom so many are offered something."""
        rows = [*offered(women, of[0], "f"), *offered(men, of[1], "m")]
        return self.write("groups.csv", "gender,offered\n" + "".join(rows))

    def with_verdict(self, verdict):
        """Write a file on which the four-fifths screen gives a verdict."""
        if verdict == "review":
            return self.two_groups(4, 6, of=(60, 60))
        return self.two_groups(400 if verdict == "clear" else 200, 400)

    def names(self):
        return {str(p.relative_to(self.path)) for p in self.path.rglob("*")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    return Folder(path)


@pytest.fixture
def run(capsys):
    """Run the command in this process; return exit code, stdout and stderr."""

    def run(*words):
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def spawn(folder):
    """Begin the command in a process of its own, in the folder."""
    begun = []
    # Where the tests run in the background, a shell has Ctrl-C ignored, in children too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def spawn(*words, code=None, shell_suffix=None, **streams):
        python = [
            sys.executable,
            *(["-m", "pipelines.cli"] if code is None else ["-c", code]),
        ]
        command = [*python, *map(str, words)]
        if shell_suffix is not None:
            command = ["sh", "-c", f'"$@" {shell_suffix}', "sh", *command]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        begun.append(
            subprocess.Popen(
                command,
                cwd=folder.path,
                env=environment,
                encoding="utf-8",
                **pipes,
            )
        )
        return begun[-1]

    yield spawn
    signal.signal(signal.SIGINT, before)
    for process in begun:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def start():
    """Run the command in a process of its own."""

    def start(*words, cwd=None, **environment):
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *map(str, words)],
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return start


@pytest.fixture(scope="session")
def samples():
    return ROOT / "data" / "samples"


@pytest.fixture
def spring_card(samples):
    """The words that check the sample's blocked audience."""
    return [
        *("check", samples / "customers.csv", "--id", "customer_id"),
        *("--audience", samples / "audiences" / "spring_card.csv"),
        *("--protected", samples / "protected.csv", "--as-of", "2026-11-01"),
        *("--by", "gender,birth_date,ethnicity"),
        *("--bands", "birth_date=18,30,45,60"),
    ]
