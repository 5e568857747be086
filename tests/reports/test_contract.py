"""The payload keeps its keys, and a number that does not exist is null with a reason."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.errors import InputError
from fairness.reports import FORMATS, SCHEMA, audit_payload, render, write_report

PAYLOAD = [
    *("schema", "verdict", "offer", "policy", "data", "findings", "groups", "notes"),
    "version",
]
ADDED = ["subject", "offer_assumed", "confidence", "attributes", "reasons", "method"]
ADDED += ["checks"]
FINDING = [
    *("code", "rule", "metric", "attribute", "group", "reference", "stratum", "n"),
    *("selected", "n_reference", "selected_reference", "rate", "estimate", "low"),
    *("high", "confidence", "p_value", "p_adjusted", "bound", "detectable"),
    *("shortfall", "reading", "verdict", "severity", "message", "citation"),
]
FINDING_ADDED = ["needed", "decided_by", "evidence", "column", "policy"]
POLICY_ADDED = ["title", "as_of", "disclaimer", "rules"]
GROUP = ["attribute", "group", "n", "selected", "rate", "rate_low", "rate_high"]


@pytest.mark.parametrize("judged", [True, False])
def test_the_keys_are_those_of_the_contract_and_added_ones(judged, sample):
    payload = sample(judged=judged)
    assert list(payload) == [*PAYLOAD, *ADDED]
    assert payload["schema"] == SCHEMA == "fairreach/audit/1"
    assert list(payload["data"]) == ["rows", "selected", "fingerprint"]
    assert payload["checks"]
    for row in [*payload["findings"], *payload["checks"]]:
        assert list(row) == [*FINDING, *FINDING_ADDED]
    for row in payload["groups"]:
        assert list(row) == GROUP
    for row in payload["policy"]:
        assert list(row) == [*("name", "version", "digest"), *POLICY_ADDED]


def test_without_a_policy_the_verdict_is_null(sample):
    payload = sample(judged=False)
    assert payload["verdict"] is None
    assert payload["policy"] == payload["reasons"] == []
    assert {row["verdict"] for row in payload["findings"]} == {None}


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("name", ["spring_card", "pilot_offer", "payday_loan"])
def test_no_number_is_nan_or_infinite(name, sample):
    payload = sample(name)
    assert all(map(math.isfinite, numbers(payload)))
    assert json.loads(render(payload, "json")) == payload


def test_values_are_plain_python(sample):
    def check(value):
        assert type(value) in {dict, list, str, int, float, bool, type(None)}
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                check(one)

    check(sample())


REASONS = (
    "hidden",
    "no group is large enough",
    "too few",
    "undefined",
    "is the reference",
    "none was given",
)


def test_an_estimate_that_does_not_exist_is_null_and_the_message_says_why(sample):
    rows = [row for row in sample("pilot_offer")["findings"] if row["estimate"] is None]
    assert rows
    for row in rows:
        assert any(reason in row["message"] for reason in REASONS), row["message"]


def test_an_infinite_ratio_is_null_and_the_message_says_so():
    table = pd.DataFrame({"g": ["a"] * 200 + ["b"] * 200, "s": [1] * 100 + [0] * 300})
    result = fa.audit(table, selected="s", by="g", offer="burdensome")
    row = next(row for row in result.to_dict()["findings"] if row["group"] == "a")
    assert row["estimate"] is None
    assert "nobody else is" in row["message"]
    for format_ in ("text", "markdown", "html", "junit", "notebook"):
        assert render(result.to_dict(), format_)


def test_the_fingerprint_does_not_depend_on_the_order_of_rows():
    table = pd.DataFrame({"g": list("aabbb") * 100, "s": [1, 0, 1, 0, 0] * 100})
    mixed = table.sample(frac=1, random_state=3)
    first, second = (
        fa.audit(one, selected="s", by="g", offer="beneficial").to_dict()
        for one in (table, mixed)
    )
    assert first == second
    other = table.assign(s=1 - table["s"])
    third = fa.audit(other, selected="s", by="g", offer="beneficial").to_dict()
    assert third["data"]["fingerprint"] != first["data"]["fingerprint"]


@pytest.mark.parametrize("first", ["render", "write_report", "audit_payload"])
def test_names_of_the_package_are_what_they_are_whatever_is_asked_for_first(first):
    import subprocess
    import sys

    code = (
        f"from fairness.reports import {first}\n"
        "from fairness.reports import FORMATS, audit_payload, render, write_report\n"
        "assert callable(render) and callable(write_report) and callable(audit_payload)\n"
        "assert FORMATS['.md'] == 'markdown'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_ending_is_written(tmp_path, sample):
    payload = sample()
    for ending in FORMATS:
        path = write_report(payload, tmp_path / f"report{ending}")
        assert path.read_bytes().decode() == render(payload, FORMATS[ending])


def test_unknown_endings_and_formats_are_errors(tmp_path, sample):
    with pytest.raises(InputError, match=r"ends in none of \.csv, \.html, \.json"):
        write_report(sample(), tmp_path / "report.pdf")
    with pytest.raises(InputError, match="did you mean 'markdown'"):
        render(sample(), "markdwn")


def test_every_format_ends_with_a_line_break(sample):
    for format_ in ("text", "summary", "markdown", "html", "notebook", "json", "junit"):
        assert render(sample(), format_).endswith("\n")


def test_the_payload_of_the_front_door_is_that_of_the_audit():
    table = pd.DataFrame({"g": list("ab") * 500, "s": np.tile([1, 0, 0, 0], 250)})
    result = fa.audit(table, selected="s", by="g", offer="neutral")
    assert result.to_dict() == audit_payload(result)
