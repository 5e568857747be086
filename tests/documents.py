"""Pages in Markdown, read as a reader would who tries all that they show.

======================  ===========================================================
``blocks``              the fenced blocks of a page
``commands``            those of a console block, each with the output shown below it
``missing_line``        the first line shown that was not printed
``Reader``              runs a page from top to bottom, in a directory of its own
======================  ===========================================================
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pipelines.campaign import load_campaign
from pipelines.cli.app import run

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_SHELL = re.compile(r"[|<>;&$]")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(page: str, *languages: str) -> list[Block]:
    """Return the fenced blocks of a page in these languages, or all."""
    found = [
        Block(match[1], match[2], page[: match.start()].count("\n") + 2)
        for match in _BLOCK.finditer(page)
    ]
    return [block for block in found if not languages or block.language in languages]


def commands(text: str) -> list[tuple[str, str]]:
    """Return the commands of a console block with the output shown below each."""
    found = []
    joined = text.replace("\\\n", " ")
    for part in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        found.append((command.strip(), shown))
    return found


def missing_line(shown: str, printed: str) -> str | None:
    """Return the first line shown that was not printed, in this order; else None."""
    lines = [line.rstrip() for line in printed.splitlines()]
    place = 0
    for line in (line.rstrip() for line in shown.splitlines()):
        if line == "...":
            continue
        if line not in lines[place:]:
            return line
        place = lines.index(line, place) + 1
    return None


def _paths(pattern: str) -> list[str]:
    return sorted(str(path) for path in Path().glob(pattern))


class Reader:
    """Runs the blocks of a page one after the other, in the present directory.

    ``python`` shares its names over the page, and a ``text`` block right after it is
    all that it prints. ``console`` prints what it shows. ``toml`` whose first line is
    ``# NAME.toml`` is saved under that name; a campaign is read as one. ``py`` is Python
    for which something is missing here, and has to be Python all the same. Other blocks
    are only to be read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.names: dict[str, object] = {}
        self.printed = ""
        self.code = 0
        self.before = ""

    def read(self, page: str) -> None:
        for block in blocks(page):
            getattr(self, f"_{block.language}", lambda _: None)(block)
            self.before = block.language

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.text)
        named = re.match(r"# (\S+\.toml)$", block.text, flags=re.MULTILINE)
        path = Path(named[1] if named else "unnamed.toml")
        path.write_text(block.text, encoding="utf-8")
        if "fairreach/campaign/" in block.text:
            load_campaign(path)

    def _py(self, block: Block) -> None:
        compile(block.text, self.name, "exec")

    def _python(self, block: Block) -> None:
        # As many empty lines as there are before it: an error names the page's line.
        code = compile("\n" * (block.line - 1) + block.text, self.name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.names)
        self.printed = printed.getvalue()

    def _text(self, block: Block) -> None:
        if self.before == "python":
            printed = [line.rstrip() for line in self.printed.splitlines()]
            shown = [line.rstrip() for line in block.text.splitlines()]
            assert printed == shown, f"{self.name}, line {block.line}"

    def _console(self, block: Block) -> None:
        for command, shown in commands(block.text):
            printed = self._run(command)
            missing = missing_line(shown, printed)
            where = f"{self.name}, line {block.line}: {command}\n{printed}"
            assert missing is None, f"{missing!r} is not printed by {where}"
            assert self.code in (0, 2, 3, 4), where

    def _run(self, command: str) -> str:
        if command == "echo $?":
            return f"{self.code}\n"
        if command.startswith("fairreach ") and not _SHELL.search(command):
            words = []
            for word in shlex.split(command)[1:]:
                words += _paths(word) if "*" in word else [word]
            with (
                contextlib.redirect_stdout(io.StringIO()) as printed,
                contextlib.redirect_stderr(printed),
            ):
                self.code = run(words)
            return printed.getvalue()
        # The commands of the environment that runs the tests.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        self.code = done.returncode
        return done.stdout + done.stderr
