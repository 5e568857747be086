"""What the columns are that a campaign selects by, and whether it may use them so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fairness.errors import shown
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.lexicon import (
    Hit,
    listed,
    read_lists,
    says_nothing,
    words_of,
)
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.crm.statuses import folded

_NINE_TWO = re.compile(
    r"9\s*\(\s*2\s*\)\s*\(?\s*[a-j]\b|explicit consent", re.IGNORECASE
)
_GREETING = re.compile(
    r"\b(salutation|greet\w*|address(ing)? (them|somebody|customers|people)|"
    r"personali[sz]\w*|form of address|anrede|tratamiento|civilit\w*)",
    re.IGNORECASE,
)
_MILES = 15
_WIDE = ("country", "region", "city")


def used(scene: Scene) -> tuple[str, ...]:
    """Return the columns that rules and score read, each once."""
    score = () if scene.scorer is None else scene.scorer.columns
    return tuple(dict.fromkeys([*scene.plan.uses, *score]))


def topics(name: str) -> Sequence[str]:
    """Return a list of topics by its name in lists.toml."""
    return tuple(read_lists("lists")[name]["topics"])


def of_topics(
    names: Iterable[str], wanted: Sequence[str]
) -> dict[str, tuple[Hit, ...]]:
    """Return the columns whose name holds a word of some topics, and the words.

    Examples
    --------
    >>> of_topics(["orders_12m", "Ethnie", "Essex"], ["race"])
    {'Ethnie': (Hit(word='ethnie', topic='race'),)}
    """
    lexicon = words_of("columns")
    found = {name: tuple(lexicon.hits(name, wanted)) for name in names}
    return {name: hits for name, hits in found.items() if hits}


def special_category_columns(scene: Scene, params: Params) -> list[Observed]:
    """Count the columns used that hold a special category, without a condition for it.

    Names are matched with the word list, rules that leave people out included.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``conditions``: whether a condition of Art 9(2), stated under [data.conditions],
        lets a column pass; true by default.
    """
    found = of_topics(used(scene), topics("special"))
    data = scene.campaign.data
    stated = {} if data is None else dict(data.conditions)
    counts = params.get("conditions", True) is not False
    named = {name: stated[name] for name in found if name in stated}
    held = {name for name, why in named.items() if _NINE_TWO.search(why)}
    left = [name for name in found if not (counts and name in held)]
    message = _told(found, left, "of a special category", "columns used are")
    vague = [name for name in named if name not in held]
    if counts and vague:
        message += (
            f"; {listed(_shown(vague))}: the condition names no letter of Art 9(2)"
        )
    elif counts and held:
        message += f"; a condition is stated for {listed(_shown(sorted(held)))}"
    return [_count(left, message)]


def columns_without_need(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the columns that are read or named and have no stated need.

    That a title or a gender serves to address somebody is no need. Needs of columns
    that nothing reads are told, and count nothing.
    """
    data = scene.campaign.data
    stated = {} if data is None else dict(data.need)
    names = tuple(dict.fromkeys([*used(scene), *_named(scene)]))
    lacking = [name for name in names if says_nothing(stated.get(name))]
    greeting = [
        name
        for name in of_topics(names, topics("title"))
        if name not in lacking and _GREETING.search(stated[name])
    ]
    idle = [name for name in stated if name not in names]
    without = [*lacking, *greeting]
    message = f"{len(without)} of {len(names)} columns have no stated need"
    message += f": {listed(_shown(without))}" if without else ""
    if greeting:
        message += f"; to address somebody needs no {listed(_shown(greeting))}"
    if idle:
        message += f"; a need is stated for {listed(_shown(idle))}, which nothing reads"
    return [_count(without, message)]


