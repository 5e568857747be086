"""How much more likely a customer is to say yes for being asked: two models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem
from pipelines.segmentation.learning import plain_sklearn
from pipelines.segmentation.reading import FloatArray, Int64Array
from pipelines.targeting.crossed import (
    Auc,
    Calibration,
    calibrate,
    crossed_auc,
    left_out,
    splits_of,
    take,
    too_few,
)
from pipelines.targeting.gains import Qini, ShareUplift, qini_of, uplift_by_share
from pipelines.targeting.models import log_odds, make_model, model_name
from pipelines.targeting.training import MOST_ROWS, Inputs, read_training

BoolArray = NDArray[np.bool_]

_LOTTERY = 0.5


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two models.

    Parameters
    ----------
    rows : int
    outcome_rate : float
    estimator : fitted estimator
    calibration : Calibration
    """

    rows: int
    outcome_rate: float
    estimator: Any = field(repr=False)
    calibration: Calibration

    def chance(self, rows: Any) -> FloatArray:
        """Return the probability of a yes."""
        return self.calibration.chance(log_odds(self.estimator, rows))


@dataclass(frozen=True, eq=False)
class UpliftScore:
    """A two-model uplift. A `Scorer`.

    Parameters
    ----------
    name : str
    columns : tuple of str
    treated, control : Arm
    shares : tuple of ShareUplift
        On customers that were left out of the training.
    qini : Qini
        Likewise.
    treatment_auc : Auc
        How well the columns tell who was treated: 1/2 where that was by lot.
    notes : tuple of str
    inputs : Inputs
    """

    name: str
    columns: tuple[str, ...]
    treated: Arm
    control: Arm
    shares: tuple[ShareUplift, ...]
    qini: Qini
    treatment_auc: Auc
    notes: tuple[str, ...]
    inputs: Inputs = field(repr=False)

    def __repr__(self) -> str:
        best, qini = self.shares[0], self.qini
        return (
            f"<UpliftScore {self.name}: {self.treated.rows:,} treated, "
            f"{self.control.rows:,} control, best {best.share:.0%} {best.uplift:+.3f} "
            f"({best.low:+.3f} to {best.high:+.3f}), Qini {qini.estimate:.4f} "
            f"({qini.low:.4f} to {qini.high:.4f})>"
        )

    def score(self, table: Any) -> FloatArray:
        """Return the uplift of each row.

        Parameters
        ----------
        table : pyarrow.Table or any supported frame

        Returns
        -------
        float array
            In [-1, 1]; NaN where a number is infinite.

        Raises
        ------
        InputError
            A column that is not there, or of another kind than in training.
        """
        return self.inputs.score_blocks(
            table, lambda rows: self.treated.chance(rows) - self.control.chance(rows)
        )


