"""How strongly a column tells the group: from a table of its bins by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, entr

from fairness.errors import InputError, Problem
from fairness.inference._arguments import numbers, refuse
from fairness.inference._types import FloatArray, IntArray

_TWO = 2
# Mean of the absolute value of a standard normal number.
_MEAN_ABSOLUTE = float(np.sqrt(2 / np.pi))


@dataclass(frozen=True, slots=True)
class Association:
    """Association of a column with the groups of an attribute.

    Parameters
    ----------
    cramers_v : float
        Corrected for bias; in [0, 1].
    information : float
        Mutual information, in nats.
    information_floor : float
        What it is expected to be where there is none to find.
    normalised : float
        Mutual information as a share of the mean of the two entropies; in [0, 1].
    explained : float
        Mutual information as a share of the entropy of the groups; in [0, 1].
    chi_square, p_value : float
        Pearson's test of independence.
    """

    cramers_v: float
    information: float
    information_floor: float
    normalised: float
    explained: float
    chi_square: float
    p_value: float


class Separation(NamedTuple):
    """How well a column ranks the members of each group before the rest.

    Parameters
    ----------
    estimate : ndarray, (groups,)
        Area under the curve.
    floor : ndarray, (groups,)
        What it is expected to be where the column says nothing.
    """

    estimate: FloatArray
    floor: FloatArray


def association(table: ArrayLike) -> Association:
    """Measures of association of a column with the groups.

        V = sqrt(f / min(k - 1, r - 1)),
        f = max(0, chi2 / N - (K - 1)(R - 1) / (N - 1)),
        k = K - (K - 1)^2 / (N - 1), r likewise

        I = sum n_bg / N log(N n_bg / (n_b n_g)), floor (K - 1)(R - 1) / 2 N

    with K bins and R groups.

    Parameters
    ----------
    table : array_like of float, bins x groups
        Customers; bins and groups without any are left out.

    Returns
    -------
    Association
        nan in all fields where fewer than two bins or two groups hold somebody.

    Raises
    ------
    InputError
        Not a table of two dimensions, a count that is negative or not finite.

    Notes
    -----
    With many bins V and I are above 0 by chance alone: V is corrected for it (Bergsma),
    I is to be read against its floor.

    References
    ----------
    .. [1] Bergsma, W. (2013). A bias-correction for Cramer's V and Tschuprow's T.
       Journal of the Korean Statistical Society 42(3), 323-328.
       doi:10.1016/j.jkss.2012.10.002
    .. [2] Miller, G. A. (1955). Note on the bias of information estimates. In
       Information Theory in Psychology, 95-100. Free Press.

    Examples
    --------
    >>> found = association([[30, 10], [20, 40]])
    >>> round(found.cramers_v, 4), round(found.information, 4)
    (0.3977, 0.0863)
    >>> f"{found.p_value:.2g}"
    '4.5e-05'
    """
    cells = _table(table)
    cells = cells[cells.sum(axis=1) > 0][:, cells.sum(axis=0) > 0]
    bins, groups = cells.shape
    if bins < _TWO or groups < _TWO:
        return Association(*[float("nan")] * 7)
    n = cells.sum()
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0)) / n
    chi_square = float(((cells - expected) ** 2 / expected).sum())
    freedom = (bins - 1) * (groups - 1)
    by_bin = float(entr(cells.sum(axis=1) / n).sum())
    by_group = float(entr(cells.sum(axis=0) / n).sum())
    information = max(by_bin + by_group - float(entr(cells / n).sum()), 0.0)
    return Association(
        _bergsma(chi_square, n, bins, groups),
        information,
        freedom / (2 * float(n)),
        2 * information / (by_bin + by_group),
        information / by_group,
        chi_square,
        float(chdtrc(freedom, chi_square)),
    )


def separation(table: ArrayLike, *, ordered: bool) -> Separation:
    """Area under the curve of a column as a mark of membership of each group.

    Parameters
    ----------
    table : array_like of float, bins x groups
        Customers.
    ordered : bool
        Whether the bins are ranked in their own order (of a number: low to high), or by
        the share of the group in them, highest last, which finds a curve above 1/2 in
        any data: read it against its floor.

    Returns
    -------
    Separation
        In [0, 1] if ordered, else in [1/2, 1]; nan for a group that holds nobody or
        everybody. The floor of ordered bins is 1/2 plus the mean distance to 1/2, on
        either side; of bins ranked by share it is the mean of the estimate itself.

    Raises
    ------
    InputError
        Not a table of two dimensions, a count that is negative or not finite.

    Notes
    -----
    Floors treat the counts of the bins as normal, with their sampling variance under
    independence.

    Examples
    --------
    >>> table = [[30, 10], [20, 40]]
    >>> print(separation(table, ordered=True).estimate)
    [0.3 0.7]
    >>> found = separation(table, ordered=False)
    >>> print(found.estimate, found.floor.round(3))
    [0.7 0.7] [0.539 0.539]
    """
    cells = _table(table)
    inside, size = cells, cells.sum(axis=0)
    outside = cells.sum(axis=1, keepdims=True) - cells
    rest = size.sum() - size
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(rest > 0, inside / size, np.nan)
        q = np.where(size > 0, outside / rest, np.nan)
        spread = np.sqrt(1 / size + 1 / rest)
    if not ordered:
        share = inside / np.maximum(inside + outside, 1.0)
        order = np.argsort(share, axis=0, kind="stable")
        p, q = (np.take_along_axis(part, order, axis=0) for part in (p, q))
    below = np.cumsum(q, axis=0) - q / 2
    estimate = (p * below).sum(axis=0)
    overall = cells.sum(axis=1) / max(float(size.sum()), 1.0)
    floor = 0.5 + (_ordered_noise if ordered else _sorted_noise)(overall, spread)
    return Separation(estimate, np.where(np.isnan(estimate), np.nan, floor))


def _ordered_noise(overall: FloatArray, spread: FloatArray) -> FloatArray:
    # The variance of a mean mid-rank: 1/12 without ties.
    return np.asarray(_MEAN_ABSOLUTE * spread * np.sqrt((1 - (overall**3).sum()) / 12))


def _sorted_noise(overall: FloatArray, spread: FloatArray) -> FloatArray:
    """Return the mean of half the sum over pairs of bins of |p_i q_j - p_j q_i|.

    Under independence such a term has the variance spread^2 w_i w_j (w_i + w_j), and
    its mean is at most 2 w_i w_j.
    """
    wide = overall[:, None] * overall
    deviation = np.sqrt(wide * (overall[:, None] + overall)) * _MEAN_ABSOLUTE
    pairs: IntArray = np.stack(np.triu_indices(len(overall), 1))
    deviation, most = deviation[pairs[0], pairs[1]], 2 * wide[pairs[0], pairs[1]]
    found = [
        np.minimum(deviation * each, most).sum() / 2 for each in spread.ravel().tolist()
    ]
    return np.array(found)


def _bergsma(chi_square: float, n: float, bins: int, groups: int) -> float:
    if n <= 1:
        return float("nan")
    square = max(0.0, chi_square / n - (bins - 1) * (groups - 1) / (n - 1))
    rows = bins - (bins - 1) ** 2 / (n - 1)
    columns = groups - (groups - 1) ** 2 / (n - 1)
    room = min(rows - 1, columns - 1)
    return float(min(np.sqrt(square / room), 1.0)) if room > 0 else float("nan")


def _table(table: ArrayLike) -> FloatArray:
    cells = numbers("table", table)
    if cells.ndim != _TWO:
        raise InputError(Problem("table", "is not a table of bins by groups"))
    wrong = ~((cells >= 0) & np.isfinite(cells))
    refuse("table", cells, wrong, "allowed are finite numbers, 0 or more")
    return cells
