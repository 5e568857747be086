"""The section ``curves`` of the payload: what a score does to groups at each cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable, GroupCounts, ScoreBins
from fairness.counts.suppress import SMALLEST
from fairness.findings import Finding
from fairness.inference import rate_interval, ratio_interval
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Shares of all customers that a cut would select, beside the share that is selected.
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_MOST_GROUPS = 10
_DECILES = 10
_DIGITS = 5


class Scored(Protocol):
    """What the section needs of an audit."""

    @property
    def counts(self) -> GroupCounts:
        """The joint counts."""

    @property
    def tables(self) -> Mapping[tuple[str, ...], CountTable]:
        """Tables of the attributes and intersections."""

    @property
    def bins(self) -> ScoreBins | None:
        """Customers by bin of the score; None where there is none."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Readings, without verdicts."""

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics that the findings are about."""

    @property
    def confidence(self) -> float:
        """Level of the intervals."""


def curves_section(
    audit: Scored, hidden: Mapping[str, set[str]]
) -> dict[str, Any] | None:
    """Return what each cut of the score would select, and whether the score keeps word.

    Parameters
    ----------
    audit : Audit
    hidden : dict of attribute to set of str
        Groups that reports hide: they are not in the section.

    Returns
    -------
    dict or None
        None without a score, or of weighted data. ``attributes`` has, for each single
        attribute and at most ten of its groups (those that differ clearly, the
        reference, the largest), the rate and the ratio to the reference at some ten
        cuts, with intervals; with an outcome also the observed rate by tenths of the
        score. Five digits each.

    Notes
    -----
    No cell of one to four customers can be read off, nor be worked out from the rest:

    - rates are of all customers of a group; who has no score is never selected, and
      so is counted with those below the lowest cut;
    - a group's number at a cut is left out where one to four of its customers lie
      between it and the next cut that is told, or outside the outermost ones; hidden
      groups are looked at as one group;
    - where that leaves a single gap at a cut, the smallest other group's number goes
      too, since the total may be known, and its neighbours where they would say it;
    - tenths of the score are merged until each group that is told has none or five in
      each; a rate is left out where one to four had the outcome, or had it not, and
      with it another one where it would be the only one.
    """
    bins = audit.bins
    counted = bins is not None and "score" in audit.counts.sums
    if bins is None or not counted or audit.counts.has_weights:
        return None
    made = []
    for name in audit.counts.attributes:
        table = audit.tables[(name,)]
        cells = _aligned(bins, table)
        shown = _told(audit, table, hidden.get(name, set()))
        if len(shown) > 1:
            made.append(_attribute(audit, bins, table, cells, shown))
    if not made:
        return None
    return {
        "low": bins.low,
        "high": bins.high,
        "confidence": audit.confidence,
        "attributes": made,
    }


def _aligned(bins: ScoreBins, table: CountTable) -> NDArray[np.int64]:
    """Return bins of a table's groups in its order, groups x bins x 3."""
    held = bins.cells[table.attribute]
    cells = np.zeros((len(table.groups), *held.shape[1:]), np.int64)
    place = {label: row for row, label in enumerate(table.groups)}
    for row, label in enumerate(bins.labels[table.attribute]):
        cells[place[label]] = held[row]
    return cells


def _told(audit: Scored, table: CountTable, hidden: set[str]) -> list[int]:
    """Return the rows of the groups that are told.

    Of those shown, the ones that differ clearly, the reference, and the largest.
    """
    clear = {
        finding.group
        for finding in _compared(audit, table)
        if finding.reading in {"lower", "higher", "reference"}
    }
    rows = [row for row, group in enumerate(table.groups) if group not in hidden]
    rows.sort(key=lambda row: (table.groups[row] not in clear, -int(table.n[row])))
    return sorted(rows[:_MOST_GROUPS])


def _compared(audit: Scored, table: CountTable) -> list[Finding]:
    return [
        finding
        for finding in audit.findings
        if finding.attribute == table.attribute
        and finding.metric == audit.headline[0]
        and finding.stratum is None
    ]


