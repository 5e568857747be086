"""Rates standardised over strata, and conditional demographic disparity.

All functions take four arrays of shape (..., S) with the S strata last: hits and
trials of the group, hits and trials of the reference. The leading axes broadcast.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from fairness.errors import InputError, Problem, alternatives, shown
from fairness.inference._arguments import counted, numbers, refuse
from fairness.inference._strata import (
    Limits,
    Tables,
    both_sides,
    over,
    recovered_difference,
    recovered_ratio,
    strata,
    weighted_rate,
)
from fairness.inference._types import FloatArray

Empty = Literal["undefined", "drop"]


def standardized_rates(
    hits: ArrayLike,
    trials: ArrayLike,
    ref_hits: ArrayLike,
    ref_trials: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    empty: Empty = "undefined",
) -> tuple[FloatArray, FloatArray]:
    """Rates that the group and the reference would have, spread alike over strata.

        rate = sum_s w_s x_s / n_s,  sum_s w_s = 1

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float, shape (..., S)
        Counts of the group and of the reference, strata last.
    weights : array_like of float, shape (..., S), optional
        Sizes of the strata in the population to which both are standardised, in any
        unit. Default: customers of group and reference together.
    empty : {"undefined", "drop"}
        What a stratum with weight, but without customers of the group or of the
        reference, does: makes the result nan, or is left out, its weight shared among
        the others. What is then compared is the population of the strata left.

    Returns
    -------
    rate, rate_ref : ndarray, shape (...)
        In [0, 1]; nan where a stratum is empty as above, or none has weight.

    Raises
    ------
    InputError
        A count is negative, not finite or above its trials; a weight is negative or
        not finite; no axis of strata; empty is another word.

    Notes
    -----
    Misleads where the gap differs much between strata: one number for several truths.

    References
    ----------
    .. [1] Fleiss, J. L., Levin, B. & Paik, M. C. (2003). Statistical Methods for
       Rates and Proportions, 3rd ed., ch. 19. Wiley.

    Examples
    --------
    >>> rate, rate_ref = standardized_rates([8, 10], [20, 80], [40, 5], [80, 20])
    >>> print(rate.round(4), rate_ref.round(4))
    0.2625 0.375
    """
    tables = strata(hits, trials, ref_hits, ref_trials)
    shares = _shares(tables, weights, empty)
    first, second = (
        np.sum(shares * over(x, n), axis=-1) for x, n in (tables[:2], tables[2:])
    )
    return np.clip(first, 0.0, 1.0), np.clip(second, 0.0, 1.0)


def standardized_difference(
    hits: ArrayLike,
    trials: ArrayLike,
    ref_hits: ArrayLike,
    ref_trials: ArrayLike,
    confidence: ArrayLike = 0.95,
    *,
    weights: ArrayLike | None = None,
    empty: Empty = "undefined",
) -> Limits:
    """Difference of directly standardised rates, group minus reference.

        sum_s w_s (x_s / n_s - x_ref,s / n_ref,s),  sum_s w_s = 1

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float, shape (..., S)
        Counts of the group and of the reference, strata last.
    confidence : array_like of float, default 0.95
    weights, empty
        As in `standardized_rates`.

    Returns
    -------
    estimate, low, high : ndarray, shape (...)
        In [-1, 1], 0 for equal rates; negative: the group is selected less. nan where
        a stratum with weight has no customers of the group or of the reference (with
        ``empty="drop"``: where all have not), or none has weight.

    Raises
    ------
    InputError
        As `standardized_rates`; confidence outside (0, 1).

    Notes
    -----
    The limits of each standardised rate are those of one rate at the number of
    customers with the same variance, and are combined as independent ones (Zou &
    Donner). Covers 94.3-95.8 % at a nominal 95 % where 10 hits or more are expected of
    each side and 5 selected in each stratum (2 to 20 strata of 50 to 2,000, rates of
    0.5 to 50 %), and 94.4-100 % elsewhere.

    References
    ----------
    .. [1] Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about
       effect measures: a general approach. Statistics in Medicine 27(10), 1693-1702.
       doi:10.1002/sim.3095

    Examples
    --------
    >>> found = standardized_difference([8, 10], [20, 80], [40, 5], [80, 20])
    >>> print(*(value.round(4) for value in found))
    -0.1125 -0.2648 0.0529
    """
    tables = strata(hits, trials, ref_hits, ref_trials)
    shares = _shares(tables, weights, empty)
    return recovered_difference(*_sides(tables, shares, confidence))


def standardized_ratio(
    hits: ArrayLike,
    trials: ArrayLike,
    ref_hits: ArrayLike,
    ref_trials: ArrayLike,
    confidence: ArrayLike = 0.95,
    *,
    weights: ArrayLike | None = None,
    empty: Empty = "undefined",
) -> Limits:
    """Ratio of directly standardised rates, group to reference.

        sum_s w_s x_s / n_s  /  sum_s w_s x_ref,s / n_ref,s

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float, shape (..., S)
        Counts of the group and of the reference, strata last.
    confidence : array_like of float, default 0.95
    weights, empty
        As in `standardized_rates`.

    Returns
    -------
    estimate, low, high : ndarray, shape (...)
        In [0, inf], 1 for equal rates. Estimate and low are 0 where nobody of the
        group, estimate and high inf where nobody of the reference is selected. nan
        where nobody of either is (the limits are then 0 and inf), or as in
        `standardized_difference`.

    Raises
    ------
    InputError
        As `standardized_rates`; confidence outside (0, 1).

    Notes
    -----
    Limits as in `standardized_difference`, combined for a ratio (Donner & Zou). They
    exist for every table, where those of the delta method on log do not. Covers
    94.1-95.9 % at a nominal 95 % in the same settings, and 93.2-100 % elsewhere.

    References
    ----------
    .. [1] Donner, A. & Zou, G. Y. (2012). Closed-form confidence intervals for
       functions of the normal mean and standard deviation. Statistical Methods in
       Medical Research 21(4), 347-359. doi:10.1177/0962280210383082

    Examples
    --------
    >>> found = standardized_ratio([8, 10], [20, 80], [40, 5], [80, 20])
    >>> print(*(value.round(4) for value in found))
    0.7 0.4084 1.1721
    """
    tables = strata(hits, trials, ref_hits, ref_trials)
    shares = _shares(tables, weights, empty)
    return recovered_ratio(*_sides(tables, shares, confidence))


def conditional_demographic_disparity(
    hits: ArrayLike,
    trials: ArrayLike,
    ref_hits: ArrayLike,
    ref_trials: ArrayLike,
    confidence: ArrayLike = 0.95,
) -> Limits:
    """Demographic disparity within strata, averaged over customers (Wachter et al.).

        CDD = sum_s (N_s / N) DD_s,
        DD_s = share of the group among the not selected - among the selected

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float, shape (..., S)
        Counts of the group and of everybody else, strata last.
    confidence : array_like of float, default 0.95

    Returns
    -------
    estimate, low, high : ndarray, shape (...)
        In [-1, 1], 0 for equal rates in all strata; positive: the group is selected
        less. A stratum of which nobody or everybody is selected has no such share and
        is left out of the sum and of N; one without the group, or with nobody else,
        counts as 0. nan where all strata are left out.

    Raises
    ------
    InputError
        A count is negative, not finite or above its trials; no axis of strata;
        confidence outside (0, 1).

    Notes
    -----
    The shares among the selected and among the not selected count as independent
    given how many are selected; their limits are combined as in
    `standardized_difference`: 94.4-95.9 % at a nominal 95 % in the settings named
    there, and 94.4-100 % elsewhere. Depends on how large the group is: not to be
    compared between groups. `clarify_demographic_disparity` keeps the strata left out
    here, `group_averaged_demographic_disparity` is another quantity under a like name.

    References
    ----------
    .. [1] Wachter, S., Mittelstadt, B. & Russell, C. (2021). Why fairness cannot be
       automated. Computer Law & Security Review 41, 105567.
       doi:10.1016/j.clsr.2021.105567

    Examples
    --------
    >>> found = conditional_demographic_disparity(
    ...     [8, 10], [20, 80], [40, 5], [80, 20])
    >>> print(*(value.round(4) for value in found))
    0.1105 -0.0444 0.2544
    """
    x1, n1, x2, n2 = strata(hits, trials, ref_hits, ref_trials)
    m, total = x1 + x2, n1 + n2
    known = (m > 0) & (m < total)
    shares = _normal(np.where(known, total, 0.0))
    left = weighted_rate(
        np.where(known, n1 - x1, 0.0),
        np.where(known, total - m, 0.0),
        shares,
        confidence,
    )
    taken = weighted_rate(
        np.where(known, x1, 0.0), np.where(known, m, 0.0), shares, confidence
    )
    return recovered_difference(left, taken)


def clarify_demographic_disparity(
    hits: ArrayLike, trials: ArrayLike, ref_hits: ArrayLike, ref_trials: ArrayLike
) -> FloatArray:
    """Conditional demographic disparity as SageMaker Clarify computes it.

        sum_s (N_s / N) DD_s,  a share of nobody being 0

    Parameters
    ----------
    hits, trials, ref_hits, ref_trials : array_like of float, shape (..., S)
        Counts of the group and of everybody else, strata last.

    Returns
    -------
    estimate : ndarray, shape (...)
        In [-1, 1]; nan where over all strata nobody or everybody is selected.

    Raises
    ------
    InputError
        A count is negative, not finite or above its trials; no axis of strata.

    Notes
    -----
    Misleads where in a stratum nobody or everybody is selected: the group then counts
    there as favoured or not by its mere presence. Meant for comparison with reports
    of that service; else `conditional_demographic_disparity`.

    References
    ----------
    .. [1] Amazon SageMaker Clarify, smclarify 0.5, metric CDDL (2023).

    Examples
    --------
    >>> found = clarify_demographic_disparity([8, 0], [20, 80], [40, 0], [80, 20])
    >>> print(found.round(4))
    0.4321
    """
    x1, n1, x2, n2 = strata(hits, trials, ref_hits, ref_trials)
    m, total = x1 + x2, n1 + n2
    disparity = over(n1 - x1, total - m) - over(x1, m)
    found = np.sum(_normal(total) * disparity, axis=-1)
    selected, everybody = m.sum(-1), total.sum(-1)
    return np.where((selected > 0) & (selected < everybody), found, np.nan)


def group_averaged_demographic_disparity(
    hits: ArrayLike, trials: ArrayLike
) -> FloatArray:
    """Demographic disparity of each group, averaged over groups (as AIF360).

        sum_g (n_g / n) DD_g,
        DD_g = share of g among the not selected - among the selected

    Parameters
    ----------
    hits, trials : array_like of float, shape (..., G)
        Counts of all groups of an attribute, groups last.

    Returns
    -------
    estimate : ndarray, shape (...)
        In [-1, 1]; nan where nobody or everybody is selected.

    Raises
    ------
    InputError
        A count is negative, not finite or above its trials; no axis of groups.

    Notes
    -----
    AIF360 publishes it as `conditional_demographic_disparity`: it is averaged over
    groups, not over strata, and conditions on nothing. Of two groups of equal size it
    is always 0. Meant for comparison with reports made by that library.

    References
    ----------
    .. [1] AIF360 0.6.1 (2024), aif360.sklearn.metrics.

    Examples
    --------
    >>> print(group_averaged_demographic_disparity([557, 1198], [1835, 2691]).round(6))
    -0.027202
    """
    x, n = counted(hits, trials, ("hits", "trials"))
    if x.ndim == 0:
        what = "is a single number; allowed are arrays with the groups last"
        raise InputError(Problem("hits", what))
    selected, total = x.sum(-1, keepdims=True), n.sum(-1, keepdims=True)
    disparity = over(n - x, total - selected) - over(x, selected)
    found = np.sum(over(n, total) * disparity, axis=-1)
    known = (selected > 0) & (selected < total)
    return np.where(known[..., 0], found, np.nan)


def _shares(tables: Tables, weights: ArrayLike | None, empty: Empty) -> FloatArray:
    """Return the weights of the strata, summing to 1; nan where undefined."""
    if empty not in get_args(Empty):
        what = f"{shown(empty)} is none of {alternatives(get_args(Empty))}"
        raise InputError(Problem("empty", what))
    shape = tables[0].shape
    sizes = tables[1] + tables[3]
    if weights is not None:
        sizes = numbers("weights", weights)
        wrong = ~((sizes >= 0) & np.isfinite(sizes))
        refuse("weights", sizes, wrong, "allowed are finite numbers, 0 or more")
        if sizes.shape[-1:] != shape[-1:]:
            what = f"has shape {sizes.shape}; its last axis must be {shape[-1]} strata"
            raise InputError(Problem("weights", what))
        sizes = sizes + np.zeros(shape)
    both = both_sides(tables)
    lost = np.any((sizes > 0) & ~both, axis=-1, keepdims=True)
    shares = _normal(np.where(both, sizes, 0.0))
    return shares if empty == "drop" else np.where(lost, np.nan, shares)


def _normal(sizes: FloatArray) -> FloatArray:
    """Return sizes as shares of their sum; nan where that is 0."""
    total = sizes.sum(-1, keepdims=True)
    return np.asarray(sizes / np.where(total > 0, total, np.nan))


def _sides(
    tables: Tables, shares: FloatArray, confidence: ArrayLike
) -> tuple[Limits, Limits]:
    x1, n1, x2, n2 = tables
    return (
        weighted_rate(x1, n1, shares, confidence),
        weighted_rate(x2, n2, shares, confidence),
    )
