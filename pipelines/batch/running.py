"""Run the campaigns of the night: each for itself, and all over the same tables."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fairness.errors import FairreachError, InputError, Problem, RefusedError, shown
from fairness.evidence import verify_audience
from fairness.reports.answers import answers
from pipelines.batch.inputs import inputs_of
from pipelines.batch.rows import BatchRow
from pipelines.batch.state import State
from pipelines.campaign.frame import SharedTables
from pipelines.campaign.load import load_campaign
from pipelines.campaign.run import Watch
from pipelines.release.carrying import Authority, Outcome, carry_out
from pipelines.release.place import Place

_LEAVE = "Released all the same: leave was given, and signed."


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
    long as the campaign, its tables, its leave and the day are what they were, and
    what was written for it is still there, unchanged. Failures are tried again.

    Parameters
    ----------
    files : sequence of paths
    out : path
        Has a directory for each campaign, ``ledger.jsonl``, and the summary in
        ``batch.json``, ``batch.md`` and ``index.html``.
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
        No files, one given twice, two campaigns of one name, a directory that cannot
        be written to, or another batch at work in it.
    """
    _check_files(files)
    folder = Path(out)
    given = authority or Authority()
    book = Path(ledger or folder / "ledger.jsonl")
    rows = []
    with State.held(folder, [str(file) for file in files]) as state:
        with SharedTables() as shared:
            for number, file in enumerate(files):
                if watched is not None:
                    watched.begins(number, str(file))
                began = time.monotonic()
                at = now or datetime.now(tz=UTC)
                mark = inputs_of(file, folder, given, book, at.date())
                row = state.before(str(file), mark)
                if row is None or not _still_there(row, file, folder, given, book, at):
                    row = _one(file, folder, given, book, now, shared, watched)
                    row = replace(row, seconds=round(time.monotonic() - began, 3))
                    after = inputs_of(file, folder, given, book, at.date())
                    # What came of inputs that changed meanwhile is kept for no others.
                    state.done(row, mark if after == mark else "")
                rows.append(row)
                if watched is not None:
                    watched.ended(row)
        state.finished(rows)
    return rows


def _still_there(
    row: BatchRow,
    file: str | Path,
    out: Path,
    authority: Authority,
    ledger: Path,
    at: datetime,
) -> bool:
    """Say whether what an earlier run of the batch wrote still holds."""
    try:
        campaign = load_campaign(file)
        place = Place(out, campaign.name, campaign.output.audience)
        result = json.loads(place.result.read_text(encoding="utf-8"))
        reports = place.facts.is_file() and place.page.is_file()
        released = result["released"] is not None
        ending = "clear" if released else result["verdict"]
        if not reports or (ending, released) != (row.ending, row.released):
            return False
        if not released:
            return ledger.is_file()
        if authority.trust is None:
            return False
        audience = place.sealed if authority.recipients else place.audience
        found = verify_audience(audience, authority.trust, at=at, ledger=ledger)
    except (InputError, RefusedError, OSError, ValueError, KeyError, TypeError):
        return False
    return found.campaign == campaign.digest


def _one(
    file: str | Path,
    out: Path,
    authority: Authority,
    ledger: Path,
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
    except Exception as error:  # a crash of one may not hide the others
        # What Ctrl-C becomes inside DuckDB.
        if str(error) == "Query interrupted":
            raise
        told = traceback.format_exception_only(error)[-1].strip()
        return BatchRow(str(file), name, "crash", said=(told,))
    return row_of(str(file), outcome)


def row_of(file: str, outcome: Outcome) -> BatchRow:
    """Return how a campaign ended that was carried out."""
    result = outcome.to_dict()
    first = answers(outcome.run.payload())
    by_leave = outcome.released is not None and outcome.run.verdict != "clear"
    return BatchRow(
        file,
        outcome.run.campaign.name,
        outcome.verdict,
        selected=outcome.run.audit.counts.selected,
        released=outcome.released is not None,
        # Two rules may have one sentence.
        said=tuple(dict.fromkeys(result["culprits"] or result["reasons"])),
        told=(first.sentence, _LEAVE if by_leave else first.step),
    )


def _check_files(files: Sequence[str | Path]) -> None:
    problems = []
    if not files:
        problems.append(Problem("campaigns", "are none", "name campaign files"))
    seen: dict[Path, str] = {}
    names: dict[str, str] = {}
    for file in files:
        whole = _whole(file)
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


def _whole(file: str | Path) -> Path:
    try:
        return Path(file).resolve()
    except (OSError, ValueError, RuntimeError):
        # A loop of links, or no name of a file: what that is, its row tells.
        return Path(file)
