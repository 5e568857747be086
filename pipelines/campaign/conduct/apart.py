"""How well the columns that a campaign uses tell the groups of an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from fairness.counts.sample import sample_rows
from fairness.errors import InputError, shown
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from pipelines.campaign.conduct.lexicon import listed
from pipelines.campaign.conduct.scene import Scene

_ROWS = 6_000
_SURE = 0.01


def told_apart(scene: Scene, names: Sequence[str]) -> list[Observed]:
    """Return how well the columns used tell a group of each attribute, at most.

    Parameters
    ----------
    scene : Scene
    names : sequence of str
        Attributes; each is tried once in a run, whatever asks for it.
    """
    if not scene.roles.uses:
        return [Observed.idle("no column is used beside the attributes")]
    return [
        scene.once(f"told apart: {name}", partial(_told, scene, name)) for name in names
    ]


def _told(scene: Scene, name: str) -> Observed:
    from fairness.models import fit_joint_proxy  # noqa: PLC0415  # loads scikit-learn

    roles = scene.roles
    bands = {name: roles.bands[name]} if roles.bands and name in roles.bands else None
    try:
        sample = sample_rows(
            scene.walked.table.select([name, *roles.uses]),
            by=name,
            uses=list(roles.uses),
            bands=bands,
            as_of=roles.as_of,
            rows=_ROWS,
        )
    except InputError as error:
        return Observed(
            f"{label(name)}: the columns used cannot be looked at, {error.problems[0]}",
            status="missing",
            attribute=name,
        )
    labels = sample.labels[name]
    # The group that is told best is looked for among all of them.
    sure = 1 - _SURE / len(labels)
    found = fit_joint_proxy(
        sample.features, sample.groups[name], len(labels), confidence=sure
    )
    columns = [feature.name for feature in sample.features]
    known = [
        place
        for place, group in enumerate(labels)
        if group != MISSING and not np.isnan(found.estimate[place])
    ]
    if not known:
        what = (
            f"{label(name)}: too few of each group to try to tell them by the columns"
        )
        return Observed(what, status="not_applicable", attribute=name)
    # A group that is not told apart by more than chance is not told.
    top = max(known, key=lambda place: (_clear(found, place), found.estimate[place]))
    auc, floor = float(found.estimate[top]), float(found.floor[top])
    by = listed(
        [shown(columns[place]) for place in np.argsort(-found.carried[:, top])], 3
    )
    who = f"{label(name)} {label(labels[top])}"
    if not _clear(found, top):
        message = f"{label(name)}: no group is told by {by} better than by chance"
        return Observed(message, value=0.5, attribute=name, n=sample.rows)
    message = (
        f"{who}: {by} tell it from the rest with AUC {auc:.2f} "
        f"({found.low[top]:.2f} to {found.high[top]:.2f}; by chance up to {floor:.2f})"
    )
    return Observed(
        message,
        value=auc,
        attribute=name,
        group=labels[top],
        n=sample.rows,
        low=float(found.low[top]),
        high=float(found.high[top]),
        column=columns[0] if len(columns) == 1 else None,
    )


def _clear(found: Any, place: int) -> bool:
    return bool(found.estimate[place] > found.floor[place])
