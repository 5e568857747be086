"""What a campaign's run found: the verdict, and the steps that make the gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from fairness import __version__
from fairness.auditing import Audit, Decision
from fairness.auditing.reported import Reported
from fairness.counts.suppress import SMALLEST
from fairness.evidence import canonical, digest_of
from fairness.findings import Finding, compares_selection, is_over
from fairness.reports.ll144 import PACK, RECORD
from fairness.reports.payload import hidden_groups
from pipelines.campaign.conduct import Recorded
from pipelines.campaign.doubts import gated
from pipelines.campaign.model import Campaign
from pipelines.campaign.plan import lots_name
from pipelines.funnel.columns import ColumnShare, score_columns
from pipelines.funnel.counted import FunnelCounts
from pipelines.funnel.counting import Roles
from pipelines.funnel.decomposition import Decomposition, decompose
from pipelines.funnel.section import culprit_of, funnel_section, sentence
from pipelines.funnel.walking import Walked
from pipelines.targeting.scorer import Scorer

if TYPE_CHECKING:
    import pandas as pd


Gap = tuple[Decomposition, tuple[ColumnShare, ...]]

RUN_SCHEMA = "fairreach/run/1"
_STANDING = ("fail", "inconclusive", "waived")


@dataclass(frozen=True, eq=False, repr=False)
class CampaignRun(Reported):
    """A campaign that was carried out up to its verdict; nothing has been released.

    Parameters
    ----------
    campaign : Campaign
    as_of : date
        The day at which ages, features and consent were looked at.
    walked : Walked
        Where each customer left the funnel.
    audit : Audit
    decision : Decision
    funnel : FunnelCounts
    roles : Roles
    scorer : Scorer or None
    notes : tuple of str
        What a reader should know of the data.
    consent : mapping of str to int
        Customers by what their consent says; empty where none was asked for.
    doubts : tuple of str
        Why it is a review at least, whatever the policies say.
    conduct : Recorded or None
        What was observed of its conduct; None where no rule asks for it.
    """

    _most_rows: ClassVar[int] = 20

    campaign: Campaign
    as_of: date
    walked: Walked
    audit: Audit
    decision: Decision
    funnel: FunnelCounts
    roles: Roles
    scorer: Scorer | None = None
    notes: tuple[str, ...] = ()
    consent: Mapping[str, int] | None = None
    doubts: tuple[str, ...] = ()
    conduct: Recorded | None = None

    def verdict_unwaived(self, on: date) -> str:
        """Return the verdict that the same counts get without any waiver."""
        if not any(f.verdict == "waived" for f in self.decision.findings):
            return self.verdict
        return gated(
            self.audit,
            self.decision.policies,
            self.doubts,
            on=on,
            conduct=self.conduct,
        ).verdict

    @property
    def verdict(self) -> str:
        """That of the decision: "clear", "review" or "block"."""
        return self.decision.verdict

    @cached_property
    def audience(self) -> tuple[str, ...]:
        """Ids of those who went all the way, sorted; to be handed out by a release."""
        import pyarrow as pa  # noqa: PLC0415

        ids = self.walked.table[self.roles.id].filter(pa.array(self.walked.selected))
        return tuple(sorted(str(one) for one in ids.to_pylist()))

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps behind the findings: those that stand first, then single groups."""
        wanted = dict.fromkeys(map(_key, self._standing()))
        first, told = len(wanted), {_side(key) for key in wanted}
        singles = set(self.audit.counts.attributes)
        for finding in self.audit.findings:
            side = _key(finding) if _is_gap(finding) else None
            if side and finding.attribute in singles and _side(side) not in told:
                wanted[side] = None
        found = []
        tables = {n: self.funnel.table(n) for n in self.audit.tables}
        names = {table.attribute: n for n, table in tables.items()}
        for place, (attribute, group, reference, over) in enumerate(wanted):
            key = names.get(attribute)
            if key is None or not {group, reference} <= {
                *tables[key].groups,
                "(rest)",
                "(all)",
            }:
                continue
            gap = decompose(
                tables[key],
                group,
                reference,
                base=self.funnel.base,
                is_over=over,
                confidence=self.audit.confidence,
            )
            found.append((gap, self._columns(gap, key) if place < first else ()))
        return tuple(found)

    @property
    def culprits(self) -> tuple[str, ...]:
        """In a sentence each: which step makes the gaps that stand in the way."""
        standing = {_key(finding) for finding in self._standing()}
        return tuple(
            sentence(gap, culprit_of(gap, columns))
            for gap, columns in self.gaps
            if (gap.attribute, gap.group, gap.reference, gap.is_over) in standing
        )

    def _record_told(self) -> dict[str, str]:
        """Return what a policy's own layout tells of the campaign's record."""
        if all(policy.name != PACK for policy in self.decision.policies):
            return {}
        said = self.campaign.record or {}
        return {name: str(said[name]) for name in RECORD if name in said}

    @property
    def digest(self) -> str:
        """Hash of what an approval is given to: see `facts`."""
        return digest_of(canonical(self.facts()))

    def facts(self) -> dict[str, Any]:
        """Return what the run rests on, as digests; no row of data is in it."""
        return {
            "schema": RUN_SCHEMA,
            "campaign": {
                "name": self.campaign.name,
                "digest": self.campaign.digest,
                "owner": self.campaign.owner,
            },
            "as_of": self.as_of.isoformat(),
            "policy": [
                {"name": p.name, "version": p.version, "digest": p.digest}
                for p in self.decision.policies
            ],
            "counts": self.audit.counts.fingerprint,
            "funnel": self.funnel.counts.fingerprint,
            "audience": {
                "rows": len(self.audience),
                "digest": digest_of("\n".join(self.audience).encode()),
            },
            "verdict": self.decision.verdict,
            "score": None
            if self.scorer is None
            else {"name": self.scorer.name, "columns": list(self.scorer.columns)},
            "version": __version__,
        }

    def payload(self) -> dict[str, Any]:
        """Return the payload of the audit with the sections of the campaign."""
        return dict(self._payload)

    @cached_property
    def _payload(self) -> dict[str, Any]:
        payload = self.decision.to_dict()
        payload["notes"] = [*payload["notes"], *self.notes]
        offer = self.campaign.offer
        payload["campaign"] = {
            "name": self.campaign.name,
            "title": self.campaign.title,
            "owner": self.campaign.owner,
            "purpose": self.campaign.purpose,
            "offer": {"name": offer.name, "sector": offer.sector},
            "as_of": self.as_of.isoformat(),
            "digest": self.campaign.digest,
        }
        told = self._record_told()
        if told:
            payload["campaign"]["record"] = told
        hidden = hidden_groups(self.audit, self.decision.findings)
        payload["funnel"] = funnel_section(
            self.funnel,
            self.gaps,
            hidden=hidden,
            confidence=self.audit.confidence,
        )
        if self.consent:
            payload["consent"] = without_few(self.consent)
        facts = self.facts()
        payload["evidence"] = {
            "run": digest_of(canonical(facts)),
            "campaign": facts["campaign"]["digest"],
            "counts": facts["counts"],
            "funnel": facts["funnel"],
            "audience": facts["audience"]["digest"],
        }
        return payload

    def _told(self) -> dict[str, Any]:
        return self.payload()

    def _measured(self) -> Audit:
        return self.audit

    def stages(self) -> pd.DataFrame:
        """Return each group's rate and ratio at each stage, one row each."""
        from fairness.auditing.tables import rows_frame  # noqa: PLC0415

        return rows_frame(_stage_rows(self.gaps))

    def frame(self) -> pd.DataFrame:
        """Return the findings as a table, one row each."""
        return self.decision.frame()

    def _standing(self) -> Iterator[Finding]:
        """Yield the findings on selection that keep the audience back."""
        for finding in self.decision.findings:
            if (
                finding.verdict in _STANDING
                and finding.severity != "note"
                and _is_gap(finding)
            ):
                yield finding

    def _columns(
        self, gap: Decomposition, attributes: tuple[str, ...]
    ) -> tuple[ColumnShare, ...]:
        culprit, walked = gap.culprit, self.walked
        if culprit is None or culprit.stage.kind != "score":
            return ()
        if self.scorer is None or walked.sample is None or walked.mark is None:
            return ()
        wanted = [(attributes, gap.group, gap.reference)]
        (shares,) = score_columns(
            walked.sample,
            self.scorer,
            walked.mark,
            self.roles,
            wanted,
            draw=lots_name(self.as_of),
        )
        return shares


