"""Each rule of a pack on the file, columns, words, records: a campaign on either side."""

from datetime import date

import numpy as np
import pytest

from fairness.policy import list_packs, load_pack
from pipelines.campaign.conduct import OBSERVERS, Surroundings
from tests.conduct_file.complete import RECORD, around
from tests.conduct_file.files import SIZE, judged, tables, told_by
from tests.conduct_people.people import ON

MINE = {"columns", "hardship", "traits", "words", "records", "security"}
RULES = [
    (pack, rule.id)
    for pack in list_packs()
    for rule in load_pack(pack).rules
    if OBSERVERS.get(rule.metric) in MINE
]
PLACE = np.arange(SIZE)
MEMBER = PLACE % 10 == 0
NY = "This price was set by an algorithm using your personal data"


def reading(column, values=PLACE % 2):
    """A campaign whose rule reads a column."""
    clauses = {"picked": "pick = 1", "more": f"{column} = 1"}
    return {"tables": tables(**{column: values}), "funnel": {"clauses": clauses}}


def of_religion(*, telling):
    """Members of a religion who are a tenth, and told by a column or by none."""
    says = MEMBER.astype(int) if telling else PLACE % 4 // 2
    attributes = {
        "group": np.where(PLACE % 2, "a", "b"),
        "religion": np.where(MEMBER, "r", "s"),
    }
    return {
        "tables": tables(attributes=attributes, basket=says),
        "protected_by": {"by": ["group", "religion"]},
        "funnel": {"clauses": "basket = 1"},
    }


def recorded(**record):
    return {"record": record}


EXPORT = {"export": {"platform": "google", "audience_name": "spring"}}
SMALL = {
    "tables": tables(
        attributes={"group": np.where(PLACE < 20, "c", np.where(PLACE % 2, "a", "b"))}
    )
}
UNSAID = {"tables": tables(attributes={"group": np.where(PLACE % 5, "a", "unknown")})}

