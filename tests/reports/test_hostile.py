"""No label of the data does anything in any format but stand there."""

import json
import re
import unicodedata
from xml.etree import ElementTree as ET

import pytest

from fairness.errors import ascii_controls
from fairness.findings.messages import label
from fairness.reports import render

FORMATS = ["text", "summary", "markdown", "html", "notebook", "json", "junit"]
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def invisible(text):
    return {c for c in text if unicodedata.category(c) in INVISIBLE and c != "\n"}


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_lets_a_control_or_bidi_character_through(format_, hostile_payload):
    assert invisible(render(hostile_payload, format_)) == set()


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_text_that_utf8_can_hold(format_, hostile_payload):
    assert render(hostile_payload, format_).encode("utf-8")


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "junit", "summary"])
def test_a_label_of_10_kb_does_not_reach_a_report_meant_for_reading(
    format_, hostile_payload
):
    assert "x" * 100 not in render(hostile_payload, format_)


@pytest.mark.parametrize("format_", ["html", "notebook"])
def test_no_element_or_attribute_of_a_page_comes_from_a_label(
    format_, hostile_payload, harmless_payload, page
):
    made = page(render(hostile_payload, format_))
    usual = page(render(harmless_payload, format_))
    assert made.kinds == usual.kinds
    assert [tag for tag, _ in made.tags] == [tag for tag, _ in usual.tags]
    assert not made.comments
    assert not made.open


def test_a_page_shows_every_label_as_it_is(hostile_payload, hostile, page):
    text = page(render(hostile_payload, "html")).text
    for value in hostile.values():
        assert label(value, 40) in text


@pytest.mark.parametrize("format_", ["html", "notebook"])
def test_a_page_loads_and_runs_nothing(format_, hostile_payload, page):
    made = page(render(hostile_payload, format_))
    tags = {tag for tag, _ in made.tags}
    attributes = {name for _, attrs in made.tags for name, _ in attrs}
    assert not tags & {"img", "link", "iframe", "object", "embed", "form", "base"}
    assert [tag for tag, _ in made.tags].count("script") == (format_ == "html")
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"src", "style", "srcset", "action", "formaction"}
    links = [dict(attrs)["href"] for tag, attrs in made.tags if tag == "a"]
    assert all(re.fullmatch(r"#[a-z0-9]+", link) for link in links)
    drawn = {tag for tag, _ in made.drawn}
    assert drawn <= {"g", "path", "circle", "text", "title"}
    look = {name for _, attrs in made.drawn for name, _ in attrs}
    assert not {name for name in look if name.startswith("on")}
    assert not look & {"href", "xlink:href", "style", "id"}
    style = re.search(
        r"<style>(.*?)</style>", render(hostile_payload, format_), re.DOTALL
    )
    assert style
    assert not re.search(r"url\(|@import|expression", style[1])


def rendered(markdown):
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True})
    return parser.enable(["table", "strikethrough"]).render(markdown)


INERT_TAGS = {
    *("h1", "h2", "p", "ul", "li", "strong", "code"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def test_markdown_makes_no_element_from_a_label(
    hostile_payload, harmless_payload, page
):
    made = page(rendered(render(hostile_payload, "markdown")))
    usual = page(rendered(render(harmless_payload, "markdown")))
    assert {tag for tag, _ in made.tags} <= INERT_TAGS
    assert made.kinds == usual.kinds
    assert [tag for tag, _ in made.tags] == [tag for tag, _ in usual.tags]


def test_markdown_shows_every_label_as_it_is(hostile_payload, hostile, page):
    text = page(rendered(render(hostile_payload, "markdown"))).text
    text = text.replace("\u200b", "")
    for value in hostile.values():
        assert label(value, 40) in text


@pytest.mark.parametrize("bait", [r"https?://", r"www\.", r"[@#]\w", r":\w+:", r"\$"])
def test_markdown_leaves_no_bait_for_links_mentions_and_emoji(bait, hostile_payload):
    text = render(hostile_payload, "markdown")
    assert not re.search(bait, re.sub(r"`sha256:[0-9a-f]{64}`|&#\d+;", "", text))


def test_markdown_bait_is_parted_after_references_are_decoded(hostile_payload, page):
    text = page(rendered(render(hostile_payload, "markdown"))).text
    text = re.sub(r"sha256:[0-9a-f]{64}", "", text)
    assert not re.search(r"www\.|://|[@#]\w|:\w+:", text)


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "#", ">", "|", "1. ", "- ", "+ "])
def test_markdown_escapes_what_a_line_must_not_begin_with(mark):
    from fairness.reports.markdown import inert

    assert inert(f"{mark}x")[: len(mark.strip())] != mark.strip()


def test_junit_is_xml_whose_names_are_the_labels(hostile_payload, hostile):
    root = ET.fromstring(render(hostile_payload, "junit"))
    names = " ".join(case.get("name") for case in root.iter("testcase"))
    for value in hostile.values():
        assert label(value) in names
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "skipped"),
    }


def test_json_gives_back_the_payload_and_is_ascii(hostile_payload):
    text = render(hostile_payload, "json")
    assert json.loads(text) == hostile_payload
    assert text.isascii()


def test_text_shows_labels_escaped(hostile_payload):
    text = render(hostile_payload, "text")
    assert r"one\ntwo" in text
    assert r"abc\u202edef" in text
    assert ascii_controls("a\x00b\x07\x1b") in text


@pytest.mark.parametrize("format_", FORMATS)
def test_any_column_name_passes_through(format_, payload_of, hostile, page):
    for number, name in enumerate(hostile.values()):
        if number % len(FORMATS) != FORMATS.index(format_):
            continue
        payload = payload_of(["a", "b"], name=name)
        made = render(payload, format_)
        if format_ in {"html", "notebook"}:
            usual = page(render(payload_of(["a", "b"]), format_))
            assert page(made).kinds == usual.kinds
        if format_ == "junit":
            ET.fromstring(made)
        assert invisible(made) == set()
