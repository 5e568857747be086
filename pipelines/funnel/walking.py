"""Send the customers through a funnel: one reading of the rows, then the cuts.

Rules, consent and suppression are expressions that the engine works out; scores are
made batch by batch for those who are still in. What stays in memory is a few numbers a
customer, so the table itself may be larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown
from fairness.frames.stream import batches_ahead
from pipelines.funnel.counted import PATH
from pipelines.funnel.paths import WHOLE, Paths, Stage
from pipelines.targeting.cuts import (
    ArrowIds,
    BoolArray,
    FloatArray,
    lots,
    rounded,
    select_above,
    select_by_lot,
    select_top,
    share_of,
)
from pipelines.targeting.scorer import Scorer

SCORE = "(score)"
SELECTED = "(selected)"
MOST_SAMPLED = 20_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """A stage whose clauses are expressions.

    Parameters
    ----------
    stage : Stage
    met : tuple of narwhals.Expr
        For each clause whether it is met; never null.
    """

    stage: Stage
    met: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ScoreCut:
    """A stage that keeps the customers with a high score.

    Parameters
    ----------
    stage : Stage
    column : str, optional
        A column that holds the score.
    scorer : Scorer, optional
        What makes it; either this or `column`.
    top : int, optional
        Keep so many.
    share : Decimal, optional
        Keep such a share of those who come to the stage.
    at_least : float, optional
        Keep those whose score is so high; one of the three is given.
    """

    stage: Stage
    column: str | None = None
    scorer: Scorer | None = None
    top: int | None = None
    share: Decimal | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A stage that keeps customers by lot: a cap or a hold-out.

    Parameters
    ----------
    stage : Stage
    number : int, optional
        A cap: keep so many, the highest scores first where there are scores.
    share : Decimal, optional
        A hold-out: leave out this share.
    """

    stage: Stage
    number: int | None = None
    share: Decimal | None = None


@dataclass(frozen=True, eq=False)
class Walked:
    """Where each customer left the funnel.

    Parameters
    ----------
    paths : Paths
    table : pyarrow.Table
        The id and the columns that were carried along.
    path : int32 array
        By customer, in the order of the table.
    scores : float array or None
        NaN for those who were not scored.
    mark : float or None
        The lowest score that was taken.
    sample : pyarrow.Table or None
        Id, carried columns and what the scorer read, of up to 20,000 who were scored.
    """

    paths: Paths
    table: Any
    path: NDArray[np.int32]
    scores: FloatArray | None = None
    mark: float | None = None
    sample: Any = None

    @property
    def selected(self) -> BoolArray:
        """Who went all the way."""
        return np.asarray(self.path == WHOLE, dtype=bool)

    def counting_table(self) -> Any:
        """Return the carried columns with path, selection and score."""
        import pyarrow as pa  # noqa: PLC0415

        table = self.table.append_column(PATH, pa.array(self.path))
        table = table.append_column(SELECTED, pa.array(self.selected.view(np.uint8)))
        if self.scores is not None:
            table = table.append_column(SCORE, pa.array(self.scores, from_pandas=True))
        return table


