"""From a campaign file to the stages that a funnel is walked by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fairness.errors import InputError, Problem, shown, unknown_name
from pipelines.campaign.model import Campaign, ScoreTable, where_of
from pipelines.funnel.counted import PATH
from pipelines.funnel.paths import Stage, StageKind
from pipelines.funnel.walking import SCORE, SELECTED, Conditions, Draw, ScoreCut
from pipelines.rules import Rule, parse_rule
from pipelines.targeting.scorer import Scorer

CONTACTABLE = "(contactable)"
LISTED = "(listed)"
WHY = "(why)"
KNOWN = "(known)"
RESERVED = (CONTACTABLE, LISTED, WHY, KNOWN, PATH, SCORE, SELECTED)

_RULES: tuple[StageKind, ...] = ("universe", "suppression", "eligibility", "clauses")


@dataclass(frozen=True)
class Plan:
    """The rules of a campaign, parsed, and the columns that they read.

    Parameters
    ----------
    campaign : Campaign
    rules : dict of stage to Rule
    """

    campaign: Campaign
    rules: Mapping[str, Rule]

    @property
    def uses(self) -> tuple[str, ...]:
        """Columns of the customers that the profile looks at, in order."""
        score = self.campaign.funnel.score
        names = [
            name
            for kind in _RULES
            if kind in self.rules
            for name in self.rules[kind].columns
        ]
        if score is not None:
            names += [score.column] if score.column else list(score.columns or ())
        return tuple(dict.fromkeys(names))

    def problems(
        self, kinds: Mapping[str, str], protected: Collection[str]
    ) -> list[Problem]:
        """Return what is wrong with the rules and columns, given the tables.

        Parameters
        ----------
        kinds : mapping of column to kind
            Of the customers, their features, and the protected columns that the
            campaign says it uses.
        protected : collection of str
            Columns that may only be used where the campaign says so and why.
        """
        campaign = self.campaign
        found = [
            problem
            for kind, rule in self.rules.items()
            for problem in rule.check(kinds)
        ]
        score = campaign.funnel.score
        if score is not None:
            found += _score_problems(score, kinds)
        stated = campaign.protected.use
        folded = {name.casefold() for name in protected}
        read = [*self.uses]
        if score is not None and score.model is not None:
            read += [score.outcome, score.treatment]
        found += [
            Problem(
                _where_used(self, name),
                f"{shown(name)} is a protected attribute, and the profile reads it",
                f'leave it out, or say why under [protected.use]: {name} = "…"',
            )
            for name in read
            if name.casefold() in folded and name not in stated
        ]
        found += [
            Problem(
                where_of("protected", "use", name),
                f"{shown(name)} is used by no rule and no score",
                "leave it out",
            )
            for name in stated
            if name not in self.uses
        ]
        for key in ("value",):
            name = getattr(campaign.offer, key)
            if name is not None and name not in kinds:
                found.append(unknown_name(f"offer.{key}", name, list(kinds), "column"))
        found += [
            unknown_name("protected.strata", name, list(kinds), "column")
            for name in campaign.protected.strata
            if name not in kinds
        ]
        return found

    def conditions(self) -> list[Conditions]:
        """Return the stages that are decided row by row, in order."""
        import narwhals as nw  # noqa: PLC0415

        funnel = self.campaign.funnel
        found = []
        if "universe" in self.rules:
            found.append(_ruled("universe", self.rules["universe"]))
        suppression = self.rules.get("suppression")
        listed = self.campaign.tables.suppression is not None
        if suppression is not None or listed:
            found.append(_suppression(suppression, listed=listed))
        if funnel.consent is not None:
            purpose = funnel.consent.purpose or self.campaign.purpose
            said = f"{purpose} by {funnel.consent.channel}"
            stage = Stage("consent", "consent", (said,))
            # A customer of whom nothing is known may not be contacted.
            met = nw.col(CONTACTABLE).fill_null(value=False)
            found.append(Conditions(stage, (met,)))
        found += [
            _ruled(kind, self.rules[kind])
            for kind in ("eligibility", "clauses")
            if kind in self.rules
        ]
        return found

    def cuts(self, scorer: Scorer | None) -> list[ScoreCut | Draw]:
        """Return the stages that look at all customers together, in order."""
        funnel = self.campaign.funnel
        found: list[ScoreCut | Draw] = []
        if funnel.score is not None:
            score = funnel.score
            said = _cut_said(score, scorer)
            found.append(
                ScoreCut(
                    Stage("score", "score", (said,)),
                    column=None if scorer is not None else score.column,
                    scorer=scorer,
                    top=score.top,
                    share=score.top_share,
                    at_least=None if score.at_least is None else float(score.at_least),
                )
            )
        if funnel.cap is not None:
            stage = Stage("cap", "cap", (f"at most {funnel.cap:,}",))
            found.append(Draw(stage, number=funnel.cap))
        if funnel.holdout is not None:
            stage = Stage(
                "holdout", "holdout", (f"all but a share of {funnel.holdout}",)
            )
            found.append(Draw(stage, share=funnel.holdout))
        return found


def make_plan(campaign: Campaign) -> Plan:
    """Parse the rules of a campaign.

    Raises
    ------
    InputError
        With every problem of every rule, each with its key.
    """
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for kind in _RULES:
        clauses: dict[str, str] | None = getattr(campaign.funnel, kind)
        if clauses is None:
            continue
        try:
            rules[kind] = _parsed(kind, clauses)
        except InputError as error:
            problems += error.problems
    funnel = campaign.funnel
    if not rules and funnel.consent is None and funnel.score is None:
        what = "has no stage: it would take every customer"
        problems.append(Problem("funnel", what, 'write clauses = "orders_12m >= 2"'))
    if funnel.consent is not None and campaign.tables.consents is None:
        what = "is missing: the funnel asks for consent"
        problems.append(Problem("tables.consents", what, "name the table of consents"))
    if problems:
        raise InputError(problems)
    return Plan(campaign, rules)


def _parsed(kind: str, clauses: Mapping[str, str]) -> Rule:
    where = where_of("funnel", kind)
    if kind == "suppression":
        # Each is one reason to leave somebody out, whatever it is made of.
        return parse_rule(
            [(name or text, text) for name, text in clauses.items()], where=where
        )
    if list(clauses) == [""]:
        return parse_rule(clauses[""], where=where)
    return parse_rule(list(clauses.items()), where=where)


def _ruled(kind: StageKind, rule: Rule) -> Conditions:
    stage = Stage(
        kind,
        kind,
        tuple(clause.name for clause in rule.clauses),
        tuple(clause.text for clause in rule.clauses),
    )
    return Conditions(stage, tuple(clause.selects() for clause in rule.clauses))


def _suppression(rule: Rule | None, *, listed: bool) -> Conditions:
    import narwhals as nw  # noqa: PLC0415

    clauses = () if rule is None else rule.clauses
    names = [clause.name for clause in clauses]
    texts = [f"not {clause.text}" for clause in clauses]
    # Only who surely has no reason to be left out stays.
    met: list[Any] = [
        (~clause.expression()).fill_null(value=False) for clause in clauses
    ]
    if listed:
        names.append("suppression list")
        texts.append("not in the suppression list")
        # The join has said of each whether they are on it; who was not found is.
        met.append(~nw.col(LISTED).fill_null(value=True))
    return Conditions(
        Stage("suppression", "suppression", tuple(names), tuple(texts)), tuple(met)
    )


def _cut_said(score: ScoreTable, scorer: Scorer | None) -> str:
    by = scorer.name if scorer is not None else str(score.column)
    if score.top is not None:
        return f"top {score.top:,} by {by}"
    if score.top_share is not None:
        return f"top share {score.top_share} by {by}"
    return f"{by} at least {score.at_least}"


def _score_problems(score: ScoreTable, kinds: Mapping[str, str]) -> list[Problem]:
    if score.column is None:
        return [
            unknown_name("funnel.score.columns", name, list(kinds), "column")
            for name in score.columns or ()
            if name not in kinds
        ]
    if score.column not in kinds:
        return [
            unknown_name("funnel.score.column", score.column, list(kinds), "column")
        ]
    if kinds[score.column] != "number":
        what = f"{shown(score.column)} holds no numbers but {kinds[score.column]}"
        return [Problem("funnel.score.column", what)]
    return []


def _where_used(plan: Plan, name: str) -> str:
    for kind, rule in plan.rules.items():
        if name in rule.columns:
            return where_of("funnel", kind)
    return "funnel.score.columns"


def lots_name(day: date) -> str:
    """Return what the lots of ties, cap and hold-out are drawn by: the year alone.

    Nothing that its author is free to choose is in it: of a campaign that is blocked,
    another name would else give another audience, until one passes.

    Examples
    --------
    >>> lots_name(date(2026, 11, 1))
    '2026'
    """
    return str(day.year)
