"""The delivered audience: who was really reached, against who was selected.

What an agency or a platform delivers is a choice of its own: an auction, a budget or a
bounce decides who of the selected is reached. Only counts are kept of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fairness import __version__
from fairness.auditing import Audit
from fairness.counts import GroupCounts, count
from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError, Problem, shown
from fairness.findings import Finding
from fairness.frames import Source, is_table, open_table, read_eager
from fairness.groups import MISSING, label_of
from fairness.inference.variation import REPLICATES, SEED
from pipelines.campaign.result import CampaignRun
from pipelines.release.few import FEW, few_reached, hidden_here
from pipelines.release.skews import Skew, skews_of
from pipelines.targeting.cuts import BoolArray

if TYPE_CHECKING:
    import pandas as pd

DELIVERED_SCHEMA = "fairreach/delivered/1"
STRANGERS = "(not a customer)"

_REACHED = "(reached)"
_RATIO = {"beneficial": "adverse_impact_ratio", "burdensome": "burden_ratio"}


@dataclass(frozen=True, slots=True)
class GroupDelivery:
    """How many of a group's selected customers were reached.

    Parameters
    ----------
    attribute, group : str
        As in the payload of an audit.
    selected : int
    reached : int or None
        None, like all that it follows from, where `hidden` says why.
    share_selected, share_reached : float or None
        Of the selected, and of those reached; None where nobody was reached.
    rate : float or None
        ``reached / selected``.
    reference : str or None
    ratio, low, high : float or None
        Of the rate to the reference's, with its interval (`ratio_interval`).
    reading : str
        lower, higher, no clear difference, too few, undefined, or reference.
    hidden : str or None
        Why the numbers are not shown.
    """

    attribute: str
    group: str
    selected: int
    reached: int | None
    share_selected: float
    share_reached: float | None
    rate: float | None
    reference: str | None
    ratio: float | None
    low: float | None
    high: float | None
    reading: str
    hidden: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Who was reached of an audience, in counts.

    Parameters
    ----------
    campaign : str
    selected, reached : int
        Selected customers, and those of them who were reached.
    strangers : mapping of str to int or None
        Ids in the file that were not selected, by the stage of the funnel at which
        the customer left it, None where they are fewer than 5; `STRANGERS` for those
        who are no customer.
    repeated : int
        Ids that the file holds more than once; each was counted once.
    at_most : float or None
        Bound of the distance that was given.
    confidence : float
    skews : tuple of Skew
        By attribute and intersection.
    groups : tuple of GroupDelivery
        Without those that are hidden.
    hidden : int
        Groups whose numbers are not shown, for they are small or give away one.
    """

    campaign: str
    selected: int
    reached: int
    strangers: Mapping[str, int | None]
    repeated: int
    at_most: float | None
    confidence: float
    skews: tuple[Skew, ...]
    groups: tuple[GroupDelivery, ...]
    hidden: int

    @property
    def not_reached(self) -> int:
        """Selected customers who are not in the file."""
        return self.selected - self.reached

    @property
    def unselected(self) -> int | None:
        """Ids in the file that were not selected; None where some are too few."""
        sizes = [size for size in self.strangers.values() if size is not None]
        return sum(sizes) if len(sizes) == len(self.strangers) else None

    @property
    def is_above(self) -> bool:
        """Whether a distance was shown to be above the bound."""
        return any(skew.against == "above" for skew in self.skews)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in plain values, schema ``fairreach/delivered/1``."""
        return {
            "schema": DELIVERED_SCHEMA,
            "campaign": self.campaign,
            "selected": self.selected,
            "reached": self.reached,
            "not_reached": self.not_reached,
            "strangers": dict(self.strangers),
            "repeated": self.repeated,
            "at_most": self.at_most,
            "confidence": self.confidence,
            "skews": [finite(asdict(skew)) for skew in self.skews],
            "groups": [finite(asdict(group)) for group in self.groups],
            "hidden": self.hidden,
            "version": __version__,
        }

    def frame(self) -> pd.DataFrame:
        """Return the groups as a table, one row each."""
        from fairness.auditing.tables import rows_frame  # noqa: PLC0415

        return rows_frame(asdict(group) for group in self.groups)

    def text(self) -> str:
        """Return the report for a terminal."""
        from pipelines.release.told import delivered_text  # noqa: PLC0415

        return delivered_text(self)

    def __repr__(self) -> str:
        worst = max((s.distance or 0.0 for s in self.skews), default=0.0)
        total = self.unselected
        return (
            f"<Delivered {self.campaign}: {self.reached:,} of {self.selected:,} "
            f"reached, {'some' if total is None else f'{total:,}'} strangers, greatest "
            f"distance {worst:.3f}; .text() tells more>"
        )


def check_delivered(
    run: CampaignRun,
    delivered: Any,
    *,
    id: str | None = None,  # noqa: A002  # the contract's name
    at_most: float | None = None,
    confidence: float = 0.95,
    min_expected: float = 20,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Delivered:
    """Check who was really reached against the counts of a campaign's run.

    Parameters
    ----------
    run : CampaignRun
    delivered : table, path or list of ids
        The ids that were reached, one row each; other columns are not read.
    id : str, optional
        Column of the id; the campaign's own name for it by default.
    at_most : float, optional
        A bound of the distance to read the intervals against; 0.10 is what a platform
        agreed to for most housing advertisements [1]_.
    confidence : float, default 0.95
    min_expected : float, default 20
        With fewer reached no interval is shown, and of groups no reading.
    replicates : int, default 4000
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Delivered
        Readings, not verdicts: the audience has left. Where nobody was reached the
        distances are None, with the reason.

    Raises
    ------
    InputError
        No column of that name, rows without an id, a bound outside [0, 1].

    References
    ----------
    .. [1] Timmaraju, A. S. et al. (2023). Towards fairness in personalized ads using
       impression variance aware reinforcement learning. KDD. arXiv:2306.03293
    """
    if at_most is not None and not 0 <= at_most <= 1:
        what = f"{shown(at_most)} is not between 0 and 1"
        raise InputError(Problem("at_most", what, "write 10 percentage points as 0.10"))
    met = Counter(_ids_of(delivered, id or run.roles.id))
    picked = run.walked.selected
    ids = _labels(run.walked.table[run.roles.id].filter(_mask(picked)).to_pylist())
    reached = np.fromiter((one in met for one in ids), dtype=bool, count=len(ids))
    strange = met.keys() - set(ids)
    counts = _counts(run, picked, reached)
    # Neither side of a neutral offer is the harm: the least reached are looked for.
    offer: Literal["beneficial", "burdensome"] = (
        "burdensome" if run.audit.offer == "burdensome" else "beneficial"
    )
    audit = Audit.of_counts(
        counts,
        intersections=run.audit.intersections,
        offer=offer,
        min_expected=min_expected,
        confidence=confidence,
    )
    hidden = hidden_here(run, audit)
    few = few_reached(audit)
    findings = [f for f in audit.findings if f.metric == _RATIO[offer]]
    return Delivered(
        run.campaign.name,
        len(ids),
        int(reached.sum()),
        _strangers(run, strange),
        sum(times > 1 for times in met.values()),
        at_most,
        confidence,
        skews_of(audit, hidden, few, at_most=at_most, replicates=replicates, seed=seed),
        tuple(_groups(findings, audit, hidden, few)),
        sum(len(groups) for groups in hidden.values()),
    )


def finite(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for JSON: what is not finite is None.

    Examples
    --------
    >>> finite({"ratio": 0.5, "high": float("inf")})
    {'ratio': 0.5, 'high': None}
    """
    return {
        key: None if isinstance(value, float) and not isfinite(value) else value
        for key, value in row.items()
    }


