"""Explanations of single customers, held against the funnel that ran."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from fairness.errors import InputError
from pipelines.campaign import load_campaign, run_campaign
from pipelines.campaign.explaining import explain_customers
from pipelines.notices import explanation_dict, explanation_lines

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
CAMPAIGNS = SAMPLES / "campaigns"
MANY = 10_000


class Ran:
    """A sample campaign that was run, with explanations of many customers."""

    def __init__(self, name):
        self.campaign = load_campaign(CAMPAIGNS / f"{name}.toml")
        self.run = run_campaign(self.campaign, directory=CAMPAIGNS)
        self.ids = self.run.walked.table["customer_id"].to_pylist()[:MANY]
        self.told = explain_customers(self.run, self.ids, directory=CAMPAIGNS)


@pytest.fixture(scope="module", params=["spring-card", "payday-loan", "app-cashback"])
def ran(request):
    return Ran(request.param)


def test_ten_thousand_explanations_are_right_for_every_one(ran):
    """Each clause is asked of DuckDB in its own words, over the file as it is."""
    assert [one.customer for one in ran.told] == ran.ids
    path = ran.run.walked.path[:MANY]
    paths = ran.run.walked.paths
    assert [one.selected for one in ran.told] == (path == 0).tolist()
    ends = paths.ends[path]
    names = [stage.name for stage in paths.stages]
    left = [None if p == 0 else names[e] for p, e in zip(path, ends, strict=True)]
    assert [one.left_at for one in ran.told] == left
    customers = duckdb.read_csv(str(SAMPLES / "customers.csv"), all_varchar=False)
    asked = 0
    for at, stage in enumerate(paths.stages):
        if stage.kind not in ("clauses", "eligibility"):
            continue
        for place, text in enumerate(stage.texts):
            rows = customers.query(
                "c", f"SELECT customer_id, coalesce(({text}), false) AS met FROM c"
            ).fetchall()
            truth = dict(rows)
            assert [one.stages[at].clauses[place].met for one in ran.told] == [
                truth[one] for one in ran.ids
            ]
            asked += 1
    assert asked or ran.run.scorer is not None


def test_the_consent_that_is_told_is_that_of_the_funnel(ran):
    consent = next(
        at for at, s in enumerate(ran.run.walked.paths.stages) if s.kind == "consent"
    )
    for one in ran.told:
        passed = one.stages[consent].outcome == "passed"
        assert passed == (one.consent in ("consent", "legitimate_interest"))


def test_scores_and_their_reasons_are_those_of_the_model():
    ran = Ran("app-cashback")
    scorer, mark = ran.run.scorer, ran.run.walked.mark
    scored = [one for one in ran.told if one.score is not None]
    assert len(scored) > 5_000
    for one in scored:
        if one.selected:
            assert one.score >= mark
        else:
            assert one.score <= mark
    schema = ran.run.walked.sample.select(list(scorer.columns)).schema
    for one in scored[:: len(scored) // 50]:
        own = {reason.column: reason.value for reason in one.reasons}
        assert set(own) == set(scorer.columns)
        (score,) = scorer.score(pa.Table.from_pylist([own], schema))
        assert score == pytest.approx(one.score, abs=1e-9)
        for reason in one.reasons:
            (other,) = scorer.score(
                pa.Table.from_pylist([own | {reason.column: reason.typical}], schema)
            )
            assert reason.effect == pytest.approx(score - other, abs=1e-9)
        sizes = [abs(reason.effect) for reason in one.reasons]
        assert sizes == sorted(sizes, reverse=True)


def test_no_protected_attribute_is_told(ran):
    for one in ran.told[:500]:
        read = {c for s in one.stages for clause in s.clauses for c in clause.values}
        read |= {reason.column for reason in one.reasons}
        assert not read & {"gender", "birth_date", "ethnicity"}


def test_what_is_said_is_what_decided(ran):
    for one in ran.told[:300]:
        lines = explanation_lines(one, ran.campaign)
        assert lines[0].startswith(
            "You were chosen" if one.selected else "You were not"
        )
        unmet = [line for line in lines if "was not met" in line]
        if one.selected:
            assert not unmet
        elif one.left_at == "clauses":
            assert unmet
        assert any("object" in line for line in lines)
        assert explanation_dict(one)["selected"] is one.selected


def test_nobody_is_no_customer():
    ran = Ran("spring-card")
    with pytest.raises(InputError, match="nobody of the campaign's customers"):
        explain_customers(ran.run, ["C9999999"], directory=CAMPAIGNS)


def test_tables_that_changed_since_are_refused(tmp_path):
    tables = {
        "customers": pa.table(
            {"customer_id": [f"c{i}" for i in range(40)], "n": np.arange(40) % 5}
        ),
        "protected": pa.table(
            {"customer_id": [f"c{i}" for i in range(40)], "g": ["a", "b"] * 20}
        ),
    }
    (tmp_path / "one.toml").write_text(
        'schema = "fairreach/campaign/1"\nname = "one"\nowner = "o"\n'
        'as_of = 2026-11-01\n[offer]\nname = "x"\n[tables]\ncustomers = "c.csv"\n'
        'protected = "p.csv"\n[protected]\nby = ["g"]\n[funnel]\nclauses = "n > 2"\n'
    )
    run = run_campaign(load_campaign(tmp_path / "one.toml"), tables=tables)
    (told,) = explain_customers(run, ["c3"], tables=tables)
    assert told.selected
    tables["customers"] = tables["customers"].set_column(1, "n", pa.array([0] * 40))
    with pytest.raises(InputError, match="other values of 'c3' than when it ran"):
        explain_customers(run, ["c3"], tables=tables)
