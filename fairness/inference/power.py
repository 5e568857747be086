"""What a test of two rates can see: detectable ratios and numbers of customers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from fairness.inference._arguments import inside, numbers, one_of_sides, refuse
from fairness.inference._roots import decreasing_root
from fairness.inference._types import FloatArray, Side


def detectable_ratio(
    n: ArrayLike,
    n_ref: ArrayLike,
    rate_ref: ArrayLike,
    critical_z: ArrayLike,
    *,
    power: ArrayLike = 0.8,
    side: Side = "lower",
) -> FloatArray:
    """Ratio of rates closest to 1 that a one-sided test finds with the given power.

    The ratio r at which, with p = rate_ref, s(q) = q (1 - q) and the pooled rate
    pbar = (n r p + n_ref p) / (n + n_ref),

        |1 - r| p = critical_z sqrt(s(pbar) (1/n + 1/n_ref))
                    + z_power sqrt(s(r p) / n + s(p) / n_ref)

    Parameters
    ----------
    n, n_ref : array_like of float
        Sizes of the group and of the reference.
    rate_ref : array_like of float
        Selection rate of the reference, in [0, 1].
    critical_z : array_like of float
        The test rejects beyond it; with an adjusted alpha, the adjusted one.
    power : array_like of float, default 0.8
    side : {"lower", "upper"}
        Whether ratios below or above 1 are meant.

    Returns
    -------
    ratio : ndarray
        In [0, 1] or [1, 1 / rate_ref]; nan where not even a group selected never
        (lower) or always (upper) would be found, or an argument is nan, n = 0,
        n_ref = 0 or rate_ref = 0.

    Raises
    ------
    InputError
        A size is negative, a rate outside [0, 1], a power outside (0, 1); side is
        another word.

    Notes
    -----
    Normal approximation. The conditional test that small counts are given is
    conservative: its power there is a few points below the one asked for.

    References
    ----------
    .. [1] Fleiss, J. L., Levin, B. & Paik, M. C. (2003). Statistical Methods for
       Rates and Proportions, 3rd ed., ch. 4. doi:10.1002/0471445428

    Examples
    --------
    >>> detectable_ratio([5000, 400, 20], 5000, 0.1, 2.0).round(3)
    array([0.836, 0.587,   nan])
    """
    one_of_sides(side)
    z_power = np.asarray(ndtri(inside("power", power, 0, 1)))
    n1, n2, rate, z, z_power = np.broadcast_arrays(
        _sizes("n", n), _sizes("n_ref", n_ref), _rates(rate_ref),
        numbers("critical_z", critical_z), z_power,
    )  # fmt: skip
    known = (n1 > 0) & (n2 > 0) & (rate > 0) & np.isfinite(z)
    n1, n2 = np.where(known, n1, 1.0), np.where(known, n2, 1.0)
    rate, z = np.where(known, rate, 0.5), np.where(known, z, 0.0)
    farthest = np.zeros_like(rate) if side == "lower" else 1 / rate

    def lacking(share: FloatArray) -> FloatArray:
        """Return how much difference is missing, at a share of the way from 1."""
        ratio = 1 + share * (farthest - 1)
        other = np.minimum(ratio * rate, 1.0)
        pooled = (n1 * other + n2 * rate) / (n1 + n2)
        null = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        spread = np.sqrt(other * (1 - other) / n1 + rate * (1 - rate) / n2)
        return np.asarray(z * null + z_power * spread - np.abs(ratio - 1) * rate)

    none, whole = np.zeros_like(rate), np.ones_like(rate)
    share = np.asarray(decreasing_root(lacking, none, whole))
    share = np.where(lacking(none) <= 0, 0.0, share)
    seen = known & (lacking(whole) <= 0)
    return np.where(seen, 1 + share * (farthest - 1), np.nan)


def customers_needed(
    ratio: ArrayLike,
    rate_ref: ArrayLike,
    critical_z: ArrayLike,
    *,
    share: ArrayLike = 0.5,
    power: ArrayLike = 0.8,
) -> FloatArray:
    """Size of the group at which a ratio is found with the given power.

    Solves the equation of `detectable_ratio` for n, with n_ref = n (1 - share) / share:

        n = ((critical_z sqrt(s(pbar) / (1 - share))
              + z_power sqrt(s(r p) + s(p) share / (1 - share))) / ((1 - r) p))^2

    Parameters
    ----------
    ratio : array_like of float
        Ratio of rates to be found, at least 0.
    rate_ref : array_like of float
        Selection rate of the reference, in [0, 1].
    critical_z : array_like of float
    share : array_like of float, default 0.5
        The group's share of the customers of both groups together, in (0, 1).
    power : array_like of float, default 0.8

    Returns
    -------
    n : ndarray
        Whole numbers, rounded up; nan where ratio = 1, rate_ref = 0, the group's
        rate would exceed 1, or an argument is nan.

    Raises
    ------
    InputError
        A ratio is negative, a rate outside [0, 1], a share or power outside (0, 1).

    Notes
    -----
    Normal approximation, as in `detectable_ratio`. For the worst of k groups, tested
    by `adjusted_tail`, the critical z is that of the studentized range over sqrt(2).

    References
    ----------
    .. [1] Fleiss, J. L., Levin, B. & Paik, M. C. (2003). Statistical Methods for
       Rates and Proportions, 3rd ed., ch. 4. doi:10.1002/0471445428

    Examples
    --------
    >>> customers_needed([0.8, 0.9], 0.1, 1.645, share=0.2)
    array([1611., 6704.])

    Of 2, 6 and 20 groups, against a reference of the same size:

    >>> from fairness.inference.studentized import studentized_range_isf
    >>> z = studentized_range_isf(0.05, [2, 6, 20]) / np.sqrt(2)
    >>> customers_needed(0.8, 0.1, z)
    array([3213., 5579., 7874.])
    """
    wanted = numbers("ratio", ratio)
    refuse("ratio", wanted, wanted < 0, "allowed are numbers, 0 or more")
    rate, z = _rates(rate_ref), numbers("critical_z", critical_z)
    part = inside("share", share, 0, 1)
    z_power = ndtri(inside("power", power, 0, 1))
    other = wanted * rate
    known = (wanted != 1) & (rate > 0) & (other <= 1)
    other = np.where(known, other, 0.0)
    pooled = part * other + (1 - part) * rate
    null = np.sqrt(pooled * (1 - pooled) / (1 - part))
    spread = np.sqrt(other * (1 - other) + rate * (1 - rate) * part / (1 - part))
    gap = np.where(known, np.abs(other - rate), np.nan)
    # A whole number computed one rounding too high must not become the next one.
    return np.asarray(np.ceil(((z * null + z_power * spread) / gap) ** 2 * (1 - 1e-12)))


def _sizes(where: str, values: ArrayLike) -> FloatArray:
    size = numbers(where, values)
    refuse(where, size, size < 0, "allowed are numbers, 0 or more")
    return size


def _rates(values: ArrayLike) -> FloatArray:
    rate = numbers("rate_ref", values)
    refuse("rate_ref", rate, (rate < 0) | (rate > 1), "allowed are numbers from 0 to 1")
    return rate
