"""Audits, decisions and runs hand out displays and pictures by their names."""

import pytest
from matplotlib.figure import Figure

import fairness as fa
from fairness.errors import InputError
from fairness.reports.displays.facade import Displays, Pictures
from tests.displays.conftest import KINDS, audit_of, payload_of, table_of

OF_A_RUN = {"funnel", "segments"}


@pytest.fixture(scope="module")
def audit():
    return audit_of(["a", "b", "c"], 6_000)


@pytest.fixture(scope="module")
def decision(audit):
    return audit.gate("us-four-fifths")


def name_for(kind):
    return "g&h" if kind == "intersections" else "g"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - OF_A_RUN))
@pytest.mark.parametrize("whose", ["audit", "decision"])
def test_each_kind_has_a_display_and_a_picture(kind, whose, request):
    source = request.getfixturevalue(whose)
    one = getattr(source.display, kind)(name_for(kind))
    assert (one.kind, one.attribute) == (kind, name_for(kind))
    ax = Figure(figsize=(7, 4)).add_subplot()
    assert getattr(source.plot, kind)(name_for(kind), ax=ax) is ax
    assert ax.get_title().replace("\n", " ") == one.title


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_method_of_both(kind):
    assert callable(getattr(Displays, kind))
    assert callable(getattr(Pictures, kind))


@pytest.mark.parametrize("kind", sorted(OF_A_RUN))
def test_what_comes_with_a_run_alone_says_so(kind, audit):
    with pytest.raises(InputError, match=f"{kind}: there are none of 'g'"):
        getattr(audit.display, kind)("g")


@pytest.mark.parametrize("kind", sorted(OF_A_RUN))
def test_a_payload_with_a_funnel_or_segments_shows_them(kind, audit):
    shown = Displays(audit, lambda: payload_of("judged"), judged=True)
    assert getattr(shown, kind)("g").kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_attribute_is_an_error_with_a_hint(kind, audit):
    with pytest.raises(InputError, match="'gg' is not an audited attribute") as raised:
        getattr(audit.display, kind)("gg")
    assert "did you mean 'g'?" in str(raised.value)


@pytest.mark.parametrize("kind", ["thresholds", "scores", "calibration", "proxies"])
def test_an_audit_without_a_score_says_what_is_needed(kind):
    plain = fa.audit(table_of(["a", "b"], 2_000), selected="picked", by="g")
    with pytest.raises(InputError, match=f"{kind}: there are none") as raised:
        getattr(plain.display, kind)("g")
    needs = "uses=" if kind == "proxies" else "score="
    assert needs in str(raised.value)


def test_a_decision_has_verdicts_an_audit_has_none(audit, decision):
    assert set(audit.display.ratios("g").frame()["verdict"]) == {None}
    verdicts = set(decision.display.ratios("g").frame()["verdict"])
    assert "fail" in verdicts
    assert decision.display.ratios("g").bounds == ("at least 0.80",)


def test_a_metric_without_a_rule_is_drawn_without_verdicts(decision):
    one = decision.display.ratios("g", metric="statistical_parity_difference")
    assert set(one.frame()["verdict"]) == {None}
    assert one.metric == "statistical_parity_difference"


def test_an_intersection_has_ratios_as_well(decision):
    one = decision.display.ratios("g&h")
    assert len(one.frame()) == 9


def test_all_are_those_of_the_payload(decision):
    from fairness.reports.displays import displays_of

    assert decision.display.all() == displays_of(decision.to_dict())


def test_a_hidden_group_is_told_by_no_display():
    table = table_of(["a", "b", "c"], 3_000)
    table.loc[:2, "g"] = "tiny"
    audit = fa.audit(
        table,
        selected="picked",
        by=["g", "h"],
        intersections=2,
        score="score",
        outcome="seen",
        offer="beneficial",
    )
    for one in audit.display.all():
        for row, told in zip(one.rows, one.told, strict=True):
            if "tiny" in str(row.get("group")):
                assert row["n"] is None
                assert "hidden" in told
