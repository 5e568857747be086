"""The packs load, say where they come from, and read as documents."""

import sys
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.errors import PolicyError
from fairness.policy import Policy, list_packs, load_pack, load_policy, policy_text

EXPECTED = {
    "us-four-fifths": [
        ("ff-air", "at least 0.80", (1,), "block", "significant"),
        ("ff-cell", "at least 0.80", (2,), "block", "significant"),
        ("ff-smaller", "at least 0.90", (1,), "note", "significant"),
        ("ff-strata", "at least 0.80", (1,), "review", "significant"),
        ("ff-cell-strata", "at least 0.80", (2,), "review", "significant"),
        ("ff-stratum", "at least 0.80", (1,), "review", "significant"),
        ("ff-proxy", "at least 0.80", (1,), "review", "significant"),
        ("ff-smd", "at least -0.20", (1,), "review", "significant"),
        ("ff-smd-strata", "at least -0.20", (1,), "review", "significant"),
        ("ff-sd", "at least -3", (1,), "note", "point"),
        ("ff-flip", "at least 0.80", (1,), "note", "point"),
        ("ff-power", "at least 0.80", (1,), "note", "point"),
    ],
    "equal-opportunity": [("eo-tpr", "at least 0.80", (1,), "block", "significant")],
    "eu-dsa-ads": [
        ("ds-special", "at most 0", (1,), "block", "point"),
        ("ds-infer", "at most 0.75", (1,), "review", "point"),
        ("ds-minor", "at most 0", (1,), "block", "point"),
        ("ds-params", "at most 0", (1,), "block", "point"),
        ("ds-name", "at most 0", (1,), "block", "point"),
        ("ds-dark", "at most 0", (1,), "review", "point"),
        ("ds-vuln", "at most 0", (1,), "block", "point"),
        ("ds-highrisk", "at most 0", (1,), "review", "point"),
        ("ds-highrisk-file", "at most 0", (1,), "block", "point"),
        ("ds-biasdata", "at most 0", (1,), "review", "point"),
        ("ds-biasdata-sealed", "at most 0", (1,), "review", "point"),
        ("ds-platform", "at most 0", (1,), "review", "point"),
    ],
    "eu-gdpr-marketing": [
        ("gd-object", "at most 0", (1,), "block", "point"),
        ("gd-basis", "at most 0", (1,), "block", "point"),
        ("gd-consent", "at most 0", (1,), "block", "point"),
        ("gd-special", "at most 0", (1,), "block", "point"),
        ("gd-infer-lift", "at most 3", (1,), "review", "point"),
        ("gd-infer", "at most 0.75", (1,), "review", "point"),
        ("gd-min", "at most 0", (1,), "review", "point"),
        ("gd-purpose", "at most 0", (1,), "review", "point"),
        ("gd-retain", "at most 0", (1,), "block", "point"),
        ("gd-notice", "at most 0", (1,), "block", "point"),
        ("gd-auto", "at most 0", (1,), "block", "point"),
        ("gd-auto-vuln", "at most 0", (1,), "block", "point"),
        ("gd-dpia", "at most 0", (1,), "review", "point"),
        ("gd-dpia-date", "at most 0", (1,), "review", "point"),
        ("gd-ropa", "at most 0", (1,), "note", "point"),
        ("gd-sec", "at most 0", (1,), "review", "point"),
        ("gd-sec-audit", "at most 365", (1,), "review", "point"),
        ("gd-sec-key", "at most 365", (1,), "review", "point"),
        ("gd-disparity", "at least 0.80", (1,), "review", "significant"),
        ("gd-disparity-burden", "at most 1.25", (1,), "review", "significant"),
        ("gd-child", "at most 0", (1,), "block", "point"),
        ("gd-silent-consent", "at least 0.80", (1,), "note", "significant"),
        ("gd-silent-suppression", "at most 1.25", (1,), "note", "significant"),
        ("gd-silent-contact", "at most 1.25", (1,), "note", "significant"),
    ],
    "exploitative-offers": [
        ("ex-burden", "at most 1.25", (1,), "block", "significant"),
        ("ex-burden-strata", "at most 1.25", (1,), "review", "significant"),
        ("ex-stratum", "at most 1.25", (1,), "review", "significant"),
        ("ex-price", "at most 0.20", (1,), "review", "significant"),
        ("ex-price-cell", "at most 0.20", (2,), "review", "significant"),
        ("ex-price-strata", "at most 0.20", (1,), "review", "significant"),
        ("ex-freq", "at most 1.25", (1,), "review", "significant"),
        ("ex-vuln", "at most 1.10", (1,), "block", "significant"),
        ("ex-zero", "at most 0", (1,), "block", "point"),
        ("ex-minor", "at most 0", (1,), "block", "point"),
        ("ex-feature", "at most 0", (1,), "block", "point"),
        ("ex-over-cap", "at most 0", (1,), "review", "point"),
        ("ex-pressure", "at most 1.25", (1,), "review", "significant"),
        ("ex-name", "at most 0", (1,), "review", "point"),
        ("ex-truth", "at most 0", (1,), "review", "point"),
        ("ex-dark", "at most 0", (1,), "review", "point"),
        ("ex-price-tag", "at most 0", (1,), "block", "point"),
        ("ex-creative", "at most 0.30", (1,), "review", "significant"),
        ("ex-price-tag-ny", "at most 0", (1,), "note", "point"),
    ],
    "nyc-ll144": [
        ("ll-sel", "at least 0.80", (1, 2), "note", "point"),
        ("ll-flag", "at least 0.80", (1, 2), "review", "significant"),
        ("ll-2pct", "at most 0", (1,), "block", "point"),
        ("ll-unknown", "at most 0", (1,), "block", "point"),
        ("ll-age", "at most 0", (1,), "block", "point"),
        ("ll-indep", "at most 0", (1,), "review", "point"),
        ("ll-notice", "at most 0", (1,), "block", "point"),
    ],
    "uk-consumer-duty": [
        ("uk-vuln-out", "at least 0.80", (1,), "review", "significant"),
        ("uk-vuln-burden", "at most 1.25", (1,), "review", "significant"),
        ("uk-harm", "at most 0", (1,), "block", "point"),
        ("uk-arrears", "at most 0", (1,), "block", "point"),
        ("uk-life", "at most 0", (1,), "block", "point"),
        ("uk-s19", "at least 0.80", (1,), "review", "significant"),
        ("uk-s19-burden", "at most 1.25", (1,), "review", "significant"),
        ("uk-aim", "at most 0", (1,), "note", "point"),
        ("uk-price", "at most 0.20", (1,), "review", "significant"),
        ("uk-pecr", "at most 0", (1,), "block", "point"),
        ("uk-adm", "at most 0", (1,), "block", "point"),
        ("uk-gamble", "at most 0", (1,), "block", "point"),
        ("uk-excluded", "at most 0", (1,), "block", "point"),
    ],
    "us-special-ad-category": [
        ("sac-declared", "at most 0", (1,), "block", "point"),
        ("sac-feature", "at most 0", (1,), "block", "point"),
        ("sac-geo", "at most 0", (1,), "block", "point"),
        ("sac-lookalike", "at most 0", (1,), "block", "point"),
        ("sac-proxy", "at most 0.65", (1,), "review", "point"),
        ("sac-proxy-strong", "at most 0.80", (1,), "block", "point"),
        ("sac-variance", "at most 0.10", (1,), "review", "point"),
        ("sac-copy", "at most 0", (1,), "review", "point"),
        ("sac-air", "at least 0.80", (1,), "review", "significant"),
        ("sac-effects", "at least 0.80", (1,), "review", "significant"),
    ],
}


