"""Files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.crm.draws import Text

Table = Mapping[str, Text]
"""Columns of text by name, all of one length."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a name to write to; it becomes `path` only if the block succeeds.

    Parameters
    ----------
    path : Path
        Replaced if it exists.

    Yields
    ------
    Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     target = Path(directory, "a.txt")
    ...     with whole_file(target) as half:
    ...         _ = half.write_text("whole")
    ...     target.read_text()
    'whole'
    """
    half = path.with_name(f"{path.name}.part")
    try:
        yield half
        with half.open("rb+") as file:
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write text as UTF-8, line ends as they are, and return the path."""
    with whole_file(path) as half:
        half.write_bytes(text.encode("utf-8"))
    return path


def csv_text(parts: Sequence[Table]) -> str:
    r"""Return tables of the same columns as one CSV text.

    Examples
    --------
    >>> import numpy as np
    >>> csv_text([{"a": np.array(["1"])}, {"a": np.array(["x, y"])}])
    'a\n1\n"x, y"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(parts[0])
    for part in parts:
        columns = [values.tolist() for values in part.values()]
        writer.writerows(zip(*columns, strict=True))
    return text.getvalue()
