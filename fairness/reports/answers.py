"""What a reader asks first: may it go out, who is harmed, how much, why, what now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import against, label
from fairness.metrics import METRICS
from fairness.reports.cells import Row, shown_number
from fairness.reports.sections import culprits, is_crossed

_OPENINGS: Mapping[str | None, str] = MappingProxyType(
    {
        "block": "Blocked",
        "review": "To be looked at",
        "clear": "Clear",
        None: "Measured",
    }
)
_BAND = re.compile(r"(&?)\[(-?[0-9.]+|-inf),(-?[0-9.]+|inf)\)(&?)")
_BESIDE = re.compile(r" \(the evidence is clearest against .*\)$", re.DOTALL)
_MOST_GROUPS = 3
_LONGEST_CLAUSE = 120


@dataclass(frozen=True, slots=True)
class Answers:
    """The five answers, each from the payload alone.

    Parameters
    ----------
    sentence : str
        The verdict in one sentence.
    may_go : str
        May it go out?
    who : str
        Who is harmed?
    how_much : str
        By how much?
    step : str
        Which step does it?
    now : tuple of str
        What now? The first thing first; never empty.
    """

    sentence: str
    may_go: str
    who: str
    how_much: str
    step: str
    now: tuple[str, ...]

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """The questions with their answers, in the order in which they are asked."""
        return (
            ("May it go out?", self.may_go),
            ("Who is harmed?", self.who),
            ("By how much?", self.how_much),
            ("Which step does it?", self.step),
            ("What now?", self.now[0]),
        )


def answers(payload: Mapping[str, Any]) -> Answers:
    """Return what a reader asks first, answered from a payload.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    Answers

    Examples
    --------
    >>> from fairness import audit
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "g": ["f"] * 5000 + ["m"] * 5000,
    ...     "offered": [1] * 700 + [0] * 4300 + [1] * 1000 + [0] * 4000})
    >>> made = audit(table, selected="offered", by="g", offer="beneficial")
    >>> told = answers(made.gate("us-four-fifths").to_dict())
    >>> told.sentence
    'Blocked: g f is selected 0.70 times as often as m (95 % 0.64 to 0.76); 100 more \
would have to be'
    >>> told.who
    'g f'
    """
    worst = _worst(payload)
    gap = _gap(payload, worst)
    return Answers(
        sentence=_sentence(payload, worst),
        may_go=_may_go(payload),
        who=_who(payload, worst),
        how_much=_how_much(payload, worst),
        step=_step(payload, worst, gap),
        now=tuple(_now(payload, worst, gap)),
    )


def in_words(text: str) -> str:
    """Return a text with the bands of numbers in it as words.

    Examples
    --------
    >>> in_words("age [60,inf) is selected less often than [18,30)")
    'age 60 and over is selected less often than 18 to under 30'
    >>> in_words("f&[-inf,18)")
    'f & under 18'
    """

    def told(found: re.Match[str]) -> str:
        before, low, high, after = found.groups()
        words = f"{low} and over" if high == "inf" else f"{low} to under {high}"
        if low == "-inf":
            words = f"under {high}"
        return f"{' & ' if before else ''}{words}{' & ' if after else ''}"

    return _BAND.sub(told, text)


def _worst(payload: Mapping[str, Any]) -> Row | None:
    """Return the row that the first reason is of, or the first that stands out."""
    found = culprits(payload)
    reasons = payload["reasons"]
    if payload["verdict"] in {"block", "review"}:
        found += [
            row
            for row in payload["findings"]
            if row["verdict"] in {"inconclusive", "not_measurable"}
            and row["severity"] in {"block", "review"}
        ]
        if reasons:
            first = str(reasons[0])
            for row in found:
                if str(row["message"]) == first:
                    return row
        return found[0] if found else None
    if payload["verdict"] == "clear":
        return None
    standing = [
        row
        for row in payload["findings"]
        if row["reading"] in {"lower", "higher"} and row["stratum"] is None
    ]
    singles = payload.get("attributes", ())
    standing.sort(key=lambda row: is_crossed(row, singles))
    return standing[0] if standing else None


def _sentence(payload: Mapping[str, Any], worst: Row | None) -> str:
    verdict = payload["verdict"]
    opening = _OPENINGS[verdict]
    reasons = payload["reasons"]
    if verdict in {"block", "review"} and reasons:
        told = str(reasons[0])
    elif worst is not None:
        told = str(worst["message"])
    elif verdict == "clear":
        told = _least(payload)
    else:
        told = "no group differs clearly from its reference"
    return ascii_controls(f"{opening}: {in_words(_BESIDE.sub('', told))}")


def _least(payload: Mapping[str, Any]) -> str:
    """Return what a clear verdict rests on: the group that comes off worst."""
    rows = [
        row
        for row in payload["findings"]
        if row["rule"]
        and row["verdict"] == "pass"
        and row["estimate"] is not None
        and row["low"] is not None
        and METRICS[row["metric"]].name in {"adverse_impact_ratio", "burden_ratio"}
        and not is_crossed(row, payload.get("attributes", ()))
    ]
    if not rows:
        return "no rule stands against it"
    upper = METRICS[rows[0]["metric"]].name == "burden_ratio"
    pick = max if upper else min
    row = pick(rows, key=lambda row: float(row["estimate"]))
    level = f"{(row['confidence'] or 0.95) * 100:g} %"
    return (
        "no group differs beyond chance; the "
        f"{'highest' if upper else 'lowest'} ratio is {row['estimate']:.2f} ({level} "
        f"{row['low']:.2f} to {row['high']:.2f}), {label(row['attribute'])} "
        f"{label(row['group'])} against {against(row['reference'])}"
    )


def _may_go(payload: Mapping[str, Any]) -> str:
    verdict = payload["verdict"]
    if verdict == "block":
        return "No. The audience may not be used as it is."
    if verdict == "review":
        return "Not yet. Somebody has to look at it and sign."
    if verdict == "clear":
        return "Yes. No rule in force stands against it."
    return "Not judged: no policy was applied."


def _who(payload: Mapping[str, Any], worst: Row | None) -> str:
    if worst is None:
        return "No group that the audit could tell from its reference."
    if worst["verdict"] == "not_measurable":
        return "Not known: there are too few to tell."
    singles = payload.get("attributes", ())
    if _is_conduct(worst):
        return ascii_controls(in_words(_whom_conduct_harms(payload, worst)))
    named = f"{label(worst['attribute'])} {label(worst['group'])}"
    rows = [
        row
        for row in culprits(payload)
        if not _is_conduct(row) and row["severity"] == worst["severity"]
    ]
    plain = dict.fromkeys(
        f"{label(row['attribute'])} {label(row['group'])}"
        for row in rows
        if not is_crossed(row, singles)
    )
    plain.pop(named, None)
    crossed = {
        (row["attribute"], row["group"]) for row in rows if is_crossed(row, singles)
    } - {(worst["attribute"], worst["group"])}
    parts = [named, *list(plain)[: _MOST_GROUPS - 1]]
    told = ", ".join(parts)
    more = max(len(plain) - _MOST_GROUPS + 1, 0)
    if more:
        told += f" and {more} more"
    if crossed:
        told += f"; also {len(crossed)} intersection{'s' if len(crossed) > 1 else ''}"
    return ascii_controls(in_words(told))


def _whom_conduct_harms(payload: Mapping[str, Any], worst: Row) -> str:
    n, hit = worst["n"], worst["selected"]
    told = "The people in the audience as a whole"
    if n is not None and hit is not None:
        told = f"{hit:,} of the {n:,} people in the audience"
    group = next((row for row in culprits(payload) if not _is_conduct(row)), None)
    if group is not None:
        told += f"; also {label(group['attribute'])} {label(group['group'])}"
    return told


def _how_much(payload: Mapping[str, Any], worst: Row | None) -> str:
    if worst is None:
        return (
            "No gap beyond chance."
            if payload["verdict"] == "clear"
            else "No clear difference was found."
        )
    if worst["verdict"] == "not_measurable":
        return "Not measured."
    interval = _interval(worst)
    if _is_conduct(worst) and worst["estimate"] is not None:
        metric = METRICS[worst["metric"]]
        digits = 0 if metric.kind == "count" else 2
        value = shown_number(worst["estimate"], digits)
        return (
            f"{metric.title}: {value}{interval}, where the rule asks for "
            f"{worst['bound']}."
        )
    if worst["estimate"] is None or worst["rate"] is None:
        return ascii_controls(in_words(str(worst["message"])))
    metric = METRICS[worst["metric"]]
    what = "the rate of " if metric.kind == "ratio" else "against "
    return ascii_controls(
        in_words(
            f"{shown_number(worst['estimate'], 2)}"
            f"{' times' if metric.kind == 'ratio' else ''} {what}"
            f"{against(worst['reference'])}{interval}{_people(worst)}"
        )
    )


def _interval(row: Row) -> str:
    if row["low"] is None and row["high"] is None:
        return ""
    low, high = (shown_number(row[name], 2) for name in ("low", "high"))
    return f" ({(row['confidence'] or 0.95) * 100:g} % {low} to {high})"


def _people(row: Row) -> str:
    """Return how many people it is about."""
    if row["needed"]:
        word = "fewer" if METRICS[row["metric"]].name == "burden_ratio" else "more"
        return f"; {row['needed']:,} {word} would have to be selected"
    return ""


def _step(
    payload: Mapping[str, Any], worst: Row | None, gap: Mapping[str, Any] | None
) -> str:
    if worst is None or worst["verdict"] == "not_measurable":
        return "None is known to."
    if gap is None and _is_conduct(worst):
        return "No step of the funnel: it is how the campaign treats people."
    if gap is not None and gap["culprit"] is None:
        return "No single step: the stages share it."
    if gap is not None:
        return ascii_controls(_culprit(gap))
    column = _column(payload, worst)
    if column is not None:
        return ascii_controls(
            f"Not seen step by step. Of the columns used, {label(column['column'])} "
            f"alone would make a ratio of {column['estimate']:.2f}."
        )
    return "Not seen here: only who was selected is known, not by which steps."


def _culprit(gap: Mapping[str, Any]) -> str:
    culprit = gap["culprit"]
    told = f"Stage {label(culprit['stage'])}"
    whose = f"of the gap of {label(gap['attribute'])} {label(gap['group'])}"
    if culprit["column"] is not None:
        told += f", column {label(culprit['column'])}"
    elif culprit["clause"] is not None:
        told += f", clause {label(culprit['clause'])}"
    if culprit["share"] is not None:
        return in_words(f"{told}: {culprit['share'] * 100:.0f} % {whose}.")
    return f"{told}: nobody of the group gets past it."


def _column(payload: Mapping[str, Any], worst: Row) -> Row | None:
    """Return the column that alone would make the largest part of a gap."""
    rows: list[Row] = [
        row
        for row in payload.get("checks", ())
        if row["metric"] == "proxy_ratio"
        and row["estimate"] is not None
        and (row["attribute"], row["group"]) == (worst["attribute"], worst["group"])
        and row["reading"] in {"lower", "higher"}
    ]
    if not rows:
        return None
    return max(rows, key=lambda row: abs(float(row["estimate"]) - 1))


def _now(
    payload: Mapping[str, Any], worst: Row | None, gap: Mapping[str, Any] | None
) -> list[str]:
    verdict, campaign = payload["verdict"], "campaign" in payload
    if verdict is None:
        return ["Judge it with a policy, for example --policy us-four-fifths."]
    if verdict == "clear":
        told = (
            "Send the released file and no other; fairreach verify says whether it is "
            "the one."
            if campaign
            else "Use the audience as it is; a change to the profile needs a new check."
        )
        return [told]
    lines = []
    if gap is not None and gap["culprit"] is not None:
        lines.append(ascii_controls(_change(payload, gap)))
    elif worst is not None and not _is_conduct(worst) and verdict == "block":
        lines.append(
            "Change the profile: look at the columns that tell the group apart"
            + (", below." if payload.get("checks") else " (--uses).")
        )
    lines += dict.fromkeys(
        ascii_controls(f"{label(str(row['rule']))}: {row['remedy']}")
        if not (worst is not None and row["rule"] == worst["rule"])
        else ascii_controls(str(row["remedy"]))
        for row in _remedied(payload, worst)
    )
    if verdict == "review":
        lines.append(
            "Have a second person read this report and sign: fairreach approve."
            if campaign
            else "Have somebody read what is not clear below and decide."
        )
    elif campaign:
        lines.append(
            "Run the campaign again after the change; until then no audience file is "
            "written."
        )
    return lines or ["Read what stands against it below."]


def _change(payload: Mapping[str, Any], gap: Mapping[str, Any]) -> str:
    culprit = gap["culprit"]
    stage = label(culprit["stage"])
    if culprit["column"] is not None:
        return (
            f"Score without column {label(culprit['column'])} (stage {stage}), and run "
            "it again."
        )
    asked = _asked(payload, culprit)
    if culprit["clause"] is not None:
        what = f" ({asked})" if asked else ""
        return (
            f"Drop or change clause {label(culprit['clause'])} of stage {stage}{what}, "
            "and run it again."
        )
    return f"Change what stage {stage} asks for{f' ({asked})' if asked else ''}."


def _asked(payload: Mapping[str, Any], culprit: Mapping[str, Any]) -> str:
    """Return what the culprit asks of a customer, in the words of the campaign."""
    for stage in payload["funnel"]["stages"]:
        if stage["name"] != culprit["stage"]:
            continue
        for clause in stage["clauses"]:
            if clause["name"] == culprit["clause"] and clause["text"] != clause["name"]:
                text = ascii_controls(str(clause["text"]))
                most = _LONGEST_CLAUSE
                return text if len(text) <= most else text[: most - 1] + "…"
    return ""


def _remedied(payload: Mapping[str, Any], worst: Row | None) -> Sequence[Row]:
    """Return the rules on conduct that are not met and say what to do, worst first."""
    rank = {"fail": 0, "inconclusive": 1, "not_measurable": 2}
    weight = {"block": 0, "review": 1}
    rows = [
        row
        for row in payload.get("ethics", ())
        if row.get("remedy") and row["verdict"] in rank and row["severity"] != "note"
    ]
    rows.sort(
        key=lambda row: (
            worst is None or row["rule"] != worst["rule"],
            weight[str(row["severity"])],
            rank[row["verdict"]],
        )
    )
    return rows


def _gap(payload: Mapping[str, Any], worst: Row | None) -> Mapping[str, Any] | None:
    """Return the decomposition of the worst row's gap, or of the first that fails.

    The comparison that a verdict rests on comes first among those of a group.
    """
    wanted = [] if worst is None else [worst, *culprits(payload)]
    gaps = payload.get("funnel", {}).get("gaps", ())
    for row in wanted:
        for gap in gaps:
            if (gap["attribute"], gap["group"]) == (row["attribute"], row["group"]):
                found: Mapping[str, Any] = gap
                return found
    return None


def _is_conduct(row: Row) -> bool:
    return row["metric"] in METRICS and METRICS[row["metric"]].form == "conduct"
