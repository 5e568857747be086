"""What a campaign owes those whose data it uses: notice, parameters, records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fairness.reports.markdown import inert
from pipelines.campaign.model import Campaign, ConsentTable
from pipelines.campaign.plan import Plan, make_plan
from pipelines.notices.wording import Language, load_language

_SELECTING = ("universe", "eligibility", "clauses")


@dataclass(frozen=True, slots=True)
class Document:
    """A text in sections, and what the campaign file does not say for it.

    Parameters
    ----------
    title : str
    sections : tuple of (str, tuple of str)
        Heading and lines.
    gaps : tuple of str
        Keys of the campaign file that would fill it.
    """

    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    gaps: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it as plain text."""
        parts = [f"{self.title}\n{'=' * len(self.title)}"]
        parts += [
            "\n".join([heading, *(f"  {line}" for line in lines)])
            for heading, lines in self.sections
        ]
        return "\n\n".join(parts) + "\n"

    def markdown(self) -> str:
        """Return it as Markdown, in which nothing of the campaign file is markup."""
        parts = [f"# {inert(self.title)}"]
        for heading, lines in self.sections:
            told = "\n".join(f"- {inert(line)}" for line in lines)
            parts.append(f"## {inert(heading)}\n\n{told}")
        return "\n\n".join(parts) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "title": self.title,
            "sections": [
                {"heading": heading, "lines": list(lines)}
                for heading, lines in self.sections
            ],
            "gaps": list(self.gaps),
        }


def campaign_notice(campaign: Campaign, language: Language | None = None) -> Document:
    """Return the notice to those whose data a campaign uses.

    Which data, for which purpose, on which basis, how people are chosen, who gets it,
    how to object. It is made of the campaign file alone: what the file does not say is
    listed in `gaps` and is not made up.

    Parameters
    ----------
    campaign : Campaign
    language : Language, optional
        English by default.

    Raises
    ------
    InputError
        Rules that cannot be read.

    References
    ----------
    .. [1] Regulation (EU) 2016/679, Articles 13, 14 and 21(4).
    """
    words = language or load_language()
    plan, record = make_plan(campaign), _Record(campaign)
    sections = [
        (words.say("notice", "who"), (record.of("controller", campaign.owner),)),
        (
            words.say("notice", "what"),
            (
                words.say(
                    "notice",
                    "purpose",
                    purpose=campaign.purpose,
                    offer=campaign.offer.name,
                ),
            ),
        ),
        (words.say("notice", "data"), tuple(_data(campaign, plan, words, record))),
        (words.say("notice", "how"), tuple(_chosen(campaign, plan, words))),
        (words.say("notice", "basis"), (_basis(campaign, words, record),)),
        (words.say("notice", "keep"), (_kept(campaign, words, record),)),
        (words.say("notice", "recipients"), tuple(_recipients(campaign, words))),
        (words.say("notice", "rights"), tuple(_rights(campaign, words, record))),
    ]
    if record.gaps:
        sections.append((words.say("notice", "gaps"), tuple(record.gaps)))
    title = words.say("notice", "title", campaign=campaign.title or campaign.name)
    return Document(title, tuple(sections), tuple(record.gaps))


def main_parameters(campaign: Campaign, language: Language | None = None) -> str:
    """Return in a sentence or two why a recipient sees the advertisement.

    References
    ----------
    .. [1] Regulation (EU) 2022/2065, Article 26(1)(d).
    """
    words = language or load_language()
    plan = make_plan(campaign)
    conditions = [
        clause.text
        for kind in _SELECTING
        if kind in plan.rules
        for clause in plan.rules[kind].clauses
    ]
    score = campaign.funnel.score
    if score is not None:
        columns = ", ".join(score.columns or (str(score.column),))
        conditions.append(words.say("parameters", "score", columns=columns))
    line = words.say(
        "parameters",
        "line",
        offer=campaign.offer.name,
        conditions="; ".join(conditions) or campaign.purpose,
    )
    how = (campaign.record or {}).get("objection")
    if how is None:
        return f"{line} {words.say('parameters', 'change_unsaid')}"
    return f"{line} {words.say('parameters', 'change', how=how)}"


def art30_row(
    campaign: Campaign, language: Language | None = None
) -> dict[str, str | None]:
    """Return the campaign's row of the record of processing.

    None where the campaign file says nothing.

    References
    ----------
    .. [1] Regulation (EU) 2016/679, Article 30(1).
    """
    words = language or load_language()
    plan, said = make_plan(campaign), campaign.record or {}
    universe = plan.rules.get("universe")

    def of(key: str) -> str | None:
        return str(said[key]) if key in said else None

    retention = campaign.data and campaign.data.retention_days
    days = words.say("notice", "keep_days", days=retention) if retention else None
    return {
        "campaign": campaign.name,
        words.say("art30", "controller"): of("controller"),
        words.say("art30", "contact"): of("contact"),
        words.say("art30", "purposes"): campaign.purpose,
        words.say("art30", "subjects"): words.say("art30", "subjects_all")
        if universe is None
        else words.say("art30", "subjects_said", rule=universe.text),
        words.say("art30", "data"): ", ".join(plan.uses) or None,
        words.say("art30", "recipients"): of("recipients")
        or (
            words.say("art30", "recipients_none")
            if campaign.export is None
            else campaign.export.platform
        ),
        words.say("art30", "transfers"): of("transfers"),
        words.say("art30", "erasure"): of("retention") or days,
        words.say("art30", "security"): of("security")
        or words.say("art30", "security_said"),
    }


