"""The facade: each thing an audit offers, used and misused once."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import fairness as fa
from fairness.policy import load_policy
from fairness.policy.document import policy_text


@pytest.fixture(scope="module")
def audit():
    rng = np.random.default_rng(11)
    n = 4000
    frame = pd.DataFrame(
        {"g": rng.choice(["f", "m"], n), "h": rng.choice(["x", "y", "z"], n)}
    )
    frame["score"] = rng.random(n)
    frame["picked"] = (frame["score"] > 0.7) * 1
    frame["seen"] = rng.integers(0, 2, n)
    return fa.audit(
        frame, selected="picked", by=["g", "h"], intersections=2, outcome="seen",
        score="score", offer="beneficial",
    )  # fmt: skip


@pytest.fixture
def plain():
    frame = pd.DataFrame({"g": ["f", "m"] * 500, "k": ["a", "b", "c", "d"] * 250})
    frame["picked"] = [1, 0, 0, 0, 1] * 200
    return fa.audit(frame, selected="picked", by=["g", "k"], offer="beneficial")


def test_measures_of_an_intersection_in_either_order(audit):
    pd.testing.assert_frame_equal(audit.measures("g", "h"), audit.measures("h", "g"))
    assert audit.measures("g")["n"].sum() == 4000
    with pytest.raises(fa.InputError, match="'gg'"):
        audit.measures("gg")


def test_an_intersection_that_was_not_counted_says_how_to_ask(plain):
    with pytest.raises(fa.InputError, match="intersections=2"):
        plain.measures("g", "k")


def test_curve_needs_a_score_and_a_known_attribute(audit, plain):
    assert set(audit.curve("g")["group"]) == {"f", "m"}
    with pytest.raises(fa.InputError, match="score"):
        plain.curve("g")
    with pytest.raises(fa.InputError, match="'gg'"):
        audit.curve("gg")


def test_bootstrap_is_seeded_and_needs_a_known_attribute(audit):
    one, two = audit.bootstrap("g", seed=1), audit.bootstrap("g", seed=1)
    pd.testing.assert_frame_equal(one, two)
    assert (one["low"] < one["estimate"]).all()
    with pytest.raises(fa.InputError, match="'gg'"):
        audit.bootstrap("gg")


def test_frame_has_one_row_a_finding(audit):
    assert len(audit.frame()) == len(audit.findings)
    assert {"metric", "group", "estimate", "reading"} <= set(audit.frame().columns)


@pytest.mark.parametrize(
    ("offer", "names"),
    [
        ("beneficial", ["us-four-fifths"]),
        ("burdensome", ["exploitative-offers"]),
        ("neutral", ["us-four-fifths", "exploitative-offers"]),
    ],
)
def test_the_default_policies_fit_the_offer(offer, names):
    frame = pd.DataFrame({"g": ["f", "m"] * 500, "picked": [1, 1, 0, 0] * 250})
    decision = fa.audit(frame, selected="picked", by="g", offer=offer).gate()
    assert [p.name for p in decision.policies] == names
    assert decision.verdict == "clear"


def test_gate_takes_names_paths_policies_and_lists_of_them(audit, tmp_path):
    pack = load_policy("us-four-fifths")
    home = Path(fa.policy.__file__).parent / "packs" / "us-four-fifths.toml"
    file = tmp_path / "house.toml"
    file.write_bytes(home.read_bytes())
    for given in ("us-four-fifths", file, str(file), pack, [pack, file]):
        decision = audit.gate(given)
        assert [p.digest for p in decision.policies] == [pack.digest]
    assert policy_text(pack)


def test_gate_refuses_what_is_no_policy(audit, tmp_path):
    with pytest.raises(fa.InputError, match="names no policy"):
        audit.gate([])
    with pytest.raises(fa.InputError, match="us-four-fifths"):
        audit.gate("us-four-fift")
    with pytest.raises(fa.InputError):
        audit.gate(tmp_path / "none.toml")


def test_the_fairlearn_frame_is_by_the_groups_that_were_counted(audit):
    frame = audit.to_metric_frame("h")
    rates = audit.measures("h")["selection_rate"]
    seen = frame.by_group["selection_rate"]
    np.testing.assert_allclose(seen[rates.index], rates, rtol=1e-12)
    with pytest.raises(fa.InputError, match="'hh'"):
        audit.to_metric_frame("hh")


def test_explain_knows_codes_and_names(audit):
    assert audit.explain("FA101") == audit.explain("adverse_impact_ratio")
    with pytest.raises(fa.InputError, match="FA101"):
        audit.explain("FA10")


def test_reports_are_written_by_the_name_of_the_file(audit, tmp_path):
    decision = audit.gate()
    written = decision.report(tmp_path / "a.json")
    assert json.loads(written.read_text())["verdict"] == decision.verdict
    assert json.loads(audit.report(tmp_path / "b.json").read_text())["verdict"] is None
    with pytest.raises(fa.InputError):
        audit.report(tmp_path / "a.docx")


def test_pictures_are_drawn_on_the_axes_given(audit):
    axes = Figure().subplots()
    assert audit.plot.ratios("g", ax=axes) is axes
    with pytest.raises(fa.InputError, match="'gg'"):
        audit.plot.ratios("gg")


def test_an_ignored_reference_is_told():
    frame = pd.DataFrame({"g": ["f", "m"] * 500, "picked": [1, 1, 0, 0] * 250})
    audit = fa.audit(
        frame, selected="picked", by="g", offer="burdensome", reference="g=m"
    )
    assert any("everybody else" in note for note in audit.notes)


@pytest.mark.parametrize("reference", ["g=q", "q=f", "best", "g=(missing)", "g="])
def test_a_reference_that_is_not_there_is_refused(reference):
    frame = pd.DataFrame({"g": ["f", None] * 500, "picked": [1, 1, 0, 0] * 250})
    with pytest.raises(fa.InputError, match="reference"):
        fa.audit(frame, selected="picked", by="g", reference=reference)
