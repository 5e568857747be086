"""What an audience and its columns tell of the groups that its people are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fairness.counts import CountTable
from fairness.counts.sample import sample_rows
from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError, shown
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from fairness.inference import pair_tail, ratio_interval, total_variation
from pipelines.campaign.conduct.columns import of_topics, topics
from pipelines.campaign.conduct.lexicon import listed
from pipelines.campaign.conduct.scene import Params, Scene

_ROWS = 6_000
_LEAST_SELECTED = 300
_LEAST_EXPECTED = 5
_SURE = 0.01
_EVERYBODY = "(all customers)"


def trait_lift(scene: Scene, params: Params) -> list[Observed]:
    """Return how much more frequent a special trait is in the audience, at most.

        lift = (x_g / x) / (n_g / n)

    with x the audience and n all customers, of whom the trait is known. The groups of
    each attribute of a special category are looked at; one that is expected fewer than
    five times in the audience counts only where its lift is beyond chance (p < 0.01).

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``attributes``: those to look at instead, special or not.
    """
    names = _special(scene, params)
    if not names:
        return [Observed.idle("no special category is among the audited attributes")]
    if not scene.selected.any():
        return [Observed.idle("nobody is selected")]
    return [_lift(scene, name) for name in names]


def _lift(scene: Scene, name: str) -> Observed:
    table = scene.funnel.table((name,))
    known = [group for group in table.groups if group != MISSING]
    n = np.array([int(table.of(group).sum()) for group in known])
    audience = _selected(scene, name)
    x = np.array([audience.get(group, 0) for group in known])
    if not x.sum():
        what = f"{label(name)}: of nobody in the audience it is known"
        return Observed(what, status="not_applicable", attribute=name)
    share, base = x / x.sum(), n / n.sum()
    lifts = share / base
    counts = [_counts(x, n, place) for place in range(len(known))]
    places = [place for place in range(len(known)) if counts[place]]
    if not places:
        what = f"{label(name)}: too few of each group to tell its share"
        return Observed(what, status="not_applicable", attribute=name)
    top = max(places, key=lambda place: lifts[place])
    rest, rest_n = int(x.sum() - x[top]), int(n.sum() - n[top])
    low, high = map(float, ratio_interval(x[top], n[top], rest, rest_n))
    low, high = (_of_whole(end, float(base[top])) for end in (low, high))
    if any(0 < one < SMALLEST for one in (x[top], rest, n[top], rest_n)):
        message = (
            f"{label(name)} {label(known[top])}: too few are beside or in it to tell"
        )
        return Observed(
            message, value=float(lifts[top]), attribute=name, group=known[top]
        )
    message = (
        f"{label(name)} {label(known[top])}: {share[top]:.1%} of the audience, "
        f"{base[top]:.1%} of all customers, lift {lifts[top]:.2f} "
        f"({low:.2f} to {high:.2f})"
    )
    return Observed(
        message,
        value=float(lifts[top]),
        attribute=name,
        group=known[top],
        reference=_EVERYBODY,
        n=int(x.sum()),
        selected=int(x[top]),
        low=low,
        high=high,
    )


def trait_auc(scene: Scene, params: Params) -> list[Observed]:
    """Return how well the columns used tell a special trait, at most.

    As `used_columns_auc` does, of the special categories alone.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``attributes``: those to look at instead, special or not.
    """
    names = _special(scene, params)
    if not names:
        return [Observed.idle("no special category is among the audited attributes")]
    return _told_apart(scene, names)


def used_columns_auc(scene: Scene, params: Params) -> list[Observed]:
    """Return how well all columns used together tell a group from the rest, at most.

    A classifier is tried on customers whom it was not trained on, at most 6,000 drawn
    at random. A group that is told no better than chance would counts as 0.5.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``attributes``: those to look at, all that are audited by default.
    """
    return _told_apart(scene, _wanted(scene, params) or list(scene.roles.by))


def _told_apart(scene: Scene, names: Sequence[str]) -> list[Observed]:
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


def audience_variation(scene: Scene, params: Params) -> list[Observed]:
    """Return the total variation between eligible and selected, by attribute.

        TVD = 1/2 sum_g |x_g / x - n_g / n|

    of the customers from the judged stage on. Missing with fewer than 300 selected:
    chance alone moves a small audience that far.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``attributes``: those to look at, all that are audited by default; ``least``:
        the fewest selected, 300 by default.
    """
    least = int(params.get("least", _LEAST_SELECTED))
    number = int(scene.selected.sum())
    if number < least:
        told = f"{number:,}" if number >= SMALLEST else f"fewer than {SMALLEST}"
        what = f"{told} are selected; a variation is told from {least} on"
        return [Observed.missing(what)]
    names = _wanted(scene, params) or list(scene.audit.counts.attributes)
    return [_variation(scene.audit.tables[(name,)]) for name in names]


def _variation(table: CountTable) -> Observed:
    found = total_variation(table.n, table.selected)
    n, x = int(table.n.sum()), int(table.selected.sum())
    away = table.selected / x - table.n / n
    most = int(np.abs(away).argmax())
    group = table.groups[most]
    small = min(int(table.n[most]), int(table.selected[most])) < SMALLEST
    who = (
        ""
        if small
        else (
            f"; most of it is {label(group)}, {table.n[most] / n:.1%} of the eligible "
            f"and {table.selected[most] / x:.1%} of the selected"
        )
    )
    return Observed(
        f"{label(table.attribute)}: total variation {found.distance:.3f} "
        f"({found.low:.3f} to {found.high:.3f}) between {n:,} eligible and {x:,} "
        f"selected{who}",
        value=found.distance,
        attribute=table.attribute,
        n=n,
        selected=x,
        low=found.low,
        high=found.high,
    )


def _special(scene: Scene, params: Params) -> list[str]:
    wanted = _wanted(scene, params)
    return wanted or list(of_topics(scene.audit.counts.attributes, topics("special")))


def _wanted(scene: Scene, params: Params) -> list[str]:
    given = params.get("attributes") or ()
    names: Iterable[str] = (given,) if isinstance(given, str) else given
    return [name for name in names if name in scene.audit.counts.attributes]


def _selected(scene: Scene, name: str) -> Mapping[str, int]:
    table = scene.audit.tables[(name,)]
    return dict(zip(table.groups, table.selected.tolist(), strict=True))


def _counts(x: Any, n: Any, place: int) -> bool:
    """Whether a group's share of the audience can be told from chance."""
    expected = x.sum() * n[place] / n.sum()
    if expected >= _LEAST_EXPECTED:
        return True
    rest, rest_n = int(x.sum() - x[place]), int(n.sum() - n[place])
    if not rest_n:
        return False
    tail = pair_tail(int(x[place]), int(n[place]), rest, rest_n, side="upper")
    return float(tail) < _SURE


def _of_whole(ratio: float, base: float) -> float:
    """Return a ratio to the rest as one to the whole."""
    if np.isinf(ratio):
        return 1 / base
    return ratio / (1 + base * (ratio - 1))
