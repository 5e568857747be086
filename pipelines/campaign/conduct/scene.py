"""What a campaign's conduct is observed on, and what was observed of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from fairness.auditing import Audit
from fairness.counts.suppress import SMALLEST
from fairness.findings.observed import Observed
from fairness.metrics.conduct_params import WHEN
from pipelines.campaign.model import Campaign
from pipelines.campaign.plan import WHY, Plan
from pipelines.crm import Crm
from pipelines.crm.statuses import folded
from pipelines.funnel.counted import FunnelCounts
from pipelines.funnel.counting import Roles
from pipelines.funnel.walking import Walked
from pipelines.targeting.scorer import Scorer

if TYPE_CHECKING:
    from fairness.evidence import Signer, Trust
    from pipelines.campaign.conduct.flags import Flags

Params = Mapping[str, Any]
Observer = Callable[["Scene", Params], Sequence[Observed]]

_HOME = {
    "consents": ("objectors", "without_consent", "product_channel_consent"),
    "silence": ("consent_parity", "suppression_parity", "missing_contact_parity"),
    "columns": (
        "special_category_columns",
        "columns_without_need",
        "purpose_conflicts",
        "platform_restricted_columns",
        "restricted_sector_columns",
        "fine_geography",
        "lookalike",
    ),
    "hardship": ("hardship_columns",),
    "traits": ("trait_lift", "trait_auc", "used_columns_auc", "audience_variation"),
    "events": ("events_over_retention", "over_cap", "pressure_ratio"),
    "words": (
        "sensitive_names",
        "preference_words",
        "urgency_without_evidence",
        "dark_patterns",
        "price_notice_missing",
    ),
    "vulnerable": (
        "zero_tolerance",
        "vulnerable_share_ratio",
        "vulnerable_outcome_ratio",
    ),
    "signals": ("under_age", "privacy_signals"),
    "creatives": ("creative_association",),
    "records": ("missing_records", "overdue_records", "notice_gaps"),
    "bias_audits": (
        "unjustified_exclusions",
        "unknown_not_counted",
        "auditor_not_independent",
    ),
    "security": ("secure_check_age", "key_age", "unsealed_protected"),
}
OBSERVERS: Mapping[str, str] = MappingProxyType(
    {name: module for module, names in _HOME.items() for name in names}
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around a run and tells of its security.

    Parameters
    ----------
    ledger : Path, optional
    signer : Signer, optional
    trust : Trust, optional
    sealed : bool, default False
        Whether the protected table came out of a vault.
    """

    ledger: Path | None = None
    signer: Signer | None = None
    trust: Trust | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was observed of a campaign's conduct, for judging again.

    Parameters
    ----------
    sector : str or None
    seen : mapping
        From a metric and its parameters to what was observed.
    """

    sector: str | None
    seen: Mapping[tuple[str, str], tuple[Observed, ...]]

    def observe(self, metric: str, params: Params) -> Sequence[Observed]:
        """Return what was observed; nothing where it was not asked for then."""
        return self.seen.get(_key(metric, params), ())


@dataclass(frozen=True, eq=False)
class Scene:
    """A campaign that was walked and counted, its tables still open.

    Parameters
    ----------
    campaign : Campaign
    plan : Plan
    on : date
        The day on which it goes out: that of [contact], else that of the tables.
    crm : Crm
    walked : Walked
    audit : Audit
    funnel : FunnelCounts
    roles : Roles
    scorer : Scorer or None
    training : pyarrow column or None
        Ids of the customers whose answers the model was trained on; None where there
        is no score, or one that was made elsewhere.
    why : narwhals frame or None
        What the consent of every customer says: id and `WHY`.
    around : Surroundings
    """

    campaign: Campaign
    plan: Plan
    on: date
    crm: Crm
    walked: Walked
    audit: Audit
    funnel: FunnelCounts
    roles: Roles
    scorer: Scorer | None = None
    training: Any = None
    why: Any = None
    around: Surroundings = field(default_factory=Surroundings)
    _seen: dict[tuple[str, str], tuple[Observed, ...]] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def sector(self) -> str | None:
        """The sector of the offer."""
        return self.campaign.offer.sector

    def observe(self, metric: str, params: Params) -> Sequence[Observed]:
        """Return what is observed of a metric of conduct; each is looked at once."""
        key = _key(metric, params)
        why = self._why_not(params.get(WHEN))
        if why:
            return (Observed.idle(why),)
        if key not in self._seen:
            module = import_module(f"{__package__}.{OBSERVERS[metric]}")
            observer = cast("Observer", getattr(module, metric))
            self._seen[key] = tuple(observer(self, params))
        return self._seen[key]

    def _why_not(self, when: object) -> str:
        """Return why a rule for some campaigns does not ask of this one."""
        if when == "export" and self.campaign.export is None:
            return "the audience goes to no platform"
        if when == "hardship":
            seen = self.observe("hardship_columns", {})
            if all(one.status == "measured" and not one.value for one in seen):
                return "nobody is picked by a column of hardship"
        return ""

    def recorded(self) -> Recorded:
        """Return what was observed, without the tables."""
        return Recorded(self.sector, dict(self._seen))

    @cached_property
    def selected(self) -> NDArray[np.bool_]:
        """Whether each customer of the walk is of the audience."""
        return np.asarray(self.walked.selected, dtype=bool)

    @property
    def ids(self) -> Any:
        """Ids of all customers of the walk, as an Arrow column in its order."""
        return self.walked.table[self.roles.id]

    @cached_property
    def audience(self) -> Any:
        """Ids of the audience, as an Arrow column."""
        import pyarrow as pa  # noqa: PLC0415

        return self.ids.filter(pa.array(self.selected))

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """Whether each customer of the walk came to where the funnel is judged from."""
        ends = self.walked.paths.ends[self.walked.path]
        return np.asarray(ends >= self.funnel.base, dtype=bool)

    @cached_property
    def flags(self) -> Flags:
        """Who is flagged as vulnerable, by flag."""
        from pipelines.campaign.conduct.flags import flags_of  # noqa: PLC0415

        return flags_of(self)

    def has(self, ids: Any) -> NDArray[np.bool_]:
        """Return whether each customer of the walk is among some ids, of Arrow."""
        import pyarrow.compute as pc  # noqa: PLC0415

        wanted = ids.cast(self.ids.type)
        return np.asarray(pc.is_in(self.ids, value_set=wanted), dtype=bool)

    def beside(self, frame: Any) -> Any:
        """Read a frame of the engine, a row a customer, in the order of the walk.

        Returns
        -------
        pyarrow.Table
            With nulls for customers whom the frame does not hold.
        """
        import pyarrow.compute as pc  # noqa: PLC0415

        found = frame.collect("pyarrow").to_native()
        ids = found[self.roles.id].cast(self.ids.type)
        if ids.equals(self.ids):
            return found
        return found.take(pc.index_in(self.ids, value_set=ids))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what several metrics look at, made when it is first asked for."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def spellings(self, column: str, words: Collection[str]) -> list[str | None]:
        """Return the spellings of some folded words in a column of the consents.

        A few spellings are looked up faster in millions of records than words.
        """

        def read() -> list[str | None]:
            found = self.crm.consents.select(column).unique().collect("pyarrow")
            return list(found[column].to_list())

        all_of = self.once(f"spellings of {column}", read)
        return [one for one in all_of if folded(str(one or "")) in words]

    @cached_property
    def reasons(self) -> Any:
        """What the consent of each customer of the walk says, an Arrow column.

        None where no consent records were given, or no channel.
        """
        if WHY in self.walked.table.schema.names:
            return self.walked.table[WHY]
        if self.why is None:
            return None
        return self.beside(self.why)[WHY]


def many(number: int, what: str = "customers") -> str:
    """Return a number of people in words; fewer than 5 are not told exactly.

    Examples
    --------
    >>> many(1200), many(3), many(0)
    ('1,200 customers', 'fewer than 5 customers', 'no customers')
    """
    if number == 0:
        return f"no {what}"
    return (
        f"{number:,} {what}" if number >= SMALLEST else f"fewer than {SMALLEST} {what}"
    )


def parts(sizes: Mapping[str, int], total: int) -> str:
    """Return parts of a number of people in brackets, their sizes where none is few.

    Parameters
    ----------
    sizes : mapping of str to int
        Parts may overlap; those of nobody are left out.
    total : int
        What the rest could be worked out from.

    Examples
    --------
    >>> parts({"stale": 7, "expired": 9, "no_record": 0}, 16)
    ' (stale 7, expired 9)'
    >>> parts({"stale": 7}, 9)
    ' (stale)'
    """
    some = {name: size for name, size in sizes.items() if size}
    if not some:
        return ""
    rests = [total - size for size in (*some.values(), sum(some.values()))]
    few = any(0 < size < SMALLEST for size in (*some.values(), *rests))
    told = some if few else [f"{name} {size:,}" for name, size in some.items()]
    return f" ({', '.join(told)})"


def hits(number: int, message: str, *, of: int | None = None) -> Observed:
    """Return a count of customers that should be none."""
    told = None if 0 < number < SMALLEST else number
    return Observed(message, value=float(number), n=of, selected=told)


def _key(metric: str, params: Params) -> tuple[str, str]:
    return metric, repr(sorted((name, str(value)) for name, value in params.items()))
