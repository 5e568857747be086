"""Consent and objection once more: on the exported file, and on the day it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError, Problem, RefusedError, shown
from fairness.evidence import Ledger, certificate_path, digest_of, read_document
from fairness.findings import Finding
from fairness.writing import write_whole
from pipelines.campaign.conduct import Scene
from pipelines.campaign.conduct.scene import many
from pipelines.campaign.frame import (
    SharedTables,
    consent_answers,
    consent_asked,
    open_tables,
    send_day,
)
from pipelines.campaign.load import load_campaign
from pipelines.campaign.model import Campaign
from pipelines.campaign.plan import WHY, make_plan
from pipelines.campaign.result import CampaignRun
from pipelines.campaign.run import policies_of
from pipelines.crm import Crm
from pipelines.funnel.counting import Roles
from pipelines.funnel.paths import Paths
from pipelines.funnel.walking import Walked
from pipelines.release.place import Place
from pipelines.release.rechecked import NOBODY, Rechecked

if TYPE_CHECKING:
    from fairness.policy import Policy

CONSENT = ("objectors", "without_consent", "product_channel_consent")
"""Metrics of conduct that a release looks at once more."""

PEOPLE = (*CONSENT, "zero_tolerance", "privacy_signals")
"""Metrics of conduct that are looked at on the day of sending."""

_VALID = ("consent", "legitimate_interest")
_READ = ("customers", "consents", "suppression", "vulnerability")
_STANDING = ("fail", "inconclusive", "waived", "not_measurable")


def ids_of(content: bytes) -> Any:
    r"""Return the ids of an audience file as an Arrow column.

    Raises
    ------
    InputError
        It is not one column of text.

    Examples
    --------
    >>> ids_of(b'id\r\na\r\n"b""c"\r\n').to_pylist()
    ['a', 'b"c']
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv  # noqa: PLC0415

    try:
        parse = csv.ParseOptions(newlines_in_values=True)
        read = csv.ReadOptions(autogenerate_column_names=True)
        convert = csv.ConvertOptions(
            column_types={"f0": pa.string()}, strings_can_be_null=False
        )
        table = csv.read_csv(BytesIO(content), read, parse, convert)
    except pa.ArrowInvalid:
        table = None
    if table is None or table.num_columns != 1:
        raise InputError(Problem("audience", "is no file of one column, the ids"))
    return table["f0"].slice(1)


def needs_recheck(campaign: Campaign, policies: Sequence[Policy]) -> bool:
    """Return whether a campaign asks for consent, by a stage or by a rule."""
    return campaign.funnel.consent is not None or any(
        rule.metric in CONSENT for policy in policies for rule in policy.rules
    )


def refusals_of(
    run: CampaignRun,
    content: bytes,
    *,
    directory: Path,
    tables: Mapping[str, Any],
    shared: SharedTables | None = None,
) -> list[Problem]:
    """Return why the bytes that are about to be written may not be.

    The tables are read once more, and each id in the bytes is asked for its consent.
    What the run itself found wrong, and somebody gave leave for, is no reason.

    Parameters
    ----------
    run : CampaignRun
    content : bytes
    directory : Path
        Where relative paths of the campaign start.
    tables : mapping of name to table or path
        In place of the campaign's own.
    shared : SharedTables, optional
    """
    campaign, policies = run.campaign, run.decision.policies
    on = send_day(campaign, run.as_of)
    read = campaign if shared is not None and not tables else _narrowed(campaign)
    inside = {name: table for name, table in tables.items() if name in _READ}
    ids, reasons = ids_of(content), {}
    try:
        with open_tables(read, directory, inside, run.as_of, shared) as crm:
            scene = _scene(campaign, crm, ids, on)
            if campaign.funnel.consent is not None:
                reasons = _reasons(scene)
            findings = _findings(scene, policies, CONSENT, on)
    except InputError as error:
        # The tables were there a moment ago: nobody knows what they say now.
        return list(error.problems)
    known = {f.rule for f in run.decision.findings if f.verdict in _STANDING}
    found = [
        Problem("audience", f"rule {one.rule}: {one.message}")
        for one in findings
        if one.rule not in known
    ]
    if reasons:
        number = sum(reasons.values())
        what = (
            f"{many(number)} in the file to be written may not be contacted on {on}: "
            f"{', '.join(reasons)}"
        )
        hint = "run the campaign again: the tables changed after it was judged"
        found.insert(0, Problem("audience", what, hint))
    return found


