"""Which finding a report is about, whom it harms, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.findings import compares_selection, is_over
from fairness.findings.messages import against, label, reference_label
from fairness.metrics import METRICS
from fairness.reports.cells import Row, is_hidden, shown_number
from fairness.reports.sections import culprits, is_crossed

_MOST_GROUPS = 3
_COMPARED = frozenset({"ratio", "difference", "odds"})
_OF_COLUMNS = frozenset({"proxies", "joint"})
_OF_PEOPLE = frozenset({"consent", "exploitation"})
_DAYS = frozenset({"secure_check_age", "key_age"})
_EVERYBODY, _REST = "(all)", "(rest)"
_MISSING = "(missing)"
_CAMPAIGN, _VULNERABLE = "(campaign)", "(vulnerable)"
_NOT_OF_PEOPLE: Mapping[str, str] = {
    "data": "No group: it is about the data that is used.",
    "records": "No group: it is about the records that are kept.",
    "security": "No group: it is about how the data is kept.",
}


def worst_of(payload: Mapping[str, Any]) -> Row | None:
    """Return the row that a report is about: that of the first reason, or the worst.

    Where nothing stands in the way it is what was waived, else what differs clearly in
    the direction of harm.
    """
    if payload["verdict"] in {"block", "review"}:
        rows = culprits(payload) + [
            row
            for row in payload["findings"]
            if row["verdict"] == "inconclusive" and row["severity"] != "note"
        ]
        first = str(next(iter(payload["reasons"]), ""))
        said = (row for row in rows if str(row["message"]) == first)
        return next(said, rows[0] if rows else None)
    waived = (row for row in payload["findings"] if is_waived(row))
    return next(waived, None) or next(iter(_differing(payload)), None)


def is_waived(row: Row) -> bool:
    """Return whether a row would keep the audience back, were it not waived."""
    return bool(row["verdict"] == "waived" and row["severity"] != "note")


def is_conduct(row: Row) -> bool:
    """Return whether a row is on the conduct of a campaign."""
    return row["metric"] in METRICS and METRICS[row["metric"]].form == "conduct"


def is_of_selection(row: Row) -> bool:
    """Return whether a row compares how often groups are selected."""
    return compares_selection(row["metric"]) and row["stratum"] is None


def harmful(payload: Mapping[str, Any], row: Row) -> str:
    """Return the reading that is harm.

    Examples
    --------
    >>> harmful({"offer": "neutral"}, {"metric": "burden_ratio"})
    'higher'
    >>> harmful({"offer": "beneficial"}, {"metric": "adverse_impact_ratio"})
    'lower'
    """
    over = payload["offer"] == "burdensome" or row["metric"] == "burden_ratio"
    return "higher" if over else "lower"


def is_all_too_few(payload: Mapping[str, Any]) -> bool:
    """Return whether no group has enough customers to be compared."""
    readings = {row["reading"] for row in payload["findings"]}
    return bool(readings) and readings <= {"too few", "undefined", "reference"}


def whom(payload: Mapping[str, Any], worst: Row | None) -> str:
    """Return who is harmed."""
    if worst is None:
        return _nobody(payload)
    if is_conduct(worst):
        return _by_conduct(payload, worst)
    named = _harmed(payload, worst)
    metric = METRICS[worst["metric"]]
    if metric.form == "attribute":
        return (
            f"Some group of {label(worst['attribute'])}: the rule looks at all of them "
            "together."
        )
    if metric.family in _OF_COLUMNS:
        return f"Perhaps {named}: a column tells who is of it."
    if is_waived(worst):
        return f"{named}, which was waived"
    if payload["verdict"] == "clear":
        return f"No group by the rules, though {named} differs from its reference."
    if worst["verdict"] == "inconclusive":
        return f"Perhaps {named}: it is not proven."
    return named + _others(payload, worst)


def how_much(payload: Mapping[str, Any], worst: Row | None) -> str:
    """Return the gap in numbers, with its interval and its reference."""
    if worst is None:
        if payload["verdict"] in {"block", "review"}:
            return "No rule failed, as far as it could be judged."
        if is_all_too_few(payload):
            return "Not measured."
        return "No clear difference was found."
    if worst["estimate"] is None and not is_conduct(worst) and is_hidden(worst):
        return "Not told: the group is too small to be shown."
    if worst["estimate"] is None or _is_of_few(worst):
        return str(worst["message"])
    told = _amount(worst)
    if _is_favoured(payload, worst):
        verb = "is" if METRICS[worst["metric"]].form == "difference" else "has"
        told = f"{_named(worst)} {verb} {told}"
    is_allowed = payload["verdict"] == "clear" and not is_waived(worst)
    return f"The rules let it pass: {told}" if is_allowed else told


def beside(row: Row) -> str:
    """Return how a sentence names what a row is compared with."""
    named = reference_label(str(row["reference"]))
    return named if named in str(row["message"]) else against(row["reference"])


def interval(row: Row, *, scale: int = 1, digits: int = 2) -> str:
    """Return the interval in brackets, with its level; empty where there is none.

    Examples
    --------
    >>> interval({"low": 0.5, "high": None, "confidence": 0.95})
    ' (95 % 0.50 to ∞)'
    """
    if row["low"] is None and row["high"] is None:
        return ""
    # What is not finite is null in the payload.
    low = "-∞" if row["low"] is None else shown_number(row["low"] * scale, digits)
    high = "∞" if row["high"] is None else shown_number(row["high"] * scale, digits)
    return f" ({(row['confidence'] or 0.95) * 100:g} % {low} to {high})"


def _differing(payload: Mapping[str, Any]) -> list[Row]:
    """Return what differs clearly in the direction of harm, the largest gap first."""
    rows = [
        row
        for row in payload["findings"]
        if row["reading"] == harmful(payload, row)
        and row["stratum"] is None
        and row["estimate"] is not None
        and METRICS[row["metric"]].form in _COMPARED
    ]
    singles = payload.get("attributes", ())
    metrics = list(dict.fromkeys(row["metric"] for row in rows))

    def order(row: Row) -> tuple[bool, int, float]:
        size = float(row["estimate"])
        over = harmful(payload, row) == "higher"
        return (
            is_crossed(row, singles),
            metrics.index(row["metric"]),
            -size if over else size,
        )

    return sorted(rows, key=order)


def _nobody(payload: Mapping[str, Any]) -> str:
    if payload["verdict"] in {"block", "review"}:
        return "Not known: it could not be judged in full."
    if is_all_too_few(payload):
        return "Not known: there are too few to compare."
    return "No group that the audit could tell from its reference."


def _named(row: Row) -> str:
    attribute = label(row["attribute"])
    if row["group"] == _MISSING:
        return f"customers whose {attribute} is missing"
    return f"{attribute} {label(row['group'])}"


def _is_favoured(payload: Mapping[str, Any], row: Row) -> bool:
    """Return whether a row is on a group that gets too much of what people want."""
    return (
        payload["offer"] == "beneficial"
        and is_of_selection(row)
        and row["reference"] is not None
        and is_over(row["metric"], row["bound"], row["estimate"])
    )


def _harmed(payload: Mapping[str, Any], row: Row) -> str:
    """Return who is harmed by what a row says: the group, or those beside it."""
    if not _is_favoured(payload, row):
        return _named(row)
    if row["reference"] in {_REST, _EVERYBODY}:
        return f"customers who are not {_named(row)}"
    return _named({**row, "group": row["reference"]})


def _others(payload: Mapping[str, Any], worst: Row) -> str:
    """Return who else fails a rule of the same severity."""
    singles = payload.get("attributes", ())
    rows = [
        row
        for row in culprits(payload)
        if not is_conduct(row)
        and row["severity"] == worst["severity"]
        and METRICS[row["metric"]].family not in _OF_COLUMNS
        and METRICS[row["metric"]].form != "attribute"
    ]
    plain = dict.fromkeys(
        _harmed(payload, row) for row in rows if not is_crossed(row, singles)
    )
    plain.pop(_harmed(payload, worst), None)
    crossed = {
        (row["attribute"], row["group"]) for row in rows if is_crossed(row, singles)
    } - {(worst["attribute"], worst["group"])}
    told = "".join(f", {name}" for name in list(plain)[: _MOST_GROUPS - 1])
    more = len(plain) - _MOST_GROUPS + 1
    if more > 0:
        told += f" and {more:,} more"
    if crossed:
        plural = "s" if len(crossed) > 1 else ""
        told += f"; also {len(crossed):,} intersection{plural}"
    return told


def _is_of_few(row: Row) -> bool:
    """Return whether a ratio would tell of a few people, as its message does not."""
    metric = METRICS[row["metric"]]
    return is_conduct(row) and metric.kind == "ratio" and row["n"] is None


def _by_conduct(payload: Mapping[str, Any], worst: Row) -> str:
    told = _of_conduct(payload, worst)
    group = next((row for row in culprits(payload) if is_of_selection(row)), None)
    if group is None:
        return told
    return f"{told.removesuffix('.')}; also {_harmed(payload, group)}"


def _of_conduct(payload: Mapping[str, Any], row: Row) -> str:
    metric, n, hit = METRICS[row["metric"]], row["n"], row["selected"]
    if row["attribute"] not in {_CAMPAIGN, _VULNERABLE}:
        if row["group"] == _EVERYBODY:
            return f"Groups of {label(row['attribute'])}."
        return _named(row)
    if metric.family in _NOT_OF_PEOPLE:
        return _NOT_OF_PEOPLE[metric.family]
    if n is None and hit is None and (row["estimate"] is None or _is_of_few(row)):
        return "Not known: nothing was observed, or too few to tell."
    is_counted = metric.kind == "count" or row["attribute"] == _VULNERABLE
    if is_counted and n is not None:
        who = "people in the audience"
        if n != payload["data"]["selected"]:
            who = "people looked at"
        return f"{'A few' if hit is None else f'{hit:,}'} of the {n:,} {who}"
    return "The people in the audience as a whole."


def _amount(row: Row) -> str:
    """Return a number in the words of its metric."""
    metric, value = METRICS[row["metric"]], float(row["estimate"])
    where = f" within {label(row['stratum'])}" if row["stratum"] else ""
    if metric.form not in _COMPARED or row["reference"] is None:
        return _plain_amount(row, where)
    of = beside(row)
    if metric.form == "difference":
        word = "below" if value < 0 else "above"
        told = (
            f"{abs(value) * 100:.1f} percentage points {word} {of}"
            f"{interval(row, scale=100, digits=1)}"
        )
    else:
        what = "odds" if metric.form == "odds" else "rate"
        told = f"{shown_number(value, 2)} times the {what} of {of}{interval(row)}"
    if metric.rate != "selection_rate":
        told = f"{metric.title}: {told}"
    return f"{told}{where}{_people(row)}"


def _plain_amount(row: Row, where: str) -> str:
    metric, value = METRICS[row["metric"]], float(row["estimate"])
    shown = f"{value:,.0f}" if metric.kind == "count" else shown_number(value, 2)
    if metric.name in _DAYS:
        shown = f"{value:,.0f} days"
    held = ""
    if row["reference"] is not None and metric.form in {"check", "derived", "compound"}:
        held = f" against {beside(row)}"
    asked = f", where the rule asks for {row['bound']}" if row["bound"] else ""
    return f"{metric.title}: {shown}{interval(row)}{held}{where}{asked}"


def _people(row: Row) -> str:
    """Return how many people it is about."""
    if not row.get("needed"):
        return ""
    over = is_over(row["metric"], row["bound"], row["estimate"])
    word = "fewer" if over else "more"
    return f"; {row['needed']:,} {word} would have to be selected"
