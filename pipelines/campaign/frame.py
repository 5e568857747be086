"""The one frame that a campaign's funnel reads, made of the tables of its CRM."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fairness.errors import InputError, Problem, alternatives, shown
from pipelines.campaign.model import Campaign, ConsentTable, ScoreTable
from pipelines.campaign.plan import CONTACTABLE, KNOWN, LISTED, RESERVED, WHY, Plan
from pipelines.campaign.stamps import Stamps, changed, stamps_now
from pipelines.crm import Crm
from pipelines.crm.violations import Violations
from pipelines.rules import kinds_of

MEMORY = "384MB"
"""What the engine may hold of the tables; beyond that it writes to a private place."""

UNREAD = ("flag_missing", "quarantined", "unknown_status", "contradictory")
"""Reasons behind which an objection may stand."""

_FLAG = "suppressed"


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the funnel is walked with.

    Parameters
    ----------
    frame : narwhals.LazyFrame
        One row a customer, with all that rules, score and counting read.
    id : str
        Column of the customer's id.
    is_joined : bool
        Whether attributes came from a table of their own.
    notes : tuple of str
    attribute_rows : int
        Of the protected table; 0 without one.
    violations : Violations
        Of the tables' contracts.
    attributes : frozenset of str
        Every column that is protected.
    training : narwhals.LazyFrame or None
        The customers who were contacted before, with what came of it.
    score : ScoreTable or None
    why : narwhals.LazyFrame or None
        What the consent of each customer says, where the campaign needs one.
    """

    frame: Any
    id: str
    is_joined: bool
    notes: tuple[str, ...]
    attribute_rows: int
    violations: Violations
    attributes: frozenset[str]
    training: Any = None
    score: ScoreTable | None = None
    why: Any = None


