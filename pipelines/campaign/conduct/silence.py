"""Who is left out in silence: by consent, by suppression, by missing contact data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairness.errors import InputError, unknown_name
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.compared import (
    Groups,
    beside_highest,
    beside_rest,
    groups_with,
)
from pipelines.campaign.conduct.scene import Params, Scene


def consent_parity(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Compare the share of each group that passes the consent stage.

        ratio_g = passed_g / reached_g / (the same of the group with the highest)

    Idle where the funnel has no consent stage, or nobody passes it.
    """
    groups = _stage(scene, "consent", kept_out=False)
    if groups is None:
        return [Observed.idle("the funnel has no consent stage")]
    if not _anyone(groups):
        return [Observed.idle("nobody passes the consent stage")]
    return beside_highest(groups, "pass the consent stage")


def suppression_parity(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Compare the share of each group that the suppression stage keeps out.

        ratio_g = kept out_g / reached_g / (the same of everybody else)

    Idle where the funnel has no suppression stage, or it keeps out nobody.
    """
    groups = _stage(scene, "suppression", kept_out=True)
    if groups is None:
        return [Observed.idle("the funnel has no suppression stage")]
    if not _anyone(groups):
        return [Observed.idle("the suppression stage keeps out nobody")]
    return beside_rest(groups, "are kept out by the suppression stage")


def missing_contact_parity(
    scene: Scene,
    params: Params,  # noqa: ARG001
) -> list[Observed]:
    """Compare the share of each group without the contact data of the channel.

        ratio_g = without_g / n_g / (the same of everybody else)

    of the customers from the judged stage on. A cell that is empty, or holds spaces
    alone, is none. Missing where [contact] names no column of contact data; idle where
    nobody lacks it.

    Raises
    ------
    InputError
        The customers have no such column.
    """
    contact = scene.campaign.contact
    if contact is None or contact.address is None:
        what = "the column of the channel's contact data is not named (contact.address)"
        return [Observed.missing(what)]
    import narwhals as nw  # noqa: PLC0415

    from pipelines.consent.cells import word_of  # noqa: PLC0415

    name, customers = contact.address, scene.crm.customers
    schema = customers.collect_schema()
    if name not in schema:
        raise InputError(
            unknown_name("contact.address", name, schema.names(), "column")
        )
    empty = customers.filter(word_of(name, schema[name]) == "")
    ids = empty.select(nw.col(scene.roles.id)).collect("pyarrow").to_native()
    without = scene.has(ids[scene.roles.id])
    if not (without & scene.judged).any():
        return [Observed.idle(f"nobody lacks {name}")]
    groups = groups_with(scene, without, scene.judged)
    return beside_rest(groups, f"have no {name}")


def _stage(scene: Scene, kind: str, *, kept_out: bool) -> list[Groups] | None:
    """Return who passes a stage, or is kept out by it, of those who came to it."""
    kinds = [stage.kind for stage in scene.funnel.paths.stages]
    if kind not in kinds:
        return None
    place = kinds.index(kind)
    found = []
    for name in scene.audit.counts.attributes:
        table = scene.funnel.table((name,))
        came, passed = table.reached[:, place], table.reached[:, place + 1]
        having = came - passed if kept_out else passed
        here = np.flatnonzero(came)
        found.append(
            Groups(
                table.attribute,
                tuple(table.groups[g] for g in here.tolist()),
                came[here].astype(np.float64),
                having[here].astype(np.float64),
            )
        )
    return found


def _anyone(groups: Sequence[Groups]) -> bool:
    return any(one.having.any() for one in groups)
