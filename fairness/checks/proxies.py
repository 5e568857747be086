"""Columns that a profile uses: what they tell of a group, and what that does to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fairness.checks.evidence import Evidence, headline_of
from fairness.checks.lines import Line, finding_of, line_of
from fairness.counts import CountTable
from fairness.findings import Comparison, Finding
from fairness.findings.comparison import NONE
from fairness.findings.messages import number
from fairness.inference import association, moved_gap, separation
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Of more, the rarest are taken together: a fit costs the cube of their number.
_MOST_BINS = 200


def proxies(measured: Evidence, confidence: float) -> list[Finding]:
    """Return for each column used how well it tells groups apart, and what it does.

    Parameters
    ----------
    measured : Evidence
    confidence : float

    Returns
    -------
    list of Finding
        Of single attributes; ``column`` names the column. Association is told with
        what chance alone would give; ``proxy_ratio`` is the ratio that the column
        alone would make, its p paid for groups, attributes and columns.
    """
    counted = measured.columns
    if counted is None or measured.counts.has_weights:
        return []
    made: list[Finding] = []
    for attribute in counted.labels:
        table = measured.tables[(attribute,)]
        comparison = measured.comparison(headline_of(measured), [table])
        for column in counted.columns:
            cells = _aligned(measured, table, column)
            made += _told_by(table, column, cells.sum(axis=2), confidence)
            made += _carried(measured, comparison, column, cells, confidence)
    return made


def _aligned(measured: Evidence, table: CountTable, column: str) -> IntArray:
    """Return bins x groups x 2 with the groups in the order of the table."""
    counted = measured.columns
    assert counted is not None  # asked for by the caller
    attribute = table.attributes[0]
    held = counted.cells[column][attribute]
    place = {label: row for row, label in enumerate(table.groups)}
    cells = np.zeros((len(held), len(place), 2), np.int64)
    for row, label in enumerate(counted.labels[attribute]):
        cells[:, place[label]] = held[:, row]
    return np.asarray(cells[cells.sum(axis=(1, 2)) > 0], dtype=np.int64)


def _told_by(
    table: CountTable, column: str, cells: IntArray, confidence: float
) -> list[Finding]:
    """Return the association of a column with an attribute and each of its groups."""
    found = association(cells)
    chance = found.information_floor
    entropy = ratio(found.information, found.explained)
    floor = float(ratio(chance, entropy))
    whole = Line(
        table.attribute,
        "(all)",
        n=int(table.n.sum()),
        selected=int(table.selected.sum()),
        column=column,
    )
    told = "" if np.isnan(floor) else f"by chance {floor:.2g}"
    lines = [
        ("proxy_information", replace(whole, estimate=found.explained, more=told)),
        (
            "proxy_association",
            replace(whole, estimate=found.cramers_v, p=found.p_value),
        ),
    ]
    ranked = separation(cells, ordered=False)
    for group, name in enumerate(table.groups):
        line = Line(
            table.attribute,
            name,
            n=int(table.n[group]),
            selected=int(table.selected[group]),
            estimate=float(ranked.estimate[group]),
            column=column,
            more=f"by chance {float(ranked.floor[group]):.2f}",
        )
        lines.append(("proxy_auc", line))
    return [
        finding_of(metric, line, confidence, 1 - confidence) for metric, line in lines
    ]


def _carried(
    measured: Evidence,
    comparison: Comparison,
    column: str,
    cells: IntArray,
    confidence: float,
) -> list[Finding]:
    """Return the ratio to its reference that a column alone would give each group."""
    size = len(comparison.groups)
    estimate, low, high, z = (np.full(size, np.nan) for _ in range(4))
    for group in range(size):
        reference = int(comparison.reference[group])
        if reference in {NONE, group}:
            continue
        own = cells[:, group]
        other = cells[:, reference] if reference >= 0 else cells.sum(axis=1) - own
        pair = np.stack([own, other], axis=1)
        moved = _moved(pair, confidence)
        rate = float(ratio(other[:, 1].sum(), other.sum()))
        if rate > 0:
            estimate[group], low[group], high[group] = (
                max(0.0, 1 + part / rate) for part in moved[:3]
            )
            z[group] = ratio(moved[0], moved[3]) if moved[3] > 0 else np.nan
    columns = len(measured.columns.columns) if measured.columns else 1
    factor = measured.sharing.factor(1) * columns
    p_adjusted = np.full(size, np.nan)
    known = np.flatnonzero(~np.isnan(z))
    p_adjusted[known] = np.minimum(
        1.0, comparison.tail(np.abs(z[known]), known) * factor
    )
    made = []
    for group in range(size):
        line = replace(
            line_of(comparison, group, measured.min_expected),
            estimate=float(estimate[group]),
            low=float(low[group]),
            high=float(high[group]),
            p=float(ndtr(-abs(z[group]))),
            p_adjusted=float(p_adjusted[group]),
            column=column,
            more=f"in total {number(float(comparison.estimate[group]), 3)}",
        )
        made.append(
            finding_of("proxy_ratio", line, confidence, 1 - measured.confidence)
        )
    return made


def _fewer(pair: IntArray) -> IntArray:
    """Return the bins with the rarest together, where there are very many."""
    if len(pair) <= _MOST_BINS:
        return pair
    order = np.argsort(-pair.sum(axis=(1, 2)), kind="stable")
    rest = pair[order[_MOST_BINS - 1 :]].sum(axis=0, keepdims=True)
    return np.concatenate([pair[order[: _MOST_BINS - 1]], rest])


def _moved(pair: IntArray, confidence: float) -> tuple[float, float, float, float]:
    """Return the gap of two groups that goes through the bins of a column."""
    pair = _fewer(pair)
    bins = len(pair)
    levels = np.column_stack([np.tile([0, 1], bins), np.repeat(np.arange(bins), 2)])
    n = pair.sum(axis=2).ravel().astype(np.float64)
    hits = pair[:, :, 1].ravel().astype(np.float64)
    there = n > 0
    if not n.reshape(-1, 2).sum(axis=0).all():
        return (np.nan,) * 4
    found = moved_gap(
        levels[there], n[there], hits[there], hits[there], 1, confidence, groups=2
    )
    return (
        float(found.estimate[0]),
        float(found.low[0]),
        float(found.high[0]),
        float(found.error[0]),
    )
