"""scikit-learn pipelines over coded columns, and what they say of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from fairness.errors import InputError, Problem, alternatives, shown
from pipelines.segmentation.reading import Coding, FloatArray, kind_of, numbers_of

MODELS = ("logistic", "boosting")

# Labels of fewer customers are taken together; the trees take 255 labels at most.
_RARE = 20
_MOST_LABELS = 200
_CLOSEST = 1e-9


def check_model(model: Any) -> bool:
    """Return whether a model takes pandas frames, or raise where it is none.

    Parameters
    ----------
    model : {"logistic", "boosting"} or classifier

    Raises
    ------
    InputError
        Another word, or an object that is no classifier.

    Examples
    --------
    >>> check_model("logistic")
    False
    """
    from sklearn.base import is_classifier  # noqa: PLC0415

    if isinstance(model, str):
        if model in MODELS:
            return False
        what = f"{shown(model)} is not a model. Available: {alternatives(MODELS)}"
        raise InputError(Problem("model", what, "or give a scikit-learn classifier"))
    if isinstance(model, type) or not is_classifier(model):
        what = f"{shown(model)} is not a scikit-learn classifier"
        raise InputError(Problem("model", what, "give one, or a Pipeline that ends so"))
    return takes_frame(model)


def model_name(model: Any) -> str:
    """Return what reports call a model."""
    return model if isinstance(model, str) else type(model).__name__


def make_model(model: Any, coding: Coding | None, seed: int) -> Any:
    """Return an unfitted estimator.

    Parameters
    ----------
    model : {"logistic", "boosting"} or classifier
        Checked by `check_model`.
    coding : Coding or None
        Of what it takes; None for a frame.
    seed : int
        Of everything in it that is random and has no seed of its own.
    """
    if coding is None:
        return seeded(model, seed)
    if isinstance(model, str) and model == "boosting":
        return _boosting(coding, seed)
    if isinstance(model, str):
        return _logistic(coding)
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    return Pipeline([("columns", _prepared(coding)), ("model", seeded(model, seed))])


def takes_frame(model: Any) -> bool:
    """Whether an estimator of the user's own prepares the columns itself.

    That is a Pipeline, or a search or calibration around one.
    """
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    while not isinstance(model, Pipeline):
        inner = getattr(model, "estimator", None)
        if inner is None:
            return False
        model = inner
    return True


def seeded(model: Any, seed: int) -> Any:
    """Return a fresh copy of an estimator with every open seed set."""
    from sklearn.base import clone  # noqa: PLC0415

    fresh = clone(model)
    free = {
        name: seed
        for name, value in fresh.get_params().items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    }
    return fresh.set_params(**free)


def _logistic(coding: Coding) -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    model = LogisticRegression(max_iter=1000)
    return Pipeline([("columns", _prepared(coding)), ("model", model)])


def _prepared(coding: Coding) -> Any:
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415

    impute = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    numbers = Pipeline([("impute", impute), ("scale", StandardScaler())])
    labels = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=_RARE,
        max_categories=_MOST_LABELS,
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, np.flatnonzero(~coding.is_label)),
            ("labels", labels, np.flatnonzero(coding.is_label)),
        ]
    )


def _boosting(coding: Coding, seed: int) -> Any:
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OrdinalEncoder  # noqa: PLC0415

    labels = np.flatnonzero(coding.is_label)
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        min_frequency=_RARE,
        max_categories=_MOST_LABELS,
    )
    columns = ColumnTransformer(
        [
            ("labels", encoder, labels),
            ("numbers", "passthrough", np.flatnonzero(~coding.is_label)),
        ]
    )
    model = HistGradientBoostingClassifier(
        categorical_features=np.arange(len(labels)),
        early_stopping=True,
        random_state=seed,
    )
    return Pipeline([("columns", columns), ("model", model)])


def log_odds(model: Any, rows: Any) -> FloatArray:
    """Return how much a fitted classifier of two classes leans to the second.

    Returns
    -------
    float array
        Its decision function where it has one, else the logit of its probability.
    """
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(rows), dtype=np.float64)
    chance = np.clip(model.predict_proba(rows)[:, 1], _CLOSEST, 1 - _CLOSEST)
    return np.asarray(np.log(chance / (1 - chance)), dtype=np.float64)


def frame_of(table: Any) -> Any:
    """Return an Arrow table as the pandas frame that a Pipeline was fitted on.

    Numbers are floats where one is missing; text is text, categories are categories.
    """
    import pandas as pd  # noqa: PLC0415

    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name]
        plain = kind_of(column.type) == "number" and not _is_coded(column)
        if plain and column.null_count:
            columns[name] = numbers_of(column)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def _is_coded(column: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_dictionary(column.type))
