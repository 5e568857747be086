"""The SVG of a display stands in a page under a strict content security policy."""

import re
import warnings
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from fairness.reports.displays import displays_of, svg
from fairness.reports.displays.theme import COLOURS
from tests.displays.conftest import CHINESE, HOSTILE, payload_of

CASES = ("two", "eight", "judged", "burden", "sixty", "long", "chinese", "hostile")
TAGS = {"svg", "g", "title", "path", "circle", "text"}
ATTRIBUTES = {
    *("class", "role", "aria-label", "viewBox", "width", "height", "font-family"),
    *("data-mark", "d", "cx", "cy", "r", "x", "y", "transform", "fill", "stroke"),
    *("stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray"),
    *("font-size", "font-weight", "text-anchor", "fill-opacity", "stroke-opacity"),
    *("opacity", "stroke-miterlimit"),
}
SPACE = "{http://www.w3.org/2000/svg}"


def trees(case):
    for one in displays_of(payload_of(case)):
        text = svg(one)
        yield one, text, ET.fromstring(text)


def tag(element):
    return element.tag.removeprefix(SPACE)


@pytest.mark.parametrize("case", CASES)
def test_there_is_nothing_that_a_strict_policy_forbids(case):
    for _, text, root in trees(case):
        assert {tag(element) for element in root.iter()} <= TAGS
        used = {name for element in root.iter() for name in element.attrib}
        assert used <= ATTRIBUTES
        assert "url(" not in text
        assert not text.startswith("<?")
        assert "<!" not in text


@pytest.mark.parametrize("case", CASES)
def test_it_is_an_image_with_the_finding_as_its_name(case):
    for one, _, root in trees(case):
        assert root.get("class") == "picture"
        assert root.get("role") == "img"
        assert root.get("aria-label") == one.title


@pytest.mark.parametrize("case", CASES)
def test_every_mark_has_its_number_and_its_words(case):
    for one, _, root in trees(case):
        marks = root.findall(f"{SPACE}g")
        assert all(group.get("class") == "mark" for group in marks)
        numbers = [int(group.get("data-mark")) for group in marks]
        assert sorted(numbers) == list(range(len(one.rows)))
        for number, group in zip(numbers, marks, strict=True):
            titles = group.findall(f"{SPACE}title")
            assert [title.text for title in titles] == [one.told[number]]
            assert len(group) > 1


@pytest.mark.parametrize("case", CASES)
def test_only_the_colours_of_the_theme_are_used(case):
    known = {colour.light for colour in COLOURS.values()} | {"none"}
    for _, _, root in trees(case):
        for element in root.iter():
            for name in ("fill", "stroke"):
                assert element.get(name, "none") in known
            if tag(element) in {"path", "circle", "text"}:
                assert {"fill", "stroke"} & set(element.attrib)


@pytest.mark.parametrize("case", CASES)
def test_two_calls_are_the_same_byte_by_byte(case):
    one = displays_of(payload_of(case))[0]
    assert svg(one) == svg(one)


def test_settings_of_the_user_change_nothing():
    one = displays_of(payload_of("judged"))[0]
    plain = svg(one)
    with mpl.rc_context():
        mpl.style.use("dark_background")
        mpl.rcParams.update(
            {"font.size": 20, "svg.fonttype": "path", "axes.grid": True}
        )
        before = dict(mpl.rcParams)
        assert svg(one) == plain
        assert dict(mpl.rcParams) == before


def test_no_figure_is_made_known_to_pyplot():
    import matplotlib.pyplot as plt

    svg(displays_of(payload_of("judged"))[0])
    assert plt.get_fignums() == []


def test_chinese_is_text_whatever_fonts_are_here(monkeypatch):
    from fairness.reports.displays import glyphs

    monkeypatch.setattr(glyphs, "_covered", lambda families: frozenset(range(32, 256)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, _, root in trees("chinese"):
            told = " ".join(element.text or "" for element in root.iter(f"{SPACE}text"))
            assert "\\u" not in told
    first = svg(displays_of(payload_of("chinese"))[0])
    assert all(name in first for name in CHINESE)


def test_hostile_labels_stay_text():
    for one, text, root in trees("hostile"):
        assert "<script" not in text
        assert "\u200e" not in text
        if one.kind == "ratios" and one.attribute == "g":
            told = " ".join("".join(e.itertext()) for e in root.iter(f"{SPACE}text"))
            for label in HOSTILE:
                if label.isprintable():
                    assert label in told
            assert "one\\ntwo" in told
            assert "\u202e" not in text


def test_the_heading_is_drawn_where_it_is_asked_for():
    one = displays_of(payload_of("judged"))[0]
    bare, headed = (ET.fromstring(svg(one, heading=x)) for x in (False, True))
    lines = [
        " ".join(e.text for e in root.iter(f"{SPACE}text")) for root in (bare, headed)
    ]
    assert one.title not in lines[0]
    assert one.title in lines[1]
    assert float(headed.get("height")) > float(bare.get("height"))


NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_short_and_within_the_picture(case):
    for one, _, root in trees(case):
        _, _, width, height = (float(x) for x in root.get("viewBox").split())
        shapes = [e for e in root.iter() if tag(e) in {"text", "circle"}]
        for element in shapes:
            x = element.get("x") or element.get("cx")
            y = element.get("y") or element.get("cy")
            if x is not None:
                assert -1 <= float(x) <= width + 1, one.kind
                assert -1 <= float(y) <= height + 1, one.kind
        for element in root.iter(f"{SPACE}path"):
            assert all(
                len(n.partition(".")[2]) <= 2 for n in NUMBER.findall(element.get("d"))
            )
        assert float(root.get("width")) == round(width * 4 / 3)


# Bytes a picture of eight groups may have.
LIMITS = {
    "ratios": 8_000,
    "rates": 8_000,
    "funnel": 12_000,
    "thresholds": 24_000,
    "scores": 22_000,
    "calibration": 24_000,
    "proxies": 8_000,
    "intersections": 20_000,
    "segments": 20_000,
}


def test_pictures_of_eight_groups_are_small():
    for one, text, _ in trees("judged"):
        assert len(text.encode()) < LIMITS[one.kind], one.kind