def walk(
    frame: Any,
    *,
    id: str,  # noqa: A002  # the contract's name
    conditions: Sequence[Conditions],
    cuts: Sequence[ScoreCut | Draw] | Callable[[], Sequence[ScoreCut | Draw]] = (),
    reads: Sequence[str] = (),
    carried: Sequence[str] = (),
    draw: str = "",
    progress: Callable[[int], None] | None = None,
) -> Walked:
    """Send the rows of a frame through a funnel.

    Parameters
    ----------
    frame : narwhals frame
        One row a customer, with every column that the funnel reads.
    id : str
        Column of the customer id.
    conditions : sequence of Conditions
        The leading stages, in order.
    cuts : sequence of ScoreCut or Draw, or callable that returns them
        The stages after them; at most one score. What is called is so while the first
        rows are on their way, and may train the score.
    reads : sequence of str
        Columns that the score reads, where the cuts are not made yet.
    carried : sequence of str
        Columns that counting needs: attributes, strata, values.
    draw : str
        Names the lots of ties, cap and hold-out; see `pipelines.targeting.cuts.lots`.
    progress : callable, optional
        Told the number of rows of each batch.

    Returns
    -------
    Walked
        The same customers whatever the order of the rows.

    Raises
    ------
    InputError
        No rows; a score that is not a number.

    Examples
    --------
    >>> import narwhals as nw, pyarrow as pa
    >>> frame = nw.from_native(pa.table({"id": ["a", "b", "c"], "n": [1, 5, 9]}))
    >>> rule = Conditions(Stage("rule", "clauses", ("n > 1",)), (nw.col("n") > 1,))
    >>> top = ScoreCut(Stage("score", "score", ("top 1",)), column="n", top=1)
    >>> walk(frame, id="id", conditions=[rule], cuts=[top]).path.tolist()
    [1, 2, 0]
    """
    import narwhals as nw  # noqa: PLC0415

    if not callable(cuts):
        reads = [name for cut in cuts for name in _read_by(cut)]
    names = tuple(dict.fromkeys([id, *carried]))
    wanted = [nw.col(name) for name in dict.fromkeys([*names, *reads])]
    path = Paths(tuple(step.stage for step in conditions)).expression(
        [step.met for step in conditions]
    )
    with batches_ahead(frame.select(*wanted, path.alias(PATH))) as batches:
        cuts = cuts() if callable(cuts) else cuts
        score = next((cut for cut in cuts if isinstance(cut, ScoreCut)), None)
        reader = _Reader(id, names, score, draw)
        for batch in batches:
            reader.take(batch)
            if progress is not None:
                progress(batch.num_rows)
    table, path, scores, sample = reader.finish()
    paths = Paths(tuple(step.stage for step in (*conditions, *cuts)))
    ids = table[id]
    mark = None
    for place, cut in enumerate(cuts, start=len(conditions)):
        able = np.flatnonzero(path == WHOLE)
        kept = _kept(
            cut, ArrowIds(ids, able), None if scores is None else scores[able], draw
        )
        if isinstance(cut, ScoreCut) and scores is not None and kept.any():
            mark = float(scores[able[kept]].min())
        path[able[~kept]] = paths.first[place]
    return Walked(paths, table, path, scores, mark, sample)


def _read_by(cut: ScoreCut | Draw) -> Sequence[str]:
    if isinstance(cut, Draw):
        return ()
    if cut.scorer is not None:
        return cut.scorer.columns
    return () if cut.column is None else (cut.column,)


def _kept(
    cut: ScoreCut | Draw, names: ArrowIds, scores: FloatArray | None, draw: str
) -> BoolArray:
    name = f"{draw}/{cut.stage.kind}"
    if isinstance(cut, ScoreCut):
        assert scores is not None  # a score cut comes with scores
        if cut.at_least is not None:
            mark = np.array([cut.at_least])
            if cut.scorer is not None:
                mark = rounded(mark)
            return select_above(scores, float(mark[0]))
        number = cut.top if cut.share is None else share_of(cut.share, len(scores))
        return select_top(scores, int(number or 0), names, name)
    if cut.share is not None:
        out = share_of(cut.share, len(names))
        return ~select_by_lot(len(names), out, names, name)
    number = int(cut.number or 0)
    if scores is not None:
        return select_top(scores, number, names, name)
    return select_by_lot(len(names), number, names, name)