def test_packs_are_those_documented():
    assert list_packs() == tuple(sorted(EXPECTED))


@pytest.mark.parametrize("name", EXPECTED)
def test_pack_holds_the_documented_rules(name, metrics):
    policy = load_policy(name, metrics=metrics)
    assert policy.name == name
    assert policy == load_pack(name, metrics=metrics)
    found = [(r.id, r.bound, r.order, r.severity, r.evidence) for r in policy.rules]
    assert found == EXPECTED[name]


def test_metrics_are_those_of_the_library_unless_given(monkeypatch, metrics):
    registry = SimpleNamespace(METRICS=metrics)
    monkeypatch.setitem(sys.modules, "fairness.metrics", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "fairness.metrics.registry", registry)
    assert load_policy("us-four-fifths").name == "us-four-fifths"
    registry.METRICS = {}
    with pytest.raises(PolicyError, match="Available: none"):
        load_policy("us-four-fifths")


@pytest.mark.parametrize("name", EXPECTED)
def test_pack_cites_every_rule_and_says_what_it_is_not(name, metrics):
    policy = load_pack(name, metrics=metrics)
    assert "Not legal advice" in policy.disclaimer
    assert policy.as_of == date(2026, 11, 23)
    for rule in policy.rules:
        assert rule.citation.source
        assert rule.citation.as_of <= policy.as_of
        first, last = rule.effective_from, rule.effective_to
        outside = (first and first > policy.as_of) or (last and last < policy.as_of)
        assert rule.in_force(policy.as_of)[0] is not bool(outside)


