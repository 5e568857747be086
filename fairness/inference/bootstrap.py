"""Bootstrap of tables of counts: cells are resampled, never rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem, shown
from fairness.inference._arguments import inside, numbers, refuse
from fairness.inference._types import FloatArray, IntArray


def bootstrap_cells(n: ArrayLike, replicates: int = 1000, *, seed: int) -> IntArray:
    """Replicates of a table of counts, as if its rows had been drawn again.

        n* ~ multinomial(N, n / N),  N = sum of n

    Parameters
    ----------
    n : array_like of int
        Counts of the cells, of any shape.
    replicates : int, default 1000
    seed : int
        Equal seeds give equal replicates.

    Returns
    -------
    replicated : ndarray of int64, shape (replicates, *n.shape)
        Each replicate sums to N; an empty cell stays empty.

    Raises
    ------
    InputError
        A count is negative or not whole; replicates below 1; seed negative.

    Notes
    -----
    The same distribution as drawing N rows with replacement and counting them, at a
    cost that grows with the number of cells only.

    References
    ----------
    .. [1] Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals
       of Statistics 7(1), 1-26. doi:10.1214/aos/1176344552

    Examples
    --------
    >>> drawn = bootstrap_cells([[70, 30], [0, 900]], 500, seed=1)
    >>> drawn.shape, drawn.dtype.name, int(drawn[0].sum())
    ((500, 2, 2), 'int64', 1000)
    """
    counts = numbers("n", n)
    wrong = ~((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts))
    refuse("n", counts, wrong, "allowed are whole numbers, 0 or more")
    for where, value, least in (("replicates", replicates, 1), ("seed", seed, 0)):
        if not isinstance(value, (int, np.integer)) or value < least:
            what = f"{shown(value)} is not a whole number of {least} or more"
            raise InputError(Problem(where, what))
    cells = np.asarray(n).astype(np.int64).ravel()
    full = np.flatnonzero(cells)
    result = np.zeros((int(replicates), cells.size), dtype=np.int64)
    if full.size:
        # A large last cell takes what is left without a draw of its own.
        order = full[np.argsort(cells[full], kind="stable")]
        total = int(cells.sum())
        generator = np.random.default_rng(int(seed))
        drawn = generator.multinomial(total, cells[order] / total, int(replicates))
        result[:, order] = drawn
    return result.reshape((int(replicates), *counts.shape))


def percentile_interval(
    replicated: ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Percentile interval of a statistic from its bootstrap replicates.

    Parameters
    ----------
    replicated : array_like of float, shape (replicates, ...)
        The statistic in each replicate; nan where it was undefined.
    confidence : float, default 0.95

    Returns
    -------
    low, high : ndarray, shape of one replicate
        Quantiles (1 - confidence) / 2 and (1 + confidence) / 2 of the replicates that
        are not nan, linear between order statistics; nan where all are nan.

    Raises
    ------
    InputError
        confidence outside (0, 1); replicated has no replicates.

    Notes
    -----
    Short of nominal for small cells, where the statistic is skewed or undefined in
    part of the replicates.

    References
    ----------
    .. [1] Efron, B. (1981). Nonparametric standard errors and confidence intervals.
       Canadian Journal of Statistics 9(2), 139-158. doi:10.2307/3314608

    Examples
    --------
    >>> low, high = percentile_interval(range(101))
    >>> print(low.round(4), high.round(4))
    2.5 97.5
    """
    level = float(inside("confidence", confidence, 0, 1))
    values = numbers("replicated", replicated)
    if values.ndim == 0 or values.shape[0] == 0:
        raise InputError(Problem("replicated", "holds no replicates"))
    ranked = np.sort(values, axis=0)
    known = np.sum(~np.isnan(values), axis=0, keepdims=True)
    return (
        _quantile(ranked, known, (1 - level) / 2),
        _quantile(ranked, known, (1 + level) / 2),
    )


def _quantile(ranked: FloatArray, known: IntArray, share: float) -> FloatArray:
    """Return a quantile of sorted values, of which the first `known` count."""
    place = share * np.maximum(known - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    first = np.take_along_axis(ranked, below, axis=0)[0]
    second = np.take_along_axis(ranked, above, axis=0)[0]
    # Two infinite neighbours have no difference.
    gap = np.subtract(second, first, out=np.zeros_like(first), where=first != second)
    part = np.asarray(place - below)[0]
    step = np.multiply(gap, part, out=np.zeros_like(first), where=part > 0)
    return np.asarray(first + step)
