"""The sample's campaigns: blocked for consent alone, and for whom it exploits."""

from pathlib import Path

import pytest

from fairness.metrics import METRICS
from pipelines.campaign.load import load_campaign
from pipelines.campaign.run import run_campaign

CAMPAIGNS = Path(__file__).parents[2] / "data" / "samples" / "campaigns"


def failed(name, severity="block"):
    path = CAMPAIGNS / f"{name}.toml"
    run = run_campaign(load_campaign(path), directory=CAMPAIGNS)
    assert run.verdict == "block"
    return {
        one.rule: one
        for one in run.decision.findings
        if one.verdict == "fail" and one.severity == severity
    }


def test_the_autumn_mailing_is_fair_and_blocked_for_consent_alone():
    found = failed("autumn-mailing")
    assert {METRICS[one.metric].family for one in found.values()} == {"consent"}
    assert found["gd-object"].estimate == 141
    assert found["gd-consent"].estimate == 446
    assert found["gd-consent"].message.startswith("446 customers of 1,500")
    # What is left beside it is the security of the place where it lies.
    review = failed("autumn-mailing", "review")
    assert {METRICS[one.metric].family for one in review.values()} == {"security"}


def test_the_payday_loan_is_blocked_for_whom_it_exploits():
    found = failed("payday-loan")
    assert {"ex-burden", "ex-vuln", "ex-feature"} <= found.keys()
    assert found["ex-vuln"].message.startswith("618 of 862 in the audience")
    assert found["ex-vuln"].estimate == pytest.approx(5.142, abs=0.001)
