"""The demonstration: campaigns over the sample CRM, from table to certificate."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fairness.auditing import Audit, audit
from fairness.errors import InputError, Problem, RefusedError, ascii_controls, shown
from fairness.evidence import add_person, load_key, load_trust, new_key, verify_audience
from fairness.writing import write_whole
from pipelines.batch.running import row_of
from pipelines.batch.summaries import INDEX, page
from pipelines.crm import write_sample
from pipelines.crm.sample import campaign_files
from pipelines.release import Authority, Outcome, carry_out

BY = ("gender", "birth_date", "ethnicity")
BANDS = {"birth_date": [18, 30, 45, 60]}
AS_OF = "2026-11-01"
RELEASER = "demo"


@dataclass(frozen=True, slots=True)
class Tried:
    """What `verify` says of a released audience, as it is and changed by one byte.

    Parameters
    ----------
    accepted : bool
    refused : str
        Why the changed one was refused; empty if it was not.
    """

    accepted: bool
    refused: str


def run_demo(out: Path) -> str:
    """Write the sample CRM, run its campaigns, and verify what was released.

    Parameters
    ----------
    out : Path
        Made where it does not exist; files of the same names are replaced.

    Returns
    -------
    str
        What the command prints.

    Raises
    ------
    InputError
        The directory cannot be made or written to.
    """
    samples, results = out / "samples", out / "campaigns"
    try:
        samples.mkdir(parents=True, exist_ok=True)
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
    authority = _authority(out / "keys")
    found = [
        carry_out(samples / "campaigns" / file.name, results, authority=authority)
        for file in campaign_files()
    ]
    rows = [
        row_of(file.name, one)
        for file, one in zip(campaign_files(), found, strict=True)
    ]
    write_whole(results / INDEX, page(rows, "Campaigns of the sample CRM"))
    return "\n".join(_lines(found, authority, out)) + "\n"


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


def try_verify(outcome: Outcome, authority: Authority) -> Tried:
    """Verify a released audience, then a copy of it in which one byte differs."""
    assert outcome.released is not None  # only then is there a file
    assert authority.trust is not None  # the demonstration has one
    path, ledger = outcome.released.path, outcome.place.ledger
    verify_audience(path, authority.trust, ledger=ledger)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    changed = path.with_name("changed.csv")
    try:
        write_whole(changed, bytes(raw), private=True)
        verify_audience(
            changed, authority.trust, certificate=outcome.released.certificate
        )
    except RefusedError as error:
        return Tried(accepted=True, refused=error.reasons[0].what)
    finally:
        changed.unlink(missing_ok=True)
    return Tried(accepted=True, refused="")


def _authority(keys: Path) -> Authority:
    """Return the demonstration's own key, made when it is first run."""
    private, trust = keys / f"{RELEASER}.key", keys / "trust.toml"
    if not private.is_file():
        new_key(RELEASER, keys)
    if not trust.is_file():
        add_person(trust, load_key(private))
    return Authority(load_key(private), load_trust(trust))


def _lines(found: list[Outcome], authority: Authority, out: Path) -> Iterator[str]:
    yield f"Sample CRM: 12,000 invented customers in {_shown(out / 'samples')}"
    yield ""
    for one in found:
        campaign = one.run.campaign
        verdict = one.run.verdict.upper()
        yield f"{verdict:<7} {campaign.name} ({one.run.audit.offer}): {campaign.title}"
        why = one.run.decision.reasons[:1] or ("no group differs beyond chance",)
        for text in (*why, *one.run.culprits[:1]):
            yield from _wrapped(text)
        if one.released is None:
            yield from _wrapped("no audience was written")
        else:
            tried = try_verify(one, authority)
            yield from _wrapped(f"released: {_shown(one.released.path)}")
            yield from _wrapped(
                "verify: accepted; changed by one byte: refused, " + tried.refused
            )
        yield from _wrapped(f"report: {_shown(one.place.page)}")
    yield ""
    yield f"Index of the reports: {_shown(found[0].place.out / INDEX)}"
    yield f"Ledger: {_shown(found[0].place.ledger)}"
    yield "Next: fairreach run --help · fairreach check --help"


def _wrapped(text: str) -> list[str]:
    margin = " " * 8
    return textwrap.wrap(
        text,
        100,
        initial_indent=margin,
        subsequent_indent=margin,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _shown(path: Path) -> str:
    return ascii_controls(str(path))
