"""fairlearn's MetricFrame over counts: one weighted row a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fairness.counts import CountTable

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

_UNOBSERVED = 2


def metric_frame(
    table: CountTable,
    metrics: Mapping[str, Callable[..., Any]] | None = None,
    *,
    outcome: bool,
) -> MetricFrame:
    """Return a MetricFrame of a table's groups.

    Parameters
    ----------
    table : CountTable
    metrics : dict of name to function, optional
        Functions of ``y_true, y_pred, sample_weight``.
    outcome : bool
        Whether `y_true` is an observed outcome; cells without one are then left
        out, and without any outcome `y_true` repeats `y_pred`.

    Returns
    -------
    MetricFrame
    """
    from fairlearn.metrics import (  # noqa: PLC0415  # heavy
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from sklearn.metrics import accuracy_score  # noqa: PLC0415  # heavy

    if metrics is None:
        metrics = {"selection_rate": selection_rate}
        if outcome:
            metrics |= {
                "true_positive_rate": true_positive_rate,
                "false_positive_rate": false_positive_rate,
                "accuracy": accuracy_score,
            }
    weights = table.weighted_cells
    cells = [
        (group, picked, seen)
        for group in range(len(table.labels))
        for picked in (0, 1)
        for seen in (0, 1, _UNOBSERVED)
        if weights[group, picked, seen] > 0 and not (outcome and seen == _UNOBSERVED)
    ]
    features = {
        name: np.array([table.labels[group][i] for group, _, _ in cells], dtype=object)
        for i, name in enumerate(table.attributes)
    }
    y_pred = np.array([picked for _, picked, _ in cells])
    y_true = np.array([seen for _, _, seen in cells]) if outcome else y_pred
    weight = np.array([weights[cell] for cell in cells])
    return MetricFrame(
        metrics=dict(metrics),
        y_true=y_true,
        y_pred=y_pred,
        sensitive_features=features,
        sample_params={name: {"sample_weight": weight} for name in metrics},
    )
