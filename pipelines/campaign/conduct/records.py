"""Whether what has to be on record is there, in date, and says enough."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from fairness.errors import InputError, Problem, shown
from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.policy.fields import Table
from pipelines.campaign.conduct.lexicon import listed, read_lists, says_nothing
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.crm.statuses import folded

_MONTHS = 12


def missing_records(scene: Scene, params: Params) -> list[Observed]:
    """Count the fields that a rule asks for and the campaign file leaves out.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``fields``: of [record]; with a dot, of another table, as in "offer.sector".
    """
    wanted = _listed(params.get("fields"))
    if not wanted:
        return [Observed.missing("the rule asks for no field (fields)")]
    said = scene.campaign.record or {}
    absent = [name for name in wanted if not _is_there(scene, name)]
    if not absent:
        return [Observed(f"on record: {listed(wanted)}", value=0.0)]
    message = f"{len(absent)} of {len(wanted)} fields are not on record: "
    message += listed([meant(name, said) for name in absent])
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
    if not wanted:
        return [Observed.missing("the rule asks for no day (field)")]
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


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in _each(value)]


def _each(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _is_there(scene: Scene, name: str) -> bool:
    """Whether a key of the campaign file is given, and holds something."""
    if "." not in name:
        said = (scene.campaign.record or {}).get(name)
        return not says_nothing(None if said is None else str(said), none_is_one=True)
    found: Any = scene.campaign
    for step in name.split("."):
        if isinstance(found, Table):
            keys = {
                one.alias or key: key for key, one in type(found).model_fields.items()
            }
            found = getattr(found, keys[step]) if step in keys else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found is not None and found not in ((), {}, "")


def meant(name: str, said: Mapping[str, object]) -> str:
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
        return None, f"{meant(name, said)} is not on record"
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
    try:
        return float(str(value))
    except ValueError:
        what = f"{shown(str(value))} is no number of days or months"
        raise InputError(Problem("params", what, "write 365")) from None


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
