"""Rules on a campaign's conduct: what they come to, and that nothing unseen is clear."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

import fairness as fa
from fairness.errors import PolicyError
from fairness.findings.observed import Observed
from fairness.metrics import METRICS
from fairness.policy import Citation, Policy, Rule, load_policy

ON = date(2026, 11, 23)
CONDUCT = [metric for metric in METRICS.values() if metric.form == "conduct"]
FOUR_FIFTHS = load_policy("us-four-fifths")


@dataclass
class Stub:
    """What a campaign shows, made up."""

    seen: list
    sector: str | None = None
    asked: list = field(default_factory=list)

    def observe(self, metric, params):
        self.asked.append((metric, dict(params)))
        return self.seen


def rule(metric="objectors", **changes):
    given = {
        "id": "ours",
        "title": "Ours",
        "metric": metric,
        "at_most": Decimal(0),
        "evidence": "point",
        "severity": "block",
        "status": "voluntary",
        "why": "Ours.",
        "citation": Citation(source="practice", as_of=ON),
    }
    return Rule(**(given | changes))


def policy(*rules, **changes):
    given = {
        "name": "ours",
        "version": "1",
        "title": "Ours",
        "jurisdiction": "none",
        "disclaimer": "Ours.",
        "as_of": ON,
        "required": (),
    }
    return Policy(**(given | changes), rules=list(rules))


@pytest.fixture(scope="module")
def even():
    """An audit that the four-fifths pack clears."""
    rows = [(g, int(i % 5 == 0)) for g in "ab" for i in range(2000)]
    return fa.audit(
        pd.DataFrame(rows, columns=["g", "picked"]), selected="picked", by="g"
    )


def judged(audit, *rules, seen=(), sector=None, on=ON, **changes):
    stub = Stub(list(seen), sector)
    return audit.gate([FOUR_FIFTHS, policy(*rules, **changes)], on=on, conduct=stub)


def ours(decision):
    return [f for f in decision.findings if f.rule == "ours"]


CASES = [
    # severity, on_missing, observed, verdict of the finding, of the campaign
    ("block", None, Observed("none", value=0.0), "pass", "clear"),
    ("block", None, Observed("one", value=1.0), "fail", "block"),
    ("review", None, Observed("one", value=1.0), "fail", "review"),
    ("note", None, Observed("one", value=1.0), "fail", "clear"),
    ("block", None, Observed.missing("no flags"), "inconclusive", "review"),
    ("review", None, Observed.missing("no flags"), "inconclusive", "review"),
    ("note", None, Observed.missing("no flags"), "not_measurable", "clear"),
    ("block", "block", Observed.missing("no flags"), "fail", "block"),
    ("block", "note", Observed.missing("no flags"), "not_measurable", "clear"),
    ("block", None, Observed.idle("no platform"), "not_applicable", "clear"),
    # A measurement without a number is none.
    ("block", None, Observed("broken"), "inconclusive", "review"),
]


@pytest.mark.parametrize(("severity", "missing", "seen", "verdict", "campaign"), CASES)
def test_what_was_observed_decides(even, severity, missing, seen, verdict, campaign):
    made = judged(even, rule(severity=severity, on_missing=missing), seen=[seen])
    (finding,) = ours(made)
    assert (finding.verdict, made.verdict) == (verdict, campaign)
    assert finding.code == METRICS["objectors"].code
    assert finding.message


@pytest.mark.parametrize(
    ("p", "verdict", "campaign"),
    [(0.01, "fail", "block"), (0.08, "inconclusive", "review"), (0.4, "pass", "clear"),
     (None, "not_measurable", "clear")],
)  # fmt: skip
def test_a_significant_rule_asks_for_its_p(even, p, verdict, campaign):
    asked = rule(
        "vulnerable_share_ratio", at_most=Decimal("1.10"), evidence="significant"
    )
    seen = [Observed("1.4 times", value=1.4, p_value=p)]
    made = judged(even, asked, seen=seen)
    assert (ours(made)[0].verdict, made.verdict) == (verdict, campaign)


@pytest.mark.parametrize("metric", CONDUCT, ids=lambda metric: metric.name)
def test_without_a_campaign_a_rule_of_conduct_does_not_apply(even, metric):
    bound = Decimal(str(metric.range[1] if metric.range[1] < 2 else 0))
    made = even.gate([FOUR_FIFTHS, policy(rule(metric.name, at_most=bound))], on=ON)
    (finding,) = ours(made)
    assert finding.verdict == "not_applicable"
    assert "needs a campaign" in finding.message
    assert made.verdict == "clear"


def test_a_number_of_a_few_people_is_in_no_report(even):
    seen = [Observed("fewer than 5 customers objected", value=3.0, n=900)]
    made = judged(even, rule(), seen=seen)
    assert made.verdict == "block"
    (row,) = made.to_dict()["ethics"]
    assert (row["estimate"], row["selected"]) == (None, None)
    columns = judged(even, rule(), seen=[Observed("3 columns", value=3.0)])
    assert columns.to_dict()["ethics"][0]["estimate"] == 3.0


def test_conduct_alone_does_not_clear(even):
    stub = Stub([Observed("none", value=0.0)])
    made = even.gate([policy(rule())], on=ON, conduct=stub)
    assert made.verdict == "review"
    assert "groups were not compared" in " ".join(made.reasons)


def test_a_rule_out_of_force_observes_nothing(even):
    stub = Stub([Observed("one", value=1.0)])
    late = rule(effective_from=ON + timedelta(days=1))
    made = even.gate([FOUR_FIFTHS, policy(late)], on=ON, conduct=stub)
    assert made.verdict == "clear"
    assert stub.asked == []


def test_a_rule_of_a_sector_waits_for_it(even):
    asked = rule(sectors=("gambling",))
    seen = [Observed("one", value=1.0)]
    assert judged(even, asked, seen=seen, sector="gambling").verdict == "block"
    assert judged(even, asked, seen=seen, sector="retail").verdict == "clear"
    (finding,) = ours(judged(even, asked, seen=seen))
    assert "this offer is of none" in finding.message


def test_parameters_reach_whoever_observes(even):
    stub = Stub([Observed("none", value=0.0)])
    asked = rule("zero_tolerance", params={"flags": ["minor"], "within_days": 180})
    even.gate([FOUR_FIFTHS, policy(asked)], on=ON, conduct=stub)
    assert stub.asked == [("zero_tolerance", {"flags": ("minor",), "within_days": 180})]


def test_parameters_are_for_conduct_alone():
    with pytest.raises(PolicyError, match="no metric of conduct"):
        load_policy(policy(rule("burden_ratio", at_most=Decimal("1.25"), params={"a": 1},
                                evidence="significant")))  # fmt: skip


def test_a_pack_that_was_not_looked_up_for_180_days_says_so(even):
    late = ON + timedelta(days=181)
    notes = " ".join(even.gate("us-four-fifths", on=late).notes)
    assert "us-four-fifths was last checked on 2026-11-23" in notes
    on_time = even.gate("us-four-fifths", on=ON + timedelta(days=180))
    assert "last checked" not in " ".join(on_time.notes)


def test_reports_tell_the_conduct_and_never_run_it(even):
    hostile = "<script>alert(1)</script> `x` 7 customers"
    made = judged(even, rule(), seen=[Observed(hostile, value=7.0)])
    payload = made.to_dict()
    assert [row["rule"] for row in payload["ethics"]] == ["ours"]
    from fairness.reports import render

    told = render(payload, "text")
    assert "How the campaign treats people" in told
    assert "■ ours (block)" in told
    assert "<script>alert" not in render(payload, "html")
    assert "<script>" not in render(payload, "markdown")
