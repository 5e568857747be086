"""The page: whole, small, and allowed to do nothing."""

import base64
import hashlib
import re

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.reports import render


def test_one_style_and_one_script_are_allowed_by_their_hashes_and_nothing_else(sample):
    text = render(sample(), "html")
    hashes = []
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = hashlib.sha256(content.encode()).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode()}'")
        assert text.count(f"<{tag}") == 1
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy == (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert " style=" not in text


def test_the_page_says_verdict_by_word_and_shape(sample, page):
    for name, told in (("spring_card", "■ BLOCK"), ("pilot_offer", "○ REVIEW")):
        assert told in page(render(sample(name), "html")).text
    assert "● CLEAR" in page(render(sample("loyalty_bonus"), "html")).text
    assert "– MEASURED" in page(render(sample(judged=False), "html")).text


def test_351_groups_take_less_than_500_kb():
    rng = np.random.default_rng(5)
    sizes = (3, 4, 6, 6, 10)
    names = [f"attribute {i}" for i in range(5)]
    table = pd.DataFrame(
        {n: rng.integers(0, k, 40_000) for n, k in zip(names, sizes, strict=True)}
    )
    table = table.astype(str).assign(s=(rng.random(40_000) < 0.1).astype(int))
    made = fa.audit(
        table, selected="s", by=names, intersections=2, offer="beneficial"
    ).gate("us-four-fifths")
    payload = made.to_dict()
    assert len(payload["groups"]) == 351
    assert len(render(payload, "html").encode()) < 500_000


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
            box = dict(made.tags[place - 1][1])
            assert box["class"] == "box"
            # Whoever has no pointer scrolls it by keys.
            assert box["tabindex"] == "0"
            assert box["aria-label"]


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

    folder = files("fairness.reports.page") / "templates"
    assert {path.name for path in folder.iterdir()} == {
        *("report.html.j2", "index.html.j2", "macros.html.j2", "notebook.html.j2"),
        *("segments.html.j2", "report.css", "report.js", "notebook.css"),
    }


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


def test_strata_that_are_not_shown_are_counted():
    rng = np.random.default_rng(6)
    rows = 30_000
    table = pd.DataFrame(
        {
            "g": rng.choice(list("abcdef"), rows),
            "place": rng.choice([f"p{i:02}" for i in range(30)], rows),
            "s": (rng.random(rows) < 0.2).astype(int),
        }
    )
    made = fa.audit(table, selected="s", by="g", strata=["place"], offer="beneficial")
    payload = made.to_dict()
    page = render(payload, "html")
    table_of_strata = page[page.index('id="within"') :].partition("</table>")[0]
    shown = table_of_strata.count("data-place=")
    told = sum(
        row["stratum"] is not None and row["n"] is not None
        for row in payload["findings"]
    )
    assert shown == 100
    assert told > shown
    assert f"and {told - shown} more, in the report for machines" in page
