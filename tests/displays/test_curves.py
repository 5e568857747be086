"""The section ``curves``: right, small, and nobody can be read off it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairness as fa
from fairness.inference import rate_interval, ratio_interval
from fairness.reports.curves import _far_apart, _kept, _never_alone, _tenths
from tests.displays.conftest import audit_of, payload_of, table_of

SAFE = 5


@pytest.fixture(scope="module")
def audit():
    return audit_of([f"group {x}" for x in "abcdefgh"])


@pytest.fixture(scope="module")
def section(audit):
    return audit.to_dict()["curves"]


def of(section, attribute):
    return next(one for one in section["attributes"] if one["attribute"] == attribute)


def test_rates_are_those_of_the_rows(section):
    table = table_of([f"group {x}" for x in "abcdefgh"])
    one = of(section, "g")
    for group in one["groups"]:
        own = table.loc[table["g"] == group["group"], "score"]
        assert group["n"] == len(own)
        for place, cut in enumerate(one["thresholds"]):
            if group["rate"][place] is None:
                continue
            # Cuts are rounded to five digits: a score may fall to either side.
            least, most = (own >= cut + 1e-5).mean(), (own >= cut - 1e-5).mean()
            assert least - 1e-5 <= group["rate"][place] <= most + 1e-5


def test_intervals_are_those_of_the_counts(section):
    one = of(section, "g")
    reference = next(g for g in one["groups"] if g["group"] == one["reference"])
    for group in one["groups"]:
        for place, rate in enumerate(group["rate"]):
            if rate is None:
                continue
            hits = round(rate * group["n"])
            low, high = rate_interval(hits, group["n"], section["confidence"])
            assert group["low"][place] == pytest.approx(float(low), rel=1e-4, abs=1e-5)
            assert group["high"][place] == pytest.approx(float(high), rel=1e-4)
            if group is reference or group["ratio"][place] is None:
                continue
            other = round(reference["rate"][place] * reference["n"])
            ends = ratio_interval(hits, group["n"], other, reference["n"], 0.95)
            found = group["ratio_low"][place], group["ratio_high"][place]
            assert found == pytest.approx([float(x) for x in ends], rel=1e-4, abs=1e-5)
            ratio = (hits / group["n"]) / (other / reference["n"])
            assert group["ratio"][place] == pytest.approx(ratio, rel=1e-4, abs=1e-5)


def test_the_reference_is_that_of_the_findings_and_has_no_interval(audit, section):
    frame = audit.frame()
    for one in section["attributes"]:
        rows = frame[
            (frame["attribute"] == one["attribute"])
            & (frame["metric"] == audit.headline[0])
        ]
        assert set(rows["reference"].dropna()) == {one["reference"]}
        own = next(g for g in one["groups"] if g["group"] == one["reference"])
        assert {x for x in own["ratio"] if x is not None} == {1.0}
        assert set(own["ratio_low"]) == {None}


def test_one_cut_selects_as_many_as_are_selected(section):
    for one in section["attributes"]:
        gaps = [abs(share - one["selected_share"]) for share in one["shares"]]
        assert min(gaps) < 0.005
        assert one["shares"] == sorted(one["shares"], reverse=True)
        assert one["thresholds"] == sorted(one["thresholds"])


def told_counts(group):
    return [
        round(rate * group["n"]) if rate is not None else None for rate in group["rate"]
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [300, 1_000, 5_000])
def test_no_step_holds_one_to_four_customers(rows, seed):
    labels = [f"group {x}" for x in "abcdefgh"]
    payload = audit_of(labels, rows, seed).to_dict()
    for one in payload.get("curves", {"attributes": []})["attributes"]:
        for group in one["groups"]:
            numbers = [x for x in told_counts(group) if x is not None]
            steps = np.diff([0, *reversed(numbers), group["n"]])
            assert all(step == 0 or step >= SAFE for step in steps), group


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [300, 1_000, 5_000])
def test_no_number_is_left_out_alone(rows, seed):
    labels = [f"group {x}" for x in "abcdefgh"]
    payload = audit_of(labels, rows, seed).to_dict()
    shown = {
        name: sum(
            g["n"] is not None for g in payload["groups"] if g["attribute"] == name
        )
        for name in payload["attributes"]
    }
    for one in payload.get("curves", {"attributes": []})["attributes"]:
        if one["groups_left_out"] or shown[one["attribute"]] != len(one["groups"]):
            continue
        for place in range(len(one["thresholds"])):
            missing = sum(group["rate"][place] is None for group in one["groups"])
            assert missing != 1


def test_hidden_groups_are_not_in_it():
    table = table_of(["a", "b", "c"], 3_000)
    table.loc[:2, "g"] = "tiny"
    payload = fa.audit(
        table,
        selected="picked",
        by="g",
        score="score",
        outcome="seen",
        offer="beneficial",
    ).to_dict()
    hidden = {g["group"] for g in payload["groups"] if g["n"] is None}
    assert "tiny" in hidden
    one = of(payload["curves"], "g")
    told = {g["group"] for g in one["groups"]} | {
        g["group"] for g in one["calibration"]
    }
    assert not told & hidden
    assert one["groups_left_out"] == len(hidden)


def test_who_has_no_score_is_counted_as_never_selected():
    table = table_of(["a", "b"], 4_000)
    table.loc[table.index % 4 == 0, "score"] = np.nan
    payload = fa.audit(
        table, selected="picked", by="g", score="score", offer="beneficial"
    ).to_dict()
    for group in of(payload["curves"], "g")["groups"]:
        assert group["n"] == (table["g"] == group["group"]).sum()
        assert max(x for x in group["rate"] if x is not None) < 0.8


def test_without_a_score_or_with_weights_there_is_none():
    table = table_of(["a", "b"], 2_000)
    assert "curves" not in fa.audit(table, selected="picked", by="g").to_dict()
    table["w"] = 1.0 + (table.index % 2)
    weighted = fa.audit(table, selected="picked", by="g", score="score", weight="w")
    assert "curves" not in weighted.to_dict()


def test_without_an_outcome_there_is_no_calibration():
    table = table_of(["a", "b"], 2_000)
    payload = fa.audit(table, selected="picked", by="g", score="score").to_dict()
    assert "calibration" not in of(payload["curves"], "g")


def test_calibration_tells_no_outcome_of_one_to_four(section):
    for one in section["attributes"]:
        for group in one["calibration"]:
            for n, rate in zip(group["n"], group["rate"], strict=True):
                assert n == 0 or n >= SAFE
                if rate is not None:
                    hits = round(rate * n)
                    assert hits == 0 or hits >= SAFE
                    assert n - hits == 0 or n - hits >= SAFE


def test_calibration_is_that_of_the_rows():
    labels = ["a", "b"]
    one = of(audit_of(labels, 20_000).to_dict()["curves"], "g")
    table = table_of(labels, 20_000)
    for group in one["calibration"]:
        own = table[table["g"] == group["group"]]
        assert sum(group["n"]) == len(own)
        hits = sum(
            round(rate * n)
            for rate, n in zip(group["rate"], group["n"], strict=True)
            if rate is not None
        )
        if None not in group["rate"]:
            assert hits == own["seen"].sum()
        mean = sum(
            s * n for s, n in zip(group["score"], group["n"], strict=True)
        ) / len(own)
        assert mean == pytest.approx(own["score"].mean(), abs=0.002)
        assert len(group["n"]) >= 8


def test_five_attributes_of_many_groups_stay_small():
    random = np.random.default_rng(3)
    table = table_of([f"r{i:02d}" for i in range(30)], 20_000)
    for name in "abcd":
        table[name] = random.choice([f"{name}{i:02d}" for i in range(12)], len(table))
    payload = fa.audit(
        table,
        selected="picked",
        by=["g", *"abcd"],
        score="score",
        outcome="seen",
        offer="beneficial",
    ).to_dict()
    section = payload["curves"]
    assert len(section["attributes"]) == 5
    assert all(len(one["groups"]) == 10 for one in section["attributes"])
    assert all(len(one["thresholds"]) <= 40 for one in section["attributes"])
    assert len(json.dumps(section, separators=(",", ":"))) < 60_000


def test_the_groups_that_differ_are_told_before_larger_ones():
    payload = payload_of("sixty")
    harmed = {
        f["group"]
        for f in payload["findings"]
        if f["attribute"] == "g" and f["reading"] == "lower" and f["rule"] == "ff-air"
    }
    assert harmed
    assert harmed <= {g["group"] for g in of(payload["curves"], "g")["groups"]}


counts = st.lists(st.integers(0, 12), min_size=2, max_size=12)


@given(counts, st.integers(0, 12))
@settings(max_examples=200)
def test_what_is_kept_is_far_apart(bins, below):
    above = np.array(bins)[::-1].cumsum()[::-1]
    # A group of fewer is shown nowhere.
    size = max(int(above[0]) + below, SAFE)
    keep = _far_apart(above, size)
    steps = np.diff([0, *reversed(above[keep]), size])
    assert all(step == 0 or step >= SAFE for step in steps)


@given(
    st.lists(counts.map(lambda x: (x * 12)[:8]), min_size=2, max_size=5),
    st.integers(2, 5),
)
@settings(max_examples=200)
def test_of_no_cut_a_single_number_is_missing(groups, shown):
    at = np.array([np.array(g)[::-1].cumsum()[::-1] for g in groups])
    n = at[:, 0] + 7
    rows = list(range(min(shown, len(groups))))
    keep = _kept(at, n, rows)
    assert keep.shape == (len(rows), at.shape[1])
    if len(rows) == len(groups):
        assert not ((~keep).sum(axis=0) == 1).any()


def test_the_smallest_other_number_goes_with_a_single_one():
    keep = np.array([[True, True], [False, True], [True, True]])
    found = _never_alone(keep, [50, 10, 20], 3)
    assert found.tolist() == [[True, True], [False, True], [False, True]]


@given(st.lists(counts.map(lambda x: (x * 20)[:20]), min_size=1, max_size=4))
@settings(max_examples=200)
def test_tenths_hold_nobody_or_five_of_every_group(groups):
    seen = np.array(groups)
    if any(0 < total < SAFE for total in seen.sum(axis=1)):
        return
    starts = _tenths(seen)
    parts = np.add.reduceat(seen, starts, axis=1)
    assert ((parts == 0) | (parts >= SAFE)).all()
    assert starts[0] == 0
    assert len(starts) <= 10


def test_the_frame_of_an_audit_agrees(audit, section):
    curve = audit.curve("g")
    one = of(section, "g")
    for group in one["groups"]:
        own = curve[curve["group"] == group["group"]].set_index("threshold")["rate"]
        for cut, rate in zip(one["thresholds"], group["rate"], strict=True):
            if rate is not None:
                nearest = own.iloc[np.abs(own.index.to_numpy() - cut).argmin()]
                assert rate == pytest.approx(float(nearest), abs=1e-5)


def test_it_is_plain_json(section):
    assert json.loads(json.dumps(section, allow_nan=False)) == section
