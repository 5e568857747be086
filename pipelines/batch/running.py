"""Run the campaigns of the night: each for itself, and all over the same tables."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fairness.errors import FairreachError, InputError, Problem, RefusedError, shown
from fairness.evidence import verify_audience
from pipelines.batch.inputs import inputs_of
from pipelines.batch.rows import BatchRow
from pipelines.batch.state import State
from pipelines.campaign.frame import SharedTables
from pipelines.campaign.load import load_campaign
from pipelines.campaign.run import Watch
from pipelines.release.carrying import Authority, carry_out
from pipelines.release.place import Place


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
