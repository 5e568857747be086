"""Every key of the payload ``fairreach/audit/1``, with a sentence each.

The published schema and the check of a stored payload are both made of these models.
Keys are only ever added: what a later version adds is optional here, and a key that is
not known is let through, but in the project's own tests.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from fairness.findings.model import Reading as FindingReading
from fairness.findings.model import Verdict as FindingVerdict
from fairness.policy.fields import Offer
from fairness.policy.model import Severity, Status

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=1)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


def _optional() -> Any:
    """Return the default of a key that may be absent, but is not null."""
    return Field(default=None)


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, use_attribute_docstrings=True)

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("low", "high"),)
    """Pairs of keys of which the first is never above the second."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for low, high in self.ordered:
            least, most = getattr(self, low, None), getattr(self, high, None)
            if least is not None and most is not None and least > most:
                raise _wrong(f"`{low}` is above `{high}`")
        return self


def _wrong(what: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", "{what}", {"what": what})


class PolicyRule(_Part):
    """A rule of a policy, as the policy states it."""

    id: str
    """Name of the rule; `rule` of the findings that it made."""
    title: str
    """The rule in a line."""
    metric: str
    """Name of the metric that it bounds; see `fairreach explain`."""
    bound: str
    """Its bound in words, such as "at least 0.80"."""
    severity: Severity
    """What a failure comes to."""
    status: Status
    """Whether the source is law in force, withdrawn, proposed, or practice."""
    confirmed: bool
    """Whether what the rule says of its source was checked against the source."""
    source: str
    """Where the rule comes from."""
    locator: str
    """Where in the source; empty where the whole of it is meant."""
    looked_up: Day
    """The day on which the source was looked up."""
    why: str
    """Why the rule is there."""


class PolicyUsed(_Part):
    """A policy that the audience was judged by."""

    name: str
    """Name of the policy."""
    version: str
    """Version of the policy."""
    digest: Digest
    """Hash of the policy: another rule or bound gives another one."""
    title: str = _optional()
    """The policy in a line."""
    as_of: Day = _optional()
    """The day as of which the policy was written."""
    disclaimer: str = _optional()
    """What the policy is not."""
    rules: list[PolicyRule] = _optional()
    """All its rules, also those that did not apply."""


class CountedData(_Part):
    """The customers that were counted."""

    ordered = (("selected", "rows"),)

    rows: Count
    """Customers."""
    selected: Count
    """Those of them who are selected."""
    fingerprint: Digest
    """Hash of the schema and the counts, whatever the order of the rows."""


class Finding(_Part):
    """One measured comparison; with a policy, one rule's verdict on it.

    Where a number is null, `message` says why: it does not exist, or it is hidden since
    it would tell of fewer than five customers.
    """

    ordered = (
        ("low", "high"),
        ("selected", "n"),
        ("selected_reference", "n_reference"),
    )

    code: str
    """Stable code of the metric, such as FA101; see `fairreach explain`."""
    rule: str | None
    """The policy's rule; null where it is a reading without one."""
    metric: str
    """Name of the metric."""
    attribute: str
    """Protected attribute; intersections are joined by &, doubled where in a name."""
    group: str
    """Group of the attribute; parts are joined as in `attribute`."""
    reference: str | None
    """The group that is shown beside it; (rest) or (all) for everybody."""
    stratum: str | None
    """column=label of the stratum within which it was measured, or a column."""
    n: Count | None
    """Customers of the group that the rate is made of."""
    selected: Count | None
    """Those of them who are selected."""
    n_reference: Count | None
    """Customers of the reference."""
    selected_reference: Count | None
    """Those of them who are selected."""
    rate: Number | None
    """The group's rate; its mean where the metric is of scores or values."""
    estimate: Number | None
    """The metric."""
    low: Number | None
    """Lower end of the interval of the metric; null where it has none on this side."""
    high: Number | None
    """Upper end of the interval of the metric; null where it has none on this side."""
    confidence: Level | None
    """Level of the interval."""
    p_value: Share | None
    """One-sided p-value in the direction of harm."""
    p_adjusted: Share | None
    """The same, adjusted for the choice of group and reference and for many rules."""
    bound: str | None
    """The rule's bound in words."""
    detectable: Number | None
    """Ratio that would have been found with 80 % power."""
    shortfall: Number | None
    """People fewer (negative: more) than the overall rate would have selected."""
    reading: FindingReading
    """What the numbers say, whatever a policy makes of it."""
    verdict: FindingVerdict | None
    """What the rule makes of it; null without a policy."""
    severity: Severity | None
    """What a failure of the rule comes to; null without a policy."""
    message: str
    """The finding in a sentence, and why a number does not exist."""
    citation: str | None
    """The rule's source; it ends in (not confirmed) where nobody checked that."""
    needed: Count | None
    """Selections to add (or take away) until the shown comparison meets the bound."""
    decided_by: str | None
    """The reference that the verdict rests on, where it is not the one shown."""
    evidence: Literal["significant", "point", "proven"] | None
    """The kind of evidence that the rule asks for."""
    column: str | None
    """The column that the check of a proxy is about."""


class EthicsFinding(Finding):
    """What a rule on conduct found; a finding, with what is to be done."""

    remedy: str | None
    """What the policy says is to be done."""


class Group(_Part):
    """A group with its rate; every number is null where the group is hidden."""

    ordered = (("selected", "n"), ("rate_low", "rate_high"))

    attribute: str
    """Protected attribute or intersection."""
    group: str
    """Group of it."""
    n: Count | None
    """Customers."""
    selected: Count | None
    """Those of them who are selected."""
    rate: Share | None
    """Selection rate; of weighted data the weighted one."""
    rate_low: Share | None
    """Lower end of its interval."""
    rate_high: Share | None
    """Upper end of its interval."""


class OfferTold(_Part):
    """What the campaign offers."""

    name: str
    """Name of the offer."""
    sector: str | None
    """Sector of the offer, such as credit or employment."""


class Campaign(_Part):
    """The campaign that the audience is for."""

    name: str
    """Name of the campaign."""
    title: str | None
    """The campaign in a line."""
    owner: str
    """Who answers for it."""
    purpose: str
    """The purpose for which customers are contacted."""
    offer: OfferTold
    """What it offers."""
    as_of: Day
    """The day at which ages, features and consent were looked at."""
    digest: Digest
    """Hash of the campaign file."""
    record: dict[str, str] = _optional()
    """What the campaign's record says, as far as a policy's layout tells it."""


class Clause(_Part):
    """A clause of a stage."""

    name: str
    """Name of the clause."""
    text: str
    """What it asks."""


class Stage(_Part):
    """A stage of the funnel, from all customers to the audience."""

    ordered = (("passed", "came"),)

    name: str
    """Name of the stage."""
    kind: str
    """What it does, such as suppression, consent, clauses, score, cap."""
    clauses: list[Clause]
    """What it asks."""
    came: Count
    """Customers who came to it."""
    passed: Count
    """Customers who passed it."""
    judged: bool
    """Whether it is part of what is judged; else it makes the base."""


class Reached(_Part):
    """How far a group came in the funnel."""

    attribute: str
    """Protected attribute."""
    group: str
    """Group of it."""
    reached: list[Count | None]
    """Customers at the start and after each stage; null where it tells of a few."""
    share: list[Share | None] = _optional()
    """What share of those at the start is left; null where a count is."""
    low: list[Share | None] = _optional()
    """Lower ends of the intervals of the shares."""
    high: list[Share | None] = _optional()
    """Upper ends of the intervals of the shares."""

    ordered = ()


class ClauseOfGap(_Part):
    """What a clause adds to a gap."""

    clause: str
    """Name of the clause."""
    log_ratio: Number | None
    """Log points that it adds; negative keeps the group out."""
    method: Literal["shapley", "leave-one-out"]
    """Whether the shares add up (shapley) or each is by itself."""


class StageOfGap(_Part):
    """What a stage does to a group beside its reference."""

    stage: str
    """Name of the stage."""
    rate: Share | None
    """Share of the group that passes, of those who came."""
    rate_reference: Share | None
    """The same of the reference."""
    ratio: Number | None
    """rate / rate_reference."""
    low: Number | None
    """Lower end of its interval."""
    high: Number | None
    """Upper end of its interval."""
    log_ratio: Number | None
    """Log of the ratio: the sum over the stages is that of the whole gap."""
    share: Number | None
    """Of the whole gap; may be negative or above 1."""
    closed: bool
    """Whether nobody of the group passes."""
    clauses: list[ClauseOfGap]
    """What its clauses add."""

    @model_validator(mode="after")
    def _has_ratio(self) -> Self:
        if self.ratio is None and self.low is not None:
            raise _wrong("has an interval and no ratio")
        return self


class ColumnOfGap(_Part):
    """What a column of the score adds to a gap."""

    column: str
    """Name of the column."""
    log_ratio: Number | None
    """Log points that it adds."""


class Culprit(_Part):
    """What makes a gap, by name."""

    stage: str
    """The stage."""
    clause: str | None
    """The clause of that stage; null where it has one only, or none stands out."""
    column: str | None
    """The column of the score, where the stage is a score."""
    share: Number | None
    """Of the stage in the whole gap; null where the stage empties the group."""


class Gap(_Part):
    """A gap between a group and its reference, stage by stage."""

    attribute: str
    """Protected attribute or intersection."""
    group: str
    """Group of it."""
    reference: str
    """Beside whom."""
    log_ratio: Number | None
    """Log of the ratio over the whole funnel."""
    direction: Literal["under", "over"]
    """Whether being left out is the harm (under), or being picked (over)."""
    stages: list[StageOfGap]
    """The stages, in the order of the funnel."""
    columns: list[ColumnOfGap]
    """Columns of the score; empty where no score makes the gap."""
    culprit: Culprit | None
    """What makes the gap; null where no stage moves it in the direction of harm."""
    message: str
    """The gap in a sentence."""


class Funnel(_Part):
    """The stages from all customers to the audience, and which of them make gaps."""

    stages: list[Stage]
    """The stages in their order."""
    groups: list[Reached]
    """How far each group came."""
    gaps: list[Gap]
    """The gaps behind the findings."""

    @model_validator(mode="after")
    def _of_all_stages(self) -> Self:
        if any(len(one.reached) != len(self.stages) + 1 for one in self.groups):
            raise _wrong("has groups whose `reached` is not of all stages")
        return self


class Segment(_Part):
    """A segment; those that tell most come first."""

    segment: str
    """Name of the segment."""
    n: Count
    """Customers in it."""
    attribute: str
    """The attribute with which being in it goes most."""
    cramers_v: Number | None
    """How much it does, corrected for bias, from 0 to 1."""
    p_adjusted: Share | None
    """P-value of independence, adjusted for all segments and attributes."""
    message: str
    """The segment in a sentence."""
    selected: Count | None
    """Customers in it who are selected; null without an audience."""
    rate: Share | None
    """Their share."""
    profile: str | None
    """The segment in plain words."""


class Lift(_Part):
    """A group in a segment, against its share of all customers."""

    segment: str
    """Name of the segment."""
    attribute: str
    """Protected attribute."""
    group: str
    """Group of it."""
    n: Count | None
    """Customers of the group in the segment; null where hidden."""
    expected: Number | None
    """What it would be if the segment had nothing to do with the group."""
    share: Share | None
    """The group's share of the segment."""
    base: Share | None
    """The group's share of all customers."""
    lift: Number | None
    """share / base; 1 is no difference."""
    low: Number | None
    """Lower end of its interval."""
    high: Number | None
    """Upper end of its interval."""
    p_value: Share | None
    """Exact, two-sided p-value."""
    p_adjusted: Share | None
    """The same, adjusted for all lifts (false discovery rate)."""
    reading: Literal[
        "over-represented",
        "under-represented",
        "no clear difference",
        "too few",
        "undefined",
        "hidden",
    ]
    """What the numbers say."""

    @model_validator(mode="after")
    def _has_lift(self) -> Self:
        if self.reading.endswith("represented") and self.lift is None:
            raise _wrong(f"reads {self.reading!r} and has no lift")
        return self


class GroupGivenAway(_Part):
    """How well the segments tell a group from the rest."""

    group: str
    """Group of the attribute."""
    auc: Share | None
    """Area under the curve; null where the group is hidden."""
    auc_by_chance: Share | None
    """What that would be where there is nothing to find."""


class AttributeGivenAway(_Part):
    """How much of an attribute the segments tell."""

    attribute: str
    """Protected attribute."""
    cramers_v: Number | None
    """Association of the segments with it, corrected for bias."""
    explained: Number | None
    """Share of the attribute's information that the segments hold."""
    explained_by_chance: Number | None
    """What that would be where there is nothing to find."""
    p_value: Share | None
    """P-value of independence."""
    groups: list[GroupGivenAway]
    """The groups of the attribute."""


class Segments(_Part):
    """Who is in the segments, and what they give away."""

    name: str
    """Name of the segmentation."""
    made: str
    """How the segments were made."""
    columns: list[str]
    """The columns that they were made of."""
    confidence: Level
    """Level of the intervals."""
    alpha: Level
    """False discovery rate."""
    segments: Annotated[list[Segment], Field(min_length=1)]
    """The segments, the most telling first."""
    lifts: list[Lift]
    """The groups in each segment."""
    attributes: list[AttributeGivenAway]
    """How much of each attribute the segments tell."""
    notes: list[str]
    """What a reader should know."""


class GroupCurve(_Part):
    """What each cut of the score does to a group; lists are as long as the cuts."""

    group: str
    """Group of the attribute."""
    n: Count
    """Customers of the group."""
    rate: list[Share | None]
    """Share of the group at or above each cut; null where it would tell of a few."""
    low: list[Share | None]
    """Lower ends of the intervals of the rates."""
    high: list[Share | None]
    """Upper ends of the intervals of the rates."""
    ratio: list[Number | None]
    """Rates over those of the reference."""
    ratio_low: list[Number | None]
    """Lower ends of the intervals of the ratios; null for the reference itself."""
    ratio_high: list[Number | None]
    """Upper ends of the intervals of the ratios; null for the reference itself."""

    ordered = ()


class GroupCalibration(_Part):
    """Whether the score keeps its word for a group, by tenths of the score."""

    group: str
    """Group of the attribute."""
    n: list[Count]
    """Customers of the group in each tenth whose outcome was observed."""
    score: list[Number | None]
    """Mean score in each tenth."""
    rate: list[Share | None]
    """Share of them with the outcome; null where it would tell of a few."""
    low: list[Share | None]
    """Lower ends of the intervals of the rates."""
    high: list[Share | None]
    """Upper ends of the intervals of the rates."""

    ordered = ()


class AttributeCurves(_Part):
    """What each cut of the score does to the groups of an attribute."""

    attribute: str
    """Protected attribute."""
    reference: str | None
    """Beside whom; (rest) or (all) for everybody, null where there is no one."""
    n_reference: Count | None
    """Customers of the reference, where it is a group."""
    thresholds: list[Number | None]
    """The cuts of the score, the most lenient first."""
    selected_share: Share
    """Share of all customers who are selected."""
    shares: list[Share | None]
    """Share of all customers at or above each cut."""
    groups: list[GroupCurve]
    """The largest groups that are shown."""
    groups_left_out: Count
    """Groups that are hidden, or beyond the largest."""
    calibration: list[GroupCalibration] = _optional()
    """Observed outcomes by tenths of the score; absent without an outcome."""

    @model_validator(mode="after")
    def _as_long_as_the_cuts(self) -> Self:
        lines: list[list[Any]] = [list(self.shares)]
        for group in self.groups:
            lines += [group.rate, group.low, group.high]
            lines += [group.ratio, group.ratio_low, group.ratio_high]
        if any(len(line) != len(self.thresholds) for line in lines):
            raise _wrong("has lists that are not as long as `thresholds`")
        return self


class Curves(_Part):
    """What a score does to groups at each cut, and whether it keeps its word."""

    low: Number
    """Lowest score that was counted."""
    high: Number
    """Highest score that was counted."""
    confidence: Level
    """Level of the intervals."""
    attributes: list[AttributeCurves]
    """The single attributes."""


class Release(_Part):
    """The audience file that was handed out."""

    file: str
    """Its name."""
    rows: Count
    """Customers in it."""


class Payload(_Part):
    """All that a report of fairreach may say of one audience.

    Labels and names are as the data has them: escape them. Small groups are hidden:
    their numbers are null.
    """

    schema_: Annotated[Literal["fairreach/audit/1"], Field(alias="schema")]
    """The schema; keys are only ever added to it."""
    verdict: Literal["clear", "review", "block"] | None
    """The verdict; null where no policy was applied."""
    offer: Offer
    """Whether being left out is the harm (beneficial), being picked, or both."""
    policy: list[PolicyUsed]
    """What it was judged by; empty where no policy was applied."""
    data: CountedData
    """How many customers were counted."""
    findings: list[Finding]
    """What was compared, and what the rules make of it."""
    groups: list[Group]
    """Each group with its rate."""
    notes: list[str]
    """What a reader should know of the data."""
    version: str
    """Version of fairreach that made it."""
    subject: str
    """What was audited: a campaign, a column, a file."""
    offer_assumed: bool
    """Whether nobody said what kind of offer it is."""
    confidence: Level
    """Level of the intervals."""
    attributes: list[str]
    """The protected attributes, in the order in which they were asked for."""
    reasons: list[str]
    """Why it is not clear, a sentence each; empty where it is."""
    method: list[str]
    """How it was measured, a sentence each."""
    checks: list[Finding]
    """What was measured beyond the findings; it has no verdict."""
    ethics: list[EthicsFinding] = _optional()
    """How the campaign treats people; absent where no rule on conduct applied."""
    campaign: Campaign = _optional()
    """The campaign; absent where an audience was checked without one."""
    funnel: Funnel = _optional()
    """The funnel of a campaign."""
    consent: dict[str, Count | None] = _optional()
    """Customers by what their consent says; null where it would tell of a few."""
    segments: Segments = _optional()
    """Who is in the segments of a campaign."""
    curves: Curves = _optional()
    """Thresholds, distributions and calibration of a score, for pictures."""
    proxies: dict[str, Any] = _optional()
    """Kept for what columns give away; today that is among the checks."""
    evidence: dict[str, str | None] = _optional()
    """Digests of what the run rests on, by name."""
    release: Release | None = _optional()
    """The file that was handed out; null where none was."""
