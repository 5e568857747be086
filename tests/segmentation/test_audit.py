"""The audit of a segmentation, against scipy, statsmodels and what was planted."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency, contingency, hypergeom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from fairness.errors import InputError
from pipelines.segmentation import own_segments, segment_audit


def people(rows, seed, planted=0.0, segments=4):
    """Gender and region at random; `planted` of the women are moved to segment s0."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["f", "m", "x"], rows, p=[0.5, 0.45, 0.05])
    region = rng.choice(["n", "s", "w", "e"], rows)
    segment = rng.integers(0, segments, rows)
    moved = (gender == "f") & (rng.random(rows) < planted)
    segment[moved] = 0
    ids = [f"c{place}" for place in range(rows)]
    own = own_segments(
        pa.table({"customer_id": ids, "segment": [f"s{one}" for one in segment]})
    )
    frame = pd.DataFrame({"customer_id": ids, "gender": gender, "region": region})
    return own, frame, segment


def audit_of(rows=3000, seed=0, **options):
    own, frame, segment = people(rows, seed, options.pop("planted", 0.0))
    found = segment_audit(own, by=["gender", "region"], protected=frame, **options)
    return found, frame, segment


def two_sided(a, size, drawn, total):
    lower = hypergeom.cdf(a, total, size, drawn)
    upper = hypergeom.sf(a - 1, total, size, drawn)
    return min(1.0, 2 * min(lower, upper))


def test_lifts_and_p_values_are_those_of_scipy():
    # Small enough that every table is counted out.
    found, frame, segment = audit_of(150)
    shown = [one for one in found.lifts if one.n is not None]
    assert len(shown) > 15
    for one in shown:
        group = (frame[one.attribute] == one.group).to_numpy()
        inside = segment == int(one.segment[1:])
        n = int((group & inside).sum())
        assert one.n == n
        assert one.expected == pytest.approx(group.sum() * inside.sum() / 150)
        assert one.share == pytest.approx(n / inside.sum())
        assert one.lift == pytest.approx((n / inside.sum()) / (group.sum() / 150))
        wanted = two_sided(n, int(group.sum()), int(inside.sum()), 150)
        assert one.p_value == pytest.approx(wanted, rel=1e-8)


def test_p_values_of_large_tables_are_exact_too():
    found, frame, segment = audit_of(20_000, planted=0.02)
    for one in found.lifts:
        group = (frame[one.attribute] == one.group).to_numpy()
        inside = segment == int(one.segment[1:])
        wanted = two_sided(one.n, int(group.sum()), int(inside.sum()), 20_000)
        assert one.p_value == pytest.approx(wanted, rel=1e-6)


def test_the_interval_is_that_of_the_ratio_of_rates():
    found, frame, segment = audit_of(20_000, planted=0.05)
    for one in found.lifts:
        group = (frame[one.attribute] == one.group).to_numpy()
        inside = segment == int(one.segment[1:])
        q = group.mean()
        low, high = confint_proportions_2indep(
            (group & inside).sum(),
            group.sum(),
            (~group & inside).sum(),
            (~group).sum(),
            compare="ratio",
            method="score",
        )
        wanted = [ratio / (q * ratio + 1 - q) for ratio in (low, high)]
        # statsmodels stops its search at 1e-4 or so.
        assert [one.low, one.high] == pytest.approx(wanted, rel=1e-3)
        assert one.low < one.lift < one.high


def test_adjusted_p_values_are_those_of_statsmodels():
    found, _, _ = audit_of(3000, seed=3, planted=0.03)
    p = [one.p_value for one in found.lifts]
    wanted = multipletests(p, method="fdr_bh")[1]
    assert [one.p_adjusted for one in found.lifts] == pytest.approx(wanted, rel=1e-12)


def test_a_planted_group_is_found_and_its_segment_comes_first():
    found, _, _ = audit_of(4000, seed=1, planted=0.3)
    first = next(one for one in found.found() if one.segment == "s0" and one.lift > 1)
    assert (first.attribute, first.group) == ("gender", "f")
    assert first.reading == "over-represented"
    under = {(one.segment, one.group) for one in found.found() if one.lift < 1}
    assert {("s0", "m"), ("s1", "f"), ("s2", "f"), ("s3", "f")} <= under
    best = found.ranking[0]
    assert (best.segment, best.attribute) == ("s0", "gender")
    by_attribute = {one.attribute: one for one in found.given_away}
    assert by_attribute["gender"].cramers_v > 5 * by_attribute["region"].cramers_v
    area, floor = by_attribute["gender"].areas["f"]
    assert area > floor + 0.1


