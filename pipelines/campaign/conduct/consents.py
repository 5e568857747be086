"""Whether everybody in the audience, and in the training, has said yes or no no."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.findings.observed import Observed
from pipelines.campaign.conduct.scene import Params, Scene, hits, many, parts
from pipelines.campaign.frame import UNREAD, consent_answers, consent_asked, objections
from pipelines.campaign.model import ConsentTable
from pipelines.campaign.plan import WHY
from pipelines.consent.cells import EVERY
from pipelines.crm.contracts import CHANNELS
from pipelines.crm.contracts import EVERY as ALL
from pipelines.crm.statuses import GRANTED, OBJECTED, STATUSES, folded

Bools = NDArray[np.bool_]

EVERY_WORD = ("", *EVERY)
"""What stands, folded, for every purpose or product, or for none by name."""

VALID = ("consent", "legitimate_interest")
_PRODUCT = "product"
_MOST = 3
_STATED = "score_training"


def objectors(scene: Scene, params: Params) -> list[Observed]:
    """Count who said no: in the audience, and among those the score was trained on.

    A no is an objection, a refusal for this purpose and channel, a flag of the
    customer's own, or to be forgotten; a record or flag that cannot be read counts as
    one. Missing without consent records or a channel. Where a score was made elsewhere
    nobody knows what it was trained on: that is missing, unless ``score_training``
    under [record] says how those who object were kept out.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``also``: further purposes whose refusal counts, such as "profiling".
    """
    asked = consent_asked(scene.campaign)
    if scene.reasons is None or asked is None:
        return [Observed.missing(_no_reasons(scene))]
    said_no = _is(scene.reasons, objections())
    further = params.get("also") or ()
    for purpose in (further,) if isinstance(further, str) else further:
        other = asked.model_copy(update={"purpose": purpose})
        answers = consent_answers(scene.campaign, scene.crm, other, scene.on)
        said_no |= _is(scene.beside(answers)[WHY], objections())
    here = said_no & scene.selected
    unread = int((_is(scene.reasons, UNREAD) & scene.selected).sum())
    number = int(here.sum())
    message = (
        f"{many(number)} of the audience objected to or refused "
        f"{_purpose(scene)}{parts({'in what cannot be read': unread}, number)}"
    )
    found = [hits(number, message, of=int(scene.selected.sum()))]
    return [*found, *_in_training(scene, said_no)]


def _in_training(scene: Scene, said_no: Bools) -> list[Observed]:
    score = scene.campaign.funnel.score
    if score is None:
        return []
    if scene.training is None:
        stated = (scene.campaign.record or {}).get(_STATED)
        if stated is not None:
            return [
                Observed.idle(f"the score was trained elsewhere, by record: {stated}")
            ]
        what = (
            "what the score was trained on is not known: say under [record] how those "
            f'who object were kept out, {_STATED} = "…"'
        )
        return [Observed.missing(what)]
    trained = scene.has(scene.training)
    number = int((trained & said_no).sum())
    message = (
        f"{many(number)} of {many(int(trained.sum()))} whom the score was trained on "
        f"objected to or refused {_purpose(scene)}"
    )
    return [hits(number, message, of=int(trained.sum()))]


def without_consent(scene: Scene, params: Params) -> list[Observed]:
    """Count who of the audience has no valid consent, or other basis that is named.

    Without consent records or a channel nobody is known to have consented, and it is
    the whole audience; so it is where the records lack a column of `evidence`.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``evidence``: columns that each consent has to fill; ``max_age_days``: how old
        it may be; ``basis = "consent"``: no other basis does. What the campaign asks
        beyond that is asked as well.
    """
    size = int(scene.selected.sum())
    asked = consent_asked(scene.campaign)
    if scene.reasons is None or asked is None:
        why = _no_reasons(scene)
        return [hits(size, f"nobody of {many(size)} is known to agree: {why}", of=size)]
    strict = _stricter(asked, params)
    absent = _absent(scene, strict)
    if absent:
        why = f"the records have no column {absent[0]!r}"
        return [hits(size, f"nobody of {many(size)} has proof: {why}", of=size)]
    reasons = scene.reasons
    if strict != asked:
        answers = consent_answers(scene.campaign, scene.crm, strict, scene.on)
        reasons = scene.beside(answers)[WHY]
    without = ~_is(reasons, VALID) & scene.selected
    number = int(without.sum())
    message = (
        f"{many(number)} of {size:,} in the audience have no valid consent to "
        f"{_purpose(scene)} on {scene.on}{_why(reasons, without)}"
    )
    return [hits(number, message, of=size)]


def product_channel_consent(scene: Scene, params: Params) -> list[Observed]:
    """Count who of the audience has not opted in to this product on this channel.

    Where the consent records have a column ``product``, an opt-in has to name the
    product there; a no for this product, for every product or for none by name counts.
    Where they have none, the product is the purpose of the record. No basis but
    consent does, nor an opt-in of somebody who objected. Missing where [contact]
    names no product, or no channel is named; without records it is the whole audience.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``evidence`` and ``max_age_days`` as in `without_consent`.
    """
    import narwhals as nw  # noqa: PLC0415

    contact, asked = scene.campaign.contact, consent_asked(scene.campaign)
    if contact is None or contact.product is None:
        return [Observed.missing("the product is not named (contact.product)")]
    if asked is None:
        return [Observed.missing(_no_reasons(scene))]
    size = int(scene.selected.sum())
    what = f"{contact.product} by {asked.channel}"
    if "consents" not in scene.crm.tables:
        why = "no consent records were given"
        return [hits(size, f"nobody is known to have opted in to {what}: {why}")]
    strict = _stricter(asked, {**params, "basis": "consent"})
    absent = _absent(scene, strict)
    if absent:
        why = f"the records have no column {absent[0]!r}"
        return [hits(size, f"nobody has proof of an opt-in to {what}: {why}")]
    consents, purpose = _of_product(scene, strict, contact.product)
    strict = strict.model_copy(update={"purpose": purpose})
    answers = consent_answers(
        scene.campaign, scene.crm, strict, scene.on, consents=consents
    )
    # Only a yes is brought out of the engine: most have said nothing of a product.
    agreed = answers.filter(nw.col(WHY) == "consent").select(scene.roles.id)
    without = ~scene.has(agreed.collect("pyarrow").to_native()[scene.roles.id])
    if scene.reasons is not None:
        without |= _is(scene.reasons, ("forgotten", "objected", "not_allowed"))
    without &= scene.selected
    number = int(without.sum())
    message = (
        f"{many(number)} of {size:,} in the audience have not opted in to {what} on "
        f"{scene.on}"
    )
    return [hits(number, message, of=size)]


def _of_product(scene: Scene, asked: ConsentTable, product: str) -> tuple[Any, str]:
    """Return the records about a product, and the purpose that they have to have."""
    import narwhals as nw  # noqa: PLC0415

    consents, word = scene.crm.consents, folded(product)
    purpose = asked.purpose or scene.campaign.purpose
    if _PRODUCT in consents.collect_schema():
        yes = [status for status, said in STATUSES.items() if said == GRANTED]
        is_no = ~nw.col("status").is_in(yes)
        wide = spelled(scene, _PRODUCT, EVERY_WORD)
        consents = consents.filter(spelled(scene, _PRODUCT, {word}) | (wide & is_no))
    else:
        purpose = product
    # An objection counts on whatever channel; all else is of this one, or of all.
    plain = [s for s, said in STATUSES.items() if said != OBJECTED]
    channels = [one for one in CHANNELS if folded(one) == folded(asked.channel)]
    concerned = nw.col("channel").is_in([*channels, ALL]) | nw.col("channel").is_null()
    concerned |= ~nw.col("status").is_in(plain)
    about = spelled(scene, "purpose", {folded(purpose), *EVERY_WORD})
    return consents.filter(about & concerned), purpose


def spelled(scene: Scene, column: str, words: Collection[str]) -> Any:
    """Return whether a cell of the consents is one of some folded words."""
    import narwhals as nw  # noqa: PLC0415

    spellings = scene.spellings(column, words)
    known = nw.col(column).is_in([one for one in spellings if one is not None])
    known = known.fill_null(value=False)
    return known | nw.col(column).is_null() if None in spellings else known


def _stricter(asked: ConsentTable, params: Params) -> ConsentTable:
    """Return what a campaign asks of a consent together with what a rule asks."""
    changes: dict[str, Any] = {}
    wanted = params.get("evidence") or ()
    evidence = [wanted] if isinstance(wanted, str) else list(wanted)
    together = tuple(dict.fromkeys([*asked.evidence, *evidence]))
    if together != asked.evidence:
        changes["evidence"] = together
    days = [
        d for d in (asked.max_age_days, params.get("max_age_days")) if d is not None
    ]
    if days and min(days) != asked.max_age_days:
        changes["max_age_days"] = int(min(days))
    if params.get("basis") == "consent" and asked.basis != "consent":
        changes["basis"] = "consent"
    return asked.model_copy(update=changes) if changes else asked


def _absent(scene: Scene, asked: ConsentTable) -> list[str]:
    columns = scene.crm.consents.collect_schema().names()
    return [name for name in asked.evidence if name not in columns]


def _is(reasons: Any, codes: tuple[str, ...]) -> Bools:
    """Return where a reason is one of some; nowhere where there is none."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    return np.asarray(pc.is_in(reasons, value_set=pa.array(codes)), dtype=bool)


def _why(reasons: Any, without: Bools) -> str:
    """Return the commonest reasons of those without."""
    import pyarrow as pa  # noqa: PLC0415

    pairs = reasons.filter(pa.array(without)).value_counts().to_pylist()
    sizes = {str(pair["values"] or "no_record"): pair["counts"] for pair in pairs}
    ranked = sorted(sizes, key=lambda why: (-sizes[why], why))
    return parts({why: sizes[why] for why in ranked[:_MOST]}, int(without.sum()))


def _purpose(scene: Scene) -> str:
    asked = consent_asked(scene.campaign)
    purpose = scene.campaign.purpose
    if asked is None:
        return purpose
    return f"{asked.purpose or purpose} by {asked.channel}"


def _no_reasons(scene: Scene) -> str:
    if "consents" not in scene.crm.tables:
        return "no consent records were given"
    return "no channel is named (contact.channel, or a consent stage)"
