"""The run of a sample campaign shows its funnel, and draws from what it stores."""

import json
from pathlib import Path

import pytest

from fairness.reports.displays import displays_of, svg
from fairness.reports.schema.reading import payload_problems
from pipelines.campaign import load_campaign, run_campaign
from tests.displays.conftest import payload_of

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def run():
    campaign = load_campaign(SAMPLES / "campaigns" / "app-cashback.toml")
    return run_campaign(campaign, directory=SAMPLES / "campaigns")


def test_a_run_has_displays_with_verdicts(run):
    one = run.display.ratios("birth_date")
    assert set(one.frame()["verdict"]) - {None}
    assert run.plot.funnel("birth_date").get_title().startswith("[60,inf)")


def test_the_culprit_of_the_sample_is_named(run):
    one = run.display.funnel("birth_date")
    assert "stage score" in one.title
    assert "channel_pref" in one.title


def test_a_run_with_a_score_shows_it(run):
    kinds = {one.kind for one in run.display.all()}
    assert {"funnel", "thresholds", "scores", "proxies", "intersections"} <= kinds


def test_what_is_stored_draws_the_same(run):
    stored = json.loads(json.dumps(run.payload()))
    assert displays_of(stored) == run.display.all()
    assert all(svg(one).startswith("<svg ") for one in run.display.all())


def test_the_section_of_the_score_keeps_to_the_schema(run):
    payload = run.payload()
    assert "curves" in payload
    assert (
        list(payload_problems(json.loads(json.dumps(payload)), unknown="forbid")) == []
    )
    judged = {
        k: v for k, v in payload_of("judged").items() if k not in {"funnel", "segments"}
    }
    assert list(payload_problems(judged, unknown="forbid")) == []


def test_customers_without_a_score_are_said_to_count_as_not_selected(run):
    for kind in ("thresholds", "scores"):
        ax = getattr(run.plot, kind)("birth_date")
        texts = " ".join(text.get_text() for text in ax.texts)
        assert "who has no score counts as not selected by any cut" in texts
    whole = next(x for x in displays_of(payload_of("judged")) if x.kind == "scores")
    assert "no score" not in " ".join(text.get_text() for text in whole.plot().texts)


def test_a_single_comparison_is_one_number_in_the_title(run):
    title = run.display.thresholds("gender").title
    assert title.startswith("A cut that selects ")
    assert title.count("(") == 0
    assert " gives f a ratio of " in title