def purpose_conflicts(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the columns used whose stated purposes leave the campaign's out."""
    data = scene.campaign.data
    if data is None or not data.purposes:
        return [Observed.missing("no purposes are stated ([data.purposes])")]
    consent = scene.campaign.funnel.consent
    purposes = [scene.campaign.purpose]
    if consent is not None and consent.purpose:
        purposes.append(consent.purpose)
    names = tuple(dict.fromkeys([*used(scene), *_named(scene)]))
    against = [
        name
        for name in names
        if name in data.purposes
        and not {folded(one) for one in purposes}
        <= set(map(folded, data.purposes[name]))
    ]
    silent = [name for name in names if name not in data.purposes]
    message = (
        f"{len(against)} of {len(names)} columns are kept for other purposes than "
        f"{label(' and '.join(dict.fromkeys(purposes)))}"
    )
    message += f": {listed(_shown(against))}" if against else ""
    message += f"; of {listed(_shown(silent))} no purpose is stated" if silent else ""
    return [_count(against, message)]


def platform_restricted_columns(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the columns used that a platform's policy keeps out of an audience."""
    export = scene.campaign.export
    if export is None:
        return [Observed.idle("the audience goes to no platform")]
    lists = read_lists("lists")
    rules = lists["platforms"][export.platform]
    wanted = [*rules["topics"]]
    if _is_restricted(scene.sector):
        wanted += rules["in_sectors"]
    found = of_topics(used(scene), wanted)
    what = f"that {export.platform} keeps out of an audience"
    return [_count(found, _told(found, list(found), what, "columns used are of those"))]


def restricted_sector_columns(scene: Scene, params: Params) -> list[Observed]:
    """Count the columns by which nobody may choose for housing, work or credit.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``sectors``: those that are restricted, instead of the house's list.
    """
    if not _is_restricted(scene.sector, params.get("sectors")):
        sector = "no sector" if scene.sector is None else label(scene.sector)
        return [Observed.idle(f"the offer is of {sector}, which is not restricted")]
    found = of_topics(used(scene), topics("restricted"))
    what = f"restricted in {label(scene.sector or '')}"
    return [_count(found, _told(found, list(found), what, "columns used are"))]


def fine_geography(scene: Scene, params: Params) -> list[Observed]:
    """Count the places that are finer than allowed, of the columns and of the export.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``min_radius_miles``, 15 by default; ``allowed``: kinds of geography of the
        export that are wide enough.
    """
    found = list(of_topics(used(scene), topics("fine")))
    export = scene.campaign.export
    kind = None if export is None else export.geography
    miles = None if export is None else export.radius_miles
    if not found and kind is None and miles is None:
        return [Observed.idle("no geography is used or named")]
    told = [f"{len(found)} columns used are finer than a city"]
    told[0] += f": {listed(_shown(found))}" if found else ""
    number = len(found)
    if kind == "radius" and miles is None:
        if not found:
            return [Observed.missing("the export names a radius and not its length")]
        told.append("the export names a radius and not its length")
    if miles is not None:
        least = float(params.get("min_radius_miles", _MILES))
        too_small = float(miles) < least
        number += too_small
        told.append(f"a radius of {miles} miles{f', at least {least:g}' * too_small}")
    if kind not in {None, "radius", *params.get("allowed", _WIDE)}:
        number += 1
        told.append(f"the export chooses by {kind}")
    return [Observed("; ".join(told), value=float(number))]


def lookalike(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Return 1 where the audience is expanded from a seed."""
    export = scene.campaign.export
    if export is not None and export.lookalike:
        what = f"the audience is the seed of an expansion on {export.platform}"
        return [Observed(what, value=1.0)]
    return [Observed("the audience is not expanded from a seed", value=0.0)]


def _named(scene: Scene) -> list[str]:
    """Return the columns that the campaign names beside rules and score."""
    campaign = scene.campaign
    score, contact, creative = (
        campaign.funnel.score,
        campaign.contact,
        campaign.creative,
    )
    names = [
        campaign.offer.value,
        *campaign.protected.strata,
        None if creative is None else creative.column,
        *(() if contact is None else (contact.address, contact.signal)),
    ]
    if score is not None and score.model is not None:
        names.append(score.outcome)
        names.append(score.treatment if score.model == "uplift" else None)
    return [name for name in names if name is not None]


def _is_restricted(sector: str | None, sectors: Iterable[str] | None = None) -> bool:
    listed_ones = sectors or read_lists("lists")["restricted"]["sectors"]
    return sector is not None and folded(sector) in set(map(folded, listed_ones))


def _told(
    found: Mapping[str, tuple[Hit, ...]], left: Sequence[str], what: str, are: str
) -> str:
    if not left:
        return f"no {are.replace('are', 'is').replace('columns', 'column')} {what}"
    told = [f"{shown(name)} ({found[name][0].topic})" for name in left]
    return f"{len(left)} {are} {what}: {listed(told)}"


def _count(names: Iterable[str], message: str) -> Observed:
    names = list(names)
    column = names[0] if len(names) == 1 else None
    return Observed(message, value=float(len(names)), column=column)


def _shown(names: Iterable[str]) -> list[str]:
    return [shown(name) for name in names]
