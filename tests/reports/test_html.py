"""The page: whole, small, and allowed to do nothing."""

import base64
import hashlib
import re

import pytest

from fairness.reports import render


def test_the_style_is_allowed_by_its_own_hash_and_nothing_else_is(sample):
    text = render(sample(), "html")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert text.count("<style") == 1
    assert " style=" not in text


def test_the_page_says_verdict_by_word_and_shape(sample, page):
    for name, told in (("spring_card", "■ BLOCK"), ("pilot_offer", "○ REVIEW")):
        assert told in page(render(sample(name), "html")).text
    assert "● CLEAR" in page(render(sample("loyalty_bonus"), "html")).text
    assert "– MEASURED" in page(render(sample(judged=False), "html")).text


def test_98_findings_take_less_than_300_kb(sample):
    assert len(sample()["findings"]) >= 98
    assert len(render(sample(), "html").encode()) < 300_000


def test_ids_are_used_once_and_every_reference_has_one(sample, page):
    made = page(render(sample(), "html"))
    ids = [v for _, attrs in made.tags for k, v in attrs if k == "id"]
    assert len(ids) == len(set(ids))
    wanted = {v for _, attrs in made.tags for k, v in attrs if k == "aria-labelledby"}
    assert wanted <= set(ids)


def test_every_table_scrolls_in_a_box_of_its_own(sample, page):
    made = page(render(sample(), "html"))
    for place, (tag, _) in enumerate(made.tags):
        if tag == "table":
            assert dict(made.tags[place - 1][1])["class"] == "box"


@pytest.mark.parametrize("judged", [True, False])
def test_the_notebook_has_what_the_summary_has(judged, sample, page):
    payload = sample(judged=judged)
    fragment = render(payload, "notebook")
    words = page(fragment).text.split()
    ignored = {"…", "■", "●", "·", "○", "◆"}
    for word in render(payload, "summary").split():
        assert word in words or word in ignored, word
    assert not re.search(r"<(html|head|body|!DOCTYPE)", fragment)


def test_the_style_of_the_notebook_touches_nothing_outside_its_block(sample):
    style = re.search(r"<style>(.*?)</style>", render(sample(), "notebook"), re.DOTALL)[
        1
    ]
    for selectors in re.findall(r"([^{}]+)\{[^}]*\}", style):
        for selector in selectors.split(","):
            assert selector.strip().startswith(".fairreach-summary")


def test_templates_are_read_from_the_package():
    from importlib.resources import files

    names = {path.name for path in (files("fairness.reports") / "templates").iterdir()}
    assert names == {"report.html.j2", "report.css", "notebook.html.j2", "notebook.css"}


def test_a_rule_that_does_not_apply_says_why(payload_of):
    payload = payload_of(["a"], name="who")
    idle = {"verdict": "not_applicable", "message": "ff-air: it needs an outcome"}
    rows = [{**row, **idle} for row in payload["findings"] if row["rule"] == "ff-air"]
    changed = {**payload, "findings": rows}
    for format_ in ("text", "markdown", "html"):
        told = render(changed, format_)
        assert "Rules that did not apply" in told
        assert "ff-air: it needs an outcome" in told


def test_an_assumed_offer_is_said_first(payload_of):
    payload = {**payload_of(["a"]), "offer_assumed": True}
    for format_ in ("text", "markdown", "html"):
        assert "beneficial is assumed" in render(payload, format_)
    for format_ in ("summary", "notebook"):
        assert "beneficial offer (assumed)" in render(payload, format_)