# By metric, or by rule where the metric is asked in another way: what fails, what passes.
CASES = {
    "special_category_columns": (EXPORT | reading("hiv_status"), EXPORT | reading("vip")),
    "ds-special": (
        EXPORT | reading("religion") | {"data": {"conditions": {"religion": "Art 9(2)(a)"}}},
        EXPORT | reading("vip"),
    ),
    "columns_without_need": ({}, {"data": {"need": {"pick": "picked by hand"}}}),
    "purpose_conflicts": (
        {"data": {"purposes": {"pick": ["billing"]}}},
        {"data": {"purposes": {"pick": ["marketing"]}}},
    ),
    "platform_restricted_columns": (EXPORT | reading("arrears"), EXPORT | reading("vip")),
    "restricted_sector_columns": (reading("zip_code"), reading("vip")),
    "fine_geography": (
        {"export": {"platform": "meta", "geography": "radius", "radius_miles": 14}},
        {"export": {"platform": "meta", "geography": "radius", "radius_miles": 15}},
    ),
    "lookalike": ({"export": {"platform": "meta", "lookalike": True}}, EXPORT),
    "hardship_columns": (reading("arrears"), reading("vip")),
    "trait_lift": (of_religion(telling=True), of_religion(telling=False)),
    "trait_auc": (
        EXPORT | of_religion(telling=True),
        EXPORT | of_religion(telling=False),
    ),
    "used_columns_auc": (of_religion(telling=True), of_religion(telling=False)),
    "audience_variation": (
        {"tables": tables(attributes={"group": np.where(PLACE // 4 % 2, "a", "b")})},
        {},
    ),
    "sensitive_names": (
        {"export": {"platform": "google", "audience_name": "Barely Making It"}},
        EXPORT,
    ),
    "preference_words": (
        {"creative": {"copy": "Adults only, no children"}},
        {"creative": {"copy": "Two rooms and a garden"}},
    ),
    "urgency_without_evidence": (
        {"creative": {"copy": "Only 2 left"}},
        {"creative": {"copy": "Only 2 left", "evidence": "stock list"}},
    ),
    "dark_patterns": (
        {"creative": {"signup_steps": 2, "cancel_steps": 6}},
        {"creative": {"signup_steps": 2, "cancel_steps": 2}},
    ),
    "price_notice_missing": (
        {"creative": {"personalised_price": True}},
        {"creative": {"personalised_price": True, "price_notice": NY}},
    ),
    "ex-price-tag-ny": (
        {"creative": {"personalised_price": True, "price_notice": "Yours alone"}},
        {"creative": {"personalised_price": True, "price_notice": NY}},
    ),
    "missing_records": (EXPORT, EXPORT | recorded(**RECORD)),
    "gd-auto-vuln": (reading("arrears"), reading("arrears") | recorded(**RECORD)),
    "sac-declared": ({"offer": {"sector": None}}, {"offer": {"sector": "credit"}}),
    "overdue_records": (
        recorded(dpia_date=date(2025, 1, 1), audit_date=date(2025, 1, 1),
                 candidate_notice_date=date(2026, 10, 28)),
        recorded(**RECORD),
    ),
    "notice_gaps": (
        recorded(notice_purposes="service", notice_date=date(2026, 1, 1)),
        recorded(**RECORD),
    ),
    "unjustified_exclusions": (
        SMALL | recorded(excluded_categories=["c"]),
        SMALL | recorded(excluded_categories=["c"], exclusion_reason="twenty people"),
    ),
    "unknown_not_counted": (UNSAID, UNSAID | recorded(unknown_categories=["unknown"])),
    "auditor_not_independent": (recorded(auditor="olga"), recorded(**RECORD)),
    "secure_check_age": (366, 365),
    "key_age": (366, 365),
    "unsealed_protected": (False, True),
}  # fmt: skip


def run_of(pack, rule, case, folder):
    """Run a campaign of a case, of the offer, sector and day that the rule is for."""
    case = dict(case) if isinstance(case, dict) else case
    day = max(ON, rule.effective_from or ON)
    given = None
    if type(case) is int:
        given, case = around(folder, days=case), {}
    elif isinstance(case, bool):
        given, case = Surroundings(sealed=case), {}
    offer = {
        "polarity": rule.offers[0] if rule.offers else "beneficial",
        "sector": rule.sectors[0] if rule.sectors else "retail",
    } | case.pop("offer", {})
    data = case.pop("tables", None) or tables()
    return judged(data, pack, on=day, around=given, offer=offer, **case)


@pytest.mark.parametrize(("pack", "rule_id"), RULES)
def test_each_rule_fails_on_one_campaign_and_passes_on_another(tmp_path, pack, rule_id):
    rule = load_pack(pack).rule(rule_id)
    fails, passes = CASES.get(rule_id) or CASES[rule.metric]
    for place, (case, verdict) in enumerate(((fails, "fail"), (passes, "pass"))):
        folder = tmp_path / str(place)
        folder.mkdir()
        run = run_of(pack, rule, case, folder)
        told = [f.message for f in run.decision.findings if f.rule == rule_id]
        assert told_by(run, rule_id) == {verdict} or (
            verdict == "fail" and "fail" in told_by(run, rule_id)
        ), told
        if verdict == "fail" and rule.severity != "note":
            assert run.verdict in {"review", "block"}
            assert rule.severity == "review" or run.verdict == "block"


def test_every_metric_of_the_file_is_in_a_pack_and_has_a_case():
    asked = {load_pack(pack).rule(rule).metric for pack, rule in RULES}
    assert asked == {name for name, module in OBSERVERS.items() if module in MINE}
    assert asked <= set(CASES)


@pytest.mark.parametrize("when", ["export", "hardship"])
def test_a_rule_for_some_campaigns_does_not_ask_of_others(when):
    pack, rule = {
        "export": ("eu-dsa-ads", "ds-params"),
        "hardship": ("eu-gdpr-marketing", "gd-auto-vuln"),
    }[when]
    assert told_by(judged(tables(), pack), rule) == {"not_applicable"}
