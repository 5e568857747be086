"""A policy as a document to read."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from fairness.errors import ascii_controls
from fairness.metrics import METRICS
from fairness.policy.fields import told
from fairness.policy.model import STALE_DAYS, Policy, Rule

_WIDTH = 100
_STALE = timedelta(days=STALE_DAYS)
_ORDERS = {1: "single attributes", 2: "pairs of attributes"}
_EVIDENCE = {
    "significant": "a gap counts when it is statistically significant",
    "point": "the estimate alone decides",
    "proven": "the whole confidence interval has to lie inside the bound",
}
_MISSING = {
    "block": "what cannot be observed blocks",
    "review": "what cannot be observed asks for a named reviewer",
    "note": "what cannot be observed is noted",
}
_SEVERITY = {
    "block": "a failure blocks the campaign",
    "review": "a failure asks for a named reviewer",
    "note": "a failure is noted and changes no verdict",
}


def policy_text(policy: Policy, *, today: date | None = None) -> str:
    r"""Return a policy as a plain-text document, at most 100 columns wide.

    Parameters
    ----------
    policy : Policy
    today : date, optional
        With a day, the document says which rules apply on it, and warns where the
        policy was last checked more than 180 days before.

    Returns
    -------
    str
        Control characters of the policy file are shown, not passed on.

    Examples
    --------
    >>> rule = {
    ...     "id": "ours", "title": "Burdens", "metric": "burden_ratio",
    ...     "at_most": "1.25", "severity": "review", "status": "voluntary",
    ...     "why": "We do not lean on anybody.",
    ...     "citation": {"source": "practice", "as_of": "2026-11-23"},
    ... }
    >>> policy = Policy(
    ...     name="house", version="1", title="House rules", jurisdiction="none",
    ...     disclaimer="Ours alone.", as_of="2026-11-23", rules=[rule],
    ... )
    >>> print(*policy_text(policy).splitlines()[12:16], sep="\n")
    ours  Burdens
      bound     burden_ratio must be at most 1.25
      looks at  single attributes; any offers
      severity  review: a failure asks for a named reviewer
    """
    title = _plain(policy.title)
    blocks = [
        (0, [title, "=" * min(len(title), _WIDTH)]),
        (14, list(_head(policy))),
        (0, [_staleness(policy, today)]),
        *((12, list(_rule_lines(rule, today))) for rule in policy.rules),
        (0, [_plain(policy.disclaimer)]),
    ]
    texts = ["\n".join(_wrapped(lines, margin)) for margin, lines in blocks]
    return "\n\n".join(text for text in texts if text) + "\n"


def _wrapped(lines: Iterable[str], margin: int) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(
            line, _WIDTH, subsequent_indent=" " * margin, break_on_hyphens=False
        )


def _plain(text: str) -> str:
    return ascii_controls(" ".join(text.split()))


def _percent(value: Decimal) -> str:
    return f"{(value * 100).normalize():f} %"


def _head(policy: Policy) -> Iterator[str]:
    yield f"policy        {_plain(policy.name)} {_plain(policy.version)}"
    yield f"digest        {policy.digest}"
    yield f"jurisdiction  {_plain(policy.jurisdiction)}"
    yield f"sectors       {', '.join(map(_plain, policy.sectors)) or 'any'}"
    yield f"checked on    {policy.as_of}"
    yield (
        f"evidence      fails below p = {told(policy.alpha)}, inconclusive below "
        f"{told(policy.alpha_review)}"
    )
    yield (
        f"too few       fewer than {policy.min_expected} expected; a review where they "
        f"hold more than {_percent(policy.max_unmeasured)} of the customers"
    )
    required = policy.required
    listed = "every audited attribute" if required is None else ", ".join(required)
    yield f"required      {_plain(listed) or 'none'}"
    for name, reason in policy.allowed_strata.items():
        yield f"stratum       {_plain(name)}: {_plain(reason)}"


def _staleness(policy: Policy, today: date | None) -> str:
    if today is None or today - policy.as_of <= _STALE:
        return ""
    days = (today - policy.as_of).days
    return (
        f"WARNING: last checked on {policy.as_of}, {days} days before {today}. "
        "Check the citations before use."
    )


def _rule_lines(rule: Rule, today: date | None) -> Iterator[str]:
    metric = _plain(rule.metric)
    yield f"{rule.id}  {_plain(rule.title)}"
    yield f"  bound     {metric} must be {rule.bound}"
    yield f"  looks at  {_scope(rule)}"
    for name, value in (rule.params or {}).items():
        yield f"  with      {_plain(name)} = {_plain(_param(value))}"
    for condition in _conditions(rule):
        yield f"  only      {condition}"
    yield f"  severity  {rule.severity}: {_SEVERITY[rule.severity]}"
    if rule.unwaivable:
        yield "            no waiver is accepted"
    if rule.on_missing is not None:
        yield f"  missing   {_MISSING[rule.on_missing]}"
    yield f"  evidence  {rule.evidence}: {_EVIDENCE[rule.evidence]}"
    yield f"  status    {_status(rule, today)}"
    yield f"  why       {_plain(rule.why)}"
    if rule.remedy is not None:
        yield f"  remedy    {_plain(rule.remedy)}"
    cited = ", ".join(
        part for part in (rule.citation.source, rule.citation.locator) if part
    )
    doubt = "" if rule.confirmed else " (not confirmed)"
    yield f"  source    {_plain(cited)}, as of {rule.citation.as_of}{doubt}"


def _param(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_param, value))
    return value if isinstance(value, str) else told(value)


def _scope(rule: Rule) -> str:
    metric = METRICS.get(rule.metric)
    if metric is not None and metric.form == "conduct":
        offers = "any" if rule.offers is None else " or ".join(rule.offers)
        return f"the campaign; {offers} offers"
    orders = [_ORDERS.get(k, f"{k} attributes together") for k in rule.order]
    among = "" if rule.attributes is None else f" among {', '.join(rule.attributes)}"
    offers = "any" if rule.offers is None else " or ".join(rule.offers)
    against = "" if rule.reference is None else f", against {rule.reference}"
    return _plain(f"{' and '.join(orders)}{among}; {offers} offers{against}")


def _conditions(rule: Rule) -> Iterator[str]:
    present: list[tuple[object, Callable[[], str]]] = [
        (rule.sectors, lambda: f"sectors {', '.join(map(_plain, rule.sectors or ()))}"),
        (
            rule.min_share,
            lambda: f"groups with {_percent(rule.min_share)} of the customers or more",
        ),
        (
            rule.ratio_below,
            lambda: f"groups whose selection-rate ratio is below {rule.ratio_below}",
        ),
        (
            rule.shortfall_at_least,
            lambda: f"where {rule.shortfall_at_least} people or more are short",
        ),
        (
            rule.shortfall_share_at_least,
            lambda: (
                f"where {_percent(rule.shortfall_share_at_least)} of the group or more "
                "are short"
            ),
        ),
    ]
    return (words() for value, words in present if value)


def _status(rule: Rule, today: date | None) -> str:
    dates = [
        f"{word} {day}"
        for word, day in (("from", rule.effective_from), ("to", rule.effective_to))
        if day
    ]
    words = " ".join([rule.status.replace("_", " "), *dates])
    if rule.basis:
        words += f"; basis: {_plain(rule.basis)}"
    if today is None:
        return words
    applies, reason = rule.in_force(today)
    answer = "applies" if applies else f"does not apply ({reason})"
    return f"{words}; on {today} it {answer}"
