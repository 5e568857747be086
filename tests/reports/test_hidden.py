"""No number of a hidden group is in any format, nor follows from what is shown."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.reports import render

FORMATS = ["text", "summary", "markdown", "html", "notebook", "json", "junit"]
NUMBERS = [
    *("n", "selected", "n_reference", "selected_reference", "rate", "estimate", "low"),
    *("high", "p_value", "p_adjusted", "detectable", "shortfall", "needed"),
]


@pytest.fixture(scope="module")
def small():
    """A group of 3 customers, one of them selected, among 8,000 others."""

    def build(offer, **options):
        column = np.repeat(["a", "b", "c", "tiny"], [4000, 3661, 347, 3])
        picked = np.concatenate([np.arange(n) % 10 == 0 for n in (4000, 3661, 347)])
        table = pd.DataFrame({"g": column, "s": [*picked.astype(int), 1, 0, 0]})
        return fa.audit(table, selected="s", by="g", offer=offer, **options)

    return build


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A policy that fails a group on its estimate alone, however small it is."""
    path = tmp_path_factory.mktemp("policy") / "strict.toml"
    path.write_text(
        'schema = "fairreach/policy/1"\nname = "strict"\nversion = "1"\n'
        'title = "Strict"\njurisdiction = "none"\nsectors = []\nas_of = 2026-11-01\n'
        'disclaimer = "none"\nmin_expected = 1\n[[rules]]\nid = "point"\ntitle = "P"\n'
        'metric = "burden_ratio"\nat_most = 1.25\norder = 1\nevidence = "point"\n'
        'severity = "block"\nstatus = "practice"\nconfirmed = true\nwhy = "because"\n'
        'citation = { source = "house", as_of = 2026-11-01 }\n'
    )
    return path


@pytest.mark.parametrize("offer", ["beneficial", "burdensome", "neutral"])
@pytest.mark.parametrize("judged", [True, False])
def test_every_number_of_a_hidden_group_is_null(offer, judged, small):
    made = small(offer)
    payload = (made.gate() if judged else made).to_dict()
    hidden = {r["group"] for r in payload["groups"] if r["n"] is None}
    assert "tiny" in hidden
    assert len(hidden) >= 2
    for row in payload["findings"]:
        if row["group"] in hidden:
            assert [row[key] for key in NUMBERS] == [None] * len(NUMBERS)
            assert "hidden" in row["message"]
            assert not re.search(r"\d", row["message"])


@pytest.mark.parametrize("offer", ["beneficial", "burdensome"])
def test_the_size_of_the_rest_does_not_give_a_hidden_group_away(offer, small):
    payload = small(offer, reference="rest").to_dict()
    hidden = {r["group"] for r in payload["groups"] if r["n"] is None}
    for row in payload["findings"]:
        if row["group"] in hidden:
            assert row["n_reference"] is None


def test_a_hidden_group_that_fails_is_named_without_its_numbers(small, strict):
    decision = small("burdensome").gate(strict)
    assert decision.verdict == "block"
    payload = decision.to_dict()
    row = next(r for r in payload["findings"] if r["group"] == "tiny")
    assert row["verdict"] == "fail"
    assert row["estimate"] is None
    assert payload["reasons"] == [
        "g tiny: hidden, the group is small (or would give a small one away)"
    ]
    secret = next(f.estimate for f in decision.findings if f.group == "tiny")
    for format_ in FORMATS:
        made = render(payload, format_)
        assert f"{secret:.2f}" not in made
        assert f"{secret:.3f}" not in made
        assert "times as often as everybody else (95 % 0.4" not in made


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_a_number_of_a_hidden_group(format_, small):
    decision = small("beneficial").gate()
    payload = decision.to_dict()
    hidden = {r["group"] for r in payload["groups"] if r["n"] is None}
    shown = json.dumps(payload)
    made = render(payload, format_)
    for finding in decision.findings:
        if finding.group not in hidden:
            continue
        for key in ("estimate", "low", "high", "rate", "p_value"):
            value = getattr(finding, key)
            # What a group that is shown has as well tells nothing.
            if value and f"{value:.3f}" not in made.replace(f"{value:.3f}", "", 0):
                assert repr(value) not in shown
    rows = [line for line in made.splitlines() if "tiny" in line]
    if format_ in {"text", "summary", "markdown"}:
        table = [line for line in rows if "hidden: small group" in line]
        assert table
        for line in table:
            assert not re.search(r"\d", line)


def test_a_group_small_in_one_stratum_does_not_follow_from_the_others():
    column = np.repeat(["a", "b", "c"], [4000, 4000, 500])
    stratum = np.where(np.arange(8500) % 2, "old", "new").astype(object)
    inside = np.flatnonzero(column == "c")
    stratum[inside] = "old"
    stratum[inside[:3]] = "new"
    picked = (np.arange(8500) % 10 == 0).astype(int)
    table = pd.DataFrame({"g": column, "tenure": stratum, "s": picked})
    result = fa.audit(table, selected="s", by="g", strata="tenure", offer="burdensome")
    rows = [row for row in result.to_dict()["findings"] if row["stratum"]]
    hidden = {(r["group"], r["stratum"]) for r in rows if r["n"] is None}
    assert ("c", "tenure=new") in hidden
    # The whole of c is shown, so what it holds in the other stratum must not be.
    assert ("c", "tenure=old") in hidden
    for name in ("new", "old"):
        assert sum(stratum == f"tenure={name}" for _, stratum in hidden) >= 2
