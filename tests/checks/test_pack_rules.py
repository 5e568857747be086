"""Rules of the packs that read a check, each on what made it necessary."""

import numpy as np
import pandas as pd

import fairness as fa


def failed(decision):
    return {
        (f.rule, f.group)
        for f in decision.findings
        if f.verdict == "fail" and f.severity != "note"
    }


def test_strata_that_cancel_out_are_a_review():
    rows = []
    for tier, f, m in (("gold", 800, 400), ("tin", 200, 400)):
        for group, selected in (("f", f), ("m", m)):
            rows += [(group, tier, 1)] * selected
            rows += [(group, tier, 0)] * (2000 - selected)
    frame = pd.DataFrame(rows, columns=["g", "tier", "picked"])
    audit = fa.audit(
        frame, selected="picked", by="g", strata="tier", offer="beneficial"
    )
    decision = audit.gate("us-four-fifths")
    assert decision.verdict == "review"
    assert {rule for rule, _ in failed(decision)} == {"ff-stratum"}
    message = next(
        f.message
        for f in decision.findings
        if f.rule == "ff-stratum" and f.verdict == "fail"
    )
    assert "0.50 times" in message


def test_a_price_on_the_old_who_stayed_long_is_named():
    rng = np.random.default_rng(19)
    n = 20_000
    frame = pd.DataFrame({"age": rng.choice(["18-64", "65+"], n, p=[0.7, 0.3])})
    frame["stay"] = rng.choice(["under 8", "8+"], n, p=[0.8, 0.2])
    frame["picked"] = (rng.random(n) < 0.5) * 1
    hit = (frame["age"] == "65+") & (frame["stay"] == "8+")
    frame["price"] = rng.normal(40, 12, n) + 7.2 * hit
    audit = fa.audit(
        frame, selected="picked", by=["age", "stay"], value="price", offer="burdensome",
        intersections=2,
    )  # fmt: skip
    decision = audit.gate("exploitative-offers")
    assert decision.verdict == "review"
    assert ("ex-price-cell", "65+&8+") in failed(decision)


def test_a_group_above_the_cap_is_named():
    rng = np.random.default_rng(23)
    n = 6000
    frame = pd.DataFrame(
        {"g": rng.choice(["f", "m"], n), "picked": rng.integers(0, 2, n)}
    )
    frame["sends"] = rng.poisson(np.where(frame["g"] == "f", 6.5, 4.0))
    audit = fa.audit(
        frame, selected="picked", by="g", value="sends", value_cap=8, offer="burdensome"
    )
    decision = audit.gate("exploitative-offers")
    assert ("ex-freq", "f") in failed(decision)
    even = frame.assign(sends=rng.poisson(4.0, n))
    calm = fa.audit(
        even, selected="picked", by="g", value="sends", value_cap=8, offer="burdensome"
    )
    assert not failed(calm.gate("exploitative-offers"))
