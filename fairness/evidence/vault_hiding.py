"""What a vault holds is in no message: values are taken out of what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fairness.errors import InputError, Problem, shown

# As messages quote a value; an apostrophe within a word begins none.
_QUOTED = re.compile(
    r"""(?<!\w)'(?:[^'\\]|\\.)*'|(?<!\w)"(?:[^"\\]|\\.)*"|datetime\.\w+\([^)]*\)"""
)
_HIDDEN = "'…'"


def without_values(error: InputError, table: Any) -> InputError:
    """Return an error whose message tells no value of a table.

    Messages quote what is wrong with the data, up to five values; of a table out of a
    vault nobody is to read them, on a screen or in a summary that is kept.

    Parameters
    ----------
    error : InputError
    table : pyarrow.Table

    Returns
    -------
    InputError
        Of the same class, with the same problems.

    Examples
    --------
    >>> import pyarrow as pa
    >>> error = InputError(Problem("born", "'x7' is no date", "write 2026-11-01"))
    >>> print(without_values(error, pa.table({"born": ["x7"]})))
    born: '…' is no date
      Hint: write 2026-11-01
    """
    text = "\n".join(part for one in error.problems for part in (one.what, one.hint))
    columns = {shown(name) for name in table.column_names}
    quoted = set(_QUOTED.findall(text)) - columns
    held = set(_held(table, quoted)) if quoted else set()

    def hidden(told: str) -> str:
        return _QUOTED.sub(lambda m: _HIDDEN if m[0] in held else m[0], told)

    return type(error)(
        Problem(one.where, hidden(one.what), hidden(one.hint)) for one in error.problems
    )


def _held(table: Any, quoted: set[str]) -> Iterator[str]:
    """Yield the quoted texts that stand for a value."""
    for column in table.columns:
        for value in column.unique().to_pylist():
            for one in (value, str(value), str(value).strip()):
                told = shown(one)
                if told in quoted:
                    yield told
