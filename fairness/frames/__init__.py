"""Where tables come in: the only package that knows narwhals and DuckDB.

Everything becomes one of two things: an `EagerTable`, whose columns can be
encoded to integer codes, or a `LazyTable`, which can be asked for the sizes of
its groups and answers with as many rows as there are groups.
"""

from fairness.frames.eager import EagerTable
from fairness.frames.encoding import Encoded
from fairness.frames.files import FileTable
from fairness.frames.lazy import Key, LazyTable, Tally
from fairness.frames.sources import Source, is_table, open_table, read_eager, scan

__all__ = [
    "EagerTable",
    "Encoded",
    "FileTable",
    "Key",
    "LazyTable",
    "Source",
    "Tally",
    "is_table",
    "open_table",
    "read_eager",
    "scan",
]
