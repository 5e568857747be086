"""What every artefact is made of: the verdict first, tables, blanks, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.metrics import METRICS
from fairness.reports.answers import answers
from fairness.reports.artefacts.sources import AS_OF, Source
from fairness.reports.markdown import inert, inert_digest, table_line
from fairness.reports.rules import digests_of, outcome_of, source_of, status_of
from fairness.reports.sections import (
    MEANINGS,
    VERDICT_MARKS,
    assumed_line,
    circumstances,
    size_line,
)

_DISCLAIMER = (
    "Made by fairreach from the payload of one audit alone. It is a measurement: no "
    "legal advice, and no statement that a law is met or broken. Blanks are marked and "
    "name who knows what is missing."
)


class Markdown(str):
    """Text that is Markdown already; any other text is made inert where it is put."""

    __slots__ = ()


GAP = Markdown("____")
"""A place to fill in, where who is to do it is said beside it."""


def put(text: str) -> str:
    """Return a text as Markdown shows it.

    Examples
    --------
    >>> put("a|b"), put(Markdown("**b**"))
    ('a&#124;b', '**b**')
    """
    return text if isinstance(text, Markdown) else inert(text)


def blank(who: str) -> Markdown:
    """Return a place to fill in, and who is to do it.

    Examples
    --------
    >>> blank("the controller")
    '____ *(to be filled in by the controller)*'
    """
    return Markdown(f"____ *(to be filled in by {who})*")


def opening(payload: Mapping[str, Any], title: str) -> list[str]:
    """Return the title, the verdict in a sentence, and what was looked at."""
    verdict = payload["verdict"]
    subject = label(str(payload["subject"]))
    sentence = inert(answers(payload).sentence)
    meaning = MEANINGS[verdict]
    lines = [
        f"# {title}: {inert(subject)}",
        "",
        f"**{VERDICT_MARKS[verdict]} {sentence}.** {meaning[:1].upper()}{meaning[1:]}.",
    ]
    lines += ["", f"{inert(size_line(payload))} · {inert(circumstances(payload))}"]
    if payload["offer_assumed"]:
        lines += ["", f"**{inert(assumed_line(payload))}**"]
    return [*lines, "", f"*{_DISCLAIMER}*"]


def section(title: str, *parts: Iterable[str]) -> list[str]:
    """Return a section of parts with a line between them; nothing without any."""
    held = [list(part) for part in parts]
    held = [part for part in held if part]
    if not held:
        return []
    lines = ["", f"## {put(title)}"]
    for part in held:
        lines += ["", *part]
    return lines


def said(*texts: str) -> list[str]:
    """Return paragraphs."""
    return "\n\n".join(map(put, texts)).split("\n")


def bullets(items: Iterable[str]) -> list[str]:
    """Return a list."""
    return [f"- {put(item)}" for item in items]


def grid(
    head: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[str] = ()
) -> list[str]:
    """Return a table; nothing without rows.

    Parameters
    ----------
    head : sequence of str
    rows : iterable of sequences of str
    left : iterable of str
        Columns of words; the others are of numbers.
    """
    found = [[put(cell) for cell in row] for row in rows]
    if not found:
        return []
    words = set(left)
    rule = [":--" if name in words else "--:" for name in head]
    return list(map(table_line, [map(put, head), rule, *found]))


def facts(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return a table of names and what holds of them."""
    return grid(["", "what is known"], rows, ["", "what is known"])


def attribute_title(payload: Mapping[str, Any], name: str) -> str:
    """Return the heading of an attribute, or of an intersection."""
    crossed = name not in payload["attributes"]
    return f"### {'Intersection ' if crossed else ''}{inert(label(name))}"


def by_rule(payload: Mapping[str, Any]) -> list[str]:
    """Return the rules that were applied, how they came out, and their sources."""
    known = {
        (str(policy["name"]), str(rule["id"])): rule
        for policy in payload["policy"]
        for rule in policy.get("rules", ())
    }
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in payload["findings"]:
        if row["rule"]:
            found.setdefault((row["policy"], row["rule"]), []).append(row)
    rows = []
    for key, group in found.items():
        first, rule = group[0], known.get(key, {})
        source, status = _source(first, rule)
        rows.append(
            [
                label(first["rule"]),
                f"{_asked(first, rule)} ({label(str(first['bound']))})",
                str(first["severity"]),
                outcome_of(row["verdict"] for row in group)[1],
                source,
                status,
            ]
        )
    head = ["rule", "what it asks", "severity", "outcome", "source", "status"]
    return grid(head, rows, head)


def cited(citation: object) -> tuple[str, str]:
    """Return a source, and whether somebody checked what a rule says of it.

    Examples
    --------
    >>> cited("29 CFR 1607.4(D) (not confirmed)"), cited(None)
    (('29 CFR 1607.4(D)', 'not confirmed'), ('–', '–'))
    """
    if not citation:
        return "–", "–"
    text = ascii_controls(str(citation))
    bare = text.removesuffix(" (not confirmed)")
    return bare, "not confirmed" if bare != text else "confirmed"


def evidence(payload: Mapping[str, Any]) -> list[str]:
    """Return the digests that tell whether anything is another."""
    lines = grid(
        ["of", "digest"],
        [
            (name, Markdown(inert_digest(str(digest))))
            for name, digest in digests_of(payload)
        ],
        ["of", "digest"],
    )
    made = f"Made with fairreach {label(payload['version'])}, {payload['schema']}."
    return [*lines, "", inert(made)]


def cite(sources: Sequence[Source]) -> list[str]:
    """Return sources, what they say, and whether that was checked."""
    rows = [
        (
            one.name,
            one.says,
            f"confirmed, {AS_OF}" if one.confirmed else "not confirmed",
        )
        for one in sources
    ]
    return grid(
        ["source", "what it says", "status"], rows, ["source", "what it says", "status"]
    )


def signatures(roles: Sequence[str]) -> list[str]:
    """Return places for names, dates and signatures."""
    head = ["who", "name", "date", "signature"]
    return grid(head, ([role, GAP, GAP, GAP] for role in roles), head)


def _source(row: Mapping[str, Any], rule: Mapping[str, Any]) -> tuple[str, str]:
    """Return a rule's source and its status, as its policy has them if it is told."""
    if not rule:
        return cited(row["citation"])
    return source_of(rule), status_of(rule)


def _asked(row: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    metric = METRICS.get(row["metric"])
    told = rule.get("title") or (metric.title if metric else row["metric"])
    return label(str(told), 200)
