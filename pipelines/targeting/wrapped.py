"""Estimators of the user's own as scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairness.errors import InputError, Problem, alternatives, shown, unknown_name
from pipelines.segmentation.reading import (
    FloatArray,
    kind_of,
    numbers_of,
    read_columns,
)
from pipelines.targeting.models import frame_of

_TWO = 2
_BLOCK = 2**17


@dataclass(frozen=True, eq=False)
class WrappedScore:
    """A fitted estimator as a `Scorer`.

    Parameters
    ----------
    name : str
    columns : tuple of str
    estimator : fitted estimator
    says : {"probability", "decision", "prediction"}
        What the score is.
    takes_frame : bool
        Whether it gets a pandas frame, or an array of floats.
    """

    name: str
    columns: tuple[str, ...]
    estimator: Any = field(repr=False)
    says: str
    takes_frame: bool

    def score(self, table: Any) -> FloatArray:
        """Return the score of each row.

        Parameters
        ----------
        table : pyarrow.Table or any supported frame

        Returns
        -------
        float array
            NaN where a value is missing and the estimator takes none that are, and
            where it gives none that is finite.

        Raises
        ------
        InputError
            A column that is not there; what the estimator refuses; an answer that is
            not one number a row.
        """
        whole = read_columns(table, self.columns)
        found = np.empty(whole.num_rows)
        for start in range(0, whole.num_rows, _BLOCK):
            block = whole.slice(start, _BLOCK)
            found[start : start + _BLOCK] = self._block(block)
        found[~np.isfinite(found)] = np.nan
        return found

    def _block(self, block: Any) -> FloatArray:
        try:
            return self._asked(block)
        except (ValueError, TypeError) as error:
            whole = _complete(block)
            if whole.all():
                raise _refused(self.name, error) from error
        found = np.full(block.num_rows, np.nan)
        if whole.any():
            import pyarrow as pa  # noqa: PLC0415

            try:
                found[whole] = self._asked(block.filter(pa.array(whole)))
            except (ValueError, TypeError) as error:
                raise _refused(self.name, error) from error
        return found

    def _asked(self, block: Any) -> FloatArray:
        rows = frame_of(block) if self.takes_frame else _floats(block)
        if self.says == "probability":
            answer = np.asarray(self.estimator.predict_proba(rows))
            found = answer[:, 1] if answer.ndim == _TWO else answer
        elif self.says == "decision":
            found = np.asarray(self.estimator.decision_function(rows))
        else:
            found = np.asarray(self.estimator.predict(rows))
        if found.ndim == _TWO and found.shape[1] == 1:
            found = found[:, 0]
        if found.shape != (block.num_rows,):
            what = f"gives an array of shape {found.shape} for {block.num_rows} rows"
            raise InputError(Problem(self.name, what, "a score is one number a row"))
        return np.array(found, dtype=np.float64)


def wrap_estimator(
    estimator: Any, columns: Sequence[str] = (), *, name: str = ""
) -> WrappedScore:
    """Make a score of a fitted estimator or Pipeline.

    Parameters
    ----------
    estimator : fitted estimator
        Of two classes, or a regressor. The score is the probability of its second
        class (`classes_[1]`); without `predict_proba` its decision function; without
        that its prediction.
    columns : sequence of str, optional
        What it was fitted on, in the order of the array it was fitted on. By default
        the names that it keeps itself.
    name : str, default the class of the estimator

    Returns
    -------
    WrappedScore

    Raises
    ------
    InputError
        An estimator that is not fitted, has other columns, more or fewer than two
        classes, or nothing that gives a score.

    Notes
    -----
    An estimator that was fitted on a frame gets a pandas frame with its columns in its
    order; any other an array of floats.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from sklearn.linear_model import LinearRegression
    >>> fitted = LinearRegression().fit(np.array([[0.0], [1.0]]), [0.0, 2.0])
    >>> wrap_estimator(fitted, ["visits"]).score(pa.table({"visits": [3, None]}))
    array([ 6., nan])
    """
    problems: list[Problem] = []
    says = _says(estimator)
    if isinstance(estimator, type) or not says:
        what = f"{shown(estimator)} has no predict_proba, decision_function or predict"
        raise InputError(Problem("estimator", what, "give a fitted estimator"))
    if not _is_fitted(estimator):
        what = f"{type(estimator).__name__} is not fitted"
        raise InputError(Problem("estimator", what, "call fit first"))
    kept = [str(one) for one in getattr(estimator, "feature_names_in_", ())]
    named = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    problems += _wrong_columns(estimator, kept, named)
    classes = getattr(estimator, "classes_", None)
    if says != "prediction" and classes is not None and len(classes) != _TWO:
        what = f"knows {len(classes)} classes: {alternatives(list(classes))}"
        problems.append(Problem("estimator", what, "train it on yes and no"))
    if problems:
        raise InputError(problems)
    frame = bool(kept) or _looks_up_names(estimator)
    label = name or type(estimator).__name__
    return WrappedScore(label, tuple(kept or named), estimator, says, frame)


def _says(estimator: Any) -> str:
    ways = {
        "predict_proba": "probability",
        "decision_function": "decision",
        "predict": "prediction",
    }
    return next((says for way, says in ways.items() if hasattr(estimator, way)), "")


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError  # noqa: PLC0415
    from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415

    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    except TypeError:
        # Of another library: it has its own word for what it is.
        return True
    return True


def _wrong_columns(
    estimator: Any, kept: Sequence[str], named: Sequence[str]
) -> list[Problem]:
    if not kept and not named:
        hint = "name them in the order of the array it was fitted on"
        return [Problem("columns", "are not known: the estimator keeps none", hint)]
    if kept and named:
        strange = [name for name in named if name not in kept]
        found = [
            unknown_name("columns", name, kept, "column of the estimator")
            for name in strange
        ]
        left = [name for name in kept if name not in named]
        if left and not strange:
            what = f"leaves out {alternatives(left)}, which the estimator reads"
            found.append(Problem("columns", what, "name all of them, or none"))
        return found
    size = getattr(estimator, "n_features_in_", None)
    if named and isinstance(size, int) and size != len(named):
        what = f"names {len(named)}, and the estimator was fitted on {size}"
        return [Problem("columns", what)]
    return []


def _looks_up_names(estimator: Any) -> bool:
    """Whether an estimator that kept no names may still look its columns up by them."""
    return not hasattr(estimator, "n_features_in_")


def _floats(block: Any) -> FloatArray:
    problems, parts = [], []
    for name in block.column_names:
        kind = kind_of(block.schema.field(name).type)
        if kind == "number":
            parts.append(numbers_of(block[name]))
        elif kind == "nothing":
            parts.append(np.full(block.num_rows, np.nan))
        else:
            held = block.schema.field(name).type
            what = f"{shown(name)} holds {held}, and the estimator takes numbers"
            hint = "fit it on a pandas frame, so that it gets one"
            problems.append(Problem("columns", what, hint))
    if problems:
        raise InputError(problems)
    return np.column_stack(parts)


def _complete(block: Any) -> Any:
    """Return which rows have all their values."""
    whole = np.ones(block.num_rows, dtype=bool)
    for name in block.column_names:
        column = block[name]
        if kind_of(column.type) == "number":
            whole &= np.isfinite(numbers_of(column))
        else:
            whole &= np.asarray(column.is_valid().to_numpy(), dtype=bool)
    return whole


def _refused(name: str, error: Exception) -> InputError:
    first = str(error).strip().partition("\n")[0]
    hint = "give it the columns as it was fitted on them"
    return InputError(Problem(name, f"the estimator refuses the rows: {first}", hint))
