"""How likely a customer is to say yes: fitted, calibrated, and tried on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairness.errors import InputError
from pipelines.segmentation.learning import plain_sklearn
from pipelines.segmentation.reading import FloatArray
from pipelines.targeting.crossed import (
    Auc,
    Calibration,
    calibrate,
    crossed_auc,
    left_out,
    splits_of,
    too_few,
)
from pipelines.targeting.models import log_odds, make_model, model_name
from pipelines.targeting.training import MOST_ROWS, Inputs, read_training


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """What a model was trained on.

    Parameters
    ----------
    rows : int
    of : int
        Rows that there were; more than `rows` where some were left out by lot.
    outcome_rate : float
        Share of yes among the rows.
    """

    rows: int
    of: int
    outcome_rate: float


@dataclass(frozen=True, eq=False)
class FittedScore:
    """A propensity: the probability of a yes. A `Scorer`.

    Parameters
    ----------
    name : str
    columns : tuple of str
    estimator : fitted scikit-learn estimator
        Trained on all rows; takes coded columns, a Pipeline of the user's own a pandas
        frame.
    trained_on : TrainedOn
    auc : Auc
        Cross-validated.
    calibration : Calibration
        From the estimator's log-odds to the score.
    notes : tuple of str
        What a reader of the score should know.
    inputs : Inputs
        How the columns become what the estimator takes.
    """

    name: str
    columns: tuple[str, ...]
    estimator: Any
    trained_on: TrainedOn
    auc: Auc
    calibration: Calibration
    notes: tuple[str, ...]
    inputs: Inputs = field(repr=False)

    def __repr__(self) -> str:
        rows, rate = self.trained_on.rows, self.trained_on.outcome_rate
        auc = self.auc
        return (
            f"<FittedScore {self.name}: {len(self.columns)} columns, {rows:,} rows, "
            f"{rate:.1%} yes, AUC {auc.estimate:.3f} ({auc.low:.3f} to {auc.high:.3f})>"
        )

    def score(self, table: Any) -> FloatArray:
        """Return the score of each row.

        Parameters
        ----------
        table : pyarrow.Table or any supported frame

        Returns
        -------
        float array
            In [0, 1], the same whatever the batch; NaN where a number is infinite.

        Raises
        ------
        InputError
            A column that is not there, or of another kind than in training.
        """
        return self.inputs.score_blocks(table, self._chance)

    def _chance(self, rows: Any) -> FloatArray:
        return self.calibration.chance(log_odds(self.estimator, rows))


def fit_propensity(
    table: Any,
    *,
    columns: Sequence[str],
    outcome: str,
    model: Any = "logistic",
    calibrated: bool = True,
    name: str = "",
    seed: int = 0,
    max_rows: int = MOST_ROWS,
) -> FittedScore:
    """Train a score of how likely a customer is to say yes.

    Parameters
    ----------
    table : pyarrow.Table or any supported frame
        Customers who were asked before, one row each.
    columns : sequence of str
        What the score may look at: numbers, true/false, text.
    outcome : str
        Who said yes: a column of 0/1, true/false, yes/no …, or ``COL=VALUE``.
    model : {"logistic", "boosting"} or scikit-learn classifier or Pipeline
        A Pipeline, or a search around one, gets the columns as a pandas frame; any
        other classifier gets them with gaps filled, text as one column a label, scaled.
    calibrated : bool, default True
        Whether the estimator's log-odds are put right by those of customers that were
        left out of the training.
    name : str, default the model and the outcome
    seed : int, default 0
    max_rows : int, default 1,000,000
        Of more rows so many are drawn by lot; `FittedScore.trained_on` has both.

    Returns
    -------
    FittedScore
        The same for the same table and seed.

    Raises
    ------
    InputError
        With every problem: columns that are not there or that a model cannot take, an
        outcome that is no yes/no or is missing, fewer than 25 of a kind.

    Notes
    -----
    Gaps in numbers are filled with the median and marked (logistic) or taken as they
    are (boosting); a missing label is a label. Labels of fewer than 20 customers, and
    beyond the 200 most frequent, are taken together, and so are those that were never
    seen. The calibration is a line in log-odds with a slope of at least 0, so that it
    changes no order; where its slope is 0 the score is one number for all, and says so.

    The area under the curve is that of customers who were asked before: it says nothing
    of those who never were.

    Examples
    --------
    >>> import pyarrow as pa
    >>> visits = list(range(200))
    >>> table = pa.table({"visits": visits, "bought": [v % 2 for v in range(200)]})
    >>> fit_propensity(table, columns=["visits"], outcome="bought").trained_on
    TrainedOn(rows=200, of=200, outcome_rate=0.5)
    """
    training = read_training(
        table, columns, {"outcome": outcome}, model, seed, max_rows
    )
    answers = training.flags["outcome"]
    problems = [*training.problems, *too_few(answers, "outcome")]
    if problems:
        raise InputError(problems)
    with plain_sklearn():
        rows, _ = training.inputs.read(training.table)
        unfitted = make_model(model, training.inputs.coding, seed)
        splits = splits_of(answers, seed)
        leaning = left_out(unfitted, rows, answers, splits)
        fitted = unfitted.fit(rows, answers)
    line = calibrate(leaning, answers) if calibrated else Calibration()
    told = TrainedOn(len(answers), training.of, float(answers.mean()))
    return FittedScore(
        name or f"{model_name(model)} of {training.names['outcome']}",
        training.inputs.columns,
        fitted,
        told,
        crossed_auc(leaning, answers, splits),
        line,
        tuple(_notes(line, told)),
        training.inputs,
    )


def _notes(line: Calibration, told: TrainedOn) -> Iterator[str]:
    if line.slope == 0:
        yield (
            "the columns say nothing of customers that were left out: "
            "the score is the same for all, and a cut is a lottery"
        )
    if told.rows < told.of:
        yield f"trained on {told.rows:,} of {told.of:,} rows, drawn by lot"
