from dataclasses import dataclass
from math import inf
from pathlib import Path

import pytest

from fairness.metrics import METRICS


@dataclass(frozen=True)
class Traits:
    name: str
    kind: str
    testable: bool
    range: tuple[float, float]

    @property
    def evidence(self):
        return ("significant", "proven", "point") if self.testable else ("point",)


ROWS = [
    Traits("selection_rate", "ratio", False, (0, 1)),
    Traits("adverse_impact_ratio", "ratio", True, (0, 1)),
    Traits("disparate_impact_ratio", "ratio", True, (0, 1)),
    Traits("statistical_parity_difference", "difference", True, (-1, 1)),
    Traits("selection_odds_ratio", "ratio", True, (0, inf)),
    Traits("burden_ratio", "ratio", True, (0, inf)),
    Traits("shortfall", "count", False, (0, inf)),
    Traits("true_positive_rate_ratio", "ratio", True, (0, inf)),
    Traits("standard_deviations", "z", False, (-inf, inf)),
    Traits("flip_one_ratio", "ratio", False, (0, inf)),
    Traits("detectable_ratio", "ratio", False, (0, 1)),
    Traits("stratum_ratio", "ratio", True, (0, inf)),
    Traits("conditional_ratio", "ratio", True, (0, inf)),
    Traits("proxy_ratio", "ratio", True, (0, inf)),
    Traits("value_smd", "difference", True, (-inf, inf)),
    Traits("conditional_value_smd", "difference", True, (-inf, inf)),
    Traits("above_cap_ratio", "ratio", True, (0, inf)),
    *(metric for metric in METRICS.values() if metric.form == "conduct"),
]

HEAD = """\
schema = "fairreach/policy/1"
name = "house"
version = "1"
title = "House rules"
jurisdiction = "none"
as_of = 2026-11-23
disclaimer = "Ours alone."
"""

RULE = """
[[rules]]
id = "first"
title = "Four fifths"
metric = "adverse_impact_ratio"
at_least = 0.80
severity = "block"
status = "practice"
why = "A screen in wide use."
citation = { source = "29 CFR 1607", locator = "4(D)", as_of = 2026-11-23 }
"""


@pytest.fixture
def metrics():
    return {row.name: row for row in ROWS}


@pytest.fixture
def head():
    return HEAD


@pytest.fixture
def rule():
    return RULE


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "spring.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def citation():
    return {"source": "29 CFR 1607", "locator": "4(D)", "as_of": "2026-11-23"}


@pytest.fixture
def rule_table(citation):
    return {
        "id": "first",
        "title": "Four fifths",
        "metric": "adverse_impact_ratio",
        "at_least": "0.80",
        "severity": "review",
        "status": "practice",
        "why": "A screen in wide use.",
        "citation": citation,
    }


@pytest.fixture
def policy_table(rule_table):
    return {
        "schema": "fairreach/policy/1",
        "name": "house",
        "version": "1",
        "title": "House rules",
        "jurisdiction": "none",
        "as_of": "2026-11-23",
        "disclaimer": "Ours alone.",
        "rules": [rule_table],
    }
