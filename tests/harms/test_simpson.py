"""Masking and reversal are told apart, whether or not the strata are allowed."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.policy import load_policy

ALLOWED = {"tier": "Gold customers buy another product."}

# Customers and selections: the harmed side in gold and standard, then the other side.
MASKED = {
    # Section B of the domain notes: 0.893 in total, 0.737 and 0.667 in the tiers.
    "0.893": ((3000, 840), (2000, 160), (2000, 760), (3000, 360)),
    # 0.891 in total, 0.70 in both tiers.
    "0.70": ((3000, 840), (2000, 140), (2000, 800), (3000, 300)),
}
# 0.679 in total (z = -10.6), equal in both tiers.
REVERSED = ((1500, 600), (3500, 350), (3000, 1200), (2000, 200))
# 0.679 in total, 0.70 in both tiers: the tiers explain nothing.
UNEXPLAINED = ((2500, 700), (2500, 250), (2500, 1000), (2500, 357))
EVEN = ((2500, 700), (2500, 250), (2500, 700), (2500, 250))


def rows(labels, tiers):
    parts = []
    for tier, (n, hits) in zip(("gold", "standard"), tiers, strict=True):
        part = pd.DataFrame({**labels, "tier": tier}, index=range(n))
        parts.append(part.assign(selected=(np.arange(n) < hits).astype(int)))
    return pd.concat(parts, ignore_index=True)


@cache
def single(table, offer="beneficial"):
    """Return women against men; a burden weighs on those who are picked more."""
    women, men = table[:2], table[2:]
    if offer == "burdensome":
        women, men = men, women
    frame = pd.concat(
        [rows({"gender": "F"}, women), rows({"gender": "M"}, men)], ignore_index=True
    )
    return fa.audit(frame, selected="selected", by="gender", strata="tier", offer=offer)


@cache
def pair(table):
    """Return older women against three other cells of gender and age."""
    cells = [("F", "60+", table[:2])]
    cells += [
        (gender, age, table[2:])
        for gender, age in (("F", "under 60"), ("M", "60+"), ("M", "under 60"))
    ]
    frame = pd.concat(
        [rows({"gender": g, "age": a}, tiers) for g, a, tiers in cells],
        ignore_index=True,
    )
    return fa.audit(
        frame,
        selected="selected",
        by=["gender", "age"],
        strata="tier",
        offer="beneficial",
        intersections=2,
    )


def policy(name="us-four-fifths", *, allowed):
    found = load_policy(name)
    return found.model_copy(update={"allowed_strata": ALLOWED}) if allowed else found


def judged(decision, rule, group):
    [found] = [f for f in decision.findings if (f.rule, f.group) == (rule, group)]
    return found


def guard(audit, group):
    table = audit.checks("composition_ratio")
    return table[(table.group == group) & (table.stratum == "tier")].message.iloc[0]


def failed(decision, group):
    return [
        f
        for f in decision.findings
        if f.verdict == "fail" and f.severity != "note" and f.group == group
    ]


either = pytest.mark.parametrize("allowed", [False, True], ids=["bare", "allowed"])
masked = pytest.mark.parametrize("table", MASKED.values(), ids=MASKED.keys())


class TestMasking:
    @either
    @masked
    def test_total_passes_and_the_strata_do_not(self, table, allowed):
        decision = single(table).gate(policy(allowed=allowed))
        assert decision.verdict == "review"
        assert judged(decision, "ff-air", "F").verdict == "pass"
        within = judged(decision, "ff-strata", "F")
        assert (within.verdict, within.stratum) == ("fail", "tier")
        assert any(within.message in reason for reason in decision.reasons)

    @masked
    def test_is_told_as_masking(self, table):
        told = guard(single(table), "F")
        assert "the mix of tier masks a gap: 0.89 in total" in told
        assert "makes the gap" not in told

    def test_equal_rates_at_the_same_mix_leave_the_other_side_behind(self):
        # What is gone within the tiers turns up in total, against men: 0.812.
        table = ((3000, 1140), (2000, 240), (2000, 760), (3000, 360))
        decision = single(table).gate(policy(allowed=False))
        assert decision.verdict == "clear"
        assert judged(decision, "ff-air", "M").estimate == pytest.approx(
            0.812, abs=5e-4
        )
        assert "the mix of tier makes the gap" in guard(single(table), "M")


class TestReversal:
    def test_blocks_where_nobody_allowed_the_strata(self):
        decision = single(REVERSED).gate(policy(allowed=False))
        assert decision.verdict == "block"
        assert judged(decision, "ff-air", "F").verdict == "fail"
        assert judged(decision, "ff-strata", "F").verdict == "pass"
        assert judged(decision, "ff-strata", "M").verdict == "pass"

    def test_is_a_review_where_the_strata_are_allowed(self):
        decision = single(REVERSED).gate(policy(allowed=True))
        assert decision.verdict == "review"
        found = judged(decision, "ff-air", "F")
        assert (found.verdict, found.severity) == ("fail", "review")
        assert found.estimate == pytest.approx(0.679, abs=5e-4)
        assert "0.68 times as often as M" in found.message
        assert "within tier it is 1.00" in found.message
        assert ALLOWED["tier"] in found.message
        assert any(found.message in reason for reason in decision.reasons)

    def test_is_told_as_a_gap_that_the_mix_makes(self):
        told = guard(single(REVERSED), "F")
        assert "the mix of tier makes the gap: 0.68 in total, 1.00 within tier" in told
        assert "masks" not in told

    def test_is_the_example_of_the_notes(self):
        audit = single(REVERSED)
        table = audit.checks("conditional_demographic_disparity")
        assert table.estimate.to_numpy(dtype=float) == pytest.approx(0, abs=1e-9)
        odds = audit.checks("mantel_haenszel_odds_ratio")
        other = odds[odds.reading != "reference"]
        assert float(other.estimate.iloc[0]) == pytest.approx(1.0)

    def test_no_stratum_but_an_allowed_one_moves_it(self):
        other = load_policy("us-four-fifths").model_copy(
            update={"allowed_strata": {"tenure": "Another product."}}
        )
        assert single(REVERSED).gate(other).verdict == "block"


class TestStrataThatExplainNothing:
    @either
    def test_gap_stays_a_block(self, allowed):
        decision = single(UNEXPLAINED).gate(policy(allowed=allowed))
        assert decision.verdict == "block"
        assert judged(decision, "ff-air", "F").severity == "block"
        assert judged(decision, "ff-strata", "F").verdict == "fail"
        assert "the mix of" not in guard(single(UNEXPLAINED), "F")

    @either
    def test_even_strata_are_clear(self, allowed):
        assert single(EVEN).gate(policy(allowed=allowed)).verdict == "clear"

    def test_strata_that_hold_one_side_only_explain_nothing(self):
        # All women are in standard and all men in gold: no stratum compares them.
        table = ((0, 0), (5000, 950), (5000, 1400), (0, 0))
        assert single(table).gate(policy(allowed=True)).verdict == "block"


class TestBurden:
    """An offer that is a burden to those who are picked: women are, more often."""

    @either
    @masked
    def test_masked_burden_is_not_cleared(self, table, allowed):
        decision = single(table, "burdensome").gate(
            policy("exploitative-offers", allowed=allowed)
        )
        assert judged(decision, "ex-burden", "F").verdict == "pass"
        assert decision.verdict == "review"
        assert any(f.stratum == "tier" for f in failed(decision, "F"))

    @masked
    def test_masked_burden_is_told_as_masking(self, table):
        told = guard(single(table, "burdensome"), "F")
        assert "the mix of tier masks a gap: 1.12 in total" in told
        assert "the mix of" not in guard(single(table, "burdensome"), "M")

    @either
    def test_burden_that_the_mix_makes(self, allowed):
        decision = single(REVERSED, "burdensome").gate(
            policy("exploitative-offers", allowed=allowed)
        )
        assert decision.verdict == ("review" if allowed else "block")
        found = judged(decision, "ex-burden", "F")
        assert "1.47 times as often" in found.message
        assert ("within tier it is 1.00" in found.message) == allowed
        told = guard(single(REVERSED, "burdensome"), "F")
        assert "makes the gap: 1.47 in total, 1.00 within tier" in told

    @either
    def test_burden_that_tiers_do_not_explain_stays_a_block(self, allowed):
        decision = single(UNEXPLAINED, "burdensome").gate(
            policy("exploitative-offers", allowed=allowed)
        )
        assert decision.verdict == "block"


class TestPairs:
    """Only older women: each attribute alone looks even."""

    @either
    @masked
    def test_masked_pair_is_not_cleared(self, table, allowed):
        decision = pair(table).gate(policy(allowed=allowed))
        assert judged(decision, "ff-cell", "F&60+").verdict == "pass"
        assert decision.verdict == "review"
        assert any(f.stratum == "tier" for f in failed(decision, "F&60+"))

    @masked
    def test_masked_pair_is_told_as_masking(self, table):
        assert "the mix of tier masks a gap: 0.89" in guard(pair(table), "F&60+")

    @either
    def test_pair_that_the_mix_makes(self, allowed):
        decision = pair(REVERSED).gate(policy(allowed=allowed))
        assert decision.verdict == ("review" if allowed else "block")
        found = judged(decision, "ff-cell", "F&60+")
        assert found.estimate == pytest.approx(0.679, abs=5e-4)
        assert ("within tier it is 1.00" in found.message) == allowed
        assert "makes the gap: 0.68 in total" in guard(pair(REVERSED), "F&60+")

    @either
    def test_pair_that_tiers_do_not_explain_stays_a_block(self, allowed):
        decision = pair(UNEXPLAINED).gate(policy(allowed=allowed))
        assert decision.verdict == "block"
