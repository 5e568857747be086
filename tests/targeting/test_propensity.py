"""Propensity: against scikit-learn called directly, and against a known truth."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fairness.errors import InputError
from pipelines.targeting import fit_propensity, refuse_protected
from pipelines.targeting.crossed import calibrate, crossed_auc, splits_of

COLUMNS = ["orders", "spend", "region"]


def customers(rows=3000, seed=0, slope=1.0):
    """Return a table, the true log-odds and the answers."""
    rng = np.random.default_rng(seed)
    orders = rng.poisson(3, rows)
    spend = rng.normal(size=rows)
    region = np.array(["north", "south", "west"])[rng.integers(0, 3, rows)]
    truth = slope * (0.4 * (orders - 3) + 0.6 * spend + (region == "west")) - 1
    answers = rng.random(rows) < expit(truth)
    columns = {
        "orders": pa.array(orders),
        "spend": pa.array(spend, mask=rng.random(rows) < 0.05),
        "region": pa.array(region, mask=rng.random(rows) < 0.05),
        "bought": pa.array(np.where(answers, "yes", "no")),
    }
    return pa.table(columns), truth, answers.astype(int)


@pytest.fixture(scope="module")
def fitted():
    table, _, _ = customers()
    return fit_propensity(table, columns=COLUMNS, outcome="bought")


def bare(table):
    """The same pipeline on a pandas frame, written out with scikit-learn alone."""
    numbers = Pipeline(
        [
            ("fill", SimpleImputer(strategy="median", add_indicator=True)),
            ("scale", StandardScaler()),
        ]
    )
    prepared = ColumnTransformer(
        [("numbers", numbers, COLUMNS[:2]), ("labels", OneHotEncoder(), COLUMNS[2:])]
    )
    frame = table.to_pandas()
    frame["region"] = frame["region"].astype(object).fillna("(missing)")
    model = LogisticRegression(max_iter=1000)
    return Pipeline([("columns", prepared), ("model", model)]), frame


def test_without_calibration_the_score_is_that_of_the_bare_pipeline():
    table, _, answers = customers()
    model, frame = bare(table)
    mine = fit_propensity(table, columns=COLUMNS, outcome="bought", calibrated=False)
    theirs = model.fit(frame[COLUMNS], answers).predict_proba(frame[COLUMNS])[:, 1]
    # The columns of labels stand in another order: the optimizer stops elsewhere.
    assert mine.score(table) == pytest.approx(theirs, abs=2e-4)


def test_the_calibrated_score_is_that_of_scikit_learns_calibration(fitted):
    table, _, answers = customers()
    model, frame = bare(table)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    theirs = CalibratedClassifierCV(model, method="sigmoid", cv=folds, ensemble=False)
    theirs.fit(frame[COLUMNS], answers)
    wanted = theirs.predict_proba(frame[COLUMNS])[:, 1]
    # Platt moves the answers a little towards 1/2; here they stay as they are.
    assert fitted.score(table) == pytest.approx(wanted, abs=3e-3)


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_scores_are_the_rates_that_come_true(model):
    table, _, _ = customers(8000, seed=1)
    fit = fit_propensity(table, columns=COLUMNS, outcome="bought", model=model)
    fresh, truth, _ = customers(20_000, seed=2)
    scores = fit.score(fresh)
    for part in np.array_split(np.argsort(scores), 5):
        assert scores[part].mean() == pytest.approx(expit(truth[part]).mean(), abs=0.04)


def test_an_overconfident_model_is_put_right():
    table, _, _ = customers(2000, seed=3)
    deep = RandomForestClassifier(50)
    raw, put_right = (
        fit_propensity(
            table, columns=COLUMNS, outcome="bought", model=deep, calibrated=calibrated
        )
        for calibrated in (False, True)
    )
    fresh, truth, _ = customers(10_000, seed=4)
    distance = [np.mean((f.score(fresh) - expit(truth)) ** 2) for f in (raw, put_right)]
    assert distance[1] < 0.5 * distance[0]
    assert 0 < put_right.calibration.slope < 1


def test_calibration_changes_no_order():
    table, _, _ = customers(1000, seed=5)
    raw, put_right = (
        fit_propensity(table, columns=COLUMNS, outcome="bought", calibrated=calibrated)
        for calibrated in (False, True)
    )
    first, second = raw.score(table), put_right.score(table)
    order = np.argsort(first)
    assert (np.diff(second[order]) >= 0).all()
    assert len(np.unique(second)) == len(np.unique(first))


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_a_score_does_not_depend_on_its_batch(model):
    table, _, _ = customers(1500)
    fit = fit_propensity(table, columns=COLUMNS, outcome="bought", model=model)
    whole = fit.score(table)
    for size in (1, 7, 500):
        parts = [fit.score(table.slice(i, size)) for i in range(0, 100 * size, size)]
        batched = np.concatenate(parts)[: len(whole)]
        assert np.abs(batched - whole[: len(batched)]).max() < 1e-12
    reverse = np.arange(1500)[::-1]
    turned = fit.score(table.take(reverse))
    assert np.abs(turned[::-1] - whole).max() < 1e-12


@pytest.mark.parametrize("model", ["logistic", "boosting", RandomForestClassifier(20)])
def test_the_same_table_and_seed_give_the_same_score(model):
    table, _, _ = customers(600)
    one, two = (
        fit_propensity(table, columns=COLUMNS, outcome="bought", model=model, seed=4)
        for _ in range(2)
    )
    assert (one.score(table) == two.score(table)).all()
    assert one.auc == two.auc


@pytest.mark.parametrize(
    "make",
    [
        pa.Table.to_pandas,
        lambda table: table.to_pandas().convert_dtypes(),
        lambda table: table.to_pandas().astype({"region": "category"}),
        pl.from_arrow,
        lambda table: pl.from_arrow(table).lazy(),
        lambda table: pa.concat_tables([table.slice(0, 100), table.slice(100)]),
    ],
)
def test_every_frame_gives_the_same_score(make, fitted):
    table, _, _ = customers()
    other = fit_propensity(make(table), columns=COLUMNS, outcome="bought")
    assert np.abs(other.score(make(table)) - fitted.score(table)).max() < 1e-12


def test_the_area_is_that_of_scikit_learn_fold_by_fold():
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 2, 400)
    leaning = answers + rng.normal(size=400).round(1)
    splits = splits_of(answers, 0)
    folds = [test for _, test in splits]
    areas = [roc_auc_score(answers[fold], leaning[fold]) for fold in folds]
    pairs = [answers[fold].sum() * (1 - answers[fold]).sum() for fold in folds]
    found = crossed_auc(leaning, answers, splits)
    assert found.estimate == pytest.approx(np.average(areas, weights=pairs), abs=1e-12)
    assert found.low < found.estimate < found.high


def test_columns_that_say_nothing_give_one_score_to_all_or_hardly_differ():
    rng = np.random.default_rng(11)
    flat = 0
    for seed in range(8):
        table = pa.table({"x": rng.normal(size=400), "y": rng.integers(0, 2, 400)})
        fit = fit_propensity(table, columns=["x"], outcome="y", seed=seed)
        if fit.calibration.slope == 0:
            flat += 1
            assert np.ptp(fit.score(table)) == 0
            assert fit.score(table)[0] == pytest.approx(fit.trained_on.outcome_rate)
            assert any("lottery" in note for note in fit.notes)
    assert flat > 0


def test_the_calibrating_line_is_that_of_maximum_likelihood():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    leaning = rng.normal(1, 2, 5000)
    answers = (rng.random(5000) < expit(0.4 * leaning - 1)).astype(int)
    wanted = sm.Logit(answers, sm.add_constant(leaning)).fit(disp=0).params
    found = calibrate(leaning, answers)
    assert [found.intercept, found.slope] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_what_training_did_not_see_is_scored(model):
    table, _, _ = customers()
    fit = fit_propensity(table, columns=COLUMNS, outcome="bought", model=model)
    odd = pa.table(
        {
            "orders": pa.array([None, 3, 3, 3], pa.int64()),
            "spend": [0.0, None, float("inf"), 0.0],
            "region": ["nowhere", None, "west", ""],
        }
    )
    scores = fit.score(odd)
    assert np.isnan(scores).tolist() == [False, False, True, False]
    assert scores[3] == fit.score(odd.set_column(2, "region", [[None] * 4]))[3]
    empty = pa.table({name: pa.nulls(2) for name in COLUMNS})
    assert np.isfinite(fit.score(empty)).all()
    assert len(fit.score(table.slice(0, 0))) == 0


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_many_labels_are_taken_together(model):
    rng = np.random.default_rng(6)
    codes = np.minimum(rng.geometric(0.005, 4000), 900)
    table = pa.table(
        {"code": [f"p{c}" for c in codes], "y": (rng.random(4000) < 0.3).astype(int)}
    )
    fit = fit_propensity(table, columns=["code"], outcome="y", model=model)
    rare = [f"p{c}" for c in np.flatnonzero(np.bincount(codes) == 1)[:5]]
    assert np.ptp(fit.score(pa.table({"code": rare}))) == 0


def test_a_pipeline_of_the_users_own_gets_a_frame():
    table, _, answers = customers()
    model, frame = bare(table)
    table = table.set_column(2, "region", pa.array(frame["region"].astype(str)))
    search = GridSearchCV(model, {"model__C": [1.0]}, cv=3)
    for own in (model, search):
        fit = fit_propensity(
            table, columns=COLUMNS, outcome="bought", model=own, calibrated=False
        )
        theirs = model.fit(frame[COLUMNS], answers).predict_proba(frame[COLUMNS])[:, 1]
        assert fit.score(table) == pytest.approx(theirs, abs=1e-12)
    assert not hasattr(search, "classes_")


@pytest.mark.parametrize("setting", ["pandas", "polars"])
def test_output_settings_and_routing_do_not_get_in_the_way(setting, fitted):
    table, _, _ = customers()
    with sklearn.config_context(transform_output=setting, enable_metadata_routing=True):
        again = fit_propensity(table, columns=COLUMNS, outcome="bought")
        assert (again.score(table) == fitted.score(table)).all()
        assert sklearn.get_config()["transform_output"] == setting


def test_rows_left_out_are_told():
    table, _, _ = customers(2000)
    fit = fit_propensity(table, columns=COLUMNS, outcome="bought", max_rows=800)
    assert (fit.trained_on.rows, fit.trained_on.of) == (800, 2000)
    assert any("800 of 2,000" in note for note in fit.notes)


class Stranger(ClassifierMixin, BaseEstimator):
    """Says what it was trained on, without `decision_function`."""

    def fit(self, rows, answers):
        self.classes_ = np.unique(answers)
        self.width_ = rows.shape[1]
        return self

    def predict_proba(self, rows):
        yes = expit(np.asarray(rows)[:, 0])
        return np.column_stack([1 - yes, yes])


def test_any_other_classifier_gets_prepared_columns():
    table, _, _ = customers()
    fit = fit_propensity(table, columns=COLUMNS, outcome="bought", model=Stranger())
    # Two numbers, the mark of one that has gaps, three labels and the missing one.
    assert fit.estimator[-1].width_ == 7


def problems_of(**changes):
    table, _, _ = customers(300)
    asked = {"table": table, "columns": COLUMNS, "outcome": "bought"} | changes
    with pytest.raises(InputError) as caught:
        fit_propensity(asked.pop("table"), **asked)
    return str(caught.value)


def test_bad_input_is_refused_with_every_problem():
    table, _, _ = customers(300)
    hostile = table.append_column("day", pa.array([0] * 300, pa.date32()))
    hostile = hostile.append_column("own", pa.array([f"c{i}" for i in range(300)]))
    hostile = hostile.append_column("none", pa.nulls(300))
    hostile = hostile.append_column("vast", pa.array([float("inf")] + [1.0] * 299))
    said = problems_of(table=hostile, columns=["day", "own", "none", "vast", "orders"])
    for word in ("'day'", "date32", "'own'", "300 labels", "'none'", "infinite in 1"):
        assert word in said
    assert "did you mean 'orders'" in problems_of(columns=["order"])
    assert "names no column" in problems_of(columns=[])
    assert "is the outcome itself" in problems_of(columns=["orders", "bought"])
    assert "is not a model" in problems_of(model="neural")
    assert "not a scikit-learn classifier" in problems_of(model=StandardScaler())
    assert "not a scikit-learn classifier" in problems_of(model=LogisticRegression)
    assert "max_rows" in problems_of(max_rows=0)


def test_an_outcome_that_is_no_answer_is_refused():
    table, _, _ = customers(300)
    assert "is the outcome itself" in problems_of(outcome="region")
    three = table.set_column(3, "bought", pa.array(["yes", "no", "later"] * 100))
    assert "not one of the pairs" in problems_of(table=three)
    gaps = table.set_column(3, "bought", pa.array(["yes", None, "no"] * 100))
    assert "missing values" in problems_of(table=gaps)
    few = table.set_column(3, "bought", pa.array([1] * 20 + [0] * 280))
    assert "yes is the answer of 20 customers, 25 are needed" in problems_of(table=few)


def test_a_value_may_be_named_as_the_yes():
    table, _, _ = customers()
    known = table.set_column(2, "region", table["region"].fill_null("unknown"))
    west = fit_propensity(known, columns=["orders"], outcome="region=west")
    rate = known["region"].to_pylist().count("west") / 3000
    assert west.trained_on.outcome_rate == pytest.approx(rate)


def test_scoring_another_kind_of_column_is_refused(fitted):
    table, _, _ = customers(10)
    text = table.set_column(0, "orders", pa.array(["3"] * 10))
    with pytest.raises(InputError, match="was numbers in training"):
        fitted.score(text)
    with pytest.raises(InputError, match="'region' is not a column"):
        fitted.score(table.drop_columns(["region"]))


def test_protected_attributes_stay_out():
    assert refuse_protected(["orders"], ["gender", "age"]) == []
    found = refuse_protected(["orders", "AGE", "gender"], ["gender", "age"])
    assert [p.where for p in found] == ["columns", "columns"]
    (blank,) = refuse_protected(["age"], ["age"], {"age": " "})
    assert "without a reason" in blank.what
    (typo,) = refuse_protected(["orders"], ["age"], {"age": "why"})
    assert typo.where == "stated"


def test_pandas_is_not_written_to(fitted):
    frame = customers(200)[0].to_pandas()
    before = frame.copy()
    fitted.score(frame)
    pd.testing.assert_frame_equal(frame, before)
