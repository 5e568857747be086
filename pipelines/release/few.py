"""Of whom the report of a delivered audience does not tell, for they are few."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fairness.auditing import Audit
from fairness.counts import CountTable
from fairness.counts.suppress import SMALLEST, suppress
from fairness.reports.payload import hidden_groups
from pipelines.campaign.result import CampaignRun

FEW = (
    f"fewer than {SMALLEST} of the group were reached, or were not, or it would tell "
    "of such a group"
)


def hidden_here(run: CampaignRun, audit: Audit) -> dict[str, set[str]]:
    """Return the groups that are small here, or that no report of the run shows.

    What the run's reports show cannot hide anybody here, and the other way round.

    Parameters
    ----------
    run : CampaignRun
    audit : Audit
        Of the selected, among whom those reached are the selection.
    """
    before = hidden_groups(run.audit, run.decision.findings)
    tables = list(audit.tables.values())
    told = {
        (table.attribute, group)
        for table in tables
        for group in table.groups
        if group not in before[table.attribute]
    }
    small = suppress(tables, keep=told)
    return {
        table.attribute: {
            group
            for group in table.groups
            if group in small[table.attribute] or group in before[table.attribute]
        }
        for table in tables
    }


def few_reached(audit: Audit) -> dict[str, set[str]]:
    """Return the groups of which it is not told how many were reached.

    Fewer than 5 of them were, or were not, or it would tell so of another one. That
    nobody was, or everybody, is told as long as it tells nothing of the others.

    Parameters
    ----------
    audit : Audit
        Of the selected, among whom those reached are the selection.
    """
    found: dict[str, set[str]] = {
        table.attribute: set() for table in audit.tables.values()
    }
    for picked in (1, 0):
        tables = [_only(table, picked) for table in audit.tables.values()]
        nobody = {
            (table.attribute, group)
            for table in tables
            for group, n in zip(table.groups, table.n.tolist(), strict=True)
            if n == 0
        }
        few = suppress(tables, keep=nobody)
        if any(_is_told(table, few[table.attribute]) for table in tables):
            few = suppress(tables)
        for name, groups in few.items():
            found[name] |= groups
    return found


def _only(table: CountTable, picked: int) -> CountTable:
    """Return a table of those alone who were reached, or were not."""
    cells = table.cells.copy()
    cells[:, 1 - picked] = 0
    return replace(table, cells=cells)


def _is_told(table: CountTable, few: Collection[str]) -> bool:
    """Whether the total of those who are hidden tells of a few people."""
    apart = [group in few for group in table.groups]
    return bool(few) and (sum(apart) == 1 or int(table.n[apart].sum()) < SMALLEST)
