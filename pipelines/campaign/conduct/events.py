"""What the tables of events tell: how old they are, and who is contacted how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.findings.observed import Observed
from pipelines.campaign.conduct.compared import (
    VULNERABLE,
    beside_others,
    beside_rest,
    groups_with,
)
from pipelines.campaign.conduct.flags import begins
from pipelines.campaign.conduct.scene import Params, Scene, hits, many

Bools = NDArray[np.bool_]

_EVENTS = ("transactions", "contacts", "responses")
_DAY = "date"
_STATED = "responses_from"


def events_over_retention(scene: Scene, params: Params) -> list[Observed]:
    """Count the events of the campaign's tables that are older than may be kept.

    Purchases, contacts and answers of all tables that the campaign names, whose day is
    more than that many days before the campaign's. The answers that a score learns
    from need not carry a day: then ``responses_from`` under [record] has to say of
    when the first of them is, else that is missing. Missing where no retention is
    stated; idle where the campaign names no such table.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``days``; the smaller of this and of ``data.retention_days`` holds.
    """
    data = scene.campaign.data
    stated = [params.get("days"), None if data is None else data.retention_days]
    limits = [int(days) for days in stated if days is not None]
    tables = [name for name in _EVENTS if name in scene.crm.tables]
    if not tables:
        return [Observed.idle("the campaign reads no purchases, contacts or answers")]
    if not limits:
        return [Observed.missing("no retention is stated (data.retention_days)")]
    days = min(limits)
    first = begins(scene.on, days)
    old, all_of = {}, 0
    for name in tables:
        frame = scene.crm.table(name)
        if _DAY in frame.collect_schema():
            rows, before = _ages(frame, first)
            all_of, old[name] = all_of + rows, before
    found = []
    if old:
        total = sum(old.values())
        told = ", ".join(f"{many(n, name)}" for name, n in old.items() if n)
        message = (
            f"{many(total, 'events')} of {all_of:,} are older than {days:,} days on "
            f"{scene.on}{f' ({told})' if told else ''}"
        )
        found.append(hits(total, message, of=all_of))
    if "responses" in tables and "responses" not in old:
        found += _answers(scene, first, days)
    return found


def _ages(frame: Any, first: date) -> tuple[int, int]:
    """Return the rows of a table of events, and those before a day."""
    import narwhals as nw  # noqa: PLC0415

    early = nw.when(nw.col(_DAY) < nw.lit(first, nw.Date)).then(nw.lit(1))
    found = frame.select(
        nw.len().alias("rows"), early.otherwise(nw.lit(0)).sum().alias("early")
    ).collect("pyarrow")
    rows, before = found["rows"].to_list()[0], found["early"].to_list()[0]
    return int(rows or 0), int(before or 0)


def _answers(scene: Scene, first: date, days: int) -> list[Observed]:
    """Return whether the answers, which carry no day, are too old by record."""
    score = scene.campaign.funnel.score
    if score is None or score.model is None:
        return []
    said = (scene.campaign.record or {}).get(_STATED)
    if not isinstance(said, date):
        what = (
            "the answers that the score learns from carry no day: write of when the "
            f"first is under [record], {_STATED} = 2026-01-31"
        )
        return [Observed.missing(what)]
    age = (scene.on - said).days
    message = f"the answers that the score learns from go back {age:,} days, by record"
    return [Observed(f"{message}; {days:,} are allowed", value=float(said < first))]


@dataclass(frozen=True, slots=True)
class _Cap:
    """At most `most` contacts in `days` days."""

    most: int
    days: int

    def __str__(self) -> str:
        return f"{self.most:,} in {self.days:,} days"


def over_cap(scene: Scene, params: Params) -> list[Observed]:
    """Count who of the audience is contacted beyond the cap, this campaign included.

        contacts_i(on - days < day <= on) + 1 > cap

    over the contacts of all campaigns and channels in the table. Both the cap of the
    rule and that of [pressure] are looked at. Missing where neither is there, or no
    contacts were given.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``cap`` and ``days`` (30 by default).
    """
    caps = _caps(scene, params)
    lacking = _lacking(scene, caps)
    if lacking is not None:
        return [lacking]
    found, size = [], int(scene.selected.sum())
    for cap in caps:
        number = int((_beyond(scene, cap) & scene.selected).sum())
        message = (
            f"{many(number)} of {size:,} in the audience are contacted more often than "
            f"{cap} on {scene.on}, this campaign included"
        )
        found.append(hits(number, message, of=size))
    return found


def pressure_ratio(scene: Scene, params: Params) -> list[Observed]:
    """Compare who of the audience is contacted beyond the cap, by group.

        ratio_g = beyond_g / n_g / (the same of everybody else)

    for the groups of each protected attribute, and for customers with any flag of
    vulnerability. The cap is that of the rule, else that of [pressure]. Idle where
    nobody is beyond it; missing as `over_cap`.

    Parameters
    ----------
    scene : Scene
    params : mapping
        As `over_cap`.
    """
    caps = _caps(scene, params)
    lacking = _lacking(scene, caps)
    if lacking is not None:
        return [lacking]
    cap, inside = caps[0], scene.selected
    beyond = _beyond(scene, cap) & inside
    if not beyond.any():
        return [Observed.idle(f"nobody in the audience is contacted beyond {cap}")]
    what = f"are contacted more often than {cap}"
    found = beside_rest(groups_with(scene, beyond, inside), what)
    if scene.flags.given:
        flagged = scene.flags.anyone() & inside
        if flagged.any() and not flagged[inside].all():
            found.append(
                beside_others(
                    float((beyond & flagged).sum()),
                    float(flagged.sum()),
                    float((beyond & ~flagged).sum()),
                    float((inside & ~flagged).sum()),
                    attribute=VULNERABLE,
                    group="",
                    what=what,
                )
            )
    return found


def _caps(scene: Scene, params: Params) -> list[_Cap]:
    """Return the cap of the rule and that of the campaign, each once."""
    own = scene.campaign.pressure
    found = []
    if params.get("cap") is not None:
        found.append(_Cap(int(params["cap"]), int(params.get("days", 30))))
    if own is not None:
        found.append(_Cap(own.cap, own.days))
    return list(dict.fromkeys(found))


def _lacking(scene: Scene, caps: list[_Cap]) -> Observed | None:
    if not caps:
        return Observed.missing("no cap is stated (pressure.cap)")
    if "contacts" not in scene.crm.tables:
        return Observed.missing("no contacts were given (tables.contacts)")
    return None


def _beyond(scene: Scene, cap: _Cap) -> Bools:
    """Return who is contacted more often than a cap, once by this campaign."""
    found: Bools = scene.once(f"beyond {cap}", lambda: _counted(scene, cap))
    return found


def _counted(scene: Scene, cap: _Cap) -> Bools:
    import narwhals as nw  # noqa: PLC0415

    id_, on = scene.roles.id, scene.on
    first = begins(on, cap.days) + timedelta(days=1)
    day = nw.col(_DAY)
    often = (
        scene.crm.contacts.filter(
            (day >= nw.lit(first, nw.Date)) & (day <= nw.lit(on, nw.Date))
        )
        .group_by(id_)
        .agg(nw.len().alias("contacts"))
        .filter(nw.col("contacts") + 1 > cap.most)
        .select(id_)
        .collect("pyarrow")
        .to_native()
    )
    if cap.most < 1:
        return np.ones(len(scene.selected), dtype=bool)
    return scene.has(often[id_])
