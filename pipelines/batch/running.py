"""Run the campaigns of the night: each for itself, and all over the same tables."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fairness import __version__
from fairness.errors import FairreachError, InputError, Problem, shown
from fairness.frames import scan
from fairness.writing import write_whole
from pipelines.batch.rows import BatchRow
from pipelines.batch.summaries import markdown
from pipelines.campaign.frame import SharedTables
from pipelines.campaign.load import load_campaign
from pipelines.campaign.run import Watch
from pipelines.release.carrying import Authority, carry_out
from pipelines.release.place import Place

BATCH_SCHEMA = "fairreach/batch/1"


@dataclass(frozen=True, slots=True)
class Watched:
    """Who is told how a batch gets on.

    Parameters
    ----------
    begins : callable
        Told the number of the campaign, from 0, and its file.
    ended : callable
        Told the row of each campaign.
    inside : Watch
        Told of the steps of each campaign.
    """

    begins: Callable[[int, str], None]
    ended: Callable[[BatchRow], None]
    inside: Watch


def run_batch(
    files: Sequence[str | Path],
    out: str | Path,
    *,
    authority: Authority | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
    watched: Watched | None = None,
) -> list[BatchRow]:
    """Run campaign files one after another, over tables that are opened once.

    A campaign that fails keeps none of the others from running. Where a batch was
    interrupted, the next one with the same output directory keeps what was done, as
    long as the campaign, its tables and its leave are what they were.

    Parameters
    ----------
    files : sequence of paths
    out : path
        Has a directory for each campaign, ``ledger.jsonl``, and the summary in
        ``batch.json`` and ``batch.md``.
    authority : Authority, optional
    ledger : path, optional
    now : datetime, optional
    watched : Watched, optional

    Returns
    -------
    list of BatchRow
        In the order of the files.

    Raises
    ------
    InputError
        No files, one given twice, two campaigns of one name, or a directory that
        cannot be written to.
    """
    _check_files(files)
    folder = Path(out)
    given = authority or Authority()
    state = _State.of(folder, [str(file) for file in files])
    rows = []
    with SharedTables() as shared:
        for place, file in enumerate(files):
            if watched is not None:
                watched.begins(place, str(file))
            began = time.monotonic()
            mark = _inputs(Path(file), folder, given)
            row = state.kept(str(file), mark)
            if row is None:
                row = _one(file, folder, given, ledger, now, shared, watched)
                row = replace(row, seconds=round(time.monotonic() - began, 3))
                state.done(row, mark)
            rows.append(row)
            if watched is not None:
                watched.ended(row)
    state.finished(rows)
    return rows


def _one(
    file: str | Path,
    out: Path,
    authority: Authority,
    ledger: str | Path | None,
    now: datetime | None,
    shared: SharedTables,
    watched: Watched | None,
) -> BatchRow:
    name = None
    try:
        name = load_campaign(file).name
        outcome = carry_out(
            file,
            out,
            authority=authority,
            ledger=ledger,
            now=now,
            shared=shared,
            watch=None if watched is None else watched.inside,
        )
    except FairreachError as error:
        return BatchRow(str(file), name, "error", said=(str(error),))
    except Exception as error:  # noqa: BLE001  # a crash of one may not hide the others
        told = traceback.format_exception_only(error)[-1].strip()
        return BatchRow(str(file), name, "crash", said=(told,))
    return BatchRow(
        str(file),
        name,
        outcome.verdict,
        selected=outcome.run.audit.counts.selected,
        released=outcome.released is not None,
        said=outcome.run.culprits or outcome.run.decision.reasons,
    )


def _check_files(files: Sequence[str | Path]) -> None:
    problems = []
    if not files:
        problems.append(Problem("campaigns", "are none", "name campaign files"))
    seen: dict[Path, str] = {}
    names: dict[str, str] = {}
    for file in files:
        whole = Path(file).resolve()
        if whole in seen:
            problems.append(Problem(shown(str(file)), "is given twice"))
            continue
        seen[whole] = str(file)
        try:
            name = load_campaign(file).name
        except InputError:
            continue
        if name in names:
            what = f"has the name of {shown(names[name])}, {shown(name)}"
            hint = "each campaign has a directory of its name"
            problems.append(Problem(shown(str(file)), what, hint))
        names.setdefault(name, str(file))
    if problems:
        raise InputError(problems)


@dataclass
class _State:
    """What a batch has done so far, in a file that survives it."""

    folder: Path
    files: list[str]
    marks: dict[str, str]
    rows: dict[str, BatchRow]

    @classmethod
    def of(cls, folder: Path, files: list[str]) -> _State:
        """Return the state of an interrupted batch, or a new one."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"cannot be written to: {error.strerror}"
            raise InputError(
                Problem(shown(str(folder)), what, "name a directory of your own")
            ) from None
        for path in folder.glob(".fairreach-*"):
            path.unlink(missing_ok=True)
        before = _read(folder / "batch.json")
        state = cls(folder, files, {}, {})
        if before.get("finished") is False:
            for one in before.get("campaigns", []):
                row = dict(one)
                mark = row.pop("inputs")
                state.marks[row["file"]] = mark
                state.rows[row["file"]] = BatchRow(**row | {"said": tuple(row["said"])})
        state._write(finished=False)
        return state

    def kept(self, file: str, mark: str) -> BatchRow | None:
        """Return the row of a campaign that needs not be run again."""
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
        """Write the summary of all campaigns."""
        self.rows = {row.file: row for row in rows}
        self._write(finished=True)
        write_whole(self.folder / "batch.md", markdown(rows))

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


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    ours = isinstance(found, dict) and found.get("schema") == BATCH_SCHEMA
    return found if ours and found.get("version") == __version__ else {}


def _inputs(file: Path, out: Path, authority: Authority) -> str:
    """Return a hash of what an outcome rests on; a new one where it cannot be read."""
    parts: list[Any] = [__version__]
    try:
        campaign = load_campaign(file)
        parts.append(campaign.digest)
        for name, path in campaign.tables.named().items():
            parts.append([name, list(_stamps(file.parent / path, path))])
        place = Place(out, campaign.name, campaign.output.audience)
        for kind in ("approval", "waiver"):
            parts += [one.read_text(encoding="utf-8") for one in place.statements(kind)]
        for policy in campaign.policy.use or ():
            if policy.endswith(".toml"):
                parts.append((file.parent / policy).read_text(encoding="utf-8"))
    except (FairreachError, OSError, ValueError):
        parts.append(time.time_ns())
    if authority.signer is not None:
        parts.append(authority.signer.key_id)
    parts.append([one.name for one in authority.recipients])
    text = json.dumps(parts, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _stamps(path: Path, text: str) -> Iterator[list[Any]]:
    if "://" in text:
        yield [text]
        return
    for name in scan(path).files:
        stat = Path(name).stat()
        yield [name, stat.st_size, stat.st_mtime_ns]
