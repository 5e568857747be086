"""What the mix of strata does to a ratio: masks a gap, makes one, turns it round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fairness.checks.layers import Layers
from fairness.findings.messages import label, number
from fairness.metrics.measures import ratio

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kind = Literal["masks", "explains", "reverses", ""]


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """The ratio of all together over the standardised ratio within strata, by group.

    Parameters
    ----------
    marginal, within : float arrays
        The two ratios.
    estimate, low, high, z : float arrays
        Of their ratio; z is 0 where they agree.
    stratum : int array
        The stratum through which most of the difference goes; -1 where unknown.
    """

    marginal: FloatArray
    within: FloatArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    z: FloatArray
    stratum: IntArray


def mix_of(layers: Layers, reference: IntArray, confidence: float) -> Mix:
    """Compare each group's ratio in total with its ratio at equal strata.

        estimate = (r_g / r_ref) / (R_g / R_ref), R = sum_s w_s rate_s / sum_s w_s

    over the strata that hold both sides, w_s the customers' share. The interval is
    normal on the logarithm, its variance from the influence of each customer on
    log r - log R.

    Parameters
    ----------
    layers : Layers
    reference : int array
        Of each group, as in `Layers.references`.
    confidence : float
    """
    ref_hits, ref_trials = layers.of(reference)
    both = (layers.trials > 0) & (ref_trials > 0)
    weights = np.where(both, layers.shares, 0.0)
    weights = (
        weights / np.where(weights.any(axis=1), weights.sum(axis=1), np.nan)[:, None]
    )
    sides = [
        _side(layers.hits, layers.trials, weights),
        _side(ref_hits, ref_trials, weights),
    ]
    (rate, standard, variance), (rate_ref, standard_ref, variance_ref) = sides
    marginal, within = ratio(rate, rate_ref), ratio(standard, standard_ref)
    own = reference == np.arange(len(reference))
    estimate = np.where(own, np.nan, ratio(marginal, within))
    estimate = np.where(np.isfinite(estimate) & (estimate > 0), estimate, np.nan)
    error = np.sqrt(variance + variance_ref)
    half = float(-ndtri((1 - confidence) / 2)) * error
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = estimate * np.exp(-half), estimate * np.exp(half)
        z = np.where(error > 0, np.log(estimate) / error, 0.0)
    return Mix(
        marginal,
        within,
        estimate,
        low,
        high,
        np.where(np.isnan(estimate), np.nan, z),
        _through(layers, ref_trials, estimate),
    )


def _side(
    hits: FloatArray, trials: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rate, standardised rate, and the variance of the difference of logs."""
    total = trials.sum(axis=1)
    rate = ratio(hits.sum(axis=1), total)
    rates = np.where(trials > 0, ratio(hits, trials), 0.0)
    standard = (weights * rates).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = trials / total[:, None]
        lever = np.where(trials > 0, weights / share, 0.0) / standard[:, None]
        hit = (1 - rate[:, None]) / rate[:, None] - lever * (1 - rates)
        miss = -1.0 + lever * rates
        squares = hits * hit**2 + (trials - hits) * miss**2
        variance = squares.sum(axis=1) / total**2
    return rate, standard, variance


def _through(layers: Layers, ref_trials: FloatArray, estimate: FloatArray) -> IntArray:
    """Return the stratum where group and reference are most unevenly found."""
    first = layers.comparison.table == 0
    every = layers.hits[first].sum(axis=0), layers.trials[first].sum(axis=0)
    rates = ratio(*every)
    away = np.nan_to_num(rates - ratio(every[0].sum(), every[1].sum()))
    own = ratio(layers.trials, layers.trials.sum(axis=1, keepdims=True))
    other = ratio(ref_trials, ref_trials.sum(axis=1, keepdims=True))
    moved = np.nan_to_num(own - other) * away
    upward = (estimate > 1)[:, None]
    found = np.where(upward, moved, -moved).argmax(axis=1)
    return np.where(np.isnan(estimate), -1, found).astype(np.int64)


def kind_of(mix: Mix, group: int, side: str, p_within: float, alpha: float) -> Kind:
    """Say what the mix does to a group's gap, given that it does something.

    It masks a gap that is there within strata, or it makes the gap of all together:
    then it explains it where no harm is left within strata, and reverses it where the
    group is on the other side there.

    Examples
    --------
    >>> one = [np.array([x]) for x in (0.68, 1.0, 0.68, 0.6, 0.8, -8.0)]
    >>> kind_of(Mix(*one, np.array([0])), 0, "lower", 0.9, 0.05)
    'explains'
    """
    marginal, within = float(mix.marginal[group]), float(mix.within[group])
    if side == "upper":
        marginal, within = 1 / max(marginal, 1e-300), 1 / max(within, 1e-300)
    harmed = p_within < alpha
    if marginal > within:
        return "masks" if harmed and within < 1 else ""
    if marginal >= 1:
        return ""
    if within > 1 and harmed:
        return "reverses"
    return "" if harmed else "explains"


_TOLD = {
    "masks": "the mix of {column} masks a gap",
    "explains": "the mix of {column} makes the gap",
    "reverses": "the mix of {column} turns the gap round",
}


def told(kind: Kind, layers: Layers, mix: Mix, group: int) -> str:
    """Return a Simpson finding as the end of a sentence; empty for no kind."""
    if not kind:
        return ""
    column, place = label(layers.column), int(mix.stratum[group])
    start = _TOLD[kind].format(column=column)
    return (
        f"{start}: {number(float(mix.marginal[group]))} in total, "
        f"{number(float(mix.within[group]))} within {column}, most of it through "
        f"{label(layers.labels[place])}"
    )
