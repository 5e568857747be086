"""What the packs say of the law is what was found of it, no more."""

from datetime import date

import pandas as pd
import pytest

import fairness as fa
from fairness.metrics import METRICS
from fairness.policy import list_packs, load_pack, policy_text
from tests.conduct_file.files import judged, tables, told_by

RULES = {rule.id: rule for pack in list_packs() for rule in load_pack(pack).rules}

# The rows of the catalogue of packs, by pack.
ROWS = {
    "us-special-ad-category": "declared feature geo lookalike proxy variance copy air",
    "nyc-ll144": "sel flag 2pct unknown age indep notice",
    "eu-gdpr-marketing": (
        "object basis consent special infer min retain notice auto dpia ropa sec "
        "disparity child"
    ),
    "eu-dsa-ads": "special minor params name dark vuln highrisk biasdata",
    "uk-consumer-duty": "vuln-out harm arrears life s19 price pecr adm gamble",
    "exploitative-offers": (
        "burden vuln zero feature freq name truth price-tag creative"
    ),
}  # fmt: skip
PREFIX = {
    "us-special-ad-category": "sac", "nyc-ll144": "ll", "eu-gdpr-marketing": "gd",
    "eu-dsa-ads": "ds", "uk-consumer-duty": "uk", "exploitative-offers": "ex",
}  # fmt: skip
# Known from memory, or from a source that is weak: told as not confirmed.
UNCONFIRMED = [
    "gd-basis",
    "gd-consent",
    "gd-special",
    "gd-infer",
    "gd-infer-lift",
    "gd-min",
    "gd-retain",
    "gd-purpose",
    "gd-notice",
    "gd-dpia",
    "gd-dpia-date",
    "gd-ropa",
    "gd-sec",
    "gd-sec-audit",
    "gd-sec-key",
    "gd-disparity",
    "gd-disparity-burden",
    "gd-child",
    "ds-dark",
    "ds-highrisk",
    "ds-highrisk-file",
    "ds-biasdata",
    "ds-biasdata-sealed",
    "ds-platform",
    "uk-vuln-out",
    "uk-vuln-burden",
    "uk-arrears",
    "uk-s19",
    "uk-s19-burden",
    "uk-aim",
    "uk-price",
    "uk-pecr",
    "uk-excluded",
    "sac-feature",
    "sac-proxy",
    "sac-proxy-strong",
    "sac-copy",
    "sac-air",
    "ll-flag",
    "ex-burden",
    "ex-zero",
    "ex-minor",
    "ex-truth",
    "ex-price-tag",
    "ex-creative",
    "ex-vuln",
    "ff-air",
    "eo-tpr",
]
SEVERITY = {
    "block": "sac-declared sac-feature sac-geo sac-lookalike sac-proxy-strong ll-2pct "
    "ll-unknown ll-age ll-notice gd-object gd-basis gd-consent gd-special gd-retain "
    "gd-notice gd-auto gd-child ds-special ds-minor ds-params ds-name ds-vuln uk-harm "
    "uk-arrears uk-life uk-pecr uk-adm uk-gamble ex-burden ex-vuln ex-zero ex-feature "
    "ex-price-tag",
    "review": "sac-proxy sac-variance sac-copy sac-air ll-flag ll-indep gd-infer gd-min "
    "gd-dpia gd-disparity ds-dark ds-highrisk uk-vuln-out uk-s19 uk-price ex-freq ex-name "
    "ex-truth ex-creative",
    "note": "ll-sel gd-ropa",
}
# Of these the catalogue says "block": every house would be blocked until it has a vault,
# so somebody has to look instead.
MILDER = {"gd-sec", "ds-biasdata"}
# First days on which a rule holds and on which it does not, the law's own.
TURNS = [
    ("us-special-ad-category", "sac-effects", date(2026, 7, 20), date(2026, 7, 21)),
    ("eu-dsa-ads", "ds-highrisk-file", date(2027, 12, 2), date(2027, 12, 1)),
    ("eu-dsa-ads", "ds-highrisk", date(2027, 12, 1), date(2027, 12, 2)),
    ("eu-dsa-ads", "ds-vuln", date(2025, 2, 2), date(2025, 2, 1)),
    ("uk-consumer-duty", "uk-adm", date(2026, 2, 5), date(2026, 2, 4)),
    ("uk-consumer-duty", "uk-gamble", date(2025, 5, 1), date(2025, 4, 30)),
]


@pytest.mark.parametrize("pack", ROWS)
def test_every_row_of_the_catalogue_is_a_rule(pack):
    held = {rule.id for rule in load_pack(pack).rules}
    assert {f"{PREFIX[pack]}-{row}" for row in ROWS[pack].split()} <= held


@pytest.mark.parametrize("rule_id", UNCONFIRMED)
def test_what_is_from_memory_is_not_confirmed(rule_id):
    assert not RULES[rule_id].confirmed


@pytest.mark.parametrize("severity", SEVERITY)
def test_rules_weigh_what_the_catalogue_says(severity):
    for rule_id in SEVERITY[severity].split():
        assert RULES[rule_id].severity == severity, rule_id
    assert all(RULES[one].severity == "review" for one in MILDER)


@pytest.mark.parametrize(("pack", "rule_id", "inside", "outside"), TURNS)
def test_a_rule_holds_from_the_day_of_the_law(pack, rule_id, inside, outside):
    rule = load_pack(pack).rule(rule_id)
    assert rule.in_force(inside)[0]
    assert not rule.in_force(outside)[0]
    offer = {
        "polarity": rule.offers[0] if rule.offers else "beneficial",
        "sector": rule.sectors[0] if rule.sectors else "retail",
    }
    run = judged(tables(), pack, on=outside, offer=offer)
    assert told_by(run, rule_id) == {"not_applicable"}
    assert all(rule_id not in reason for reason in run.decision.reasons)


@pytest.mark.parametrize("pack", list_packs())
def test_a_pack_that_was_last_checked_over_180_days_ago_says_so(pack):
    policy = load_pack(pack)
    assert "WARNING" not in policy_text(policy, today=date(2027, 5, 22))
    assert "181 days before" in policy_text(policy, today=date(2027, 5, 23))
    run = judged(tables(), pack, on=date(2027, 5, 23))
    notes = [note for note in run.decision.notes if note.startswith(policy.name)]
    assert len(notes) == 1
    assert "2026-11-23, more than 180 days ago" in notes[0]


@pytest.mark.parametrize("pack", ROWS)
def test_every_rule_of_conduct_decides_by_the_estimate_or_can_be_tested(pack):
    for rule in load_pack(pack).rules:
        metric = METRICS[rule.metric]
        if metric.form == "conduct":
            assert metric.testable or rule.evidence == "point"
            assert rule.remedy, rule.id


def test_a_table_alone_is_judged_as_before():
    table = pd.DataFrame({"g": ["a", "b"] * 2000, "picked": [1, 1, 0, 0] * 1000})
    audit = fa.audit(table, selected="picked", by="g", offer="burdensome")
    made = audit.gate("exploitative-offers", on=date(2026, 11, 27))
    assert made.verdict == "clear"
    conduct = {f.rule: f for f in made.findings if f.rule in {"ex-zero", "ex-name"}}
    for one in conduct.values():
        assert one.verdict == "not_applicable"
        assert one.message.endswith("it needs a campaign (fairreach run)")
