"""What an audit says within strata, against statsmodels on the same rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from statsmodels.stats.contingency_tables import StratifiedTable

import fairness as fa

OPTIONS = {"selected": "picked", "by": "g", "strata": "tier"}


def customers(counts):
    """Rows of {(group, tier): (selected, n)}."""
    rows = []
    for (group, tier), (selected, n) in counts.items():
        rows += [(group, tier, 1)] * selected + [(group, tier, 0)] * (n - selected)
    return pd.DataFrame(rows, columns=["g", "tier", "picked"])


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": rng.choice(["f", "m"], 9000, p=[0.4, 0.6])})
    frame["tier"] = np.where(
        rng.random(9000) < 0.3 + 0.3 * (frame["g"] == "f"), "a", "b"
    )
    rate = np.where(frame["tier"] == "a", 0.1, 0.3) * np.where(
        frame["g"] == "f", 0.8, 1
    )
    frame["picked"] = (rng.random(9000) < rate) * 1
    return frame


def tables(frame):
    return [
        [
            [part.query("g == 'f'")["picked"].sum(), (1 - part.query("g == 'f'")["picked"]).sum()],
            [part.query("g == 'm'")["picked"].sum(), (1 - part.query("g == 'm'")["picked"]).sum()],
        ]
        for _, part in frame.groupby("tier")
    ]  # fmt: skip


def line(audit, metric, group="f"):
    found = audit.checks(metric)
    return found[found["group"] == group].iloc[0]


def test_the_pooled_measures_are_those_of_statsmodels(two):
    audit = fa.audit(two, **OPTIONS, offer="beneficial")
    theirs = StratifiedTable([np.array(t) for t in tables(two)])
    odds = line(audit, "mantel_haenszel_odds_ratio")
    assert odds.estimate == pytest.approx(theirs.oddsratio_pooled, rel=1e-9)
    assert (odds.low, odds.high) == pytest.approx(
        theirs.oddsratio_pooled_confint(), rel=1e-9
    )
    ratio = line(audit, "conditional_ratio")
    assert ratio.estimate == pytest.approx(theirs.riskratio_pooled, rel=1e-9)
    statistic = theirs.test_null_odds(correction=False).statistic
    assert ratio.p_value == pytest.approx(ndtr(-np.sqrt(statistic)), rel=1e-6)
    agree = line(audit, "strata_agreement_p")
    homogeneous = theirs.test_equal_odds(adjust=True)
    assert agree.estimate == pytest.approx(homogeneous.pvalue, rel=1e-9)


def test_each_stratum_has_its_ratio_and_false_discovery_rate(two):
    audit = fa.audit(two, **OPTIONS, offer="beneficial")
    inside = [f for f in audit.findings if f.stratum == "tier=a" and f.group == "f"]
    part = two[two["tier"] == "a"]
    rates = part.groupby("g")["picked"].mean()
    assert inside[0].estimate == pytest.approx(rates["f"] / rates["m"])
    alone = line(audit, "stratum_ratio")
    assert alone.estimate == pytest.approx(inside[0].estimate)


def test_of_many_fair_strata_hardly_one_stands_out():
    rng = np.random.default_rng(11)
    wrong = []
    for _ in range(40):
        frame = pd.DataFrame({"g": rng.choice(["f", "m"], 12_000)})
        frame["tier"] = rng.integers(0, 20, 12_000).astype(str)
        frame["picked"] = (rng.random(12_000) < 0.3) * 1
        audit = fa.audit(frame, **OPTIONS, offer="beneficial")
        wrong.append(
            any(f.stratum and f.reading in {"lower", "higher"} for f in audit.findings)
        )
    # 5 % of tables may have one; of 40, 7 or more have a chance below 1 in 200.
    assert sum(wrong) < 7


@pytest.mark.parametrize("offer", ["beneficial", "burdensome"])
def test_the_guard_names_what_the_mix_does_and_through_which_stratum(offer):
    masked = customers(
        {("f", "gold"): (560, 2000), ("m", "gold"): (400, 1000),
         ("f", "tin"): (70, 1000), ("m", "tin"): (200, 2000)}
    )  # fmt: skip
    made = customers(
        {("f", "new"): (100, 2000), ("m", "new"): (50, 1000),
         ("f", "old"): (200, 1000), ("m", "old"): (400, 2000)}
    )  # fmt: skip
    for frame, told in ((masked, "masks a gap"), (made, "makes the gap")):
        audit = fa.audit(frame, **OPTIONS, offer=offer)
        said = " ".join(audit.checks("composition_ratio")["message"])
        assert told in said
        assert "most of it through" in said
        estimate = line(audit, "composition_ratio").estimate
        rates = frame.groupby("g")["picked"].mean()
        within = line(
            audit, "standardized_ratio", "f" if offer == "beneficial" else "m"
        )
        assert np.isfinite(estimate)
        assert within is not None
        assert rates.notna().all()


def test_the_guard_is_quiet_where_the_mix_does_nothing():
    rng = np.random.default_rng(3)
    loud = 0
    for _ in range(60):
        frame = pd.DataFrame({"g": rng.choice(["f", "m", "x"], 6000)})
        frame["tier"] = rng.choice(["a", "b", "c"], 6000)
        rate = {"a": 0.1, "b": 0.2, "c": 0.4}
        frame["picked"] = (rng.random(6000) < frame["tier"].map(rate)) * 1
        audit = fa.audit(frame, **OPTIONS, offer="beneficial")
        guard = audit.checks("composition_ratio")
        loud += bool((guard["reading"].isin(["lower", "higher"])).any())
    # At most 5 % each: of 60, 9 or more have a chance below 1 in 200.
    assert loud < 9


def test_the_ratio_of_ratios_covers_its_truth():
    rng = np.random.default_rng(8)
    share, rate = {"f": 0.7, "m": 0.3}, {"a": 0.3, "b": 0.1}
    mixed = {g: s * rate["a"] + (1 - s) * rate["b"] for g, s in share.items()}
    truth = mixed["f"] / mixed["m"]
    covered = 0
    for _ in range(400):
        g = rng.choice(["f", "m"], 4000)
        tier = np.where(rng.random(4000) < np.where(g == "f", 0.7, 0.3), "a", "b")
        picked = (rng.random(4000) < np.where(tier == "a", 0.3, 0.1)) * 1
        frame = pd.DataFrame({"g": g, "tier": tier, "picked": picked})
        audit = fa.audit(frame, **OPTIONS, reference="g=m", offer="beneficial")
        found = line(audit, "composition_ratio")
        covered += found.low <= truth <= found.high
    # 95 % of 400 is 380, give or take 3 standard errors of 4.4.
    assert 366 <= covered <= 394
