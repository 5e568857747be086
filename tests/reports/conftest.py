"""Payloads to render: of the sample, and of tables with labels meant to do harm."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairness as fa

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "attribute": "' onmouseover='alert(1)",
    "template": "{{ 7 * 7 }}{% raw %}${7*7}",
    "entity": "&lt;b&gt; &#60;",
    "cdata": "]]><x/>",
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "sql": "'; DROP TABLE x;--",
    "emoji": "👩🏽‍🚀 e\u0301 ❤️",
    "nul": "a\x00b\x07\x1b[31mred",
    "long": "x" * 10_000,
    "newline": "one\ntwo\r\n# three",
    "pipe": "a|b||c",
    "link": "[x](javascript:alert(1)) ![y](http://evil.example/p.png)",
    "bare": "see http://evil.example and www.evil.example or a@evil.example",
    "markdown": "**bold** _it_ `code` ~~gone~~ # h > q <b>",
    "fence": "```\nx\n```",
    "list": "1. one",
    "mention": "@team #12 :tada: $x^2$",
    "bidi": "abc\u202edef\u2066",
    "chinese": "维吾尔族的朋友们",
    "arabic": "مرحبا",
    "separator": "a\u2028b\u2029c",
    "ampersand": "R&D & more",
    "format": "%s {0} %(x)s",
}


@pytest.fixture(scope="session")
def hostile():
    """Labels by what they try."""
    return HOSTILE


def table_of(labels, other="sex", size=400):
    """Groups that are selected at 5 %, beside one of 4,000 at 20 %."""
    groups = ["usual", *labels]
    sizes = [4000] + [size] * len(labels)
    picked = [np.arange(4000) < 800] + [np.arange(size) < size // 20] * len(labels)
    column = np.repeat(np.array(groups, dtype=object), sizes)
    halves = np.where(np.arange(len(column)) % 2, "f", "m").astype(object)
    return pd.DataFrame(
        {"who": column, other: halves, "offered": np.concatenate(picked).astype(int)}
    )


@pytest.fixture(scope="session")
def payload_of():
    """The payload of a table of hostile labels, or of harmless ones in their places."""

    def build(labels, *, name="who", other="sex", judged=True, subject=None, **options):
        table = table_of(labels, other).rename(columns={"who": name})
        result = fa.audit(
            table,
            selected="offered",
            by=[name, other],
            intersections=2,
            offer="beneficial",
            **options,
        )
        payload = (result.gate("us-four-fifths") if judged else result).to_dict()
        return payload if subject is None else {**payload, "subject": subject}

    return build


@pytest.fixture(scope="session")
def hostile_payload(payload_of):
    """Every hostile label as a group, one as a column, one as the subject."""
    return payload_of(
        list(HOSTILE.values()), name=HOSTILE["script"], subject=HOSTILE["image"]
    )


@pytest.fixture(scope="session")
def harmless_payload(payload_of):
    """The same counts under harmless names."""
    return payload_of([f"g{i:02d}" for i in range(len(HOSTILE))], subject="picked")


@pytest.fixture(scope="session")
def sample():
    """The payload of one of the sample's audiences."""
    from pipelines.demo import sample_audit

    made = {}

    def build(name="spring_card", *, judged=True):
        offer = "burdensome" if name == "payday_loan" else "beneficial"
        if name not in made:
            made[name] = sample_audit(SAMPLES, name, offer)
        return (made[name].gate() if judged else made[name]).to_dict()

    return build


VOID = {"meta", "br", "input"}
# What a page may write a label or a number into, always as text of an attribute.
HOLDS_TEXT = {
    *("data-attribute", "data-said", "data-exact", "aria-label", "title"),
    *("data-place", "id", "aria-labelledby"),
}


class Page(HTMLParser):
    """The tags with their attributes, and the text, of a page or a fragment.

    What is inside a picture stands apart: how it is laid out follows its labels.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.open, self.comments = [], "", [], []
        self.drawn = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        kept = self.drawn if "svg" in self.open else self.tags
        kept.append((tag, tuple(sorted(attrs))))
        self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text += data

    def handle_comment(self, data):
        self.comments.append(data)

    @property
    def kinds(self):
        """Tags and attributes, and their values where these hold no text."""
        return {
            (
                tag,
                tuple((k, "" if k in HOLDS_TEXT else v or "") for k, v in attrs),
            )
            for tag, attrs in self.tags
            if tag != "svg"
        }


@pytest.fixture
def page():
    return Page
