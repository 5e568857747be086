"""What asking added, by the score of those who were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from fairness.inference.widened import difference_interval
from pipelines.segmentation.reading import FloatArray, Int64Array

SHARES = (0.1, 0.2, 0.3, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class ShareUplift:
    """What asking added among the customers with the highest scores.

    Parameters
    ----------
    share : float
        Of the customers.
    n_treated, n_control : int
    uplift, low, high : float
        Rate of yes of those asked less that of those not asked, in [-1, 1]; NaN where
        one of them is empty.
    """

    share: float
    n_treated: int
    n_control: int
    uplift: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Qini:
    """Area between the gain curve of a score and that of a lottery.

    Parameters
    ----------
    estimate, low, high : float
        Yes answers a customer; 0 where the score orders no better than a lottery.
    confidence : float
    """

    estimate: float
    low: float
    high: float
    confidence: float = 0.95


def uplift_by_share(
    uplift: FloatArray,
    answers: Int64Array,
    asked: Int64Array,
    seed: int = 0,
    *,
    shares: Sequence[float] = SHARES,
    confidence: float = 0.95,
) -> tuple[ShareUplift, ...]:
    """Return what asking added among the customers with the highest uplift.

    Parameters
    ----------
    uplift : float array
        By models that were not shown the customer.
    answers, asked : int arrays of 0 and 1
    seed : int, default 0
        Of the lot among ties.
    shares : sequence of float
    confidence : float, default 0.95

    Notes
    -----
    The interval is `difference_interval` of the two rates.

    Examples
    --------
    >>> uplift = np.repeat([0.5, 0.0], 100)
    >>> asked, answers = np.tile([0, 1], 100), np.tile([0, 1, 0, 0], 50)
    >>> found = uplift_by_share(uplift, answers, asked, shares=(0.5,))
    >>> found[0].uplift, found[0].n_treated
    (0.5, 50)
    """
    lot = np.random.default_rng([seed, 2]).permutation(len(uplift))
    order = lot[np.argsort(-uplift[lot], kind="stable")]
    yes, treated = answers[order], asked[order]
    found = []
    for share in shares:
        top = slice(0, round(share * len(order)))
        arm, hits = treated[top], yes[top]
        n_treated, n_control = int(arm.sum()), int((1 - arm).sum())
        hits_treated, hits_control = int(hits @ arm), int(hits @ (1 - arm))
        low, high = difference_interval(
            hits_treated, n_treated, hits_control, n_control, confidence
        )
        both = n_treated > 0 and n_control > 0
        gain = hits_treated / n_treated - hits_control / n_control if both else np.nan
        found.append(
            ShareUplift(share, n_treated, n_control, gain, float(low), float(high))
        )
    return tuple(found)


def qini_of(
    uplift: FloatArray,
    answers: Int64Array,
    asked: Int64Array,
    confidence: float = 0.95,
) -> Qini:
    """Return the area between the gain curve and its straight line.

        Q = mean_t(w y) - mean_c(w y),  w = 1/2 - s

    with s the share of customers with a higher score, ties at their middle, and y the
    answer less the mean of all. It is the integral over s of
    ``R_t(s) / N_t - R_c(s) / N_c - s (R_t(1) / N_t - R_c(1) / N_c)``.

    Parameters
    ----------
    uplift : float array
        By models that were not shown the customer.
    answers, asked : int arrays of 0 and 1
        At least two customers who were asked, and two who were not.
    confidence : float, default 0.95

    Returns
    -------
    Qini

    Notes
    -----
    w averages 0 over all, not in each arm: what the mean of y would add there by
    chance is taken out first.

    Examples
    --------
    >>> qini_of(np.zeros(8), np.tile([0, 1], 4), np.repeat([0, 1], 4)).estimate
    0.0
    """
    values, place = np.unique(uplift, return_inverse=True)
    size = np.bincount(place, minlength=len(values))
    higher = (size.sum() - np.cumsum(size) + size / 2) / size.sum()
    weighted = (0.5 - higher)[place] * (answers - answers.mean())
    means, parts, sizes = [], [], []
    for arm in (1, 0):
        inside = weighted[asked == arm]
        means.append(float(inside.mean()))
        parts.append(float(inside.var(ddof=1)) / len(inside))
        sizes.append(len(inside))
    estimate, variance = means[0] - means[1], sum(parts)
    freedom = (
        variance**2
        / sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
        if variance > 0
        else 1.0
    )
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * variance**0.5
    return Qini(estimate, estimate - half, estimate + half, confidence)
