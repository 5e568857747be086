"""What is left of a group after each stage, against statsmodels' intervals."""

from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint

from pipelines.campaign import load_campaign, run_campaign

CAMPAIGNS = Path(__file__).parents[2] / "data" / "samples" / "campaigns"
# From so many left and not left on, the interval is Wilson's (tests/inference).
WILSON_FROM = 20


@pytest.fixture(scope="module")
def section():
    run = run_campaign(
        load_campaign(CAMPAIGNS / "spring-card.toml"), directory=CAMPAIGNS
    )
    return run.payload()["funnel"]


def test_shares_and_intervals_are_those_of_statsmodels(section):
    compared = 0
    for group in section["groups"]:
        n, *left = group["reached"]
        for place, hits in enumerate(left, start=1):
            if hits is None or n is None:
                continue
            assert group["share"][place] == hits / n
            if min(hits, n - hits) < WILSON_FROM:
                continue
            # proportion_confint(hits, n, alpha=0.05, method="wilson")
            low, high = proportion_confint(hits, n, 0.05, "wilson")
            assert group["low"][place] == pytest.approx(low, abs=1e-12)
            assert group["high"][place] == pytest.approx(high, abs=1e-12)
            compared += 1
    assert compared > 30


def test_where_a_count_is_left_out_so_are_its_share_and_interval(section):
    for group in section["groups"]:
        known = [number is not None for number in group["reached"]]
        for name in ("share", "low", "high"):
            assert [value is not None for value in group[name]] == known
