"""What a batch has done so far, in a file that survives it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from fairness import __version__
from fairness.errors import InputError, Problem, shown
from fairness.writing import write_whole
from pipelines.batch.rows import BatchRow, Ending
from pipelines.batch.summaries import INDEX, markdown, page

BATCH_SCHEMA = "fairreach/batch/1"


@dataclass
class State:
    """The campaigns of a batch that are done.

    Parameters
    ----------
    folder : Path
    files : list of str
    marks : dict of file to str
        What each outcome rests on: see `inputs_of`.
    rows : dict of file to BatchRow
    """

    folder: Path
    files: list[str]
    marks: dict[str, str] = field(default_factory=dict)
    rows: dict[str, BatchRow] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def held(cls, folder: Path, files: Sequence[str]) -> Iterator[State]:
        """Keep other batches out; yield what an interrupted one did, or nothing yet.

        Raises
        ------
        InputError
            The directory cannot be written to, or another batch is at work in it.
        """
        handle = _locked(folder)
        try:
            for path in folder.glob(".fairreach-*"):
                path.unlink(missing_ok=True)
            state = cls(folder, list(files))
            state._take_up(_read(folder / "batch.json"))
            state._write(finished=False)
            yield state
        finally:
            os.close(handle)

    def before(self, file: str, mark: str) -> BatchRow | None:
        """Return how a campaign ended before the interruption, on the same inputs.

        None too where it failed: it is tried again.
        """
        row = self.rows.get(file)
        if (
            row is None
            or self.marks.get(file) != mark
            or row.ending in ("error", "crash")
        ):
            return None
        return replace(row, kept=True)

    def done(self, row: BatchRow, mark: str) -> None:
        """Remember a row before the next campaign begins."""
        self.rows[row.file], self.marks[row.file] = row, mark
        self._write(finished=False)

    def finished(self, rows: Sequence[BatchRow]) -> None:
        """Write the summary of all campaigns, for people and for machines."""
        self.rows = {row.file: row for row in rows}
        # The state comes last: a batch that is cut off here still goes on, not anew.
        write_whole(self.folder / "batch.md", markdown(rows))
        write_whole(self.folder / INDEX, page(rows))
        self._write(finished=True)

    def _take_up(self, found: Mapping[str, Any]) -> None:
        if found.get("finished") is not False:
            return
        campaigns = found.get("campaigns")
        for one in campaigns if isinstance(campaigns, list) else ():
            row = _row(one)
            if row is not None:
                self.rows[row.file], self.marks[row.file] = row, str(one.get("inputs"))

    def _write(self, *, finished: bool) -> None:
        content = {
            "schema": BATCH_SCHEMA,
            "version": __version__,
            "finished": finished,
            "campaigns": [
                asdict(self.rows[file]) | {"inputs": self.marks.get(file, "")}
                for file in self.files
                if file in self.rows
            ],
        }
        write_whole(self.folder / "batch.json", json.dumps(content, indent=1) + "\n")


def _locked(folder: Path) -> int:
    where = shown(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(
            folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "name a directory of your own"
        raise InputError(
            Problem(where, f"cannot be written to: {reason}", hint)
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        what = "another batch is at work here"
        raise InputError(Problem(where, what, "wait for it")) from None
    return handle


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    ours = isinstance(found, dict) and found.get("schema") == BATCH_SCHEMA
    return found if ours and found.get("version") == __version__ else {}


def _row(one: Any) -> BatchRow | None:
    """Return a row as it was written; None where it is none: its campaign runs."""
    try:
        row = BatchRow(
            **{key: value for key, value in one.items() if key != "inputs"}
            | {name: tuple(map(str, one[name])) for name in ("said", "told")}
        )
    except (TypeError, KeyError, AttributeError):
        return None
    known = isinstance(row.file, str) and row.ending in get_args(Ending)
    return row if known else None
