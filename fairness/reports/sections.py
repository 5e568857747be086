"""What every report shows, picked from the payload: rows, culprits, what is unseen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.cells import Row, is_hidden, shown_number

MARKS: Mapping[str | None, str] = MappingProxyType(
    {
        "pass": "●",
        "fail": "■",
        "inconclusive": "○",
        "waived": "◆",
        "not_measurable": "·",
        "not_applicable": "·",
        None: " ",
    }
)
VERDICTS: Mapping[str | None, str] = MappingProxyType(
    {"clear": "CLEAR", "review": "REVIEW", "block": "BLOCK", None: "MEASURED"}
)
VERDICT_MARKS: Mapping[str | None, str] = MappingProxyType(
    {"clear": "●", "review": "○", "block": "■", None: "–"}
)
MEANINGS: Mapping[str | None, str] = MappingProxyType(
    {
        "clear": "no rule stands against this audience",
        "review": "somebody has to look at this audience before it is used",
        "block": "this audience may not be used as it is",
        None: "measured, not judged: no policy was applied",
    }
)
LEGEND_MARKS = "● pass, ■ fail, ○ inconclusive, ◆ waived, · not measured"
LEGEND_COLUMNS = (
    "people: selected above (+) or below (-) what the overall rate would give; sees: "
    "the ratio that would have been found with 80 % power"
)

LIMITS = (
    (
        "Clear does not mean equal: no rule in force stands against this audience. "
        "What was too few to tell, or was not in the tables, was not judged."
    ),
    (
        "It is about who is picked, not about who is reached: what a platform "
        "delivers, who opens and who buys is another question."
    ),
    (
        "Only the attributes that were audited are seen. Another one, or a finer "
        "group, may be treated otherwise."
    ),
    (
        "A gap is not its reason. The step that makes it is arithmetic; whether it is "
        "justified is for people to say."
    ),
    (
        "It is a screen with error rates, not legal advice: passing proves no "
        "compliance, failing no breach."
    ),
)
"""What a verdict does not tell, whatever it is."""

_SHORT_LABEL = 30
_FEW_NAMES = 4

# Of each family the metrics that a sentence is worth; all are in the payload.
_TOLD = frozenset(
    {
        "disparate_impact_ratio",
        "composition_ratio",
        "conditional_ratio",
        "score_auc_difference",
        "calibration_difference",
        "value_gap",
        "conditional_value_gap",
        "above_cap_ratio",
        "proxy_ratio",
        "slice_ratio",
        "joint_proxy_auc",
    }
)

_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "adverse_impact_ratio": "the ratio is {missed}",
        "standard_deviations": "the gap to the reference is {missed} standard "
        "deviations",
        "flip_one_ratio": "one selection more or less would carry the ratio across "
        "{bound}: too few to lean on",
        "detectable_ratio": "too few customers or selections to be sure: only a ratio "
        "{missed} would have been found",
    }
)


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one rule, or of one metric where there is no policy.

    Parameters
    ----------
    title : str
    severity : str or None
    metric : str
    rule : str
        Empty where there is no policy.
    single : list of rows
        Of single attributes, in the order of the payload.
    crossed : list of rows
        Of intersections, of strata and of columns: those that stand out, worst first.
    others : list of rows
        Of the same, those that do not, in the order of the payload.
    crossed_groups, crossed_few : int
        Groups of intersections, and those that are too few or hidden.
    summary : str
        The intersections in numbers; empty where there are none.
    not_applicable : str
        Why the rule did not apply; empty where it did.
    """

    title: str
    severity: str | None
    metric: str
    rule: str = ""
    single: list[Row] = field(default_factory=list)
    crossed: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    crossed_groups: int = 0
    crossed_few: int = 0
    summary: str = ""
    not_applicable: str = ""


