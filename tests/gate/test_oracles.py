"""Measures and bridges against fairlearn, and the domain's published tables."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, precision_score

import fairness as fa
from fairness.checks.extremes import extreme_of

ORACLES = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "true_negative_rate": true_negative_rate,
    "false_negative_rate": false_negative_rate,
    "accuracy": accuracy_score,
    "precision": precision_score,
}


def random_table(seed: int) -> pd.DataFrame:
    """Interior tables: every group has all four of selected and outcome."""
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(2, 6))
    rows = []
    for group in range(groups):
        for picked in (0, 1):
            for seen in (0, 1):
                rows += [(f"g{group}", picked, seen)] * int(rng.integers(1, 40))
    return pd.DataFrame(rows, columns=["g", "picked", "seen"])


@pytest.mark.parametrize("batch", range(10))
def test_rates_equal_fairlearns_on_200_random_tables(batch):
    for seed in range(20 * batch, 20 * batch + 20):
        frame = random_table(seed)
        audit = fa.audit(
            frame,
            selected="picked",
            outcome="seen",
            by="g",
            offer="beneficial",
            reference="g=g0",
        )
        ours = audit.measures("g")
        theirs = MetricFrame(
            metrics=ORACLES,
            y_true=frame["seen"],
            y_pred=frame["picked"],
            sensitive_features=frame["g"],
        )
        for name in ORACLES:
            np.testing.assert_allclose(
                ours[name], theirs.by_group[name], rtol=1e-9, atol=1e-12
            )
        found = extreme_of("disparate_impact_ratio", audit.tables["g",], 0.95)
        assert found.estimate == pytest.approx(
            demographic_parity_ratio(
                frame["seen"], frame["picked"], sensitive_features=frame["g"]
            ),
            rel=1e-9,
        )
        # fairlearn's difference is max - min; ours is signed, against one reference.
        gaps = ours["selection_rate"]
        assert gaps.max() - gaps.min() == pytest.approx(
            demographic_parity_difference(
                frame["seen"], frame["picked"], sensitive_features=frame["g"]
            ),
            abs=1e-9,
        )
        ratios = ours["selection_rate"] / ours["selection_rate"]["g0"]
        np.testing.assert_allclose(ours["adverse_impact_ratio"], ratios, rtol=1e-9)
        spread = [
            np.ptp(theirs.by_group[name])
            for name in ("true_positive_rate", "false_positive_rate")
        ]
        assert max(spread) == pytest.approx(
            equalized_odds_difference(
                frame["seen"], frame["picked"], sensitive_features=frame["g"]
            ),
            abs=1e-9,
        )
        two = ours[["equal_opportunity_difference", "false_positive_rate_difference"]]
        np.testing.assert_allclose(
            ours["equalized_odds_difference"], two.abs().max(axis=1), atol=1e-12
        )


def test_metric_frame_over_counts_equals_the_one_over_rows():
    frame = random_table(5)
    audit = fa.audit(frame, selected="picked", outcome="seen", by="g")
    ours = audit.to_metric_frame("g", metrics=ORACLES)
    theirs = MetricFrame(
        metrics=ORACLES,
        y_true=frame["seen"],
        y_pred=frame["picked"],
        sensitive_features=frame["g"],
    )
    np.testing.assert_allclose(ours.by_group, theirs.by_group, rtol=1e-12)
    np.testing.assert_allclose(ours.overall, theirs.overall, rtol=1e-12)


def test_group_without_positives_is_undefined_not_zero():
    frame = pd.DataFrame(
        {
            "g": ["a"] * 40 + ["b"] * 40,
            "picked": [0, 1] * 40,
            "seen": [0] * 40 + [1] * 40,
        }
    )
    audit = fa.audit(frame, selected="picked", outcome="seen", by="g", reference="g=b")
    assert np.isnan(audit.measures("g").loc["a", "true_positive_rate"])
    found = next(
        f
        for f in audit.findings
        if f.metric == "true_positive_rate_ratio" and f.group == "a"
    )
    assert found.estimate is None
    assert "nobody" in found.message


def test_a_score_has_the_difference_that_numpy_computes():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": ["a"] * 500 + ["b"] * 700, "picked": [0, 1] * 600})
    frame["score"] = rng.random(1200)
    audit = fa.audit(frame, selected="picked", by="g", score="score", reference="g=b")
    found = next(
        f for f in audit.check("scores") if f.metric == "score_smd" and f.group == "a"
    )
    a, b = (frame.loc[frame["g"] == g, "score"] for g in "ab")
    pooled = np.sqrt((499 * a.var() + 699 * b.var()) / 1198)
    assert found.estimate == pytest.approx((a.mean() - b.mean()) / pooled, rel=1e-9)
    assert found.low < found.estimate < found.high


def test_the_curve_equals_rates_counted_at_each_threshold():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"g": rng.choice(["a", "b"], 4000), "picked": 1})
    frame.loc[0, "picked"] = 0
    frame["score"] = rng.random(4000)
    audit = fa.audit(frame, selected="picked", by="g", score="score")
    curve = audit.curve("g")
    for threshold in (0.1, 0.5, 0.9):
        rows = curve[np.isclose(curve["threshold"], threshold)].set_index("group")[
            "rate"
        ]
        expected = (frame["score"] >= threshold).groupby(frame["g"]).mean()
        np.testing.assert_allclose(rows.sort_index(), expected, rtol=1e-12)


# aedt-audit's demonstration: F 510/2441, M 925/2409: ratio 0.544, z -13.354, 240 to 4/5.
def test_aedt_audit_example():
    rows = [("F", 1)] * 510 + [("F", 0)] * 1931 + [("M", 1)] * 925 + [("M", 0)] * 1484
    frame = pd.DataFrame(rows, columns=["g", "picked"])
    decision = fa.audit(frame, selected="picked", by="g", offer="beneficial").gate()
    found = {f.rule: f for f in decision.findings if f.group == "F"}
    assert found["ff-air"].estimate == pytest.approx(0.544, abs=5e-4)
    assert found["ff-air"].needed == 240
    assert found["ff-sd"].estimate == pytest.approx(-13.354, abs=5e-4)


# SolasAI's HMDA sample: AIR of Black against White applicants 0.876506.
def test_solas_hmda_example():
    rows = [("Black", 1)] * 1065 + [("Black", 0)] * 272
    rows += [("White", 1)] * 13142 + [("White", 0)] * 1319
    frame = pd.DataFrame(rows, columns=["g", "picked"])
    audit = fa.audit(frame, selected="picked", by="g", reference="g=White")
    assert audit.measures("g").loc["Black", "adverse_impact_ratio"] == pytest.approx(
        0.876506, abs=5e-7
    )


# domain.md D2: 1200/4000 against 2880/16000: 1.67, and D8's intersection 0.609.
def test_domain_intersection_d8_hides_from_single_attributes():
    cells = {("M", "-60"): 500, ("M", "60+"): 550, ("F", "-60"): 575, ("F", "60+"): 350}
    rows = []
    for (sex, age), selected in cells.items():
        rows += [(sex, age, 1)] * selected + [(sex, age, 0)] * (2500 - selected)
    frame = pd.DataFrame(rows, columns=["sex", "age", "picked"])
    decision = fa.audit(
        frame, selected="picked", by=["sex", "age"], intersections=2, offer="beneficial"
    ).gate()
    failed = {(f.rule, f.group) for f in decision.findings if f.verdict == "fail"}
    assert ("ff-cell", "F&60+") in failed
    assert not any(rule == "ff-air" for rule, _ in failed)
    found = next(
        f for f in decision.findings if f.group == "F&60+" and f.rule == "ff-cell"
    )
    assert found.estimate == pytest.approx(0.609, abs=5e-4)


def test_bootstrap_agrees_with_the_analytic_interval():
    rows = [("a", 1)] * 300 + [("a", 0)] * 700 + [("b", 1)] * 500 + [("b", 0)] * 500
    frame = pd.DataFrame(rows, columns=["g", "picked"])
    audit = fa.audit(frame, selected="picked", by="g")
    drawn = audit.bootstrap("g", replicates=4000, seed=1)
    shown = {g["group"]: g for g in audit.to_dict()["groups"]}
    for group in ("a", "b"):
        assert drawn.loc[group, "low"] == pytest.approx(
            shown[group]["rate_low"], abs=0.003
        )
        assert drawn.loc[group, "high"] == pytest.approx(
            shown[group]["rate_high"], abs=0.003
        )
