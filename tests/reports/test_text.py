"""The text fits the terminal whatever the labels and numbers are."""

import copy
import math
import unicodedata

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from fairness.reports import render
from fairness.reports.cells import shown_number
from fairness.reports.text import first_rows

SAMPLE_NAMES = [
    *("spring_card", "loyalty_bonus", "app_cashback", "family_upgrade"),
    *("pilot_offer", "payday_loan"),
]
EVIL = [
    "维",
    "e\u0301",
    "👩🏽‍🚀",
    "❤️",
    "\u202e",
    "\n",
    "\t",
    "\x00",
    "\u200b",
    " ",
    "ﷺ",
    "🇩🇪",
]
labels = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*EVIL, "a", "-", "&"]), max_size=40).map("".join),
    st.integers(1, 300).map(lambda n: "x" * n),
    st.integers(1, 300).map(lambda n: "维" * n),
    st.integers(1, 100).map(lambda n: "ab " * n),
)
numbers = st.one_of(
    st.none(), st.floats(0, 1), st.floats(-1e9, 1e15), st.just(math.inf)
)
counts = st.one_of(st.none(), st.integers(0, 10**13))


def columns(line):
    """Columns by a count of our own: wide characters two, marks that combine none."""
    return sum(
        0
        if unicodedata.combining(c)
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in line
    )


def replaced(payload, texts, values, sizes):
    """Put labels and numbers in the places of those of a payload."""
    changed = copy.deepcopy(payload)
    text = iter(texts * 1000)
    value = iter(values * 1000)
    size = iter(sizes * 1000)
    renamed = {}
    for row in changed["findings"][:40]:
        name = row["attribute"]
        row["attribute"] = renamed.setdefault(name, next(text))
        row["group"], row["reference"], row["message"] = (
            next(text),
            next(text),
            next(text),
        )
        for key in ("rate", "estimate", "low", "high", "detectable", "shortfall"):
            row[key] = next(value)
        row["n"] = next(size)
    changed["reasons"] = [next(text) for _ in changed["reasons"]] + [next(text)]
    changed["notes"] = [next(text)]
    changed["subject"] = next(text)
    changed["policy"][0].update(name=next(text), version=next(text))
    changed["attributes"] = [renamed.get(name, name) for name in changed["attributes"]]
    return changed


@pytest.mark.parametrize(("format_", "width"), [("text", 100), ("summary", 88)])
@given(
    texts=st.lists(labels, min_size=3, max_size=12),
    values=st.lists(numbers, min_size=3, max_size=12),
    sizes=st.lists(counts, min_size=1, max_size=5),
)
@settings(
    max_examples=60,
    # A payload is large: to make a failure small would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_no_line_is_wider_than_the_terminal(
    format_, width, sample, texts, values, sizes
):
    made = render(replaced(sample(), texts, values, sizes), format_)
    for line in made.split("\n"):
        assert cell_len(line) <= width
        assert columns(line) <= width
        assert line.isprintable()


@pytest.mark.parametrize("name", SAMPLE_NAMES)
@pytest.mark.parametrize("judged", [True, False])
def test_the_summary_is_short(name, judged, sample):
    lines = render(sample(name, judged=judged), "summary").splitlines()
    assert max(map(cell_len, lines)) <= 88
    assert len(lines) <= 12 + 12


def test_the_summary_starts_with_the_attribute_that_stands_out(sample):
    lines = render(sample(), "summary").splitlines()
    rows = [line for line in lines if line.startswith("  ")]
    assert rows[1].strip() == "ethnicity"
    assert any(line.startswith("  ■ black") for line in rows)
    assert lines[-1].startswith("Next: ")


def test_the_summary_says_whether_something_was_left_out_that_stands_out(payload_of):
    payload = payload_of([f"g{i:02d}" for i in range(20)])
    rows, left = first_rows(payload, 12)
    assert len(rows) == 12
    assert left == "… and 11 more groups"
    _, left = first_rows(payload_of(["a", "b"]), 3)
    assert left == "… and 2 more groups, none of which stands out"


def test_the_summary_names_each_attribute_once(sample):
    for judged in (True, False):
        text = render(sample(judged=judged), "summary")
        for name in ("ethnicity", "gender", "birth_date"):
            assert text.count(f"\n  {name}\n") <= 1


def test_a_column_with_an_ampersand_is_no_intersection(payload_of):
    from fairness.reports.sections import sections

    payload = payload_of(["a", "b"], name="R&D")
    single, crossed, *_ = sections(payload)
    assert {row["attribute"] for row in single.single} == {"R&D", "sex"}
    assert crossed.single == []
    assert crossed.crossed_groups == 6


def test_what_could_not_be_seen_is_in_plain_words(sample):
    text = render(sample("pilot_offer"), "text")
    assert "gender: too few to tell for x, (missing) (ff-air)" in text
    assert "no clear difference is not no difference: of gender m" in text


def test_a_required_attribute_that_is_absent_is_among_the_unseen(tmp_path):
    import pandas as pd

    import fairness as fa

    policy = tmp_path / "p.toml"
    policy.write_text(
        'schema = "fairreach/policy/1"\nname = "house"\nversion = "1"\ntitle = "House"\n'
        'jurisdiction = "none"\nsectors = []\nas_of = 2026-11-01\ndisclaimer = "none"\n'
        'required = ["age"]\n[[rules]]\nid = "r"\ntitle = "R"\n'
        'metric = "adverse_impact_ratio"\nat_least = 0.80\norder = 1\n'
        'severity = "block"\nstatus = "practice"\nconfirmed = true\nwhy = "because"\n'
        'citation = { source = "house", as_of = 2026-11-01 }\n'
    )
    table = pd.DataFrame({"g": ["f", "m"] * 3000, "s": [1, 1, 0, 0, 0, 0] * 1000})
    decision = fa.audit(table, selected="s", by="g", offer="beneficial").gate(policy)
    assert decision.verdict == "review"
    told = "age is required by house and was not audited"
    assert f"  - {told}" in decision.text()
    for format_ in ("markdown", "html", "junit"):
        assert told in render(decision.to_dict(), format_)


def test_numbers_stay_short():
    values = [0.0, 0.4734, 9.9999, 12.34, 123.4, 99_999.9, 1e6, 1e15, 1e300]
    assert all(len(shown_number(s * x)) <= 8 for x in values for s in (1, -1))
    assert shown_number(-0.0001) == "0.000"
    assert shown_number(math.inf) == "∞"