def headline(payload: Mapping[str, Any]) -> str:
    """Return the verdict, the subject, the offer and the policy in one line.

    Examples
    --------
    >>> headline({"verdict": "block", "offer": "beneficial", "subject": "picked",
    ...           "policy": [{"name": "us-four-fifths", "version": "1"}],
    ...           "offer_assumed": False})
    'BLOCK · picked · beneficial offer · us-four-fifths 1'
    """
    subject = label(str(payload.get("subject", "")))
    parts = [VERDICTS[payload["verdict"]], subject, circumstances(payload)]
    return " · ".join(part for part in parts if part)


def circumstances(payload: Mapping[str, Any]) -> str:
    """Return the kind of offer and the policy."""
    offer = f"{payload['offer']} offer"
    if payload.get("offer_assumed"):
        offer += " (assumed)"
    policies = ", ".join(
        f"{label(p['name'])} {label(p['version'])}" for p in payload["policy"]
    )
    return f"{offer} · {policies or 'no policy applied'}"


def size_line(payload: Mapping[str, Any]) -> str:
    """Return how many customers there are and how many are selected.

    Examples
    --------
    >>> size_line({"data": {"rows": 12000, "selected": 1235}, "confidence": 0.95})
    '12,000 customers, 1,235 selected (10.3 %) · intervals 95 %'
    """
    rows, selected = payload["data"]["rows"], payload["data"]["selected"]
    share = f" ({selected / rows:.1%})".replace("%", " %") if rows else ""
    level = f"{payload.get('confidence', 0.95) * 100:g} %"
    return f"{rows:,} customers, {selected:,} selected{share} · intervals {level}"


def assumed_line(payload: Mapping[str, Any]) -> str:
    """Return what is assumed of the offer; empty where it was said."""
    if not payload.get("offer_assumed"):
        return ""
    return (
        "Offer: beneficial is assumed (being left out is the harm); say otherwise with "
        "--offer."
    )


def sections(payload: Mapping[str, Any]) -> list[Section]:
    """Return the findings by rule (or metric), notes left out.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    list of Section
        In the order of the payload.
    """
    found: dict[tuple[str, str | None], list[Row]] = {}
    for row in payload["findings"]:
        if (
            (row["stratum"] is None or row["rule"])
            and row["severity"] != "note"
            and row["metric"] in METRICS
            and METRICS[row["metric"]].form != "conduct"
        ):
            key = row["rule"] or row["metric"], row["policy"]
            found.setdefault(key, []).append(row)
    singles = payload.get("attributes", ())
    return [_section(name, rows, singles) for (name, _), rows in found.items()]


def idle(found: Sequence[Section]) -> list[str]:
    """Return the rules that did not apply, and why, a line each."""
    return [
        f"{one.rule or one.title}: {one.not_applicable}"
        for one in found
        if one.not_applicable
    ]


