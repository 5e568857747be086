"""The CSV of findings is read back as the payload has them, to the last digit."""

import csv
import io
import json

import pandas as pd
import pytest

import fairness as fa
from fairness.reports import render, write_report
from tests.reports.conftest import HOSTILE, table_of
from tests.schema.conftest import SETTINGS

TEXTS = {
    *("code", "rule", "metric", "attribute", "group", "reference", "stratum", "bound"),
    *("reading", "verdict", "severity", "message", "citation", "decided_by"),
    *("evidence", "column", "policy"),
}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("name", SETTINGS)
def test_the_csv_module_reads_what_the_payload_has(name, checked):
    payload = checked(name)
    rows = rows_of(render(payload, "csv"))
    assert len(rows) == len(payload["findings"]) > 0
    for row, finding in zip(rows, payload["findings"], strict=True):
        assert list(row) == list(finding)
        for key, value in finding.items():
            if value is None:
                assert row[key] == ""
            elif key in TEXTS:
                assert row[key] == value
            else:
                assert type(value)(row[key]) == value


@pytest.mark.parametrize("name", ["pairs", "scores", "neutral"])
def test_pandas_reads_what_the_payload_has(name, checked, tmp_path):
    payload = checked(name)
    path = write_report(payload, tmp_path / "findings.csv")
    frame = pd.read_csv(
        path,
        dtype=dict.fromkeys(TEXTS, "object"),
        keep_default_na=False,
        na_values=[""],
    )
    expected = pd.DataFrame(payload["findings"])
    assert list(frame) == list(expected)
    for key in expected:
        told = [None if pd.isna(one) else one for one in frame[key]]
        assert told == [None if pd.isna(one) else one for one in expected[key]], key


def test_it_is_written_as_rfc_4180_has_it(checked, tmp_path):
    payload = checked("pairs")
    raw = write_report(payload, tmp_path / "findings.csv").read_bytes()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == len(payload["findings"]) + 1
    assert raw.decode("utf-8") == render(payload, "csv")


@pytest.fixture(scope="module")
def hostile():
    """Findings on groups whose labels mean harm, in a column that does too."""
    labels = [one for one in HOSTILE.values() if one]
    table = table_of(labels).rename(columns={"who": "=1+1"})
    audit = fa.audit(table, selected="offered", by=["=1+1", "sex"], offer="beneficial")
    return audit.gate("us-four-fifths").to_dict()


def test_no_cell_is_run_by_a_spreadsheet(hostile):
    rows = rows_of(render(hostile, "csv"))
    starts = set()
    for row in rows:
        for key, cell in row.items():
            if key in TEXTS:
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
            starts.add(cell[:2])
    # They are there, each behind a quotation mark.
    assert {"'=", "'+", "'-", "'@"} <= starts


def test_a_label_stands_in_one_cell_whatever_is_in_it(hostile):
    text = render(hostile, "csv")
    rows = rows_of(text)
    assert len(rows) == len(hostile["findings"])
    assert text.count("\n") == len(rows) + 1
    groups = {row["group"] for row in rows}
    assert {HOSTILE["chinese"], HOSTILE["ampersand"], HOSTILE["pipe"]} <= groups
    assert {HOSTILE["script"], HOSTILE["template"], "x" * 10_000} <= groups
    assert "one\\ntwo\\r\\n# three" in groups


def test_a_hidden_group_has_no_number(checked):
    rows = rows_of(render(checked("pairs"), "csv"))
    hidden = [row for row in rows if row["group"] == "isle" and row["verdict"]]
    assert hidden
    for row in hidden:
        numbers = [row[key] for key in row if key not in TEXTS | {"confidence"}]
        assert set(numbers) == {""}
        assert "hidden" in row["message"]


def test_a_negative_number_stays_a_number(checked):
    payload = checked("pairs")
    row = dict(payload["findings"][0]) | {"shortfall": -1e-07, "estimate": 1.5e300}
    (found,) = rows_of(render({"findings": [row]}, "csv"))
    assert (found["shortfall"], found["estimate"]) == ("-1e-07", "1.5e+300")


def test_keys_of_a_later_version_are_left_out(checked):
    payload = json.loads(json.dumps(checked("plain")))
    usual = render(payload, "csv")
    payload["findings"][0]["later"] = 1
    assert render(payload, "csv") == usual
