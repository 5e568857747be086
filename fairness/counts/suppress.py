"""Hide small groups, and enough others that the small ones cannot be worked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from fairness.counts.table import CountTable

SMALLEST = 5
"""Groups of fewer customers than this are hidden in what is saved or exported."""


def suppress(
    tables: Sequence[CountTable],
    k: int = SMALLEST,
    *,
    keep: Collection[tuple[str, str]] = (),
) -> dict[str, set[str]]:
    """Return the groups to hide in each table.

    Groups of 1 to k - 1 customers are hidden. Where a total is known (the
    customers of the table, or a group of the marginal that an intersection adds
    up to) a single hidden group could be worked out by subtraction, and so
    could several that hold fewer than k together: then the smallest group of
    the same line is hidden as well, until no line gives anything away.

    Parameters
    ----------
    tables : sequence of CountTable
    k : int, default 5
    keep : collection of (attribute, group)
        Groups that are never hidden to protect another one.

    Returns
    -------
    dict of attribute name to set of group names

    Notes
    -----
    The unit is the group. How many of a shown group were selected is shown as
    it is: it is the firm's own decision that is under audit.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.zeros((3, 2, 3), np.int64)
    >>> cells[:, 0, 2] = [3, 8, 90]
    >>> table = CountTable(("g",), (("a",), ("b",), ("c",)), cells)
    >>> sorted(suppress([table])["g"])
    ['a', 'b']
    """
    return {table.attribute: _hidden(table, k, keep) for table in tables}


def _hidden(table: CountTable, k: int, keep: Collection[tuple[str, str]]) -> set[str]:
    groups, sizes = table.groups, table.n.tolist()
    hidden = {i for i, n in enumerate(sizes) if 0 < n < k}
    if not hidden:
        return set()
    lines = list(_lines(table.labels))
    changed = True
    while changed:
        changed = False
        for line in lines:
            inside = [i for i in line if i in hidden]
            if not inside or (len(inside) > 1 and sum(sizes[i] for i in inside) >= k):
                continue
            others = [
                i
                for i in line
                if i not in hidden and (table.attribute, groups[i]) not in keep
            ]
            if others:
                hidden.add(min(others, key=lambda i: (sizes[i], groups[i])))
                changed = True
    return {groups[i] for i in hidden}


def _lines(labels: Sequence[tuple[str, ...]]) -> Iterable[list[int]]:
    """Return the groups that add up to one known total, for each such total."""
    if not labels:
        return
    for position in range(len(labels[0])):
        lines = defaultdict(list)
        for group, parts in enumerate(labels):
            lines[parts[:position] + parts[position + 1 :]].append(group)
        yield from lines.values()
