"""Why a customer was chosen, in sentences that the customer can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pipelines.campaign.explaining import Explanation, StageTold
from pipelines.campaign.model import Campaign
from pipelines.notices.wording import Language, load_language

MOST_REASONS = 3
"""Columns of a score that are told to a customer."""

_LOTS = {"cap": "lot_cap", "holdout": "lot_holdout"}


def explanation_lines(
    told: Explanation, campaign: Campaign, language: Language | None = None
) -> list[str]:
    """Return an explanation as sentences.

    What decided comes first: for those who were not chosen only the stage at which
    they left, for the others every condition that they met.

    Parameters
    ----------
    told : Explanation
    campaign : Campaign
        The one that ran.
    language : Language, optional
        English by default.
    """
    words = language or load_language()
    first = "chosen" if told.selected else "not_chosen"
    lines = [words.say("person", first, offer=campaign.offer.name)]
    for stage in told.stages:
        if told.selected or stage.outcome == "left":
            lines += _stage(stage, told, campaign, words)
    tables = ", ".join(name for name in campaign.tables.named() if name != "protected")
    lines.append(words.say("person", "source", tables=tables))
    unused = [n for n in campaign.protected.by if n not in campaign.protected.use]
    if unused:
        lines.append(words.say("person", "untouched", attributes=", ".join(unused)))
    lines.append(_objection(campaign, words))
    return lines


def explanation_dict(told: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(name): plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(value)

    found: dict[str, Any] = plain(asdict(told))
    return found


def _stage(
    stage: StageTold, told: Explanation, campaign: Campaign, words: Language
) -> Iterator[str]:
    if stage.kind == "consent":
        yield _consent(stage, told, campaign, words)
    elif stage.kind == "score":
        yield from _score(stage, told, words)
    elif stage.kind in _LOTS:
        if stage.outcome == "left":
            yield words.say("person", _LOTS[stage.kind])
    else:
        for clause in stage.clauses:
            if stage.outcome == "left" and clause.met:
                continue
            key = "met" if clause.met else "not_met"
            if not clause.values:
                yield words.say("person", f"{key}_bare", clause=clause.text)
                continue
            values = ", ".join(
                f"{name} = {_value(value, words)}"
                for name, value in clause.values.items()
            )
            yield words.say("person", key, clause=clause.text, values=values)


def _consent(
    stage: StageTold, told: Explanation, campaign: Campaign, words: Language
) -> str:
    from pipelines.consent import REASONS  # noqa: PLC0415  # loads narwhals

    asked = campaign.funnel.consent
    channel = "" if asked is None else asked.channel
    reason = REASONS.get(told.consent or "no_record", REASONS["no_record"])
    key = "consent_met" if stage.outcome == "passed" else "left_consent"
    return words.say("person", key, channel=channel, reason=reason)


def _score(stage: StageTold, told: Explanation, words: Language) -> Iterator[str]:
    if told.score is None:
        yield words.say("person", "no_score")
        return
    score, mark = _number(told.score), _number(told.mark or 0.0)
    if stage.outcome == "left" and told.mark is not None and told.score >= told.mark:
        yield words.say("person", "score_tie")
        return
    key = "score_in" if stage.outcome == "passed" else "score_out"
    yield words.say("person", key, score=score, mark=mark)
    # What spoke for those who were chosen, and against those who were not.
    side = 1 if stage.outcome == "passed" else -1
    telling = [one for one in told.reasons if one.effect * side > 0]
    for one in telling[:MOST_REASONS]:
        yield words.say(
            "person",
            "score_raise" if one.effect > 0 else "score_lower",
            column=one.column,
            value=_value(one.value, words),
            typical=_value(one.typical, words),
            effect=_number(abs(one.effect)),
        )


def _objection(campaign: Campaign, words: Language) -> str:
    how = (campaign.record or {}).get("objection")
    if how is None:
        return words.say("person", "object_unsaid")
    return words.say("person", "object", how=how)


def _value(value: Any, words: Language) -> str:
    if value is None:
        return words.say("person", "missing")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return f"{value:.3g}"
