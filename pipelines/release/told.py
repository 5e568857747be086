"""The report of a delivered audience, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairness.counts.suppress import SMALLEST
from fairness.findings.messages import against, label, number
from pipelines.release.few import FEW

if TYPE_CHECKING:
    from pipelines.release.delivered import Delivered, GroupDelivery
    from pipelines.release.skews import Skew

_COLUMNS = ("group", "selected", "reached", "rate", "ratio", "interval", "reading")
_WIDEST = 28
_UNTOLD = "–"


def delivered_text(found: Delivered) -> str:
    """Return the report as lines of text.

    Parameters
    ----------
    found : Delivered
    """
    head = (
        f"{found.campaign}: {found.reached:,} of {found.selected:,} selected customers "
        f"were reached, {found.not_reached:,} were not"
    )
    lines = [head, *_strangers(found)]
    if found.repeated:
        lines.append(f"{found.repeated:,} ids are there more than once, counted once")
    for skew in found.skews:
        lines += ["", f"{skew.message}: {skew.reading}"]
        rows = [one for one in found.groups if _is_told(one, skew)]
        lines += _table([_COLUMNS, *map(_cells, rows)]) if rows else []
    lines += ["", *_notes(found)]
    return "\n".join(lines) + "\n"


def _is_told(row: GroupDelivery, skew: Skew) -> bool:
    """Whether a row is of an attribute; of an intersection only what stands out."""
    is_single = not skew.is_intersection or row.reading in {"lower", "higher"}
    return row.attribute == skew.attribute and is_single


def _strangers(found: Delivered) -> Iterator[str]:
    if not found.strangers:
        return
    total = found.unselected
    some = "some" if total is None else f"{total:,}"
    yield f"{some} ids in the file were not selected:"
    for stage, size in found.strangers.items():
        where = label(stage) if stage.startswith("(") else f"left at {label(stage)}"
        yield f"  {f'fewer than {SMALLEST}' if size is None else f'{size:,}'} {where}"


def _cells(row: GroupDelivery) -> tuple[str, ...]:
    interval = "" if row.low is None else f"{number(row.low)} – {number(row.high)}"
    reading = row.reading
    if row.reference is not None and reading in {"lower", "higher"}:
        reading = f"{reading} than {against(row.reference)}"
    return (
        label(row.group, _WIDEST),
        f"{row.selected:,}",
        _UNTOLD if row.reached is None else f"{row.reached:,}",
        number(row.rate, 3),
        number(row.ratio, 3),
        interval,
        reading,
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [
            cell.rjust(width)
            for cell, width in zip(row[1:-1], widths[1:-1], strict=True)
        ]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    return lines


def _notes(found: Delivered) -> Iterator[str]:
    yield "Points apart: the share of those reached who would have to be others."
    yield "Ratio: how often its selected were reached, against the reference."
    if found.hidden:
        yield f"{found.hidden:,} groups are not shown: they are small, or tell of one."
    if any(row.hidden for row in found.groups):
        yield f"{_UNTOLD}: {FEW}."
    if found.at_most is None:
        yield "No bound was given: readings, not verdicts."
