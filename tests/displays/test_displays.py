"""What is drawn is the payload's, and a display can be turned back into it."""

import json
import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from fairness.reports.displays import displays_of, svg
from tests.displays.conftest import KINDS, payload_of

CASES = ("two", "eight", "judged", "burden", "sixty", "long", "chinese", "hostile")


def shown(case, kind, attribute=None):
    """Return the displays of a kind."""
    return [
        one
        for one in displays_of(payload_of(case))
        if one.kind == kind and attribute in {None, one.attribute}
    ]


def same(drawn, told):
    """Return whether two numbers are the same to the last digit, or both missing."""
    is_missing = drawn is None or (isinstance(drawn, float) and math.isnan(drawn))
    return is_missing if told is None else drawn == told


def test_a_payload_that_has_everything_shows_all_nine():
    kinds = [one.kind for one in displays_of(payload_of("judged"))]
    assert set(kinds) == set(KINDS)


def test_they_come_attribute_by_attribute_and_maps_last():
    made = [(one.attribute, one.kind) for one in displays_of(payload_of("judged"))]
    of_g = [kind for attribute, kind in made if attribute == "g"]
    assert of_g[:3] == ["ratios", "rates", "funnel"]
    assert [kind for _, kind in made][-3:] == ["intersections", "segments", "segments"]


def test_a_payload_of_the_first_kind_has_ratios_and_rates():
    payload = payload_of("judged")
    bare = {
        k: v for k, v in payload.items() if k not in {"funnel", "curves", "segments"}
    }
    bare["checks"] = []
    bare["findings"] = [f for f in bare["findings"] if f["metric"] != "proxy_ratio"]
    kinds = {one.kind for one in displays_of(bare)}
    assert kinds == {"ratios", "rates", "intersections"}


@pytest.mark.parametrize("case", CASES)
def test_a_stored_payload_draws_the_same(case):
    payload = payload_of(case)
    stored = json.loads(json.dumps(payload))
    first, second = displays_of(payload), displays_of(stored)
    assert first == second
    kinds = {one.kind: place for place, one in enumerate(first)}
    for place in kinds.values():
        assert svg(first[place]) == svg(second[place])


@pytest.mark.parametrize("case", CASES)
def test_every_mark_has_its_row_and_its_words(case):
    for one in displays_of(payload_of(case)):
        frame = one.frame()
        assert list(frame.columns) == list(one.columns)
        assert len(frame) == len(one.told) == len(one.rows) > 0
        assert all(set(one.columns) <= set(row) for row in one.rows)
        for row, told in zip(one.rows, one.told, strict=True):
            if row["n"] is not None:
                assert f"{row['n']:,}" in told


@pytest.mark.parametrize("case", CASES)
def test_a_repr_is_short_and_ends_with_the_next_calls(case):
    for one in displays_of(payload_of(case)):
        assert repr(one) == f"{one.title}\nNext: .plot() · .frame()"
        assert 10 < len(one.title) < 260
        assert "\n" not in one.title


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("eight", "ratios"),
        ("judged", "ratios"),
        ("burden", "ratios"),
        ("eight", "intersections"),
        ("judged", "intersections"),
    ],
)
def test_ratios_are_the_findings_to_the_last_digit(case, kind):
    payload = payload_of(case)
    made = shown(case, kind)
    assert made
    for one in made:
        told = {
            (row["group"], row["rule"]): row
            for row in payload["findings"]
            if row["attribute"] == one.attribute
            and row["metric"] == one.metric
            and row["stratum"] is None
            and row["column"] is None
        }
        assert {group for group, _ in told} >= set(one.frame()["group"])
        for _, row in one.frame().iterrows():
            finding = told[row["group"], row["rule"] or None]
            for name in (
                "estimate",
                "low",
                "high",
                "n",
                "rate",
                "n_reference",
                "detectable",
            ):
                assert same(row[name], finding[name]), name


def test_rates_are_those_of_the_groups():
    payload = payload_of("judged")
    for one in shown("judged", "rates"):
        told = {
            r["group"]: r for r in payload["groups"] if r["attribute"] == one.attribute
        }
        assert set(one.frame()["group"]) == set(told)
        for _, row in one.frame().iterrows():
            group = told[row["group"]]
            for name in ("n", "selected", "rate", "rate_low", "rate_high"):
                assert same(row[name], group[name])
            overall = payload["data"]["selected"] / payload["data"]["rows"]
            assert row["overall"] == pytest.approx(overall, rel=1e-12)


def test_the_funnel_is_that_of_the_payload():
    payload = payload_of("judged")
    for one in shown("judged", "funnel"):
        told = {
            g["group"]: g
            for g in payload["funnel"]["groups"]
            if g["attribute"] == one.attribute
        }
        frame = one.frame()
        assert len(frame) == sum(
            x is not None for g in told.values() for x in g["reached"][1:]
        )
        for _, row in frame.iterrows():
            group, place = told[row["group"]], row["place"]
            assert row["left"] == group["reached"][place]
            assert row["n"] == group["reached"][0]
            for name in ("share", "low", "high"):
                assert same(row[name], group[name][place])