@dataclass
class _Reader:
    """Collects the batches of one walk."""

    id: str
    kept: Sequence[str]
    score: ScoreCut | None
    draw: str
    _tables: list[Any] = field(default_factory=list)
    _path: list[NDArray[np.int32]] = field(default_factory=list)
    _scores: list[FloatArray] = field(default_factory=list)
    _sample: _Sample | None = None

    def __post_init__(self) -> None:
        if self.score is not None and self.score.scorer is not None:
            columns = [*self.kept, *self.score.scorer.columns]
            self._sample = _Sample(self.id, columns, self.draw)

    def take(self, batch: Any) -> None:
        import pyarrow as pa  # noqa: PLC0415

        path = np.array(batch[PATH].to_numpy(), dtype=np.int32)
        kept = batch.select(list(self.kept))
        for place, column in enumerate(kept.schema):
            if column.name != self.id and pa.types.is_string(column.type):
                coded = kept[column.name].dictionary_encode()
                kept = kept.set_column(place, column.name, coded)
        # Copied: the engine's own buffers are larger than what is in them.
        self._tables.append(
            pa.table({name: _compact(kept[name]) for name in kept.column_names})
        )
        self._path.append(path)
        if self.score is not None:
            self._scores.append(self._scored(self.score, batch, path == WHOLE))

    def _scored(self, score: ScoreCut, batch: Any, able: BoolArray) -> FloatArray:
        import pyarrow as pa  # noqa: PLC0415

        scores = np.full(len(able), np.nan)
        if not able.any():
            return scores
        rows = batch.filter(pa.array(able))
        if score.scorer is None:
            found = _numbers(rows[str(score.column)], str(score.column))
        else:
            # It sees its own columns and no other: the rest are for counting.
            read = rows.select(list(score.scorer.columns))
            found = np.asarray(score.scorer.score(read), dtype=np.float64)
            if self._sample is not None:
                self._sample.add(rows)
        scores[able] = found if score.scorer is None else rounded(found)
        return scores

    def finish(self) -> tuple[Any, NDArray[np.int32], FloatArray | None, Any]:
        import pyarrow as pa  # noqa: PLC0415

        rows = sum(len(path) for path in self._path)
        if not rows:
            raise InputError(Problem("customers", "has no rows"))
        table = pa.concat_tables(self._tables)
        scores = None if self.score is None else np.concatenate(self._scores)
        sample = None if self._sample is None else self._sample.finish()
        return table, np.concatenate(self._path), scores, sample


class _Sample:
    """The rows with the smallest lots, of all that were seen."""

    def __init__(self, id: str, columns: Sequence[str], draw: str) -> None:  # noqa: A002
        self._columns = list(dict.fromkeys([id, *columns]))
        self._id = id
        self._draw = f"{draw}/sample"
        self._mark = 2**64 - 1
        self._keys = np.zeros(0, np.uint64)
        self.table: Any = None

    def add(self, rows: Any) -> None:
        import pyarrow as pa  # noqa: PLC0415

        keys = lots(rows[self._id], self._draw)
        low = keys <= self._mark
        if not low.any():
            return
        rows = rows.select(self._columns).filter(pa.array(low))
        self.table = (
            rows if self.table is None else pa.concat_tables([self.table, rows])
        )
        self._keys = np.concatenate([self._keys, keys[low]])
        if len(self._keys) > 2 * MOST_SAMPLED:
            self._cut()

    def finish(self) -> Any:
        if len(self._keys) > MOST_SAMPLED:
            self._cut()
        return self.table

    def _cut(self) -> None:
        order = np.argsort(self._keys, kind="stable")[:MOST_SAMPLED]
        self._keys = self._keys[order]
        self._mark = int(self._keys[-1])
        self.table = self.table.take(order)


def _compact(column: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    # Of one array no copy would be made.
    chunks = [*column.chunks, pa.array([], column.type)]
    return pa.concat_arrays(chunks)


def _numbers(column: Any, name: str) -> FloatArray:
    import pyarrow as pa  # noqa: PLC0415

    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        what = f"column {shown(name)} has values that are not numbers"
        raise InputError(Problem("score", what, "name a column of numbers")) from None
