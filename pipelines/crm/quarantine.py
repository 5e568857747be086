"""Rows that are set aside, in files that only their owner can read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, shown
from fairness.frames.typed import FILE, ROW
from fairness.writing import safe_cell, write_whole
from pipelines.crm.checking import REPAIRED, Checked

_BATCH = 65_536


def write_quarantine(checked: Checked, directory: str | Path) -> Path | None:
    """Write the rows of a table that are set aside, with what is wrong with them.

    Parameters
    ----------
    checked : Checked
    directory : path
        Has to be there.

    Returns
    -------
    Path or None
        ``<table>.quarantine.csv``, mode 0600: file, row, violations, and the cells as
        written, with a ' before what a spreadsheet would run as a formula. None, and
        no file, where no row is set aside.

    Raises
    ------
    InputError
        The directory is absent or cannot be written to.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise InputError(Problem(shown(str(directory)), "is no directory"))
    lines = _lines(checked)
    head, first = next(lines), next(lines, None)
    target = folder / f"{checked.contract.table}.quarantine.csv"
    if first is None:
        return None

    def pieces() -> Iterator[bytes]:
        yield head
        yield first
        yield from lines

    return write_whole(target, pieces(), private=True)


def _lines(checked: Checked) -> Iterator[bytes]:
    tests = [test for test in checked.tests if test.code not in REPAIRED]
    yield _csv([("file", "row", "violations", *map(safe_cell, checked.written))])
    columns = [
        nw.col(FILE).alias("fairreach_1"),
        nw.col(ROW).alias("fairreach_2"),
        *(nw.col(test.flag) for test in tests),
        *(nw.col(name).cast(nw.String) for name in checked.written),
    ]
    found = checked.aside.select(*columns).sort(
        "fairreach_1", "fairreach_2", nulls_last=True
    )
    for batch in _batches(found):
        file, row, *cells = (column.to_pylist() for column in batch.columns)
        flags, written = cells[: len(tests)], cells[len(tests) :]
        wrong = [
            "; ".join(
                f"{test.column}: {test.code}"
                for test, is_set in zip(tests, set_, strict=True)
                if is_set
            )
            for set_ in zip(*flags, strict=True)
        ]
        rows = zip(file, row, wrong, *written, strict=True)
        yield _csv([tuple(map(safe_cell, cells)) for cells in rows])


def _batches(frame: nw.LazyFrame[Any]) -> Iterator[Any]:
    reader = frame.to_native().to_arrow_reader(_BATCH)
    for batch in reader:
        if batch.num_rows:
            yield batch


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
