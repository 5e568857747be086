"""How many customers a rule says nothing about, and where the unknown are put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.counts import CountTable
from fairness.findings import Finding
from fairness.groups import MISSING
from fairness.metrics import METRICS
from fairness.policy.model import Rule


def assign_missing(table: CountTable, group: str) -> CountTable:
    """Return the table with everybody of unknown group put into one.

    Examples
    --------
    >>> cells = np.zeros((2, 2, 3), np.int64)
    >>> cells[:, 0, 2] = [10, 4]
    >>> table = CountTable(("g",), (("a",), ("(missing)",)), cells)
    >>> assign_missing(table, "a").n.tolist()
    [14]
    """
    groups = table.groups
    source, target = groups.index(MISSING), groups.index(group)
    keep = [i for i in range(len(groups)) if i != source]

    def moved(cells: NDArray[Any]) -> NDArray[Any]:
        out = cells.copy()
        out[target] += out[source]
        return np.asarray(out[keep])

    return replace(
        table,
        labels=tuple(table.labels[i] for i in keep),
        cells=moved(table.cells),
        weights=None if table.weights is None else moved(table.weights),
        weights_sq=None if table.weights_sq is None else moved(table.weights_sq),
        moments={name: moved(values) for name, values in table.moments.items()},
    )


def missing_share(table: CountTable) -> Fraction:
    """Return the share of the customers whose group is not known."""
    total = int(table.n.sum())
    if MISSING not in table.groups or not total or len(table.groups) == 1:
        return Fraction(0)
    return Fraction(int(table.n[table.groups.index(MISSING)]), total)


def unmeasured_share(
    table: CountTable, rule: Rule, findings: Sequence[Finding]
) -> Fraction:
    """Return the share of the customers that a rule could say nothing about."""
    here = {
        finding.group
        for finding in findings
        if finding.rule == rule.id
        and finding.attribute == table.attribute
        and finding.verdict in {"not_measurable", "not_applicable"}
    }
    if here and METRICS[rule.metric].form == "attribute":
        return Fraction(1)
    held = sum(
        int(n) for group, n in zip(table.groups, table.n, strict=True) if group in here
    )
    return Fraction(held, max(int(table.n.sum()), 1))


def percent(share: Fraction) -> str:
    """Return a share in whole percent, or with the digits that tell it from one.

    Examples
    --------
    >>> percent(Fraction(1, 10)), percent(Fraction(101, 1000))
    ('10 %', '10.1 %')
    """
    return f"{float(share) * 100:.3g} %"
