"""Who is flagged as vulnerable: columns of the customers, and a table of flags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, unknown_name
from fairness.frames.texts import SPACES
from pipelines.campaign.conduct.scene import Scene, many
from pipelines.consent.cells import FALSE, TRUE, word_of
from pipelines.crm.statuses import folded

Bools = NDArray[np.bool_]

TABLE = "vulnerability"
ANY = ""
"""The flag of a row that cannot be read: it may be any of them."""

_YES, _NO, _UNKNOWN = 1, 0, 2
_ALIKE = {
    "bereavement": "bereaved",
    "selfexclusion": "selfexcluded",
    "minors": "minor",
    "underage": "minor",
    "dead": "deceased",
    "debtmanagementplan": "debtplan",
    "arrear": "arrears",
}


def flag_word(name: str) -> str:
    """Return the word by which flags of one meaning are compared.

    Examples
    --------
    >>> flag_word("Self-exclusion"), flag_word("self_excluded")
    ('selfexcluded', 'selfexcluded')
    """
    word = folded(name)
    return _ALIKE.get(word, word)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of the table of flags that are in force, of customers of the walk.

    Parameters
    ----------
    places : int64 array
        Of the customer in the walk.
    words : object array
        `flag_word` of each; `ANY` where a row cannot be read.
    since : datetime64[D] array
        NaT where it is not known.
    targets : bool array
        Whether the row allows to be used for targeting.
    unread : int
        Rows of the table that cannot be read.
    """

    places: NDArray[np.int64]
    words: NDArray[np.object_]
    since: NDArray[np.datetime64]
    targets: Bools
    unread: int = 0


@dataclass(frozen=True, eq=False)
class Flags:
    """Flags of the customers of a walk.

    Parameters
    ----------
    size : int
        Customers of the walk.
    columns : mapping of str to bool array
        Who is flagged by a column that the campaign names, by `flag_word`.
    unknown : mapping of str to bool array
        Of whom such a column does not say.
    rows : Rows or None
        None without a table of flags.
    """

    size: int
    columns: Mapping[str, Bools] = field(default_factory=dict)
    unknown: Mapping[str, Bools] = field(default_factory=dict)
    rows: Rows | None = None

    @property
    def given(self) -> bool:
        """Whether there are any columns or rows to look at."""
        return bool(self.columns) or self.rows is not None

    @property
    def words(self) -> tuple[str, ...]:
        """Every flag there is, by its word."""
        rows = [] if self.rows is None else sorted({*self.rows.words.tolist()} - {ANY})
        return tuple(dict.fromkeys([*self.columns, *rows]))

    def anyone(self) -> Bools:
        """Return who has any flag."""
        found = self._none()
        for mask in self.columns.values():
            found |= mask
        if self.rows is not None:
            found[self.rows.places] = True
        return found

    def nobody_knows(self) -> Bools:
        """Return who has no flag and an empty cell where one would stand."""
        found = self._none()
        for mask in self.unknown.values():
            found |= mask
        return found & ~self.anyone()

    def by_rows(
        self, word: str, *, until: date | None = None, may_target: bool = False
    ) -> Bools:
        """Return whom the table flags with a word, or with a row not read.

        Parameters
        ----------
        word : str
        until : date, optional
            Only flags that began on this day or later, or nobody knows when.
        may_target : bool, default False
            Leave out rows that allow to be used for targeting.
        """
        found = self._none()
        if self.rows is None:
            return found
        kept = (self.rows.words == word) | (self.rows.words == ANY)
        if until is not None:
            late = self.rows.since >= np.datetime64(until)
            kept &= late | np.isnat(self.rows.since) | (self.rows.words == ANY)
        if may_target:
            kept &= ~self.rows.targets
        found[self.rows.places[kept]] = True
        return found

    def _none(self) -> Bools:
        return np.zeros(self.size, dtype=bool)


def flags_of(scene: Scene) -> Flags:
    """Return the flags that the campaign names and its table of flags holds."""
    named = scene.campaign.vulnerability
    columns = {} if named is None else dict(named.flags)
    known, unknown = column_flags(scene, columns, "vulnerability.flags")
    rows = _rows(scene) if TABLE in scene.crm.tables else None
    return Flags(len(scene.selected), known, unknown, rows)


def column_flags(
    scene: Scene, columns: Mapping[str, Sequence[str]], where: str
) -> tuple[dict[str, Bools], dict[str, Bools]]:
    """Return whom columns of the customers flag, and of whom they do not say.

    Parameters
    ----------
    scene : Scene
    columns : mapping of column to values
        The values that flag, in any spelling; a yes, or a day that has come, where
        there are none.
    where : str
        The key of the campaign file that names them, for a message.

    Raises
    ------
    InputError
        The customers have no such column.
    """
    if not columns:
        return {}, {}
    import pyarrow.compute as pc  # noqa: PLC0415

    customers = scene.crm.customers
    schema = customers.collect_schema()
    problems = [
        unknown_name(where, name, schema.names(), "column")
        for name in columns
        if name not in schema
    ]
    if problems:
        raise InputError(problems)
    states = [
        _state(name, schema[name], values, scene.on).alias(f"fairreach_{place}")
        for place, (name, values) in enumerate(columns.items())
    ]
    id_ = scene.roles.id
    says = reduce(or_, (nw.col(f"fairreach_{i}") != _NO for i in range(len(states))))
    found = customers.select(id_, *states).filter(says).collect("pyarrow").to_native()
    known: dict[str, Bools] = {}
    unknown: dict[str, Bools] = {}
    for place, name in enumerate(columns):
        state, word = found[f"fairreach_{place}"], flag_word(name)
        for kept, code in ((known, _YES), (unknown, _UNKNOWN)):
            who = scene.has(found[id_].filter(pc.equal(state, code)))
            # Two columns of one meaning: either of them flags.
            kept[word] = np.asarray(who | kept.get(word, False), dtype=bool)
    return known, unknown


