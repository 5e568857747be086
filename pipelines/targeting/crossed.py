"""Models tried on customers they were not shown, and corrected by what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from fairness.errors import Problem
from fairness.inference import area_under_curve
from pipelines.segmentation.reading import FloatArray, Int64Array
from pipelines.targeting.models import log_odds

FOLDS = 5
LEAST = 5 * FOLDS
"""So many customers with a yes, and with a no, are needed: five in each fold."""

# Folds are trained on each other's rows: where there is nothing to find, the
# variance of their mean is twice that of independent ones.
_DEPENDENCE = 2.0
# A penalty that only keeps a slope finite where yes and no are wholly apart.
_RIDGE = 1e-3

Split = tuple[Int64Array, Int64Array]


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the curve on customers that were left out of the training.

    Parameters
    ----------
    estimate, low, high : float
        In [0, 1]; 1/2 says nothing.
    confidence : float
    """

    estimate: float
    low: float
    high: float
    confidence: float = 0.95


class Calibration(NamedTuple):
    """A line from a model's log-odds to those that were observed.

    Parameters
    ----------
    slope, intercept : float
        1 and 0 where the model was right; the slope is at least 0.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def chance(self, leaning: FloatArray) -> FloatArray:
        """Return the probability of a yes."""
        return np.asarray(expit(self.slope * leaning + self.intercept))


def splits_of(classes: Int64Array, seed: int) -> list[Split]:
    """Return the rows to train on and those to try on, five times."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(classes)), classes))


def take(rows: Any, places: Int64Array) -> Any:
    """Return some rows of an array or of a pandas frame."""
    return rows.iloc[places] if hasattr(rows, "iloc") else rows[places]


def left_out(
    model: Any,
    rows: Any,
    answers: Int64Array,
    splits: Sequence[Split],
    shown_to: Any = None,
) -> FloatArray:
    """Return the log-odds of each row by a model that was not shown its fold.

    Parameters
    ----------
    model : unfitted classifier
    rows : float array or pandas frame
    answers : int array
    splits : sequence of (train, try)
    shown_to : bool array, optional
        Rows that may be trained on; all are tried.
    """
    from sklearn.base import clone  # noqa: PLC0415

    found = np.full(len(answers), np.nan)
    for train, test in splits:
        some = train if shown_to is None else train[shown_to[train]]
        fitted = clone(model).fit(take(rows, some), answers[some])
        found[test] = log_odds(fitted, take(rows, test))
    return found


def calibrate(leaning: FloatArray, answers: Int64Array) -> Calibration:
    """Return the line that fits the answers best, by logistic regression.

    Parameters
    ----------
    leaning : float array
        Log-odds of customers that the model was not shown.
    answers : int array of 0 and 1

    Returns
    -------
    Calibration
        Where no slope above 0 fits better than none, the slope is 0: everybody gets
        the rate of all.

    Notes
    -----
    Steps, which isotonic regression would give, tie customers whom the model ranks.

    References
    ----------
    .. [1] Platt, J. (1999). Probabilistic outputs for support vector machines. In
       Advances in Large Margin Classifiers, 61-74. MIT Press.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=50_000)
    >>> answers = (rng.random(50_000) < expit(truth)).astype(int)
    >>> [round(part, 1) for part in calibrate(2 * truth + 1, answers)]
    [0.5, -0.5]
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    rate = float(answers.mean())
    flat = Calibration(0.0, float(np.log(rate / (1 - rate))))
    spread = float(leaning.std())
    if not spread > 0:
        return flat
    middle = float(leaning.mean())
    line = LogisticRegression(C=1 / _RIDGE)
    line.fit(((leaning - middle) / spread)[:, None], answers)
    slope = float(line.coef_[0, 0]) / spread
    if slope <= 0:
        return flat
    return Calibration(slope, float(line.intercept_[0]) - slope * middle)


def crossed_auc(
    leaning: FloatArray,
    answers: Int64Array,
    splits: Sequence[Split],
    confidence: float = 0.95,
) -> Auc:
    """Return the area under the curve within folds, weighted by their pairs.

    Notes
    -----
    Scores of two folds are by two models and are not compared. The folds' distances to
    their limits are added up in squares, and are sqrt(2) wider than for folds that do
    not depend on each other: so much they do where there is nothing to find.

    References
    ----------
    .. [1] LeDell, E., Petersen, M. & van der Laan, M. (2015). Computationally
       efficient confidence intervals for cross-validated area under the ROC curve
       estimates. Electronic Journal of Statistics 9(1), 1583-1607.
       doi:10.1214/15-EJS1035
    """
    pairs, areas = [], []
    for _, test in splits:
        values, place = np.unique(leaning[test], return_inverse=True)
        yes = np.bincount(place, answers[test], len(values))
        no = np.bincount(place, 1 - answers[test], len(values))
        areas.append(area_under_curve(yes, no, confidence))
        pairs.append(yes.sum() * no.sum())
    weight = np.array(pairs) / np.sum(pairs)
    estimate, low, high = (
        np.array([float(getattr(area, part)) for area in areas])
        for part in ("estimate", "low", "high")
    )
    middle = float(weight @ estimate)
    below, above = (
        float(np.sqrt(_DEPENDENCE * ((weight * apart) ** 2).sum()))
        for apart in (estimate - low, high - estimate)
    )
    return Auc(middle, max(middle - below, 0.0), min(middle + above, 1.0), confidence)


def too_few(answers: Int64Array, role: str, who: str = "") -> list[Problem]:
    """Return what is wrong with the number of answers of each kind."""
    yes = int(answers.sum())
    found = []
    for word, number in (("yes", yes), ("no", len(answers) - yes)):
        if number < LEAST:
            what = (
                f"{word} is the answer of {number} customers{who}, {LEAST} are needed"
            )
            hint = "train on more customers or a longer time, or use a rule"
            found.append(Problem(role, what, hint))
    return found
