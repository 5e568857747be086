"""Carry a campaign out: read, join, walk, count, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.auditing import DEFAULT_POLICIES, Audit
from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError, Problem, shown
from fairness.groups import MISSING
from pipelines.campaign.conduct import Scene, Surroundings
from pipelines.campaign.doubts import doubts_of, gated
from pipelines.campaign.frame import SharedTables, open_tables, prepare, send_day
from pipelines.campaign.model import Campaign
from pipelines.campaign.plan import KNOWN, WHY, Plan, lots_name, make_plan
from pipelines.campaign.result import CampaignRun
from pipelines.campaign.scoring import scoring_of
from pipelines.crm import Crm
from pipelines.funnel.counting import Roles, count_walked
from pipelines.funnel.walking import Draw, ScoreCut, Walked, walk
from pipelines.targeting.propensity import FittedScore
from pipelines.targeting.scorer import Scorer

if TYPE_CHECKING:
    from fairness.policy import Policy, Waiver


def _silent(_: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how a run gets on.

    Parameters
    ----------
    step : callable
        Told the name of each step as it begins.
    rows : callable
        Told the number of customers of each batch.
    """

    step: Callable[[str], None] = _silent
    rows: Callable[[int], None] = _silent


def run_campaign(
    campaign: Campaign,
    *,
    directory: str | Path = ".",
    tables: Mapping[str, Any] | None = None,
    estimator: Any = None,
    around: Surroundings | None = None,
    waivers: Sequence[Waiver] = (),
    on: date | None = None,
    watch: Watch | None = None,
    shared: SharedTables | None = None,
    quarantine: Path | None = None,
) -> CampaignRun:
    """Walk a campaign's funnel and judge its audience; nothing is released.

    Parameters
    ----------
    campaign : Campaign
        See `load_campaign`.
    directory : path, default "."
        Where relative paths of the campaign start.
    tables : mapping of name to table or path, optional
        In place of the campaign's own: frames of any supported library.
    estimator : Scorer or fitted scikit-learn estimator, optional
        In place of training the campaign's model.
    around : Surroundings, optional
        Ledger and keys, which rules on security look at.
    waivers : sequence of Waiver, optional
    on : date, optional
        The day that policies and waivers are in force at; today by default.
    watch : Watch, optional
    shared : SharedTables, optional
        Opens tables once for many campaigns.
    quarantine : Path, optional
        Directory for the rows that break a contract, made where there are any.

    Returns
    -------
    CampaignRun

    Raises
    ------
    InputError
        With every problem found in the rules, the tables or the policies.
    """
    told = watch or Watch()
    plan = make_plan(campaign)
    policies = policies_of(campaign, Path(directory))
    day = campaign.as_of or datetime.now(tz=UTC).date()
    told.step("reading the tables")
    asks = _asks_conduct(policies, on)
    with ExitStack() as stack:
        opened = stack.enter_context(
            open_tables(campaign, Path(directory), tables or {}, day, shared)
        )
        prepared = prepare(plan, opened, day)
        if quarantine is not None:
            _set_aside(opened, quarantine)
        scoring = scoring_of(prepared, campaign.protected.use, estimator)
        roles = _roles(plan, day)
        scorer: Scorer | None = None

        def cuts() -> list[ScoreCut | Draw]:
            nonlocal scorer
            if scoring.trains:
                told.step("training the score")
            scorer = scoring.scorer()
            told.step("walking the funnel")
            return plan.cuts(scorer)

        walked = walk(
            prepared.frame,
            id=campaign.tables.id,
            conditions=plan.conditions(),
            cuts=cuts,
            reads=scoring.reads,
            carried=[
                *roles.carried,
                *([WHY] if campaign.funnel.consent else []),
                *([KNOWN] if prepared.is_joined else []),
            ],
            draw=lots_name(day),
            progress=told.rows,
        )
        told.step("counting and judging")
        if not asks:
            # What the engine holds is needed no longer.
            stack.close()
        base = _base(campaign, [step.kind for step in walked.paths.stages])
        counted, funnel = count_walked(walked, roles, base=base)
        audit = Audit.of_counts(
            counted.counts,
            bins=counted.bins,
            values=counted.values,
            columns=counted.columns,
            value_cap=roles.value_cap,
            intersections=campaign.protected.intersections,
            offer=campaign.offer.polarity,
            subject=campaign.name,
            notes=counted.notes,
        )
        doubts = doubts_of(audit, funnel, policies, prepared.violations, on=on)
        scene = None
        if asks:
            told.step("looking at its conduct")
            scene = Scene(
                campaign,
                plan,
                send_day(campaign, day),
                opened,
                walked,
                audit,
                funnel,
                roles,
                scorer,
                scoring.trained,
                prepared.why,
                around or Surroundings(),
            )
        decision = gated(audit, policies, doubts, waivers=waivers, on=on, conduct=scene)
    return CampaignRun(
        campaign,
        day,
        walked,
        audit,
        decision,
        funnel,
        roles,
        scorer,
        (
            *_base_notes(campaign),
            *_unknown_notes(walked, prepared.attribute_rows),
            *_score_notes(scorer),
            *prepared.notes,
        ),
        _consents(walked),
        doubts,
        None if scene is None else scene.recorded(),
    )