def test_a_funnel_stored_without_shares_is_drawn_all_the_same():
    payload = json.loads(json.dumps(payload_of("judged")))
    for group in payload["funnel"]["groups"]:
        for name in ("share", "low", "high"):
            del group[name]
    made = [one for one in displays_of(payload) if one.kind == "funnel"]
    assert made == shown("judged", "funnel")


def test_a_number_that_is_hidden_in_the_funnel_is_not_drawn():
    payload = json.loads(json.dumps(payload_of("judged")))
    groups = [g for g in payload["funnel"]["groups"] if g["attribute"] == "g"]
    for name in ("reached", "share", "low", "high"):
        groups[0][name][2] = None
        groups[1][name] = [None] * 4
    (one,) = [
        x for x in displays_of(payload) if (x.kind, x.attribute) == ("funnel", "g")
    ]
    frame = one.frame()
    places = frame.loc[frame["group"] == groups[0]["group"], "place"]
    assert list(places) == [1, 3]
    assert groups[1]["group"] not in set(frame["group"])
    texts = [text.get_text() for text in one.plot().texts]
    assert any(
        t.startswith("hidden, small: ") and groups[1]["group"] in t for t in texts
    )


@pytest.mark.parametrize("kind", ["thresholds", "scores", "calibration"])
def test_pictures_of_the_score_are_the_curves(kind):
    curves = payload_of("judged")["curves"]["attributes"]
    for one in shown("judged", kind):
        section = next(x for x in curves if x["attribute"] == one.attribute)
        parts = section["calibration"] if kind == "calibration" else section["groups"]
        groups = {part["group"]: part for part in parts}
        names = {
            "thresholds": {"ratio": "ratio", "low": "ratio_low", "high": "ratio_high"},
            "scores": {"rate": "rate", "low": "low", "high": "high"},
            "calibration": {
                "rate": "rate",
                "low": "low",
                "high": "high",
                "score": "score",
            },
        }[kind]
        for _, row in one.frame().iterrows():
            part = groups[row["group"]]
            key = part["score"] if kind == "calibration" else section["thresholds"]
            place = key.index(
                row["score"] if kind == "calibration" else row["threshold"]
            )
            for name, of in names.items():
                assert same(row[name], part[of][place])


def test_proxies_are_the_worst_group_of_each_column():
    payload = payload_of("judged")
    for one in shown("judged", "proxies"):
        rows = [
            r
            for r in payload["findings"]
            if r["metric"] == "proxy_ratio"
            and r["attribute"] == one.attribute
            and r["estimate"] is not None
        ]
        for _, row in one.frame().iterrows():
            of_column = [r for r in rows if r["column"] == row["column"]]
            assert row["estimate"] in [r["estimate"] for r in of_column]
            clear = [r["estimate"] for r in of_column if r["reading"] == "lower"]
            if not clear:
                assert row["estimate"] == min(r["estimate"] for r in of_column)
            told = [
                r["estimate"]
                for r in payload["checks"]
                if r["metric"] == "proxy_association"
                and (r["attribute"], r["column"]) == (one.attribute, row["column"])
            ]
            assert [row["association"]] == told


def test_segments_are_the_lifts():
    payload = payload_of("judged")
    for one in shown("judged", "segments"):
        told = {
            (r["segment"], r["group"]): r
            for r in payload["segments"]["lifts"]
            if r["attribute"] == one.attribute
        }
        assert len(one.frame()) == len(told)
        for _, row in one.frame().iterrows():
            for name in ("lift", "low", "high", "share", "base", "n"):
                assert same(row[name], told[row["segment"], row["group"]][name])


@pytest.mark.parametrize("kind", KINDS)
def test_the_axes_given_are_drawn_on_and_nothing_else_changes(kind):
    one = shown("judged", kind)[0]
    ax = Figure(figsize=(7, 4)).add_subplot()
    settings, figures = dict(mpl.rcParams), plt.get_fignums()
    assert one.plot(ax=ax) is ax
    assert dict(mpl.rcParams) == settings
    assert plt.get_fignums() == figures
    assert ax.get_title().replace("\n", " ") == one.title


@pytest.mark.parametrize("kind", KINDS)
def test_without_axes_there_is_one_new_figure(kind):
    ax = shown("judged", kind)[0].plot()
    assert plt.get_fignums() == [ax.figure.number]


def test_rules_of_one_metric_are_one_picture_and_the_strictest_verdict_counts():
    payload = json.loads(json.dumps(payload_of("judged")))
    own = [
        f
        for f in payload["findings"]
        if f["attribute"] == "h" and f["rule"] == "ff-air"
    ]
    other = [
        f | {"rule": "mine", "verdict": "fail", "bound": "at least 0.99"} for f in own
    ]
    payload["findings"] += other
    (one,) = [
        x for x in displays_of(payload) if (x.kind, x.attribute) == ("ratios", "h")
    ]
    assert set(one.frame()["verdict"]) == {"fail"}
    assert one.bounds == ("at least 0.80", "at least 0.99")
    texts = [text.get_text() for text in one.plot().texts]
    assert {"at least 0.80", "at least 0.99"} <= set(texts)


