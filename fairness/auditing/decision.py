"""The decision that policies make of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fairness.auditing.settings import ROW_LIMIT
from fairness.auditing.tables import findings_frame
from fairness.errors import AudienceBlockedError, InputError, Problem, shown
from fairness.findings import Finding
from fairness.reports.payload import audit_payload

if TYPE_CHECKING:
    import pandas as pd

    from fairness.auditing.measured import Audit
    from fairness.policy import Policy
    from fairness.reports.displays.facade import Displays, Pictures


@dataclass(frozen=True, eq=False)
class Decision:
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

    @property
    def plot(self) -> Pictures:
        """Pictures with verdicts: ``decision.plot.ratios("gender")``."""
        from fairness.reports.displays.facade import Pictures  # noqa: PLC0415  # heavy

        return Pictures(self.display)

    @property
    def display(self) -> Displays:
        """Pictures with verdicts, and their numbers."""
        from fairness.reports.displays.facade import Displays  # noqa: PLC0415  # heavy

        return Displays(self.audit, self.to_dict, judged=True)

    def report(
        self, path: str | Path, *, segments: Mapping[str, Any] | None = None
    ) -> Path:
        """Write a report of the kind that the name ends in: .html, .md, .json, .csv.

        Parameters
        ----------
        path : str or Path
        segments : dict, optional
            What a segment audit says as ``section()``, to stand in the report.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            An ending that is not known, a directory that cannot be written to.
        """
        from fairness.reports import write_report  # noqa: PLC0415

        told = {} if segments is None else {"segments": dict(segments)}
        return write_report(self.to_dict() | told, path)

    def text(self) -> str:
        """Return the full report for a terminal, at most 100 columns wide."""
        from fairness.reports import render  # noqa: PLC0415

        return render(self.to_dict(), "text")

    def __repr__(self) -> str:
        from fairness.reports import render  # noqa: PLC0415

        return render(self.to_dict(), "summary", most=ROW_LIMIT)

    def _repr_html_(self) -> str:
        from fairness.reports import render  # noqa: PLC0415

        return render(self.to_dict(), "notebook")