def fit_uplift(
    table: Any,
    *,
    columns: Sequence[str],
    outcome: str,
    treatment: str,
    model: Any = "logistic",
    name: str = "",
    seed: int = 0,
    max_rows: int = MOST_ROWS,
) -> UpliftScore:
    """Train a score of how much asking adds to the chance of a yes.

        score = P(yes | asked, columns) - P(yes | not asked, columns)

    Parameters
    ----------
    table : pyarrow.Table or any supported frame
        Customers who were asked and customers who were held out, one row each.
    columns : sequence of str
    outcome, treatment : str
        Who said yes and who was asked: columns of 0/1, true/false, yes/no …, or
        ``COL=VALUE``.
    model : {"logistic", "boosting"} or scikit-learn classifier or Pipeline
        As in `fit_propensity`, for each of the two.
    name : str, default the model and the outcome
    seed : int, default 0
    max_rows : int, default 1,000,000

    Returns
    -------
    UpliftScore

    Raises
    ------
    InputError
        With every problem: those of `fit_propensity`; nobody was held out; fewer than
        25 yes or no among those asked or those not.

    Notes
    -----
    It is an effect only where who was asked was by lot; `UpliftScore.treatment_auc`
    tells whether the columns give it away, and a note says so.

    Figures are of customers that the models were not shown. The Qini figure is the area
    between ``g(s) = R_t(s) / N_t - R_c(s) / N_c``, with R the yes answers among the
    share s with the highest scores in each arm, and its straight line; its variance is
    that of the two means that it is a difference of, its limits are Student's t.

    References
    ----------
    .. [1] Radcliffe, N. J. (2007). Using control groups to target on predicted lift.
       Direct Marketing Analytics Journal 1, 14-21.
    .. [2] Kunzel, S. R. et al. (2019). Metalearners for estimating heterogeneous
       treatment effects using machine learning. PNAS 116(10), 4156-4165 (two models).
       doi:10.1073/pnas.1804597116

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> rng = np.random.default_rng(0)
    >>> asked, loyal = rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    >>> yes = rng.random(4000) < 0.2 + 0.3 * asked * loyal
    >>> table = pa.table({"asked": asked, "loyal": loyal, "yes": yes})
    >>> fit = fit_uplift(table, columns=["loyal"], outcome="yes", treatment="asked")
    >>> fit.score(pa.table({"loyal": [0, 1]})).round(1).tolist()
    [-0.0, 0.3]
    """
    roles = {"outcome": outcome, "treatment": treatment}
    training = read_training(table, columns, roles, model, seed, max_rows)
    answers, asked = training.flags["outcome"], training.flags["treatment"]
    problems = [*training.problems, *_unfit(answers, asked)]
    if problems:
        raise InputError(problems)
    with plain_sklearn():
        rows, _ = training.inputs.read(training.table)
        unfitted = make_model(model, training.inputs.coding, seed)
        splits = splits_of(2 * asked + answers, seed)
        chances, arms = [], []
        for arm in (1, 0):
            inside = asked == arm
            leaning = left_out(unfitted, rows, answers, splits, inside)
            line = calibrate(leaning[inside], answers[inside])
            chances.append(line.chance(leaning))
            arms.append(_arm(unfitted, rows, answers, inside, line))
        given_away = crossed_auc(left_out(unfitted, rows, asked, splits), asked, splits)
    uplift = chances[0] - chances[1]
    return UpliftScore(
        name or f"{model_name(model)} uplift of {training.names['outcome']}",
        training.inputs.columns,
        arms[0],
        arms[1],
        uplift_by_share(uplift, answers, asked, seed),
        qini_of(uplift, answers, asked),
        given_away,
        tuple(_notes(given_away, arms, len(answers), training.of)),
        training.inputs,
    )


def _unfit(answers: Int64Array, asked: Int64Array) -> list[Problem]:
    names = {1: "asked", 0: "not asked"}
    problems = []
    for arm, word in names.items():
        inside = answers[asked == arm]
        if not len(inside):
            what = f"nobody was {word}"
            hint = "keep some customers out by lot: without them no effect is known"
            problems.append(Problem("treatment", what, hint))
        else:
            problems += too_few(inside, "outcome", f" who were {word}")
    return problems


def _arm(
    unfitted: Any,
    rows: Any,
    answers: Int64Array,
    inside: BoolArray,
    line: Calibration,
) -> Arm:
    from sklearn.base import clone  # noqa: PLC0415

    places = np.flatnonzero(inside)
    fitted = clone(unfitted).fit(take(rows, places), answers[places])
    return Arm(len(places), float(answers[places].mean()), fitted, line)


def _notes(given_away: Auc, arms: Sequence[Arm], rows: int, of: int) -> Iterator[str]:
    if given_away.low > _LOTTERY:
        yield (
            "the columns tell who was asked (area under the curve "
            f"{given_away.estimate:.2f}): that was not by lot, and the score may be a "
            "difference between customers, not an effect"
        )
    if all(arm.calibration.slope == 0 for arm in arms):
        yield (
            "the columns say nothing of customers that were left out: "
            "the score is the same for all, and a cut is a lottery"
        )
    if rows < of:
        yield f"trained on {rows:,} of {of:,} rows, drawn by lot"
