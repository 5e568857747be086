"""How far the composition of those who were reached is from that of the selected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.errors import InputError, Problem, shown

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]

REPLICATES = 4_000
SEED = 20_261_101
# So much closer than two draws that are not equal can be.
_TIE = 1e-12
# NumPy draws a multivariate hypergeometric from less than this in all.
_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Variation:
    """Total variation distance between two compositions, with what chance would do.

    Parameters
    ----------
    distance : float
        In [0, 1); NaN where nobody was reached, like the rest.
    low, high : float
        Of the distance that the groups' chances to be reached make.
    p_value : float
        Of no skew: everybody selected was as likely to be reached.
    """

    distance: float
    low: float
    high: float
    p_value: float


def total_variation(
    selected: ArrayLike,
    reached: ArrayLike,
    *,
    confidence: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Variation:
    """Compare the composition of those who were reached with that of the selected.

        TVD = 1/2 sum_g |x_g / M - n_g / N|,  N = sum of n_g, M = sum of x_g

    Parameters
    ----------
    selected : array_like of int
        Selected customers n_g of each group.
    reached : array_like of int
        Those of them who were reached, x_g.
    confidence : float, default 0.95
    replicates : int, default 4000
        Draws of the test and of the interval.
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Variation
        NaN where nobody was reached: there is no composition then.

    Raises
    ------
    InputError
        A count that is negative, not whole, or above its group's; 10**9 customers or
        more; confidence outside (0, 1); no replicates.

    Notes
    -----
    *Test.* Under no skew those reached are a simple random sample of the selected, so
    x is multivariate hypergeometric and the Monte Carlo p-value is valid at any size.

    *Interval.* Of the distance between n_g / N and n_g r_g / sum n_h r_h, where r_g is
    the chance of a customer of group g to be reached. The distance of a sample lies
    above it on average. Let E be the error of the observed composition, drawn as
    binomials of the observed rates, shrunk by one customer towards the overall rate.
    By the triangle inequality the distance is off by no more than D = 1/2 sum |E_g|:
    the low limit is TVD less the quantile `confidence` of D, or of the distances of
    the test where that is larger, so it is above 0 only where the test finds a skew.
    The distance is the largest of all sums 1/2 sum s_g (q_g - p_g) with signs s_g, so
    with the signs of the truth the sum is no more than TVD: the high limit adds the
    quantile (1 + `confidence`) / 2 of -1/2 sum s_g E_g, with the observed signs.

    Covers 94-98 % at a nominal 95 % with 2 to 8 groups, and up to 100 % where few of
    30 groups differ; the test rejects 3-5 % of even deliveries at a nominal 5 %
    (simulated, 20 or more reached). With fewer reached the interval covers less, and
    `check_delivered` shows none.

    References
    ----------
    .. [1] Phipson, B. & Smyth, G. K. (2010). Permutation p-values should never be
       zero. Statistical Applications in Genetics and Molecular Biology 9(1), 39.
       doi:10.2202/1544-6115.1585

    Examples
    --------
    >>> found = total_variation([5_000, 5_000], [1_900, 3_100])
    >>> round(found.distance, 12), round(found.low, 2), round(found.high, 2)
    (0.12, 0.11, 0.13)
    >>> total_variation([40, 60], [20, 30]).p_value
    1.0
    """
    n, x = _counts(selected, reached)
    _check_settings(confidence, replicates)
    size, taken = int(n.sum()), int(x.sum())
    if not taken:
        return Variation(np.nan, np.nan, np.nan, np.nan)
    generator = np.random.default_rng(seed)
    away = x / taken - n / size
    distance = float(np.abs(away).sum() / 2)
    sampled = generator.multivariate_hypergeometric(n, taken, size=replicates)
    chance = _distances(sampled / taken - n / size)
    hits = int((chance >= distance - _TIE).sum())
    errors = _errors(n, x, replicates, generator)
    # Where few are of a group, its own rate may tell of too little error.
    below = max(np.quantile(one, confidence) for one in (_distances(errors), chance))
    above = np.quantile(-errors @ np.sign(away) / 2, (1 + confidence) / 2)
    return Variation(
        distance,
        max(0.0, distance - float(below)),
        min(1.0, distance + max(0.0, float(above))),
        (1 + hits) / (1 + replicates),
    )


def _distances(away: FloatArray) -> FloatArray:
    return np.asarray(np.abs(away).sum(axis=-1) / 2, dtype=np.float64)


def _errors(
    n: Int64Array, x: Int64Array, replicates: int, generator: np.random.Generator
) -> FloatArray:
    """Return draws of what chance adds to the composition of those reached."""
    overall = x.sum() / n.sum()
    # A group of which nobody was reached, or everybody, is not beyond chance.
    rates = (x + overall) / (n + 1)
    drawn = generator.binomial(n, rates, size=(replicates, len(n)))
    totals = drawn.sum(axis=1, keepdims=True)
    mean = n * rates / (n * rates).sum()
    live = totals[:, 0] > 0
    return np.asarray(drawn[live] / totals[live] - mean, dtype=np.float64)


def _check_settings(confidence: float, replicates: int) -> None:
    problems = []
    if not 0 < confidence < 1:
        what = f"{shown(confidence)} is not between 0 and 1"
        problems.append(Problem("confidence", what, "write 95 % as 0.95"))
    if replicates < 1:
        problems.append(Problem("replicates", f"{shown(replicates)} is less than 1"))
    if problems:
        raise InputError(problems)


def _counts(selected: ArrayLike, reached: ArrayLike) -> tuple[Int64Array, Int64Array]:
    n, x = np.asarray(selected), np.asarray(reached)
    problems = [
        Problem(name, "is not a list of whole numbers, 0 or more")
        for name, values in (("selected", n), ("reached", x))
        if values.ndim != 1 or values.dtype.kind not in "iu" or (values < 0).any()
    ]
    if not problems and n.shape != x.shape:
        what = f"has {len(x)} groups, not the {len(n)} of `selected`"
        problems.append(Problem("reached", what))
    elif not problems and (x > n).any():
        worst = int((x - n).argmax())
        what = f"{shown(int(x[worst]))} is more than the {int(n[worst])} selected"
        problems.append(Problem("reached", what))
    if not problems and n.sum() >= _LARGEST:
        what = f"holds {int(n.sum()):,} customers; fewer than 10**9 can be drawn from"
        problems.append(Problem("selected", what))
    if problems:
        raise InputError(problems)
    return n.astype(np.int64), x.astype(np.int64)
