"""Measures as pandas tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fairness.counts import CountTable, ScoreBins
from fairness.errors import InputError, Problem, unknown_name
from fairness.findings import Comparison, Finding
from fairness.inference import bootstrap_cells, percentile_interval
from fairness.metrics import METRICS, measure_groups

if TYPE_CHECKING:
    import pandas as pd


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return findings as a table, one row each."""
    import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

    columns = list(Finding.__dataclass_fields__)
    rows = [[getattr(finding, name) for name in columns] for finding in findings]
    return pd.DataFrame(rows, columns=columns)


def rows_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows of one shape as a table.

    Examples
    --------
    >>> rows_frame([{"stage": "consent", "rate": 0.5}]).shape
    (1, 2)
    """
    import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

    return pd.DataFrame(list(rows))


def measures_frame(
    table: CountTable, comparison: Comparison, place: int, *, outcome: bool
) -> pd.DataFrame:
    """Return every rate and comparison of one table's groups, one row each.

    Parameters
    ----------
    table : CountTable
    comparison : Comparison
        Of the selection rate, which says who the reference is.
    place : int
        Of the table in the comparison.
    outcome : bool
    """
    import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

    inside = np.flatnonzero(comparison.table == place)
    shown = int(comparison.reference[inside[0]])
    reference = shown - int(inside[0]) if shown >= 0 else 0
    found = measure_groups(table.weighted_cells, reference, outcome=outcome)
    if shown < 0:
        for name in found:
            metric = METRICS.get(name)
            if metric and metric.form in {"ratio", "difference", "odds", "compound"}:
                found[name] = np.full(len(inside), np.nan)
    frame = pd.DataFrame(found, index=pd.Index(table.groups, name=table.attribute))
    frame.insert(0, "n", table.n)
    frame.insert(1, "selected", table.selected)
    return frame


def curve_frame(bins: ScoreBins | None, attribute: str) -> pd.DataFrame:
    """Return each group's selection rate and ratio at every score threshold."""
    import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

    if bins is None:
        raise InputError(
            Problem("score", "was not given", "name it: fa.audit(…, score='COL')")
        )
    if attribute not in bins.labels:
        raise InputError(
            unknown_name("curve", attribute, list(bins.labels), "attribute")
        )
    rates = bins.rates(attribute)
    highest = np.nanmax(rates, axis=0)
    ratios = np.divide(
        rates, highest, out=np.full(rates.shape, np.nan), where=highest > 0
    )
    thresholds, groups = bins.thresholds, bins.labels[attribute]
    return pd.DataFrame(
        {
            "threshold": np.tile(thresholds, len(groups)),
            "group": np.repeat(list(groups), len(thresholds)),
            "rate": rates.ravel(),
            "ratio": ratios.ravel(),
        }
    )


def bootstrap_frame(
    table: CountTable,
    statistic: Callable[[Any], Any] | None,
    *,
    replicates: int,
    seed: int,
    confidence: float,
) -> pd.DataFrame:
    """Return percentile intervals of a statistic, by resampling cells."""
    import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

    drawn = bootstrap_cells(table.cells, replicates, seed=seed)
    measure = statistic or _selection_rate
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.asarray(measure(table.cells[None]))[0]
        low, high = percentile_interval(np.asarray(measure(drawn)), confidence)
    return pd.DataFrame(
        {"estimate": estimate, "low": low, "high": high},
        index=pd.Index(table.groups, name=table.attribute),
    )


def _selection_rate(cells: Any) -> Any:
    return cells[:, :, 1].sum(axis=-1) / cells.sum(axis=(-1, -2))