def notes_of_rules(payload: Mapping[str, Any], most: int = 3) -> list[str]:
    """Return one line for each note rule that has something to say."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in payload["findings"]:
        if (
            row["severity"] == "note"
            and row["verdict"] == "fail"
            and METRICS[row["metric"]].form != "conduct"
        ):
            found.setdefault((row["rule"], row["policy"]), []).append(row)
    lines = []
    for (rule, _), rows in found.items():
        metric, bound = rows[0]["metric"], str(rows[0]["bound"])
        plain = _NOTES.get(metric, f"{METRICS[metric].title.lower()} is {{missed}}")
        told = plain.format(missed=_missed(bound), bound=bound.rpartition(" ")[2])
        names = [
            " ".join(label(row[key], _SHORT_LABEL) for key in ("attribute", "group"))
            for row in rows
        ]
        lines.append(f"{label(rule)}: {told}: {_some(names, most)}")
    return lines


def plain_notes(payload: Mapping[str, Any]) -> list[str]:
    """Return the notes of the payload but for the one that the first lines tell."""
    return [note for note in payload["notes"] if not note.startswith("offer: ")]


def unseen(payload: Mapping[str, Any]) -> list[str]:
    """Return what could not be measured, and what could have hidden in the rest."""
    lines = [
        str(row["message"])
        for row in payload["findings"]
        if row["metric"] not in METRICS and row["verdict"] == "not_measurable"
    ]
    measured = [section for section in sections(payload) if not section.not_applicable]
    for section in measured:
        where = (
            f" ({section.rule or section.title.lower()})" if len(measured) > 1 else ""
        )
        lines += [f"{line}{where}" for line in _unseen_of(section)]
    return list(dict.fromkeys(lines))


def of_strata(payload: Mapping[str, Any], most: int) -> list[str]:
    """Return what stands out within strata, a sentence each."""
    told = [
        f"{label(row['stratum'])}: {row['message']}"
        for row in _strata(payload)
        if row["reading"] in {"lower", "higher"}
    ]
    return first_of(told, most)


def strata_rows(payload: Mapping[str, Any], most: int) -> tuple[list[Row], int]:
    """Return comparisons within strata by attribute, and how many more there are.

    Those that stand out are kept before the others.
    """
    rows = [
        row
        for row in _strata(payload)
        if not is_crossed(row, payload.get("attributes", ())) and not is_hidden(row)
    ]
    rows.sort(key=lambda row: row["reading"] not in {"lower", "higher"})
    kept = rows[:most]
    order = list(dict.fromkeys(row["attribute"] for row in kept))
    kept.sort(key=lambda row: order.index(row["attribute"]))
    return kept, len(rows) - len(kept)


def _strata(payload: Mapping[str, Any]) -> list[Row]:
    return [
        row
        for row in payload["findings"]
        if row["stratum"] is not None and not row["rule"]
    ]


def of_checks(payload: Mapping[str, Any], most: int) -> list[str]:
    """Return what the checks have to say beyond the rules, a sentence each.

    The spread of each single attribute, and of the other checks what stands out.
    """
    spread, told = [], []
    for row in payload.get("checks", ()):
        metric = row["metric"]
        if is_hidden(row) or metric not in _TOLD:
            continue
        if metric in {"disparate_impact_ratio", "slice_ratio", "joint_proxy_auc"}:
            spread.append(str(row["message"]))
        elif metric == "composition_ratio":
            if ";" in row["message"] and row["reading"] in {"lower", "higher"}:
                told.append(str(row["message"]))
        elif row["reading"] in {"lower", "higher"}:
            told.append(str(row["message"]))
    return first_of([*spread, *told], most)


def first_of(items: Sequence[str], most: int) -> list[str]:
    """Return the first items, and how many more there are.

    Examples
    --------
    >>> first_of(["a", "b", "c"], 1)
    ['a', 'and 2 more']
    """
    more = len(items) - most
    return [*items[:most], *([f"and {more:,} more"] if more > 0 else [])]


def by_attribute(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return rows in their order, in blocks of one attribute each."""
    blocks: list[tuple[str, list[Row]]] = []
    for row in rows:
        if not blocks or blocks[-1][0] != row["attribute"]:
            blocks.append((row["attribute"], []))
        blocks[-1][1].append(row)
    return blocks


def culprits(payload: Mapping[str, Any]) -> list[Row]:
    """Return the rows that the verdict rests on, those that block before the others."""
    rank = {"block": 0, "review": 1}
    rows = [
        row
        for row in payload["findings"]
        if row["verdict"] == "fail" and row["severity"] in rank
    ]
    return sorted(rows, key=lambda row: rank[row["severity"]])


def is_crossed(row: Row, singles: Collection[str] = ()) -> bool:
    """Return whether a row is of an intersection.

    A doubled ampersand belongs to a name; a single attribute keeps its own as it is.

    Examples
    --------
    >>> [is_crossed({"attribute": name}, ["R&D"]) for name in ("a&b", "R&&D", "R&D")]
    [True, False, False]
    """
    name = row["attribute"]
    return name not in singles and "&" in name.replace("&&", "")


