"""Customers in segments, however they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.groups import MISSING, sort_labels
from fairness.groups.labels import label_of
from pipelines.segmentation.learning import plain_sklearn
from pipelines.segmentation.reading import (
    FloatArray,
    Int64Array,
    coded,
    learn_coding,
    read_columns,
)

BoolArray = NDArray[np.bool_]

SEGMENT = "segment"
"""The column of a `Segmentation`'s table that holds the segment."""

_STARTS = 10
_SAMPLED = 5000
_FEWEST, _MOST = 2, 8
_MOST_SEGMENTS = 200


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Which segment each customer is in.

    Parameters
    ----------
    name : str
        What reports call it.
    id : str
        Column of the customer id.
    table : pyarrow.Table
        The id and `SEGMENT`, one row a customer. ``(missing)`` holds those who could
        not be placed.
    columns : tuple of str
        What it was made of.
    made : str
        How, in a sentence.
    model : fitted scikit-learn Pipeline or None
        Where one places new customers.

    Examples
    --------
    >>> own_segments({"a": "gold", "b": "tin", "c": "tin"}).sizes
    {'gold': 1, 'tin': 2}
    """

    name: str
    id: str
    table: Any = field(repr=False)
    columns: tuple[str, ...]
    made: str
    model: Any = field(default=None, repr=False)

    @property
    def sizes(self) -> dict[str, int]:
        """Customers of each segment, in the order of the labels."""
        counted = Counter[str]()
        for one in self.table[SEGMENT].value_counts().to_pylist():
            counted[one["values"]] += one["counts"]
        return {label: counted[label] for label in sort_labels(counted)}

    def frame(self) -> Any:
        """Return ids and segments as a pandas frame."""
        return self.table.to_pandas()

    def aligned(self, whole: Any) -> Any:
        """Return the rows of an Arrow table in the order of the customers here.

        Raises
        ------
        InputError
            Other customers than those of the segmentation.
        """
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.compute as pc  # noqa: PLC0415

        kept = self.table[self.id]
        try:
            ids = whole[self.id].cast(kept.type)
        except pa.ArrowInvalid:
            ids = pa.nulls(whole.num_rows, kept.type)
        if ids.equals(kept):
            return whole
        found = pc.index_in(kept, value_set=ids)
        # As many rows, and each customer found: none is there twice.
        if len(ids) != len(kept) or found.null_count:
            what = "does not hold the customers of the segmentation"
            raise InputError(Problem("table", what, "give what it was made of"))
        return whole.take(found)

    def places(self) -> tuple[Int64Array, list[str]]:
        """Return the place of each customer's segment in the list of segments."""
        labels = list(self.sizes)
        places, texts = coded(self.table[SEGMENT])
        order = np.array([labels.index(text) for text in texts], dtype=np.int64)
        return order[places], labels


def rfm_grid(
    scored: Any,
    *,
    id: str = "customer_id",  # noqa: A002  # the contract's name
    by: str = "rfm_segment",
) -> Segmentation:
    """Return the segments of the RFM grid.

    Parameters
    ----------
    scored : table
        One row a customer, as `pipelines.features.rfm_scores` returns it.
    id : str, default "customer_id"
    by : {"rfm_segment", "rfm_code"}
        The twelve names, or the codes 111 to 555; a customer without a code is
        ``(missing)``.

    Raises
    ------
    InputError
        Columns that are not there; ids that are missing or there twice.

    Examples
    --------
    >>> import pyarrow as pa
    >>> scored = pa.table({"customer_id": [1, 2], "rfm_code": ["555", None]})
    >>> rfm_grid(scored, by="rfm_code").sizes
    {'555': 1, '(missing)': 1}
    """
    if by not in {"rfm_segment", "rfm_code"}:
        what = f"{shown(by)} is neither 'rfm_segment' nor 'rfm_code'"
        raise InputError(Problem("by", what))
    table = read_columns(scored, [id, by])
    columns = ("recency_days", "frequency", "monetary")
    made = "Scores of recency, frequency and money, each customer against all buyers."
    return _made("RFM grid", id, table, by, columns, made)


