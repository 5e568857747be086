"""Waivers: a failed rule let through by name, with a reason and for a time.

A waiver file holds one ``[[waivers]]`` table for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StrictStr, model_validator

from fairness.errors import (
    PolicyError,
    Problem,
    alternatives,
    ascii_controls,
    shown,
    unknown_name,
)
from fairness.policy.fields import (
    Day,
    Name,
    Part,
    Prose,
    Table,
    Words,
    all_wrong,
    is_digest,
)
from fairness.policy.load import parse_toml, read_bytes
from fairness.policy.model import Policy

_LONGEST = timedelta(days=90)


class Waiver(Table):
    """Leave to let one rule's failure pass until a day.

    Parameters
    ----------
    rule : str
        Id of the rule.
    policy_digest : str, optional
        The one policy for which it holds; None holds for any with such a rule.
    attribute, group : str, optional
        None covers every attribute, or every group of it.
    reason, owner, approver : str
        Owner and approver are two people.
    issued, expires : date
        First and last day; at most 90 days apart.

    Raises
    ------
    PolicyError
        With every problem found.

    Examples
    --------
    >>> waiver = Waiver(
    ...     rule="ff-air", attribute="age", group="61+", reason="A youth account.",
    ...     owner="a.lee", approver="b.cho", issued="2026-11-01", expires="2026-12-01",
    ... )
    >>> waiver.covers("ff-air", "age", "61+", date(2026, 12, 1))
    True
    >>> waiver.covers("ff-air", "age", "61+", date(2026, 12, 2))
    False
    """

    kind: ClassVar[str] = "waiver"

    rule: Name
    policy_digest: Annotated[StrictStr, AfterValidator(is_digest)] | None = Field(
        default=None, description="text, sha256: and 64 hexadecimal digits"
    )
    attribute: Words | None = None
    group: Words | None = None
    reason: Prose
    owner: Words
    approver: Words
    issued: Day
    expires: Day

    @model_validator(mode="after")
    def _limits_hold(self) -> Waiver:
        parts: list[Part] = []
        if _person(self.owner) == _person(self.approver):
            what = f"{shown(self.approver)} is also the owner"
            parts.append((("approver",), what, "a second person has to approve"))
        if self.expires <= self.issued:
            what = f"{self.expires} is not after issued, {self.issued}"
            parts.append((("expires",), what, ""))
        elif self.expires - self.issued > _LONGEST:
            days = (self.expires - self.issued).days
            what = f"{self.expires} is {days} days after issued; at most 90 are allowed"
            hint = f"write {self.issued + _LONGEST} or an earlier day"
            parts.append((("expires",), what, hint))
        if self.group is not None and self.attribute is None:
            what = f"{shown(self.group)} is a group of no attribute"
            parts.append((("group",), what, "name the attribute of the group"))
        if parts:
            raise all_wrong(parts)
        return self

    def covers(
        self, rule: str, attribute: str | None, group: str | None, on: date
    ) -> bool:
        """Say whether a finding is covered on a day.

        Parameters
        ----------
        rule : str
            Id of the rule that failed.
        attribute, group : str or None
            Those of the finding.
        on : date

        Returns
        -------
        bool
            Says nothing of the policy: see `problems`.
        """
        return (
            rule == self.rule
            and self.attribute in (None, attribute)
            and self.group in (None, group)
            and self.issued <= on <= self.expires
        )

    def problems(self, policy: Policy) -> tuple[Problem, ...]:
        """Return what keeps the waiver from holding under a policy.

        Parameters
        ----------
        policy : Policy

        Returns
        -------
        tuple of Problem
            Empty where it holds: the rule exists and may be waived, it looks at the
            attribute, and the policy is the one that was approved.
        """
        ids = [rule.id for rule in policy.rules]
        found = []
        if self.policy_digest not in (None, policy.digest):
            what = f"{shown(self.policy_digest)} is not that of {policy.name} as it is"
            hint = f"approve again, for {policy.digest}"
            found.append(Problem("policy_digest", what, hint))
        if self.rule not in ids:
            kind = f"rule of {policy.name}"
            return (*found, unknown_name("rule", self.rule, ids, kind))
        rule = policy.rule(self.rule)
        if rule.unwaivable:
            what = f"{shown(self.rule)} is a rule that cannot be waived"
            found.append(Problem("rule", what))
        looked_at = rule.attributes
        if looked_at is not None and self.attribute is not None:
            unseen = [a for a in self.attribute.split("&") if a not in looked_at]
            if unseen:
                what = f"{shown(self.attribute)} is not looked at by {rule.id}"
                hint = f"the rule looks at {alternatives(looked_at)}"
                found.append(Problem("attribute", what, hint))
        return tuple(found)


class _WaiverFile(Table):
    kind: ClassVar[str] = "waiver file"
    inner: ClassVar[Mapping[str, type[Table]]] = {"waivers": Waiver}

    waivers: tuple[Waiver, ...] = Field(description="[[waivers]] tables")


def load_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """Return the waivers of a TOML file.

    Parameters
    ----------
    path : str or Path
        A ``.toml`` file of ``[[waivers]]`` tables.

    Raises
    ------
    PolicyError
        With every problem: file, key, value, what is allowed, a hint.
    """
    file = ascii_controls(str(path))
    raw = parse_toml(read_bytes(Path(path)), file)
    try:
        return _WaiverFile(**raw).waivers
    except PolicyError as error:
        raise PolicyError(
            Problem(f"{file}, {problem.where}", problem.what, problem.hint)
            for problem in error.problems
        ) from None


def _person(name: str) -> str:
    return " ".join(name.casefold().split())