class SharedTables:
    """Tables that several campaigns read, opened and checked once.

    Where a file has changed since it was opened, all of its set is opened again.

    Examples
    --------
    >>> with SharedTables() as shared:
    ...     shared.opened
    0
    """

    def __init__(self) -> None:
        self._open: dict[str, tuple[Stamps | None, Crm]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._open:
            self._open.popitem()[1][1].close()

    @property
    def opened(self) -> int:
        """How many sets of tables are open."""
        return len(self._open)

    def of(
        self,
        tables: Mapping[str, Any],
        layout: Any,
        as_of: date,
        id_: str,
        seen: Stamps | None,
    ) -> Crm:
        """Return the tables, opened before or now; `seen` are their files as of now."""
        key = repr((sorted(tables.items()), layout, as_of, id_))
        before, crm = self._open.get(key, (None, None))
        if crm is not None and before is not None and before == seen:
            return crm
        if crm is not None:
            del self._open[key]
            crm.close()
        crm = Crm.open(tables, layout=layout, as_of=as_of, id=id_, memory_limit=MEMORY)
        self._open[key] = seen, crm
        return crm


@contextmanager
def open_tables(
    campaign: Campaign,
    directory: Path,
    instead: Mapping[str, Any],
    as_of: date,
    shared: SharedTables | None = None,
) -> Iterator[Crm]:
    """Open the tables of a campaign.

    Parameters
    ----------
    campaign : Campaign
    directory : Path
        Where relative paths start.
    instead : mapping of name to table or path
        In place of the campaign's own, or beside them.
    as_of : date
    shared : SharedTables, optional
        Keeps them open for other campaigns; frames given `instead` are not shared.

    Raises
    ------
    InputError
        With every problem of every table; or a file changed while it was open.
    """
    named = {n: _place(p, directory) for n, p in campaign.tables.named().items()}
    layout: Any = campaign.tables.layout
    if layout is not None and layout.endswith(".toml"):
        layout = directory / layout
    read = [path for name, path in named.items() if name not in instead]
    seen = stamps_now(read, layout)
    if shared is not None and not instead:
        yield shared.of(named, layout, as_of, campaign.tables.id, seen)
        _check_unchanged(seen, stamps_now(read, layout))
        return
    with Crm.open(
        named | dict(instead),
        layout=layout,
        as_of=as_of,
        id=campaign.tables.id,
        memory_limit=MEMORY,
    ) as crm:
        yield crm
        _check_unchanged(seen, stamps_now(read, layout))


def _check_unchanged(before: Stamps | None, after: Stamps | None) -> None:
    """Refuse what was read of files that changed meanwhile: parts of two states.

    Raises
    ------
    InputError
    """
    if before is not None and before != after:
        names = alternatives(Path(one).name for one in changed(before, after))
        hint = "run it again when they are written"
        raise InputError(
            Problem("tables", f"changed while they were read: {names}", hint)
        )


def prepare(plan: Plan, crm: Crm, as_of: date) -> Prepared:
    """Join what a campaign needs; nothing is read yet but what tells the columns.

    Raises
    ------
    InputError
        With every problem of rules, columns and tables.
    """
    import narwhals as nw  # noqa: PLC0415

    campaign = plan.campaign
    id_ = campaign.tables.id
    # Read once before anything else: sound tables are then read as they are.
    notes = _notes(crm)
    own = crm.customers.columns
    aside, attributes = _protected(plan, crm)
    _check_names(own, attributes, plan, id_)
    frame = _with_features(plan, crm, as_of)
    frame = _with_used(campaign, crm, frame, attributes, id_)
    kinds = kinds_of(frame)
    problems = plan.problems(kinds, {*campaign.protected.by, *attributes})
    problems += [
        Problem(
            "protected.by",
            f"{shown(name)} is a column of neither customers nor protected",
        )
        for name in campaign.protected.by
        if name not in own and name not in attributes
    ]
    if problems:
        raise InputError(problems)
    score = campaign.funnel.score
    why = _consent_of(campaign, crm, send_day(campaign, as_of))
    training = None
    if score is not None and score.model is not None:
        # Before the attributes are joined: nothing is trained on them.
        training = _training(crm, frame, id_, {*campaign.protected.by, *attributes})
        if why is not None:
            # Nor on who objected: their data are no longer there for this.
            said_no = why.filter(nw.col(WHY).is_in(objections())).select(id_)
            training = training.join(said_no, on=id_, how="anti")
    frame = _with_listed(crm, frame, id_)
    if aside is not None:
        frame = frame.join(aside, on=id_, how="left")
    if campaign.funnel.consent is not None:
        frame = frame.join(why, on=id_, how="left")
    return Prepared(
        frame,
        id_,
        aside is not None,
        notes,
        _rows(crm.protected) if aside is not None else 0,
        crm.violations,
        frozenset({*campaign.protected.by, *attributes}),
        training,
        score,
        why,
    )


def _rows(frame: Any) -> int:
    import narwhals as nw  # noqa: PLC0415

    return int(frame.select(nw.len().alias("n")).collect("pyarrow")["n"].item())


def _place(path: str, directory: Path) -> str:
    return path if "://" in path else str(directory / path)


def _with_features(plan: Plan, crm: Crm, as_of: date) -> Any:
    features = plan.campaign.features
    if features is None:
        return crm.customers
    if "transactions" not in crm.tables:
        what = "is missing: features are made of it"
        raise InputError(Problem("tables.transactions", what, "name the table"))
    from pipelines.features import build_features  # noqa: PLC0415

    id_ = plan.campaign.tables.id
    taken = [name for name in features.names if name in crm.customers.columns]
    if taken:
        raise InputError(
            Problem("features.names", f"{shown(name)} is a column of the customers")
            for name in taken
        )
    made = build_features(
        crm.transactions,
        names=list(features.names),
        as_of=as_of,
        id=id_,
        customers=crm.customers,
    )
    return crm.customers.join(made, on=id_, how="left")


def _protected(plan: Plan, crm: Crm) -> tuple[Any, tuple[str, ...]]:
    """Return the attributes by id, and all columns of the protected table.

    They are joined after the rules and the score have been checked not to read them:
    they are carried to the counting, and nothing else is told of them.
    """
    import narwhals as nw  # noqa: PLC0415

    if "protected" not in crm.tables:
        return None, ()
    id_ = plan.campaign.tables.id
    names = [name for name in crm.protected.columns if name != id_]
    wanted = [n for n in plan.campaign.protected.by if n in names]
    known = nw.lit(value=True).alias(KNOWN)
    return crm.protected.select(id_, *wanted, known), tuple(names)


def _check_names(
    own: Sequence[str], attributes: Sequence[str], plan: Plan, id_: str
) -> None:
    """Refuse columns that could be taken for others, whatever their case.

    Raises
    ------
    InputError
    """
    problems = []
    made = plan.campaign.features.names if plan.campaign.features else ()
    ours = {name.casefold() for name in RESERVED}
    seen: dict[str, str] = {}
    for name in (*own, *attributes, *made):
        folded = name.casefold()
        if folded in ours:
            what = f"{shown(name)} is a name that fairreach uses itself"
            problems.append(Problem("tables", what, "rename the column"))
        elif folded in seen and folded != id_.casefold():
            what = f"{shown(name)} and {shown(seen[folded])} could be taken for another"
            if name in attributes and seen[folded] in own:
                what = f"{shown(name)} is a column of both customers and protected"
            problems.append(
                Problem("tables", what, "rename one of them, or leave it out")
            )
        seen.setdefault(folded, name)
    if problems:
        raise InputError(problems)


def _with_used(
    campaign: Campaign, crm: Crm, frame: Any, attributes: tuple[str, ...], id_: str
) -> Any:
    """Join the protected columns that the campaign says it uses, and no other."""
    used = [
        n for n in campaign.protected.use if n in attributes and n not in frame.columns
    ]
    if not used:
        return frame
    return frame.join(crm.protected.select(id_, *used), on=id_, how="left")


def _with_listed(crm: Crm, frame: Any, id_: str) -> Any:
    """Say of each customer whether they are on the suppression list."""
    import narwhals as nw  # noqa: PLC0415

    if "suppression" not in crm.tables:
        return frame
    listed = crm.suppression
    if _FLAG in listed.columns:
        # A table of everybody: who is not in it, or not cleared, is suppressed.
        # Of several rows of one customer, one that does not clear them is enough.
        held = nw.col(_FLAG).fill_null(value=True).cast(nw.Int8)
        flags = (
            listed.select(id_, held.alias(LISTED))
            .group_by(id_)
            .agg((nw.col(LISTED).max() > 0).alias(LISTED))
        )
        return frame.join(flags, on=id_, how="left")
    flags = listed.select(id_).unique().with_columns(nw.lit(value=True).alias(LISTED))
    joined = frame.join(flags, on=id_, how="left")
    return joined.with_columns(nw.col(LISTED).fill_null(value=False))


def send_day(campaign: Campaign, as_of: date) -> date:
    """Return the day on which the campaign goes out, that consent has to hold on."""
    contact = campaign.contact
    return as_of if contact is None or contact.send_on is None else contact.send_on


def _consent_of(campaign: Campaign, crm: Crm, on: date) -> Any:
    """Return what the consent of each customer says: id, `CONTACTABLE` and `WHY`.

    None where the campaign names no channel, or has no records.
    """
    asked = consent_asked(campaign)
    if asked is None or "consents" not in crm.tables:
        return None
    return consent_answers(campaign, crm, asked, on)


def objections() -> tuple[str, ...]:
    """Return the reasons of a no, and those behind which one may stand unread.

    Of several reasons a customer has the first: where a flag is empty or a record
    cannot be read, nobody knows whether the next one is an objection.
    """
    from pipelines.consent import SAID_NO  # noqa: PLC0415

    return (*SAID_NO, *UNREAD)


def consent_asked(campaign: Campaign) -> ConsentTable | None:
    """Return the consent that a campaign needs; None where it names no channel."""
    contact = campaign.contact
    if campaign.funnel.consent is not None:
        return campaign.funnel.consent
    if contact is None or contact.channel is None:
        return None
    return ConsentTable(channel=contact.channel, brand=contact.brand)


def consent_answers(
    campaign: Campaign,
    crm: Crm,
    asked: ConsentTable,
    on: date,
    *,
    consents: Any = None,
    listed: bool = False,
) -> Any:
    """Return what the consent of each customer says: id, `CONTACTABLE` and `WHY`.

    Parameters
    ----------
    campaign : Campaign
    crm : Crm
    asked : ConsentTable
    on : date
    consents : narwhals frame, optional
        In place of all records of the table.
    listed : bool, default False
        Whether the suppression list counts as a no.
    """
    from pipelines.consent import contactable  # noqa: PLC0415

    id_ = campaign.tables.id
    said = contactable(
        crm.customers,
        crm.consents if consents is None else consents,
        purpose=asked.purpose or campaign.purpose,
        channel=asked.channel,
        brand=asked.brand,
        on=on,
        max_age_days=asked.max_age_days,
        basis=asked.basis,
        reason=asked.reason or "",
        evidence=asked.evidence,
        allowed=asked.allowed,
        suppression=crm.suppression if listed and "suppression" in crm.tables else None,
        refused=refused_of(crm),
        id=id_,
    )
    answers = said.select(id_, "contactable", "why")
    return answers.rename({"contactable": CONTACTABLE, "why": WHY})


def refused_of(crm: Crm) -> Any:
    """Return the consent records that cannot be read; None where all of them can."""
    # To look for them once more costs a reading of the table.
    some = any(
        one.table == "consents" and one.outcome == "quarantined"
        for one in crm.violations.counts
    )
    return crm.refused if some else None


def _training(crm: Crm, frame: Any, id_: str, protected: Collection[str]) -> Any:
    if "responses" not in crm.tables:
        what = "is missing: the model learns from it"
        raise InputError(Problem("tables.responses", what, "name the table"))
    known = set(frame.columns)
    answers = crm.responses
    names = [
        name
        for name in answers.columns
        if name == id_ or (name not in known and name not in protected)
    ]
    return answers.select(*names).join(frame, on=id_, how="inner")


def _notes(crm: Crm) -> tuple[str, ...]:
    notes = []
    for outcome, said in (
        ("repaired", "were repaired"),
        ("quarantined", "were set aside"),
    ):
        rows: dict[str, int] = {}
        for one in crm.violations.counts:
            if one.outcome == outcome:
                rows[one.table] = rows.get(one.table, 0) + one.rows
        notes += [f"{table}: {number:,} cells {said}" for table, number in rows.items()]
    return tuple(notes)
