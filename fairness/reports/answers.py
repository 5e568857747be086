"""What a reader asks first: may it go out, who is harmed, how much, why, what now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings import is_over
from fairness.findings.messages import (
    against,
    label,
    reference_label,
    share_of_gap,
)
from fairness.metrics import COVERAGE_CODE, METRICS
from fairness.reports.cells import Row
from fairness.reports.harm import (
    beside,
    harmful,
    how_much,
    interval,
    is_all_too_few,
    is_conduct,
    is_of_selection,
    is_waived,
    whom,
    worst_of,
)
from fairness.reports.sections import culprits, is_crossed

_OPENINGS: Mapping[str | None, str] = MappingProxyType(
    {
        "block": "Blocked",
        "review": "To be looked at",
        "clear": "Clear",
        None: "Measured",
    }
)
# A doubled ampersand belongs to a label.
_BAND = re.compile(
    r"((?<!&)&)?\[(-?[0-9.]+|-inf),(-?[0-9.]+|inf)\)(&(?!&))?",
)
_POLICIES: Mapping[str, str] = MappingProxyType({"burdensome": "exploitative-offers"})
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
    worst = worst_of(payload)
    gap = _gap(payload, worst)
    return Answers(
        sentence=_sentence(payload, worst),
        may_go=_may_go(payload, worst),
        who=ascii_controls(in_words(whom(payload, worst))),
        how_much=ascii_controls(in_words(how_much(payload, worst))),
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


def _sentence(payload: Mapping[str, Any], worst: Row | None) -> str:
    verdict = payload["verdict"]
    opening = _OPENINGS[verdict]
    reasons = payload["reasons"]
    if verdict in {"block", "review"} and reasons:
        told = str(reasons[0])
        if worst is not None and told == str(worst["message"]):
            told = _shorter(worst)
    elif verdict == "clear" and worst is not None and is_waived(worst):
        opening, told = f"{opening} by a waiver", _shorter(worst)
    elif verdict == "clear" and worst is not None:
        told = f"no rule stands against it, though {worst['message']}"
    elif verdict == "clear":
        told = _least(payload)
    elif worst is not None:
        told = str(worst["message"])
    elif is_all_too_few(payload):
        told = "there are too few customers to compare any group"
    else:
        told = "no group comes off clearly worse than its reference"
    return ascii_controls(f"{opening}: {in_words(told)}")


def _shorter(row: Row) -> str:
    """Return a row's message without what the table beside it tells as well."""
    told, other = str(row["message"]), row.get("decided_by")
    if other is not None:
        for name in (against(other), reference_label(other)):
            told = told.replace(f" (the evidence is clearest against {name})", "")
    return told


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
    rows = [row for row in rows if row["metric"] == rows[0]["metric"]]
    upper = harmful(payload, rows[0]) == "higher"
    pick = max if upper else min
    row = pick(rows, key=lambda row: float(row["estimate"]))
    return (
        "no group that could be judged is selected differently beyond chance; the "
        f"{'highest' if upper else 'lowest'} ratio is {row['estimate']:.2f}"
        f"{interval(row)}, {label(row['attribute'])} {label(row['group'])} against "
        f"{beside(row)}"
    )


def _may_go(payload: Mapping[str, Any], worst: Row | None) -> str:
    verdict = payload["verdict"]
    if verdict == "block":
        return "No. The audience may not be used as it is."
    if verdict == "review":
        return "Not yet. Somebody has to look at it and sign."
    if verdict == "clear" and worst is not None and is_waived(worst):
        return "Yes, by a waiver: somebody signed for what failed."
    if verdict == "clear":
        return "Yes. No rule in force stands against it."
    return "Not judged: no policy was applied."


def _step(
    payload: Mapping[str, Any], worst: Row | None, gap: Mapping[str, Any] | None
) -> str:
    if worst is None:
        return "No step that the audit could see."
    if gap is None and is_conduct(worst):
        return "No step of the funnel: it is how the campaign treats people."
    if gap is not None and gap["culprit"] is None:
        return "No step alone: no stage moves the ratio that way by itself."
    if gap is not None:
        return ascii_controls(_culprit(gap))
    column = _column(payload, worst)
    if column is not None:
        return ascii_controls(
            f"Not seen step by step. Of the columns used, {label(column['column'])} "
            f"alone would make a ratio of {column['estimate']:.2f}."
        )
    if "funnel" in payload:
        return "Not seen here: the funnel is not told step by step for this."
    return "Not seen here: only who was selected is known, not by which steps."


