"""Estimators of the user's own as scores."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from fairness.errors import InputError
from pipelines.targeting import wrap_estimator


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "n": rng.normal(size=300),
            "m": rng.integers(0, 9, 300),
            "t": np.array(["x", "y", "z"])[rng.integers(0, 3, 300)],
        }
    )


@pytest.fixture
def answers(frame):
    return (frame["n"] + (frame["t"] == "x") > 0.4).astype(int)


def arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def pipeline():
    labels = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    columns = make_column_transformer(
        (StandardScaler(), ["n", "m"]), (labels, ["t"]), verbose_feature_names_out=False
    )
    return make_pipeline(columns, LogisticRegression())


def same(found, wanted):
    # The last digits of a matrix product follow how the rows lie in memory.
    return np.allclose(found, wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_a_pipeline_scores_as_it_does_itself(output, frame, answers):
    model = pipeline().set_output(transform=output).fit(frame, answers)
    score = wrap_estimator(model)
    assert score.columns == ("n", "m", "t")
    shuffled = arrow(frame).select(["t", "n", "m"])
    assert same(score.score(shuffled), model.predict_proba(frame)[:, 1])


def test_routing_does_not_get_in_the_way(frame, answers):
    with sklearn.config_context(enable_metadata_routing=True):
        model = pipeline().fit(frame, answers)
        score = wrap_estimator(model, ["n", "m", "t"]).score(arrow(frame))
    assert same(score, model.predict_proba(frame)[:, 1])


def test_arrays_frozen_and_calibrated_estimators_are_scored(frame, answers):
    rows = frame[["n", "m"]].to_numpy()
    model = LogisticRegression().fit(rows, answers)
    wanted = model.predict_proba(rows)[:, 1]
    for one in (model, FrozenEstimator(model)):
        assert same(wrap_estimator(one, ["n", "m"]).score(arrow(frame)), wanted)
    both = CalibratedClassifierCV(FrozenEstimator(model)).fit(rows, answers)
    found = wrap_estimator(both, ["n", "m"]).score(arrow(frame))
    assert same(found, both.predict_proba(rows)[:, 1])


def test_without_probabilities_the_decision_and_then_the_prediction_count(
    frame, answers
):
    rows = frame[["n", "m"]].to_numpy()
    svm, line = LinearSVC().fit(rows, answers), LinearRegression().fit(rows, answers)
    found = wrap_estimator(svm, ["n", "m"])
    assert found.says == "decision"
    assert same(found.score(arrow(frame)), svm.decision_function(rows))
    found = wrap_estimator(line, ["n", "m"])
    assert found.says == "prediction"
    assert same(found.score(arrow(frame)), line.predict(rows))


def test_a_missing_value_is_no_score_where_the_model_takes_none(frame, answers):
    model = pipeline().fit(frame, answers)
    holes = frame.copy()
    holes.loc[3, "n"] = np.nan
    scores = wrap_estimator(model).score(arrow(holes))
    assert np.flatnonzero(np.isnan(scores)).tolist() == [3]
    rest = np.arange(300) != 3
    assert same(scores[rest], model.predict_proba(frame)[rest, 1])


def test_a_missing_value_is_scored_where_the_model_takes_it(frame, answers):
    model = HistGradientBoostingClassifier().fit(frame[["n", "m"]], answers)
    holes = frame.copy()
    holes.loc[3, "n"] = np.nan
    scores = wrap_estimator(model).score(arrow(holes))
    assert same(scores, model.predict_proba(holes[["n", "m"]])[:, 1])


def test_categories_stay_categories(frame, answers):
    frame["t"] = frame["t"].astype("category")
    model = HistGradientBoostingClassifier().fit(frame, answers)
    scores = wrap_estimator(model).score(arrow(frame))
    assert same(scores, model.predict_proba(frame)[:, 1])


def test_what_cannot_be_scored_is_refused(frame, answers):
    rows = frame[["n", "m"]].to_numpy()
    model = LogisticRegression().fit(rows, answers)
    refused = [
        ((LogisticRegression(), ["n"]), "is not fitted"),
        ((LogisticRegression, ["n"]), "give a fitted estimator"),
        ((object(), ["n"]), "has no predict_proba"),
        ((model, []), "are not known"),
        ((model, ["n"]), "names 1, and the estimator was fitted on 2"),
        ((pipeline().fit(frame, answers), ["n", "m", "tt"]), "did you mean 't'"),
        ((pipeline().fit(frame, answers), ["n", "m"]), "leaves out 't'"),
        ((LogisticRegression().fit(rows, frame["t"]), ["n", "m"]), "knows 3 classes"),
    ]
    for given, said in refused:
        with pytest.raises(InputError, match=said):
            wrap_estimator(*given)


def test_rows_that_the_estimator_refuses_are_told(frame, answers):
    rows = frame[["n", "m"]].to_numpy()
    score = wrap_estimator(LogisticRegression().fit(rows, answers), ["n", "t"])
    with pytest.raises(InputError, match="takes numbers"):
        score.score(arrow(frame))
    own = wrap_estimator(pipeline().fit(frame, answers))
    with pytest.raises(InputError, match="refuses the rows"):
        own.score(arrow(frame.assign(n=frame["t"])))
    with pytest.raises(InputError, match="'m' is not a column"):
        own.score(arrow(frame.drop(columns="m")))
