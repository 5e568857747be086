"""Whether the same segments would come out of other customers like these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from fairness.errors import InputError, Problem, shown
from pipelines.segmentation.learning import plain_sklearn
from pipelines.segmentation.reading import FloatArray, Int64Array, coded, read_columns
from pipelines.segmentation.segments import Segmentation, kmeans_model, number_rows

Refit: TypeAlias = Callable[[Any, Any, int], Any]
"""Makes segments of a sample and returns the label of each row of the whole."""

# Hennig's marks: dissolved below the first, a pattern from the second, stable from
# the third.
_MARKS = ((0.75, "stable"), (0.6, "a pattern, its edges move"), (0.5, "doubtful"))
_DISSOLVED = "comes apart"


@dataclass(frozen=True, slots=True)
class SegmentStability:
    """How often a segment is found again.

    Parameters
    ----------
    segment : str
    n : int
    jaccard : float
        Mean over resamples of the overlap with the segment most like it, in [0, 1].
    reading : str
        "stable" from 0.75, "a pattern, its edges move" from 0.6, "doubtful" from 0.5,
        else "comes apart".
    """

    segment: str
    n: int
    jaccard: float
    reading: str


@dataclass(frozen=True, slots=True)
class Stability:
    """How alike segmentations of resampled customers are to the one at hand.

    Parameters
    ----------
    rand : float
        Mean adjusted Rand index: 1 where all are the same, 0 as by chance.
    lowest : float
        The least of all resamples.
    segments : tuple of SegmentStability
    rounds : int
    """

    rand: float
    lowest: float
    segments: tuple[SegmentStability, ...]
    rounds: int


def stability(
    segmentation: Segmentation,
    table: Any,
    refit: Refit | None = None,
    *,
    rounds: int = 20,
    seed: int = 0,
) -> Stability:
    """Make a segmentation again of resampled customers and compare.

    Parameters
    ----------
    segmentation : Segmentation
    table : table
        What it was made of: the same customers, in any order.
    refit : callable, optional
        Of a sample, the whole (both pyarrow tables) and a seed: the label of each row
        of the whole. Not needed for k-means.
    rounds : int, default 20
        Resamples, each of as many customers drawn with replacement.
    seed : int, default 0

    Returns
    -------
    Stability

    Raises
    ------
    InputError
        Other customers; no `refit` where one is needed; rounds below 1.

    Notes
    -----
    A stable segmentation may still be of no use, and a fair one unstable. Where
    segments come apart, who is in them is a matter of which customers happened to be
    in the table.

    References
    ----------
    .. [1] Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of
       Classification 2, 193-218. doi:10.1007/BF01908075
    .. [2] Hennig, C. (2007). Cluster-wise assessment of cluster stability.
       Computational Statistics & Data Analysis 52, 258-271 (Jaccard and its marks).
       doi:10.1016/j.csda.2006.11.025

    Examples
    --------
    >>> import pyarrow as pa
    >>> from pipelines.segmentation.segments import kmeans_segments
    >>> table = pa.table({"customer_id": range(60), "n": [0, 1, 9] * 20})
    >>> stability(kmeans_segments(table, ["n"], k=3), table).rand
    1.0
    """
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415

    whole = _checked(segmentation, table, refit, rounds)
    again = refit or _refit_means(segmentation)
    places, labels = segmentation.places()
    rand, overlaps = [], np.zeros((rounds, len(labels)))
    for turn in range(rounds):
        draw = np.random.default_rng([seed, turn])
        sample = whole.take(draw.integers(0, whole.num_rows, whole.num_rows))
        found = _placed(again(sample, whole, seed + turn), whole.num_rows)
        rand.append(float(adjusted_rand_score(places, found)))
        overlaps[turn] = jaccard(places, found, len(labels))
    mean = overlaps.mean(axis=0)
    told = tuple(
        SegmentStability(label, size, float(overlap), _reading(float(overlap)))
        for (label, size), overlap in zip(segmentation.sizes.items(), mean, strict=True)
    )
    return Stability(float(np.mean(rand)), min(rand), told, rounds)


def jaccard(first: Int64Array, second: Int64Array, size: int) -> FloatArray:
    """Return for each of the first's clusters the overlap with the second's likest.

    Examples
    --------
    >>> first, second = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    >>> jaccard(first, second, 2).round(2).tolist()
    [0.67, 0.5]
    """
    other = int(second.max()) + 1
    both = np.bincount(first * other + second, minlength=size * other)
    both = both.reshape(size, other)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))


def _checked(
    segmentation: Segmentation, table: Any, refit: Refit | None, rounds: int
) -> Any:
    problems = []
    if refit is None and segmentation.model is None:
        hint = "give refit: a function of sample, whole and seed"
        what = f"{segmentation.name} cannot be made again from its labels"
        problems.append(Problem("refit", what, hint))
    if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
        problems.append(Problem("rounds", f"{shown(rounds)} is not 1 or more"))
    whole = table
    if refit is None:
        whole = read_columns(table, [segmentation.id, *segmentation.columns])
    elif not hasattr(table, "take"):
        import narwhals as nw  # noqa: PLC0415

        names = nw.from_native(table).collect_schema().names()
        whole = read_columns(table, names)
    try:
        whole = segmentation.aligned(whole)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return whole


def _refit_means(segmentation: Segmentation) -> Refit:
    columns = segmentation.columns
    size = int(segmentation.model[-1].n_clusters)

    def again(sample: Any, whole: Any, seed: int) -> Int64Array:
        with plain_sklearn():
            rows, able = number_rows(sample, columns)
            model = kmeans_model(size, seed).fit(rows[able])
            rows, able = number_rows(whole, columns)
            found = np.full(len(rows), size, dtype=np.int64)
            found[able] = model.predict(rows[able])
        return found

    return again


def _placed(labels: Any, rows: int) -> Int64Array:
    import pyarrow as pa  # noqa: PLC0415

    column = (
        labels
        if isinstance(labels, pa.ChunkedArray)
        else pa.chunked_array([pa.array(labels, from_pandas=True)])
    )
    if len(column) != rows:
        what = f"gives {len(column)} labels for {rows} customers"
        raise InputError(Problem("refit", what))
    places, values = coded(column)
    return np.where(places < 0, len(values), places)


def _reading(overlap: float) -> str:
    return next((word for mark, word in _MARKS if overlap >= mark), _DISSOLVED)
