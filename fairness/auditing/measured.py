"""What an audit measured: findings, checks, frames, and the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fairness.auditing.decision import Decision
from fairness.auditing.reported import Reported
from fairness.auditing.settings import (
    DEFAULT_POLICIES,
    Offer,
    check_settings,
    comparable_metric,
    families_asked,
    parse_reference,
)
from fairness.auditing.tables import (
    bootstrap_frame,
    curve_frame,
    findings_frame,
    measures_frame,
)
from fairness.checks import FAMILIES, QUICK
from fairness.checks.conditional import stratum_findings
from fairness.counts import (
    ColumnCounts,
    CountTable,
    GroupCounts,
    ScoreBins,
    ValueBins,
)
from fairness.errors import (
    InputError,
    Problem,
    shown,
    unknown_name,
)
from fairness.findings import (
    Comparison,
    Finding,
    Reference,
    Sharing,
    compare_groups,
    findings_of,
)
from fairness.metrics import explain
from fairness.reports.payload import audit_payload

if TYPE_CHECKING:
    import pandas as pd
    from fairlearn.metrics import MetricFrame

    from fairness.policy import Policy, Waiver
    from fairness.policy.conduct import Conduct


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Reported):
    """What was measured; made by `audit` or `Audit.of_counts`.

    Parameters
    ----------
    counts : GroupCounts
    bins : ScoreBins or None
    values : ValueBins or None
    columns : ColumnCounts or None
    value_cap : float or None
    joint : tuple of Finding
        What all columns used tell of the groups together; empty where not asked for.
    families : tuple of str
        Checks that reports show.
    intersections : int
    offer : str
    offer_assumed : bool
        Whether nothing was said and beneficial was taken.
    reference : Reference or None
    min_expected, confidence : float
    subject : str
        What the selection is called.
    notes : tuple of str
    """

    _judged: ClassVar[bool] = False

    counts: GroupCounts
    bins: ScoreBins | None
    values: ValueBins | None
    columns: ColumnCounts | None
    value_cap: float | None
    joint: tuple[Finding, ...]
    families: tuple[str, ...]
    intersections: int
    offer: Offer
    offer_assumed: bool
    reference: Reference | None
    min_expected: float
    confidence: float
    subject: str
    notes: tuple[str, ...] = field(default=())
    _made: dict[tuple[str, float], tuple[Finding, ...]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of_counts(
        cls,
        counts: GroupCounts,
        *,
        bins: ScoreBins | None = None,
        values: ValueBins | None = None,
        columns: ColumnCounts | None = None,
        value_cap: float | None = None,
        slices: bool = False,
        joint: Sequence[Finding] = (),
        intersections: int = 1,
        offer: Offer | None = None,
        reference: str | None = None,
        min_expected: float = 20,
        confidence: float = 0.95,
        subject: str = "the audience",
        notes: Sequence[str] = (),
    ) -> Audit:
        """Return the audit of counts made earlier, merged or on another machine.

        Raises
        ------
        InputError
            A setting out of range, a reference that names no attribute.
        """
        check_settings(intersections, offer, min_expected, confidence)
        told = list(notes)
        if reference not in {None, "rest"} and offer in {"burdensome", "neutral"}:
            told.append(
                f"reference: the burden ratio compares with everybody else, not with "
                f"{shown(reference)}"
            )
        return cls(
            counts,
            bins,
            values,
            columns,
            value_cap,
            tuple(joint),
            (*QUICK, "slices") if slices else QUICK,
            min(intersections, len(counts.attributes)),
            offer or "beneficial",
            offer is None,
            parse_reference(reference, counts),
            min_expected,
            confidence,
            subject,
            tuple(told),
        )

    @cached_property
    def tables(self) -> Mapping[tuple[str, ...], CountTable]:
        """Tables of the single attributes and intersections, by their names."""
        names = self.counts.groupings(self.intersections)
        return MappingProxyType({key: self.counts.table(key) for key in names})

    @property
    def available(self) -> frozenset[str]:
        """What was counted beside the selection."""
        found = {"selection"}
        if self.counts.has_outcome:
            found.add("outcome")
        found |= {role for role in ("score", "value") if role in self.counts.sums}
        if found >= {"score", "outcome"}:
            found.add("score and outcome")
        if self.counts.strata:
            found.add("strata")
            found |= {"value and strata"} if "value" in found else set()
        if "value" in found and self.value_cap is not None:
            found.add("value cap")
        if self.columns is not None:
            found.add("columns")
        return frozenset(found)

    @property
    def sharing(self) -> Sharing:
        """How alpha is shared over attributes, intersections and directions."""
        return Sharing(
            attributes=len(self.counts.attributes),
            intersections=sum(len(names) > 1 for names in self.tables),
            directions=2 if self.offer == "neutral" else 1,
        )

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics that the findings are about."""
        by_offer: dict[Offer, tuple[str, ...]] = {
            "beneficial": ("adverse_impact_ratio",),
            "burdensome": ("burden_ratio",),
            "neutral": ("adverse_impact_ratio", "burden_ratio"),
        }
        names = list(by_offer[self.offer])
        if "outcome" in self.available:
            names.append("true_positive_rate_ratio")
        return tuple(names)

    def comparison(
        self,
        metric: str,
        tables: Sequence[CountTable] | None = None,
        *,
        partial: bool = False,
    ) -> Comparison:
        """Return a metric of all groups against their references, as arrays.

        Parameters
        ----------
        metric : str
        tables : sequence of CountTable, optional
            By default all that the audit counted.
        partial : bool, default False
            The tables are of one stratum: a named reference may be absent there.

        Raises
        ------
        InputError
            A metric that is unknown or cannot be compared group by group.
        """
        row = comparable_metric(metric)
        if row.needs not in self.available:
            raise InputError(
                Problem(
                    "metric", f"{row.name} needs {row.needs}, which was not counted"
                )
            )
        burden = metric == "burden_ratio"
        over = burden or self.offer == "burdensome"
        reference = None if burden else self.reference
        return compare_groups(
            row,
            list(self.tables.values()) if tables is None else tables,
            side="upper" if over else "lower",
            reference=reference or Reference("rest" if over else "highest"),
            confidence=self.confidence,
            partial=partial,
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One finding a group and metric, with readings and without verdicts."""
        made: list[Finding] = []
        for name in self.headline:
            made += findings_of(
                self.comparison(name),
                self.sharing,
                alpha=1 - self.confidence,
                min_expected=self.min_expected,
            )
        return (*made, *stratum_findings(self))

    def check(
        self, family: str, confidence: float | None = None
    ) -> tuple[Finding, ...]:
        """Return the findings of a family of checks, made once.

        Parameters
        ----------
        family : str
            One of ``fairness.checks.FAMILIES``; empty where what it needs was not
            counted.
        confidence : float, optional
            Of the intervals; the audit's own by default.

        Raises
        ------
        InputError
            No family of that name.
        """
        if family not in FAMILIES:
            raise InputError(
                unknown_name("check", family, list(FAMILIES), "family of checks")
            )
        key = family, self.confidence if confidence is None else confidence
        if key not in self._made:
            self._made[key] = tuple(FAMILIES[family](self, key[1]))
        return self._made[key]

    def checks(self, *names: str) -> pd.DataFrame:
        """Return what the checks measured, one row each.

        Parameters
        ----------
        *names : str
            Families (``"extremes"``, ``"conditional"``, …), metrics or codes; by
            default the families that the reports show.

        Returns
        -------
        DataFrame
            Columns as those of `frame`.

        Raises
        ------
        InputError
            Neither a family nor a metric.

        Examples
        --------
        >>> import fairness as fa, pandas as pd
        >>> table = pd.DataFrame({"g": ["a"] * 500 + ["b"] * 500,
        ...                       "s": [1] * 100 + [0] * 400 + [1] * 60 + [0] * 440})
        >>> gap = fa.audit(table, selected="s", by="g").checks("max_min_gap").iloc[0]
        >>> round(float(gap.estimate), 3)
        0.08
        """
        asked = families_asked(names or self.families, FAMILIES)
        return findings_frame(
            [
                finding
                for family, metric in asked
                for finding in self.check(family)
                if metric in {None, finding.metric}
            ]
        )

    def frame(self) -> pd.DataFrame:
        """Return the findings as a table, one row each."""
        return findings_frame(self.findings)

    def measures(self, *attributes: str) -> pd.DataFrame:
        """Return every rate and comparison of an attribute's groups, one row each.

        Parameters
        ----------
        *attributes : str
            One attribute, or several for their intersection.

        Returns
        -------
        DataFrame
            Indexed by group; NaN where a metric is undefined. Comparisons are
            against the group that the findings show as reference.

        Raises
        ------
        InputError
            An attribute or intersection that was not counted.
        """
        table = self._table(attributes)
        place = list(self.tables.values()).index(table)
        comparison = self.comparison("adverse_impact_ratio")
        return measures_frame(table, comparison, place, outcome=self.counts.has_outcome)

    def curve(self, attribute: str) -> pd.DataFrame:
        """Return each group's selection rate and ratio at every score threshold.

        Parameters
        ----------
        attribute : str

        Returns
        -------
        DataFrame
            Columns threshold, group, rate, ratio; the ratio is against the
            highest rate at that threshold, NaN where nobody is selected.

        Raises
        ------
        InputError
            The audit was made without a score.
        """
        return curve_frame(self.bins, attribute)

    def bootstrap(
        self,
        attribute: str,
        statistic: Callable[[Any], Any] | None = None,
        *,
        replicates: int = 1000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return percentile intervals of any statistic, by resampling cells.

        Parameters
        ----------
        attribute : str
        statistic : callable, optional
            From an array of counts, replicates x groups x 2 x 3, to an array of
            replicates x groups; the selection rate by default.
        replicates : int, default 1000
        seed : int, default 0

        Returns
        -------
        DataFrame
            Columns estimate, low, high by group.

        Notes
        -----
        Cells are drawn, never rows: the cost does not depend on their number.
        The interval of a maximum or minimum over groups is biased where groups
        are equal; use the verdict for that question.
        """
        return bootstrap_frame(
            self._table((attribute,)),
            statistic,
            replicates=replicates,
            seed=seed,
            confidence=self.confidence,
        )

    def gate(
        self,
        policy: str | Path | Policy | Sequence[str | Path | Policy] | None = None,
        *,
        waivers: str | Path | Sequence[Waiver] = (),
        on: date | str | None = None,
        conduct: Conduct | None = None,
    ) -> Decision:
        """Return the verdict of a policy on this audit.

        Parameters
        ----------
        policy : pack name, path, Policy, or a sequence of these; optional
            By default the packs that fit the offer (`DEFAULT_POLICIES`).
        waivers : path or sequence of Waiver, optional
        on : date or str, optional
            The day that rules and waivers are in force at; today by default.
        conduct : Conduct, optional
            What is observed of a campaign; without it rules of conduct do not apply.

        Returns
        -------
        Decision

        Raises
        ------
        PolicyError
            A policy that cannot be read.
        InputError
            Two policies of one name, a waiver that does not fit the policies, or a day
            that is none.
        """
        from fairness.policy import load_policy, load_waivers  # noqa: PLC0415
        from fairness.policy.gate import judge  # noqa: PLC0415

        if policy is None:
            policy = DEFAULT_POLICIES[self.offer]
        several = isinstance(policy, list | tuple)
        given = policy if several else [policy]
        # The same policy twice asks the same question once.
        policies = tuple(
            dict.fromkeys(load_policy(p) for p in cast("list[str]", given))
        )
        if not policies:
            raise InputError(Problem("policy", "names no policy", "name a pack"))
        signed = load_waivers(waivers) if isinstance(waivers, str | Path) else waivers
        judgement = judge(self, policies, waivers=signed, on=on, conduct=conduct)
        return Decision(
            self,
            policies,
            judgement.verdict,
            judgement.findings,
            judgement.reasons,
            judgement.notes,
        )

    def to_metric_frame(
        self, *attributes: str, metrics: Mapping[str, Callable[..., Any]] | None = None
    ) -> MetricFrame:
        """Return fairlearn's MetricFrame, made from the counts as weighted rows.

        Parameters
        ----------
        *attributes : str
            One attribute, or several for their intersection.
        metrics : dict of name to function, optional
            Any metric of ``y_true, y_pred, sample_weight``; by default the
            selection rate, and with an outcome TPR, FPR and accuracy as well.

        Raises
        ------
        InputError
            An attribute that was not counted.
        """
        from fairness.remedies.metric_frame import metric_frame  # noqa: PLC0415

        table = self._table(attributes)
        return metric_frame(table, metrics, outcome=self.counts.has_outcome)

    def explain(self, code: str) -> str:
        """Return what a metric or code means: formula, range, when it misleads."""
        return explain(code)

    def to_dict(self) -> dict[str, Any]:
        """Return the payload, schema ``fairreach/audit/1``, without a verdict."""
        return audit_payload(self)

    def _told(self) -> dict[str, Any]:
        return self.to_dict()

    def _measured(self) -> Audit:
        return self

    def _table(self, attributes: Sequence[str]) -> CountTable:
        known = {tuple(sorted(names)): table for names, table in self.tables.items()}
        names = tuple(sorted(attributes))
        if names in known:
            return known[names]
        for name in attributes:
            if name not in self.counts.attributes:
                raise InputError(
                    unknown_name(
                        "attribute", name, self.counts.attributes, "audited attribute"
                    )
                )
        raise InputError(
            Problem(
                "attribute",
                f"the intersection {shown('&'.join(attributes))} was not counted",
                f"ask for it: intersections={len(attributes)}",
            )
        )
