"""Each metric is one row, from which its help, its page and its policy key are made."""

import math
import re
from pathlib import Path

import pytest

from fairness.checks import FAMILIES
from fairness.metrics import METRICS, explain
from fairness.metrics.page import page
from fairness.policy import Policy, load_policy

ROOT = Path(__file__).parents[2]


def test_the_page_is_the_registrys():
    assert (ROOT / "docs" / "checks.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.code)
def test_a_row_says_all_there_is_to_say(metric):
    assert re.fullmatch(r"FA[1-7]\d\d", metric.code)
    for fact in (metric.formula, metric.undefined, metric.misleads, metric.source):
        assert len(fact) > 5 or fact == "practice"
        assert not fact.endswith(" ")
    low, high = metric.range
    assert low < high
    assert math.isnan(metric.ideal) or low <= metric.ideal <= high
    known = metric.family == "groups" or metric.family in FAMILIES
    assert known or metric.form == "conduct"
    told = explain(metric.code)
    for fact in (metric.name, metric.title):
        assert fact in told
    assert page().count(f"### {metric.code} ") == 1


def test_codes_and_names_are_of_one_metric_each():
    assert len({metric.code for metric in METRICS.values()}) == len(METRICS)


def test_a_policy_takes_each_metric_by_its_name(tmp_path):
    rules = "".join(
        f"""
[[rules]]
id = "rule-{place}"
title = "A rule"
metric = "{metric.name}"
{_bound(metric)}
evidence = "{metric.evidence[0]}"
severity = "note"
status = "voluntary"
why = "To see that it is taken."
citation = {{ source = "practice", as_of = 2026-11-23 }}
"""
        for place, metric in enumerate(METRICS.values())
    )
    path = tmp_path / "house.toml"
    path.write_text(
        'schema = "fairreach/policy/1"\nname = "house"\nversion = "1"\n'
        'title = "House"\njurisdiction = "none"\nas_of = 2026-11-23\n'
        'disclaimer = "Ours."\n' + rules,
        encoding="utf-8",
    )
    policy = load_policy(path)
    assert isinstance(policy, Policy)
    assert len(policy.rules) == len(METRICS)


def _bound(metric):
    low, high = metric.range
    if metric.kind == "ratio" and math.isinf(high):
        return "at_most = 1.25"
    middle = 0.5 if math.isinf(low) or math.isinf(high) else (low + high) / 2
    return f"at_most = {middle:g}"


@pytest.mark.parametrize("key", ['reference = "rest"', "min_share = 0.02"])
def test_a_key_that_a_check_is_not_judged_by_is_refused(key, tmp_path):
    path = tmp_path / "house.toml"
    path.write_text(
        'schema = "fairreach/policy/1"\nname = "house"\nversion = "1"\n'
        'title = "House"\njurisdiction = "none"\nas_of = 2026-11-23\n'
        'disclaimer = "Ours."\n[[rules]]\nid = "a"\ntitle = "A"\n'
        'metric = "conditional_ratio"\nat_least = 0.8\nseverity = "note"\n'
        f'status = "voluntary"\nwhy = "Why."\n{key}\n'
        'citation = { source = "practice", as_of = 2026-11-23 }\n',
        encoding="utf-8",
    )
    name = key.partition(" ")[0]
    with pytest.raises(Exception, match=f"{name}.*has no meaning for conditional"):
        load_policy(path)