def _state(
    name: str, kind: nw.dtypes.DType, values: Iterable[str], on: date
) -> nw.Expr:
    """Return 1 where a cell flags, 0 where it does not, 2 where it does not say."""
    found = nw.col(name)
    words = {folded(value) for value in values}
    if not words and (kind == nw.Date or isinstance(kind, nw.Datetime)):
        # A day, such as that of a death, stands where it has happened.
        return nw.when(found <= on).then(nw.lit(_YES)).otherwise(nw.lit(_NO))
    words |= {f"{word}.0" for word in words if word.isdigit()}
    word = word_of(name, kind)
    empty = nw.when(word == "").then(nw.lit(_UNKNOWN))
    if words:
        state = empty.otherwise(nw.lit(_NO))
        return nw.when(word.is_in(sorted(words))).then(nw.lit(_YES)).otherwise(state)
    said = nw.when(word.is_in(FALSE)).then(nw.lit(_NO)).otherwise(nw.lit(_UNKNOWN))
    return nw.when(word.is_in(TRUE)).then(nw.lit(_YES)).otherwise(said)


def _rows(scene: Scene) -> Rows:
    """Return the rows in force, and those that were set aside: they may be."""
    crm, id_, on = scene.crm, scene.roles.id, scene.on
    frame = crm.table(TABLE)
    schema = frame.collect_schema()
    kept = [nw.col("flag").alias("flag")]
    for name, kind in (
        ("since", nw.Date),
        ("expires", nw.Date),
        ("allowed_use", nw.String),
    ):
        column = nw.col(name) if name in schema else nw.lit(None, kind)
        kept.append(column.alias(name))
    day = nw.lit(on, nw.Date)
    begun = nw.col("since").is_null() | (nw.col("since") <= day)
    lasts = nw.col("expires").is_null() | (nw.col("expires") >= day)
    found = frame.select(id_, *kept).filter(begun & lasts).collect("pyarrow")
    table = found.to_native()
    places = _places(scene, table[id_])
    table, places = table.filter(places >= 0), places[places >= 0]
    aside_places, aside_words = _aside(scene)
    unread = len(aside_words)
    since = table["since"].to_numpy().astype("datetime64[D]")
    targets = _each(table["allowed_use"], lambda use: "target" in folded(use))
    never = np.full(unread, np.datetime64("NaT"), "datetime64[D]")
    return Rows(
        np.concatenate([places, aside_places]),
        np.concatenate([_each(table["flag"], flag_word), aside_words]),
        np.concatenate([since, never]),
        np.concatenate([targets, np.zeros(unread, object)]).astype(bool),
        unread,
    )


def _each(column: Any, function: Callable[[str], object]) -> NDArray[np.object_]:
    """Return a function of each text; it is asked once for each that is different."""
    coded = column.fill_null("").combine_chunks().dictionary_encode()
    made = np.array([function(one) for one in coded.dictionary.to_pylist()], object)
    return np.asarray(made[coded.indices.to_numpy()], object)


def _aside(scene: Scene) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return customers and flags of the rows that could not be read."""
    aside = any(
        one.table == TABLE and one.outcome == "quarantined"
        for one in scene.crm.violations.counts
    )
    if not aside:
        return np.zeros(0, np.int64), np.zeros(0, object)
    id_ = scene.roles.id
    frame = scene.crm.quarantined(TABLE)
    names = [id_, "flag"]
    texts = [nw.col(name).cast(nw.String).alias(name) for name in names]
    table = frame.select(*texts).collect("pyarrow").to_native()
    import pyarrow.compute as pc  # noqa: PLC0415

    places = _places(scene, pc.utf8_trim(table[id_], characters=SPACES))
    words = _each(table["flag"], flag_word)
    return places[places >= 0], words[places >= 0]


def _places(scene: Scene, ids: Any) -> NDArray[np.int64]:
    import pyarrow.compute as pc  # noqa: PLC0415

    found = pc.index_in(ids.cast(scene.ids.type), value_set=scene.ids)
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def begins(on: date, days: int) -> date:
    """Return the first day of a number of days that end on one."""
    return date.min if days >= on.toordinal() else on - timedelta(days=days)


def not_known(scene: Scene, masks: Sequence[Bools] | None = None) -> str:
    """Say of how many of the audience a column of flags tells nothing."""
    if masks is None:
        found = scene.flags.nobody_knows()
    elif masks:
        found = np.logical_or.reduce(list(masks))
    else:
        return ""
    number = int((found & scene.selected).sum())
    return f"; of {many(number)} in the audience it is not known" if number else ""
