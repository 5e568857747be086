"""Whether the audience holds people whom nobody may target, or leans towards them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairness.counts.suppress import SMALLEST
from fairness.errors import alternatives
from fairness.findings.observed import Observed
from fairness.inference import pair_tail, ratio_interval
from pipelines.campaign.conduct.compared import VULNERABLE, beside_others, chance
from pipelines.campaign.conduct.flags import (
    ANY,
    begins,
    column_flags,
    flag_word,
    not_known,
)
from pipelines.campaign.conduct.scene import Params, Scene, hits, many, parts

_BEREAVED = "bereaved"


def zero_tolerance(scene: Scene, params: Params) -> list[Observed]:
    """Count who of the audience has a flag that forbids it, on the day of the campaign.

    A flag stands in the table of flags (in force from ``since`` to ``expires``, both
    included; a row that cannot be read is in force, whatever its flag), in a column of
    [vulnerability], or in a column of the customers that is called like it. A flag of
    which none of them tells is missing, where there is no table of flags. Rows that
    allow targeting are left out for a beneficial offer.

    Parameters
    ----------
    scene : Scene
    params : mapping
        ``flags``: those that forbid it, all there are by default; ``within_days``: how
        long a bereavement does, for ever by default.
    """
    flags, table = scene.flags, scene.flags.rows
    given = params.get("flags") or ()
    wanted = (given,) if isinstance(given, str) else tuple(given)
    columns = dict(flags.columns)
    unknown = dict(flags.unknown)
    further, empty = column_flags(scene, _called(scene, wanted), "params.flags")
    for word, mask in further.items():
        columns[word] = columns.get(word, False) | mask
        unknown[word] = unknown.get(word, False) | empty[word]
    names = wanted or flags.words
    absent = [
        name for name in names if table is None and flag_word(name) not in columns
    ]
    absent_told = Observed.missing(
        f"no table and no column tells who is flagged: {', '.join(absent) or 'anybody'}"
    )
    if table is None and not columns:
        return [absent_told]
    may_target = scene.campaign.offer.polarity == "beneficial"
    days = params.get("within_days")
    anyone, told = np.zeros(flags.size, dtype=bool), {}
    for name in names:
        word = flag_word(name)
        is_short = word == _BEREAVED and days is not None
        until = begins(scene.on, int(days or 0)) if is_short else None
        mask = flags.by_rows(word, until=until, may_target=may_target)
        mask = (mask | columns.get(word, False)) & scene.selected
        anyone |= mask
        told[name] = int(mask.sum())
    anyone |= flags.by_rows(ANY) & scene.selected
    number = int(anyone.sum())
    asked = {flag_word(name) for name in names}
    blind = [mask for word, mask in unknown.items() if word in asked]
    message = (
        f"{many(number)} in the audience are flagged on {scene.on}"
        f"{parts(told, number)}{_unread(scene)}{_others(scene, names)}"
        f"{not_known(scene, blind)}"
    )
    found = [hits(number, message, of=int(scene.selected.sum()))]
    return [*found, absent_told] if absent else found


def _called(scene: Scene, flags: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the customers' columns that are called like a flag and not named."""
    wanted = {flag_word(name) for name in flags}
    named = scene.campaign.vulnerability
    taken = set() if named is None else set(named.flags)
    return {
        name: ()
        for name in scene.crm.customers.columns
        if flag_word(name) in wanted and name not in taken
    }


def vulnerable_share_ratio(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Compare the share of the vulnerable in the audience with that in the universe.

        ratio = (flagged in audience / audience) / (flagged judged / judged)

    The p-value is of a share that is not larger than that of everybody else; the
    interval is that of the selection rates' ratio r, as r / (1 + w (r - 1)), w the
    share of the vulnerable. Missing where no flags were given; idle where nobody has
    one.
    """
    counts, other = _sides(scene)
    if other is not None:
        return [other]
    x, n, x_rest, n_rest = counts
    share, base = x / (x + x_rest), n / (n + n_rest)
    low, high = (
        float(end) if np.isinf(end) else float(end / (1 + base * (end - 1)))
        for end in map(float, ratio_interval(x, n, x_rest, n_rest))
    )
    high = 1 / base if np.isinf(high) else high
    p = float(pair_tail(x, n, x_rest, n_rest, side="upper"))
    if any(0 < cell < SMALLEST for cell in (x, n - x, x_rest, n_rest - x_rest)):
        message = f"the vulnerable are too few to tell their share, {chance(p)}"
        return [Observed(message, value=share / base, p_value=p)]
    message = (
        f"{int(x):,} of {int(x + x_rest):,} in the audience ({share:.1%}) are flagged "
        f"as vulnerable, {base:.1%} of all {int(n + n_rest):,}: ratio "
        f"{share / base:.3f} ({low:.3f} to {high:.3f}), {chance(p)}{not_known(scene)}"
    )
    return [
        Observed(
            message,
            value=share / base,
            attribute=VULNERABLE,
            n=int(x + x_rest),
            selected=int(x),
            low=low,
            high=high,
            p_value=p,
        )
    ]


def vulnerable_outcome_ratio(scene: Scene, params: Params) -> list[Observed]:  # noqa: ARG001
    """Compare the selection rate of the vulnerable with that of the others.

        ratio = (selected_v / n_v) / (selected_rest / n_rest)

    of the customers from the judged stage on; the p-value looks both ways. Missing
    where no flags were given; idle where nobody has one, or nobody else is selected.
    """
    counts, other = _sides(scene)
    if other is not None:
        return [other]
    x, n, x_rest, n_rest = counts
    if not x_rest:
        return [Observed.idle("nobody without a flag is selected")]
    what = f"are selected{not_known(scene)}"
    return [
        beside_others(
            x, n, x_rest, n_rest, attribute=VULNERABLE, group="", what=what, side="both"
        )
    ]


def _sides(
    scene: Scene,
) -> tuple[tuple[float, float, float, float], Observed | None]:
    """Return selected and all of the vulnerable and of the others, or why not."""
    none = (0.0, 0.0, 0.0, 0.0)
    if not scene.flags.given:
        what = "no flags were given (vulnerability.flags, tables.vulnerability)"
        return none, Observed.missing(what)
    judged = scene.judged
    flagged = scene.flags.anyone() & judged
    if not flagged.any():
        if (scene.flags.nobody_knows() & judged).sum() == judged.sum():
            return none, Observed.missing("of nobody is it known whether they are")
        return none, Observed.idle(f"nobody is flagged{not_known(scene)}")
    others = judged & ~flagged
    if not others.any():
        return none, Observed.idle("everybody is flagged: there is nobody beside them")
    if not scene.selected.any():
        return none, Observed.idle("nobody is selected")
    masks = (flagged & scene.selected, flagged, others & scene.selected, others)
    x, n, x_rest, n_rest = (float(mask.sum()) for mask in masks)
    return (x, n, x_rest, n_rest), None


def _others(scene: Scene, names: Sequence[str]) -> str:
    """Name the flags of the table that the rule does not, as it may spell one so."""
    rows = scene.flags.rows
    if rows is None:
        return ""
    words = set(rows.words[scene.selected[rows.places]].tolist())
    others = sorted(words - {ANY, *map(flag_word, names)})
    return f"; not asked about: {alternatives(others)}" if others else ""


def _unread(scene: Scene) -> str:
    rows = scene.flags.rows
    if rows is None or not rows.unread:
        return ""
    return f"; {many(rows.unread, 'rows')} of flags that cannot be read count"
