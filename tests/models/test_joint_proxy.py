"""A joint predictor finds what was planted, nothing where nothing is, on every route."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from threadpoolctl import threadpool_limits

import fairness as fa
from fairness.counts.sample import Feature
from fairness.errors import InputError
from fairness.inference import area_under_curve
from fairness.models import fit_joint_proxy
from fairness.models.joint_proxy import _SETTINGS, _dealt

ASKED = {
    "by": ["gender", "born"],
    "bands": {"born": [18, 45]},
    "as_of": "2026-11-01",
    "uses": ["kids", "region", "tier", "age", "score"],
}


def noise(seed, n=400, columns=3):
    rng = np.random.default_rng(seed)
    features = [Feature(f"x{i}", rng.normal(size=n)) for i in range(columns)]
    return features, rng.integers(0, 2, n)


def by_group(frame):
    return frame.set_index("group")


@pytest.fixture(scope="module")
def mixed():
    """Three groups, numbers and labels with gaps, some of which tell."""
    rng = np.random.default_rng(4)
    n = 1500
    groups = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    number = rng.normal(size=n) + 0.8 * (groups == 1)
    number[rng.random(n) < 0.1] = np.nan
    labels = np.where(groups == 2, rng.integers(0, 3, n), rng.integers(0, 5, n)) * 1.0
    labels[rng.random(n) < 0.1] = np.nan
    features = [Feature("number", number), Feature("label", labels, tuple("abcde"))]
    return features, groups


def test_areas_are_sklearns_on_the_same_folds(mixed):
    features, groups = mixed
    found = fit_joint_proxy(features, groups, 3, seed=3)
    model = HistGradientBoostingClassifier(
        **_SETTINGS, categorical_features=[False, True], random_state=3
    )
    rows = np.column_stack([feature.values for feature in features])
    split = PredefinedSplit(found.fold)
    with threadpool_limits(1):
        scores = cross_val_predict(
            model, rows, groups, cv=split, method="predict_proba"
        )
    np.testing.assert_allclose(found.scores, scores, rtol=1e-12)
    for group in range(3):
        areas, pairs = [], []
        for fold in range(5):
            inside = found.fold == fold
            own = groups[inside] == group
            areas.append(roc_auc_score(own, scores[inside, group]))
            pairs.append(own.sum() * (~own).sum())
        wanted = np.average(areas, weights=pairs)
        assert found.estimate[group] == pytest.approx(wanted, abs=1e-12)
    assert found.estimate.min() > 0.55


def test_limits_are_those_of_independent_folds_widened_by_the_root_of_2(mixed):
    features, groups = mixed
    found = fit_joint_proxy(features, groups, 3, confidence=0.9)
    for group in range(3):
        own = groups == group
        weights, below, above = [], [], []
        for fold in range(5):
            inside = found.fold == fold
            _, place = np.unique(found.scores[inside, group], return_inverse=True)
            sides = [
                np.bincount(place[own[inside] == side], minlength=place.max() + 1)
                for side in (True, False)
            ]
            area = area_under_curve(*sides, 0.9)
            weights.append(sides[0].sum() * sides[1].sum())
            below.append(area.estimate - area.low)
            above.append(area.high - area.estimate)
        share = np.array(weights) / sum(weights)
        low = found.estimate[group] - np.sqrt(2 * ((share * below) ** 2).sum())
        high = found.estimate[group] + np.sqrt(2 * ((share * above) ** 2).sum())
        assert (found.low[group], found.high[group]) == pytest.approx((low, high))


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_trained_on_each_other_have_twice_the_variance_where_nothing_is(folds):
    # A classifier by the difference of means, with nothing to tell: the area of fold
    # f goes with d_f . s_f, d_f its chance differences and s_f those of the others.
    differences = np.random.default_rng(1).normal(size=(20_000, folds, 8))
    others = differences.sum(axis=1, keepdims=True) - differences
    areas = (differences * others).sum(axis=2)
    ratio = areas.sum(axis=1).var() / areas.var(axis=0).sum()
    assert ratio == pytest.approx(2, abs=0.1)


def test_noise_is_told_as_noise():
    runs = [fit_joint_proxy(*noise(seed), 2, seed=seed) for seed in range(40)]
    inside = [(run.low <= 0.5) & (run.high >= 0.5) for run in runs]
    # Expected 37 or more of 40; intervals of independent folds would give 33.
    assert np.sum(inside, axis=0).min() >= 34
    assert np.mean([run.estimate[0] for run in runs]) == pytest.approx(0.5, abs=0.025)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "columns"), [(200, 2), (400, 3), (2000, 5)])
def test_noise_is_told_as_noise_in_most_of_200_runs(n, columns):
    runs = [fit_joint_proxy(*noise(s, n, columns), 2, seed=s) for s in range(200)]
    inside = np.mean([(run.low <= 0.5) & (run.high >= 0.5) for run in runs], axis=0)
    assert inside.min() >= 0.90
    below = np.mean([run.estimate[0] <= run.floor[0] for run in runs])
    assert below >= 0.91


def test_a_column_that_says_it_all_gives_an_area_of_1():
    frame = pd.DataFrame({"g": ["a", "b", "c"] * 300})
    frame["copy"] = frame["g"].str.upper()
    frame["noise"] = np.random.default_rng(0).normal(size=900)
    found = fa.joint_proxy(frame, by="g", uses=["noise", "copy"])
    assert found["estimate"].tolist() == [1, 1, 1]
    assert found["low"].min() > 0.97
    assert found["high"].tolist() == [1, 1, 1]
    assert set(found["reading"]) == {"higher"}
    assert found["column"].tolist() == ["noise, copy"] * 3
    assert "most of it from copy (0." in found["message"][0]
    assert found.attrs["carried"]["g"]["a"]["copy"] > 0.3
    assert found.attrs["carried"]["g"]["a"]["noise"] == pytest.approx(0, abs=0.01)


def test_columns_that_tell_only_together_are_found():
    rng = np.random.default_rng(5)
    one, two = rng.integers(0, 2, (2, 4000))
    swapped = rng.random(4000) < 0.1
    frame = pd.DataFrame(
        {
            "g": np.where((one ^ two) ^ swapped, "a", "b"),
            "one": one,
            "two": np.where(two, "yes", "no"),
            "noise": rng.normal(size=4000),
        }
    )
    alone = [fa.joint_proxy(frame, by="g", uses=name) for name in ("one", "two")]
    for found in alone:
        assert found["low"][0] < 0.5 < found["high"][0]
        assert set(found["reading"]) == {"no clear difference"}
    joint = fa.joint_proxy(frame, by="g", uses=["noise", "one", "two"])
    # The best that can be done with a tenth swapped.
    assert joint["estimate"][0] == pytest.approx(0.9, abs=0.02)
    assert joint["reading"][0] == "higher"
    assert "one (0." in joint["message"][0]
    assert "two (0." in joint["message"][0]


@pytest.mark.parametrize("kind", ["number", "label"])
def test_a_gap_that_tells_is_found(kind):
    rng = np.random.default_rng(6)
    groups = rng.integers(0, 2, 1000)
    values = rng.integers(0, 4, 1000).astype(float)
    values[(groups == 1) & (rng.random(1000) < 0.6)] = np.nan
    labels = None if kind == "number" else tuple("abcd")
    found = fit_joint_proxy([Feature("x", values, labels)], groups, 2)
    assert found.estimate[0] == pytest.approx(0.8, abs=0.03)


def test_a_column_without_a_value_tells_nothing():
    groups = np.tile([0, 1], 200)
    features = [
        Feature("x", np.full(400, np.nan)),
        Feature("y", np.full(400, np.nan), ()),
    ]
    found = fit_joint_proxy(features, groups, 2)
    assert found.estimate.tolist() == [0.5, 0.5]
    assert (found.low <= 0.5).all()


def test_a_group_too_small_is_undefined_with_a_reason_and_stays_in_the_rest():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"g": ["a"] * 600 + ["b"] * 400 + ["rare"] * 9})
    frame["x"] = rng.normal(size=1009) + (frame["g"] == "a")
    found = by_group(fa.joint_proxy(frame, by="g", uses="x"))
    assert np.isnan(found.loc["rare", "estimate"])
    assert found.loc["rare", "reading"] == "too few"
    assert (
        "the group has 9 customers in the sample, 10 needed (2 in each fold)"
        in (found.loc["rare", "message"])
    )
    assert found.loc["a", "reading"] == found.loc["b", "reading"] == "higher"
    assert found["n"].tolist() == [600, 400, 9]
    scored = fit_joint_proxy(
        [Feature("x", frame["x"].to_numpy())], frame["g"].factorize()[0], 3
    ).scores
    assert np.isnan(scored[:, 2]).all()
    assert not np.isnan(scored[:, :2]).any()


def test_groups_too_small_are_told_apart_from_a_large_one_together():
    frame = pd.DataFrame({"g": ["a"] * 200 + [f"s{i % 10}" for i in range(80)]})
    frame["x"] = (frame["g"] == "a") * 1.0
    found = by_group(fa.joint_proxy(frame, by="g", uses="x"))
    assert found.loc["a", "estimate"] == 1
    assert found.drop("a")["estimate"].isna().all()


def test_one_group_only_is_undefined():
    frame = pd.DataFrame({"g": ["a"] * 100, "x": range(100)})
    (found,) = fa.joint_proxy(frame, by="g", uses="x").itertuples()
    assert found.reading == "undefined"
    assert found.message.endswith("is undefined: everybody is of one group")


def test_two_groups_of_which_one_is_too_small_are_both_undefined():
    frame = pd.DataFrame({"g": ["a"] * 100 + ["b"] * 3, "x": range(103)})
    found = by_group(fa.joint_proxy(frame, by="g", uses="x"))
    assert found["estimate"].isna().all()
    assert "everybody else has 3 customers in the sample" in found.loc["a", "message"]


def test_a_label_of_ones_own_tells_nothing_and_that_is_said():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"g": rng.choice(["a", "b"], 1500), "code": [f"K{i:05d}" for i in range(1500)]}
    )
    found = fa.joint_proxy(frame, by="g", uses="code")
    assert found["low"][0] <= 0.5 <= found["high"][0]
    assert found["estimate"][0] == pytest.approx(0.5, abs=0.03)
    assert "most customers have a label of their own in code" in found["message"][0]
    known = fa.joint_proxy(frame.assign(code=frame["g"]), by="g", uses="code")
    assert "of their own" not in known["message"][0]


@pytest.mark.parametrize(("step", "tells"), [(1.0, True), (0.0, False)])
def test_many_labels_tell_what_their_customers_are_and_no_more(step, tells):
    rng = np.random.default_rng(9)
    code = rng.integers(0, 400, 12_000)
    share = 0.5 + 0.4 * step * np.where(code % 2, 1, -1)
    frame = pd.DataFrame(
        {"g": np.where(rng.random(12_000) < share, "a", "b"), "code": code.astype(str)}
    )
    found = fa.joint_proxy(frame, by="g", uses="code")
    if tells:
        # Known shares of 0.9 and 0.1 give 0.9; a label has some 24 customers to learn.
        assert found["estimate"][0] == pytest.approx(0.9, abs=0.02)
    else:
        assert found["low"][0] <= 0.5 <= found["high"][0]


def test_folds_hold_the_same_share_of_every_group():
    groups = np.random.default_rng(1).choice(4, 1003, p=[0.7, 0.2, 0.08, 0.02])
    fold = _dealt(groups, groups, 5, 0)
    sizes = np.array(
        [np.bincount(fold[groups == group], minlength=5) for group in range(4)]
    )
    assert (np.ptp(sizes, axis=1) <= 1).all()
    assert np.ptp(np.bincount(fold)) <= 1
    assert (_dealt(groups, groups, 5, 1) != fold).any()


def test_folds_hold_the_same_share_of_small_groups_together():
    # One group of 101 between single customers, so that dealing by group repeats.
    groups = np.array([0, 2, *range(4, 10), *([1] * 101), *([3] * 101)])
    classes = np.where(groups == 1, 0, np.where(groups == 3, 1, 2))
    fold = _dealt(groups, classes, 2, 0)
    assert np.bincount(fold[classes == 2]).tolist() == [4, 4]


@pytest.fixture(scope="module")
def expected(typed_table):
    return fa.joint_proxy(typed_table.arrow(), **ASKED, folds=2)


def test_every_route_tells_the_same(by_route, typed_table, expected):
    found = fa.joint_proxy(by_route(typed_table), **ASKED, folds=2)
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs == expected.attrs


def test_the_order_of_rows_changes_nothing(mixed):
    features, groups = mixed
    frame = pd.DataFrame({f.name: f.values for f in features} | {"g": groups})
    wanted = fa.joint_proxy(frame, by="g", uses=["number", "label"], rows=700)
    turned = fa.joint_proxy(
        frame.sample(frac=1, random_state=1), by="g", uses=["number", "label"], rows=700
    )
    pd.testing.assert_frame_equal(turned, wanted)
    other = fa.joint_proxy(frame, by="g", uses=["number", "label"], rows=700, seed=1)
    assert (other["estimate"] != wanted["estimate"]).any()
    assert (wanted["n"].sum(), wanted.attrs["total"]) == (700, 1500)
    assert "of 700 of 1,500 customers" in wanted["message"][0]


def test_protected_attributes_may_be_in_a_table_of_their_own():
    rng = np.random.default_rng(3)
    whole = pd.DataFrame({"id": range(600), "g": rng.choice(["a", "b"], 600)})
    whole["x"] = rng.normal(size=600) + (whole["g"] == "a")
    one = fa.joint_proxy(whole, by="g", uses="x")
    two = fa.joint_proxy(
        whole[["id", "x"]],
        by="g",
        uses="x",
        id="id",
        protected=whole[["g", "id"]].sample(frac=1, random_state=0),
    )
    pd.testing.assert_frame_equal(one, two)
    part = fa.joint_proxy(
        whole[["id", "x"]],
        by="g",
        uses="x",
        id="id",
        protected=whole[["g", "id"]][:500],
    )
    assert part["group"].tolist() == ["a", "b", "(missing)"]
    (note,) = part.attrs["notes"]
    assert note.startswith("100 customers have no row in the protected table")


def test_all_that_is_wrong_with_the_arguments_is_told_at_once():
    frame = pd.DataFrame({"g": ["a", "b"], "x": [1, 2]})
    with pytest.raises(InputError) as caught:
        fa.joint_proxy(
            frame, by=["g", "sex"], uses=["g", "age"], bands={"x": [1]}, as_of="soon",
            rows=0, folds=1, seed=-1, confidence=95,
        )  # fmt: skip
    places = sorted(problem.where for problem in caught.value.problems)
    wanted = ["as_of", "bands", "by", "confidence", "folds", "rows", "seed"]
    assert places == [*wanted, "uses", "uses"]


@pytest.mark.parametrize("wrong", [True, 1.5, "5", None, np.float64(5)])
def test_a_number_of_folds_that_is_none_is_refused(wrong):
    frame = pd.DataFrame({"g": ["a", "b"], "x": [1, 2]})
    with pytest.raises(InputError, match="folds: "):
        fa.joint_proxy(frame, by="g", uses="x", folds=wrong)


def test_nothing_is_written_where_no_terminal_is(capfd, mixed):
    features, groups = mixed
    frame = pd.DataFrame({"x": features[0].values, "g": groups})
    fa.joint_proxy(frame, by="g", uses="x", folds=2)
    assert capfd.readouterr() == ("", "")


def test_each_fold_is_told_to_who_waits(mixed):
    ticks = []
    fit_joint_proxy(*mixed, 3, folds=3, tick=lambda: ticks.append(1))
    assert len(ticks) == 3


def test_naming_the_function_loads_no_model():
    code = "import fairness, sys; fairness.joint_proxy; print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
