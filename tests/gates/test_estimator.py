"""FairnessGate: what it hands out, what it refuses, and scikit-learn's conventions."""

import pickle

import numpy as np
import polars as pl
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

import fairness as fa
from fairness.errors import AudienceBlockedError, InputError
from pipelines.funnel import ScoreCut, Stage, walk
from pipelines.gate import FairnessGate


class Given(ClassifierMixin, BaseEstimator):
    """Takes its first column for a score; remembers what it was shown."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.seen_ = list(getattr(X, "columns", []))
        self.weights_ = sample_weight
        return self

    def predict_proba(self, X):
        score = np.asarray(X, dtype=float)[:, self.column] / 100
        return np.column_stack([1 - score, score])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] >= 0.5).astype(int)]


def gate_of(column, **settings):
    settings = {"by": "gender", "offer": "beneficial"} | settings
    return FairnessGate(Given(("even", "uneven").index(column)), **settings)


def fitted(customers, column, **settings):
    X = customers[["even", "uneven"]]
    return gate_of(column, **settings).fit(X, np.arange(len(X)) % 2), X


CUTS = [{}, {"top": 1_200}, {"top_share": 0.2}, {"at_least": 0.6}]


@pytest.mark.parametrize("cut", CUTS)
def test_a_fair_audience_is_handed_out(customers, aligned, cut):
    gate, X = fitted(customers, "even", **cut)
    picked = gate.predict(X, protected=aligned)
    assert set(picked.tolist()) == {0, 1}
    score = X["even"].to_numpy() / 100
    if "top" in cut or "top_share" in cut:
        assert picked.sum() == 1_200
        assert score[picked == 1].min() >= score[picked == 0].max()
    else:
        assert (picked == (score >= cut.get("at_least", 0.5))).all()
    assert gate.decision_.verdict == "clear"
    assert gate.audit_.counts.selected == picked.sum()


@pytest.mark.parametrize("cut", CUTS)
def test_a_blocked_audience_is_not(customers, aligned, cut):
    gate, X = fitted(customers, "uneven", **cut)
    with pytest.raises(AudienceBlockedError, match=r"block: .*gender f") as caught:
        gate.predict(X, protected=aligned)
    assert caught.value.verdict == "block"
    assert gate.decision_.verdict == "block"
    finding = next(f for f in gate.audit_.findings if f.group == "f")
    assert finding.reading == "lower"


def test_the_verdict_is_that_of_an_audit_of_the_same_audience(customers, attributes):
    gate, X = fitted(customers, "uneven", top=900, id="customer_id")
    with pytest.raises(AudienceBlockedError):
        gate.predict(X, protected=attributes, id=customers["customer_id"])
    order = np.argsort(-X["uneven"].to_numpy(), kind="stable")
    mark = X["uneven"].to_numpy()[order[899]]
    taken = X["uneven"].to_numpy() > mark
    assert gate.audit_.counts.selected == 900 >= taken.sum()
    table = gate.audit_.counts.table(["gender"])
    women = (customers.merge(attributes)["gender"] == "f").to_numpy()
    assert dict(zip(table.groups, table.n, strict=True)) == {
        "f": women.sum(),
        "m": (~women).sum(),
    }
    audit = fa.audit(
        customers.assign(picked=X["uneven"] >= mark),
        selected="picked",
        id="customer_id",
        protected=attributes,
        by="gender",
        offer="beneficial",
    )
    assert audit.gate("us-four-fifths").verdict == gate.decision_.verdict


def test_the_protected_table_is_joined_by_id_or_aligned(
    customers, attributes, aligned, tmp_path
):
    attributes.to_csv(tmp_path / "protected.csv", index=False)
    X = customers
    gate = gate_of("even", top=1_000, id="customer_id").fit(X, np.arange(len(X)) % 2)
    # The id is kept from the estimator.
    assert gate.estimator_.seen_ == ["even", "uneven"]
    picked = gate.predict(X, protected=attributes)
    again = gate.predict(X, protected=tmp_path / "protected.csv")
    assert (picked == again).all()
    counts = gate.audit_.counts.table(["gender"])
    other, rows = fitted(customers, "even", top=1_000)
    assert other.predict(rows, protected=aligned).sum() == 1_000
    assert (other.audit_.counts.table(["gender"]).n == counts.n).all()
    polars = pl.from_pandas(X)
    assert (gate.predict(polars, protected=pl.from_pandas(attributes)) == picked).all()


def test_ties_are_broken_as_a_campaign_of_the_name_breaks_them(customers, attributes):
    import narwhals as nw

    flat = customers.assign(even=50)
    gate = gate_of("even", top=700, id="customer_id", draw="spring")
    gate.fit(flat, np.arange(len(flat)) % 2)
    picked = gate.predict(flat, protected=attributes)
    cut = ScoreCut(Stage("score", "score", ("top",)), column="even", top=700)
    walked = walk(
        nw.from_native(flat), id="customer_id", conditions=[], cuts=[cut], draw="spring"
    )
    assert (walked.selected == (picked == 1)).all()


def test_the_order_of_rows_means_nothing(customers, attributes):
    gate = gate_of("even", top=700, id="customer_id")
    gate.fit(customers, np.arange(len(customers)) % 2)
    picked = gate.predict(customers, protected=attributes)
    order = np.random.default_rng(0).permutation(len(customers))
    again = gate.predict(customers.iloc[order], protected=attributes)
    assert (again == picked[order]).all()


@pytest.mark.parametrize("fail_on", ["review", "block"])
@pytest.mark.parametrize("rows", [1, 2, 10])
def test_rows_too_few_to_judge_are_refused(customers, aligned, rows, fail_on):
    gate, X = fitted(customers, "even", at_least=0.5, fail_on=fail_on)
    with pytest.raises(AudienceBlockedError, match=r"review: gender") as caught:
        gate.predict(X[:rows], protected=aligned[:rows])
    assert caught.value.verdict == "review"


@pytest.mark.parametrize("fail_on", ["review", "block"])
def test_handing_over_one_group_after_another_is_refused(customers, aligned, fail_on):
    gate, X = fitted(customers, "uneven", at_least=0.5, fail_on=fail_on)
    for group in ("f", "m"):
        inside = aligned["gender"] == group
        with pytest.raises(AudienceBlockedError, match="are of one group"):
            gate.predict(X[inside], protected=aligned[inside])


def test_a_review_passes_only_where_it_is_said_to(customers, aligned):
    # A fifth of the customers are of groups too few to tell.
    aligned.loc[aligned.index[:1_200], "gender"] = [f"g{i % 200}" for i in range(1_200)]
    strict, X = fitted(customers, "even", at_least=0.5)
    with pytest.raises(AudienceBlockedError, match="review"):
        strict.predict(X, protected=aligned)
    lenient, _ = fitted(customers, "even", at_least=0.5, fail_on="block")
    assert lenient.predict(X, protected=aligned).sum() > 2_000
    assert lenient.decision_.verdict == "review"


def test_protected_columns_stay_outside(customers, aligned):
    X = customers[["even"]].assign(gender=aligned["gender"])
    y = np.arange(len(X)) % 2
    with pytest.raises(InputError, match="'gender' is protected"):
        gate_of("even").fit(X, y)
    with pytest.raises(InputError, match="'gender' has no reason"):
        gate_of("even", use={"gender": ""}).fit(X, y)
    gate, _ = fitted(customers, "even")
    with pytest.raises(InputError, match="'gender' is protected"):
        gate.predict(X, protected=aligned)
    # Everything in the protected table is, not only what is audited.
    with pytest.raises(InputError, match="'even' is protected"):
        gate.predict(customers[["even", "uneven"]], protected=aligned.assign(even=1))
    used = gate_of("even", use={"gender": "a women's shelter"}).fit(X, y)
    assert used.estimator_.seen_ == ["even", "gender"]
    used = gate_of("even", use={"gender": "a women's shelter"})
    used.fit(customers[["even"]], y)
    used.predict(customers[["even"]], protected=aligned)
    assert "the profile uses 'gender': a women's shelter" in used.audit_.notes


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "protected: is missing"),
        ({"protected": "short"}, "has 10 rows, and there are 6,000 customers"),
        ({"protected": "shuffled"}, "has another index than the customers"),
        ({"protected": "lazy"}, "has no order of rows"),
        ({"protected": "aligned", "id": "ids"}, "column of ids was not named"),
    ],
)
def test_what_cannot_be_matched_is_refused(customers, aligned, given, told):
    gate, X = fitted(customers, "even", top=1_000)
    tables = {
        "short": aligned[:10],
        "shuffled": aligned.sample(frac=1, random_state=1),
        "lazy": pl.from_pandas(aligned).lazy(),
        "aligned": aligned,
        "ids": customers["customer_id"],
    }
    words = {key: tables[value] for key, value in given.items()}
    with pytest.raises(InputError, match=told):
        gate.predict(X, **words)


def test_ids_have_to_fit(customers, attributes):
    gate, X = fitted(customers, "even", top=1_000, id="customer_id")
    with pytest.raises(InputError, match="'customer_id' is not a column of the"):
        gate.predict(X, protected=attributes)
    with pytest.raises(InputError, match="has 3 values, and there are 6,000 rows"):
        gate.predict(X, protected=attributes, id=["a", "b", "c"])
    doubled = customers["customer_id"].where(customers.index > 0, "C00007")
    with pytest.raises(InputError, match="occur more than once"):
        gate.predict(X, protected=attributes, id=doubled)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"top": 5, "at_least": 0.5}, "'top', 'at_least' are given together"),
        ({"by": []}, "is not a list of columns"),
        ({"fail_on": "never"}, "neither 'review' nor 'block'"),
        ({"use": ["gender"]}, "is not a table of columns and reasons"),
    ],
)
def test_settings_are_checked_before_anything_is_fitted(customers, settings, told):
    with pytest.raises(InputError, match=told):
        fitted(customers, "even", **settings)


def test_the_class_to_select_may_have_a_name(customers, aligned):
    X = customers[["even", "uneven"]]
    y = np.where(np.arange(len(X)) % 2 == 1, "yes", "no")
    for cut in CUTS:
        gate = gate_of("even", positive="yes", **cut).fit(X, y)
        assert gate.predict(X, protected=aligned).dtype == np.int64
        unnamed = gate_of("even", **cut).fit(X, y)
        with pytest.raises(InputError, match="1 is not one of two classes"):
            unnamed.predict(X, protected=aligned)


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RidgeClassifier(),
        LinearSVC(),
        LinearRegression(),
        DecisionTreeClassifier(max_depth=2, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_any_estimator_may_be_wrapped(customers, aligned, estimator):
    X = customers[["even"]]
    y = (X["even"] >= 50).astype(int)
    gate = FairnessGate(estimator, by="gender", top=1_500, offer="beneficial")
    picked = gate.fit(X, y).predict(X, protected=aligned)
    assert picked.sum() == 1_500
    bare = clone(estimator).fit(X, y)
    if hasattr(bare, "predict_proba"):
        score = bare.predict_proba(X)[:, 1]
    elif hasattr(bare, "decision_function"):
        score = bare.decision_function(X)
    else:
        score = bare.predict(X)
    score = score.round(12)
    assert score[picked == 1].min() >= score[picked == 0].max()


def test_numbers_are_no_selection(customers, aligned):
    X = customers[["even"]]
    gate = FairnessGate(LinearRegression(), by="gender").fit(X, X["even"] / 100)
    with pytest.raises(InputError, match="is not one of two classes"):
        gate.predict(X, protected=aligned)


def test_scores_of_individuals_are_not_handed_out(customers):
    gate, _ = fitted(customers, "even")
    for name in ("predict_proba", "decision_function", "predict_log_proba"):
        assert not hasattr(gate, name)


def test_it_is_cloned_pickled_and_its_parameters_are_set(customers, aligned):
    gate = FairnessGate(LogisticRegression(C=3), by=["gender"], top=1_000)
    copy = clone(gate)
    assert copy.get_params()["estimator__C"] == 3
    assert copy.set_params(estimator__C=5, top=500).estimator.C == 5
    assert gate.estimator.C == 3
    assert is_classifier(gate)
    with pytest.raises(NotFittedError):
        gate.predict(customers[["even"]], protected=aligned)
    X, y = customers[["even"]], np.arange(len(customers)) % 2
    gate.fit(X, y)
    assert not hasattr(gate.estimator, "coef_")
    assert gate.n_features_in_ == 1
    assert gate.feature_names_in_.tolist() == ["even"]
    loaded = pickle.loads(pickle.dumps(gate))
    expected = gate.predict(X, protected=aligned)
    assert (loaded.predict(X, protected=aligned) == expected).all()


def test_it_ends_a_pipeline(customers, attributes):
    gate = FairnessGate(LogisticRegression(), by="gender", top=1_000, id="customer_id")
    X = customers[["even"]]
    model = Pipeline([("scale", StandardScaler()), ("gate", gate)])
    model.fit(X, np.arange(len(X)) % 2)
    ids = customers["customer_id"]
    picked = model.predict(X, protected=attributes, id=ids)
    assert picked.sum() == 1_000
    with sklearn.config_context(enable_metadata_routing=True):
        model.set_params(gate=clone(gate).set_predict_request(protected=True, id=True))
        model.fit(X, np.arange(len(X)) % 2)
        again = model.predict(X, protected=attributes, id=ids)
    assert (again == picked).all()


def test_a_grid_search_tunes_what_is_wrapped(customers, aligned):
    X = customers[["even"]]
    y = (X["even"] >= 50).astype(int)
    grid = {"estimator__C": [0.001, 1.0]}
    search = GridSearchCV(
        FairnessGate(LogisticRegression(), by="gender", top=1_000), grid, cv=3
    ).fit(X, y)
    bare = GridSearchCV(LogisticRegression(), {"C": [0.001, 1.0]}, cv=3).fit(X, y)
    assert search.best_score_ == pytest.approx(bare.best_score_)
    assert search.best_estimator_.predict(X, protected=aligned).sum() == 1_000
    inside = FairnessGate(
        GridSearchCV(LogisticRegression(), {"C": [0.001, 1.0]}, cv=3),
        by="gender",
        top=1_000,
    )
    assert inside.fit(X, y).predict(X, protected=aligned).sum() == 1_000


def test_weights_reach_the_estimator(customers):
    X, y = customers[["even"]], np.arange(len(customers)) % 2
    weights = np.arange(len(X), dtype=float)
    gate = gate_of("even").fit(X, y, sample_weight=weights)
    assert (gate.estimator_.weights_ == weights).all()
    with sklearn.config_context(enable_metadata_routing=True):
        asked = FairnessGate(Given().set_fit_request(sample_weight=True), by="gender")
        fitted_gate = asked.fit(X, y, sample_weight=weights)
        assert (fitted_gate.estimator_.weights_ == weights).all()
        kept = FairnessGate(Given().set_fit_request(sample_weight=False), by="gender")
        with pytest.raises(TypeError, match="sample_weight"):
            kept.fit(X, y, sample_weight=weights)
        unsaid = FairnessGate(Given(), by="gender")
        with pytest.raises(ValueError, match="sample_weight"):
            unsaid.fit(X, y, sample_weight=weights)


# All but the last ask what `predict` says of bad input, which comes after the question
# who is to be judged; the last wants `classes_`, but an audience is 0 or 1 whatever
# the classes are.
ASKS_UNJUDGED = {
    "check_n_features_in_after_fitting",
    "check_estimators_nan_inf",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_array_api_input",
    "check_classifiers_train",
}


def checks():
    gate = FairnessGate(LogisticRegression(), by="gender")
    for estimator, check in estimator_checks_generator(gate, legacy=True):
        if check.func.__name__ not in ASKS_UNJUDGED:
            yield pytest.param(estimator, check, id=check.func.__name__)


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_the_checks_of_scikit_learn_pass_up_to_a_prediction(estimator, check):
    try:
        check(estimator)
    except InputError as error:
        assert "no audience is handed out unjudged" in str(error)  # noqa: PT017


def test_a_classifier_that_says_the_same_of_everybody_is_refused(customers, aligned):
    X, y = customers[["even"]], np.arange(len(customers)) % 2
    gate = FairnessGate(DummyClassifier(strategy="constant", constant=1), by="gender")
    with pytest.raises(AudienceBlockedError, match="review"):
        gate.fit(X, y).predict(X, protected=aligned)
