"""The decision that policies make of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fairness.auditing.reported import Reported
from fairness.auditing.tables import findings_frame
from fairness.errors import AudienceBlockedError, InputError, Problem, shown
from fairness.findings import Finding
from fairness.reports.payload import audit_payload

if TYPE_CHECKING:
    import pandas as pd

    from fairness.auditing.measured import Audit
    from fairness.policy import Policy


@dataclass(frozen=True, eq=False, repr=False)
class Decision(Reported):
    """The verdict of one or more policies on an audit.

    Parameters
    ----------
    audit : Audit
    policies : tuple of Policy
    verdict : {"clear", "review", "block"}
    findings : tuple of Finding
        With rule, verdict and severity.
    reasons : tuple of str
        Why it is not clear.
    notes : tuple of str
    """

    audit: Audit
    policies: tuple[Policy, ...]
    verdict: Literal["clear", "review", "block"]
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the findings as a table, one row each."""
        return findings_frame(self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the payload, schema ``fairreach/audit/1``."""
        return audit_payload(self.audit, self)

    def raise_for_verdict(
        self, fail_on: Literal["review", "block"] = "review"
    ) -> Decision:
        """Raise unless the audience may go out; else return the decision.

        Parameters
        ----------
        fail_on : {"review", "block"}
            "block" lets a review pass, which never changes what may be released.

        Raises
        ------
        AudienceBlockedError
        """
        worst = {"review": ("review", "block"), "block": ("block",)}
        if fail_on not in worst:
            raise InputError(
                Problem("fail_on", f"{shown(fail_on)} is neither 'review' nor 'block'")
            )
        if self.verdict in worst[fail_on]:
            reasons = "; ".join(self.reasons[:3]) or "see the findings"
            raise AudienceBlockedError(f"{self.verdict}: {reasons}", self.verdict)
        return self

    def _told(self) -> dict[str, Any]:
        return self.to_dict()

    def _measured(self) -> Audit:
        return self.audit
