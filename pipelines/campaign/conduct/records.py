"""Whether what has to be on record is there, in date, and says enough."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from fairness.errors import shown
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from pipelines.campaign.conduct.lexicon import listed, read_lists, tokens_of
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.crm.statuses import folded
from pipelines.rules import nodes

_SMALL = 0.02
_MONTHS = 12
_UNKNOWN = frozenset(
    folded(one)
    for one in (
        "unknown", "unk", "u", "not known", "not stated", "not given", "not specified",
        "undisclosed", "declined", "refused", "prefer not to say",
        "prefer not to answer",
        "n/a", "na", "null", "none", "other/unknown", "?", "-", "unbekannt",
        "keine angabe", "k.A.", "inconnu", "non renseigné", "desconocido",
    )
)  # fmt: skip


def missing_records(scene: Scene, params: Params) -> list[Observed]:
    """Count the fields that a rule asks for and the campaign file leaves out.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``fields``: of [record]; with a dot, of another table, as in "offer.sector".
    """
    wanted = _listed(params.get("fields"))
    said = scene.campaign.record or {}
    absent = [name for name in wanted if not _is_there(scene, name)]
    if not absent:
        return [Observed(f"on record: {listed(wanted)}", value=0.0)]
    message = f"{len(absent)} of {len(wanted)} fields are not on record: "
    message += listed([_meant(name, said) for name in absent])
    return [Observed(message, value=float(len(absent)))]


def overdue_records(scene: Scene, params: Params) -> list[Observed]:
    """Count the days on record that lie outside what the rule allows.

    A day that is not on record, is none, or has not come is outside.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``field`` or ``fields`` of [record], and one at least of ``max_days`` and
        ``max_months`` (since then), ``min_business_days_before`` (between then and the
        day of the campaign; Monday to Friday, without ``holidays``), ``not_passed``
        (the day of the campaign or later).
    """
    wanted = _listed(params.get("fields")) or _listed(params.get("field"))
    said = scene.campaign.record or {}
    overdue, held = [], []
    for name in wanted:
        day, told = _day_of(said, name)
        why = told if day is None else _outside(name, day, scene.on, params)
        if why:
            overdue.append(why)
        else:
            held.append(f"{name} {day}")
    message = "; ".join(overdue) if overdue else f"in date: {listed(held)}"
    return [Observed(message, value=float(len(overdue)))]


def notice_gaps(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the purposes that the notice on record does not name, and one too late.

    Missing where neither ``notice_purposes`` nor ``notice_date`` is on record.
    """
    said = scene.campaign.record or {}
    if not {"notice_purposes", "notice_date"} & said.keys():
        what = "no notice is on record (notice_purposes, notice_date)"
        return [Observed.missing(what)]
    consent = scene.campaign.funnel.consent
    purposes = [scene.campaign.purpose]
    if consent is not None and consent.purpose:
        purposes.append(consent.purpose)
    named = {folded(one) for one in str(said.get("notice_purposes", "")).split(",")}
    gaps = [
        f"it does not name the purpose {label(one)}"
        for one in dict.fromkeys(purposes)
        if folded(one) not in named
    ]
    day, told = _day_of(said, "notice_date")
    if day is None:
        gaps.append(told)
    elif day > scene.on:
        gaps.append(f"it is of {day}, after the day of the campaign, {scene.on}")
    message = (
        f"the notice falls short: {'; '.join(gaps)}"
        if gaps
        else (f"the notice of {day} names the purpose")
    )
    return [Observed(message, value=float(len(gaps)))]


def unjustified_exclusions(scene: Scene, params: Params) -> list[Observed]:
    """Count the categories left out of the ratios that may not be, or without a reason.

    ``excluded_categories`` on record names them; below 2 % of the data one may be left
    out with an ``exclusion_reason``.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``share``: below which a category is small, 0.02 by default.
    """
    said = scene.campaign.record or {}
    excluded = _items(said.get("excluded_categories"))
    if not excluded:
        return [Observed("no category is left out", value=0.0)]
    most = float(params.get("share", _SMALL))
    shares = _shares(scene)
    has_reason = bool(str(said.get("exclusion_reason", "")).strip())
    wrong = []
    for name in excluded:
        found = [share for group, share in shares if folded(group) == folded(name)]
        if not found:
            wrong.append(f"{label(name)} is no category of the data")
        elif max(found) >= most:
            wrong.append(f"{label(name)} is {max(found):.1%} of the data")
        elif not has_reason:
            wrong.append(f"{label(name)} has no reason (exclusion_reason)")
    message = (
        f"{len(wrong)} of {len(excluded)} categories are left out without right: "
        f"{listed(wrong)}"
        if wrong
        else f"left out with a reason, each below {most:.0%}: "
        f"{listed([label(one) for one in excluded])}"
    )
    return [Observed(message, value=float(len(wrong)))]