def _ids_of(delivered: Any, column: str) -> list[str]:
    is_listed = not isinstance(delivered, str | Path | Source) and (
        not is_table(delivered) and isinstance(delivered, Iterable)
    )
    if is_listed:
        values: Sequence[Any] = list(delivered)
    else:
        table = open_table(delivered, name="delivered")
        found = read_eager(table, [column], name="delivered", like=None)
        values = found.arrow(column).to_pylist()
    labels = _labels(values)
    without = labels.count(MISSING)
    if without:
        what = f"{without:,} rows have no {shown(column)}"
        raise InputError(Problem("delivered", what, "every row needs one"))
    return labels


def _labels(values: Iterable[Any]) -> list[str]:
    return [label_of(value) for value in values]


def _mask(picked: BoolArray) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.array(picked)


def _counts(run: CampaignRun, picked: BoolArray, reached: BoolArray) -> GroupCounts:
    """Count the selected by group, and those of them who were reached."""
    roles, table = run.roles, run.walked.table.filter(_mask(picked))
    own = [name for name in roles.by if name in table.column_names]
    kept = table.select([roles.id, *own])
    return count(
        kept.append_column(_REACHED, _mask(reached)),
        by=roles.by,
        selected=_REACHED,
        id=roles.id,
        protected=roles.protected,
        bands=roles.bands,
        as_of=roles.as_of,
    ).counts


def _strangers(run: CampaignRun, strange: Collection[str]) -> dict[str, int | None]:
    """Return how many of the ids left the funnel at which stage; None for a few."""
    if not strange:
        return {}
    ids = _labels(run.walked.table[run.roles.id].to_pylist())
    ends = run.walked.paths.ends[run.walked.path]
    names = [stage.name for stage in run.walked.paths.stages]
    left = Counter(
        end for one, end in zip(ids, ends.tolist(), strict=True) if one in strange
    )
    found: dict[str, int | None] = {
        names[end]: left[end] if left[end] >= SMALLEST else None for end in sorted(left)
    }
    unknown = len(strange) - left.total()
    return found | ({STRANGERS: unknown} if unknown else {})


def _groups(
    findings: Iterable[Finding],
    audit: Audit,
    hidden: Mapping[str, Collection[str]],
    few: Mapping[str, Collection[str]],
) -> Iterator[GroupDelivery]:
    """Yield the groups that are shown; a reference that is hidden is not."""
    counts = audit.counts
    for finding in findings:
        attribute, n, x = finding.attribute, finding.n, finding.selected
        concealed = hidden[attribute]
        if finding.group in concealed or n is None or x is None:
            continue
        is_few = finding.group in few[attribute]
        is_known = finding.reference not in concealed
        is_shown = is_known and not is_few and finding.reference not in few[attribute]
        yield GroupDelivery(
            attribute=attribute,
            group=finding.group,
            selected=n,
            reached=None if is_few else x,
            share_selected=n / counts.rows,
            share_reached=x / counts.selected
            if counts.selected and not is_few
            else None,
            rate=None if is_few else x / n,
            reference=finding.reference if is_known else None,
            ratio=finding.estimate if is_shown else None,
            low=finding.low if is_shown else None,
            high=finding.high if is_shown else None,
            reading=finding.reading,
            hidden=FEW if is_few else None,
        )