@pytest.mark.parametrize(
    ("name", "offers"),
    [
        ("us-four-fifths", ("beneficial", "neutral")),
        ("equal-opportunity", ("beneficial", "neutral")),
        ("exploitative-offers", ("burdensome", "neutral")),
    ],
)
def test_pack_applies_to_the_offers_whose_harm_it_measures(name, offers, metrics):
    pack = load_pack(name, metrics=metrics)
    assert {offer for rule in pack.rules for offer in rule.offers} == set(offers)
    assert pack.rules[0].offers == offers


@pytest.mark.parametrize("name", EXPECTED)
def test_document_of_a_pack_says_all_of_it_within_the_width(name, metrics):
    policy = load_pack(name, metrics=metrics)
    text = policy_text(policy, today=date(2026, 11, 23))
    assert max(map(len, text.splitlines())) <= 100
    flat = " ".join(text.split())
    for words in (policy.title, policy.version, policy.digest, policy.jurisdiction):
        assert words in flat
    assert policy.disclaimer in flat
    for rule in policy.rules:
        for words in (rule.id, rule.title, rule.bound, rule.citation.locator):
            assert words in flat
        assert rule.why in flat
    unconfirmed = sum(not rule.confirmed for rule in policy.rules)
    assert flat.count("(not confirmed)") == unconfirmed
    assert "WARNING" not in text


def test_document_warns_of_a_policy_last_checked_over_180_days_ago(metrics):
    policy = load_pack("us-four-fifths", metrics=metrics)
    assert "WARNING" not in policy_text(policy)
    assert "WARNING" not in policy_text(policy, today=date(2027, 5, 22))
    late = policy_text(policy, today=date(2027, 5, 23))
    assert "WARNING: last checked on 2026-11-23, 181 days before 2027-05-23" in late


def test_document_puts_every_condition_into_words(policy_table):
    policy_table["allowed_strata"] = {"tenure": "Another product."}
    policy_table["required"] = ["gender"]
    policy_table["rules"][0] |= {
        "attributes": ["gender", "age"], "order": [1, 2, 3], "offers": ["neutral"],
        "reference": "gender=f", "min_share": "0.02", "ratio_below": "0.90",
        "shortfall_at_least": 10, "shortfall_share_at_least": "0.005",
        "unwaivable": True, "confirmed": False, "status": "withdrawn",
        "basis": "voluntary", "effective_from": "2026-01-01", "effective_to": "2026-12-31",
    }  # fmt: skip
    text = policy_text(Policy(**policy_table), today=date(2027, 1, 1))
    for words in (
        "stratum       tenure: Another product.",
        "required      gender",
        "single attributes and pairs of attributes and 3 attributes together among",
        "gender, age; neutral offers, against gender=f",
        "groups with 2 % of the customers or more",
        "groups whose selection-rate ratio is below 0.90",
        "where 10 people or more are short",
        "where 0.5 % of the group or more are short",
        "no waiver is accepted",
        "29 CFR 1607, 4(D), as of 2026-11-23 (not confirmed)",
        "withdrawn from 2026-01-01 to 2026-12-31; basis: voluntary",
        "on 2027-01-01 it does not apply (not after 2026-12-31)",
    ):
        assert words in " ".join(text.split()) or words in text


hostile = st.text(
    st.sampled_from("ab \n\t\x00\x07\x1b[2J\u202e\u2028\x85\u200bé中-"),
    min_size=1,
    max_size=300,
).filter(str.strip)


@given(text=hostile)
def test_hostile_text_is_inert_and_within_the_width(text):
    policy = Policy(
        name="a", version=text, title=text, jurisdiction=text, disclaimer=text,
        as_of="2026-11-23", sectors=[text], required=[text], allowed_strata={text: text},
        rules=[
            {
                "id": "a", "title": text, "metric": text, "at_least": "0.8",
                "severity": "note", "status": "practice", "why": text,
                "attributes": [text], "basis": text,
                "citation": {"source": text, "locator": text, "as_of": "2026-11-23"},
            }
        ],
    )  # fmt: skip
    document = policy_text(policy, today=date(2028, 1, 1))
    assert all(c.isprintable() for line in document.split("\n") for c in line)
    assert max(map(len, document.split("\n"))) <= 100
