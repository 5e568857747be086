"""Every number that a page shows is the payload's."""

import json
import math
import re
from html.parser import HTMLParser

import pytest

from fairness.reports import render
from fairness.reports.cells import interval_of, people_of, shown_number
from fairness.reports.page.tables import p_shown
from pipelines.demo import run_demo

CAMPAIGNS = (
    "app-cashback",
    "autumn-mailing",
    "loyalty-retention",
    "payday-loan",
    "spring-card",
)
NUMBER = re.compile(r"\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
# Column of a table of findings: the key whose number it holds, and how it is shown.
COLUMNS = {
    "customers": (("n",), lambda row: f"{row['n']:,}"),
    "selected": (("selected",), lambda row: f"{row['selected']:,}"),
    "rate": (("rate",), lambda row: shown_number(row["rate"])),
    "adjusted p": (("p_adjusted",), lambda row: p_shown(row["p_adjusted"])),
    "people": (("shortfall",), people_of),
    "could see": (("detectable",), lambda row: shown_number(row["detectable"], 2)),
    "95 % interval": (("low", "high"), interval_of),
}
ESTIMATE = (("estimate",), lambda row: shown_number(row["estimate"]))


class Tables(HTMLParser):
    """The rows that name a place in the payload, and the text of the whole page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.rows, self.heads, self.words = [], [], []
        self._cell = self._open = None
        self._quiet, self._heading = 0, False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in {"style", "script", "head"}:
            self._quiet += 1
        if tag == "thead":
            self.heads, self._heading = [], True
        if tag == "tr":
            self._open = None
            if "data-place" in found:
                self._open = {"place": found["data-place"], "cells": []}
                self._open["heads"] = self.heads
                self.rows.append(self._open)
        if tag in {"td", "th"}:
            self._cell = {"text": "", "exact": found.get("data-exact", "")}
            if self._open is not None:
                self._open["cells"].append(self._cell)
        for name in ("data-said", "title", "aria-label"):
            if found.get(name):
                self.words.append(found[name])

    def handle_endtag(self, tag):
        if tag in {"style", "script", "head"}:
            self._quiet -= 1
        if tag == "thead":
            self._heading = False
        if tag == "th" and self._heading:
            self.heads.append(self._cell["text"])
        if tag in {"td", "th"}:
            self._cell = None

    def handle_data(self, data):
        if self._quiet:
            return
        self.words.append(data)
        if self._cell is not None:
            self._cell["text"] += data


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory):
    """The payloads of the sample campaigns with their pages."""
    out = tmp_path_factory.mktemp("numbers")
    run_demo(out)
    found = {}
    for name in CAMPAIGNS:
        folder = out / "campaigns" / name
        payload = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        found[name] = payload, (folder / "report.html").read_text(encoding="utf-8")
    return found


def at(payload, place):
    value = payload
    for part in place.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return value


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_stored_payload_makes_the_page_that_was_written(name, campaigns):
    payload, page = campaigns[name]
    assert render(payload, "html") == page


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_each_cell_of_a_finding_is_its_number_short_and_to_the_last_digit(
    name, campaigns
):
    payload, page = campaigns[name]
    compared = 0
    for row in Tables(page).rows:
        if not row["place"].startswith(("findings", "checks")):
            continue
        finding = at(payload, row["place"])
        cells = dict(zip(row["heads"][1:], row["cells"][1:], strict=True))
        for head, cell in cells.items():
            if head == "reading":
                continue
            keys, short = COLUMNS.get(head, ESTIMATE)
            values = [finding[key] for key in keys]
            exact = "" if set(values) == {None} else " ".join(map(told, values))
            # A count is told in full already.
            if head not in {"customers", "selected"}:
                assert cell["exact"] == exact, (row["place"], head)
            if None not in values:
                assert cell["text"] == short(finding), (row["place"], head)
                compared += 1
            elif set(values) == {None}:
                assert cell["text"] in {"–", ""}
    assert compared > 60


def told(value):
    return "–" if value is None else repr(value)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_stages_of_a_gap_are_the_payloads(name, campaigns):
    payload, page = campaigns[name]
    keys = ("rate", "rate_reference", "ratio", ("low", "high"), "log_ratio", "share")
    for row in Tables(page).rows:
        if not row["place"].startswith("funnel"):
            continue
        stage = at(payload, row["place"])
        if row["cells"][0]["text"] != stage["stage"]:
            inner = {
                one.get("clause", one.get("column")): one["log_ratio"]
                for one in [*stage["clauses"], *columns_of(payload, row["place"])]
            }
            value = inner[row["cells"][0]["text"]]
            assert row["cells"][5]["exact"] == told(value)
            continue
        for key, cell in zip(keys, row["cells"][1:], strict=True):
            values = [stage[one] for one in ([key] if isinstance(key, str) else key)]
            if set(values) != {None}:
                assert cell["exact"] == " ".join(map(told, values))


def columns_of(payload, place):
    gap = at(payload, place.rpartition(".stages")[0])
    return gap["columns"]


def numbers_of(payload):
    """Return every number of a payload, and every text that it holds."""
    numbers, words = set(), []
    stack = [payload]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, str):
            words.append(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.add(float(value))
    return numbers, words


def shorts_of(numbers):
    """Return the ways in which a page may shorten the numbers."""
    shown = set()
    for value in numbers:
        size = abs(value)
        shown |= {f"{size:.{digits}f}" for digits in range(5)}
        shown |= {f"{size * 100:.{digits}f}" for digits in range(2)}
        shown |= {f"{size:,.{digits}f}" for digits in range(2)}
        shown |= {repr(size), f"{size:g}", f"{size:.3g}"}
        if size == int(size):
            shown |= {str(int(size)), f"{int(size):,}"}
    return shown


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_no_number_in_the_text_of_a_page_is_made_up(name, campaigns):
    payload, page = campaigns[name]
    numbers, words = numbers_of(payload)
    rows, selected = payload["data"]["rows"], payload["data"]["selected"]
    numbers |= {selected / rows, payload["confidence"]}
    numbers |= {s["passed"] / s["came"] for s in payload["funnel"]["stages"]}
    # The share of a group that is left after each stage.
    numbers |= {
        left / row["reached"][0]
        for row in payload["funnel"]["groups"]
        for left in row["reached"] or ()
        if left is not None
    }
    # Counts of what is listed: rows of a table, lines of a list.
    counted = {str(n) for n in range(len(payload["findings"]) + 1)}
    known = shorts_of(numbers) | counted
    known |= set(NUMBER.findall(" ".join(words).replace("inf", " ")))
    # The method's own: 80 % power, a p below 0.001, ticks of a ratio's axis.
    known |= {"0.001", "80", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "0.8"}
    known |= {"1.25", "2", "5", "10", "20", "50", "100"}
    told = {one for word in Tables(page).words for one in NUMBER.findall(word)}
    strange = {
        one
        for one in told - known
        if one.rstrip(",.") not in known and not is_shortened(one, numbers)
    }
    assert strange == set()
    assert len(told) > 100


def is_shortened(shown, numbers):
    """Return whether a text is a number of the payload, rounded or to the last digit."""
    text = shown.replace(",", "").rstrip(".")
    value = float(text)
    half = 0.5 * 10 ** -len(text.partition(".")[2])
    return any(math.isclose(abs(n), value, abs_tol=half * 1.01) for n in numbers)


def test_a_number_that_is_not_the_payloads_is_seen(campaigns):
    payload, page = campaigns["spring-card"]
    numbers, _ = numbers_of(payload)
    assert not is_shortened("7.7345", numbers)
    changed = re.sub(
        r'(data-place="findings.*?data-exact="0\.)\d', r"\g<1>9", page, count=1
    )
    assert changed != page
    with pytest.raises(AssertionError):
        test_each_cell_of_a_finding_is_its_number_short_and_to_the_last_digit(
            "spring-card", {"spring-card": (payload, changed)}
        )
