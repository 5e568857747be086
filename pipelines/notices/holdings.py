"""All that fairreach holds of one customer, and taking it out again.

Looked through are the files below an output directory: audiences, sealed ones where a
key opens them, rows that were set aside, and vaults where a custodian asks. Reports,
counts, certificates and the ledger hold no row of anybody.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence import (
    Ledger,
    certificate_path,
    export_vault,
    is_vault,
    open_sealed,
)
from fairness.evidence.certificates import ENDING
from fairness.writing import write_whole
from pipelines.release.place import SEALED

if TYPE_CHECKING:
    from fairness.evidence import Signer, Trust

_QUARANTINE = ".quarantine.csv"
_PURPOSE = "a customer asks what is held of them"


@dataclass(frozen=True, slots=True)
class Held:
    """What one file holds of a customer, or that it could not be looked into.

    Parameters
    ----------
    file : str
        Below the output directory.
    kind : {"audience", "sealed audience", "quarantine", "vault"}
    rows : tuple of dict
        The customer's own rows.
    unread : str
        Why it could not be looked into; empty where it was.
    """

    file: str
    kind: str
    rows: tuple[dict[str, str], ...]
    unread: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self) | {"rows": [dict(row) for row in self.rows]}


def held_of(
    out: str | Path,
    customer: str,
    *,
    signer: Signer | None = None,
    trust: Trust | None = None,
    ledger: str | Path | None = None,
) -> tuple[Held, ...]:
    """Return what the files below an output directory hold of a customer.

    Parameters
    ----------
    out : path
    customer : str
        The id, as the tables have it.
    signer : Signer, optional
        Opens sealed audiences and, for a custodian, vaults.
    trust : Trust, optional
    ledger : path, optional
        Of the vaults; the one beside each by default.

    Returns
    -------
    tuple of Held
        Of files that hold something, and of those that could not be looked into.

    Raises
    ------
    InputError
        There is no such directory, or the id is empty.
    """
    root = _checked(out, customer)
    found = []
    for path, kind in _files(root):
        try:
            rows = _rows(path, kind, customer, signer, trust, ledger)
        except (InputError, RefusedError) as error:
            found.append(Held(str(path.relative_to(root)), kind, (), _reason(error)))
            continue
        if rows:
            found.append(Held(str(path.relative_to(root)), kind, tuple(rows)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was taken out, and what was not.

    Parameters
    ----------
    withdrawn : tuple of str
        Audiences that held the customer: removed as a whole, with their certificate.
    cleaned : tuple of str
        Files of set-aside rows that were written anew without the customer's.
    rows : int
    left : tuple of Held
        Vaults that hold the customer, and files that could not be looked into.
    """

    withdrawn: tuple[str, ...]
    cleaned: tuple[str, ...]
    rows: int
    left: tuple[Held, ...]


def erase_person(
    out: str | Path,
    customer: str,
    *,
    signer: Signer | None = None,
    trust: Trust | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
) -> Erasure:
    """Take a customer out of the files below an output directory.

    An audience that holds the customer is withdrawn as a whole: without them it would
    not be what its certificate says. Run the campaign again, on tables without them.
    The ledger gets a line with numbers, and no id.

    Parameters
    ----------
    out : path
    customer : str
    signer, trust, ledger
        As `held_of`; the line is written to `ledger`, by default that in `out`.
    now : datetime, optional

    Raises
    ------
    InputError
        As `held_of`; a file that cannot be written.
    """
    root = _checked(out, customer)
    withdrawn, cleaned, left, rows = [], [], [], 0
    for one in held_of(root, customer, signer=signer, trust=trust, ledger=ledger):
        path = root / one.file
        if one.unread or one.kind == "vault":
            left.append(one)
            continue
        rows += len(one.rows)
        if one.kind == "quarantine":
            _clean(path, customer)
            cleaned.append(one.file)
        else:
            path.unlink()
            certificate_path(path).unlink(missing_ok=True)
            withdrawn.append(one.file)
    body = {
        "withdrawn": len(withdrawn),
        "cleaned": len(cleaned),
        "rows": rows,
        "left": len(left),
    }
    Ledger(ledger or root / "ledger.jsonl").append("erasure", body, at=now)
    return Erasure(tuple(withdrawn), tuple(cleaned), rows, tuple(left))


def _checked(out: str | Path, customer: str) -> Path:
    root = Path(out)
    problems = []
    if not root.is_dir():
        problems.append(
            Problem(shown(str(out)), "is no directory", "name it with --out")
        )
    if not customer.strip():
        problems.append(Problem("id", "is empty", "write an id as the tables have it"))
    if problems:
        raise InputError(problems)
    return root


def _files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that may hold rows; nothing is followed out of the directory."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.name.endswith(_QUARANTINE):
            yield path, "quarantine"
        elif is_vault(path):
            yield path, "vault"
        elif certificate_path(path).is_file():
            yield path, "sealed audience" if path.name.endswith(SEALED) else "audience"
        elif path.suffix == ".csv" and not path.name.endswith(ENDING):
            yield path, "audience"


def _rows(
    path: Path,
    kind: str,
    customer: str,
    signer: Signer | None,
    trust: Trust | None,
    ledger: str | Path | None,
) -> list[dict[str, str]]:
    if kind == "vault":
        if signer is None or trust is None:
            what, hint = "is opened for a custodian alone", "name --key and --trust"
            raise InputError(Problem(shown(path.name), what, hint))
        table = export_vault(path, signer, purpose=_PURPOSE, trust=trust, ledger=ledger)
        return [
            {name: str(value) for name, value in row.items() if value is not None}
            for row in _matching(table, customer)
        ]
    if kind == "sealed audience":
        if signer is None:
            what, hint = "is sealed", "name the key of a recipient with --key"
            raise InputError(Problem(shown(path.name), what, hint))
        return _of_csv(open_sealed(path, signer), customer)
    return _of_csv(_bytes(path), customer)


def _matching(table: Any, customer: str) -> list[dict[str, Any]]:
    """Return the rows of an Arrow table of which a cell is the id."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    found = None
    for name in table.column_names:
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
            continue
        same = pc.fill_null(pc.equal(column.cast(pa.string()), customer), False)
        found = same if found is None else pc.or_(found, same)
    return [] if found is None else table.filter(found).to_pylist()


def _of_csv(content: bytes, customer: str) -> list[dict[str, str]]:
    head, rows = _parsed(content)
    return [
        {name: cell for name, cell in zip(head, row, strict=False) if cell}
        for row in rows
        if _is_of(row, customer)
    ]


def _parsed(content: bytes) -> tuple[list[str], list[list[str]]]:
    text = content.decode("utf-8-sig", "surrogateescape")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    return (lines[0], lines[1:]) if lines else ([], [])


def _is_of(row: Sequence[str], customer: str) -> bool:
    # A ' stands before what a spreadsheet would run, and blanks may stand around ids.
    wanted = customer.strip()
    return any(cell.strip() in {wanted, f"'{wanted}"} for cell in row)


def _clean(path: Path, customer: str) -> None:
    head, rows = _parsed(_bytes(path))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *(r for r in rows if not _is_of(r, customer))])
    content = text.getvalue().encode("utf-8", "surrogateescape")
    write_whole(path, content, private=True)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or type(error).__name__}"
        raise InputError(Problem(shown(path.name), what)) from None


def _reason(error: InputError | RefusedError) -> str:
    return " ".join(str(error).split())
