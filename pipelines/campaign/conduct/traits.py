"""What an audience and its columns tell of the groups that its people are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fairness.counts import CountTable
from fairness.counts.suppress import SMALLEST
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from fairness.inference import pair_tail, ratio_interval, total_variation
from pipelines.campaign.conduct.apart import told_apart
from pipelines.campaign.conduct.columns import of_topics, topics
from pipelines.campaign.conduct.scene import Params, Scene

_LEAST_SELECTED = 300
_LEAST_EXPECTED = 5
_SURE = 0.01
_EVERYBODY = "(all customers)"
_NO_TRAIT = "no special category is among the audited attributes"


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
    names, absent = _asked(scene, params, _special(scene))
    if not names:
        return absent or [Observed.idle(_NO_TRAIT)]
    if not scene.selected.any():
        return [Observed.idle("nobody is selected")]
    return [*(_lift(scene, name) for name in names), *absent]


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
    cells = (x[top], n[top] - x[top], rest, rest_n - rest)
    if any(0 < one < SMALLEST for one in cells):
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
    names, absent = _asked(scene, params, _special(scene))
    if not names:
        return absent or [Observed.idle(_NO_TRAIT)]
    return [*told_apart(scene, names), *absent]


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
    names, absent = _asked(scene, params, scene.roles.by)
    return [*told_apart(scene, names), *absent]


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
    names, absent = _asked(scene, params, scene.audit.counts.attributes)
    return [*(_variation(scene.audit.tables[(name,)]) for name in names), *absent]


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


def _asked(
    scene: Scene, params: Params, usual: Iterable[str]
) -> tuple[list[str], list[Observed]]:
    """Return the attributes to look at, and that others of the rule are not audited."""
    given = params.get("attributes") or ()
    names = (given,) if isinstance(given, str) else tuple(given)
    there = scene.audit.counts.attributes
    absent = [
        Observed(
            f"{label(name)} is not among the audited attributes",
            status="missing",
            attribute=name,
        )
        for name in names
        if name not in there
    ]
    return [name for name in names or usual if name in there], absent


def _special(scene: Scene) -> Iterable[str]:
    return of_topics(scene.audit.counts.attributes, topics("special"))


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
