"""Who is too young for a campaign, and who asked for their data to be kept here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairness.counts import count
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from pipelines.campaign.conduct.consents import EVERY_WORD, spelled
from pipelines.campaign.conduct.flags import Bools, column_flags, not_known
from pipelines.campaign.conduct.scene import Params, Scene, hits, many, parts
from pipelines.campaign.frame import refused_of
from pipelines.crm.statuses import GRANTED, NONE, NOT_REFUSED, STATUSES, folded

_BIRTHS = ("birth_date", "birthdate", "date_of_birth", "dob", "birthday", "age")
_PURPOSES = ("sharing", "sale")
_SELECTED = "(selected)"


def under_age(scene: Scene, params: Params) -> list[Observed]:
    """Count who of the audience is younger than an age on the day of the campaign.

    Only counts are made of the birth dates. Missing where no birth date is among the
    protected attributes.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``age`` in years, 18 by default; ``unknown``: "count" (the default) counts
        those whose birth date is not known, "ignore" only tells them; ``column`` names
        the birth date where it is called otherwise.
    """
    wanted = [params["column"]] if params.get("column") else list(_BIRTHS)
    name = next((n for n in wanted if n in scene.roles.by), None)
    if name is None:
        return [Observed.missing("no birth date is among the protected attributes")]
    age = int(params.get("age", 18))
    if not scene.selected.any():
        return [Observed.idle("nobody is selected")]
    import pyarrow as pa  # noqa: PLC0415

    table = scene.walked.table.select([name]).filter(pa.array(scene.selected))
    picked = pa.array(np.ones(table.num_rows, dtype=np.uint8))
    counted = count(
        table.append_column(_SELECTED, picked),
        by=name,
        selected=_SELECTED,
        bands={name: [age]},
        as_of=scene.on,
        many=[name],
    ).counts.table((name,))
    sizes = dict(zip(counted.groups, counted.n.tolist(), strict=True))
    unknown = sizes.get(MISSING, 0)
    young = next((n for group, n in sizes.items() if group.startswith("(-inf")), 0)
    counts = params.get("unknown", "count") != "ignore"
    number = young + (unknown if counts else 0)
    told = f"of {many(unknown)} the birth date is not known"
    message = (
        f"{many(young)} in the audience are younger than {age} on {scene.on}; {told}"
        f"{', and they count' if counts and unknown else ''}"
    )
    return [hits(number, message, of=table.num_rows)]


def privacy_signals(scene: Scene, params: Params) -> list[Observed]:
    """Count who asked not to be shared, of an audience that goes to a platform.

    A yes in the column that ``contact.signal`` names, or a consent record of the
    purpose of sharing or sale whose last word is a no, on whatever channel; a record
    that is not dated or cannot be read is a no. Idle where the audience goes to no
    platform; missing where neither column nor records were given.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``purposes`` of the records, "sharing" and "sale" by default.

    Raises
    ------
    InputError
        The customers have no such column.
    """
    if scene.campaign.export is None:
        return [Observed.idle("the audience goes to no platform")]
    contact = scene.campaign.contact
    signal = None if contact is None else contact.signal
    if signal is None and "consents" not in scene.crm.tables:
        what = "neither a privacy signal (contact.signal) nor consent records are given"
        return [Observed.missing(what)]
    found = np.zeros(len(scene.selected), dtype=bool)
    told: dict[str, int] = {}
    blind: list[Bools] = []
    if signal is not None:
        known, empty = column_flags(scene, {signal: ()}, "contact.signal")
        (mask,), blind = known.values(), list(empty.values())
        found |= mask
        told["by signal"] = int((mask & scene.selected).sum())
    if "consents" in scene.crm.tables:
        purposes = params.get("purposes") or _PURPOSES
        words = (purposes,) if isinstance(purposes, str) else tuple(purposes)
        mask = _refused(scene, words)
        found |= mask
        told["by record"] = int((mask & scene.selected).sum())
    number = int((found & scene.selected).sum())
    message = (
        f"{many(number)} in the audience asked for their data not to be shared or sold"
        f"{parts(told, number)}{not_known(scene, blind)}"
    )
    return [hits(number, message, of=int(scene.selected.sum()))]


def _refused(scene: Scene, purposes: Sequence[str]) -> Bools:
    """Return whose last word on a purpose, or on every one, is a no."""
    import narwhals as nw  # noqa: PLC0415

    from pipelines.consent.cells import ALWAYS, NEVER, word_of  # noqa: PLC0415

    id_, consents = scene.roles.id, scene.crm.consents
    words = [*(folded(one) for one in purposes), *EVERY_WORD]
    kinds = consents.collect_schema()
    of = {
        said: [status for status, means in STATUSES.items() if means == said]
        for said in (GRANTED, NONE, NOT_REFUSED)
    }
    is_yes = nw.col("status").is_in(of[GRANTED])
    is_no = ~nw.col("status").is_in([one for listed in of.values() for one in listed])
    day = nw.col("captured_at").cast(nw.String)
    yes = nw.when(is_yes).then(day.fill_null(NEVER)).otherwise(nw.lit(NEVER))
    no = nw.when(is_no).then(day.fill_null(ALWAYS)).otherwise(nw.lit(NEVER))
    refusing = (
        consents.filter(spelled(scene, "purpose", words))
        .select(
            nw.col(id_),
            word_of("purpose", kinds["purpose"]).alias("purpose"),
            yes.alias("yes"),
            no.alias("no"),
        )
        .group_by(id_, "purpose")
        .agg(nw.col("yes").max(), nw.col("no").max())
        .filter((nw.col("no") > nw.lit(NEVER)) & (nw.col("no") >= nw.col("yes")))
        .select(id_)
    )
    found = scene.has(refusing.collect("pyarrow").to_native()[id_])
    unread = refused_of(scene.crm)
    if unread is None:
        return found
    kind = unread.collect_schema()["purpose"]
    blind = unread.filter(word_of("purpose", kind).is_in(words)).select(id_)
    return found | scene.has(blind.collect("pyarrow").to_native()[id_])