def recheck(
    file: str | Path,
    out: str | Path,
    *,
    audience: str | Path | None = None,
    on: date | None = None,
    tables: Mapping[str, Any] | None = None,
    ledger: str | Path | None = None,
    now: datetime | None = None,
) -> Rechecked:
    """Check a released audience against the tables as they are now.

    ``recheck.json`` is written to the campaign's directory, and a line of kind
    ``recheck`` to the ledger: counts, never ids.

    Parameters
    ----------
    file : path
        The campaign file that it was released with.
    out : path
        As it was given to the run.
    audience : path, optional
        The file to look at, where the released one was encrypted or moved.
    on : date, optional
        The day of sending; today by default.
    tables : mapping of name to table or path, optional
        In place of the campaign's own.
    ledger : path, optional
        ``ledger.jsonl`` below `out` by default.
    now : datetime, optional

    Returns
    -------
    Rechecked

    Raises
    ------
    InputError
        With every problem of the campaign file or its tables; a campaign that asks
        neither for consent nor for anything else of this kind.
    RefusedError
        The file was not released here, or with another campaign file.
    """
    at = now or datetime.now(tz=UTC)
    day = on or at.date()
    campaign = load_campaign(file)
    directory = Path(file).parent
    policies = policies_of(campaign, directory)
    if consent_asked(campaign) is None and not any(
        rule.metric in PEOPLE for policy in policies for rule in policy.rules
    ):
        what = "asks for no consent, by a stage, a channel or a rule"
        hint = 'write [funnel.consent] with its channel = "email"'
        raise InputError(Problem(campaign.name, what, hint))
    place = Place(Path(out), campaign.name, campaign.output.audience)
    inside = {n: one for n, one in (tables or {}).items() if n in _READ}
    with place.held():
        content = _released(place, campaign, audience)
        ids = ids_of(content)
        with open_tables(_narrowed(campaign), directory, inside, day) as crm:
            scene = _scene(campaign, crm, ids, day)
            reasons = _reasons(scene)
            findings = _findings(scene, policies, PEOPLE, day)
        few = any(n < SMALLEST for n in reasons.values())
        found = Rechecked(
            campaign.name,
            day,
            len(ids),
            None if few else len(ids) - sum(reasons.values()),
            {why: None if n < SMALLEST else n for why, n in reasons.items()},
            tuple(f"{one.rule}: {one.message}" for one in findings),
        )
        report = json.dumps(found.to_dict(), indent=1) + "\n"
        body = {
            "campaign": campaign.name,
            "digest": campaign.digest,
            "audience": digest_of(content),
            "on": day.isoformat(),
            "holds": found.holds,
            "rows": found.rows,
            "contactable": found.contactable,
            "reasons": dict(found.reasons),
            "broken": [str(one.rule) for one in findings],
            "report": digest_of(report.encode()),
        }
        Ledger(ledger or place.ledger).append("recheck", body, at=at)
        write_whole(place.directory / "recheck.json", report)
    return found


Again = Callable[[bytes], Sequence[Problem]]
"""Why some bytes may not be written."""


def check_again(run: CampaignRun, content: bytes, again: Again | None) -> None:
    """Refuse bytes in which somebody may not be contacted, or that nobody looked at.

    Raises
    ------
    RefusedError
    """
    if not needs_recheck(run.campaign, run.decision.policies):
        return
    if again is None:
        what = "its consents were not looked at once more"
        raise RefusedError(Problem(run.campaign.name, what, "use carry_out"))
    if problems := again(content):
        raise RefusedError(problems)


def _narrowed(campaign: Campaign) -> Campaign:
    """Return a campaign of which no more tables are opened than are looked at."""
    others = set(campaign.tables.named()) - {*_READ}
    tables = campaign.tables.model_copy(update=dict.fromkeys(others))
    return campaign.model_copy(update={"tables": tables})


def _scene(campaign: Campaign, crm: Crm, ids: Any, on: date) -> Scene:
    """Return a file of ids as a walk in which everybody went all the way."""
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    id_ = campaign.tables.id
    walked = Walked(Paths(()), pa.table({id_: ids}), np.zeros(len(ids), np.int32))
    asked = consent_asked(campaign)
    why = None
    if asked is not None and "consents" in crm.tables:
        why = consent_answers(campaign, crm, asked, on, listed=True)
        why = why.select(id_, WHY)
    # What the score was trained on is not looked at once more.
    funnel = campaign.funnel.model_copy(update={"score": None})
    uncounted: Any = None
    return Scene(
        campaign.model_copy(update={"funnel": funnel}),
        make_plan(campaign),
        on,
        crm,
        walked,
        uncounted,
        uncounted,
        Roles(by=(), id=id_),
        why=why,
    )


def _reasons(scene: Scene) -> dict[str, int]:
    """Return who may not be contacted by reason, the commonest first."""
    if scene.reasons is None:
        is_asked = consent_asked(scene.campaign) is not None
        return {"no_record": len(scene.ids)} if is_asked and len(scene.ids) else {}
    pairs = scene.reasons.value_counts().to_pylist()
    sizes = {pair["values"] or NOBODY: pair["counts"] for pair in pairs}
    ranked = sorted(sizes, key=lambda why: (-sizes[why], why))
    return {why: sizes[why] for why in ranked if why not in _VALID}


def _findings(
    scene: Scene, policies: Sequence[Policy], metrics: Sequence[str], on: date
) -> list[Finding]:
    """Return what rules that block and are in force find wrong."""
    from fairness.policy.conduct import judge_conduct, why_idle  # noqa: PLC0415

    polarity = scene.campaign.offer.polarity or "beneficial"
    return [
        finding
        for policy in policies
        for rule in policy.rules
        if rule.metric in metrics
        and rule.severity == "block"
        and rule.in_force(on)[0]
        and (rule.offers is None or polarity in rule.offers)
        and not why_idle(rule, scene)
        for finding in judge_conduct(rule, policy, scene)
        if finding.verdict == "fail"
    ]


def _released(place: Place, campaign: Campaign, audience: str | Path | None) -> bytes:
    """Return the released file, or a copy of it that is the same byte for byte.

    Raises
    ------
    InputError, RefusedError
    """
    paths = [certificate_path(place.audience), certificate_path(place.sealed)]
    there = [path for path in paths if path.is_file()]
    if not there:
        what = "was not released here: there is no certificate"
        hint = "who asks about other people would learn what they said"
        raise RefusedError(Problem(campaign.name, what, hint))
    path = place.audience if audience is None else Path(audience)
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or type(error).__name__}"
        hint = "name the file that was decrypted: --audience FILE"
        raise InputError(Problem(shown(str(path)), what, hint)) from None
    for one in there:
        certificate = read_document(one)
        if certificate.get("audience") != digest_of(content):
            what = "is not the file of its certificate"
            raise RefusedError(
                Problem(path.name, what, "it was changed, or is another")
            )
        if certificate.get("campaign") != campaign.digest:
            what = "was released with another campaign file"
            raise RefusedError(Problem(path.name, what, "name that one"))
    return content
