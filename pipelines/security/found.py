"""What a security audit finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairness.errors import ascii_controls

Severity = Literal["block", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note")
SCHEMA = "fairreach/secure-check/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Parameters
    ----------
    severity : {"block", "warn", "note"}
        What blocks has to be mended before a release.
    kind : str
        A word for machines, such as ``unsealed-protected``.
    file : str
        Relative to the directory; "." is the directory.
    what : str
        No secret and no personal value is ever in it.
    hint : str
    """

    severity: Severity
    kind: str
    file: str
    what: str
    hint: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return it in plain values."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "file": ascii_controls(self.file),
            "what": self.what,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class SecureReport:
    """What a security audit of a directory found.

    Parameters
    ----------
    directory : str
    day : str
        On which it was made, YYYY-MM-DD.
    files : int
        That were looked at.
    findings : tuple of Finding
        The worst first, then by file.
    """

    directory: str
    day: str
    files: int
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings of each severity."""
        found = Counter(one.severity for one in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def ok(self) -> bool:
        """Whether nothing blocks."""
        return not self.counts["block"]

    def to_dict(self) -> dict[str, Any]:
        """Return the report in plain values."""
        return {
            "schema": SCHEMA,
            "directory": ascii_controls(self.directory),
            "day": self.day,
            "files": self.files,
            "counts": self.counts,
            "findings": [one.to_dict() for one in self.findings],
        }

    def facts(self) -> Mapping[str, Any]:
        """Return what the ledger keeps: counts, and no name of a file."""
        kinds = Counter(one.kind for one in self.findings)
        return {"files": self.files, "counts": self.counts, "kinds": dict(kinds)}

    def text(self) -> str:
        """Return the report as a table."""
        counts = self.counts
        told = ", ".join(f"{counts[one]} {one}" for one in SEVERITIES)
        lines = [f"{self.files:,} files looked at: {told}"]
        for one in self.findings:
            lines += ["", f"{one.severity:<5}  {ascii_controls(one.file)}"]
            lines.append(f"       {one.what}")
            lines += [f"       Hint: {one.hint}"] if one.hint else []
        return "\n".join(lines) + "\n"


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings, the worst first, each once."""
    places = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda one: (places[one.severity], one.file, one.kind, one.what),
        )
    )
