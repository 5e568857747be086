"""Whether an audit for bias leaves nobody out, and who made it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from fairness.findings.messages import label
from fairness.findings.observed import Observed
from fairness.groups import MISSING
from pipelines.campaign.conduct.lexicon import listed, tokens_of
from pipelines.campaign.conduct.records import meant
from pipelines.campaign.conduct.scene import Params, Scene
from pipelines.crm.statuses import folded
from pipelines.rules import nodes

_SMALL = 0.02
_UNKNOWN = frozenset(
    folded(one)
    for one in (
        "unknown", "unk", "u", "not known", "not stated", "not given", "not specified",
        "undisclosed", "declined", "refused", "prefer not to say",
        "prefer not to answer",
        "n/a", "na", "null", "none", "other/unknown", "?", "-", "unbekannt",
        "keine angabe", "k.A.", "inconnu", "non renseigné", "desconocido",
    )
)  # fmt: skip
_NOBODY = _UNKNOWN | {"tbd", "tba", "nobody", "noone", "self", "inhouse"}


def unjustified_exclusions(scene: Scene, params: Params) -> list[Observed]:
    """Count the categories left out of the ratios that may not be, or without a reason.

    ``excluded_categories`` on record names them; below 2 % of the data one may be left
    out with an ``exclusion_reason``.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``share``: below which a category is small, 0.02 by default.
    """
    said = scene.campaign.record or {}
    excluded = _items(said.get("excluded_categories"))
    if not excluded:
        return [Observed("no category is left out", value=0.0)]
    most = float(params.get("share", _SMALL))
    shares = _shares(scene)
    has_reason = bool(str(said.get("exclusion_reason", "")).strip())
    wrong = []
    for name in excluded:
        found = [share for group, share in shares if folded(group) == folded(name)]
        if not found:
            wrong.append(f"{label(name)} is no category of the data")
        elif max(found) >= most:
            wrong.append(f"{label(name)} is {max(found):.1%} of the data")
        elif not has_reason:
            why = meant("exclusion_reason", said)
            wrong.append(f"{label(name)} has no reason on record: {why}")
    message = (
        f"{len(wrong)} of {len(excluded)} categories are left out without right: "
        f"{listed(wrong)}"
        if wrong
        else f"left out with a reason, each below {most:.0%}: "
        f"{listed([label(one) for one in excluded])}"
    )
    return [Observed(message, value=float(len(wrong)))]


def unknown_not_counted(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Count the attributes of which those without a known category are not counted.

    Empty cells are counted by themselves. A label that stands for an unknown category
    is a category like any other unless ``unknown_categories`` on record names it, and a
    rule that keeps the unknown out leaves nobody to count.
    """
    said = scene.campaign.record or {}
    named = {folded(one) for one in _items(said.get("unknown_categories"))}
    wrong, told = {}, []
    for name in scene.roles.by:
        table = scene.audit.tables[(name,)]
        labels = [
            group
            for group in table.groups
            if folded(group) in _UNKNOWN and folded(group) not in named
        ]
        if labels:
            wrong[name] = f"{label(name)} has the category {label(labels[0])}"
        elif _keeps_out_unknown(scene, name):
            wrong[name] = f"a rule keeps out those whose {label(name)} is unknown"
        elif MISSING in table.groups:
            told.append(label(name))
    if wrong:
        message = f"unknown categories are not counted: {listed(list(wrong.values()))}"
    else:
        message = "those of an unknown category are counted"
        message += f" (there are some by {listed(told)})" if told else ""
    return [Observed(message, value=float(len(wrong)))]


def auditor_not_independent(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Return 1 where no auditor is named, or it is who owns, built or uses the tool."""
    campaign = scene.campaign
    said = campaign.record or {}
    auditor = str(said.get("auditor", ""))
    own = sorted(tokens_of(auditor))
    if not own or folded(auditor) in _NOBODY:
        return [Observed("no auditor is on record (auditor)", value=1.0)]
    sides = {
        "the owner of the campaign": campaign.owner,
        "who built the tool (developer)": str(said.get("developer", "")),
        "the controller": str(said.get("controller", "")),
    }
    for who, name in sides.items():
        if sorted(tokens_of(name)) == own:
            return [Observed(f"the auditor, {label(auditor)}, is {who}", value=1.0)]
    attests = "auditor_attests" in said
    message = f"the auditor is {label(auditor)}"
    message += ", who attests it" if attests else "; no attestation is on record"
    return [Observed(message, value=0.0)]


def _items(value: str | date | None) -> list[str]:
    """Return the items of a list on record, which is kept as one text."""
    return [one.strip() for one in str(value or "").split(",") if one.strip()]


def _shares(scene: Scene) -> Iterator[tuple[str, float]]:
    """Yield each category and its share of those whose category is known."""
    made = []
    for table in scene.audit.tables.values():
        known = {
            group: int(n)
            for group, n in zip(table.groups, table.n.tolist(), strict=True)
            if MISSING not in group
        }
        total = sum(known.values())
        made += [(group, n / total) for group, n in known.items()]
    return iter(made)


def _keeps_out_unknown(scene: Scene, name: str) -> bool:
    """Whether a rule before the audience asks that an attribute is known."""
    for kind in ("universe", "eligibility", "clauses"):
        rule = scene.plan.rules.get(kind)
        if rule is None or name not in rule.columns:
            continue
        for node in nodes.walk(rule.tree):
            if isinstance(node, nodes.Not) and isinstance(node.condition, nodes.IsNull):
                operand = node.condition.operand
                if isinstance(operand, nodes.Column) and operand.name == name:
                    return True
    return False
