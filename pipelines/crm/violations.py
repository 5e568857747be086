"""What is wrong with the tables of a CRM, in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from fairness.errors import alternatives, shown
from fairness.frames.typed import Frame
from pipelines.crm.checking import REPAIRED, WHAT, Checked, Fault, counted, examples
from pipelines.crm.contracts import Column

MOST_EXAMPLES = 20
"""Rows that are shown of each kind of violation."""

_AT_ONCE = 2
_LINES = 9


@dataclass(frozen=True, slots=True)
class Violation:
    """One cell that breaks a contract.

    Parameters
    ----------
    table, file : str
    row : int or None
        Number of the record in the file, from 1; a database's rows have none.
    key : str
        The customer's id as written, fit to be printed.
    column : str
    value : str
        The cell as written, fit to be printed: quoted, on one line, shortened.
    code : str
        A key of `pipelines.crm.checking.WHAT`.
    what : str
        What is wrong, and what is allowed.
    outcome : {"repaired", "quarantined"}
    """

    table: str
    file: str
    row: int | None
    key: str
    column: str
    value: str
    code: str
    what: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Count:
    """How often one column breaks its contract in one way.

    Parameters
    ----------
    table, column, code : str
    outcome : {"repaired", "quarantined"}
    rows : int
        Exact.
    """

    table: str
    column: str
    code: str
    outcome: str
    rows: int


@dataclass(frozen=True, slots=True)
class Violations:
    """All violations of all tables: exact counts, and the first rows of each kind.

    Parameters
    ----------
    counts : tuple of Count
    examples : tuple of Violation
        At most `MOST_EXAMPLES` of each count, the first of the file.

    Examples
    --------
    >>> Violations((Count("consents", "status", "spelling", "repaired", 3),), ())
    Violations of the contracts: 3 repaired, 0 quarantined
    consents      status            spelling      repaired              3
    Next: .frame() · .by_code() · Crm.write_quarantine(directory)
    """

    counts: tuple[Count, ...]
    examples: tuple[Violation, ...]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.counts)

    def __repr__(self) -> str:
        outcomes: Counter[str] = Counter()
        for count in self.counts:
            outcomes[count.outcome] += count.rows
        head = ", ".join(f"{outcomes[o]:,} {o}" for o in ("repaired", "quarantined"))
        lines = [f"Violations of the contracts: {head}"]
        lines += [
            f"{one.table:13} {one.column:17} {one.code:13} {one.outcome:12} "
            f"{one.rows:>10,}"
            for one in self.counts[:_LINES]
        ]
        more = len(self.counts) - _LINES
        if more > 0:
            lines.append(f"(+{more} more)")
        lines.append("Next: .frame() · .by_code() · Crm.write_quarantine(directory)")
        return "\n".join(lines)

    def by_code(self) -> dict[str, int]:
        """Return the number of violations by code."""
        found: Counter[str] = Counter()
        for count in self.counts:
            found[count.code] += count.rows
        return dict(sorted(found.items()))

    def frame(self) -> Any:
        """Return the examples as a pyarrow table, one row a violation."""
        import pyarrow as pa  # noqa: PLC0415  # loaded where a table is asked for

        texts = ("table", "file", "key", "column", "value", "code", "what", "outcome")
        types = dict.fromkeys(texts, pa.string()) | {"row": pa.int64()}
        schema = pa.schema([(n, types[n]) for n in Violation.__dataclass_fields__])
        rows = [asdict(one) for one in self.examples]
        return pa.Table.from_pylist(rows, schema=schema)

    def to_dict(self) -> dict[str, Any]:
        """Return counts and examples as JSON has them."""
        return {
            "counts": [asdict(one) for one in self.counts],
            "examples": [asdict(one) for one in self.examples],
        }


def violations(
    tables: Mapping[str, Checked],
    beside: Callable[[Frame], Frame],
    most: int = MOST_EXAMPLES,
) -> Violations:
    """Return the violations of checked tables; each table is read once for its counts.

    Parameters
    ----------
    tables : mapping of str to Checked
    beside : callable
        Gives a frame to another thread: see `fairness.frames.Session.beside`.
    most : int
        Rows to show of each kind of violation.
    """
    counts, shown_rows = [], []
    apart = [one.read_with(beside) for one in tables.values()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(counted, apart))
    for checked, tests in zip(tables.values(), found, strict=True):
        for test, rows in tests.items():
            counts.append(
                Count(
                    checked.contract.table, test.column, test.code, outcome(test), rows
                )
            )
            shown_rows += _shown(checked, test, most)
    return Violations(tuple(counts), tuple(shown_rows))


def outcome(test: Fault) -> str:
    """Return what is done about it."""
    return "repaired" if test.code in REPAIRED else "quarantined"


def _shown(checked: Checked, test: Fault, most: int) -> list[Violation]:
    column = checked.contract.column(test.column)
    return [
        Violation(
            checked.contract.table,
            shown(file)[1:-1],
            row,
            _printed(key),
            test.column,
            _printed(value),
            test.code,
            _what(test, column),
            outcome(test),
        )
        for file, row, key, value in examples(checked, test, most)
    ]


def _printed(value: object) -> str:
    return "" if value is None else shown(str(value))


def _what(test: Fault, column: Column) -> str:
    ends = ("-inf" if column.low is None else f"{column.low:g}",)
    high = "inf)" if column.high is None else f"{column.high:g}]"
    return WHAT[test.code].format(
        kind=f"{'an' if column.kind[0] == 'i' else 'a'} {column.kind}",
        values=alternatives(column.values),
        range=f"[{ends[0]}, {high}",
    )