def test_what_is_given_away_is_the_corrected_measure():
    found, frame, segment = audit_of(2000, seed=2, planted=0.2)
    table = pd.crosstab(segment, frame["gender"]).to_numpy()
    gender = found.given_away[0]
    # Bergsma (2013) by its formula.
    chi2 = chi2_contingency(table, correction=False).statistic
    k, r, n = *table.shape, table.sum()
    square = max(0, chi2 / n - (k - 1) * (r - 1) / (n - 1))
    sides = [s - (s - 1) ** 2 / (n - 1) for s in (k, r)]
    assert gender.cramers_v == pytest.approx(np.sqrt(square / (min(sides) - 1)))
    plain = contingency.association(table, method="cramer")
    assert gender.cramers_v < plain
    assert gender.p_value == pytest.approx(
        chi2_contingency(table, correction=False).pvalue
    )


def test_without_association_hardly_anything_is_found():
    wrong, runs = 0, 200
    for seed in range(runs):
        own, frame, _ = people(600, [seed, 5])
        found = segment_audit(own, by=["gender", "region"], protected=frame)
        wrong += bool(found.found())
    # Where nothing is there, any finding is a false one: its chance is alpha. Exact
    # tests and dependence keep it below; three standard errors above 5 %.
    assert wrong / runs < 0.05 + 0.046


def test_false_discoveries_stay_at_alpha_beside_a_true_one():
    shares = []
    for seed in range(120):
        own, frame, _ = people(1500, [seed, 6], planted=0.25)
        found = segment_audit(own, by=["gender", "region"], protected=frame).found()
        # Moving women out of all segments into one leaves every region as it was.
        false = sum(one.attribute == "region" for one in found)
        shares.append(false / max(len(found), 1))
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) < 0.05 + 3 * error
    assert np.mean(shares) < 0.06


def test_small_groups_are_hidden_and_cannot_be_worked_out():
    segment = ["a"] * 60 + ["b"] * 60 + ["c"] * 60
    group = (
        ["x"] * 3
        + ["y"] * 27
        + ["z"] * 30
        + ["x"] * 20
        + ["y"] * 20
        + ["z"] * 20
        + ["x"] * 30
        + ["y"] * 15
        + ["z"] * 15
    )
    ids = list(range(180))
    own = own_segments(pa.table({"customer_id": ids, "segment": segment}))
    frame = pd.DataFrame({"customer_id": ids, "g": group})
    found = segment_audit(own, by="g", protected=frame)
    hidden = {(o.segment, o.group) for o in found.lifts if o.reading == "hidden"}
    assert ("a", "x") in hidden
    for side in (0, 1):
        lines = [cell[side] for cell in hidden]
        assert min(lines.count(one) for one in lines) >= 2
    for one in found.lifts:
        if one.reading == "hidden":
            shown = (one.n, one.share, one.lift, one.low, one.p_value, one.p_adjusted)
            assert shown == (None,) * 6


def test_a_group_of_few_is_hidden_everywhere():
    ids = list(range(200))
    own = own_segments({i: "ab"[i % 2] for i in ids})
    frame = pa.table(
        {"customer_id": [str(i) for i in ids], "g": ["q"] * 3 + ["r", "s"] * 98 + ["r"]}
    )
    found = segment_audit(own, by="g", protected=frame)
    away = [one for one in found.lifts if one.group == "q"]
    assert away
    assert all(one.base is None and one.expected is None for one in away)
    assert found.given_away[0].areas["q"] == (None, None)


def test_missing_values_and_missing_segments_are_groups():
    ids = [str(i) for i in range(300)]
    own = own_segments({i: None if int(i) < 100 else "a" for i in ids})
    gender = [None] * 80 + ["f", "m"] * 110
    found = segment_audit(
        own, by="gender", protected=pa.table({"customer_id": ids, "gender": gender})
    )
    first = found.found()[0]
    assert {one.group for one in found.lifts} == {"(missing)", "f", "m"}
    assert (first.segment, first.group) in {
        ("(missing)", "(missing)"),
        ("a", "(missing)"),
    }