def _culprit(gap: Mapping[str, Any]) -> str:
    culprit = gap["culprit"]
    told = f"Stage {label(culprit['stage'])}"
    who = f"{label(gap['attribute'])} {label(gap['group'])}"
    if culprit["column"] is not None:
        told += f", column {label(culprit['column'])}"
    elif culprit["clause"] is not None:
        told += f", clause {label(culprit['clause'])}"
    if culprit["share"] is not None:
        return in_words(f"{told}: {share_of_gap(culprit['share'], who)}.")
    if gap["log_ratio"] is not None:
        # Nobody is emptied: the number would tell of a few people.
        return in_words(f"{told}: the largest part of the gap of {who}.")
    if gap.get("direction") == "over":
        return in_words(f"{told}: nobody but {who} gets past it.")
    return in_words(f"{told}: nobody of {who} gets past it.")


def _column(payload: Mapping[str, Any], worst: Row) -> Row | None:
    """Return the column that alone would make the largest part of a gap."""
    rows: list[Row] = [
        row
        for row in payload.get("checks", ())
        if row["metric"] == "proxy_ratio"
        and row["estimate"] is not None
        and (row["attribute"], row["group"]) == (worst["attribute"], worst["group"])
        and row["reading"] == harmful(payload, row)
    ]
    if not rows:
        return None
    return max(rows, key=lambda row: abs(float(row["estimate"]) - 1))


def _now(
    payload: Mapping[str, Any], worst: Row | None, gap: Mapping[str, Any] | None
) -> list[str]:
    verdict, campaign = payload["verdict"], "campaign" in payload
    if verdict is None:
        policy = _POLICIES.get(payload["offer"], "us-four-fifths")
        return [f"Judge it with a policy, for example --policy {policy}."]
    if verdict == "clear":
        told = (
            "Send the released file and no other; fairreach verify says whether it is "
            "the one."
            if campaign
            else "Use the audience as it is; a change to the profile needs a new check."
        )
        if worst is not None and is_waived(worst):
            return [told, "Mend what was waived before the waiver ends."]
        return [told]
    sign = (
        "Have a second person read this report and sign: fairreach approve."
        if campaign
        else "Have somebody read what is not clear below and decide."
    )
    unsure = verdict == "review" and (
        worst is None or worst["verdict"] == "inconclusive"
    )
    lines = [
        f"Audit {label(row['attribute'])} as well."
        for row in payload["findings"]
        if row["code"] == COVERAGE_CODE
    ]
    changes = _changes(payload, worst, gap)
    # What is not proven is looked at before anything is changed.
    lines += [] if unsure else changes
    lines += dict.fromkeys(
        ascii_controls(f"{label(str(row['rule']))}: {row['remedy']}")
        if not (worst is not None and row["rule"] == worst["rule"])
        else ascii_controls(str(row["remedy"]))
        for row in _remedied(payload, worst)
    )
    if verdict == "review":
        lines.append(sign)
    lines += changes if unsure else []
    if verdict == "block" and campaign:
        lines.append(
            "Run the campaign again after the change; until then no audience file is "
            "written."
        )
    return list(dict.fromkeys(lines)) or ["Read what stands against it below."]


def _changes(
    payload: Mapping[str, Any], worst: Row | None, gap: Mapping[str, Any] | None
) -> list[str]:
    """Return what to change in the profile."""
    if gap is not None and gap["culprit"] is not None:
        return [ascii_controls(_change(payload, gap))]
    if worst is None or is_conduct(worst) or payload["verdict"] != "block":
        return []
    is_seen = any(
        METRICS[row["metric"]].family == "proxies" for row in payload.get("checks", ())
    )
    where = ", below." if is_seen else " (--uses)."
    return [f"Change the profile: look at the columns that tell the group apart{where}"]


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
    """Return the decomposition of the worst row's gap, or of the first that fails."""
    if worst is None:
        return None
    rows = [row for row in (worst, *culprits(payload)) if is_of_selection(row)]
    gaps = payload.get("funnel", {}).get("gaps", ())
    for row in rows:
        over = is_over(row["metric"], row["bound"], row["estimate"])
        own = [
            gap
            for gap in gaps
            if (gap["attribute"], gap["group"]) == (row["attribute"], row["group"])
            and (gap.get("direction", "under") == "over") == over
        ]
        # The comparison that the verdict rests on is told.
        reference = row.get("decided_by") or row["reference"]
        own.sort(key=lambda gap: gap["reference"] != reference)
        if own:
            found: Mapping[str, Any] = own[0]
            return found
    return None