def _attribute(
    audit: Scored,
    bins: ScoreBins,
    table: CountTable,
    cells: NDArray[np.int64],
    shown: list[int],
) -> dict[str, Any]:
    n, reference = table.n, _reference(audit, table)
    above = cells.sum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1]
    cuts = _cuts(above.sum(axis=0), int(n.sum()), audit.counts.selected)
    at = above[:, cuts]
    keep = _kept(at, n, shown)
    rates = ratio(at, n[:, None])
    low, high = rate_interval(at, n[:, None], audit.confidence)
    groups = []
    for place, row in enumerate(shown):
        beside = _beside(at, n, table, row, reference)
        lines: dict[str, Any] = {"rate": rates[row], "low": low[row], "high": high[row]}
        known = keep[place]
        if table.groups[row] == reference:
            none = np.full(len(cuts), np.nan)
            one = np.where(rates[row] > 0, 1.0, np.nan)
            lines |= {"ratio": one, "ratio_low": none, "ratio_high": none}
        elif beside is not None:
            ends = ratio_interval(at[row], n[row], *beside, audit.confidence)
            value = ratio(rates[row], ratio(beside[0], beside[1]))
            lines |= {"ratio": value, "ratio_low": ends[0], "ratio_high": ends[1]}
        else:
            none = np.full(len(cuts), np.nan)
            lines |= {"ratio": none, "ratio_low": none, "ratio_high": none}
        both = known
        if reference in table.groups:
            other = table.groups.index(reference)
            both = known & (keep[shown.index(other)] if other in shown else False)
        told = {
            name: _plain(line, both if name.startswith("ratio") else known)
            for name, line in lines.items()
        }
        groups.append({"group": table.groups[row], "n": int(n[row]), **told})
    made: dict[str, Any] = {
        "attribute": table.attribute,
        "reference": reference,
        "n_reference": int(n[table.groups.index(reference)])
        if reference in table.groups
        else None,
        "thresholds": _plain(bins.thresholds[cuts], np.full(len(cuts), True)),
        "selected_share": audit.counts.selected / int(n.sum()),
        "shares": _plain(ratio(at.sum(axis=0), int(n.sum())), np.full(len(cuts), True)),
        "groups": groups,
        "groups_left_out": len(table.groups) - len(shown),
    }
    if audit.counts.has_outcome:
        made["calibration"] = _calibration(audit, bins, table, cells, shown)
    return made


def _reference(audit: Scored, table: CountTable) -> str | None:
    """Return the reference that the findings show, where they agree on one."""
    found = {finding.reference for finding in _compared(audit, table)} - {None}
    return found.pop() if len(found) == 1 else None


def _beside(
    at: NDArray[np.int64],
    n: NDArray[np.int64],
    table: CountTable,
    row: int,
    reference: str | None,
) -> tuple[NDArray[np.int64], int] | None:
    """Return how many of the reference each cut selects, and of how many."""
    if reference in table.groups:
        other = table.groups.index(reference)
        return at[other], int(n[other])
    if reference == "(rest)":
        return at.sum(axis=0) - at[row], int(n.sum() - n[row])
    if reference == "(all)":
        return at.sum(axis=0), int(n.sum())
    return None


def _cuts(above: NDArray[np.int64], rows: int, selected: int) -> list[int]:
    """Return the bins whose lower edge selects about each share, lenient first."""
    shares = above / rows
    wanted = sorted({*_SHARES, selected / rows}, reverse=True)
    places = [int(np.abs(shares - share).argmin()) for share in wanted]
    return [place for place in dict.fromkeys(places) if 0 < shares[place] < 1]


def _kept(
    at: NDArray[np.int64], n: NDArray[np.int64], shown: Sequence[int]
) -> BoolArray:
    """Return which numbers at which cuts are told, groups x cuts."""
    rest = [row for row in range(len(n)) if row not in shown]
    numbers = [at[row] for row in shown]
    sizes = [int(n[row]) for row in shown]
    if rest:
        numbers.append(at[rest].sum(axis=0))
        sizes.append(int(n[rest].sum()))
    keep = np.stack(
        [_far_apart(own, size) for own, size in zip(numbers, sizes, strict=True)]
    )
    return _never_alone(keep, sizes, len(shown), np.stack(numbers))[: len(shown)]


def _far_apart(own: NDArray[np.int64], size: int) -> BoolArray:
    """Return the cuts between which none or at least five of a group lie."""
    keep = np.zeros(len(own), np.bool_)
    before = 0
    # From the strictest cut on, which is the last.
    for place in range(len(own) - 1, -1, -1):
        here = int(own[place])
        if all(_is_safe(number) for number in (here - before, size - here)):
            keep[place] = True
            before = here
    return keep


def _is_safe(number: int) -> bool:
    return number == 0 or number >= SMALLEST


