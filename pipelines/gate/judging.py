"""Judge an audience, or the segments of a segmentation, from counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from fairness.auditing import DEFAULT_POLICIES, Audit, Decision
from fairness.counts import GroupCounts, count
from fairness.counts.build import Counted
from fairness.errors import AudienceBlockedError, InputError, Problem, shown
from fairness.frames import EagerTable, open_table, read_eager
from fairness.groups import split_names
from pipelines.gate.terms import Terms

if TYPE_CHECKING:
    from fairness.policy import Policy

BoolArray = NDArray[np.bool_]
Verdict = Literal["clear", "review", "block"]

SELECTED = "(selected)"
SEGMENT = "(segment)"
_WORST: tuple[Verdict, ...] = ("block", "review", "clear")
_MOST_REASONS = 3
_UNTOLD = {"not_measurable", "not_applicable"}


@dataclass(frozen=True, eq=False)
class Judged:
    """What was found of an audience, or of every segment of a segmentation.

    Parameters
    ----------
    decisions : mapping of str to Decision
        By what was judged: a function's name, or its segments.
    verdict : {"clear", "review", "block"}
        The worst of them.
    reasons : tuple of str
        Why it is not clear.
    is_compared : bool
        Whether groups of every attribute could be compared.
    """

    decisions: Mapping[str, Decision]
    verdict: Verdict
    reasons: tuple[str, ...]
    is_compared: bool

    @property
    def decision(self) -> Decision:
        """The first of the worst decisions."""
        return min(self.decisions.values(), key=lambda one: _WORST.index(one.verdict))

    @property
    def audit(self) -> Audit:
        """What its decision is about."""
        return self.decision.audit

    def raise_for_verdict(self, fail_on: Literal["review", "block"]) -> Judged:
        """Raise unless the audience may be handed on; else return this.

        Parameters
        ----------
        fail_on : {"review", "block"}
            "block" lets a review pass where every attribute could be compared.

        Raises
        ------
        AudienceBlockedError
        """
        passes = {"clear"} if fail_on == "review" else {"clear", "review"}
        if self.verdict in passes and self.is_compared:
            return self
        told = "; ".join(self.reasons[:_MOST_REASONS]) or "see the findings"
        more = len(self.reasons) - _MOST_REASONS
        told += f" (+{more} more reasons)" if more > 0 else ""
        raise AudienceBlockedError(f"{self.verdict}: {told}", self.verdict)

    def __repr__(self) -> str:
        size = len(self.decisions)
        what = "an audience" if size == 1 else f"{size} segments"
        return f"<Judged {what}: {self.verdict}; .decision and .reasons tell more>"


def judge_selection(
    selected: BoolArray, terms: Terms, protected: Any, ids: Any, subject: str
) -> Judged:
    """Judge who was selected out of some customers.

    Parameters
    ----------
    selected : bool array
        One for each customer.
    terms : Terms
    protected : table or path
        Their attributes, by id where `ids` are given, else row by row.
    ids : pyarrow array or None
    subject : str
        What the selection is called.

    Raises
    ------
    InputError
        With every problem of the tables.
    """
    flags = _column(selected.astype(np.uint8))
    counted = _count(terms, protected, ids, {SELECTED: flags}, len(selected))
    decision = _decided(counted, counted.counts, terms, subject, 1)
    return _judged({subject: decision})


def judge_segments(
    labels: Sequence[str | None], terms: Terms, protected: Any, ids: Any
) -> Judged:
    """Judge every segment as if its members had been selected.

    The segments share alpha: each is judged at its part of it (Bonferroni), so that a
    fair segmentation into many is not called unfair by chance.

    Parameters
    ----------
    labels : sequence of str or None
        Segment of each customer; None where there is none.
    terms, protected, ids
        See `judge_selection`.

    Raises
    ------
    InputError
        No segments, or every problem of the tables.
    """
    import pyarrow as pa  # noqa: PLC0415

    names = sorted({one for one in labels if one is not None})
    if not names:
        raise InputError(Problem("segments", "there is none"))
    place = {name: str(number) for number, name in enumerate(names, start=1)}
    codes = pa.array(["0" if one is None else place[one] for one in labels])
    none = _column(np.zeros(len(labels), np.uint8))
    counted = _count(
        terms, protected, ids, {SEGMENT: codes, SELECTED: none}, len(labels)
    )
    return _judged(
        {
            name: _decided(
                counted,
                _segment(counted.counts, place[name]),
                terms,
                f"segment {name}",
                len(names),
            )
            for name in names
        }
    )


def refuse_protected(
    columns: Collection[str], terms: Terms, protected: Any = None
) -> None:
    """Refuse customers that carry protected columns which nobody said why to use.

    Parameters
    ----------
    columns : collection of str
        Those that the profile can read.
    terms : Terms
    protected : table or path, optional
        All of its columns are protected but the id.

    Raises
    ------
    InputError
    """
    known = list(columns)
    names = split_names(terms.by, known) if isinstance(terms.by, str) else terms.by
    aside = dict.fromkeys(names)
    if protected is not None:
        aside |= dict.fromkeys(open_table(protected, name="protected").columns)
    problems = [
        Problem(
            "protected",
            f"column {shown(name)} is protected, and the profile could read it",
            f"leave it out, or say why it is used: use={{{shown(name)}: 'why'}}",
        )
        for name in aside
        if name in known and name != terms.id and name not in terms.use
    ]
    if problems:
        raise InputError(problems)


def _column(values: NDArray[Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.array(values)


def _count(
    terms: Terms, protected: Any, ids: Any, columns: dict[str, Any], size: int
) -> Counted:
    """Count the rows by group; with ids the engine joins, else the rows are aligned."""
    import pyarrow as pa  # noqa: PLC0415

    if ids is not None:
        columns = {str(terms.id): ids} | columns
    else:
        columns = _aligned(terms, protected, size) | columns
    return count(
        pa.table(columns),
        by=terms.by,
        selected=SELECTED,
        id=terms.id if ids is not None else None,
        protected=protected if ids is not None else None,
        bands=terms.bands,
        as_of=terms.as_of,
        strata=[SEGMENT] if SEGMENT in columns else None,
    )


def _aligned(terms: Terms, protected: Any, size: int) -> dict[str, Any]:
    """Return the attributes of a table that is aligned row by row."""
    table = open_table(protected, name="protected")
    if not isinstance(table, EagerTable):
        what = "has no order of rows that could be relied on"
        hint = "join it by the customer id: id='customer_id'"
        raise InputError(Problem("protected", what, hint))
    if table.rows != size:
        what = f"has {table.rows:,} rows, and there are {size:,} customers"
        hint = "align it with them, or join it by the customer id: id='customer_id'"
        raise InputError(Problem("protected", what, hint))
    by = split_names(terms.by, table.columns) if isinstance(terms.by, str) else terms.by
    read = read_eager(table, list(by), name="protected", like=None)
    return {name: read.arrow(name) for name in by}


def _segment(counts: GroupCounts, code: str) -> GroupCounts:
    """Return the counts with the members of one segment as the selected."""
    roles = [axis.role for axis in counts.axes]
    segment, selected = roles.index("stratum"), roles.index("selected")
    labels = counts.axes[segment].labels
    levels = counts.levels.copy()
    levels[:, selected] = levels[:, segment] == labels.index(code)
    marked = replace(counts, levels=levels)
    return marked.of_axes(counts.attributes)


def _decided(
    counted: Counted, counts: GroupCounts, terms: Terms, subject: str, share: int
) -> Decision:
    audit = Audit.of_counts(
        counts,
        subject=subject,
        notes=[*counted.notes, *terms.notes],
        **terms.settings(),
    )
    if share == 1:
        return audit.gate(terms.policies)
    decision = audit.gate(_shared(terms, audit, share))
    note = f"alpha is shared by {share} segments: each is judged at its part of it"
    return replace(decision, notes=(*decision.notes, note))


def _shared(terms: Terms, audit: Audit, share: int) -> list[Policy]:
    """Return the policies with a part of their alpha."""
    from fairness.policy import load_policy  # noqa: PLC0415  # pydantic models

    given = terms.policies or DEFAULT_POLICIES[audit.offer]
    several = given if isinstance(given, list | tuple) else [given]
    loaded = [load_policy(one) for one in cast("list[str]", several)]
    return [
        one.model_copy(
            update={
                "alpha": one.alpha / Decimal(share),
                "alpha_review": one.alpha_review / Decimal(share),
            }
        )
        for one in loaded
    ]


def _judged(decisions: dict[str, Decision]) -> Judged:
    several = len(decisions) > 1
    reasons: list[str] = []
    verdicts: set[Verdict] = set()
    for name, decision in decisions.items():
        found = [*decision.reasons, *_uncompared(decision.audit)]
        verdicts.add(decision.verdict)
        if found and decision.verdict == "clear":
            verdicts.add("review")
        start = f"{name}: " if several else ""
        reasons += [start + reason for reason in found]
    verdict = next(one for one in _WORST if one in verdicts)
    return Judged(
        decisions,
        verdict,
        tuple(dict.fromkeys(reasons)),
        all(_is_compared(decision) for decision in decisions.values()),
    )


def _uncompared(audit: Audit) -> Iterator[str]:
    """Yield why an attribute tells nothing: everybody is of one group.

    Customers handed over group by group would each time be clear.
    """
    for name in audit.counts.attributes:
        _, *others = audit.tables[(name,)].groups
        if not others:
            yield f"{name}: all of these customers are of one group"


def _is_compared(decision: Decision) -> bool:
    """Whether some group of every attribute was held against another by a rule."""
    compared = {
        finding.attribute
        for finding in decision.findings
        if finding.verdict not in _UNTOLD and finding.reading != "reference"
    }
    return compared >= set(decision.audit.counts.attributes)