def own_segments(
    labels: Any,
    *,
    id: str = "customer_id",  # noqa: A002  # the contract's name
    segment: str = SEGMENT,
    name: str = "own segments",
    columns: Sequence[str] = (),
    made: str = "Labels of the user's own.",
) -> Segmentation:
    """Return segments from labels that somebody else made.

    Parameters
    ----------
    labels : mapping of id to label, or table
        A table has one row a customer.
    id, segment : str
        Columns of the table.
    name : str
    columns : sequence of str
        What the labels were made of, where that is known.
    made : str
        How.

    Raises
    ------
    InputError
        Columns that are not there; ids that are missing or there twice; more than 200
        segments.

    Examples
    --------
    >>> own_segments({7: "gold", 8: None}, name="tiers").sizes
    {'gold': 1, '(missing)': 1}
    """
    if isinstance(labels, Mapping):
        import pyarrow as pa  # noqa: PLC0415

        ids = [label_of(one) for one in labels]
        texts = [label_of(one) for one in labels.values()]
        table = pa.table({id: pa.array(ids), segment: pa.array(texts)})
    else:
        table = read_columns(labels, [id, segment], where="labels")
    return _made(name, id, table, segment, tuple(columns), made)


def kmeans_segments(
    table: Any,
    columns: Sequence[str],
    *,
    id: str = "customer_id",  # noqa: A002  # the contract's name
    k: int | None = None,
    seed: int = 0,
    name: str = "k-means",
) -> Segmentation:
    """Return segments of customers who are alike, by k-means.

    Parameters
    ----------
    table : table
        One row a customer.
    columns : sequence of str
        Numbers; each is centred and divided by its standard deviation first.
    id : str, default "customer_id"
    k : int, optional
        Number of segments; by default that of 2 to 8 with the highest silhouette, on
        a sample of 5,000 customers.
    seed : int, default 0
    name : str

    Returns
    -------
    Segmentation
        "1" is the largest. Customers with a missing value are ``(missing)``: no value
        is guessed for them. The same for the same customers and seed, in any order.

    Raises
    ------
    InputError
        With every problem: columns that are not there or hold no finite numbers, ids
        that are missing or there twice, k below 2 or above the different rows.

    References
    ----------
    .. [1] Rousseeuw, P. J. (1987). Silhouettes: a graphical aid to the interpretation
       and validation of cluster analysis. Journal of Computational and Applied
       Mathematics 20, 53-65. doi:10.1016/0377-0427(87)90125-7

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"customer_id": range(6), "n": [0, 0, 1, 9, 9, 9]})
    >>> kmeans_segments(table, ["n"], k=2).table["segment"].to_pylist()
    ['1', '1', '1', '2', '2', '2']
    """
    names = tuple(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    if not names:
        raise InputError(Problem("columns", "names no column", "write ['frequency']"))
    if id in names:
        what = f"{shown(id)} is the id of the customer"
        raise InputError(Problem("columns", what, "leave it out"))
    whole = read_columns(table, [id, *names])
    rows, able = number_rows(whole, names)
    different = len(np.unique(rows[able], axis=0)) if able.any() else 0
    _check_k(k, different)
    # Which clusters come out hangs on the order of the rows: that of the ids is taken.
    learned = rows[_in_order(whole[id], able)]
    with plain_sklearn():
        chosen, how = (k, "") if k is not None else _silhouette(learned, seed)
        model = kmeans_model(chosen, seed).fit(learned)
        found = model.predict(rows[able])
    labels = np.full(len(rows), MISSING, dtype=object)
    labels[able] = by_size(found, model[-1].cluster_centers_)
    import pyarrow as pa  # noqa: PLC0415

    told = pa.table({id: whole[id], SEGMENT: pa.array(labels, pa.string())})
    made = f"k-means of {len(names)} columns in {chosen} segments{how}."
    return _made(name, id, told, SEGMENT, names, made, model)


def number_rows(table: Any, columns: Sequence[str]) -> tuple[FloatArray, BoolArray]:
    """Return columns of an Arrow table as numbers, and which rows have them all."""
    rows = learn_coding(table, columns, labels=False).matrix(table)
    return rows, np.asarray(~np.isnan(rows).any(axis=1), dtype=bool)


def kmeans_model(k: int, seed: int) -> Any:
    """Return an unfitted Pipeline: scaled, ten starts."""
    from sklearn.cluster import KMeans  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    means = KMeans(n_clusters=k, n_init=_STARTS, random_state=seed)
    return Pipeline([("scale", StandardScaler()), ("means", means)])


def by_size(found: Int64Array, centres: FloatArray) -> Any:
    """Return a label for each customer, "1" for the largest cluster.

    Of clusters of one size that with the smaller centre comes first, whatever the seed.
    """
    size = np.bincount(found, minlength=len(centres))
    order = np.lexsort((*centres.round(9).T[::-1], -size))
    label = np.empty(len(centres), dtype=object)
    label[order] = [str(place + 1) for place in range(len(centres))]
    return label[found]


def _in_order(ids: Any, able: BoolArray) -> Int64Array:
    """Return the places of the rows that are able, by id."""
    import pyarrow.compute as pc  # noqa: PLC0415

    order = np.asarray(pc.sort_indices(ids), dtype=np.int64)
    return order[able[order]]


def _check_k(k: int | None, different: int) -> None:
    if k is None:
        if different <= _FEWEST:
            what = f"have {different} different rows without a gap"
            raise InputError(Problem("columns", what, "k-means needs three at least"))
        return
    if not isinstance(k, int) or isinstance(k, bool) or k < _FEWEST:
        what = f"{shown(k)} is not a whole number of 2 or more"
        raise InputError(Problem("k", what, "leave it out to have it chosen"))
    if k > different:
        what = f"{k} segments are more than the {different} different rows"
        raise InputError(Problem("k", what, f"at most {different}"))


def _silhouette(rows: FloatArray, seed: int) -> tuple[int, str]:
    from sklearn.metrics import silhouette_score  # noqa: PLC0415

    if len(rows) > _SAMPLED:
        draw = np.random.default_rng([seed, 3])
        rows = rows[np.sort(draw.choice(len(rows), _SAMPLED, replace=False))]
    different = len(np.unique(rows, axis=0))
    told: dict[int, float] = {}
    for k in range(_FEWEST, min(_MOST, different - 1) + 1):
        model = kmeans_model(k, seed)
        found = model.fit_predict(rows)
        told[k] = float(silhouette_score(model[0].transform(rows), found))
    best = max(told, key=lambda k: told[k])
    return (
        best,
        f", of 2 to {max(told)} the number with the best silhouette ({told[best]:.2f})",
    )


def _made(
    name: str,
    id: str,  # noqa: A002
    table: Any,
    segment: str,
    columns: tuple[str, ...],
    made: str,
    model: Any = None,
) -> Segmentation:
    import pyarrow as pa  # noqa: PLC0415

    problems = _wrong_ids(table[id], id)
    places, values = coded(table[segment])
    labels = [label_of(value) for value in values]
    if len(set(labels)) > _MOST_SEGMENTS:
        what = f"holds {len(set(labels))} segments: {alternatives(sort_labels(labels))}"
        hint = f"at most {_MOST_SEGMENTS} can be told apart"
        problems.append(Problem(segment, what, hint))
    if problems:
        raise InputError(problems)
    texts = pa.array([*labels, MISSING], pa.string())
    column = texts.take(pa.array(np.where(places < 0, len(labels), places)))
    kept = pa.table({id: table[id], SEGMENT: column})
    return Segmentation(name, id, kept, columns, made, model)


def _wrong_ids(ids: Any, name: str) -> list[Problem]:
    if not len(ids):
        return [Problem("table", "has no rows")]
    places, values = coded(ids)
    missing = int((places < 0).sum())
    problems = []
    if missing:
        what = f"is missing in {missing} rows"
        problems.append(Problem(name, what, "every customer has an id"))
    often = np.bincount(places[places >= 0], minlength=len(values))
    twice = [values[place] for place in np.flatnonzero(often > 1)[:6].tolist()]
    if twice:
        what = f"is there twice or more: {alternatives(twice)}"
        problems.append(Problem(name, what, "one row a customer"))
    return problems
