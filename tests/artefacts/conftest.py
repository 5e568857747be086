"""Artefacts of payloads of every kind, and a reader of their Markdown."""

import html
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from tests.reports.conftest import HOSTILE, Page, table_of
from tests.schema.conftest import (  # noqa: F401  # fixtures
    CAMPAIGNS,
    SETTINGS,
    campaign,
    changed,
    checked,
)

ARTEFACTS = ["adverse-impact", "dpia", "model-card"]


def plain(text):
    """Return the text that a reader of the Markdown sees."""
    return html.unescape(text).replace("\u200b", "")


@dataclass
class Table:
    """A table of a document, and the headings and the text before it."""

    titles: dict[int, str]
    before: str
    head: list[str]
    rows: list[dict[str, str]] = field(default_factory=list)


def cells_of(line):
    return [plain(cell.strip()) for cell in line.strip().strip("|").split("|")]


def tables_of(markdown):
    """Return the tables of a document, in their order."""
    found, titles, before, inside = [], {}, "", False
    for line in markdown.split("\n"):
        heading = re.match(r"(#+) (.*)", line)
        if heading:
            level = len(heading[1])
            titles = {k: v for k, v in titles.items() if k < level}
            titles[level] = plain(heading[2])
            before = ""
        elif not line.startswith("|"):
            before = plain(line) or before
            inside = False
        elif not inside:
            inside = True
            found.append(Table(dict(titles), before, cells_of(line)))
        elif not set(line) <= set("|:- "):
            found[-1].rows.append(
                dict(zip(found[-1].head, cells_of(line), strict=True))
            )
    return found


def section_of(markdown, title):
    """Return the lines of one section."""
    _, _, rest = markdown.partition(f"\n## {title}\n")
    assert rest, title
    return rest.partition("\n## ")[0]


@pytest.fixture(scope="session")
def read():
    return tables_of


@pytest.fixture(scope="session")
def small():
    """A payload with a group of three customers."""
    column = np.repeat(["a", "b", "c", "tiny"], [4000, 3661, 347, 3])
    picked = np.concatenate([np.arange(n) % 10 == 0 for n in (4000, 3661, 347)])
    table = pd.DataFrame(
        {
            "g": column,
            "s": [*picked.astype(int), 1, 0, 0],
            "h": np.where(np.arange(len(column)) % 2, "x", "y"),
            "score": np.linspace(0, 1, len(column)),
        }
    )

    def build(offer="beneficial", policy=None, **options):
        audit = fa.audit(
            table, selected="s", by=["g", "h"], offer=offer, intersections=2, **options
        )
        return audit.gate(policy).to_dict()

    return build


def _of_labels(labels, name, subject, policy="us-four-fifths"):
    table = table_of(labels).rename(columns={"who": name})
    audit = fa.audit(
        table, selected="offered", by=[name, "sex"], intersections=2, offer="beneficial"
    )
    payload = audit.gate(policy).to_dict() | {"subject": subject}
    payload["campaign"] = {
        "name": subject,
        "title": labels[1],
        "owner": labels[2],
        "purpose": labels[3],
        "offer": {"name": labels[4], "sector": labels[5]},
        "as_of": "2026-11-01",
        "digest": payload["data"]["fingerprint"],
        "record": {"auditor": labels[6], "data_source": labels[7]},
    }
    stage = {"name": labels[8], "kind": "score", "came": 9, "passed": 5, "judged": True}
    stage["clauses"] = [{"name": labels[9], "text": labels[10]}]
    payload["funnel"] = {"stages": [stage], "groups": [], "gaps": []}
    payload["consent"] = {labels[11]: 7}
    # Sentences of the engine, which cuts labels by itself.
    long = list(HOSTILE).index("long")
    short = [one for place, one in enumerate(labels) if place != long]
    payload["notes"] = [*payload["notes"], f"score: {labels[0]}", *short]
    payload["release"] = {"file": labels[12], "rows": 5}
    return payload


@pytest.fixture(scope="session")
def hostile_payload():
    """Every hostile label as a group and a note, some as names of everything."""

    def build(policy="us-four-fifths"):
        labels = list(HOSTILE.values())
        return _of_labels(labels, HOSTILE["script"], HOSTILE["image"], policy)

    return build


@pytest.fixture(scope="session")
def harmless_payload():
    """The same under harmless names."""

    def build(policy="us-four-fifths"):
        labels = [f"g{i:02d}" for i in range(len(HOSTILE))]
        return _of_labels(labels, "who", "picked", policy)

    return build


@pytest.fixture(scope="session")
def page():
    return Page
