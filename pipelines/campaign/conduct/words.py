"""What the words of a campaign say: its names, its copy, its price notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairness.errors import shown
from fairness.findings.observed import Observed
from pipelines.campaign.conduct.columns import topics
from pipelines.campaign.conduct.lexicon import (
    Hit,
    listed,
    says_nothing,
    tokens_of,
    words_of,
)
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.campaign.conduct.sides import sides
from pipelines.rules import nodes

_STAGES = ("universe", "eligibility", "clauses")


def sensitive_names(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the names that hold a word of hardship or of a special category.

    Looked at are the names of the campaign, its audience and its clauses, and the
    labels of segments: texts that a rule keeps people by. The text of a clause without
    a name of its own is none. A stage that leaves people out, and a clause that keeps
    only who has no hardship, are named after what they protect from.
    """
    special = topics("special")
    names, columns = words_of("names"), words_of("columns")
    found = {}
    for what, name in _names(scene):
        hits = [*names.hits(name), *columns.hits(name, special)]
        if what == "clause" and _protects(scene, name):
            hits = [hit for hit in hits if hit.topic != "hardship"]
        if hits:
            found[f"{what} {shown(name)}"] = hits
    if not found:
        return [Observed("no name holds a sensitive word", value=0.0)]
    told = [f"{name} ({_words(hits)})" for name, hits in found.items()]
    what = "name holds a" if len(found) == 1 else "names hold a"
    message = f"{len(found)} {what} sensitive word: {listed(told)}"
    return [Observed(message, value=float(len(found)))]


def preference_words(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the words of the copy that state a preference or a limitation."""
    copy = _copy(scene)
    if copy is None:
        return [Observed.missing("no copy is given ([creative] copy)")]
    hits = words_of("copy").hits(copy, ("preference",))
    if not hits:
        return [Observed("the copy states no preference", value=0.0)]
    what = f"the copy states a preference: {_words(hits)}"
    return [Observed(what, value=float(len(hits)))]


def urgency_without_evidence(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the claims of urgency or scarcity, of fields and copy, without evidence."""
    creative = scene.campaign.creative
    if creative is None:
        return [Observed("nothing is claimed: there is no creative", value=0.0)]
    claims = [
        name
        for name, claimed in (
            ("a countdown", creative.countdown),
            ("scarcity", creative.scarcity),
        )
        if claimed
    ]
    hits = words_of("copy").hits(creative.copy_text or "", ("urgency",))
    claims += [f'"{hit.word}"' for hit in hits]
    if not claims:
        return [Observed("nothing urges", value=0.0)]
    evidence = creative.evidence
    if evidence is not None and not says_nothing(evidence):
        what = f"{listed(claims)}: with the evidence {shown(evidence[:120])}"
        return [Observed(what, value=0.0)]
    what = f"without evidence the creative claims {listed(claims)}"
    return [Observed(what, value=float(len(claims)))]


def dark_patterns(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the items of a checklist of dark patterns that the creative meets.

    A choice made beforehand; a countdown, or scarcity, without evidence; more steps to
    cancel than to sign up; an answer that shames. Missing where nothing is said.
    """
    creative = scene.campaign.creative
    if creative is None:
        return [Observed.missing("nothing is said of the creative ([creative])")]
    met = []
    if creative.preselected:
        met.append("a choice is made beforehand")
    if creative.countdown and says_nothing(creative.evidence):
        met.append("a countdown has no evidence of its end")
    if creative.scarcity and says_nothing(creative.evidence):
        met.append("scarcity has no evidence")
    join, leave = creative.signup_steps, creative.cancel_steps
    if join is not None and leave is not None and leave > join:
        met.append(f"{leave} steps to cancel, {join} to sign up")
    hits = words_of("copy").hits(creative.copy_text or "", ("shame",))
    met += [f'an answer shames ("{hit.word}")' for hit in hits]
    message = f"{len(met)} of the checklist: {listed(met)}" if met else "none is met"
    if (join is None) != (leave is None):
        message += "; steps are told of one side only"
    return [Observed(message, value=float(len(met)))]


def price_notice_missing(scene: Scene, params: Params) -> list[Observed]:
    """Return 1 where the price is personalised and its notice is missing.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``text``: the words that the notice has to hold, whatever their case.
    """
    creative = scene.campaign.creative
    if creative is None or not creative.personalised_price:
        return [Observed.idle("the price is not personalised")]
    notice, wanted = creative.price_notice, str(params.get("text") or "")
    if notice is None or says_nothing(notice):
        what = "the price is personalised and no notice says so"
        return [Observed(what, value=1.0)]
    if not _holds(tokens_of(notice), tokens_of(wanted)):
        what = f"the notice of the price does not hold the words {shown(wanted)}"
        return [Observed(what, value=1.0)]
    return [Observed("the price carries its notice", value=0.0)]


def _names(scene: Scene) -> Iterator[tuple[str, str]]:
    campaign = scene.campaign
    yield "campaign", campaign.name
    if campaign.title is not None:
        yield "title", campaign.title
    if campaign.export is not None and campaign.export.audience_name is not None:
        yield "audience", campaign.export.audience_name
    for stage in _STAGES:
        for name in getattr(campaign.funnel, stage) or ():
            if name:
                yield "clause", name
    labels = [
        text
        for stage in _STAGES
        if stage in scene.plan.rules
        for text in kept_labels(scene.plan.rules[stage].tree)
    ]
    for text in dict.fromkeys(labels):
        yield "segment", text


def kept_labels(condition: nodes.Condition, *, keeps: bool = True) -> Iterator[str]:
    """Yield the texts that a condition keeps people by, not those it leaves out.

    Examples
    --------
    >>> from pipelines.rules import parse_rule
    >>> rule = parse_rule("a IN ('x', 'y') AND b <> 'z' AND NOT c LIKE '%w%'")
    >>> list(kept_labels(rule.tree))
    ['x', 'y']
    """
    match condition:
        case nodes.And(parts) | nodes.Or(parts):
            for part in parts:
                yield from kept_labels(part, keeps=keeps)
        case nodes.Not(inner):
            yield from kept_labels(inner, keeps=not keeps)
        case nodes.IsTruth(inner, truth):
            yield from kept_labels(inner, keeps=keeps is truth)
        case nodes.Comparison("<>", left, right):
            yield from () if keeps else _texts(left, right)
        case _ if keeps:
            yield from _texts(*nodes.children(condition))
            if isinstance(condition, nodes.Match):
                yield condition.pattern


def _texts(*values: nodes.Node) -> Iterator[str]:
    for value in values:
        if isinstance(value, nodes.Text):
            yield value.value


def _protects(scene: Scene, name: str) -> bool:
    """Whether a clause reads columns of hardship, and keeps only who has none."""
    found = [
        side
        for rule in scene.plan.rules.values()
        for clause in rule.clauses
        if clause.name == name
        for column in clause.columns
        if words_of("columns").hits(column, ("hardship",))
        for side in sides(clause.tree, column)
    ]
    return bool(found) and set(found) == {"less"}


def _copy(scene: Scene) -> str | None:
    creative = scene.campaign.creative
    return None if creative is None else creative.copy_text


def _words(hits: Sequence[Hit]) -> str:
    return listed([f"{hit.word}: {hit.topic}" for hit in dict.fromkeys(hits)])


def _holds(tokens: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    places = range(len(tokens) - size + 1)
    return any(tuple(tokens[p : p + size]) == tuple(wanted) for p in places)
