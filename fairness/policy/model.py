"""What a policy is: rules, each with one bound, a reason and a source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol, get_args

from pydantic import (
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from fairness.errors import (
    PolicyError,
    alternatives,
    ascii_controls,
    shown,
    unknown_name,
)
from fairness.policy.fields import (
    REFERENCES,
    Day,
    Exact,
    Inside,
    Name,
    Names,
    Offers,
    Order,
    Params,
    Part,
    PositiveShare,
    Prose,
    Reasons,
    Reference,
    Share,
    SomeNames,
    Table,
    TwoExact,
    Words,
    all_wrong,
    plain,
    told,
    wrong,
)

Schema = Literal["fairreach/policy/1"]
Severity = Literal["block", "review", "note"]
Evidence = Literal["significant", "point", "proven"]
OnMissing = Literal["block", "review", "note"]
Status = Literal["in_force", "withdrawn", "proposed", "voluntary", "practice"]

SCHEMA: Schema = "fairreach/policy/1"
STALE_DAYS = 180
"""A policy that was last checked longer ago says so."""

_BOUNDS = ("at_least", "at_most", "within")
# Keys whose list is a set: the order in which it is written means nothing.
_SETS = frozenset({"attributes", "offers", "order", "required", "sectors"})


class MetricTraits(Protocol):
    """What a policy needs to know of a metric.

    ``kind`` says how a bound is written, ``range`` where it may lie, and ``evidence``
    what a rule on it may ask for.
    """

    @property
    def name(self) -> str:
        """Name that a rule writes."""

    @property
    def kind(
        self,
    ) -> Literal["ratio", "difference", "share", "number", "count", "z"]:
        """How a value is read: against 1, against 0, as people, in deviations."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What a rule may ask for: significant, proven, point."""

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value there can be."""


def _one_of(words: Any) -> str:
    return "one of " + alternatives(get_args(words))


class Citation(Table):
    """Where a rule comes from, and the day on which that was looked up."""

    kind: ClassVar[str] = "citation"

    source: Words
    locator: StrictStr = Field(default="", description="text")
    as_of: Day


class Rule(Table):
    """One bound on one metric, with its weight, its reason and its source.

    Parameters
    ----------
    id, title, metric, why, citation, severity, status
        Required, like exactly one of the bounds.
    at_least, at_most : Decimal, optional
        Bounds as written: ``0.80`` stays eight tenths exactly.
    within : tuple of two Decimals, optional
    attributes : tuple of str, optional
        None looks at every audited attribute.
    order : tuple of int, default (1,)
        1 single attributes, 2 pairs, and so on.
    offers : tuple of str, optional
        None applies to every kind of offer.
    reference : {"highest", "rest", "overall"} or "COLUMN=GROUP", optional
        None lets the offer choose.
    evidence : {"significant", "point", "proven"}, default "significant"
    min_share : Decimal, default 0
        Groups with a smaller share of the customers are not compared.
    shortfall_at_least : int, default 0
    shortfall_share_at_least : Decimal, default 0
        A failure must also leave this many people short, and this share of the group.
    ratio_below : Decimal, optional
        The rule looks only at groups whose selection-rate ratio is below this.
    effective_from, effective_to : date, optional
        First and last day on which the rule applies.
    basis : str, optional
        ``"voluntary"`` keeps a withdrawn or proposed rule in use.
    unwaivable : bool, default False
    confirmed : bool, default True
        False where what the rule says of its source was not checked against it.
    params : mapping, optional
        What a metric of conduct asks for beside the bound: days, words, fields.
    sectors : tuple of str, optional
        Sectors of the offer to which it applies; None applies to all.
    on_missing : {"block", "review", "note"}, optional
        What it comes to where a metric of conduct cannot be measured; None means
        "review", or "note" for a rule that is one.
    remedy : str, optional
        What to do where it fails.

    Raises
    ------
    PolicyError
        With every problem found.

    Examples
    --------
    >>> source = Citation(source="29 CFR 1607", locator="4(D)", as_of="2026-11-23")
    >>> Rule(
    ...     id="ff-air", title="Four fifths", metric="adverse_impact_ratio",
    ...     at_least="0.80", severity="block", status="practice",
    ...     why="A screen in wide use.", citation=source,
    ... )
    <Rule ff-air: adverse_impact_ratio at least 0.80, block, significant>
    """

    kind: ClassVar[str] = "rule"
    inner: ClassVar[Mapping[str, type[Table]]] = {"citation": Citation}

    id: Name
    title: Prose
    metric: Words
    at_least: Exact | None = None
    at_most: Exact | None = None
    within: TwoExact | None = None
    attributes: SomeNames | None = None
    order: Order = (1,)
    offers: Offers | None = None
    reference: Reference | None = Field(default=None, description="text")
    evidence: Evidence = Field(default="significant", description=_one_of(Evidence))
    severity: Severity = Field(description=_one_of(Severity))
    min_share: Share = Decimal(0)
    shortfall_at_least: StrictInt = Field(
        default=0, ge=0, description="a whole number of people, 0 or more"
    )
    shortfall_share_at_least: Share = Decimal(0)
    ratio_below: PositiveShare | None = None
    why: Prose
    citation: Citation = Field(description="a table with source, locator and as_of")
    status: Status = Field(description=_one_of(Status))
    effective_from: Day | None = None
    effective_to: Day | None = None
    unwaivable: StrictBool = Field(default=False, description="true or false")
    confirmed: StrictBool = Field(default=True, description="true or false")
    basis: Words | None = None
    params: Params | None = Field(default=None, description="a table")
    sectors: SomeNames | None = None
    on_missing: OnMissing | None = Field(default=None, description=_one_of(OnMissing))
    remedy: Prose | None = None

    @model_validator(mode="after")
    def _keys_agree(self) -> Rule:
        parts = [*self._bound_parts(), *self._validity_parts()]
        attribute = (self.reference or "").partition("=")[0]
        if attribute not in (*REFERENCES, "", *(self.attributes or (attribute,))):
            parts.append(
                (
                    ("reference",),
                    f"{shown(self.reference)} names no attribute of the rule",
                    f"the rule looks at {alternatives(self.attributes or ())}",
                )
            )
        if parts:
            raise all_wrong(parts)
        return self

    def _bound_parts(self) -> list[Part]:
        given = [name for name in _BOUNDS if getattr(self, name) is not None]
        if len(given) == 1:
            return []
        rule = "exactly one of at_least, at_most, within"
        if not given:
            return [((), f"has no bound; write {rule}", "for example at_least = 0.80")]
        hint = "for both write within = [low, high]" if "within" not in given else ""
        return [((), f"has the bounds {' and '.join(given)}; write {rule}", hint)]

    def _validity_parts(self) -> list[Part]:
        parts: list[Part] = []
        first, last = self.effective_from, self.effective_to
        if first and last and first > last:
            parts.append(
                (("effective_to",), f"{last} is before effective_from, {first}", "")
            )
        if self.status == "withdrawn" and self.severity == "block" and not self.basis:
            parts.append(
                (
                    ("severity",),
                    "'block' is not for a rule whose status is 'withdrawn'",
                    'basis = "voluntary" keeps it by choice; else severity = "review"',
                )
            )
        if self._needs_basis and self.basis not in (None, "voluntary"):
            parts.append(
                (
                    ("basis",),
                    f"{shown(self.basis)} keeps no {self.status} rule in use",
                    'write basis = "voluntary", or leave it out',
                )
            )
        return parts

    @property
    def _needs_basis(self) -> bool:
        return self.status in ("withdrawn", "proposed")

    @property
    def limits(self) -> tuple[Decimal | None, Decimal | None]:
        """Lowest and highest value that meet the bound; None where there is none."""
        return self.within or (self.at_least, self.at_most)

    @property
    def bound(self) -> str:
        """The bound in words, as in ``"at least 0.80"``."""
        if self.within:
            return f"between {told(self.within[0])} and {told(self.within[1])}"
        if self.at_least is not None:
            return f"at least {told(self.at_least)}"
        return f"at most {told(self.at_most)}"

    def in_force(self, on: date) -> tuple[bool, str]:
        """Say whether the rule applies on a day, and why.

        A withdrawn or proposed rule applies only by choice (``basis = "voluntary"``);
        the dates, both inclusive, hold for every rule.

        Parameters
        ----------
        on : date

        Returns
        -------
        applies : bool
        reason : str

        Examples
        --------
        >>> source = Citation(source="practice", as_of=date(2026, 11, 23))
        >>> rule = Rule(
        ...     id="a", title="A", metric="burden_ratio", at_most="1.25",
        ...     severity="note", status="voluntary", why="Ours.", citation=source,
        ...     effective_from=date(2027, 1, 1),
        ... )
        >>> rule.in_force(date(2026, 12, 31))
        (False, 'not before 2027-01-01')
        >>> rule.in_force(date(2027, 1, 1))
        (True, 'voluntary since 2027-01-01')
        """
        if self.effective_from and on < self.effective_from:
            return False, f"not before {self.effective_from}"
        if self.effective_to and on > self.effective_to:
            return False, f"not after {self.effective_to}"
        if self._needs_basis and not self.basis:
            return False, f"{self.status}, and not kept by choice"
        words = self.status.replace("_", " ")
        words += ", applied by choice" if self._needs_basis else ""
        since = f" since {self.effective_from}" if self.effective_from else ""
        return True, words + since

    def __repr__(self) -> str:
        metric = ascii_controls(self.metric)
        weight = f"{self.severity}, {self.evidence}"
        return f"<Rule {self.id}: {metric} {self.bound}, {weight}>"

    __str__ = __repr__


class Policy(Table):
    """A set of rules, and what it takes to believe a finding.

    Parameters
    ----------
    name, version, title, jurisdiction, disclaimer, as_of, rules
        Required.
    sectors : tuple of str, default ()
    alpha, alpha_review : Decimal, default 0.05 and 0.15
        Below the first a finding fails, below the second it is inconclusive.
    min_expected : int, default 20
        Fewer expected members are too few.
    max_unmeasured : Decimal, default 0.10
        Share of the customers that may be in groups that are too few.
    required : tuple of str, optional
        None requires every single attribute that is audited.
    allowed_strata : mapping of str to str
        Factors within which a comparison counts, each with its reason.

    Raises
    ------
    PolicyError
        With every problem found.

    Examples
    --------
    >>> rule = {
    ...     "id": "ours", "title": "Ours", "metric": "burden_ratio",
    ...     "at_most": "1.25", "severity": "review", "status": "voluntary",
    ...     "why": "We do not lean on anybody.",
    ...     "citation": {"source": "practice", "as_of": "2026-11-23"},
    ... }
    >>> about = {
    ...     "name": "house", "version": "1", "title": "House rules",
    ...     "jurisdiction": "none", "disclaimer": "Ours.", "as_of": "2026-11-23",
    ... }
    >>> Policy(**about, rules=[rule])
    <Policy house 1: 1 rule, sha256:ecf0b8ee0869>
    >>> Policy(**about, rules=[rule | {"at_most": "125%"}])
    Traceback (most recent call last):
    fairness.errors.PolicyError: rules[0].at_most: '125%' is not a number
      Hint: write it as a fraction, 1.25
    """

    kind: ClassVar[str] = "policy"
    inner: ClassVar[Mapping[str, type[Table]]] = {"rules": Rule} | dict(Rule.inner)

    schema_id: Schema = Field(default=SCHEMA, alias="schema", description=shown(SCHEMA))
    name: Name
    version: Words
    title: Prose
    jurisdiction: Words
    sectors: Names = ()
    disclaimer: Prose
    as_of: Day
    alpha: Inside = Decimal("0.05")
    alpha_review: Inside = Field(default=Decimal("0.15"), validate_default=True)
    min_expected: StrictInt = Field(
        default=20, ge=1, description="a whole number of people, 1 or more"
    )
    max_unmeasured: Share = Decimal("0.10")
    required: Names | None = None
    allowed_strata: Reasons = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(description="one or more [[rules]] tables")

    @field_validator("alpha_review")
    @classmethod
    def _not_below_alpha(cls, value: Decimal, info: ValidationInfo) -> Decimal:
        alpha = info.data.get("alpha")
        if alpha is not None and value < alpha:
            raise wrong(
                f"{told(value)} is below alpha, {told(alpha)}",
                "what is inconclusive is what alpha_review allows beyond alpha",
            )
        return value

    @field_validator("rules")
    @classmethod
    def _ids_differ(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if not rules:
            raise wrong("[] is not one or more [[rules]] tables")
        parts = repeated_ids([rule.id for rule in rules])
        if parts:
            raise all_wrong(parts)
        return rules

    @property
    def canonical(self) -> str:
        """The meaning of the policy as JSON: one text however the file is written.

        Keys are sorted, numbers are plain decimals in quotes, sets are sorted, and keys
        that are absent are left out.
        """
        return json.dumps(
            _meaning(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True
        )

    @property
    def digest(self) -> str:
        """``sha256:`` and the hash of `canonical`."""
        return "sha256:" + hashlib.sha256(self.canonical.encode()).hexdigest()

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of an id.

        Raises
        ------
        PolicyError
            Where the policy has no such rule.
        """
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        known = [rule.id for rule in self.rules]
        raise PolicyError(unknown_name("rule", rule_id, known, f"rule of {self.name}"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __repr__(self) -> str:
        count = f"{len(self.rules)} rule{'s' if len(self.rules) > 1 else ''}"
        version = ascii_controls(self.version)
        return f"<Policy {self.name} {version}: {count}, {self.digest[:19]}>"

    __str__ = __repr__


def repeated_ids(ids: Iterable[object]) -> list[Part]:
    """Return a part of a problem for each id that an earlier rule has.

    Examples
    --------
    >>> repeated_ids(["a", "b", "a"])[0][1]
    "'a' is also the id of rules[0]"
    """
    first: dict[str, int] = {}
    parts: list[Part] = []
    for index, name in enumerate(ids):
        if not isinstance(name, str):
            continue
        if name in first:
            what = f"{shown(name)} is also the id of rules[{first[name]}]"
            parts.append(((index, "id"), what, "give each rule an id of its own"))
        first.setdefault(name, index)
    return parts


def _meaning(value: object, key: str = "") -> object:
    if isinstance(value, Table):
        named = {
            field.alias or name: getattr(value, name)
            for name, field in type(value).model_fields.items()
        }
        return {k: _meaning(v, k) for k, v in named.items() if v is not None}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return [_meaning(v) for v in (sorted(value) if key in _SETS else value)]
    if isinstance(value, dict) and key == "params":
        return {k: _meaning(v, k) for k, v in value.items()}
    return value.isoformat() if isinstance(value, date) else value