def dpia_section(
    campaign: Campaign,
    payload: Mapping[str, Any] | None = None,
    language: Language | None = None,
) -> Document:
    """Return the campaign's section of a data protection impact assessment.

    Parameters
    ----------
    campaign : Campaign
    payload : dict, optional
        Of a run: its verdict and what failed are among the risks.
    language : Language, optional

    References
    ----------
    .. [1] Regulation (EU) 2016/679, Article 35(7).
    """
    words = language or load_language()
    plan, record = make_plan(campaign), _Record(campaign)

    def say(key: str, **values: object) -> str:
        return words.say("dpia", key, **values)

    if payload is None:
        risks = [say("unaudited")]
    else:
        day = payload["campaign"]["as_of"] if "campaign" in payload else ""
        risks = [say("verdict", day=day, verdict=payload["verdict"])]
        risks += [str(one) for one in payload["reasons"]]
    need = campaign.data.need if campaign.data else {}
    sections = (
        (
            say("description"),
            (
                words.say(
                    "notice",
                    "purpose",
                    purpose=campaign.purpose,
                    offer=campaign.offer.name,
                ),
                *_chosen(campaign, plan, words),
                record.of("legitimate_aim"),
            ),
        ),
        (
            say("need"),
            (
                *(f"{name}: {need.get(name, say('unsaid'))}" for name in plan.uses),
                record.of("proportionality"),
            ),
        ),
        (say("risks"), tuple(risks)),
        (
            say("measures"),
            (
                say("measure_protected"),
                say("measure_gate"),
                say("measure_objection"),
            ),
        ),
        (
            say("advice"),
            (
                say("advice_dpo", text=record.of("dpo_advice")),
                say("views", text=record.of("subjects_views")),
            ),
        ),
        (
            say("residual"),
            (
                say("rest", text=record.of("residual_risk")),
                say("review", day=record.of("dpia_review")),
            ),
        ),
    )
    gaps = (
        *record.gaps,
        *(f"[data.need] {name}" for name in plan.uses if name not in need),
    )
    title = say("title", campaign=campaign.title or campaign.name)
    return Document(title, sections, gaps)


class _Record:
    """The fields of [record], and which of those asked for are not there."""

    def __init__(self, campaign: Campaign) -> None:
        self._said: Mapping[str, str | date] = campaign.record or {}
        self.gaps: list[str] = []

    def of(self, key: str, otherwise: str = "–") -> str:
        if key in self._said:
            return str(self._said[key])
        self.gaps.append(f"[record] {key}")
        return otherwise


def _data(
    campaign: Campaign, plan: Plan, words: Language, record: _Record
) -> Iterator[str]:
    need = campaign.data.need if campaign.data else {}
    for name in plan.uses:
        if name in need:
            yield words.say("notice", "data_line", column=name, need=need[name])
        else:
            record.gaps.append(f"[data.need] {name}")
            yield words.say("notice", "data_unsaid", column=name)
    if campaign.features is not None:
        yield from campaign.features.names
    named = [n for n in campaign.tables.named() if n != "protected"]
    yield words.say("notice", "tables", tables=", ".join(named))


def _chosen(campaign: Campaign, plan: Plan, words: Language) -> Iterator[str]:
    for kind, rule in plan.rules.items():
        key = "suppress" if kind == "suppression" else "condition"
        for clause in rule.clauses:
            yield words.say("notice", key, clause=clause.text)
    score = campaign.funnel.score
    if score is not None and score.column is not None:
        yield words.say("notice", "score_column", column=score.column)
    elif score is not None:
        yield words.say("notice", "score", columns=", ".join(score.columns or ()))
    yield words.say("notice", "profiling")


def _basis(campaign: Campaign, words: Language, record: _Record) -> str:
    asked: ConsentTable | None = campaign.funnel.consent
    if asked is None:
        record.gaps.append("[funnel.consent]")
        return words.say("notice", "no_basis")
    if asked.basis != "consent":
        return words.say("notice", "interest", reason=asked.reason)
    purpose = asked.purpose or campaign.purpose
    return words.say("notice", "consent", purpose=purpose, channel=asked.channel)


def _kept(campaign: Campaign, words: Language, record: _Record) -> str:
    days = campaign.data.retention_days if campaign.data else None
    if days is not None:
        return words.say("notice", "keep_days", days=days)
    return record.of("retention")


def _recipients(campaign: Campaign, words: Language) -> Sequence[str]:
    said = (campaign.record or {}).get("recipients")
    told = [] if said is None else [str(said)]
    if campaign.export is not None:
        platform = campaign.export.platform
        told.append(words.say("notice", "platform", platform=platform))
    return told or [words.say("notice", "nobody_else")]


def _rights(campaign: Campaign, words: Language, record: _Record) -> Iterator[str]:
    yield words.say("notice", "object", how=record.of("objection"))
    yield words.say("notice", "access")
    yield words.say("notice", "complaint", authority=record.of("authority"))
    attributes = ", ".join(campaign.protected.by)
    yield words.say("notice", "testing", attributes=attributes)
    for name, reason in campaign.protected.use.items():
        yield words.say("notice", "used", column=name, reason=reason)