def without_few(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Return the parts of all customers without those that tell of a few.

    One that is left out alone would follow from the whole: then the smallest other
    goes with it.

    Examples
    --------
    >>> without_few({"consent": 90, "opted_out": 7, "undated": 3})
    {'consent': 90, 'opted_out': None, 'undated': None}
    >>> without_few({"consent": 90, "opted_out": 2, "undated": 3})
    {'consent': 90, 'opted_out': None, 'undated': None}
    """
    few = {why for why, n in counts.items() if n < SMALLEST}
    others = sorted((n, why) for why, n in counts.items() if why not in few)
    if len(few) == 1 and others:
        few.add(others[0][1])
    return {why: None if why in few else n for why, n in counts.items()}


def _is_gap(finding: Finding) -> bool:
    return (
        compares_selection(finding.metric)
        and finding.stratum is None
        and finding.reference is not None
        and finding.reading != "reference"
    )


def _key(finding: Finding) -> tuple[str, str, str, bool]:
    beside = finding.decided_by or finding.reference
    over = is_over(finding.metric, finding.bound, finding.estimate)
    return finding.attribute, finding.group, str(beside), over


def _side(key: tuple[str, str, str, bool]) -> tuple[str, str, bool]:
    """Return whose gap it is, and in which direction, whatever the reference."""
    attribute, group, _, over = key
    return attribute, group, over


def _stage_rows(gaps: tuple[Gap, ...]) -> Iterator[dict[str, Any]]:
    for gap, _ in gaps:
        for stage in gap.stages:
            yield {
                "attribute": gap.attribute,
                "group": gap.group,
                "reference": gap.reference,
                "stage": stage.stage.name,
                "n": stage.n,
                "passed": stage.passed,
                "loss": stage.n - stage.passed,
                "rate": stage.rate,
                "rate_reference": stage.rate_reference,
                "ratio": stage.ratio,
                "low": stage.low,
                "high": stage.high,
                "log_ratio": stage.log_ratio,
                "share": stage.share,
            }
