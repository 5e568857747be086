"""A step is named for every rule on selection, whichever side of its bound is broken."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from fairness.findings import is_over
from fairness.reports.answers import answers
from pipelines.campaign import run_campaign
from pipelines.campaign.model import Campaign
from tests.policies import HEAD

SIZE = 6_000
RULE = """
[[rules]]
id = "own-rule"
title = "a title"
severity = "block"
evidence = "significant"
status = "practice"
confirmed = false
why = "a reason"
citation = { source = "own", as_of = 2026-11-23 }
"""


@pytest.fixture
def tables():
    """Nine in ten of group b live where the campaign goes, four in ten of a."""
    rng = np.random.default_rng(7)
    ids = [f"c{place:05d}" for place in range(SIZE)]
    group = rng.choice(["a", "b"], SIZE, p=[0.7, 0.3])
    lives = rng.random(SIZE) < np.where(group == "b", 0.9, 0.4)
    customers = pd.DataFrame(
        {
            "customer_id": ids,
            "postcode": np.where(lives, "B", "A"),
            "orders": rng.integers(0, 5, SIZE),
        }
    )
    protected = pd.DataFrame({"customer_id": ids, "group": group})
    return {"customers": customers, "protected": protected}


@pytest.fixture
def ran(tables, tmp_path):
    def run(polarity="beneficial", **rule):
        lines = [f"{name} = {json.dumps(value)}" for name, value in rule.items()]
        (tmp_path / "own.toml").write_text(HEAD + RULE + "\n".join(lines) + "\n")
        campaign = Campaign(
            name="spring",
            owner="olga",
            as_of="2026-11-01",
            offer={"name": "x", "polarity": polarity},
            tables=dict.fromkeys(tables, "in memory"),
            protected={"by": ["group"]},
            funnel={"clauses": {"old": "orders > 0", "area": "postcode = 'B'"}},
            policy={"use": ["own.toml"]},
        )
        return run_campaign(campaign, directory=tmp_path, tables=tables)

    return run


AIR = "adverse_impact_ratio"
RULES = {
    "at least": ({"metric": AIR, "at_least": 0.8}, "a", False),
    "within, above": (
        {"metric": AIR, "within": [0.8, 1.25], "reference": "group=a"}, "b", True,
    ),
    "within, below": (
        {"metric": AIR, "within": [0.8, 1.25], "reference": "group=b"}, "a", False,
    ),
    "at most": ({"metric": AIR, "at_most": 1.25, "reference": "group=a"}, "b", True),
    "difference": (
        {"metric": "statistical_parity_difference", "at_least": -0.05}, "a", False,
    ),
    "odds": ({"metric": "selection_odds_ratio", "at_least": 0.8}, "a", False),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_the_step_is_named(name, ran):
    rule, group, over = RULES[name]
    found = ran(**rule)
    assert found.verdict == "block"
    (culprit,) = found.culprits
    assert culprit.startswith(f"group {group} against ")
    assert "stage clauses, clause area, makes " in culprit
    gap = next(gap for gap, _ in found.gaps if gap.group == group)
    assert gap.is_over is over
    assert (gap.log_ratio > 0) is over
    shares = [stage.log_ratio for stage in gap.stages]
    assert math.isclose(sum(shares), gap.log_ratio, abs_tol=1e-12)
    assert "clause area" in answers(found.payload()).step


def test_who_is_passed_over_is_harmed_and_not_who_is_favoured(ran):
    told = answers(ran(**RULES["at most"][0]).payload())
    assert told.who == "group a"
    assert told.how_much.startswith("group b has 2.19 times the rate of a (95 % ")
    assert told.how_much.endswith(" fewer would have to be selected")
    points = {"metric": "statistical_parity_difference", "at_most": 0.05}
    told = answers(ran(**points, reference="group=a").payload())
    assert told.who == "group a"
    assert told.how_much.startswith("group b is 39.2 percentage points above a (95 % ")
    rest = {**RULES["at most"][0], "reference": "rest"}
    assert answers(ran(**rest).payload()).who == "customers who are not group b"


def test_a_burden_is_decomposed_above(ran):
    found = ran("burdensome", metric="burden_ratio", at_most=1.25)
    assert found.verdict == "block"
    assert answers(found.payload()).who == "group b"
    assert found.gaps[0][0].is_over
    assert "group b against" in found.culprits[0]


@pytest.mark.parametrize(
    ("metric", "bound", "estimate", "over"),
    [
        (AIR, "at least 0.80", 1.9, False),
        (AIR, "at most 1.25", 0.9, True),
        (AIR, "between 0.80 and 1.25", 0.7, False),
        (AIR, "between 0.80 and 1.25", 1.3, True),
        (AIR, "between 0.80 and 1.25", None, False),
        ("statistical_parity_difference", "between -0.05 and 0.05", 0.2, True),
        (AIR, None, 1.9, False),
        ("burden_ratio", None, 0.4, True),
        ("burden_ratio", "at least 0.80", 0.4, False),
    ],
)
def test_which_side(metric, bound, estimate, over):
    assert is_over(metric, bound, estimate) is over