def _section(key: str, rows: Sequence[Row], singles: Collection[str]) -> Section:
    first = rows[0]
    metric = METRICS[first["metric"]]
    title, rule = metric.title, ""
    if first["rule"]:
        rule = label(key)
        title = f"{rule}: {metric.title.lower()} {first['bound']}"
    if all(row["verdict"] == "not_applicable" for row in rows):
        told = str(first["message"]).removeprefix(f"{key}: ")
        return Section(title, first["severity"], metric.name, rule, not_applicable=told)
    single = [row for row in rows if not _is_many(row, singles)]
    crossed = [row for row in rows if _is_many(row, singles)]
    standing = [row for row in crossed if stands_out(row)]
    standing.sort(key=lambda row: (row["p_adjusted"] is None, row["p_adjusted"] or 0.0))
    # The rows of one intersection stay together, under its name once.
    worst_first = list(dict.fromkeys(row["attribute"] for row in standing))
    standing.sort(key=lambda row: worst_first.index(row["attribute"]))
    few = sum(_is_unmeasured(row) or is_hidden(row) for row in crossed)
    summary = ""
    if crossed:
        out = f"{len(standing)} stands out" if len(standing) == 1 else ""
        out = out or f"{len(standing) or 'none'} stand{'' if standing else 's'} out"
        summary = f"{_many(crossed, singles)}: {out}, {few:,} too few to tell"
    return Section(
        title,
        first["severity"],
        metric.name,
        rule,
        single,
        standing,
        [row for row in crossed if not stands_out(row)],
        len(crossed),
        few,
        summary,
    )


def _is_many(row: Row, singles: Collection[str]) -> bool:
    """Return whether a row is one of many of a kind, told in numbers."""
    column = row.get("column") or row["stratum"]
    return is_crossed(row, singles) or column is not None


def _many(rows: Sequence[Row], singles: Collection[str]) -> str:
    """Return how many comparisons of what there are."""
    columns = {row.get("column") or row["stratum"] for row in rows} - {None}
    crossed = {row["attribute"] for row in rows if is_crossed(row, singles)}
    number, what = (
        (len(columns), "column") if columns else (len(crossed), "intersection")
    )
    plural = "s" if number > 1 else ""
    noun = "comparisons by" if columns else "groups of"
    return f"{len(rows):,} {noun} {number} {what}{plural}"


def _unseen_of(section: Section) -> list[str]:
    lines = []
    few = [row for row in section.single if _is_unmeasured(row)]
    for attribute, rows in by_attribute(few):
        names = [label(row["group"], _SHORT_LABEL) for row in rows]
        lines.append(
            f"{label(attribute, _SHORT_LABEL)}: too few to tell for "
            f"{_some(names, _FEW_NAMES)}"
        )
    if section.crossed_few and METRICS[section.metric].family == "groups":
        lines.append(
            f"intersections: too few to tell for {section.crossed_few:,} of "
            f"{section.crossed_groups:,} groups"
        )
    upper = METRICS[section.metric].name == "burden_ratio"
    clear = [
        row
        for row in section.single
        if row["reading"] == "no clear difference" and row["detectable"] is not None
    ]
    if clear:
        pick = max if upper else min
        weakest = pick(clear, key=lambda row: float(row["detectable"]))
        word = "above" if upper else "below"
        lines.append(
            "no clear difference is not no difference: of "
            f"{label(weakest['attribute'], _SHORT_LABEL)} "
            f"{label(weakest['group'], _SHORT_LABEL)}, the least certain, only a ratio "
            f"{word} {shown_number(weakest['detectable'], 2)} would have been found"
        )
    return lines


def _is_unmeasured(row: Row) -> bool:
    return (
        row["reading"] in {"too few", "undefined"} or row["verdict"] == "not_measurable"
    )


def stands_out(row: Row) -> bool:
    """Return whether a row is told before others: by its verdict, else its reading."""
    if row["verdict"] is not None:
        return row["verdict"] in {"fail", "inconclusive", "waived"}
    return row["reading"] in {"lower", "higher"}


def _missed(bound: str) -> str:
    for phrase, opposite in (("at least", "below"), ("at most", "above")):
        if bound.startswith(phrase):
            return bound.replace(phrase, opposite, 1)
    return f"not {bound}"


def _some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