def test_everybody_of_one_group_is_undefined_not_one():
    ids = [str(i) for i in range(50)]
    own = own_segments({i: "ab"[int(i) % 2] for i in ids})
    table = pa.table({"customer_id": ids, "g": ["x"] * 50})
    found = segment_audit(own, by="g", protected=table)
    assert {one.reading for one in found.lifts} == {"undefined"}
    assert all(one.lift is None for one in found.lifts)
    assert found.given_away[0].cramers_v is None
    assert found.ranking[0].cramers_v is None


def test_ages_are_banded():
    ids = [str(i) for i in range(400)]
    own = own_segments({i: "old" if int(i) < 100 else "new" for i in ids})
    born = ["1950-01-01"] * 90 + ["1990-01-01"] * 310
    found = segment_audit(
        own,
        by="birth_date",
        protected=pd.DataFrame({"customer_id": ids, "birth_date": born}),
        bands={"birth_date": [18, 60]},
        as_of="2026-11-01",
    )
    first = found.found()[0]
    assert first.group in {"[60,inf)", "[18,60)"}


def test_few_expected_customers_are_called_few():
    ids = [str(i) for i in range(100)]
    own = own_segments({i: "small" if int(i) < 30 else "big" for i in ids})
    group = (["x"] + ["y"] * 4) * 20
    found = segment_audit(
        own, by="g", protected=pa.table({"customer_id": ids, "g": group})
    )
    readings = {(one.segment, one.group): one.reading for one in found.lifts}
    assert readings["small", "x"] == "too few"
    assert readings["big", "y"] == "no clear difference"


def test_the_section_is_plain_and_its_frame_complete():
    found, _, _ = audit_of(4000, seed=1, planted=0.3)
    section = json.loads(json.dumps(found.section(), allow_nan=False))
    assert len(section["lifts"]) == len(found.lifts) == len(found.frame()) == 4 * 7
    assert section["segments"][0]["message"].startswith("s0: gender ")
    assert [one["attribute"] for one in section["attributes"]] == ["gender", "region"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_rows_changes_nothing(turned):
    own, frame, _ = people(500, 7)
    wanted = segment_audit(own, by=["gender"], protected=frame)
    again = frame.iloc[::-1] if turned else frame.sample(frac=1, random_state=0)
    assert segment_audit(own, by=["gender"], protected=again).lifts == wanted.lifts


def test_bad_input_is_refused():
    own, frame, _ = people(200, 8)
    with pytest.raises(InputError, match="did you mean 'gender'"):
        segment_audit(own, by="gendr", protected=frame)
    with pytest.raises(InputError, match="name of another column"):
        segment_audit(own, by="segment", protected=frame)
    with pytest.raises(InputError):
        segment_audit(own, by="gender", protected=pd.concat([frame, frame]))


def test_a_notebook_shows_the_segments_and_what_stands_out():
    found, _, _ = audit_of(planted=0.8)
    made = found._repr_html_()
    section = found.section()
    for one in section["segments"]:
        assert f"<bdi>{one['segment']}</bdi>" in made
        assert f"<td>{one['n']:,}</td>" in made
    assert "<script" not in made


def test_the_map_of_an_attribute_holds_its_lifts_and_another_is_an_error():
    found, _, _ = audit_of(planted=0.8)
    frame = found.display("gender").frame()
    lifts = {
        (o.segment, o.group): o.lift for o in found.lifts if o.attribute == "gender"
    }
    drawn = dict(
        zip(
            zip(frame["segment"], frame["group"], strict=True),
            frame["lift"],
            strict=True,
        )
    )
    assert drawn == pytest.approx({key: lifts[key] for key in drawn}, nan_ok=True)
    assert len(drawn) == 12
    with pytest.raises(InputError, match="did you mean 'gender'"):
        found.display("gendr")


def test_segments_stand_in_the_report_of_an_audit(tmp_path):
    import fairness as fa

    found, frame, segment = audit_of(planted=0.8)
    table = frame.assign(s=(segment == 0).astype(int))
    made = fa.audit(table, selected="s", by=["gender"], offer="beneficial")
    path = made.gate("us-four-fifths").report(
        tmp_path / "r.html", segments=found.section()
    )
    text = path.read_text(encoding="utf-8")
    assert 'id="segments"' in text
    assert "over-represented" in text or "more of" in text
    plain = made.report(tmp_path / "plain.html").read_text(encoding="utf-8")
    assert 'id="segments"' not in plain
