"""Labels of segments that a rule keeps people by are names of an audience."""

import numpy as np
import pytest

from pipelines.campaign.conduct.words import kept_labels
from pipelines.rules import parse_rule
from tests.conduct_file.files import SIZE, tables, value

NAME = "sensitive_names"
PLACE = np.arange(SIZE)
LABELS = ["Rural and Barely Making It", "Retiring on Empty: Singles", "Town and garden"]
COLUMNS = {"segment": np.array(LABELS)[PLACE % 3]}
TOLD = [
    ("segment = 'Rural and Barely Making It'", 1),
    ("'Rural and Barely Making It' = segment", 1),
    ("segment IN ('Rural and Barely Making It', 'Town and garden')", 1),
    ("segment IN ('Rural and Barely Making It', 'Retiring on Empty: Singles')", 2),
    ("segment LIKE '%Barely Making It%'", 1),
    ("NOT segment <> 'Retiring on Empty: Singles'", 1),
    ("segment = 'Town and garden'", 0),
    ("segment <> 'Rural and Barely Making It'", 0),
    ("segment NOT IN ('Rural and Barely Making It')", 0),
    ("NOT segment = 'Rural and Barely Making It'", 0),
    ("segment NOT LIKE '%Barely Making It%'", 0),
]


@pytest.mark.parametrize(("text", "number"), TOLD)
@pytest.mark.parametrize("stage", ["universe", "eligibility", "clauses"])
def test_a_label_that_people_are_kept_by_is_a_name(tmp_path, text, number, stage):
    funnel = {"clauses": "pick = 1", stage: f"pick = 1 AND {text}"}
    found, message = value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)
    assert found == number, message


def test_a_label_that_people_are_left_out_by_is_none(tmp_path):
    funnel = {
        "suppression": "segment = 'Rural and Barely Making It'",
        "clauses": "pick = 1",
    }
    assert value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)[0] == 0


def test_the_message_names_label_and_word(tmp_path):
    funnel = {"clauses": "segment = 'Rural and Barely Making It'"}
    _, message = value(tmp_path, NAME, of=tables(**COLUMNS), funnel=funnel)
    assert message == (
        "1 name holds a sensitive word: segment 'Rural and Barely Making It' "
        "(barely making it: hardship)"
    )


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a BETWEEN 'x' AND 'y'", ["x", "y"]),
        ("NOT a BETWEEN 'x' AND 'y'", []),
        ("(a = 'x') IS TRUE", ["x"]),
        ("(a = 'x') IS FALSE", []),
        ("NOT (a = 'x' OR b <> 'y')", ["y"]),
        ("a IS NULL OR b", []),
        ("a = 2 AND c = DATE '2026-01-01'", []),
    ],
)
def test_labels_follow_the_sense_of_a_rule(text, labels):
    assert list(kept_labels(parse_rule(text).tree)) == labels