def test_rules_with_other_references_are_pictures_of_their_own():
    payload = json.loads(json.dumps(payload_of("judged")))
    own = [
        f
        for f in payload["findings"]
        if f["attribute"] == "h" and f["rule"] == "ff-air"
    ]
    payload["findings"] += [f | {"rule": "mine", "reference": "(rest)"} for f in own]
    made = [x for x in displays_of(payload) if (x.kind, x.attribute) == ("ratios", "h")]
    assert len(made) == 2


@pytest.mark.parametrize(
    ("verdict", "shape", "colour"),
    [
        ("pass", "o", "other"),
        ("fail", "s", "harm"),
        ("inconclusive", "o", "unsure"),
        ("waived", "D", "waived"),
        ("not_measurable", "x", "soft"),
    ],
)
@pytest.mark.parametrize("kind", ["ratios", "rates"])
def test_a_verdict_is_told_by_shape_and_by_colour(verdict, shape, colour, kind):
    from fairness.reports.displays.theme import light

    payload = json.loads(json.dumps(payload_of("judged")))
    row = next(
        f
        for f in payload["findings"]
        if f["attribute"] == "h"
        and f["rule"] == "ff-air"
        and f["reading"] != "reference"
    )
    row["verdict"] = verdict
    one = next(x for x in displays_of(payload) if (x.kind, x.attribute) == (kind, "h"))
    place = list(one.frame()["group"]).index(row["group"])
    ax = one.plot()
    dot = next(
        line
        for line in ax.lines
        if line.get_gid() == f"mark-{place}" and len(line.get_xdata()) == 1
    )
    assert (dot.get_marker(), dot.get_color()) == (shape, light(colour))
    is_hollow = dot.get_markerfacecolor() == light("page")
    assert is_hollow == (verdict == "inconclusive")


def test_the_harmed_group_is_drawn_even_among_sixty():
    harmed = shown("sixty", "ratios", "g")[0].rows[0]["group"]
    for kind in ("funnel", "thresholds", "scores", "calibration"):
        assert harmed in set(shown("sixty", kind, "g")[0].frame()["group"])
    assert harmed in set(shown("sixty", "intersections")[0].frame()["down"])


def test_what_is_not_drawn_is_said():
    texts = [text.get_text() for text in shown("sixty", "scores", "g")[0].plot().texts]
    assert "54 other groups are not drawn" in texts
    texts = [text.get_text() for text in shown("sixty", "funnel", "g")[0].plot().texts]
    assert any(text.endswith("groups between have no label") for text in texts)


def test_the_stage_that_makes_the_gap_is_shaded_and_named():
    one = shown("judged", "funnel", "g")[0]
    assert "stage score makes 91 % of the gap" in one.title
    ax = one.plot()
    spans = [
        patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches
    ]
    assert [(round(box.x0, 6), round(box.x1, 6)) for box in spans] == [(2, 3)]
    assert "91 % of the gap" in [text.get_text() for text in ax.texts]


def test_of_a_burden_the_highest_ratio_is_the_harm():
    one = shown("burden", "ratios", "g")[0]
    estimates = one.frame()["estimate"]
    assert list(estimates) == sorted(estimates, reverse=True)
    from fairness.reports.displays.maps import _colour

    assert _colour(3.0, reverse=True) == "least"
    assert _colour(3.0, reverse=False) == "most"


def test_the_direction_of_harm_of_a_burden_is_kept_by_its_curves():
    one = shown("burden", "thresholds", "g")[0]
    assert set(one.frame()["reference"]) == {"(rest)"}


def test_a_cell_that_is_too_few_or_hidden_is_hatched_and_has_no_number():
    payload = json.loads(json.dumps(payload_of("judged")))
    for row in payload["findings"]:
        if row["attribute"] == "g&h" and row["group"] == "group b&old":
            row.update(dict.fromkeys(["n", "estimate", "low", "high", "rate"]))
            row["message"] = "g&h group b&old: hidden"
    one = next(x for x in displays_of(payload) if x.kind == "intersections")
    place = list(one.frame()["group"]).index("group b&old")
    ax = one.plot()
    mine = [text for text in ax.texts if text.get_gid() == f"mark-{place}"]
    assert mine == []
    assert sum(patch.get_gid() == f"mark-{place}" for patch in ax.patches) == 2
    assert "hatched: too few, or hidden" in [text.get_text() for text in ax.texts]
    assert one.told[place] == "g&h group b&old: hidden"


@pytest.mark.parametrize("kind", ["rates", "funnel", "scores"])
def test_no_title_is_about_a_group_that_is_too_few(kind):
    payload = json.loads(json.dumps(payload_of("judged")))
    title = {
        one.attribute: one.title for one in displays_of(payload) if one.kind == kind
    }["h"]
    named = next(x for x in ("young", "middle", "old") if x in title)
    for row in payload["findings"]:
        if row["attribute"] == "h" and row["group"] == named:
            row["reading"] = "too few"
    after = {
        one.attribute: one.title for one in displays_of(payload) if one.kind == kind
    }
    assert named not in after["h"]
