"""The demonstration: the sample CRM, its audiences, a verdict and a report for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fairness.auditing import Audit, Decision, audit
from fairness.errors import InputError, Problem, ascii_controls, shown
from fairness.reports import write_report
from pipelines.crm import PLANTED, write_sample

BY = ("gender", "birth_date", "ethnicity")
BANDS = {"birth_date": [18, 30, 45, 60]}
AS_OF = "2026-11-01"


@dataclass(frozen=True, slots=True)
class Shown:
    """One audience of the demonstration.

    Parameters
    ----------
    name : str
    decision : Decision
    report : Path
    """

    name: str
    decision: Decision
    report: Path


def run_demo(out: Path) -> str:
    """Write the sample CRM and a Markdown report for each of its audiences.

    Parameters
    ----------
    out : Path
        Made where it does not exist; files of the same names are replaced.

    Returns
    -------
    str
        The table that the command prints.

    Raises
    ------
    InputError
        The directory cannot be made or written to.
    """
    samples, reports = out / "samples", out / "reports"
    try:
        samples.mkdir(parents=True, exist_ok=True)
        reports.mkdir(exist_ok=True)
        write_sample(samples)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            Problem(
                "--out",
                f"{shown(str(out))} cannot be written to: {reason}",
                "name a directory of your own",
            )
        ) from None
    found = list(_decisions(samples, reports))
    return _table(found, out)


def sample_audit(samples: Path, audience: str, offer: str) -> Audit:
    """Return the audit of one of the sample's audiences, as the README makes it."""
    return audit(
        samples / "customers.csv",
        audience=samples / "audiences" / f"{audience}.csv",
        id="customer_id",
        protected=samples / "protected.csv",
        by=BY,
        bands=BANDS,
        as_of=AS_OF,
        intersections=2,
        offer=offer,  # type: ignore[arg-type]
    )


def _decisions(samples: Path, reports: Path) -> Iterator[Shown]:
    for planted in PLANTED:
        decision = sample_audit(samples, planted.name, planted.offer).gate()
        report = reports / f"{planted.name}.md"
        write_report(decision.to_dict(), report)
        yield Shown(planted.name, decision, report)


def _table(found: list[Shown], out: Path) -> str:
    place = ascii_controls(str(out / "samples"))
    lines = [f"Sample CRM: 12,000 invented customers in {place}", ""]
    for one in found:
        decision = one.decision
        lines.append(
            f"{decision.verdict.upper():<7} {one.name} ({decision.audit.offer})"
        )
        why = (
            decision.reasons[0]
            if decision.reasons
            else "no group differs beyond chance"
        )
        lines += [f"        {line}" for line in _wrapped(why)]
        more = len(decision.reasons) - 1
        if more > 0:
            lines.append(f"        and {more} more finding{'s' if more > 1 else ''}")
        lines.append(f"        report: {ascii_controls(str(one.report))}")
    lines += ["", "Next: fairreach check --help"]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int = 88) -> list[str]:
    import textwrap  # noqa: PLC0415  # only for the table

    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