def _never_alone(
    keep: BoolArray,
    sizes: Sequence[int],
    told: int,
    numbers: NDArray[np.int64] | None = None,
) -> BoolArray:
    """Leave out the smallest other number of a column where one alone is left out.

    With `numbers`, which never rise from one column to the next, what is left out must
    not lie between neighbours that say it: then one of these is left out as well.
    """
    keep = keep.copy()
    while True:
        before = int(keep.sum())
        for column in np.flatnonzero((~keep).sum(axis=0) == 1):
            others = [row for row in range(told) if keep[row, column]]
            if others:
                keep[min(others, key=lambda row: sizes[row]), column] = False
        if numbers is not None:
            for row in range(len(keep)):
                _widen(keep[row], numbers[row], sizes[row])
        if int(keep.sum()) == before:
            return keep


def _widen(keep: BoolArray, own: NDArray[np.int64], size: int) -> None:
    """Leave out neighbours between which a number that is left out could be told."""
    for column in np.flatnonzero(~keep):
        while True:
            more = np.flatnonzero(keep[:column])
            fewer = np.flatnonzero(keep[column:]) + column
            most = int(own[more[-1]]) if len(more) else size
            least = int(own[fewer[0]]) if len(fewer) else 0
            if most - least >= SMALLEST or not (len(more) or len(fewer)):
                break
            keep[fewer[0] if len(fewer) else more[-1]] = False


def _calibration(
    audit: Scored,
    bins: ScoreBins,
    table: CountTable,
    cells: NDArray[np.int64],
    shown: Sequence[int],
) -> list[dict[str, Any]]:
    """Return the observed rate of outcomes by tenths of the score."""
    rest = [row for row in range(len(cells)) if row not in shown]
    numbers = cells[list(shown)]
    if rest:
        numbers = np.concatenate([numbers, cells[rest].sum(axis=0, keepdims=True)])
    hits, seen = numbers[..., 1], numbers[..., :2].sum(axis=2)
    enough = [
        row for row in range(len(shown)) if seen[row].sum() >= SMALLEST * _DECILES
    ]
    few = [row for row in range(len(seen)) if row not in enough]
    if len(enough) < 2:  # noqa: PLR2004  # one alone is compared with nobody
        return []
    together = [seen[row] for row in enough]
    if few:
        together.append(seen[few].sum(axis=0))
    starts = _tenths(np.stack(together))
    width = (bins.high - bins.low) / bins.bins
    middles = bins.low + (np.arange(bins.bins) + 0.5) * width
    x, m = (np.add.reduceat(part, starts, axis=1) for part in (hits, seen))
    score = ratio(np.add.reduceat(seen * middles, starts, axis=1), m)
    told = [(x[row], m[row]) for row in enough]
    if few:
        told.append((x[few].sum(axis=0), m[few].sum(axis=0)))
    keep = np.array(
        [
            [
                size > 0 and _is_safe(int(hit)) and _is_safe(int(size - hit))
                for hit, size in zip(*own, strict=True)
            ]
            for own in told
        ]
    )
    sizes = [int(all_.sum()) for _, all_ in told]
    keep = _never_alone(keep, sizes, len(enough))
    low, high = rate_interval(x, m, audit.confidence)
    rates = ratio(x, m)
    return [
        {
            "group": table.groups[shown[row]],
            "n": [int(number) for number in m[row]],
            "score": _plain(score[row], m[row] > 0),
            "rate": _plain(rates[row], keep[place]),
            "low": _plain(low[row], keep[place]),
            "high": _plain(high[row], keep[place]),
        }
        for place, row in enumerate(enough)
    ]


def _tenths(seen: NDArray[np.int64]) -> list[int]:
    """Return where tenths start, merged until no row has one to four in any of them."""
    total = seen.sum(axis=0)
    place = np.minimum(
        (total.cumsum() - total / 2) / max(int(total.sum()), 1) * _DECILES, _DECILES - 1
    ).astype(np.int64)
    edges = [*np.flatnonzero(np.diff(place, prepend=-1)).tolist(), seen.shape[1]]
    starts = [0]
    for edge in edges[1:-1]:
        before = seen[:, starts[-1] : edge].sum(axis=1)
        beyond = seen[:, edge:].sum(axis=1)
        if all(_is_safe(int(number)) for number in (*before, *beyond)):
            starts.append(edge)
    return starts


def _plain(line: FloatArray, known: BoolArray) -> list[float | None]:
    return [
        float(f"{value:.{_DIGITS}g}") if is_known and np.isfinite(value) else None
        for value, is_known in zip(line.tolist(), known.tolist(), strict=True)
    ]
