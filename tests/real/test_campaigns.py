"""Campaigns over published customers, recomputed with pandas and scikit-learn."""

import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairness.errors import AudienceBlockedError
from pipelines.campaign import run_campaign
from pipelines.campaign.model import Campaign
from pipelines.features import rfm_scores

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FAIRREACH_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data is not on this machine"
)


def read(name, **options):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine")
    return pd.read_csv(path, **options)


def campaign(name, *, protected, funnel, id_="customer_id", offer="beneficial", **more):
    return Campaign(
        name=name,
        owner="olga",
        as_of="2026-11-01",
        offer={"name": name, "polarity": offer},
        tables={"customers": "in memory", "id": id_} | more,
        protected=protected,
        funnel=funnel,
    )


def assert_counts_are_those_of_pandas(run, groups):
    """The audit and the funnel count what a plain groupby counts."""
    table = run.audit.counts.table([groups.name])
    ids = run.walked.table[run.roles.id].to_pylist()
    picked = pd.Series(run.walked.selected, index=ids).reindex(groups.index.astype(str))
    plain = picked.groupby(groups.to_numpy()).agg(["size", "sum"])
    assert dict(zip(table.groups, table.n, strict=True)) == plain["size"].to_dict()
    assert (
        dict(zip(table.groups, table.selected, strict=True)) == plain["sum"].to_dict()
    )
    for gap, _ in run.gaps:
        if gap.log_ratio is not None:
            total = math.fsum(stage.log_ratio for stage in gap.stages)
            assert total == pytest.approx(gap.log_ratio, abs=1e-12)
        whole = gap.log_ratio is not None and gap.reference in plain.index
        if whole and gap.attribute == groups.name:
            rates = plain["sum"] / plain["size"]
            ratio = rates[gap.group] / rates[gap.reference]
            assert gap.log_ratio == pytest.approx(math.log(ratio), abs=1e-12)


def banded(values, edges):
    ends = [-np.inf, *edges, np.inf]
    names = [
        f"({a:g},{b:g})" if a == -np.inf else f"[{a:g},{b:g})"
        for a, b in pairwise(ends)
    ]
    return pd.cut(values, ends, right=False, labels=names).astype(str)


COLUMNS = ("balance", "housing", "loan", "poutcome", "previous", "contact")


@pytest.fixture(scope="module")
def bank():
    frame = read("bank_marketing/bank-full.csv")
    return frame.assign(customer_id=[f"B{place:05d}" for place in range(len(frame))])


def test_a_term_deposit_by_propensity(bank):
    plan = campaign(
        "term-deposit",
        protected={"by": ["age", "marital"], "bands": {"age": [18, 30, 45, 60]}},
        funnel={
            "clauses": {"no default": "\"default\" = 'no'"},
            "score": {
                "model": "logistic",
                "columns": list(COLUMNS),
                "outcome": "y",
                "top_share": "0.1",
            },
        },
    )
    customers = bank.drop(columns="y")
    answers = bank[["customer_id", "y"]].assign(campaign="2008-2010")
    run = run_campaign(plan, tables={"customers": customers, "responses": answers})
    able = bank["default"] == "no"
    assert run.funnel.totals.tolist() == [len(bank), able.sum(), able.sum() // 10]
    ages = banded(bank["age"], [18, 30, 45, 60])
    ages.index, ages.name = bank["customer_id"], "age"
    assert_counts_are_those_of_pandas(run, ages)
    marital = bank.set_index("customer_id")["marital"]
    assert_counts_are_those_of_pandas(run, marital)
    # The score finds those who answer: 11.7 % of all, of the best tenth many more.
    picked = pd.Series(run.walked.selected, run.walked.table["customer_id"].to_pylist())
    hits = (bank.set_index("customer_id")["y"] == "yes")[picked[picked].index]
    assert hits.mean() > 0.35
    assert run.verdict == "block"
    assert all("stage score" in one for one in run.culprits[:3])
    with pytest.raises(AudienceBlockedError):
        run.decision.raise_for_verdict()


def test_the_columns_of_the_propensity_may_not_be_protected(bank):
    plan = campaign(
        "term-deposit",
        protected={"by": ["age", "marital"], "bands": {"age": [18, 30, 45, 60]}},
        funnel={
            "score": {
                "model": "logistic",
                "columns": ["age"],
                "outcome": "y",
                "top": 10,
            }
        },
    )
    with pytest.raises(Exception, match="'age' is a protected attribute"):
        run_campaign(plan, tables={"customers": bank, "responses": bank})


def test_a_wine_club_by_rfm_segments():
    frame = read("customer_personality/marketing_campaign.csv", sep=";")
    spend = [column for column in frame if column.startswith("Mnt")]
    orders = ["NumWebPurchases", "NumCatalogPurchases", "NumStorePurchases"]
    scored = rfm_scores(
        pd.DataFrame(
            {
                "ID": frame["ID"],
                "recency_days": frame["Recency"],
                "frequency": frame[orders].sum(axis=1),
                "monetary": frame[spend].sum(axis=1).astype(float),
            }
        )
    )
    customers = frame.merge(
        scored.to_native()[["ID", "rfm_segment", "m_score"]], on="ID"
    )
    best = customers.groupby("rfm_segment")["m_score"].mean().nlargest(3).index.tolist()
    listed = ", ".join(f"'{name}'" for name in best)
    plan = campaign(
        "wine-club",
        protected={
            "by": ["Year_Birth", "Marital_Status"],
            "bands": {"Year_Birth": [1946, 1965, 1981]},
        },
        funnel={
            "clauses": {"segment": f"rfm_segment IN ({listed})", "calm": "Complain = 0"}
        },
        id_="ID",
    )
    run = run_campaign(plan, tables={"customers": customers})
    rule = customers["rfm_segment"].isin(best) & (customers["Complain"] == 0)
    assert run.walked.selected.sum() == rule.sum()
    picked = set(run.audience)
    assert picked == {str(one) for one in customers["ID"][rule]}
    marital = customers.set_index("ID")["Marital_Status"]
    assert_counts_are_those_of_pandas(run, marital)
    years = banded(customers["Year_Birth"], [1946, 1965, 1981])
    years.index, years.name = customers["ID"], "Year_Birth"
    assert_counts_are_those_of_pandas(run, years)


def test_a_retention_offer_for_those_who_may_leave():
    frame = read("telco_churn/Telco-Customer-Churn.csv")
    plan = campaign(
        "stay-with-us",
        protected={"by": ["gender", "SeniorCitizen", "Partner"], "intersections": 2},
        funnel={
            "clauses": {
                "free": "Contract = 'Month-to-month'",
                "young": "tenure <= 24",
                "dear": "MonthlyCharges >= 50",
            }
        },
        id_="customerID",
    )
    run = run_campaign(plan, tables={"customers": frame})
    rule = (
        (frame["Contract"] == "Month-to-month")
        & (frame["tenure"] <= 24)
        & (frame["MonthlyCharges"] >= 50)
    )
    assert run.walked.selected.sum() == rule.sum()
    assert set(run.audience) == set(frame["customerID"][rule])
    for name in ("gender", "Partner"):
        assert_counts_are_those_of_pandas(run, frame.set_index("customerID")[name])
    # Without a partner one has a monthly contract more often: that clause makes the gap.
    assert run.verdict == "block"
    named = [one for one in run.culprits if one.startswith("Partner Yes")]
    assert named
    assert "stage clauses" in named[0]
