"""JUnit: what a machine that reads test results is told."""

from xml.etree import ElementTree as ET

import pytest

from fairness.reports import render


@pytest.fixture
def suites(sample):
    """The root element, and the suites by name."""

    def build(name, *, judged=True):
        root = ET.fromstring(render(sample(name, judged=judged), "junit"))
        return root, {suite.get("name"): suite for suite in root}

    return build


def cases(suite, kind):
    return [c.get("name") for c in suite.iter("testcase") if c.find(kind) is not None]


def test_a_rule_is_a_suite_and_a_group_is_a_case(suites, sample):
    root, made = suites("spring_card")
    idle = ["ff-strata", "ff-cell-strata", "ff-stratum", "ff-proxy", "ff-smd"]
    idle.append("ff-smd-strata")
    assert list(made) == ["verdict", "ff-air", "ff-cell", *idle]
    assert all(cases(made[rule], "skipped") for rule in idle)
    assert cases(made["ff-air"], "failure") == ["ethnicity.black"]
    assert "gender.x" in cases(made["ff-air"], "skipped")
    rows = [r for r in sample()["findings"] if r["rule"] == "ff-air"]
    assert len(list(made["ff-air"].iter("testcase"))) == len(rows)
    failure = next(root.iter("failure"))
    assert failure.get("type") == "block"


@pytest.mark.parametrize("name", ["spring_card", "loyalty_bonus", "pilot_offer"])
def test_the_counts_are_those_of_the_cases(name, suites):
    root, made = suites(name)
    for element in (root, *made.values()):
        assert int(element.get("tests")) == len(list(element.iter("testcase")))
        assert int(element.get("failures")) == len(list(element.iter("failure")))
        assert int(element.get("skipped")) == len(list(element.iter("skipped")))
        assert element.get("errors") == "0"


def test_notes_of_rules_are_left_out(suites):
    _, made = suites("spring_card")
    assert not {"ff-sd", "ff-flip", "ff-power", "ff-smaller"} & set(made)


def test_a_review_for_want_of_data_is_not_green(suites):
    root, made = suites("pilot_offer")
    assert int(root.get("failures")) == 1
    assert cases(made["verdict"], "failure") == ["pilot_offer.csv"]
    assert made["verdict"].find(".//failure").get("type") == "review"
    assert cases(made["ff-air"], "failure") == []


def test_a_clear_audience_is_green(suites):
    root, _ = suites("loyalty_bonus")
    assert root.get("failures") == "0"


def test_without_a_policy_nothing_fails(suites):
    root, made = suites("spring_card", judged=False)
    assert root.get("failures") == "0"
    assert list(made) == ["verdict", "adverse_impact_ratio"]


def test_the_verdict_is_a_property_of_every_suite(suites):
    _, made = suites("payday_loan")
    for suite in made.values():
        told = {p.get("name"): p.get("value") for p in suite.iter("property")}
        assert told["verdict"] == "block"
        assert told["offer"] == "burdensome"


def test_an_inconclusive_finding_fails_as_inconclusive(sample):
    payload = sample("loyalty_bonus")
    row = next(r for r in payload["findings"] if r["rule"] == "ff-air")
    row.update(verdict="inconclusive")
    root = ET.fromstring(render(payload, "junit"))
    assert [f.get("type") for f in root.iter("failure")] == ["inconclusive"]


def test_a_waived_finding_is_skipped_and_says_so(sample):
    payload = sample("spring_card")
    row = next(r for r in payload["findings"] if r["verdict"] == "fail")
    row.update(verdict="waived", message="black is low; waived until 2027-01-01")
    root = ET.fromstring(render(payload, "junit"))
    told = [s.get("message") for s in root.iter("skipped")]
    assert "waived: black is low; waived until 2027-01-01" in told
