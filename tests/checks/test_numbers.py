"""Scores, offered values, proxies and extremes of an audit, against other libraries."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import ks_2samp, ttest_ind, wasserstein_distance
from sklearn.metrics import normalized_mutual_info_score, roc_auc_score

import fairness as fa


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    n = 8000
    made = pd.DataFrame({"g": rng.choice(["f", "m", "x"], n, p=[0.45, 0.45, 0.1])})
    made["tier"] = rng.choice(["a", "b", "c"], n)
    lift = np.where(made["g"] == "f", 0.05, 0.0)
    made["score"] = np.clip(rng.beta(2, 5, n) + lift, 0, 1)
    made["seen"] = (rng.random(n) < made["score"]) * 1.0
    made["picked"] = (made["score"] > 0.35) * 1
    made["value"] = np.round(
        rng.normal(12, 5, n) - 1.2 * (made["g"] == "f") + 2.0 * (made["tier"] == "a"), 2
    )
    made["postcode"] = rng.choice(["p1", "p2", "p3", "p4"], n)
    return made


@pytest.fixture(scope="module")
def audit(frame):
    return fa.audit(
        frame, selected="picked", by="g", strata="tier", score="score", outcome="seen",
        value="value", value_cap=15, uses=["postcode", "score"], reference="g=m",
        offer="beneficial",
    )  # fmt: skip


def line(audit, metric, group="f"):
    found = audit.checks(metric)
    return found[found["group"] == group].iloc[0]


def groups(frame, column):
    return (frame.loc[frame["g"] == name, column] for name in ("f", "m"))


def test_the_gap_of_means_is_welchs(audit, frame):
    f, m = groups(frame, "value")
    found, theirs = line(audit, "value_gap"), ttest_ind(f, m, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    assert found.estimate == pytest.approx(f.mean() - m.mean(), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(theirs.pvalue / 2, rel=0.05)


def test_the_adjusted_gap_is_that_of_least_squares_on_rows(audit, frame):
    fit = smf.ols("value ~ C(g, Treatment('m')) + C(tier)", frame).fit(cov_type="HC2")
    name = "C(g, Treatment('m'))[T.f]"
    found = line(audit, "conditional_value_gap")
    assert found.estimate == pytest.approx(fit.params[name], rel=1e-9)
    low, high = fit.conf_int().loc[name]
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-3)
    inside = frame["value"] - frame.groupby("g")["value"].transform("mean")
    spread = np.sqrt((inside**2).sum() / (len(frame) - 3))
    scaled = line(audit, "conditional_value_smd")
    assert scaled.estimate == pytest.approx(found.estimate / spread, rel=1e-9)


def test_money_is_what_the_mean_of_all_would_have_given(audit, frame):
    found = line(audit, "value_shortfall")
    f = frame.loc[frame["g"] == "f", "value"]
    assert found.estimate == pytest.approx(len(f) * (frame["value"].mean() - f.mean()))
    assert f"{found.estimate / len(f):.2f} each" in found.message


def test_quantiles_and_the_share_above_the_cap(audit, frame):
    f, m = groups(frame, "value")
    width = (frame["value"].max() - frame["value"].min()) / 1000
    assert line(audit, "value_median_gap").estimate == pytest.approx(
        f.median() - m.median(), abs=2 * width
    )
    assert line(audit, "value_upper_gap").estimate == pytest.approx(
        f.quantile(0.9) - m.quantile(0.9), abs=2 * width
    )
    found = line(audit, "above_cap_ratio")
    assert found.estimate == pytest.approx((f > 15).mean() / (m > 15).mean())


def test_the_area_under_the_curve_is_sklearns_within_the_bins(audit, frame):
    areas = [
        roc_auc_score(part["seen"], part["score"])
        for part in (frame[frame["g"] == "f"], frame[frame["g"] == "m"])
    ]
    found = line(audit, "score_auc_difference")
    assert found.estimate == pytest.approx(areas[0] - areas[1], abs=2e-3)
    f, m = (frame[frame["g"] == name] for name in ("f", "m"))
    across = [
        roc_auc_score(
            np.r_[np.ones(int(one["seen"].sum())), np.zeros(int((1 - two["seen"]).sum()))],
            np.r_[one.loc[one["seen"] == 1, "score"], two.loc[two["seen"] == 0, "score"]],
        )
        for one, two in ((f, m), (m, f))
    ]  # fmt: skip
    crossed = line(audit, "xauc_difference")
    assert crossed.estimate == pytest.approx(across[0] - across[1], abs=2e-3)


def test_distances_of_scores_are_scipys_within_the_bins(audit, frame):
    f = frame.loc[frame["g"] == "f", "score"]
    rest = frame.loc[frame["g"] != "f", "score"]
    ks = line(audit, "score_ks")
    theirs = ks_2samp(f, rest, method="asymp")
    assert ks.estimate == pytest.approx(theirs.statistic, abs=5e-3)
    moved = line(audit, "score_wasserstein").estimate
    assert moved == pytest.approx(wasserstein_distance(f, rest), abs=1e-3)


def test_observed_over_expected_and_equal_scores(audit, frame):
    f = frame[frame["g"] == "f"]
    found = line(audit, "observed_expected_ratio")
    assert found.estimate == pytest.approx(f["seen"].sum() / f["score"].sum(), abs=2e-3)
    assert found.low < 1 < found.high
    assert line(audit, "calibration_difference").reading == "no clear difference"


def test_a_score_that_understates_a_group_is_found(frame):
    rng = np.random.default_rng(4)
    off = np.where(frame["g"] == "f", 1.4, 1.0)
    made = frame.assign(
        seen=(rng.random(len(frame)) < np.clip(frame["score"] * off, 0, 1)) * 1.0
    )
    audit = fa.audit(
        made, selected="picked", by="g", score="score", outcome="seen",
        reference="g=m", offer="beneficial",
    )  # fmt: skip
    assert line(audit, "calibration_difference").reading == "higher"
    assert line(audit, "observed_expected_ratio").low > 1.2


def test_what_a_column_tells_of_a_group(audit, frame):
    found = audit.checks("proxy_information")
    own = found[found["column"] == "postcode"].iloc[0]
    shared = normalized_mutual_info_score(frame["postcode"], frame["g"])
    assert own.estimate == pytest.approx(shared, abs=1e-3)
    assert "by chance" in own.message
    carried = audit.checks("proxy_ratio").set_index(["column", "group"])
    assert carried.loc[("postcode", "f"), "reading"] == "no clear difference"
    # The selection is a cut of the score: all of the gap goes through it.
    alone = carried.loc[("score", "f"), "estimate"]
    rates = frame.groupby("g")["picked"].mean()
    assert alone == pytest.approx(rates["f"] / rates["m"], rel=0.02)


def test_highest_and_lowest_of_an_attribute(audit, frame):
    rates = frame.groupby("g")["picked"].mean()
    gap = audit.checks("max_min_gap").iloc[0]
    assert gap.estimate == pytest.approx(rates.max() - rates.min())
    assert gap.low <= gap.estimate <= gap.high
    least = audit.checks("disparate_impact_ratio").iloc[0]
    assert least.estimate == pytest.approx(rates.min() / rates.max())
    assert "lowest" in least.message


def test_names_of_checks_that_are_not(audit):
    with pytest.raises(fa.InputError, match="family of checks"):
        audit.checks("nonsense")
    with pytest.raises(fa.InputError, match="family of checks"):
        audit.check("nonsense")


def test_every_line_has_a_reading_a_sentence_and_no_nan(audit):
    for family in audit.families:
        for found in audit.check(family):
            assert found.reading
            assert "nan" not in found.message
            if found.estimate is None:
                assert "undefined" in found.message or "reference" in found.message


def test_shrunken_ratios_lie_between_their_own_and_all(audit, frame):
    found = audit.checks("shrunken_ratio").set_index("group")
    rates = frame.groupby("g")["picked"].mean() / frame["picked"].mean()
    for group, own in rates.items():
        inside = sorted([1.0, own])
        assert inside[0] - 0.02 <= found.loc[group, "estimate"] <= inside[1] + 0.02