def _asks_conduct(policies: Sequence[Policy], on: date | None) -> bool:
    """Whether a rule in force is on the conduct of the campaign."""
    from fairness.policy.conduct import is_conduct  # noqa: PLC0415

    day = on or datetime.now(tz=UTC).date()
    return any(
        is_conduct(rule) and rule.in_force(day)[0]
        for policy in policies
        for rule in policy.rules
    )


def _set_aside(crm: Crm, directory: Path) -> None:
    if any(one.outcome == "quarantined" for one in crm.violations.counts):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        crm.write_quarantine(directory)


def policies_of(campaign: Campaign, directory: Path) -> tuple[Policy, ...]:
    """Return the policies of a campaign; those of its offer where it names none.

    Raises
    ------
    InputError
        With every problem of every policy.
    """
    from fairness.policy import (  # noqa: PLC0415  # pydantic models
        list_packs,
        load_pack,
        load_policy,
    )

    names: Sequence[str] = campaign.policy.use or ()
    if not names:
        names = DEFAULT_POLICIES[campaign.offer.polarity or "beneficial"]
    problems: list[Problem] = []
    found = []
    for name in names:
        try:
            is_file = name.endswith(".toml")
            policy = load_policy(directory / name if is_file else name)
        except InputError as error:
            problems += error.problems
            continue
        is_pack = is_file and policy.name in list_packs()
        if is_pack and policy.digest != load_pack(policy.name).digest:
            what = f"is called {shown(policy.name)}, like a pack, and is another"
            hint = "give a policy of your own a name of its own"
            problems.append(Problem(shown(name), what, hint))
        found.append(policy)
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(found))


def _roles(plan: Plan, day: date) -> Roles:
    campaign = plan.campaign
    cap = campaign.offer.value_cap
    attributes = {*campaign.protected.by, campaign.tables.id}
    return Roles(
        by=campaign.protected.by,
        id=campaign.tables.id,
        bands=campaign.protected.bands or None,
        as_of=day,
        value=campaign.offer.value,
        strata=campaign.protected.strata,
        # An attribute is no proxy for itself, and an id is one of nothing.
        uses=tuple(name for name in plan.uses if name not in attributes),
        value_cap=None if cap is None else float(cap),
    )


def _consents(walked: Walked) -> dict[str, int]:
    """Return the customers by what their consent says, in the order of the reasons."""
    if WHY not in walked.table.schema.names:
        return {}
    from pipelines.consent import REASONS  # noqa: PLC0415

    pairs = walked.table[WHY].value_counts().to_pylist()
    found = {pair["values"]: pair["counts"] for pair in pairs}
    return {why: found[why] for why in REASONS if why in found}


def _unknown_notes(walked: Walked, rows: int) -> tuple[str, ...]:
    """Tell of customers without a row in the protected table, and of rows of nobody."""
    if KNOWN not in walked.table.schema.names:
        return ()
    known = walked.table[KNOWN]
    notes = []
    if known.null_count:
        notes.append(
            f"{_many(known.null_count)} customers have no row in the protected table: "
            f"they are in the group {MISSING} of each attribute in it"
        )
    strange = rows - (len(known) - known.null_count)
    if strange:
        notes.append(f"{_many(strange)} rows of the protected table are nobody's here")
    return tuple(notes)


def _many(number: int) -> str:
    return f"{number:,}" if number >= SMALLEST else f"fewer than {SMALLEST}"


def _score_notes(scorer: Scorer | None) -> tuple[str, ...]:
    """Tell what a trained score was made of, and how well it ranks."""
    if not isinstance(scorer, FittedScore):
        return tuple(getattr(scorer, "notes", ()))
    trained, auc = scorer.trained_on, scorer.auc
    told = (
        f"score: {scorer.name}, trained on {trained.rows:,} customers of whom "
        f"{trained.outcome_rate:.1%} said yes; AUC on customers left out "
        f"{auc.estimate:.2f} ({auc.low:.2f} to {auc.high:.2f})"
    )
    return (told, *scorer.notes)


def _base(campaign: Campaign, kinds: Sequence[str]) -> int:
    base = campaign.funnel.base
    if base is not None:
        return kinds.index(base)
    # Whom the offer is made for at all is no step of the selection.
    return 1 if kinds[0] == "universe" and len(kinds) > 1 else 0


def _base_notes(campaign: Campaign) -> tuple[str, ...]:
    funnel = campaign.funnel
    notes = []
    if funnel.universe is not None:
        notes.append("the universe is a rule: customers outside it are not judged")
    if funnel.base is not None:
        notes.append(
            f"judged from the stage {funnel.base} on, as the campaign asks: "
            f"{funnel.base_reason}"
        )
    return tuple(notes)