def unknown_not_counted(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the attributes of which those without a known category are not counted.

    Empty cells are counted by themselves. A label that stands for an unknown category
    is a category like any other unless ``unknown_categories`` on record names it, and a
    rule that keeps the unknown out leaves nobody to count.
    """
    said = scene.campaign.record or {}
    named = {folded(one) for one in _items(said.get("unknown_categories"))}
    wrong, told = {}, []
    for name in scene.roles.by:
        table = scene.audit.tables[(name,)]
        labels = [
            group
            for group in table.groups
            if folded(group) in _UNKNOWN and folded(group) not in named
        ]
        if labels:
            wrong[name] = f"{label(name)} has the category {label(labels[0])}"
        elif _keeps_out_unknown(scene, name):
            wrong[name] = f"a rule keeps out those whose {label(name)} is unknown"
        elif MISSING in table.groups:
            told.append(label(name))
    if wrong:
        message = f"unknown categories are not counted: {listed(list(wrong.values()))}"
    else:
        message = "those of an unknown category are counted"
        message += f" (there are some by {listed(told)})" if told else ""
    return [Observed(message, value=float(len(wrong)))]


def auditor_not_independent(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Return 1 where no auditor is named, or it is who owns, built or uses the tool."""
    campaign = scene.campaign
    said = campaign.record or {}
    auditor = str(said.get("auditor", ""))
    if not auditor:
        return [Observed("no auditor is on record (auditor)", value=1.0)]
    sides = {
        "the owner of the campaign": campaign.owner,
        "who built the tool (developer)": str(said.get("developer", "")),
        "the controller": str(said.get("controller", "")),
    }
    own = tokens_of(auditor)
    for who, name in sides.items():
        if name and tokens_of(name) == own:
            return [Observed(f"the auditor, {label(auditor)}, is {who}", value=1.0)]
    attests = "auditor_attests" in said
    message = f"the auditor is {label(auditor)}"
    message += ", who attests it" if attests else "; no attestation is on record"
    return [Observed(message, value=0.0)]


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in _each(value)]


def _each(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _items(value: str | date | None) -> list[str]:
    """Return the items of a list on record, which is kept as one text."""
    return [one.strip() for one in str(value or "").split(",") if one.strip()]


def _is_there(scene: Scene, name: str) -> bool:
    if "." not in name:
        return name in (scene.campaign.record or {})
    found: Any = scene.campaign
    for step in name.split("."):
        found = getattr(found, step, None)
    return found is not None


def _meant(name: str, said: Mapping[str, object]) -> str:
    """Return a field that is missing, with one on record that was meant for it."""
    known = read_lists("record_fields")["fields"]
    strange = [one for one in said if one not in known]
    close = difflib.get_close_matches(name, strange, n=1, cutoff=0.75)
    hint = f" ({shown(close[0])} is on record: did you mean {name}?)" if close else ""
    says = known.get(name, {}).get("says")
    return f"{name}{hint}" if hint or says is None else f"{name} ({says})"


def _day_of(said: Mapping[str, str | date], name: str) -> tuple[date | None, str]:
    """Return a day on record, or why there is none."""
    value = said.get(name)
    if value is None:
        return None, f"{_meant(name, said)} is not on record"
    if isinstance(value, date):
        return value, ""
    try:
        return date.fromisoformat(value), ""
    except ValueError:
        return None, f"{name}, {shown(value)}, is no day"


def _outside(name: str, day: date, on: date, params: Params) -> str:
    """Say how a day lies outside what is allowed; empty where it does not."""
    if params.get("not_passed"):
        passed = f"{name}, {day}, has passed on {on}"
        return passed if day < on else ""
    if day > on:
        return f"{name}, {day}, lies after the day of the campaign, {on}"
    age = (on - day).days
    if "max_days" in params and age > _number(params["max_days"]):
        return f"{name}, {day}, is {age:,} days old, at most {params['max_days']}"
    months = params.get("max_months")
    if months is not None and on > _months_later(day, int(_number(months))):
        return f"{name}, {day}, is more than {months} months old on {on}"
    if "min_business_days_before" in params:
        least = int(_number(params["min_business_days_before"]))
        holidays = [str(one) for one in _each(params.get("holidays", ()))]
        found = int(np.busday_count(day, on, holidays=np.array(holidays, "M8[D]")))
        if found < least:
            return (
                f"{name}, {day}, is {found} business days before {on}, at least {least}"
            )
    return ""


def _number(value: object) -> float:
    return (
        float(value) if isinstance(value, int | float | Decimal) else float(str(value))
    )


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last that it has.

    Examples
    --------
    >>> _months_later(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    later = day.month - 1 + months
    year, month = day.year + later // _MONTHS, later % _MONTHS + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return day


def _shares(scene: Scene) -> Iterator[tuple[str, float]]:
    """Yield each category and its share of those whose category is known."""
    made = []
    for table in scene.audit.tables.values():
        known = {
            group: int(n)
            for group, n in zip(table.groups, table.n.tolist(), strict=True)
            if MISSING not in group
        }
        total = sum(known.values())
        made += [(group, n / total) for group, n in known.items()]
    return iter(made)


def _keeps_out_unknown(scene: Scene, name: str) -> bool:
    """Whether a rule before the audience asks that an attribute is known."""
    for kind in ("universe", "eligibility", "clauses"):
        rule = scene.plan.rules.get(kind)
        if rule is None or name not in rule.columns:
            continue
        for node in nodes.walk(rule.tree):
            if isinstance(node, nodes.Not) and isinstance(node.condition, nodes.IsNull):
                operand = node.condition.operand
                if isinstance(operand, nodes.Column) and operand.name == name:
                    return True
    return False
