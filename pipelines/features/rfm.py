"""RFM: how recently, how often and how much, as scores, codes and plain names."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from fairness.errors import InputError, Problem, shown, unknown_name

FEWEST_SCORES, MOST_SCORES = 2, 9
NEVER_BOUGHT = "never bought"
BEST = "best customers"

# Rows: how recently; columns: how often. Low, middle, high.
_NAMES = {
    ("high", "high"): "regulars",
    ("high", "middle"): "coming more often",
    ("high", "low"): "new or back",
    ("middle", "high"): "regulars, slowing down",
    ("middle", "middle"): "now and then",
    ("middle", "low"): "seldom, a while ago",
    ("low", "high"): "regulars, lost",
    ("low", "middle"): "drifted away",
    ("low", "low"): "seldom, long ago",
}
_HIGH, _LOW = 0.7, 0.4
_BOUGHT, _BUYERS = "rfm bought", "rfm buyers"


def rfm_segment(r: int | None, f: int | None, m: int | None, *, n: int = 5) -> str:
    """Return the plain name of a customer's three scores.

    Parameters
    ----------
    r, f, m : int or None
        Scores from 1 (worst) to n (best); None for a customer without purchase.
    n : int, default 5

    Returns
    -------
    str
        Recency and frequency are low up to 0.4 n, high above 0.7 n. The highest
        score in all three is "best customers".

    Examples
    --------
    >>> rfm_segment(5, 5, 5), rfm_segment(5, 1, 3), rfm_segment(1, 5, 5)
    ('best customers', 'new or back', 'regulars, lost')
    """
    if r is None or f is None or m is None:
        return NEVER_BOUGHT
    if min(r, f, m) == n:
        return BEST
    return _NAMES[_level(r, n), _level(f, n)]


def _level(score: int, n: int) -> str:
    if score <= _LOW * n:
        return "low"
    return "high" if score > _HIGH * n else "middle"


def rfm_scores(
    frame: Any,
    n: int = 5,
    *,
    recency: str = "recency_days",
    frequency: str = "frequency",
    monetary: str = "monetary",
) -> Any:
    """Return a frame with scores, codes and segment names beside its columns.

    Parameters
    ----------
    frame : table
        One row a customer, of any supported library: `build_features`.
    n : int, default 5
        Number of scores, 2 to 9.
    recency, frequency, monetary : str
        Columns; recency is null for a customer without purchase.

    Returns
    -------
    narwhals DataFrame or LazyFrame
        With r_score, f_score and m_score (1 worst, n best), rfm_code ("555") and
        rfm_segment. Scores and code are null without a purchase; such customers are
        not counted among those that the others are compared with.

    Raises
    ------
    InputError
        Unknown columns; n outside 2 to 9; a column there that would be made.

    Notes
    -----
    score = 1 + floor(n x W / N), with W of the N customers strictly worse. Customers
    with equal values have equal scores whatever the order of the rows, at the price
    of scores of unequal size: where half bought once, all of them have score 1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({
    ...     "recency_days": [1.0, 9.0, None], "frequency": [4, 1, 0],
    ...     "monetary": [90.0, 9.0, 0.0],
    ... })
    >>> rfm_scores(table, n=2)["rfm_code"].to_list()
    ['222', '111', None]
    """
    table: Any = nw.from_native(frame)
    columns = {"r_score": recency, "f_score": frequency, "m_score": monetary}
    _check(table, n, columns)
    own = table.collect_schema().names()
    has = ~nw.col(recency).is_null()
    marked = nw.when(has).then(nw.lit(1)).otherwise(nw.lit(0))
    table = table.with_columns(marked.alias(_BOUGHT))
    ranks = {
        score: _worse(table, name, has, descending=name == recency)
        for score, name in columns.items()
    }
    buyers = _of_all(table, nw.col(_BOUGHT).sum()).cast(nw.Int64)
    table = table.with_columns(buyers.alias(_BUYERS), **ranks)
    share = {score: nw.col(score) * n // _at_least_one(_BUYERS) for score in columns}
    table = table.with_columns(**{score: value + 1 for score, value in share.items()})
    code = nw.concat_str([nw.col(score).cast(nw.String) for score in columns])
    table = table.with_columns(code.alias("rfm_code"))
    table = table.with_columns(_segment(n, has).alias("rfm_segment"))
    made = [*columns, "rfm_code"]
    table = table.with_columns(**{m: nw.when(has).then(nw.col(m)) for m in made})
    return table.select(*own, *made, "rfm_segment")


def _check(table: Any, n: int, columns: dict[str, str]) -> None:
    known = table.collect_schema().names()
    problems = [
        unknown_name(score[0], name, known, "column")
        for score, name in columns.items()
        if name not in known
    ]
    if (
        not isinstance(n, int)
        or isinstance(n, bool)
        or not FEWEST_SCORES <= n <= MOST_SCORES
    ):
        what = (
            f"{shown(n)} is no number of scores; {FEWEST_SCORES} to {MOST_SCORES} are"
        )
        problems.append(Problem("n", what, "write 5 for the usual codes 111 to 555"))
    problems += [
        Problem("frame", f"has a column {shown(name)} already")
        for name in (*columns, "rfm_code", "rfm_segment")
        if name in known
    ]
    if problems:
        raise InputError(problems)


def _of_all(table: Any, expression: nw.Expr) -> nw.Expr:
    """Return an expression over all who bought; a lazy frame has to be told."""
    return expression.over(_BOUGHT) if isinstance(table, nw.LazyFrame) else expression


def _worse(table: Any, name: str, has: nw.Expr, *, descending: bool) -> nw.Expr:
    """Return how many of those who bought are strictly worse; 0 for all others."""
    number = nw.col(name).cast(nw.Float64)
    counted = nw.when(has).then(number).otherwise(nw.lit(None, nw.Float64()))
    rank = _of_all(table, counted.rank("min", descending=descending))
    return rank.cast(nw.Float64).fill_null(1).cast(nw.Int64) - 1


def _at_least_one(name: str) -> nw.Expr:
    return nw.max_horizontal(nw.col(name), nw.lit(1))


def _segment(n: int, has: nw.Expr) -> nw.Expr:
    """Return the names that `rfm_segment` gives, by the levels of two scores."""
    name = nw.lit("")
    for (r, f), called in _NAMES.items():
        both = _is_level("r_score", r, n) & _is_level("f_score", f, n)
        name = nw.when(both).then(nw.lit(called)).otherwise(name)
    best = nw.col("rfm_code") == str(n) * 3
    name = nw.when(best).then(nw.lit(BEST)).otherwise(name)
    return nw.when(has).then(name).otherwise(nw.lit(NEVER_BOUGHT))


def _is_level(score: str, level: str, n: int) -> nw.Expr:
    low, high = nw.col(score) <= _LOW * n, nw.col(score) > _HIGH * n
    return {"low": low, "high": high, "middle": ~low & ~high}[level]
